"""Loops, told by how the numbers in their steps go: even ones, and an inner one that begins or ends at the outer one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.core.program import position

FEWEST = 3  # turns of the outer loop of an uneven pair


@dataclass(frozen=True)
class Column:
    """A number that moves from step to step.

    moved   how far it is from the first, for each step.
    origin  the first, where it is a number.
    """

    moved: list[Fraction]
    origin: Fraction | None


@dataclass(frozen=True)
class Bound:
    """The turns of an inner loop that there are, by that of the outer one.

    outer, inner  which loops, the outermost 0.
    offset        how far the inner one begins behind the outer one, or ends before it.
    from_there    whether it runs from there on; else until there.
    """

    outer: int
    inner: int
    offset: int
    from_there: bool

    def condition(self, letters: Sequence[str]) -> sp.Basic:
        """When a turn is one, by the letters of the loops."""
        i, j = position(letters[self.outer]), position(letters[self.inner])
        if self.from_there:
            return sp.Gt(j, i + self.offset - 1) if self.offset else sp.Ge(j, i)
        return sp.Lt(j, i - self.offset + 1) if self.offset else sp.Le(j, i)


@dataclass(frozen=True)
class Nest:
    """Loops inside one another.

    counts  how often each would run if all were even, the outermost first.
    places  for each step that there is, the turn of each loop.
    bounds  which turns there are.
    """

    counts: tuple[int, ...]
    places: np.ndarray
    bounds: tuple[Bound, ...] = ()

    def condition(self, letters: Sequence[str], names: Mapping[str, str]) -> Any:
        """When a step is one, with the letters called by `names`."""
        parts: Any = [bound.condition([names.get(c, c) for c in letters]) for bound in self.bounds]
        return sp.And(*parts)

    def bound_letters(self, letters: Sequence[str]) -> set[str]:
        """The letters that the condition has."""
        return {letters[k] for bound in self.bounds for k in (bound.outer, bound.inner)}


def grid(counts: Sequence[int]) -> np.ndarray:
    """The places of nested loops, in the order in which they run."""
    return np.indices(counts).reshape(len(counts), -1).T


def even(counts: Sequence[int]) -> Nest:
    """Loops that run as often in every turn of the one around them."""
    return Nest(tuple(counts), grid(counts))


def nest_of(columns: Sequence[Column]) -> Nest | None:
    """Loops that step through rows of numbers; None where none do."""
    rows = np.array([[float(n) for n in column.moved] for column in columns]).T
    origins = np.array([np.nan if column.origin is None else float(column.origin) for column in columns])
    found = Nest((), np.zeros((1, 0), int))
    while len(rows) > 1:
        step = _even(rows, found) or _uneven(rows, origins, found)
        if step is None:
            return None
        found, rows = step
    return found


def _even(rows: np.ndarray, inner: Nest) -> tuple[Nest, np.ndarray] | None:
    """One loop more around the inner ones, and the rows at which it begins."""
    step = rows[1] - rows[0]
    same = np.all(rows == rows[0] + np.arange(len(rows))[:, None] * step, axis=1)
    count = len(rows) if same.all() else int(np.argmin(same))
    if len(rows) % count:
        return None
    blocks = rows.reshape(-1, count, rows.shape[1])
    if not np.array_equal(blocks, blocks[:, :1] + np.arange(count)[None, :, None] * step):
        return None
    return _around(inner, np.arange(count)[:, None], (count,), ()), rows[::count]


def _uneven(rows: np.ndarray, origins: np.ndarray, inner: Nest) -> tuple[Nest, np.ndarray] | None:
    """Two loops more, of which the inner one begins or ends at the outer one."""
    for turns in range(FEWEST, int((2 * len(rows)) ** 0.5) + 1):
        size = turns * (turns + 1) // 2
        if len(rows) % size:
            continue
        blocks = rows.reshape(-1, size, rows.shape[1])
        for from_there in (True, False):
            pairs = np.array([(r, t) for r in range(turns) for t in (range(turns - r) if from_there else range(r + 1))])
            first = rows[0]
            within, around = (rows[1] - first, rows[turns] - first) if from_there else (rows[2] - rows[1], rows[1] - first)
            if not np.array_equal(blocks, blocks[:, :1] + pairs[None, :, :1] * around + pairs[None, :, 1:] * within):
                continue
            own = (within == 1) & (around == 1) if from_there else (within == 0) & (around == 1)  # what is read there, from 0
            starts = origins[own & (origins >= 0) & (origins % 1 == 0)]
            shift = int(starts.min(initial=len(rows))) if len(starts) else 0
            turn = [pairs[:, 0], pairs.sum(1) + shift] if from_there else [pairs[:, 0] + shift, pairs[:, 1]]
            bound = Bound(0, 1, shift, from_there)
            return _around(inner, np.stack(turn, 1), (turns + shift,) * 2, (bound,)), rows[::size]
    return None


def _around(inner: Nest, places: np.ndarray, counts: tuple[int, ...], bounds: tuple[Bound, ...]) -> Nest:
    """Further loops around those of a nest."""
    several = np.concatenate([np.repeat(places, len(inner.places), axis=0), np.tile(inner.places, (len(places), 1))], axis=1)
    moved = tuple(Bound(b.outer + len(counts), b.inner + len(counts), b.offset, b.from_there) for b in inner.bounds)
    return Nest((*counts, *inner.counts), several, (*bounds, *moved))
