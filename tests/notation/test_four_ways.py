"""One network, written in four ways, is one program: the same equations, but for names."""

from typing import Any

import pytest
import sympy as sp
from sympy import Function, HadamardProduct, Lambda, MatrixSymbol, OneMatrix, Symbol, Trace, symbols

import symbackprop as sb
from symbackprop import verbs
from symbackprop.core.network import Network
from symbackprop.core.program import Equation, Reduce, Ref, Sum
from symbackprop.notation import read
from symbackprop.notation.sympy.input import from_sympy
from symbackprop.verbs import network

# Capital letters are matrices, and annotations in quotes are declarations.
# ruff: noqa: F821


def form(made: Network) -> list[tuple[Any, ...]]:
    """The equations with values numbered instead of named, operands and slots in the order of the inputs' names."""
    names: dict[str, str] = {t.name: t.name for t in made.program.inputs}
    return [_form(equation, names) for equation in made.program.equations]


def _form(equation: Equation, names: dict[str, str]) -> tuple[Any, ...]:
    op, letters = equation.op, {}

    def lettered(ref: Ref) -> tuple[Any, ...]:
        return (names[ref.name], *(letters.setdefault(c, len(letters)) for c in ref.index))

    names[equation.target.name] = f"value {len(names)}"
    target = lettered(equation.target)
    order = sorted(range(len(equation.operands)), key=lambda k: (names[equation.operands[k].name], k))
    operands = tuple(lettered(equation.operands[k]) for k in order)
    over = {(letters[c], str(n)) for c, n in op.over}
    if isinstance(op, Sum):
        body: Any = op.body.xreplace({op.slots[k]: Symbol(f"t{place}") for place, k in enumerate(order)})
    else:
        body = op.kind if isinstance(op, Reduce) else type(op).__name__
    return target, operands, frozenset(over), body


TEXT = """\
x: data[d]
y: data[c]
W_1: parameter[h, d]
W_2: parameter[c, h]
L = sum((W_2 @ tanh(W_1 @ x) - y)**2)
"""


def in_python() -> Network:
    @network
    def two_layers(x: "data[d]", y: "data[c]", W_1: "parameter[h, d]", W_2: "parameter[c, h]"):  # type: ignore[no-untyped-def]
        return sum((W_2 @ tanh(W_1 @ x) - y) ** 2)  # type: ignore[name-defined]

    return two_layers  # type: ignore[return-value]


def with_operators() -> Network:
    x, y = sb.data("x", "d"), sb.data("y", "c")
    W_1, W_2 = sb.parameter("W_1", "h d"), sb.parameter("W_2", "c h")
    return network(((W_2 @ sb.tanh(W_1 @ x) - y) ** 2).sum())


def in_sympy(squared: Any) -> Network:
    h, d, c, t = symbols("h d c t")
    x, y = MatrixSymbol("x", d, 1), MatrixSymbol("y", c, 1)
    W_1, W_2 = MatrixSymbol("W_1", h, d), MatrixSymbol("W_2", c, h)
    r = W_2 * (W_1 * x).applyfunc(Lambda(t, sp.tanh(t))) - y
    return from_sympy(squared(r, c), wrt=[W_1, W_2])


SQUARED = {
    "entry": lambda r, c: (r.T * r)[0, 0],
    "trace": lambda r, c: Trace(r.T * r),
    "ones": lambda r, c: (OneMatrix(1, c) * HadamardProduct(r, r))[0, 0],
}


@pytest.mark.parametrize("made", [in_python, with_operators], ids=lambda made: made.__name__)
def test_python_and_operators_give_the_program_of_the_text(made: Any) -> None:
    assert form(made()) == form(read(TEXT))
    assert set(made().program.inputs) == set(read(TEXT).program.inputs)


@pytest.mark.parametrize("squared", SQUARED)
def test_sympy_gives_the_program_of_the_text(squared: str) -> None:
    made = in_sympy(SQUARED[squared])
    assert {t.name: (t.kind, t.shape) for t in made.program.inputs} == {
        t.name: (t.kind, t.shape) for t in read(TEXT).program.inputs
    }
    assert form(made) == form(read(TEXT))


def test_scalars_in_four_ways() -> None:
    text = read("x: parameter\ny: parameter\nz: parameter\nL = (x + y)*z")

    @network
    def product(x, y, z):  # type: ignore[no-untyped-def]
        return (x + y) * z

    x, y, z = (sb.parameter(name) for name in "xyz")
    X, Y, Z = symbols("x y z")
    for other in (product, network((x + y) * z), from_sympy((X + Y) * Z), verbs.read("(x + y)*z")):
        assert form(other) == form(text)  # type: ignore[arg-type]


def test_the_two_conventions_of_a_batch() -> None:
    rows = read("X: data[n, d]\nV: parameter[d, h]\nb: parameter[h]\nL = sum(relu(X @ V + b))")
    X, V, b = sb.data("X", "n d"), sb.parameter("V", "d h"), sb.parameter("b", "h")
    assert form(network(sb.sum(sb.relu(X @ V + b)))) == form(rows)
    n, d, h, t = symbols("n d h t")
    SX, SV, Sb = MatrixSymbol("X", n, d), MatrixSymbol("V", d, h), MatrixSymbol("b", 1, h)
    relu = Lambda(t, Function("relu")(t))
    made = from_sympy((OneMatrix(1, n) * (SX * SV + OneMatrix(n, 1) * Sb).applyfunc(relu) * OneMatrix(h, 1))[0, 0], wrt="V,b")
    assert {t.name: t.shape for t in made.program.inputs} == {t.name: t.shape for t in rows.program.inputs}
