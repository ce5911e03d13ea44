"""Numbers modulo a tower of primes, each with a float beside it that decides branches: equality as formulas, not only to 16 digits.

    exp(u + v) = exp(u) exp(v),   cos(u + v) = cos(u) cos(v) - sin(u) sin(v),   sin(u)^2 + cos(u)^2 = 1     hold exactly

Each exp or sine uses up one prime of the tower. Exactly one root of a square is a square itself: sqrt is multiplicative, and
sqrt(exp(u)) = exp(u/2). A logarithm, an arc, an error function is an unknown function of its argument, with exp(log u) = u. Two
formulas that are equal have equal residues wherever these rules suffice to prove it; two that differ have equal residues with a
chance below degree / p (Schwartz 1980). Residues that differ prove nothing: |x| and sqrt(x^2).
"""

from __future__ import annotations

import hashlib
import math
import random
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import numpy as np
from numpy import ndarray

from symbackprop.evaluate.arithmetic import Arithmetic, entrywise, whole_number
from symbackprop.evaluate.towers import Tower, chain, ladder, turned


class RedrawError(ArithmeticError):
    """This point cannot be used: a root of what is no square, a division by zero modulo p."""


class DeeperError(ArithmeticError):
    """More exponentials within one another than primes: begin with more of them."""


class CircleError(ArithmeticError):
    """A sine or a cosine: begin with a ladder of primes."""


CHAINS = tuple(chain(depth) for depth in (3, 5, 7, 9))  # as few primes as the formula needs, since each one costs


@cache
def ladders() -> tuple[Tower, ...]:
    """The towers that have sines, the lowest first."""
    return tuple(ladder(depth) for depth in (2, 3, 4))


