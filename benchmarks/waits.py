"""What a person waits for beside a step: a text until its first gradient, an epoch of training, a check, a command's start.

Processor seconds of this process and of those that it starts, the least of several tries.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import bench_step  # first: it sets the threads
import numpy as np
from bench_depth import network
from real_networks import lenet, lstm, resnet, transformer

import symbackprop as sb
from symbackprop.backends.c.library import NativeError
from symbackprop.training.shipped import shipped

ROOT = Path(__file__).resolve().parent.parent
TEXTS = {
    "128 dense layers": (network(128), {"d": 16}),
    "1,000 dense layers": (network(1000), {"d": 16}),
    "LSTM, 100 steps": (lstm(100), {"N": 8, "d": 16, "h": 32, "c": 4}),
    "transformer, 6 blocks of 128": (transformer(), {"N": 2, "T": 32}),
}
CHECKS = {
    "digits, 64-32-10": (str(ROOT / "examples" / "digits.net"), None),
    "LeNet, 64 images": (lenet(), {"N": 64}),
    "LSTM, 100 steps": (lstm(100), {"N": 8, "d": 16, "h": 32, "c": 4}),
    "transformer, 6 blocks of 128": (transformer(), {"N": 2, "T": 32}),
    "residual net, 50 layers of 16 channels, 32 x 32": (resnet(50, 16, 32), {"N": 2}),
}
STARTS = {
    "import sympy": ["-c", "import sympy"],
    "the same, NumPy, and a first sum": ["-c", "import numpy, sympy; sympy.Symbol('x') + 1"],
    "import symbackprop": ["-c", "import symbackprop"],
    "symbackprop --help": ["-m", "symbackprop", "--help"],
    'sb.derive("two_layer.net")': ["-c", 'import symbackprop as sb; sb.derive("examples/two_layer.net")'],
    "symbackprop derive two_layer.net": ["-m", "symbackprop", "derive", "examples/two_layer.net"],
    "symbackprop check two_layer.net": ["-m", "symbackprop", "check", "examples/two_layer.net"],
    "symbackprop train digits.net --data digits": [
        "-m",
        "symbackprop",
        "train",
        "examples/digits.net",
        "--data",
        "digits",
        "--quiet",
    ],
}
REPORTS = {
    "two layers": (ROOT / "examples" / "two_layer.net").read_text(encoding="utf-8"),
    "20 dense layers": network(20),
    "128 dense layers": network(128),
    "transformer, 1 block of 128": transformer(1),
    "transformer, 6 blocks of 128": transformer(),
    "LSTM over 100 steps": lstm(100),
}
EPOCHS = 400


def spent() -> float:
    """The processor time of this process and of all that it has waited for."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def least(work: Callable[[], object], tries: int = 3) -> float:
    """The least processor time of some tries."""
    best = float("inf")
    for _ in range(tries):
        begun = spent()
        work()
        best = min(best, spent() - begun)
    return round(best, 4)


def texts() -> dict[str, dict[str, float]]:
    """From a text to its first gradients: by the readable function, by a bound step, by one in C that no cache has."""

    def gradients(text: str, sizes: dict[str, int], way: str) -> None:
        compiled = sb.compile(sb.derive(text), sizes, dtype="float32")
        arrays = bench_step.arrays_of(compiled.program)
        if way == "readable":
            compiled.value_and_grad(arrays)
        elif way == "bound":
            compiled.bind(arrays)()
        else:
            with tempfile.TemporaryDirectory() as folder:
                os.environ["XDG_CACHE_HOME"] = folder
                compiled.bind(arrays, backend="c")()

    found = {}
    for name, (text, sizes) in TEXTS.items():
        found[name] = {way: least(lambda t=text, s=sizes, w=way: gradients(t, s, w)) for way in ("readable", "bound", "C")}
    return found


