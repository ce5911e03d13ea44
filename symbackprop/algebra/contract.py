"""One product of vectors and matrices in index letters as a matrix formula: letters are summed one after the other."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import NamedTuple

from sympy import Expr

from symbackprop.algebra.matrix import (
    PLAIN,
    Form,
    Front,
    MisfitError,
    front_of,
    negated,
    number,
    scaled,
    sized,
)
from symbackprop.algebra.matrix_product import product
from symbackprop.algebra.poly import Number
from symbackprop.algebra.positions import tensor_of
from symbackprop.algebra.turned import transpose  # fmt: skip

MATRIX = "F"  # the norm of a matrix, Frobenius'


class Placed(NamedTuple):
    """A form with the letters of its rows and columns; `low`: it stands below the line."""

    form: Form
    row: str | None
    col: str | None
    low: bool = False


class Contraction:
    """The forms of one product, each at its letters.

    row, col   the letters that are left at the end.
    sizes      of all letters.
    """

    def __init__(self, row: str | None, col: str | None, sizes: dict[str, Expr], coefficient: Number) -> None:
        self.row, self.col, self.sizes, self.coefficient = row, col, sizes, coefficient
        self.tops: list[Form] = []
        self.bottoms: list[Form] = []
        self.entries: dict[frozenset[str], list[Placed]] = {}
        self.parts: dict[frozenset[str], tuple[Form, str]] = {}

    def add(self, placed: Placed) -> None:
        """One more factor; numbers and scalars come to the front."""
        form, row, col, low = placed
        if row is None and col is not None:
            form, row, col = transpose(form), col, None
        if row is None:
            self._scalar(form, low)
            return
        if not low:
            front, body = front_of(form)
            if body is None:
                raise MisfitError("a number that varies")
            self._front(front)
            form = body
        self.entries.setdefault(frozenset(x for x in (row, col) if x), []).append(Placed(form, row, col, low))

    def _scalar(self, form: Form, low: bool) -> None:
        front, body = front_of(form)
        if low and (body is not None or form.op == "scaled"):
            self.bottoms.append(form)
        elif low:
            self.coefficient = self.coefficient / form.given
        else:
            self._front(front)
            self.tops += [body] if body is not None else []

    def _front(self, front: Front) -> None:
        if front is PLAIN:
            return
        self.coefficient = self.coefficient * front.coefficient
        self.tops += front.tops
        self.bottoms += front.bottoms

    def result(self, over: set[str]) -> Form:
        """The whole product, summed over letters."""
        for key, entries in self.entries.items():
            self._put(key, *self._beside(entries))
        left = set(over)
        while left:
            d = min(sorted(left), key=self._cost)
            left -= self._sum_over(d, left)
        body = self._body()
        if self.parts:
            raise MisfitError("letters are left over")
        return scaled(Front(self.coefficient, _collected(self.tops), _collected(self.bottoms)), body)

    def _matrices(self, d: str) -> list[frozenset[str]]:
        return [key for key in self.parts if d in key and len(key) == 2]

    def _cost(self, d: str) -> tuple[bool, int]:
        """A letter that stands in one matrix, with no vector beside it, is summed first."""
        count = len(self._matrices(d))
        return count != 1 or frozenset((d,)) in self.parts, count

    def _put(self, key: frozenset[str], form: Form, first: str) -> None:
        if key in self.parts:
            other, start = self.parts.pop(key)
            form, first = self._beside([_at(other, start, key), _at(form, first, key)])
        front, body = front_of(form)
        self._front(front)
        if body is None:
            raise MisfitError("a number that varies")
        self.parts[key] = body, first

    def arranged(self, factors: list[Form]) -> list[Form]:
        """Factors of a product entry by entry in reading order: what came from above is first, a stands before its 1 - a."""
        return _paired(
            sorted(factors, key=lambda x: not (x.op == "product" or (x.op == "leaf" and "/" in tensor_of(x.given.name))))
        )

    def _beside(self, entries: list[Placed]) -> tuple[Form, str]:
        """Forms of the same letters as one product entry by entry, those of a negative power below a line."""
        only, row, _, low = entries[0]
        if len(entries) == 1 and row and not low and only.op != "hadamard":
            return only, row
        first = next((p for p in entries if not p.low), entries[0]).row
        assert first is not None
        turned = [(p.form if p.row == first else transpose(p.form), p.low) for p in entries]
        above = self.arranged([q for form, low in turned if not low for q in (form.parts if form.op == "hadamard" else (form,))])
        below = [form for form, low in turned if low]
        if len(above) > 1:  # v 1/s = v/s
            below += [form.parts[1] for form in above if _is_below_one(form)]
            above = [form for form in above if not _is_below_one(form)]
        masks = [form for form in above if form.op in ("tril", "triu") and not form.parts]
        above = [form for form in above if form not in masks]
        form = number(1) if not above else above[0] if len(above) == 1 else Form("hadamard", tuple(above))
        if masks and not above and not below:  # what it is of may come by a sum
            return masks[0], first
        if below:
            form = Form("over", (form, below[0] if len(below) == 1 else Form("hadamard", tuple(below))))
        for mask in masks:  # of the quotient: what a mask leaves out may be divided by 0
            form = Form(mask.op, (form,), mask.given)
        return form, first

    def _take(self, letter: str | None) -> Form | None:
        """The vector at a letter."""
        key = frozenset((letter,)) if letter else frozenset()
        return self.parts.pop(key)[0] if key in self.parts else None

    def _oriented(self, key: frozenset[str], first: str) -> Form:
        form, row = self.parts.pop(key)
        if form.op in ("tril", "triu") and not form.parts:
            raise MisfitError("a triangle of ones")
        return form if row == first else transpose(form)

    def _factor(self, key: frozenset[str], first: str) -> Form:
        """A matrix as a factor: a square one with a number added to each entry, K + 2 m, would be read as K + 2 m I."""
        form, (one, *other) = self._oriented(key, first), key
        is_square = bool(other) and self.sizes[one] == self.sizes[other[0]]
        if is_square and form.op == "sum" and any(front_of(part)[1] is None for part in form.parts):
            raise MisfitError("a number is added to a square factor")
        return form

    def _sum_over(self, d: str, left: set[str]) -> set[str]:
        """Sum over one letter, or over two at once; returns the letters that are summed."""
        keys, vector, size = self._matrices(d), self._take(d), self.sizes[d]
        if len(keys) > 2:
            raise MisfitError("a letter stands in three matrices")
        if not keys:
            if vector is None:
                raise MisfitError("there is nothing to sum")
            self.tops.append(self._inner(vector, size))
            return {d}
        (o,) = keys[0] - {d}
        if len(keys) == 2:
            self._join(d, keys, vector)
        elif vector is not None:
            self._put(frozenset((o,)), product([self._factor(keys[0], o), vector]), o)
        elif o in left and len(self._matrices(o)) == 1 and frozenset((o,)) not in self.parts:
            _, first = self.parts[keys[0]]
            (last,) = keys[0] - {first}
            self.tops.append(self._total(self._oriented(keys[0], first), self.sizes[first], self.sizes[last]))
            return {d, o}
        else:
            self._put(frozenset((o,)), self._rowsum(self._oriented(keys[0], o), size), o)
        return {d}

    def _join(self, d: str, keys: list[frozenset[str]], vector: Form | None) -> None:
        """Two matrices that share a letter."""
        (first,), (last,) = keys[0] - {d}, keys[1] - {d}
        if first == last:
            raise MisfitError("two matrices share both letters")
        if first == self.col or last == self.row:
            first, last, keys = last, first, keys[::-1]
        a, b = self._factor(keys[0], first), self._factor(keys[1], d)
        middle = [] if vector is None else [Form("diag", (vector,))]
        self._put(frozenset((first, last)), product([a, *middle, b]), first)

    def _body(self) -> Form | None:
        row, col = self.row, self.col
        key = frozenset(x for x in (row, col) if x)
        if row and col and key in self.parts:
            form = self._triangle(key, row, col) or self._oriented(key, row)
            for letter, is_col in ((row, False), (col, True)):
                vector = self._take(letter)
                form = form if vector is None else self._spread(form, vector, is_col)
            return form
        down, across = self._take(row), self._take(col)
        if down is not None and across is not None:
            return product([down, transpose(across)])
        return down if down is not None else None if across is None else transpose(across)

    def _triangle(self, key: frozenset[str], row: str, col: str) -> Form | None:
        """A triangle of ones times vectors along both of its sides is that part of their product: tril(u v^T)."""
        form, first = self.parts[key]
        if form.op not in ("tril", "triu") or form.parts or not {frozenset((row,)), frozenset((col,))} <= self.parts.keys():
            return None
        del self.parts[key]
        down, across = self._take(row), self._take(col)
        assert down is not None
        assert across is not None
        inner = product([down, transpose(across)])
        return Form(form.op, (inner,), form.given) if first == row else transpose(Form(form.op, (transpose(inner),), form.given))

    def _spread(self, form: Form, vector: Form, is_col: bool) -> Form:
        """A matrix times a vector along its rows or its columns."""
        if form.op == "identity":
            return Form("diag", (vector,))
        turned = transpose(vector) if is_col else vector
        if turned.op in ("colmean", "colsum", "rowmean", "rowsum"):  # says itself along which axis it is repeated
            return Form("hadamard", (*(form.parts if form.op == "hadamard" else (form,)), turned))
        if vector.op == "over" and vector.parts[0] == number(1):
            below = vector.parts[1]
            return Form("over", (form, transpose(below) if is_col else below))
        diagonal = Form("diag", (vector,))
        return product([form, diagonal] if is_col else [diagonal, form])

    def _is_mean(self, size: Expr, take: bool = True) -> bool:
        """Whether a sum over an axis is divided by its size; `take`: the division is used up."""
        if size.is_Integer and self.coefficient.denominator % int(size) == 0:
            self.coefficient = self.coefficient * int(size) if take else self.coefficient
            return True
        if not self.bottoms or sized(size) not in self.bottoms:
            return False
        if take:
            self.bottoms.remove(sized(size))
        return True

    def _inner(self, v: Form, size: Expr) -> Form:
        """The sum of a vector's entries: a product of two, a norm, a trace, a mean or a sum."""
        if v.op == "diagonal":
            return Form("trace", v.parts)
        if v.op == "hadamard" and not self._is_mean(size, take=False):
            a, rest = v.parts[0], v.parts[1:]
            b = rest[0] if len(rest) == 1 else Form("hadamard", rest)
            either = (product([transpose(x), y]) for x, y in ((a, b), (b, a)))  # g^T M A p has fewer turned than p^T A^T M^T g
            return Form("norm", (a,)) if a == b else min(either, key=lambda form: form.tokens)
        if v.op == "over" and v.parts[0].op == "hadamard" and len(v.parts[0].parts) == 2 and not self._is_mean(size, take=False):
            (a, b), below = v.parts[0].parts, v.parts[1]  # e^T s/(K + s), and not the sum of their product over that
            either = (product([transpose(x), Form("over", (y, below))]) for x, y in ((b, a), (a, b)))
            return min(Form("total", (v,)), *either, key=lambda form: form.tokens)
        v = v.parts[0] if v.op == "transpose" else v  # all entries, however they lie
        if v.op == "power" and v.given == 2:
            return Form("norm", v.parts)
        if self._is_mean(size):
            return Form("mean", (v,))
        if v.op == "product":
            return product([transpose(Form("ones", (), size)), v])
        return Form("total", (v,))

    def _rowsum(self, m: Form, size: Expr) -> Form:
        if self._is_mean(size):
            return Form("rowmean", (m,)) if m.op != "transpose" else transpose(Form("colmean", m.parts))
        plain = m.op in ("leaf", "transpose") and (size.is_Symbol or size.is_Integer)
        made = product([m, Form("ones", (), size)]) if plain else Form("rowsum", (m,))
        turned = m.op == "transpose"
        inner = m.parts[0] if turned else m
        if inner.op != "hadamard" or len(inner.parts) != 2 or all(part.op != "product" for part in inner.parts):
            return made
        a, b = inner.parts
        diagonal = Form("diagonal", (product([transpose(a), b] if turned else [a, transpose(b)]),))
        return diagonal if diagonal.tokens <= made.tokens else made

    def _total(self, m: Form, rows: Expr, cols: Expr) -> Form:
        """The sum of a matrix's entries."""
        if m.op == "hadamard" and len(m.parts) == 2:
            a, b = m.parts
            if "identity" in (a.op, b.op):
                return Form("trace", (a if b.op == "identity" else b,))
            if b.op == "transpose" and b.parts[0] == a:
                return Form("trace", (product([a, a]),))
            return Form("norm", (a,), MATRIX) if a == b else Form("inner", m.parts)
        if m.op == "power" and m.given == 2:
            return Form("norm", m.parts, MATRIX)
        coefficient, bottoms = self.coefficient, [*self.bottoms]
        if self._is_mean(rows) and self._is_mean(cols):
            return Form("mean", (m,))
        self.coefficient, self.bottoms = coefficient, bottoms  # of a square matrix one size may stand below, for both
        return Form("total", (m,))


