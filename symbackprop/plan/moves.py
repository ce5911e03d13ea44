"""Margins, stacks, scatters and what loops keep as statements."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from symbackprop.plan.layout import overlapping
from symbackprop.plan.memory import Store
from symbackprop.plan.node import Arg, Node, Pad, Scatter, Shape, Stack, Track, moved
from symbackprop.plan.statements import Apply, Copy, Operand
from symbackprop.plan.writer import Writer


def pad(w: Writer, node: Node, op: Pad) -> None:
    """The argument within margins of zeros, which nothing else is ever written to."""
    (arg,) = node.args
    store, source, order = w.memory.store(node), w.memory.store(arg.node), w.memory.order[node.number]
    offset = sum(before * step for (before, _), step in zip(op.margins, store.strides, strict=True))
    inside = store.window(tuple((arg.node.shape[x], store.strides[x]) for x in order), offset)
    w.said.append(Copy(source.window(tuple((arg.node.shape[x], source.strides[x]) for x in order)), inside))


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
    offset, moves = 0, store.moves
    together: set[int] = set()  # axes that are taken one position at a time, since positions of theirs may be the same
    for axis, place in op.places:
        offset += place.offset * store.strides[axis]
        moves = moved(moves, place.moves, store.strides[axis])
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
        out = replace(store.window(tuple((node.space[x], steps[x]) for x in loose), offset + shift), moves=moves)
        operand: Operand = w.number(arg.node) if source is None else source.window(
            tuple((node.space[x], own.get(x, 0)) for x in loose), sum(k * own.get(x, 0) for x, k in zip(turns, at, strict=True))
        )  # fmt: skip
        w.said.append(Apply("add", (out, operand), out) if turns else Copy(operand, out))


def stack(w: Writer, node: Node, op: Stack) -> None:
    """The arguments side by side, but for those that were computed in their place."""
    store = w.memory.store(node)
    for arg, start in zip(node.args, op.starts, strict=True):
        if w.memory.inside.get(arg.node.number, (None, 0))[0] is node:
            continue
        axes = sorted(range(len(arg.at)), key=lambda k: -store.strides[arg.at[k]])
        out = store.window(tuple((arg.node.shape[k], store.strides[arg.at[k]]) for k in axes), start * store.strides[op.axis])
        if not arg.node.rank:
            w.said.append(Copy(w.number(arg.node), out))
            continue
        source = w.memory.store(arg.node)
        window = source.window(tuple((arg.node.shape[k], source.strides[k]) for k in axes))
        w.said.append(Copy(window, out))


def track(w: Writer, node: Node, op: Track) -> None:
    """What a loop starts from, before the rows that it will fill."""
    store = w.memory.store(node)
    for arg in node.args:
        _spread(w, arg, store, [x for x in range(node.rank) if x != op.axis], node.shape, op.first * store.strides[op.axis])


def enter(w: Writer, node: Node) -> None:
    """A step's row of a Track, unless it was computed in its place."""
    arg, store = node.args[0], w.memory.store(node)
    if w.memory.inside.get(arg.node.number, (None, 0))[0] is not node:
        _spread(w, arg, store, range(node.rank), node.shape, 0)


def _spread(w: Writer, arg: Arg, out: Store, axes: Sequence[int], shape: Shape, offset: int) -> None:
    """Copy an argument to some axes of a result, repeated along those that it lacks."""
    axes = sorted(axes, key=lambda x: -out.strides[x])
    window = out.window(tuple((shape[x], out.strides[x]) for x in axes) or ((1, 1),), offset)
    if not arg.node.rank:
        w.said.append(Copy(w.number(arg.node), window))
        return
    source = w.memory.store(arg.node)
    step = dict(zip(arg.at, source.strides, strict=True))
    w.said.append(Copy(source.window(tuple((shape[x] if x in step else 1, step.get(x, 0)) for x in axes)), window))
