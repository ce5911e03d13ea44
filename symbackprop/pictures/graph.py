"""The computational graph as lecturers draw it: values in green above the wire, gradients in red below it, as one picture.

A graph is made of plain nodes and edges, whatever produced them: each node is measured, all of them are placed, and what is too
wide for its page, or too tall, is folded: cut between layers into parts below one another, where a value that is read again stands
as a box with its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Literal, NamedTuple, get_args

from symbackprop.core.errors import shown
from symbackprop.formulas.ink import DrawingError, formula, in_lines, stack, text
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Node as Formula
from symbackprop.pictures.boxes import GREEN, GREY, INK, LOCAL, LOOKS, RED, WIRE, Box, Kind, Node, body, drawn, measured
from symbackprop.pictures.graph_layout import Layout, Wire, place
from symbackprop.pictures.picture import SCREEN, Group, Item, Mark, Page, Picture, Sheet, Stroke, Writing, moved

__all__ = ["DrawingError", "Edge", "Node", "arranged"]

_Say = Callable[[Told], str]

Direction = Literal["LR", "TB", "auto"]

TITLE, WORDS = 16.0, 10.5  # sizes of letters, in pixels: of the title, of the legend
MOST_NODES = 1000
MARGIN, BETWEEN, APART = 18.0, 26.0, 34.0  # around the picture; between parts below one another; between columns
COLUMNS = 1, 2  # on a sheet of limited height
AROUND = 138.0  # what a part of limited height needs above and below its graph: margins, a title, the legend
WIDEST_LABEL, WIDEST_LOCAL = 600.0, 330.0
CARRIED = "5 3"  # how a wire to the next step is dashed
FULL = 0.3  # of what a part has room for, it holds at least so much
NARROWEST = 150.0  # a label is not broken further than this


@dataclass(frozen=True)
class Edge:
    """A wire from the node that makes a value to one that reads it, or that reads it one step of a loop later.

    label    a formula, such as the local derivative.
    carried  it leads to the next step, and may go back.
    """

    source: str
    target: str
    label: Formula | None = None
    carried: bool = False


class _Part(NamedTuple):
    """A part of the graph, placed."""

    boxes: list[Box]
    edges: list[tuple[Edge, tuple[Writing, ...]]]
    layout: Layout


_Column = list[_Part]
"""Parts below one another."""


class _Measured:
    """A graph, each of whose nodes is measured once for each direction."""

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge], page: Page) -> None:
        self.nodes = {node.id: node for node in nodes}
        room = page.wide - 2 * MARGIN - 20.0
        self.widest = max(NARROWEST, min(WIDEST_LABEL, room))
        local = max(NARROWEST, min(WIDEST_LOCAL, 0.6 * room))
        self.labels = {edge: _edge_label(edge, local) for edge in edges}
        self.edges = list(edges)
        self._boxes: dict[tuple[str, bool], Box] = {}

    def box(self, node: Node, sideways: bool) -> Box:
        if (node.id, sideways) not in self._boxes:
            self._boxes[node.id, sideways] = measured(node, sideways, self.widest)
        return self._boxes[node.id, sideways]

    def part(self, names: Sequence[str], edges: Sequence[Edge], sideways: bool) -> _Part:
        """The nodes and wires of a part, placed; a wire from outside comes from a box with the name of its value."""
        inside = set(names)
        again = dict.fromkeys(edge.source for edge in edges if edge.source not in inside)
        boxes = [self.box(_again(self.nodes[name]), sideways) for name in again]
        boxes += [self.box(self.nodes[name], sideways) for name in names]
        ends = {name: _again(self.nodes[name]).id for name in again}
        labels = [self.labels[edge] for edge in edges]
        kept = [replace(e, source=ends.get(e.source, e.source)) for e in edges]
        wires = [Wire(e.source, e.target, _size(label), e.carried) for e, label in zip(kept, labels, strict=True)]
        layout = place({box.node.id: (box.body + box.wire, box.height) for box in boxes}, wires, sideways)
        return _Part(boxes, list(zip(kept, labels, strict=True)), layout)


def arranged(
    nodes: Sequence[Node], edges: Sequence[Edge], title: str = "", direction: Direction = "auto", page: Page | None = None,
    legend: Sequence[tuple[Formula, Told]] = (),
) -> Picture:  # fmt: skip
    """The computational graph as a picture.

    nodes, edges  in the order that the eye should meet them.
    title         drawn above.
    direction     `LR` (left to right, values and gradients along the wires), `TB` (top to bottom, values and gradients in the
                  boxes) or `auto` (LR while it fits the page, else TB, folded where that does not fit either).
    page          the room for it; None: a large screen.
    legend        what signs on the wires stand for.

    Raises DrawingError, which names the node or the edge, the fault and the mend.
    """
    _check(nodes, edges, direction)
    page = page or SCREEN
    graph = _Measured(nodes, edges, page)
    names = [node.id for node in nodes]
    if direction == "auto":
        whole = graph.part(names, edges, sideways=True)
        pages = [[[whole]]] if _holds(page, whole.layout) else _pages(graph, page)
    else:
        pages = [[[graph.part(names, edges, sideways=direction == "LR")]]]
    return _picture(pages, page, title, legend, _in_words(nodes, edges, page.say))


def _pages(graph: _Measured, page: Page) -> list[list[_Column]]:
    """The parts of a graph that is folded: below one another, or on sheets of limited height in the columns that need fewest."""
    if page.tall is None:
        return [[[part]] for part in _folded(graph, page)]
    graphs = [(count, _of_column(graph, page, count)) for count in COLUMNS]
    found = []
    for count, (narrow, column) in graphs:
        columns = list(_filled(_folded(narrow, column), page.tall - AROUND))
        found.append([columns[k : k + count] for k in range(0, len(columns), count)])
    fitting = [sheets for sheets in found if max(map(_width, sheets)) + 2 * MARGIN <= page.wide]
    least = min(fitting or found[:1], key=len)
    if page.band is None or len(least) == 1:
        return least
    narrow, column = graphs[-1][1]
    return _banded(list(_folded(narrow, column._replace(tall=page.band))), page.wide - 2 * MARGIN, page.band - AROUND)


def _of_column(graph: _Measured, page: Page, count: int) -> tuple[_Measured, Page]:
    """The graph as it is measured for one of so many columns of a page, and the column."""
    column = page._replace(wide=(page.wide - 2 * MARGIN - (count - 1) * APART) / count + 2 * MARGIN)
    return graph if count == 1 else _Measured(list(graph.nodes.values()), graph.edges, column), column


def _banded(parts: Sequence[_Part], wide: float, tall: float) -> list[list[_Column]]:
    """Parts in bands of two columns, none taller than that but for a part that is, which are the least tall together."""
    best: list[tuple[float, list[list[_Column]]]] = [(0.0, [])]
    for end in range(1, len(parts) + 1):
        ways = []
        for start in range(end):
            for middle in range(start + 1, end + 1):
                band = [list(column) for column in (parts[start:middle], parts[middle:end]) if column]
                height = max(map(_height, band))
                if end == start + 1 or (height <= tall and _width(band) <= wide):
                    ways.append((best[start][0] + height + BETWEEN, [*best[start][1], band]))
        best.append(min(ways, key=lambda way: way[0]))
    return best[-1][1]


def _filled(parts: Iterable[_Part], room: float) -> Iterator[_Column]:
    """Parts below one another, as many as the room is high for."""
    column: _Column = []
    for part in parts:
        if column and _height([*column, part]) > room:
            yield column
            column = []
        column.append(part)
    yield column


def _folded(graph: _Measured, page: Page) -> Iterator[_Part]:
    """The graph from top to bottom, in as few parts as the page lets it have; an input stands where it is read first."""
    written = {edge.target for edge in graph.edges}
    into: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        into.setdefault(edge.target, []).append(edge)
    drawn: set[str] = set()

    def part(targets: Sequence[str]) -> _Part:
        edges = [edge for name in targets for edge in into.get(name, ())]
        wanted = {*targets, *(e.source for e in edges if e.source not in written and e.source not in drawn)}
        return graph.part([name for name in graph.nodes if name in wanted], edges, sideways=False)

    read = {edge.source for edge in graph.edges}
    waiting = [name for name in graph.nodes if name in written or name not in read]
    whole = part(waiting)
    if _holds(page, whole.layout):
        yield whole
        return
    made: set[str] = set()
    while waiting:
        parts = [part(waiting[:1])]
        while len(parts) < len(waiting) and _goes_on(page, parts[-1], more := part(waiting[: len(parts) + 1])):
            parts.append(more)
        count = _cut(waiting, len(parts), made, graph.edges)
        drawn |= {box.node.id for box in parts[count - 1].boxes}
        made |= set(waiting[:count])
        del waiting[:count]
        yield parts[count - 1]


def _goes_on(page: Page, before: _Part, after: _Part) -> bool:
    """Whether a part may hold one more: it fits, or is no wider than what was too wide without it."""
    wide = max(before.layout.width, page.wide - 2 * MARGIN)
    return _holds(page._replace(wide=wide + 2 * MARGIN), after.layout)


def _cut(waiting: Sequence[str], most: int, made: set[str], edges: Sequence[Edge]) -> int:
    """After how many of those that wait a part ends, at most so many: where the fewest values go on, as between layers or steps.

    Where little would be left for the last part, it is the half of them, which begins with what reads an input of its own.
    """
    if most == len(waiting):
        return most
    reads = {edge for edge in edges if not edge.carried}
    written = {edge.target for edge in edges}
    few = len(waiting) - most <= FULL * most

    def going_on(count: int) -> tuple[int, bool, int]:
        before, after = made.union(waiting[:count]), set(waiting[count:])
        across = {edge.source for edge in reads if edge.source in before and edge.target in after}
        begins = any(edge.target == waiting[count] and edge.source not in written for edge in reads)
        return len(across), few and not begins, few * abs(2 * count - len(waiting))

    return min(range(most, int(most * FULL), -1), key=going_on)


def _holds(page: Page, layout: Layout) -> bool:
    """Whether a graph fits beside the margins."""
    return layout.width + 2 * MARGIN <= page.wide and (page.tall is None or layout.height + AROUND <= page.tall)


def _again(node: Node) -> Node:
    """A value as it stands in another part of the picture: its name alone."""
    return Node(f"{node.id} again", node.name or node.label, "again")


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
        if not edge.carried:
            order.add(edge.target, edge.source)
    try:
        order.prepare()
    except CycleError as error:
        raise DrawingError(f"the edges go round, {' -> '.join(error.args[1])}: a value cannot depend on itself") from None


def _edge_label(edge: Edge, widest: float) -> tuple[Writing, ...]:
    try:
        lines = in_lines(edge.label, LOCAL, widest) if edge.label is not None else ()
        return tuple(Writing(formula(line, LOCAL), line, LOCAL) for line in lines)
    except DrawingError as error:
        raise DrawingError(f"edge {edge.source} -> {edge.target}: {error}") from None


def _size(label: tuple[Writing, ...]) -> tuple[float, float] | None:
    whole = stack([line.ink for line in label], 3.0, 0.0)
    return (whole.width, whole.height) if label else None


def _picture(
    pages: list[list[_Column]], page: Page, title: str, legend: Sequence[tuple[Formula, Told]], words: str
) -> Picture:  # fmt: skip
    heading = Writing(text(title, TITLE), title, TITLE)
    inner = max([heading.ink.width, 240.0, *map(_width, pages)])
    signs, wide, deep = _legend([part for columns in pages for column in columns for part in column], legend, inner, page.say)
    width = 2 * MARGIN + max(inner, wide)
    sheets: list[Sheet] = []
    for k, columns in enumerate(pages):
        items: list[Item] = []
        top = MARGIN if k == 0 else BETWEEN / 2
        if k == 0 and heading.ink.width:
            items.append(Mark(heading, MARGIN, top + heading.ink.ascent, INK))
            top += heading.ink.height + 14.0
        items += _drawn_columns(columns, (width - _width(columns)) / 2, top, page.say)
        bottom = top + max(map(_height, columns))
        if k == len(pages) - 1:
            items += [moved(sign, MARGIN, bottom + 16.0) for sign in signs]
            bottom += 16.0 + deep + MARGIN
        else:
            bottom += BETWEEN / 2
        sheets.append(Sheet(width, bottom, tuple(items)))
    return Picture(tuple(sheets), title or page.say(told("Computational graph")), words, page.points)


def _drawn_columns(columns: Sequence[_Column], left: float, top: float, say: _Say) -> Iterator[Item]:
    for column in columns:
        wide, down = _width([column]), top
        for part in column:
            yield moved(_drawn_part(part, say), left + (wide - part.layout.width) / 2, down)
            down += part.layout.height + BETWEEN
        left += wide + APART


def _width(columns: Sequence[_Column]) -> float:
    """Of columns side by side."""
    return sum(max(part.layout.width for part in column) for column in columns) + APART * (len(columns) - 1)


def _height(column: _Column) -> float:
    return sum(part.layout.height for part in column) + BETWEEN * (len(column) - 1)


def _drawn_part(part: _Part, say: _Say) -> Group:
    items: list[Item] = []
    for (edge, label), curves, centre in zip(part.edges, part.layout.curves, part.layout.labels, strict=True):
        dashes = CARRIED if edge.carried else "none"
        items += [Stroke(tuple(curve), WIRE, curve is curves[-1], dashes) for curve in curves]
        if centre:
            size = _size(label) or (0.0, 0.0)
            x, y = centre[0] - size[0] / 2, centre[1] - size[1] / 2
            for line in label:
                items.append(Mark(line, x, y + line.ink.ascent, GREY))
                y += line.ink.height + 3.0
    read = {edge.source for edge, _ in part.edges}
    items += [drawn(box, *part.layout.centres[box.node.id], last=box.node.id not in read, say=say) for box in part.boxes]
    return Group(tuple(items))


def _legend(
    parts: Sequence[_Part], signs: Sequence[tuple[Formula, Told]], room: float, say: _Say
) -> tuple[list[Item], float, float]:  # fmt: skip
    """The entries, in rows no wider than room; then the width and the height of them all."""
    entries: list[tuple[float, Group]] = []
    boxes = [box for part in parts for box in part.boxes]
    kinds = {box.node.kind for box in boxes}
    if any(box.node.value or box.node.gradient for box in boxes):
        red = next((box.node.red for box in boxes if box.node.gradient), Told())
        entries.append(_colours(any(box.wire for box in boxes), say, red))
    entries += [_look(kind, say) for kind in LOOKS if kind in kinds]
    entries += [_carried(say)] if any(edge.carried for part in parts for edge, _ in part.edges) else []
    entries += [_sign(sign, say(words)) for sign, words in signs]
    items: list[Item] = []
    x = y = widest = 0.0
    for width, entry in entries:
        if x and x + width > room:
            x, y = 0.0, y + 30.0
        items.append(moved(entry, x, y))
        x += width + 18.0
        widest = max(widest, x - 18.0)
    return items, widest, y + 26.0


def _colours(along_wires: bool, say: _Say, red: Told) -> tuple[float, Group]:
    """What stands in green, and what in red, where there is something."""
    forward, backward = (_said(say(words)) for words in (told("value"), red))
    width = max(forward.ink.width, backward.ink.width)
    line = [Stroke(((0.0, 13.0), (0.0, 13.0), (width, 13.0), (width, 13.0)), WIRE)] if along_wires else []
    below = [Mark(backward, 0.0, 24.0, RED)] if red else []
    return width, Group((*line, Mark(forward, 0.0, 9.5, GREEN), *below))


def _look(kind: Kind, say: _Say) -> tuple[float, Group]:
    words = _said(say(LOOKS[kind].word))
    return 28.0 + words.ink.width, Group((*body(LOOKS[kind], 0.0, 6.0, 22.0, 14.0), Mark(words, 28.0, 13.0 + 0.36 * WORDS, INK)))


def _carried(say: _Say) -> tuple[float, Group]:
    words = _said(say(told("to the next step of the loop")))
    line = Stroke(((0.0, 13.0), (7.0, 13.0), (14.0, 13.0), (21.0, 13.0), (28.0, 13.0)), WIRE, True, CARRIED)
    return 34.0 + words.ink.width, Group((line, Mark(words, 34.0, 13.0 + 0.36 * WORDS, INK)))


def _said(words: str) -> Writing:
    return Writing(text(words, WORDS), words, WORDS)


def _sign(sign: Formula, said: str) -> tuple[float, Group]:
    shown, words = Writing(formula(sign, LOCAL), sign, LOCAL), _said(said)
    after, level = shown.ink.width + 6.0, 13.0 + 0.36 * WORDS
    return after + words.ink.width, Group((Mark(shown, 0.0, level, GREY), Mark(words, after, level, INK)))


def _in_words(nodes: Sequence[Node], edges: Sequence[Edge], say: _Say) -> str:
    count = say(told("A computational graph of {} nodes and {} wires.", str(len(nodes)), str(len(edges))))
    wires = [f"{edge.source} -> {edge.target}: {plain(edge.label)}" for edge in edges if edge.label is not None]
    return "\n".join([count, *(node.in_words(say) for node in nodes[:100]), *wires[:200]])
