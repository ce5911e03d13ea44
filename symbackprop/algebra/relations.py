"""Equal sums that may be shorter: a value by its name, a value instead of what it was made of, what an atom satisfies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain, permutations
from typing import Any

from symbackprop.algebra.complements import meant
from symbackprop.algebra.functions import applied, clip_of, pow_of
from symbackprop.algebra.known import Relation
from symbackprop.algebra.normal import REDUCED, Algebra
from symbackprop.algebra.poly import (
    ONE,
    ONLY,
    ZERO,
    Atom,
    Factor,
    Number,
    Poly,
    Term,
    const,
    exact,
    instances,
    is_summed,
    summed_letters,
)
from symbackprop.algebra.solved import written
from symbackprop.core.functions import FUNCTIONS

EXTREMA = (FUNCTIONS["maximum"], FUNCTIONS["minimum"])
MOST_STEPS = 3_000  # of a search for a term in another; what is not found by then is not replaced
EXPECTED = 4  # sigmoid(x) (1 - sigmoid(x)), not exp(-x) sigmoid(x)^2


# The rows: what an atom satisfies, solved for each product in it


def _group(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """B B^e = B^(e + 1), for each term of B; e_t x / (x^T e_t) = e_t; (q^(1/2))^2 = q."""
    yield from _picked(a, atom)
    yield from _normalised(a, atom)
    yield from _turned_exponential(a, atom)
    (base,), own = atom.args, _own(atom)
    root = a.names.get(atom)
    if root is not None and base.only() is not None:  # r = sqrt(q): r^2 = q, above a line and below it
        letters = tuple(own[k] for k in root.places)
        for e in (1, -1):
            named = Factor(root.leaf, letters, exact(e * root.exponent))
            yield from _solved(a, [named], own, a.power(base, e))
            value, left = a.power(base, e).only(), a.factor(root.leaf, letters, exact(e * (root.exponent - 1)))
            if value is not None:  # q/r = r
                yield from _solved(a, [value, Factor(root.leaf, letters, -e)], own, left)
    for e in (Fraction(-1), Fraction(-1, 2), Fraction(-3, 2)):
        for term, c in base.terms.items():
            rest = base - Poly({term: c})
            right = a.factor(atom, own, e + 1) - a.times(rest, a.factor(atom, own, e))
            power = a.factor(atom, own, e).only() or Factor(atom, own, e)  # by its name: e p = 1 - p of p = 1/(1 + e)
            is_gate = e == -1 and root is not None and len(term) == 1 and FUNCTIONS["exp"] in meant(a, term[0].atom)
            yield from _solved(a, [*term, power], own, right.scaled(1 / Fraction(c)), EXPECTED if is_gate else 0)


def _picked(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """What a one-hot vector picks, over the entry that it picks; e_t/(x^T e_t) = e_t/x, where x is positive."""
    found = atom.args[0].single()
    if found is None or len(summed_letters(found[0])) != 1:
        return
    (own,) = summed_letters(found[0])
    swap = {own: "k"}
    for f in found[0]:
        if f.atom.kind == "onehot" and f.exponent == 1 and f.letters[-1] == own:
            letters = (*_own(atom), "k")
            term = a.make(1, [*(g.renamed(swap) for g in found[0]), Factor(atom, _own(atom), -1)]).single()
            if term is not None and set(letters) <= {x for g in term[0] for x in g.letters}:
                yield Relation(term[0], letters, a.make(1 / Fraction(found[1]), [f.renamed(swap)]))
            if all(g.atom.positive for g in found[0] if g is not f):
                below = [g.renamed(swap)._replace(exponent=exact(-g.exponent)) for g in found[0] if g is not f]
                right = a.make(1 / Fraction(found[1]), [f.renamed(swap), *below])
                yield from _solved(a, [f.renamed(swap), Factor(atom, _own(atom), -1)], letters, right)


def _normalised(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """exp(x)/sum(exp(x)) = softmax(x)."""
    found, own = atom.args[0].only(), _own(atom)
    if found is None or found.atom.name is not FUNCTIONS["exp"] or found.exponent != 1:
        return
    (summed, *more) = summed_letters([found])
    if not more and found.letters.count(summed) == 1:
        f = found.renamed({summed: "k"})
        softmax = a.softmax(a.at(f.atom.args[0], f.letters), "k")
        yield from _solved(a, [f, Factor(atom, own, -1)], (*own, "k"), softmax)


def _turned_exponential(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """1/(a + b exp(x)) = (1 - b/(a exp(-x) + b))/a."""
    (base,), own, first = atom.args, _own(atom), Fraction(atom.args[0].terms.get((), 0))
    for (f, *more), b in [(term, c) for term, c in base.terms.items() if term] if first and len(base.terms) == 2 else []:
        if not more and f.atom.name is FUNCTIONS["exp"] and f.exponent == 1 and not any(map(is_summed, f.letters)):
            other = applied(a, FUNCTIONS["exp"], -a.at(f.atom.args[0], f.letters)).scaled(first) + const(b)
            yield from _solved(a, [Factor(atom, own, -1)], own, (ONE - a.power(other, -1).scaled(b)).scaled(1 / first))


def _pow(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """B B^x = B^(x + 1), for each term of B; B^x = y/B where y = B^(x + 1) has a name."""
    base, exponent = atom.args
    own, more = _own(atom), pow_of(a, base, exponent + const(1))
    whole = more.only()
    if whole is not None and whole.atom.kind == "leaf":
        yield from _solved(a, [Factor(atom, own, 1)], own, a.times(more, a.power(base, -1)))
    for term, c in base.terms.items():
        if term:
            right = more - a.times(base - Poly({term: c}), a.factor(atom, own))
            yield from _solved(a, [*term, Factor(atom, own, 1)], own, right.scaled(1 / Fraction(c)))


def _clip(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """t sign(r) [|r| > t] = clip(r, -t, t) - r + r [|r| > t], and so for [t > |r|], for t >= 0; both over t as well."""
    (gap,), own = atom.args, _own(atom)
    for term, c in gap.terms.items():
        if abs(c) != 1 or len(term) != 1 or term[0].atom.name is not FUNCTIONS["abs"] or term[0].exponent != 1:
            continue
        r, bound = a.at(term[0].atom.args[0], term[0].letters), Poly({term: 1}) - gap.scaled(c)
        test, sign = a.factor(atom, own), applied(a, FUNCTIONS["sign"], r)
        if _is_positive(bound):
            clipped, ends = clip_of(a, r, bound), a.times(sign, bound)
            right = a.times(r, test) + (clipped - r if c > 0 else ends - clipped)
            for factor in (ONE, *([a.power(bound, -1)] if bound.number() is None else [])):
                left = a.times(a.times(a.times(test, sign), bound), factor).single()
                if left is not None:
                    yield Relation(left[0], own, a.times(right, factor).scaled(1 / Fraction(left[1])))


def _equal(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """clip(x, low, high) [low <= x <= high] = x [low <= x <= high]."""
    (gap,), own = atom.args, _own(atom)
    for term, c in gap.terms.items():
        if len(term) == 1 and term[0].atom.name is FUNCTIONS["clip"] and term[0].exponent == 1:
            x = Poly({term: 1}) - gap.scaled(1 / Fraction(c))
            yield from _solved(a, [term[0], Factor(atom, own, 1)], own, a.times(x, a.factor(atom, own)))


def _sign(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """|x| sign(x) = x."""
    (x,), own = atom.args, _own(atom)
    left = a.times(applied(a, FUNCTIONS["abs"], x), a.factor(atom, own)).single()
    if left is not None and len(left[0]) == 2:
        yield Relation(left[0], own, x.scaled(1 / Fraction(left[1])))


def _rectified(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """m [m > 0] = m where m is never negative."""
    found, own = atom.args[0].only(), _own(atom)
    if found is not None and found.atom.never_negative and found.exponent == 1:
        yield from _solved(a, [found, Factor(atom, own, 1)], own, a.make(1, [found]))


def _extremum(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """max(x, y) [x > y] = x [x > y], which max(x, 0) says alone, and so for the other side and for min."""
    first, second = atom.args
    own, whole = _own(atom), a.factor(atom, _own(atom))
    for x, y in ((first, second), (second, first)):
        chosen, other = (x, y) if atom.name is EXTREMA[0] else (y, x)
        test = applied(a, "positive", x - y)
        left = a.times(whole, test).single()
        if left is not None and len(left[0]) > 1:
            right = a.times(chosen, test) if other.terms else whole
            yield Relation(left[0], own, right.scaled(1 / Fraction(left[1])))


def _decided(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """[x > y] [f(max(x, y)) > 0] = [x > y] [f(x) > 0], and so for each extremum in a test."""
    (gap,), own = atom.args, _own(atom)
    for inner in sorted({f.atom for term in gap.terms for f in term if f.atom.name in EXTREMA}, key=lambda b: b.id):
        places = {f.letters for term in gap.terms for f in term if f.atom is inner}
        if len(places) > 1:
            continue
        first, second = (a.at(p, next(iter(places))) for p in inner.args)
        for large, small in ((first, second), (second, first)):
            test = applied(a, "positive", large - small)
            chosen = large if inner.name is EXTREMA[0] else small
            left = a.times(test, a.factor(atom, own)).single()
            if left is not None and len(left[0]) > 1:
                value = a.renamed(chosen, {x: str(n) for n, x in enumerate(next(iter(places)))})
                right = a.times(test, applied(a, "positive", written(a, gap, inner, value)))
                yield Relation(left[0], own, right.scaled(1 / Fraction(left[1])))


def _is_positive(p: Poly) -> bool:
    """Whether a single product is known to be positive."""
    found = p.single()
    return found is not None and found[1] > 0 and all(f.atom.positive for f in found[0])


def _inverse(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """M^-1 M = I, for each term of M where there are several, or several factors: (X^T X)^-1 X^T X = I."""
    (m,) = atom.args
    found = m.single()
    if found is not None and len(found[0]) < 2:
        return

    def product(term: Term) -> list[Factor]:
        return [Factor(atom, ("x", "~m"), 1), *(f.renamed({"0": "~m", "1": "y"}) for f in term)]

    for term, c in m.terms.items():
        right = a.delta(atom.shape[0], "x", "y")
        for other, d in m.terms.items():
            if other != term:
                right -= a.make(d, product(other))
        yield from _solved(a, product(term), ("x", "y"), right.scaled(1 / Fraction(c)))


def _pseudoinverse(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """X^+ X = I and X^T X X^+ = X^T, where the columns of X are independent."""
    found = atom.args[0].only()
    if atom.name != "pinv" or found is None or found.exponent != 1:
        return

    def x(row: str, col: str) -> Factor:
        return found.renamed({f"{REDUCED}0": row, f"{REDUCED}1": col})

    yield from _solved(a, [Factor(atom, ("x", "~m"), 1), x("~m", "y")], ("x", "y"), a.delta(atom.shape[0], "x", "y"))
    yield from _solved(a, [x("~m", "x"), x("~m", "~n"), Factor(atom, ("~n", "y"), 1)], ("x", "y"), a.make(1, [x("y", "x")]))


def _sigmoid(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """exp(-x) sigmoid(x) = 1 - sigmoid(x), and exp(x) sigmoid(x) = exp(x) - sigmoid(x)."""
    (x,), own = atom.args, _own(atom)
    value = a.factor(atom, own)
    above, below = (applied(a, FUNCTIONS["exp"], y) for y in (x, -x))
    for power, right in ((below, ONE - value), (above, above - value)):
        left = a.times(power, value).single()
        if left is not None:
            yield Relation(left[0], own, right.scaled(1 / Fraction(left[1])), EXPECTED)


ROWS: dict[Any, Callable[[Algebra, Atom], Iterator[Relation]]] = {
    "group": _group,
    "pow": _pow,
    "positive": lambda a, atom: chain(_clip(a, atom), _rectified(a, atom), _decided(a, atom)),
    "inverse": _inverse,
    "factor": _pseudoinverse,
    "zero": _equal,
    **dict.fromkeys(EXTREMA, _extremum),
    FUNCTIONS["sign"]: _sign,
    FUNCTIONS["sigmoid"]: _sigmoid,
}
"""By the kind of the atom, or the function."""


def relations(a: Algebra, atoms: set[Atom]) -> Iterator[Relation]:
    """What the atoms satisfy, those that have a name included."""
    yield from (relation for relation in a.products if relation.atoms <= atoms)
    called = {atom for leaf in atoms for atom in a.called.get(leaf, ())}
    for atom in sorted(atoms | called, key=lambda b: b.id):
        if atom in a.masks:
            yield from _masked(a, atom)
        row = ROWS.get(atom.kind) or (ROWS.get(atom.name) if atom.kind == "function" else None)
        if row is not None:
            yield from a.once(("relations", atom), lambda row=row, atom=atom: tuple(row(a, atom)))
    for zero in sorted((atom for atom in atoms if atom.kind == "zero"), key=lambda b: b.id):
        for test in sorted((atom for atom in atoms if atom.kind == "positive"), key=lambda b: b.id):
            yield from a.once(("tests", zero, test), lambda zero=zero, test=test: tuple(_of_a_multiple(a, zero, test)))


def _of_a_multiple(a: Algebra, zero: Atom, test: Atom) -> Iterator[Relation]:
    """[g = 0][m g > 0] = 0, and m [g = 0] = m [m g = 0] = m (1 - [m g > 0] - [-m g > 0])."""
    (gap,), (whole,), own = zero.args, test.args, _own(test)
    for places in permutations(range(len(own)), len(zero.shape)):
        if any(test.shape[k] != extent for k, extent in zip(places, zero.shape, strict=True)):
            continue
        letters = tuple(own[k] for k in places)
        g = a.at(gap, letters)
        m = next((m for m in _quotients(a, whole, g) if a.times(m, g) == whole), None)
        if m is not None:
            none, above = a.factor(zero, letters), a.factor(test, own)
            yield from _solved(a, [Factor(zero, letters, 1), Factor(test, own, 1)], own, ZERO)
            found = a.times(m, none).single()
            if found is not None:
                below = applied(a, "positive", -whole)
                yield from _solved(a, [*found[0]], own, a.times(m, ONE - above - below).scaled(1 / Fraction(found[1])))


def _quotients(a: Algebra, p: Poly, q: Poly) -> Iterator[Poly]:
    """What a sum may be over another, by the first term of that one."""
    first, c = next(iter(q.terms.items()), ((), 1))
    inverse = [f._replace(exponent=-f.exponent) for f in first]
    for term, d in p.terms.items():
        yield a.make(Fraction(d) / Fraction(c), [*term, *inverse])


def _masked(a: Algebra, atom: Atom) -> Iterator[Relation]:
    """E M = E where E is a multiple of M, which is 0 or 1."""
    mask, places = a.masks[atom]
    own = _own(atom)
    value = Factor(atom, own, 1)
    yield from _solved(a, [value, Factor(mask, tuple(own[k] for k in places), 1)], own, a.make(1, [value]))


def _own(atom: Atom) -> tuple[str, ...]:
    return tuple(map(str, range(len(atom.shape))))


def _solved(a: Algebra, left: list[Factor], letters: tuple[str, ...], right: Poly, worth: int = 0) -> Iterator[Relation]:
    found = a.make(1, left).single()
    if found is not None and found[0] and set(letters) <= {x for f in found[0] for x in f.letters}:
        yield Relation(found[0], letters, right.scaled(1 / Fraction(found[1])), worth)


# How they are used


def replaced(a: Algebra, p: Poly, relation: Relation) -> Poly | None:
    """p with the relation's right side in the place of its term; None where the term stands nowhere in p."""
    found = {term: match(relation, term) for term in p.terms}
    if not any(found.values()):
        return None
    out: dict[Term, Number] = {}
    for term, c in p.terms.items():
        part = found[term]
        made = {term: c} if part is None else _instead(a, term, c, relation, *part).terms
        for t, k in made.items():
            out[t] = out.get(t, 0) + k
    return Poly(out)


