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


class Place(NamedTuple):
    """A position on an axis: offset + sum of slope * position on other axes, (axis, slope) for each."""

    offset: int
    terms: tuple[tuple[int, int], ...]


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
    """A function of the last two axes, a square matrix: a row of `MATRIX_FUNCTIONS`."""

    kind: str


Op = Input | Fixed | Add | Multiply | Map | Dot | Fold | View | Pad | Scatter | Stack | Take | Put | Square


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
        return self._replace(coefficient=self.coefficient * number)

    def bare(self) -> Value:
        """Without the coefficient."""
        return self._replace(coefficient=1.0)
