"""Quotients that are 0 / 0 at 0 and have a limit there, such as (exp(x) - 1)/x: rows that are made where compiled code needs one.

Near 0 each is its Taylor polynomial, whose coefficients are worked out of the values on a circle; its slopes are such rows as well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from typing import Any, NamedTuple

import sympy as sp
from sympy import S

from symbackprop.core.functions.elementary import abs_
from symbackprop.core.functions.near_zero import expm1, log1p
from symbackprop.core.functions.row import TableFunction, X, define
from symbackprop.core.functions.where import Where

V: Any = sp.Dummy("v", real=True)  # the argument of a quotient, before it is a row
DEGREE, DIGITS = 24, 60  # of the polynomials, and what their coefficients are worked out with
NEAR = (1, S.Half, S.One / 4, S.One / 8)  # how far from 0 a polynomial may stand, the farthest first
SMALL = 1e-18  # of what the polynomial leaves out, beside its largest coefficient


class Quotient(TableFunction):
    """A quotient, or a slope of one.

    quotient   the expression in V.
    order      0: the quotient itself, 1: its slope, and so on.
    """

    quotient: Any
    order: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _applied, (self.quotient.xreplace({V: X}), self.order, *self.args)


def quotient_of(quotient: Any) -> Callable[[Any], Any] | None:
    """The row of an expression in V that is 0 / 0 at 0; None where it is none, has no limit, or one that is too near to a pole."""
    return None if _taylor(quotient) is None else _row(quotient, 0)


@cache
def _row(quotient: Any, order: int) -> type[Quotient]:
    taylor = _taylor(quotient)
    assert taylor is not None
    for _ in range(order):
        taylor = taylor.slope()
    near, formula = abs_(X) < taylor.within, quotient.diff(V, order) if order else quotient

    def stable() -> Any:
        return Where(near, taylor.at(X), formula.xreplace({V: Where(near, 1, X)}))

    name = f"_quotient_{sha256(str(quotient.xreplace({V: X})).encode()).hexdigest()[:6]}{'_d' * order}"
    slope = partial(_applied, quotient.xreplace({V: X}), order + 1, X)
    found: Any = define(
        name, lambda: formula.xreplace({V: X}), stable=stable, slope=slope, base=Quotient, activation=False, domain="positive"
    )
    found.quotient, found.order = quotient, order
    return found


def _applied(quotient: Any, order: int, *arguments: Any) -> Any:
    return _row(quotient.xreplace({X: V}), order)(*arguments)


class _Taylor(NamedTuple):
    """A polynomial that a quotient is, as far from 0 as `within`."""

    coefficients: tuple[Any, ...]
    within: Any

    def slope(self) -> _Taylor:
        return _Taylor(tuple(k * c for k, c in enumerate(self.coefficients))[1:], self.within)

    def at(self, v: Any) -> Any:
        """Its value, by powers of v^2 where it has no others."""
        step = 2 if not any(self.coefficients[1::2]) else 1
        value: Any = S.Zero
        for c in reversed(self.coefficients[::step]):
            value = c + v**step * value
        return value


@cache
def _taylor(quotient: Any) -> _Taylor | None:
    """The Taylor polynomial of a quotient of V that is 0 / 0 at 0; None where it is no such quotient, or has a pole."""
    import mpmath

    above, below = sp.fraction(
        sp.together(quotient.replace(expm1, lambda x: sp.exp(x) - 1).replace(log1p, lambda x: sp.log(1 + x)))
    )
    if not below.has(V) or below.subs(V, 0) != 0 or above.subs(V, 0) != 0:
        return None

    def sides(v: Any) -> tuple[Any, Any]:
        return _at(above, v, mpmath), _at(below, v, mpmath)

    with mpmath.workdps(DIGITS):
        try:
            found = _divided(*_series(sides, mpmath), mpmath)
        except (ValueError, ZeroDivisionError, TypeError):
            return None
        largest = max(map(abs, found), default=0)
        for within in NEAR if found else ():
            reach = [abs(c) * mpmath.mpf(within) ** k * k**2 for k, c in enumerate(found)]  # as the slope's slope needs it
            degree = next((k for k in range(2, DEGREE) if sum(reach[k + 1 :]) < SMALL * largest), None)
            if degree is not None:
                taylor = _Taylor(tuple(sp.Float(c, 20) if c else S.Zero for c in found[: degree + 1]), within)
                return taylor if _holds(taylor, found[: degree + 1], sides, mpmath) else None
    return None


def _at(e: Any, v: Any, mpmath: Any) -> Any:
    """An expression in V at a number of mpmath's. TypeError for what mpmath does not have by SymPy's name."""
    if e == V:
        return v
    if e.is_number and not e.args:
        return e._to_mpmath(mpmath.mp.prec)
    parts = [_at(part, v, mpmath) for part in e.args]
    if e.is_Add or e.is_Mul:
        return (mpmath.fsum if e.is_Add else mpmath.fprod)(parts)
    function = getattr(mpmath, "power" if e.is_Pow else type(e).__name__, None)
    if function is None:
        raise TypeError(e)
    return function(*parts)


def _series(sides: Any, mpmath: Any) -> tuple[list[Any], list[Any]]:
    """The first coefficients of two power series, by the values on a circle around 0."""
    points, radius = 128, mpmath.mpf(1) / 4
    turns = [mpmath.expjpi(mpmath.mpf(2 * k) / points) for k in range(points)]
    both = zip(*(sides(radius * turn) for turn in turns), strict=True)
    above, below = ([_coefficient(values, turns, k, radius, mpmath) for k in range(DEGREE + 12)] for values in both)
    return above, below


def _coefficient(values: Any, turns: list[Any], k: int, radius: Any, mpmath: Any) -> Any:
    around = mpmath.fsum(v * mpmath.conj(turns[j * k % len(turns)]) for j, v in enumerate(values))
    return _rounded(mpmath.re(around) / len(turns) / radius**k, mpmath)


def _rounded(c: Any, mpmath: Any) -> Any:
    return c if abs(c) > mpmath.mpf(10) ** (-DIGITS // 2) else mpmath.mpf(0)


def _divided(above: list[Any], below: list[Any], mpmath: Any) -> list[Any]:
    """The coefficients of a quotient of power series; none where it has a pole."""
    zeros = next((k for k, c in enumerate(below) if c), DEGREE)
    if zeros > 8 or any(above[:zeros]):
        return []
    n, d, found = above[zeros:], below[zeros:], list[Any]()
    for k in range(DEGREE + 2):
        found.append(_rounded((n[k] - mpmath.fsum(found[j] * d[k - j] for j in range(k))) / d[0], mpmath))
    return found


def _holds(taylor: _Taylor, coefficients: list[Any], sides: Any, mpmath: Any) -> bool:
    """Whether a polynomial is the quotient as far as it reaches: a pole or a branch that is too near is found here."""
    for share in (-1, -0.6, -0.1, 0.1, 0.6, 1):
        v = mpmath.mpf(taylor.within) * share
        above, below = sides(v)
        if abs(mpmath.polyval(coefficients[::-1], v) - above / below) > 1e-17 * max(abs(above / below), abs(coefficients[0])):
            return False
    return True
