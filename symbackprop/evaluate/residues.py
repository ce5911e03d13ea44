"""Numbers modulo a tower of primes, each with a float beside it that decides branches: equality as formulas, not only to 16 digits.

    p0 > p1 > p2 > ...,   p(i+1) divides p(i) - 1,   g(i) has order p(i+1) modulo p(i)
    exp(u) mod p(i) = g(i) ^ (u mod p(i+1)),         so that exp(u + v) = exp(u) exp(v) holds exactly

Each exp uses up one prime. All primes are 7 modulo 8 (and 3, 5 are squares), so that exactly one root of a square is a square
itself: sqrt is multiplicative, and sqrt(exp(u)) = exp(u/2). A logarithm, a sine, an error function is an unknown function of its
argument, with exp(log u) = u. Two formulas that are equal have equal residues wherever these rules suffice to prove it; two that
differ have equal residues with a chance below degree / p (Schwartz 1980). Residues that differ prove nothing: |x| and sqrt(x^2).
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.arithmetic import Arithmetic, entrywise


class RedrawError(ArithmeticError):
    """This point cannot be used: a root of what is no square, a division by zero modulo p."""


class DeeperError(ArithmeticError):
    """More exponentials within one another than primes: begin with more of them."""


# the smallest is at the end; tests prove that they are primes and form a tower
TOWER = (
    323321258176888881290276688164426510591,
    320120057600880080485422463529135159,
    295859572644066617823865493095319,
    2425078464295628014949717156519,
    19877692330292032909423911119,
    202833595207061560300243991,
    494716085870881854390839,
    821787518057943279719,
    3769667514027262751,
)
DEPTHS = (3, 5, 7, 9)  # primes to begin with: as few as the formula needs, since each one costs
GENERATORS = tuple(next(g for g in (pow(a, (p - 1) // q, p) for a in range(2, 99)) if g != 1) for p, q in pairwise(TOWER))
DEGREE_BITS = 10  # a formula of degree up to 1000 is taken for granted in the error probability


class Residue:
    """A number: its float, its residues modulo the first primes, u where it is exp(u), and its exp where it is a logarithm."""

    __slots__ = ("ex", "f", "ln", "r")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, f: float, r: tuple[int, ...], ln: Residue | None = None, ex: Residue | None = None) -> None:
        self.f, self.r, self.ln, self.ex = f, r, ln, ex

    def __add__(self, other: Any) -> Any:
        if isinstance(other, ndarray):
            return NotImplemented
        o = residue(other)
        sum_ = Residue(self.f + o.f, tuple([(a + b) % p for a, b, p in zip(self.r, o.r, TOWER, strict=False)]))
        if self.ex is not None or o.ex is not None:
            sum_.ex = _exp_of_sum(self, o)
        return sum_

    __radd__ = __add__

    def __neg__(self) -> Residue:
        inverse = None if self.ex is None else self.ex.inverse()
        return Residue(-self.f, tuple([-a % p for a, p in zip(self.r, TOWER, strict=False)]), None, inverse)

    def __sub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, ndarray) else self + -residue(other)

    def __rsub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, ndarray) else residue(other) + -self

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, ndarray):
            return NotImplemented
        o = residue(other)
        product = Residue(self.f * o.f, tuple([a * b % p for a, b, p in zip(self.r, o.r, TOWER, strict=False)]))
        if self.ex is not None and o.f == int_or_none(o.f) and abs(o.f) < 64:
            product.ex = self.ex ** int(o.f)
        if self.ln is not None and o.ln is not None:
            product.ln = self.ln + o.ln
        return product

    __rmul__ = __mul__

    def inverse(self) -> Residue:
        if not self.r or not self.r[0] or not self.f:
            raise RedrawError("a division by zero")
        out = []
        for a, p in zip(self.r, TOWER, strict=False):
            if not a:
                break
            out.append(pow(a, -1, p))
        return Residue(1 / self.f, tuple(out), None if self.ln is None else -self.ln)

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, ndarray) else self * residue(other).inverse()

    def __rtruediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, ndarray) else residue(other) * self.inverse()

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
        return Residue(self.f**n, tuple([pow(a, n, p) for a, p in zip(self.r, TOWER, strict=False)]), ln)

    def root(self) -> Residue:
        """The root that is a square itself, modulo each prime down to the first that has none."""
        if self.ln is not None:
            return exp(self.ln / 2)
        if self.f < 0:
            raise RedrawError("the root of a negative number")
        out = []
        for a, p in zip(self.r, TOWER, strict=False):
            b = pow(a, (p + 1) // 4, p)
            if b * b % p != a:
                break
            out.append(b)
        if not out:
            raise RedrawError("the root of what is no square")
        return Residue(math.sqrt(self.f), tuple(out))

    def __float__(self) -> float:
        return self.f

    def __lt__(self, other: Any) -> bool:
        return self.f < float(other)

    def __gt__(self, other: Any) -> bool:
        return self.f > float(other)

    def same(self, other: Any) -> bool:
        """Whether two numbers have the same residue modulo the largest prime."""
        o = residue(other)
        return bool(self.r) and bool(o.r) and self.r[0] == o.r[0]


def int_or_none(x: float) -> int | None:
    """A float as the whole number that it is."""
    return int(x) if math.isfinite(x) and x == int(x) else None


def residue(x: Any) -> Residue:
    """A whole number, a fraction or a boolean as a residue."""
    if type(x) is Residue:
        return x
    q = x if isinstance(x, Fraction) else Fraction(int(x)) if float(x) == int(x) else Fraction(repr(float(x)))
    n, d = q.numerator, q.denominator
    return Residue(float(q), tuple(n % p for p in TOWER) if d == 1 else tuple(n * pow(d, -1, p) % p for p in TOWER))


def _exp_of_sum(a: Residue, b: Residue) -> Residue | None:
    """exp(a + b), where one of them is a logarithm; None where that needs more primes."""
    try:
        return exp(a) * exp(b)
    except DeeperError:
        return None


def exp(x: Residue) -> Residue:
    """exp(x), with one prime fewer."""
    x = residue(x)
    if x.ex is not None:
        return x.ex
    if len(x.r) < 2:
        raise DeeperError
    f = math.exp(x.f) if x.f < 700 else math.inf
    return Residue(f, tuple([pow(g, a, p) for g, a, p in zip(GENERATORS, x.r[1:], TOWER, strict=False)]), x)


def log(x: Residue) -> Residue:
    """log(x): u where x is exp(u), otherwise an unknown function of x."""
    x = residue(x)
    if x.ln is not None:
        return x.ln
    if not x.f > 0:
        raise RedrawError("the logarithm of what is not positive")
    if x.r and x.r[0] == 1:
        return residue(0)
    return Residue(math.log(x.f), unknown("log", x.r), None, x)


def unknown(name: str, r: tuple[int, ...]) -> tuple[int, ...]:
    """The residues of a function of which nothing is known but that equal arguments give equal values."""
    out = []
    for a, p in zip(r, TOWER, strict=False):
        digest = hashlib.blake2b(f"{name} {a}".encode(), digest_size=24).digest()
        out.append(int.from_bytes(digest) % p)
    return tuple(out)


def _odd_or_even(name: str, function: Any, odd: bool) -> Any:
    """An unknown function with f(-x) = -f(x), or f(-x) = f(x)."""

    def apply(x: Any) -> Residue:
        x = residue(x)
        size = x if x.f >= 0 else -x
        value = Residue(function(size.f), unknown(name, size.r))
        return -value if odd and x.f < 0 else value

    return apply


def _two(x: Residue, sign: int) -> Residue:
    e = exp(x)
    return (e + sign * e.inverse()) / 2


def _tanh(x: Residue) -> Residue:
    return 1 - 2 / (exp(residue(x) * 2) + 1)


def _tan(x: Residue) -> Residue:
    return SIN(x) / COS(x)


def _plain(function: Any) -> Any:
    return lambda x: residue(function(residue(x).f))


SIN, COS = _odd_or_even("sin", math.sin, True), _odd_or_even("cos", math.cos, False)


def number(e: Any) -> Residue:
    """An exact SymPy number. Raises RedrawError for one that has no residue."""
    if e.is_Rational:
        return residue(Fraction(int(e.p), int(e.q)))
    if e.is_Float:
        return residue(Fraction(str(e)))
    name = type(e).__name__
    if name in ("Pi", "Exp1"):
        return Residue(float(e), unknown("pi", (0,) * len(TOWER))) if name == "Pi" else exp(residue(1))
    parts = [number(a) for a in e.args]
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


FUNCTIONS: dict[str, Any] = {
    "exp": exp, "log": log, "expm1": lambda x: exp(x) - 1, "log1p": lambda x: log(residue(x) + 1), "tanh": _tanh,
    "cosh": lambda x: _two(x, 1), "sinh": lambda x: _two(x, -1), "sin": SIN, "cos": COS, "tan": _tan,
    "asin": _odd_or_even("asin", math.asin, True), "atan": _odd_or_even("atan", math.atan, True),
    "erf": _odd_or_even("erf", math.erf, True), "asinh": _odd_or_even("asinh", math.asinh, True),
    "atanh": _odd_or_even("atanh", math.atanh, True), "Abs": lambda x: x if residue(x).f >= 0 else -x,
    "sign": _plain(lambda f: (f > 0) - (f < 0)), "floor": _plain(math.floor), "ceiling": _plain(math.ceil),
}  # fmt: skip

RESIDUES = Arithmetic(
    "residues",
    object,
    number,
    {name: entrywise(f) for name, f in FUNCTIONS.items()},
    lambda base, q: entrywise(lambda x: residue(x) ** q)(base),
    entrywise(residue),
)


def drawn(array: ndarray, exact: bool, rng: random.Random, depth: int) -> ndarray:
    """An array of floats as residues: random ones beside each float, or the whole numbers that it holds."""
    out = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        f = float(array[place])
        out[place] = residue(f) if exact else Residue(f, tuple(rng.randrange(1, p) for p in TOWER[:depth]))
    return out


def same(a: ndarray, b: ndarray) -> bool:
    """Whether two arrays of residues have one shape and equal entries."""
    return a.shape == b.shape and all(residue(x).same(y) for x, y in zip(a.flat, b.flat, strict=True))


def error_bits(depth: int, points: int) -> int:
    """-log2 of the chance that different formulas of degree up to 1000 agree at so many points."""
    return points * (TOWER[depth - 1].bit_length() - 1 - DEGREE_BITS)


def tower(depth: int, bits: int, seed: int) -> Iterator[int]:
    """How TOWER was found, smallest first: q, then the least k q + 1 that is a prime of the same kind."""
    rng = random.Random(seed)
    while True:
        chain = [rng.getrandbits(bits) | (1 << (bits - 1)) | 7]
        while good(chain[-1]) and len(chain) < depth:
            q = chain[-1]
            larger = next((k * q + 1 for k in range(2, 40000, 2) if good(k * q + 1)), None)
            if larger is None:
                break
            chain.append(larger)
        if len(chain) == depth and good(chain[-1]):
            yield from chain
            return


def good(p: int) -> bool:
    """Whether p is a prime, 7 modulo 8, modulo which 3 and 5 are squares."""
    return p % 8 == 7 and all(pow(q, (p - 1) // 2, p) == 1 for q in (3, 5)) and is_prime(p)


def is_prime(n: int) -> bool:
    """Miller and Rabin's test with the first 13 primes: proven below 3.3e24 (Sorenson and Webster 2015), else beyond doubt."""
    small = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if n < 2 or any(n % q == 0 for q in small):
        return n in small
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for a in small:
        x = pow(a, d, n)
        if x not in (1, n - 1) and all((x := x * x % n) != n - 1 for _ in range(s - 1)):
            return False
    return True
