"""Places at equal distances along an axis, as windows into an array, of which no entry is copied."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.lib.stride_tricks import as_strided


@dataclass(frozen=True)
class Windows:
    """The places start + steps . (a, b, ...), with so many of each; where an array has no such place it is 0 there."""

    start: int
    steps: tuple[int, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, index: ndarray) -> Windows | None:
        """The windows that the places of an array are; None where they are at unequal distances."""
        if not index.size:
            return None
        start = int(index.flat[0])
        steps = tuple(int(np.take(index, 1, k).flat[0]) - start if n > 1 else 1 for k, n in enumerate(index.shape))
        even = np.full(index.shape, start)
        for k, (step, n) in enumerate(zip(steps, index.shape, strict=True)):
            even += step * np.arange(n).reshape([-1 if j == k else 1 for j in range(index.ndim)])
        return cls(start, steps, index.shape) if all(steps) and np.array_equal(index, even) else None

    def read(self, x: ndarray) -> ndarray:
        """y[a, b, ..., e] = x[start + steps . (a, b, ...), e]."""
        before, after = self._beyond(len(x))
        if before or after:
            x = np.concatenate([np.zeros((before, *x.shape[1:])), x, np.zeros((after, *x.shape[1:]))])
        first, *rest = x.strides
        strides = (*(step * first for step in self.steps), *rest)
        return as_strided(x[self.start + before :], self.counts + x.shape[1:], strides, writeable=False)

    def _beyond(self, extent: int) -> tuple[int, int]:
        """How many places lie before an axis of that extent, and how many after it."""
        reach = [step * (n - 1) for step, n in zip(self.steps, self.counts, strict=True)]
        first, last = (self.start + sum(r for r in reach if (r > 0) is rises) for rises in (False, True))
        return max(0, -first), max(0, last + 1 - extent)

    def added(self, y: ndarray, extent: int) -> ndarray:
        """x[p, e] = the sum of the entries of y whose place is p, an axis of p at a time."""
        before, after = self._beyond(extent)
        x = np.zeros((before + extent + after, *y.shape[len(self.counts) :]), y.dtype)
        if not self.counts:
            x[self.start + before] = y
            return x[before : before + extent]
        k = int(np.argmax(self.counts))
        step, n = self.steps[k], self.counts[k]
        for place in itertools.product(*(range(m) if j != k else (0,) for j, m in enumerate(self.counts))):
            first = self.start + before + sum(d * p for d, p in zip(self.steps, place, strict=True))
            part = y[(*place[:k], slice(None), *place[k + 1 :])]
            low = min(first, first + step * (n - 1))
            x[low : low + abs(step) * (n - 1) + 1 : abs(step)] += part if step > 0 else part[::-1]
        return x[before : before + extent]
