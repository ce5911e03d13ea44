"""Directions to test gradients along: random signs, weighted so that a small wrong entry is heard as well as a large one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray

QUIET = 1e-6  # entries below this part of their tensor's mean size are weighted as if they had it
FAINT = 1e-4  # the same for tensors, where steps are taken
VANISHING = 1e-6  # an entry of what is differentiated is held against this part of the mean of all, at least
UNDERFLOW = 1e-250  # below, the products that a gradient is made of lose digits or vanish
NOISY = 20  # times what rounding moves an entry by: below, it is rounding alone


@dataclass(frozen=True)
class Rows:
    """One gradient as rows: an entry of what is differentiated each, with a column for each entry of what it is by.

    shown, taped   the derived gradient, and that of the tape.
    noise          how far rounding moves each entry.
    shape          of the tensor that it is by.
    """

    shown: ndarray
    taped: ndarray
    noise: ndarray
    shape: tuple[int, ...]

    @cached_property
    def entries(self) -> ndarray:
        """How large each column is, by either witness."""
        with np.errstate(over="ignore"):
            return np.sqrt((np.maximum(abs(self.shown), abs(self.taped)) ** 2).mean(axis=0))

    @cached_property
    def size(self) -> float:
        """The mean size of an entry; 0 where all are rounding alone."""
        sizes = self.entries
        return float(np.sqrt((sizes**2).mean())) if sizes.size and sizes.max() > NOISY * self.most else 0.0

    @cached_property
    def most(self) -> float:
        """How far rounding moves the entry that it moves most."""
        return float(self.noise.max(initial=0.0))


@dataclass(frozen=True)
class Directions:
    """Directions by tensor, and what the gradients say of the derivative along them.

    vectors    arrays of shape (P, *shape).
    expected   the derivatives, of shape (P, entries of what is differentiated).
    scale      how large the parts are that these are sums of, as random signs add.
    noise      how far rounding moves them.
    bases      what the entries of a gradient that is zero are held against, 0 for others.
    floors     the size from which on the entries of a tensor have weights of their own; none where all move alike.
    """

    vectors: Mapping[str, ndarray]
    expected: ndarray
    scale: ndarray
    noise: ndarray
    bases: Mapping[str, float]
    floors: Mapping[str, float]

    def again(self, gradients: Mapping[str, Rows]) -> Directions:
        """The same directions, where more is known of what rounding does."""
        flat = {name: v.reshape(len(v), -1) for name, v in self.vectors.items()}
        return _told(gradients, flat, self.bases, self.floors, 1.0)


def sharp(
    gradients: Mapping[str, Rows], names: Sequence[str], largest: float, seed: int, before: Directions | None = None
) -> Directions:
    """Directions for a witness that is exact to rounding: every entry has the same part in the derivative.

    An entry g is moved by a random number divided by |g|, so that a relative error of any entry shows as much as that of any other.
    largest   what an entry of a gradient that is zero is held against.
    before    the directions when less was known of what rounding does: they stay the same where that changes no weight.
    """
    floors, bases = {}, {}
    for name in names:
        rows = gradients[name]
        floors[name] = max(max(QUIET * rows.size, NOISY * rows.most) or largest or 1.0, UNDERFLOW)
        bases[name] = 0.0 if rows.size else floors[name]
    if before is not None and (before.floors, before.bases) == (floors, bases):
        return before.again(gradients)
    rng = np.random.default_rng([seed, 11])
    vectors = {}
    for name in names:
        rows = gradients[name]
        signs = rng.choice([-1.0, 1.0], (1, math.prod(rows.shape)))
        vectors[name] = signs * rng.uniform(0.5, 1.5, signs.shape) / np.maximum(rows.entries, floors[name])
    return _told(gradients, vectors, bases, floors, max((float(abs(v).max(initial=0.0)) for v in vectors.values()), default=1.0))


def steps(gradients: Mapping[str, Rows], names: Sequence[str], largest: float, seed: int) -> Directions:
    """A direction to take steps along: no tensor moves by more than a unit vector, and those with large gradients by less."""
    rng = np.random.default_rng([seed, 12])
    most = max((gradients[name].size for name in names), default=0.0)
    vectors, bases = {}, {}
    for name in names:
        rows = gradients[name]
        count = math.prod(rows.shape)
        bases[name] = 0.0 if rows.size else largest
        vectors[name] = rng.standard_normal((1, count)) / math.sqrt(max(count, 1))
        vectors[name] /= max(rows.size / most, FAINT) if rows.size else 1.0
    return _told(gradients, vectors, bases, {}, max((float(np.linalg.norm(v)) for v in vectors.values()), default=1.0))


def _told(
    gradients: Mapping[str, Rows], vectors: Mapping[str, ndarray], bases: Mapping[str, float], floors: Mapping[str, float],
    longest: float,
) -> Directions:  # fmt: skip
    unit = {name: v / (longest or 1.0) for name, v in vectors.items()}
    expected = sum(v @ gradients[name].shown.T for name, v in unit.items())
    scale = _length({name: np.maximum(abs(gradients[name].shown), bases[name]) for name in unit}, unit)
    noise = _length({name: gradients[name].noise for name in unit}, unit)
    shaped = {name: v.reshape(-1, *gradients[name].shape) for name, v in unit.items()}
    return Directions(shaped, np.asarray(expected), np.maximum(scale, VANISHING * scale.mean()), noise, bases, floors)


def _length(entries: Mapping[str, ndarray], unit: Mapping[str, ndarray]) -> ndarray:
    """sqrt(sum of (v * entry)^2), in units of the largest product: squares of large and small numbers leave the range of floats."""
    most = {name: [float(abs(a).max(initial=0.0)) for a in (v, entries[name])] for name, v in unit.items()}
    top = max((v * e for v, e in most.values()), default=0.0) or 1.0

    def squares(name: str) -> ndarray:
        v, e = most[name]
        return (v * e / top) ** 2 * ((unit[name] / (v or 1.0)) ** 2 @ ((entries[name] / (e or 1.0)) ** 2).T)

    return top * np.sqrt(sum(map(squares, unit)))


def by_halves(names: Sequence[str], off: Callable[[Sequence[str]], bool]) -> list[str]:
    """The tensors whose gradient is off, found by halving those among which something is.

    off   whether something is off where these tensors alone move.
    """
    if len(names) == 1:
        return list(names)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    found = [name for half in halves if off(half) for name in by_halves(half, off)]
    return found or list(names)  # it shows only where all move
