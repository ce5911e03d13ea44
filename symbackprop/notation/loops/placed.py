"""Entries that are set at the step of a loop: L[i, i] = v, in the loop that writes the rows L[i]."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import Sum, position, same_size, slot
from symbackprop.language.tensors import Tensor, as_tensor, letters
from symbackprop.notation.entered import with_entries
from symbackprop.notation.loops.indices import away, is_whole, mentions

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


def with_steps(steps: Steps, target: ast.Subscript, base: Tensor, items: list[ast.expr], value: Any) -> Tensor:
    """An array after some of its entries were set, by what stands between the brackets."""
    found = _at_steps(steps, target, base, items, value)
    return with_entries(steps.reader, target, base, items, value, lambda part: value) if found is None else found


def _at_steps(steps: Steps, target: ast.Subscript, base: Tensor, items: Sequence[ast.expr], value: Any) -> Tensor | None:
    """The array with another value in the entry of a step; None where no index is one.

    Raises NotationError where some step has no such entry.
    """
    reader, counted = steps.reader, [k for k, item in enumerate(items) if mentions(item, steps.letters)]
    if not counted or len(items) > base.ndim or not all(is_whole(i) for k, i in enumerate(items) if k not in counted):
        return None
    index, guards, numbers = letters(base.ndim), [], []
    for k in counted:
        at = away(reader, items[k], steps.letters)
        assert at is not None, "it mentions the letter of a loop"
        frame = steps.frame_of(at)
        low, high = at.least(frame.head), at.most(frame.head)
        if not low.is_nonnegative or not sp.expand(base.shape[k] - 1 - high).is_nonnegative:
            text, size = reader.source.segment(target), sp.expand(base.shape[k] - 1)
            fault = f"{text}: {reader.source.segment(items[k])} goes from {low} to {high}, and the entries are 0 to {size}."
            raise reader.fault(target, fault, f"Change the index, or the bounds of {steps.place(frame.head)}.")
        numbers.append((frame.loop.number(sp.expand(frame.head.low)), ()))
        place = -slot(len(guards)) + at.places if at.falls else slot(len(guards)) + at.places
        guards.append(sp.Eq(position(index[k]), place))
    rest = tuple(c for k, c in enumerate(index) if k not in counted)
    given = as_tensor(reader.evaluator.numeric(target, value))
    want = tuple(n for k, n in enumerate(base.shape) if k not in counted)
    if given.shape and not (len(given.shape) == len(want) and all(map(same_size, given.shape, want))):
        return None
    body, further = slot(len(guards)), slot(len(guards) + 1)
    for guard in guards:
        body = Where(guard, body, further)
    slots = tuple(slot(k) for k in range(len(guards) + 2))
    operands = (*numbers, (given, rest if given.shape else ()), (base, index))
    return Tensor(base.shape, Sum(body, slots), operands, index)
