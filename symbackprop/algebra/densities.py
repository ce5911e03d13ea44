"""Normal densities beside each other: S phi(d_1) = K exp(-r T) phi(d_2), where what is between d_1 and d_2 makes it so.

Their quotient is exp((y^2 - x^2)/2); written out, that is a product of powers where the squares leave logarithms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import permutations

from symbackprop.algebra.functions import applied
from symbackprop.algebra.known import Relation
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, Factor, Poly, is_summed, place
from symbackprop.algebra.relations import replaced
from symbackprop.core.functions import FUNCTIONS

MOST_LEFT = 2  # terms of the exponent of a quotient


def with_one_density(a: Algebra, p: Poly, opened: Callable[[Poly], Poly]) -> Iterator[Poly]:
    """p with one density in the place of another; `opened` writes out what an argument is made of."""
    density = FUNCTIONS["normal_pdf"]
    found = {
        f for term in p.terms for f in term if f.atom.name is density and f.exponent == 1 and not any(map(is_summed, f.letters))
    }
    for f, g in permutations(sorted(found, key=place), 2):
        x, y = (opened(a.at(h.atom.args[0], h.letters)) for h in (f, g))
        gap = (a.times(x, x) - a.times(y, y)).scaled(Fraction(1, 2))
        powers, rest = _powers(a, gap)
        if len(gap.terms) > MOST_LEFT or powers == ONE:
            continue
        left = a.times(applied(a, FUNCTIONS["exp"], -rest), a.make(1, [g])).single()
        if left is not None:
            right = a.times(powers, a.make(1 / Fraction(left[1]), [f]))
            made = replaced(a, p, Relation(left[0], (), right))
            if made is not None:
                yield made


def _powers(a: Algebra, gap: Poly) -> tuple[Poly, Poly]:
    """exp of the logarithms in a sum, to whole powers, and what is left of it."""
    powers, rest = ONE, gap
    for term, n in gap.terms.items():
        f: Factor | None = term[0] if len(term) == 1 else None
        if f is not None and f.atom.name is FUNCTIONS["log"] and f.exponent == 1 and n.denominator == 1:
            powers = a.times(powers, a.power(a.at(f.atom.args[0], f.letters), n))
            rest -= Poly({term: n})
    return powers, rest
