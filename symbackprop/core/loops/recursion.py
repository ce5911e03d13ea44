"""A program with loops as its equations at one step: a loop's letter is taken off, and each tensor stands at a step of its own.

    u[l i] = sum_j W[l i j] p[l j],  p[l j] = z[l-1 j]      is       u(l) = W(l) z(l-1)
    z_end[i] = sum_l z[l i] 1[l = n - 1]                              z(n)
    dL/dz[l i] = dL/dp[l+1 i], first dL/dz_end[i]                     dL/dp(l+1), and dL/dz_end at the step n
    dU[i j] = sum_t g[t i] s[t j]                                     the sum over t of g(t) s(t)

Steps are counted from 1, as books do, or from where their loop begins, and are sizes to all that reads the result: l, l + 1, n.
What a loop reads at its own steps or some beside, y[t-1], stands at them as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import affine, split
from symbackprop.core.loops import start_of
from symbackprop.core.loops.step_axes import Axis, Place, step_axes
from symbackprop.core.program import (
    Carry,
    Equation,
    Program,
    Range,
    Ref,
    Sum,
    position,
    substituted,
)

Marks = tuple[tuple[str, Expr], ...]
"""The step at which a tensor stands, by the loop's axis: (("l", l - 1),)."""


class NoRecursionError(Exception):
    """An equation that has no form at one step; the message says why."""


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
    besides   the steps of `over` at which it does not hold, by the axis: those have lines of their own.
    """

    program: Program
    target: str
    standing: Mapping[str, AtStep]
    summed: tuple[Axis, ...]
    over: tuple[Axis, ...]
    carries: tuple[Carried, ...] = ()
    first: bool = False
    besides: Marks = ()


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

    def __init__(self, program: Program, samples: Mapping[Place, Axis] | None = None) -> None:
        """`samples`: axes that are taken off as well, of rows that know nothing of one another."""
        self.program = program
        self.written = program.equation_of()
        steps = step_axes(program)
        self.samples, self.whole, self.loose = samples or {}, steps.whole, steps.letters
        self.every = {**steps.axes, **self.samples}
        stand = {(name, axis.letter) for (name, k), axis in self.every.items() if (name, k) not in self.whole}
        self.axes = {place: axis for place, axis in self.every.items()
                     if place not in self.whole or (place[0], axis.letter) not in stand}  # fmt: skip

    def axis_letters(self, equation: Equation) -> dict[str, Axis]:
        """The letters of an equation that are loops' axes; what stands along one as a whole is a matrix of rows."""
        found: dict[str, Axis] = {}
        whole: set[str] = set()
        for ref in (equation.target, *equation.operands):
            for place, letter in enumerate(ref.index):
                axis = self.every.get((ref.name, place))
                is_step = (equation.target.name, letter) not in self.loose or (ref.name, place) in self.samples
                if axis is not None and is_step:
                    if found.setdefault(letter, axis).letter != axis.letter:  # W[j, i], whose rows are called by i elsewhere
                        raise NoRecursionError("it reads an array along other axes than its own")
                    found[letter] = axis
                if (ref.name, place) in self.whole and (ref is equation.target or letter not in equation.target.index):
                    whole.add(letter)
        found = {letter: axis for letter, axis in found.items() if letter not in whole}
        loose = [axis.letter for letter, axis in found.items() if pinned(equation, letter) is None]
        if len(set(loose)) < len(loose):
            raise NoRecursionError("two steps of one loop stand in one equation")
        return found

    def sums(self, name: str) -> tuple[Axis, ...]:
        """The loops' axes that the equation of a value sums over."""
        equation = self.written.get(name)
        if equation is None or not isinstance(equation.op, Sum):
            return ()
        over = [c for c, _ in equation.op.over if pinned(equation, c) is None]
        try:
            letters = self.axis_letters(equation) if over else {}
        except NoRecursionError:  # who asks for its line is told why
            return ()
        return tuple(letters[c] for c in over if c in letters)

    def terms(self, name: str, lets: Collection[str] = ()) -> tuple[Terms, ...]:
        """The terms of a value's equation by the steps that parts of them sum over; those without a sum first.

        lets   gradients that have lines of their own, and stay names.

        Raises NoRecursionError where a sum over steps stands within a term.
        """
        equation = self.written[name]
        op = equation.op
        if not isinstance(op, Sum) or self.sums(name):
            return (WHOLE,)
        inner = {s: summed for s, r in zip(op.slots, equation.operands, strict=True) if (summed := self._summed(r.name, lets))}
        if not inner:
            return (WHOLE,)
        found: dict[tuple[Axis, ...], list[tuple[Expr, frozenset[str]]]] = {(): []}
        for term in sp.Add.make_args(op.body):
            held = [s for s in inner if term.has(s)]
            if len(held) > 1 or any(not _is_factor(term, s) for s in held):
                raise NoRecursionError("a sum over all steps stands in it")
            axes = inner[held[0]].summed if held else ()
            found.setdefault(axes, []).append((term, frozenset().union(*(inner[s].parts for s in held))))
        return tuple(Terms(sp.Add(*(term for term, _ in group)), axes, frozenset().union(*(parts for _, parts in group)))
                     for axes, group in found.items() if group)  # fmt: skip

    def _summed(self, name: str, lets: Collection[str]) -> Terms | None:
        """A value that nobody named as a sum over steps, also where it is linear in one: -(sum over t of g(t))."""
        equation = self.written.get(name)
        if equation is None or name in lets or not self._is_written_out(name) or not isinstance(equation.op, Sum):
            return None
        axes = self.sums(name)
        if axes:
            return Terms(None, axes, frozenset({name}))
        body, slots = equation.op.body, equation.op.slots
        held = [(s, summed) for s, r in zip(slots, equation.operands, strict=True) if (summed := self._summed(r.name, lets))]
        if len(held) != 1 or self.program.tensors[name].role is None:
            return None
        ((own, inner),) = held
        return Terms(None, inner.summed, inner.parts | {name}) if _is_factor(body, own) else None

    def told_sums(self) -> frozenset[str]:
        """The sums over all steps that nobody named and that gradients read, which stand in their lines by a name."""
        found: set[str] = set()
        waiting = [r.name for e in self.program.equations if self.program.tensors[e.target.name].role for r in e.operands]
        seen = set(waiting)
        while waiting:
            name = waiting.pop()
            tensor = self.program.tensors[name]
            if tensor.role is not None or tensor.has_name or name not in self.written:
                continue
            found |= {name} if self.sums(name) else set()
            new = {r.name for r in self.written[name].operands} - seen
            seen |= new
            waiting += new
        return frozenset(found)

    def _is_written_out(self, name: str) -> bool:
        """Whether a value stands where it is read: nobody named it."""
        tensor = self.program.tensors[name]
        return bool(tensor.role) or not tensor.has_name

    def carried(self, carry: Equation) -> Carried:
        """What a Carry is along its axis."""
        assert isinstance(carry.op, Carry)
        axis = self.axis_letters(carry)[carry.op.letter]
        return Carried(axis, start_of(self.program, carry) + axis.origin, carry.op.step, len(carry.operands) > 1)

    def end(self, equation: Equation) -> tuple[Ref, Axis, Expr] | None:
        """What is read at one of its steps, and nothing else, z(n), y(t-1): the tensor, its axis, the position."""
        if (found := picked(equation)) is None:
            return None
        letter, pin, ref = *found, equation.operands[0]
        axis = self.axis_letters(equation).get(letter)
        if axis is None:
            return None
        own = [c for c in equation.target.index if not pin.has(position(c))]
        return (ref, axis, pin) if [c for c in ref.index if c != letter] == own else None

    def handed_on(self, at: AtStep) -> AtStep:
        """A value at its step; what is carried, reads another one at a step alone or copies it is that one."""
        seen = set[str]()
        while at.name not in seen and (written := self.written.get(at.name)) is not None:
            seen.add(at.name)
            if isinstance(written.op, Carry):
                own = self.carried(written)
                marks = tuple((c, step - own.step if c == own.axis.letter else step) for c, step in at.marks)
                at = replace(at, name=written.operands[0].name, marks=marks)
                continue
            if self.program.tensors[at.name].has_name:
                break
            if (source := copied(written)) is not None:
                at = replace(at, name=source)
                continue
            end = self.end(written)
            if end is None:
                break
            ref, axis, pin = end
            steps, letters = dict(at.marks), self.axis_letters(written)
            here = {position(c): steps[a.letter] - a.origin for c, a in letters.items() if a.letter in steps}
            steps |= {axis.letter: sp.expand(substituted(pin, here) + axis.origin)}
            at = replace(at, name=ref.name, marks=tuple(steps.items()))
        return at

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

    def edges(self, name: str, lets: Collection[str]) -> Marks:
        """The steps at which a gradient is another one, y(1): where a part of it is read alone, or has no step.

        lets   gradients that have lines of their own.

        Raises NoRecursionError where it has a start as well.
        """
        found: dict[tuple[str, Expr], None] = {}
        waiting, is_carried = [name], any(len(carry.operands) > 1 for carry in self.carries_of(name, lets))
        for own in waiting:
            equation = self.written.get(own)
            if equation is None or not isinstance(equation.op, Sum):
                continue
            for c, axis in self.axis_letters(equation).items():
                if c in equation.target.index:
                    beyond = list(self._beyond(equation, c, axis))
                    if is_carried and beyond:
                        raise NoRecursionError("it has parts that are carried, and parts that have no such step")
                    edges = [] if is_carried else [*self._alone(equation, c), *beyond]
                    found |= {(axis.letter, sp.expand(at + axis.origin)): None for at in edges}
            same = (r.name for r in equation.operands if set(equation.target.index) <= set(r.index))
            waiting += [n for n in same if n not in lets and n not in waiting and self.program.tensors[n].role]
        return tuple(found)

    def _alone(self, equation: Equation, letter: str) -> Iterator[Expr]:
        """The positions of a letter of the target at which alone something is read."""
        assert isinstance(equation.op, Sum)
        for guard in split(equation.op).guards:
            own = affine(guard.args[0] - guard.args[1])  # type: ignore[operator]  # SymPy promises a Basic only
            if set(own.slopes) == {letter} and own.opaque == 0 and abs(own.slopes[letter]) == 1:
                yield sp.expand(-own.offset / own.slopes[letter])

    def _beyond(self, equation: Equation, letter: str, axis: Axis) -> Iterator[Expr]:
        """The positions of a letter of the target beside which a loop that is read has no step."""
        assert isinstance(equation.op, Sum)
        for c, extent in equation.op.over:
            pin = pinned(equation, c)
            shift = None if pin is None else sp.expand(pin - position(letter))
            if shift is None or not shift.is_Integer:
                continue
            beyond = sp.expand(axis.extent + shift - extent)
            if beyond.is_Integer:
                yield from map(sp.Integer, range(max(-int(shift), 0)))
                yield from (sp.expand(axis.extent - 1 - k) for k in range(max(int(beyond), 0)))

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