class Residue:
    """A number: its float, its residues modulo the first primes of a tower, u where it is exp(u), exp(u) where that is known."""

    __slots__ = ("ex", "f", "ln", "r", "tower")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, f: float, r: tuple[int, ...], tower: Tower, ln: Residue | None = None, ex: Residue | None = None) -> None:
        self.f, self.r, self.tower, self.ln, self.ex = f, r, tower, ln, ex

    def __add__(self, other: Any) -> Any:
        if isinstance(other, ndarray):
            return NotImplemented
        t = self.tower
        o = other if type(other) is Residue else residue(other, t)
        sum_ = Residue(self.f + o.f, tuple([(a + b) % p for a, b, p in zip(self.r, o.r, t.moduli)]), t)  # noqa: B905
        if self.ex is not None or o.ex is not None:
            sum_.ex = _exp_of_sum(self, o)
        return sum_

    __radd__ = __add__

    def __neg__(self) -> Residue:
        inverse = None if self.ex is None else self.ex.inverse()
        return Residue(-self.f, tuple([-a % p for a, p in zip(self.r, self.tower.moduli, strict=False)]), self.tower, None, inverse)

    def __sub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, ndarray) else self + -residue(other, self.tower)

    def __rsub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, ndarray) else residue(other, self.tower) + -self

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, ndarray):
            return NotImplemented
        t = self.tower
        o = other if type(other) is Residue else residue(other, t)
        product = Residue(self.f * o.f, tuple([a * b % p for a, b, p in zip(self.r, o.r, t.moduli)]), t)  # noqa: B905
        if self.ex is not None or o.ex is not None:
            for one, times in ((self, o), (o, self)):  # n log x and -log x, whichever stands first
                if one.ex is not None and times.f == int_or_none(times.f) and abs(times.f) < 64:
                    product.ex = one.ex ** int(times.f)
        if self.ln is not None and o.ln is not None:
            product.ln = self.ln + o.ln
        return product

    __rmul__ = __mul__

    def inverse(self) -> Residue:
        if not self.r or not self.r[0] or not self.f:
            raise RedrawError("a division by zero")
        out = []
        for a, p in zip(self.r, self.tower.moduli, strict=False):
            if not a:
                break
            out.append(pow(a, -1, p))
        return Residue(1 / self.f, tuple(out), self.tower, None if self.ln is None else -self.ln)

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, ndarray) else self * residue(other, self.tower).inverse()

    def __rtruediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, ndarray) else residue(other, self.tower) * self.inverse()

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, ndarray):
            return NotImplemented
        q = Fraction(exponent)
        if q.denominator == 2:
            return self.root() ** q.numerator
        if q.denominator != 1:
            return exp(log(self) * q)
        if q < 0:
            return self.inverse() ** -q.numerator
        n = q.numerator
        ln = None if self.ln is None else self.ln * n
        return Residue(self.f**n, tuple([pow(a, n, p) for a, p in zip(self.r, self.tower.moduli, strict=False)]), self.tower, ln)

    def root(self) -> Residue:
        """The root that is a square itself, modulo each prime down to the first that has none."""
        if self.ln is not None:
            return exp(self.ln / 2)
        if self.f < 0:
            raise RedrawError("the root of a negative number")
        out = []
        for a, p in zip(self.r, self.tower.moduli, strict=False):
            b = pow(a, (p + 1) // 4, p)
            if b * b % p != a:
                break
            out.append(b)
        if not out:
            raise RedrawError("the root of what is no square")
        return Residue(math.sqrt(self.f), tuple(out), self.tower)

    def __float__(self) -> float:
        return self.f

    def __lt__(self, other: Any) -> bool:
        return self.f < float(other)

    def __gt__(self, other: Any) -> bool:
        return self.f > float(other)

    def same(self, other: Any) -> bool:
        """Whether two numbers have the same residue modulo the largest prime."""
        o = residue(other, self.tower)
        return bool(self.r) and bool(o.r) and self.r[0] == o.r[0]


def int_or_none(x: float) -> int | None:
    """A float as the whole number that it is."""
    return int(x) if math.isfinite(x) and x == int(x) else None


def residue(x: Any, tower: Tower) -> Residue:
    """A whole number, a fraction or a boolean as a residue."""
    if type(x) is Residue:
        return x
    q = x if isinstance(x, Fraction) else Fraction(int(x)) if float(x) == int(x) else Fraction(repr(float(x)))
    n, d = q.numerator, q.denominator
    return Residue(float(q), tuple([n % p if d == 1 else n * pow(d, -1, p) % p for p in tower.moduli]), tower)


def _exp_of_sum(a: Residue, b: Residue) -> Residue | None:
    """exp(a + b), where one of them is a logarithm; None where that needs more primes."""
    try:
        return exp(a) * exp(b)
    except DeeperError:
        return None


def exp(x: Residue) -> Residue:
    """exp(x), with one prime fewer."""
    if x.ex is not None:
        return x.ex
    t = x.tower
    r = tuple([pow(g, x.r[k], p) for (g, k), p in zip(t.powers, t.moduli, strict=False) if k < len(x.r)])
    if not r:
        raise DeeperError
    return Residue(math.exp(x.f) if x.f < 700 else math.inf, r, t, x)


def log(x: Residue) -> Residue:
    """log(x): u where x is exp(u), otherwise an unknown function of x."""
    if x.ln is not None:
        return x.ln
    if not x.f > 0:
        raise RedrawError("the logarithm of what is not positive")
    if x.r and x.r[0] == 1:
        return residue(0, x.tower)
    return Residue(math.log(x.f), unknown("log", x.r, x.tower), x.tower, None, x)


def circle(x: Residue) -> tuple[Residue, Residue]:
    """cos(x) and sin(x), with one rung fewer."""
    t = x.tower
    if not t.turns:
        raise CircleError
    found = [turned(turn, x.r[k], p) for (turn, k), p in zip(t.turns, t.moduli, strict=False) if k < len(x.r)]
    if not found:
        raise DeeperError
    c, s = zip(*found, strict=True)
    return Residue(math.cos(x.f), c, t), Residue(math.sin(x.f), s, t)


def unknown(name: str, r: tuple[int, ...], tower: Tower) -> tuple[int, ...]:
    """The residues of a function of which nothing is known but that equal arguments give equal values."""
    out = []
    for a, p in zip(r, tower.moduli, strict=False):
        digest = hashlib.blake2b(f"{name} {a}".encode(), digest_size=64).digest()
        out.append(int.from_bytes(digest) % p)
    return tuple(out)


def _odd(name: str, function: Any) -> Any:
    """An unknown function with f(-x) = -f(x)."""

    def apply(x: Residue) -> Residue:
        size = x if x.f >= 0 else -x
        value = Residue(function(size.f), unknown(name, size.r, x.tower), x.tower)
        return -value if x.f < 0 else value

    return apply


def _two(x: Residue, sign: int) -> Residue:
    e = exp(x)
    return (e + sign * e.inverse()) / 2


def _tan(x: Residue) -> Residue:
    c, s = circle(x)
    return s / c


def _any(name: str, function: Any) -> Any:
    """An unknown function."""
    return lambda x: Residue(function(x.f), unknown(name, x.r, x.tower), x.tower)


def _bessel(name: str) -> Any:
    """J_n or I_n of a whole order, even or odd as the order is."""

    def apply(n: Residue, x: Residue) -> Residue:
        order, size = int(n.f), x if x.f >= 0 else -x
        value = Residue(float(getattr(mpmath, name)(order, size.f)), unknown(f"{name} {order}", size.r, x.tower), x.tower)
        return -value if x.f < 0 and order % 2 else value

    return apply


def _of_order(name: str) -> Any:
    """A function of a whole order, unknown for each."""

    def apply(n: Residue, x: Residue) -> Residue:
        order = int(n.f)
        value = mpmath.psi(order, x.f) if name == "polygamma" else getattr(mpmath, name)(order, x.f)
        return Residue(float(value), unknown(f"{name} {order}", x.r, x.tower), x.tower)

    return apply


def _plain(function: Any) -> Any:
    return lambda x: residue(function(x.f), x.tower)


FUNCTIONS: dict[str, Any] = {
    "exp": exp, "log": log, "expm1": lambda x: exp(x) - 1, "log1p": lambda x: log(x + 1),
    "tanh": lambda x: 1 - 2 / (exp(x * 2) + 1), "cosh": lambda x: _two(x, 1), "sinh": lambda x: _two(x, -1),
    "sin": lambda x: circle(x)[1], "cos": lambda x: circle(x)[0], "tan": _tan,
    "asin": _odd("asin", math.asin), "atan": _odd("atan", math.atan), "erf": _odd("erf", math.erf),
    "asinh": _odd("asinh", math.asinh), "atanh": _odd("atanh", math.atanh), "Abs": lambda x: x if x.f >= 0 else -x,
    "sign": _plain(lambda f: (f > 0) - (f < 0)), "floor": _plain(math.floor), "ceiling": _plain(math.ceil),
    "rint": _plain(round), "acos": _any("acos", math.acos), "acosh": _any("acosh", math.acosh),
    "loggamma": _any("loggamma", math.lgamma), "erfinv": _odd("erfinv", lambda f: float(mpmath.erfinv(f))),
    "Ei": _any("Ei", lambda f: float(mpmath.ei(f))), "LambertW": _any("LambertW", lambda f: float(mpmath.lambertw(f).real)),
    "dawson": _odd("dawson", lambda f: float(mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-f * f) * mpmath.erfi(f))),
    "scaled_erfc": _any("scaled_erfc", lambda f: float(mpmath.exp(f * f) * mpmath.erfc(f))),
}  # fmt: skip


