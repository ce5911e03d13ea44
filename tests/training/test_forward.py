"""What was kept of a network answers as the network does, without SymPy; what it cannot answer, the network does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.cli.options import Asked
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.cache import cache_folder, lasting_folder
from symbackprop.training import Diverged
from symbackprop.training import forward as kept_ones
from symbackprop.training import run as run_of_training
from symbackprop.training.forward import Unkept, forward_of, keep, kept, key_of
from symbackprop.training.loop import train
from symbackprop.training.prepared import Prepared
from symbackprop.training.using import evaluate, predict, usual
from tests.command import EXAMPLES, Run
from tests.sources import ROOT

NEEDS_C = (pytest.mark.slow, pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler"))
RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((30, 4)), np.arange(30) % 3
ONE = np.eye(3)[LABELS]
NETS: dict[str, tuple[str, dict[str, Any], str]] = {  # the equations, the data, what is predicted
    "regression": ("X: data[n, d]\ny: data[n]\nw: parameter[d]\np = tanh(X @ w)\nL = mean((p - y)**2)", {"X": X, "y": X[:, 0]}, "y"),
    "binary": (
        "X: data[n, d]\ny: binary[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -mean(y*log(p) + (1 - y)*log(1 - p))",
        {"X": X, "y": X[:, 0] > 0}, "y",
    ),
    "log-odds": (
        "X: data[n, d]\ny: binary[n]\nw: parameter[d]\nz = X @ w\nL = mean(log(1 + exp(z)) - y*z)", {"X": X, "y": X[:, 0] > 0}, "y"
    ),
    "sign": (
        "X: data[n, d]\ny: sign[n]\nw: parameter[d]\ns = X @ w\nL = mean(log(1 + exp(-y*s)))", {"X": X, "y": np.sign(X[:, 0])}, "y"
    ),
    "integers": (
        "X: data[n, d]\nt: integers[n, c]\nW: parameter[d, c]\nS = X @ W\nL = mean(logsumexp(S, axis=1) - S[range(n), t])",
        {"X": X, "t": LABELS}, "t",
    ),
    "labels": (
        "X: data[n, d]\nY: labels[n, c]\nW: parameter[d, c]\nL = -mean(sum(Y*log_softmax(X @ W), axis=1))", {"X": X, "Y": ONE}, "Y"
    ),
    "columns": (
        "X: data[d, n]\nY: data[c, n]\nW: parameter[c, d]\nP = softmax(W @ X, axis=0)\nL = -sum(Y*log(P))/n", {"X": X.T, "Y": ONE.T}, "Y"
    ),
    "one sample": ("x: data[d]\ny: data\nw: parameter[d]\np = tanh(w @ x)\nL = (p - y)**2", {"x": X, "y": X[:, 0]}, "y"),
    "convolution": (
        "X: data[n, 1, 4]\ny: data[n]\nk: parameter[2, 1, 3]\nv: parameter\nZ = conv1d(X, k)\np = v*sum(relu(Z), axis=(1, 2))\n"
        "L = mean((p - y)**2)", {"X": X[:, None], "y": X[:, 0]}, "y",
    ),
    "loop": (
        "X: data[n, T]\ny: data[n]\na: parameter\nb: parameter\nh = zeros(n)\nfor t in range(T):\n    h = tanh(a*h + b*X[:, t])\n"
        "L = mean((h - y)**2)", {"X": X, "y": X[:, 0]}, "y",
    ),
}  # fmt: skip


def settled(name: str) -> tuple[Any, dict[str, Any], dict[str, np.ndarray], str]:
    """The network, its data, some parameters, and the input that is predicted."""
    text, data, truth = NETS[name]
    net = sb.read(text)
    sizes = {"d": 4, "c": 3, "T": 4}
    shapes = {t.name: tuple(sizes[str(n)] if n.is_Symbol else int(n) for n in t.shape) for t in net.program.parameters}
    return net, data, {p: np.random.default_rng(1).standard_normal(shape) for p, shape in shapes.items()}, truth


@pytest.mark.parametrize("name", NETS)
def test_what_was_kept_answers_as_the_network_does(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    net, data, parameters, truth = settled(name)
    derived = forward_of(net)
    found = evaluate(net, parameters, data)
    for names in usual(derived, found.prediction):
        derived.source(names)
    keep("net", derived)
    known = kept("net")
    assert known is not None
    assert evaluate(known, parameters, data) == found == evaluate(derived, parameters, data)
    for given in ({data_: a for data_, a in data.items() if data_ != truth}, data):
        if name != "one sample":
            assert np.array_equal(predict(known, parameters, given), predict(net, parameters, given))
    with pytest.raises(Unkept):
        known.source(("nothing",))
    for wrong in ({**data, truth: data[truth][..., :-1]}, {k: a for k, a in data.items() if k != truth}):
        for one in (net, known):
            with pytest.raises(SymbackpropError):
                evaluate(one, parameters, wrong)


def test_what_is_kept_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for names in (("p",), ("L",), ("L", "p")):
        forward = forward_of(settled("regression")[0])
        forward.source(names)
        keep("net", forward)
    known = kept("net")
    assert known is not None
    assert set(known.sources) == {("p",), ("L",), ("L", "p")}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tensors": []}', '{"tensors": [{}], "equations": [], "sources": []}', "\0"])
def test_a_damaged_file_is_none(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "symbackprop").mkdir()
    file = tmp_path / "symbackprop" / "net.json"
    for whole in (text, f"{sha256(text.encode()).hexdigest()}\n{text}"):
        file.write_text(whole)
        assert kept("net") is None


@pytest.mark.parametrize("backend", ["numpy", pytest.param("c", marks=NEEDS_C)])
@pytest.mark.parametrize("name", NETS)
def test_training_by_what_was_kept_is_training(name: str, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, without the network; what is kept of it and damaged is none, and the network is read."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    net, data, _, _ = settled(name)
    reads: list[int] = []

    def read() -> Any:
        reads.append(1)
        return net

    def trained(rate: float = 0.1) -> Any:
        network = Prepared(read, "net")
        found = train(network, data, epochs=2, batch=8, rate=rate, backend=backend, progress=False)
        network.keep(found.prediction)
        return found

    wanted, times = train(net, data, epochs=2, batch=8, backend=backend, progress=False), len(reads)
    file = tmp_path / "symbackprop" / "net-train.json"
    for damage in (None, None, lambda text: text[: len(text) // 2], lambda text: text.replace("0", "1"), lambda _: "[]"):
        if damage is not None:
            file.write_text(damage(file.read_text()))
        found, is_read = trained(), len(reads) > times
        assert is_read == (times == 0 or damage is not None)
        times = len(reads)
        assert (found.losses, found.score, found.sizes) == (wanted.losses, wanted.score, wanted.sizes)
        for parameter, array in wanted.parameters.items():
            assert np.array_equal(found.parameters[parameter], array)
    with pytest.raises(SymbackpropError, match="the network computes no"):
        train(Prepared(read, "net"), data, predict="nothing", progress=False)


def test_a_run_that_diverges_by_what_was_kept_tells_the_equation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    data = {"X": X, "y": X[:, 0]}
    net = sb.read("X: data[n, d]\ny: data[n]\nw: parameter[d]\np = X @ w\nL = mean((p - y)**4)")
    faults = []
    for _ in range(2):
        network = Prepared(lambda: net, "net")
        network.keep(train(network, data, epochs=1, progress=False).prediction)
        with pytest.raises(Diverged) as fault:
            train(network, data, epochs=50, rate=1e15, progress=False)
        faults.append(str(fault.value))
    assert network.is_kept
    assert faults[0] == faults[1]
    assert "the first value that is not finite being" in faults[0]


def test_a_checkpoint_of_what_was_kept_is_one_of_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    net, data, _, _ = settled("integers")
    wanted = train(net, data, epochs=4, progress=False, checkpoint=tmp_path / "whole.npz")
    for k in range(3):
        file, network = tmp_path / f"{k}.npz", Prepared(lambda: net, "net")
        network.keep(train(network, data, epochs=2, progress=False, checkpoint=file).prediction)
        found = train(net if k == 1 else Prepared(lambda: net, "net"), data, epochs=4, resume=file, progress=False)
        assert np.array_equal(found.parameters["W"], wanted.parameters["W"])


def test_a_network_whose_inputs_need_sympy_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    keep("net", forward_of(sb.read("X: data[n, 2*d]\nw: parameter[2*d]\nL = mean((X @ w)**2)")))
    keep("sliced", forward_of(sb.read("X: data[n, d]\nw: parameter[d]\nL = mean((X[:, :3] @ w[:3])**2)")))
    assert kept("net") is None
    assert kept("sliced") is None


def test_the_key_is_of_the_text_and_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.net"
    file.write_text("w: parameter\nL = w**2")
    first = key_of(str(file), "")
    assert first == key_of(str(file), "")
    assert len({first, key_of(str(file), "other")}) == 2
    monkeypatch.setattr(kept_ones, "_package", lambda: "another")
    assert key_of(str(file), "") != first
    monkeypatch.undo()
    file.write_text("w: parameter\nL = w**3")
    assert key_of(str(file), "") != first
    assert key_of("w*x", "") is None
    assert key_of(__file__, "") is None


@pytest.mark.slow
def test_a_command_that_only_runs_numbers_imports_no_sympy(run: Run, tmp_path: Path) -> None:
    """Training keeps what evaluating and predicting ask for; another text of the network is read."""
    net = tmp_path / "own.net"
    net.write_text((EXAMPLES / "xor.net").read_text() + f"# {tmp_path}\n")
    training = ["train", str(net), "--data", str(EXAMPLES / "xor.npz"), "--epochs", "5", "--quiet", "-o", "p.npz"]
    assert run(*training).code == 0
    given = [str(net), "--parameters", "p.npz", "--data", str(EXAMPLES / "xor.npz")]
    for command in (training, ["evaluate", *given], ["predict", *given]):
        code = (
            "import sys; from symbackprop.cli import main\n"
            f"try: main({command!r})\nexcept SystemExit as e: assert not e.code\n"
            "assert 'sympy' not in sys.modules, 'sympy'"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert not done.returncode, done.stderr
        assert done.stdout == run(*command).out
    refused = run("predict", str(net), "--parameters", "p.npz", "--data", str(EXAMPLES / "xor.npz"), "--value", "q")
    assert refused.code == 2
    assert refused.err.startswith("symbackprop: the network computes no q; there are ")


def test_what_is_kept_is_text_of_a_few_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    forward = forward_of(settled("binary")[0])
    forward.source(("p",))
    keep("net", forward)
    assert set(json.loads((tmp_path / "symbackprop" / "net.json").read_text().partition("\n")[2])) == {
        "loss",
        "tensors",
        "equations",
        "sources",
        "digests",
    }


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the system tells no owners")
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722])
def test_a_folder_that_others_write_to_is_not_used(mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    forward = forward_of(settled("binary")[0])
    forward.source(("p",))
    keep("net", forward)
    assert kept("net") is not None
    folder = tmp_path / "symbackprop"
    folder.chmod(mode)
    assert kept("net") is None
    assert lasting_folder() is None
    assert cache_folder() != folder
    folder.chmod(0o700)
    assert kept("net") is not None
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert lasting_folder() is None


def test_a_file_that_is_changed_meanwhile_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept and what is read in the midst of a command are one network."""
    net = tmp_path / "own.net"
    net.write_text((EXAMPLES / "xor.net").read_text())
    read = Asked.network

    def changed(asked: Asked) -> Any:
        network = read(asked)
        net.write_text(net.read_text() + "# another\n")
        return network

    monkeypatch.setattr(Asked, "network", changed)
    done = run("train", net, "--data", EXAMPLES / "xor.npz", "--epochs", "5", "--quiet")
    assert done.code == 2
    assert "has changed since this command began; run it again" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy", pytest.param("c", marks=NEEDS_C)])
