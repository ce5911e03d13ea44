"""Loops are found, not stored: equations that read each other in a circle run step by step.

A loop's letter l is an axis like any other. What makes an equation recurrent is one operand that is read a step away:

    p[l i] = z[l-1 i], first x[i]           Carry("l", 1), operands z[l i] and x[i]
    p[l i] = z[l+1 i], first 0              Carry("l", -1), operand z[l i]

The Carry stands before the equation that writes z, and nothing else reads ahead, so that each circle passes through a Carry.
What stands on no circle is in no loop: W x[l] for all l is one product before it, a weight's gradient one product after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbackprop.core.components import components
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Carry, Equation, Program, ProgramError


@dataclass(frozen=True)
class For:
    """Equations that run step by step along one axis of each of their targets.

    step     1: the steps rise; -1: they fall.
    extent   how many steps there are.
    axes     the loop's axis of every tensor that the loop writes.
    carries  what is read from the step before, known as a step begins.
    items    what one step does, in order: equations and inner loops.
    """

    step: int
    extent: Expr
    axes: Mapping[str, int]
    carries: tuple[Equation, ...]
    items: tuple[Equation | For, ...]

    def equations(self) -> Iterator[Equation]:
        """All equations of the loop, those of inner loops included."""
        yield from self.carries
        for item in self.items:
            yield from equations_of(item)

    def letter(self, equation: Equation) -> str:
        """The loop's letter in one of its equations."""
        return equation.target.index[self.axes[equation.target.name]]


Item = Equation | For


def equations_of(item: Item) -> Iterator[Equation]:
    """An equation by itself, or all equations of a loop."""
    if isinstance(item, For):
        yield from item.equations()
    else:
        yield item


def has_loops(program: Program) -> bool:
    """Whether anything is read a step away."""
    return any(isinstance(e.op, Carry) for e in program.equations)


def carried(program: Program) -> set[str]:
    """The tensors that stand on a circle, and those that a Carry writes."""
    found = {e.target.name for e in program.equations if isinstance(e.op, Carry)}
    for item in schedule(program):
        found |= {e.target.name for e in item.equations()} if isinstance(item, For) else set()
    return found


def steps_of(program: Program) -> tuple[Expr, ...]:
    """How many steps each loop has, inner loops included."""

    def extents(items: Sequence[Item]) -> Iterator[Expr]:
        for item in items:
            if isinstance(item, For):
                yield item.extent
                yield from extents(item.items)

    return tuple(dict.fromkeys(extents(schedule(program))))


class LoopError(SymbackpropError):
    """A reader that serves no loops met one; the message names both, and the mend."""


def refused(equation: Equation, reader: str) -> LoopError:
    """What a reader that serves no Carry says of one."""
    z = equation.operands[0].name
    return LoopError(f"{reader} reads no loop, and {z} is carried from step to step: write its steps out, at a number of them")


def without_loops(program: Program, reader: str) -> None:
    """Raise LoopError where a program has a loop: `reader` says who reads none."""
    for equation in program.equations:
        if isinstance(equation.op, Carry):
            raise refused(equation, reader)


def start_of(program: Program, carry: Equation) -> Expr:
    """The position at which a Carry reads what it starts from."""
    assert isinstance(carry.op, Carry)
    extent = program.shape(carry.target.name)[carry.target.index.index(carry.op.letter)]
    return sp.S.Zero if carry.op.step > 0 else extent - 1


def schedule(program: Program) -> list[Item]:
    """The equations in an order in which they can run, with the loops that their circles are.

    Raises ProgramError where a circle has no axis to run along, or runs both ways.
    """
    return list(program.equations) if not has_loops(program) else _scheduled(program, program.equations)


def _scheduled(program: Program, equations: Sequence[Equation]) -> list[Item]:
    items: list[Item] = []
    for group in _components(equations):
        own = group[0].target.name
        circular = len(group) > 1 or any(r.name == own for r in group[0].operands)
        items.append(_loop(program, group) if circular else group[0])
    return items


def _components(equations: Sequence[Equation]) -> list[list[Equation]]:
    """The equations that read each other in circles, each group after those that it reads."""
    writer = {e.target.name: k for k, e in enumerate(equations)}
    reads = [[writer[r.name] for r in e.operands if r.name in writer] for e in equations]
    return [[equations[j] for j in group] for group in components(reads)]


def _loop(program: Program, group: list[Equation]) -> For:
    carries = [e for e in group if isinstance(e.op, Carry)]
    if not carries:
        names = ", ".join(e.target.name for e in group)
        raise ProgramError(f"{names} read each other in a circle within one step: read one of them from the step before")
    axes = _outermost(group, carries)
    mine = [e for e in carries if isinstance(e.op, Carry) and e.target.index.index(e.op.letter) == axes[e.target.name]]
    (step, *others) = {e.op.step for e in mine if isinstance(e.op, Carry)}
    if others:
        raise ProgramError(f"the loop of {mine[0].target.name} runs forwards and backwards at once: write two loops")
    extent = program.shape(mine[0].target.name)[axes[mine[0].target.name]]
    names = {e.target.name for e in mine}
    rest = [e for e in group if e.target.name not in names]
    return For(step, extent, axes, tuple(mine), tuple(_scheduled(program, rest)))


def _outermost(group: list[Equation], carries: list[Equation]) -> dict[str, int]:
    """The axis that all tensors of a circle share: that of the first letter along which anything is carried."""
    fault: ProgramError | None = None
    for carry in sorted(carries, key=lambda e: e.target.index.index(e.op.letter)):  # type: ignore[union-attr]  # a Carry
        try:
            return _axes(group, carry)
        except ProgramError as error:
            fault = fault or error
    assert fault is not None
    raise fault


def _axes(group: Sequence[Equation], carry: Equation) -> dict[str, int]:
    """The loop's axis of each tensor of a circle, followed from one Carry through the letters."""
    assert isinstance(carry.op, Carry)
    members = {e.target.name for e in group}
    axes = {carry.target.name: carry.target.index.index(carry.op.letter)}
    while True:
        known = len(axes)
        for e in group:
            own = e.target
            if own.name not in axes:
                letters = [r.index[axes[r.name]] for r in e.operands if r.name in axes]
                if not letters:
                    continue
                if letters[0] not in own.index:
                    raise ProgramError(f"{e}: the loop's {letters[0]} is summed within the loop; sum over its steps after it")
                axes[own.name] = own.index.index(letters[0])
            letter = own.index[axes[own.name]]
            for r in e.operands:
                if r.name in members and letter in r.index:
                    axes.setdefault(r.name, r.index.index(letter))
        if len(axes) == known:
            break
    for e in group:
        letter = e.target.index[axes[e.target.name]] if e.target.name in axes else carry.op.letter
        for r in e.operands:
            if r.name in members and (r.name not in axes or r.index[axes[r.name]] != letter):
                raise ProgramError(f"{e}: {r} is read at another step than {letter}; only a Carry reads another step")
    return axes
