"""Sums of products: which two factors are summed first, and sums of many equal products as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from symbackprop.plan.graph import Graph
from symbackprop.plan.node import Arg, Dot, Input, Multiply, Node, Stack, Value
from symbackprop.plan.places import At, read

MANY = 3  # so many equal products are one


def total(graph: Graph, factors: Sequence[Value], over: Sequence[str]) -> Value:
    """The sum over the letters `over` of the product of the factors."""
    scale = math.prod(f.coefficient for f in factors)
    lone = {c: At(0, {}) for c in over if graph.extent[c] == 1}  # their one position is read
    factors = [
        graph.real(read(graph, f.bare(), {c: lone[c] for c in f.letters if c in lone})) for f in factors if f.node is not None
    ]
    used = {c for f in factors for c in f.letters}
    scale *= math.prod(graph.extent[c] for c in over if c not in used)
    over = [c for c in over if c in used]
    outside = [f for f in factors if not set(f.letters) & set(over)]
    inside = _with_squares([f for f in factors if set(f.letters) & set(over)], over)
    while over:
        inside, over = _alone(graph, inside, over)
        if len(inside) <= 2:
            break
        a, b = _cheapest(graph, inside, over)
        rest = [f for k, f in enumerate(inside) if k not in (a, b)]
        own = [c for c in over if not any(c in f.letters for f in rest)]
        pair = [inside[a], inside[b]]
        joined = _pair(graph, pair, own) if own else graph.multiply(pair)
        scale *= joined.coefficient
        inside, over = [*rest, joined.bare()], [c for c in over if c not in own]
    if over:
        inside = [_pair(graph, inside, over)]
    return graph.multiply([*inside, *outside]).times(scale)


def _with_squares(factors: list[Value], over: Sequence[str]) -> list[Value]:
    """The sum of all entries of a product of two is their dot product, however they were multiplied."""
    if len(factors) == 1 and (node := factors[0].node) is not None and isinstance(node.op, Multiply):
        whole = set(over) == set(factors[0].letters) and len(node.args) == 2 and node.op.scale == 1.0
        if whole and all(len(arg.at) == node.rank and arg.node.kind == "real" for arg in node.args):
            return [Value(1.0, arg.node, tuple(factors[0].letters[k] for k in arg.at)) for arg in node.args]
    return factors


def _alone(graph: Graph, factors: list[Value], over: list[str]) -> tuple[list[Value], list[str]]:
    """Letters that one of several factors has alone are summed in it first."""
    if len(factors) < 2:
        return factors, over
    done = []
    for k, factor in enumerate(factors):
        own = [c for c in over if c in factor.letters and not any(c in f.letters for j, f in enumerate(factors) if j != k)]
        if own:
            factors = [*factors[:k], graph.whole(_one(graph, factor, own)), *factors[k + 1 :]]
            done += own
    return factors, [c for c in over if c not in done]


def _cheapest(graph: Graph, factors: list[Value], over: Sequence[str]) -> tuple[int, int]:
    """The two factors to join first: those whose result is smallest, and of these whose product is."""

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        letters = {*factors[pair[0]].letters, *factors[pair[1]].letters}
        rest = {c for k, f in enumerate(factors) if k not in pair for c in f.letters}
        kept = [c for c in letters if c not in over or c in rest]
        return math.prod(graph.shape(kept)), math.prod(graph.shape(letters))

    return min(combinations(range(len(factors)), 2), key=cost)


def _one(graph: Graph, factor: Value, over: Sequence[str]) -> Value:
    order = sorted(over, key=factor.letters.index)
    return graph.value(Dot(), [factor.bare()], order).times(factor.coefficient)


def _pair(graph: Graph, factors: list[Value], over: Sequence[str]) -> Value:
    """The sum of one factor, or of the product of two."""
    if len(factors) == 1:
        return _one(graph, factors[0], over)
    scale = factors[0].coefficient * factors[1].coefficient
    a, b = sorted((f.bare() for f in factors), key=lambda f: f.node.number if f.node else 0)
    if set(a.letters) == set(b.letters) != set(over):  # nothing is left to either: no matrix product, a sum of products
        return _one(graph, graph.multiply([a, b]), over).times(scale)
    order = sorted(over, key=lambda c: (a.letters.index(c), b.letters.index(c)))
    return graph.value(Dot(), [a, b], order).times(scale)


def as_one_product(graph: Graph, terms: list[Value]) -> list[Value]:
    """Terms of a sum that are equal products of different operands, such as x_t y_t at every step, as one product."""
    groups: dict[tuple, list[Value]] = {}
    for v in terms:
        node = v.node
        if node is not None and isinstance(node.op, Dot) and node.shape and len(node.args) == 2:
            shapes = tuple((arg.at, arg.node.shape) for arg in _sides(node))
            groups.setdefault((v.coefficient, v.letters, node.shape, node.over, shapes), []).append(v)
    joined: dict[int, Value] = {}
    gone: set[int] = set()
    for (scale, letters, shape, over, sides), members in groups.items():
        if len(members) < MANY or _are_of_inputs(members):
            continue
        steps, axis = len(members), len(shape) + len(over)
        args = []
        for k, (at, _) in enumerate(sides):
            parts = [_sides(v.node)[k].node for v in members if v.node is not None]
            args.append(Arg(_stacked(graph, parts), (axis, *at)))
        node = graph.node(Dot(), args, shape, (*over, steps))
        numbers = [v.node.number for v in members if v.node is not None]
        joined[numbers[0]] = Value(scale, node, letters)
        gone |= set(numbers)
    kept = [v for v in terms if v.node is None or v.node.number not in gone]
    return [*kept, *joined.values()]


def _are_of_inputs(members: Sequence[Value]) -> bool:
    """Whether inputs alone, such as the weights of gates, would be copied side by side: that takes longer than adding products."""
    nodes = [v.node for v in members if v.node is not None]
    return any(all(isinstance(_sides(node)[k].node.op, Input) for node in nodes) for k in (0, 1))


def _sides(node: Node) -> list[Arg]:
    """The factors of a product, the one whose axes come first in its space first."""
    return sorted(node.args, key=lambda arg: arg.at)


def _stacked(graph: Graph, parts: list[Node]) -> Node:
    """Arrays of one shape side by side, along a new first axis."""
    shape, steps = parts[0].shape, len(parts)
    args = [Arg(part, tuple(range(1, len(shape) + 1))) for part in parts]
    return graph.node(Stack(0, tuple(range(steps)), (True,) * steps), args, (steps, *shape))
