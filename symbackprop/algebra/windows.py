"""Windows as convolutions: a sum over two letters of a window's equation is a correlation, or a full convolution.

    [t = s f + d b + o] with a free f     out[f] = sum_b A[s f + d b + o] B[b]  B slides over A: forward, a kernel's gradient
    [t = s a + d b + o] with a free t     out[t] = sum_{a, b} A[a] B[b]         the full convolution: an input's gradient

Outside of its axis a tensor is 0. Which letter is free says which it is; both passes of a layer come out of one rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sympy import Expr

from symbackprop.algebra.matrix import MisfitError
from symbackprop.algebra.nets import Entry, Inner

Item = Entry | Inner


@dataclass(frozen=True)
class Slide:
    """How two tensors meet, axis by axis.

    steps    of the free letter in a correlation, of the first tensor in a convolution.
    spreads  of the second tensor.
    offsets  where the first entry stands.
    shape    of what comes out.
    """

    steps: tuple[Expr, ...]
    spreads: tuple[Expr, ...]
    offsets: tuple[Expr, ...]
    shape: tuple[Expr, ...]


class Side(NamedTuple):
    """One of the tensors that meet: its factors, its letters in the order of the axes of what comes out, and their sizes."""

    items: tuple[Item, ...]
    letters: tuple[str, ...]
    shape: tuple[Expr, ...]


class Window(NamedTuple):
    """The factors of a network that are one correlation or convolution over the free letters, and the others."""

    op: str
    slide: Slide
    first: Side
    second: Side
    free: tuple[str, ...]
    rest: tuple[Item, ...]


class _Axis(NamedTuple):
    """One equation, solved for the position in the wide tensor: wide = offset + sum of stride * letter."""

    wide: str
    strides: Mapping[str, Expr]
    offset: Expr
    free: str

    @property
    def inner(self) -> list[str]:
        return [x for x in (self.wide, *self.strides) if x != self.free]


def window(items: Iterable[Item], own: tuple[str, ...]) -> Window | None:
    """A network's windows; None where it has none.

    own   the letters of the rows and columns of what comes out.
    Raises MisfitError where its equations are no correlation or convolution.
    """
    ties = [item for item in items if isinstance(item, Entry) and item.atom.kind == "tie"]
    if not ties:
        return None
    axes = sorted((_solved(tie, own) for tie in ties), key=lambda axis: own.index(axis.free))
    sizes = {x: n for tie in ties for x, n in zip(tie.letters, tie.atom.shape, strict=True)}
    inner = {x for axis in axes for x in axis.inner}
    if len({axis.free for axis in axes}) < len(axes) or len(inner) < 2 * len(axes):
        raise MisfitError("a position in two windows")
    others = [item for item in items if item not in ties]
    first, second = _sides(axes, [set(item.letters) & inner for item in others])
    free = tuple(axis.free for axis in axes)
    if any(inner & set(item.letters) and set(free) & set(item.letters) for item in others):
        raise MisfitError("a factor stands inside and outside of a window")
    sides = [Side(tuple(item for item in others if set(item.letters) & set(side)), side, tuple(sizes[x] for x in side))
             for side in (first, second)]  # fmt: skip
    full = axes[0].free == axes[0].wide
    steps = first if full else free
    slide = Slide(
        tuple(axis.strides[x] for axis, x in zip(axes, steps, strict=True)),
        tuple(axis.strides[x] for axis, x in zip(axes, second, strict=True)),
        tuple(axis.offset for axis in axes),
        tuple(sizes[x] for x in free),
    )
    rest = tuple(item for item in others if not set(item.letters) & inner)
    return Window("convolution" if full else "correlation", slide, sides[0], sides[1], free, rest)


def _solved(tie: Entry, own: tuple[str, ...]) -> _Axis:
    slopes = dict(zip(tie.letters, tie.atom.name.slopes, strict=True))
    free = [x for x in slopes if x in own]
    for x, slope in slopes.items():
        strides = {y: -s / slope for y, s in slopes.items() if y != x}
        if abs(slope) == 1 and len(strides) == 2 and len(free) == 1 and all(s.is_positive for s in strides.values()):
            return _Axis(x, strides, -tie.atom.name.offset / slope, free[0])
    raise MisfitError("a position is no window's")


def _sides(axes: list[_Axis], held: list[set[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The letters of the two tensors, one of each axis: what one factor has is of one tensor; the wide one is the first."""
    full = [axis.free == axis.wide for axis in axes]
    if len(set(full)) > 1:
        raise MisfitError("windows of two kinds meet")
    first: list[str] = []
    for axis in axes:
        one, two = axis.inner
        beside = {x for letters in held if letters & set(first) for x in letters} if first else next(filter(None, held), set())
        turned = two in beside if full[0] else two == axis.wide
        first.append(two if turned else one)
    second = [x for axis, y in zip(axes, first, strict=True) for x in axis.inner if x != y]
    for one, other in ((set(first), set(second)), (set(second), set(first))):
        own = [letters for letters in held if letters & one]
        if any(letters & other for letters in own) or (own and set().union(*own) != one):
            raise MisfitError("a factor stands on both sides of a window, or on a part of one")
    return tuple(first), tuple(second)
