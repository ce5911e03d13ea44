"""Derivatives along directions from values alone: Richardson's central differences, and the complex step.

No derivative of any function is used, only the program's values near a point. Many directions and steps are evaluated
at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Program
from symbackprop.evaluate.points import shape_of
from symbackprop.evaluate.primitives import NotComplexError
from symbackprop.evaluate.tape import Run

STEPS = 2.0 ** -np.arange(3, 15)  # halved, so that Richardson's table removes h^2, h^4, ...
COLUMNS = 5
COMPLEX_STEP = 1e-30
AT_ONCE = 4_000_000  # numbers that lie in memory together
KINK = 1e-5  # a jump of the slope above this part of it is a kink


@dataclass(frozen=True)
class Estimate:
    """Derivatives along P directions, each array of shape (P, *shape of `of`).

    value   the derivative.
    error   how far the value may be off, as the steps among themselves tell.
    kink    whether the slopes of the two sides differ, so that there is no derivative to be had.
    """

    value: ndarray
    error: ndarray
    kink: ndarray


def central(
    program: Program, of: str, point: Mapping[str, ndarray], sizes: Mapping[str, int], directions: Mapping[str, ndarray]
) -> Estimate:
    """(f(x + h v) - f(x - h v)) / 2h, extrapolated to h = 0 (Richardson 1911), with an estimate of its error.

    directions   arrays of shape (P, *shape) for the tensors that move (inputs or values).
    Steps beyond a function's domain are left out.
    """
    count = len(next(iter(directions.values())))
    moves = np.concatenate([STEPS, -STEPS])
    shifts = {}
    for name, v in directions.items():
        moved = np.multiply.outer(moves, v).reshape(-1, *v.shape[1:])
        shifts[name] = np.concatenate([np.zeros_like(moved[:1]), moved])
    values = _values(program, of, point, sizes, shifts)
    middle = values[:1]
    plus, minus = values[1:].reshape(2, len(STEPS), count, *values.shape[1:])
    steps = STEPS.reshape(-1, *[1] * (plus.ndim - 1))
    with np.errstate(all="ignore"):
        value, error = _extrapolated((plus - minus) / (2 * steps), np.finfo(float).eps * abs(middle) / steps)
        bend = (plus - 2 * middle + minus) / steps  # goes to the jump of the slope: to 0 where f is smooth
        jump = abs(2 * bend[-1] - bend[-2])
        noise = 64 * np.finfo(float).eps * abs(middle) / STEPS[-1]
        slopes = abs(plus - middle)[-1] / STEPS[-1] + abs(minus - middle)[-1] / STEPS[-1]
        kink = ~(jump <= noise + KINK * slopes)
    return Estimate(value, error, kink)


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


def directional(
    program: Program, of: str, point: Mapping[str, ndarray], sizes: Mapping[str, int], directions: Mapping[str, ndarray]
) -> ndarray:
    """The derivative of `of` along each direction: by the complex step, by central differences where that cannot be."""
    sharp = complex_step(program, of, point, sizes, directions)
    return central(program, of, point, sizes, directions).value if sharp is None else sharp


def _values(
    program: Program, of: str, point: Mapping[str, ndarray], sizes: Mapping[str, int], shifts: Mapping[str, ndarray]
) -> ndarray:
    """f at each shifted point, in portions that fit into memory."""
    count = len(next(iter(shifts.values())))
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


def unit_directions(shape: tuple[int, ...], seed: int = 0, entries: int = 64, several: int = 4) -> ndarray:
    """The directions to test a tensor along: each of its entries where they are few, otherwise random unit vectors."""
    count = math.prod(shape)
    if count <= entries:
        return np.eye(count).reshape(count, *shape)
    vectors = np.random.default_rng([seed, 11]).standard_normal((several, count))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).reshape(several, *shape)
