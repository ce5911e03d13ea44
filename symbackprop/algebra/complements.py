"""1 - x out of a sum: p = (1 - x)^k q where p vanishes at x = 1, and p = x u + (1 - x) v where p is linear in x.

Sums are written out in the normal form, so that a weight a beside its 1 - a, or (1 - p)^3, is no factor of any term.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, Atom, Factor, Number, Poly, Term, exact, summed_letters
from symbackprop.core.functions import FUNCTIONS

FEWEST = 4  # terms from which on a sum may hold another as a factor
HIGHEST = 4  # powers


class Complement(NamedTuple):
    """p = (1 - x)^power without + x beside.

    x   as a sum of one term.
    """

    x: Factor
    power: int
    without: Poly
    beside: Poly


def complements(a: Algebra, p: Poly, free: set[str]) -> Iterator[Complement]:
    """The ways to take 1 - x out of a sum, for all that it holds to whole powers entry by entry; beside sums, for numbers alone."""
    if len(p.terms) < FEWEST - 1:
        return
    numbers_alone = not is_entrywise(p) or len(p.terms) < FEWEST  # p + (1 - p) u, but h - h z + x as it is
    uses: dict[tuple[Atom, tuple[str, ...]], list[Number]] = {}
    for term in p.terms:
        for f in term:
            if {*f.letters} <= (set() if numbers_alone else free) and len({*f.letters}) == len(f.letters):
                uses.setdefault((f.atom, f.letters), []).append(f.exponent)
    for (atom, letters), exponents in uses.items():
        if len(exponents) > 1 and all(0 < e <= HIGHEST and Fraction(e).denominator == 1 for e in exponents):
            x = Factor(atom, letters, 1)
            found = _divided(a, p, x) if len(set(exponents)) > 1 or len(exponents) < len(p.terms) else None
            found = found or (_linear(a, p, x) if set(exponents) == {1} and len(exponents) < len(p.terms) else None)
            if found is not None:
                yield found


def _divided(a: Algebra, p: Poly, x: Factor) -> Complement | None:
    """p over as many 1 - x as it holds: what stands beside each power of x adds up to nothing."""
    table: dict[Term, dict[int, Fraction]] = {}
    for term, c in p.terms.items():
        own = sum(int(f.exponent) for f in term if _is(f, x))
        table.setdefault(tuple(f for f in term if not _is(f, x)), {})[own] = Fraction(c)
    power = 0
    while all(sum(row.values()) == 0 for row in table.values()):
        table = {rest: _over(row) for rest, row in table.items()}
        power += 1
    if not power:
        return None
    without = sum((a.make(c, [*rest, *_power(x, e)]) for rest, row in table.items() for e, c in row.items() if c), Poly({}))
    return Complement(x, power, without, Poly({}))


def _over(row: dict[int, Fraction]) -> dict[int, Fraction]:
    """The powers of a sum over 1 - x."""
    out, total = {}, Fraction(0)
    for e in range(max(row)):
        total += row.get(e, Fraction(0))
        out[e] = total
    return out


def _linear(a: Algebra, p: Poly, x: Factor) -> Complement | None:
    """p at x = 0 and at x = 1, where the two hold fewer terms than p."""
    without = Poly({term: c for term, c in p.terms.items() if not any(_is(f, x) for f in term)})
    with_x = [(c, [f for f in term if not _is(f, x)]) for term, c in p.terms.items() if any(_is(f, x) for f in term)]
    beside = without + sum((a.make(c, rest) for c, rest in with_x), Poly({}))
    return Complement(x, 1, without, beside) if len(beside.terms) < len(with_x) else None


def _is(f: Factor, x: Factor) -> bool:
    return f.atom is x.atom and f.letters == x.letters


def _power(x: Factor, e: int) -> list[Factor]:
    return [x._replace(exponent=exact(Fraction(e)))] if e else []


def is_slope_of_tanh(a: Algebra, p: Poly) -> bool:
    """Whether a sum is a product of t and 1 - t^2 with what its two terms share, where t is tanh(x) or its name."""
    if len(p.terms) != 2 or sum(p.terms.values()) != 0:
        return False
    one, other = p.terms
    pairs = [(f, less, more) for less, more in ((one, other), (other, one)) for f in less]
    found = [f for f, less, more in pairs if a.make(1, [*less, f._replace(exponent=2)]).terms.keys() == {more}]
    return any(FUNCTIONS["tanh"] in meant(a, f.atom) for f in found)


def meant(a: Algebra, atom: Atom) -> set[Any]:
    """What a value is: a function, or that of which it is the name."""
    return {atom.name, *(known.name for known in a.called.get(atom, ()))}


def is_entrywise(p: Poly) -> bool:
    """Whether nothing in a sum is summed over letters."""
    return not any(map(summed_letters, p.terms))


def one_minus(a: Algebra, x: Factor) -> Poly:
    """1 - x."""
    return ONE - a.make(1, [x])
