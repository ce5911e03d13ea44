"""The local derivatives of the three operations, d target / d operand, each with the values that it needs beside those there are.

A `Sum` is differentiated in its body; a `Reduce` and a `Matrix` by their rows. What a row needs and nobody has written (how many
entries tie, the product of the others, the inverse) becomes an equation of its own, written once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, assert_never

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions import OTHERS, TIES, TableFunction, Where, X, Y, derivative, iverson, matrix_function, reduction
from symbackprop.core.loops import refused
from symbackprop.core.program import (
    Carry,
    Equation,
    Matrix,
    Program,
    Reduce,
    Ref,
    Signature,
    Step,
    Sum,
    letter_sizes,
    position,
    slot,
    substituted,
)  # fmt: skip

RESULT = Symbol("_y")  # the target of the equation, as a body may mention it

Letters = Callable[[int, set[str]], tuple[str, ...]]  # fresh letters: how many, and which are taken


class Local(NamedTuple):
    """d target / d operand = body(places), in the letters of both.

    body      in the slots of `places` and RESULT.
    places    what stands in these slots.
    operand   the operand, with the letters that it has in the body.
    sizes     the size of every letter.
    pattern   the gate's pattern, as lecturers name it.
    needs     equations that must stand before, each with its tensor.
    """

    body: Expr
    places: tuple[Ref, ...]
    operand: Ref
    sizes: dict[str, Expr]
    pattern: str
    needs: tuple[tuple[Signature, Equation], ...] = ()


def local_derivative(program: Program, equation: Equation, k: int, letters: Letters) -> Local:
    """d target / d operand k of an equation.

    letters   gives fresh letters, also for the values that the derivative needs.
    Raises UnknownOperationError for a row that is not in the tables.
    """
    op = equation.op
    match op:
        case Sum():
            return _of_sum(program, equation, op, k)
        case Reduce():
            return _of_reduction(program, equation, op, letters)
        case Matrix():
            return _of_matrix(program, equation, op, letters)
        case Carry():
            raise refused(equation, "the chain rule")
        case _:
            assert_never(op)


def _of_sum(program: Program, equation: Equation, op: Sum, k: int) -> Local:
    """d body / d s_k, with the equation's result put back where nothing is summed."""
    body = _slope(op.body, op.slots[k], not op.adds)
    return Local(body, equation.operands, equation.operands[k], letter_sizes(program, equation), _pattern(op, body))


@cache
def _slope(body: Expr, s: Symbol, with_result: bool) -> Expr:
    """The same body costs one differentiation, however often it stands."""
    return derivative(body, s, RESULT if with_result else None)


def _pattern(op: Sum, local: Expr) -> str:
    """The gate's pattern of a Sum, as lecturers name it."""
    body = op.body
    factors = [f for f in sp.Mul.make_args(body) if f in op.slots]
    selects = body.has(Where) and all(f in op.slots or f.is_number or isinstance(f, Where) for f in sp.Mul.make_args(body))
    if selects and len(factors) == 1:
        return "select"
    if body.is_Add and local.is_number:
        return "add"
    if len(factors) > 1 and body.is_Mul:
        return "product" if op.adds else "multiply"
    if len(factors) == 1 and local.is_number:
        return "sum" if op.adds else "scale"
    if isinstance(body, TableFunction) and body.row.name in ("maximum", "minimum"):
        return "max"
    return "map"


def _of_reduction(program: Program, equation: Equation, op: Reduce, letters: Letters) -> Local:
    """The row's local slope; over axes of size 1 the reduction is the entry itself."""
    row, (operand,) = reduction(op.kind), equation.operands
    sizes = letter_sizes(program, equation)
    if all(extent == 1 for _, extent in op.over):
        return Local(S.One, (), operand, sizes, "scale")
    places, needs = [operand], []
    body = row.local
    if body.has(TIES):
        needs.append(_ties(program, equation, op))
        body = substituted(body, {TIES: slot(len(places))})
        places.append(Ref(needs[-1][0].name, equation.target.index))
    if body.has(OTHERS):
        needs += _others(program, equation, op, letters)
        body = substituted(body, {OTHERS: slot(len(places))})
        places.append(needs[-1][1].target)
    return Local(substituted(body, {X: slot(0), Y: RESULT}), tuple(places), operand, sizes, row.pattern, tuple(needs))


def _ties(program: Program, equation: Equation, op: Reduce) -> tuple[Signature, Equation]:
    """How many entries equal the result."""
    target = equation.target
    ties = Ref(f"ties({target.name})", target.index)
    count = Sum(iverson(sp.Eq(slot(0), slot(1))), (slot(0), slot(1)), op.over)
    written = Equation(ties, count, (*equation.operands, target), Step("count", through=target))
    return Signature(ties.name, program.shape(target.name), named=False), written


