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
from sympy.matrices.expressions.matexpr import MatrixElement

from symbackprop.core.functions import FUNCTIONS
from symbackprop.notation import NotationError
from symbackprop.notation.sympy.input import from_sympy
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
    "vectors": (sp.DotProduct(u, W.T * v) * sp.DiagMatrix(v) * W, lambda u, W, v: (u @ W.T @ v) * np.diag(v) @ W),
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


B, X, Y = sp.IndexedBase("B"), sp.IndexedBase("X"), sp.IndexedBase("Y")
Bn, Xnm = sp.IndexedBase("B", shape=(n,)), sp.IndexedBase("X", shape=(n, m))
SUMS: dict[str, tuple[Any, int]] = {
    "a matrix and a vector": (sp.Sum((sp.Sum(Xnm[i, j] * B[j], (j, 0, m - 1)) - 1) ** 2, (i, 0, n - 1)), 0),
    "an index as a number": (sp.Sum(B[k] * k + 3, (k, 1, m)), 1),
    "two indices": (sp.Sum(B[k] * Y[j] * (k - j) + Xnm[k, j], (k, 0, n - 1), (j, 0, m - 1)), 0),
    "what lacks an index": (sp.Sum(sp.Sum(B[j], (j, 0, m - 1)), (i, 0, m - 1)) * sp.Product(B[j], (j, 0, m - 1)), 0),
    "one name over two ranges": (sp.Sum(B[i], (i, 1, n)) * sp.Sum(Y[i] + sp.Sum(Y[i], (i, 1, m)), (i, 1, m)), 1),
    "a name outside its sum": (sp.Sum(B[k] * x, (k, 0, n - 1)) * x, 0),
    "counted from 1, and an entry": (sp.Sum(Bn[i] ** 2, (i, 1, n)) * Bn[1] + Bn[n], 1),
    "an entry that others count from 1": (sp.Sum(Bn[i] ** 2, (i, 1, n)) * sp.IndexedBase("Y", shape=(3,))[1], 1),
    "counted from 0, and an entry": (sp.Sum(Bn[i] ** 2, (i, 0, n - 1)) * Bn[1] + Bn[n - 1], 0),
    "a part of an axis": (sp.Sum(Bn[i] ** 2, (i, 2, n)) + sp.Sum(Xnm[i, j], (i, 1, n), (j, 2, m)), 1),
    "neighbours": (sp.Sum((B[i + 1] - B[i]) ** 2, (i, 0, n - 2)) + sp.Sum(Y[j] * Y[j - 1], (j, 1, m)), 0),
    "backwards": (sp.Sum(B[i] * B[n - 1 - i], (i, 0, n - 1)), 0),
    "a window": (sp.Sum(sp.Sum(Y[k] * B[i + 2 * k], (k, 0, m - 1)) ** 2, (i, 0, n - 1)), 0),
    "a diagonal": (sp.Sum(X[i, i] * X[i, i + 1], (i, 0, n - 1)), 0),
    "pairs": (sp.Sum(1 / (B[i] - B[j]), (j, i + 1, n - 1), (i, 0, n - 2)), 0),
    "a limit in a limit": (sp.Sum(sp.Sum(B[j - i] * sp.Sum(B[k], (k, i, j)), (j, i, n - 1)) ** 2, (i, 0, n - 1)), 0),
    "products up to an index": (sp.Sum(sp.Product(B[j], (j, 1, i)), (i, 1, n)), 1),
    "nothing but entries": (B[0] * B[2] + sp.sin(B[1]), 0),
    "of a matrix": (sp.Sum(W[i, j] * V[j, i], (i, 0, h - 1), (j, 0, d - 1)) + sp.Sum((W * V)[i, i], (i, 0, h - 1)), 0),
}  # fmt: skip
"""Sums, and what their arrays are counted from."""


def _expanded(e: Any) -> Any:
    """The expression with its sums written out, the outermost first: SymPy's doit wants the limits of inner ones to be numbers."""
    if isinstance(e, sp.Sum | sp.Product):
        *inner, (index, low, high) = e.limits
        rest = e.func(e.function, *inner) if inner else e.function
        parts = [_expanded(rest.subs(index, k)) for k in range(int(low), int(high) + 1)]
        return sp.Add(*parts) if isinstance(e, sp.Sum) else sp.Mul(*parts)
    return e.func(*map(_expanded, e.args)) if e.args and not isinstance(e, sp.Indexed | MatrixElement) else e


