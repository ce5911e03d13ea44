"""What is Python and not NumPy in a function: its numbers, lists of values, whole parts of sizes, modules that a function imports."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.notation.trace.test_trace import slopes


class Value:
    """A number that remembers nothing, as lectures begin."""

    def __init__(self, data: Any) -> None:
        self.data, self.grad = data, 0.0

    def __add__(self, other: Any) -> Value:
        return Value(self.data + (other.data if isinstance(other, Value) else other))

    def __mul__(self, other: Any) -> Value:
        return Value(self.data * (other.data if isinstance(other, Value) else other))

    def tanh(self) -> Value:
        t = np.exp(2 * self.data)
        return Value((t - 1) / (t + 1))


class Neuron:
    def __init__(self, rng: np.random.Generator, n: int) -> None:
        self.w, self.b = [Value(float(v)) for v in rng.normal(size=n)], Value(0.0)

    def __call__(self, x: Any) -> Value:
        return sum((w * v for w, v in zip(self.w, x, strict=True)), self.b).tanh()


def of_neurons(neurons: list[Neuron], xs: Any, ys: Any) -> Any:
    return sum((sum((n(x).data for n in neurons), 0.0) - y) ** 2 for x, y in zip(xs, ys, strict=True))


def test_floats_of_objects_in_lists_are_parameters() -> None:
    rng = np.random.default_rng(0)
    neurons, xs, ys = [Neuron(rng, 3) for _ in range(2)], rng.normal(size=(4, 3)), rng.normal(size=4)
    network = sb.trace(of_neurons, neurons, xs, ys)
    names = {t.name for t in network.program.inputs if t.kind == "parameter"}
    assert names == {"b_0", "b_1", *(f"w_{i}_{j}" for i in range(2) for j in range(3))}  # each 0.0 of its own, no grad
    assert slopes(network, of_neurons, (neurons, xs, ys)) < 1e-6
    assert not network.notes
    assert type(neurons[0].w[0].data) is float  # nothing that was given has changed


def of_lists(w: list[float], b: float, X: list[list[float]], Y: list[int]) -> float:
    import math

    J = 0.0
    for x, y in zip(X, Y, strict=True):
        z = sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b
        a = 1 / (1 + math.exp(-z))
        J += -(y * math.log(a) + (1 - y) * math.log(1 - a))
    return J / len(X)


def of_pools(A: Any) -> Any:
    m, h, w, c = A.shape
    n_H, n_W = int(1 + (h - 2) / 2), int((w - 2) / 2) + 1
    out = np.zeros((m, n_H, n_W, c))
    for i in range(n_H):
        for j in range(n_W):
            out[:, i, j] = np.max(A[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2], axis=(1, 2))
    return np.sum(out**3)


def of_means_of_lists(W: Any, a: Any) -> Any:
    import numpy

    d = numpy.sqrt(((a @ W) ** 2).sum(1) + 1e-9)
    whole = numpy.zeros(3)
    whole[1] = np.max([d[0], d[1]])
    return np.mean([v**2 for v in d]) + np.prod([d[0], d[2]]) + whole.sum() + np.log([d[1], d[2]]).sum()


def of_grids(L: Any, y: Any) -> Any:
    B, T, _ = L.shape
    b, t = np.meshgrid(np.arange(B), np.arange(T), indexing="ij")
    return -L[b, t, y].mean() + np.sum(np.pad(L.clip(0.0), 1, constant_values=(0, 0)) ** 2)


FORMS: dict[Callable[..., Any], Callable[[np.random.Generator], tuple[Any, ...]]] = {
    of_lists: lambda rng: ([0.2, -0.4], 0.1, [[1.0, 2.0], [-1.0, 0.5], [0.3, 0.3]], [1, 0, 1]),
    of_pools: lambda rng: (rng.normal(size=(2, 4, 6, 3)),),
    of_means_of_lists: lambda rng: (rng.normal(size=(3, 2)), rng.normal(size=(4, 3))),
    of_grids: lambda rng: (rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3))),
}


@pytest.mark.parametrize("function", FORMS, ids=lambda f: f.__name__)
def test_python_is_traced(function: Callable[..., Any]) -> None:
    args = FORMS[function](np.random.default_rng(1))
    network = sb.trace(function, *args)
    assert slopes(network, function, args) < 1e-6
    if function in (of_pools, of_grids):
        assert not any("counts it out" in note for note in network.notes)


def test_whole_numbers_of_a_value_stay_traced_or_are_refused() -> None:
    """A plain number of the example would stand for the value everywhere, and nothing beside the example would show it."""
    W, b = np.array([0.5, -2.0]), np.array([2.5, 1.0])
    for rounded in (math.floor, math.ceil, round, math.trunc, lambda x: int(x)):
        net = sb.trace(lambda W, b, rounded=rounded: np.sum(W**2) * rounded(b[0]), W, b)  # type: ignore[misc]
        value = sb.compile(sb.derive(net)).value({"W": W, "b": b + 3})
        np.testing.assert_allclose(value, np.sum(W**2) * rounded(b[0] + 3), rtol=1e-14)
    with pytest.raises(sb.NotationError, match="a whole number that depends on b is used as a plain one"):
        sb.trace(lambda W, b: sum(np.sum(W**2) for _ in range(int(b[0]))), W, b)


@pytest.mark.parametrize("shape", [(2, 4), (4, 2), (3, 3)])
def test_norms_by_singular_values_are_of_wide_matrices_too(shape: tuple[int, int]) -> None:
    A = np.random.default_rng(0).standard_normal(shape)

    def loss(A: Any) -> Any:
        return np.linalg.norm(A, 2) * np.linalg.cond(A) + np.linalg.norm(A, "nuc") - np.linalg.norm(A, -2)

    net = sb.trace(loss, A)
    np.testing.assert_allclose(sb.compile(sb.derive(net)).value({"A": A}), loss(A), rtol=1e-12)
    assert slopes(net, loss, (A,)) < 1e-6


def test_results_have_numpys_names() -> None:
    A = np.array([[2.0, 0.5], [0.5, 1.5]])
    net = sb.trace(lambda A: np.linalg.slogdet(A).logabsdet + np.sum(np.linalg.eigh(A @ A.T).eigenvalues ** 2), A)
    value = sb.compile(sb.derive(net)).value({"A": A})
    np.testing.assert_allclose(value, np.linalg.slogdet(A)[1] + np.sum(np.linalg.eigvalsh(A @ A.T) ** 2), rtol=1e-12)


def of_products(W: Any, b: Any, branch: bool) -> Any:
    X = np.arange(8.0).reshape(2, 4) / 8

    class Layer:
        def forward(self, x: Any) -> Any:
            return np.tanh(x.dot(W) + b)

    rows = [row.dot(W).sum() for row in np.array([[0.5, 1.0, -1.0, 2.0], [1.0, 0.0, 0.3, 0.1]])]
    h = Layer().forward(X)
    if branch and np.sum(W) > 100:
        h = h * 2
    return np.sum(h.dot(np.array([1.0, -2.0, 0.5]).dot(W.T)[:3]) ** 2) + sum(rows) * np.linspace(0, 1, 4).dot(W[:, 0])


@pytest.mark.parametrize("branch", [False, True])
def test_the_dot_of_an_array_that_the_function_makes_is_traced(branch: bool) -> None:
    rng = np.random.default_rng(0)
    arguments = rng.normal(size=(4, 3)), rng.normal(size=3), branch
    network = sb.trace(of_products, *arguments)
    assert slopes(network, of_products, arguments) < 1e-6
    assert {t.name for t in network.program.inputs if t.kind == "parameter"} == {"W", "b"}
    assert type(np.arange(3.0).dot(np.ones(3))) is np.float64


class Settings:
    def __init__(self) -> None:
        self.lr, self.reg = 0.1, 0.01


class Line:
    def __init__(self) -> None:
        self.w, self.b, self.lr = 0.5, 0.1, 0.01

    def loss(self, x: Any, y: Any) -> Any:
        return np.mean((self.w * x + self.b - y) ** 2) / self.lr


class Held:
    def __init__(self) -> None:
        self.w, self.X = np.ones(3), np.ones((5, 3))

    def loss(self, y: Any) -> Any:
        return np.mean((self.X @ self.w - y) ** 2)


def penalised(w: Any, X: Any, y: Any, cfg: Any) -> Any:
    return np.mean((X @ w - y) ** 2) + cfg.reg * np.sum(w**2)


def batched(w: Any, batch: Any, cfg: Any) -> Any:
    return penalised(w, batch["X"], batch["y"], cfg)


def of_settings_first(cfg: Any, params: Any, X: Any, y_train: Any) -> Any:
    return penalised(params["w"], X, y_train, cfg)


W3, X3, Y3 = np.ones(3), np.arange(15.0).reshape(5, 3), np.arange(5.0)
LEARNT: dict[str, tuple[Callable[..., Any], tuple[Any, ...], list[str]]] = {
    "settings beside plain arrays": (penalised, (W3, X3, Y3, Settings()), ["w", "X", "y"]),
    "settings and a batch": (batched, (W3, {"X": X3, "y": Y3}, Settings()), ["w"]),
    "settings first": (of_settings_first, (Settings(), {"w": W3}, X3, Y3), ["w"]),
    "floats of an object": (Line().loss, (Y3, Y3), ["w", "b"]),
    "floats of a dict": (lambda X, y, p: np.mean((p["a"] * X + p["b"] - y) ** 2), (Y3, Y3, {"a": 1.0, "b": 2.0}), ["a", "b"]),
    "arrays of an object": (Held().loss, (Y3,), ["w"]),
    "a batch alone": (lambda batch: np.sum(batch["X"] ** 2), ({"X": X3},), ["X"]),
}


@pytest.mark.parametrize("case", LEARNT)
def test_what_is_learnt_where_nobody_says_it(case: str) -> None:
    function, args, learnt = LEARNT[case]
    network = sb.trace(function, *args)
    assert [t.name for t in network.program.inputs if t.kind == "parameter"] == learnt
    if case == "settings and a batch":
        assert network.notes == (
            'batch["X"], batch["y"]: taken as data, by the names; name in wrt what is learnt of it.',
            "cfg.reg: a number of Python, taken as a constant; name it in wrt to differentiate by it too.",
        )