def _others(program: Program, equation: Equation, op: Reduce, letters: Letters) -> list[tuple[Signature, Equation]]:
    """o[t i] = the reduction over j of w[t i j], where w[t i j] = x[t j], but where j = i the value that changes nothing.

    For a product this is the product of the other factors. No quotient is taken, so that it is right where factors are 0, and so
    are the derivatives of every order: each is a product of the factors that are left. It costs one axis more.
    """
    target, (operand,) = equation.target, equation.operands
    sizes = letter_sizes(program, equation)
    own = [c for c, _ in op.over]
    moved = dict(zip(own, letters(len(own), set(sizes)), strict=True))
    lead = tuple(c for c in target.index if c in operand.index)
    same: Any = sp.And(*[sp.Eq(position(c), position(other)) for c, other in moved.items()])  # type: ignore[arg-type]
    without = Ref(f"without({target.name})", (*lead, *own, *moved.values()))
    others = Ref(f"others({target.name})", (*lead, *own))
    body = Where(same, reduction(op.kind).empty, slot(0))
    read = Ref(operand.name, tuple(moved.get(c, c) for c in operand.index))
    shape = tuple(sizes[c] for c in others.index)
    over = tuple((moved[c], extent) for c, extent in op.over)
    return [
        (
            Signature(without.name, shape + tuple(extent for _, extent in over), named=False),
            Equation(without, Sum(body, (slot(0),)), (read,), Step("without", through=target)),
        ),
        (
            Signature(others.name, shape, named=False),
            Equation(others, Reduce(op.kind, over), (without,), Step("others", through=target)),
        ),
    ]


def _of_matrix(program: Program, equation: Equation, op: Matrix, letters: Letters) -> Local:
    """The row's local slope, a sum of products of entries; functions of the operand and of the result are written once.

    d inverse(X)[p q] / d X[i j] = -V[p i] V[j q],   d det X / d X[i j] = det X V[j i],   d log|det X| / d X[i j] = V[j i],
    with V the inverse of X (Petersen and Pedersen, The Matrix Cookbook, equations 41, 49 and 60).
    """
    row, target, (operand,) = matrix_function(op.kind), equation.target, equation.operands
    assert not row.primary  # which is differentiated along directions, `core.primary`
    batch, ij = operand.index[:-2], operand.index[-2:]
    lead, matrix = target.index[: len(target.index) - len(row.axes)], program.shape(operand.name)[-2:]
    sizes = {c: n for c, n in letter_sizes(program, equation).items() if c not in ij or c in target.index}
    if not row.scalar:  # the letters of a row and a column of X are new: those that it was read with may be the target's
        ij = letters(2, set(sizes))
    at = dict(zip("pq", target.index[len(lead) :], strict=False)) | dict(zip("ij", ij, strict=True))
    inner = sorted({c for read in row.reads for c in read.index} - at.keys())
    at |= zip(inner, letters(len(inner), {*sizes, *ij}), strict=True)
    sizes |= zip(ij, matrix, strict=True)
    functions = _Functions(program, equation, letters)
    whole = {"operand": _Matrices(operand.name, batch, matrix), "result": _Matrices(target.name, lead, row.shape(matrix))}
    places = list[Ref]()
    for read in row.reads:
        source = whole[read.of] if read.of in whole else functions.of(read.of, whole["operand"])
        source = functions.of(read.function, source) if read.function else source
        sizes |= {at[c]: n for c, n in zip(read.index, source.shape, strict=True) if c in inner}
        places.append(Ref(source.name, (*source.lead, *[at[c] for c in read.index])))
    body = substituted(row.local, {position(c): position(own) for c, own in at.items()})
    return Local(body, tuple(places), Ref(operand.name, (*batch, *ij)), sizes, "map", tuple(functions.needs.values()))


class _Matrices(NamedTuple):
    """A tensor of matrices, or of their functions: the letters of its leading axes, and the sizes of the others."""

    name: str
    lead: tuple[str, ...]
    shape: tuple[Expr, ...]


class _Functions:
    """Functions of the matrices that an equation reads or writes: as the program has them, else as equations of their own."""

    def __init__(self, program: Program, equation: Equation, letters: Letters) -> None:
        self.program, self.equation, self.letters = program, equation, letters
        self.needs: dict[str, tuple[Signature, Equation]] = {}

    def of(self, kind: str, source: _Matrices) -> _Matrices:
        """A row of the matrices in a tensor."""
        row = matrix_function(kind)
        written = next((e for e in self.program.equations if e.op == Matrix(kind) and _reads(e, source)), None)
        shape = row.shape(source.shape)  # type: ignore[arg-type]
        if written is not None:
            return _Matrices(written.target.name, source.lead, shape)
        name = f"{kind}({source.name})"
        if name not in self.needs:
            own = self.equation.operands[0].index[-2:]
            spare = dict(zip("rc", own, strict=True))
            more = iter(self.letters(2, {*source.lead, *own}))
            index = tuple(spare.pop(axis) if axis in spare else next(more) for axis in row.axes)
            target, operand = Ref(name, (*source.lead, *index)), Ref(source.name, (*source.lead, *own))
            leading = self.program.shape(source.name) if source.name in self.program.tensors else self.needs[source.name][0].shape
            signature = Signature(name, (*leading[: len(source.lead)], *shape), named=False)
            self.needs[name] = signature, Equation(target, Matrix(kind), (operand,), Step("function", through=self.equation.target))
        return _Matrices(name, source.lead, shape)


def _reads(equation: Equation, source: _Matrices) -> bool:
    """Whether an equation is of all the matrices in a tensor, in order."""
    (operand,) = equation.operands
    lead = operand.index[: len(source.lead)]
    return operand.name == source.name and equation.target.index[: len(lead)] == lead and len(set(lead)) == len(lead)
