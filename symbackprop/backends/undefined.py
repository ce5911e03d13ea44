"""A gradient that is no number while the value is one: said in words, and not handed back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.arguments import ArgumentError


def require_defined_slopes(gradients: Mapping[str, ndarray], value: Callable[[], Any], of: str) -> None:
    """See that no derivative is NaN where the value is finite.

    gradients   arrays by what they are derivatives by.
    value       gives the value of `of`.
    Raises ArgumentError, with the entry and the mend.
    """
    for name, array in gradients.items():
        array = np.asarray(array)
        if not np.isnan(_sum(array)) or not np.isnan(array).any():
            continue
        if not np.isfinite(value()).all():
            return
        place = f"[{', '.join(map(str, np.argwhere(np.isnan(array))[0]))}]" if array.ndim else ""
        raise ArgumentError(
            f"the derivative by {name}{place} is not a number, while {of} is finite: its equations are 0 times infinity, or 0 / 0, "
            f"at these arrays. Give others; or, where a condition leaves entries out, leave them out of what is divided by, and of "
            f"the argument of a root, logarithm or exponential, too: 1 / where(keep, x, 1) in the place of 1 / x, and "
            f"exp(where(x > 100, 0, x)) in the place of exp(x) where that overflows. "
            f"refuse_nan=False hands back what there is"
        )


def _sum(array: ndarray) -> Any:
    with np.errstate(all="ignore"):
        return array.sum()
