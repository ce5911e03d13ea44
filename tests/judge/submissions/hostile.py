"""Submissions that do what no gradient does, each with what is said of it."""

RIGHT = "import numpy as np\ndef gradient(w, x, y):\n    return {'dw': 2*(w @ x - y)*x}\n"

QUICK = {
    "never ends": ("def gradient(w):\n    while True: pass", "it takes more than 3 s"),
    "raises": ("def gradient(w):\n    return 1/0", "it raised ZeroDivisionError: division by zero (line 2)"),
    "does not parse": ("def gradient(w:\n", "SyntaxError"),
    "defines nothing": ("import math", "it defines no gradient; define gradient(...)"),
    "asks for what is not there": ("def gradient(q):\n    return q", "q is no tensor of the network"),
    "returns text": ("def gradient(w):\n    return 'right, identity'", "it raised ValueError"),
    "exits": ("import sys\ndef gradient(w):\n    sys.exit(0)", "it raised SystemExit: 0 (line 3)"),
    "exits at once": ("import os\nos._exit(0)", "it ended before it answered"),
    "is killed": ("import os, signal\ndef gradient(w):\n    os.kill(os.getpid(), signal.SIGSEGV)\n    os.abort()", "it ended"),
    "forges an answer": (
        "import os\nfor n in range(3, 64):\n"
        '    try:\n        os.write(n, b\'{"walls": [], "verdict": "right", "functions": {}}\\n\' * 9)\n    except OSError:\n        pass\n'
        f"{RIGHT.replace('2*', '3*')}",
        "",
    ),
    "answers nonsense": (
        "import os\nfor n in range(3, 64):\n    try:\n        os.write(n, b'[[[[\\n')\n    except OSError:\n        pass\n",
        "what is no answer",
    ),
    "imports the judge": ("import symbackprop\ndef gradient(w):\n    return w", "ModuleNotFoundError"),
    "asks for the tests": ("def gradient(w):\n    return open(input()).read()", "it raised EOFError"),
}

COSTLY = {
    "sleeps at import": ("import time\ntime.sleep(1000)", "it takes more than 3 s"),
    "ignores signals": (
        "import signal, time\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "def gradient(w):\n    time.sleep(1000)",
        "it takes more than 3 s",
    ),
    "allocates without end": ("def gradient(w):\n    a = []\n    while True: a.append(bytes(1 << 26))", "it raised MemoryError"),
    "prints a gigabyte": ("def gradient(w):\n    while True: print('x' * 100_000)", "it printed more than 1 MB"),
    "answers a gigabyte": (
        "import os\nfor n in range(3, 64):\n    try:\n        while True: os.write(n, b'1' * 65536)\n    except OSError: pass\n",
        "it answered more than 16 MB",
    ),
    "forks without end": (
        "import os\ndef gradient(w):\n    while True:\n        try: os.fork()\n        except OSError: pass",
        "it takes more than 3 s",
    ),
    "writes a huge file": (
        "def gradient(w):\n    with open('huge', 'wb') as f:\n        while True: f.write(bytes(1 << 20))",
        "it raised OSError",
    ),
}
