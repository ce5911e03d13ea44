"""The windows of a plan as views of its memory: one array, or for what moves with loops one for each turn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from numpy import ndarray
from numpy.lib.stride_tricks import as_strided

from symbackprop.plan.node import Move
from symbackprop.plan.statements import Window, reach

MOST = 100_000  # views that are made beforehand: more are made as their turns come


def bound_window(memory: ndarray, window: Window, counts: Mapping[int, int]) -> Any:
    """A view of a buffer, which must lie within it: NumPy does not look. Rows of views for what moves.

    counts   of the turns of each loop.
    """
    low, high = reach(window, counts)
    if not 0 <= low <= high < len(memory):
        raise AssertionError(f"{window} leaves its buffer of {len(memory)} entries")
    axes = [*((m.period or counts[m.loop], m.step) for m in window.moves), *window.dims]
    strides = [step * memory.itemsize for _, step in axes]
    array = as_strided(memory[window.offset :], [n for n, _ in axes], strides)
    return _rows(array, [list(group) for _, group in groupby(window.moves, lambda m: m.loop)], counts)


def _rows(array: ndarray, moves: list[list[Move]], counts: Mapping[int, int]) -> Any:
    """A view for each turn of the first loop, or its rows for the next."""
    if not moves:
        return array
    own, *inner = moves
    count = counts[own[0].loop]
    views = count * math.prod(counts[group[0].loop] for group in inner)
    if views > MOST and not any(m.period for group in moves for m in group):
        return array
    at = (tuple(k % m.period if m.period else k for m in own) for k in range(count))
    return [_rows(array[index], inner, counts) for index in at]
