"""The values of a graph by plain NumPy, node by node: what layouts, buffers and statements must not change."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import reduce
from typing import assert_never

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.walk import matrix_function
from symbackprop.plan import node as n
from symbackprop.plan.entries import FUNCTIONS
from symbackprop.plan.lower import Lowered


def values(lowered: Lowered, arrays: Mapping[str, ndarray]) -> dict[int, ndarray]:
    """The array of every node."""
    found: dict[int, ndarray] = {}
    carried = {tie.carried.number: np.zeros(tie.carried.shape) for tie in lowered.graph.ties}
    with np.errstate(all="ignore"):
        while True:  # a step more is known of what is carried each time
            for node in lowered.graph.nodes:
                value = carried[node.number] if node.number in carried else _value(node, found, arrays)
                found[node.number] = np.broadcast_to(value, node.shape)
            new = {tie.carried.number: _carried(tie, found) for tie in lowered.graph.ties}
            if all(np.array_equal(new[k], carried[k], equal_nan=True) for k in new):
                return found
            carried = new


def _carried(tie: n.Tie, found: Mapping[int, ndarray]) -> ndarray:
    """The source, moved by a step, beside what it starts from."""
    axes = tie.carried.shape

    def spread(arg: n.Arg) -> ndarray:
        order = sorted(range(len(arg.at)), key=lambda k: arg.at[k])
        index = tuple(slice(None) if x in arg.at else None for x in range(len(axes)))
        return np.broadcast_to(found[arg.node.number].transpose(order)[index], [m if x != tie.axis else 1 for x, m in enumerate(axes)]
                               if tie.axis not in arg.at else axes)  # fmt: skip

    first = spread(tie.first) if tie.first else np.zeros([m if x != tie.axis else 1 for x, m in enumerate(axes)])
    source = np.broadcast_to(spread(tie.source), axes)
    cut = [slice(None)] * len(axes)
    cut[tie.axis] = slice(0, -1) if tie.step > 0 else slice(1, None)
    parts = [first, source[tuple(cut)]]
    return np.concatenate(parts if tie.step > 0 else parts[::-1], tie.axis)


def tensor(lowered: Lowered, name: str, found: Mapping[int, ndarray], shape: tuple[int, ...]) -> ndarray:
    """The array of a tensor of the program."""
    value, letters = lowered.values[name]
    if value.node is None:
        return np.full(shape, value.coefficient)
    array = found[value.node.number].transpose([value.letters.index(c) for c in letters if c in value.letters])
    index = tuple(slice(None) if c in value.letters else None for c in letters)
    return np.broadcast_to(value.coefficient * array[index], shape)


def _spread(node: n.Node, found: Mapping[int, ndarray]) -> list[ndarray]:
    """Every argument in the space of the node."""
    arrays = []
    for arg in node.args:
        order = sorted(range(len(arg.at)), key=lambda k: arg.at[k])
        index = tuple(slice(None) if x in arg.at else None for x in range(len(node.space)))
        arrays.append(found[arg.node.number].transpose(order)[index])
    return arrays


def _value(node: n.Node, found: Mapping[int, ndarray], arrays: Mapping[str, ndarray]) -> ndarray:
    summed = tuple(range(node.rank, len(node.space)))
    match node.op:
        case n.Input(name):
            return arrays[name]
        case n.Fixed():
            assert node.array is not None
            return node.array
        case n.Add(scales, plus):
            return plus + sum(s * a for s, a in zip(scales, _spread(node, found), strict=True))
        case n.Multiply(scale):
            return scale * reduce(np.multiply, _spread(node, found))
        case n.Map("real"):
            return _spread(node, found)[0].astype(float)
        case n.Map(function):
            return getattr(np, FUNCTIONS[function].numpy)(*_spread(node, found))
        case n.Dot():
            return np.broadcast_to(reduce(np.multiply, _spread(node, found)), node.space).sum(axis=summed)
        case n.Fold(kind):
            return getattr(np, kind)(_spread(node, found)[0], axis=summed)
        case n.View(places):
            grids = np.indices(node.shape, sparse=True)
            index = tuple(p.offset + sum(k * grids[x] for x, k in p.terms) for p in places)
            return found[node.args[0].node.number][index]
        case n.Pad(margins):
            return np.pad(found[node.args[0].node.number], margins)
        case n.Scatter(places):
            return _scattered(node, np.broadcast_to(_spread(node, found)[0], node.space), places)
        case n.Stack():
            return _stacked(node, node.op, found)
        case n.Take() | n.Put():
            return _looked_up(node, found)
        case n.Carried() | n.Track() | n.Enter():
            raise AssertionError(f"{node.op} stands in no graph of whole tensors, or is known by its tie")
        case n.Square(kind):
            return matrix_function(kind, found[node.args[0].node.number], FLOATS)
        case _:
            assert_never(node.op)


def _scattered(node: n.Node, source: ndarray, places: tuple[tuple[int, n.Place], ...]) -> ndarray:
    result = np.zeros(node.shape)
    written = dict(places)
    free = [x for x in range(len(node.space)) if x not in written]
    for at in itertools.product(*(range(node.space[x]) for x in free)):
        here = dict(zip(free, at, strict=True))
        for axis, place in written.items():
            here[axis] = place.offset + sum(k * here[x] for x, k in place.terms)
        where = tuple(0 if x in written else here[x] for x in range(len(node.space)))
        result[tuple(here[x] for x in range(node.rank))] += source[where]
    return result


def _stacked(node: n.Node, op: n.Stack, found: Mapping[int, ndarray]) -> ndarray:
    result = np.full(node.shape, np.nan)
    for arg, start, thin in zip(node.args, op.starts, op.thin, strict=True):
        array = found[arg.node.number]
        at = (*arg.at, op.axis) if thin else arg.at
        array = array[..., None] if thin else array
        index = [slice(None)] * node.rank
        index[op.axis] = slice(start, start + array.shape[at.index(op.axis)])
        result[tuple(index)] = array.transpose([at.index(k) for k in range(node.rank)])
    return result


def _looked_up(node: n.Node, found: Mapping[int, ndarray]) -> ndarray:
    source, integers = node.args
    result = np.zeros(node.shape)
    x, t = found[source.node.number], found[integers.node.number].astype(int)
    for at in itertools.product(*map(range, node.space)) if isinstance(node.op, n.Take) else ():
        k = t[tuple(at[a] for a in integers.at)]
        result[at] = x[tuple(k if a == -1 else at[a] for a in source.at)]
    if isinstance(node.op, n.Put):
        axis = node.op.axis
        for at in itertools.product(*(range(size) for a, size in enumerate(node.space) if a != axis)):
            full = (*at[:axis], 0, *at[axis:])
            k = t[tuple(full[a] for a in integers.at)]
            result[tuple(k if a == axis else full[a] for a in range(node.rank))] += x[tuple(full[a] for a in source.at)]
    return result
