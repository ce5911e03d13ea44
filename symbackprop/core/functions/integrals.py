"""Integrals and inverses without a name in elementary functions: Ei, E_1, Dawson's F, erfcx and Lambert's W.

The compiled forms are series whose terms are all positive, and polynomials that are worked out here with many digits.

Source: Abramowitz and Stegun 1964, 5.1 and 7.1; Corless et al., On the Lambert W function, 1996.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr, Function, S

from symbackprop.core.functions.elementary import abs_, erfcx_above, maximum, minimum, round_, sign
from symbackprop.core.functions.interpolated import WIDE, between, beyond, horner
from symbackprop.core.functions.row import X, Y, define
from symbackprop.core.functions.where import Where

_SOURCE = "Abramowitz and Stegun 1964, 5.1 and 7.1"


class dawson(Function):
    """F(x) = exp(-x^2) times the integral of exp(t^2) from 0 to x."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        x: Any = self.args[0]
        return 1 - 2 * x * self

    def _eval_evalf(self, prec: int) -> Any:
        x: Any = self.args[0]
        return (sp.sqrt(sp.pi) / 2 * sp.exp(-(x**2)) * sp.erfi(x))._eval_evalf(prec)


class scaled_erfc(Function):
    """exp(x^2) erfc(x), as one number: neither factor is one where x is large."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        x: Any = self.args[0]
        return 2 * x * self - 2 / sp.sqrt(sp.pi)

    def _eval_evalf(self, prec: int) -> Any:
        x: Any = self.args[0]
        return (sp.exp(x**2) * sp.erfc(x))._eval_evalf(prec)


def _exp1() -> Expr:
    """-gamma - log x - sum (-x)^k / (k k!) for x < 1, else exp(-x) / (x + 1) times a polynomial."""

    def scaled(x: Any) -> Any:
        return (x + 1) * WIDE.exp(x) * WIDE.e1(x)

    short = minimum(X, 1)
    series = [-(S.NegativeOne**k) / (k * sp.factorial(k)) for k in range(1, 22)]
    near = short * horner(short, series) - sp.Float(WIDE.nstr(WIDE.euler, 20), 20) - sp.log(short)
    middle = between(scaled, 1, 3, maximum(minimum(X, 3), 1), 30)
    far = Where(X < 3, middle, beyond(scaled, 3, maximum(X, 3), 32))
    return Where(X < 1, near, sp.exp(-maximum(X, 1)) * far / (maximum(X, 1) + 1))


exp1 = define(
    "exp1", lambda: sp.expint(1, X), "E_1", stable=_exp1, accuracy=1e-15, activation=False, domain="positive",
    slope=lambda: -sp.exp(-X) / X, source=_SOURCE,
)  # fmt: skip


def _expi() -> Expr:
    """gamma + log x + sum x^k / (k k!) for 0 < x < 20, beyond exp(x) / x times a polynomial, and -E_1(-x) for x < 0."""
    short, long = minimum(abs_(X), 20), maximum(X, 20)
    series = [1 / (k * sp.factorial(k)) for k in range(S.One, 75)]
    near = sp.Float(WIDE.nstr(WIDE.euler, 20), 20) + sp.log(short) + short * horner(short, series)
    far = sp.exp(long) / long * beyond(lambda x: x * WIDE.exp(-x) * WIDE.ei(x), 20, long, 26)
    return Where(X < 0, -exp1(abs_(X)), Where(X < 20, near, far))


expi = define(
    "expi", lambda: sp.Ei(X), r"\operatorname{Ei}", stable=_expi, accuracy=1e-13, activation=False, domain="nonzero",
    source=_SOURCE,
)  # fmt: skip


def _dawson(x: Any) -> Any:
    return WIDE.sqrt(WIDE.pi) / 2 * WIDE.exp(-x * x) * WIDE.erfi(x)


def _dawsn() -> Expr:
    """x times a polynomial of x^2 for |x| < 2, one of x for |x| < 4, and one of 1 / x^2 over x beyond."""
    size = abs_(X)
    square, long = minimum(X**2, 4), maximum(size, 4)
    near = X * between(lambda u: _dawson(WIDE.sqrt(u)) / WIDE.sqrt(u), 0, 4, square, 22)
    middle = sign(X) * between(_dawson, 2, 4, maximum(minimum(size, 4), 2), 26)
    far = sign(X) / long * beyond(lambda u: WIDE.sqrt(u) * _dawson(WIDE.sqrt(u)), 16, long**2, 28)
    return Where(size < 2, near, Where(size < 4, middle, far))


def _dawsn_slope() -> Expr:
    """1 - 2 x F(x), by polynomials of its own from |x| = 1 on."""
    size = abs_(X)
    long = maximum(size, 4)
    middle = between(lambda x: 1 - 2 * x * _dawson(x), 1, 4, maximum(minimum(size, 4), 1), 32)
    far = beyond(lambda u: u * (1 - 2 * WIDE.sqrt(u) * _dawson(WIDE.sqrt(u))), 16, long**2, 28) / long / long
    return Where(size < 1, 1 - 2 * X * dawsn(X), Where(size < 4, middle, far))


dawsn = define(
    "dawsn", lambda: dawson(X), "F", stable=_dawsn, accuracy=1e-15, activation=False, slope=lambda: 1 - 2 * X * Y,
    bounded=lambda: steep_dawsn(X), source=_SOURCE,
)  # fmt: skip
steep_dawsn = define(
    "_dawsn", lambda: dawson(X), stable=lambda: dawsn(X), accuracy=1e-15, activation=False, slope=lambda: dawsn_slope(X)
)
dawsn_slope = define(
    "_dawsn_slope", lambda: 1 - 2 * X * dawson(X), stable=_dawsn_slope, accuracy=1e-14, activation=False,
    slope=lambda: -2 * steep_dawsn(X) - 2 * X * Y,
)  # fmt: skip


def _scaled(x: Any) -> Any:
    return WIDE.exp(x * x) * WIDE.erfc(x)


def _erfcx() -> Expr:
    """A quotient of polynomials for 0 < x < 28, the asymptotic series beyond, and 2 exp(x^2) - erfcx(-x) for x < 0."""
    size, below = abs_(X), minimum(X, 0)
    long, near = maximum(size, 28), round_(16 * below) / 16  # of whose square no digit is lost
    series = [sp.factorial2(2 * k - 1) * S.NegativeOne**k for k in range(9)]
    tail = Where(size < 28, erfcx_above(minimum(size, 28)), horner(1 / (2 * long) / long, series) / (long * sp.sqrt(sp.pi)))
    return Where(X < 0, 2 * sp.exp(near**2) * sp.exp((below - near) * (below + near)) - tail, tail)


def _erfcx_slope() -> Expr:
    """2 x erfcx(x) - 2 / sqrt(pi), for x > 1 by a polynomial of its own."""
    low, long = minimum(X, 1), maximum(X, 1)

    def scaled(x: Any) -> Any:
        return x * x * (2 * x * _scaled(x) - 2 / WIDE.sqrt(WIDE.pi))

    middle = between(scaled, 1, 5, minimum(long, 5), 32)
    far = beyond(lambda u: scaled(WIDE.sqrt(u)), 25, maximum(X, 5) ** 2, 30)
    return Where(X < 1, 2 * low * erfcx(low) - 2 / sp.sqrt(sp.pi), Where(X < 5, middle, far) / long / long)


erfcx = define(
    "erfcx", lambda: scaled_erfc(X), stable=_erfcx, accuracy=1e-15, activation=False,
    slope=lambda: 2 * X * Y - 2 / sp.sqrt(sp.pi), bounded=lambda: steep_erfcx(X), source=_SOURCE,
)  # fmt: skip
steep_erfcx = define(
    "_erfcx", lambda: scaled_erfc(X), stable=lambda: erfcx(X), accuracy=1e-15, activation=False, slope=lambda: erfcx_slope(X)
)
erfcx_slope = define(
    "_erfcx_slope", lambda: 2 * X * scaled_erfc(X) - 2 / sp.sqrt(sp.pi), stable=_erfcx_slope, accuracy=1e-14, activation=False,
    slope=lambda: 2 * steep_erfcx(X) + 2 * X * Y,
)  # fmt: skip


def _lambertw() -> Expr:
    """Steps of Halley's for w exp(w) = x, from a series at the branch point -1/e or from logarithms."""
    p = sp.sqrt(2 * (sp.E * X + 1))
    log = sp.log(1 + maximum(X, -S.Half))
    start = log * (1 - sp.log(1 + log) / (2 + log))
    series = horner(p, [-1, 1, -sp.Rational(1, 3), sp.Rational(11, 72), -sp.Rational(43, 540), sp.Rational(769, 17280)])
    w: Any = Where(-sp.Rational(1, 4) > X, series, start)
    for _ in range(3):
        power = sp.exp(w)
        gap = w * power - X
        above = maximum(w + 1, sp.Float("1e-8", 20))
        w = w - gap / (power * above - (above + 1) * gap / (2 * above))
    return w


lambertw = define(
    "lambertw", lambda: sp.LambertW(X), "W_0", stable=_lambertw, accuracy=1e-15, activation=False, domain="branch",
    slope=lambda: sp.exp(-Y) / (1 + Y), source="Corless et al., On the Lambert W function, 1996",
)  # fmt: skip
