"""A network with loops, cut into segments of steps: the same loops with fewer steps, and what stands around them.

What is outside of a loop sees of the steps only totals: sums over them, and values of the last one. So the loss is

    L = outer(totals, outside),   totals = the sum over segments of inner(start, outside),   start = the end of the segment before,

and the chain rule, with weights for the totals and for the end, gives each segment's gradients by itself: one after the other,
backwards, with no more than a segment's values in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.functions import iverson
from symbackprop.core.loops import For, has_loops, schedule
from symbackprop.core.passes.simplify import without_dead
from symbackprop.core.program import Carry, Equation, Program, Ref, Signature, Sum, position, rewritten, slot, substituted

INNER, OUTER = "the loss of a segment", "the loss with weights"


class SegmentError(SymbackpropError):
    """A network that cannot be cut into segments of steps; the message says what is in the way."""


def weight(name: str) -> str:
    """The tensor by which the entries of a value are multiplied, and added to a loss."""
    return f"weight of {name}"


def total(name: str) -> str:
    """The input of the outer program that a total of all steps is."""
    return f"{name} of all steps"


@dataclass(frozen=True)
class Segments:
    """Loops of a network whose sizes are numbers, cut: those that run side by side along one axis, as one.

    program   the forward program.
    loop      the loops.
    axes      the axis of the steps, of every tensor that has one.
    totals    what is made of all steps, and whether it is of the last one alone.
    starts    what the loops begin with -> what they carry on as they end.
    outside   values from outside that the steps read.
    """

    program: Program
    loop: For
    axes: Mapping[str, int]
    totals: Mapping[str, bool]
    starts: Mapping[str, str]
    outside: tuple[str, ...]

    @property
    def steps(self) -> int:
        return int(sp.Integer(self.loop.extent))

    def inner(self, steps: int) -> Program:
        """So many steps; the loss is INNER: the weighted totals, and the weighted values that go on to the next segment."""
        tensors = dict(self.program.tensors)
        for name, axis in self.axes.items():
            shape = tensors[name].shape
            tensors[name] = replace(tensors[name], shape=(*shape[:axis], sp.Integer(steps), *shape[axis + 1 :]))
        own = [e for e in self.program.equations if e.target.name in self.axes or e.target.name in self.totals]
        inputs = {r.name for e in own for r in e.operands} - {e.target.name for e in own}
        tensors = {n: t for n, t in tensors.items() if n in inputs or any(e.target.name == n for e in own)}
        tensors |= {n: replace(t, kind="data") for n, t in tensors.items() if n in inputs and t.kind == "value"}
        carries = {e.target.name: e for e in self.loop.carries}
        equations = []
        for e in own:
            if e.target.name in carries:
                start, letter = self.start_of(e), self.loop.letter(e)
                tensors[start] = replace(self.at_step(start, e.target.name), kind="data")
                e = replace(e, operands=(e.operands[0], Ref(start, tuple(c for c in e.target.index if c != letter))))
            equations.append(self._shortened(e, steps) if e.target.name in self.totals else e)
        for e in self.loop.carries:
            z, end, letter = e.operands[0], self.starts[self.start_of(e)], self.loop.letter(e)
            last = steps - 1 if self.loop.step > 0 else 0
            tensors[end] = self.at_step(end, e.target.name)
            body = slot(0) * iverson(sp.Eq(position(letter), last))
            rest = tuple(c for c in e.target.index if c != letter)
            equations.append(Equation(Ref(end, rest), Sum(body, (slot(0),), ((letter, sp.Integer(steps)),)), (z,)))
        made = Program(tensors, tuple(equations), (INNER,))
        return _weighted(made, (*self.totals, *self.starts.values()), INNER)

    def start_of(self, carry: Equation) -> str:
        return f"{carry.target.name} at the start"

    def at_step(self, name: str, whole: str) -> Signature:
        shape, axis = self.program.shape(whole), self.loop.axes[whole]
        return Signature(name, shape[:axis] + shape[axis + 1 :], named=False)

    def _shortened(self, e: Equation, steps: int) -> Equation:
        """A total over fewer steps."""
        letter = next(r.index[self.axes[r.name]] for r in e.operands if r.name in self.axes)
        swap: dict[Any, Any] = {sp.Eq(position(letter), self.steps - 1): sp.Eq(position(letter), steps - 1)}
        over = tuple((c, sp.Integer(steps) if c == letter else n) for c, n in e.op.over)
        return replace(e, op=rewritten(e.op, over, lambda body: substituted(body, swap)))


@dataclass(frozen=True)
class Cut:
    """A network, cut.

    parts   its loops, in the order in which they run; a loop that cannot be cut is outside of all.
    """

    program: Program
    loss: str
    parts: tuple[Segments, ...]

    def outer(self) -> Program:
        """What stands around the loops; its loss is OUTER: the network's, and the weighted values that the steps read."""
        inside = {name for part in self.parts for name in part.axes}
        totals = {name for part in self.parts for name in part.totals}
        tensors = {n: t for n, t in self.program.tensors.items() if n not in inside}
        tensors |= {total(n): replace(tensors[n], name=total(n), kind="data") for n in totals}
        equations = []
        for e in self.program.equations:
            if e.target.name in totals:
                equations.append(Equation(e.target, Sum(slot(0), (slot(0),)), (Ref(total(e.target.name), e.target.index),)))
            elif e.target.name not in inside:
                equations.append(e)
        for part in self.parts:
            for e in part.loop.carries:
                start, index = part.start_of(e), tuple(c for c in e.target.index if c != part.loop.letter(e))
                tensors[start] = part.at_step(start, e.target.name)
                first = e.operands[1:]
                equations.append(Equation(Ref(start, index), Sum(slot(0), (slot(0),)) if first else Sum(sp.S.Zero), first))
        read = dict.fromkeys(name for part in self.parts for name in (*part.outside, *part.starts))
        return _weighted(Program(tensors, tuple(equations), (OUTER,)), tuple(read), OUTER, self.loss)


