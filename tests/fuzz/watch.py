"""An input under watch: refused or done, in time, and nothing of it executed."""

import collections
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from sympy.polys import monomials

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from tests.fuzz.inputs import CANARY, made

SECONDS = 5  # of processor time, of one input
OURS = "<symbackprop "  # the name of code that the backend wrote

# functions of libraries that run texts of their own: of named tuples, and of products of monomials
WRITERS = {(collections.__file__, "namedtuple"), (monomials.__file__, "_build")}

_watched: list[str] | None = None  # what was executed while an input is watched


class Hang(BaseException):
    """An input took longer than SECONDS."""


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is None:
        return
    if event == "exec" and isinstance(arguments[0], CodeType):
        file = arguments[0].co_filename
        if not file.startswith((OURS, "<frozen ")) and not os.path.isabs(file) and not _is_of_a_library():
            _watched.append(f"exec of {file}")
    elif event in ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.fork"):
        _watched.append(event)


def _is_of_a_library() -> bool:
    """Whether a module is being imported, or a library runs a text that it wrote from numbers or checked identifiers."""
    frame = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if code.co_filename == "<frozen importlib._bootstrap>" or (code.co_filename, code.co_name) in WRITERS:
            return True
        frame = frame.f_back
    return False


sys.addaudithook(_audit)


@contextmanager
def _in_time() -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def warm() -> None:
    """Load what is loaded once, such as fonts, so that no input pays for it."""
    derivation = sb.derive("x**2")
    derivation.text()
    sb.draw(derivation)


def fault_of(seed: int) -> str | None:
    """What is wrong with how the input of a number was met; None where it was refused or done."""
    global _watched
    name, deed = made(seed)
    _watched, fault = [], None
    try:
        with _in_time():
            deed()
    except SymbackpropError as refused:
        fault = None if 0 < len(str(refused)) < 4000 else f"a message of {len(str(refused))} characters"
    except Hang:
        fault = f"longer than {SECONDS} s"
    except Exception as raised:
        places = [
            f"{frame.filename.rpartition('symbackprop/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(raised.__traceback__)
        ]
        fault = f"{type(raised).__name__}: {str(raised)[:200]} at {' '.join(places[-3:])}"
    executed, _watched = _watched, None
    if executed:
        fault = f"executed: {executed[0]}"
    if os.path.exists(CANARY):
        os.unlink(CANARY)
        fault = "a text was executed"
    return fault and f"{seed} ({name}): {fault}"
