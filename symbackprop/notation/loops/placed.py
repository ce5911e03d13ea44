"""Rows of an array that a loop fills, entry by entry, in a loop within: as they stand before it, and L[i, i] = v beside it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import Where
from symbackprop.core.program import Sum, position, same_size, shape_text, slot
from symbackprop.language.tensors import Tensor, as_tensor, letters
from symbackprop.notation.entered import with_entries
from symbackprop.notation.loops.filled import Filled, filled
from symbackprop.notation.loops.indices import Away, away, is_whole, mentions
from symbackprop.notation.loops.so_far import old_row, with_rows

if TYPE_CHECKING:
    from symbackprop.notation.loops.header import Header
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


def row_of(steps: Steps, target: ast.Subscript, name: str, head: Header, index: Away) -> tuple[Filled, dict[Expr, Tensor]]:
    """A row of an array, which a loop within the one that fills the array is about to fill; and the entries that it leaves.

    Raises NotationError where the row lacks some of the entries.
    """
    stands = name in steps.stacks  # as the step has made it; else as it was, and what the step set in it
    old = steps.stacks[name].tensor if stands else old_row(steps, target, name, steps.writing(name))
    assert old is not None, "an array that is filled has rows"
    found = filled(old, None, index.least(head), index.most(head)) if old.shape else None
    if found is None:
        fault = f"{steps.reader.source.segment(target)} is outside of {name}, whose rows are {shape_text(old.shape)}."
        raise steps.reader.fault(target, fault, f"Write {name} = np.zeros(...) of all its entries above the loop.")
    above = {} if stands else steps.starts.get(name, {})
    left = {k: value for k, value in above.items() if not steps.is_written(found, k, target, head)}
    again = {k: value for k, value in above.items() if k not in left}
    found = replace(found, held=with_rows(found.held, again), empty=False) if again else found
    return found, found.beside()[0] | left
