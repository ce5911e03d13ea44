"""Helper functions beside the function that is read: their lines are read in the place of their calls, and names stay apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape

EPS = 1e-3
HEAD = "import numpy as np\n\nEPS = 1e-3\n"


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def layer(x: Any, W: Any, b: Any, act: Any = None, *, scale: float = 1.0) -> Any:
    z = scale * (x @ W + b)
    if act is None:
        return z
    return act(z)


def cost(X: data[n, d], Y: data[n, c], W1: parameter[d, h], b1: parameter[h], W2: parameter[h, c], b2: parameter[c]) -> Any:  # type: ignore[name-defined, valid-type]  # noqa: F821
    def l2(W: Any) -> Any:
        return np.sum(W**2)

    z = layer(X, W1, b1, np.tanh)
    p = softmax(layer(z, W2, b2, scale=0.5))
    return np.mean((p - Y) ** 2) + EPS * (l2(W1) + l2(W2))


def test_a_function_with_helpers_is_the_function() -> None:
    network = sb.network(cost)
    rng = np.random.default_rng(0)
    shapes = {"X": (5, 3), "Y": (5, 2), "W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}
    point = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    assert tape.forward(network.program, point)[network.loss] == pytest.approx(float(cost(**point)), rel=1e-12)
    assert sb.check(network).ok


def test_what_a_helper_returns_has_the_name_that_its_caller_gives_and_locals_stay_apart() -> None:
    names = [equation.target.name for equation in sb.network(cost).program.equations]
    assert {"z", "z_2", "z_3", "e", "p"} <= set(names)  # two z of layer, which cost calls z and hands to softmax
    assert sb.network(cost).aliases == {}


def read(tmp_path: Path, text: str, name: str = "f") -> Any:
    file = tmp_path / "nets.py"
    file.write_text(HEAD + text, encoding="utf-8")
    return sb.read(f"{file}:{name}")


KNOWN = {
    "a lambda": "relu = lambda z: np.maximum(z, 0)\ndef f(x: 'parameter[n]'):\n    return np.sum(relu(x))",
    "defined below": "def f(x: 'parameter[n]'):\n    return g(x)\ndef g(v):\n    return np.sum(v**2) * EPS",
    "a name of the caller": "def g(v):\n    n = v.shape[0]\n    x = v / n\n    return x.sum()\ndef f(x: 'parameter[n]'):\n    y = g(x)\n    return y * x.sum()",
    "several values": "def g(v):\n    a = np.tanh(v)\n    return a, a**2\ndef f(x: 'parameter[n]'):\n    p, q = g(x)\n    return np.sum(p * q)",
    "a function handed on": "def g(v, act):\n    return act(act(v))\ndef h(v, act):\n    return g(v, act)\n"
    "def f(x: 'parameter[n]'):\n    return np.sum(h(x, np.tanh))",
    "a setting": "def g(v, how='sum'):\n    if how == 'mean':\n        return np.mean(v)\n    return np.sum(v)\n"
    "def f(x: 'parameter[n]'):\n    return g(x) * g(x**2, how='mean')",
    "a loop of calls": "def g(h, W):\n    return np.tanh(W @ h)\ndef f(x: 'data[n]', W: 'parameter[n, n]'):\n    h = x\n"
    "    for _ in range(3):\n        h = g(h, W)\n    return h @ h",
    "a local function that sees": "def f(x: 'parameter[n]'):\n    s = np.sum(x)\n    def g(v):\n        return v * s\n    return np.sum(g(x))",
    "its own softmax": "def softmax(z):\n    return z / np.sum(np.abs(z))\ndef f(x: 'parameter[n]'):\n    return np.sum(softmax(x)**2)",
}


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
def test_a_helper_computes_what_python_computes(tmp_path: Path, text: str) -> None:
    network = read(tmp_path, text)
    space: dict[str, Any] = {"np": np, "EPS": 1e-3}
    exec(compile(text, "<text>", "exec"), space)
    rng = np.random.default_rng(0)
    point = {t.name: rng.normal(size=(3,) * len(t.shape)) for t in network.program.inputs}
    given = [point[name] for name in space["f"].__code__.co_varnames[: space["f"].__code__.co_argcount]]
    assert tape.forward(network.program, point)[network.loss] == pytest.approx(float(space["f"](*given)), rel=1e-12)


def test_what_a_helper_changes_in_place_is_changed_for_its_caller(tmp_path: Path) -> None:
    text = (
        "def g(v):\n    v *= 2\n    return v.sum()\ndef f(x: 'parameter[n]'):\n    y = x + 1\n    s = g(y)\n    return s * y.sum()"
    )
    network = read(tmp_path, text)
    x = np.array([1.0, 2.0])
    assert tape.forward(network.program, {"x": x})[network.loss] == pytest.approx(100.0)  # (2 * 5) ** 2


REFUSED = {
    "def g(v):\n    return g(v - 1)\ndef f(x):\n    return g(x)": "g calls itself. Write its steps out one by one. Or let it run: --trace",
    "def g(v):\n    return h(v)\ndef h(v):\n    return g(v)\ndef f(x):\n    return g(x)": "g calls itself.",
    "def g(v):\n    w = v\ndef f(x):\n    return g(x)": "g returns nothing. End it with return and a value.",
    "def g(v, w):\n    return v\ndef f(x):\n    return g(x)": "g is called otherwise than it is defined. It is def g(v, w).",
    "def g(*v):\n    return v\ndef f(x):\n    return g(x)": "g takes arguments by *.",
    "def g(v):\n    return x * v\ndef f(x):\n    return g(x)": "x is not defined.",  # what its caller knows
    "def g(v):\n    while True:\n        v = v / 2\n    return v\ndef f(x):\n    return g(x)": "while is not in the language.",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_helper_is_refused_at_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(sb.NotationError) as caught:
        read(tmp_path, text)
    assert REFUSED[text] in str(caught.value)
    assert caught.value.line is not None
