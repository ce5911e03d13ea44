"""The slopes of a person's own loss along directions: differences that know their error, and the complex step as a second witness.

No derivative of any function is used. Every direction moves the arrays of one leaf.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

STEPS = 2.0 ** -np.arange(5, 18, 1.0)
"""Halved, so that Richardson's table removes h^2, h^4, h^6."""
FINE = 2.0 ** -np.arange(17, 33, 3.0)
"""So small that of the thousands of units of a network none switches on or off within them, but by chance."""
COLUMNS = 4
ROWS = 5  # of the table, before it may end
KINK = 1e-3  # slopes of the two sides that differ by more than this part of them are those of a kink
COMPLEX = 1e-30
FEW = 12  # entries of a leaf that are judged one by one; a larger leaf is judged along as many random directions
ALL_ENTRIES = 48  # entries that are looked at one by one where a leaf is wrong


@dataclass(frozen=True)
class Slope:
    """One derivative along one direction.

    value   the derivative.
    error   how far it may be off.
    kink    whether the two sides have different slopes, so that there is no derivative to be had.
    """

    value: float
    error: float
    kink: bool = False


def directions(shape: tuple[int, ...], rng: np.random.Generator) -> ndarray:
    """(P, *shape): every entry by itself, or random signs where there are many."""
    count = int(np.prod(shape))
    return entries(shape) if count <= FEW else rng.choice([-1.0, 1.0], size=(FEW, *shape))


def entries(shape: tuple[int, ...]) -> ndarray:
    """(P, *shape): every entry by itself."""
    count = int(np.prod(shape))
    return np.eye(count).reshape(count, *shape)


def fine_slope(f: Callable[[complex], complex], middle: float, scale: float = 1.0) -> Slope:
    """d f(t) / d t at 0, to some seven digits: a central difference of a fine step, where all is straight but for rounding.

    The error is by how much the next step differs, and how far the slopes of the two sides stay apart: those of a smooth function
    come together as the step shrinks. A wide network of max(x, 0) has a kink within every larger step, which those do not tell.

    f       the loss as a function of a real shift.
    middle  f(0).
    scale   how large a shift is small: the size of what moves.
    """
    best, before = Slope(np.nan, np.inf), None
    for h in FINE * scale:
        plus, minus = f(h).real, f(-h).real
        if not (np.isfinite(plus) and np.isfinite(minus)):
            before = None
            continue
        noise = 4 * np.finfo(float).eps * max(abs(plus), abs(minus), abs(middle)) / h
        value, jump = (plus - minus) / (2 * h), (plus - 2 * middle + minus) / h
        if before is not None:
            earlier, apart = before[0], abs(jump - before[1] * FINE[1] / FINE[0])
            error = abs(value - earlier) + apart + noise
            if error < best.error:
                best = Slope(float(earlier), float(error), bool(apart > KINK * abs(earlier) + 16 * noise))
            if error < 16 * noise or 2 * best.error < error < 1e-6 * abs(earlier):  # finer steps only round more
                break
        before = value, jump
    return best


def slope(f: Callable[[complex], complex], scale: float = 1.0, sure: float = 1e-10) -> Slope:
    """d f(t) / d t at 0, by Richardson's table of central differences (Richardson 1911), which ends as soon as it is sure.

    f       the loss as a function of a real shift.
    scale   how large a shift is small: the size of what moves.
    sure    the relative error at which it ends.
    """
    middle = f(0.0).real
    rows: list[list[float]] = []
    jumps: list[float] = []  # how far the slopes of the two sides are apart
    best, error = np.nan, np.inf
    for h in STEPS * scale:
        plus, minus = f(h).real, f(-h).real
        if not (np.isfinite(plus) and np.isfinite(minus)):
            rows, jumps = [], []
            continue
        noise = 4 * np.finfo(float).eps * max(abs(plus), abs(minus), abs(middle)) / h
        jumps.append(max(0.0, abs(plus - 2 * middle + minus) / h - 16 * noise))
        row = [(plus - minus) / (2 * h)]
        for k in range(min(len(rows), COLUMNS)):
            row.append(row[k] + (row[k] - rows[-1][k]) / (4.0 ** (k + 1) - 1))
            off = max(abs(row[k + 1] - row[k]), abs(row[k + 1] - rows[-1][k])) + noise
            if off < error:
                best, error = row[k + 1], off
        rows.append(row)
        if len(rows) >= ROWS and error < sure * abs(best) and not _is_kink(jumps, best):
            break
    return Slope(float(best), float(error), _is_kink(jumps, best))


def _is_kink(jumps: list[float], slope: float) -> bool:
    """Whether the slopes of the two sides stay apart as the step is halved: those of a smooth function come together."""
    if len(jumps) < ROWS:
        return False
    early, late = jumps[0], jumps[-1]
    return late > KINK * abs(slope) and late > early * 4 / 2.0 ** (len(jumps) - 1)


def complex_slope(f: Callable[[complex], complex]) -> float | None:
    """Im f(i h) / h, exact to rounding (Squire and Trapp 1998); None where the function does not take complex numbers."""
    try:
        value = f(1j * COMPLEX)
    except Exception:  # whatever a person's function makes of a complex number
        return None
    found = value.imag / COMPLEX
    return found if np.isfinite(found) else None
