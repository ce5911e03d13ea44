"""A value that is put together of pieces: [k = 2h + l] with a free k says that what is written beside it stands at 2h + l.

A piece is the value at a view of the whole. Outside of all pieces the value is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from sympy import Expr, S, expand

from symbackprop.algebra.matrix import Form
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import Atom, Poly
from symbackprop.algebra.positions import Part, Spot, View, is_at_least, spot_of
from symbackprop.algebra.reading import NoFormError
from symbackprop.core.letters import pool
from symbackprop.core.program import same_size

MOST_PIECES = 12


class Piece(NamedTuple):
    """The value at some of its entries.

    view     which; its name is that of the whole where it is all of them.
    letters  of the view's axes.
    poly     the value.
    """

    view: Atom
    letters: tuple[str, ...]
    poly: Poly


class Pieces(NamedTuple):
    """All pieces, and whether they cover the whole."""

    pieces: tuple[Piece, ...]
    whole: bool = True


def pieces(a: Algebra, p: Poly, whole: Atom, letters: Sequence[str], likely: Mapping[tuple[Expr, Expr], str]) -> Pieces:
    """A value by its pieces: one, the whole, where it is in one piece.

    likely   the letter that counts steps of a stride, by the stride and how many there are.
    Raises NoFormError where there are too many, or where the rest is no view.
    """
    for x in letters:
        spots, everywhere = _spots(a, p, x)
        if not spots:
            continue
        size = whole.shape[list(letters).index(x)]
        segments = _segments(a, list(spots), size)
        if segments is not None and len(segments) <= MOST_PIECES:
            spots = dict.fromkeys(segments)
        covers = _tile(list(spots), size)
        if not covers and not everywhere:
            raise NoFormError("only a part of it is put together of pieces")
        found: list[Piece] = []
        for spot in _sorted(a, spots):
            inner = _at(a, p, whole, letters, x, _lettered(spot, x, {*letters, *p.letters(), *a.reserved} - {x}, likely))
            more = pieces(a, inner.poly, inner.view, inner.letters, likely)
            covers = covers and more.whole
            found += more.pieces
        if len(found) > MOST_PIECES:
            raise NoFormError("it has too many pieces")
        return Pieces(tuple(found), covers)
    return Pieces((Piece(whole, tuple(letters), p),))


def _spots(a: Algebra, p: Poly, x: str) -> tuple[dict[Spot, None], bool]:
    """Where the terms stand in the axis of a free letter, and whether each says so; the letters of a spot have no names yet."""
    found: dict[Spot, None] = {}
    everywhere = True
    for term in p.terms:
        own = []
        for f in term:
            if f.atom.kind == "tie" and x in f.letters:
                spot = spot_of(f.atom.name, f.letters, f.atom.shape, f.letters.index(x), a.conditions)
                own += [] if spot is None else [spot._replace(parts=tuple(part._replace(letter="") for part in spot.parts))]
        everywhere = everywhere and bool(own)
        found |= dict.fromkeys(own[:1])
    return found, everywhere


def _lettered(spot: Spot, x: str, taken: set[str], likely: Mapping[tuple[Expr, Expr], str]) -> Spot:
    """A spot with names for its letters."""
    parts: list[Part] = []
    for part in spot.parts:
        first = likely.get((part.stride, part.size), x) if part is not spot.parts[-1] else x
        name = next(y for y in (first, *islice(pool(), 40)) if y not in taken)
        taken = {*taken, name}
        parts.append(part._replace(letter=name))
    return Spot(spot.offset, tuple(parts))


def _at(a: Algebra, p: Poly, whole: Atom, letters: Sequence[str], x: str, placed: Spot) -> Piece:
    own = {x: "^x"}  # x may name a part as well
    poly = a.placed_at(a.renamed(p, own), "^x", placed)
    view = a.placed_at(a.factor(whole, [own.get(y, y) for y in letters]), "^x", placed)
    if poly is None or view is None:
        raise NoFormError("it takes entries by their position where that has no form")
    found = view.only()
    assert found is not None
    return Piece(found.atom, found.letters, poly)


def _tile(spots: list[Spot], size: Expr) -> bool:
    """Whether spots fill an axis: one block after the other, or every step of a stride."""
    steps = {spot.parts[-1].stride for spot in spots if spot.parts}
    if len(steps) == 1 and all(len(spot.parts) == 1 for spot in spots):
        (step,) = steps
        if step == len(spots) and {spot.offset for spot in spots} == {S.Zero + k for k in range(len(spots))}:
            return all(same_size(step * spot.parts[0].size, size) for spot in spots)
    at: Expr = S.Zero
    left = list(spots)
    while left:
        following = next((spot for spot in left if same_size(spot.offset, at)), None)
        length = None if following is None else _length(following)
        if following is None or length is None:
            return False
        left.remove(following)
        at = at + length
    return same_size(at, size)


def _length(spot: Spot) -> Expr | None:
    """How many neighbours a spot fills without a gap."""
    extent: Expr = S.One
    for part in reversed(spot.parts):
        if not same_size(part.stride, extent):
            return None
        extent = part.stride * part.size
    return extent


def _sorted(a: Algebra, spots: Iterable[Spot]) -> list[Spot]:
    """From the first to the last."""
    own = list(spots)
    return sorted(own, key=lambda spot: sum(is_at_least(spot.offset, other.offset, a.conditions) for other in own))


def _segments(a: Algebra, spots: list[Spot], size: Expr) -> list[Spot] | None:
    """The axis cut at each end of a block, for blocks of neighbours; None where that cannot be told for every size."""
    ends = {S.Zero, size}
    for spot in spots:
        length = _length(spot) if len(spot.parts) < 2 else None
        if length is None:
            return None
        ends |= {spot.offset, expand(spot.offset + length)}
    order = sorted(ends, key=lambda e: sum(is_at_least(e, other, a.conditions) for other in ends))
    lengths = [expand(end - start) for start, end in pairwise(order)]
    if not all(is_at_least(n, S.Zero, a.conditions) for n in lengths):
        return None
    return [Spot(start, () if n == 1 else (Part("", S.One, n),)) for start, n in zip(order, lengths, strict=False)]


def side_by_side(found: Pieces, whole: Atom) -> int | None:
    """The axis along which the pieces stand one after the other, first to last; None where they do not."""
    if not found.whole or len(found.pieces) < 2:
        return None
    axes = {_cut(piece.view, whole) for piece in found.pieces}
    (axis,) = axes if len(axes) == 1 else (None,)
    return axis


def _cut(atom: Atom, whole: Atom) -> int | None:
    """The only axis of which a view has a part, where that is a block; None where there is no such axis."""
    view = atom.name
    if not isinstance(view, View):
        return None
    cut = []
    for k, (place, n) in enumerate(zip(view.places, whole.shape, strict=True)):
        if len(place.parts) > 1 or any(stride != 1 for _, stride in place.parts):
            return None
        if not place.parts or not same_size(view.shape[place.parts[0][0]], n):
            cut.append(k)
    return cut[0] if len(cut) == 1 else None


def is_wide_zero(x: Form) -> bool:
    """Whether it is several entries, each 0."""
    return x.op == "zeros" and any(n != 1 for n in x.given)
