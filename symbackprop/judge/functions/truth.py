"""The slopes of a person's own loss along directions: differences that know their error, and the complex step as a second witness.

No derivative of any function is used. Every direction moves the arrays of one leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

STEPS = 2.0 ** -np.arange(5, 18, 1.0)
"""Halved, so that Richardson's table removes h^2, h^4, h^6."""
FINER = 2.0 ** -np.arange(18, 27, 1.0)
"""For losses whose kinks lie close to one another, so that the wider steps straddle some."""
CONFIRMING = 2.0 ** -np.array([14.0, 17.0, 20.0])
NEAR = 1e-7  # relative: so far a confirmed complex step may be from a difference
VAGUE = 1e-6  # relative error from which on a slope is worth finer steps
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


def slope(f: Callable[[complex], complex], middle: float, scale: float = 1.0, sure: float = 1e-10) -> Slope:
    """d f(t) / d t at 0, by Richardson's table of central differences (Richardson 1911), which ends as soon as it is sure.

    f       the loss as a function of a real shift.
    middle  the loss without a shift.
    scale   how large a shift is small: the size of what moves.
    sure    the relative error at which it ends.

    A loss of many kinks is rough until the shift is smaller than the way to the nearest: steps become finer until it is smooth.
    """
    rows: list[list[float]] = []
    jumps: list[float] = []  # how far the slopes of the two sides are apart
    bent = np.nan  # the same with its sign, beside rounding: of a smooth function it halves with the step
    found: list[tuple[float, float]] = []  # what each row says best, with its error
    best, error = np.nan, np.inf
    for step in (*STEPS, *FINER):
        h = step * scale
        plus, minus = f(h).real, f(-h).real
        if not (np.isfinite(plus) and np.isfinite(minus)):
            rows, jumps, found, bent = [], [], [], np.nan
            continue
        noise = _noise(plus, minus, middle, h)
        before, bent = bent, (plus - 2 * middle + minus) / h
        jumps.append(max(0.0, abs(bent) - 16 * noise))
        row = [(plus - minus) / (2 * h)]
        rough = abs(before - 2 * bent) > max(VAGUE * abs(row[0]), 64 * noise)
        here = np.nan, np.inf
        for k in range(min(len(rows), COLUMNS)):
            row.append(row[k] + (row[k] - rows[-1][k]) / (4.0 ** (k + 1) - 1))
            off = max(abs(row[k + 1] - row[k]), abs(row[k + 1] - rows[-1][k])) + noise
            here = min(here, (row[k + 1], off), key=lambda one: one[1])
        rows.append(row)
        if not rough:
            found.append(here)
        best, error = _borne_out(found)
        kink = _is_kink(jumps, best)
        if len(rows) >= ROWS and error < sure * abs(best) and not kink:
            break
        if step <= STEPS[-1] and not rough and not kink and error < max(VAGUE * abs(best), 64 * noise):
            break
    return Slope(float(best), float(error), _is_kink(jumps, best))


def _noise(plus: float, minus: float, middle: float, h: float) -> float:
    """What rounding of the loss leaves unknown of a difference."""
    return 4 * float(np.finfo(float).eps) * max(abs(plus), abs(minus), abs(middle)) / h


def _borne_out(found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The surest of what the rows say, among those that no finer row contradicts: rough differences agree by chance."""
    best, error = np.nan, np.inf
    low, high = -np.inf, np.inf  # what all finer rows allow
    for value, off in reversed(found):
        if not np.isfinite(off):
            continue
        if off < error and low <= value + 4 * off and value - 4 * off <= high:
            best, error = value, off
        low, high = max(low, value - 4 * off), min(high, value + 4 * off)
    return best, error


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


def confirmed(f: Callable[[complex], complex], exact: float, middle: float, scale: float = 1.0) -> bool:
    """Whether small differences bear out what a complex step gave; where not, a table of them has to tell.

    Code that takes complex numbers may compute something else of them: `abs`, a part that underflows.
    """
    for h in CONFIRMING * scale:
        if _noise(0.0, 0.0, middle, h) > NEAR * abs(exact):
            break
        plus, minus = f(h).real, f(-h).real
        noise = _noise(plus, minus, middle, h)
        jump = abs(plus - 2 * middle + minus) / h - 16 * noise
        if abs((plus - minus) / (2 * h) - exact) <= NEAR * abs(exact) + noise and jump <= KINK * abs(exact):
            return True
    return False
