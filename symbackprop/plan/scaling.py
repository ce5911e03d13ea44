"""The number that all gradients are multiplied by, the 1/n of a mean, is multiplied where the least is: at the value they share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from symbackprop.plan.graph import Graph
from symbackprop.plan.lower import Lowered
from symbackprop.plan.node import Add, Arg, Dot, Multiply, Node, Pad, Put, Scatter, Stack, Take, Tie, View
from symbackprop.plan.outside import rebuilt

TRIED = 32  # values that are looked at, the smallest first


def scaled_early(lowered: Lowered, loss: str, gradients: Iterable[str]) -> Lowered:
    """The graph with a number in front of gradients moved into the smallest value of which they are all multiples.

    loss, gradients   the tensors that are asked for.
    """
    names = list(gradients)
    sizes: dict[float, int] = {}
    for name in names:
        value = lowered.values[name][0]
        if value.node is not None and value.coefficient not in (0, 1):
            sizes[value.coefficient] = sizes.get(value.coefficient, 0) + math.prod(value.node.shape)
    for scale in sorted(sizes, key=lambda c: -sizes[c]):
        own = [lowered.values[name][0] for name in names]
        group = {v.node.number for v in own if v.node is not None and v.coefficient == scale}
        others = {v.node.number for v in own if v.node is not None} - group
        others |= {v.node.number for v in [lowered.values[loss][0]] if v.node is not None}
        needed, shared = _shared(lowered.graph, group, others)
        for node in sorted(shared, key=lambda n: math.prod(n.shape))[:TRIED]:
            if math.prod(node.shape) < sizes[scale] and group <= (linear := _multiples(needed, lowered.graph.ties, node)):
                return _moved(lowered, node, linear, scale)
    return lowered


def _shared(graph: Graph, group: set[int], others: set[int]) -> tuple[list[Node], list[Node]]:
    """The values that any root is made of; and those of them that every root of the group is made of, and no other root."""
    bits = {number: 1 << k for k, number in enumerate(sorted(group))}
    every, foreign = (1 << len(group)) - 1, 1 << len(group)
    reached = {n.number: bits.get(n.number, 0) | (foreign if n.number in others else 0) for n in graph.nodes}
    ties = {tie.carried.number: _parts(tie) for tie in graph.ties}
    again = True
    while again:  # what a loop carries is made of values that come after it
        again = False
        for node in reversed(graph.nodes):
            for number in (*(arg.node.number for arg in node.args), *ties.get(node.number, ())):
                again |= number > node.number and reached[node.number] & ~reached[number] != 0
                reached[number] |= reached[node.number]
    needed = [node for node in graph.nodes if reached[node.number]]
    return needed, [node for node in needed if reached[node.number] == every and node.kind == "real" and node.args]


def _parts(tie: Tie) -> list[int]:
    return [arg.node.number for arg in (tie.source, tie.first) if arg is not None]


def _multiples(nodes: Sequence[Node], ties: Sequence[Tie], of: Node) -> set[int]:
    """The values that are multiplied by what one value is multiplied by; nothing where another than these is made of it."""
    found = {of.number}
    carried: set[int] = set()
    while True:  # what is carried of multiples is one
        for node in nodes:
            reads = [arg.node.number in found for arg in node.args]
            if any(reads):
                if not _is_multiple(node, reads):
                    return set()
                found.add(node.number)
        new = {t.carried.number for t in ties if found & set(_parts(t))} - carried
        if not new:
            break
        carried |= new
        found |= new
    parts = [_parts(t) for t in ties if t.carried.number in carried]
    return found if all(number in found for part in parts for number in part) else set()


def _is_multiple(node: Node, reads: Sequence[bool]) -> bool:
    match node.op:
        case Add():
            return all(reads) and not node.op.plus
        case Stack():
            return all(reads)
        case Multiply() | Dot():
            return sum(reads) == 1
        case View() | Pad() | Scatter():
            return True
        case Take() | Put():
            return reads[0]
        case _:
            return False


def _moved(lowered: Lowered, at: Node, linear: set[int], scale: float) -> Lowered:
    """The graph made anew, with one value multiplied by the number that stood in front of these gradients."""
    graph = Graph(lowered.graph.passes)
    made: dict[int, Node] = {}
    for node in lowered.graph.nodes:
        args = [Arg(made[arg.node.number], arg.at) for arg in node.args]
        new = graph.node(node.op, args, node.shape, node.over, node.kind, node.array)
        made[node.number] = graph.scaled(new, scale) if node is at else new
    again = rebuilt(lowered, graph, made)
    linear_values = {
        name: (v._replace(coefficient=v.coefficient / scale) if own.node and own.node.number in linear else v, letters)
        for (name, (v, letters)), (own, _) in zip(again.values.items(), lowered.values.values(), strict=True)
    }
    return replace(again, values=linear_values)
