"""The computational graph as lecturers draw it: values in green above the wire, gradients in red below it, as one SVG.

A picture is made of plain nodes and edges, whatever produced them: each node is measured, all of them are placed,
and the SVG is drawn here, with formulas as outlines, so that it looks the same everywhere.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from typing import Literal, NamedTuple, get_args
from xml.etree.ElementTree import Element

from symbackprop.core.errors import shown
from symbackprop.formulas.ink import NOTHING, DrawingError, Ink, fitted, formula, text, value
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Node as Formula
from symbackprop.pictures.canvas import Canvas, number
from symbackprop.pictures.graph_layout import Layout, Wire, place

__all__ = ["DrawingError", "Edge", "Node", "draw_graph"]

Kind = Literal["parameter", "data", "constant", "value", "loss"]
Direction = Literal["LR", "TB", "auto"]


@dataclass(frozen=True)
class Node:
    """One equation, or one input, of the graph.

    Arguments: id, unique; label, a formula such as z = W x; kind; shape in words such as `(h, d)`; value and gradient
    as they are to be shown (`-0.39`, `mean 0.12, |max| 1.3`, or rows of numbers, a line each, which get brackets), None
    where there is none.
    """

    id: str
    label: Formula
    kind: Kind = "value"
    shape: str = ""
    value: str | None = None
    gradient: str | None = None


@dataclass(frozen=True)
class Edge:
    """A wire from the node that makes a value to one that reads it; label is a formula, such as the local derivative."""

    source: str
    target: str
    label: Formula | None = None


class Look(NamedTuple):
    """How a kind of node is drawn and what the legend calls it."""

    word: str
    fill: str
    line: str
    corner: float  # its radius, in pixels
    dashes: str = "none"
    double: bool = False


LOOKS: dict[Kind, Look] = {
    "parameter": Look("parameter", "#fff4d6", "#8a5a00", corner=0.0),
    "data": Look("data", "#e3effb", "#1f5c99", corner=16.0),
    "constant": Look("constant", "#f3f4f6", "#57606a", corner=0.0, dashes="4 3"),
    "value": Look("operation", "#ffffff", "#32383f", corner=6.0),
    "loss": Look("loss", "#f4ebfa", "#6f3aa0", corner=6.0, double=True),
}
# A dark bluish green and a lighter reddish orange: they differ in lightness too, for every kind of colour vision.
GREEN, RED, INK, GREY, WIRE, PAPER, FRAME = "#005a3d", "#c8350f", "#1f2328", "#57606a", "#6e7781", "#ffffff", "#d0d7de"

LABEL, SHAPE, NUMBER, LOCAL, TITLE = 17.0, 10.5, 11.5, 13.0, 16.0  # sizes of the letters, in pixels
WIDEST_LABEL = 600.0
WIDEST_ROW = 1250.0  # what still reads well across a page
MOST_NODES = 1000
MARGIN, PADDING, GAP = 18.0, 9.0, 5.0


class _Box(NamedTuple):
    """A measured node: a body with the formula; value and gradient are inside it, or on a wire that leaves it."""

    node: Node
    label: Ink
    shape: Ink
    value: Ink
    gradient: Ink
    body: float  # width of the body
    wire: float  # length of the wire; 0 where value and gradient stand inside the body
    height: float


def draw_graph(nodes: Sequence[Node], edges: Sequence[Edge], title: str = "", direction: Direction = "auto") -> str:
    """The computational graph as the text of one self-contained SVG.

    Arguments: nodes and edges, in the order that the eye should meet them; title, drawn above; direction, `LR` (left to
    right, values and gradients along the wires), `TB` (top to bottom, values and gradients in the boxes) or `auto`
    (LR while it fits across a page).
    Returns: SVG text, the same for the same input.
    Raises: DrawingError, which names the node or the edge, the fault and the mend.
    """
    _check(nodes, edges, direction)
    labels = [_edge_label(edge) for edge in edges]
    wires = [
        Wire(edge.source, edge.target, (label.width, label.height) if label.width else None)
        for edge, label in zip(edges, labels, strict=True)
    ]

    def laid(sideways: bool) -> tuple[list[_Box], Layout]:
        boxes = [_box(node, sideways) for node in nodes]
        return boxes, place({box.node.id: (box.body + box.wire, box.height) for box in boxes}, wires, sideways)

    boxes, layout = laid(sideways=direction != "TB")
    if direction == "auto" and layout.width > WIDEST_ROW:
        boxes, layout = min((boxes, layout), laid(sideways=False), key=lambda plan: plan[1].width)
    prefix = "g" + sha256(repr((list(nodes), list(edges), title, direction)).encode(errors="replace")).hexdigest()[:6]
    return _drawn(Canvas(prefix), boxes, list(zip(edges, labels, strict=True)), layout, title)


def _check(nodes: Sequence[Node], edges: Sequence[Edge], direction: str) -> None:
    if direction not in get_args(Direction):
        raise DrawingError(f"direction {shown(direction)} is unknown: write one of {', '.join(get_args(Direction))}")
    if not 0 < len(nodes) <= MOST_NODES:
        raise DrawingError(f"a picture has 1 to {MOST_NODES} nodes, not {len(nodes)}: draw a part, or a smaller network")
    known = Counter(node.id for node in nodes)
    for node in nodes:
        if known[node.id] > 1:
            raise DrawingError(f"node {node.id!r} is given {known[node.id]} times: an id belongs to one node")
        if node.kind not in LOOKS:
            raise DrawingError(f"node {node.id!r}: kind {node.kind!r} is unknown: write one of {', '.join(LOOKS)}")
    order: TopologicalSorter[str] = TopologicalSorter()
    for edge in edges:
        for end in (edge.source, edge.target):
            if end not in known:
                raise DrawingError(f"edge {edge.source} -> {edge.target}: there is no node {end!r}: add it, or mend the name")
        order.add(edge.target, edge.source)
    try:
        order.prepare()
    except CycleError as error:
        raise DrawingError(f"the edges go round, {' -> '.join(error.args[1])}: a value cannot depend on itself") from None


def _edge_label(edge: Edge) -> Ink:
    try:
        return formula(edge.label, LOCAL) if edge.label is not None else NOTHING
    except DrawingError as error:
        raise DrawingError(f"edge {edge.source} -> {edge.target}: {error}") from None


def _box(node: Node, sideways: bool) -> _Box:
    try:
        label = fitted(node.label, LABEL, WIDEST_LABEL)
    except DrawingError as error:
        raise DrawingError(f"node {node.id!r}: {error}") from None
    shape = text(node.shape, SHAPE)
    forward, backward = value(node.value or "", NUMBER), value(node.gradient or "", NUMBER)
    numbers = max(forward.width, backward.width)
    body = max(label.width, shape.width, 0.0 if sideways else numbers, 20.0) + 2 * PADDING
    height = max(label.height + (shape.height + GAP if shape.width else 0.0) + 2 * PADDING, 34.0)
    if sideways and numbers:
        height = max(height, 2 * (max(forward.height, backward.height) + GAP))
    elif numbers:
        height += sum(ink.height + GAP for ink in (forward, backward) if ink.width)
    return _Box(node, label, shape, forward, backward, body, numbers + 14.0 if sideways and numbers else 0.0, height)


def _drawn(canvas: Canvas, boxes: list[_Box], edges: list[tuple[Edge, Ink]], layout: Layout, title: str) -> str:
    heading = text(title, TITLE)
    legend, legend_width, legend_height = _legend(boxes, max(layout.width, heading.width, 320.0))
    top = MARGIN + (heading.height + 14.0 if heading.width else 0.0)
    width = 2 * MARGIN + max(layout.width, heading.width, legend_width)
    height = top + layout.height + 16.0 + legend_height + MARGIN
    root = canvas.page(width, height, title or "Computational graph", _in_words(boxes, edges))
    canvas.add(root, "rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=8.0, fill=PAPER, stroke=FRAME)
    canvas.ink(root, heading, MARGIN, MARGIN + heading.ascent, INK)
    graph = canvas.add(root, "g", transform=f"translate({number((width - layout.width) / 2)} {number(top)})")
    for (_, label), curves, centre in zip(edges, layout.curves, layout.labels, strict=True):
        for curve in curves:
            canvas.curve(graph, curve, WIRE, arrow=curve is curves[-1])
        if centre:
            canvas.ink(graph, label, centre[0] - label.width / 2, centre[1] + (label.ascent - label.descent) / 2, GREY)
    read = {edge.source for edge, _ in edges}
    for box in boxes:
        _draw_box(canvas, graph, box, *layout.centres[box.node.id], last=box.node.id not in read)
    along_wires = any(box.wire for box in boxes)
    for kind, word, x, y in legend:
        _draw_legend_entry(canvas, root, kind, word, MARGIN + x, top + layout.height + 16.0 + y, along_wires)
    return canvas.finish()


def _draw_body(canvas: Canvas, parent: Element, look: Look, x: float, y: float, width: float, height: float) -> None:
    corner = min(look.corner, height / 2)
    canvas.add(
        parent,
        "rect",
        x=x,
        y=y,
        width=width,
        height=height,
        rx=corner,
        fill=look.fill,
        stroke=look.line,
        stroke_width=1.3,
        stroke_dasharray=look.dashes,
    )
    if look.double:
        inner = {"x": x + 2.5, "y": y + 2.5, "width": width - 5, "height": height - 5, "rx": corner - 2}
        canvas.add(parent, "rect", **inner, fill="none", stroke=look.line, stroke_width=0.8)


def _draw_box(canvas: Canvas, parent: Element, box: _Box, x: float, y: float, last: bool) -> None:
    """One node with its centre at x, y; the wire of the last one ends in an arrow, the others' go on as edges."""
    group = canvas.add(parent, "g")
    canvas.add(group, "title", _node_in_words(box.node))
    left, top = x - (box.body + box.wire) / 2, y - box.height / 2
    middle = left + box.body / 2
    _draw_body(canvas, group, LOOKS[box.node.kind], left, top, box.body, box.height)
    lines = [(box.label, INK), (box.shape, GREY)]
    if box.wire:
        right = left + box.body + box.wire
        canvas.add(group, "path", d=f"M{number(left + box.body)} {number(y)}H{number(right)}", stroke=WIRE, stroke_width=1.3)
        if last:
            canvas.arrow(group, (right, y), (right + 4.0, y), WIRE)
        centre = left + box.body + box.wire / 2
        above, below = y - GAP + 1.0 - box.value.descent, y + GAP - 1.0 + box.gradient.ascent
        canvas.ink(group, box.value, centre - box.value.width / 2, above, GREEN)
        canvas.ink(group, box.gradient, centre - box.gradient.width / 2, below, RED)
    else:
        lines += [(box.value, GREEN), (box.gradient, RED)]
    lines = [(ink, colour) for ink, colour in lines if ink.width]
    at = y - (sum(ink.height + GAP for ink, _ in lines) - GAP) / 2
    for ink, colour in lines:
        canvas.ink(group, ink, middle - ink.width / 2, at + ink.ascent, colour)
        at += ink.height + GAP


