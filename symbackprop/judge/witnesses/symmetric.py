"""Matrices that are symmetric in the example, and are factored: NumPy and torch read one triangle of them, the network both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy import ndarray


def symmetric(example: Mapping[str, ndarray], names: Iterable[str]) -> list[str]:
    """Those of some arrays that are symmetric matrices in the example."""
    square = {n: example[n] for n in names if example[n].ndim == 2 and example[n].shape[0] == example[n].shape[1] > 1}
    return [n for n, a in square.items() if np.allclose(a, a.T, rtol=1e-12, atol=0)]


def evened(arrays: Mapping[str, ndarray], names: Iterable[str]) -> dict[str, ndarray]:
    """The arrays, some of them replaced by their symmetric parts."""
    return {**arrays, **{n: (arrays[n] + arrays[n].T) / 2 for n in names}}


def said(names: Iterable[str]) -> tuple[str, ...]:
    """What a person must know of arrays that are taken to stay symmetric."""
    return tuple(
        f"{name} is symmetric, as in the example: one triangle of it is read, and the gradient is that of the symmetric part."
        for name in names
    )
