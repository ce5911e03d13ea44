"""What was kept of a network answers as the network does, without SymPy; what it cannot answer, the network does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.cache import cache_folder, lasting_folder
from symbackprop.training import forward as kept_ones
from symbackprop.training.forward import Unkept, forward_of, keep, kept, key_of
from symbackprop.training.using import evaluate, predict, usual
from tests.command import EXAMPLES, Run
from tests.sources import ROOT

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
    (tmp_path / "symbackprop" / "net.json").write_text(text)
    assert kept("net") is None


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


def test_a_command_that_only_runs_numbers_imports_no_sympy(run: Run, tmp_path: Path) -> None:
    """Training keeps what evaluating and predicting ask for; another text of the network is read."""
    net = tmp_path / "own.net"
    net.write_text((EXAMPLES / "xor.net").read_text() + f"# {tmp_path}\n")
    assert run("train", net, "--data", EXAMPLES / "xor.npz", "--epochs", "5", "--quiet", "-o", "p.npz").code == 0
    given = [str(net), "--parameters", "p.npz", "--data", str(EXAMPLES / "xor.npz")]
    for command in (["evaluate", *given], ["predict", *given]):
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
    assert set(json.loads((tmp_path / "symbackprop" / "net.json").read_text())) == {"loss", "tensors", "equations", "sources"}


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
