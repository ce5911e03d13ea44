"""What is said of data whose columns are too far apart, or too far from 0, for descent to learn from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy import ndarray

from symbackprop.training.layout import Layout
from symbackprop.training.table import Header

FAR = 100  # times the largest entry of another column
OFF = 10  # standard deviations from 0 to the mean
LOOKED_AT = 10_000  # samples


def unscaled(arrays: Mapping[str, ndarray], layout: Layout, header: Header) -> Iterator[str]:
    """A sentence for each table of numbers with columns that are FAR larger than others, or OFF from 0; it is never changed."""
    for name, array in arrays.items():
        if array.ndim == 2 and array.dtype.kind == "f" and name != layout.weight and layout.axes.get(name) == 0:
            table = np.asarray(array[:LOOKED_AT], float)
            low, high, mean, spread = table.min(0), table.max(0), table.mean(0), table.std(0)
            largest = np.maximum(-low, high)
            moving = np.flatnonzero(high > low)  # a column that is the same number everywhere is a bias
            if not moving.size:
                continue
            names = header.columns.get(name, ())
            least, most = (int(moving[pick(largest[moving])]) for pick in (np.argmin, np.argmax))
            off = moving[(np.abs(mean) > OFF * spread)[moving] & (largest > 1)[moving]]
            if largest[most] > FAR * largest[least]:
                told = [_column(name, names, k, low, high) for k in (most, least)]
                yield f"scale the data: {told[0]}, and {told[1]}; descent hardly learns from columns that are so far apart"
            elif off.size:
                told = _column(name, names, int(off[0]), low, high)
                yield f"scale the data: {told}, far from 0; take its mean off, and divide it by its standard deviation"


def _column(name: str, names: Sequence[str], k: int, low: ndarray, high: ndarray) -> str:
    called = f"the column {names[k]}" if k < len(names) else f"{name}[:, {k}]"
    return f"{called} goes from {low[k]:.4g} to {high[k]:.4g}"
