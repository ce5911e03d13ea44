"""A program goes in, a smaller program with the same outputs comes out.

Rewrites, each of which keeps every value: labels sum to one, numbers stand in the bodies that read them, a copy or a transpose is
read at its source, equal equations are computed once, and what nothing reads is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from operator import itemgetter
from typing import assert_never

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.core.grammar import check
from symbackprop.core.program import (
    Carry,
    Equation,
    Matrix,
    Op,
    Program,
    Reduce,
    Ref,
    Signature,
    Sum,
    position,
    rewritten,
    slot,
    substituted,
    symbols_in,
)  # fmt: skip


def simplify(program: Program, keep: Iterable[str] = ()) -> Program:
    """The program with fewer equations and the same outputs.

    keep   further names whose equations must stay (the loss, values that a report shows).
    """
    kept = set(program.outputs) | set(keep)
    ahead = {e.operands[0].name for e in program.equations if isinstance(e.op, Carry)}  # read before their sources are known
    done = _Rewriter(program, kept | ahead).run()
    return check(without_dead(Program(program.tensors, tuple(done), program.outputs, program.conditions), kept))


def without_dead(program: Program, kept: Iterable[str]) -> Program:
    """The program without the equations that nothing of `kept` needs."""
    writer, needed, waiting = program.equation_of(), set(kept), list(kept)
    while waiting:
        name = waiting.pop()
        new = {r.name for r in writer[name].operands} - needed if name in writer else set()
        needed |= new
        waiting += new
    alive = [e for e in program.equations if e.target.name in needed]
    written = {e.target.name for e in alive}
    tensors = {n: t for n, t in program.tensors.items() if t.kind != "value" or n in written}
    return Program(tensors, tuple(alive), program.outputs, program.conditions)


class _Rewriter:
    def __init__(self, program: Program, kept: set[str]) -> None:
        self.program, self.kept = program, kept
        self.whole = {
            r.name for e in program.equations if not isinstance(e.op, Sum) for r in e.operands
        }  # no number stands for these
        # read as rows and columns
        self.matrices = {r.name for e in program.equations if isinstance(e.op, Matrix) for r in e.operands}
        self.source: dict[str, tuple[str, tuple[int, ...]]] = {}  # a copy -> where it is read, and the order of its axes
        self.number: dict[str, Expr] = {}  # a tensor that is the same number everywhere
        self.known: dict[tuple, str] = {}  # an equation without its letters' names -> the tensor that holds it

    def run(self) -> list[Equation]:
        done = []
        for equation in self.program.equations:
            equation = self.rewritten(equation)
            if not self.recorded(equation):
                done.append(equation)
        return done

    def rewritten(self, equation: Equation) -> Equation:
        operands = tuple(self.read(r) for r in equation.operands)
        op = equation.op
        match op:
            case Sum():
                op, operands = self.with_numbers(op, operands)
                op, operands = without_labels(self.program.tensors, op, operands)
                op, operands = merged(op, operands)
            case Reduce() | Matrix() | Carry():
                pass
            case _:
                assert_never(op)
        return Equation(equation.target, op, operands, equation.step)

    def read(self, ref: Ref) -> Ref:
        if ref.name not in self.source:
            return ref
        name, order = self.source[ref.name]
        return Ref(name, tuple(ref.index[k] for k in order))

    def with_numbers(self, op: Sum, operands: tuple[Ref, ...]) -> tuple[Sum, tuple[Ref, ...]]:
        numbers = {s: self.number[r.name] for s, r in zip(op.slots, operands, strict=True) if r.name in self.number}
        if not numbers:
            return op, operands
        body = substituted(op.body, numbers)
        return shrunk(Sum(body, op.slots, op.over), operands)

    def recorded(self, equation: Equation) -> bool:
        """Whether the equation need not be written: later equations read it elsewhere."""
        name, target, op = equation.target.name, equation.target, equation.op
        free = name not in self.kept
        if isinstance(op, Sum) and not equation.operands and not op.over and _is_number(op.body):
            self.number[name] = op.body
            return free and name not in self.whole
        if isinstance(op, Sum) and op.body == slot(0) and not op.over and len(equation.operands) == 1:
            (ref,) = equation.operands
            if set(ref.index) == set(target.index) and len(ref.index) == len(set(ref.index)):
                order = tuple(target.index.index(c) for c in ref.index)
                if name not in self.matrices or order[-2:] == (len(order) - 2, len(order) - 1):
                    self.source[name] = (ref.name, order)
                    return free
        key = (self.program.shape(name), *nameless(equation))  # positions alone do not tell how far they run
        if key in self.known and free:
            self.source[name] = (self.known[key], tuple(range(len(target.index))))
            return True
        self.known.setdefault(key, name)
        return False


def _is_number(body: Expr) -> bool:
    """Whether a body is the same number at every position (sizes may stand in it)."""
    return all(isinstance(s, Symbol) and s.is_positive for s in symbols_in(body))


def without_labels(tensors: Mapping[str, Signature], op: Sum, operands: tuple[Ref, ...]) -> tuple[Sum, tuple[Ref, ...]]:
    """The sum of c y[n k] over k is c where y are labels (they sum to one) and c does not mention k."""
    summed = {c for c, _ in op.over}
    for s, ref in zip(op.slots, operands, strict=True):
        if tensors[ref.name].kind != "labels" or ref.index[-1] not in summed:
            continue
        letter = ref.index[-1]
        alone = ref.index.count(letter) == 1 and not any(letter in r.index for r in operands if r is not ref)
        factors = sp.Mul.make_args(op.body)
        if alone and s in factors and not (op.body / s).has(s, position(letter)):
            body = sp.Mul(*[f for f in factors if f != s])
            over = tuple((c, extent) for c, extent in op.over if c != letter)
            return without_labels(tensors, *shrunk(Sum(body, op.slots, over), operands))
    return op, operands


def shrunk(op: Sum, operands: tuple[Ref, ...]) -> tuple[Sum, tuple[Ref, ...]]:
    """Drop the operands that the body no longer mentions; a summed letter that nothing mentions multiplies by its size."""
    free = symbols_in(op.body)
    found = {c for r in operands for c in r.index}
    if op.slots == _slots(len(operands)) and free.issuperset(op.slots) and all(c in found for c, _ in op.over):
        return op, operands
    stay = [k for k, s in enumerate(op.slots) if s in free]
    refs = tuple(operands[k] for k in stay)
    body = substituted(op.body, {op.slots[k]: slot(j) for j, k in enumerate(stay)})
    mentioned = {c for r in refs for c in r.index}
    over = []
    for letter, extent in op.over:
        if letter in mentioned or position(letter) in free:
            over.append((letter, extent))
        else:
            body = body * extent
    return Sum(body, tuple(slot(j) for j in range(len(stay))), tuple(over)), refs


@cache
def _slots(count: int) -> tuple[Symbol, ...]:
    return tuple(map(slot, range(count)))


def merged(op: Sum, operands: tuple[Ref, ...]) -> tuple[Sum, tuple[Ref, ...]]:
    """Equal operands share one slot, so that u - u is 0 and x * x is x**2."""
    if len(set(operands)) == len(operands):
        return op, operands
    first = {r: k for k, r in reversed(list(enumerate(operands)))}
    body = substituted(op.body, {s: op.slots[first[r]] for s, r in zip(op.slots, operands, strict=True)})
    return shrunk(Sum(body, op.slots, op.over), operands)


def nameless(equation: Equation) -> tuple:
    """An equation with its letters numbered in order of appearance: equal for equations that compute the same tensor."""
    target, op, indices = _numbered(equation.op, equation.target.index, tuple([r.index for r in equation.operands]))
    return target, op, tuple([(r.name, index) for r, index in zip(equation.operands, indices, strict=True)])


@lru_cache(maxsize=8192)
def _numbered(op: Op, target: tuple[str, ...], operands: tuple[tuple[str, ...], ...]) -> tuple:
    """An operation, the letters of its target and of its operands, all numbered in order of appearance."""
    letters = [*target, *[c for index in operands for c in index], *[c for c, _ in op.over]]
    order = {c: f"#{k}" for k, c in enumerate(dict.fromkeys(letters))}
    over = tuple(sorted([(order[c], extent) for c, extent in op.over], key=itemgetter(0)))

    def body(own: Expr) -> Expr:
        if symbols_in(own).issubset(getattr(op, "slots", ())):
            return own
        swap = {position(a): position(b) for a, b in order.items()}
        return substituted(own, swap) if symbols_in(own) & swap.keys() else own

    indices = tuple(tuple(order[c] for c in index) for index in operands)
    return tuple(order[c] for c in target), rewritten(op, over, body, order), indices


def renamed(equation: Equation, rename: Mapping[str, str]) -> Equation:
    """The same equation with other letters (all at once, so that letters can be swapped)."""

    def ref(r: Ref) -> Ref:
        return Ref(r.name, tuple(rename.get(c, c) for c in r.index))

    op = equation.op
    over = tuple((rename.get(c, c), extent) for c, extent in op.over)
    swap: dict[Expr, Expr] = {position(a): position(b) for a, b in rename.items()}
    op = rewritten(op, over, lambda body: substituted(body, swap), rename)
    return Equation(ref(equation.target), op, tuple(ref(r) for r in equation.operands), equation.step)
