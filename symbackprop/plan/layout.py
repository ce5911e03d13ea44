"""In which order the axes of each node stand in memory, outermost first.

Inputs and gradients are as declared. What is computed entry by entry stands as its largest argument does. A product stands as what
it will meet entry by entry, if that stands already; otherwise it leaves the axes of its data operand where they are, so that
(n, k) gives (n, m) and (k, n) gives (m, n). Products of windows put the axes that the windows do not move along innermost, so that
windows are read and copied in runs. What a loop keeps stands as its steps compute it, and what it reads stands step after step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import assert_never

from symbackprop.plan.node import (
    Add,
    Arg,
    Carried,
    Dot,
    Enter,
    Fixed,
    Fold,
    Input,
    Map,
    Multiply,
    Node,
    Pad,
    Place,
    PlanError,
    Put,
    Scatter,
    Shape,
    Square,
    Stack,
    Take,
    Track,
    View,
)  # fmt: skip

Order = tuple[int, ...]
AGAIN = 4  # times that orders are found, so that a Track has the order of what enters it, which may read another Track
FEW = 64  # a maximum over so many classes runs over an outer axis


def strides_of(shape: Shape, order: Sequence[int]) -> tuple[int, ...]:
    """The strides, in entries, of a contiguous array whose axes stand in this order."""
    strides, step = [0] * len(shape), 1
    for axis in reversed(order):
        strides[axis], step = step, step * shape[axis]
    return tuple(strides)


def moved_along(node: Node) -> set[int]:
    """The axes of a view that overlapping windows move along, which several axes of the view share with another."""
    found: set[int] = set()
    if isinstance(node.op, View):
        for place in node.op.places:
            if overlapping(place.terms, node.shape):
                found |= {axis for axis, _ in place.terms}
    return found


def overlapping(terms: tuple[tuple[int, int], ...], shape: Shape) -> bool:
    """Whether two positions of a place can be the same."""
    step = 1
    for axis, slope in sorted(terms, key=lambda term: abs(term[1])):
        if abs(slope) < step:
            return True
        step = abs(slope) * shape[axis]
    return False


def layouts(nodes: Sequence[Node], users: Mapping[int, Sequence[tuple[Node, Arg]]], passes: frozenset[str]) -> dict[int, Order]:
    """The order of the axes of every node, by its number."""
    found: dict[int, Order] = {}
    tracks: dict[int, Order] = {}
    for _ in range(AGAIN):
        found = _Layouts(nodes, users, passes, tracks).run()
        if "tracks" not in passes:
            break
        before, tracks = tracks, dict(_entering(nodes, found))
        if tracks == before:
            break
    return found


def _entering(nodes: Sequence[Node], order: Mapping[int, Order]) -> Iterator[tuple[int, Order]]:
    """The order of each Track that has a step's array as it is computed, by the Track's number."""
    for node in nodes:
        if isinstance(node.op, Enter):
            arg, whole = node.args
            if len(arg.at) == node.rank:
                track, op = whole.node, whole.node.op
                assert isinstance(op, Track)
                step = [arg.at[k] for k in order[arg.node.number]]
                yield track.number, (op.axis, *(x + (x >= op.axis) for x in step))


class _Layouts:
    def __init__(
        self, nodes: Sequence[Node], users: Mapping[int, Sequence[tuple[Node, Arg]]], passes: frozenset[str],
        tracks: Mapping[int, Order],
    ) -> None:  # fmt: skip
        self.nodes, self.users, self.passes, self.tracks = nodes, users, passes, tracks
        self.order: dict[int, Order] = {}
        self.first: dict[int, Order] = {}  # axes that a node had better have outermost
        self.last: dict[int, Order] = {}  # and innermost

    def run(self) -> dict[int, Order]:
        for node in self.nodes:
            if "few first" in self.passes and isinstance(node.op, Fold) and node.op.kind == "max":
                self._wish_few_first(node)
            steps = tuple(k for k, place in enumerate(node.op.places) if place.moves) if isinstance(node.op, View) else ()
            if "tracks" in self.passes and steps:
                self._wish(node.args[0].node, steps, set())
            if "batch last" in self.passes and isinstance(node.op, View) and isinstance(node.args[0].node.op, Pad):
                self._wish_batch_last(node, node.op.places)
        for node in self.nodes:
            self.order[node.number] = self._order(node)
        return self.order

    def _wish_batch_last(self, windows: Node, places: Sequence[Place]) -> None:
        """Wish for what windows are read from that axis innermost which they do not move along and their first product keeps."""
        long = [k for k, place in enumerate(places) if any(windows.shape[x] > 1 for x, _ in place.terms)]
        still = [k for k in long if not overlapping(places[k].terms, windows.shape)]
        if still and moved_along(windows):
            readers = ((user.rank, arg.at) for user, arg in self.users.get(windows.number, ()) if isinstance(user.op, Dot))
            rank, at = next(readers, (0, ()))
            kept = {k for k, x in enumerate(at) if x < rank}
            still.sort(key=lambda k: not all(x in kept for x, _ in places[k].terms))
            self.last.setdefault(windows.args[0].node.number, tuple(still[:1]))

    def _wish_few_first(self, node: Node) -> None:
        (arg,) = node.args
        axes = tuple(arg.at.index(k) for k in range(node.rank, len(node.space)))
        if arg.node.rank == 2 and math.prod(arg.node.shape[k] for k in axes) <= FEW and not isinstance(arg.node.op, View):
            self._wish(arg.node, axes, set())

    def _wish(self, node: Node, axes: Order, seen: set[int]) -> None:
        """Wish that the products of which a node is made, entry by entry, have these axes outermost."""
        if node.number in seen:
            return
        seen.add(node.number)
        match node.op:
            case Dot():
                self.first.setdefault(node.number, axes)
            case Add() | Multiply() | Map():
                for arg in node.args:
                    own = tuple(arg.at.index(x) for x in axes if x in arg.at)
                    if own and arg.node.rank == node.rank:
                        self._wish(arg.node, own, seen)
            case _:
                pass

    def _order(self, node: Node) -> Order:
        axes = range(node.rank)
        match node.op:
            case Input() | Fixed() | Square():
                return tuple(axes)
            case View(places):
                inner = node.args[0].node
                strides = strides_of(inner.shape, self.order[inner.number])
                own = [sum(dict(place.terms).get(x, 0) * step for place, step in zip(places, strides, strict=True)) for x in axes]
                return tuple(sorted(axes, key=lambda x: -own[x]))
            case Pad():
                last = self.last.get(node.number, ())
                return tuple(x for x in self.order[node.args[0].node.number] if x not in last) + last
            case Scatter(places):
                into = {x: axis for axis, place in places for x, _ in place.terms}
                seen = [into.get(x, x) for x in reversed(self._seen(node.args[0]))]
                return _complete(tuple(dict.fromkeys(seen))[::-1], axes)
            case Stack(axis):
                seen = self._seen(node.args[0])
                return _complete(seen if axis in seen else (axis, *seen), axes)
            case Take() | Put():
                return tuple(axes)
            case Track(_, axis):
                return self.tracks.get(node.number) or (axis, *(x for x in axes if x != axis))
            case Enter():
                return tuple(axes)
            case Carried(name):
                raise PlanError(f"{name} is carried from step to step")
            case Dot() if len(node.args) == 2:
                return self._product(node)
            case Add() | Multiply() | Map() | Fold() | Dot():
                return _complete(self._seen(max(node.args, key=_leads)), axes)
            case _:
                assert_never(node.op)

    def _seen(self, arg: Arg) -> Order:
        """The axes of an argument in its order, as axes of the space of its reader."""
        return tuple(arg.at[k] for k in self.order[arg.node.number])

    def _met(self, node: Node) -> Order | None:
        """The order of what a product will meet entry by entry, where that stands already, or is made of what does.

        One whose order is wished for is not bound to data.
        """
        wished = node.number in self.first
        for user, at in self.users.get(node.number, ()):
            if isinstance(user.op, Add | Multiply) and len(at.at) == user.rank:
                for other in user.args:
                    meets = other.node is not node and len(other.at) == len(at.at)
                    if not meets or (wished and isinstance(other.node.op, Input)):
                        continue
                    if (order := self._told(other.node)) is not None:
                        back = {x: k for k, x in enumerate(at.at)}
                        return tuple(back[other.at[k]] for k in order)
        return None

    def _told(self, node: Node) -> Order | None:
        """The order of a node, or the one that it will have as it is computed entry by entry from what stands."""
        if node.number in self.order or not isinstance(node.op, Map):
            return self.order.get(node.number)
        lead = max(node.args, key=_leads)
        order = self._told(lead.node)
        return None if order is None else _complete(tuple(lead.at[k] for k in order), range(node.rank))

    def _product(self, node: Node) -> Order:
        if (met := self._met(node)) is not None:
            return met
        axes = range(node.rank)
        data = [arg for arg in node.args if not isinstance(arg.node.op, Input)] or list(node.args)
        arg = max(data, key=lambda a: math.prod(a.node.shape))
        (other,) = [a for a in node.args if a is not arg]
        seen = self._seen(arg)
        both = tuple(x for x in seen if x in axes and x in other.at)
        own = tuple(x for x in seen if x in axes and x not in both)
        theirs = tuple(x for x in self._seen(other) if x in axes and x not in both)
        first = self.first.get(node.number)
        if first is not None:
            rest = [x for x in (*own, *theirs) if x not in first]
            return (*(x for x in both if x not in first), *first, *rest)
        if "batch last" in self.passes and (windows := [a for a in node.args if moved_along(a.node)]):
            (window, *_) = windows
            moved = {window.at[k] for k in moved_along(window.node)}
            inmost = list(takewhile(lambda x: x not in moved, reversed(self._seen(window))))
            declared = isinstance(window.node.args[0].node.op, Input)  # its axes stand where the person put them
            still = tuple(x for x in window.at if x not in moved and x in axes and x not in both and (declared or x in inmost))
            rest = [x for x in (*own, *theirs) if x not in still]
            return (*both, *(x for x in rest if x not in window.at), *(x for x in rest if x in window.at), *still)
        kept_inside = bool(seen) and seen[-1] not in axes
        return (*both, *own, *theirs) if kept_inside or not own else (*both, *theirs, *own)


def _leads(arg: Arg) -> tuple[int, int, int]:
    """What is computed entry by entry stands as the largest argument does: of two, as the one that was computed."""
    computed = 2 if isinstance(arg.node.op, Dot) else 0 if isinstance(arg.node.op, Input | Fixed) else 1
    return math.prod(arg.node.shape), computed, -arg.node.number


def _complete(some: Sequence[int], axes: Sequence[int]) -> Order:
    own = tuple(dict.fromkeys(x for x in some if x in axes))
    return (*own, *(x for x in axes if x not in own))
