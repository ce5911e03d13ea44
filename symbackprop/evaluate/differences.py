"""Derivatives along directions from values alone: Richardson's central differences, and the complex step.

No derivative of any function is used, only the program's values near a point, and which way its choices go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Program
from symbackprop.evaluate.branches import Branches, StraddleError
from symbackprop.evaluate.extents import shape_of
from symbackprop.evaluate.points import last_digit
from symbackprop.evaluate.rules.special import NotComplexError
from symbackprop.evaluate.tape import Run

FIRST, LAST = 2.0**-6, 2.0**-32  # the steps: the first is small enough that few choices change
FEWEST, MOST = 3, 9  # steps of one extrapolation, each half of the one before, so that Richardson's table removes h^2, h^4, ...
ENOUGH = 1e-9  # a smaller relative error is not asked for
SHORTER = 64  # times, where a kink lies within a step
ROUNDED = 2  # times what rounding does to the finest slope: with a smaller error, smaller steps only add to it
COLUMNS = 5
COMPLEX_STEP = 1e-30
AT_ONCE = 4_000_000  # numbers that lie in memory together


@dataclass(frozen=True)
class Estimate:
    """Derivatives along P directions, each array of shape (P, *shape of `of`).

    value   the derivative.
    error   how far the value may be off, as the steps among themselves tell.
    kink    whether no step without a kink was found, so that there is no derivative to be had.
    """

    value: ndarray
    error: ndarray
    kink: ndarray


def central(
    program: Program, of: str, point: Mapping[str, ndarray], sizes: Mapping[str, int], directions: Mapping[str, ndarray]
) -> Estimate:
    """(f(x + h v) - f(x - h v)) / 2h, extrapolated to h = 0 (Richardson 1911), with an estimate of its error.

    directions   arrays of shape (P, *shape) for the tensors that move (inputs or values).
    A step is taken only where no choice of the program goes another way than at the point, so that no kink lies within it, and
    where all values are finite; where there is none the direction has a kink.
    """
    branches = Branches()
    middle = Run(program, point, sizes, branches=branches).all(finite=False, keep_tape=False).values[of].data
    moved = (
        Run(program, point, sizes, jitter=last_digit(np.random.default_rng(3))).all(finite=False, keep_tape=False).values[of].data
    )
    with np.errstate(all="ignore"):
        blur = np.maximum(np.finfo(float).eps * abs(middle), abs(moved - middle))
    lines = []
    for k in range(len(next(iter(directions.values())))):
        line = _Line(program, of, point, sizes, {name: v[k] for name, v in directions.items()}, branches)
        lines.append(_along(line, blur))
    return Estimate(*(np.stack(parts) for parts in zip(*lines, strict=True)))


@dataclass(frozen=True)
class _Line:
    """f along one direction, as long as no choice changes."""

    program: Program
    of: str
    point: Mapping[str, ndarray]
    sizes: Mapping[str, int]
    direction: Mapping[str, ndarray]
    branches: Branches

    def at(self, h: float) -> ndarray | None:
        """f(x + h v); None where it is not finite, or a choice goes another way."""
        shifts = {name: h * v for name, v in self.direction.items()}
        run = Run(self.program, self.point, self.sizes, shifts=shifts, branches=self.branches.again())
        try:
            value = run.all(finite=False, keep_tape=False).values[self.of].data
        except StraddleError:
            return None
        return value if np.isfinite(value).all() else None

    def slope(self, h: float) -> ndarray | None:
        plus = self.at(h)
        minus = None if plus is None else self.at(-h)
        return None if plus is None or minus is None else (plus - minus) / (2 * h)


def _along(line: _Line, blur: ndarray) -> tuple[ndarray, ndarray, ndarray]:
    """The derivative along a line, its error, and whether there is a kink."""
    h, slopes, noise = FIRST, [], []
    value, error = np.full(blur.shape, np.nan), np.full(blur.shape, np.inf)
    while h >= LAST and len(slopes) < MOST:
        slope = line.slope(h)
        if slope is None:
            slopes, noise = [], []
            h /= SHORTER
            continue
        slopes.append(slope)
        noise.append(blur / h)
        h /= 2
        if len(slopes) >= FEWEST:
            value, error = _extrapolated(np.array(slopes), np.array(noise))
            if (error <= np.maximum(ENOUGH * abs(value), ROUNDED * noise[-1])).all():
                break
    return value, error, np.isinf(error)


def _extrapolated(column: ndarray, noise: ndarray) -> tuple[ndarray, ndarray]:
    """The entry with the least error of Richardson's table over a column of central differences, and that error."""
    best, least = column[-1], np.full(column.shape[1:], np.inf)
    noise = np.broadcast_to(noise, column.shape)
    for order in range(1, COLUMNS):
        finer = column[1:] + (column[1:] - column[:-1]) / (4**order - 1)
        errors = np.maximum(abs(finer - column[1:]), abs(finer - column[:-1]))
        for entry, error, floor in zip(finer, errors, noise[order:], strict=True):
            error = np.where(np.isfinite(error), error, np.inf) + floor
            best, least = np.where(error < least, entry, best), np.minimum(error, least)
        column = finer
    return best, least


def complex_step(
    program: Program, of: str, point: Mapping[str, ndarray], sizes: Mapping[str, int], directions: Mapping[str, ndarray]
) -> ndarray | None:
    """Im f(x + i h v) / h with h = 1e-30, which subtracts nothing (Squire and Trapp 1998): exact to rounding.

    directions   as for `central`.
    returns an array of shape (P, *shape of `of`), or None where a function has no complex form.
    """
    shifts = {name: 1j * COMPLEX_STEP * v for name, v in directions.items()}
    try:
        return np.imag(_values(program, of, point, sizes, shifts)) / COMPLEX_STEP
    except NotComplexError:
        return None


def _values(
    program: Program, of: str, point: Mapping[str, ndarray], sizes: Mapping[str, int], shifts: Mapping[str, ndarray]
) -> ndarray:
    """f at each shifted point, in portions that fit into memory."""
    count = len(next(iter(shifts.values())))
    if count == 1:  # no further axis
        single = {name: v[0] for name, v in shifts.items()}
        return Run(program, point, sizes, shifts=single).all(finite=False, keep_tape=False).values[of].data[None]
    written = sum(math.prod(shape_of(t, sizes)) for t in program.tensors.values() if t.kind == "value")
    portion = max(1, AT_ONCE // (written + sum(v[0].size for v in shifts.values())))
    parts = []
    for start in range(0, count, portion):
        some = {name: v[start : start + portion] for name, v in shifts.items()}
        run = Run(program, point, sizes, shifts=some).all(finite=False, keep_tape=False)
        value = run.values[of].data
        many = value.ndim > len(program.shape(of))
        parts.append(value if many else np.broadcast_to(value, (len(next(iter(some.values()))), *value.shape)))
    return np.concatenate(parts)
