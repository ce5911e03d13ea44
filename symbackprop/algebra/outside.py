"""A sum over a letter that a position fixes, as what stands there: sum_i r_i 1[j = i + 1] is r_{j-1}, where r is 0 outside.

A view is inside of its tensor at every position; this is what differences leave, of which some positions are outside. There the
product is 0, since a tensor whose whole axis the letter was is read outside of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sympy import Expr, Integer, S

from symbackprop.algebra.matrix import Form, Leaf, front_of, leaves
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ZERO, Factor, Number, Poly, Term, is_summed, summed_letters
from symbackprop.algebra.positions import Linear, Part, Place, Spot, View, is_at_least, ranges, tensor_of

Shape = Callable[[str], Sequence[Expr]]


@dataclass(frozen=True)
class Shifted(Leaf):
    """An entry of a tensor at a position that may be outside; `zero`: it is 0 there, otherwise a factor beside it is."""

    zero: bool = True


class Padded(NamedTuple):
    """A value whose summed letters stand at their positions.

    shifted   the views that may be outside of their tensors, and whether they have to be 0 there.
    """

    poly: Poly
    shifted: Mapping[View, bool]


def padded(a: Algebra, p: Poly, shape: Shape) -> Padded | None:
    """A value with each summed letter that a position fixes at that position; None where there is none.

    shape   of a tensor by its name.
    """
    zeros = dict[str, None]()
    poly = _placed(a, p, shape, zeros)
    if poly == p:
        return None
    factors = [f for term in poly.terms for f in term]
    inner = [f for atom in poly.atoms() for q in atom.args for term in q.terms for f in term]
    beyond = [
        f for f in (*factors, *inner) if isinstance(f.atom.name, View) and not _is_inside(a, f.atom.name, shape(f.atom.name.tensor))
    ]
    if any(f.atom.name.tensor in zeros and (f.exponent < 0 or f in inner) for f in beyond):
        return None  # what is 0 outside has no reciprocal there, and no function reads it
    return Padded(poly, {f.atom.name: f.atom.name.tensor in zeros for f in beyond})


def outside(form: Form) -> dict[str, None]:
    """The tensors that a form takes to be 0 outside of their axes."""
    return dict.fromkeys(tensor_of(leaf.name) for leaf in leaves(form) if isinstance(leaf, Shifted) and leaf.zero)


def _placed(a: Algebra, p: Poly, shape: Shape, zeros: dict[str, None]) -> Poly:
    out = ZERO
    for term, c in p.terms.items():
        made = _without_tie(a, term, c, shape, zeros)
        out += Poly({term: c}) if made is None else _placed(a, made, shape, zeros)
    return out


def _without_tie(a: Algebra, term: Term, c: Number, shape: Shape, zeros: dict[str, None]) -> Poly | None:
    """A product without one of its equations between positions; None where none of them can go."""
    ways = [
        (k, x)
        for k, tie in enumerate(term)
        for x, slope in zip(tie.letters, tie.atom.name.slopes if tie.atom.kind == "tie" else (), strict=False)
        if is_summed(x) and abs(slope) == 1
    ]
    for bounded in (False, True):  # where nothing is 0 outside, the position says itself where it is inside
        for k, x in ways:
            made = _at_its_place(a, term, c, k, x, shape, zeros, bounded)
            if made is not None:
                return made
    return None


def _at_its_place(
    a: Algebra, term: Term, c: Number, k: int, x: str, shape: Shape, zeros: dict[str, None], bounded: bool
) -> Poly | None:
    """A product without its k-th factor, an equation between positions, which fixes a summed letter; None where that letter stays.

    bounded   whether conditions may stand beside it, 1[j >= 1], at the ends where no tensor is 0 outside.
    """
    tie, rest = term[k], [f for m, f in enumerate(term) if m != k]
    sizes = dict(zip(tie.letters, tie.atom.shape, strict=True))
    slopes = dict(zip(tie.letters, tie.atom.name.slopes, strict=True))
    offset, own = -tie.atom.name.offset / slopes[x], {y: -s / slopes[x] for y, s in slopes.items() if y != x}
    bounds = ranges(Linear(tuple(own.values()), offset), tuple(sizes[y] for y in own), a.conditions)
    names = dict[str, None]()
    inside: list[Factor] = []
    for is_high in (False, True):
        if bounds is not None and is_at_least(sizes[x] - 1 - bounds[1] if is_high else bounds[0], S.Zero, a.conditions):
            continue
        ends = [tensor_of(f.atom.name) for f in rest if f.exponent >= 1 and _is_zero_beyond(a, f, x, is_high, shape)]
        known = [name for name in ends if name in zeros or name in names]
        names |= dict.fromkeys(known[:1] or ends[:1])
        if not ends and not bounded:
            return None
        if not ends:
            sign, start = (-1, sizes[x] - 1 - offset) if is_high else (1, offset)
            found = a.order({y: sign * s for y, s in own.items()}, start, sizes).only()
            inside += [] if found is None else [found]
    parts = tuple(Part(y, s, sizes[y]) for y, s in own.items())
    made = a.placed_in(c, [*rest, *inside], x, Spot(offset, parts), summed_letters(term))
    if made is not None:
        zeros |= names
    return made


def _is_zero_beyond(a: Algebra, f: Factor, x: str, is_high: bool, shape: Shape) -> bool:
    """Whether all positions of a letter before its first one, or behind its last, are outside of an axis of a tensor."""
    if f.atom.kind != "leaf" or f.letters.count(x) != 1:
        return False
    axis = f.letters.index(x)
    if not isinstance(f.atom.name, View):
        return True
    for place, size in zip(f.atom.name.places, shape(f.atom.name.tensor), strict=True):
        if len(place.parts) == 1 and place.parts[0][0] == axis:
            (_, stride), at = place.parts[0], place.offset
            beyond = at + stride * f.atom.shape[axis] - size if is_high else stride - 1 - at
            return is_at_least(stride, S.One, a.conditions) and is_at_least(beyond, S.Zero, a.conditions)
    return False


def _is_inside(a: Algebra, view: View, shape: Sequence[Expr]) -> bool:
    """Whether all entries of a view are entries of its tensor."""
    return all(_is_within(a, view, place, size) for place, size in zip(view.places, shape, strict=True))


def _is_within(a: Algebra, view: View, place: Place, size: Expr) -> bool:
    low = high = place.offset
    for axis, stride in place.parts:
        reach = stride * (view.shape[axis] - 1)
        if not isinstance(stride, Integer) and not is_at_least(stride, S.Zero, a.conditions):
            return False
        low, high = (low + reach, high) if stride.is_negative else (low, high + reach)
    return is_at_least(low, S.Zero, a.conditions) and is_at_least(size - 1, high, a.conditions)


def stencils(summands: Sequence[Form]) -> list[list[Form]]:
    """The summands, each by itself, but numbers of parts of one tensor together: r_j - 2 r_{j-1} + r_{j-2}, u_{2:} - u_{:n-2}.

    The last part of the tensor stands first, or the first one, where that is added and the last is not.
    """
    units: dict[Any, list[Form]] = {}
    for k, x in enumerate(summands):
        view, times = _part(x)
        units.setdefault(k if view is None else (view.tensor, times), []).append(x)
    found: list[list[Form]] = []
    for unit in units.values():
        unit.sort(key=_offsets, reverse=True)
        found.append(unit[::-1] if unit[0].negative and not unit[-1].negative else unit)
    return found


def is_stencil(x: Form) -> bool:
    """Whether a form is what stands beside each other in brackets: l (d_{j-1} - d_j)."""
    front, body = front_of(x)
    factors = [*front.tops, *([] if body is None else [body])]
    sums = [f for f in factors if f.op == "sum"]
    is_weighed = all(f in sums or (f.op == "leaf" and not f.given.subscripts) for f in factors)
    return is_weighed and len(sums) == 1 and all(_part(part)[0] is not None for part in sums[0].parts)


def _part(x: Form) -> tuple[View | None, tuple[Form, ...]]:
    """The view with axes of its own of which a form is a number of times, and what without axes stands beside it."""
    front, body = front_of(x)
    factors = [*front.tops, *([] if body is None else [body])]
    views = [f for f in factors if f.op in ("leaf", "shifted") and isinstance(f.given.name, View) and f.given.name.shape]
    times = tuple(f for f in factors if f not in views)
    if len(views) != 1 or front.bottoms or any(f.op != "leaf" or f.given.subscripts for f in times):
        return None, ()
    view = views[0].given.name
    return (view, times) if all(isinstance(place.offset, Integer) for place in view.places) else (None, ())


def _offsets(x: Form) -> tuple[int, ...]:
    """Where a part begins in each axis of its tensor."""
    view, _ = _part(x)
    return () if view is None else tuple(int(place.offset) for place in view.places)  # type: ignore[call-overload]  # Integers
