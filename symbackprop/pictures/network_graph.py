"""The computational graph of a derivation: every equation with its shape, its value in green and its gradient in red."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Signature
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.display.wires import letter_above, reads
from symbackprop.display.written_out import written_out
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Node as Formula
from symbackprop.pictures.graph import Edge, Kind, Node, arranged
from symbackprop.pictures.picture import Page, Picture


@dataclass(frozen=True)
class Shown:
    """What a picture says beside the equations, each by the name of a tensor.

    values     its entries, as they are to be shown.
    gradients  those of its gradient.
    formulas   how its gradient is made.
    wires      by both ends of a wire: its local derivative.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    gradients: Mapping[str, str] = field(default_factory=dict)
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    wires: Mapping[tuple[str, str], Formula] = field(default_factory=dict)


def unseen(asked: Derivation) -> frozenset[str]:
    """The values that a picture writes out where they are read: short ones without a name, and the sums inside of softmaxes."""
    forward, uses = asked.forward, asked.forward.uses()
    known = softmaxes(Names(forward)).named
    sums = {total for (_, total), named in known.items() if named and uses[total] == 1 and not forward.tensors[total].named}
    return frozenset(n for n in written_out(asked) if not forward.tensors[n].called) | sums


def draw_network(asked: Derivation, shown: Shown, page: Page | None = None) -> Picture:
    """The graph of the forward program as a picture that fits a page, as far as it can be folded."""
    program, names, hidden = asked.forward, Names(asked.program), unseen(asked)
    sources = {e.target.name: reads(program, e.target.name, hidden)[1] for e in program.equations if e.target.name not in hidden}

    def node(tensor: Signature, label: Formula) -> Node:
        name = tensor.name
        kind: Kind = "loss" if name == asked.of else _kind(tensor)
        shape = names.dimensions(name) if tensor.shape else None
        shown_value, gradient = shown.values.get(name), shown.gradients.get(name)
        return Node(name, label, kind, shape, shown_value, gradient, shown.formulas.get(name), names.tensor(name))

    used = {name for found in sources.values() for name in found}
    nodes = [node(t, names.tensor(t.name)) for t in program.inputs if t.name in used]
    for equation in program.equations:
        if equation.target.name in sources:
            label = equation_formula(names, equation, hidden)
            nodes.append(node(program.tensors[equation.target.name], label))
    edges = [Edge(source, target, shown.wires.get((source, target))) for target, found in sources.items() for source in found]
    return arranged(nodes, edges, page=page, legend=_legend(names, shown.wires.values()))


def _legend(names: Names, wires: Collection[Formula]) -> list[tuple[Formula, Told]]:
    words = told("the gradient from above; a factor without it multiplies it entry by entry")
    return [(letter_above(names).formula(()), words)] if wires else []


def _kind(tensor: Signature) -> Kind:
    match tensor.kind:
        case "parameter" | "constant" | "value":
            return tensor.kind
    return "data"
