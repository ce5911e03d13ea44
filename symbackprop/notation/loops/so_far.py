"""An array that a loop fills, as the steps before left it: x[j] of any j, in the loop that writes x[i]."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import Sum, position, slot
from symbackprop.language.tensors import Tensor, letters
from symbackprop.notation.loops.frame import Frame
from symbackprop.notation.loops.indices import away, mentions
from symbackprop.notation.loops.several import stem

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


def so_far(steps: Steps, name: str, writing: list[Frame], item: ast.expr | None = None) -> Tensor | None:
    """What the array holds when it is read; None where the index is a fixed number of steps away, or not all rows are known.

    item   the first index, if there is one.
    """
    rows, (frame, *inner) = steps.rows.get(name), writing
    if rows is None or rows.list or inner or (item is not None and _is_step(steps, item, frame)):
        return None
    if name not in frame.arrays:
        way = "prev" if frame.head.step > 0 else "next"
        frame.arrays[name] = frame.loop.before(rows.held, f"{stem(name)}_{way}", name)
    return held_now(steps, name, frame)


def held_now(steps: Steps, name: str, frame: Frame) -> Tensor:
    """The array with the row of this step, where that is written."""
    before, written = frame.arrays[name], steps.stacks.get(name)
    if written is None:
        return before
    row, number = written.tensor, frame.loop.number(sp.expand(frame.head.low + frame.writes[name]))
    index = letters(before.ndim)
    body = Where(sp.Eq(position(index[0]), slot(0)), slot(1), slot(2))
    operands = ((number, ()), (row, index[1:]), (before, index))
    return Tensor(before.shape, Sum(body, (slot(0), slot(1), slot(2))), operands, index)


def _is_step(steps: Steps, item: ast.expr, frame: Frame) -> bool:
    """Whether an index is a number of steps from that of a loop, or no number at all."""
    if not mentions(item, steps.letters):
        return False
    index = away(steps.reader, item, steps.letters)
    return index is None or (steps.frame_of(index) is frame and not index.falls)
