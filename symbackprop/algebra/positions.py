"""Equations between positions: the sum of slope * position + offset is 0, and nothing else is a slice, a reshape or a window.

    [k = 2h + l]        a slice     a summed k is replaced: W[i, 2h + l] is a tensor of its own, a view
    [i = k l + m]       a reshape   W[j, k l + m] is W with an axis l before the others
    [p = 2 i + k - 1]   a window    overlapping, or over the border: it stays

A letter may be replaced where the others are the digits of its position and no position is outside of its axis.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from sympy import Expr, Integer, S, cancel, expand

from symbackprop.core.guards import proven
from symbackprop.core.program import same_size

Conditions = tuple[Expr, ...]
LATE = 10**6  # the place of what begins at a size


class Linear(NamedTuple):
    """sum of slope * position + offset, one slope for each axis."""

    slopes: tuple[Expr, ...]
    offset: Expr


class Part(NamedTuple):
    """A letter that counts steps of `stride`."""

    letter: str
    stride: Expr
    size: Expr


class Spot(NamedTuple):
    """offset + sum of stride * position, the outermost letter first."""

    offset: Expr
    parts: tuple[Part, ...] = ()


class Place(NamedTuple):
    """The position in an axis of a tensor: offset + sum of stride * position; `parts` holds (axis of the view, stride)."""

    offset: Expr
    parts: tuple[tuple[int, Expr], ...]


@dataclass(frozen=True)
class View:
    """Entries of a tensor as a tensor of its own.

    tensor   its name.
    places   where the entries stand in each axis of the tensor.
    shape    the sizes of the view's axes: those that are counted in blocks stand before the last two.
    """

    tensor: str
    places: tuple[Place, ...]
    shape: tuple[Expr, ...]

    @property
    def lead(self) -> int:
        """How many of its axes are written as subscripts."""
        return len(self.shape) - min(2, sum(bool(place.parts) for place in self.places))

    @property
    def is_from_start(self) -> bool:
        """Whether its positions are those of the tensor, from the first on."""
        return self.places == tuple(Place(S.Zero, ((k, S.One),)) for k in range(len(self.shape)))

    def without(self, gone: Collection[int]) -> View:
        """The view without axes of size 1."""
        axis = {k: n for n, k in enumerate(k for k in range(len(self.shape)) if k not in gone)}
        places = tuple(Place(p.offset, tuple((axis[k], stride) for k, stride in p.parts if k in axis)) for p in self.places)
        return View(self.tensor, places, tuple(self.shape[k] for k in axis))


def tensor_of(name: str | View) -> str:
    """The tensor that a leaf reads."""
    return name.tensor if isinstance(name, View) else name


@lru_cache(8192)
def is_at_least(e: Expr, low: Expr, conditions: Conditions = ()) -> bool:
    """Whether e >= low for every size."""
    return (e - low).is_nonnegative is True or proven(e - low, conditions)


@lru_cache(8192)
def spot_of(form: Linear, letters: tuple[str, ...], sizes: tuple[Expr, ...], n: int, conditions: Conditions) -> Spot | None:
    """The position of the n-th letter by the others, where the equation form = 0 makes it a view; otherwise None."""
    slope = form.slopes[n]
    if abs(slope) != 1:
        return None
    parts = [Part(x, -s / slope, m) for k, (x, s, m) in enumerate(zip(letters, form.slopes, sizes, strict=True)) if k != n]
    return _spot(tuple(parts), -form.offset / slope, sizes[n], conditions)


@lru_cache(8192)
def _spot(parts: tuple[Part, ...], offset: Expr, size: Expr, conditions: Conditions) -> Spot | None:
    signs = [_sign(part.stride, conditions) for part in parts]
    if 0 in signs:
        return None
    steps = [part._replace(stride=part.stride * sign) for part, sign in zip(parts, signs, strict=True)]
    order = sorted(range(len(parts)), key=lambda k: -sum(is_at_least(steps[k].stride, other.stride, conditions) for other in steps))
    extent: Expr = S.One
    for k in reversed(order):
        if not is_at_least(steps[k].stride, extent, conditions):
            return None
        extent = steps[k].stride * steps[k].size
    low, high = _bounds([part.stride for part in parts], [part.size for part in parts], signs, offset)
    if not (is_at_least(low, S.Zero, conditions) and is_at_least(size - 1, high, conditions)):
        return None
    return Spot(expand(offset), tuple(parts[k] for k in order))


def _sign(slope: Expr, conditions: Conditions) -> int:
    return 1 if is_at_least(slope, S.One, conditions) else -1 if is_at_least(-slope, S.One, conditions) else 0


def _bounds(slopes: Sequence[Expr], sizes: Sequence[Expr], signs: Sequence[int], offset: Expr) -> tuple[Expr, Expr]:
    reach = [slope * (size - 1) for slope, size in zip(slopes, sizes, strict=True)]
    low = sum((r for r, sign in zip(reach, signs, strict=True) if sign < 0), offset)
    high = sum((r for r, sign in zip(reach, signs, strict=True) if sign > 0), offset)
    return low, high


@lru_cache(8192)
def ranges(form: Linear, sizes: tuple[Expr, ...], conditions: Conditions) -> tuple[Expr, Expr] | None:
    """The least and the greatest value of a form; None where the sign of a slope is not known."""
    signs = [_sign(slope, conditions) for slope in form.slopes]
    return None if 0 in signs else _bounds(form.slopes, sizes, signs, form.offset)


@lru_cache(8192)
def pairs(form: Linear, sizes: tuple[Expr, ...], conditions: Conditions) -> tuple[tuple[int, int], ...] | None:
    """form = 0 as the axes that are equal in pairs; () where it holds always; None where it says something else, or never holds."""
    if form.offset != 0:
        return None
    signs = [_sign(slope, conditions) for slope in form.slopes]
    up, down = [k for k, s in enumerate(signs) if s > 0], [k for k, s in enumerate(signs) if s < 0]
    found: list[tuple[int, int]] = []
    for k in up:
        other = next((m for m in down if same_size(form.slopes[k], -form.slopes[m]) and same_size(sizes[k], sizes[m])), None)
        if other is None:
            return None
        down.remove(other)
        found.append((k, other))
    if down or 0 in signs:
        return None
    parts = tuple(Part("", form.slopes[k], sizes[k]) for k, _ in found)
    whole = sum((p.stride * (p.size - 1) for p in parts), S.One)
    return tuple(found) if _spot(parts, S.Zero, whole, conditions) is not None else None


@lru_cache(8192)
def halves(form: Linear, sizes: tuple[Expr, ...], conditions: Conditions) -> tuple[Linear, Linear] | None:
    """form = 0 as two equations, of its low and of its high digits: d i + j = d t + k is i = t and j = k, for j and k below d."""
    signs = [_sign(slope, conditions) for slope in form.slopes]
    if form.offset != 0 or 0 in signs:
        return None
    strides = [slope * sign for slope, sign in zip(form.slopes, signs, strict=True)]
    for base in dict.fromkeys(strides):
        low = [k for k, stride in enumerate(strides) if not is_at_least(stride, base, conditions)]
        high = [cancel(slope / base) for k, slope in enumerate(form.slopes) if k not in low]
        reach = [sum((strides[k] * (sizes[k] - 1) for k in low if signs[k] == sign), S.Zero) for sign in (1, -1)]
        if low and all(x.is_integer for x in high) and all(is_at_least(base - 1, x, conditions) for x in reach):
            lower = [slope if k in low else S.Zero for k, slope in enumerate(form.slopes)]
            upper = [S.Zero if k in low else cancel(slope / base) for k, slope in enumerate(form.slopes)]
            return Linear(tuple(lower), S.Zero), Linear(tuple(upper), S.Zero)
    return None


@lru_cache(8192)
def never(form: Linear, sizes: tuple[Expr, ...], conditions: Conditions) -> bool:
    """Whether form = 0 holds nowhere: out of range, or between the steps."""
    found = ranges(form, sizes, conditions)
    if found is not None and (is_at_least(found[0], S.One, conditions) or is_at_least(-found[1], S.One, conditions)):
        return True
    numbers = (*form.slopes, form.offset)
    if not all(isinstance(x, Integer) for x in numbers):
        return False
    step = gcd(*(int(s) for s in form.slopes))
    return step > 1 and int(form.offset) % step != 0


Viewed = tuple[str | View, tuple[str, ...], tuple[Expr, ...]]  # a leaf's name, letters and shape


def viewed(name: str | View, letters: Sequence[str], shape: Sequence[Expr], n: int, spot: Spot) -> Viewed:
    """A leaf with its n-th letter at a spot: the new leaf's name, letters and shape."""
    tensor = tensor_of(name)
    places = name.places if isinstance(name, View) else tuple(Place(S.Zero, ((k, S.One),)) for k in range(len(shape)))
    axes: list[Spot] = []
    for place in places:
        offset, parts = place.offset, []
        for k, stride in place.parts:
            if k != n:
                parts.append(Part(letters[k], stride, shape[k]))
                continue
            offset += stride * spot.offset
            parts += [part._replace(stride=part.stride * stride) for part in spot.parts]
        axes.append(Spot(expand(offset), tuple(parts)))
    return _made(tensor, axes)


