"""A loop as lines of NumPy: a Python `for` over its steps.

What is read after the loop is a stack with a row for each step. A value and the one of the step before are views of one stack with
a row more, so that carrying costs nothing; where nobody reads them after the loop, the one before is a variable. All else is a
variable of the step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import S

from symbackprop.core.guards import letters_of
from symbackprop.core.loops import For, Item, equations_of
from symbackprop.core.loops.turns import Turn, turn
from symbackprop.core.program import Carry, Equation, Ref, Signature, Sum, slot, substituted

if TYPE_CHECKING:
    from symbackprop.backends.numpy.source import Writer


@dataclass(frozen=True)
class Place:
    """A part of an array: a mark for each axis, ":" for a whole one."""

    base: str
    marks: tuple[str, ...] = ()

    def at(self, axis: int, mark: str) -> Place:
        """The part at a position of one of the axes that are left, or a range of it."""
        whole = [k for k, m in enumerate(self.marks) if m == ":"][axis]
        return Place(self.base, (*self.marks[:whole], mark, *self.marks[whole + 1 :]))

    @property
    def text(self) -> str:
        marks = list(self.marks)
        while marks and marks[-1] == ":":
            marks.pop()
        return f"{self.base}[{', '.join(marks)}]" if marks else self.base


def read_by(items: Iterable[Item]) -> set[str]:
    """The names that equations and loops read."""
    return {r.name for item in items for e in equations_of(item) for r in e.operands}


class ItemWriter(ABC):
    """Writes equations and loops one after the other, as one function."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def items(self, items: Sequence[Item], asked: set[str]) -> list[str]:
        """The lines of some items; `asked` are the names that are read beside them."""
        lines = []
        for k, item in enumerate(items):
            if isinstance(item, For):
                lines += self.loop(item, asked | read_by((*items[:k], *items[k + 1 :])))
            elif isinstance(item.op, Carry):
                lines += self.shift(item, item.op)
            else:
                lines += self.writer.lines(item)
        return lines

    @abstractmethod
    def loop(self, loop: For, outside: set[str]) -> list[str]:
        """The lines of one loop; `outside` are the names that are read outside of it."""

    @abstractmethod
    def shift(self, equation: Equation, op: Carry) -> list[str]:
        """A Carry on no circle: the value, moved by one step."""

    def put(self, equation: Equation, place: str) -> list[str]:
        """The lines of an equation whose target stands at a place."""
        known = self.writer.identifier.get(equation.target.name)
        self.writer.identifier[equation.target.name] = place
        lines = self.writer.lines(equation)
        if known is not None:
            self.writer.identifier[equation.target.name] = known
        return lines

    def begun(self, equation: Equation, op: Carry) -> tuple[int, Equation]:
        """The axis that a Carry moves a value along, and the equation of what stands first on it."""
        writer, name, (_, *first) = self.writer, equation.target.name, equation.operands
        axis = equation.target.index.index(op.letter)
        program = writer.setting.program
        shape = program.shape(name)
        start = Ref(f"start of {name}", tuple(c for c in equation.target.index if c != op.letter))
        signature = Signature(start.name, shape[:axis] + shape[axis + 1 :])
        writer.setting = replace(writer.setting, program=replace(program, tensors={**program.tensors, start.name: signature}))
        return axis, Equation(start, Sum(slot(0), (slot(0),)) if first else Sum(S.Zero), tuple(first))

    @contextmanager
    def turned(self, one: Turn, counter: str) -> Iterator[dict[str, str]]:
        """The setting of one turn, whose steps `counter` counts; what its tensors are parts of, by their names."""
        writer = self.writer
        known = writer.setting, dict(writer.temporary)
        place, value = places_of(one)
        tensors = {
            **one.program.tensors,
            place: Signature(place, (), "integers", bound=one.loop.extent),
            value: Signature(value),
        }
        whole = {at: name for name, at in one.members.items()} | {at: name for at, (name, _) in one.slices.items()}
        integers = {at for at, name in whole.items() if name in writer.setting.integers} | {place}
        program = replace(one.program, tensors=tensors)
        writer.setting = replace(writer.setting, program=program, integers=writer.setting.integers | integers)
        writer.identifier |= {place: counter, value: counter}
        yield whole
        writer.setting, writer.temporary = known