def _instead(a: Algebra, term: Term, c: Number, relation: Relation, rest: list[Factor], letters: tuple[str, ...]) -> Poly:
    """c times a term with the relation's right side at letters, beside the factors that are left."""
    over = {x: n for x, n in summed_letters(term).items() if x in letters}
    inner = instances(relation.poly, dict(zip(relation.letters, letters, strict=True)), term)
    return a.added(((c * d, [*rest, *factors]) for factors, d in inner), over)


def match(relation: Relation, term: Term) -> tuple[list[Factor], tuple[str, ...]] | None:
    """The factors that are left, and the letters at which the relation's term is part of a term with its sums inside."""
    if not (relation.is_whole and relation.atoms.issubset([f.atom for f in term])):
        return None
    return _Matching(relation).step(0, list(term), {})


class _Matching:
    """One search for a relation's term; it holds no function that holds itself, so that it goes when it ends."""

    def __init__(self, relation: Relation) -> None:
        self.relation, self.free, self.steps = relation, set(relation.letters), 0

    def step(self, k: int, left: list[Factor], names: dict[str, str]) -> tuple[list[Factor], tuple[str, ...]] | None:
        """What is left and the letters, once the factors from the k-th on are found among those that are left."""
        self.steps += 1
        if k == len(self.relation.term):
            return (left, tuple(names[x] for x in self.relation.letters)) if self.is_whole(left, names) else None
        if self.steps > MOST_STEPS:  # (x^T y)^10 is a product of ten equal pairs: 10! ways of taking them
            return None
        wanted = self.relation.term[k]
        for n, f in enumerate(left):
            if f.atom is not wanted.atom or not _divides(wanted, f):
                continue
            for turned in dict.fromkeys((f.letters, f.letters[::-1])) if f.atom.symmetric else (f.letters,):
                new = dict(names)
                if all(y == (x if x == ONLY else new.setdefault(x, y)) for x, y in zip(wanted.letters, turned, strict=True)):
                    over = [f._replace(exponent=exact(f.exponent - wanted.exponent))] if f.exponent != wanted.exponent else []
                    found = self.step(k + 1, [*left[:n], *over, *left[n + 1 :]], new)
                    if found is not None:
                        return found
        return None

    def is_whole(self, left: list[Factor], names: dict[str, str]) -> bool:
        """Whether the letters that the relation sums are summed, each by itself, and stand in nothing that is left."""
        inner = [y for x, y in names.items() if x not in self.free]
        outside = {y for f in left for y in f.letters} | {names[x] for x in self.free}
        return len(set(inner)) == len(inner) and all(is_summed(y) and y not in outside for y in inner)


def _divides(wanted: Factor, f: Factor) -> bool:
    """Whether a power has a whole power left over when the wanted one is taken out, or a root where that is a root itself."""
    if f.exponent == wanted.exponent:
        return True
    left = f.exponent - wanted.exponent
    is_larger = (f.exponent > 0) == (wanted.exponent > 0) and abs(f.exponent) >= abs(wanted.exponent)
    return is_larger and left.denominator in (1, wanted.exponent.denominator)
