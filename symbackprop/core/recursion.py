"""A program with loops as its equations at one step: a loop's letter is taken off, and each tensor stands at a step of its own.

    u[l i] = sum_j W[l i j] p[l j],  p[l j] = z[l-1 j]      is       u(l) = W(l) z(l-1)
    z_end[i] = sum_l z[l i] 1[l = n - 1]                              z(n)
    dL/dz[l i] = dL/dp[l+1 i], first dL/dz_end[i]                     dL/dp(l+1), and dL/dz_end at the step n
    dU[i j] = sum_t g[t i] s[t j]                                     the sum over t of g(t) s(t)

Steps are counted from 1, as books do, and are sizes to all that reads the result: l, l + 1, n.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

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
    Signature,
    Sum,
    position,
    rewritten,
    size,
    slot,
    substituted,
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

    def line(self, name: str, lets: Collection[str], first: bool = False) -> StepProgram:
        """What defines a value at its step.

        lets   gradients that have lines of their own, and stay names.
        first  take what is carried at the step where it starts.

        Raises NoRecursionError where there is no such form.
        """
        return _Line(self, name, frozenset(lets) - {name}, first).run()

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
        pin = _pinned(equation, letter)
        axis = self.axis_letters(equation).get(letter)
        if pin is None or axis is None or _unpinned(op, letter).body != op.slots[0]:
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


class _Line:
    """One line under way."""

    def __init__(self, of: Recursion, name: str, lets: frozenset[str], first: bool) -> None:
        self.of, self.name, self.lets, self.first = of, name, lets, first
        self.tensors: dict[str, Signature] = {}
        self.standing: dict[str, AtStep] = {}
        self.equations: dict[str, Equation] = {}
        self.carries: list[Equation] = []
        self.beyond: set[str] = set()  # values of another step, which are given

    def run(self) -> StepProgram:
        equation = self.of.written[self.name]
        letters = self.of.axis_letters(equation)
        own = {letters[c].letter: letters[c] for c in equation.target.index if c in letters}
        over = [c for c, _ in equation.op.over if c in letters and _pinned(equation, c) is None]
        summed = tuple(letters[c] for c in over)
        if summed and not isinstance(equation.op, Sum):
            raise NoRecursionError("a function of all steps stands in it")
        starts = self._starts() if self.first else {}
        marks = {letter: starts.get(letter, axis.step) for letter, axis in own.items()}
        target = self.tensor(self.name, marks)
        self.define(target, {**marks, **{axis.letter: axis.step for axis in summed}}, frozenset(over))
        program = Program(self.tensors, tuple(self.equations.values()), (target,))
        free = tuple(axis for letter, axis in own.items() if letter not in starts)
        return StepProgram(program, target, self.standing, summed, free, tuple(map(self.of.carried, self.carries)), self.first)

    def _starts(self) -> dict[str, Expr]:
        """The step at which the gradients' Carries start that the line reads, by the axis."""
        found: dict[str, Expr] = {}
        for carry in self.of.carries_of(self.name, self.lets):
            own = self.of.carried(carry)
            found[own.axis.letter] = own.start
        return found

    def tensor(self, name: str, marks: Mapping[str, Expr], held: tuple[str, Mapping[str, Expr]] | None = None) -> str:
        """The tensor at its step; what a forward Carry writes is what it reads, a step away.

        held   the tensor and the step that hold its value, where these are others.
        """
        equation = self.of.written.get(name)
        signature = self.of.program.tensors[name]
        own = {axis.letter for (n, _), axis in self.of.axes.items() if n == name}
        here = {letter: step for letter, step in marks.items() if letter in own}
        if equation is not None and isinstance(equation.op, Carry) and signature.role is None:
            axis = self.of.axis_letters(equation)[equation.op.letter]
            source = {**here, axis.letter: here[axis.letter] - equation.op.step}
            return self.tensor(equation.operands[0].name, source, held or (name, here))
        if equation is not None and signature.role is None and not signature.named:
            alias = self._alias(equation, here)
            if alias is not None:
                return alias
        key = name + "".join(f"({letter} = {step})" for letter, step in sorted(here.items()))
        if key not in self.tensors:
            shape = tuple(n for k, n in enumerate(signature.shape) if (name, k) not in self.of.axes)
            self.tensors[key] = replace(signature, name=key, shape=shape)
            if held:
                self.beyond.add(key)
            stack, places = held or (name, here)
            self.standing[key] = AtStep(name, tuple(sorted(here.items())), stack, tuple(sorted(places.items())))
        return key

    def _alias(self, equation: Equation, marks: Mapping[str, Expr]) -> str | None:
        """The tensor that an unnamed value is at one of its steps, z(n), where it is nothing else."""
        end = self.of.end(equation)
        if end is None:
            return None
        ref, axis, pin = end
        return self.tensor(ref.name, {**marks, axis.letter: pin + 1})

    def define(self, key: str, marks: Mapping[str, Expr], peeled: frozenset[str] = frozenset()) -> None:
        """Write the equation of a tensor at its step, and those of what it reads, as far as they have no lines of their own."""
        name = self.standing[key].name
        equation = self.of.written[name]
        if isinstance(equation.op, Carry):
            self._carry(key, equation, marks)
            return
        letters = self.of.axis_letters(equation)
        told = {*equation.target.index, *peeled}
        steps = {c: marks[axis.letter] for c, axis in letters.items() if axis.letter in marks and c in told}
        op = equation.op
        for c, _ in op.over:
            if c in letters and c not in peeled:
                pin = _pinned(equation, c)
                if pin is None or not isinstance(op, Sum):
                    raise NoRecursionError("a sum over all steps stands in it")
                steps[c], op = pin + 1, _unpinned(op, c)
        missing = set(letters) - set(steps)
        if missing:
            raise NoRecursionError("it reads another step")
        swap: Mapping[Expr, Expr] = {position(c): step - 1 for c, step in steps.items()}
        over = tuple(r for r in op.over if r[0] not in steps)
        op = rewritten(op, over, lambda body: substituted(body, swap))
        operands = tuple(self._operand(r, steps, letters) for r in equation.operands)
        index = tuple(c for c in equation.target.index if c not in steps)
        self.equations[key] = Equation(Ref(key, index), op, operands, equation.step)
        self._order(key)

    def _operand(self, ref: Ref, steps: Mapping[str, Expr], letters: Mapping[str, Axis]) -> Ref:
        marks = {letters[c].letter: steps[c] for c in ref.index if c in steps}
        own = self.tensor(ref.name, marks)
        self._read(own)
        return Ref(own, tuple(c for c in ref.index if c not in steps))

    def _read(self, key: str) -> None:
        """Define what is read; an input, a value of another step and a gradient that has a line are given."""
        at = self.standing[key]
        signature = self.of.program.tensors[at.name]
        if at.name not in self.of.written or key in self.equations:
            return
        if key in self.beyond or (signature.role and (at.name in self.lets or at.name == self.name)):
            self.tensors[key] = replace(self.tensors[key], kind="data", role=None)
        elif signature.role or not (signature.named and not signature.counted):
            self.define(key, dict(at.marks))
        else:
            self._told(key)

    def _told(self, key: str) -> None:
        """Define a value that a person named, as far as that has a form at one step: what it is made of may be told by its name."""
        at, kept = self.standing[key], (dict(self.tensors), dict(self.standing), dict(self.equations))
        try:
            self.define(key, dict(at.marks))
        except NoRecursionError:
            self.tensors, self.standing, self.equations = kept
            self.tensors[key] = replace(self.tensors[key], kind="data", role=None)

    def _carry(self, key: str, equation: Equation, marks: Mapping[str, Expr]) -> None:
        """What is carried: where it starts, or the value that a step away is its own."""
        assert isinstance(equation.op, Carry)
        if equation in self.carries:
            raise NoRecursionError("it reads more than one step away")
        self.carries.append(equation)
        axis = self.of.axis_letters(equation)[equation.op.letter]
        source, *start = equation.operands
        at = marks[axis.letter]
        index = tuple(c for c in equation.target.index if c != equation.op.letter and not self._is_step(equation, c))
        if at == start_of(self.of.program, equation) + 1:
            if not start:
                self.equations[key] = Equation(Ref(key, index), Sum(sp.S.Zero), (), equation.step)
                return
            further = start[0]
            inner = self.tensor(further.name, marks)
        else:
            further = source
            inner = self.tensor(source.name, {**marks, axis.letter: at - equation.op.step})
        self._read(inner)
        kept = tuple(c for k, c in enumerate(further.index) if (further.name, k) not in self.of.axes)
        self.equations[key] = Equation(Ref(key, index), Sum(slot(0), (slot(0),)), (Ref(inner, kept),), equation.step)

    def _is_step(self, equation: Equation, letter: str) -> bool:
        return letter in self.of.axis_letters(equation)

    def _order(self, key: str) -> None:
        """What was written last stands last: it reads what stands before."""
        self.equations[key] = self.equations.pop(key)


def _pinned(equation: Equation, letter: str) -> Expr | None:
    """The only position of a summed letter at which anything is read; None where there are others."""
    if not isinstance(equation.op, Sum):
        return None
    for guard in split(equation.op).guards:
        for one, other in (guard.args, guard.args[::-1]):
            if one == position(letter) and not other.has(position(letter)):
                return other  # type: ignore[return-value]  # SymPy promises a Basic only
    return None


def _unpinned(op: Sum, letter: str) -> Sum:
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
