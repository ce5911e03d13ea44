"""Parts of tensors as tensors of their own: x_{n-1} for the sum over rows of which one is read alone, p_{:,h:2h} for a slice."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sympy import Expr, S

from symbackprop.algebra.positions import Place, View
from symbackprop.core.guards import affine, is_size, proven, split
from symbackprop.core.loops.recursion import pinned, unpinned
from symbackprop.core.program import Equation, Program, Ref, Sum, letter_sizes, position
from symbackprop.display.leading import MATRIX


def picked(program: Program, equation: Equation, inline: Collection[str]) -> tuple[Equation, dict[str, View]]:
    """The equation with parts of tensors by names of their own, and what each of these is.

    inline   values that are written out in it, of which there are no parts.
    """
    views: dict[str, View] = {}
    sizes = letter_sizes(program, equation)
    for c, _ in equation.op.over:
        at, holders = pinned(equation, c), [k for k, ref in enumerate(equation.operands) if c in ref.index]
        if at is None or len(holders) != 1:
            continue
        assert isinstance(equation.op, Sum)
        ref = equation.operands[holders[0]]
        if sum(position(c) in test.free_symbols for test in split(equation.op).guards) != 1:  # a diagonal is no slice
            continue
        if ref.index.count(c) != 1 or ref.name in inline or ref.name in views:
            continue
        found = _part(program, equation, sizes, ref, c, at)
        if found is None:
            continue
        row, views[row.name] = found
        operands = tuple(row if k == holders[0] else other for k, other in enumerate(equation.operands))
        equation = Equation(equation.target, unpinned(equation.op, c), operands, equation.step)
    return equation, views


def _part(program: Program, equation: Equation, sizes: Mapping[str, Expr], ref: Ref, c: str, at: Expr) -> tuple[Ref, View] | None:
    """The part of a tensor with a letter at a position; None where it may be outside, or is no slice.

    One letter runs through a slice; those below names count blocks, 3 l + m.
    """
    lead = equation.target.index[:-MATRIX]
    form = affine(at)
    counted = [x for x in lead if x in form.slopes]
    along = [x for x in form.slopes if x not in lead]
    if form.opaque != 0 or len(along) > 1 or any(form.slopes[x] != 1 for x in along) or {*counted, *along} & {*ref.index}:
        return None
    if not all(map(is_size, form.offset.free_symbols)) or any(form.slopes[x].is_positive is not True for x in counted):
        return None
    last = form.offset + sum(slope * (sizes[x] - 1) for x, slope in form.slopes.items())
    if not (proven(form.offset, program.conditions) and proven(sizes[c] - 1 - last, program.conditions)):
        return None
    left = [y for x in ref.index for y in ((*counted, *along) if x == c else (x,))]
    own = [x for x in lead if x in left] + [x for x in left if x not in lead]
    places = tuple(
        Place(form.offset, tuple((own.index(x), form.slopes[x]) for x in (*counted, *along)))
        if x == c
        else Place(S.Zero, ((own.index(x), S.One),))
        for x in ref.index
    )
    return Ref(f"{ref.name}({c} = {at})", tuple(own)), View(ref.name, places, tuple(sizes[x] for x in own))
