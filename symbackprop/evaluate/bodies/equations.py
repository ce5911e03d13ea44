"""An equation as code: its letters and sizes are known, the arrays are not, so that it is written once and run at every point."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import assert_never

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from symbackprop.core.functions import known, matrix_function, reduction
from symbackprop.core.program import Matrix, Reduce, Sum
from symbackprop.evaluate.bodies import guards
from symbackprop.evaluate.bodies.code import Code
from symbackprop.evaluate.bodies.scope import MANY, Lettered, Scope, at_sizes, number_of
from symbackprop.evaluate.rules import of_matrices as mat
from symbackprop.evaluate.rules import primitives as pr
from symbackprop.evaluate.rules.primitives import Tape, Value
from symbackprop.evaluate.rules.special import NotComplexError

Letters = tuple[str, ...]


@lru_cache(maxsize=2048)
def code_of(
    op: Sum | Reduce | Matrix,
    operands: tuple[Letters, ...],
    target: Letters,
    extents: tuple[tuple[str, int], ...],
    numbers: tuple[tuple[Symbol, int], ...],
) -> Code:
    """The code of an equation.

    operands   the letters of each operand, MANY first where several points lie along a further axis.
    target     the letters of what is written.
    extents    how long the axis of each letter is.
    numbers    the sizes.
    """
    code = Code(len(operands))
    read = [_diagonal(code, Lettered(k, letters)) for k, letters in enumerate(operands)]
    scope = Scope(code, {}, dict(extents))
    match op:
        case Sum():
            value = _sum(op, scope, read, target, numbers)
        case Reduce():
            value = _reduced(op, scope, read[0])
        case Matrix():
            value = _matrix(op, scope, read, target)
        case _:
            assert_never(op)
    code.result = scope.spread(value, target).place
    return code


def _diagonal(code: Code, x: Lettered) -> Lettered:
    """A tensor in which a letter that stands twice is a diagonal."""
    place, letters = x
    while len(set(letters)) < len(letters):
        twice = next(c for c in letters if letters.count(c) > 1)
        a, b = [k for k, c in enumerate(letters) if c == twice][:2]
        place = code.emit(lambda tape, x, a=a, b=b: pr.diagonal(tape, x, a, b), place)
        letters = (*(c for k, c in enumerate(letters) if k not in (a, b)), twice)
    return Lettered(place, letters)


def _sum(op: Sum, scope: Scope, read: Sequence[Lettered], target: Letters, numbers: tuple[tuple[Symbol, int], ...]) -> Lettered:
    slots = dict(zip(op.slots, read, strict=True))
    body = at_sizes(op.body, numbers)
    if not op.over:
        return Scope(scope.code, slots, scope.extents).read(body)
    summed = [c for c, _ in op.over]
    terms = [scope.spread(_term(t, scope, slots, summed), target) for t in sp.Add.make_args(body)]
    return scope.joined(lambda tape, *terms: pr.add(tape, terms), *terms) if len(terms) > 1 else terms[0]


def _term(term: Expr, outer: Scope, slots: dict[Symbol, Lettered], summed: Sequence[str]) -> Lettered:
    """The sum of one product over the summed letters; guards fix letters before anything is multiplied."""
    code, extents = outer.code, outer.extents
    conditions, factors = guards.split(term)
    letters_of = tuple((s, x.letters) for s, x in slots.items())
    fixed, rest = guards.solve(conditions, tuple((c, extents[c]) for c in summed), letters_of)
    scope = Scope(code, slots, extents, fixed)
    for letter in fixed:
        scope.place(letter)
    read = [scope.factor(f) for f in factors if number_of(f) is None]
    read += [scope.joined(_chosen, scope.condition(c)) for c in rest]
    read += scope.masks.values()
    present = list(dict.fromkeys(c for item in read for c in item.letters))
    repeated = prod(extents[c] for c in summed if c not in present and c not in fixed)
    scale = scope.read(sp.Mul(repeated, *[f for f in factors if number_of(f) is not None]))
    if not read:
        return scale
    result = tuple(c for c in present if c not in summed)
    numbered = {c: k for k, c in enumerate(present)}
    axes, kept = [tuple(numbered[c] for c in x.letters) for x in read], tuple(numbered[c] for c in result)
    place = code.emit(lambda tape, *values: pr.contract(tape, list(zip(values, axes, strict=True)), kept), *[x.place for x in read])
    number = code.known(scale.place)
    if number is None or number != 1:
        place = code.emit(lambda tape, x, by: pr.multiply(tape, [x, by]), place, scale.place)
    return Lettered(place, result)


def _chosen(tape: Tape, mask: Value) -> Value:
    """A condition as ones and zeros, a choice that is told."""
    tape.choose(mask.data)
    return Value(mask.data.astype(float))


def _reduced(op: Reduce, scope: Scope, x: Lettered) -> Lettered:
    missing = tuple(c for c, _ in op.over if c not in x.letters)
    if missing:
        x = scope.spread(x, (*missing, *(c for c in x.letters if c != MANY)))
    axes = tuple(x.letters.index(c) for c, _ in op.over)

    def reduce(tape: Tape, value: Value) -> Value:
        rule = known(pr.REDUCTIONS, op.kind, "the witness (evaluate.primitives.REDUCTIONS)")
        _refuse_complex(value, op.kind, reduction(op.kind).analytic)
        return rule(tape, value, axes)

    return Lettered(scope.code.emit(reduce, x.place), tuple(c for k, c in enumerate(x.letters) if k not in axes))


def _matrix(op: Matrix, scope: Scope, read: Sequence[Lettered], target: Letters) -> Lettered:
    x, *along = read
    n = scope.extents[x.letters[-1]]
    if along:
        found, own = {c for y in read for c in y.letters[:-2]}, x.letters[-2:]
        lead = tuple(c for c in (MANY, *target[:-2]) if c in found)
        places = [scope.turned(y, (*lead, *own)) for y in read]
        x = Lettered(scope.code.emit(lambda tape, x, *along: mat.bordered(tape, x, along), *places), (*lead, *own))

    def function(tape: Tape, value: Value) -> Value:
        rule = known(mat.MATRIX_FUNCTIONS, op.kind, "the witness (evaluate.of_matrices.MATRIX_FUNCTIONS)")
        _refuse_complex(value, op.kind, matrix_function(op.kind).analytic)
        return mat.corner(tape, rule(tape, value), n) if along else rule(tape, value)

    own = target[len(target) - len(matrix_function(op.kind).axes) :]
    return Lettered(scope.code.emit(function, x.place), x.letters[:-2] + own)


def _refuse_complex(x: Value, kind: str, analytic: bool) -> None:
    if not analytic and np.iscomplexobj(x.data):
        raise NotComplexError(kind)
