"""The loops of a program at fixed sizes, their steps written out: a short loop is planned as any other equations are.

What a step reads of a tensor from outside is a slice, what is read after the loop a stack of its steps; a plan makes views of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symbackprop.core.functions import iverson
from symbackprop.core.loops import For, Item, has_loops, schedule, steps_of
from symbackprop.core.program import Carry, Equation, Program, Ref, Sum, position, slot
from symbackprop.core.simplify import without_dead
from symbackprop.core.turns import Turn, as_sum, turn
from symbackprop.plan.node import PlanError

MOST = 1000  # equations: a longer loop costs more to plan than a plan of it saves


def unrolled(program: Program, kept: frozenset[str]) -> Program:
    """The program without a loop, with the same values of what is kept; the program itself where there is none.

    Raises PlanError where the steps are too many.
    """
    if not has_loops(program):
        return program
    steps = int(max(sp.Mul(*steps_of(program)), 1))
    if steps * len(program.equations) > MOST:
        raise PlanError(f"{steps} steps of a loop, which are too many to be written out")
    unroller = _Unroller(program)
    for item in schedule(program):
        unroller.item(program, item, {})
    return without_dead(replace(program, tensors=unroller.tensors, equations=tuple(unroller.equations)), kept)


class _Unroller:
    """The equations written so far."""

    def __init__(self, program: Program) -> None:
        self.tensors = dict(program.tensors)
        self.equations: list[Equation] = []
        self.slices: dict[tuple[str, int, int], str] = {}  # of a tensor, along an axis, at a position

    def item(self, program: Program, item: Item, now: Mapping[str, str]) -> None:
        """Write an item; `now` says which tensor each one that stands at a step is."""
        if isinstance(item, For):
            self.loop(turn(program, item), now)
            return
        item = as_sum(program, item) if isinstance(item.op, Carry) else item
        operands = tuple(Ref(now.get(r.name, r.name), r.index) for r in item.operands)
        target = Ref(now.get(item.target.name, item.target.name), item.target.index)
        self.tensors[target.name] = replace(program.tensors[item.target.name], name=target.name)
        self.equations.append(replace(item, target=target, operands=operands))

    def loop(self, one: Turn, now: Mapping[str, str]) -> None:
        loop = one.loop
        history: dict[str, list[str]] = {name: [] for name in one.members}
        for k in range(int(loop.extent))[:: loop.step]:
            here = dict(now)
            for at, (name, axis) in one.slices.items():
                here[at] = self.slice(one, at, here.get(name, name), axis, k)
            for name, at in one.members.items():
                here[at] = f"{now.get(name, name)} at {k}"
            for c in one.carries:
                if history[c.source]:
                    here[c.before] = history[c.source][-1]
            ready = [c.further if history[c.source] else c.first for c in one.carries]
            for item in (*ready, *one.at(sp.Integer(k))):
                self.item(one.program, item, here)
            for name, at in one.members.items():
                history[name].append(here[at])
        for name, parts in history.items():
            self.stack(one, name, now.get(name, name), parts[:: loop.step])

    def slice(self, one: Turn, at: str, name: str, axis: int, k: int) -> str:
        """The tensor at one position of an axis."""
        if (name, axis, k) not in self.slices:
            self.slices[name, axis, k] = own = f"{name} along {axis} at {k}"
            rest = tuple(f"x{j}" for j in range(one.program.tensors[at].rank))
            index = (*rest[:axis], "k", *rest[axis:])
            self.tensors[own] = replace(one.program.tensors[at], name=own, kind="value")
            over = (("k", self.tensors[name].shape[axis]),)
            pick = Sum(slot(0) * iverson(sp.Eq(position("k"), k)), (slot(0),), over)
            self.equations.append(Equation(Ref(own, rest), pick, (Ref(name, index),)))
        return self.slices[name, axis, k]

    def stack(self, one: Turn, name: str, own: str, parts: list[str]) -> None:
        """The tensor that the steps make."""
        axis, whole = one.loop.axes[name], one.program.tensors[name]
        rest = tuple(f"x{j}" for j in range(whole.rank - 1))
        slots = tuple(map(slot, range(len(parts))))
        body = sp.Add(*[s * iverson(sp.Eq(position("k"), k)) for k, s in enumerate(slots)])
        self.tensors[own] = replace(whole, name=own)
        target = Ref(own, (*rest[:axis], "k", *rest[axis:]))
        self.equations.append(Equation(target, Sum(body, slots), tuple(Ref(part, rest) for part in parts)))
