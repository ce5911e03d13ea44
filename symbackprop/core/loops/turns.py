"""One turn of a loop: its equations without the loop's letter, about tensors that stand at the step.

Whoever runs a loop does so by these: the witness at numbers, and a backend as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.core.functions import iverson
from symbackprop.core.loops import For, Item, start_of
from symbackprop.core.program import Carry, Equation, Program, Ref, Sum, position, rewritten, slot, substituted


@dataclass(frozen=True)
class Carried:
    """What a Carry is in a turn: `target` is `before`, the value of `source` of the turn before, and `start` in the first turn.

    equation  the Carry itself.
    first     the equation of the first turn: target = what the loop starts from.
    further   the equation of every other turn: target = before.
    source    the tensor of the loop that is read a step away; `before` is the one that holds its value of the turn before.
    """

    equation: Equation
    first: Equation
    further: Equation
    source: str
    before: str


@dataclass(frozen=True)
class Turn:
    """A loop, one step at a time.

    program   the tensors of the program, and those that stand at the step.
    loop      the loop.
    letter    what a person may call the step.
    number    the step's number, counted from 0, as the bodies mention it.
    members   a tensor that the loop writes -> the one at the step.
    slices    a tensor at the step -> the tensor from outside that it is a part of, and along which axis.
    carries   what is known as a turn begins.
    items     what it does.
    """

    program: Program
    loop: For
    letter: str
    number: Symbol
    members: Mapping[str, str]
    slices: Mapping[str, tuple[str, int]]
    carries: tuple[Carried, ...]
    items: tuple[Item, ...]

    @cached_property
    def mentions(self) -> bool:
        """Whether an item says the number of the step."""
        return any(_mentions(item, self.number) for item in self.items)

    @cached_property
    def _known(self) -> dict[Expr, tuple[Item, ...]]:
        return {}

    def at(self, number: Expr) -> tuple[Item, ...]:
        """The items with a number in the place of the step's, the same objects each time."""
        if not self.mentions:
            return self.items
        if number not in self._known:
            self._known[number] = tuple(_numbered(item, self.number, number) for item in self.items)
        return self._known[number]


def turn(program: Program, loop: For) -> Turn:
    """One turn of a loop of a program."""
    return _Turning(program, loop).run()


class _Turning:
    def __init__(self, program: Program, loop: For) -> None:
        self.program, self.loop = program, loop
        self.tensors = dict(program.tensors)
        self.letter = loop.letter(loop.carries[0])
        self.number = position(f"the step of {loop.carries[0].target.name}")
        self.slices: dict[str, tuple[str, int]] = {}

    def run(self) -> Turn:
        members = {name: self.part(name, axis) for name, axis in self.loop.axes.items()}
        carries = tuple(self.carried(e) for e in self.loop.carries)
        items = tuple(self.item(i) for i in self.loop.items)
        program = replace(self.program, tensors=self.tensors)
        return Turn(program, self.loop, self.letter, self.number, members, self.slices, carries, items)

    def part(self, name: str, axis: int) -> str:
        """The tensor at the step, as a person would write it: z[l], W[:,l]."""
        whole = self.tensors[name]
        at = f"{name}[{':,' * axis}{self.letter}]"
        shape = whole.shape[:axis] + whole.shape[axis + 1 :]
        self.tensors.setdefault(at, replace(whole, name=at, shape=shape))
        if name not in self.loop.axes:
            self.slices[at] = name, axis
        return at

    def ref(self, ref: Ref, letter: str) -> Ref:
        """A tensor at the step; one from outside that lacks the letter is read whole, and one that has it twice as a diagonal."""
        name, index = ref
        while letter in index:
            axis = self.loop.axes[name] if name in self.loop.axes else index.index(letter)
            name, index = self.part(name, axis), index[:axis] + index[axis + 1 :]
        return Ref(name, index)

    def item(self, item: Item) -> Item:
        if isinstance(item, For):
            axes = {self.part(name, self.loop.axes[name]): a - (self.loop.axes[name] < a) for name, a in item.axes.items()}
            return For(item.step, item.extent, axes, tuple(map(self.equation, item.carries)), tuple(map(self.item, item.items)))
        return self.equation(item)

    def equation(self, equation: Equation) -> Equation:
        letter = self.loop.letter(equation)
        swap: Mapping[Expr, Expr] = {position(letter): self.number}
        op = rewritten(equation.op, equation.op.over, lambda body: substituted(body, swap))
        operands = tuple(self.ref(r, letter) for r in equation.operands)
        return Equation(self.ref(equation.target, letter), op, operands, equation.step)

    def carried(self, equation: Equation) -> Carried:
        assert isinstance(equation.op, Carry)
        source, *start = equation.operands
        target, at = self.ref(equation.target, equation.op.letter), self.ref(source, equation.op.letter)
        before = Ref(f"{at.name} before", at.index)
        self.tensors[before.name] = replace(self.tensors[at.name], name=before.name)
        copy = Sum(slot(0), (slot(0),))
        first = Equation(target, copy if start else Sum(sp.S.Zero), tuple(start), equation.step)
        return Carried(equation, first, Equation(target, copy, (before,), equation.step), source.name, before.name)


def _mentions(item: Item, symbol: Symbol) -> bool:
    equations = item.equations() if isinstance(item, For) else (item,)
    return any(isinstance(e.op, Sum) and symbol in e.op.body.free_symbols for e in equations)


def _numbered(item: Item, symbol: Symbol, number: Expr) -> Item:
    if isinstance(item, For):
        return replace(item, items=tuple(_numbered(i, symbol, number) for i in item.items))
    if not isinstance(item.op, Sum) or symbol not in item.op.body.free_symbols:
        return item
    return replace(item, op=Sum(substituted(item.op.body, {symbol: number}), item.op.slots, item.op.over))


def as_sum(program: Program, carry: Equation) -> Equation:
    """A Carry on no circle as the shift that it is: p[l] = sum_k z[k] 1[k = l - 1] + first 1[l = 0] 1[k = 0]."""
    assert isinstance(carry.op, Carry)
    letter = carry.op.letter
    other = f"{letter}'"
    extent = program.shape(carry.target.name)[carry.target.index.index(letter)]
    z, *first = carry.operands
    here, there = position(letter), position(other)
    body = slot(0) * iverson(sp.Eq(there, here - carry.op.step))
    if first:
        body += slot(1) * iverson(sp.Eq(here, start_of(program, carry))) * iverson(sp.Eq(there, 0))
    moved = Ref(z.name, tuple(other if c == letter else c for c in z.index))
    slots = tuple(map(slot, range(1 + len(first))))
    return replace(carry, op=Sum(body, slots, ((other, extent),)), operands=(moved, *first))