def _legend(boxes: list[_Box], room: float) -> tuple[list[tuple[Kind | None, Ink, float, float]], float, float]:
    """The entries with their positions, in rows no wider than room; then the width and the height of them all."""
    entries: list[tuple[Kind | None, Ink]] = []
    if any(box.value.width or box.gradient.width for box in boxes):
        entries.append((None, text("gradient of the loss", SHAPE)))
    for kind, look in LOOKS.items():
        if any(box.node.kind == kind for box in boxes):
            entries.append((kind, text(look.word, SHAPE)))
    placed, x, y, widest = [], 0.0, 0.0, 0.0
    for kind, word in entries:
        if x and x + 28.0 + word.width > room:
            x, y = 0.0, y + 30.0
        placed.append((kind, word, x, y))
        x += word.width + (46.0 if kind else 24.0)
        widest = max(widest, x - 18.0)
    return placed, widest, y + 26.0


def _draw_legend_entry(
    canvas: Canvas, parent: Element, kind: Kind | None, word: Ink, x: float, y: float, along_wires: bool
) -> None:
    if kind:
        _draw_body(canvas, parent, LOOKS[kind], x, y + 6.0, 22.0, 14.0)
        canvas.ink(parent, word, x + 28.0, y + 13.0 + 0.36 * SHAPE, INK)
        return
    if along_wires:
        canvas.add(parent, "path", d=f"M{number(x)} {number(y + 13)}h{number(word.width)}", stroke=WIRE, stroke_width=1.3)
    canvas.ink(parent, text("value", SHAPE), x, y + 9.5, GREEN)
    canvas.ink(parent, word, x, y + 24.0, RED)


def _in_words(boxes: list[_Box], edges: list[tuple[Edge, Ink]]) -> str:
    count = f"A computational graph of {len(boxes)} nodes and {len(edges)} wires."
    return "\n".join([count, *(_node_in_words(box.node) for box in boxes[:100])])


def _node_in_words(node: Node) -> str:
    facts = [plain(node.label), LOOKS[node.kind].word]
    for name, entry in (("shape", node.shape), ("value", node.value), ("gradient", node.gradient)):
        if entry:
            facts.append(f"{name} {'; '.join(entry.splitlines())}")
    return ", ".join(facts)
