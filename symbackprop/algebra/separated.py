"""A sum that is a product of sums: what its terms have at one letter alone, times the rest of them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import compress
from operator import not_
from typing import NamedTuple

from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import Number, Poly, Term, exact, places


class Separated(NamedTuple):
    """A sum as the product of `at`, all that it has at a letter alone, and the rest."""

    letter: str
    at: Poly
    rest: Poly


def separated(algebra: Algebra, p: Poly, free: set[str]) -> Iterator[Separated]:
    """Every letter at which the terms have a sum of their own, the same beside all that is left of them, another sum.

    It is so where the table of coefficients has rank one: u_i x_j - u_i y_j - v_i x_j + v_i y_j = (u_i - v_i) (x_j - y_j).
    """
    for letter in sorted(free) if len(p.terms) > 3 else ():
        table: dict[tuple[Term, Term], Number] = {}
        for term, c in p.terms.items():
            own = [{*f.letters} == {letter} for f in term]
            table[tuple(compress(term, own)), tuple(compress(term, map(not_, own)))] = c
        sides = [{key[k] for key in table} for k in (0, 1)]
        if min(map(len, sides)) < 2 or len(sides[0]) * len(sides[1]) != len(table):
            continue
        rows, columns = (sorted(side, key=lambda term: (_degree(term), places(term))) for side in sides)
        first, start = rows[0], table[rows[0], columns[0]]
        if any(table[a, b] * start != table[a, columns[0]] * table[first, b] for a, b in table):
            continue
        scale = (
            start if _degree(rows[1]) > _degree(first) else abs(start)
        )  # a - a^2; x - y has the signs that it has beside the first
        at = algebra.added((exact(Fraction(table[a, columns[0]]) / scale), a) for a in rows)
        yield Separated(letter, at, algebra.added((exact(Fraction(table[first, b] * scale) / start), b) for b in columns))


def _degree(term: Term) -> Number:
    return sum(f.exponent for f in term)