@pytest.mark.parametrize("case", SUMS)
def test_sums_over_indices_have_sympys_value(case: str) -> None:
    expression, first = SUMS[case]
    network = from_sympy(expression)
    rng, at = np.random.default_rng(0), {n: 4, m: 3, h: 2, d: 3}
    sizes = {str(size): number for size, number in at.items()}
    point = {
        t.name: rng.uniform(0.5, 1.5, [int(e.subs({s: sizes[str(s)] for s in e.free_symbols})) for e in t.shape])
        for t in network.program.inputs
    }
    theirs = _expanded(expression.subs({s: sp.Integer(number) for s, number in at.items()}))
    entries = {one: point[str(one.base)][tuple(int(place) - first for place in one.indices)] for one in theirs.atoms(sp.Indexed)}
    entries |= {one: point[str(one.parent)][int(one.i), int(one.j)] for one in theirs.atoms(MatrixElement)}
    wanted = theirs.xreplace({one: sp.Float(number) for one, number in entries.items()}).subs({x: point.get("x", 0)})
    np.testing.assert_allclose(value(network, point, sizes), float(wanted), rtol=1e-12)


def test_names_are_spelled_as_the_language_spells_them() -> None:
    written = {"lambda": "lam", "w_{1}": "w_1", r"\hat{y}": "yhat", "θ": "theta", "w₂": "w_2"}
    network = from_sympy(sp.Add(*(Symbol(name) ** 2 for name in written)), wrt=[Symbol("lambda"), "θ"])
    assert {t.name for t in network.program.inputs} == {*written.values()}
    assert {t.name for t in network.program.inputs if t.kind == "parameter"} == {"lam", "theta"}


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
    "unknown": (lambda: Function("f")(x + 1), "f has no counterpart in the language. It stands in f(x + 1). Write its formula:"),
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
    "part of an axis": (lambda: sp.Sum(B[i], (i, 2, n)), 'B[i]: the sizes of B are not known. Write IndexedBase("B", shape=(n,))'),
    "beyond": (lambda: sp.Sum(Bn[i + 1], (i, 0, n - 1)) + Bn[0], "B[i + 1]: i + 1 runs from 1 to n, the axis has size n."),
    "no index": (lambda: B[i] ** 2, "B[i]: i is no index. Sum over it: Sum(..., (i, 0, n - 1))."),
    "a place that is computed": (lambda: sp.Sum(B[i**2], (i, 0, n - 1)), "B[i**2]: i**2 is no index. An index is made of"),
    "no shape": (lambda: B[0] + x, "B[0]: the sizes of B are not known."),
    "two sizes": (
        lambda: sp.Sum(B[i], (i, 1, n)) * sp.Sum(B[i], (i, 1, m)),
        "axis 0 of B is read over ranges that differ: m and n.",
    ),
    "either way": (
        lambda: sp.Sum(Bn[i], (i, 1, n)) * sp.Sum(Xnm[i, 1], (i, 0, n - 1)),
        "X[i, 1]: X may be counted from 0 or from 1; others are counted either way. Count every index from 0.",
    ),
    "without end": (lambda: sp.Sum(x**i, (i, 0, sp.oo)), "i runs without end."),
    "half a size": (lambda: sp.Sum(B[i], (i, 0, n / 2)), "n/2 is no whole number."),
    "backwards": (lambda: sp.Sum(B[j], (j, i + 2, n - 1), (i, 0, n - 1)), "the range of j may end before it begins"),
    "an equation": (lambda: sp.Eq(y, x), "Eq(y, x) is no expression of SymPy. An equation is no number: give its right side"),
    "a polynomial": (lambda: sp.Poly(x**2, x), "Give polynomial.as_expr()."),
    "sigma": (lambda: Function("sigma")(x), 'It stands in sigma(x). Did you mean Function("sigmoid")?'),
    "a function of an index": (lambda: sp.Sum(Function("q")(i), (i, 1, n)), 'IndexedBase("q")[i] for an entry.'),
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


@pytest.mark.slow
@given(trees)
def test_random_expressions_have_sympys_value(expression: sp.Expr) -> None:
    if not expression.free_symbols:
        return
    theirs = float(expression.subs({x: sp.Float("0.6", 40), y: sp.Float("-0.3", 40)}).evalf(20))
    np.testing.assert_allclose(float(ours(expression)), theirs, rtol=1e-10, atol=1e-12)
