"""Wires that go back: from a value of a loop to where the next step reads it. Numbers in, numbers out, as in the layout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from typing import NamedTuple

Point = tuple[float, float]

_LEAVING, _ENTERING, _APART = 9.0, 19.0, 9.0  # pixels: from a rank to the first wire that turns below it, above it; between two
_ROUND = 8.0  # the radius of a corner


class Gap(NamedTuple):
    """The wires that turn between two ranks, the outermost last: those that leave the upper rank, those that enter the lower."""

    leaving: list[int]
    entering: list[int]


def goes_back(ends: Sequence[tuple[int, int]], carried: Sequence[bool]) -> tuple[int, ...]:
    """The carried wires that would close a circle; the others go on like any wire."""
    after: dict[int, list[int]] = {}
    for (source, target), is_carried in zip(ends, carried, strict=True):
        if not is_carried:
            after.setdefault(source, []).append(target)
    found: list[int] = []
    for wire in (k for k, is_carried in enumerate(carried) if is_carried):
        source, target = ends[wire]
        if _reaches(after, target, source):
            found.append(wire)
        else:
            after.setdefault(source, []).append(target)
    return tuple(found)


def _reaches(after: dict[int, list[int]], start: int, goal: int) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        at = waiting.pop()
        if at == goal:
            return True
        new = [n for n in after.get(at, ()) if n not in seen]
        seen.update(new)
        waiting += new
    return False


def room(gap: Gap | None) -> float:
    """How far apart two ranks must be for the wires that turn between them."""
    if gap is None:
        return 0.0
    ways = ((gap.leaving, _LEAVING), (gap.entering, _ENTERING))
    return sum(first + _APART * len(wires) for wires, first in ways if wires)


def level(wires: Sequence[int], wire: int, leaving: bool) -> float:
    """How far from its rank a wire turns: the outermost farthest, so that none crosses another."""
    return (_LEAVING if leaving else _ENTERING) + _APART * wires.index(wire)


def around(way: Sequence[Point]) -> list[Point]:
    """A way along straight lines with its corners rounded, as a Bezier spline."""
    corners = [way[0]]
    for before, at, after in zip(way, way[1:], way[2:], strict=False):
        if abs((at[0] - before[0]) * (after[1] - at[1]) - (at[1] - before[1]) * (after[0] - at[0])) > 1e-9:
            corners.append(at)
    corners.append(way[-1])
    spline = [corners[0]]
    for k, (one, two) in enumerate(pairwise(corners)):
        cut = min(_ROUND, hypot(two[0] - one[0], two[1] - one[1]) / 2)
        start, end = _toward(one, two, cut if k else 0.0), _toward(two, one, cut if k + 2 < len(corners) else 0.0)
        if k:
            spline += [one, one, start]
        spline += [start, end, end]
    return spline


def _toward(one: Point, two: Point, by: float) -> Point:
    length = hypot(two[0] - one[0], two[1] - one[1]) or 1.0
    return one[0] + (two[0] - one[0]) * by / length, one[1] + (two[1] - one[1]) * by / length
