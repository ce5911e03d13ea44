"""A product of factors in the one way in which it is written: deltas gone, powers merged, letters named, factors sorted."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice, permutations, product
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.algebra.poly import Atom, Factor, Number, Poly, Term, exact, is_summed, place, places, summed_letters
from symbackprop.core.crossed import parity
from symbackprop.core.functions import FUNCTIONS

ODD = tuple(FUNCTIONS[n] for n in ("tanh", "sin", "tan", "sinh", "arcsin", "arctan", "arcsinh", "arctanh", "erf", "sign"))
EVEN = tuple(FUNCTIONS[n] for n in ("cos", "cosh", "abs"))
MOST_ORDERS = 720  # of summed letters that nothing tells apart
INDICATORS = ("positive", "zero", "delta", "onehot", "tie", "order")  # 0 or 1: powers of them are themselves


def without_deltas(factors: list[Factor]) -> list[Expr]:
    """Take the Kronecker deltas out that tie a summed letter; returns the sizes of sums over nothing."""
    lost, k = [], 0
    while k < len(factors):
        f = factors[k]
        if f.atom.kind != "delta" or not (f.letters[0] == f.letters[1] or any(map(is_summed, f.letters))):
            k += 1
            continue
        del factors[k]
        a, b = f.letters
        old, new = (a, b) if is_summed(a) else (b, a)
        factors[:] = [g.renamed({old: new}) for g in factors]
        if is_summed(new) and not any(new in g.letters for g in factors):
            lost.append(f.atom.shape[0])
        k = 0
    deltas = [f for f in factors if f.atom.kind == "delta"]
    if deltas and all(f.exponent > 0 for f in deltas):
        _first_of_equals(factors)
    return lost


def _first_of_equals(factors: list[Factor]) -> None:
    """Of free letters that deltas tie, the first stands in all other factors: 1[i = j] x_j is 1[i = j] x_i."""
    first: dict[str, str] = {}
    ties: dict[str, Factor] = {}
    for f in factors:
        if f.atom.kind == "delta":
            low, high = sorted(first.get(x, x) for x in f.letters)
            first |= dict.fromkeys((*f.letters, *(x for x, y in first.items() if y == high)), low)
            ties |= dict.fromkeys(f.letters, f)
    swap = {x: y for x, y in first.items() if x != y}
    rest = [f.renamed(swap) for f in factors if f.atom.kind != "delta"]
    factors[:] = [*rest, *(ties[x]._replace(letters=(y, x), exponent=1) for x, y in swap.items())]


def merged(c: Number, factors: list[Factor]) -> tuple[Number, list[Factor], list[Expr]]:
    """Equal atoms with equal letters as one factor; numbers in front; the sizes of letters that lost their last factor."""
    powers: dict[tuple[Atom, tuple[str, ...]], Number] = {}
    for atom, letters, exponent in factors:
        if atom.turns and len(set(letters)) < len(letters) and (exponent > 0 or atom.kind == "turn"):
            return 0, [], []
        if atom.turns and atom.kind != "turn" and exponent.denominator == 1:
            c, letters = c * parity(letters) ** (int(exponent) % 2), tuple(sorted(letters))
        key = atom, tuple(sorted(letters)) if atom.symmetric else letters
        powers[key] = powers[key] + exponent if key in powers else exponent
    left: list[Factor] = []
    for (atom, letters), exponent in powers.items():
        e = exact(exponent)
        if atom.is_hollow and letters[0] == letters[1] and e > 0:
            return 0, [], []
        if e > 0 and (atom.is_binary or atom.kind in INDICATORS):
            e = 1
        elif atom.is_sign and e.denominator == 1:
            e = e % 2
        if atom.kind == "number" and isinstance(atom.name, sp.Integer):
            c, e = _whole(c, int(atom.name), e)
        if e:
            left.append(Factor(atom, letters, e))
    if len(left) == len(powers):
        return exact(c), left, []
    have = {x for f in left for x in f.letters}
    gone = {x: n for atom, letters in powers for x, n in zip(letters, atom.shape, strict=True) if is_summed(x) and x not in have}
    return exact(c), left, list(gone.values())


def learn_symmetry(atom: Atom, ways: Sequence[tuple[Poly, ...]]) -> None:
    """Note what becomes of an atom where its two axes are exchanged, by its arguments in both ways."""
    if len(ways) == 2:
        is_odd = atom.kind == "group" or (atom.kind == "function" and atom.name in ODD)
        is_turned = ways[0] == tuple(-p for p in ways[1])
        atom.symmetric = atom.symmetric or ways[0] == ways[1] or (is_turned and atom.kind == "function" and atom.name in EVEN)
        atom.turns = atom.turns or (is_odd and is_turned)


def two_valued(p: Poly, e: int) -> Poly | None:
    """(a + b y)^e for a number y that is 0 or 1, or -1 or 1; None for any other sum."""
    other = [(term, c) for term, c in p.terms.items() if term]
    if len(other) != 1 or len(p.terms) != 2 or len(other[0][0]) != 1:
        return None
    ((y,), b), a = other[0], Fraction(p.terms[()])
    low = 0 if y.atom.is_binary else -1
    if y.exponent != 1 or not (y.atom.is_binary or y.atom.is_sign) or not (a + b and a + low * b):
        return None
    first, last = ((a + v * Fraction(b)) ** e for v in (low, 1))
    slope = (last - first) / (1 - low)
    return Poly({(y,): slope, (): first - low * slope})


def has_roots(term: Term, c: Number) -> bool:
    """Whether a broken power of a product is the product of the powers, whatever the signs."""
    return c > 0 and all(f.atom.positive or (f.atom.kind == "group" and f.exponent.numerator % 2 == 1) for f in term)


def front_of_all(p: Poly, e: Number) -> tuple[list[Factor], list[tuple[Number, list[Factor]]]]:
    """What comes out of a power of a sum, as a factor of all of it, and the products that are left."""
    found = p.single()
    if found is not None:
        front = _factor_of_all(found[0], e)
        return front, [(found[1], [f for f in found[0] if f not in front])]
    front = _common_factors(p) if e < 0 and e.denominator == 1 else []
    inverse = [f._replace(exponent=exact(-f.exponent)) for f in front]
    return front, [(c, [*term, *inverse]) for term, c in p.terms.items()]


def _common_factors(p: Poly) -> list[Factor]:
    """What all terms of a sum hold above the line, or below it, by the power nearest to 0, where it is summed in none."""
    first, *others = p.terms or ((),)
    found = []
    for f in first:
        powers = [f.exponent, *(next((g.exponent for g in term if g[:2] == f[:2]), 0) for term in others)]
        e = min(powers) if f.exponent > 0 else max(powers)
        if others and e * f.exponent > 0 and e.denominator == 1 and not any(map(is_summed, f.letters)):
            found.append(f._replace(exponent=e))
    return found


def _factor_of_all(term: Term, e: Number) -> list[Factor]:
    """The factors of a sum whose power can stand alone: what is not summed, or a sum by itself, |u|^2 of |u|^2 |v|^2."""
    front = [f for f in term if not any(map(is_summed, f.letters)) and (e.denominator == 1 or f.atom.positive)]
    if front:
        return front
    own, letters = list(term[:1]), {*filter(is_summed, term[0].letters)} if term else set[str]()
    while more := [f for f in term if f not in own and letters.intersection(f.letters)]:
        own += more
        letters |= {x for f in more for x in f.letters if is_summed(x)}
    is_all = len(own) == len(term) or not letters
    return [] if is_all or not (e.denominator == 1 or all(map(_is_never_negative, term))) else own


def _is_never_negative(f: Factor) -> bool:
    """Whether a factor of a real product is."""
    is_even = f.exponent.denominator == 2 or f.exponent.numerator % 2 == 0
    return is_even or f.atom.positive or f.atom.never_negative or f.atom.kind in INDICATORS


def _whole(c: Number, n: int, e: Number) -> tuple[Number, Number]:
    """c n^e with as much of the power in c as is whole, and no root below a line that could stand above: sqrt(3)/3 is 1/sqrt(3)."""
    c = Fraction(c)
    if e.denominator == 1:
        return c * Fraction(n) ** int(e), 0
    while e > 0 and c.denominator % n == 0:
        c, e = c * n, e - 1
    while e < 0 and c and c.numerator % n == 0:
        c, e = c / n, e + 1
    return c, e


def written(c: Number, factors: list[Factor]) -> Poly:
    """c times a product, which is not 0 unless it is a x a."""
    term, sign = canonical(factors)
    return Poly({term: c * sign})


def canonical(factors: list[Factor]) -> tuple[Term, int]:
    """The factors sorted, with names for the summed letters that any other order of writing would give as well, and the sign.

    The sign is -1 where an odd number of e_ijk was turned round by that, and 0 where either sign is right, as of a x a.
    """
    summed = list(summed_letters(factors))
    if not summed:
        return _named(factors, [])
    groups = _told_apart(factors, summed)
    if len(groups) == len(summed):
        return _named(factors, [x for (x,) in groups])
    each = [islice(permutations(group), MOST_ORDERS) for group in groups]  # a product writes all of each down before it begins
    orders = islice(product(*each), MOST_ORDERS)
    made = [_named(factors, [x for group in choice for x in group]) for choice in orders]
    first, sign = min(made, key=lambda one: places(one[0]))
    return first, 0 if (first, -sign) in made else sign


def _named(factors: list[Factor], order: list[str]) -> tuple[Term, int]:
    """The factors sorted, their summed letters numbered in an order, and the sign that this gives them."""
    name = {x: f"~{k}" for k, x in enumerate(order)}
    named = [f.renamed(name) for f in factors]
    sign = 1
    for f in named:
        if _turns(f):
            sign *= parity(f.letters) ** (int(f.exponent) % 2)
    named = [f._replace(letters=tuple(sorted(f.letters))) if f.atom.symmetric or _turns(f) else f for f in named]
    return tuple(sorted(named, key=place)), sign


def _turns(f: Factor) -> bool:
    """Whether a factor may be turned round, with a sign."""
    return f.atom.turns and f.exponent.denominator == 1


def _told_apart(factors: list[Factor], summed: list[str]) -> list[list[str]]:
    """The summed letters in groups that their places tell apart (colour refinement), in a fixed order."""
    if len(summed) == 1:
        return [summed]
    colour = dict.fromkeys(summed, 0)
    own = [f for f in factors if not colour.keys().isdisjoint(f.letters)]
    while True:
        seen: dict[str, list[Any]] = {x: [] for x in summed}
        for f in own:
            swaps, view = f.atom.symmetric or _turns(f), [str(colour.get(x, x)) for x in f.letters]
            shown = f"{f.atom.id:6} {f.exponent} {sorted(view) if swaps else view}"
            for axis, x in enumerate(f.letters):
                if x in seen:
                    seen[x].append(f"{shown} {-1 if swaps else axis} {f.letters.count(x)}")
        keys = {x: (colour[x], sorted(places)) for x, places in seen.items()}
        order: list[Any] = []
        for key in sorted(keys.values()):
            if not order or key != order[-1]:
                order.append(key)
        new = {x: order.index(keys[x]) for x in summed}
        if len(order) in (len(summed), len(set(colour.values()))):
            break
        colour = new
    groups: dict[int, list[str]] = {}
    for x in summed:
        groups.setdefault(new[x], []).append(x)
    return [groups[k] for k in sorted(groups)]
