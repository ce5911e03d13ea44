"""What the steps of a loop multiply or add together of values from outside is multiplied or added for all steps before it.

A step that has d * a * b with a and b from outside has d * p with p = a b, which is computed whole; so has one with (d * a) * b,
where nothing else than such products reads d * a. A sum likewise: h U + x W + b is h U + s, with s = x W + b of all steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symbackprop.plan.circles import Circle, needed, ordered
from symbackprop.plan.graph import Graph
from symbackprop.plan.lower import Lowered
from symbackprop.plan.node import Add, Arg, Multiply, Node


@dataclass
class _Parts:
    """The terms or factors of a node: (node, where its axes stand, what it is multiplied by in a sum), and a number."""

    inside: list[tuple[Node, tuple[int, ...], float]] = field(default_factory=list)
    outside: list[tuple[Node, tuple[int, ...], float]] = field(default_factory=list)
    number: float = 0.0


def outside(lowered: Lowered, names: Iterable[str]) -> Lowered:
    """The graph with what steps make of values from outside alone made before their loops.

    names   the tensors that are asked for.
    """
    return _Outside(lowered, list(names)).run() if lowered.graph.ties else lowered


class _Outside:
    def __init__(self, lowered: Lowered, names: Sequence[str]) -> None:
        self.lowered, ties = lowered, lowered.graph.ties
        roots = [node for node in (lowered.values[name][0].node for name in names) if node is not None]
        nodes = needed(lowered.graph.nodes, ties, roots)
        found = {node.number for node in nodes}
        ties = [t for t in ties if t.carried.number in found]
        self.circle = dict(_innermost(ordered(nodes, ties)))
        self.readers: dict[int, list[Node | None]] = {node.number: [None] for node in roots}
        for node in nodes:
            for arg in node.args:
                self.readers.setdefault(arg.node.number, []).append(node)
        for tie in ties:
            for part in (tie.source, tie.first):
                if part is not None:
                    self.readers.setdefault(part.node.number, []).append(None)

    def run(self) -> Lowered:
        graph = Graph(self.lowered.graph.passes)
        made: dict[int, Node] = {}
        for node in self.lowered.graph.nodes:
            made[node.number] = self.parted(graph, node, made) or graph.node(
                node.op, [Arg(made[a.node.number], a.at) for a in node.args], node.shape, node.over, node.kind, node.array
            )
        return rebuilt(self.lowered, graph, made)

    def parted(self, graph: Graph, node: Node, made: Mapping[int, Node]) -> Node | None:
        """A sum or product of a step whose parts from outside are one value; None for any other node."""
        if node.number not in self.circle or not isinstance(node.op, Add | Multiply):
            return None
        parts = self.parts(node, tuple(range(node.rank)))
        if len(parts.outside) < 2 or not parts.inside:
            return None
        axes = sorted({x for _, at, _ in parts.outside for x in at})
        if all(len(at) < len(axes) for _, at, _ in parts.outside):  # larger than each of them
            return None
        args = [Arg(made[n.number], tuple(axes.index(x) for x in at)) for n, at, _ in parts.outside]
        adds = isinstance(node.op, Add)
        op = Add(tuple(s for _, _, s in parts.outside), parts.number) if adds else Multiply(parts.number)
        whole = graph.node(op, args, tuple(node.shape[x] for x in axes), (), node.kind)
        rest = [Arg(made[n.number], at) for n, at, _ in parts.inside]
        op = Add((*(s for _, _, s in parts.inside), 1.0)) if adds else Multiply()
        return graph.node(op, [*rest, Arg(whole, tuple(axes))], node.shape, (), node.kind)

    def parts(self, node: Node, at: tuple[int, ...], scale: float = 1.0) -> _Parts:
        """The terms or factors of a node that stands at some axes of its reader."""
        adds = isinstance(node.op, Add)
        scales = node.op.scales if isinstance(node.op, Add) else (1.0,) * len(node.args)
        found = _Parts(number=scale * node.op.plus if isinstance(node.op, Add) else getattr(node.op, "scale", 1.0))
        for arg, own in zip(node.args, scales, strict=True):
            where, factor = tuple(at[x] for x in arg.at), scale * own
            if arg.node.number not in self.circle[node.number].axes:
                found.outside.append((arg.node, where, factor))
                continue
            inner = self.parts(arg.node, where, factor) if self.is_taken_apart(arg.node, node) else None
            if inner is None or len(inner.inside) > 1:
                found.inside.append((arg.node, where, factor))
                continue
            found.inside += inner.inside
            found.outside += inner.outside
            found.number = found.number + inner.number if adds else found.number * inner.number
        return found

    def is_taken_apart(self, node: Node, reader: Node) -> bool:
        """Whether a sum in a sum, or a product in a product, is of the same loop, and nothing else reads it."""
        own = self.circle.get(node.number)
        return isinstance(node.op, Add | Multiply) and all(
            other is not None and type(other.op) is type(node.op) is type(reader.op) and self.circle.get(other.number) is own
            for other in self.readers.get(node.number, ())
        )


def _innermost(items: Sequence[Node | Circle], circle: Circle | None = None) -> Iterator[tuple[int, Circle]]:
    """The loop that each node is in, the innermost one, by the node's number."""
    for item in items:
        if isinstance(item, Circle):
            yield from _innermost(item.items, item)
        elif circle is not None:
            yield item.number, circle


def rebuilt(lowered: Lowered, graph: Graph, made: Mapping[int, Node]) -> Lowered:
    """A program whose nodes were made anew in another graph, by their numbers."""
    for tie in lowered.graph.ties:
        source, first = (arg and Arg(made[arg.node.number], arg.at) for arg in (tie.source, tie.first))
        assert source is not None
        graph.ties.append(replace(tie, carried=made[tie.carried.number], source=source, first=first))
    values = {}
    for name, (value, letters) in lowered.values.items():
        values[name] = value if value.node is None else value._replace(node=made[value.node.number]), letters
    return replace(lowered, graph=graph, values=values, inputs={name: made[n.number] for name, n in lowered.inputs.items()})