def copied(equation: Equation) -> str | None:
    """The value that this one is, u[i] = z[i]; None where it is more."""
    op, refs = equation.op, equation.operands
    is_copy = (
        isinstance(op, Sum) and not op.over and len(refs) == 1 and op.body == op.slots[0] and refs[0].index == equation.target.index
    )
    return refs[0].name if is_copy else None


def _is_factor(term: Expr, s: Expr) -> bool:
    """Whether a term is a product with a value, and not a choice between it and another one."""
    slope = sp.diff(term, s)
    return not slope.has(s) and sp.expand(term - s * slope) == 0


def pinned(equation: Equation, letter: str) -> Expr | None:
    """The only position of a summed letter at which anything is read, n - 1 or t + 1; None where there are others."""
    if not isinstance(equation.op, Sum) or letter not in dict(equation.op.over):
        return None
    for guard in split(equation.op).guards:
        own = affine(guard.args[0] - guard.args[1])  # type: ignore[operator]  # SymPy promises a Basic only
        slope = own.slopes.get(letter)
        if slope is not None and abs(slope) == 1 and own.opaque == 0:
            return sp.expand(position(letter) - slope * (guard.args[0] - guard.args[1]))  # type: ignore[operator]
    return None


def picked(equation: Equation) -> tuple[str, Expr] | None:
    """The letter and its position, where all that an equation says is one entry of a value along it; None elsewhere."""
    op = equation.op
    if not isinstance(op, Sum) or len(equation.operands) != 1 or len(op.over) != 1:
        return None
    letter = op.over[0][0]
    pin = pinned(equation, letter)
    return None if pin is None or unpinned(op, letter).body != op.slots[0] else (letter, pin)


def unpinned(op: Sum, letter: str) -> Sum:
    """The sum without the letter that a guard pins."""
    body: Expr = op.body
    for guard in split(op).guards:
        if guard.has(position(letter)):
            body = body.xreplace({guard: sp.true})  # type: ignore[assignment]  # SymPy promises a Basic only
    over: tuple[Range, ...] = tuple(r for r in op.over if r[0] != letter)
    return Sum(body.doit() if body.has(sp.true) else body, op.slots, over)  # type: ignore[arg-type]
