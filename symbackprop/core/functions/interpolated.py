"""Polynomials of compiled forms: coefficients worked out here with many digits, at Chebyshev nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, S

WIDE = mpmath.mp.clone()  # of digits of its own
WIDE.dps = 40


def horner(variable: Expr, coefficients: Sequence[Any]) -> Expr:
    """c_0 + u (c_1 + u (c_2 + ...))."""
    value: Expr = S.Zero
    for c in reversed(coefficients):
        value = c + variable * value
    return value


def interpolated(function: Callable[[Any], Any], nodes: int) -> list[Any]:
    """The polynomial of u that is the function at Chebyshev nodes of [-1, 1], by its coefficients."""
    angles = [WIDE.pi * (2 * k + 1) / (2 * nodes) for k in range(nodes)]
    values = [function(WIDE.cos(a)) for a in angles]
    before, power = [WIDE.one], [WIDE.zero, WIDE.one]  # T_0 and T_1
    total = [WIDE.zero] * nodes
    for j in range(nodes):
        share = WIDE.fsum(v * WIDE.cos(j * a) for v, a in zip(values, angles, strict=True)) * (2 if j else 1) / nodes
        for k, t in enumerate(before):
            total[k] += share * t
        twice = [WIDE.zero, *(2 * t for t in power)]
        before, power = power, [t - (before[k] if k < len(before) else 0) for k, t in enumerate(twice)]
    return [sp.Float(WIDE.nstr(c, 20), 20) for c in total]


def beyond(function: Callable[[Any], Any], bound: int, x: Expr, nodes: int) -> Expr:
    """The function at x >= bound, as a polynomial of 1 / x."""
    return horner(2 * bound / x - 1, interpolated(lambda u: function(2 * bound / (u + 1)), nodes))


def between(function: Callable[[Any], Any], low: int, high: int, x: Expr, nodes: int) -> Expr:
    """The function at low <= x <= high, as a polynomial of x."""
    middle, half = sp.Rational(low + high, 2), sp.Rational(high - low, 2)
    at = WIDE.mpf(low + high) / 2, WIDE.mpf(high - low) / 2
    return horner((x - middle) / half, interpolated(lambda u: function(at[0] + at[1] * u), nodes))
