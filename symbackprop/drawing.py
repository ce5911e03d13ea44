"""The computational graph of a network at a point: every equation with its shape, its value in green and its gradient in red."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Equation, Program, Signature
from symbackprop.display.index_form import index_equation
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.documents.steps import written_out
from symbackprop.evaluate import points, tape
from symbackprop.gradients import Derived, as_derived, differentiate
from symbackprop.pictures.graph import Edge, Kind, Node, draw_graph

LARGEST = 300  # equations: a larger graph is no picture that helps anyone
_ROWS, _COLUMNS = 4, 4  # the largest array whose entries are all shown


def draw(
    net: Any,
    wrt: Iterable[str] | str | None = None,
    at: Mapping[str, Any] | None = None,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    of: str | None = None,
) -> str:
    """The computational graph as the text of one SVG.

    net     a network, or what `as_network` reads as one; or a derivation.
    wrt     show the gradients of these only; None: of every tensor.
    at      the point, an array for each input; None: a random point.
    seed    of the random point.
    sizes   fixed sizes for the random point.
    of      the tensor whose gradients are shown, where it is not the loss.

    Raises SymbackpropError for a graph of more than 300 equations, and for a point that does not fit the network.
    """
    asked = as_derived(net, of=of)
    program = asked.forward
    if len(program.equations) > LARGEST:
        raise SymbackpropError(
            f"the network has {len(program.equations)} equations; a picture of more than {LARGEST} helps nobody. "
            "Draw a smaller part of it."
        )
    real = [n for n, t in program.tensors.items() if t.kind not in ("integers", "constant")]
    derived = differentiate(program, asked.of, real, jacobian=True)
    if at is not None:
        bound, where = points.own_point(program, at, sizes)
    else:
        bound = points.sizes(program, sizes, seed)
        where = points.point(program, bound, seed)
    values = tape.forward(derived.program, where, bound)
    shown = set(real if wrt is None else [n.strip() for n in wrt.split(",")] if isinstance(wrt, str) else wrt)
    unknown = shown - set(real)
    if unknown:
        name = min(unknown)
        raise SymbackpropError(f"there is no {name} whose gradient could be shown; the network has {', '.join(real)}.")
    return picture(asked, derived, {**where, **values}, shown)


def picture(asked: Derived, derived: Derived, values: Mapping[str, np.ndarray], shown: Iterable[str]) -> str:
    """The graph of what was asked, with values by tensor name, and the gradients of `shown` that `derived` holds."""
    program, names = derived.forward, Names(derived.program)
    scalar = not program.shape(derived.of)
    hidden = written_out(asked)
    reads = _visible_reads(program, hidden)
    zero = {e.step.wrt.name for e in derived.backward if e.step and e.step.rule == "zero" and e.step.wrt}
    gradients = set(shown) - {n for n in zero if program.tensors[n].kind == "value"} if scalar else set()

    def node(tensor: Signature, label: str) -> Node:
        kind: Kind = "loss" if tensor.name == derived.of else _kind(tensor)
        gradient = _text(values[derived.gradient(tensor.name)]) if tensor.name in gradients else None
        shape = names.shape(tensor.name) if tensor.shape else ""
        return Node(tensor.name, label, kind, shape, _text(values[tensor.name]), gradient)

    used = {name for sources in reads.values() for name in sources}
    nodes = [node(t, names.tensor(t.name)) for t in program.inputs if t.name in used]
    for equation in program.equations:
        if equation.target.name not in hidden:
            label = matrix_equation(names, equation, hidden) or index_equation(names, equation, hidden)
            nodes.append(node(program.tensors[equation.target.name], label))
    edges = [Edge(source, target) for target, sources in reads.items() for source in sources]
    return draw_graph(nodes, edges)


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


def _text(array: Any) -> str:
    """The entries of a small array in rows, otherwise a summary of it."""
    array = np.asarray(array)
    if array.ndim == 0:
        return _number(array)
    rows = array.reshape(len(array), -1) if array.ndim < 3 else None
    if rows is not None and array.ndim == 1 and len(rows) <= _ROWS:
        return "\n".join(_number(x) for x in array)
    if rows is not None and rows.shape[0] <= _ROWS and rows.shape[1] <= _COLUMNS:
        return "\n".join("  ".join(_number(x) for x in row) for row in rows)
    return points.summary(array)


def _number(value: Any) -> str:
    """A number in three digits, as on a blackboard: -0.393, 12, 1.5e-08."""
    number = float(value) + 0.0  # no -0
    return f"{number:.2f}" if 0.1 <= abs(number) < 1000 and not number.is_integer() else f"{number:.3g}"
