"""Values that read a part of another one by its positions, as gates read blocks of a packed product."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import affine, split
from symbackprop.core.program import Program, Step, Sum, position


def places_read(step: Step) -> dict[str, Expr] | None:
    """The letters of what is read that the reader lacks, and the positions that they stand at; None where it reads several."""
    if step.wrt is None or step.through is None or not isinstance(step.local, Sum):
        return None
    guards = split(step.local).guards
    free = [c for c in step.wrt.index if c not in step.through.index]
    found: dict[str, Expr] = {}
    for guard in guards:
        gap: Expr = guard.lhs - guard.rhs  # type: ignore[operator]
        form = affine(gap)
        own = next((c for c in free if c in form.slopes), "")
        others = form.slopes.keys() - {own}
        if form.opaque != 0 or not own or own in found or abs(form.slopes[own]) != 1 or not others <= set(step.through.index):
            return None
        found[own] = sp.expand(position(own) - gap * form.slopes[own])
    return found if found and found.keys() == set(free) else None


def part_read(step: Step) -> tuple[str, Expr] | None:
    """The only such letter, where its position is that of one letter of the reader; otherwise None."""
    found = places_read(step)
    if found is None or len(found) != 1:
        return None
    (read,) = found.items()
    return read if len(affine(read[1]).slopes) == 1 else None


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
