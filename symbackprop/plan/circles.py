"""The loops of a graph: nodes that read each other in a circle, through what is carried, run step by step along an axis.

What stands on no circle is in no loop: a product of all steps is one product before it, a weight's gradient one product after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symbackprop.core.components import components
from symbackprop.plan.node import Carried, Input, Node, Pad, Place, PlanError, Scatter, Tie, View


@dataclass(frozen=True)
class Circle:
    """Nodes that run step by step.

    number  of the loop.
    step    1: the steps rise; -1: they fall.
    extent  how many steps there are.
    axes    the loop's axis of every node on it, by its number.
    ties    what is carried from step to step.
    items   what one step does, in order: nodes and inner loops.
    """

    number: int
    step: int
    extent: int
    axes: Mapping[int, int]
    ties: tuple[Tie, ...]
    items: tuple[Node | Circle, ...]


def needed(nodes: Sequence[Node], ties: Sequence[Tie], roots: Sequence[Node]) -> list[Node]:
    """The nodes that the roots are made of, and all inputs."""
    reads = _reads(ties)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.number not in found:
            found.add(node.number)
            waiting += [arg.node for arg in node.args] + reads.get(node.number, [])
    return [node for node in nodes if node.number in found or isinstance(node.op, Input)]


def ordered(nodes: Sequence[Node], ties: Sequence[Tie]) -> list[Node | Circle]:
    """The nodes in an order in which they can be computed, with the loops that their circles are.

    Raises PlanError where a circle has no axis to run along.
    """
    return _Finder(ties).items(nodes, frozenset()) if ties else list(nodes)


def _reads(ties: Sequence[Tie]) -> dict[int, list[Node]]:
    """What each Carried node is made of."""
    return {t.carried.number: [arg.node for arg in (t.source, t.first) if arg is not None] for t in ties}


class _Finder:
    def __init__(self, ties: Sequence[Tie]) -> None:
        self.ties = {t.carried.number: t for t in ties}
        self.reads = _reads(ties)
        self.found = 0

    def items(self, nodes: Sequence[Node], known: frozenset[int]) -> list[Node | Circle]:
        """`known` are the Carried nodes that are known as a step begins."""
        nodes = [node for node in nodes if node.number not in known]
        place = {node.number: k for k, node in enumerate(nodes)}
        reads = []
        for node in nodes:
            every = [*(arg.node for arg in node.args), *self.reads.get(node.number, ())]
            reads.append([place[n.number] for n in every if n.number in place])
        found: list[Node | Circle] = []
        for group in components(reads):
            members = [nodes[k] for k in group]
            found.append(self.circle(members) if len(group) > 1 or group[0] in reads[group[0]] else members[0])
        return found

    def circle(self, members: Sequence[Node]) -> Circle:
        own = {node.number: node for node in members}
        ties = [self.ties[number] for number in own if number in self.ties]
        axes = self.outermost(own, ties)
        mine = tuple(t for t in ties if t.axis == axes[t.carried.number])
        ways = {(t.step, t.carried.shape[t.axis]) for t in mine}
        if len(ways) > 1 or any(t.first is not None and t.first.node.number in own for t in mine):
            raise PlanError("a loop that runs both ways, or starts from its own values")
        ((step, extent),) = ways
        self.found += 1
        number = self.found
        inner = self.items(members, frozenset(t.carried.number for t in mine))
        return Circle(number, step, extent, axes, mine, tuple(inner))

    def outermost(self, members: Mapping[int, Node], ties: Sequence[Tie]) -> dict[int, int]:
        """The axis that all nodes of a circle share: the outermost along which anything is carried."""
        fault: PlanError | None = None
        for tie in sorted(ties, key=lambda t: t.axis):
            try:
                return self.along(members, tie)
            except PlanError as error:
                fault = fault or error
        raise fault or PlanError("values that are made of each other within one step")

    def along(self, members: Mapping[int, Node], start: Tie) -> dict[int, int]:
        """The loop's axis of each node of a circle, followed from one that is carried."""
        links = [
            (node.number, number, pairs)
            for node in members.values()
            for number, pairs in self.links(node)
            if number in members
        ]  # fmt: skip
        beside: dict[int, list[tuple[int, dict[int, int]]]] = {}
        for reader, read, pairs in links:
            beside.setdefault(reader, []).append((read, pairs))
            beside.setdefault(read, []).append((reader, {there: here for here, there in pairs.items()}))
        axes = {start.carried.number: start.axis}
        waiting = [start.carried.number]
        while waiting:
            number = waiting.pop()
            for other, pairs in beside.get(number, ()):
                if other not in axes and axes[number] in pairs:
                    axes[other] = pairs[axes[number]]
                    waiting.append(other)
        for reader, read, pairs in links:
            if reader not in axes or read not in axes or pairs.get(axes[reader]) != axes[read]:
                raise PlanError("a loop whose steps read another step than the one before")
        return axes

    def links(self, node: Node) -> Iterator[tuple[int, dict[int, int]]]:
        """What a node reads, and which axis of the node each axis of it is."""
        match node.op:
            case View(places):
                axes = {place.terms[0][0]: k for k, place in enumerate(places) if _is_axis(place)}
                yield node.args[0].node.number, axes
            case Carried() if node.number in self.ties:
                tie = self.ties[node.number]
                yield tie.source.node.number, {x: k for k, x in enumerate(tie.source.at)}
                if tie.first is not None:
                    yield tie.first.node.number, {x: k for k, x in enumerate(tie.first.at)}
            case _:
                moving = _moving(node)
                for arg in node.args:
                    yield arg.node.number, {x: k for k, x in enumerate(arg.at) if 0 <= x < node.rank and x not in moving}


def _is_axis(place: Place) -> bool:
    return place.offset == 0 and len(place.terms) == 1 and place.terms[0][1] == 1


def _moving(node: Node) -> set[int]:
    """Axes of a node whose positions are not those of its arguments."""
    match node.op:
        case Pad(margins):
            return {k for k, margin in enumerate(margins) if any(margin)}
        case Scatter(places):
            return {axis for axis, _ in places}
        case _:
            return set()