def plain_training(X: np.ndarray, y: np.ndarray, epochs: int) -> float:
    """A loop as a student writes it in NumPy for examples/digits.net: the same batches, losses and held-out part; the last loss."""
    rng = np.random.default_rng(0)
    p = [(0.1 * rng.standard_normal(shape)).astype(X.dtype) for shape in ((64, 32), (32,), (32, 10), (10,))]
    order = rng.permutation(len(X))
    train, held = order[len(X) // 5 :], order[: len(X) // 5]

    def scores(at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        H = np.maximum(X[at] @ p[0] + p[1], 0)
        S = H @ p[2] + p[3]
        S = S - S.max(1, keepdims=True)
        return H, S, np.log(np.exp(S).sum(1, keepdims=True))

    loss = 0.0
    for _ in range(epochs):
        train = rng.permutation(train)
        total = 0.0
        for begin in range(0, len(train), 32):
            at = train[begin : begin + 32]
            H, S, log_sum = scores(at)
            total += float(-(y[at] * (S - log_sum)).sum())
            d = (np.exp(S - log_sum) - y[at]) / len(at)
            back = d @ p[2].T * (H > 0)
            for w, gradient in zip(p, (X[at].T @ back, back.sum(0), H.T @ d, d.sum(0)), strict=True):
                w -= 0.1 * gradient
        _, S, log_sum = scores(held)
        loss = float(-(y[held] * (S - log_sum)).sum() / len(held)) + 0 * total
    return loss


def training() -> dict[str, float]:
    """Seconds of an epoch on the digits, by `sb.train` and by a plain loop: of many epochs less one, so that what comes before is out."""
    images, labels = shipped("digits")
    X, y = images.reshape(len(images), 64).astype("float32") / 16, np.eye(10, dtype="float32")[labels.astype(int)]
    net = str(ROOT / "examples" / "digits.net")

    def ours(backend: str) -> Callable[[int], object]:
        return lambda epochs: sb.train(net, {"X": X, "Y": y}, epochs=epochs, backend=backend, progress=False)

    ways: dict[str, Callable[[int], object]] = {"NumPy by hand": lambda epochs: plain_training(X, y, epochs)}
    ways |= {"symbackprop": ours("numpy"), "in C": ours("c")}
    try:
        ways["in C"](1)  # compiled before it is timed
    except NativeError:
        del ways["in C"]
    found = {word: [float("inf"), float("inf")] for word in ways}
    for _ in range(15):
        for word, train in ways.items():
            found[word] = [
                min(t, least(lambda n=n, train=train: train(n), 1)) for t, n in zip(found[word], (EPOCHS + 1, 1), strict=True)
            ]
    return {word: round((whole - one) / EPOCHS, 6) for word, (whole, one) in found.items()}


def checks() -> dict[str, float]:
    """Seconds of a check of gradients that were derived; not the first of the process."""
    found = {}
    for name, (text, sizes) in CHECKS.items():
        derived = sb.derive(text)
        assert sb.check(derived, sizes=sizes).ok
        found[name] = least(lambda d=derived, s=sizes: sb.check(d, sizes=s), 2)
    return found


def run(folder: str, *arguments: str) -> None:
    """A process of Python, whose compiled files are in a folder."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    own = {**plain, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": folder}
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=own, capture_output=True, check=True)


def starts() -> dict[str, float]:
    """Seconds of whole processes, when Python has its compiled files."""
    with tempfile.TemporaryDirectory() as folder:
        return {name: least(lambda a=arguments: run(folder, *a), 5) for name, arguments in STARTS.items()}


def reports() -> dict[str, dict[str, float]]:
    """Seconds of whole processes that write a page of a derivation, checked and proved, and how many equations it has."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        text, page = Path(folder) / "of.net", str(Path(folder) / "page.html")
        for name, source in REPORTS.items():
            text.write_text(source, encoding="utf-8")
            seconds = least(lambda: run(folder, "-m", "symbackprop", "derive", str(text), "-o", page), 2)
            found[name] = {"equations": float(len(sb.derive(source).program.equations)), "seconds": seconds}
    return found


WAITS = {"texts": texts, "training": training, "checks": checks, "starts": starts, "reports": reports}
