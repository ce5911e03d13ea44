"""The computational graph of a derivation: every equation with its shape, its value in green and its gradient in red."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from symbackprop.core.derivation import Derivation
from symbackprop.core.loops.recursion import Recursion
from symbackprop.core.program import Carry, Signature
from symbackprop.display.counted import Counted
from symbackprop.display.drawn import labels_drawn, unseen
from symbackprop.display.names import Names
from symbackprop.display.step_forms import step_said
from symbackprop.display.wires import letter_above, reads
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Node as Formula
from symbackprop.pictures.boxes import CHANGE, OF_THE_LOSS
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


def draw_network(asked: Derivation, shown: Shown, page: Page | None = None, counted: Counted | None = None) -> Picture:
    """The graph of the forward program as a picture that fits a page, as far as it can be folded.

    counted  how values that nobody named are counted where it stands.
    """
    program, names, hidden = asked.forward, Names(asked.program), unseen(asked, bool(shown.wires))
    labels, said = labels_drawn(asked, bool(shown.wires)), counted or Counted(names)
    said.hear(*(label for pair in labels.values() for label in pair))
    end: Kind = "loss" if asked.mode == "gradient" else "end"
    red = CHANGE if asked.vector else told("gradient") if asked.upstream else OF_THE_LOSS
    sources = {e.target.name: reads(program, e.target.name, hidden)[1] for e in program.equations if e.target.name not in hidden}

    def node(tensor: Signature, label: Formula) -> Node:
        name = tensor.name
        kind = end if name == asked.of else _kind(tensor)
        shape = names.dimensions(name) if tensor.shape else None
        shown_value, gradient = shown.values.get(name), shown.gradients.get(name)
        called = labels[name][1] if name in labels else names.tensor(name)
        made = shown.formulas.get(name)
        return Node(name, said(label), kind, shape, shown_value, gradient, said(made) if made else None, said(called), red)

    wires = {ends: said(wire) for ends, wire in shown.wires.items()}
    edges = [Edge(source, target, wires.get((source, target))) for target, found in sources.items() for source in found]
    edges += _back(asked, wires)
    used = {edge.source for edge in edges}
    nodes = [node(t, names.tensor(t.name)) for t in program.inputs if t.name in used]
    nodes += [node(program.tensors[name], labels[name][0]) for name in sources]
    return arranged(nodes, edges, page=page, legend=_legend(names, wires.values()))


def _back(asked: Derivation, wires: Mapping[tuple[str, str], Formula]) -> Iterator[Edge]:
    """From each value that is carried to where the next step reads it, with the shift: t - 1."""
    recursion = Recursion(asked.forward)
    for equation in asked.forward.equations:
        if isinstance(equation.op, Carry):
            source, axis = equation.operands[0].name, recursion.carried(equation).axis
            shift = step_said(axis.step - equation.op.step)
            said = wires.get((source, equation.target.name))
            yield Edge(source, equation.target.name, f.listed([shift, said]) if said else shift, carried=True)


def _legend(names: Names, wires: Collection[Formula]) -> list[tuple[Formula, Told]]:
    words = told("the gradient from above; a factor without it multiplies it entry by entry")
    return [(letter_above(names).formula(()), words)] if wires else []


def _kind(tensor: Signature) -> Kind:
    match tensor.kind:
        case "parameter" | "constant" | "value":
            return tensor.kind
    return "data"
