"""Special functions of arrays, entry by entry by mpmath: slow, right to the last digits, and read by no rule of the chain rule.

Outside of where a function is defined it is not a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
from numpy import ndarray


def _many(function: Callable[..., Any], *, of_complex: bool = True) -> Callable[..., ndarray]:
    def apply(*xs: ndarray) -> ndarray:
        is_complex = any(map(np.iscomplexobj, xs))
        if is_complex and not of_complex:
            raise NotComplexError(function.__name__)
        return np.asarray(np.vectorize(function, otypes=[complex if is_complex else float])(*xs))

    return apply


class NotComplexError(ValueError):
    """A function without a complex form met a complex number: no derivative by a complex step."""


def _loggamma(x: Any) -> Any:
    if x.real <= 0 or not math.isfinite(x.real):
        return math.nan if x.real <= 0 else x
    return mpmath.loggamma(x)


def _polygamma(n: Any, x: Any) -> Any:
    """The derivative of order n of digamma."""
    return math.nan if x.real <= 0 or not math.isfinite(x.real) else mpmath.psi(int(n.real), x)


def _erfinv(x: float) -> Any:
    return mpmath.erfinv(x) if abs(x) < 1 else math.nan if abs(x) > 1 else x * math.inf


def _besselj(n: Any, x: Any) -> Any:
    order = int(n.real)
    with _digits(x):
        value = mpmath.besselj(abs(order), x)
    return -value if order < 0 and order % 2 else value


def _besseli(n: Any, x: Any) -> Any:
    """I_n(x); not a number where it is larger than any double."""
    if not abs(x.real) < 713:
        return math.nan
    with _digits(x):
        return mpmath.besseli(abs(int(n.real)), x)


def _besselk(n: Any, x: Any) -> Any:
    if x.real <= 0:
        return math.nan
    with _digits(x):
        return mpmath.besselk(abs(int(n.real)), x)


def _ei(x: Any) -> Any:
    """Ei(x), of negative numbers -E_1(-x), which goes on along complex numbers."""
    if x == 0:
        return -math.inf
    with _digits(x):
        return -mpmath.e1(-x) if x.real < 0 else mpmath.ei(x)


def _expint(n: Any, x: Any) -> Any:
    """E_n(x) for x > 0; of an order that is no whole number there is none here."""
    if x.real <= 0:
        return math.nan
    with _digits(x):
        return mpmath.expint(int(n.real), x)


def _dawson(x: Any) -> Any:
    if not math.isfinite(x.real):
        return x * 0 if math.isinf(x.real) else x
    with _digits(x):
        return mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x)


def _scaled_erfc(x: Any) -> Any:
    """exp(x^2) erfc(x); infinite where it is larger than any double."""
    if not -26.6 < x.real < math.inf:
        return math.inf if x.real < 0 else x * 0
    with _digits(x):
        return mpmath.exp(x * x) * mpmath.erfc(x)


def _lambertw(x: Any) -> Any:
    if not x.real >= -math.exp(-1):
        return math.nan
    with _digits(x):
        value = mpmath.lambertw(x)
    return value if isinstance(x, complex) else value.real


def _digits(x: Any) -> Any:
    """So many digits that the small imaginary part of a complex step has its own; mpmath's are those of the larger part."""
    return mpmath.workdps(200 if isinstance(x, complex) else 20)


erf = _many(math.erf, of_complex=False)
erfinv = _many(_erfinv, of_complex=False)
loggamma = _many(_loggamma)
polygamma = _many(_polygamma)
besselj = _many(_besselj)
besseli = _many(_besseli)
besselk = _many(_besselk)
ei = _many(_ei)
expint = _many(_expint)
dawson = _many(_dawson)
scaled_erfc = _many(_scaled_erfc)
lambertw = _many(_lambertw)


def atan2(y: ndarray, x: ndarray) -> ndarray:
    """The angle of (x, y), by the arc of the smaller quotient, which goes on along complex numbers."""
    a, b = np.real(y), np.real(x)
    flat = abs(b) > abs(a)
    sign = np.where(a < 0, -1.0, 1.0)
    low = np.arctan(y / np.where(flat, x, 1)) + np.where(b < 0, math.pi, 0) * sign
    return np.where(flat, low, math.pi / 2 * np.sign(a) - np.arctan(x / np.where(flat, 1, np.where(y == 0, 1, y))))
