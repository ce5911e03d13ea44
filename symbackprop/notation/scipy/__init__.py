"""SciPy's words, by its modules: each a function of the language's tensors with SciPy's arguments and defaults.

special     functions of one and two numbers, and log-sum-exp
matrices    scipy.linalg, scipy.signal
distances   scipy.spatial.distance
integrate   integrals by trapezia
stats       densities: scipy.stats.norm.logpdf and its like

Text, traced functions and jax.scipy are read by the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symbackprop.notation.composed import cumulative_trapezoid, trapezoid
from symbackprop.notation.scipy.distances import DISTANCE
from symbackprop.notation.scipy.matrices import LINALG, SIGNAL
from symbackprop.notation.scipy.special import SPECIAL
from symbackprop.notation.scipy.stats import DISTRIBUTIONS, STATS

WORDS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "special": SPECIAL,
    "linalg": LINALG,
    "signal": SIGNAL,
    "spatial.distance": DISTANCE,
    "integrate": {"trapezoid": trapezoid, "cumulative_trapezoid": cumulative_trapezoid},
    "stats": STATS,
    **{f"stats.{name}": methods for name, methods in DISTRIBUTIONS.items()},
}
"""By the module below scipy, and the name there."""

__all__ = ["DISTRIBUTIONS", "WORDS"]
