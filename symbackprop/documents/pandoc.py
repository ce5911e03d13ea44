"""The report as pandoc reads Markdown, for each of the programs that pandoc writes for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symbackprop.documents.document import Content, Document, Figure, Formula, Part, StepBlock
from symbackprop.documents.markdown import Markdown, escape
from symbackprop.documents.writer import anchor_id, printable
from symbackprop.formulas.latex import latex
from symbackprop.formulas.lines import balanced, lines
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Node, set_apart, split
from symbackprop.formulas.widths import width

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
_SLIDE = 7
"""Lines that a slide holds."""


class Pandoc(Markdown):
    r"""Formulas in plain LaTeX, headings from the first level on, anchors behind them."""

    row_end = r"\\"
    has_sheets = False
    """Whether a picture stands on pages of a size: each of its sheets is one then."""

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

    has_sheets = True
    line_width = 41.0
    """Ems of a line of a page."""

    def framed(self, rows: tuple[Formula, ...]) -> str:
        """A table with the mark by which `office` finds the one that has a frame."""
        return self.rows((replace(rows[0], anchor=FRAMED), *rows[1:]))

    def rows(self, rows: tuple[Formula, ...]) -> str:
        note = max(_WORD * len(self.language.words(row.note)) if row.note else 0.0 for row in rows) + 1.0
        cells = []
        for row in rows:
            first, *rest = self._broken(row.formula, self.line_width - note)
            cells += [[self.anchored(row.anchor) + first, self.line(row.note)], *([more, ""] for more in rest)]
        return _columns(["", ""], cells, "ll", (self.line_width - note, note))

    def _broken(self, formula: Node, room: float) -> list[str]:
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
            broken, needs = self._broken(one, room), width(one) + _GAP
            if len(broken) == 1 and found and needs <= left:
                found[-1] += f",&emsp;{broken[0]}"
                left -= needs
            else:
                found += broken
                left = room - _MARGIN - width(one) if len(broken) == 1 else 0.0
        return found

    def step(self, step: StepBlock, title: str, number: str) -> str:
        shape = f" — {self.line(step.shape)}" if step.shape else ""
        head = f"### {self.anchored(step.anchor)}{title}{shape}"  # a heading stays with what follows it
        labels = [(self.line(part.label), part.formulas) for part in step.parts]
        cells = [
            [label if k == 0 else "", line]
            for label, formulas in labels
            for k, line in enumerate(line for shown in formulas for line in self._beside(shown, self.line_width - _LABEL))
        ]
        shown = [_columns(["", ""], cells, "ll", (_LABEL, self.line_width - _LABEL))] if cells else []
        return "\n\n".join([head, *shown, *self.source(step), *self.lines(step.sentences)])

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        least = [1.2 * max(map(len, title.split()), default=0) for title in head]  # of titles, which are strong
        cells = [max((6 if "$" in cell else len(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
        widths = [1.6 + _WORD * max(sizes) for sizes in zip(least, cells or least, strict=True)]
        table = _columns(head, rows, sides, widths)
        return f"{table}\n\n*{caption}*" if caption else table


class Book(Word):
    """For EPUB: the same on the narrow pages of those who read it."""

    line_width = 29.0

    def framed(self, rows: tuple[Formula, ...]) -> str:
        return f'::: {{style="border: 1px solid; padding: 0 .5em"}}\n{self.rows(rows)}\n:::'


class Slides(Pandoc):
    """For slides: each step is one of its own, and what is long goes on on the next.

    PowerPoint's kin show a formula where it stands alone, so those in a line are plain text, and words have a slide of their own.
    """

    def framed(self, rows: tuple[Formula, ...]) -> str:
        return self.rows(rows)  # the slide is its frame

    def math(self, formula: Node) -> str:
        return f"*{escape(plain(formula))}*"

    def rows(self, rows: tuple[Formula, ...]) -> str:
        return self._displays([self._noted(row) for row in rows])

    def bullets(self, items: list[str]) -> str:
        return _NEXT.join("\n".join(f"- {item}" for item in some) for some in _in_slides(items))

    def folded(self, above: str, written: str) -> str:
        return f"# {above}\n\n{written}"

    def step(self, step: StepBlock, title: str, number: str) -> str:
        shape = f" — {self.line(step.shape)}" if step.shape else ""
        shown = [self._displays([one for part in step.parts if not part.folded for one in self._beside_label(part)])]
        said = ["\n\n".join([*self.source(step), *self.lines(step.sentences)])]
        return f"# {self.anchored(step.anchor)}{title}{shape}\n\n{_NEXT.join(filter(None, [*shown, *said]))}"

    def _noted(self, row: Formula) -> str:
        note = self._inside(row.note)
        return self.spell(row.formula) + (rf",\quad {note}" if note else "")

    def _beside_label(self, part: Part) -> Iterator[str]:
        label = self._inside(part.label) or ""
        for place, shown in enumerate(part.formulas):
            yield rf"{label}\colon\quad {self.spell(shown)}" if label and place == 0 else self.spell(shown)

    def _displays(self, shown: list[str]) -> str:
        """Formulas one below the other, as many on a slide as it holds."""
        rows = (" \\\\\n".join(some) for some in _in_slides(shown))
        return _NEXT.join(f"$$\n\\begin{{gathered}}\n{one}\n\\end{{gathered}}\n$$" for one in rows)

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        table = super().table(head, rows, sides, "")
        return f"{table}\n\n: {caption}" if caption else table


_NEXT = "\n\n---\n\n"


def _in_slides(parts: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many parts at a time as a slide holds."""
    for start in range(0, len(parts), _SLIDE):
        yield parts[start : start + _SLIDE]


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]], sides: str, widths: Sequence[float]) -> str:
    """A table whose columns are as wide, one to another, as is said; without a head where nothing stands in it."""
    ends = {"l": (":", ""), "c": (":", ":"), "r": ("", ":")}
    unit = max(_RULE / sum(widths), 3.0)  # a rule that is longer than a line makes pandoc look at its parts
    rules = [("-" * max(round(unit * size), 3)).join(ends[side]) for side, size in zip(sides, widths, strict=True)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *rows))
