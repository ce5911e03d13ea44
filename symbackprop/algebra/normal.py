"""The normal form: the one door to a term.

Commutativity, transposes, traces turned, scalars in front, diagonals, ones, like terms: all of them are this form, none is a
rule. Two equal products are one key, whatever their summed letters were called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count, islice, permutations, product
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.algebra.poly import (
    ONE,
    ZERO,
    Atom,
    Factor,
    Kind,
    Number,
    Poly,
    Term,
    const,
    exact,
    instances,
    is_summed,
    summed_letters,
)  # fmt: skip

REDUCED = "*"  # begins the letters that a reduction runs over
MOST_ORDERS = 720  # of summed letters that nothing tells apart
MOST_OPENED = 3  # terms of a sum whose whole power is written out, up to the fourth


@dataclass(frozen=True)
class Named:
    """What an atom is called: leaf[letters at `places`] to `exponent`."""

    leaf: Atom
    exponent: Number
    places: tuple[int, ...]


@dataclass
class Algebra:
    """The atoms of one program and what is known of them.

    sums     (atom, axis) -> the number that its entries sum to along the axis.
    names    an atom -> the tensor that a person gave that value to.
    used     atoms whose sums were used.
    logsums  a tensor that is a logsumexp -> its argument, and the axes of the atom by the tensor's axes.
    """

    sums: dict[tuple[Atom, int], Number] = field(default_factory=dict)
    names: dict[Atom, Named] = field(default_factory=dict)
    logsums: dict[Atom, tuple[Poly, tuple[int, ...]]] = field(default_factory=dict)
    used: dict[Atom, None] = field(default_factory=dict)
    table: dict[tuple[Any, ...], Atom] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tags = count()

    def atom(self, kind: Kind, name: Any = "", args: tuple[Poly, ...] = (), shape: Sequence[Expr] = ()) -> Atom:
        """The one atom of that kind, name, arguments and shape."""
        key = kind, name, args, tuple(shape)
        if key not in self.table:
            self.table[key] = Atom(kind, name, args, tuple(shape), len(self.table))
        return self.table[key]

    def factor(self, atom: Atom, letters: Iterable[str] = (), exponent: Number = 1) -> Poly:
        """One factor, by the name that a person gave it where there is one."""
        own = tuple(letters)
        named = self.names.get(atom)
        if named is not None:
            return self.make(1, [Factor(named.leaf, tuple(own[k] for k in named.places), exponent * named.exponent)])
        return self.make(1, [Factor(atom, own, exponent)])

    def size(self, n: Expr) -> Poly:
        """A size, or any expression of sizes and numbers, as a product of powers."""
        if isinstance(n, sp.Rational):
            return const(exact(Fraction(int(n.p), int(n.q))))
        if isinstance(n, sp.Add):
            return sum((self.size(part) for part in n.args), ZERO)  # type: ignore[arg-type]
        if isinstance(n, sp.Mul):
            out = ONE
            for part in n.args:
                out = self.times(out, self.size(part))  # type: ignore[arg-type]
            return out
        if isinstance(n, sp.Pow) and isinstance(n.exp, sp.Rational):
            return self.power(self.size(n.base), Fraction(int(n.exp.p), int(n.exp.q)))
        atom = self.atom("number", n)
        atom.positive = True
        return self.factor(atom)

    def delta(self, n: Expr, a: str, b: str) -> Poly:
        return self.factor(self.atom("delta", "I", (), (n, n)), (a, b))

    def make(self, c: Number, factors: Iterable[Factor], over: Mapping[str, Expr] | None = None) -> Poly:
        """c times a product, in normal form.

        over   letters that are summed although perhaps no factor has them: the sum of equal terms is a number of them.
        """
        left = list(factors)
        have = {x for f in left for x in f.letters}
        lost = [n for x, n in (over or {}).items() if x not in have]
        lost += _without_deltas(left)
        c, left, gone = _merged(c, left)
        if c == 0:
            return ZERO
        lost += gone
        for k, f in enumerate(left):
            if f.atom.kind == "group" and f.exponent >= 1:
                return self._times_sizes(self._opened(c, left, k), lost)
        found = self._known(c, left)
        made = found if found is not None else Poly({_canonical(left): c})
        return self._times_sizes(made, lost)

    def _times_sizes(self, p: Poly, sizes: Iterable[Expr]) -> Poly:
        for n in sizes:
            p = self.times(p, self.size(n))
        return p

    def _opened(self, c: Number, factors: list[Factor], k: int) -> Poly:
        """A product with one factor of its k-th group written out."""
        group = factors[k]
        rest = factors[:k] + factors[k + 1 :]
        if group.exponent != 1:
            rest.append(group._replace(exponent=exact(group.exponent - 1)))
        over, out = summed_letters(factors), ZERO
        for term, d in instances(group.atom.args[0], axes(group.letters), self.tags):
            out += self.make(c * d, [*rest, *term], over)
        return out

    def _known(self, c: Number, factors: list[Factor]) -> Poly | None:
        """The product with a sum that is known, or with an inverse that meets its matrix; None where there is none."""
        where: dict[str, list[tuple[int, int]]] = {}
        for k, f in enumerate(factors):
            for axis, x in enumerate(f.letters):
                if is_summed(x):
                    where.setdefault(x, []).append((k, axis))
        for places in where.values():
            k, axis = places[0]
            f = factors[k]
            if len(places) == 1 and f.exponent == 1 and (f.atom, axis) in self.sums:
                alone = {y: n for y, n in summed_letters([f]).items() if len(where[y]) == 1 and y != f.letters[axis]}
                self.used[f.atom] = None
                return self.make(c * self.sums[f.atom, axis], factors[:k] + factors[k + 1 :], alone)
            if len(places) == 2:
                for a, b in (places, places[::-1]):
                    pair = self._inverse_meets(factors, a, b)
                    if pair is not None:
                        return self.make(c / pair[1] if pair[1] != 1 else c, pair[0])
        return None

    def _inverse_meets(self, factors: list[Factor], a: tuple[int, int], b: tuple[int, int]) -> tuple[list[Factor], Fraction] | None:
        """M^-1 M = I."""
        (k, n), (m, axis) = a, b
        f, g = factors[k], factors[m]
        if k == m or f.atom.kind != "inverse" or f.exponent != 1 or g.exponent != 1 or len(g.letters) != 2:
            return None
        found = f.atom.args[0].single()
        if found is None or len(found[0]) != 1 or found[0][0].atom is not g.atom or found[0][0].exponent != 1:
            return None
        straight = found[0][0].letters == ("0", "1")
        if not g.atom.symmetric and (n != axis) != straight:
            return None
        size = f.atom.shape[0]
        tie = Factor(self.atom("delta", "I", (), (size, size)), (f.letters[1 - n], g.letters[1 - axis]), 1)
        return [h for j, h in enumerate(factors) if j not in (k, m)] + [tie], Fraction(found[1])

    def times(self, p: Poly, q: Poly) -> Poly:
        """The product of two polynomials."""
        out: dict[Term, Number] = {}
        for term, c in p.terms.items():
            for other, d in instances(q, {}, self.tags):
                for made, e in self.make(c * d, (*term, *other)).terms.items():
                    out[made] = out.get(made, 0) + e
        return Poly(out)

    def renamed(self, p: Poly, swap: Mapping[str, str]) -> Poly:
        """p with other free letters; all are exchanged at once."""
        if all(x == y for x, y in swap.items()):
            return p
        out: dict[Term, Number] = {}
        for term, c in p.terms.items():
            for made, d in self.make(c, [f.renamed(swap) for f in term]).terms.items():
                out[made] = out.get(made, 0) + d
        return Poly(out)

    def summed(self, p: Poly, letter: str, n: Expr) -> Poly:
        """The sum of p over one of its letters, which runs over n positions."""
        out, own = ZERO, f"~s{next(self.tags)}"
        for term, c in p.terms.items():
            out += self.make(c, [f.renamed({letter: own}) for f in term], {own: n})
        return out

    def at(self, p: Poly, letters: Iterable[str]) -> Poly:
        """An argument of an atom at the letters of its axes."""
        return self.renamed(p, axes(letters))

    def power(self, p: Poly, e: Number) -> Poly:
        """p to a power, entry by entry."""
        e = exact(e)
        if e == 1:
            return p
        if e.denominator == 1 and 0 <= e <= 4 and (e == 0 or len(p.terms) <= MOST_OPENED):
            out = ONE
            for _ in range(int(e)):
                out = self.times(out, p)
            return out
        found = p.single()
        if found is not None and not summed_letters(found[0]) and (e.denominator == 1 or _has_roots(*found)):
            made = self.make(1, [f._replace(exponent=exact(f.exponent * e)) for f in found[0]])
            return self.times(made, self._number_power(Fraction(found[1]), e))
        content = abs(Fraction(p.leading())) or Fraction(1)
        group = self.closed("group", "", (p.scaled(1 / content),), e)
        return self.times(group, self._number_power(content, e))

    def _number_power(self, c: Fraction, e: Number) -> Poly:
        if e.denominator == 1:
            return const(exact(c ** int(e)))
        out = ONE
        for n, sign in ((c.numerator, 1), (c.denominator, -1)):
            root = round(n ** (1 / e.denominator))
            if root**e.denominator == n:
                out = out.scaled(Fraction(root) ** int(e.numerator * sign))
            else:
                out = self.times(out, self.factor(self.atom("number", sp.Integer(n)), (), e * sign))
        return out

    def closed(self, kind: Kind, name: Any, args: Sequence[Poly], exponent: Number = 1, order: Sequence[str] = ()) -> Poly:
        """An atom over polynomials: their free letters become its axes, in the order that makes equal atoms one.

        order   the letters of the axes, where the atom is not indifferent to it.
        """
        sizes = {x: n for p in args for x, n in p.sizes().items() if not is_summed(x)}
        free = [x for x in sorted(sizes) if kind != "reduction" or x[0] != REDUCED]
        orders = [tuple(order)] if order else list(islice(permutations(free), 24))
        made = []
        for choice in orders:
            swap = {x: str(k) for k, x in enumerate(choice)}
            made.append((tuple(self.renamed(p, swap) for p in args), choice))
        turned, choice = min(made, key=lambda pair: tuple(p.key() for p in pair[0])) if len(made) > 1 else made[0]
        return self.factor(self.atom(kind, name, turned, [sizes[x] for x in choice]), choice, exponent)


def axes(letters: Iterable[str]) -> dict[str, str]:
    """The free letters of an atom's arguments -> the letters that its axes have in a product."""
    return {str(k): x for k, x in enumerate(letters)}