def _made(tensor: str, axes: list[Spot]) -> Viewed:
    """A view by the spots of the tensor's axes; what is counted in blocks comes before the last two axes."""
    inner = [k for k, spot in enumerate(axes) if spot.parts]
    order: list[tuple[int, int]] = []
    for k in inner[:-2]:
        order += [(k, m) for m in range(len(axes[k].parts))]
    order += [(k, m) for k in inner[-2:] for m in range(len(axes[k].parts) - 1)]
    order += [(k, len(axes[k].parts) - 1) for k in inner[-2:]]
    rank = {key: place for place, key in enumerate(order)}
    places = tuple(
        Place(spot.offset, tuple((rank[k, m], part.stride) for m, part in enumerate(spot.parts))) for k, spot in enumerate(axes)
    )
    chosen = [axes[k].parts[m] for k, m in order]
    shape = tuple(part.size for part in chosen)
    return View(tensor, places, shape), tuple(part.letter for part in chosen), shape


def linear(slopes: Mapping[str, Expr], offset: Expr, sizes: Mapping[str, Expr]) -> tuple[Linear, tuple[str, ...], tuple[Expr, ...]]:
    """A form with its letters and their sizes in a fixed order; letters that only stand at 0 say nothing."""
    own = [x for x, s in slopes.items() if s != 0 and sizes[x] != 1]
    own.sort(key=lambda x: (str(slopes[x]), str(sizes[x]), x))
    return Linear(tuple(slopes[x] for x in own), expand(offset)), tuple(own), tuple(sizes[x] for x in own)


def place_of(name: str | View) -> tuple[tuple[int, str], ...]:
    """Where a view stands in its tensor, as far as numbers say it: q_0 is before q_1, and both before what begins at a size."""
    if not isinstance(name, View):
        return ()
    offsets = [place.offset for place in name.places]
    return tuple((int(x), "") if isinstance(x, Integer) else (LATE, str(x)) for x in offsets)
