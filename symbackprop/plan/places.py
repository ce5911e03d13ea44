"""Values read and written at places: windows, slices, margins, rows of a table. What can be a view is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from symbackprop.plan.graph import Graph
from symbackprop.plan.node import Arg, Node, Pad, Place, Put, Scatter, Shape, Take, Value, View, moved


class At(NamedTuple):
    """A position in letters: offset + sum of slope * letter."""

    offset: int
    slopes: Mapping[str, int]


def read(graph: Graph, value: Value, places: Mapping[str, At]) -> Value:
    """The value with places for some of its letters; where a place is out of range, it is 0."""
    if value.node is None or not places:
        return value
    ats = [places.get(c, At(0, {c: 1})) for c in value.letters]
    node, ats = _padded(graph, value.node, ats)
    letters = _canonical(graph, ats)
    axis = {c: k for k, c in enumerate(letters)}
    found = tuple(Place(at.offset, tuple(sorted((axis[c], slope) for c, slope in at.slopes.items()))) for at in ats)
    return Value(value.coefficient, view(graph, node, found, graph.shape(letters)), letters)


def _canonical(graph: Graph, ats: list[At]) -> tuple[str, ...]:
    """The letters of places in an order that does not depend on their names: equal views are one node."""
    keys: dict[str, tuple[int, int, int]] = {}
    for k, at in enumerate(ats):
        for c, slope in at.slopes.items():
            keys.setdefault(c, (k, -slope, -graph.extent[c]))
    return tuple(sorted(keys, key=lambda c: keys[c]))


def _padded(graph: Graph, node: Node, ats: list[At]) -> tuple[Node, list[At]]:
    """The node with margins of zeros so that every place is in range."""
    margins = [_overhang(graph, at, n) for at, n in zip(ats, node.shape, strict=True)]
    if not any(map(any, margins)):
        return node, ats
    shape = tuple(n + before + after for n, (before, after) in zip(node.shape, margins, strict=True))
    if node.array is not None:
        value = graph.fixed(np.pad(node.array, margins), tuple(map(str, range(node.rank))))
        made = value.solid
    else:
        made = graph.node(Pad(tuple(margins)), [Arg(node, tuple(range(node.rank)))], shape, (), node.kind)
    return made, [at._replace(offset=at.offset + before) for at, (before, _) in zip(ats, margins, strict=True)]


def _overhang(graph: Graph, at: At, extent: int) -> tuple[int, int]:
    """How far a place goes below 0 and above the last position."""
    reach = [slope * (graph.extent[c] - 1) for c, slope in at.slopes.items()]
    low, high = at.offset + sum(r for r in reach if r < 0), at.offset + sum(r for r in reach if r > 0)
    return max(0, -low), max(0, high - extent + 1)


def view(graph: Graph, node: Node, places: tuple[Place, ...], shape: Shape) -> Node:
    """The node of a view: of what a view reads where the node is one, the node itself where it reads all of it as it stands."""
    if isinstance(node.op, View):
        places = tuple(_through(place, places) for place in node.op.places)
        node = node.args[0].node
    if shape == node.shape and all(place == Place(0, ((k, 1),)) for k, place in enumerate(places)):
        return node
    if node.array is not None and not any(place.moves for place in places):
        grids = np.indices(shape, sparse=True)
        index = tuple(np.asarray(place.offset + sum(slope * grids[x] for x, slope in place.terms)) for place in places)
        value = graph.fixed(np.broadcast_to(node.array[index], shape), tuple(map(str, range(len(shape)))))
        if value.node is not None:
            return value.node
    return graph.node(View(places), [Arg(node, ())], shape, (), node.kind)


def _through(outer: Place, inner: tuple[Place, ...]) -> Place:
    """A place of a view in the axes of a view of it."""
    offset, slopes, moves = outer.offset, {}, outer.moves
    for axis, slope in outer.terms:
        offset += slope * inner[axis].offset
        moves = moved(moves, inner[axis].moves, slope)
        for x, k in inner[axis].terms:
            slopes[x] = slopes.get(x, 0) + slope * k
    return Place(offset, tuple(sorted(slopes.items())), moves)


def scatter(graph: Graph, value: Value, places: Mapping[str, At], keep: tuple[str, ...]) -> Value:
    """Zeros with the value added at places of some letters; letters of the value that are not in `keep` are summed."""
    scale, value = _apart(graph, value)
    moved = {c for at in places.values() for c in at.slopes}
    kept = [c for c in dict.fromkeys([*value.letters, *sorted(moved)]) if c in keep]
    summed = [c for c in dict.fromkeys([*value.letters, *sorted(moved)]) if c not in keep]
    written = sorted(places)
    margins = {c: _overhang(graph, places[c], graph.extent[c]) for c in written}
    letters = (*kept, *written)
    axis = {c: k for k, c in enumerate([*letters, *summed])}
    shape = (*graph.shape(kept), *(graph.extent[c] + sum(margins[c]) for c in written))
    found = tuple(
        (axis[c], Place(at.offset + margins[c][0], tuple(sorted((axis[x], k) for x, k in at.slopes.items()))))
        for c, at in ((c, places[c]) for c in written)
    )
    args = [Arg(value.solid, tuple(axis[c] for c in value.letters))]
    made = Value(scale, graph.node(Scatter(found), args, shape, graph.shape(summed)), letters)
    return read(graph, made, {c: At(before, {c: 1}) for c, (before, after) in margins.items() if before or after})


def take(graph: Graph, value: Value, letter: str, integers: Value) -> Value:
    """The value read along the axis of a letter at the positions that a tensor of integers holds."""
    axis = value.letters.index(letter)
    letters = tuple(dict.fromkeys([*integers.letters, *(c for c in value.letters if c != letter)]))
    place = {c: k for k, c in enumerate(letters)} | {letter: -1}
    args = [Arg(v.solid, tuple(place[c] for c in v.letters)) for v in (value, integers)]
    node = graph.node(Take(axis), args, graph.shape(letters), (), value.solid.kind)
    return Value(value.coefficient, node, letters)


def put(graph: Graph, value: Value, letter: str, integers: Value, keep: tuple[str, ...]) -> Value:
    """Zeros with the value added along the axis of a letter at the positions that a tensor of integers holds."""
    scale, value = _apart(graph, value)
    every = dict.fromkeys([*value.letters, *integers.letters])
    letters = (*(c for c in every if c in keep), letter)
    summed = [c for c in every if c not in keep]
    place = {c: k for k, c in enumerate([*letters, *summed])}
    args = [Arg(v.solid, tuple(place[c] for c in v.letters)) for v in (value, integers)]
    return Value(scale, graph.node(Put(len(letters) - 1), args, graph.shape(letters), graph.shape(summed)), letters)


def _apart(graph: Graph, value: Value) -> tuple[float, Value]:
    """The number in front of a value, which what is made of it carries on, and the value as a node."""
    if value.node is None:
        return 1.0, graph.held(value)
    return value.coefficient, graph.real(value.bare())
