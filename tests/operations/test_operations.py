"""Every operation computes what NumPy's function of that name computes, says what it does, and refuses in its own words."""

import inspect
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr

import symbackprop as sb
from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, Declared, declared
from symbackprop.core.functions.bessel import NAMED, Bessel, bessel
from symbackprop.language import operations
from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation.vocabulary import usage
from tests.notation.values import value

X = np.array([[0.3, -0.7, 0.2], [0.9, 0.4, -0.1]])
V = np.array([0.5, 0.25, 0.125])
S = np.array([[1.5, 0.2, 0.1], [0.3, 1.2, -0.4], [0.0, 0.6, 0.9]])
T = np.array([2, 0])


def tensor(name: str, array: np.ndarray, *bound: int) -> Tensor:
    kind = sb.integers if bound else sb.data
    return kind(name, array.shape, *bound)


def found(result: Tensor) -> np.ndarray:
    points = {"X": X, "V": V, "S": S, "T": T}
    network = sb.network(result + 0)  # an operation may give back its argument
    return value(network, {t.name: points[t.name] for t in network.program.inputs})


open_ = sb.data("X", ("n", "d"))
x, v, s, t = tensor("X", X), tensor("V", V), tensor("S", S), tensor("T", T, 3)

NUMPY = [
    name
    for name in operations.__all__
    if name in FUNCTIONS and hasattr(np, name) and name not in ("sign", "identity", "arccosh", "acosh", "clip")
] + [
    "sqrt",
    "square",
    "reciprocal",
    "log2",
    "log10",
]


@pytest.mark.parametrize("name", NUMPY)
def test_elementwise_functions_are_numpys(name: str) -> None:
    function, theirs = getattr(sb, name), getattr(np, name)
    if len(inspect.signature(function).parameters) == 2:
        np.testing.assert_allclose(found(function(x, v)), theirs(X, V), rtol=1e-13)
    else:
        np.testing.assert_allclose(found(function(v)), theirs(V), rtol=1e-13)


CASES: dict[str, tuple[Callable[[], Tensor], Any]] = {
    "abs": (lambda: sb.absolute(x), np.abs(X)),
    "arccosh": (lambda: sb.arccosh(v + 1), np.arccosh(V + 1)),
    "clip": (lambda: sb.clip(x, -0.2, v), np.clip(X, -0.2, V)),
    "arithmetic": (lambda: sb.subtract(sb.multiply(x, 2), sb.divide(sb.negative(v), sb.add(x, 2))), 2 * X + V / (X + 2)),
    "power": (lambda: sb.power(v, 3), V**3),
    "where": (lambda: sb.where(x > v, x, 0), np.where(X > V, X, 0)),
    "var": (lambda: sb.var(x, axis=0), X.var(0)),
    "std": (lambda: sb.std(x, 1, True), X.std(1, keepdims=True)),
    "norm": (lambda: sb.norm(x), np.linalg.norm(X)),
    "norm 1": (lambda: sb.norm(v, 1), np.abs(V).sum()),
    "logsumexp": (lambda: sb.logsumexp(x, axis=0), np.log(np.exp(X).sum(0))),
    "softmax": (lambda: sb.softmax(x), np.exp(X) / np.exp(X).sum(1, keepdims=True)),
    "softmax along an axis": (lambda: sb.softmax(x, axis=0), np.exp(X) / np.exp(X).sum(0)),
    "log_softmax": (lambda: sb.log_softmax(v), V - np.log(np.exp(V).sum())),
    "matmul": (lambda: sb.matmul(x, s), X @ S),
    "dot with a number": (lambda: sb.dot(2, v), 2 * V),
    "inner": (lambda: sb.inner(v, v), V @ V),
    "inner of matrices": (lambda: sb.inner(x, s), np.inner(X, S)),
    "vdot": (lambda: sb.vdot(s, s), np.vdot(S, S)),
    "tensordot": (lambda: sb.tensordot(s, s), np.tensordot(S, S)),
    "tensordot of axes": (lambda: sb.tensordot(x, s, (1, 0)), np.tensordot(X, S, (1, 0))),
    "tensordot of pairs": (lambda: sb.tensordot(s, s, ((0, 1), (1, 0))), np.tensordot(S, S, ((0, 1), (1, 0)))),
    "outer tensordot": (lambda: sb.tensordot(v, v, 0), np.tensordot(V, V, 0)),
    "outer": (lambda: sb.outer(v, v), np.outer(V, V)),
    "outer of matrices": (lambda: sb.outer(x, v), np.outer(X, V)),
    "einsum": (lambda: sb.einsum("ij,j,kj", x, v, s), np.einsum("ij,j,kj", X, V, S)),
    "diagonal": (lambda: sb.diagonal(s), np.diag(S)),
    "ravel": (lambda: sb.ravel(x), X.ravel()),
    "reshape": (lambda: sb.reshape(x, 3, -1), X.reshape(3, -1)),
    "full": (lambda: sb.full((2, 3), 0.5) * x, X / 2),
    "eye": (lambda: sb.eye(3) - s, np.eye(3) - S),
    "one_hot": (lambda: sb.one_hot(t, 4), np.eye(4)[T]),
    "arange": (lambda: sb.arange(3) * v, np.arange(3) * V),
    "arange between": (lambda: sb.arange(2, 5) * v, np.arange(2, 5) * V),
    "arange in steps": (lambda: sb.arange(1, 6, 2) * v, np.arange(1, 6, 2) * V),
    "arange backwards": (lambda: sb.arange(2, -1, -1) * v, np.arange(2, -1, -1) * V),
    "row": (lambda: x[0] + sb.stack([v, v])[1], X[0] + V),
    "a function of a number": (lambda: sb.exp(0) * v, V),
}