def _has_roots(term: Term, c: Number) -> bool:
    """Whether a broken power of a product is the product of the powers, whatever the signs."""
    return c > 0 and all(f.atom.positive or (f.atom.kind == "group" and f.exponent.numerator % 2 == 1) for f in term)


def _without_deltas(factors: list[Factor]) -> list[Expr]:
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
    return lost


def _merged(c: Number, factors: list[Factor]) -> tuple[Number, list[Factor], list[Expr]]:
    """Equal atoms with equal letters as one factor; numbers in front; the sizes of letters that lost their last factor."""
    powers: dict[tuple[Atom, tuple[str, ...]], Number] = {}
    for f in factors:
        key = f.atom, tuple(sorted(f.letters)) if f.atom.swaps else f.letters
        powers[key] = powers.get(key, 0) + f.exponent
    left: list[Factor] = []
    for (atom, letters), exponent in powers.items():
        e = exact(exponent)
        if atom.kind in ("positive", "zero", "delta", "onehot") and e > 0:
            e = 1
        if atom.kind == "number" and isinstance(atom.name, sp.Integer):
            c, e = _whole(c, int(atom.name), e)
        if e:
            left.append(Factor(atom, letters, e))
    have = {x for f in left for x in f.letters}
    gone = {x: n for atom, letters in powers for x, n in zip(letters, atom.shape, strict=True) if is_summed(x) and x not in have}
    return exact(c), left, list(gone.values())


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


