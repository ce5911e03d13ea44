"""What the conditions of an equation pin: letters that stand at a position of others, and where such a position may lie outside."""

from __future__ import annotations

from typing import NamedTuple

import sympy as sp
from sympy import Expr, S

from symbackprop.core.crossed import turns
from symbackprop.core.functions import iverson
from symbackprop.core.guards import fixed_letters, integers_of, overhang, split
from symbackprop.core.program import Equation, Program, Range, Sum, letter_sizes, position
from symbackprop.display.body import BodyPrinter, scalar
from symbackprop.display.reading_order import Turn, is_coefficient, is_negative, swapped
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Node


class Bounds(NamedTuple):
    """A position that may stand outside of its axis of size `extent`, `below` 0 or `above` the end; such a term is zero."""

    at: Expr
    extent: Expr
    below: bool
    above: bool


def pinned_body(program: Program, equation: Equation) -> tuple[Expr, list[Range], dict[str, Expr], list[Bounds]]:
    """What is left to print when the guards have pinned their letters.

    Returns the body without those guards, the letters that are still summed, the pinned letters with their positions, and the
    bounds that these positions must keep.
    """
    op = equation.op
    assert isinstance(op, Sum)
    factors = split(op)
    if not factors.guards:
        return _with_turn(op.body, program, equation), list(op.over), {}, []
    pinned, remaining = fixed_letters(program, equation, scatter=False)
    sizes, integers = letter_sizes(program, equation), integers_of(program, equation)
    operands = [op.slots[k] for k in factors.operands]
    body = sp.Mul(factors.coefficient, *operands, _with_turn(factors.rest, program, equation), *map(iverson, remaining))
    body = swapped(body, {position(c): at for c, at in pinned.items()})
    outside = []
    for c, at in pinned.items():
        room = overhang(at, sizes[c], sizes, program.conditions, integers)
        if room is not None and room != (0, 0):
            outside.append(Bounds(at, sizes[c], room[0] != 0, room[1] != 0))
    return body, [(c, extent) for c, extent in op.over if c not in pinned], pinned, outside


def _with_turn(body: Expr, program: Program, equation: Equation) -> Expr:
    """A body with the e_ijk of a cross product by its name."""
    if body.is_Add:
        return sp.Add(*[_with_turn(term, program, equation) for term in body.args])  # type: ignore[arg-type]  # terms are of Expr
    found, rest = turns(body, letter_sizes(program, equation)) if body.is_Mul else ([], body)
    return sp.Mul(rest, *[Turn(*map(position, letters)) for letters in found])  # type: ignore[arg-type]  # they are of Expr


def inside(printer: BodyPrinter, bounds: Bounds) -> Node:
    """0 <= at < extent, as far as it can fail; where one side is enough, sizes and numbers stand on the right."""
    less, below = f.symbol("le"), f.symbol("<")
    if bounds.below and bounds.above:
        return f.relation(f.ZERO, less, printer.formula(bounds.at), below, scalar(bounds.extent))
    offset = sp.Add(*[term for term in sp.Add.make_args(bounds.at) if is_coefficient(term)])
    left, right = bounds.at - offset, (S.Zero if bounds.below else bounds.extent) - offset
    if is_negative(left):  # h - 1 - j >= 0 is j <= h - 1
        left, right, sign = -left, -right, less if bounds.below else f.symbol(">")
    else:
        sign = f.symbol("ge") if bounds.below else below
    return f.relation(printer.formula(left), sign, scalar(sp.expand(right)))
