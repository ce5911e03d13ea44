"""A gradient as a SymPy expression: computed by SymPy it is the number that the compiled function gives, or it is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.display.sympy_form import sympy_form

EXAMPLES = Path(__file__).parents[2] / "examples"
SIZE = 2
TEXTS = {
    "relu": "x: data[d]\nW: parameter[h, d]\nL = sum(relu(W @ x)**2)",
    "gelu": "x: data\nw: parameter\nL = gelu(w*x)*leaky_relu(x*w)",
    "logsumexp": "x: parameter[d]\nL = logsumexp(2*x)",
    "max": "x: parameter[3]\nL = max(x)**2",
    "constants": "c = 3\nx: parameter[1, d]\nL = sum(c*x**3)",
    "letters": "i: data[j]\nk: parameter[j, l]\nL = sum(tanh(k.T @ i))",
}


def computed(expression: sp.Expr, point: dict[str, np.ndarray], at: dict[sp.Symbol, int]) -> float:
    """The value of an expression by SymPy's own sums, every size being SIZE."""
    expression = expression.subs(at)
    expression = expression.subs({s: SIZE for s in expression.free_symbols if s.is_integer and s.is_positive}).doit()
    entries = {e: sp.Float(point[str(e.base.label)][tuple(map(int, e.indices))]) for e in expression.atoms(sp.Indexed)}
    numbers = {sp.Symbol(name): sp.Float(float(array)) for name, array in point.items() if not np.ndim(array)}
    return float(expression.xreplace(entries).xreplace(numbers))


@pytest.mark.parametrize("net", [*TEXTS.values(), *(EXAMPLES / f"{n}.net" for n in ("two_layer", "branches", "gates"))],
                         ids=[*TEXTS, "two_layer", "branches", "gates"])  # fmt: skip
def test_sympy_computes_what_the_compiled_function_does(net) -> None:
    derivation = sb.derive(net)
    rng = np.random.default_rng(0)
    point = {
        t.name: rng.normal(size=[int(n) if n.is_Integer else SIZE for n in t.shape])
        for t in derivation.forward.inputs if t.value is None
    }  # fmt: skip
    for name, gradient in derivation.gradients.items():
        expression, array = gradient.sympy(), gradient.evaluate(point)
        inputs = {*point, *(str(s) for s in derivation.program.sizes())}
        letters = {s for s in expression.free_symbols if s.is_integer and not s.is_positive and str(s) not in inputs}
        assert len(letters) <= array.ndim
        index = tuple(n - 1 for n in array.shape)
        own = gradient.equation.target.index
        at = {s: index[own.index(str(s))] for s in letters if str(s) in own}
        if len(at) < len(letters):  # a letter that a tensor is called by was replaced
            at = dict(zip(sorted(letters, key=str), index, strict=True))
        assert computed(expression, point, at) == pytest.approx(float(array[index]), rel=1e-10), name


def test_it_is_ordinary_sympy() -> None:
    found = sb.derive("(x + y)*z").gradients["z"].sympy()
    assert found == sp.Symbol("x") + sp.Symbol("y")
    gradient = sb.derive("x: data[d]\nw: parameter[d]\nL = (w @ x)**2").gradients["w"].sympy()
    i, j = sp.symbols("i j", integer=True, nonnegative=True)
    d = sp.Symbol("d", integer=True, positive=True)
    w, x = (sp.IndexedBase(name, shape=(d,)) for name in "wx")
    assert gradient == 2 * x[i] * sp.Sum(w[j] * x[j], (j, 0, d - 1))
    product = sympy_form(sb.read("x: data[d]\nL = prod(x)").program, "L")
    assert str(product) == "Product(x[i], (i, 0, d - 1))"
    assert sb.derive("s: function\nx: parameter\nL = s(x)").gradients["x"].sympy().subs(sp.Symbol("x"), 2).has(sp.Subs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A: parameter[n, n]\nL = logdet(A)", "dL/dA has no form of SymPy: inv[a-z]* of a matrix stands in it; evaluate"),
        ("x: parameter[n]\nL = max(x)", "of a number of them that is not known"),
        ("x: parameter[n]\nL = sum(x[1:]*x[:-1])", "it takes entries by their position"),
        (
            "x: parameter\nL = " + "*".join(f"sin(x + {k})" for k in range(60)),
            "written out in the inputs it has more than 4,000 parts",
        ),
    ],
)
def test_what_has_no_formula_of_entries_is_refused(text: str, why: str) -> None:
    gradient = next(iter(sb.derive(text).gradients.values()))
    with pytest.raises(sb.DerivationError, match=why):
        gradient.sympy()
    assert gradient.latex()


@pytest.mark.parametrize(
    "text",
    [
        "X: data[3, 2]\ny: data[3]\nw: parameter[2]\nL = sum((X @ w - y)**2)",
        "x: data[3]\nW: parameter[2, 3]\nb: parameter[2]\nc: parameter\nL = sum(tanh(W @ x + b)) + c**2",
        "X: data[2, 3]\nW: parameter[1, 2]\nL = sum(softmax(W @ X) * X)",
        "x: parameter[3]\nL = sum(where(x > 0, x**2, -x))",
    ],
)
def test_the_whole_is_a_matrix_whose_entries_are_those_of_the_compiled_function(text: str) -> None:
    derivation = sb.derive(text)
    rng = np.random.default_rng(0)
    point = {t.name: rng.normal(size=[int(n) for n in t.shape]) for t in derivation.forward.inputs}
    for name, gradient in derivation.gradients.items():
        matrix, array = gradient.sympy(whole=True), np.asarray(gradient.evaluate(point))
        assert isinstance(matrix, sp.MatrixBase)
        assert matrix.shape == (*array.shape, 1, 1)[:2]
        found = [[computed(matrix[i, j], point, {}) for j in range(matrix.cols)] for i in range(matrix.rows)]
        np.testing.assert_allclose(found, array.reshape(matrix.shape), rtol=1e-10, err_msg=name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x: data[n]\nw: parameter[n]\nL = (w @ x)**2", "a size is no number, n; sympy() is one entry"),
        ("W: parameter[2, 2, 2]\nL = sum(W**2)", "it has 3 axes"),
        ("X: data[30, 20]\ny: data[30]\nw: parameter[20]\nL = sum((X @ w - y)**2)", "more than 4,000 parts"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(text: str, why: str) -> None:
    gradient = next(iter(sb.derive(text).gradients.values()))
    with pytest.raises(sb.DerivationError, match=re.escape(why)):
        gradient.sympy(whole=True)
