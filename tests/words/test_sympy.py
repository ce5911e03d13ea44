"""A walk through expressions of SymPy: each has SymPy's value and SymPy's derivatives, or is refused with a mend."""

from typing import Any

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.evaluate import tape
from symbackprop.notation import NotationError
from symbackprop.notation.sympy.input import from_sympy
from tests.words.sympy_spellings import REFUSED, SYMPY
from tests.words.walking import weights

MATRICES = {name: sp.MatrixSymbol(name, 2, columns) for name, columns in (("W", 2), ("V", 2), ("u", 1), ("v", 1))}
INDEXED = {name: sp.IndexedBase(name, shape=(3,) * axes) for name, axes in (("X", 1), ("Y", 1), ("M", 2))}
SPACE: dict[str, Any] = {
    **vars(sp), **dict(zip("xyz", sp.symbols("x y z"), strict=True)), "p": sp.Symbol("p", positive=True),
    **dict(zip("ij", sp.symbols("i j", integer=True), strict=True)), **MATRICES, **INDEXED,
}  # fmt: skip
_RNG = np.random.default_rng(4)
POINT = {
    "x": np.array(0.6), "y": np.array(-0.3), "z": np.array(1.7), "p": np.array(0.4), "W": _RNG.normal(size=(2, 2)) + 2 * np.eye(2),
    "V": _RNG.normal(size=(2, 2)) + np.eye(2), "u": _RNG.uniform(0.3, 1, 2), "v": _RNG.normal(size=2), "X": _RNG.uniform(0.2, 0.9, 3),
    "Y": _RNG.uniform(0.2, 0.9, 3), "M": _RNG.uniform(0.2, 0.9, (3, 3)),
}  # fmt: skip


def _written(name: str) -> tuple[Any, dict[Any, Any]]:
    """A name's entries as symbols, in an array of its shape, and what stands for each entry in an expression."""
    array = np.array([sp.Dummy(f"{name}{k}", real=True) for k in range(POINT[name].size)], dtype=object)
    array = array.reshape(POINT[name].shape)
    if name in MATRICES:
        return array, {MATRICES[name]: sp.Matrix(2, array.size // 2, list(array.ravel()))}
    if name in INDEXED:
        return array, {INDEXED[name][at if len(at) > 1 else at[0]]: array[at] for at in np.ndindex(*array.shape)}
    return array, {SPACE[name]: array[()]}


def theirs(expression: Any) -> tuple[float, dict[str, np.ndarray]]:
    """SymPy's weighted sum of the entries, and its derivatives."""
    entries, swap = {}, {}
    for name in POINT:
        entries[name], stands = _written(name)
        swap.update(stands)
    written = (
        expression.doit().subs(swap).doit() if isinstance(expression, sp.MatrixBase) else expression.doit().xreplace(swap).doit()
    )
    if isinstance(written, sp.MatrixExpr):
        written = written.as_explicit()
    if isinstance(written, sp.MatrixBase):
        written = (
            written[0, 0]
            if written.shape == (1, 1)
            else sum(float(w) * e for w, e in zip(weights((written.rows * written.cols,)), written, strict=True))
        )
    at = {s: float(POINT[name][k]) for name, array in entries.items() for k, s in np.ndenumerate(array)}
    written = sp.sympify(written).rewrite(sp.floor)
    is_flat = lambda e: isinstance(e, sp.Derivative | sp.Subs)  # noqa: E731 - that of floor, which SymPy leaves as it is
    number = lambda e: float(sp.sympify(e).replace(is_flat, lambda e: sp.S.Zero).subs(at).doit().evalf(30))  # noqa: E731
    found = {name: np.zeros(array.shape) for name, array in POINT.items()}
    for name, array in entries.items():
        for k, s in np.ndenumerate(array):
            found[name][k] = number(sp.diff(written, s)) if sp.sympify(written).has(s) else 0.0
    return number(written), found


def walked(text: str) -> None:
    expression = eval(text, dict(SPACE))
    network = from_sympy(expression)
    loss = from_sympy(_flat(expression)) if network.program.shape(network.program.outputs[0]) else network
    value, slopes = theirs(expression)
    derivation = sb.derive(loss)
    names = [tensor.name for tensor in derivation.forward.inputs]
    found = tape.forward(derivation.program, {name: POINT[name] for name in names})
    assert float(found[derivation.of]) == pytest.approx(value, rel=1e-9, abs=1e-12)
    for name in derivation.wrt:
        np.testing.assert_allclose(found[derivation.gradient(name)], slopes[name], rtol=1e-9, atol=1e-9)


def _flat(expression: Any) -> Any:
    """The weighted sum of the entries of a matrix."""
    numbers = weights((expression.shape[0] * expression.shape[1],)).reshape(expression.shape)
    return sum(sp.Float(numbers[i, j]) * expression[i, j] for i, j in np.ndindex(*expression.shape))


@pytest.mark.parametrize("text", SYMPY[::9])
def test_some_expressions_are_what_sympy_makes_of_them(text: str) -> None:
    walked(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", SYMPY)
def test_every_expression_is_what_sympy_makes_of_it(text: str) -> None:
    walked(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_counterpart_is_refused(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        from_sympy(eval(text, dict(SPACE)))
    assert REFUSED[text] in str(caught.value)
