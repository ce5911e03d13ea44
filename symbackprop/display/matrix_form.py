r"""One equation in matrix notation, wherever it has one: z = W_{1} x + b_{1}.

The factors of a body are vectors and matrices over the equation's letters. Equal letters multiply entry by entry, a summed letter
contracts: v and M give M^T v, two matrices give their product, a vector alone gives a sum or an inner product. What has no such
form (three axes, windows, lookups) has none here, and only its index form is printed. The body stands as it was written: the order
of its factors and terms is that of `reading_order`, and nothing is put in its place that is equal to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import assert_never

import sympy as sp
from sympy import Expr, S, Symbol
from sympy.core.relational import Relational

from symbackprop.algebra.contract import Contraction, Placed, repeated
from symbackprop.algebra.matrix import (
    Form,
    Front,
    Leaf,
    MisfitError,
    front_of,
    leaves,
    number,
    scaled,
    sized,
)
from symbackprop.algebra.matrix_product import product
from symbackprop.algebra.outside import stencils
from symbackprop.algebra.positions import View
from symbackprop.algebra.turned import transpose
from symbackprop.core.crossed import Cross, cross_of
from symbackprop.core.functions import Where, matrix_function, reduction
from symbackprop.core.program import Carry, Equation, Matrix, Reduce, Ref, Sum, letter_sizes, position, same_size
from symbackprop.display.forms import Printer
from symbackprop.display.leading import at, fits, leading
from symbackprop.display.listed import SHORT, by_position
from symbackprop.display.names import Names
from symbackprop.display.picked import picked
from symbackprop.display.reading_order import content_of, negated, split_product, split_sum, swapped, tidy_condition
from symbackprop.display.softmax import softmaxes, with_softmax
from symbackprop.display.views import Slices
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter as shown
from symbackprop.formulas.tree import Node

Letter = str | None
_SUMMED = ("norm", "product", "inner", "trace", "total", "mean")  # scalars that a sum over letters makes


def matrix_equation(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node | None:
    r"""The whole equation in matrix notation: z = W_{1} x + b_{1}; None where it has none, or where it is not so.

    names    the names of the equation's program.
    inline   values to be written out where they stand, each by its own equation.
    """
    reader = _Reader(names, equation, inline)
    try:
        form = reader.form()
    except MisfitError:
        return None
    if not names.holds(equation, form, reader.lead or ()):
        return None
    below = [c for c in reader.lead or () if c in equation.target.index]
    left = names.entry(equation.target.name, list(map(shown, below)))
    return f.equation(left, Printer(names, Slices(names)).formula(form))


def list_form(names: Names, equation: Equation, inline: Collection[str] = ()) -> Form | None:
    """The right side as the list of what it is at each position of its short axes, or None."""
    found = matrix_form(names, equation, inline)
    return found if found is not None and found.op in ("blocks", "grid") else None


def matrix_form(names: Names, equation: Equation, inline: Collection[str] = ()) -> Form | None:
    """The right side as a form, in the shape of the target, or None: of a target with more than two axes there is none."""
    reader = _Reader(names, equation, inline)
    try:
        form = reader.form()
    except MisfitError:
        return None
    return None if reader.lead else form


class _Written(Contraction):
    """A product as it was written: its factors keep the order in which they are added."""

    def __init__(self, row: Letter, col: Letter, sizes: dict[str, Expr]) -> None:
        super().__init__(row, col, sizes, 1)
        self.places: dict[Form, int] = {}

    def add(self, placed: Placed) -> None:
        body = front_of(placed.form)[1]
        for part in () if body is None else (body, *body.parts) if body.op == "hadamard" else (body,):
            self.places.setdefault(part, len(self.places))
        super().add(placed)

    def arranged(self, factors: list[Form]) -> list[Form]:
        return sorted(factors, key=lambda x: (self._place(x), x.op != "product"))  # x^T A x, not x^T A^T x

    def _place(self, x: Form) -> int:
        """The place of a factor; a matrix product stands where the first of its factors would."""
        return self.places[x] if x in self.places else min(map(self._place, x.parts), default=len(self.places))

    def _body(self) -> Form | None:
        """A norm or a product of vectors stands behind the line of what it is divided by."""
        body = super()._body()
        return self.tops.pop() if body is None and self.tops and self.tops[-1].op in _SUMMED else body


class _Reader:
    """Reads one equation's right side as a form."""

    def __init__(
        self, names: Names, equation: Equation, inline: Collection[str], lead: tuple[str, ...] | None = None
    ) -> None:  # fmt: skip
        self.names, self.equation, self.inline = names, equation, inline
        self.sizes = letter_sizes(names.program, equation)
        self.lead, self.is_within = leading(equation) if lead is None else lead, lead is not None
        self.refs: dict[Symbol, Ref] = {}
        self.softmax: dict[Symbol, tuple[Ref, str, str]] = {}
        self.views: dict[str, View] = {}

    def form(self) -> Form:
        """The right side, in the shape of the target."""
        self.equation, self.views = picked(self.names.program, self.equation, self.inline)
        op, target = self.equation.op, self.equation.target
        if self.views and not self.is_within:  # what is read of three axes may have two: X_{:,0}
            self.lead = leading(self.equation)
        if self.lead is None or (self.is_within and self.lead and self.views):
            raise MisfitError("more than two axes")
        if not isinstance(op, Sum):
            return self.special(op, *self.equation.operands)
        crossed = cross_of(self.equation, self.sizes)
        if crossed is not None:
            return self.cross(crossed)
        row, col = self.axes(target)
        body, self.softmax = with_softmax(self.names, self.equation, op.body)
        self.refs = dict(zip(op.slots, self.equation.operands, strict=True))
        body = swapped(body, {position(c): S.Zero for c, extent in self.sizes.items() if extent == 1})
        over = {c for c, extent in op.over if extent != 1 and c not in self.lead}
        listed = self.listed(body, row, col) if not over else None
        form = listed or self.whole(body, row, col, over)
        if summed := tuple((c, self.sizes[c]) for c in self.lead if c not in target.index):
            return Form("indexsum", (form,), summed)
        wide = col is None and row is not None and len(target.index) == 2 and self.sizes[target.index[0]] == 1
        return transpose(form) if wide else form

    def cross(self, found: Cross) -> Form:
        """a x b of two vectors, or of the rows of two matrices."""
        at = ((self.equation.target, found.out), *found.sides)
        if len({ref.index[:-1] for ref, _ in at}) > 1 or any(ref.index[-1] != letter for ref, letter in at):
            raise MisfitError("a cross product along no rows")
        return scaled(Front(_exact(found.front)), Form("cross", tuple(self.leaf(ref) for ref, _ in found.sides)))

    def listed(self, body: Expr, row: Letter, col: Letter) -> Form | None:
        """What has terms for single positions of a short axis as the list of these: (x, y), or one row below the other."""
        for letter, other in ((row, col), (col, row)):
            count = self.sizes[letter] if letter is not None else S.Zero
            parts = by_position(body, position(letter), int(count)) if letter is not None and count in SHORT else {}
            if not parts or (len(parts) < count and other is not None and self.sizes[other] not in SHORT):
                continue
            entries = [parts.get(k, S.Zero) for k in range(int(count))]
            columns = [self.entries(part, other) for part in entries]
            if other is None:
                return Form("blocks", tuple(columns), 0)
            if all(column.op == "blocks" and column.given == 0 for column in columns):
                rows = [column.parts for column in columns] if letter == row else [*zip(*(x.parts for x in columns), strict=True)]
                return Form("grid", tuple(x for own in rows for x in own), len(rows[0]))
            return Form("blocks", tuple(map(transpose, columns)) if letter == row else tuple(columns), 0 if letter == row else 1)
        return None

    def entries(self, expression: Expr, letter: Letter) -> Form:
        """A row or a column of a list."""
        if expression == 0 and letter is not None:
            return Form("blocks", (number(0),) * int(self.sizes[letter]), 0)
        return self.listed(expression, letter, None) or self.whole(expression, letter, None)

    def special(self, op: Reduce | Matrix | Carry, operand: Ref, *along: Ref) -> Form:
        """A reduction over all entries, or an inverse or determinant."""
        leaf = self.leaf(operand)
        match op:
            case Matrix():
                if op.kind == "inverse":
                    return Form("inverse", (leaf,))
                return Form("factor", (leaf, *map(self.leaf, along)), matrix_function(op.kind).name)
            case Reduce():
                kept = any(self.sizes[c] != 1 for c in self.equation.target.index)
                if not reduction(op.kind).latex or kept or len(set(operand.index)) != len(operand.index):
                    raise MisfitError(f"{op.kind} as a function of a whole tensor, or along one axis")
                if front_of(leaf)[0].coefficient == 0:
                    raise MisfitError("of zeros, which do not say how many they are")
                if op.kind == "logsumexp" and None not in self.axes(operand):
                    raise MisfitError("the logsumexp of a matrix is read as one of each row")
                return Form("function", (leaf,), op.kind)
            case Carry():
                raise MisfitError("a value of another step")
            case _:
                assert_never(op)

    def leaf(self, ref: Ref) -> Form:
        """A tensor in its full shape, a vector as a column; or what is written out in its place."""
        below = self.lead if self.lead and ref.index[: len(self.lead)] == self.lead else ()
        if ref.name in self.inline:
            inner = self.names.written[ref.name]
            inner = at(inner, ref, {*self.sizes}) if below else inner
            own = _Reader(self.names, inner, self.inline, below or None)
            if not fits(inner, below) if below else {*(own.lead or ())} & {*inner.target.index}:
                raise MisfitError("more than two axes below")
            return own.form()
        row, _ = self.axes(ref)
        return Form("leaf", (), Leaf(self.views.get(ref.name, ref.name), below or (), row is None))

    def axes(self, ref: Ref) -> tuple[Letter, Letter]:
        row, col, *_ = (*(c for c in ref.index if self.sizes[c] != 1 and c not in (self.lead or ())), None, None)
        return row, col

    def placed(self, form: Form, ref: Ref) -> Placed:
        """A tensor's form at its letters; that of a single row is turned, so that it is a column."""
        row, col = self.axes(ref)
        if row is not None and row == col:
            return Placed(Form("diagonal", (form,)), row, None)
        wide = col is None and row is not None and len(ref.index) == 2 and self.sizes[ref.index[0]] == 1
        return Placed(transpose(form) if wide else form, row, col)

    def letters(self, expression: sp.Basic) -> set[str]:
        """The letters that an expression varies with."""
        found: set[str] = set()
        for s in expression.free_symbols:
            if s in self.softmax:
                found |= set(self.softmax[s][0].index)  # type: ignore[index]
            elif s in self.refs:
                found |= set(self.refs[s].index)  # type: ignore[index]
            elif str(s) in self.sizes and s == position(str(s)):
                found.add(str(s))
        return {c for c in found if self.sizes[c] != 1 and c not in (self.lead or ())}

    def whole(self, expression: Expr, row: Letter, col: Letter, over: Collection[str] = ()) -> Form:
        """The sum of an expression over the letters `over`, with `row` along its rows and `col` along its columns."""
        form, own = self.build(expression, row, col, over), self.letters(expression)
        down, across = (c is not None and c not in own for c in (row, col))
        if form == number(0) or not (down or across):
            return form
        front, body = front_of(form)
        if body is not None and not own & {row, col}:  # a scalar
            front, body = Front(front.coefficient, (*front.tops, body), front.bottoms), None
        ones = [Form("ones", (), self.sizes[str(row)])] if down else []
        turned = [transpose(Form("ones", (), self.sizes[str(col)]))] if across else []
        return scaled(front, product([*ones, *([] if body is None else [body]), *turned]))

    def build(self, expression: Expr, row: Letter, col: Letter, over: Collection[str] = ()) -> Form:
        """The same over those of its letters alone that it varies with."""
        own = self.letters(expression)
        if expression.is_Add and content_of(expression)[0] in (1, -1):
            terms = split_sum(expression)
            if not over or len(own) > 2 or any(self.letters(term) not in (own, set()) for term in terms):
                return self.total(terms, row, col, over)
        coefficient, factors = split_product(expression)
        contraction = _Written(row, col, self.sizes)
        repeats = [self.sizes[c] for c in over if c not in own]
        contraction.add(Placed(_coefficient(sp.Mul(coefficient, *repeats)), None, None))
        for factor in factors:
            contraction.add(self.factor(factor))
        return _without_identities(contraction.result({c for c in over if c in own}))

    def total(self, terms: Iterable[Expr], row: Letter, col: Letter, over: Collection[str] = ()) -> Form:
        """Terms in their order, but a number and what is subtracted last: x - y + 1, and 1 - a."""
        made = [(self.build(term, row, col, over), self.letters(term)) for term in terms]
        if row and col:
            made = [(repeated(x, row in n, col in n, self.sizes[row], self.sizes[col]), n) for x, n in made]
        constant = [next(leaves(x), None) is None for x, _ in made]
        plain = any(not x.negative and not number for (x, _), number in zip(made, constant, strict=True))
        order = sorted(range(len(made)), key=lambda k: (constant[k] and plain, made[k][0].negative))
        parts = tuple(x for unit in stencils([made[k][0] for k in order]) for x in unit)
        return parts[0] if len(parts) == 1 else Form("sum", parts)

    def factor(self, e: sp.Basic) -> Placed:
        """A factor as a matrix over its own letters."""
        if e in self.softmax:
            ref, total, named = self.softmax[e]  # type: ignore[index]
            if self.lead and softmaxes(self.names).axes(total) != [len(ref.index) - 1]:
                raise MisfitError("a softmax along an axis before the last")
            leaf = self.leaf(Ref(named or ref.name, ref.index))
            turned = transpose if softmaxes(self.names).is_down(total) else lambda x: x
            return self.placed(leaf if named else turned(Form("function", (turned(leaf),), "softmax")), ref)
        if isinstance(e, Symbol):
            if e not in self.refs:
                raise MisfitError(f"the position {e} as a number")
            return self.placed(self.leaf(self.refs[e]), self.refs[e])
        letters = self.letters(e)
        if len(letters) > 2:
            raise MisfitError("a factor with more than two letters")
        row, col = self.orientation(e, letters)
        return self.entrywise(e, row, col)

    def orientation(self, expression: sp.Basic, letters: Collection[str]) -> tuple[Letter, Letter]:
        """Rows and columns of a factor, as its first matrix has them."""
        slots = sorted((s for s in expression.free_symbols if s in self.refs or s in self.softmax), key=lambda s: int(str(s)[1:]))
        for s in slots:
            row, col = self.axes(self.softmax[s][0] if s in self.softmax else self.refs[s])  # type: ignore[index]
            if row is not None and col is not None and row != col:
                return row, col
        row, col, *_ = (*sorted(letters), None, None)
        return row, col

    def entrywise(self, e: sp.Basic, row: Letter, col: Letter) -> Placed:
        """A function, a power, a sum or a comparison of matrices, entry by entry."""
        if isinstance(e, sp.Pow) and e.exp.is_Rational:
            base, exponent = self.build(e.base, row, col), abs(_exact(e.exp))
            raised = base if exponent == 1 else Form("power" if row else "scalarpower", (base,), exponent)
            return Placed(raised, row, col, low=bool(e.exp.is_negative))
        if isinstance(e, Where):
            return Placed(self.branch(e, row, col), row, col)
        if isinstance(e, sp.Function):
            return Placed(Form("function", tuple(self.side(a, row, col) for a in e.args), type(e)), row, col)  # type: ignore[arg-type]
        if isinstance(e, Expr) and e.is_Add:
            return Placed(self.build(e, row, col), row, col)
        raise MisfitError(f"no matrix form for {type(e).__name__}")

    def side(self, e: Expr, row: Letter, col: Letter) -> Form:
        """An argument of an entrywise function: over all letters, or a single number."""
        return self.whole(e, row, col) if self.letters(e) else self.build(e, None, None)

    def branch(self, e: Where, row: Letter, col: Letter) -> Form:
        """A branch: its sides, each times the indicator of its condition."""
        condition, *sides = e.args
        condition = tidy_condition(condition)
        if not isinstance(condition, Relational):
            raise MisfitError("a condition of several parts")
        if sides == [S.One, S.Zero]:
            return self.indicator(condition, row, col)
        if self.lead:
            raise MisfitError("cases of more than two axes")
        terms = [sp.Mul(side, Where(test, 1, 0)) for test, side in zip((condition, negated(condition)), sides, strict=True)]  # type: ignore[arg-type]
        return self.total([term for term in terms if term != 0], row, col)

    def indicator(self, condition: Relational, row: Letter, col: Letter) -> Form:
        """1 where a condition holds, otherwise 0; 1[i = k] is the identity."""
        if {str(x) for x in condition.args if x.is_Symbol} == {row, col} and isinstance(condition, sp.Eq):
            if not same_size(self.sizes[str(row)], self.sizes[str(col)]):
                raise MisfitError("a part of an identity")
            return Form("identity", (), self.sizes[str(row)])
        return Form("compare", tuple(self.side(x, row, col) for x in condition.args), type(condition))  # type: ignore[arg-type]


def _without_identities(x: Form) -> Form:
    """A product without the identities that stand beside another matrix: I diag(v) I is diag(v)."""
    if x.op == "scaled" and x.parts:
        return Form(x.op, (_without_identities(x.parts[0]),), x.given)
    kept = [part for part in x.parts if part.op != "identity"] if x.op == "product" else []
    return product(kept) if kept and len(kept) < len(x.parts) else x


def _coefficient(c: Expr) -> Form:
    """A product of numbers and sizes."""
    if c.is_Rational:
        return number(_exact(c))
    plain, rest = c.as_coeff_Mul(rational=True)
    top, bottom = sp.fraction(rest)
    tops, bottoms = (tuple(sized(x) for x in sp.Mul.make_args(side) if x != 1) for side in (top, bottom))
    return scaled(Front(_exact(plain), tops, bottoms), None)


def _exact(c: Expr) -> Fraction:
    return Fraction(int(c.p), int(c.q))  # type: ignore[attr-defined]
