"""Values that read a part of another one by its positions, as gates read blocks of a packed product."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import affine, split
from symbackprop.core.program import Program, Step, Sum, position


def part_read(step: Step) -> tuple[str, Expr] | None:
    """The letter of what is read that the reader lacks, and the position that it stands at; None where more than one is read."""
    if step.wrt is None or step.through is None or not isinstance(step.local, Sum):
        return None
    factors = split(step.local)
    free = [c for c in step.wrt.index if c not in step.through.index]
    if len(free) != 1 or len(factors.guards) != 1:
        return None
    (own,), (guard,) = free, factors.guards
    gap: Expr = guard.lhs - guard.rhs  # type: ignore[operator]
    form = affine(gap)
    others = form.slopes.keys() - {own}
    if form.opaque != 0 or own not in form.slopes or abs(form.slopes[own]) != 1 or len(others) != 1:
        return None
    if not others <= set(step.through.index):  # it stands at another axis of what is read
        return None
    return own, sp.expand(position(own) - gap * form.slopes[own])


def are_apart(program: Program, steps: Sequence[Step]) -> bool:
    """Whether all of some steps read a part of the same value along the same axis, and no two the same entries."""
    ends = []
    for step in steps:
        found = part_read(step)
        if found is None or step.wrt is None or step.through is None:
            return False
        own, at = found
        form, axis = affine(at), step.wrt.index.index(own)
        (c, slope), *_ = form.slopes.items()
        if slope != 1:
            return False
        size = program.shape(step.through.name)[step.through.index.index(c)]
        ends.append((axis, form.offset, form.offset + size))
    if len({axis for axis, *_ in ends}) != 1:
        return False
    return all(
        sp.expand(first - last).is_nonnegative or sp.expand(other - end).is_nonnegative
        for (_, first, end), (_, other, last) in combinations(ends, 2)
    )
