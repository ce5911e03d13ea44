"""What a matrix form stands for as a tensor of the language, so that it can be differentiated: one rule for each op.

An axis is known by its letter: DOWN and RIGHT, or the letter of a subscript. A column has no RIGHT, a number neither, and what
lacks a letter repeats along it; so transposes, outer products and broadcasting need no operation of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr, S

from symbackprop.algebra.matrix import Form
from symbackprop.algebra.positions import View
from symbackprop.core.functions import REDUCTIONS, Where, iverson
from symbackprop.core.program import Matrix, Reduce, Sum, position, slot
from symbackprop.language.tensors import Index, Tensor

DOWN, RIGHT = "d", "r"  # a subscript is told apart from them by its mark
_INNER, _MARK = "q", "_"
_PLAIN = (), (DOWN,), (DOWN, RIGHT)  # a tensor as it is declared
_TURNED = {DOWN: RIGHT, RIGHT: DOWN}


class NoTensorError(Exception):
    """No tensor is made of such a form."""


class Meant(NamedTuple):
    """A tensor, and the letters of its axes; no letter stands twice."""

    tensor: Tensor
    letters: Index

    @property
    def extents(self) -> dict[str, Expr]:
        return dict(zip(self.letters, self.tensor.shape, strict=True))

    def relettered(self, swap: Mapping[str, str]) -> Meant:
        return Meant(self.tensor, tuple(swap.get(c, c) for c in self.letters))


def subscript(letter: str) -> str:
    """A subscript as the letter of an axis."""
    return letter + _MARK


class FormTensor:
    """Reads forms.

    known      the tensors that a form may name.
    computed   what some forms are known to be.
    called     what some forms are called: the tensors that are made of them have these names, and are kept in `made`.
    """

    def __init__(self, known: Mapping[str, Tensor], computed: Mapping[Form, Meant], called: Mapping[Form, str]) -> None:
        self.known, self.called = known, called
        self.done = dict(computed)
        self.made: dict[str, Tensor] = {}

    def read(self, x: Form) -> Meant:
        """The tensor; NoTensorError where there is no rule for an op, or the parts do not fit."""
        if x not in self.done:
            if x.op not in RULES:
                raise NoTensorError(x.op)
            found = RULES[x.op](self, x)
            name = self.called.get(x)
            if name is not None and name not in self.made and found.letters in _PLAIN:
                self.made[name] = found.tensor.named(name)
            self.done[x] = found
        return self.done[x]

    def parts(self, x: Form) -> list[Meant]:
        return [self.read(part) for part in x.parts]


def entrywise(body: Callable[..., Any], *operands: Meant, over: Sequence[str] = ()) -> Meant:
    """A function of entries, with the operands' axes met by their letters; summed over those of some that they have."""
    extents: dict[str, Expr] = {}
    for operand in operands:
        for letter, n in operand.extents.items():
            if extents.setdefault(letter, n) != n:
                raise NoTensorError("sizes differ")
    over = [letter for letter in over if letter in extents]
    slots = tuple(slot(k) for k in range(len(operands)))
    letters = tuple(letter for letter in extents if letter not in over)
    op = Sum(body(*slots), slots, tuple((letter, extents[letter]) for letter in over))
    return Meant(Tensor(tuple(extents[c] for c in letters), op, tuple(operands), letters), letters)


def ordered(x: Meant, letters: Index, shape: tuple[Expr, ...]) -> Tensor:
    """The tensor with axes in an order, which repeats along those that it lacks."""
    if not {*x.letters} <= {*letters}:
        raise NoTensorError("an axis too many")
    return Tensor(shape, Sum(slot(0), (slot(0),)), (x,), letters)


def constant(value: Any, extents: Mapping[str, Expr] | None = None) -> Meant:
    """A number, the same along some axes."""
    extents = extents or {}
    return Meant(Tensor(tuple(extents.values()), Sum(value), (), tuple(extents)), tuple(extents))


def summed(x: Meant, *over: str) -> Meant:
    """The sum over those of the letters that it has."""
    return entrywise(lambda a: a, x, over=over)


