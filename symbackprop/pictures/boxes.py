"""The boxes of a graph: measured with all that is written in them, then drawn at their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from symbackprop.formulas.ink import DrawingError, formula, in_lines, value
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Told
from symbackprop.formulas.tree import Node as Formula
from symbackprop.pictures.picture import Frame, Group, Item, Mark, Stroke, Writing

Kind = Literal["parameter", "data", "constant", "value", "loss", "end", "again"]
OF_THE_LOSS, CHANGE = Told("gradient of the loss"), Told("change")
"""What a node's gradient may be."""


@dataclass(frozen=True)
class Node:
    """One equation, or one input, of the graph.

    id        unique.
    label     a formula such as z = W x.
    kind      what it is; "end": what is differentiated and no loss; "again": a value that stands elsewhere in the picture.
    shape     a formula such as h × d; None: it is a number.
    value     as it is to be shown: `-0.39`, `mean 0.12`, or rows of numbers, a line each, which get brackets; None: there is none.
    gradient  the same of its gradient.
    red       what that is.
    by        a formula for the gradient.
    name      how it is called where it is read again; None: by its label.
    """

    id: str
    label: Formula
    kind: Kind = "value"
    shape: Formula | None = None
    value: str | None = None
    gradient: str | None = None
    by: Formula | None = None
    name: Formula | None = None
    red: Told = OF_THE_LOSS

    def in_words(self, say: Callable[[Told], str]) -> str:
        """What a reader who does not see it is told."""
        facts = [plain(self.label), say(LOOKS[self.kind].word)]
        red = self.red if self.red == CHANGE else _GRADIENT
        shape, by = (plain(one) if one else None for one in (self.shape, self.by))
        for word, entry in ((_SHAPE, shape), (_VALUE, self.value), (red, self.gradient), (red, by)):
            if entry:
                facts.append(f"{say(word)} {'; '.join(entry.splitlines())}")
        return ", ".join(facts)


_SHAPE, _VALUE, _GRADIENT = Told("shape"), Told("value"), Told("gradient")


class Look(NamedTuple):
    """How a kind of node is drawn and what the legend calls it."""

    word: Told
    fill: str
    line: str
    corner: float  # its radius, in pixels
    dashes: str = "none"
    double: bool = False


LOOKS: dict[Kind, Look] = {
    "parameter": Look(Told("parameter"), "#fff4d6", "#8a5a00", corner=0.0),
    "data": Look(Told("data"), "#e3effb", "#1f5c99", corner=16.0),
    "constant": Look(Told("constant"), "#f3f4f6", "#57606a", corner=0.0, dashes="4 3"),
    "value": Look(Told("operation"), "#ffffff", "#32383f", corner=6.0),
    "loss": Look(Told("loss"), "#f4ebfa", "#6f3aa0", corner=6.0, double=True),
    "end": Look(Told("what is differentiated"), "#eceefb", "#3d4aa5", corner=6.0, double=True),
    "again": Look(Told("from another part"), "#ffffff", "#6e7781", corner=12.0, dashes="2 3"),
}
# A dark bluish green and a lighter reddish orange: they differ in lightness too, for every kind of colour vision.
GREEN, RED, INK, GREY, WIRE = "#005a3d", "#c8350f", "#1f2328", "#57606a", "#6e7781"

LABEL, SHAPE, NUMBER, LOCAL = 17.0, 12.0, 11.5, 13.0  # sizes of the letters, in pixels
PADDING, GAP = 9.0, 5.0
BESIDE = 12.0  # between what stands side by side: a label and its shape, a value and its gradient
ASIDE = 290.0  # the widest row of a value and its gradient, or of a label that is narrower, where the page is roomy
ROOMY = 500.0


class Box(NamedTuple):
    """A measured node: rows of writing in its body, each row side by side; value and gradient there or on a wire that leaves it."""

    node: Node
    rows: tuple[tuple[tuple[Writing, str], ...], ...]
    along: tuple[Writing, Writing] | None
    body: float
    wire: float  # 0 where value and gradient stand inside the body
    height: float


