"""The nodes of loops at one step: without the loop's axis, about what stands at the step.

What is carried, and what is read outside of the loop, stands in a Track: an array for each step, side by side, and for what is
carried one more, what the loop starts from, so that a value and that of the step before are views of one array. Where nobody
reads them outside, a Track has room for two, which change places from step to step. All else lives within a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from symbackprop.plan.circles import Circle, needed, ordered
from symbackprop.plan.graph import Graph
from symbackprop.plan.lower import Lowered
from symbackprop.plan.node import (
    Arg,
    Carried,
    Enter,
    Move,
    Multiply,
    Node,
    Op,
    Pad,
    Place,
    PlanError,
    Put,
    Scatter,
    Shape,
    Stack,
    Take,
    Tie,
    Track,
    Value,
    View,
    moved,
)  # fmt: skip
from symbackprop.plan.places import view


@dataclass(frozen=True)
class Repeat:
    """Nodes that are computed `count` times in turn."""

    number: int
    count: int
    items: tuple[Node | Repeat, ...]


@dataclass(frozen=True)
class Stepped:
    """A graph without circles.

    nodes    in the order in which they are computed, those of loops once.
    items    the same, with the loops that they are in.
    within   the numbers of the loops that a node is in, outermost first.
    values, inputs   as those of `Lowered`.
    """

    nodes: Sequence[Node]
    items: Sequence[Node | Repeat]
    within: Mapping[int, tuple[int, ...]]
    values: Mapping[str, tuple[Value, tuple[str, ...]]]
    inputs: Mapping[str, Node]


def stepped(lowered: Lowered, names: Iterable[str]) -> Stepped:
    """The nodes that some tensors are made of, loops as what one step does."""
    roots = [node for node in (lowered.values[name][0].node for name in names) if node is not None]
    ties = lowered.graph.ties
    nodes = needed(lowered.graph.nodes, ties, roots)
    found = {node.number for node in nodes}
    items = ordered(nodes, [t for t in ties if t.carried.number in found])
    if not ties:
        return Stepped(nodes, nodes, {}, lowered.values, lowered.inputs)
    return _Stepping(lowered, nodes, roots).run(items)


class _Form(NamedTuple):
    """What a node is where it is read: a node, and which axes of the other its axes are."""

    node: Node
    axes: tuple[int, ...]


class _Kept(NamedTuple):
    """Room for what is carried: where in it the value of the step before stands, and where that of the step goes.

    stacked       whether there is room for all steps, and not for two alone.
    holds_source  whether what is carried can be read there after the loop.
    """

    tie: Tie
    track: Node
    now: Place
    after: Place
    stacked: bool
    holds_source: bool


class _Stepping:
    def __init__(self, lowered: Lowered, nodes: Sequence[Node], roots: Sequence[Node]) -> None:
        self.lowered, self.graph = lowered, Graph(lowered.graph.passes)
        self.own = {node.number: node for node in nodes}
        self.ties = {t.carried.number: t for t in lowered.graph.ties if t.carried.number in self.own}
        self.readers: dict[int, list[int]] = {node.number: [-1] for node in roots}
        for node in nodes:
            for arg in node.args:
                self.readers.setdefault(arg.node.number, []).append(node.number)
        for tie in self.ties.values():
            for part in (tie.source, tie.first):
                if part is not None:
                    self.readers.setdefault(part.node.number, []).append(tie.carried.number)
        self.forms: dict[int, _Form] = {}
        self.open: list[Circle] = []
        self.within: dict[int, tuple[int, ...]] = {}
        self.said: list[Node | Repeat] = []
        self.tracks = 0

    def run(self, items: Sequence[Node | Circle]) -> Stepped:
        self.items(items)
        values = {}
        for name, (value, letters) in self.lowered.values.items():
            if value.node is None or value.node.number in self.forms:
                node = None if value.node is None else self.forms[value.node.number].node
                values[name] = value._replace(node=node), letters
        inputs = {name: self.forms[node.number].node for name, node in self.lowered.inputs.items()}
        return Stepped(self.graph.nodes, self.said, self.within, values, inputs)

    def items(self, items: Sequence[Node | Circle]) -> None:
        for item in items:
            if isinstance(item, Circle):
                self.circle(item)
            else:
                dropped = self.dropped(item)
                self.forms[item.number] = _Form(self.at_step(item, dropped), tuple(k for k in range(item.rank) if k not in dropped))
            self.say()

    def say(self) -> None:
        """The nodes that were made just now are computed here."""
        for node in self.graph.nodes[len(self.within) :]:
            self.within[node.number] = tuple(c.number for c in self.open)
            self.said.append(node)

    def dropped(self, node: Node) -> dict[int, Circle]:
        """The axes of a node that are the loops' it is in."""
        return {c.axes[node.number]: c for c in self.open if node.number in c.axes}

    # -- one node

    def at_step(self, node: Node, dropped: Mapping[int, Circle]) -> Node:
        new = {x: k for k, x in enumerate(x for x in range(len(node.space)) if x not in dropped)}
        shape = tuple(n for x, n in enumerate(node.shape) if x not in dropped)
        match node.op:
            case Carried():
                return self.shifted(self.ties[node.number], shape, new, dropped)
            case View(places):
                form = self.forms[node.args[0].node.number]
                found = tuple(self.place(places[b], new, dropped) for b in form.axes)
                return view(self.graph, form.node, found, shape)
            case _:
                args = [self.arg(arg, new, dropped) for arg in node.args]
                return self.graph.node(self.op(node, args, new, dropped), args, shape, node.over, node.kind, node.array)

    def op(self, node: Node, args: Sequence[Arg], new: Mapping[int, int], dropped: Mapping[int, Circle]) -> Op:
        match node.op:
            case Pad(margins):
                return Pad(tuple(margin for x, margin in enumerate(margins) if x not in dropped))
            case Stack(axis, starts, thin) if axis not in dropped:
                return Stack(new[axis], starts, thin)
            case Scatter(places) if not any(axis in dropped for axis, _ in places):
                return Scatter(tuple((new[axis], self.place(place, new, dropped)) for axis, place in places))
            case Put(axis) if axis not in dropped:
                return Put(new[axis])
            case Take():
                return Take(args[0].at.index(-1))
            case Stack() | Scatter() | Put():
                raise PlanError("a loop whose steps are not alike")
            case _:
                return node.op

    def arg(self, arg: Arg, new: Mapping[int, int], dropped: Mapping[int, Circle]) -> Arg:
        """An argument as it stands at the step."""
        form = self.forms[arg.node.number]
        node, at, moving = form.node, [], {}
        for k, b in enumerate(form.axes):
            x = arg.at[b] if b < len(arg.at) else None  # the last axes of a matrix stand nowhere
            if x is None:
                continue
            if x in dropped:
                moving[k] = _turn(dropped[x])
            else:
                at.append(x if x < 0 else new[x])
        return Arg(self.sliced(node, moving), tuple(at))

    def sliced(self, node: Node, moving: Mapping[int, Place]) -> Node:
        """A node read at places along some of its axes."""
        if not moving:
            return node
        rest = [k for k in range(node.rank) if k not in moving]
        places = tuple(moving.get(k) or Place(0, ((rest.index(k), 1),)) for k in range(node.rank))
        return view(self.graph, node, places, tuple(node.shape[k] for k in rest))

    def place(self, place: Place, new: Mapping[int, int], dropped: Mapping[int, Circle]) -> Place:
        offset, moves = place.offset, place.moves
        for x, slope in place.terms:
            if x in dropped:
                here = _turn(dropped[x])
                offset, moves = offset + slope * here.offset, moved(moves, here.moves, slope)
        return Place(offset, tuple((new[x], slope) for x, slope in place.terms if x not in dropped), moves)

    def shifted(self, tie: Tie, shape: Shape, new: Mapping[int, int], dropped: Mapping[int, Circle]) -> Node:
        """What is carried on no circle: its source moved by one step, beside what it starts from."""
        axis, extent = new[tie.axis], tie.carried.shape[tie.axis]
        step = tuple(n for k, n in enumerate(shape) if k != axis)
        first = self.spread(self.first(tie, new, dropped), tuple(x for x in range(len(shape)) if x != axis), step)
        source = self.spread(self.arg(tie.source, new, dropped), tuple(range(len(shape))), shape)
        here = Place(0 if tie.step > 0 else 1, ((axis, 1),))
        places = tuple(here if x == axis else Place(0, ((x, 1),)) for x in range(len(shape)))
        length = tuple(extent - 1 if k == axis else n for k, n in enumerate(shape))
        rest = Arg(view(self.graph, source.node, tuple(places[x] for x in source.at), length), tuple(range(len(shape))))
        parts, starts = ((first, rest), (0, 1)) if tie.step > 0 else ((rest, first), (0, extent - 1))
        return self.graph.node(Stack(axis, starts, tuple(part is first for part in parts)), parts, shape)

    def first(self, tie: Tie, new: Mapping[int, int], dropped: Mapping[int, Circle]) -> Arg:
        """What a loop starts from, in the space of what is carried."""
        if tie.first is not None:
            return self.arg(tie.first, new, dropped)
        return Arg(self.graph.held(Value(0.0)).solid, ())

    def spread(self, arg: Arg, axes: Sequence[int], shape: Shape) -> Arg:
        """The argument with all of some axes, repeated along those that it lacks."""
        if set(arg.at) == set(axes):
            return arg
        at = tuple(axes.index(x) for x in arg.at)
        return Arg(self.graph.node(Multiply(), [Arg(arg.node, at)], shape), tuple(axes))

    # -- a loop

    def circle(self, circle: Circle) -> None:
        kept = [self.kept(tie, circle) for tie in circle.ties]
        held = {k.tie.carried.number for k in kept} | {k.tie.source.node.number for k in kept if k.holds_source}
        others = [self.own[n] for n in circle.axes if n not in held and self.read_after(n, circle) != "not"]
        long = [self.read_after(node.number, circle) == "all" for node in others]
        tracks = [self.track(node, circle, circle.extent if every else 1) for node, every in zip(others, long, strict=True)]
        self.say()
        outer, before = self.said, dict(self.forms)
        self.said = []
        self.forms |= {k.tie.carried.number: self.at_place(k.track, k.tie.carried, circle, k.now) for k in kept}
        self.open.append(circle)
        self.say()
        self.items(circle.items)
        for k in kept:
            node = k.tie.carried
            self.enter(self.arg(k.tie.source, self.positions(node), self.dropped(node)), k.track, k.after)
        for node, track, every in zip(others, tracks, long, strict=True):
            form = self.forms[node.number]
            self.enter(Arg(form.node, tuple(range(form.node.rank))), track, _turn(circle) if every else Place(0, ()))
        self.say()
        self.open.pop()
        outer.append(Repeat(circle.number, circle.extent, tuple(self.said)))
        self.said, self.forms = outer, before
        for k in kept:
            self.read_whole(k, circle) if k.stacked else self.read_last(k, circle)
        for node, track, every in zip(others, tracks, long, strict=True):
            self.forms[node.number] = _Form(track, self.axes(node)) if every else self.at_place(track, node, circle, Place(0, ()))

    def read_after(self, number: int, circle: Circle) -> Literal["not", "last", "all"]:
        """Which steps of a node are read after the loop: the last one, where views of that alone read it, within the same loops."""
        readers = [reader for reader in self.readers.get(number, ()) if reader not in circle.axes]
        last = Place(circle.extent - 1 if circle.step > 0 else 0, ())
        if not readers:
            return "not"
        ops = [self.own[reader].op if all(reader in c.axes for c in self.open) and reader >= 0 else None for reader in readers]
        return "last" if all(isinstance(op, View) and op.places[circle.axes[number]] == last for op in ops) else "all"

    def axes(self, node: Node) -> tuple[int, ...]:
        """The axes that a node has here."""
        dropped = self.dropped(node)
        return tuple(k for k in range(node.rank) if k not in dropped)

    def positions(self, node: Node) -> dict[int, int]:
        return {x: k for k, x in enumerate(self.axes(node))}

    def room(self, node: Node, circle: Circle, length: int) -> Shape:
        axis = circle.axes[node.number]
        return tuple(length if x == axis else node.shape[x] for x in self.axes(node))

    def track(self, node: Node, circle: Circle, length: int, first: Sequence[Arg] = (), at: int = 0) -> Node:
        self.tracks += 1
        op = Track(f"track {self.tracks}", self.positions(node)[circle.axes[node.number]], at)
        return self.graph.node(op, first, self.room(node, circle, length), (), node.kind)

    def kept(self, tie: Tie, circle: Circle) -> _Kept:
        """Room for what is carried."""
        node, loop, count = tie.carried, circle.number, circle.extent
        first = [self.first(tie, self.positions(node), self.dropped(node))]
        source = tie.source.node
        holds = len(tie.source.at) == node.rank and source.number not in self.ties
        if self.read_after(node.number, circle) != "all" and not (holds and self.read_after(source.number, circle) == "all"):
            now, after = Place(0, (), (Move(loop, 1, 2),)), Place(1, (), (Move(loop, -1, 2),))
            return _Kept(tie, self.track(node, circle, 2, first), now, after, False, holds)
        if circle.step > 0:
            now, after = Place(0, (), (Move(loop, 1),)), Place(1, (), (Move(loop, 1),))
            return _Kept(tie, self.track(node, circle, count + 1, first), now, after, True, holds)
        now, after = Place(count, (), (Move(loop, -1),)), Place(count - 1, (), (Move(loop, -1),))
        return _Kept(tie, self.track(node, circle, count + 1, first, count), now, after, True, holds)

    def at_place(self, track: Node, node: Node, circle: Circle, place: Place) -> _Form:
        """A node as it stands at one place of a Track."""
        axes, axis = self.axes(node), circle.axes[node.number]
        return _Form(self.sliced(track, {axes.index(axis): place}), tuple(x for x in axes if x != axis))

    def enter(self, arg: Arg, track: Node, place: Place) -> None:
        """Put what a step makes into its room."""
        assert isinstance(track.op, Track)
        axis = track.op.axis
        whole = Arg(track, tuple(-1 if x == axis else x - (x > axis) for x in range(track.rank)))
        self.graph.node(Enter(place), [arg, whole], (*track.shape[:axis], *track.shape[axis + 1 :]), (), track.kind)

    def read_last(self, kept: _Kept, circle: Circle) -> None:
        """What is carried, and its source, as they are after the last step, where there is room for two."""
        tie = kept.tie
        here, there = (Place((circle.extent + k) % 2, ()) for k in (1, 0))
        self.forms[tie.carried.number] = self.at_place(kept.track, tie.carried, circle, here)
        if kept.holds_source:
            found = self.at_place(kept.track, tie.carried, circle, there)
            self.forms[tie.source.node.number] = _Form(found.node, tuple(tie.source.at.index(x) for x in found.axes))

    def read_whole(self, kept: _Kept, circle: Circle) -> None:
        """What is carried, and its source, as they are read after the loop."""
        tie, source = kept.tie, kept.tie.source.node
        axes, own = self.axes(tie.carried), self.axes(source)
        before, after = (0, 1) if circle.step > 0 else (1, 0)

        def part(offset: int, at: Mapping[int, int], shape: Shape) -> Node:
            places = tuple(Place(offset if x == tie.axis else 0, ((at[x], 1),)) for x in axes)
            return view(self.graph, kept.track, places, shape)

        shape = self.room(tie.carried, circle, circle.extent)
        self.forms[tie.carried.number] = _Form(part(before, {x: k for k, x in enumerate(axes)}, shape), axes)
        if kept.holds_source:
            at = {tie.source.at[b]: k for k, b in enumerate(own)}
            self.forms[source.number] = _Form(part(after, at, tuple(source.shape[b] for b in own)), own)


def _turn(circle: Circle) -> Place:
    """The position of a step along the loop's axis."""
    rises = circle.step > 0
    return Place(0 if rises else circle.extent - 1, (), (Move(circle.number, 1 if rises else -1),))