def number(e: Any, tower: Tower) -> Residue:
    """An exact SymPy number. Raises RedrawError for one that has no residue."""
    if e.is_Rational:
        return residue(Fraction(int(e.p), int(e.q)), tower)
    if e.is_Float:
        return residue(Fraction(str(e)), tower)
    name = type(e).__name__
    if name == "Pi":
        return Residue(math.pi, unknown("pi", (0,) * len(tower.moduli), tower), tower)
    if name == "Exp1":
        return exp(residue(1, tower))
    parts = [number(a, tower) for a in e.args]
    if e.is_Add or e.is_Mul:
        total = parts[0]
        for part in parts[1:]:
            total = total + part if e.is_Add else total * part
        return total
    if e.is_Pow and e.args[1].is_Rational:
        return parts[0] ** Fraction(int(e.args[1].p), int(e.args[1].q))
    if name in FUNCTIONS:
        return FUNCTIONS[name](parts[0])
    raise RedrawError(f"{e} has no residue")


@cache
def residues(tower: Tower) -> Arithmetic:
    """The arithmetic modulo the primes of a tower."""

    def of(function: Any, count: int = 1) -> Any:
        return entrywise(lambda *xs: function(*[residue(x, tower) for x in xs]), count)

    return Arithmetic(
        "residues",
        object,
        lambda e: number(e, tower),
        {name: of(f) for name, f in FUNCTIONS.items()}
        | {name: of(_of_order(name), 2) for name in ("polygamma", "besselk", "expint")}
        | {"besselj": of(_bessel("besselj"), 2), "besseli": of(_bessel("besseli"), 2)},
        lambda base, q: of(lambda x: x**q)(base),
        lambda x: _whole(residue(x, tower)),
        of(lambda x: x),
    )


def _whole(x: Residue) -> int | None:
    """The whole number that a residue is, in floats and modulo every prime."""
    n = whole_number(x.f)
    return None if n is None or any(a != n % p for a, p in zip(x.r, x.tower.moduli, strict=False)) else n


def drawn(array: ndarray, exact: bool, rng: random.Random, tower: Tower) -> ndarray:
    """An array of floats as residues: random ones beside each float, or the whole numbers that it holds."""
    out = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        f = float(array[place])
        out[place] = residue(f, tower) if exact else Residue(f, tuple([rng.randrange(1, p) for p in tower.moduli]), tower)
    return out


def same(a: ndarray, b: ndarray, tower: Tower) -> bool:
    """Whether two arrays of residues have one shape and equal entries."""
    a, b = np.asarray(a, dtype=object), np.asarray(b, dtype=object)  # a product of vectors of objects is no array
    return a.shape == b.shape and all(residue(x, tower).same(y) for x, y in zip(a.flat, b.flat, strict=True))