def _weighted(program: Program, names: tuple[str, ...], loss: str, more: str = "") -> Program:
    """The program with the sum of all entries of some values, each times its weight, as its loss."""
    tensors, equations, parts = dict(program.tensors), list(program.equations), [more] if more else []
    for name in names:
        shape = tensors[name].shape
        index = tuple(f"x{k}" for k in range(len(shape)))
        part = f"{name}, weighted"
        tensors[weight(name)] = Signature(weight(name), shape, "data", named=False)
        tensors[part] = Signature(part, named=False)
        body = Sum(slot(0) * slot(1), (slot(0), slot(1)), tuple(zip(index, shape, strict=True)))
        equations.append(Equation(Ref(part), body, (Ref(weight(name), index), Ref(name, index))))
        parts.append(part)
    tensors[loss] = Signature(loss, named=False)
    slots = tuple(slot(k) for k in range(len(parts)))
    equations.append(Equation(Ref(loss), Sum(sp.Add(*slots), slots), tuple(map(Ref, parts))))
    return replace(program, tensors=tensors, equations=tuple(equations))


def cut(program: Program, loss: str) -> Cut:
    """A network as segments of the steps of its loops.

    program   whose sizes are numbers.
    Raises SegmentError where it has no loop, or none of which no more is read than totals of its steps.
    """
    program = without_dead(program, [loss])
    if not has_loops(program):
        raise SegmentError("there is no loop whose steps could be computed again; leave recompute out")
    found: list[Segments] = []
    fault: SegmentError | None = None
    beside = list(_side_by_side(program))
    for loops in beside:
        others = {name for other in beside if other is not loops for loop in other for name in loop.axes}
        try:
            found.append(_segments(program, loops, others))
        except SegmentError as error:
            fault = fault or error
    if not found:
        assert fault is not None
        raise fault
    return Cut(program, loss, tuple(found))


