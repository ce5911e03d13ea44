"""Where the boxes and the wires of a graph go: sizes in, positions out. Graphviz's dot decides, nothing is drawn."""

from collections.abc import Mapping, Sequence
from json import loads
from threading import Lock
from typing import NamedTuple

import pygraphviz

Point = tuple[float, float]
Size = tuple[float, float]


class Wire(NamedTuple):
    """An edge to be laid, with the size that its label needs (None without one)."""

    source: str
    target: str
    label: Size | None = None


class Layout(NamedTuple):
    """Positions in pixels, y down, all within (0, 0) and (width, height).

    centres: of each box. curves: for each wire its Bezier curve as start, three points for each piece, and the tip of
    the arrow; two curves where a label stands between them. labels: the centre of each wire's label.
    """

    width: float
    height: float
    centres: dict[str, Point]
    curves: list[list[list[Point]]]
    labels: list[Point | None]


_graphviz_in_use = Lock()  # Graphviz keeps global state between layout and output


def place(boxes: Mapping[str, Size], wires: Sequence[Wire], sideways: bool) -> Layout:
    """Positions by Graphviz's dot: ranks from left to right, or from top to bottom.

    A label is laid out as a box of its own, halfway along its wire: dot knows a label's size only through fonts.
    """
    names = {name: f"n{at}" for at, name in enumerate(boxes)}
    with _graphviz_in_use:
        graph = pygraphviz.AGraph(strict=False, directed=True)
        graph.graph_attr.update(rankdir="LR" if sideways else "TB", nodesep="0.3", ranksep="0.42")
        graph.node_attr.update(shape="box", fixedsize="true", label="")
        graph.edge_attr.update(arrowsize="0.7", tailport="e" if sideways else "s")
        for name, size in boxes.items():
            graph.add_node(names[name], **_inches(*size))
        computed = {wire.target for wire in wires}
        for at, wire in enumerate(wires):
            start = names[wire.source]
            # A heavy wire is kept short and straight: the path of computed values, beside which the inputs stand.
            weight = "10" if wire.source in computed else "1"
            if wire.label:
                graph.add_node(f"l{at}", **_inches(wire.label[0] + 8.0, wire.label[1] + 6.0))
                graph.add_edge(start, f"l{at}", id=f"a{at}", weight=weight, dir="none")
                start = f"l{at}"
            graph.add_edge(start, names[wire.target], id=f"b{at}", weight=weight)
        plan = loads(graph.draw(format="json0", prog="dot") or "")
        graph.close()
    left, bottom, right, top = map(float, plan["bb"].split(","))

    def point(pair: str) -> Point:
        x, y = pair.split(",")[-2:]  # "e,x,y" is the tip of an arrow
        return float(x) - left, top - float(y)

    centres = {entry["name"]: point(entry["pos"]) for entry in plan["objects"]}
    curves: dict[str, list[Point]] = {}
    for entry in plan.get("edges", ()):
        spline = entry["pos"].split(" ")
        if spline[0].startswith("e"):
            spline = [*spline[1:], spline[0]]  # Graphviz writes the tip first
        curves[entry["id"]] = [point(pair) for pair in spline]
    return Layout(
        right - left,
        top - bottom,
        {name: centres[given] for name, given in names.items()},
        [[curves[part] for part in (f"a{at}", f"b{at}") if part in curves] for at in range(len(wires))],
        [centres.get(f"l{at}") for at in range(len(wires))],
    )


def _inches(width: float, height: float) -> dict[str, str]:
    return {"width": f"{width / 72:.4f}", "height": f"{height / 72:.4f}"}
