"""Values that read another one by its positions, as gates read blocks of a packed product, and a convolution windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import affine, split
from symbackprop.core.program import Equation, Program, Ref, Step, Sum, letter_sizes, position


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


def part_order(steps: Iterable[Step]) -> dict[str, int]:
    """The values that read a part of another one, each with the place of its part among them: i, f, g, o."""
    found: dict[str, tuple[str, int]] = {}
    for step in steps:
        read = part_read(step) if step.rule == "chain" else None
        if read is not None and step.wrt is not None and step.through is not None:
            start = affine(read[1]).offset
            found[step.through.name] = step.wrt.name, int(start.subs(dict.fromkeys(start.free_symbols, 1000)))
    return {name: k for k, name in enumerate(sorted(found, key=lambda name: found[name]))}


def in_order(equations: Sequence[Equation]) -> list[Equation]:
    """Backward equations, those through the readers of parts of a value, and those back to them, in the order of the parts."""
    order = part_order(e.step for e in equations if e.step is not None)
    ranked: dict[tuple[bool, str], list[tuple[int, int]]] = {}
    for k, step in enumerate(e.step for e in equations):
        if step is not None and step.through is not None and step.wrt is not None:
            through, wrt = step.through.name, step.wrt.name
            if through in order:
                ranked.setdefault((True, wrt), []).append((order[through], k))
            elif wrt in order:
                ranked.setdefault((False, through), []).append((order[wrt], k))
    found = list(equations)
    for group in ranked.values():
        for (_, k), (_, to) in zip(sorted(group), group, strict=True):
            found[to] = equations[k]
    return found


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


def reads_each_once(program: Program, written: Equation) -> bool:
    """Whether no entry is read twice, by whatever letters: each position is one letter of the target, or is made of digits."""
    if not isinstance(written.op, Sum):
        return False
    extents, summed = letter_sizes(program, written), {c for c, _ in written.op.over}

    def is_one_place(slopes: Mapping[str, sp.Expr]) -> bool:
        """Whether a sum of slopes times letters has a value but once: one letter, or the digits of a number."""
        left, unit = dict(slopes), sp.S.One
        while len(slopes) > 1 and left:
            digit = next((c for c, slope in left.items() if sp.expand(sp.Abs(slope) - unit) == 0), None)
            if digit is None:
                return False
            del left[digit]
            unit *= extents[digit]
        return True

    for guard in split(written.op).guards:
        form = affine(guard.lhs - guard.rhs)  # type: ignore[operator]
        parts = [{c: slope for c, slope in form.slopes.items() if (c in summed) == inside} for inside in (False, True)]
        if form.opaque != 0 or not all(map(is_one_place, parts)):
            return False
    return True


def windows(written: Equation, wrt: Ref) -> str:
    """What an operand of a convolution with windows one apart is, "input" or "kernel"; "" where there are no such windows."""
    if not isinstance(written.op, Sum):
        return ""
    summed = {c for c, _ in written.op.over}
    for guard in split(written.op).guards:
        form = affine(guard.rhs)
        letters = {c for c in form.slopes if form.slopes[c] == 1}
        if form.opaque != 0 or len(form.slopes) != 2 or len(letters) != 2 or len(letters & summed) != 1:
            continue
        (inside,) = letters & summed
        for operand in written.operands:
            if operand.name == wrt.name and any(guard.lhs == position(c) for c in operand.index):
                return "input"
            if operand.name == wrt.name and inside in operand.index:
                return "kernel"
    return ""
