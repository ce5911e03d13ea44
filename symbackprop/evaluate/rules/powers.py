"""Powers of arrays by a number."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

BY_PRODUCTS = 16  # the largest whole power that is computed by products


def raised(a: ndarray, b: float) -> ndarray:
    """a ** b; small whole powers are products and halves are roots, which cost a tenth: no branch cut but that of the root."""
    if b in (0.5, -0.5):
        root = np.sqrt(a)
        return root if b > 0 else 1 / root
    if not b.is_integer() or abs(b) > BY_PRODUCTS:
        return a ** (int(b) if b.is_integer() and (b >= 0 or np.iscomplexobj(a)) else b)
    y = np.ones_like(a) if b == 0 else a
    for bit in f"{int(abs(b)):b}"[1:]:
        y = y * y * a if bit == "1" else y * y
    return y if b >= 0 else 1 / y
