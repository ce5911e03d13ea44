"""Bessel functions of whole orders: J, I and K, and I and K without their growth and decay, e^-|x| I and e^x K.

The slope of order n reads the orders n - 1 and n + 1 and no quotient, so that every derivative is right at and near 0. The rows of
orders that the table does not list are made when they are first asked for.

Source: Abramowitz and Stegun 1964, 9.1.27, 9.2.5 and 9.6.26. The compiled forms are polynomials whose coefficients are worked out
here, by interpolation at Chebyshev nodes with many digits, the power series of I, whose terms are all positive, and the recurrence
of K.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions.elementary import abs_, maximum, minimum, sign
from symbackprop.core.functions.interpolated import WIDE, between, beyond, horner, interpolated
from symbackprop.core.functions.row import TableFunction, X, Y, define
from symbackprop.core.functions.where import Where

NAMED = 3  # the highest order that the table lists
KINDS = (("j", ""), ("i", ""), ("i", "e"), ("k", ""), ("k", "e"))  # a letter, and "e" where the growth is taken out
HIGHEST = 12  # order that a person may write
_SOURCE = "Abramowitz and Stegun 1964, 9.1 and 9.6"


def _beyond(n: int) -> int:
    """From where on J_n is written in 1 / |x|: where it swings."""
    return max(4, n + 1)


def _far(n: int) -> int:
    """From where on I_n is written in 1 / |x|."""
    return max(8, 2 * n)


def _amplitude(n: int, which: str, u: Any) -> Any:
    """P or Q t^-1 of J_n = sqrt(2 / (pi x)) (P cos chi - Q sin chi), chi = x - (2 n + 1) pi / 4, at t = 4 / x, u = 2 t^2 - 1."""
    t = WIDE.sqrt((u + 1) / 2)
    x = _beyond(n) / t
    turned = WIDE.sqrt(WIDE.pi * x / 2) * (WIDE.besselj(n, x) + 1j * WIDE.bessely(n, x)) * WIDE.expj(
        -x + (2 * n + 1) * WIDE.pi / 4
    )  # fmt: skip
    return turned.real if which == "P" else turned.imag / t


@cache
def _near_j(n: int) -> list[Any]:
    """(2^n n! J_n(x) / x^n - 1) / x^2 in u = 2 x^2 / b^2 - 1, b as `_beyond`: added to the first term of the series."""
    b = _beyond(n)

    def part(u: Any) -> Any:
        x = WIDE.sqrt(b**2 * (u + 1) / 2)
        return (2**n * WIDE.factorial(n) * WIDE.besselj(n, x) / x**n - 1) / x**2

    return interpolated(part, 11 + b)


@cache
def _far_i(n: int) -> list[Any]:
    def part(u: Any) -> Any:
        x = 2 * _far(n) / (u + 1)
        return WIDE.sqrt(x) * WIDE.exp(-x) * WIDE.besseli(n, x)

    return interpolated(part, 26)


def _power(n: int, within: int) -> Expr:
    """(x / 2)^n / n!, of the x within a bound, so that it overflows nowhere."""
    return maximum(minimum(X, within), -within) ** n / (2**n * sp.factorial(n))


@cache
def _j(n: int) -> Expr:
    b = _beyond(n)
    square = minimum(X**2, b**2)
    near = _power(n, b) * (1 + square * horner(2 * square / b**2 - 1, _near_j(n)))
    x = maximum(abs_(X), b)
    t = b / x
    P, Q = (horner(2 * t**2 - 1, interpolated(partial(_amplitude, n, which), 22)) for which in "PQ")
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
    near = _power(n, b) * horner(quarter, series) * sp.exp(-minimum(abs_(X), b))
    x = maximum(abs_(X), b)
    far = horner(2 * b / x - 1, _far_i(n)) / sp.sqrt(x)
    return Where(abs_(X) < b, near, sign(X) * far if n % 2 else far)


def _near_k(n: int, x: Any) -> Any:
    """K_0(x) + log(x/2) I_0(x), and (K_1(x) - 1/x - log(x/2) I_1(x)) / x."""
    log = WIDE.log(x / 2)
    if n:
        return (WIDE.besselk(1, x) - 1 / x - log * WIDE.besseli(1, x)) / x
    return WIDE.besselk(0, x) + log * WIDE.besseli(0, x)


@cache
def _ke(n: int) -> Expr:
    """e^x K_n: by K_0 and K_1 for higher orders, K_{n+1} = K_{n-1} + 2 n/x K_n, of which no term is negative."""
    if n > 1:
        one, other = (S.One, S.Zero), (S.Zero, S.One)  # K_0 and K_1 as multiples of both
        for m in range(1, n):
            one, other = other, tuple(a + 2 * m * b / X for a, b in zip(one, other, strict=True))  # type: ignore[assignment]
        of = [horner(1 / X, [sp.expand(part).coeff(X, -k) for k in range(n)]) for part in other]
        return of[0] * bessel("k", 0, "e")(X) + of[1] * bessel("k", 1, "e")(X)
    x, long = minimum(X, 2), maximum(X, 2)
    series: list[Any] = [1 / (sp.factorial(k) * sp.factorial(k + n)) for k in range(14)]
    swelling = (x / 2) ** n * horner(x**2 / 4, series) * sp.log(x / 2)  # I_n(x) log(x/2)
    smooth = between(lambda u: _near_k(n, WIDE.sqrt(u)), 0, 4, x**2, 14)
    near = 1 / x + swelling + x * smooth if n else smooth - swelling
    far = beyond(lambda t: WIDE.sqrt(t) * WIDE.exp(t) * WIDE.besselk(n, t), 2, long, 26) / sp.sqrt(long)
    return Where(X < 2, sp.exp(x) * near, far)


class Bessel(TableFunction):
    """An application of a Bessel function: family "j", "i" or "k", its order, and the end "e" of what is without its growth."""

    family: str
    order: int
    end: str

    def __reduce__(self) -> tuple[Any, ...]:
        return _applied, (self.family, self.order, self.end, *self.args)


FAMILIES = {kind: type(f"Bessel{kind.upper()}", (Bessel,), {}) for kind in "jik"}


@cache
def bessel(kind: str, order: int, end: str = "") -> type[Bessel]:
    """The function of a kind, j, i or k, and an order from 0; with the end "e" without its growth."""
    common: Any = {
        "slope": partial(_slope, kind, end, order), "activation": False, "source": _SOURCE, "base": FAMILIES[kind],
        "accuracy": 1e-12 if kind == "j" else 1e-15,
    }  # fmt: skip
    name, latex = f"bessel_{kind}{order}{end}", f"{kind.upper()}_{order if order < 10 else f'{{{order}}}'}"
    if kind == "j":
        found = define(name, partial(sp.besselj, order, X), latex, stable=partial(_j, order), **common)
    elif kind == "k" and not end:
        found = define(
            name, partial(sp.besselk, order, X), latex, stable=lambda: sp.exp(-X) * bessel("k", order, "e")(X), domain="positive",
            **common,
        )  # fmt: skip
    elif kind == "k":
        found = define(
            name, lambda: sp.exp(X) * sp.besselk(order, X), rf"e^{{{{0}}}} {latex}\left({{0}}\right)", stable=partial(_ke, order),
            domain="positive", **common,
        )  # fmt: skip
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
    """f_n' = (f_{n-1} + turn f_{n+1}) / 2, where f_{-1} = turn f_1; of K with a minus in front."""
    turn = -1 if kind == "j" else 1
    above = turn * bessel(kind, n + 1, end)(X)
    found: Any = (bessel(kind, n - 1, end)(X) + above) / 2 if n else above
    if kind == "k":
        return Y - found if end else -found
    return found - sign(X) * Y if end else found


for _n in range(NAMED + 1):
    for _kind, _end in KINDS:
        bessel(_kind, _n, _end)