def _is_below_one(form: Form) -> bool:
    return form.op == "over" and form.parts[0] == number(1)


def _paired(factors: list[Form]) -> list[Form]:
    """The factors, with a before the 1 - a that stands among them: the slope of a sigmoid is one thing."""
    found = list(factors)
    for whole in factors:
        if whole.op == "sum" and len(whole.parts) == 2 and whole.parts[0] == number(1):
            rest = negated(whole.parts[1])
            if rest in found:
                found.remove(rest)
                found.insert(found.index(whole), rest)
    return found


def _collected(scalars: list[Form]) -> tuple[Form, ...]:
    """Equal scalars as a power: tr(X)^2."""
    counts = Counter(_paired(scalars))
    made = []
    for x, n in counts.items():
        length = x.op == "norm" and n > 1
        base = Form("length", x.parts, x.given) if length else x
        made.append(x if n == 1 else Form("scalarpower", (base,), Fraction(2 * n if length else n)))
    return tuple(made)


def _at(form: Form, first: str, key: frozenset[str]) -> Placed:
    other = next(iter(key - {first}), None)
    return Placed(form, first, other)


def repeated(x: Form, down: bool, across: bool, rows: Expr, cols: Expr) -> Form:
    """A column or a row as a summand of a matrix: 1 x^T; a sum of rows or columns says itself along which axis it is repeated."""
    front, body = front_of(x)
    if down != across and body is not None and body.op == "product" and len(body.parts) == 2:
        (m, ones), name = (body.parts, "rowsum") if down else (body.parts[::-1], "colsum")
        if "ones" in (ones.op, *(part.op for part in ones.parts)) and m.op == "hadamard":
            return scaled(front, Form(name, (m,)))
    if down == across or body is None or body.op in ("rowsum", "colsum", "rowmean", "colmean"):
        return x
    ones = Form("ones", (), cols if down else rows)
    return scaled(front, product([body, transpose(ones)] if down else [ones, body]))
