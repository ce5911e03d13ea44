"""SymPy expressions are read into a program that computes what SymPy computes; what has no counterpart is refused by name."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy import Function, Lambda, MatrixSymbol, Rational, Symbol, symbols

from symbackprop.core.functions import FUNCTIONS
from symbackprop.notation import NotationError
from symbackprop.notation.sympy_input import from_sympy
from tests.notation.values import value

x, y, t = symbols("x y t")
h, d, c = symbols("h d c")
i, j, k, n, m = symbols("i j k n m")
AT = {"h": 2, "d": 3, "c": 2, "n": 4, "m": 3}
W, V, A = MatrixSymbol("W", h, d), MatrixSymbol("V", d, h), MatrixSymbol("A", h, h)
u, v = MatrixSymbol("u", d, 1), MatrixSymbol("v", h, 1)
POINT = {
    "W": np.array([[0.3, -0.2, 0.5], [1.1, 0.7, -0.4]]), "V": np.array([[0.2, 0.9], [-0.6, 0.1], [0.4, 0.8]]),
    "A": np.array([[1.2, 0.3], [-0.4, 0.9]]), "u": np.array([0.5, -1.5, 0.25]), "v": np.array([-0.7, 0.6]),
    "x": np.array(0.6), "y": np.array(-0.3),
}  # fmt: skip


def ours(expression: Any) -> np.ndarray:
    network = from_sympy(expression)
    needed = {t.name for t in network.program.inputs}
    return value(network, {name: array for name, array in POINT.items() if name in needed}, AT)


SCALARS = {
    "sums and signs": -x - 2 * y + 3 - x * y,
    "quotients": (x - 1) / (y**2 + 1) - Rational(2, 3) / x + x / 7,
    "powers": x**3 + sp.sqrt(x) + (x**2 + 1) ** (-Rational(3, 2)) + 2**x + (x + 1) ** y,
    "floats": 0.1 * x + sp.Float("1e-3"),
    "functions": sp.exp(x) + sp.log(x) + sp.sin(x) * sp.cos(y) + sp.tan(x) + sp.tanh(x * y) + sp.atan(x) + sp.asinh(y) + sp.erf(x),
    "reciprocals": sp.sec(x) + sp.cot(x) - sp.coth(y),
    "edges": sp.Abs(y) + sp.sign(y) + sp.Max(x, y, 0) - sp.Min(x, 2 * y) + sp.Heaviside(x),
    "cases": sp.Piecewise((x**2, x > 1), (sp.sin(x), sp.And(x > 0, y < 0)), (0, sp.Or(x > 5, sp.Not(y > 3))), (1, True)),
    "constants": sp.pi * x + sp.E + sp.exp(1) * y,
    "ours": FUNCTIONS["sigmoid"](x) + FUNCTIONS["softplus"](2 * y),
    "equal parts": sp.exp(x * y) + sp.exp(x * y) ** 2 + x * y,
    "unevaluated": sp.Mul(-1, sp.Add(x, y, evaluate=False), evaluate=False) * sp.UnevaluatedExpr(x + y),
}


@pytest.mark.parametrize("case", SCALARS)
def test_scalars_have_sympys_value(case: str) -> None:
    expression = SCALARS[case]
    theirs = expression.doit().subs({x: sp.Float("0.6", 30), y: sp.Float("-0.3", 30)})
    for name in ("sigmoid", "softplus"):
        theirs = theirs.replace(
            FUNCTIONS[name], lambda a, name=name: {"sigmoid": 1 / (1 + sp.exp(-a)), "softplus": sp.log(1 + sp.exp(a))}[name]
        )
    np.testing.assert_allclose(float(ours(expression)), float(theirs), rtol=1e-13)


MATRICES: dict[str, tuple[Any, Callable[..., Any]]] = {
    "product": (W * u, lambda W, u: W @ u),
    "row": (v.T * W, lambda v, W: v @ W),
    "outer": (v * u.T, lambda v, u: np.outer(v, u)),
    "stack": (W * V * A, lambda W, V, A: W @ V @ A),
    "sum": (2 * W - V.T, lambda W, V: 2 * W - V.T),
    "transposed product": ((W * V).T + A, lambda W, V, A: (W @ V).T + A),
    "trace": (sp.Trace(W * V * A.T), lambda W, V, A: np.trace(W @ V @ A.T)),
    "trace of transposes": (sp.Trace(V.T * W.T), lambda V, W: np.trace(W @ V)),
    "entrywise": (sp.HadamardProduct(W, V.T), lambda W, V: W * V.T),
    "entrywise power": (sp.HadamardPower(W, 2), lambda W: W**2),
    "power": (A**3, lambda A: A @ A @ A),
    "identity": (A + 2 * sp.Identity(h), lambda A: A + 2 * np.eye(2)),
    "ones and zeros": (W * sp.OneMatrix(d, 1) + sp.ZeroMatrix(h, 1) + v, lambda W, v: W.sum(1) + v),
    "applied": ((W * u).applyfunc(sp.exp), lambda W, u: np.exp(W @ u)),
    "applied with a body": (W.applyfunc(Lambda(t, t**2 * x + 1)), lambda W, x: W**2 * x + 1),
    "applied constant": (W.applyfunc(Lambda(t, x)), lambda W, x: np.full((2, 3), x)),
    "applied by name": (W.applyfunc(Lambda(t, Function("relu")(t))), lambda W: np.maximum(W, 0)),
    "quadratic form": ((u.T * V * A * W * u)[0, 0], lambda u, V, A, W: u @ V @ A @ W @ u),
    "entries": (W[1, 2] * A[0, h - 1] + u[1, 0], lambda W, A, u: W[1, 2] * A[0, 1] + u[1]),
    "a number of a matrix": (sp.log(sp.Trace(A)) + x, lambda A, x: np.log(np.trace(A)) + x),
    "inverse": (A.inv() * v, lambda A, v: np.linalg.inv(A) @ v),
    "determinant": (sp.Determinant(A), np.linalg.det),
    "slices": (W[:, 1:] * V[1:, :] + A[:, :1] * A[:1, :], lambda W, V, A: W[:, 1:] @ V[1:] + A[:, :1] @ A[:1]),
    "steps": (W[::2, ::2] * V[::2, 1:], lambda W, V: W[::2, ::2] @ V[::2, 1:]),
    "columns": (W[:, 0] + A[:, 1:2], lambda W, A: W[:, 0] + A[:, 1]),
    "blocks": (sp.BlockMatrix([[W, A], [V.T, v * v.T]]), lambda W, A, V, v: np.block([[W, A], [V.T, np.outer(v, v)]])),
    "blocks of columns": (sp.BlockMatrix([[v], [u]]), lambda v, u: np.concatenate([v, u])),
    "kronecker": (sp.KroneckerProduct(W, v, A), lambda W, v, A: np.kron(np.kron(W, v[:, None]), A)),
    "scalar factors": (x * W * u * y, lambda x, W, u, y: x * y * (W @ u)),
}


@pytest.mark.parametrize("case", MATRICES)
def test_matrices_have_numpys_value(case: str) -> None:
    expression, witness = MATRICES[case]
    names = witness.__code__.co_varnames if hasattr(witness, "__code__") and witness is not np.linalg.det else ("A",)
    theirs = witness(*(POINT[name] for name in names))
    found = ours(expression)
    assert found.shape == np.shape(theirs)
    np.testing.assert_allclose(found, theirs, rtol=1e-13)


def test_sums_over_indices() -> None:
    X, B = sp.IndexedBase("X", shape=(n, m)), sp.IndexedBase("B")
    X_, B_ = POINT["W"].T @ POINT["W"][:, :1] * np.arange(1, 5), POINT["u"]
    X_ = X_.T
    cases = {
        sp.Sum((sp.Sum(X[i, j] * B[j], (j, 0, m - 1)) - 1) ** 2, (i, 0, n - 1)): ((X_ @ B_ - 1) ** 2).sum(),
        sp.Sum(B[k] * k + 3, (k, 1, m)): (B_ * np.arange(1, 4) + 3).sum(),
        sp.Sum(B[k] * B[j] * (k - j), (k, 0, m - 1), (j, 0, m - 1)): 0,
        sp.Sum(X[i, j] * sp.exp(B[j]), (i, 0, n - 1), (j, 0, m - 1)): (X_ * np.exp(B_)).sum(),
        sp.Sum(sp.Sum(B[j], (j, 0, m - 1)), (i, 0, m - 1)): 3 * B_.sum(),
    }
    for expression, theirs in cases.items():
        network = from_sympy(expression)
        point = {"X": X_, "B": B_}
        found = value(network, {t.name: point[t.name] for t in network.program.inputs}, {"n": 4, "m": 3})
        np.testing.assert_allclose(found, theirs, rtol=1e-12, atol=1e-12)


def test_parameters_are_what_wrt_names() -> None:
    for wrt in ([W, x], "W, x", ["W", "x"]):
        network = from_sympy(sp.Trace(W * V) * x * y, wrt=wrt)
        assert {t.name: t.kind for t in network.program.inputs} == {"W": "parameter", "x": "parameter", "V": "data", "y": "data"}
    assert {t.kind for t in from_sympy(x * y).program.inputs} == {"parameter"}
    assert from_sympy(Symbol("p", positive=True) ** 2).program.inputs[0].domain == "positive"
    assert from_sympy(x + 1, name="g").loss == "g"


def test_a_shared_part_is_one_value() -> None:
    z = Symbol("q")
    for _ in range(5):
        z = sp.tanh(z * Symbol("w")) + sp.sin(z)
    assert len(from_sympy(z).program.equations) == 20


def test_a_deep_expression_is_read() -> None:
    z = x
    for _ in range(200):
        z = 2 * sp.tanh(z * y)
    assert len(from_sympy(z).program.equations) == 600


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "function": (lambda: sp.zeta(x) + 1, "zeta has no counterpart in the language. It stands in zeta(x)."),
    "unknown": (lambda: Function("f")(x), "f has no counterpart in the language. It stands in f(x)."),
    "integral": (lambda: sp.Integral(x, x), "Integral has no counterpart in the language."),
    "derivative": (lambda: sp.Derivative(Function("f")(x), x), "Derivative has no counterpart in the language."),
    "complex": (lambda: sp.I * x, "ImaginaryUnit has no counterpart in the language. It stands in I."),
    "infinite": (lambda: x + sp.oo, "oo is not a real number."),
    "number": (lambda: sp.Integer(3) + sp.pi, "the expression is a number; nothing is to be derived."),
    "name": (lambda: Symbol("sum") + 1, "sum is a function of the language and cannot name a tensor or a size. Write sum_1."),
    "spaces": (lambda: Symbol("a b") + 1, "'a b' is no name. A name begins with a letter"),
    "two symbols": (
        lambda: Symbol("x", positive=True) + x,
        "two symbols are called x. Rename one; symbols with different assumptions",
    ),
    "a size and a symbol": (lambda: sp.Trace(MatrixSymbol("h", h, h)), "h is a symbol and a size. Rename one."),
    "the result": (
        lambda: Symbol("L") + 1,
        'L is a symbol and the name of the result. Name the result: from_sympy(..., name="f").',
    ),
    "written entries": (
        lambda: sp.Matrix([[x, y]]),
        "a matrix of (1, 2) written entries is no loss. Write one network for each entry,",
    ),
    "not sympy": (lambda: "x + 1", "'x + 1' is no expression of SymPy. Give an Expr or a MatrixExpr."),
    "no default": (lambda: sp.Piecewise((x, x > 0)), "Piecewise((x, x > 0)) has no value everywhere. End it with (value, True)."),
    "limits": (lambda: sp.Sum(sp.IndexedBase("B", shape=(m,))[i], (i, 0, n - 1)), "B[i]: i runs over n, the axis has size m."),
    "part of an axis": (lambda: sp.Sum(sp.IndexedBase("B")[i], (i, 2, n)), "B[i]: i begins at 2. Sum over the whole axis."),
    "shifted": (lambda: sp.Sum(sp.IndexedBase("B", shape=(n,))[i + 1], (i, 0, n - 1)), "B[i + 1]: i + 1 is no index."),
    "no shape": (lambda: sp.IndexedBase("B")[0] + x, "B[0]: the sizes of B are not known. Write IndexedBase(..., shape=(n,))."),
    "a size of nothing": (lambda: sp.Sum(x, (i, 1, n)), "the size n stands in the shape of no tensor."),
    "a tower of powers": (
        lambda: x * sp.Pow(1000, sp.Pow(1000, 1000, evaluate=False), evaluate=False),
        "is a number that no float comes near.",
    ),
    "not a number": (lambda: sp.Mul(x, sp.nan, sp.Pow(2, x), evaluate=False), "nan is not a real number."),
    "matrix power": (
        lambda: A ** Symbol("p", integer=True),
        "(A**p): the exponent of a matrix is -1 or a whole number from 1 to 16.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_words_of_a_refusal(case: str) -> None:
    make, words = REFUSED[case]
    with pytest.raises(NotationError, match=re.escape(words)):
        from_sympy(make())


@pytest.mark.filterwarnings("ignore::sympy.utilities.exceptions.SymPyDeprecationWarning")
def test_shapes_that_sympy_lets_pass_are_refused() -> None:
    b = MatrixSymbol("b", c, 1)
    misfit = sp.MatAdd(W * V, b, check=False)
    with pytest.raises(NotationError, match=re.escape("the shapes differ: (W*V) is (h, h), b is (c, 1). SymPy does not broadcast")):
        from_sympy(misfit)
    misfit = sp.MatMul(V, W.T, check=False)
    with pytest.raises(
        NotationError, match=re.escape("V * W: the inner sizes differ: V is (d, h), W is (d, h). Did you mean V * W.T?")
    ):
        from_sympy(misfit)


def test_a_wrt_that_is_not_there() -> None:
    with pytest.raises(NotationError, match=re.escape("the expression has no symbol w. Its symbols are x, y.")):
        from_sympy(x * y, wrt="x, w")


leaves = st.sampled_from([x, y, sp.Integer(2), Rational(-1, 3), sp.log(Rational(1, 3))])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] - p[1]),
        st.tuples(inner, inner).map(lambda p: sp.Add(*p, evaluate=False)),
        st.tuples(inner, inner).map(lambda p: sp.Mul(-1, *p, evaluate=False)),
        st.tuples(inner, inner).map(lambda p: p[0] / (p[1] ** 2 + 1)),
        inner.map(sp.sin),
        inner.map(sp.tanh),
        inner.map(lambda a: sp.exp(-(a**2))),
    ),
    max_leaves=12,
)


@given(trees)
def test_random_expressions_have_sympys_value(expression: sp.Expr) -> None:
    if not expression.free_symbols:
        return
    theirs = float(expression.subs({x: sp.Float("0.6", 40), y: sp.Float("-0.3", 40)}).evalf(20))
    np.testing.assert_allclose(float(ours(expression)), theirs, rtol=1e-10, atol=1e-12)
