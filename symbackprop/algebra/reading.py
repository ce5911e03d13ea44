"""A program's values as tensor polynomials."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, assert_never

import sympy as sp
from sympy import Expr, Symbol
from sympy.core.relational import Relational

from symbackprop.algebra.functions import applied, logistic_of, pow_of, reduction_of, turn_of
from symbackprop.algebra.matrix_functions import matrix_of
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, ZERO, Atom, Number, Poly, const, exact, summed_letters
from symbackprop.core.crossed import turned
from symbackprop.core.functions import FUNCTIONS, Where, defined_everywhere, matrix_function, reduction, stop_gradient
from symbackprop.core.guards import Affine, affine, split
from symbackprop.core.program import Carry, Equation, Matrix, Program, Reduce, Sum, letter_sizes, position

MOST_TERMS = 24  # a longer sum needs names


class NoFormError(Exception):
    """What has no polynomial, or none that is short enough; the message says why."""


class Reader:
    """One equation's body as a polynomial.

    slots     the operands as polynomials.
    letters   the letters of the equation by their positions.
    """

    def __init__(self, program: Program, algebra: Algebra, equation: Equation, slots: Mapping[Symbol, Poly]) -> None:
        self.program, self.algebra, self.equation, self.slots = program, algebra, equation, slots
        self.sizes = letter_sizes(program, equation)
        self.letters = {position(x): x for x in self.sizes}

    def poly(self, e: sp.Basic) -> Poly:
        """An expression of slots, positions and sizes."""
        a = self.algebra
        match e:
            case Symbol() if e in self.slots:
                return self.slots[e]
            case Symbol() if e in self.letters:
                raise NoFormError("a position stands in it as a number")
            case sp.Float():
                return const(exact(Fraction(str(e)).limit_denominator(10**12)))
            case sp.Rational() | Symbol() | sp.NumberSymbol():
                return a.size(e)
            case sp.Add():
                return self._sum(e)
            case sp.Mul() if (found := turned(e, self.sizes)) is not None:
                return a.times(self.poly(found.rest), turn_of(a, found.letters))
            case sp.Mul():
                out = ONE
                for part in e.args:
                    out = self._short(a.times(out, self.poly(part)))
                return out
            case sp.Pow():
                return self._power(e)
            case Where():
                return self._where(e)
            case sp.Max() | sp.Min():
                return self._extremum(e)
            case stop_gradient():  # a value, of which no derivative is taken here
                return self.poly(e.args[0])
            case sp.Function() if e.free_symbols & {*self.slots, *self.letters}:
                return applied(a, type(e), *map(self.poly, e.args))
            case Expr():
                return a.size(e)
        raise NoFormError("it holds a function of which no identity is known")

    def _short(self, p: Poly) -> Poly:
        if len(p.terms) > MOST_TERMS:
            raise NoFormError("it has too many terms")
        return p

    def _sum(self, e: sp.Add) -> Poly:
        out = ZERO
        for part in e.args:
            out += self.poly(part)
        return self._short(out)

    def _power(self, e: sp.Pow) -> Poly:
        base, exponent = self.poly(e.base), e.exp
        if not base.terms and exponent.is_negative:
            raise NoFormError("it divides by what is 0 everywhere")
        if isinstance(exponent, sp.Integer) and exponent < 0:
            logistic = logistic_of(self.algebra, base)
            if logistic is not None:
                return self.algebra.power(logistic, -int(exponent))
        if isinstance(exponent, sp.Rational):
            return self.algebra.power(base, Fraction(int(exponent.p), int(exponent.q)))
        if e.base is sp.E:
            return applied(self.algebra, sp.exp, self.poly(exponent))
        return pow_of(self.algebra, base, self.poly(exponent))

    def _where(self, e: Where) -> Poly:
        test, first, second = e.args
        if first == 0 and isinstance(test, sp.Eq) and not defined_everywhere(second):
            return self._short(self.algebra.times(self.poly(second), self.condition(sp.Ne(*test.args))))
        mask = self.condition(test)
        a, b = self.poly(first), self.poly(second)
        return self._short(b + self.algebra.times(a - b, mask))

    def _extremum(self, e: sp.Max | sp.Min) -> Poly:
        first, *rest = map(self.poly, e.args)
        for other in rest:
            gap = other - first if isinstance(e, sp.Max) else first - other
            first = first + self.algebra.times(other - first, applied(self.algebra, "positive", gap))
        return self._short(first)

    def condition(self, c: sp.Basic) -> Poly:
        """1 where a condition holds, otherwise 0."""
        a = self.algebra
        match c:
            case sp.And():
                out, parts = self._within(list(c.args))
                for part in parts:
                    out = a.times(out, self.condition(part))
                return out
            case sp.Or():
                return ONE - self.condition(sp.And(*map(sp.Not, c.args)))
            case sp.Not():
                return ONE - self.condition(c.args[0])
            case sp.Eq():
                return self._equal(*c.args)
            case sp.Ne():
                form = None if defined_everywhere(self.equation.op.body) else self._positions(*c.args)  # type: ignore[union-attr]
                return self._beside(form) if form is not None else ONE - self._equal(*c.args)
            case Relational():
                form = self._positions(*(c.args if isinstance(c, sp.Gt | sp.Ge) else c.args[::-1]))
                if form is not None:
                    return a.order(form.slopes, form.offset - int(isinstance(c, sp.Gt | sp.Lt)), self.sizes)
                x, y = map(self.poly, c.args if isinstance(c, sp.Gt | sp.Le) else c.args[::-1])
                test = applied(a, "positive", x - y)
                self._learn_sides(test, x, y)
                return test if isinstance(c, sp.Gt | sp.Lt) else ONE - test
        raise NoFormError("it holds a condition of which no identity is known")

    def _learn_sides(self, test: Poly, x: Poly, y: Poly) -> None:
        """What is compared in a test, as it was written first: (v - R)^2 > (c - R)^2, of which the difference has no square."""
        found = test.only()
        if found is not None and found.atom.kind == "positive" and x.letters() == y.letters() == {*found.letters}:
            own, gap = {letter: str(k) for k, letter in enumerate(found.letters)}, found.atom.args[0]
            above, below = (self.algebra.renamed(side, own) for side in (x, y))
            self.algebra.sided.setdefault(gap, (above, below))
            self.algebra.sided.setdefault(-gap, (below, above))

    def _beside(self, form: Affine) -> Poly:
        """1 where positions differ, with no 1 - 1 where they do not: what it is a factor of may be infinite there."""
        other = {letter: -slope for letter, slope in form.slopes.items()}
        below, above = ((form.slopes, form.offset - 1), (other, -form.offset - 1))
        return self.algebra.order(*below, self.sizes) + self.algebra.order(*above, self.sizes)

    def _within(self, parts: list[Any]) -> tuple[Poly, list[Any]]:
        """[low <= x][x <= high] = [clip(x, low, high) = x], where x is a value that has both bounds; and what is left."""
        for low in [p for p in parts if isinstance(p, sp.Le)]:
            for high in parts:
                if isinstance(high, sp.Le) and high.lhs == low.rhs and not low.free_symbols & set(self.letters):
                    x, first, last = map(self.poly, (low.rhs, low.lhs, high.rhs))
                    if _holds_sums(x):  # worked out anew it would differ by a rounding
                        continue
                    gap = applied(self.algebra, FUNCTIONS["clip"], x, first, last) - x
                    return applied(self.algebra, "zero", gap), [p for p in parts if p not in (low, high)]
        return ONE, parts

    def _positions(self, x: Any, y: Any) -> Affine | None:
        """x - y as a form of positions alone; None where there are none in it. Raises NoFormError where values are among them."""
        e = x - y
        form = affine(e)
        if form.slopes and form.opaque == 0:
            return form
        if e.free_symbols & set(self.letters):
            raise NoFormError("a position stands beside values in a condition")
        return None

    def _equal(self, x: sp.Basic, y: sp.Basic) -> Poly:
        """1 where two positions are the same, where a position is an integer's, where two values are equal."""
        a = self.algebra
        positions = {p: letter for p, letter in self.letters.items() if p in (x, y)}
        integers = [p for s, p in self.slots.items() if s in (x, y)]
        if positions and integers:
            found, (letter,) = integers[0].only(), positions.values()
            if found is not None and found.atom.kind == "leaf" and found.exponent == 1:
                onehot = a.atom("onehot", found.atom.name, (), (*found.atom.shape, self.sizes[letter]))
                a.learn_sum(onehot, len(onehot.shape) - 1, 1)
                return a.factor(onehot, (*found.letters, letter))
        form = self._positions(x, y)
        if form is not None:
            return a.tie(form.slopes, form.offset, self.sizes)
        return self._equal_values(self.poly(x) - self.poly(y))

    def _equal_values(self, gap: Poly) -> Poly:
        """[c = 0] = 1 - c and [c = 1] = c where c is an indicator itself."""
        for side in (gap, -gap):
            for test, out in ((side, ONE - side), (side + ONE, side + ONE)):
                found = test.only()
                if found is not None and self._is_indicator(found.atom):
                    return out
        return applied(self.algebra, "zero", gap)

    def _is_indicator(self, atom: Atom) -> bool:
        """Whether a value is 0 or 1."""
        tensor = self.program.tensors.get(str(atom.name)) if atom.kind == "leaf" else None
        return atom.kind in ("positive", "zero", "onehot") or (tensor is not None and tensor.domain == "binary")


