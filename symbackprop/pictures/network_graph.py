"""The computational graph of a derivation: every equation with its shape, its value in green and its gradient in red."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Equation, Program, Signature
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.display.written_out import written_out
from symbackprop.formulas.tree import Node as Formula
from symbackprop.pictures.graph import Edge, Kind, Node, draw_graph


def draw_network(asked: Derivation, entries: Mapping[str, str], gradients: Mapping[str, str]) -> str:
    """The graph of the forward program as the text of one SVG.

    asked       what was derived; values that its report writes out are written out here as well.
    entries     the entries of each tensor, as they are to be shown, by name.
    gradients   those of the gradients that are to be shown, by the name of what they are by.
    """
    program, names = asked.forward, Names(asked.program)
    hidden = written_out(asked)
    reads = _visible_reads(program, hidden)

    def node(tensor: Signature, label: Formula) -> Node:
        kind: Kind = "loss" if tensor.name == asked.of else _kind(tensor)
        shape = names.shape(tensor.name) if tensor.shape else ""
        return Node(tensor.name, label, kind, shape, entries[tensor.name], gradients.get(tensor.name))

    used = {name for sources in reads.values() for name in sources}
    nodes = [node(t, names.tensor(t.name)) for t in program.inputs if t.name in used]
    for equation in program.equations:
        if equation.target.name not in hidden:
            label = equation_formula(names, equation, hidden)
            nodes.append(node(program.tensors[equation.target.name], label))
    return draw_graph(nodes, [Edge(source, target) for target, sources in reads.items() for source in sources])


def _kind(tensor: Signature) -> Kind:
    if tensor.kind in ("parameter", "constant", "value"):
        return tensor.kind  # type: ignore[return-value]
    return "data"


def _visible_reads(program: Program, hidden: Iterable[str]) -> dict[str, list[str]]:
    """For each shown equation, the shown tensors that it reads, through the values that are written out in it."""
    through = set(hidden)
    written: dict[str, Equation] = program.equation_of()

    def sources(equation: Equation) -> list[str]:
        found: list[str] = []
        for operand in equation.operands:
            found += sources(written[operand.name]) if operand.name in through else [operand.name]
        return list(dict.fromkeys(found))

    return {e.target.name: sources(e) for e in program.equations if e.target.name not in through}
