"""Bessel functions of the whole orders 0 to 3: J, I, and I without its growth, e^-|x| I.

Source: Abramowitz and Stegun 1964, 9.1.27, 9.2.5 and 9.6.26. The compiled forms are polynomials whose coefficients are worked out
here, by interpolation at Chebyshev nodes with many digits, and the power series of I, whose terms are all positive.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions.elementary import abs_, maximum, minimum, sign
from symbackprop.core.functions.row import FUNCTIONS, TableFunction, X, Y, define
from symbackprop.core.functions.where import Where

HIGHEST = 3  # so that what has a word, orders 0 and 1, has two derivatives without a quotient
FAR = 8  # from here on I is written in 8 / |x|
BEYOND = 4  # from here on J is written in 4 / |x|
_WIDE = mpmath.mp.clone()  # of digits of its own
_WIDE.dps = 40
_SOURCE = "Abramowitz and Stegun 1964, 9.1 and 9.6"


def _horner(variable: Expr, coefficients: list[Any]) -> Expr:
    value: Expr = S.Zero
    for c in reversed(coefficients):
        value = c + variable * value
    return value


def _interpolated(function: Callable[[Any], Any], nodes: int) -> list[Any]:
    """The polynomial of u that is the function at Chebyshev nodes of [-1, 1], by its coefficients."""
    angles = [_WIDE.pi * (2 * k + 1) / (2 * nodes) for k in range(nodes)]
    values = [function(_WIDE.cos(a)) for a in angles]
    before, power = [_WIDE.one], [_WIDE.zero, _WIDE.one]  # T_0 and T_1
    total = [_WIDE.zero] * nodes
    for j in range(nodes):
        share = _WIDE.fsum(v * _WIDE.cos(j * a) for v, a in zip(values, angles, strict=True)) * (2 if j else 1) / nodes
        for k, t in enumerate(before):
            total[k] += share * t
        twice = [_WIDE.zero, *(2 * t for t in power)]
        before, power = power, [t - (before[k] if k < len(before) else 0) for k, t in enumerate(twice)]
    return [sp.Float(_WIDE.nstr(c, 20), 20) for c in total]


def _amplitude(n: int, which: str, u: Any) -> Any:
    """P or Q t^-1 of J_n = sqrt(2 / (pi x)) (P cos chi - Q sin chi), chi = x - (2 n + 1) pi / 4, at t = 4 / x, u = 2 t^2 - 1."""
    t = _WIDE.sqrt((u + 1) / 2)
    x = BEYOND / t
    turned = _WIDE.sqrt(_WIDE.pi * x / 2) * (_WIDE.besselj(n, x) + 1j * _WIDE.bessely(n, x)) * _WIDE.expj(
        -x + (2 * n + 1) * _WIDE.pi / 4
    )  # fmt: skip
    return turned.real if which == "P" else turned.imag / t


@cache
def _near_j(n: int) -> list[Any]:
    """(J_n(x) / x^n - 1 / (2^n n!)) / x^2 in u = x^2 / 8 - 1: what is added to the first term of the series."""

    def part(u: Any) -> Any:
        x = _WIDE.sqrt(BEYOND**2 * (u + 1) / 2)
        return (_WIDE.besselj(n, x) / x**n - _WIDE.one / (2**n * _WIDE.factorial(n))) / x**2

    return _interpolated(part, 15)


@cache
def _far_i(n: int) -> list[Any]:
    def part(u: Any) -> Any:
        x = 2 * FAR / (u + 1)
        return _WIDE.sqrt(x) * _WIDE.exp(-x) * _WIDE.besseli(n, x)

    return _interpolated(part, 26)


@cache
def _j(n: int) -> Expr:
    square = minimum(X**2, BEYOND**2)
    near = X**n * (S.One / (2**n * sp.factorial(n)) + square * _horner(2 * square / BEYOND**2 - 1, _near_j(n)))
    x = maximum(abs_(X), BEYOND)
    t = BEYOND / x
    P, Q = (_horner(2 * t**2 - 1, _interpolated(partial(_amplitude, n, which), 22)) for which in "PQ")
    cosine, sine = sp.cos(x) + sp.sin(x), sp.sin(x) - sp.cos(x)  # sqrt(2) times those of x - pi/4
    for _ in range(n):
        cosine, sine = sine, -cosine
    far = (P * cosine - t * Q * sine) / sp.sqrt(sp.pi * x)
    return Where(abs_(X) < BEYOND, near, sign(X) * far if n % 2 else far)


@cache
def _ie(n: int) -> Expr:
    quarter = minimum(X**2, FAR**2) / 4
    series: list[Any] = [S.One / (sp.factorial(k) * sp.factorial(k + n)) for k in range(26)]
    near = (X / 2) ** n * _horner(quarter, series) * sp.exp(-minimum(abs_(X), FAR))
    x = maximum(abs_(X), FAR)
    far = _horner(2 * FAR / x - 1, _far_i(n)) / sp.sqrt(x)
    return Where(abs_(X) < FAR, near, sign(X) * far if n % 2 else far)


def bessel(kind: str, order: int, end: str = "") -> type[TableFunction]:
    """The function of a kind, j or i, and an order; with the end "e" without its growth."""
    return FUNCTIONS[f"bessel_{kind}{order}{end}"]  # type: ignore[return-value]  # a row of this table


def _slope(kind: str, end: str, n: int, turn: int) -> Expr:
    """f_n' = (f_{n-1} + turn f_{n+1}) / 2; of the highest f_{n-1} - n f_n / x, which is 0 at 0."""

    def of(k: int) -> Any:
        return bessel(kind, k, end)(X)

    if n == 0:
        found = turn * of(1)
    elif n < HIGHEST:
        found = (of(n - 1) + turn * of(n + 1)) / 2
    else:
        found = of(n - 1) - n * Y / Where(sp.Eq(X, 0), 1, X)
    return found - sign(X) * Y if end else found


for _n in range(HIGHEST + 1):
    define(
        f"bessel_j{_n}", partial(sp.besselj, _n, X), f"J_{_n}", stable=partial(_j, _n),
        slope=partial(_slope, "j", "", _n, -1), accuracy=1e-12, activation=False, source=_SOURCE,
    )  # fmt: skip
    define(
        f"bessel_i{_n}", partial(sp.besseli, _n, X), f"I_{_n}",
        stable=lambda n=_n: sp.exp(abs_(X)) * bessel("i", n, "e")(X), slope=partial(_slope, "i", "", _n, 1),
        accuracy=1e-15, activation=False, source=_SOURCE,
    )  # fmt: skip
    define(
        f"bessel_i{_n}e", lambda n=_n: sp.exp(-abs_(X)) * sp.besseli(n, X),
        rf"e^{{-\left|{{0}}\right|}} I_{_n}\left({{0}}\right)", stable=partial(_ie, _n),
        slope=partial(_slope, "i", "e", _n, 1), accuracy=1e-15, activation=False, source=_SOURCE,
        kink="" if _n else "bessel_i0e'(0) = 0",
    )  # fmt: skip