def _holds_sums(p: Poly) -> bool:
    """Whether a value is a sum over letters, or made of some."""
    return any(summed_letters(term) for q in (p, *(q for atom in p.atoms() for q in atom.args)) for term in q.terms)


Written = dict[tuple[str, frozenset[str]], Poly | str]
"""Definitions, or why there is none, by the value and those of the kept values that it can see."""


SUMMED = -1  # the place of an axis that is summed


class Twin(NamedTuple):
    """A value that is a number times another: ratio * name[letters at `places`], perhaps summed along axes."""

    ratio: Number
    name: str
    places: tuple[int, ...]


class Values:
    """The values of a program as polynomials.

    kept      the values that stand for themselves; all others are written out.
    written   definitions that others with the same algebra have written.
    twins     values that are read as others.
    """

    def __init__(
        self,
        program: Program,
        algebra: Algebra,
        kept: Collection[str],
        written: Written | None = None,
        twins: Mapping[str, Twin] | None = None,
    ) -> None:
        self.program, self.algebra, self.kept = program, algebra, frozenset(kept)
        self.twins = {} if twins is None else twins
        self.equations = program.equation_of()
        self.known: dict[str, Poly | str] = {}
        self.seen: dict[str, frozenset[str]] = {}
        self.written: Written = {} if written is None else written

    def leaf(self, name: str) -> Atom:
        return self.algebra.atom("leaf", name, (), self.program.shape(name))

    def ref(self, name: str, letters: tuple[str, ...]) -> Poly:
        """A value as it stands in an equation."""
        if name in self.twins:
            ratio, other, places = self.twins[name]
            p = self.ref(other, tuple(f"+{axis}" if k == SUMMED else letters[k] for axis, k in enumerate(places)))
            for axis, (k, n) in enumerate(zip(places, self.program.shape(other), strict=True)):
                p = self.algebra.summed(p, f"+{axis}", n) if k == SUMMED else p
            return p.scaled(ratio)
        if name in self.kept or name not in self.equations:
            return self.algebra.factor(self.leaf(name), letters)
        swap = dict(zip(self.equations[name].target.index, letters, strict=True))
        return self.algebra.renamed(self.definition(name), swap)

    def definition(self, name: str) -> Poly:
        """The right side of a value in the letters of its equation. Raises NoFormError where it has none."""
        waiting = [name]
        while waiting:  # no recursion: networks are deep
            current = waiting[-1]
            inner = [n for n in self._operands(current) if n not in self.kept]
            missing = [n for n in inner if n not in self.known]
            if current not in self.known and missing:
                waiting += missing
                continue
            waiting.pop()
            if current not in self.known:
                self.known[current] = self._written_out(current)
        found = self.known[name]
        if isinstance(found, str):
            raise NoFormError(found)
        return found

    def _operands(self, name: str) -> list[str]:
        """The values that an equation reads, twins as what they are read as."""
        names = [self.twins[r.name].name if r.name in self.twins else r.name for r in self.equations[name].operands]
        return [n for n in names if n in self.equations]

    def _written_out(self, name: str) -> Poly | str:
        """The right side of a value whose operands are known, or why it has none."""
        seen = set[str]()
        for n in self._operands(name):
            seen |= {n} if n in self.kept else self.seen[n]
        self.seen[name] = frozenset(seen)
        key = name, self.seen[name]
        if key not in self.written:
            try:
                self.written[key] = self._right(self.equations[name])
            except NoFormError as fault:
                self.written[key] = str(fault)
        return self.written[key]

    def _right(self, equation: Equation) -> Poly:
        op, a = equation.op, self.algebra
        operands = [self.ref(r.name, r.index) for r in equation.operands]
        match op:
            case Sum():
                p = Reader(self.program, a, equation, dict(zip(op.slots, operands, strict=True))).poly(op.body)
                for letter, n in op.over:
                    p = a.summed(p, letter, n)
            case Reduce():
                p = reduction_of(a, reduction(op.kind).name, operands[0], [letter for letter, _ in op.over])
            case Matrix():
                row = matrix_function(op.kind)
                sizes = letter_sizes(self.program, equation)
                index, own = equation.operands[0].index, equation.target.index
                if any(len(ref.index) != 2 for ref in equation.operands):
                    raise NoFormError("it holds a batch of matrices")
                p = matrix_of(a, row, operands, index, own, row.shape((sizes[index[-2]], sizes[index[-1]])))
            case Carry():
                raise NoFormError("it is a value of another step")
            case _:
                assert_never(op)
        if len(p.terms) > MOST_TERMS:
            raise NoFormError("it has too many terms")
        return p


def strides(program: Program) -> dict[tuple[Expr, Expr], str]:
    """The letters that count blocks of an axis, by the stride and how many there are."""
    found: dict[tuple[Expr, Expr], str] = {}
    for equation in program.equations:
        guards = split(equation.op).guards if isinstance(equation.op, Sum) else ()
        for guard in guards:
            for letter, slope in affine(sp.Add(guard.lhs, sp.Mul(-1, guard.rhs))).slopes.items():  # type: ignore[arg-type]
                if abs(slope) != 1:
                    found.setdefault((abs(slope), letter_sizes(program, equation)[letter]), letter)
    return found
