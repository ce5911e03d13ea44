"""Reading and adding at positions that data tell, as statements."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from symbackprop.plan.layout import strides_of
from symbackprop.plan.memory import Store
from symbackprop.plan.node import Arg, Node, Put, Shape
from symbackprop.plan.statements import AddAt, Compute, Copy, Look, Scalar, Window
from symbackprop.plan.writer import Writer


def take(w: Writer, node: Node) -> None:
    """Rows at positions that data tell."""
    source, integers = node.args
    shape = source.node.shape
    apart = not set(source.at) & set(integers.at)
    x = _contiguous(w, source.node, any_order=not apart)
    step = dict(zip(source.at, x.strides, strict=True))
    taken = step.pop(-1)
    axes = [k for k in range(node.rank) if k in integers.at] if apart else list(range(node.rank))
    rest = [k for k in range(node.rank) if k not in axes]
    index = _index(w, integers, axes, node.space, 1 if apart else taken, {} if apart else step)
    if apart:
        rows = x.window(((shape[source.at.index(-1)], taken), *((node.shape[k], step[k]) for k in rest)))
    else:
        rows = x.window(((math.prod(shape), 1),))
    _result(w, node, axes + rest, lambda out: Look(rows, index, out))


def put(w: Writer, node: Node, op: Put) -> None:
    """Zeros, to which rows are added at positions that data tell."""
    source, integers = node.args
    axis, store = op.axis, w.memory.store(node)
    others = [k for k in range(len(node.space)) if k != axis]
    own = dict(zip(source.at, w.memory.store(source.node).strides, strict=True)) if source.node.rank else {}
    apart = not any(k in integers.at for k in range(node.rank))
    axes = [k for k in others if k in integers.at] if apart else others
    rest = [k for k in others if k not in axes]
    step = {k: store.strides[k] for k in others if k < node.rank}
    index = _index(w, integers, axes, node.space, 1 if apart else store.strides[axis], {} if apart else step)
    if apart:
        out = store.window(((node.shape[axis], store.strides[axis]), *((node.shape[k], step[k]) for k in rest)))
    else:
        out = store.window(((math.prod(node.shape), 1),))
    w.said.append(Copy(0.0, w.all(store, node)))
    x = w.memory.store(source.node) if source.node.rank else None
    if x is None:
        work = w.memory.work(1, "real")
        w.said.append(Copy(w.number(source.node), Window(work, 0, ((1, 1),))))
        x = Store(work, 0, ())
    w.said.append(AddAt(out, index, x.window(tuple((node.space[k], own.get(k, 0)) for k in axes + rest))))


def _index(w: Writer, arg: Arg, axes: Sequence[int], space: Shape, step: int, base: Mapping[int, int]) -> Window:
    """step * integers + the sum of base * position, for every position on the axes."""
    store = w.memory.store(arg.node)
    own = dict(zip(arg.at, store.strides, strict=True))
    dims = tuple(space[x] for x in axes)
    integers = store.window(tuple((space[x] if x in own else 1, own.get(x, 0)) for x in axes))
    if step == 1 and not any(base.get(x, 0) for x in axes) and all(x in own for x in axes):
        return integers
    work = w.memory.work(math.prod(dims), "integer")
    out = Window(work, 0, tuple(zip(dims, strides_of(dims, range(len(dims))), strict=True)))
    grids = np.indices(dims)
    array = sum((base.get(x, 0) * grids[k] for k, x in enumerate(axes)), np.zeros(dims, np.int64)).astype(np.int64)
    fixed = Window(w.memory.constant(array), 0, out.dims)
    if step == 1:
        w.say("add", (integers, fixed), out)
    else:
        factor = Window(w.memory.constant(np.array([step], np.int64)), 0, ((1, 1),))
        w.say("multiply", (integers, factor), out)
        w.say("add", (out, fixed), out)
    return out


def _contiguous(w: Writer, node: Node, any_order: bool) -> Store:
    """A store of the node in which its entries are without gaps, in the order of its axes or in any."""
    store = w.memory.store(node)
    natural = strides_of(node.shape, range(node.rank))
    order = sorted(range(node.rank), key=lambda k: (store.strides[k], node.shape[k]), reverse=True)
    if store.strides == (strides_of(node.shape, order) if any_order else natural):
        return store
    copy = Store(w.memory.work(math.prod(node.shape), "real"), 0, natural)
    dims = range(node.rank)
    w.said.append(
        Copy(
            store.window(tuple((node.shape[k], store.strides[k]) for k in dims)),
            Window(copy.buffer, 0, tuple((node.shape[k], natural[k]) for k in dims)),
        )
    )
    return copy


def _result(w: Writer, node: Node, axes: Sequence[int], statement) -> None:  # type: ignore[no-untyped-def]
    if not node.rank:
        work = w.memory.work(1, "real")
        w.said += [
            statement(Window(work, 0, ())), Compute("real", (Window(work, 0, ()),), Scalar(f"t{node.number}"))
        ]  # fmt: skip
        return
    store = w.memory.store(node)
    w.said.append(statement(store.window(tuple((node.shape[k], store.strides[k]) for k in axes))))
