"""A program with loops as its equations at one step: a loop's letter is taken off, and each tensor stands at a step of its own.

    u[l i] = sum_j W[l i j] p[l j],  p[l j] = z[l-1 j]      is       u(l) = W(l) z(l-1)
    z_end[i] = sum_l z[l i] 1[l = n - 1]                              z(n)
    dL/dz[l i] = dL/dp[l+1 i], first dL/dz_end[i]                     dL/dp(l+1), and dL/dz_end at the step n
    dU[i j] = sum_t g[t i] s[t j]                                     the sum over t of g(t) s(t)

Steps are counted from 1, as books do, and are sizes to all that reads the result: l, l + 1, n.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import split
from symbackprop.core.loops import start_of
from symbackprop.core.program import (
    Carry,
    Equation,
    Program,
    Range,
    Ref,
    Sum,
    position,
    size,
)

Place = tuple[str, int]  # a tensor and one of its axes
Marks = tuple[tuple[str, Expr], ...]
"""The step at which a tensor stands, by the loop's axis: (("l", l - 1),)."""


class NoRecursionError(Exception):
    """An equation that has no form at one step; the message says why."""


@dataclass(frozen=True)
class Axis:
    """An axis along which something is carried: its letter, and how many steps there are."""

    letter: str
    extent: Expr

    @property
    def step(self) -> Expr:
        """The step that is meant where no other is: l."""
        return size(self.letter)


@dataclass(frozen=True)
class AtStep:
    """A tensor that stands at a step.

    name, marks    the tensor of the program, and where it stands.
    stack, places  the tensor whose entry there holds it, also before the first step: a Carry's, at the step that reads it.
    """

    name: str
    marks: Marks
    stack: str
    places: Marks


@dataclass(frozen=True)
class Carried:
    """What comes from another step: along an axis, from the step `step` before, starting at the step `start`, with a value or 0."""

    axis: Axis
    start: Expr
    step: int
    has_value: bool


@dataclass(frozen=True)
class StepProgram:
    """What defines one tensor at its step.

    program   equations without loops; its output is that tensor. Gradients that have lines of their own are inputs.
    target    the tensor.
    standing  the tensors of the program at their steps.
    summed    the loops' axes that its own equation sums over, as ranges: what the program says is one term of that sum.
    over      the axes that it stands at no certain step of: the line holds for all their steps.
    carries   what comes from another step.
    first     whether it is at the step where they start.
    """

    program: Program
    target: str
    standing: Mapping[str, AtStep]
    summed: tuple[Axis, ...]
    over: tuple[Axis, ...]
    carries: tuple[Carried, ...] = ()
    first: bool = False


@dataclass(frozen=True)
class Terms:
    """Some terms of an equation: all that sum over the same steps.

    body    of them; None: the whole equation.
    summed  the loops' axes that parts of theirs sum over.
    parts   these parts, whose sums stand before the terms: dL/dF = sum over t of (dL/dF|m(t) + dL/dF|P(t)).
    """

    body: Expr | None = None
    summed: tuple[Axis, ...] = ()
    parts: frozenset[str] = frozenset()


WHOLE = Terms()


