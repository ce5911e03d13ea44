"""Steps beyond an axis: x[t-1] has no entry at the first t, and a line that reads it says where it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from symbackprop.core.guards import proven
from symbackprop.core.loops.step_axes import Axis


class Reach(NamedTuple):
    """The steps at which something is read.

    free        the axes along which its line holds.
    at          the steps of the value that reads it, which are steps of its own axes.
    besides     the steps of the line at which it need not hold.
    conditions  what sizes keep.
    """

    free: Sequence[Axis]
    at: Sequence[tuple[Axis, Expr]]
    besides: Sequence[tuple[str, Expr]]
    conditions: Sequence[Expr]


def beyond(place: Expr, extent: Expr, reach: Reach) -> list[Relational]:
    """That a place of an axis is one, as far as the steps do not say so."""
    found = list[Relational]()
    for room in (place, sp.expand(extent - 1 - place)):
        rooms, holds = [room], sp.Ge(room, 0)
        for axis in reach.free:
            slope = sp.diff(room, axis.step)
            if slope != 0:
                ends = list(_ends(axis, reach, bool(slope.is_positive)))
                rooms = [sp.expand(one.subs(axis.step, end)) for one in rooms for end in ends]
                rest = sp.expand(room - slope * axis.step)
                holds = sp.Ge(axis.step, -rest) if slope == 1 else sp.Le(axis.step, rest) if slope == -1 else holds
        if not any(proven(one, reach.conditions) for one in rooms):
            found.append(holds)
    return found


def _ends(axis: Axis, reach: Reach, is_first: bool) -> Iterator[Expr]:
    """Steps of an axis before which, or behind which, nothing is read: the line's own, and where the value has its first."""
    besides = {step for c, step in reach.besides if c == axis.letter}
    end, way = (axis.origin, 1) if is_first else (axis.last, -1)
    while end in besides:
        end = sp.expand(end + way)
    yield end
    for own, step in reach.at:
        if (shift := sp.expand(step - axis.step)).is_Integer:
            yield sp.expand((own.origin if is_first else own.last) - shift)