def _leaf(at: FormTensor, x: Form) -> Meant:
    name, below = x.given.name, tuple(subscript(c) for c in x.given.subscripts)
    tensor = None if isinstance(name, View) else at.known.get(name)
    if tensor is None or not 0 <= tensor.ndim - len(below) <= 2:
        raise NoTensorError("a view, or a stack of matrices")
    letters = (*below, *(DOWN, RIGHT)[: tensor.ndim - len(below)])
    if len(set(letters)) < len(letters):
        raise NoTensorError("a diagonal of subscripts")
    return Meant(tensor, letters)


def _onehot(at: FormTensor, x: Form) -> Meant:
    """1 at the class that stands in a tensor of integers: along a row where that is a column, else down."""
    places = _leaf(at, x)
    axis = RIGHT if DOWN in places.letters else DOWN
    if RIGHT in places.letters:
        raise NoTensorError("classes in a matrix")
    letters, slots = (*places.letters, axis), (slot(0),)
    shape = (*places.tensor.shape, x.given.size)
    return Meant(Tensor(shape, Sum(iverson(sp.Eq(position(axis), slot(0), evaluate=False)), slots), (places,), letters), letters)


def _positions(at: FormTensor, x: Form) -> Meant:
    """1 where positions are as they are said to be."""
    letters = tuple(map(subscript, x.given.letters))
    steps = [slope * position(c) for c, slope in zip(letters, x.given.slopes, strict=True)]
    body = iverson(x.given.relation(sp.Add(*steps, x.given.offset), S.Zero, evaluate=False))
    return constant(body, dict(zip(letters, x.given.sizes, strict=True)))


def _count(at: FormTensor, x: Form) -> Meant:
    """How many positions there are."""
    letters = tuple(map(subscript, x.given.letters))
    steps = [slope * position(c) for c, slope in zip(letters, x.given.slopes, strict=True)]
    return constant(sp.Add(*steps, x.given.offset), dict(zip(letters, x.given.sizes, strict=True)))


def _entry(at: FormTensor, x: Form) -> Meant:
    """A matrix or a column with its axes at letters."""
    own = at.read(x.parts[0])
    letters = tuple(map(subscript, x.given))
    if {*own.letters} != {DOWN, RIGHT}.intersection((DOWN, RIGHT)[: len(letters)]) or len(set(letters)) < len(letters):
        raise NoTensorError("no matrix")
    return own.relettered(dict(zip((DOWN, RIGHT), letters, strict=False)))


def _turned(x: Meant) -> Meant:
    return x.relettered(_TURNED)


def _times(a: Meant, b: Meant) -> Meant:
    """The matrix product; of a column and a row the outer one, and a number times anything."""
    inner, outer = RIGHT in a.letters and DOWN in b.letters, RIGHT in b.letters and DOWN in a.letters
    if inner:
        return entrywise(lambda p, q: p * q, a.relettered({RIGHT: _INNER}), b.relettered({DOWN: _INNER}), over=[_INNER])
    if not outer and {DOWN, RIGHT} & {*a.letters} and {DOWN, RIGHT} & {*b.letters}:
        raise NoTensorError("these factors have no product")
    return entrywise(lambda p, q: p * q, a, b)


def _product(at: FormTensor, x: Form) -> Meant:
    """From the left, a diagonal matrix by its diagonal."""
    found: Meant | None = None
    diagonals: list[Meant] = []
    for part in x.parts:
        if part.op == "diag":
            diagonals.append(at.read(part.parts[0]))
            continue
        own = at.read(part)
        for diagonal in diagonals if found is None else ():
            own = _scaled_along(own, diagonal, DOWN)
        for diagonal in diagonals if found is not None else ():
            found = _scaled_along(found, diagonal, RIGHT) if found else None
        diagonals = []
        found = own if found is None else _times(found, own)
    if found is None:
        raise NoTensorError("a product of diagonal matrices")
    for diagonal in diagonals:
        found = _scaled_along(found, diagonal, RIGHT)
    return found


