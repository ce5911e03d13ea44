"""An array that a loop fills, as the steps before left it: x[j] of any j, in the loop that writes x[i]."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import Where
from symbackprop.core.program import Sum, position, slot
from symbackprop.language.operations import zeros
from symbackprop.language.tensors import Tensor, as_tensor, letters
from symbackprop.notation.loops.frame import Frame
from symbackprop.notation.loops.indices import Numbered, away, items_of, mentions
from symbackprop.notation.loops.several import stem

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


def so_far(steps: Steps, name: str, writing: list[Frame], item: ast.expr | None = None) -> Tensor | None:
    """What the array holds when it is read; None where the index is a fixed number of steps away, or not all rows are known.

    writing  the loops that write it; where there are others within the first, its row is what they have made of it.
    item     the first index, if there is one.
    """
    frame, *inner = writing
    rows, whole = frame.rows.get(name), steps.rows.get(name)
    if rows is None or whole is None or whole.list or (item is not None and _is_step(steps, item, frame)):
        return None
    row = so_far(steps, name, inner) if inner else None
    if inner and row is None:
        return None
    if name not in frame.arrays:
        begun = rows.held if steps.writing(name)[0] is frame else with_rows(rows.held, frame.outer.starts.get(name, {}))
        frame.arrays[name] = frame.loop.before(begun, f"{stem(name)}_{frame.head.way}", name)
    return held_now(steps, name, frame) if row is None else _with_row(frame.arrays[name], _number(name, frame), row)


def old_row(steps: Steps, node: ast.Subscript, name: str, writing: list[Frame]) -> Tensor | None:
    """The row of this step as it was before the loop; None where there was none."""
    *outer, frame = writing
    if (rows := frame.rows.get(name, steps.rows.get(name))) is None:
        return None
    begun = frame.outer.starts.get(name, {})  # what was set above is gone, but where these are no steps of the loop
    is_gone = all(rows.writes(k) is False for k in begun)
    if rows.empty and (is_gone if outer else name not in steps.begun or (begun and is_gone)):
        return zeros(rows.held.shape[1:])
    held = with_rows(rows.held, begun) if outer else rows.held
    return steps.entries.entry(node, None, Numbered(held, {0: sp.S.Zero}), items_of(node)[len(outer) : len(writing)])


def with_rows(held: Tensor, rows: Mapping[Expr, Tensor]) -> Tensor:
    """An array with other rows at some numbers."""
    for place, row in rows.items():
        held = _with_row(held, place, row)
    return held


def held_now(steps: Steps, name: str, frame: Frame) -> Tensor:
    """The array with the row of this step, where that is written."""
    written = steps.stacks.get(name)
    return frame.arrays[name] if written is None else _with_row(frame.arrays[name], _number(name, frame), written.tensor)


def _number(name: str, frame: Frame) -> Tensor:
    """The number of the row that a step writes."""
    return frame.loop.number(sp.expand(frame.head.low + frame.writes[name]))


def _with_row(held: Tensor, number: Expr | Tensor, row: Tensor) -> Tensor:
    """The array with another row; what stood there is not reckoned with, since it may be infinite."""
    index = letters(held.ndim)
    body = Where(sp.Eq(position(index[0]), slot(0)), slot(1), slot(2))
    operands = ((as_tensor(number), ()), (row, index[1:]), (held, index))
    return Tensor(held.shape, Sum(body, (slot(0), slot(1), slot(2))), operands, index)


def _is_step(steps: Steps, item: ast.expr, frame: Frame) -> bool:
    """Whether an index is a number of steps from that of a loop, or no number at all."""
    if not mentions(item, steps.letters):
        return False
    index = away(steps.reader, item, steps.letters)
    return index is None or (steps.frame_of(index) is frame and not index.falls)
