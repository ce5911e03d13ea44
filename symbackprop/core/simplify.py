"""A program goes in, a smaller program with the same outputs comes out.

Rewrites, each of which keeps every value: labels sum to one, numbers stand in the bodies that read them, a copy or a transpose is
read at its source, equal equations are computed once, and what nothing reads is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr, Symbol

from symbackprop.core.program import Equation, Program, Ref, Sum, check, slot, substituted
from symbackprop.core.rewrites import merged, nameless, shrunk, without_labels


def simplify(program: Program, keep: Iterable[str] = ()) -> Program:
    """The program with fewer equations and the same outputs.

    keep   further names whose equations must stay (the loss, values that a report shows).
    """
    kept = set(program.outputs) | set(keep)
    done = _Rewriter(program, kept).run()
    return check(_without_dead(program, done, kept))


def _without_dead(program: Program, equations: list[Equation], kept: set[str]) -> Program:
    needed = set(kept)
    alive = []
    for equation in reversed(equations):
        if equation.target.name in needed:
            alive.append(equation)
            needed |= {r.name for r in equation.operands}
    alive.reverse()
    written = {e.target.name for e in alive}
    tensors = {n: t for n, t in program.tensors.items() if t.kind != "value" or n in written}
    return Program(tensors, tuple(alive), program.outputs, program.conditions)


class _Rewriter:
    def __init__(self, program: Program, kept: set[str]) -> None:
        self.program, self.kept = program, kept
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
        if isinstance(op, Sum):
            op, operands = self.with_numbers(op, operands)
            op, operands = without_labels(self.program.tensors, op, operands)
            op, operands = merged(op, operands)
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
            return free
        if isinstance(op, Sum) and op.body == slot(0) and not op.over and len(equation.operands) == 1:
            (ref,) = equation.operands
            if set(ref.index) == set(target.index) and len(ref.index) == len(set(ref.index)):
                self.source[name] = (ref.name, tuple(target.index.index(c) for c in ref.index))
                return free
        key = (self.program.shape(name), *nameless(equation))  # positions alone do not tell how far they run
        if key in self.known and free:
            self.source[name] = (self.known[key], tuple(range(len(target.index))))
            return True
        self.known.setdefault(key, name)
        return False


def _is_number(body: Expr) -> bool:
    """Whether a body is the same number at every position (sizes may stand in it)."""
    return all(isinstance(s, Symbol) and s.is_positive for s in body.free_symbols)
