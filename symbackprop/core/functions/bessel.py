"""Bessel functions of whole orders: J, I, and I without its growth, e^-|x| I.

The slope of order n reads the orders n - 1 and n + 1 and no quotient, so that every derivative is right at and near 0. The rows of
orders that the table does not list are made when they are first asked for.

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
from symbackprop.core.functions.row import TableFunction, X, Y, define
from symbackprop.core.functions.where import Where

NAMED = 3  # the highest order that the table lists
HIGHEST = 12  # order that a person may write
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


def _beyond(n: int) -> int:
    """From where on J_n is written in 1 / |x|: where it swings."""
    return max(4, n + 1)


def _far(n: int) -> int:
    """From where on I_n is written in 1 / |x|."""
    return max(8, 2 * n)


def _amplitude(n: int, which: str, u: Any) -> Any:
    """P or Q t^-1 of J_n = sqrt(2 / (pi x)) (P cos chi - Q sin chi), chi = x - (2 n + 1) pi / 4, at t = 4 / x, u = 2 t^2 - 1."""
    t = _WIDE.sqrt((u + 1) / 2)
    x = _beyond(n) / t
    turned = _WIDE.sqrt(_WIDE.pi * x / 2) * (_WIDE.besselj(n, x) + 1j * _WIDE.bessely(n, x)) * _WIDE.expj(
        -x + (2 * n + 1) * _WIDE.pi / 4
    )  # fmt: skip
    return turned.real if which == "P" else turned.imag / t


@cache
def _near_j(n: int) -> list[Any]:
    """(2^n n! J_n(x) / x^n - 1) / x^2 in u = 2 x^2 / b^2 - 1, b as `_beyond`: added to the first term of the series."""
    b = _beyond(n)

    def part(u: Any) -> Any:
        x = _WIDE.sqrt(b**2 * (u + 1) / 2)
        return (2**n * _WIDE.factorial(n) * _WIDE.besselj(n, x) / x**n - 1) / x**2

    return _interpolated(part, 11 + b)


@cache
def _far_i(n: int) -> list[Any]:
    def part(u: Any) -> Any:
        x = 2 * _far(n) / (u + 1)
        return _WIDE.sqrt(x) * _WIDE.exp(-x) * _WIDE.besseli(n, x)

    return _interpolated(part, 26)


def _power(n: int, within: int) -> Expr:
    """(x / 2)^n / n!, of the x within a bound, so that it overflows nowhere."""
    return maximum(minimum(X, within), -within) ** n / (2**n * sp.factorial(n))


@cache
def _j(n: int) -> Expr:
    b = _beyond(n)
    square = minimum(X**2, b**2)
    near = _power(n, b) * (1 + square * _horner(2 * square / b**2 - 1, _near_j(n)))
    x = maximum(abs_(X), b)
    t = b / x
    P, Q = (_horner(2 * t**2 - 1, _interpolated(partial(_amplitude, n, which), 22)) for which in "PQ")
    cosine, sine = sp.cos(x) + sp.sin(x), sp.sin(x) - sp.cos(x)  # sqrt(2) times those of x - pi/4
    for _ in range(n % 4):
        cosine, sine = sine, -cosine
    far = (P * cosine - t * Q * sine) / sp.sqrt(sp.pi * x)
    return Where(abs_(X) < b, near, sign(X) * far if n % 2 else far)


@cache
def _ie(n: int) -> Expr:
    b = _far(n)
    quarter = minimum(X**2, b**2) / 4
    series: list[Any] = [sp.factorial(n) / (sp.factorial(k) * sp.factorial(k + n)) for k in range(18 + b)]
    near = _power(n, b) * _horner(quarter, series) * sp.exp(-minimum(abs_(X), b))
    x = maximum(abs_(X), b)
    far = _horner(2 * b / x - 1, _far_i(n)) / sp.sqrt(x)
    return Where(abs_(X) < b, near, sign(X) * far if n % 2 else far)


class Bessel(TableFunction):
    """An application of a Bessel function: family "j" or "i", its order, and the end "e" of what is without its growth."""

    family: str
    order: int
    end: str

    def __reduce__(self) -> tuple[Any, ...]:
        return _applied, (self.family, self.order, self.end, *self.args)


@cache
def bessel(kind: str, order: int, end: str = "") -> type[Bessel]:
    """The function of a kind, j or i, and an order from 0; with the end "e" without its growth."""
    common: Any = {
        "slope": partial(_slope, kind, end, order), "activation": False, "source": _SOURCE, "base": Bessel,
        "accuracy": 1e-12 if kind == "j" else 1e-15,
    }  # fmt: skip
    name, latex = f"bessel_{kind}{order}{end}", f"{kind.upper()}_{order if order < 10 else f'{{{order}}}'}"
    if kind == "j":
        found = define(name, partial(sp.besselj, order, X), latex, stable=partial(_j, order), **common)
    elif not end:
        found = define(
            name, partial(sp.besseli, order, X), latex, stable=lambda: sp.exp(abs_(X)) * bessel("i", order, "e")(X), **common
        )
    else:
        found = define(
            name, lambda: sp.exp(-abs_(X)) * sp.besseli(order, X), rf"e^{{-\left|{{0}}\right|}} {latex}\left({{0}}\right)",
            stable=partial(_ie, order), kink="" if order else f"{name}'(0) = 0", **common,
        )  # fmt: skip
    found.family, found.order, found.end = kind, order, end  # type: ignore[attr-defined]
    return found  # type: ignore[return-value]


def _applied(kind: str, order: int, end: str, *arguments: Expr) -> Expr:
    return bessel(kind, order, end)(*arguments)


def _slope(kind: str, end: str, n: int) -> Expr:
    """f_n' = (f_{n-1} + turn f_{n+1}) / 2, where f_{-1} = turn f_1."""
    turn = -1 if kind == "j" else 1
    above = turn * bessel(kind, n + 1, end)(X)
    found: Any = (bessel(kind, n - 1, end)(X) + above) / 2 if n else above
    return found - sign(X) * Y if end else found


for _n in range(NAMED + 1):
    for _kind, _end in (("j", ""), ("i", ""), ("i", "e")):
        bessel(_kind, _n, _end)