class Recursion:
    """The equations of a program at one step."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.written = program.equation_of()
        self.axes = dict(_loop_axes(program))

    def axis_letters(self, equation: Equation) -> dict[str, Axis]:
        """The letters of an equation that are loops' axes."""
        found: dict[str, Axis] = {}
        for ref in (equation.target, *equation.operands):
            for place, letter in enumerate(ref.index):
                axis = self.axes.get((ref.name, place))
                if axis is not None:
                    found[letter] = axis
        if len({axis.letter for axis in found.values()}) < len(found):
            raise NoRecursionError("two steps of one loop stand in one equation")
        return found

    def sums(self, name: str) -> tuple[Axis, ...]:
        """The loops' axes that the equation of a value sums over."""
        equation = self.written.get(name)
        if equation is None or not isinstance(equation.op, Sum):
            return ()
        over = [c for c, _ in equation.op.over if pinned(equation, c) is None]
        letters = self.axis_letters(equation) if over else {}
        return tuple(letters[c] for c in over if c in letters)

    def terms(self, name: str, lets: Collection[str] = ()) -> tuple[Terms, ...]:
        """The terms of a gradient's equation by the steps that parts of them sum over; those without a sum first.

        lets   gradients that have lines of their own, and stay names.

        Raises NoRecursionError where a sum over steps stands within a term.
        """
        equation = self.written[name]
        op = equation.op
        if not isinstance(op, Sum) or self.sums(name):
            return (WHOLE,)
        inner = {s: r.name for s, r in zip(op.slots, equation.operands, strict=True)
                 if r.name not in lets and self.program.tensors[r.name].role and self.sums(r.name)}  # fmt: skip
        if not inner:
            return (WHOLE,)
        found: dict[tuple[Axis, ...], list[tuple[Expr, frozenset[str]]]] = {(): []}
        for term in sp.Add.make_args(op.body):
            held = [s for s in inner if term.has(s)]
            if len(held) > 1 or any(sp.diff(term, s).has(s) for s in held):
                raise NoRecursionError("a sum over all steps stands in it")
            axes = self.sums(inner[held[0]]) if held else ()
            found.setdefault(axes, []).append((term, frozenset(inner[s] for s in held)))
        return tuple(Terms(sp.Add(*(term for term, _ in group)), axes, frozenset().union(*(parts for _, parts in group)))
                     for axes, group in found.items() if group)  # fmt: skip

    def carried(self, carry: Equation) -> Carried:
        """What a Carry is along its axis."""
        assert isinstance(carry.op, Carry)
        axis = self.axis_letters(carry)[carry.op.letter]
        return Carried(axis, start_of(self.program, carry) + 1, carry.op.step, len(carry.operands) > 1)

    def end(self, equation: Equation) -> tuple[Ref, Axis, Expr] | None:
        """What is read at one of its steps, and nothing else, z(n): the tensor, its axis, the position."""
        op = equation.op
        if not isinstance(op, Sum) or len(equation.operands) != 1 or len(op.over) != 1:
            return None
        (letter, _), (ref,) = op.over[0], equation.operands
        pin = pinned(equation, letter)
        axis = self.axis_letters(equation).get(letter)
        if pin is None or axis is None or unpinned(op, letter).body != op.slots[0]:
            return None
        return (ref, axis, pin) if tuple(c for c in ref.index if c != letter) == equation.target.index else None

    def read(self, carry: Equation) -> tuple[str, Marks]:
        """The tensor that a Carry reads, also through other ones, and the step at which it does."""
        letters = {axis.letter: axis for axis in self.axis_letters(carry).values()}
        source, shifts = carry.target.name, dict.fromkeys(letters, 0)
        for _ in self.written:
            at = self.written.get(source)
            if at is None or not isinstance(at.op, Carry):
                break
            shifts[self.axis_letters(at)[at.op.letter].letter] += at.op.step
            source = at.operands[0].name
        return source, tuple((name, letters[name].step - shifts[name]) for name in sorted(letters))

    def carries_of(self, name: str, lets: Collection[str]) -> list[Equation]:
        """The gradients' Carries that a line reads without another line between."""
        found: list[Equation] = []
        waiting, seen = [name], {name}
        while waiting:
            equation = self.written.get(waiting.pop())
            if equation is None:
                continue
            if isinstance(equation.op, Carry) and self.program.tensors[equation.target.name].role:
                found.append(equation)
                continue
            for r in equation.operands:
                if r.name not in seen and r.name not in lets and self.program.tensors[r.name].role:
                    seen.add(r.name)
                    waiting.append(r.name)
        return found


def pinned(equation: Equation, letter: str) -> Expr | None:
    """The only position of a summed letter at which anything is read; None where there are others."""
    if not isinstance(equation.op, Sum):
        return None
    for guard in split(equation.op).guards:
        for one, other in (guard.args, guard.args[::-1]):
            if one == position(letter) and not other.has(position(letter)):
                return other  # type: ignore[return-value]  # SymPy promises a Basic only
    return None


def unpinned(op: Sum, letter: str) -> Sum:
    """The sum without the letter that a guard pins."""
    body: Expr = op.body
    for guard in split(op).guards:
        if position(letter) in guard.args:
            body = body.xreplace({guard: sp.true})  # type: ignore[assignment]  # SymPy promises a Basic only
    over: tuple[Range, ...] = tuple(r for r in op.over if r[0] != letter)
    return Sum(body.doit() if body.has(sp.true) else body, op.slots, over)  # type: ignore[arg-type]


def _loop_axes(program: Program) -> Iterator[tuple[Place, Axis]]:
    """The axes along which something is carried, of every tensor: those that one letter runs along in one equation are the same."""
    parent: dict[Place, Place] = {}

    def root(place: Place) -> Place:
        while parent.setdefault(place, place) != place:
            place = parent[place]
        return place

    for equation in program.equations:
        first: dict[str, Place] = {}
        for ref in (equation.target, *equation.operands):
            for k, letter in enumerate(ref.index):
                parent[root((ref.name, k))] = root(first.setdefault(letter, (ref.name, k)))
    found: dict[Place, Axis] = {}
    for equation in program.equations:
        if isinstance(equation.op, Carry):
            k = equation.target.index.index(equation.op.letter)
            extent = program.shape(equation.target.name)[k]
            found.setdefault(root((equation.target.name, k)), Axis(equation.op.letter, extent))
    yield from ((place, found[root(place)]) for place in list(parent) if root(place) in found)
