"""Equal sums that are shorter: the author's values for parts of a sum, and what its atoms satisfy, as long as that shortens it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, count

from symbackprop.algebra.branches import Split, splits
from symbackprop.algebra.cancelled import cancelled, with_one_root
from symbackprop.algebra.densities import with_one_density
from symbackprop.algebra.factoring import MOST_TERMS_LINE, Factoriser
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONLY, Factor, Number, Poly, Term, exact, summed_letters
from symbackprop.algebra.powers import apart
from symbackprop.algebra.reading import NoFormError, Values
from symbackprop.algebra.relations import Relation, relations, replaced
from symbackprop.algebra.solved import Solved, below, eliminated, solved, written
from symbackprop.algebra.together import over_one_line, with_one_log
from symbackprop.core.program import Equation

SHORTER = 8  # relations used one after the other in a line
ON_THE_WAY = 2.0  # how much longer than a line a sum may be that a relation is used in again
OFTEN = 3  # a relation is used in the terms that it gives as well
FEW_TERMS = 3  # of a value that has a name, for products in it to be looked for elsewhere
SOLVED = 4  # tokens that a sum must spare for a part of a value to be said by the value, c as z - m where z = m + c
OF_SIZES = ""  # what is made of no tensor
TRIED = 2  # of the sums that a relation gives, by rough size


@dataclass(frozen=True)
class Rule:
    """What the definition of a value that has a name says.

    relations  a product in it by the value: the value alone, where the product is all of it.
    solved     what it is made of by the value.
    is_product whether it is one product, and no sum.
    """

    name: str
    relations: tuple[Relation, ...]
    solved: tuple[Solved, ...]
    is_product: bool = False


@dataclass
class _Ways:
    """The ways that a sum is shortened in.

    direct   whether no part of a value may be said by the value.
    detours  sums that come of such a way; used: whether one was taken.
    """

    direct: bool = False
    detours: set[Poly] = field(default_factory=set)
    used: bool = False


class Shorter:
    """Shortens sums over the values of one program.

    forward    the values that are no derivatives, in order; `kept` are those that have a name.
    values     the values as sums over some that are kept.
    frontier   the values with lines that the line of one can see.
    """

    def __init__(
        self, algebra: Algebra, equations: Mapping[str, Equation], forward: Collection[str], kept: frozenset[str],
        values: Callable[[frozenset[str]], Values], frontier: Callable[[str, set[str]], frozenset[str]],
    ) -> None:  # fmt: skip
        self.algebra, self.equations, self.kept = algebra, equations, kept
        self.place = {n: k for k, n in enumerate(forward)}
        self._values, self._frontier = values, frontier
        self.rules: dict[tuple[str, frozenset[str]], Rule | None] = {}
        self.readers = self._made_of()
        self.shortened: dict[tuple[Factoriser, Poly, str, frozenset[str]], Poly] = {}

    def shorter(self, name: str, p: Poly, lets: frozenset[str], by: Factoriser) -> Poly:
        """The sum of a value, shorter as it is written by a factoriser, where the values in `lets` have lines."""
        known = frozenset(n for n in lets if n in self.place)  # what has a line and is a gradient says nothing of others
        key = by, p, name if name in known or name in self.kept else "", known
        if key not in self.shortened:
            self.shortened[key] = self._plainest(name, p, known, by)
        return self.shortened[key]

    def _plainest(self, name: str, p: Poly, lets: frozenset[str], by: Factoriser) -> Poly:
        """The shortest sum, but without a detour, y (h - n) as y' - n where y' = y h + (1 - y) n, that spares little."""
        ways = _Ways()
        shortest = self._shortened(name, p, lets, by, ways)
        if not ways.used:
            return shortest
        plain = self._shortened(name, p, lets, by, _Ways(direct=True))
        return plain if by.best(plain)[0] < by.best(shortest)[0] + SOLVED else shortest

    def _shortened(self, name: str, p: Poly, lets: frozenset[str], by: Factoriser, ways: _Ways, by_cases: bool = True) -> Poly:
        for _ in range(SHORTER):
            found = self._tried(name, p, lets, by, ways, by_cases)
            clear = next((q for q in found if len(q.terms) < len(p.terms) and 3 * _rough(q) <= 2 * _rough(p)), None)
            if clear is None:
                costs = [by.best(q)[0] - worth for q, worth in found.items()]
                best = by.best(p)[0] if found else 0
                better = [(cost, len(q.terms), k) for k, (cost, q) in enumerate(zip(costs, found, strict=True))
                          if cost < best - 1 or (cost <= best and len(q.terms) < len(p.terms))]  # fmt: skip
                if not better:
                    break
                clear = list(found)[min(better)[2]]
            ways.used = ways.used or clear in ways.detours
            p = clear
        return p

    def _tried(self, name: str, p: Poly, lets: frozenset[str], by: Factoriser, ways: _Ways, by_cases: bool) -> dict[Poly, int]:
        """The equal sums that are worth a look, the roughly shortest first, and what each is worth: a name is 1.

        by_cases   whether those by cases are among them.
        """
        a, own = self.algebra, {f.atom for term in p.terms for f in term}
        found: list[tuple[Poly | None, int]] = []
        for rule in self._rules(p, lets):
            if rule.name != name:
                said = [(eliminated(a, p, way), 0, not rule.is_product) for way in rule.solved if way.atom in own]
                whole = rule.relations[0] if rule.is_product or len(rule.relations) == 1 else None
                said += [(self._throughout(p, r), int(r is whole), _is_torn(p, r)) for r in rule.relations if r.atoms <= own]
                far = {q for q, _, is_far in said if is_far and q is not None and len(q.terms) >= len(p.terms)}
                ways.detours |= far
                found += [(q, worth) for q, worth, _ in said if not (ways.direct and q in far)]
        found += [(self._by_cases(name, split, lets, by, ways), 0) for split in (splits(a, p) if by_cases else ())]
        found += [(q, 0) for q in chain(cancelled(a, p), with_one_root(a, p), over_one_line(a, p), with_one_log(a, p))]
        found += [(q, 0) for q in with_one_density(a, p, self._opened_all)]
        found += [(self._throughout(p, relation), relation.worth) for relation in relations(a, p.atoms())]
        low, worths = below(p), dict[Poly, int]()
        for q, worth in found:
            if q is not None and q != p and self._is_short(q, p) and below(q) <= low:
                worths[q] = max(worths.get(q, 0), worth)
        return {q: worths[q] for q in sorted(worths, key=_rough)[:TRIED]}

    def _opened_all(self, p: Poly) -> Poly:
        """A sum with all that its values are made of."""
        values = self._values(frozenset())
        for atom in {f.atom: None for term in p.terms for f in term if f.atom.kind == "leaf" and f.atom.name in self.place}:
            own = self.equations[atom.name].target.index
            value = self.algebra.renamed(values.definition(atom.name), {x: str(k) for k, x in enumerate(own)})
            p = written(self.algebra, p, atom, value)
        return p

    def _by_cases(self, name: str, split: Split, lets: frozenset[str], by: Factoriser, ways: _Ways) -> Poly:
        """A sum by what it is in each of two cases."""
        zero, one, none = (self._shortened(name, part, lets, by, ways, False) for part in (split.zero, split.one, split.none))
        return zero + one - none

    @staticmethod
    def _is_short(q: Poly, p: Poly, slack: float = 1.0) -> bool:
        """Whether an equal sum may be looked at in the place of p; slack: by how much a sum may be longer that is on its way."""
        return len(q.terms) <= slack * MOST_TERMS_LINE and _rough(q) <= slack * (1.3 * _rough(p) + 8)

    def _throughout(self, p: Poly, relation: Relation) -> Poly | None:
        """p with a relation used as often as its term stands in a term."""
        q = replaced(self.algebra, p, relation)
        for _ in range(OFTEN):
            if q is None or not self._is_short(q, p, ON_THE_WAY):
                return None
            further = replaced(self.algebra, q, relation)
            if further is None:
                break
            q = further
        return q

    def _definition(self, n: str, lets: frozenset[str]) -> Poly:
        return self._values((self.kept | self._frontier(n, set(lets))) - {n}).definition(n)

    def _rules(self, p: Poly, lets: frozenset[str]) -> Iterator[Rule]:
        """What the definitions of the values that have a name, and are made of some of what a sum is made of, say."""
        near = set[str]().union(*[self.readers.get(tensor, ()) for tensor in (*p.tensors(), OF_SIZES)])
        for n in sorted(near, key=self.place.__getitem__):
            rule = self._rule(n, lets) if n in self.kept or n in lets else None
            if rule is not None:
                yield rule

    def _made_of(self) -> dict[str, set[str]]:
        """For each tensor, the values whose definitions may name it: those below them, as far as the author's values."""
        below, readers = dict[str, set[str]](), dict[str, set[str]]()
        for n in self.place:
            own = below[n] = set[str]()
            for ref in self.equations[n].operands:
                own |= {ref.name} if ref.name in self.kept else {ref.name, *below.get(ref.name, ())}
            for tensor in own or {OF_SIZES}:
                readers.setdefault(tensor, set()).add(n)
        return readers

    def _rule(self, n: str, lets: frozenset[str]) -> Rule | None:
        seen = self._frontier(n, set(lets) - {n})
        if (n, seen) not in self.rules:
            self.rules[n, seen] = self._as_rule(n, seen)
        return self.rules[n, seen]

    def _as_rule(self, n: str, lets: frozenset[str]) -> Rule | None:
        own, leaf = self.equations[n].target.index, self._values(self.kept).leaf(n)
        try:
            p = self._definition(n, lets)
        except NoFormError:
            return None
        ways, found = solved(self.algebra, leaf, own, p), p.single()
        letters = tuple(x for x in own if x != ONLY)
        if found is None:
            return Rule(n, tuple(self._summands(p, self.algebra.factor(leaf, own), letters)), ways)
        term, c = found
        if len(term) == 1 and term[0].atom in self.algebra.names:
            return None
        value = self.algebra.factor(leaf, own)
        found = [Relation(term, letters, value.scaled(1 / Fraction(c))), *self._opened(p, letters, value, lets)]
        return Rule(n, tuple(r for whole in found for r in (whole, *self._summed_part(whole))), ways, True)

    def _opened(self, p: Poly, own: tuple[str, ...], value: Poly, lets: frozenset[str]) -> Iterator[Relation]:
        """A product that has a name, with what another product is called written out: L = g^T v as g^T s/r, where v = s/r."""
        a, last = self.algebra, self.place[next(iter(value.tensors()))]
        for atom in {f.atom: None for term in p.terms for f in term if f.atom.kind == "leaf"}:
            inner = self._rule(atom.name, lets) if self.place.get(atom.name, last) < last else None
            if inner is not None and inner.is_product:
                said = inner.relations[0]
                (scale,) = said.poly.terms.values()
                axes = dict(zip(said.letters, map(str, count()), strict=False))
                found = written(a, p, atom, a.renamed(a.make(1 / Fraction(scale), said.term), axes)).single()
                if found is not None:
                    yield Relation(found[0], own, value.scaled(1 / Fraction(found[1])))

    def _summed_part(self, whole: Relation) -> Iterator[Relation]:
        """A product that has a name, solved for what it sums: s^T g = L (1 + q)/sqrt(q), where L = sqrt(q)/(1 + q) s^T g."""
        summed = list(apart(whole.term))
        front = [f for f in whole.term if not any(f in part for part in summed)]
        if len(summed) == 1 and front and set(whole.letters) <= {x for f in summed[0] for x in f.letters}:
            inverse = [f._replace(exponent=exact(-f.exponent)) for f in front]
            yield Relation(tuple(summed[0]), whole.letters, self.algebra.times(whole.poly, self.algebra.make(1, inverse)))

    def _summands(self, p: Poly, value: Poly, own: tuple[str, ...]) -> Iterator[Relation]:
        """A short sum that has a name, solved for the products in it that hold sums themselves, and for a power: a^2 = a - D."""
        for term, c in p.terms.items() if len(p.terms) <= FEW_TERMS else ():
            if summed_letters(term) or (len(term) == 1 and term[0].exponent > 1):
                rest = value - Poly({u: d for u, d in p.terms.items() if u != term})
                yield Relation(term, own, rest.scaled(1 / Fraction(c)))


def _is_torn(p: Poly, r: Relation) -> bool:
    """Whether a product of entries takes what a term shares with one that goes on in it: o - o t^2 as o - h t, where h = o t."""
    if summed_letters(r.term):
        return False
    held = [term for term in p.terms if r.atoms <= {f.atom for f in term}]
    for rest in p.terms.keys() - held:
        for term in held:
            gone = any(_power(term, f) - abs(f.exponent) < min(_power(term, f), _power(rest, f)) for f in r.term)
            at = {f[:2]: f.exponent for f in term}
            if gone and all(0 < f.exponent <= at.get(f[:2], 0) or 0 > f.exponent >= at.get(f[:2], 0) for f in rest):
                return True
    return False


def _power(term: Term, own: Factor) -> Number:
    """The power of a factor's atom in a term, on the same side of the line."""
    return sum(abs(f.exponent) for f in term if f.atom is own.atom and (f.exponent > 0) == (own.exponent > 0))


def _rough(p: Poly) -> int:
    return sum(2 + sum(1 + len(f.letters) for f in term) for term in p.terms)
