"""A value that holds each entry of another one at a place of its own, told by the places: H_{n,t,3l+m} = A_{n,l,t,m}."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sympy as sp
from sympy import Expr, S

from symbackprop.algebra.positions import Place, View
from symbackprop.core.guards import affine, fixed_letters, letters_of, split, without_guards
from symbackprop.core.program import Equation, Sum, letter_sizes, position
from symbackprop.display.body import BodyPrinter
from symbackprop.display.index_form import body_formula, equation_letters
from symbackprop.display.names import Names
from symbackprop.display.reading_order import swapped
from symbackprop.display.views import Slices
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.tree import Node


def placed_equation(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node | None:
    r"""u_{n,9i+3q+r} = P_{niqr}, for the sum over i, q and r of P_{niqr} 1[w = 9i + 3q + r]; None where that says not all."""
    op = equation.op
    if equation.step is not None or not isinstance(op, Sum) or not op.over:
        return None
    factors = split(op)
    if not factors.guards:
        return None
    places, remaining = fixed_letters(names.program, equation)
    sizes = letter_sizes(names.program, equation)
    read = [c for at in places.values() for c in letters_of(at)]
    if remaining or sorted(read) != sorted(c for c, n in op.over if n != 1) or not places.keys() <= set(equation.target.index):
        return None
    if not all(fills(at, sizes[c], sizes) for c, at in places.items()):
        return None
    block = _block(names, equation, places, sizes)
    if block is not None:
        return block
    letters = equation_letters(names, equation)
    printer = BodyPrinter({position(c): shown for c, shown in letters.items() if shown is not None})
    shown = [printer.formula(places[c]) if c in places else letters[c] for c in equation.target.index]
    body = without_guards(op, factors)
    body = swapped(body, {position(c): at for c, at in places.items()})
    return f.equation(names.entry(equation.target.name, shown), body_formula(names, equation, letters, inline, body))


def _block(names: Names, equation: Equation, places: Mapping[str, Expr], sizes: Mapping[str, Expr]) -> Node | None:
    """Matrices that stand side by side, each as a block of columns: H_{n,:,3l:3l+3} = A_{nl}; None where it is no such value."""
    op, target = equation.op, equation.target.index
    assert isinstance(op, Sum)
    form = affine(places[target[-1]]) if [*places] == [target[-1]] else None
    if form is None or split(op).rest * split(op).coefficient != 1 or len(equation.operands) != 1 or len(split(op).operands) != 1:
        return None
    (operand,) = equation.operands
    *lead, row, column = operand.index if len(operand.index) > 2 else ("", "", "")
    blocks = [x for x in form.slopes if x != column]
    if len(blocks) != 1 or target[:-1] != (*(x for x in lead if x not in blocks), row) or 1 in sizes.values():
        return None
    own, (block,) = (*lead, row, column), blocks
    whole = tuple(Place(S.Zero, ((own.index(x), S.One),)) for x in target[:-1])
    cut = Place(S.Zero, ((own.index(block), form.slopes[block]), (own.index(column), S.One)))
    view = View(equation.target.name, (*whole, cut), tuple(sizes[x] for x in own))
    return f.equation(Slices(names).formula(view, lead), names.entry(operand.name, [letter(x) for x in lead]))


def fills(at: Expr, extent: Expr, sizes: Mapping[str, Expr]) -> bool:
    """Whether a position such as 9 i + 3 q + r takes each value below `extent` once, as its letters run."""
    waiting = {c: sp.diff(at, position(c)) for c in letters_of(at)}
    done = S.One
    while waiting:
        c = next((c for c, stride in waiting.items() if sp.expand(stride - done) == 0), None)
        if c is None:
            return False
        done *= sizes[c]
        del waiting[c]
    first = at.xreplace({position(c): S.Zero for c in letters_of(at)})
    return first == 0 and sp.expand(done - extent) == 0
