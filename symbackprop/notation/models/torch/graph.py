"""A module and its loss as a graph of operations, as data: nothing here asks torch."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.notation.errors import Place


@dataclass(frozen=True)
class Ref:
    """What an operation reads: the result of another node, or an input."""

    name: str


@dataclass(frozen=True)
class Given:
    """An input of the graph.

    kind   "parameter", "buffer", "constant" (written in the code of the module), "input", "drawn" at random by the module, or
           "places" where a mask is true.
    path   of a parameter or a buffer, as `state_dict` calls it; of an input, how the module's `forward` calls it.
    array  its value, in float64 where it holds floats; None where it is no tensor: then `value` is what it is.
    layer  the class of the module that holds it.
    paired whether its entries are complex, the two parts along the last axis of `array` and `shape`.
    spare  whether the network may go without it, where its loss does not read it.
    """

    name: str
    kind: str
    path: str
    array: ndarray | None
    shape: tuple[Any, ...] = ()
    layer: str = ""
    value: Any = None
    spare: bool = False
    paired: bool = False


@dataclass(frozen=True)
class Node:
    """One operation.

    operation  such as "linear"; "getitem" reads one of several results; "size" is a number of the shape: `shape` holds it.
    arguments  by the names of torch's schema, without those at their defaults: Ref, numbers, sizes, None, lists of these.
    shape      of the result; None where there are several results.
    in_place   whether it changes its first argument.
    path       of the module that it belongs to, `layer` its class; `place` the line of code.
    """

    name: str
    operation: str
    arguments: Mapping[str, Any]
    shape: tuple[Expr, ...] | None
    in_place: bool = False
    path: str = ""
    layer: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Graph:
    """A module and its loss.

    inputs, nodes, loss   the graph; the loss is a Ref.
    value   the loss that the module computes with other arrays, by the names of `inputs`.
    exact   whether it computes in float64 throughout.
    """

    inputs: tuple[Given, ...]
    nodes: tuple[Node, ...]
    loss: Ref
    value: Any
    exact: bool

    def reached(self, but: Container[str] = ()) -> set[str]:
        """What the loss depends on, but for what it depends on through these operations alone."""
        nodes = {node.name: node for node in self.nodes}
        found, stack = set[str](), [self.loss.name]
        while stack:
            name = stack.pop()
            if name in found:
                continue
            found.add(name)
            node = nodes.get(name)
            if node is not None and node.operation not in but:
                stack += [ref.name for ref in refs(node.arguments.values())]
        return found

    def rewritten(self, views: Container[str]) -> Node | None:
        """A node that is written in place where what shares its memory is read afterwards by its old name; None where none is.

        views   operations whose result shares the memory of what they read.
        """
        wanted = self.reached()
        root: dict[str, str] = {}
        written: dict[str, Node] = {}
        for node in self.nodes:
            read = [ref.name for ref in refs(node.arguments.values())]
            stale = next((root.get(r, r) for r in read if root.get(r, r) in written), None)
            if stale is not None and node.name in wanted and written[stale].name not in read:
                return written[stale]
            if node.in_place and read:
                written[root.get(read[0], read[0])] = node
                root[node.name] = node.name  # from here on the value goes by this name
            elif node.operation in views and read:
                root[node.name] = root.get(read[0], read[0])
        return None


def refs(values: Iterable[Any]) -> Iterable[Ref]:
    """The results that arguments, or lists of them, are made of."""
    for value in values:
        if isinstance(value, Ref):
            yield value
        elif isinstance(value, list | tuple):
            yield from refs(value)


def tied(graph: Graph) -> Graph | None:
    """The same graph, where sizes of its inputs that are equal in the example are one; None where none are."""
    first: dict[int, Expr] = {}
    swap: dict[Expr, Expr] = {}
    for g in graph.inputs:
        if g.kind != "input":
            continue
        for extent, number in zip(g.shape, g.array.shape if g.array is not None else (), strict=False):
            if isinstance(extent, sp.Symbol) and first.setdefault(number, extent) != extent:
                swap[extent] = first[number]

    def renamed(value: Any) -> Any:
        if isinstance(value, Expr):
            return value.xreplace(swap)
        return type(value)(map(renamed, value)) if isinstance(value, list | tuple) else value

    inputs = tuple(replace(g, shape=renamed(g.shape)) for g in graph.inputs)
    nodes = tuple(
        replace(n, shape=renamed(n.shape), arguments={name: renamed(value) for name, value in n.arguments.items()})
        for n in graph.nodes
    )
    return replace(graph, inputs=inputs, nodes=nodes) if swap else None