def _side_by_side(program: Program) -> Iterator[list[For]]:
    """The loops by the axis of their steps: those that read one another step by step are together."""
    left = [(loop, _axes(program, loop)) for loop in schedule(program) if isinstance(loop, For)]
    while left:
        loop, axes = left.pop(0)
        own = [loop]
        for other, further in list(left):
            if any(axes.get(n) == k for n, k in other.axes.items()) or any(further.get(n) == k for n, k in loop.axes.items()):
                own.append(other)
                left.remove((other, further))
                axes = {**axes, **further}
        yield own


def _segments(program: Program, loops: Sequence[For], others: Collection[str]) -> Segments:
    """Loops that run side by side, cut. `others`: what other loops write."""
    if len({(loop.step, loop.extent) for loop in loops}) > 1:
        raise SegmentError("loops run side by side in both directions: their steps cannot be computed again")
    written = {name: axis for loop in loops for name, axis in loop.axes.items()}
    carried = tuple(carry for loop in loops for carry in loop.carries)
    loop = replace(loops[0], axes=written, carries=carried, items=tuple(item for loop in loops for item in loop.items))
    axes = _axes(program, loop)
    if axes.keys() & others:
        raise SegmentError("another loop reads all of the steps at each of its own: they cannot be computed again")
    totals: dict[str, bool] = {}
    last = loop.extent - 1 if loop.step > 0 else sp.S.Zero
    members = {e.target.name for e in loop.equations()}
    for e in program.equations:
        letters = {r.index[axes[r.name]] for r in e.operands if r.name in axes}
        if e.target.name in axes:
            letters |= {e.target.index[axes[e.target.name]]}
        if not letters:
            continue
        (letter, *more) = letters
        clash = any(letter in r.index and r.name not in axes for r in e.operands)
        body = e.op.body if isinstance(e.op, Sum) else sp.S.One
        ends = position(letter) in body.free_symbols
        if ends:
            body = body.xreplace({sp.Eq(position(letter), last): sp.true})
        reads = position(letter) in body.free_symbols
        apart = isinstance(e.op, Carry) and e.op.letter == letter and e.target.name not in members
        if more or clash or reads or apart or (e.target.name in axes and ends):
            raise SegmentError(f"{e}: reads other steps than its own, or their numbers: its steps cannot be computed again")
        if e.target.name not in axes:
            if not isinstance(e.op, Sum) or letter not in dict(e.op.over) or e.target.name in others:
                raise SegmentError(f"{e}: is made of all steps and is no sum over them: they cannot be computed again")
            totals[e.target.name] = ends
    made = program.equation_of()
    late = set(totals)
    for e in program.equations:
        if e.target.name not in axes and any(r.name in late for r in e.operands):
            late.add(e.target.name)
    own = [e for e in program.equations if e.target.name in axes or e.target.name in totals]
    carries = {e.target.name for e in loop.carries}
    read = dict.fromkeys(r.name for e in own for r in (e.operands[:1] if e.target.name in carries else e.operands))
    outside = tuple(n for n in read if n not in axes and n not in totals and n in made)
    begun = {r.name for e in loop.carries for r in e.operands[1:]}
    if late & {*outside, *begun}:
        raise SegmentError("the steps read what is made of all of them: they cannot be computed again")
    starts = {f"{e.target.name} at the start": f"{e.target.name} at the end" for e in loop.carries}
    return Segments(program, loop, axes, totals, starts, outside)


def _axes(program: Program, loop: For) -> dict[str, int]:
    """The axis of the steps, of what the loop writes, and of all else that has one."""
    axes = dict(loop.axes)
    carries = {e.target.name for e in loop.carries}
    while True:
        known = len(axes)
        for e in program.equations:
            refs = [e.target, *(e.operands[:1] if e.target.name in carries else e.operands)]
            letters = {r.index[axes[r.name]] for r in refs if r.name in axes}
            stands = letters & set(e.target.index)
            for r in refs if stands else e.operands:
                for letter in letters & set(r.index):
                    axes.setdefault(r.name, r.index.index(letter))
        if len(axes) == known:
            return axes