class LoopWriter(ItemWriter):
    """Writes the loops of one function as `for` over stacks.

    places   where a tensor stands that is no whole array of its own name.
    stored   the tensors that have a stack; `shared`: those of them that a Carry writes, in the stack of what it reads.
    begins   that stack with its first entry, or its last, by what the Carry writes.
    """

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer)
        self.places: dict[str, Place] = {}
        self.stored: set[str] = set()
        self.shared: set[str] = set()
        self.begins: dict[str, Place] = {}
        self.counters: dict[str, list[str]] = {}  # the identifiers that count steps, by letter; each is used again
        self.running: list[str] = []

    def loop(self, loop: For, outside: set[str]) -> list[str]:
        """The lines of one loop; `outside` are the names that are read outside of it."""
        writer = self.writer
        one = turn(writer.setting.program, loop)
        counter = next((c for c in self.counters.get(one.letter, ()) if c not in self.running), None)
        if counter is None:
            counter = writer.names.fresh(one.letter)
            self.counters.setdefault(one.letter, []).append(counter)
        lines = self.stacks(loop, outside)
        with self.within(one, counter):
            variables = [c for c in one.carries if c.equation.target.name not in self.shared]
            body = []
            for c in one.carries:
                name = c.equation.target.name
                at = one.members[name]
                if c not in variables:
                    place = self.begin(name).at(loop.axes[name], "0" if loop.step > 0 else "-1").text
                else:
                    place = writer.names.fresh(f"{writer.identifier[name]}_now") if name in self.stored else writer.identifier[name]
                    writer.identifier[c.before] = place
                    body += [f"{writer.identifier[at]} = {place}"] if name in self.stored else []
                lines += self.put(c.first, place)
            kept = {one.members[c.source] for c in variables}
            body += self.items([counted(item, one) for item in one.items], kept)
            if variables:
                before = ", ".join(writer.identifier[c.before] for c in variables)
                body.append(f"{before} = {', '.join(writer.identifier[one.members[c.source]] for c in variables)}")
        count = writer.read_extent(loop.extent)
        steps = f"range({count})" if loop.step > 0 else f"reversed(range({count}))"
        return [*lines, f"for {counter} in {steps}:", *(f"    {line}" for line in body)]

    def stacks(self, loop: For, outside: set[str]) -> list[str]:
        """The lines that make the stacks of what is read after the loop."""
        lines: list[str] = []
        carries = [e for e in loop.equations() if isinstance(e.op, Carry)]
        written_by_carry = {e.target.name for e in carries}
        for e in loop.equations():
            own = [c for c in carries if c.operands[0].name == e.target.name]
            names = {e.target.name, *(c.target.name for c in own)}
            apart = bool(names & (self.writer.asked | self.stored)) or e.target.name in written_by_carry
            if own and not apart and names & outside:
                lines += self.padded(e.target.name, own)
        for e in loop.equations():
            name = e.target.name
            if name in outside and name not in self.stored:
                self.stored.add(name)
                lines += self.writer.allocated(self.writer.identifier[name], name)
        return lines

    def padded(self, name: str, carries: Sequence[Equation]) -> list[str]:
        """One stack for a value and for what is carried of it: an entry more along each axis that it is carried along."""
        writer = self.writer
        along: dict[int, Equation] = {}
        for e in carries:
            assert isinstance(e.op, Carry)
            along.setdefault(e.target.index.index(e.op.letter), e)
        base = writer.names.fresh(f"{writer.identifier[name]}_all")
        whole = Place(base, (":",) * len(writer.setting.program.shape(name)))
        lines = writer.allocated(base, name, dict.fromkeys(along, 1))
        rises = {axis: isinstance(e.op, Carry) and e.op.step > 0 for axis, e in along.items()}
        here = {axis: "1:" if up else ":-1" for axis, up in rises.items()}
        there = {axis: ":-1" if up else "1:" for axis, up in rises.items()}
        for own, axis in ((name, None), *((e.target.name, axis) for axis, e in along.items())):
            marks = [there[k] if k == axis else here.get(k, ":") for k in range(len(whole.marks))]
            lines.append(f"{writer.identifier[own]} = {Place(base, tuple(marks)).text}")
            self.stored.add(own)
            if axis is not None:  # where a loop has no step, what it begins with still has a place in the stack
                self.shared.add(own)
                self.begins[own] = Place(base, tuple(":" if k == axis else here.get(k, ":") for k in range(len(whole.marks))))
        return lines

    @contextmanager
    def within(self, one: Turn, counter: str) -> Iterator[None]:
        """The names of one turn: rows of stacks, slices of what comes from outside, variables."""
        writer, loop = self.writer, one.loop
        self.running.append(counter)
        with self.turned(one, counter) as whole:
            for at, name in whole.items():
                if name not in loop.axes or name in self.stored:
                    axis = loop.axes[name] if name in loop.axes else one.slices[at][1]
                    self.places[at] = self.place(name).at(axis, counter)
                    writer.identifier[at] = self.places[at].text
                    self.stored |= {at} if name in self.stored else set()
                    self.shared |= {at} if name in self.shared else set()
                else:
                    writer.identifier[at] = writer.identifier[name]
            yield
        self.running.pop()

    def place(self, name: str) -> Place:
        rank = self.writer.setting.program.tensors[name].rank
        return self.places.get(name) or Place(self.writer.identifier[name], (":",) * rank)

    def begin(self, name: str) -> Place:
        """Where a loop begins that writes a stack: one without steps begins as well."""
        return self.place(name) if name in self.places else self.begins.get(name, self.place(name))

    def shift(self, equation: Equation, op: Carry) -> list[str]:
        """A Carry on no circle: the value, moved by one step."""
        writer, name, z = self.writer, equation.target.name, equation.operands[0]
        axis, begin = self.begun(equation, op)
        start, to, of = ("0", "1:", ":-1") if op.step > 0 else ("-1", ":-1", "1:")
        made = [] if name in self.stored else writer.allocated(writer.identifier[name], name)
        moved = f"{self.place(name).at(axis, to).text} = {self.place(z.name).at(axis, of).text}"
        return [*made, *self.put(begin, self.begin(name).at(axis, start).text), moved]


def counted(item: Item, one: Turn) -> Item:
    """An item with the step's number as an operand, where it mentions it."""
    if isinstance(item, For):
        return replace(item, items=tuple(counted(i, one) for i in item.items))
    if not isinstance(item.op, Sum) or one.number not in item.op.body.free_symbols:
        return item
    body, slots, operands = item.op.body, item.op.slots, item.operands
    guards = [g for g in body.atoms(sp.Eq) if one.number in g.free_symbols and letters_of(g) - {str(one.number)}]
    for name, parts in zip(places_of(one), (guards, [one.number]), strict=True):
        new = slot(len(slots))
        body = substituted(body, {part: part.xreplace({one.number: new}) for part in parts})  # type: ignore[misc]  # an Expr or an Eq
        if new in body.free_symbols:
            slots, operands = (*slots, new), (*operands, Ref(name))
    return replace(item, op=Sum(body, slots, item.op.over), operands=operands)


def places_of(one: Turn) -> tuple[str, str]:
    """The step's number as a position, and as a number."""
    return str(one.number), f"{one.number} as a number"