def measured(node: Node, sideways: bool, widest: float) -> Box:
    """A node with its writing; sideways: value and gradient stand along the wire that leaves it.

    Raises DrawingError for what cannot be written.
    """
    try:
        lines = [(Writing(formula(line, LABEL, True), line, LABEL), INK) for line in in_lines(node.label, LABEL, widest)]
        by = node.by and [(Writing(formula(line, LOCAL), line, LOCAL), RED) for line in in_lines(node.by, LOCAL, widest)]
    except DrawingError as error:
        raise DrawingError(f"node {node.id!r}: {error}") from None
    forward, backward = written_value(node.value), written_value(node.gradient)
    shape = [(Writing(formula(node.shape, SHAPE), node.shape, SHAPE), GREY)] if node.shape else []
    rows = [*[(line,) for line in lines[:-1]], *_beside([lines[-1], *shape], 0.0 if sideways else widest)]
    if not sideways:
        room = max(ASIDE if widest >= ROOMY else 0.0, *map(width_of, rows))
        rows += _beside([(w, colour) for w, colour in ((forward, GREEN), (backward, RED)) if w.ink.width], room)
    rows += [(line,) for line in by or ()]
    body = max(20.0, *map(width_of, rows)) + 2 * PADDING
    height = max(sum(height_of(row) + GAP for row in rows) - GAP + 2 * PADDING, 34.0)
    width = max(forward.ink.width, backward.ink.width)
    if not (sideways and width):
        return Box(node, tuple(rows), None, body, 0.0, height)
    height = max(height, 2 * (max(forward.ink.height, backward.ink.height) + GAP))
    return Box(node, tuple(rows), (forward, backward), body, width + 14.0, height)


def _beside(parts: Sequence[tuple[Writing, str]], room: float) -> list[tuple[tuple[Writing, str], ...]]:
    """What belongs together as one row, where that is not wider than the room; as a row each elsewhere."""
    return [tuple(parts)] if parts and width_of(parts) <= room else [(part,) for part in parts]


def written_value(summary: str | None) -> Writing:
    """A value as it is to be shown."""
    return Writing(value(summary or "", NUMBER), summary or "", NUMBER)


def width_of(row: Sequence[tuple[Writing, str]]) -> float:
    """Of writing side by side."""
    return sum(w.ink.width for w, _ in row) + BESIDE * (len(row) - 1)


def height_of(row: Sequence[tuple[Writing, str]]) -> float:
    """Of the tallest in a row."""
    return max(w.ink.height for w, _ in row)


def drawn(box: Box, x: float, y: float, last: bool, say: Callable[[Told], str]) -> Group:
    """One node with its centre at x, y; the wire of the last one ends in an arrow, the others' go on as edges."""
    left, top = x - (box.body + box.wire) / 2, y - box.height / 2
    middle = left + box.body / 2
    items: list[Item] = list(body(LOOKS[box.node.kind], left, top, box.body, box.height))
    if box.along is not None:
        right = left + box.body + box.wire
        end = ((right + 4.0, y),) if last else ()
        line = ((left + box.body, y), (left + box.body, y), (right, y), (right, y))
        items.append(Stroke((*line, *end), WIRE, arrow=last))
        forward, backward = box.along
        centre = left + box.body + box.wire / 2
        items.append(Mark(forward, centre - forward.ink.width / 2, y - GAP + 1.0 - forward.ink.descent, GREEN))
        items.append(Mark(backward, centre - backward.ink.width / 2, y + GAP - 1.0 + backward.ink.ascent, RED))
    at = y - (sum(height_of(row) + GAP for row in box.rows) - GAP) / 2
    for row in box.rows:
        across = middle - width_of(row) / 2
        for writing, colour in row:
            down = at + (height_of(row) - writing.ink.height) / 2 + writing.ink.ascent
            items.append(Mark(writing, across, down, colour))
            across += writing.ink.width + BESIDE
        at += height_of(row) + GAP
    return Group(tuple(item for item in items if not isinstance(item, Mark) or item.writing.ink.width), box.node.in_words(say))


def body(look: Look, x: float, y: float, width: float, height: float) -> tuple[Frame, ...]:
    """The frame of a node of some look, twice where it is double."""
    corner = min(look.corner, height / 2)
    outer = Frame(x, y, width, height, corner, look.fill, look.line, 1.3, look.dashes)
    if not look.double:
        return (outer,)
    return outer, Frame(x + 2.5, y + 2.5, width - 5, height - 5, corner - 2, "", look.line, 0.8)
