"""Branches and loops of ONNX whose course is fixed: what they hold is written out, turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.onnx.node import Node, Value

if TYPE_CHECKING:
    from symbackprop.notation.models.onnx.reading import Walk

MOST = 1000  # turns of a loop that are written out
FIXED = "its course depends on data.", "Export the model with a fixed course, by tracing."


def within(graph: Any) -> Iterator[Any]:
    """A graph, and those that its branches and loops hold."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.output:
                    yield from within(inner)


def read_by(node: Any) -> set[str]:
    """The names that an operator reads, those within its branches among them."""
    held = [g for a in node.attribute for one in (a.g, *a.graphs) for g in within(one)]
    return {*node.input, *(name for g in held for n in g.node for name in n.input), *(o.name for g in held for o in g.output)}


def _fixed(node: Node, k: int) -> Any:
    """Input k, a constant of one entry."""
    value = node.value(k)
    if isinstance(value, Tensor):
        raise node.refused(*FIXED)
    if value.dtype == object:
        raise node.refused("its course depends on sizes that are open.", "Export the model with fixed sizes.")
    return value.ravel()[0].item()


def _branch(walk: Walk, node: Node) -> list[Value]:
    return walk.inner(node.attributes["then_branch" if _fixed(node, 0) else "else_branch"], [])


def _loop(walk: Walk, node: Node) -> list[Value]:
    """What is carried at the end, then what each turn gave, one beside the other."""
    body, carried = node.attributes["body"], [node.value(k) for k in range(2, len(node.inputs))]
    turns = _fixed(node, 0) if node.has(0) else MOST + 1
    goes, kept, turn = not node.has(1) or bool(_fixed(node, 1)), [], 0
    while goes and turn < turns:
        if turn == MOST:
            raise node.refused(f"it takes more than {MOST:,} turns.", "Export the model with fewer.")
        more, *given = walk.inner(body, [np.array(turn, dtype=np.int64), np.array(True), *carried])
        if isinstance(more, Tensor):
            raise node.refused(*FIXED)
        carried, goes, turn = given[: len(carried)], bool(more.ravel()[0]), turn + 1
        kept.append(given[len(carried) :])
    if not turn and len(node.outputs) > len(carried):
        raise node.refused("it takes no turn.", "Export the model with one turn or more.")
    return [*carried, *(_stacked(one, 0) for one in zip(*kept, strict=True))]


def _scan(walk: Walk, node: Node) -> list[Value]:
    """As a loop, over the entries of one axis of each of its last inputs."""
    body, count = node.attributes["body"], int(node.get("num_scan_inputs", 0))
    values = [node.value(k) for k in range(len(node.inputs))]
    carried, read = values[:-count], values[-count:]
    axes = [a % x.ndim for a, x in zip(node.get("scan_input_axes") or [0] * count, read, strict=True)]
    back = node.get("scan_input_directions") or [0] * count
    turns = read[0].shape[axes[0]]
    if not getattr(turns, "is_Integer", True):
        raise node.refused("its course depends on sizes that are open.", "Export the model with fixed sizes.")
    if int(turns) > MOST:
        raise node.refused(f"it takes more than {MOST:,} turns.", "Export the model with fewer.")
    kept: list[list[Value]] = []
    for turn in range(int(turns)):
        at = [(*[slice(None)] * a, int(turns) - 1 - turn if b else turn) for a, b in zip(axes, back, strict=True)]
        given = walk.inner(body, [*carried, *(x[place] for x, place in zip(read, at, strict=True))])
        carried = given[: len(carried)]
        kept.append(given[len(carried) :])
    results = list(zip(*kept, strict=True))
    places, backwards = node.get("scan_output_axes") or [0] * len(results), node.get("scan_output_directions") or [0] * len(results)
    return [*carried, *(_stacked(one[::-1] if b else one, a) for one, a, b in zip(results, places, backwards, strict=True))]


def _stacked(several: Any, axis: int) -> Value:
    if all(isinstance(one, ndarray) for one in several):
        return np.stack(several, axis)
    return ops.stack([one if isinstance(one, Tensor) else ops.full(one.shape, one.ravel()[0].item()) for one in several], axis)


CONTROL: dict[str, Callable[[Walk, Node], list[Value]]] = {"If": _branch, "Loop": _loop, "Scan": _scan}
"""From an operator that holds graphs to its values."""
