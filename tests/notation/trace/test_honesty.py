"""What leaves a trace as a plain number is named with its line, taken as a condition, or refused; what is constant is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape

w, X, y = np.array([0.5, 2.0, -1.0]), np.eye(4, 3) + 0.3, np.array([1.0, -0.4, 0.2, 0.7])


def squares(w: Any, X: Any, y: Any) -> Any:
    return np.mean((X @ w - y) ** 2)


def of_a_sign(w: Any, X: Any, y: Any) -> Any:
    L = squares(w, X, y)
    return L if math.ldexp(w[0], 0) > 0 else 2 * L


def of_a_text(w: Any, X: Any, y: Any) -> Any:
    return squares(w, X, y) * float(f"{w[0]:.17g}")


def of_a_key(w: Any, X: Any, y: Any) -> Any:
    return squares(w, X, y) * {float(w[0]): 2.0}.popitem()[1]


def of_a_range(w: Any, X: Any, y: Any) -> Any:
    return sum(squares(w, X, y) for _ in range(int(w[1])))


REFUSED = {
    of_a_sign: r"test_honesty.py:\d+:5: a plain number is made of what depends on w, and the loss depends on it. Write NumPy's",
    of_a_text: r"the function returns \S+: values of the example stayed as plain numbers. At \S+test_honesty.py:\d+:5 one was made",
    of_a_key: "a number that depends on w is the key of a dict",
    of_a_range: "a whole number that depends on w is used as a plain one",
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_what_the_loss_depends_on_in_another_way_is_refused_with_its_line(function: Callable[..., Any]) -> None:
    with pytest.raises(sb.NotationError, match=REFUSED[function]):
        sb.trace(function, w, X, y, wrt="w")


def of_a_number_that_is_finite(w: Any, X: Any, y: Any) -> Any:
    L = squares(w, X, y)
    if math.ldexp(L, 0) * 0 != 0:
        raise ValueError("not finite")
    return L


def asserted(w: Any, X: Any, y: Any) -> Any:
    L = squares(w, X, y)
    assert L >= 0
    assert not math.isnan(L)
    if L > 1e8:
        raise ValueError("large")
    return L


def printed(w: Any, X: Any, y: Any) -> Any:
    L = squares(w, X, y)
    print("loss %f" % L, f"{L:.3f}")  # noqa: UP031 - as people write it
    if L > 1:
        print("large")
    return L


def in_single_precision(w: Any, X: Any, y: Any) -> Any:
    return squares(np.asarray(w, dtype=np.float32), X.astype(np.float32), y)


def counted_as_right(w: Any, X: Any, y: Any) -> Any:
    right = sum(int(X[i] @ w > 0) == 1 for i in range(4))
    return squares(w, X, y), right / len(y), sorted(w)[0], any(v > 0 for v in w)


SAID = {
    of_a_number_that_is_finite: ["derived for where this number is finite, as in the example."],
    asserted: ["derived for where nothing is raised here, as in the example."] * 2,
    printed: [], in_single_precision: [], counted_as_right: [],
}  # fmt: skip


@pytest.mark.parametrize("function", SAID, ids=lambda f: f.__name__)
def test_conditions_are_said_and_what_tells_is_not(function: Callable[..., Any]) -> None:
    network = sb.trace(function, w, X, y, wrt="w")
    assert [note.split(": ", 1)[1] for note in network.notes] == SAID[function]
    found = tape.forward(network.program, network.example)[network.loss]
    assert found == pytest.approx(float(squares(w, X, y)), rel=1e-5)


def of_math(w: Any, X: Any, y: Any) -> Any:
    a, b, c = w[0], w[1], w[2]
    s = math.erf(a) + math.erfc(c) + math.lgamma(b) + math.gamma(b) + math.atan2(b, c) + math.copysign(b, c) + math.log(b, 2)
    s += math.fsum([a, b]) + math.prod(w) + math.dist(w, X[0]) + math.hypot(a, b, c) + math.asinh(c) + math.acos(a) + math.exp2(a)
    return s + divmod(b, 0.7)[1] + max(w) * min(a, b) + sorted(w, reverse=True)[0] + math.fmod(b, 0.3)


def test_functions_of_math_are_traced() -> None:
    network = sb.trace(of_math, w, X, y, wrt="w")
    derived = sb.derive(network, "w")
    at = {**network.example, "w": np.array([0.3, 1.7, -0.6])}
    values = tape.forward(derived.program, at)
    assert values[network.loss] == pytest.approx(float(of_math(at["w"], X, y)), rel=1e-13)
    for k, step in enumerate(np.eye(3) * 1e-6):
        slope = (of_math(at["w"] + step, X, y) - of_math(at["w"] - step, X, y)) / 2e-6
        assert values[derived.gradient("w")][k] == pytest.approx(float(slope), rel=1e-6, abs=1e-6)


class Model:
    def __init__(self) -> None:
        self.w, self.reg, self.unread = np.array(w), 0.1, 3.0

    def loss(self, X: Any, y: Any, scale: float = 1.0) -> Any:
        return scale * squares(self.w, X, y) + self.reg * np.sum(self.w**2)


def test_numbers_of_python_that_are_constants_are_said_and_may_be_learnt() -> None:
    network = sb.trace(Model().loss, X, y, 0.5)
    assert network.notes == ("self.reg, scale: numbers of Python, taken as constants; name one in wrt to differentiate by it too.",)
    network = sb.trace(Model().loss, X, y, 0.5, wrt="w, reg")
    assert [t.name for t in network.program.inputs if t.kind == "parameter"] == ["w", "reg"]
    network = sb.trace(Model().loss, X, y, wrt="w, scale")
    assert [t.name for t in network.program.inputs if t.kind == "parameter"] == ["w", "scale"]
    assert "self.reg, scale: " in sb.trace(Model().loss, X, y).notes[0]  # a default is as good as a number that is given
    network = sb.trace(Model().loss, X, y, 0.5, wrt="w, reg")
    derived = sb.derive(network, "reg")
    assert tape.forward(derived.program, network.example)[derived.gradient("reg")] == pytest.approx(float(np.sum(w**2)))
    settings = {"a": 1.5, "b": -0.3}
    network = sb.trace(lambda v, hp: np.mean((hp["a"] * v + hp["b"]) ** 2), y, settings)
    assert network.notes[0].startswith('hp["a"], hp["b"]: numbers of Python, taken as constants')


class Tabled:
    """A network that holds a table of positions beside its weights."""

    def __init__(self) -> None:
        self.W, self.pe = np.ones((3, 2)), np.sin(np.arange(12.0).reshape(4, 3))

    def loss(self, X: Any) -> Any:
        return np.mean(np.tanh((X + self.pe) @ self.W))


def test_arrays_of_objects_that_are_taken_as_learnt_are_said() -> None:
    network = sb.trace(Tabled().loss, X)
    assert network.notes == (
        "self.W, self.pe: arrays of floats of objects, all taken as learnt; name in wrt what is, where some are tables.",
    )
    assert network.paths == {"W": "self.W", "pe": "self.pe", "X": "X"}
    network = sb.trace(Tabled().loss, X, wrt="W")
    assert not network.notes
    assert [t.name for t in network.program.inputs if t.kind == "parameter"] == ["W"]


def windowed(w: Any, X: Any, y: Any) -> Any:
    return np.sum(np.hanning(len(y)) * (X @ w - y) ** 2)


def in_pairs(w: Any, X: Any, y: Any) -> Any:
    h = X @ w
    i, j = np.triu_indices(len(h), 1)
    return np.sum((h[i] - h[j] - y[i]) ** 2)


def on_a_grid(w: Any, X: Any, y: Any) -> Any:
    return np.sum((np.linspace(-1, 1, len(y)) * w[0] + X @ w - y) ** 2)


TABLES = {
    windowed: (["made by the function of sizes, and data here; at other sizes than the example's make such anew."], 2),
    in_pairs: (["as in the example: the function counts it out, or uses it as a number."], 1),
    on_a_grid: ([], 2),
}


@pytest.mark.parametrize("function", TABLES, ids=lambda f: f.__name__)
def test_tables_made_of_sizes_are_formulas_or_said_or_keep_the_size_of_the_example(function: Callable[..., Any]) -> None:
    said, count = TABLES[function]
    network = sb.trace(function, w, X, y, wrt="w")
    assert [note.partition(" is 4, ")[2] or note.partition(": ")[2] for note in network.notes] == said
    assert len(network.program.sizes()) == count
    assert sb.check(network).ok


def test_sizes_are_carried_by_floats_products_and_absolute_values() -> None:
    def loss(w: Any, X: Any) -> Any:
        D = X.shape[1]
        return np.sum(X @ w) ** 2 / float(len(X)) / np.float64(D) * np.prod(X.shape) + 0.5 * D * np.log(2 * np.pi) + abs(len(X))

    network = sb.trace(loss, w, X)
    assert not network.notes
    assert len(network.program.sizes()) == 2


def test_a_size_that_the_function_needs_as_a_number_is_said() -> None:
    def loss(x: Any) -> Any:
        N = len(x)
        M = np.zeros((N, N))
        for u in range(N):
            for v in range(N):
                M[u, v] = 1.0 if u == 0 else np.cos(u * v)
        return np.sum((M @ x) ** 2)

    assert sb.trace(loss, w).notes == ("N is 3, as in the example: the function counts it out, or uses it as a number.",)


def test_what_is_data_among_plain_arguments_can_be_told() -> None:
    def loss(W: Any, counts: Any) -> Any:
        rows, columns = np.nonzero(counts)
        return np.sum((W[rows, columns] - np.log(counts[rows, columns])) ** 2)

    counts = np.array([[0.0, 2.0], [1.0, 3.0]])
    with pytest.raises(sb.NotationError, match='If counts is data, say what is learnt: wrt="W"'):
        sb.trace(loss, np.ones((2, 2)), counts)
    assert sb.trace(loss, np.ones((2, 2)), counts, wrt="W").notes
