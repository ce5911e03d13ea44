"""Conditions as forms: [a > b], with what is subtracted on the other side, and [a <= x <= b]."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd, lcm

from sympy import Eq, Ge, Gt, Le, Lt, Ne

from symbackprop.algebra.matrix import Form, front_of, is_decimal, negated, number
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, Poly
from symbackprop.core.functions import FUNCTIONS

DENIED = {Eq: Ne, Gt: Le, Lt: Ge}


def sides(a: Algebra, kind: str, gap: Poly, letters: tuple[str, ...]) -> list[Poly]:
    """What a condition is of, at letters: low, x and high of [clip(x, low, high) = x], otherwise what is compared with 0."""
    for f in {f for term in gap.terms for f in term if f.atom.name is FUNCTIONS["clip"]} if kind == "zero" else ():
        x, low, high = (a.at(p, f.letters) for p in f.atom.args)
        if a.make(1, [f]) - x in (gap, -gap):
            return [a.at(p, letters) for p in (low, x, high)]
    return [a.at(gap.scaled(1 / abs(content(gap))) if gap.terms else gap, letters)]  # [a/2 + 1/4 > 0] = [2 a + 1 > 0]


def condition(a: Algebra, kind: str, gap: Poly, letters: tuple[str, ...], write: Callable[[Poly], Form]) -> Form:
    """[gap > 0] or [gap = 0] at letters, or as it was written, where that is shorter: (v - R)^2 > (c - R)^2."""
    made = compared(kind, [write(p) for p in sides(a, kind, gap, letters)])
    if kind != "positive" or gap not in a.sided:
        return made
    written = Form("compare", tuple(write(a.at(p, letters)) for p in a.sided[gap]), Gt)
    return written if written.tokens < made.tokens else made


def content(p: Poly) -> Fraction:
    """The number that comes out of a sum; its sign is such that something is positive afterwards."""
    values = list(p.terms.values())
    numbers = any(n.is_Integer for n in p.sizes().values())
    mixed = numbers and len({c.denominator for c in values}) > 1
    top, bottom = 0, 1
    for c in values:
        top = gcd(top, c.numerator)
        bottom = lcm(bottom, c.denominator)
    k = Fraction(top, bottom)
    if is_decimal(k) and any(abs(c) != k for c in values):  # 0.3 and 0.7
        return Fraction(1)
    if all(c < 0 for c in values) or _denies(p):
        return -k
    return Fraction(1) if mixed and k.numerator == 1 else k  # 1 and 1/4: a mean over four


def _denies(p: Poly) -> bool:
    """Whether p is [x > 0] - 1 or [x = 0] - 1, which is minus what denies it."""
    test = (p + ONE).only()
    return len(p.terms) == 2 and test is not None and test.atom.kind in ("positive", "zero")


def compared(kind: str, parts: Sequence[Form]) -> Form:
    """[x > 0] or [x = 0], with what is subtracted on the other side: [a > b], [a < 1]; of three parts [a <= x <= b]."""
    if len(parts) > 1:
        return Form("compare", tuple(parts), Le)
    (x,) = parts
    front, body = front_of(x)
    if body is not None and front.coefficient > 0 and not (front.tops or front.bottoms):  # [c x > 0] = [x > 0]
        x = body
    sign, sides = Gt if kind == "positive" else Eq, (x, number(0))
    if x.op != "sum" and x.negative and sign is Gt:  # [-m > 0] = [m < 0]
        sign, sides = Lt, (negated(x), number(0))
    above, below = ([p for p in x.parts if p.negative == low] for low in (False, True)) if x.op == "sum" else ([], [])
    if above and below:
        first, second = (
            several[0] if len(several) == 1 else Form("sum", tuple(numbers_first(several)))
            for several in (above, list(map(negated, below)))
        )
        sign, sides = (Lt if sign is Gt else Eq, (second, first)) if first.op == "number" else (sign, (first, second))
    return Form("compare", sides, sign)


def numbers_first(made: Sequence[Form]) -> list[Form]:
    """Two summands, a whole number above 0 before what is above 0 as well: 1 + q."""
    return sorted(made, key=lambda x: not (len(made) == 2 and x.op == "number" and x.given > 0 and x.given.denominator == 1))


def denied(made: Sequence[Form]) -> Form | None:
    """1 - [x = 0] is [x != 0]."""
    if len(made) != 2 or made[0] != number(1) or not made[1].negative:
        return None
    test = negated(made[1])
    return Form("compare", test.parts, DENIED[test.given]) if test.op == "compare" and test.given in DENIED else None