def _canonical(factors: list[Factor]) -> Term:
    """The factors sorted, with names for the summed letters that any other order of writing would give as well."""
    summed = list(summed_letters(factors))
    if not summed:
        return tuple(sorted(factors, key=lambda f: f.order))
    best: tuple[Any, Term] | None = None
    for choice in islice(product(*map(permutations, _told_apart(factors, summed))), MOST_ORDERS):
        name = {x: f"~{k}" for k, x in enumerate(y for group in choice for y in group)}
        named = [f.renamed(name) for f in factors]
        named = [f._replace(letters=tuple(sorted(f.letters))) if f.atom.swaps else f for f in named]
        made = tuple(sorted(named, key=lambda f: f.order))
        key = tuple(f.order for f in made)
        if best is None or key < best[0]:
            best = key, made
    assert best is not None
    return best[1]


def _told_apart(factors: list[Factor], summed: list[str]) -> list[list[str]]:
    """The summed letters in groups that their places tell apart (colour refinement), in a fixed order."""
    if len(summed) == 1:
        return [summed]
    colour = dict.fromkeys(summed, 0)
    while True:
        seen: dict[str, list[Any]] = {x: [] for x in summed}
        for f in factors:
            view = [str(colour.get(x, x)) for x in f.letters]
            for axis, x in enumerate(f.letters):
                if x in seen:
                    place = -1 if f.atom.swaps else axis
                    twice = f.letters.count(x)
                    seen[x].append((f.atom.id, f.exponent, place, sorted(view) if f.atom.swaps else view, twice))
        keys = {x: (colour[x], tuple(map(str, sorted(places, key=str)))) for x, places in seen.items()}
        rank = {key: n for n, key in enumerate(sorted(set(keys.values())))}
        new = {x: rank[keys[x]] for x in summed}
        if len(rank) == len(set(colour.values())):
            break
        colour = new
    groups: dict[int, list[str]] = {}
    for x in summed:
        groups.setdefault(new[x], []).append(x)
    return [groups[k] for k in sorted(groups)]
