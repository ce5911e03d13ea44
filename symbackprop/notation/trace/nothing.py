"""What a function makes of no entries at all: x[:0] @ y[:0] is 0, and depends on nothing."""

from __future__ import annotations

import numpy as np


class Nothing(np.ndarray):
    """An array without entries, and what is made of such ones alone: numbers that are no data of the network."""

    @property
    def number(self) -> float | None:
        """What all entries are; None where they differ, or where there are none."""
        return float(self.flat[0]) if self.size and np.all(self == self.flat[0]) else None


def nothing(array: np.ndarray) -> Nothing:
    """An array without entries."""
    return array.copy().view(Nothing)
