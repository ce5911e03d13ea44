"""A loop at numbers: step by step over slices, which are stacked at the end. What a value is, an arithmetic of its own says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import lru_cache
from typing import Protocol, TypeVar

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.loops import For, Item
from symbackprop.core.loops.turns import Turn, turn
from symbackprop.core.program import Program
from symbackprop.evaluate.extents import extent
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.same import Same

V = TypeVar("V")
Done = TypeVar("Done")


class Stacks(Protocol[V]):
    """How values are cut and stacked."""

    def part(self, value: V, rank: int, axis: int, k: int) -> V:
        """A value of that rank at one position of an axis."""
        ...

    def stacked(self, values: list[V], rank: int, axis: int) -> V:
        """Values of that rank as one, along a new axis."""
        ...


Run = Callable[[Program, Item], Iterator[Done]]


def stepwise(
    program: Program, loop: For, sizes: Mapping[str, int], values: MutableMapping[str, V], stacks: Stacks[V], run: Run[Done],
    entered: Callable[[Turn, int], None] = lambda turn, k: None,
) -> Iterator[Done]:  # fmt: skip
    """Run a loop, and put the tensors that it writes among the values.

    run      runs an equation or an inner loop of one turn.
    entered  told of each turn with its number, before anything of it is run.
    A tensor of the loop that is among the values already is taken as it is.
    """
    one = _turn(Same(program), Same(loop))
    tensors, count = one.program.tensors, extent(loop.extent, sizes)
    given = {at: (name, loop.axes[name]) for name, at in one.members.items() if name in values}
    slices = {**one.slices, **given}
    history: dict[str, list[V]] = {name: [] for name in one.members}
    for k in range(count)[:: loop.step]:
        for at, (name, axis) in slices.items():
            values[at] = stacks.part(values[name], tensors[name].rank, axis, k)
        for c in one.carries:
            if history[c.source]:
                values[c.before] = history[c.source][-1]
        entered(one, k)
        ready = [c.further if history[c.source] else c.first for c in one.carries]
        for item in (*ready, *one.at(sp.Integer(k))):
            if isinstance(item, For) or item.target.name not in given:
                yield from run(one.program, item)
        for name, at in one.members.items():
            history[name].append(values.pop(at))
        for name in (*slices.keys() - given.keys(), *(c.before for c in one.carries)):
            values.pop(name, None)
    for name, parts in history.items():
        if name not in values:
            values[name] = stacks.stacked(parts[:: loop.step], tensors[name].rank - 1, loop.axes[name])


@lru_cache(maxsize=128)
def _turn(program: Same[Program], loop: Same[For]) -> Turn:
    """The turn of a loop that is run again and again."""
    return turn(program.thing, loop.thing)


class Arrays:
    """Values that are arrays."""

    def part(self, value: ndarray, rank: int, axis: int, k: int) -> ndarray:
        return value[(*(slice(None),) * axis, k, ...)]  # an array, also where one entry is left

    def stacked(self, values: list[ndarray], rank: int, axis: int) -> ndarray:
        if not values:
            raise PointError("a loop has no step at these sizes")
        return np.stack(values, axis)
