"""Common factors taken out: from a tensor polynomial to the sum of networks that is cheapest on paper.

A divisor is one factor with the way it is attached: its letters are free, shared with the rest, or summed within it. Terms that
share a divisor have quotients over the same letters, which add. This is division by kernels, as in multi-level logic synthesis
(Brayton and McMullen 1982), with the tokens of the lifted formula as the cost; what has no matrix form costs more than all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from math import lcm
from typing import Any
from weakref import proxy

from symbackprop.algebra.compared import content
from symbackprop.algebra.complements import Complement, complements, is_entrywise, is_slope_of_tanh, one_minus
from symbackprop.algebra.divisors import (
    REPEATED,
    Divisor,
    as_often,
    divisors,
    has_number_alone,
    has_several_powers,
    is_all_but_a_number,
    is_deeper,
    is_rest,
    is_stencil,
    leaves_ones,
    letters_of,
    line_of_all,
    one_of_them,
    opened,
    stands_before_a_sum,
    taken,
    without,
)
from symbackprop.algebra.folds import FOLDS
from symbackprop.algebra.lift import Lift, Rank, Scope, two
from symbackprop.algebra.matrix import Form, MisfitError
from symbackprop.algebra.nets import Entry, Inner, Net, Nets, renamed
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONLY, Atom, Factor, Number, Poly, Term, const, exact, place, places, summed_letters
from symbackprop.algebra.powers import perfect_power, squares_within
from symbackprop.algebra.separated import Separated, separated
from symbackprop.algebra.upright import upright
from symbackprop.core.letters import pool

TOO_MUCH = 10**6
PREFERRED = 2  # a product is preferred to a sum that is this much shorter: a (1 - a), not a - a^2
PREFERRED_SLOPE = 4
MOST_TERMS_LINE = 10  # a longer line needs names
MOST_TERMS_READ = 12  # a longer sum is not shortened to a line
MOST_TERMS_ENTRYWISE = 24  # the same of a sum without sums over letters, of which less is tried
MOST_TERMS_PRINTED = 4  # such a sum is a line where it is so few products of sums
MOST_TERMS_WITH_NUMBER = 6  # a longer sum is divided without the number that comes before it
MOST_VISITS = 4000  # polynomials that are divided; what comes after is left as a sum


class Factoriser:
    """The cheapest networks of polynomials; each is worked out once.

    rank       the place of a tensor in the reading order; `beside`: the same in a sum.
    mentioned  the place of a tensor in the loss.
    """

    def __init__(self, algebra: Algebra, rank: Rank, beside: Rank | None = None, mentioned: Rank = lambda name: 0) -> None:
        self.algebra = algebra
        self.rank = rank
        self.memo: dict[Poly, tuple[int, Nets]] = {}
        own = proxy(self)  # no circle: what a search made goes at once when it ends
        self.lift = Lift(algebra, rank, lambda p: own.best(p)[1], beside or rank, mentioned)
        self.visits = 0

    def cost(self, nets: Nets, free: set[str]) -> int:
        """The tokens of the networks as a formula over the free letters, in the cheaper of its two orientations."""
        below = nets.subscripts
        own = sorted(free - below)
        if len(own) > 2:
            return TOO_MUCH
        scope, best = Scope(frozenset(below & free), frozenset(free) if nets.is_deep else frozenset()), TOO_MUCH
        pairs = [two(own), *([two(own[::-1])] if len(own) == 2 else [])]
        for row, col in pairs:
            try:
                form = self.lift.sum(nets, row, col, scope)
            except MisfitError:
                continue
            best = min(best, form.tokens)
            if not form.is_turned:
                break
        return best

    def is_beyond(self, free: set[str] | frozenset[str]) -> bool:
        """Whether so many letters are more than a row and a column."""
        return len(free) > 2

    def may_come_out(self, p: Poly, d: Divisor) -> bool:
        """Whether a factor may be taken out beside an identity: a diagonal stays whole, diag(1/x^2) beside x^{-1} x^{-T}."""
        ends = {x for term in p.terms for f in term if f.atom.kind == "delta" for x in f.letters}
        return len(d.how) != 1 or d.how[0] not in {("free", x) for x in ends}

    def atom(self, atom: Atom) -> Form:
        """The formula of an atom with one or two axes, as a whole. Raises MisfitError where there is none."""
        letters = tuple(f"%{k}" for k in range(len(atom.shape)))
        return self.lift.whole(Nets([Net(1, (Entry(atom, letters, 1),))]), letters, dict(zip(letters, atom.shape, strict=True)))[0]

    def is_long(self, p: Poly) -> bool:
        """Whether a sum has too many terms for a line, as it is and, entry by entry, as products of sums."""
        if len(p.terms) <= MOST_TERMS_LINE:
            return False
        return not is_entrywise(p) or len(self.best(p)[1]) > MOST_TERMS_PRINTED

    def best(self, p: Poly) -> tuple[int, Nets]:
        """The cheapest networks, with their cost."""
        if p not in self.memo:
            self.visits += 1
            self.memo[p] = self._best(p)
        return self.memo[p]

    def _best(self, p: Poly) -> tuple[int, Nets]:
        free = p.letters()
        order = sorted(p.terms.items(), key=lambda pair: places(pair[0]))
        plain = Nets(self._folded(Net(c, tuple(Entry(*f) for f in term))) for term, c in order)
        best = self.cost(plain, free), plain
        if len(p.terms) < 2 or self.visits > MOST_VISITS:
            return best
        has_no_form = self.is_beyond(free - plain.subscripts)  # but what it is a factor of may have one
        for nets, margin in self._factored(p, free, has_no_form):
            cost = self.cost(nets, free)
            if cost <= best[0] + (margin if len(best[1]) > 1 else -1):  # what is a product already gives way to what is shorter
                best = cost, nets
                if margin > 0:
                    break
        return best

    def _factored(self, p: Poly, free: set[str], has_no_form: bool) -> Iterable[tuple[Nets, int]]:
        """Other ways to write the sum, with what a sum in full may be shorter."""
        preferred = PREFERRED_SLOPE if is_slope_of_tanh(self.algebra, p) else PREFERRED  # t (1 - t^2), not t - t^3
        common = content(p)
        is_even = len({abs(c) for c in p.terms.values()}) == 1
        if common < 0 and not is_even:  # the minus comes out in any case, the number where that is shorter
            common = Fraction(-1)
        if common != 1:
            _, nets = self.best(p.scaled(1 / common))
            inner = Net(exact(common), (Inner(nets, tuple(sorted(free))),))
            single = [net._replace(coefficient=exact(common * net.coefficient)) for net in nets]
            comes_out = is_even or common < 0
            yield Nets(single if len(nets) == 1 else [inner]), preferred if comes_out else -1
            is_in_each = len({c.denominator for c in p.terms.values()}) == 1  # but not in a + b/3, of which 3 a + b is made
            if comes_out or (is_in_each and len(p.terms) > MOST_TERMS_WITH_NUMBER):
                return
        for sign in (1, -1):
            power = perfect_power(self.algebra, p.scaled(sign))
            if power is not None:
                yield Nets([Net(sign, (power,))]), 0
        for c, power, rest in squares_within(self.algebra, p) if len(p.terms) <= MOST_TERMS_LINE else ():
            yield Nets([Net(c, (power,)), *self.best(rest)[1]]), 0
        is_slope = len(p.terms) == 2 and len({_without_tests(term) for term in p.terms}) == 1
        for nets in self._cases(p, free):  # 1 or 0.01, not 0.99 [x > 0] + 0.01
            yield nets, PREFERRED_SLOPE if is_slope else -1
        for found in separated(self.algebra, p, free):
            yield self._apart_at(found), PREFERRED
        shared = divisors(self.algebra, p, free, not self.is_beyond(free))
        tied = [sum(f.atom.kind == "delta" for f in term) for term in p.terms]
        if len(set(tied)) > 1:
            shared = [d for d in shared if self.may_come_out(p, d)]
        full = [d for d in shared if len(d.uses) == len(p.terms)]
        everywhere = [d for d in full if all(kind == "free" for kind, _ in d.how) and not leaves_ones(d, free)]
        margin = -1 if len(set(tied)) > 1 else preferred  # diag(p) - p p^T, not (I - p 1^T) diag(p)
        line = line_of_all(p, everywhere, free)
        if line:  # (a - y)/(a (1 - a)), not (1 - y/a)/(1 - a)
            one, apart = self._taken_out(p, line), self._without_all(p, everywhere)
            if self.cost(one, free) <= self.cost(apart, free) + PREFERRED_SLOPE:
                yield one, margin
        deep = [d for d in everywhere if not d.above and has_several_powers(d)]
        if len(everywhere) > 1 or deep:
            shallow, *others = [self._without_all(p, everywhere, low) for low in ((), *([deep] if deep else []))]
            if others and self.cost(others[0], free) < self.cost(shallow, free):  # (m - y)/m^3, not (1 - y/m)/m^2
                yield others[0], margin
            elif len(everywhere) > 1:
                yield shallow, margin
        for d in full[:8]:  # tr(A) - |a|^2 and a^T x x + |x|^2 a, not sum(diag(A) - a^2) and (x a^T + a x^T) x
            yield self._divided(p, d, free), -1 if d.atom.kind == "ones" or leaves_ones(d, free) else margin
        if has_no_form:
            return
        found = list(complements(self.algebra, p, free))
        for one in (one for one in found if one.beside.terms and not one.x.letters):  # a u + (1 - a) v, not a (u - v) + v
            yield self._complemented(one), 1
        some = (d for d in shared if len(d.uses) < len(p.terms) and not is_deeper(d))
        partial = sorted(some, key=lambda d: (not is_stencil(d), not is_rest(d, p)))
        for d in partial[:2]:
            alike = has_number_alone(d) or is_all_but_a_number(d, p)
            slope = is_slope_of_tanh(self.algebra, Poly({use.term: p.terms[use.term] for use in d.uses}))
            yield (
                self._divided(p, d, free),
                PREFERRED_SLOPE if slope or is_stencil(d) else 1 if is_rest(d, p) else 0 if alike else -1,
            )
        for one in found:
            yield self._complemented(one), -1

    def _cases(self, p: Poly, free: set[str]) -> Iterable[Nets]:
        """a [x > 0] + b as a + b where x > 0, otherwise b."""
        a = self.algebra
        tests = {f for term in p.terms for f in term if f.atom.kind in ("positive", "zero") and {*f.letters} - {ONLY} == free}
        for test in sorted(tests, key=place):
            first = {term: c for term, c in p.terms.items() if test in term}
            second = p - Poly(first)
            both = sum((a.make(c, [f for f in term if f != test]) for term, c in first.items()), second)
            if second.terms and both.terms:
                gap = a.at(test.atom.args[0], test.letters)
                sign = -1 if all(c < 0 for c in (*both.terms.values(), *second.terms.values())) else 1
                found = a.closed("cases", test.atom.kind, (gap, both.scaled(sign), second.scaled(sign))).only()
                assert found is not None
                yield Nets([Net(sign, (Entry(*found),))])

    def _apart_at(self, found: Separated) -> Nets:
        """The rest of a sum, times all that it has at one letter: what comes from above stands before a slope."""
        (_, nets), (_, rest) = self.best(found.at), self.best(found.rest)
        item = Inner(nets, (found.letter,))
        if len(rest) == 1:
            return Nets([self._times(item, found.rest)])
        return Nets([self._folded(Net(1, (Inner(rest, tuple(sorted(found.rest.letters()))), item)))])

    def _complemented(self, found: Complement) -> Nets:
        """(1 - x)^k without + x beside."""
        a, x = self.algebra, found.x
        base = one_minus(a, x)
        item: Entry | Inner = Inner(self.best(base)[1], tuple(sorted(base.letters())))
        if found.power > 1:
            inner = a.renamed(base, {y: str(k) for k, y in enumerate(x.letters)})
            item = Entry(a.atom("group", "", (inner,), x.atom.shape), x.letters, found.power)
        parts = [(item, found.without), *([(Entry(x.atom, x.letters, 1), found.beside)] if found.beside.terms else [])]
        return Nets([self._times(first, rest) for first, rest in parts if rest.terms])

    def _times(self, item: Entry | Inner, p: Poly) -> Net:
        """A factor times a sum."""
        _, nets = self.best(p)
        free = p.letters()
        if len(nets) > 1:
            return self._folded(Net(1, (item, Inner(nets, tuple(sorted(free))))))
        own = self._apart(nets[0], free, {*item.letters} | free)
        return self._folded(Net(own.coefficient, (item, *own.items)))

    def _divided(self, p: Poly, d: Divisor, free: set[str]) -> Nets:
        """p as divisor * quotient + rest."""
        a, rest, letters = self.algebra, dict(p.terms), letters_of(d, free)
        if d.atom.kind == "ones":
            quotient = a.added(
                one_of_them(a, term, rest.pop(term), d.atom)
                if x == REPEATED
                else (rest.pop(term), [f.renamed({str(x): letters[0]}) for f in term])
                for term, x in d.uses
            )
            entry, nets = Entry(d.atom, letters, 1), opened(self.best(quotient)[1], letters[0])
            apart = [net for net in nets if stands_before_a_sum(net, letters[0])]
            if not apart or len(nets) == 1:
                return self._joined(entry, quotient, rest)
            inner = Nets(net for net in nets if net not in apart)  # N s^2 - sum (x - m)^2
            net = self._folded(self._with(entry, 1, inner, quotient.letters()))
            more = self.best(Poly(rest))[1] if rest else ()
            return Nets([*(as_often(a, net, d.atom) for net in apart), net, *more])
        step = min(abs(use.term[int(use.place)].exponent) for use in d.uses)
        e = step if d.above else -step
        quotient = a.added((rest.pop(term), without(term, int(k), d, letters, e)) for term, k in d.uses)
        entry = Entry(d.atom, letters, exact(e))
        twin = self._twin(entry, quotient, rest) if set(letters) <= free | {ONLY} else None
        return twin if twin is not None else self._joined(entry, quotient, rest)

    def _without_all(self, p: Poly, common: list[Divisor], deep: Collection[Divisor] = ()) -> Nets:
        """p with all that each of its terms has at the free letters taken out at once, those in `deep` by their largest power."""
        return self._taken_out(p, [taken(d, max if d in deep else min) for d in common])

    def _taken_out(self, p: Poly, factors: list[Factor]) -> Nets:
        """p as a product times what p is over it."""
        inverse = [f._replace(exponent=-f.exponent) for f in factors]
        quotient = self.algebra.added((c, [*term, *inverse]) for term, c in p.terms.items())
        c, nets = self._upright(factors, quotient)
        return Nets([self._folded(Net(c, (*(Entry(*f) for f in factors), Inner(nets, tuple(sorted(quotient.letters()))))))])

    def _twin(self, entry: Entry, quotient: Poly, rest: dict[Term, Number]) -> Nets | None:
        """d q + m q = (d + m) q for a product m."""
        a = self.algebra
        if len(quotient.terms) < 2 or len(rest) != len(quotient.terms):
            return None
        term, c = next(iter(quotient.terms.items()))
        found = [const(Fraction(rest[term]) / c)] if term in rest else []
        if not any(map(summed_letters, (*rest, *quotient.terms))):
            inverse = [f._replace(exponent=-f.exponent) for f in term]
            found += [a.make(Fraction(d) / c, [*other, *inverse]) for other, d in rest.items()]
        for m in found:
            if a.times(m, quotient) == Poly(rest):
                first = a.make(1, [Factor(*entry)]) + m
                bottom = lcm(*(c.denominator for c in first.terms.values()))
                first, quotient = first.scaled(bottom), quotient.scaled(Fraction(1, bottom))  # 2 y - 1, not y - 1/2
                plain = [c for q in (first, quotient) if (c := q.terms.get((), 0))]
                sign = -1 if plain and (plain[0] < 0 or all(c < 0 for c in plain)) else 1  # 1 - a, not a - 1
                items = [Inner(self.best(q.scaled(sign))[1], tuple(sorted(q.letters()))) for q in (first, quotient)]
                return Nets([self._folded(Net(1, tuple(items)))])
        return None

    def _joined(self, entry: Entry, quotient: Poly, rest: dict[Term, Number]) -> Nets:
        net = self._with(entry, *self._upright([Factor(*entry)], quotient), quotient.letters())
        more = self.best(Poly(rest))[1] if rest else ()
        return Nets([self._folded(net), *more])

    def _with(self, entry: Entry, c: Number, nets: Nets, free: set[str]) -> Net:
        """A factor times a number times networks."""
        if len(nets) > 1:
            return Net(c, (entry, Inner(nets, tuple(sorted(free)))))
        inner = self._apart(nets[0], free, set(entry.letters) | free)
        return Net(exact(c * inner.coefficient), (entry, *inner.items))

    def _upright(self, beside: list[Factor], p: Poly) -> tuple[Number, Nets]:
        """A sum beside factors as a number times networks."""
        c, inner = upright(self.algebra, lambda q: self.best(q)[1], beside, p)
        return c, self.best(inner)[1]

    @staticmethod
    def _apart(net: Net, free: set[str], taken: set[str]) -> Net:
        """A network whose own summed letters are none of those taken."""
        own = net.sizes.keys() - free
        spare = map("@@{}".format, pool())
        swap = {x: next(y for y in spare if y not in own | taken) for x in sorted(own & taken)}
        return renamed(net, swap) if swap else net

    def _folded(self, net: Net) -> Net:
        for fold in FOLDS:
            found = fold(self.algebra, lambda p: self.best(p)[1], net)
            net = net if found is None else found
        return net

    def formula(self, p: Poly, letters: tuple[str, ...], sizes: dict[str, Any], lead: int = 0) -> Any:
        """The formula over the letters, and its subscripts, the first `lead` of them. Raises MisfitError where there is none."""
        return self.lift.whole(self.best(p)[1], letters, sizes, lead)


def _without_tests(term: Term) -> Term:
    """A product without what is 1 or 0."""
    return tuple(f for f in term if f.atom.kind not in ("positive", "zero"))


def most_read(p: Poly) -> int:
    """How many terms a sum may have to be shortened to a line."""
    return MOST_TERMS_ENTRYWISE if is_entrywise(p) else MOST_TERMS_READ
