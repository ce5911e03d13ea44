"""Margins, stacks and scatters as statements."""

from __future__ import annotations

import itertools

from symbackprop.plan.layout import overlapping
from symbackprop.plan.memory import Store
from symbackprop.plan.node import Node, Pad, Scatter, Stack
from symbackprop.plan.statements import Apply, Copy, Operand, Window
from symbackprop.plan.writer import Writer


def pad(w: Writer, node: Node, op: Pad) -> None:
    """The argument within margins of zeros, which nothing else is ever written to."""
    (arg,) = node.args
    store, source, order = w.memory.store(node), w.memory.store(arg.node), w.memory.order[node.number]
    offset = store.offset + sum(before * step for (before, _), step in zip(op.margins, store.strides, strict=True))
    inside = Window(store.buffer, offset, tuple((arg.node.shape[x], store.strides[x]) for x in order))
    w.said.append(Copy(Window(source.buffer, source.offset, tuple((arg.node.shape[x], source.strides[x]) for x in order)), inside))


def scatter(w: Writer, node: Node, op: Scatter) -> None:
    """Zeros, to which the argument is added at places."""
    (arg,) = node.args
    if w.memory.inside.get(arg.node.number, (None, 0))[0] is node:
        w.memory.store(node)
        return
    store = w.memory.store(node)
    written = {axis for axis, _ in op.places}
    steps = {x: store.strides[x] for x in range(node.rank) if x not in written} | dict.fromkeys(
        range(node.rank, len(node.space)), 0
    )
    offset = store.offset
    together: set[int] = set()  # axes that are taken one position at a time, since positions of theirs may be the same
    for axis, place in op.places:
        offset += place.offset * store.strides[axis]
        for x, slope in place.terms:
            steps[x] = steps.get(x, 0) + slope * store.strides[axis]
        if len(place.terms) > 1 and overlapping(place.terms, node.space):
            together |= {x for x, _ in sorted(place.terms, key=lambda term: node.space[term[0]])[:-1]}
    w.said.append(Copy(0.0, w.all(store, node)))
    source: Store | None = w.memory.store(arg.node) if arg.node.rank else None
    own = dict(zip(arg.at, source.strides, strict=True)) if source else {}
    loose = sorted((x for x in steps if x not in together), key=lambda x: -abs(steps[x]))
    turns = sorted(together)
    for at in itertools.product(*(range(node.space[x]) for x in turns)):
        shift = sum(k * steps[x] for x, k in zip(turns, at, strict=True))
        out = Window(store.buffer, offset + shift, tuple((node.space[x], steps[x]) for x in loose))
        operand: Operand = w.number(arg.node) if source is None else Window(
            source.buffer, source.offset + sum(k * own.get(x, 0) for x, k in zip(turns, at, strict=True)),
            tuple((node.space[x], own.get(x, 0)) for x in loose),
        )  # fmt: skip
        w.said.append(Apply("add", (out, operand), out) if turns else Copy(operand, out))


def stack(w: Writer, node: Node, op: Stack) -> None:
    """The arguments side by side, but for those that were computed in their place."""
    store = w.memory.store(node)
    for arg, start in zip(node.args, op.starts, strict=True):
        if w.memory.inside.get(arg.node.number, (None, 0))[0] is node:
            continue
        offset = store.offset + start * store.strides[op.axis]
        axes = sorted(range(len(arg.at)), key=lambda k: -store.strides[arg.at[k]])
        out = Window(store.buffer, offset, tuple((arg.node.shape[k], store.strides[arg.at[k]]) for k in axes))
        if not arg.node.rank:
            w.said.append(Copy(w.number(arg.node), out))
            continue
        source = w.memory.store(arg.node)
        window = Window(source.buffer, source.offset, tuple((arg.node.shape[k], source.strides[k]) for k in axes))
        w.said.append(Copy(window, out))
