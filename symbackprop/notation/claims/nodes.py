"""What a formula means: a tree of operations over arrays whose axes have names, with its value at the probe.

Axes are DOWN (the rows of a matrix, the entries of a column), RIGHT (the columns of a matrix, the entries of a row), "b1", "b2",
... (what a tensor of more than two axes is a stack over) and the letters of subscripts. A product of letters is Einstein's without
its sum: x_k a_j has the axes k, j. A letter that stands twice in one tensor is its diagonal.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.notation.claims.sliding import Framed, Slid

Axes = tuple[str, ...]
DOWN, RIGHT = "↓", "→"  # no letters, so that every letter is free for an index
FAMILY = "#"  # along the tensors h_1, h_2, ... of a stack
MATRIX = frozenset((DOWN, RIGHT))
LARGEST = 3_000_000  # entries of a value at the probe
SINGULAR: dict[str, Literal[2, -2, "nuc"]] = {"sigma_max": 2, "sigma_min": -2, "nuclear": "nuc"}  # orders of norms


class Misfit(Exception):
    """Shapes that do not fit."""


@dataclass(frozen=True)
class Leaf:
    """A tensor of the network, a gradient, or an earlier step."""

    name: str


@dataclass(frozen=True)
class Const:
    """A number, or an expression of sizes."""

    value: Expr


@dataclass(frozen=True)
class Arithmetic:
    """Entry by entry: "+", "-", "*", "/", "**", "neg"; `outer` only says how a product is written."""

    sign: str


@dataclass(frozen=True)
class Applied:
    """A function of the table, entry by entry, or its slope."""

    name: str
    slope: bool = False


@dataclass(frozen=True)
class Compared:
    """1 where the comparison holds, otherwise 0."""

    sign: str


@dataclass(frozen=True)
class Chosen:
    """The second operand where the first is not 0, otherwise the third."""


@dataclass(frozen=True)
class Matmul:
    """The columns of the first against the rows of the second; a column times a row is the outer product."""


@dataclass(frozen=True)
class Renamed:
    """The same entries with other names for the axes: a transpose, indices, a diagonal where two names fall together."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Summed:
    """The sum over an axis."""

    axis: str


@dataclass(frozen=True)
class Reduced:
    """max, min, prod or logsumexp over axes."""

    kind: str
    axes: Axes


@dataclass(frozen=True)
class Chained:
    """The product of square matrices along an axis, the first one first; where it falls, the last."""

    axis: str
    falls: bool


@dataclass(frozen=True)
class Softmax:
    """exp(x) / sum exp(x) along an axis."""

    axis: str


@dataclass(frozen=True)
class MatrixOf:
    """inverse, pinv, det, logdet or what singular values make, of the axes DOWN and RIGHT."""

    kind: str


@dataclass(frozen=True)
class Diag:
    """The matrix with a vector on its diagonal."""


@dataclass(frozen=True)
class Ones:
    """1 along an axis of a size."""

    axis: str
    extent: int


@dataclass(frozen=True)
class Eye:
    """1 where two axes agree."""

    axes: Axes
    extents: tuple[int, int]


@dataclass(frozen=True)
class Positions:
    """The positions along an axis, counted from `origin`."""

    axis: str
    extent: int
    origin: Expr


@dataclass(frozen=True)
class Picked:
    """x at the position sum of signs * letters + shift along an axis, 0 where there is none.

    letters   (sign, letter, extent).
    """

    axis: str
    letters: tuple[tuple[int, str, int], ...]
    shift: Expr


@dataclass(frozen=True)
class Stacked:
    """Operands of equal axes along a new axis, or one after the other along an axis that they have."""

    axis: str


