"""A value to which each step of a loop adds, and which nothing else reads: a sum over the steps, as it is written on paper."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from symbackprop.core.expressions import symbols_in
from symbackprop.core.program import Sum, slot, substituted
from symbackprop.language.loop import Loop
from symbackprop.language.tensors import Tensor, number_of
from symbackprop.notation.arrays import copied


class Added(NamedTuple):
    """What a step adds to a value.

    term   g of `after = before + g`.
    sums   the values on the way, (before + a) and (before + a) + b, which nothing else reads.
    """

    term: Tensor
    sums: tuple[Tensor, ...]


def added(loop: Loop, before: Tensor, after: Tensor, values: Iterable[Tensor]) -> Added | None:
    """What a step adds to a value; None where it does more with it, or where the values between the steps count.

    before   the stand-in for the value of the step before.
    values   all that is made of the step.
    """
    sums, parts, value = [], [], after
    while value is not before:
        op, at = value.op, [k for k, (operand, _) in enumerate(value.operands) if loop.is_read(before, [operand])]
        if not isinstance(op, Sum) or op.over or len(at) != 1:
            return None
        (k,) = at
        rest = op.body - op.slots[k]
        spread = value.operands[k][0] is before and number_of(loop.befores[id(before)].start) is not None  # 0, whatever the shape
        if op.slots[k] in symbols_in(rest) or not (spread or value.operands[k][1] == value.index):
            return None
        sums.append(value)
        parts.append(_of(value, Sum(rest, op.slots)))
        value = value.operands[k][0]
    others = [t for t in values if all(t is not s for s in sums)] + parts
    if not parts or any(loop.is_read(t, others) for t in (before, *sums)):
        return None
    term = reduce(operator.add, reversed(parts))
    return Added(term if term.operands else copied(term), tuple(sums))


def _of(like: Tensor, op: Sum) -> Tensor:
    """The operation on the operands of a tensor; the operand itself where it does nothing."""
    stay = [k for k, s in enumerate(op.slots) if s in symbols_in(op.body)]
    kept = [like.operands[k] for k in stay]
    body = substituted(op.body, {op.slots[k]: slot(j) for j, k in enumerate(stay)})
    if body == slot(0) and kept[0][1] == like.index:
        return kept[0][0]
    return Tensor(like.shape, Sum(body, tuple(map(slot, range(len(stay))))), tuple(kept), like.index, conditions=like.conditions)
