"""Sums over a line that is a factor of them, (c/s + s/c)/(s^2 + c^2) = 1/(s c), and roots that are one: sqrt(z - 1) sqrt(z + 1)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ZERO, Factor, Poly, Term, exact, place, summed_letters

FEWEST = 2  # terms of what stands below the line


def cancelled(a: Algebra, p: Poly) -> Iterator[Poly]:
    """p with what is a product times what stands below its line as that product."""
    for f in sorted({f for term in p.terms for f in term if f.atom.kind == "group" and f.exponent < 0}, key=place):
        base = a.at(f.atom.args[0], f.letters)
        if len(base.terms) < FEWEST or any(map(summed_letters, base.terms)):
            continue
        over = {tuple(g for g in term if g != f): c for term, c in p.terms.items() if f in term and not summed_letters(term)}
        found = ZERO
        while (m := _quotient(a, over, base)) is not None:
            over = {term: c for term, c in over.items() if term not in a.times(m, base).terms}
            found += m
        if found.terms:
            gone = a.added((c, [*term, f]) for term, c in a.times(found, base).terms.items())
            yield p - gone + a.times(found, a.power(base, exact(f.exponent + 1)))


def with_one_root(a: Algebra, p: Poly) -> Iterator[Poly]:
    """p with sqrt(z^2 - 1) for sqrt(z - 1) sqrt(z + 1), above a line and below it; both are real where the first is."""
    roots = sorted({f for term in p.terms for f in term if f.atom.kind == "group" and f.exponent.denominator == 2}, key=place)
    for f, g in combinations(roots, 2):
        if f.letters != g.letters or f.exponent != g.exponent:
            continue
        base = a.times(a.at(f.atom.args[0], f.letters), a.at(g.atom.args[0], g.letters))
        held = {term: c for term, c in p.terms.items() if f in term and g in term}
        if len(base.terms) == len(f.atom.args[0].terms) == FEWEST and held:
            root = a.power(base, f.exponent)
            made = (a.times(root, a.make(c, [h for h in term if h not in (f, g)])) for term, c in held.items())
            yield sum(made, p - Poly(held))


def _quotient(a: Algebra, over: dict[Term, Fraction | int], base: Poly) -> Poly | None:
    """A product m of which m times a sum is among some terms; None where there is none."""
    (first, c), *_ = base.terms.items()
    inverse = [Factor(g.atom, g.letters, exact(-g.exponent)) for g in first]
    for term, d in over.items():
        m = a.make(Fraction(d) / Fraction(c), [*term, *inverse])
        if len(m.terms) == 1 and all(over.get(t) == k for t, k in a.times(m, base).terms.items()):
            return m
    return None
