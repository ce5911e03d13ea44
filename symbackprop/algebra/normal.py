"""The normal form: the one door to a term.

Commutativity, transposes, traces turned, scalars in front, diagonals, ones, like terms: all of them are this form, none is a
rule. Two equal products are one key, whatever their summed letters were called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import islice, permutations
from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.algebra.canonical import front_of_all, has_roots, learn_symmetry, merged, two_valued, without_deltas, written
from symbackprop.algebra.known import Knowledge
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
from symbackprop.algebra.positions import Linear, Spot, halves, is_at_least, linear, never, pairs, ranges, spot_of, viewed

REDUCED = "*"  # begins the letters that a reduction runs over
MOVABLE = ("group", "function", "positive", "zero", "cases", "reduction")  # a letter of theirs may be replaced in their arguments
MOST_OPENED = 3  # terms of a sum whose whole power is written out
HIGHEST_OPENED = 3  # power of a sum that is written out; a higher one stays, since its terms are many and say nothing more


@dataclass
class Algebra(Knowledge):
    """Polynomials of the atoms of one program, by what is known of them."""

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
        if c == 0:
            return ZERO
        whole = tuple(factors)
        if over:
            have = {x for f in whole for x in f.letters}
            lost = [n for x, n in over.items() if x not in have]
            if lost:
                return self._times_sizes(self.make(c, whole), lost)
        return self.once((c, whole), lambda: self._made(c, list(whole)))

    def _made(self, c: Number, left: list[Factor]) -> Poly:
        """c times a product that was not met before."""
        lost = without_deltas(left)
        c, left, gone = merged(c, left)
        if not c:
            return ZERO
        lost += gone
        for k, f in enumerate(left):
            if f.atom.kind == "group" and f.exponent >= 1 and (f.exponent <= HIGHEST_OPENED or len(f.atom.args[0].terms) == 1):
                return self._times_sizes(self._opened(c, left, k), lost)
            placed = self._placed(c, left, k) if f.atom.kind in ("tie", "order") else None
            if placed is not None:
                return self._times_sizes(placed, lost)
        found = self._known(c, left)
        made = found if found is not None else written(c, left)
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
        terms = instances(group.atom.args[0], axes(group.letters), factors)
        return self.added(((c * d, [*rest, *term]) for term, d in terms), summed_letters(factors))

    def _known(self, c: Number, factors: list[Factor]) -> Poly | None:
        """The product with a sum that is known, or with an inverse that meets its matrix; None where there is none."""
        if not self.may_be_known(factors):
            return None
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
        alone = {x for x, places in where.items() if len(places) == 1}
        found = self.wide_sum(factors, alone) if self.wide else None
        if found is None:
            return None
        k, over, total = found
        rest = {y: n for y, n in summed_letters([factors[k]]).items() if y in alone - over}
        return self.make(c * total, factors[:k] + factors[k + 1 :], rest)

    def _inverse_meets(self, factors: list[Factor], a: tuple[int, int], b: tuple[int, int]) -> tuple[list[Factor], Fraction] | None:
        """M^-1 M = I, and Q^T Q = Q Q^T = I."""
        (k, n), (m, axis) = a, b
        f, g = factors[k], factors[m]
        if (
            f.atom.orthogonal
            and f.atom is g.atom
            and k != m
            and n == axis
            and f.exponent == g.exponent == 1
            and len(f.letters) == 2
        ):
            return self._tied(factors, k, m, f.letters[1 - n], g.letters[1 - n]), Fraction(1)
        if k == m or f.atom.kind != "inverse" or f.exponent != 1 or g.exponent != 1 or len(g.letters) != 2:
            return None
        found = f.atom.args[0].single()
        if found is None or len(found[0]) != 1 or found[0][0].atom is not g.atom or found[0][0].exponent != 1:
            return None
        straight = found[0][0].letters == ("0", "1")
        if not g.atom.symmetric and (n != axis) != straight:
            return None
        return self._tied(factors, k, m, f.letters[1 - n], g.letters[1 - axis]), Fraction(found[1])

    def _tied(self, factors: list[Factor], k: int, m: int, x: str, y: str) -> list[Factor]:
        """A product with 1[x = y] in the place of two of its factors."""
        size = factors[k].atom.shape[0]
        tie = Factor(self.atom("delta", "I", (), (size, size)), (x, y), 1)
        return [h for j, h in enumerate(factors) if j not in (k, m)] + [tie]

    def times(self, p: Poly, q: Poly) -> Poly:
        """The product of two polynomials."""
        pairs = ((c * d, (*term, *other)) for term, c in p.terms.items() for other, d in instances(q, {}, term))
        return self.once((p, q), lambda: self.added(pairs))

    def renamed(self, p: Poly, swap: Mapping[str, str]) -> Poly:
        """p with other free letters; all are exchanged at once."""
        if all(x == y for x, y in swap.items()):
            return p
        terms = ((c, [f.renamed(swap) for f in term]) for term, c in p.terms.items())
        return self.once((p, tuple(swap.items())), lambda: self.added(terms))

    def added(self, products: Iterable[tuple[Number, Iterable[Factor]]], over: Mapping[str, Expr] | None = None) -> Poly:
        """The sum of numbers times products."""
        out: dict[Term, Number] = {}
        for c, factors in products:
            for made, d in self.make(c, factors, over).terms.items():
                out[made] = out.get(made, 0) + d
        return Poly(out)

    def summed(self, p: Poly, letter: str, n: Expr) -> Poly:
        """The sum of p over one of its letters, which runs over n positions."""
        return self.added(((c, [f.renamed({letter: "~s"}) for f in term]) for term, c in p.terms.items()), {"~s": n})

    def at(self, p: Poly, letters: Iterable[str]) -> Poly:
        """An argument of an atom at the letters of its axes."""
        return self.renamed(p, axes(letters))

    def power(self, p: Poly, e: Number) -> Poly:
        """p to a power, entry by entry."""
        e = exact(e)
        if e == 1:
            return p
        if e.denominator == 1 and 0 <= e <= HIGHEST_OPENED and (e == 0 or len(p.terms) <= MOST_OPENED):
            out = ONE
            for _ in range(int(e)):
                out = self.times(out, p)
            return out
        valued = two_valued(p, int(e)) if e.denominator == 1 else None
        if valued is not None:
            return valued
        found = p.single()
        if found is not None and not summed_letters(found[0]) and (e.denominator == 1 or has_roots(*found)):
            made = self.make(1, [f._replace(exponent=exact(f.exponent * e)) for f in found[0]])
            return self.times(made, self._number_power(Fraction(found[1]), e))
        front, rest = front_of_all(p, e)
        if front:  # (n^-1 sum x)^e = n^-e (sum x)^e, 1/(a b + a c) = 1/(a (b + c))
            return self.times(self.power(self.make(1, front), e), self.power(self.added(rest), e))
        content = p.content()
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
        atom = self.atom(kind, name, turned, [sizes[x] for x in choice])
        learn_symmetry(atom, [args for args, _ in made] if len(made) == len(choice) == 2 else [])
        return self.factor(atom, choice, exponent)

    def softmax(self, x: Poly, letter: str) -> Poly:
        """The softmax along a letter, which becomes the last axis; it sums to one along it. What lacks it shifts nothing."""
        x = Poly({term: c for term, c in x.terms.items() if any(letter in f.letters for f in term)})
        others = sorted(x.letters() - {letter})
        best = min(
            permutations(others), key=lambda order: self.renamed(x, {y: str(k) for k, y in enumerate([*order, letter])}).key()
        )
        made = self.closed("function", "softmax", (x,), order=[*best, letter])
        found = made.only()
        if found is not None and found.atom.kind == "function":
            self.learn_sum(found.atom, len(others), 1)
            found.atom.positive = True
        return made

    # Positions

    def tie(self, slopes: Mapping[str, Expr], offset: Expr, sizes: Mapping[str, Expr]) -> Poly:
        """1 where the sum of slope * position + offset is 0, otherwise 0."""
        key = "tie", offset, *((x, slope, sizes[x]) for x, slope in slopes.items())
        return self.once(key, lambda: self._tie(slopes, offset, sizes))

    def _tie(self, slopes: Mapping[str, Expr], offset: Expr, sizes: Mapping[str, Expr]) -> Poly:
        form, letters, shape = linear(slopes, offset, sizes)
        if never(form, shape, self.conditions) or (not letters and form.offset.is_zero is False):
            return ZERO
        equal = pairs(form, shape, self.conditions)
        if equal is not None:
            return reduce(self.times, [self.delta(shape[k], letters[k], letters[m]) for k, m in equal], ONE)
        if not letters and (gap := self.size(form.offset)).terms:  # of the step of a loop
            return self.closed("zero", "", (gap if gap.leading() > 0 else -gap,))
        parts = halves(form, shape, self.conditions)
        if parts is not None:
            low, high = (self.tie(dict(zip(letters, part.slopes, strict=True)), S.Zero, sizes) for part in parts)
            return self.times(low, high)
        other = linear({x: -s for x, s in slopes.items()}, -offset, sizes)
        form, letters, shape = min((form, letters, shape), other, key=lambda one: (str(one[0]), one[1]))
        return self.factor(self.atom("tie", form, (), shape), letters)

    def order(self, slopes: Mapping[str, Expr], offset: Expr, sizes: Mapping[str, Expr]) -> Poly:
        """1 where the sum of slope * position + offset is at least 0, otherwise 0."""
        form, letters, shape = linear(slopes, offset, sizes)
        found = ranges(form, shape, self.conditions)
        for k, sign in ((0, 1), (1, -1)):
            e = None if found is None else found[k] if sign > 0 else -found[k] - 1
            if e is not None and is_at_least(e, S.Zero, self.conditions):
                return const(int(sign > 0))
        return self.factor(self.atom("order", form, (), shape), letters)

    def placed(self, kind: str, slopes: Mapping[str, Expr], offset: Expr, sizes: Mapping[str, Expr]) -> Poly:
        return (self.tie if kind == "tie" else self.order)(slopes, offset, sizes)

    def _placed(self, c: Number, factors: list[Factor], k: int) -> Poly | None:
        """A product with its k-th factor, a form of positions, written anew or used up by a sum; None where it stays."""
        f, rest, over = factors[k], factors[:k] + factors[k + 1 :], summed_letters(factors)
        if len(set(f.letters)) < len(f.letters):
            return self._all(self._composed(f, "", Spot(S.Zero)), c, rest, over)
        if f.atom.kind == "order":
            return None
        for n, x in enumerate(f.letters):
            spot = spot_of(f.atom.name, f.letters, f.atom.shape, n, self.conditions) if is_summed(x) else None
            made = None if spot is None else self.placed_in(c, rest, x, spot, over)
            if made is not None:
                return made
        return None

    def _all(self, p: Poly, c: Number, rest: list[Factor], over: Mapping[str, Expr]) -> Poly:
        """c times a product times a polynomial whose summed letters are its own."""
        return self.added(((c * d, [*rest, *term]) for term, d in p.terms.items()), over)

    def placed_at(self, p: Poly, x: str, spot: Spot) -> Poly | None:
        """p with its free letter x at a spot; None where it stands where it cannot be replaced."""
        out = ZERO
        for term, c in p.terms.items():
            made = self.placed_in(c, list(term), x, spot, summed_letters(term))
            if made is None:
                return None
            out += made
        return out

    def placed_in(self, c: Number, factors: list[Factor], x: str, spot: Spot, over: Mapping[str, Expr]) -> Poly | None:
        """c times a product with the letter x at a spot in every factor."""
        done: list[tuple[list[Factor], Number]] = [([f for f in factors if x not in f.letters], c)]
        for f in factors:
            if x not in f.letters:
                continue
            hold = {y: f"^{n}" for n, y in enumerate(dict.fromkeys([*f.letters, *(part.letter for part in spot.parts)]))}
            held = Spot(spot.offset, tuple(part._replace(letter=hold[part.letter]) for part in spot.parts))
            own, at = f.renamed(hold), hold[x]
            p = self.once((own, at, held), lambda own=own, at=at, held=held: self._factor_with(own, at, held))
            if p is None:
                return None
            back = {y: z for z, y in hold.items()}
            done = [([*fs, *inner], d * e) for fs, d in done for inner, e in instances(p, back, [*factors, *fs])]
        return self.added(((d, fs) for fs, d in done), {y: n for y, n in over.items() if y != x})

    def _factor_with(self, f: Factor, x: str, spot: Spot) -> Poly | None:
        """A factor with the letter x at a spot."""
        atom, letters = f.atom, f.letters
        if atom.kind in ("tie", "order", "delta"):
            return self._composed(f, x, spot)
        if atom.kind == "leaf":
            made: tuple[Any, ...] = atom.name, letters, atom.shape
            while x in made[1]:
                made = viewed(*made, made[1].index(x), spot)
            view = self.part(made[0], made[2])
            if view.name == made[0]:
                view.positive, view.is_binary, view.is_sign = atom.positive, atom.is_binary, atom.is_sign
            return self.factor(view, made[1], f.exponent)
        if atom.kind not in MOVABLE or (atom.name == "softmax" and letters[-1] == x):
            return None
        args = [self.placed_at(self.at(p, letters), x, spot) for p in atom.args]
        if None in args:
            return None
        parts: list[Poly] = args  # type: ignore[assignment]
        if atom.name == "softmax":
            return self.power(self.softmax(parts[0], letters[-1]), f.exponent)
        return self.power(parts[0], f.exponent) if atom.kind == "group" else self.closed(atom.kind, atom.name, parts, f.exponent)

    def _composed(self, f: Factor, x: str, spot: Spot) -> Poly:
        """A form of positions with the letter x at a spot; letters that it has twice are collected."""
        form: Linear = f.atom.name if f.atom.kind != "delta" else Linear((S.One, S.NegativeOne), S.Zero)
        sizes = {**dict(zip(f.letters, f.atom.shape, strict=True)), **{part.letter: part.size for part in spot.parts}}
        slopes: dict[str, Expr] = {}
        offset = form.offset
        for y, slope in zip(f.letters, form.slopes, strict=True):
            parts = [(y, S.One)] if y != x else [(part.letter, part.stride) for part in spot.parts]
            offset += slope * spot.offset if y == x else 0
            for z, stride in parts:
                slopes[z] = sp.expand(slopes.get(z, S.Zero) + slope * stride)
        return self.placed("order" if f.atom.kind == "order" else "tie", slopes, offset, sizes)


def axes(letters: Iterable[str]) -> dict[str, str]:
    """The free letters of an atom's arguments -> the letters that its axes have in a product."""
    return {str(k): x for k, x in enumerate(letters)}