Op = (
    Leaf | Const | Arithmetic | Applied | Compared | Chosen | Matmul | Renamed | Summed | Reduced | Chained | Softmax | MatrixOf
    | Diag | Ones | Eye | Positions | Picked | Stacked | Framed | Slid
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Node:
    """An operation with its operands, the names of the axes of its value, and the value at the probe."""

    op: Op
    args: tuple[Node, ...]
    axes: Axes
    value: ndarray

    def extent(self, axis: str) -> int:
        return self.value.shape[self.axes.index(axis)]

    @property
    def matrix(self) -> frozenset[str]:
        """Which of DOWN and RIGHT it has."""
        return MATRIX & set(self.axes)

    @property
    def letters(self) -> list[str]:
        """The axes that are letters of subscripts."""
        return [a for a in self.axes if a not in MATRIX and len(a) == 1]


def ordered(axes: Iterable[str]) -> Axes:
    """Letters, then stacks, then DOWN, RIGHT."""
    several = set(axes)
    return (*sorted(several - MATRIX), *(a for a in (DOWN, RIGHT) if a in several))


def aligned(nodes: Iterable[Node]) -> tuple[Axes, list[ndarray]]:
    """The values with the same axes in the same order; raises Misfit where sizes differ."""
    several = list(nodes)
    axes = ordered(a for node in several for a in node.axes)
    extents: dict[str, int] = {}
    arrays = []
    for node in several:
        for a, n in zip(node.axes, node.value.shape, strict=True):
            if extents.setdefault(a, n) != n:
                raise Misfit(f"one part has {n} along an axis where another has {extents[a]}")
        if prod(extents.values()) > LARGEST:
            raise Misfit("there are too many indices at once")
        value = node.value.transpose([node.axes.index(a) for a in axes if a in node.axes])
        arrays.append(value.reshape([extents[a] if a in node.axes else 1 for a in axes]))
    return axes, arrays


def leaf(name: str, axes: Axes, value: ndarray) -> Node:
    """A tensor with its axes; names may repeat."""
    own = tuple(f"x{k}" for k in range(len(axes)))
    plain = Node(Leaf(name), (), own, value)
    return renamed(plain, zip(own, axes, strict=True))


def const(value: Expr | int, at_probe: complex | None = None) -> Node:
    """A number; of an expression of sizes, `at_probe` is its value."""
    expression = sp.Integer(value) if isinstance(value, int) else value
    return Node(Const(expression), (), (), np.asarray(complex(expression) if at_probe is None else at_probe))


def arithmetic(sign: str, *args: Node) -> Node:
    """Entry by entry, with the operands' axes aligned by their names."""
    axes, arrays = aligned(args)
    with np.errstate(all="ignore"):
        return Node(Arithmetic(sign), args, axes, np.asarray(_ARITHMETIC[sign](*arrays), dtype=complex))


_ARITHMETIC: dict[str, Callable[..., ndarray]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "neg": np.negative,
}  # fmt: skip


def _generic(seed: str, arrays: list[ndarray]) -> ndarray:
    """A function that nobody knows, the same for the same seed: what a probe need know of sigmoid."""
    a, *several = np.random.default_rng(zlib.crc32(seed.encode())).uniform(0.3, 0.9, len(arrays) + 1)
    total: ndarray = np.asarray(a)
    for factor, array in zip(several, arrays, strict=True):
        total = total + factor * array
    return np.asarray(np.sin(total), dtype=complex)


def applied(name: str, *args: Node, slope: bool = False) -> Node:
    """A function of the table entry by entry; its value at the probe is that of a function nobody knows."""
    axes, arrays = aligned(args)
    return Node(Applied(name, slope), args, axes, _generic(f"{name} {slope}", arrays))


def compared(sign: str, *args: Node) -> Node:
    """1 where the comparison holds, otherwise 0."""
    axes, arrays = aligned(args)
    return Node(Compared(sign), args, axes, _generic(sign, arrays))


def chosen(condition: Node, a: Node, b: Node) -> Node:
    """The value a where the condition is not 0, otherwise b."""
    axes, arrays = aligned((condition, a, b))
    return Node(Chosen(), (condition, a, b), axes, _generic("where", arrays))


def renamed(x: Node, pairs: Iterable[tuple[str, str]]) -> Node:
    """x with its axes renamed; two that fall together are a diagonal, and must have one size."""
    several = tuple((a, b) for a, b in pairs if a != b)
    if not several:
        return x
    table = dict(several)
    axes, value = [table.get(a, a) for a in x.axes], x.value
    while len(set(axes)) < len(axes):
        twice = next(a for a in axes if axes.count(a) > 1)
        i, j = [k for k, a in enumerate(axes) if a == twice][:2]
        if value.shape[i] != value.shape[j]:
            raise Misfit(f"the index {twice} runs over {value.shape[i]} and over {value.shape[j]}")
        value = np.diagonal(value, axis1=i, axis2=j)
        axes = [a for k, a in enumerate(axes) if k not in (i, j)] + [twice]
    if isinstance(x.op, Renamed) and len(x.axes) == len(x.args[0].axes):  # one renaming of the tensor itself
        before = dict(x.op.pairs)
        joined = tuple((a, table.get(before.get(a, a), before.get(a, a))) for a in x.args[0].axes)
        return Node(Renamed(tuple((a, b) for a, b in joined if a != b)), x.args, tuple(axes), value)
    return Node(Renamed(several), (x,), tuple(axes), value)


def transposed(x: Node) -> Node:
    """Rows and columns exchanged."""
    return renamed(x, [(a, b) for a, b in ((DOWN, RIGHT), (RIGHT, DOWN)) if a in x.axes])


def matmul(a: Node, b: Node) -> Node:
    """Raises Misfit where the inner sizes differ, or neither an inner axis nor an outer product is there."""
    if RIGHT in a.axes and DOWN in b.axes:
        if a.extent(RIGHT) != b.extent(DOWN):
            raise Misfit(f"the inner sizes {a.extent(RIGHT)} and {b.extent(DOWN)} differ")
        axes, (x, y) = aligned(
            (
                Node(a.op, (), tuple("*" if c == RIGHT else c for c in a.axes), a.value),
                Node(b.op, (), tuple("*" if c == DOWN else c for c in b.axes), b.value),
            )
        )
        k = axes.index("*")
        return Node(Matmul(), (a, b), axes[:k] + axes[k + 1 :], (x * y).sum(axis=k))
    if DOWN in a.axes and RIGHT in b.axes and RIGHT not in a.axes and DOWN not in b.axes:
        axes, (x, y) = aligned((a, b))
        return Node(Matmul(), (a, b), axes, x * y)
    raise Misfit("these factors have no product")


def summed(x: Node, axis: str) -> Node:
    """The sum over an axis."""
    if axis not in x.axes:
        raise Misfit("there is nothing to sum over")
    k = x.axes.index(axis)
    return Node(Summed(axis), (x,), x.axes[:k] + x.axes[k + 1 :], x.value.sum(axis=k))


def reduced(kind: str, x: Node, axes: Axes) -> Node:
    """max, min, prod or logsumexp over axes."""
    places = tuple(x.axes.index(a) for a in axes)
    rest = tuple(a for a in x.axes if a not in axes)
    return Node(Reduced(kind, axes), (x,), rest, _generic(kind, [(np.sin(x.value) ** 2).sum(axis=places)]))


def matrix_of(kind: str, x: Node) -> Node:
    """Raises Misfit where x is no matrix, or not square where it must be."""
    if not x.matrix == MATRIX or (kind not in (*SINGULAR, "pinv") and x.extent(DOWN) != x.extent(RIGHT)):
        raise Misfit(f"{kind} of what is no square matrix")
    order = [*(a for a in x.axes if a not in MATRIX), DOWN, RIGHT]
    value = x.value.transpose([x.axes.index(a) for a in order])
    if kind in ("inverse", "pinv"):
        return Node(MatrixOf(kind), (x,), tuple(order), (np.linalg.inv if kind == "inverse" else np.linalg.pinv)(value))
    known = np.linalg.norm(value, SINGULAR[kind], axis=(-2, -1)) if kind in SINGULAR else np.linalg.det(value)
    return Node(MatrixOf(kind), (x,), tuple(order[:-2]), _generic(kind, [np.asarray(known)]))


def diag(x: Node) -> Node:
    """Of a vector the matrix, of a matrix the column of its diagonal; diag(s_i) is the matrix of all s_i."""
    if x.matrix == MATRIX:
        return renamed(x, [(RIGHT, DOWN)])
    if not x.matrix and len(x.letters) != 1:
        raise Misfit("diag of a scalar")
    x = x if x.matrix else renamed(x, [(x.letters[0], DOWN)])
    (axis,) = x.matrix
    eye = np.eye(x.extent(axis))
    value = np.moveaxis(x.value, x.axes.index(axis), -1)[..., None] * eye
    return Node(Diag(), (x,), (*(a for a in x.axes if a != axis), DOWN, RIGHT), value)


def ones(axis: str, extent: int) -> Node:
    """1 along an axis."""
    return Node(Ones(axis, extent), (), (axis,), np.ones(extent, dtype=complex))


def eye(axes: Axes, extents: tuple[int, int]) -> Node:
    """1 where two axes agree."""
    return Node(Eye(axes, extents), (), axes, np.eye(*extents, dtype=complex))


def positions(axis: str, extent: int, origin: int | Expr, at_probe: int | None = None) -> Node:
    """The positions along an axis, counted from `origin`; of one in sizes, `at_probe` is its value."""
    first = complex(origin if at_probe is None else at_probe)
    return Node(Positions(axis, extent, sp.S.Zero + origin), (), (axis,), first + np.arange(extent))


def picked(x: Node, axis: str, letters: tuple[tuple[int, str, int], ...], shift: int | Expr, at_probe: int | None = None) -> Node:
    """The entries at shifted positions along an axis, 0 where there are none; of a shift in sizes, `at_probe` is its value."""
    place = np.full([n for _, _, n in letters], int(shift) if at_probe is None else at_probe)
    for k, (sign, _, n) in enumerate(letters):
        place = place + sign * np.arange(n).reshape([-1 if q == k else 1 for q in range(len(letters))])
    k, n = x.axes.index(axis), x.extent(axis)
    inside = (place >= 0) & (place < n)
    moved = np.moveaxis(x.value, k, 0)[np.clip(place, 0, n - 1)]
    mask = inside.reshape(inside.shape + (1,) * (moved.ndim - inside.ndim))
    rest = tuple(a for a in x.axes if a != axis)
    names = [letter for _, letter, _ in letters]
    if set(names) & set(rest) or len(set(names)) < len(names):
        raise Misfit("an index stands twice in a shifted entry")
    return Node(Picked(axis, letters, sp.S.Zero + shift), (x,), (*names, *rest), np.where(mask, moved, 0))


def stacked(several: tuple[Node, ...], axis: str) -> Node:
    """Operands of equal axes along a new axis."""
    axes, arrays = aligned(several)
    full = np.broadcast_arrays(*arrays)
    return Node(Stacked(axis), several, (axis, *axes), np.stack(full))
