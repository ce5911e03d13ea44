"""A local derivative in terms of the value itself: of s = (sum_j a_j b_j)/tau by tau it is -s/tau, where nobody named the sum."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sympy import Expr, Symbol

from symbackprop.core.program import Equation, Ref, Sum, slot, substituted
from symbackprop.display.names import Names


def by_own_value(names: Names, equation: Equation, inline: Collection[str]) -> Equation:
    """A backward equation whose local derivative is the value times what no longer reads a sum that would be written out.

    inline   values that are written out where they are read.
    """
    step = equation.step
    if step is None or step.rule != "chain" or step.through is None or step.upstream is None or step.through.name in inline:
        return equation
    value, local, op = names.written.get(step.through.name), step.local, equation.op
    if value is None or not isinstance(value.op, Sum) or value.op.over or not isinstance(local, Sum) or not isinstance(op, Sum):
        return equation
    letters = dict(zip(value.target.index, step.through.index, strict=True))
    if len(set(letters.values())) != len(letters):
        return equation
    sums = {n for n in inline if isinstance(own := getattr(names.written.get(n), "op", None), Sum) and own.over}
    operands = [Ref(r.name, tuple(letters.get(c, c) for c in r.index)) for r in value.operands]
    own = substituted(value.op.body, dict(zip(value.op.slots, map(_of, operands), strict=True)))
    slope = substituted(local.body, dict(zip(local.slots, map(_of, step.local_operands), strict=True)))
    ratio = slope / own
    gone = {r for r in step.local_operands if r.name in sums}
    if not gone or not ratio.free_symbols <= slope.free_symbols - {*map(_of, gone)}:
        return equation
    whole = substituted(op.body, dict(zip(op.slots, map(_of, equation.operands), strict=True)))
    factor = whole / slope
    if any(factor.has(_of(r)) for r in gone):
        return equation
    short, long = _sum((ratio * _of(step.through)), [step.through, *step.local_operands]), [*equation.operands, step.through]
    moved = _sum(factor * ratio * _of(step.through), long)
    return replace(
        equation, op=replace(moved[0], over=op.over), operands=moved[1], step=replace(step, local=short[0], local_operands=short[1])
    )


def _of(ref: Ref) -> Symbol:
    """What stands for an operand in a body."""
    return Symbol(f"_{ref}")


def _sum(body: Expr, refs: Collection[Ref]) -> tuple[Sum, tuple[Ref, ...]]:
    """A body over those of some operands that it reads."""
    read = tuple(dict.fromkeys(r for r in refs if body.has(_of(r))))
    slots = tuple(slot(k) for k in range(len(read)))
    return Sum(substituted(body, dict(zip(map(_of, read), slots, strict=True))), slots), read