def _scaled_along(x: Meant, diagonal: Meant, axis: str) -> Meant:
    if axis not in x.letters:
        raise NoTensorError("a diagonal matrix by a column")
    return entrywise(lambda p, q: p * q, x, _along(diagonal, axis))


def _along(column: Meant, axis: str) -> Meant:
    """A column with its entries along an axis."""
    if RIGHT in column.letters and DOWN in column.letters:
        raise NoTensorError("no column")
    return column.relettered({DOWN: axis, RIGHT: axis})


def _scaled(at: FormTensor, x: Form) -> Meant:
    front = x.given
    parts = [*map(at.read, front.tops), *map(at.read, front.bottoms), *at.parts(x)]
    above, below = len(front.tops), len(front.tops) + len(front.bottoms)
    number = sp.Rational(front.coefficient.numerator, front.coefficient.denominator)
    return entrywise(lambda *s: number * sp.Mul(*s[:above], *s[below:]) / sp.Mul(*s[above:below]), *parts)


def _function(at: FormTensor, x: Form) -> Meant:
    parts = at.parts(x)
    if not isinstance(x.given, str):
        return entrywise(x.given, *parts)
    return _WHOLE[x.given](*parts) if x.given in _WHOLE else _reduced(x.given, parts[0], DOWN)


def _reduced(kind: str, x: Meant, axis: str) -> Meant:
    """max, min, prod or logsumexp along an axis."""
    if axis not in x.letters or kind not in REDUCTIONS:
        raise NoTensorError(kind)
    rest = tuple(c for c in x.letters if c != axis)
    op = Reduce(kind, ((axis, x.extents[axis]),))
    return Meant(Tensor(tuple(x.extents[c] for c in rest), op, (x,), rest), rest)


def _softmax(x: Meant) -> Meant:
    return entrywise(lambda a, b: sp.exp(a - b), x, _reduced("logsumexp", x, RIGHT if RIGHT in x.letters else DOWN))


def _clip(x: Meant, low: Meant, *high: Meant) -> Meant:
    """Between two bounds, or between a bound and what is opposite to it."""

    def body(a: Expr, p: Expr, *q: Expr) -> Expr:
        least, most = (p, q[0]) if q else (-p, p)
        return Where(sp.Lt(a, least, evaluate=False), least, Where(sp.Gt(a, most, evaluate=False), most, a))

    return entrywise(body, x, low, *high)


_WHOLE: dict[str, Callable[..., Meant]] = {"softmax": _softmax, "clip": _clip}


def _compared(at: FormTensor, x: Form) -> Meant:
    return entrywise(lambda *sides: iverson(_holds(x.given, sides)), *at.parts(x))


def _holds(relation: Any, sides: Sequence[Expr]) -> Any:
    """a < b, or a <= x <= b: the relation between each side and the next."""
    return sp.And(*(relation(a, b, evaluate=False) for a, b in pairwise(sides)))


def _cases(at: FormTensor, x: Form) -> Meant:
    test, one, other = x.parts
    if test.op != "compare":
        raise NoTensorError("no condition")
    sides, relation = at.parts(test), test.given
    return entrywise(lambda *x: Where(_holds(relation, x[:-2]), *x[-2:]), *sides, at.read(one), at.read(other))


def _matrix(kind: str) -> Callable[[FormTensor, Form], Meant]:
    def rule(at: FormTensor, x: Form) -> Meant:
        own = at.read(x.parts[0])
        if {*own.letters} != {DOWN, RIGHT}:
            raise NoTensorError("no matrix")
        letters = (DOWN, RIGHT)
        shape = tuple(own.extents[c] for c in letters)
        plain = own if own.letters == letters else Meant(ordered(own, letters, shape), letters)
        return Meant(Tensor(shape, Matrix(kind), (plain,), letters), letters)

    return rule


def _matrix_power(at: FormTensor, x: Form) -> Meant:
    own = at.read(x.parts[0])
    return reduce(_times, [own] * x.given)