def test_a_run_that_diverges_keeps_its_parameters_though_its_file_is_gone(backend: str, run: Run, tmp_path: Path) -> None:
    net = tmp_path / "own.net"
    text = "X: data[n, d]\ny: data[n]\nw: parameter[d]\np = X @ w\nL = mean((p - y)**4)"
    np.savez(tmp_path / "data.npz", X=X, y=X[:, 0])
    command = ["train", str(net), "--data", "data.npz", "--backend", backend, "--quiet"]
    net.write_text(text)
    assert not run(*command, "--epochs", "2", "--rate", "0.001").code
    assert not run(*command, "--epochs", "2", "--rate", "0.001").code
    code = (
        "import os, sys\nfrom symbackprop.training import loop\ndescend = loop.descend\n"
        "def gone(*all):\n    os.unlink(sys.argv[2])\n    descend(*all)\n"
        "loop.descend = gone\nfrom symbackprop.__main__ import main\nmain()"
    )
    last = [*command, "--epochs", "90", "--rate", "1e9", "-o", "p.npz"]
    done = subprocess.run(
        [sys.executable, "-c", code, *last],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert "the loss became" in done.stderr
    assert "p.npz: the parameters" in done.stderr
    with np.load(tmp_path / "p.npz") as file:
        assert np.isfinite(file["w"]).all()


def test_what_is_refused_in_the_midst_keeps_what_was_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, data, _, _ = settled("regression")
    finished = run_of_training._finished

    def refused(model: Any, run: Any, *rest: Any) -> Any:
        if run.epoch == 2:
            raise SymbackpropError("own.net has changed")
        return finished(model, run, *rest)

    monkeypatch.setattr(run_of_training, "_finished", refused)
    with pytest.raises(Diverged, match=r"own\.net has changed") as fault:
        train(net, data, epochs=5, progress=False)
    assert fault.value.trained is not None
    assert len(fault.value.trained.losses.training) == 2


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError, TypeError])
def test_parameters_are_saved_before_the_network_is_kept(
    fault: type[BaseException], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(Prepared, "keep", broken)
    with suppress(fault):
        run("train", EXAMPLES / "xor.net", "--data", EXAMPLES / "xor.npz", "--epochs", "5", "--quiet", "-o", "p.npz")
    assert (tmp_path / "p.npz").exists()
