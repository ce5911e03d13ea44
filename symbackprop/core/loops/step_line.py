"""What defines one tensor of a program with loops at its step: its equations, as far as what they read has no line of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import sympy as sp
from sympy import Eq, Expr
from sympy.core.relational import Relational

from symbackprop.core.functions import iverson
from symbackprop.core.guards import affine, split
from symbackprop.core.letters import LETTERS
from symbackprop.core.loops import start_of
from symbackprop.core.loops.begun import begun
from symbackprop.core.loops.beyond import Reach, beyond
from symbackprop.core.loops.recursion import (
    WHOLE,
    AtStep,
    Marks,
    NoRecursionError,
    Recursion,
    StepProgram,
    Terms,
    copied,
    pinned,
    unpinned,
)  # fmt: skip
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Carry, Equation, Op, Program, Ref, Signature, Sum, position, rewritten, slot, substituted

_Held = tuple[str, Mapping[str, Expr]]
"""The tensor and the step that hold a value."""


def step_line(
    of: Recursion, name: str, lets: Collection[str], first: bool = False, terms: Terms = WHOLE, at: Marks = (), besides: Marks = ()
) -> StepProgram:  # fmt: skip
    """What defines a value at its step.

    lets   gradients that have lines of their own, and values that stand by themselves: they stay names.
    first  take what is carried at the step where it starts.
    terms  of its equation, those that are meant.
    at       the step at which it is taken, where that is a certain one.
    besides  the steps at which it need not hold.

    Raises NoRecursionError where there is no such form.
    """
    return _Line(of, name, frozenset(lets) - {name}, first, terms, dict(at), besides).run()


class _Line:
    """One line under way."""

    def __init__(
        self, of: Recursion, name: str, lets: frozenset[str], first: bool, terms: Terms, at: Mapping[str, Expr], besides: Marks
    ) -> None:  # fmt: skip
        self.of, self.name, self.lets, self.first, self.terms, self.edge, self.besides = of, name, lets, first, terms, at, besides
        self.own = _of_terms(of.written[name], terms)
        self.tensors: dict[str, Signature] = {}
        self.standing: dict[str, AtStep] = {}
        self.equations: dict[str, Equation] = {}
        self.carries: list[Equation] = []
        self.beyond: set[str] = set()  # values of another step, which are given
        self.here: dict[str, Expr] = {}  # the step of the line, by the axis
        self.free: list[Axis] = []  # along which it holds for several steps

    def run(self) -> StepProgram:
        equation = self.own
        letters = self.of.axis_letters(equation)
        own = {letters[c].letter: letters[c] for c in equation.target.index if c in letters}
        over = [c for c, _ in equation.op.over if c in letters and pinned(equation, c) is None]
        summed = tuple(letters[c] for c in over) + self.terms.summed
        if own.keys() & {axis.letter for axis in summed}:
            raise NoRecursionError("a sum over the other steps stands in it")
        if summed and not isinstance(equation.op, Sum):
            raise NoRecursionError("a function of all steps stands in it")
        starts = self._starts() if self.first else self.edge
        marks = {letter: starts.get(letter, axis.step) for letter, axis in own.items()}
        self.free = [axis for letter, axis in own.items() if letter not in starts] + list(summed)
        target = self.tensor(self.name, marks)
        self.here = {**marks, **{axis.letter: axis.step for axis in summed}}
        self.define(target, self.here, frozenset(over))
        conditions = (*self.of.program.conditions, *self._within_loops([*own.values(), *summed]))
        program = Program(self.tensors, tuple(map(self._lettered, self.equations.values())), (target,), conditions)
        refs = (ref for equation in program.equations for ref in (equation.target, *equation.operands))
        if any(len(ref.index) != len(program.shape(ref.name)) for ref in refs):
            raise NoRecursionError("a value stands at its steps in one equation, and along them all in another")
        free = tuple(axis for axis in self.free if axis not in summed)
        carries = tuple(map(self.of.carried, self.carries))
        return StepProgram(program, target, self.standing, summed, free, carries, self.first, self.besides)

    def _lettered(self, equation: Equation) -> Equation:
        """The equation, none of whose letters is called as a step is: F_{k}^{(j)}, and not F_{j}^{(j)}."""
        steps = {axis.letter for axis in self.of.every.values()}
        own = dict.fromkeys([*(c for ref in (equation.target, *equation.operands) for c in ref.index), *dict(equation.op.over)])
        free = (c for c in LETTERS if c not in steps and c not in own)
        new = {c: next(free) for c in own if c in steps}
        if not new:
            return equation

        def ref(one: Ref) -> Ref:
            return Ref(one.name, tuple(new.get(c, c) for c in one.index))

        swap = {position(c): position(other) for c, other in new.items()}
        over = tuple((new.get(c, c), extent) for c, extent in equation.op.over)
        op = rewritten(equation.op, over, lambda body: substituted(body, swap))
        return Equation(ref(equation.target), op, tuple(map(ref, equation.operands)), equation.step)

    def _within_loops(self, axes: Iterable[Axis]) -> list[Expr]:
        """That the steps of the line are steps of their loops, as what is not negative."""
        return [e for axis in axes for e in (axis.last - self.here[axis.letter], self.here[axis.letter] - axis.origin)]

    def _starts(self) -> dict[str, Expr]:
        """The step at which the gradients' Carries start that the line reads, by the axis."""
        found: dict[str, Expr] = {}
        for carry in self.of.carries_of(self.name, self.lets):
            own = self.of.carried(carry)
            found[own.axis.letter] = own.start
        return found

    def tensor(self, name: str, marks: Mapping[str, Expr], held: _Held | None = None) -> str:
        """The tensor at its step; what a forward Carry writes is what it reads, a step away.

        held   the tensor and the step that hold its value, where these are others.
        """
        equation = self.of.written.get(name)
        signature = self.of.program.tensors[name]
        own = [axis.letter for (n, _), axis in sorted(self.of.axes.items(), key=lambda item: item[0]) if n == name]
        here = {letter: marks[letter] for letter in own if letter in marks}
        if equation is not None and isinstance(equation.op, Carry) and signature.role is None:
            axis = self._axis(equation, here)
            source = {**here, axis.letter: here[axis.letter] - equation.op.step}
            if self._comes_back(name):
                raise NoRecursionError("it is handed round a circle, and made anew nowhere")
            return self.tensor(equation.operands[0].name, source, held or (name, here))
        if equation is not None and signature.role is None and not signature.named and name != self.name:
            alias = self._alias(equation, here, held)
            if alias is not None:
                return alias
        key = name + "".join(f"({letter} = {step})" for letter, step in sorted(here.items()))
        if key not in self.tensors:
            taken = {k for (n, k), axis in self.of.axes.items() if n == name and axis.letter in here}
            shape = tuple(n for k, n in enumerate(signature.shape) if k not in taken)
            self.tensors[key] = replace(signature, name=key, shape=shape)
            if held:
                self.beyond.add(key)
        known = self.standing.get(key)
        if known is None or self._stands_at_its_step(name, here) is not bool(held):  # before the first step another one holds it
            stack, places = held or (name, here)
            self.standing[key] = AtStep(name, tuple(here.items()), stack, tuple(places.items()))
        return key

    def _stands_at_its_step(self, name: str, marks: Mapping[str, Expr]) -> bool:
        """Whether a tensor has an entry at a step, wherever the line holds."""
        shape = self.of.program.shape(name)
        own = [(shape[k], axis) for (n, k), axis in self.of.axes.items() if n == name and axis.letter in marks]
        return not any(self._beyond(sp.expand(marks[axis.letter] - axis.origin), extent, ()) for extent, axis in own)

    def _comes_back(self, name: str) -> bool:
        """Whether a Carry reads itself, through others and copies alone: u, v = v, u."""
        seen, at = {name}, self.of.written[name]
        while (source := at.operands[0].name if isinstance(at.op, Carry) else copied(at)) is not None:
            if source in seen or source not in self.of.written:
                return source in seen
            seen.add(source)
            at = self.of.written[source]
        return False

    def _alias(self, equation: Equation, marks: Mapping[str, Expr], held: _Held | None) -> str | None:
        """The tensor that an unnamed value is at one of its steps, z(n), where it is nothing else."""
        if (source := copied(equation)) is not None:
            return self.tensor(source, marks, held)
        letters = self.of.axis_letters(equation)
        if (own := begun(self.of, equation)) is not None and own.letter in letters and letters[own.letter].letter in marks:
            step = sp.expand(marks[letters[own.letter].letter] - letters[own.letter].origin + own.shift + own.axis.origin)
            return self.tensor(own.name, {**marks, own.axis.letter: step}, held or (equation.target.name, marks))
        end = self.of.end(equation)
        if end is None:
            return None
        ref, axis, pin = end
        at: dict[Expr, Expr] = {position(c): marks[a.letter] - a.origin for c, a in letters.items() if a.letter in marks}
        place = sp.expand(substituted(pin, at))
        if any(place.has(position(c)) for c in (*equation.target.index, *dict(equation.op.over))):
            return None
        axes = [letters[c] for c in equation.target.index if c in letters and letters[c].letter in marks]
        if held is None and self._beyond(place, axis.extent, [(own, marks[own.letter]) for own in axes]):
            return None
        return self.tensor(ref.name, {**marks, axis.letter: sp.expand(place + axis.origin)}, held)

    def define(self, key: str, marks: Mapping[str, Expr], peeled: frozenset[str] = frozenset()) -> None:
        """Write the equation of a tensor at its step, and those of what it reads, as far as they have no lines of their own."""
        name = self.standing[key].name
        equation = self.own if name == self.name else self.of.written[name]
        if isinstance(equation.op, Carry):
            self._carry(key, equation, marks)
            return
        here = dict(self.standing[key].marks)
        places = {c: self.of.axes.get((name, k)) for k, c in enumerate(equation.target.index)}
        at_entry = {c: axis for c, axis in places.items() if axis is not None and axis.letter in here}
        letters = self.of.axis_letters(equation) | at_entry
        equation = self._within(equation, letters, marks)
        held = {c for ref in (equation.target, *equation.operands) for c in ref.index}
        letters = {c: axis for c, axis in letters.items() if c in held}
        told = {*equation.target.index, *peeled}
        steps = {c: marks[axis.letter] for c, axis in letters.items() if axis.letter in marks and c in told}
        at: dict[Expr, Expr] = {position(c): step - letters[c].origin for c, step in steps.items()}
        op = equation.op
        for c, _ in op.over:
            if c in letters and c not in peeled:
                pin = pinned(equation, c)
                if pin is None or not isinstance(op, Sum):
                    raise NoRecursionError("a sum over all steps stands in it")
                place = sp.expand(substituted(pin, at))
                is_given = any(r.name in self.lets or r.name == self.name for r in equation.operands if c in r.index)
                own_steps = [(letters[x], step) for x, step in steps.items() if x in equation.target.index]
                beyond = () if is_given else self._beyond(place, dict(op.over)[c], own_steps)
                steps[c], op = sp.expand(place + letters[c].origin), unpinned(op, c)
                op = replace(op, body=op.body * sp.Mul(*map(iverson, beyond)))
                if any(steps[c].has(position(other)) for other in held | dict(op.over).keys()):  # x[k], and k is no step
                    raise NoRecursionError("it reads another step")
        missing = set(letters) - set(steps)
        if missing:
            raise NoRecursionError("it reads another step")
        swap: Mapping[Expr, Expr] = {position(c): step - letters[c].origin for c, step in steps.items()}
        over = tuple(r for r in op.over if r[0] not in steps)
        op = rewritten(op, over, lambda body: substituted(body, swap))
        op, refs = self._told_apart(op, equation.operands, steps)
        operands = tuple(self._operand(r, steps, letters) for r in refs)
        index = tuple(c for c in equation.target.index if c not in steps)
        self.equations[key] = Equation(Ref(key, index), op, operands, equation.step)
        self._order(key)

    def _beyond(self, place: Expr, extent: Expr, at: Sequence[tuple[Axis, Expr]]) -> list[Relational]:
        """What is to hold beside the line for a place to be one of an axis, for a value that stands at some steps."""
        return beyond(place, extent, Reach(self.free, at, self.besides, self.of.program.conditions))

    def _within(self, equation: Equation, letters: Mapping[str, Axis], marks: Mapping[str, Expr]) -> Equation:
        """The equation without what it says of other steps: those that have lines of their own, or none at this one."""
        op = equation.op
        if not isinstance(op, Sum) or not (self.edge or self.besides):
            return equation
        at = {position(c): marks[axis.letter] - axis.origin for c, axis in letters.items()
              if axis.letter in marks and c in equation.target.index}  # fmt: skip
        body: Expr = op.body
        for c, extent in op.over:
            pin = pinned(equation, c)
            place = None if pin is None else sp.expand(substituted(pin, at))
            if place is not None and (place.is_negative or sp.expand(place - extent).is_nonnegative):
                body = sp.S.Zero
        for guard in split(op).guards:
            for c, axis in letters.items():
                own = affine(guard.args[0] - guard.args[1])  # type: ignore[operator]  # SymPy promises a Basic only
                if set(own.slopes) == {c} and own.opaque == 0 and c in equation.target.index:
                    step = sp.expand(-own.offset / own.slopes[c] + axis.origin)
                    is_other = (axis.letter, step) in self.besides
                    is_own = self.edge.get(axis.letter) == step
                    if is_other or is_own:
                        body = body.xreplace({guard: sp.S.true if is_own else sp.S.false})  # type: ignore[assignment]
        if body == op.body:
            return equation
        kept: Expr = body.doit()  # type: ignore[assignment]  # SymPy promises a Basic only
        return replace(equation, op=Sum(sp.S.Zero), operands=()) if kept == 0 else _of_terms(equation, Terms(kept))

    def _told_apart(
        self, op: Op, operands: Sequence[Ref], steps: Mapping[str, Expr]
    ) -> tuple[Op, Sequence[Ref]]:  # fmt: skip
        """An equation in which what stands at a step along an axis that is a whole, A[t, t] of the row A[t], is its entry."""
        taken = {c for ref in operands for c in ref.index} | {c for c, _ in getattr(op, "over", ())} | set(steps)
        refs = list[Ref]()
        for ref in operands:
            index = list(ref.index)
            for k, c in enumerate(ref.index):
                if c not in steps or (ref.name, k) in self.of.axes or (ref.name, k) not in self.of.every:
                    continue
                if not isinstance(op, Sum):
                    raise NoRecursionError("it reads the same step along two axes")
                index[k] = next(letter for letter in LETTERS if letter not in taken)
                taken.add(index[k])
                here = Eq(position(index[k]), steps[c] - self.of.every[ref.name, k].origin)
                extent = self.of.program.shape(ref.name)[k]
                op = Sum(op.body * iverson(here), op.slots, (*op.over, (index[k], extent)))
            refs.append(Ref(ref.name, tuple(index)))
        return op, refs

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
        if at.name in self.terms.parts:
            equation = self.of.written[at.name]
            letters = self.of.axis_letters(equation)
            peeled = frozenset(c for c, _ in equation.op.over if c in letters and pinned(equation, c) is None)
            self.define(key, {**dict(at.marks), **{letters[c].letter: letters[c].step for c in peeled}}, peeled)
        elif key in self.beyond or (signature.role and (at.name in self.lets or at.name == self.name)):
            self.tensors[key] = replace(self.tensors[key], kind="data", role=None)
        elif signature.role or (at.name not in self.lets and not self._has_name(at.name)):
            self.define(key, dict(at.marks))
        else:
            self._told(key)

    def _has_name(self, name: str) -> bool:
        """Whether a value may stand by its name: a person gave it, or it is a sum over all steps."""
        signature = self.of.program.tensors[name]
        return (signature.named and not signature.counted) or bool(self.of.sums(name))

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
        axis = self._axis(equation, marks)
        source, *start = equation.operands
        at = marks[axis.letter]
        if equation in self.carries or (start and at != self.here.get(axis.letter, at)):  # it starts where the line still goes on
            raise NoRecursionError("it reads more than one step away")
        self.carries.append(equation)
        index = tuple(c for c in equation.target.index if c != equation.op.letter and not self._is_step(equation, c))
        if at == start_of(self.of.program, equation) + axis.origin:
            if not start:
                self.equations[key] = Equation(Ref(key, index), Sum(sp.S.Zero), (), equation.step)
                return
            further = start[0]
            letters = self.of.axis_letters(equation)
            own = {letters[c].letter for c in further.index if c in letters}
            inner = self.tensor(further.name, {letter: step for letter, step in marks.items() if letter in own})
        else:
            further = source
            inner = self.tensor(source.name, {**marks, axis.letter: at - equation.op.step})
        self._read(inner)
        there = dict(self.standing[inner].marks)
        axes = [self.of.axes.get((further.name, k)) for k in range(len(further.index))]
        kept = tuple(c for c, own in zip(further.index, axes, strict=True) if own is None or own.letter not in there)
        self.equations[key] = Equation(Ref(key, index), Sum(slot(0), (slot(0),)), (Ref(inner, kept),), equation.step)

    def _axis(self, carry: Equation, marks: Mapping[str, Expr]) -> Axis:
        """The axis along which something is carried, where a step along it is meant."""
        assert isinstance(carry.op, Carry)
        axis = self.of.axis_letters(carry).get(carry.op.letter)
        if axis is None or axis.letter not in marks:
            raise NoRecursionError("it reads another step")
        return axis

    def _is_step(self, equation: Equation, letter: str) -> bool:
        return letter in self.of.axis_letters(equation)

    def _order(self, key: str) -> None:
        """What was written last stands last: it reads what stands before."""
        self.equations[key] = self.equations.pop(key)


def _of_terms(equation: Equation, terms: Terms) -> Equation:
    """The equation of some of its terms alone."""
    op, body = equation.op, terms.body
    if body is None or not isinstance(op, Sum):
        return equation
    kept = [(s, r) for s, r in zip(op.slots, equation.operands, strict=True) if body.has(s)]
    slots = tuple(slot(k) for k in range(len(kept)))
    moved: Expr = body.xreplace({s: own for (s, _), own in zip(kept, slots, strict=True)})  # type: ignore[assignment]  # SymPy promises a Basic only
    return replace(equation, op=Sum(moved, slots, op.over), operands=tuple(r for _, r in kept))
