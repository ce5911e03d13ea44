"""Where the values of a plan live: inputs, flat parameters and gradients, and work buffers that are used again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Program
from symbackprop.plan.handed import GRADIENTS, PARAMETERS, layout_of
from symbackprop.plan.layout import Order, layouts, strides_of
from symbackprop.plan.node import (
    Arg,
    Enter,
    Fixed,
    Move,
    Node,
    Pad,
    Place,
    Scatter,
    Stack,
    Track,
    Value,
    View,
    moved,
)
from symbackprop.plan.statements import Buffer, Window
from symbackprop.plan.stepped import Stepped

NEVER = ("never", 0)  # read last, after all nodes


@dataclass(frozen=True)
class Store:
    """Where an array stands: its entry at position 0, the stride of each axis, in entries, and how it moves with loops."""

    buffer: str
    offset: int
    strides: tuple[int, ...]
    moves: tuple[Move, ...] = ()

    def window(self, dims: tuple[tuple[int, int], ...], offset: int = 0) -> Window:
        """A part of the array: the extent and the stride of each axis, and where it begins."""
        return Window(self.buffer, self.offset + offset, dims, self.moves)


@dataclass(frozen=True)
class Late:
    """A gradient that is copied to its place at the end, or scaled there."""

    name: str
    value: Value
    letters: tuple[str, ...]


class Memory:
    """The buffers, and the store of each node, given when it is first asked for; `apart`: no work buffer is used again."""

    def __init__(
        self, program: Program, lowered: Stepped, loss: str, gradients: Mapping[str, str], passes: frozenset[str],
        apart: bool = False,
    ) -> None:  # fmt: skip
        self.layout = layout_of(program, gradients)
        self.parameters, self.gradients = self.layout.parameters, self.layout.gradients
        self.nodes, self.within, self.passes = lowered.nodes, lowered.within, passes
        self.users = _users(self.nodes)
        self.order: dict[int, Order] = layouts(self.nodes, self.users, passes)
        self.buffers = {PARAMETERS: Buffer(self.parameters.length), GRADIENTS: Buffer(self.gradients.length)}
        self.fixed: dict[str, ndarray] = {}
        self.stores: dict[int, Store] = {}
        self.inside: dict[int, tuple[Node, int]] = {}  # what is stored in a stack or a scatter: which argument of which node
        self.late: list[Late] = []
        self.scaled: list[Late] = []  # in their places, after all that is copied from there
        self._free: dict[tuple[str, int], list[str]] = {}  # by kind and length
        self._apart = apart
        self._outside: set[int] = set()  # nodes whose memory is not a work buffer
        self._hand_out(lowered)
        self._place_gradients(lowered, gradients)
        self._place_inside()
        self._last = self._lifetimes(lowered.values[loss][0].node)

    # -- before anything is computed

    def _hand_out(self, lowered: Stepped) -> None:
        places = {name: (buffer, at) for name, buffer, at in self.layout.places}
        self.buffers |= {name: Buffer(max(1, flat.length), self.layout.kind(name)) for name, flat in self.layout.held.items()}
        for name, node in lowered.inputs.items():
            strides = strides_of(node.shape, range(node.rank))
            if name in self.parameters.places:
                self._put(node, Store(PARAMETERS, self.parameters.places[name][0], strides))
            elif name in places:
                self._put(node, Store(*places[name], strides))
        for node in self.nodes:
            if isinstance(node.op, Fixed) and node.rank and node.array is not None:
                self._put(node, Store(self.constant(node.array), 0, strides_of(node.shape, range(node.rank))))

    def _put(self, node: Node, store: Store) -> None:
        self.stores[node.number] = store
        self._outside.add(node.number)

    def constant(self, array: ndarray) -> str:
        """The buffer that holds the entries of an array."""
        for name, other in self.fixed.items():
            if other.size == array.size and other.dtype == array.dtype and other.tobytes() == array.tobytes():
                return name
        name = f"fixed {len(self.fixed)}"
        self.fixed[name] = array.ravel()
        return name

    def ones(self, length: int) -> Window:
        return Window(self.constant(np.ones(length)), 0, ((length, 1),))

    def _place_gradients(self, lowered: Stepped, gradients: Mapping[str, str]) -> None:
        for w, name in gradients.items():
            value, letters = lowered.values[name]
            offset, shape = self.gradients.places[w]
            node = value.node
            plain = node is not None and len(value.letters) == len(letters) > 0 and node.kind == "real"
            if node is None or not plain or node.number in self.stores or isinstance(node.op, View | Scatter):
                self.late.append(Late(w, value, letters))
                continue
            if value.coefficient != 1:
                self.scaled.append(Late(w, value, letters))
            step = dict(zip(letters, strides_of(shape, range(len(shape))), strict=True))
            self._put(node, Store(GRADIENTS, offset, tuple(step[c] for c in value.letters)))

    def _place_inside(self) -> None:
        """What is stacked, kept by a loop, or scattered to distinct places that cover the result, is stored where it goes."""
        for node in reversed(self.nodes):
            if isinstance(node.op, Stack | Enter) or (isinstance(node.op, Scatter) and covers(node)):
                for k, arg in enumerate(node.args[:1] if isinstance(node.op, Enter) else node.args):
                    inner = arg.node
                    held = inner.number in self.stores or inner.number in self.inside or self.loops(inner) != self.loops(node)
                    whole = not isinstance(node.op, Enter) or len(arg.at) == node.rank
                    if not held and whole and inner.rank and not isinstance(inner.op, View | Pad) and inner.kind == node.kind:
                        self.inside[inner.number] = node, k

    def loops(self, node: Node) -> tuple[int, ...]:
        """The numbers of the loops that a node is computed in, outermost first."""
        return self.within.get(node.number, ())

    def top(self, node: Node) -> Node | None:
        """The node whose work buffer holds a node; None for an input, a constant or a gradient."""
        while node.number not in self._outside:
            if isinstance(node.op, View):
                node = node.args[0].node
            elif isinstance(node.op, Enter):
                node = node.args[1].node
            elif node.number in self.inside:
                node = self.inside[node.number][0]
            else:
                return node
        return None

    def _lifetimes(self, loss: Node | None) -> dict[int, tuple[str, int]]:
        """What reads the buffer of a node last: a node, or a whole loop, by its number; the loss may be an entry of one."""
        last: dict[int, tuple[str, int]] = {}
        for node in self.nodes:
            for arg in node.args:
                if (top := self.top(arg.node)) is not None:
                    further = self.loops(node)[len(self.loops(top)) :]
                    last[top.number] = ("loop", further[0]) if further else ("node", node.number)
        for node in (loss, *[late.value.node for late in self.late]):
            if node is not None and (top := self.top(node)) is not None:
                last[top.number] = NEVER
        return last

    # -- while statements are written

    def work(self, length: int, kind: str, zeroed: bool = False, fresh: bool = False) -> str:
        """A work buffer: a free one that is not much too large, or a new one."""
        length = max(length, 1)
        fitting = [n for (of, n), free in self._free.items() if free and of == kind and length <= n <= 4 * length]
        if fitting and not zeroed and not fresh:
            return self._free[kind, min(fitting)].pop(0)
        name = f"work {len(self.buffers)}"
        self.buffers[name] = Buffer(length, kind, zeroed)  # type: ignore[arg-type]
        return name

    def store(self, node: Node, instead: Sequence[Arg] = ()) -> Store:
        """Where a node stands; `instead` are the arguments that it may overwrite, entry by entry."""
        if node.number not in self.stores:
            self.stores[node.number] = self._new(node, instead)
        return self.stores[node.number]

    def _new(self, node: Node, instead: Sequence[Arg]) -> Store:
        if isinstance(node.op, View):
            return self._seen(node, node.op)
        if isinstance(node.op, Enter):
            return self._row(node, node.op.place)
        if node.number in self.inside:
            return self._within(node)
        strides = strides_of(node.shape, self.order[node.number])
        for arg in instead:
            if self._dies(arg, node, strides):
                return Store(self.stores[arg.node.number].buffer, 0, strides)
        return Store(self.work(math.prod(node.shape), node.kind, isinstance(node.op, Pad)), 0, strides)

    def _seen(self, node: Node, op: View) -> Store:
        inner = self.store(node.args[0].node)
        offset, strides, moves = inner.offset, [0] * node.rank, inner.moves
        for place, step in zip(op.places, inner.strides, strict=True):
            offset += place.offset * step
            moves = moved(moves, place.moves, step)
            for axis, slope in place.terms:
                strides[axis] += slope * step
        return Store(inner.buffer, offset, tuple(strides), moves)

    def _row(self, node: Node, place: Place) -> Store:
        """Where a step of a loop stands in its Track."""
        track = node.args[1].node
        assert isinstance(track.op, Track)
        whole, axis = self.store(track), track.op.axis
        step = whole.strides[axis]
        strides = (*whole.strides[:axis], *whole.strides[axis + 1 :])
        return Store(whole.buffer, whole.offset + place.offset * step, strides, moved(whole.moves, place.moves, step))

    def _within(self, node: Node) -> Store:
        """The store of a node that is written where it goes."""
        host, k = self.inside[node.number]
        whole, arg = self.store(host), host.args[k]
        steps = dict(enumerate(whole.strides))
        offset, moves = whole.offset, whole.moves
        if isinstance(host.op, Stack):
            offset += host.op.starts[k] * whole.strides[host.op.axis]
        elif isinstance(host.op, Scatter):
            for axis, place in host.op.places:
                steps |= {x: slope * whole.strides[axis] for x, slope in place.terms}
        return Store(whole.buffer, offset, tuple(steps[x] for x in arg.at), moves)

    def _dies(self, arg: Arg, reader: Node, strides: tuple[int, ...]) -> bool:
        """Whether a reader may overwrite an argument: its last reader, of the same layout, and no other argument lies there."""
        node = arg.node
        if self.top(node) is not node or self._last.get(node.number) != ("node", reader.number) or node.kind != reader.kind:
            return False
        if len(arg.at) != reader.rank or node.number not in self.stores:
            return False
        store = self.stores[node.number]
        if store.offset or self.buffers[store.buffer].zeroed:
            return False
        if tuple(store.strides[arg.at.index(k)] for k in range(reader.rank)) != strides:
            return False
        if len(reader.args) > 2 and sum(other.node is node for other in reader.args) > 1:
            return False
        return not any(other.node is not node and self.top(other.node) is node for other in reader.args)

    def release(self, node: Node) -> None:
        """After the statements of a node: the buffers that nothing reads any more are free."""
        own = self.stores.get(node.number)
        for top in {t.number: t for t in (self.top(arg.node) for arg in node.args) if t is not None}.values():
            store = self.stores.get(top.number)
            if store is None or self._last.get(top.number) != ("node", node.number):
                continue
            if own is None or own.buffer != store.buffer:
                self._let_go(store.buffer)

    def release_after(self, loop: int) -> None:
        """After a loop: the buffers from before it that nothing reads any more are free."""
        for number, last in self._last.items():
            if last == ("loop", loop) and number in self.stores:
                self._let_go(self.stores[number].buffer)

    def _let_go(self, buffer: str) -> None:
        own = self.buffers[buffer]
        free = self._free.setdefault((own.kind, own.length), [])
        if not self._apart and not own.zeroed and buffer not in free:
            free.append(buffer)


def covers(node: Node) -> bool:
    """Whether a scatter writes every entry of its result exactly once, from an argument with all its axes."""
    assert isinstance(node.op, Scatter)
    (arg,) = node.args
    written = {axis for axis, _ in node.op.places}
    if {x for x in range(len(node.space)) if x not in written} != set(arg.at):
        return False
    used: list[int] = []
    for axis, place in node.op.places:
        step = 1
        for x, slope in sorted(place.terms, key=lambda term: term[1]):
            if slope != step or x in used or x < node.rank:
                return False
            used.append(x)
            step *= node.space[x]
        if place.offset or place.moves or step != node.shape[axis]:
            return False
    return set(used) == set(range(node.rank, len(node.space)))


def _users(nodes: Sequence[Node]) -> dict[int, list[tuple[Node, Arg]]]:
    users: dict[int, list[tuple[Node, Arg]]] = {}
    for node in nodes:
        for arg in node.args:
            users.setdefault(arg.node.number, []).append((node, arg))
    return users