def _identity(at: FormTensor, x: Form) -> Meant:
    same = iverson(sp.Eq(position(DOWN), position(RIGHT), evaluate=False))
    return constant(same, {DOWN: x.given, RIGHT: x.given})


def _diag(at: FormTensor, x: Form) -> Meant:
    column = at.read(x.parts[0])
    n = _along(column, DOWN).extents.get(DOWN)
    if n is None:
        raise NoTensorError("diag of a number")
    same = iverson(sp.Eq(position(DOWN), position(RIGHT), evaluate=False))
    return entrywise(lambda a, one: a * one, _along(column, DOWN), constant(same, {DOWN: n, RIGHT: n}))


def _diagonal(x: Meant) -> Meant:
    if not {DOWN, RIGHT} <= {*x.letters}:
        raise NoTensorError("no matrix")
    letters = tuple(c for c in x.letters if c != RIGHT)
    shape = tuple(x.extents[c] for c in letters)
    both = tuple(DOWN if c == RIGHT else c for c in x.letters)
    return Meant(Tensor(shape, Sum(slot(0), (slot(0),)), ((x.tensor, both),), letters), letters)


def _mean(x: Meant, *over: str) -> Meant:
    own = [c for c in over if c in x.letters]
    count = sp.Mul(*[x.extents[c] for c in own])
    return entrywise(lambda a: a / count, x, over=own)


def _indexsum(at: FormTensor, x: Form) -> Meant:
    return summed(at.read(x.parts[0]), *(subscript(c) for c, _ in x.given))


def _one(rule: Callable[[Meant], Meant]) -> Callable[[FormTensor, Form], Meant]:
    return lambda at, x: rule(at.read(x.parts[0]))


def _each(body: Callable[..., Any]) -> Callable[[FormTensor, Form], Meant]:
    return lambda at, x: entrywise(body, *at.parts(x))


def _power(at: FormTensor, x: Form) -> Meant:
    exponent = sp.Rational(x.given.numerator, x.given.denominator)
    return entrywise(lambda a: a**exponent, at.read(x.parts[0]))


RULES: dict[str, Callable[[FormTensor, Form], Meant]] = {
    "leaf": _leaf,
    "onehot": _onehot,
    "positions": _positions,
    "count": _count,
    "entry": _entry,
    "number": lambda at, x: constant(sp.Rational(x.given.numerator, x.given.denominator)),
    "size": lambda at, x: constant(x.given),
    "ones": lambda at, x: constant(S.One, {DOWN: x.given}),
    "identity": _identity,
    "transpose": _one(_turned),
    "inverse": _matrix("inverse"),
    "matrixpower": _matrix_power,
    "power": _power,
    "scalarpower": _power,
    "raised": _each(lambda a, b: a**b),
    "product": _product,
    "hadamard": _each(sp.Mul),
    "over": _each(lambda a, b: a / b),
    "scaled": _scaled,
    "sum": _each(sp.Add),
    "function": _function,
    "compare": _compared,
    "cases": _cases,
    "diag": _diag,
    "diagonal": _one(_diagonal),
    "rowsum": _one(lambda x: summed(x, RIGHT)),
    "colsum": _one(lambda x: summed(x, DOWN)),
    "rowmean": _one(lambda x: _mean(x, RIGHT)),
    "colmean": _one(lambda x: _mean(x, DOWN)),
    "total": _one(lambda x: summed(x, DOWN, RIGHT)),
    "mean": _one(lambda x: _mean(x, DOWN, RIGHT)),
    "inner": lambda at, x: entrywise(lambda a, b: a * b, *at.parts(x), over=(DOWN, RIGHT)),
    "trace": _one(lambda x: summed(_diagonal(x), DOWN)),
    "norm": _one(lambda x: summed(entrywise(lambda a: a**2, x), DOWN, RIGHT)),
    "length": _one(lambda x: entrywise(sp.sqrt, summed(entrywise(lambda a: a**2, x), DOWN, RIGHT))),
    "indexsum": _indexsum,
}
