"""Values of a network on more samples than memory has room for: part by part, where that gives what all samples at once give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.magnitude import largest_of
from symbackprop.training.mapped import is_mapped

Arrays = Mapping[str, ndarray]
SAMPLES = 4096  # in a part
TRIED, FIRST = 64, 24  # samples on which it is tried whether parts make the whole, and those of its first part
CLOSE = 1e-9  # of the largest entry: products of other sizes are rounded otherwise


def is_large(arrays: Arrays, samples: int) -> bool:
    """Whether arrays stand on disk, with more samples than a part has."""
    return samples > SAMPLES and any(map(is_mapped, arrays.values()))


def are_apart(values: Callable[[ndarray], ndarray], samples: int, axis: int) -> bool:
    """Whether what a network makes of a sample does not depend on the others, tried on some of them.

    values   on chosen samples, which stand along the axis.
    """
    tried = _tried(samples)
    return _is_close(np.take(values(tried), range(FIRST), axis), values(tried[:FIRST]))


def is_mean(loss: Callable[[ndarray], float], samples: int) -> bool:
    """Whether a loss is the mean of those of its parts, tried on some samples; a sum of nothing but zeros is not taken for one."""
    tried = _tried(samples)
    whole, first, rest = loss(tried), loss(tried[:FIRST]), loss(tried[FIRST:])
    return bool(whole) and _is_close((FIRST * first + (TRIED - FIRST) * rest) / TRIED, whole)


def parts_of(samples: int) -> Iterator[ndarray]:
    """All samples by their numbers, part by part."""
    return (np.arange(first, min(first + SAMPLES, samples)) for first in range(0, samples, SAMPLES))


def _tried(samples: int) -> ndarray:
    return np.linspace(0, samples - 1, TRIED).astype(int)


def _is_close(one: ndarray | float, other: ndarray | float) -> bool:
    return largest_of(np.asarray(one) - other) <= CLOSE * largest_of(np.asarray(other))
