"""Values of a plan: a node computes one array of a fixed shape from other nodes.

The space of a node is its own axes, 0 to rank - 1, and then the axes `over` that it sums or folds. Each argument says where in
this space its axes stand. No letters stand in a node: values of different equations that are equal are one node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from numpy import ndarray

from symbackprop.core.errors import SymbackpropError

Kind = Literal["real", "boolean", "integer"]
Shape = tuple[int, ...]


class PlanError(SymbackpropError):
    """A program that no plan can be made of; the message names what is in the way."""


class Move(NamedTuple):
    """How far something goes with each turn of a loop; after a `period` of turns it is back where it began, 0: never.

    Loops are counted from 1, an outer one before those in it.
    """

    loop: int
    step: int
    period: int = 0


def moved(moves: tuple[Move, ...], more: tuple[Move, ...], factor: int = 1) -> tuple[Move, ...]:
    """Moves, and `factor` times some more: those of one loop and one period are one."""
    steps = {(m.loop, m.period): m.step for m in moves}
    for m in more:
        steps[m.loop, m.period] = steps.get((m.loop, m.period), 0) + factor * m.step
    return tuple(Move(loop, step, period) for (loop, period), step in sorted(steps.items()) if step)


class Place(NamedTuple):
    """A position on an axis: offset + sum of slope * position on other axes, (axis, slope) for each, + what loops move."""

    offset: int
    terms: tuple[tuple[int, int], ...]
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True)
class Input:
    """An array that is handed in."""

    name: str


@dataclass(frozen=True)
class Fixed:
    """An array that depends on sizes alone; `key` is the `name` of its kind and its bytes."""

    key: tuple[str, bytes]


@dataclass(frozen=True)
class Add:
    """plus + the sum of scale * argument."""

    scales: tuple[float, ...]
    plus: float = 0.0


@dataclass(frozen=True)
class Multiply:
    """scale * the product of the arguments."""

    scale: float = 1.0


@dataclass(frozen=True)
class Map:
    """A function of entries: a row of `entries.FUNCTIONS`."""

    function: str


@dataclass(frozen=True)
class Dot:
    """The sum over `over` of the product of one or two arguments."""


@dataclass(frozen=True)
class Fold:
    """The largest or smallest entry over `over`, or the product of all."""

    kind: Literal["max", "min", "prod"]


@dataclass(frozen=True)
class View:
    """The argument read at a place for each of its axes, which is always in range."""

    places: tuple[Place, ...]


@dataclass(frozen=True)
class Pad:
    """The argument with a margin of zeros before and after each axis."""

    margins: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Scatter:
    """Zeros, to which the argument is added at places: for each axis that is written at one, (axis, place in the space)."""

    places: tuple[tuple[int, Place], ...]


@dataclass(frozen=True)
class Stack:
    """The arguments side by side along an axis: where each begins. A thin one lacks the axis, and is one position wide."""

    axis: int
    starts: tuple[int, ...]
    thin: tuple[bool, ...]


@dataclass(frozen=True)
class Take:
    """The first argument read along its axis `axis` at the positions that the second, of integers, holds."""

    axis: int


@dataclass(frozen=True)
class Put:
    """Zeros, to which the first argument is added along the result's axis `axis` at the positions that the second holds."""

    axis: int


@dataclass(frozen=True)
class Square:
    """A function of the last two axes, a square matrix: a row of `MATRIX_FUNCTIONS`; further arguments are directions."""

    kind: str


@dataclass(frozen=True)
class Carried:
    """The values of the turn before along an axis: of what, the graph's `ties` say."""

    name: str


@dataclass(frozen=True)
class Track:
    """Room for an array a turn of a loop, side by side along an axis; the argument, if any, stands at the position `first`."""

    name: str
    axis: int
    first: int = 0


@dataclass(frozen=True)
class Enter:
    """The first argument, put at a place along the axis of the second, a Track."""

    place: Place


Op = (
    Input | Fixed | Add | Multiply | Map | Dot | Fold | View | Pad | Scatter | Stack | Take | Put | Square | Carried | Track | Enter
)


class Arg(NamedTuple):
    """An argument, and where in the space of the node that reads it each of its axes stands."""

    node: Node
    at: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Node:
    """One array.

    number   of the node: arguments have smaller ones.
    over     the extents of the axes that are summed or folded.
    kind     of the entries.
    array    the entries of a Fixed node.
    """

    number: int
    op: Op
    args: tuple[Arg, ...]
    shape: Shape
    over: Shape = ()
    kind: Kind = "real"
    array: ndarray | None = None

    @property
    def space(self) -> Shape:
        return self.shape + self.over

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(frozen=True)
class Tie:
    """What a Carried node holds: the source a step away along the axis, and `first`, or 0, where there is no such step.

    step            1: of the step before; -1: of the step after.
    source, first   where in the node's space their axes stand.
    """

    carried: Node
    axis: int
    step: int
    source: Arg
    first: Arg | None


class Value(NamedTuple):
    """coefficient * node[letters] in an equation; without a node, the coefficient alone.

    The coefficient travels along until something must hold it, and is then held by the smallest factor there is.
    """

    coefficient: float
    node: Node | None = None
    letters: tuple[str, ...] = ()

    @property
    def solid(self) -> Node:
        """The node of a value that is known to have one."""
        if self.node is None:
            raise PlanError("a number stands where an array must")
        return self.node

    def times(self, number: float) -> Value:
        return self if number == 1 else Value(self.coefficient * number, self.node, self.letters)

    def bare(self) -> Value:
        """Without the coefficient."""
        return self if self.coefficient == 1 else Value(1.0, self.node, self.letters)
