"""A claimed gradient against slopes along directions: right, right but for a convention, or wrong, and how.

Everything is asked of directions: a gradient g is right where <g, v> is the slope along v for every v. So a large array costs no
more than a few dozen slopes, and its wrong entry is found by halving.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray

from symbackprop.judge.functions.truth import ALL_ENTRIES, Slope, directions, entries

AGREES, DIFFERS = 1e-9, 1e-6
"""Relative to the largest slope: what is nearer agrees, what is farther differs, between them nothing is said."""
SMALL_AGREES, SMALL_DIFFERS = 16.0, 1000.0
"""The same of what was returned in small floats, in units of their last digit."""
MARGIN = 8.0  # errors of the slopes that are allowed beside it


@dataclass(frozen=True)
class Evidence:
    """The slopes along directions at one point, with the gradient that is claimed there.

    moves     (P, *shape) directions.
    slopes    one for each.
    claimed   the claimed gradient, as it was returned.
    along     the slope along any further direction.
    kind      of the numbers that were returned.
    """

    moves: ndarray
    slopes: tuple[Slope, ...]
    claimed: ndarray
    along: Callable[[ndarray], Slope]
    kind: np.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.moves.shape[1:]

    @property
    def digit(self) -> float:
        """The last digit of 1 in small floats; 0 where doubles or whole numbers were returned."""
        return float(np.finfo(self.kind).eps) if self.kind.kind == "f" and self.kind.itemsize < 8 else 0.0

    @property
    def true(self) -> ndarray:
        return np.array([s.value for s in self.slopes])

    @property
    def usable(self) -> ndarray:
        """Where there is a slope."""
        return np.array([np.isfinite(s.value) and not s.kink for s in self.slopes])

    @property
    def size(self) -> float:
        """The largest slope."""
        usable = self.usable
        return float(np.abs(self.true[usable]).max()) if usable.any() else 0.0

    def measured(self, gradient: ndarray) -> ndarray:
        """<gradient, v> for every direction v."""
        return self.moves.reshape(len(self.moves), -1) @ np.asarray(gradient).reshape(-1)

    def verdict(self, gradient: ndarray) -> tuple[bool | None, float]:
        """Whether a gradient of the right shape has these slopes (None: the slopes are too vague), and the largest deviation."""
        usable = self.usable
        off = np.abs(self.measured(gradient) - self.true)[usable]
        errors = np.array([s.error for s in self.slopes])[usable]
        if not len(off):
            return None, np.inf
        deviation = float(np.max(off)) / (self.size or 1.0)
        agrees, differs = max(AGREES, SMALL_AGREES * self.digit), max(DIFFERS, SMALL_DIFFERS * self.digit)
        if not np.isfinite(off).all() or (off > differs * self.size + MARGIN * errors + np.finfo(float).tiny).any():
            return False, deviation
        return (True if (off <= agrees * self.size + MARGIN * errors).all() else None), deviation

    def apart(self) -> Evidence:
        """The same with every entry by itself, where there are not too many."""
        count = int(np.prod(self.shape))
        if len(self.moves) == count or count > ALL_ENTRIES:
            return self
        moves = entries(self.shape)
        return replace(self, moves=moves, slopes=tuple(self.along(move) for move in moves))

    def worst(self) -> tuple[tuple[int, ...], float, float]:
        """The entry where the claim is farthest off, with the claimed and the true value there: found by halving a large array."""
        off = np.where(self.usable, np.abs(self.measured(self.claimed) - self.true), 0.0)
        off = np.where(np.isfinite(off), off, np.inf)
        if len(self.moves) == int(np.prod(self.shape)):
            return self._entry(int(np.argmax(off)))
        move = self.moves[int(np.argmax(off))].reshape(-1)
        group = np.arange(move.size)
        while len(group) > 1:
            halves = np.array_split(group, 2)
            group = max(halves, key=lambda half: self._off(move, half))
        return self._entry(int(group[0]))

    def _off(self, move: ndarray, group: ndarray) -> float:
        part = np.zeros(move.size)
        part[group] = move[group]
        found = self.along(part.reshape(self.shape))
        off = abs(float(part @ np.asarray(self.claimed).reshape(-1)) - found.value)
        return off if np.isfinite(off) and not found.kink else 0.0

    def _entry(self, flat: int) -> tuple[tuple[int, ...], float, float]:
        unit = np.zeros(int(np.prod(self.shape)))
        unit[flat] = 1.0
        true = self.along(unit.reshape(self.shape)).value
        index = tuple(int(k) for k in np.unravel_index(flat, self.shape)) if self.shape else ()
        return index, float(np.asarray(self.claimed).reshape(-1)[flat]), true


def evidence(along: Callable[[ndarray], Slope], claimed: ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> Evidence:
    """The slopes of one variable at one point, with what was returned there."""
    moves = directions(shape, rng)
    return Evidence(moves, tuple(along(move) for move in moves), claimed.astype(float), along, claimed.dtype)


@dataclass(frozen=True)
class Change:
    """What makes a claim right.

    convention   its name, as `allow` takes it; "" where it is a mistake and no convention.
    sentence     what it is, in words.
    """

    convention: str
    sentence: str
    apply: Callable[[ndarray], ndarray]


def changes(points: Sequence[Evidence], sizes: Sequence[tuple[int, str]]) -> Iterator[Change]:
    """The changes that make a claim right at every point, the simplest first.

    sizes   the extents of the arguments' axes with words for each, such as (7, "the number of rows of X").
    """
    for shaped in _shapings(points[0].claimed.shape, points[0].shape):
        for scaled in _factors(points, shaped, sizes):
            if scaled.convention == shaped.convention == "" and scaled.sentence == shaped.sentence == "":
                continue
            combined = _both(shaped, scaled)
            if all(p.verdict(combined.apply(p.claimed))[0] for p in points):
                yield combined


def _both(first: Change, second: Change) -> Change:
    sentence = ", and ".join(filter(None, (first.sentence, second.sentence)))
    names = [c.convention for c in (first, second) if c.sentence]
    return Change("+".join(names) if all(names) else "", sentence, lambda g: second.apply(first.apply(g)))


def _shapings(given: tuple[int, ...], right: tuple[int, ...]) -> Iterator[Change]:
    """Ways from the shape of a claim to that of its variable."""
    count = int(np.prod(right))
    if given == right:
        yield Change("", "", lambda g: g)
        if len(right) == 2 and right[0] == right[1] and count > 1:
            yield Change("transpose", "it is the transpose", lambda g: g.T)
        return
    if len(given) > 1 and given[::-1] == right:
        yield Change("transpose", "it is the transpose", lambda g: g.T)
    if int(np.prod(given)) == count:
        yield Change("shape", f"it has the shape {given} for {right}", lambda g: g.reshape(right))
    for axis in range(len(given)):
        for keep in (False, True):
            summed = given[:axis] + ((1,) if keep else ()) + given[axis + 1 :]
            if summed == right:
                yield Change("", f"it is not summed over axis {axis}", lambda g, a=axis, k=keep: g.sum(axis=a, keepdims=k))


def _factors(points: Sequence[Evidence], shaped: Change, sizes: Sequence[tuple[int, str]]) -> Iterator[Change]:
    """Nothing, or the one number by which the claim differs at every point."""
    yield Change("", "", lambda g: g)
    ratios = []
    for point in points:
        measured, usable = point.measured(shaped.apply(point.claimed)), point.usable
        below = float(measured[usable] @ measured[usable])
        ratios.append(float(measured[usable] @ point.true[usable]) / below if below > 0 and np.isfinite(below) else np.nan)
    ratio = ratios[0]
    if not np.isfinite(ratios).all() or max(abs(r - ratio) for r in ratios) > 1e-6 * abs(ratio) or abs(ratio) < 1e-12:
        return
    convention, sentence = _told(1 / ratio, sizes)
    yield Change(convention, sentence, lambda g: g * ratio)


def _told(times: float, sizes: Sequence[tuple[int, str]]) -> tuple[str, str]:
    """The convention and the words for a claim that is `times` the truth."""

    def near(value: float) -> bool:
        return abs(times - value) < 1e-6 * abs(value)

    if near(-1):
        return "sign", "it is the negative of the gradient: the direction of descent"
    if near(2) or near(0.5):
        return "factor 2", f"it is {'twice' if near(2) else 'half'} the gradient: the 2 of the square"
    for size, words in sizes:
        for sign, minus in ((1, ""), (-1, "minus ")):
            convention = "1/N" if sign > 0 else ""
            if size > 1 and near(sign * size):
                return convention, f"it is {minus}{size} times the gradient, {size} being {words}: 1/{size} is missing"
            if size > 1 and near(sign / size):
                return convention, f"it is {minus}1/{size} of the gradient, {size} being {words}: it is divided once too often"
    return "", f"it is {times:.6g} times the gradient"
