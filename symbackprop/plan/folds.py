"""Sums, products and largest entries of one argument as statements."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from symbackprop.plan.memory import Store
from symbackprop.plan.node import Fold, Node, View
from symbackprop.plan.products import merged
from symbackprop.plan.statements import Inner, Product, Reduced, Scalar, Statement
from symbackprop.plan.writer import Writer

JOINS = {"max": "maximum", "min": "minimum", "prod": "multiply"}
UNROLLED = 16  # so many entries of a window are compared one after the other


def total(w: Writer, node: Node) -> list[Statement]:
    """The sum of one argument over some axes."""
    (arg,) = node.args
    source = w.memory.store(arg.node)
    step = dict(zip(arg.at, source.strides, strict=True))
    over = sorted(range(node.rank, len(node.space)), key=lambda x: -step[x])
    inner = merged(over, node.space, [step])
    if not node.rank:
        return [_sum_of_all(w, node, source, step, over)]
    store = w.memory.store(node)
    out = dict(enumerate(store.strides))
    kept = sorted(range(node.rank), key=lambda x: -out[x])
    outer = merged(kept, node.space, [out, step])
    if inner is not None and outer is not None and outer[1][0] in (0, 1):
        (m, (_, am)), (k, (ak,)) = outer, inner
        if am == 1 or ak == 1:
            matrix = source.window(((m, am), (k, ak)))
            return [Product(matrix, w.memory.ones(k), store.window(((m, 1),)), True)]
    axes = sorted(range(len(node.space)), key=lambda x: -step[x])
    window = source.window(tuple((node.space[x], step[x]) for x in axes))
    result = store.window(tuple((node.space[x], out[x]) for x in axes if x < node.rank))
    return [Reduced("add", window, tuple(k for k, x in enumerate(axes) if x >= node.rank), result)]


def _sum_of_all(w: Writer, node: Node, source: Store, step: Mapping[int, int], over: Sequence[int]) -> Statement:
    target = Scalar(f"t{node.number}")
    if (one := merged(over, node.space, [step])) is not None:
        n, (stride,) = one
        return Inner(source.window(((n, stride or 1),)), w.memory.ones(n), target)
    window = source.window(tuple((node.space[x], step[x]) for x in over))
    return Reduced("add", window, tuple(range(len(over))), target)


def fold(w: Writer, node: Node, op: Fold) -> None:
    """The largest or smallest entry, or the product of all."""
    join = JOINS[op.kind]
    (arg,) = node.args
    source = w.memory.store(arg.node)
    step = dict(zip(arg.at, source.strides, strict=True))
    over = list(range(node.rank, len(node.space)))
    if node.rank and isinstance(arg.node.op, View) and 1 < math.prod(node.over) <= UNROLLED:
        _fold_windows(w, node, join, source, step, over)
        return
    axes = sorted(range(len(node.space)), key=lambda x: -step[x])
    window = source.window(tuple((node.space[x], step[x]) for x in axes))
    summed = tuple(k for k, x in enumerate(axes) if x >= node.rank)
    if not node.rank:
        w.said.append(Reduced(join, window, summed, Scalar(f"t{node.number}")))
        return
    store = w.memory.store(node)
    result = store.window(tuple((node.space[x], store.strides[x]) for x in axes if x < node.rank))
    w.said.append(Reduced(join, window, summed, result))


def _fold_windows(w: Writer, node: Node, join: str, source: Store, step: Mapping[int, int], over: Sequence[int]) -> None:
    store, order = w.memory.store(node), w.memory.order[node.number]
    out = store.window(tuple((node.shape[x], store.strides[x]) for x in order))
    windows = [
        source.window(tuple((node.shape[x], step[x]) for x in order), sum(step[x] * k for x, k in zip(over, at, strict=True)))
        for at in itertools.product(*map(range, node.over))
    ]
    w.say(join, (windows[0], windows[1]), out)
    for window in windows[2:]:
        w.say(join, (out, window), out)