@pytest.mark.parametrize("case", CASES)
def test_operations_are_numpys(case: str) -> None:
    make, theirs = CASES[case]
    ours = found(make())
    assert ours.shape == np.shape(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "arange of nothing": (lambda: sb.arange(3, 2), "arange: nothing is between 3 and 2; write arange(a, b) with b above a"),
    "arange in no steps": (
        lambda: sb.arange(0, 2, 0),
        "arange: it takes whole numbers and sizes, in steps of 1 between sizes; write a + step*arange(n)",
    ),
    "axis": (lambda: sb.sum(x, axis=2), "sum: axis 2 is out of range: X is (2, 3), its axes are 0 to 1"),
    "softmax": (lambda: sb.softmax(3), "softmax: the expression is a scalar; it needs an axis to run along"),
    "an order of a matrix": (
        lambda: sb.norm(x, 3),
        "norm: NumPy has no norm ord=3 of a matrix; write norm(X, 'fro'), or ord=1 for the largest sum of a column",
    ),
    "no order": (lambda: sb.norm(x, [1]), "norm: ord must be a number or 'fro', not [1]; write norm(X, 2), say"),
    "one axis of a transpose": (
        lambda: sb.transpose(x, 1),  # type: ignore[arg-type]
        "transpose: 1 is one axis; name every axis of X, which is (2, 3), in the new order: transpose(X, (1, 0))",
    ),
    "inner": (lambda: sb.inner(x, t), "tensordot: axis 1 of X, which is (2, 3), and axis 0 of T, which is (2,), differ in size"),
    "trace": (lambda: sb.trace(open_), "trace: X is (n, d), not a square matrix"),
    "a diagonal by an array": (lambda: sb.diag(s, v), "diag: k is a whole number of diagonals, as in diag(x, 1)"),
    "half a diagonal": (lambda: sb.diag(s, 0.5), "diag: k is a whole number of diagonals, as in diag(x, 1)"),
    "diag": (lambda: sb.diag(3), "diag: the expression is (); it takes a vector or a matrix, diagonal takes more axes"),
    "squeeze": (lambda: sb.squeeze(x, 0), "squeeze: axis 0 of X, which is (2, 3), has size 2, not 1"),
    "reshape": (lambda: sb.reshape(x, (4, 2)), "reshape: X is (2, 3), which has 6 entries, not the 8 of (4, 2)"),
    "reshape -1": (lambda: sb.reshape(x, (4, -1)), "reshape: X is (2, 3); no size fits -1"),
    "concatenate": (
        lambda: sb.concatenate([x, s], 1),
        "concatenate: X is (2, 3), S is (3, 3); all axes but axis 1 must have equal sizes",
    ),
    "nothing to concatenate": (lambda: sb.concatenate([]), "concatenate needs one tensor or more, each with an axis"),
    "size": (lambda: sb.zeros((2, 0)), "zeros: 0 is no size; a size is a whole number from 1, or an expression of sizes"),
    "value": (lambda: sb.full(3, v), "full: the value must be a number; write ones(shape) * x"),
    "classes": (lambda: sb.one_hot(t, 2), "one_hot: the entries of T go up to 2, there are 2 classes"),
    "integers": (lambda: sb.one_hot(v, 3), "one_hot: V holds no integers; declare it as integers[n, v]"),
    "no tensor": (lambda: sb.exp("x"), "str is not a tensor or a number; declare it as data"),
    "not a number": (lambda: sb.where(x > 0, x, float("nan")), "nan is no number to compute with"),
    "zero": (lambda: sb.divide(x, 0), "division by zero"),
    "too large": (lambda: sb.exp(1000), "exp of 1000 is not a real number that a float64 holds"),
    "not real": (lambda: sb.relu(sb.arcsin(2)), "arcsin of 2 is not a real number that a float64 holds"),
    "argument": (lambda: sb.maximum(x), "maximum needs its argument alpha"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_words_of_a_refusal(case: str) -> None:
    make, words = REFUSED[case]
    with pytest.raises(LanguageError, match="^" + re.escape(words) + "$"):
        make()


@pytest.mark.parametrize("name", operations.__all__)
def test_every_operation_says_what_it_does(name: str) -> None:
    function = getattr(operations, name)
    first = (function.__doc__ or "").split("\n")[0]
    assert "=" in first or name in FUNCTIONS or function.__name__ in FUNCTIONS, f"{name}: {first}"
    assert usage(name).startswith(f"{name}(")


def test_every_row_of_the_table_is_an_operation() -> None:
    declared("phi")  # rows that are made when a network asks for them stand in the table as well
    bessel("j", NAMED + 1)
    for name, function in FUNCTIONS.items():
        if issubclass(function, Declared) or (issubclass(function, Bessel) and function.order > NAMED):
            continue
        if name.startswith("_"):  # what compiled steps alone are made of
            continue
        row = ELEMENTWISE.get(name)
        arguments = ["x", *[a.name for a in row.args[1:]]] if row else ["x"]
        assert list(inspect.signature(getattr(operations, name)).parameters) == arguments


def test_sizes_may_be_symbols() -> None:
    y = sb.data("y", "n")
    (n,) = y.shape
    assert isinstance(n, Expr)
    assert sb.zeros((n, 2 * n)).shape == (n, 2 * n)
    assert sb.reshape(sb.data("z", "2*n"), (n, 2)).shape == (n, 2)
    assert sb.concatenate([y, sb.data("w", "m")]).shape[0] == n + sb.data("w", "m").shape[0]


@st.composite
def reshapes(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """A shape and another of the same entries: groups of axes that stay, are taken together or apart, and axes of size 1."""
    shape: list[int] = []
    sizes: list[int] = []
    for _ in range(draw(st.integers(1, 3))):
        group = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
        whole = [math.prod(group)]
        before, after = draw(
            st.sampled_from([(group, group), (group, whole), (whole, group), ([1, *group], group), (group, [*group, 1])])
        )
        shape += before
        sizes += after
    return shape, sizes


@settings(max_examples=30, deadline=None)
@given(reshapes())
def test_a_reshape_reads_each_entry_once(shapes: tuple[list[int], list[int]]) -> None:
    """Group by group of axes, so that no entry is searched for among the others."""
    shape, sizes = shapes
    before, after = (", ".join(map(str, axes)) for axes in shapes)
    text = f"x: parameter[{before}]\nw: data[{after}]\nL = sum(reshape(x, ({after},)) * w)"
    compiled = sb.compile(text)
    x, w = np.random.default_rng(0).standard_normal((2, math.prod(shape)))
    value, gradients = compiled.value_and_grad(x=x.reshape(shape), w=w.reshape(sizes))
    assert value == pytest.approx(x @ w)
    np.testing.assert_allclose(gradients["x"], w.reshape(shape))
    assert "mask" not in compiled.source
