"""A sum that is a power of a shorter one: a^2 + 2 a b + b^2 = (a + b)^2, and so of three terms, of cubes and fourth powers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from itertools import combinations, product
from math import comb

from symbackprop.algebra.nets import Entry
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ZERO, Factor, Number, Poly, Term, exact, is_summed

POWERS = tuple((n, m) for m in (2, 3) for n in (2, 3, 4))  # of a sum of m terms


def perfect_power(a: Algebra, p: Poly) -> Entry | None:
    """The sum as a power of a sum of two or three terms, entry by entry; None where it is none."""
    for n, m in POWERS:
        if len(p.terms) != comb(m + n - 1, n):
            continue
        roots = [root for term, c in p.terms.items() if (root := _root(a, term, c, n)) is not None]
        if len(roots) != m:
            continue
        for signs in product((1, -1), repeat=m - 1) if n % 2 == 0 else [(1,) * (m - 1)]:
            root = sum((r.scaled(sign) for r, sign in zip(roots, (1, *signs), strict=True)), ZERO)
            if reduce(a.times, [root] * n) == p:
                letters = sorted(root.letters())
                sizes = root.sizes()
                inner = a.renamed(root, {x: str(k) for k, x in enumerate(letters)})
                return Entry(a.atom("group", "", (inner,), [sizes[x] for x in letters]), tuple(letters), n)
    return None


def squares_within(a: Algebra, p: Poly) -> Iterator[tuple[Number, Entry, Poly]]:
    """c (r + s)^2 and the rest of a sum that has its terms: A - y^2/2 + y m - m^2/2 = A - (y - m)^2/2.

    A square may be that of several roots: 2 a^2 + b^2 + c^2 - 2 a b - 2 a c = (a - b)^2 + (a - c)^2.
    """
    roots = {term: root for term in p.terms if (root := _root(a, term, 1, 2)) is not None} if len(p.terms) > 3 else {}
    crossed = {pair: cross for pair in combinations(roots, 2) if (cross := a.times(*(roots[t] for t in pair)).single())}
    met = {pair: cross[0] for pair, cross in crossed.items() if cross[0] in p.terms}
    for (one, other), twice in reversed(met.items()):  # of equally short sums the last one stays
        k, first, second = (Fraction(p.terms[term]) for term in (twice, one, other))
        even = abs(k) / 2 if first > 0 else -abs(k) / 2
        for c, d in dict.fromkeys(((first, k * k / first / 4), (k * k / second / 4, second), (even, even))):
            left = [term for term, part, all_ in ((one, c, first), (other, d, second)) if part != all_]
            if c * first < 0 or d * second < 0 or abs(c) > abs(first) or abs(d) > abs(second):
                continue
            if any(sum(term in pair for pair in met) < 2 for term in left):  # what is left of a square is of another one
                continue
            own = Poly({one: c, other: d, twice: k})
            square = perfect_power(a, own.scaled(1 / c))
            if square is not None:
                yield exact(c), square, p - own


def _root(a: Algebra, term: Term, c: Number, n: int) -> Poly | None:
    """What a term is the n-th power of; None where it is none."""
    plain = [f for f in term if not any(map(is_summed, f.letters))]
    if any(f.exponent.denominator > 1 or f.exponent.numerator % n for f in plain):
        return None
    front = _number_root(Fraction(c), n)
    if front is None:
        return None
    out = a.make(front, [f._replace(exponent=exact(Fraction(f.exponent) / n)) for f in plain])
    for part, times in Counter(a.make(1, part) for part in apart(term)).items():
        if times % n:
            return None
        for _ in range(times // n):
            out = a.times(out, part)
    return out


def _number_root(c: Fraction, n: int) -> Fraction | None:
    """The n-th root of a number, where it is one of whole numbers."""
    if c < 0 and n % 2 == 0:
        return None
    above, below = (round(abs(k) ** (1 / n)) for k in (c.numerator, c.denominator))
    root = Fraction(above, below) * (1 if c > 0 else -1)
    return root if root**n == c else None


def apart(term: Term) -> Iterator[list[Factor]]:
    """The factors of a product that summed letters tie together."""
    left = [f for f in term if any(map(is_summed, f.letters))]
    while left:
        part, letters = [left.pop()], set[str]()
        while True:
            letters |= {x for f in part for x in f.letters if is_summed(x)}
            more = [f for f in left if not letters.isdisjoint(f.letters)]
            if not more:
                break
            part += more
            left = [f for f in left if f not in more]
        yield part
