"""The computational graph of a derivation: every equation with its shape, its value in green and its gradient in red."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from symbackprop.core.derivation import Derivation
from symbackprop.core.letters import is_nameless
from symbackprop.core.loops import has_loops
from symbackprop.core.loops.recursion import Recursion
from symbackprop.core.program import Carry, Program, Signature
from symbackprop.display.counted import Counted
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.display.softmax import is_within_softmaxes, softmaxes
from symbackprop.display.spelled import spelled
from symbackprop.display.step_forms import labels_at_steps, step_said
from symbackprop.display.wires import letter_above, reads
from symbackprop.display.written_out import written_out
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


def unseen(asked: Derivation, with_wires: bool = False) -> frozenset[str]:
    """The values that a picture writes out where they are read.

    Short ones without a name, the sums inside of softmaxes, and what is one step of a loop, s_T, but where wires are
    told, which have no other name for it; never what is carried, nor what the name of a derivative has in it, E_{r,u}.
    """
    forward, uses = asked.forward, asked.forward.uses()
    recursion, ends = Recursion(forward), set[str]()
    if recursion.axes and not with_wires:
        ends = {e.target.name for e in forward.equations if not forward.tensors[e.target.name].named and recursion.end(e)}
    held = {r.name for e in forward.equations if isinstance(e.op, Carry) for r in (e.target, *e.operands)}
    if not with_wires:
        held |= {n for t in forward.tensors.values() if t.inner is not None and not t.named for n in (t.inner.of, t.inner.wrt)}
    names = Names(forward)
    sums = {total for (_, total), named in softmaxes(names).named.items()
            if not forward.tensors[total].named and (uses[total] == 1 if named else is_within_softmaxes(names, total))}  # fmt: skip
    return (frozenset(n for n in written_out(asked) if not forward.tensors[n].called) | sums | ends) - held


def draw_network(asked: Derivation, shown: Shown, page: Page | None = None, counted: Counted | None = None) -> Picture:
    """The graph of the forward program as a picture that fits a page, as far as it can be folded.

    counted  how values that nobody named are counted where it stands.
    """
    program, names, hidden = asked.forward, Names(asked.program), unseen(asked, bool(shown.wires))
    nameless = frozenset[str]() if shown.wires else _nameless(asked, hidden)
    labels = labels_at_steps(asked, hidden, nameless) if has_loops(program) else {}
    labels = labels or _labels(names, program, hidden, nameless)
    said = counted or Counted(names)
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


def _nameless(asked: Derivation, hidden: Collection[str]) -> frozenset[str]:
    """The values that nobody named and no convention does: a picture calls them by their formulas, where these are short."""
    forward = asked.forward
    inner = {n for t in forward.tensors.values() if t.inner is not None for n in (t.inner.of, t.inner.wrt)}
    written = forward.equation_of().keys() - {asked.of, *inner, *hidden}
    return frozenset(n for n in written if is_nameless(n) and not forward.tensors[n].has_name)


def _labels(
    names: Names, program: Program, hidden: frozenset[str], nameless: frozenset[str]
) -> dict[str, tuple[Formula, Formula]]:  # fmt: skip
    """What a picture writes for each value but the hidden ones, and how it is called where it is read again."""
    by_formula = spelled(names, nameless, hidden)
    called, inline = names.labelled(by_formula), hidden | by_formula.keys()
    found: dict[str, tuple[Formula, Formula]] = {}
    for equation in program.equations:
        name = equation.target.name
        own = called.tensor(name)
        found[name] = (own, own) if name in by_formula else (equation_formula(called, equation, inline), own)
    return {n: label for n, label in found.items() if n not in hidden}


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
