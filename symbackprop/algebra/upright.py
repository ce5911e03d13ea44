"""Which way round a sum stands beside other factors, and the number before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from symbackprop.algebra.compared import content
from symbackprop.algebra.complements import meant
from symbackprop.algebra.divisors import PLACES
from symbackprop.algebra.nets import Entry, Nets
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, Atom, Factor, Number, Poly, exact
from symbackprop.algebra.positions import View, tensor_of
from symbackprop.core.functions import FUNCTIONS

Factorise = Callable[[Poly], Nets]
Outline = dict[tuple[int, ...], Number]


def upright(a: Algebra, factorise: Factorise, beside: Sequence[Factor], p: Poly) -> tuple[Number, Poly]:
    """A sum beside factors as a number times a sum.

    s (s - 1) is -s (1 - s), D (2 - 4 a) is 2 D (1 - 2 a), (n - h)/|h - n| is -(h - n)/|h - n|, and so are second differences.
    """
    if _is_slope(a, beside, p) or _turns_a_norm(factorise, beside, p) or _is_turned_stencil(p):
        return -1, -p
    common = content(p) if len(p.terms) > 1 else Fraction(1)
    c = exact(common) if common.denominator == 1 and abs(common) > 1 else 1
    return c, p.scaled(1 / Fraction(c))


def _is_slope(a: Algebra, beside: Sequence[Factor], p: Poly) -> bool:
    """Whether a sum is s - 1, where s stands beside it and lies between 0 and 1."""
    s = (p + ONE).only()
    if len(p.terms) != 2 or s is None or p.terms.get(()) != -1 or s not in beside:
        return False
    return bool({FUNCTIONS["sigmoid"], "softmax"} & meant(a, s.atom))


def _is_turned_stencil(p: Poly) -> bool:
    """Whether a sum is minus a second difference: -r_j + 2 r_{j-1} - r_{j-2}."""
    factors = [f for term in p.terms for f in term]
    views = {tensor_of(f.atom.name) for f in factors if isinstance(f.atom.name, View)}
    is_of_one = len(p.terms) == len(factors) >= PLACES and len(views) == 1 and all(isinstance(f.atom.name, View) for f in factors)
    return is_of_one and 2 * sum(c < 0 for c in p.terms.values()) > len(p.terms)


def _turns_a_norm(factorise: Factorise, beside: Sequence[Factor], p: Poly) -> bool:
    """Whether a sum stands over the norm of what it is minus of."""
    low = [f.atom for f in beside if f.atom.kind == "group" and f.exponent < 0]
    return any(_outline(-p) == _outline_of_square(factorise, atom) for atom in low)


def _outline_of_square(factorise: Factorise, atom: Atom) -> Outline | None:
    """The outline of the sum whose square is printed below a line; None where there is none."""
    nets = factorise(atom.args[0])
    items = nets[0].items if len(nets) == 1 else ()
    squares = [item.atom.args[0] for item in items if isinstance(item, Entry) and item.atom.kind == "group"]
    return _outline(squares[0]) if len(squares) == 1 else None


def _outline(p: Poly) -> Outline:
    """A sum without its letters."""
    return {tuple(f.atom.id for f in term): c for term, c in p.terms.items()}
