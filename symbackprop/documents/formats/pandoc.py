"""The report as pandoc reads Markdown, for each of the programs that pandoc writes for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from symbackprop.documents.document import Content, Document, Figure, Formula, StepBlock
from symbackprop.documents.formats.markdown import Markdown
from symbackprop.documents.writer import anchor_id, printable
from symbackprop.formulas.latex import latex
from symbackprop.formulas.lines import balanced, lines
from symbackprop.formulas.tree import Node, set_apart, split
from symbackprop.formulas.widths import width
from symbackprop.pictures.picture import PAPERS

_RULE = 123
"""Signs of a table's rule, at least."""
_WORD = 0.55
"""Ems of a letter."""
_LABEL = 9.0
"""Ems of the label of a part of a step."""
_MARGIN = 2.0
"""Ems that stay free in a cell, where lines that go on are indented."""
_GAP = 1.5
"""Ems between formulas side by side, the comma included."""
INDENT = "&emsp;&emsp;"
"""What stands before a line that goes on with the one above."""
FRAMED = "result"
"""The anchor of the table that has a frame."""


class Pandoc(Markdown):
    r"""Formulas in plain LaTeX, headings from the first level on, anchors behind them."""

    row_end = r"\\"
    line_width = inf
    pages = PAPERS
    """What a picture may be as large as: each of its sheets is one."""
    sized = True
    """Whether the text says how large a picture is."""

    def spell(self, formula: Node) -> str:
        return latex(formula)

    def anchored(self, anchor: str) -> str:
        return f"[]{{#{anchor_id(anchor)}}}" if anchor else ""

    def section(self, heading: Content, number: str, anchor: str) -> str:
        return f"{'#' * (number.count('.') + 1)} {number} {self.line(heading)} {{#{anchor}}}"

    def page(self, document: Document, body: str) -> str:
        return f"% {self.line(document.title)}\n\n{body}\n"

    def framed(self, rows: tuple[Formula, ...]) -> str:
        return f'::: {{style="border: 1px solid; padding: 0 .5em"}}\n{self.rows(rows)}\n:::'

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        size = f" width={figure.inches:.2f}in" if figure.inches else ""
        words = printable(self.language.words(figure.alt)).replace("\\", "\\\\").replace('"', '\\"')
        return f'![{caption}]({figure.source}){{alt="{words}"{size}}}'


class Word(Pandoc):
    """For Word: equations are rows of a table, for other readers of its files know no alignment in a formula, and break none."""

    line_width = 41.0
    """Ems of a line of a page."""

    def framed(self, rows: tuple[Formula, ...]) -> str:
        """A table with the mark by which `office` finds the one that has a frame."""
        return self.rows((replace(rows[0], anchor=FRAMED), *rows[1:]))

    def rows(self, rows: tuple[Formula, ...]) -> str:
        note = max(_WORD * len(self.language.words(row.note)) if row.note else 0.0 for row in rows) + 1.0
        cells = []
        for row in rows:
            first, *rest = self.broken(row.formula, self.line_width - note)
            cells += [[self.anchored(row.anchor) + first, self.line(row.note)], *([more, ""] for more in rest)]
        return columns(["", ""], cells, "ll", (self.line_width - note, note))

    def broken(self, formula: Node, room: float) -> list[str]:
        """A formula in lines that fit, each with all partners of its brackets; those after the first are indented."""
        left, right = split(formula)
        room -= _MARGIN + (width(left) if right is not None else 0.0)
        first, *rest = found if len(found := lines(right or formula, room)) == 1 else map(balanced, found)
        begins = self.spell(first) if right is None else f"{self.spell(left)} {self.spell(first)}"
        return [f"${begins}$", *(f"{INDENT}${self.spell(more)}$" for more in rest)]

    def _beside(self, formula: Node, room: float) -> list[str]:
        """Formulas side by side, as many as a line holds, each by itself: readers lose the room within a formula."""
        found: list[str] = []
        left = 0.0
        for one in set_apart(formula):
            broken, needs = self.broken(one, room), width(one) + _GAP
            if len(broken) == 1 and found and needs <= left:
                found[-1] += f",&emsp;{broken[0]}"
                left -= needs
            else:
                found += broken
                left = room - _MARGIN - width(one) if len(broken) == 1 else 0.0
        return found

    def step(self, step: StepBlock, title: str, number: str) -> str:
        head = f"### {self.anchored(step.anchor)}{title}{self.shaped(step)}"  # a heading stays with what follows it
        labels = [(self.line(part.label), part.formulas) for part in step.parts]
        cells = [
            [label if k == 0 else "", line]
            for label, formulas in labels
            for k, line in enumerate(line for shown in formulas for line in self._beside(shown, self.line_width - _LABEL))
        ]
        shown = [columns(["", ""], cells, "ll", (_LABEL, self.line_width - _LABEL))] if cells else []
        return "\n\n".join([head, *shown, *self.source(step), *self.lines(step.sentences)])

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        least = [1.2 * max(map(len, title.split()), default=0) for title in head]  # of titles, which are strong
        cells = [max((6 if "$" in cell else len(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
        widths = [1.6 + _WORD * max(sizes) for sizes in zip(least, cells or least, strict=True)]
        table = columns(head, rows, sides, widths)
        return f"{table}\n\n*{caption}*" if caption else table


class Book(Word):
    """For EPUB: the same on the narrow pages of those who read it."""

    line_width = 29.0
    framed = Pandoc.framed


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], sides: str, widths: Sequence[float]) -> str:
    """A table whose columns are as wide, one to another, as is said; without a head where nothing stands in it."""
    ends = {"l": (":", ""), "c": (":", ":"), "r": ("", ":")}
    unit = max(_RULE / sum(widths), 3.0)  # a rule that is longer than a line makes pandoc look at its parts
    rules = [("-" * max(round(unit * size), 3)).join(ends[side]) for side, size in zip(sides, widths, strict=True)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *rows))
