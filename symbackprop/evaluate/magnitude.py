"""How large an array is."""

from __future__ import annotations

import numpy as np
from numpy import ndarray


def largest_of(array: ndarray) -> float:
    """max |x_i|, the largest modulus of an entry: 0 where there is none, not a number where one is not."""
    return float(np.abs(array).max(initial=0.0))
