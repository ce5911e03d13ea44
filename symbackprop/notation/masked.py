"""NumPy's where= of functions: np.divide(a, b, out=np.zeros_like(a), where=b != 0), np.mean(x, where=m)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symbackprop.language import operations as op
from symbackprop.language.tensors import LanguageError, as_tensor

NEUTRAL = {"sum": 0, "prod": 1, "mean": 0}


def is_masked(name: str, further: dict[str, Any]) -> bool:
    """Whether the arguments say where a function is taken, and it is one of entries, a sum, a product or a mean."""
    if "where" not in further:
        return False
    import numpy as np  # deriving needs none

    return name in NEUTRAL or isinstance(getattr(np, name, None), np.ufunc)


def masked(function: Callable[..., Any], given: list[Any], further: dict[str, Any], name: str = "") -> Any:
    """What a function gives where the mask is true, `out` elsewhere; of a sum, a product or a mean, that of those entries."""
    name = name or function.__name__
    mask, rest = further["where"], {key: value for key, value in further.items() if key not in ("where", "out")}
    if name in NEUTRAL:
        total = function(op.where(mask, given[0], NEUTRAL[name]), *given[1:], **rest)
        if name != "mean":
            return total
        x = as_tensor(given[0])
        return total / function(op.where(mask, op.ones_like(x), op.zeros_like(x)), *given[1:], **rest)
    if further.get("out") is None:
        raise LanguageError(f"{name}: where the mask is false there is no value; say which, out=np.zeros_like(x)")
    return op.where(mask, function(*given, **rest), further["out"])
