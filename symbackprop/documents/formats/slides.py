"""The report as slides: each step is one of its own, and what a slide cannot hold goes on on the next, below the same title.

PowerPoint and its kin show a formula only where it stands alone, so those in a line are plain text, and each displayed one is told
its room by a mark that stands before it: `documents.pptx` puts it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from symbackprop.documents.document import Content, Figure, Formula, StepBlock
from symbackprop.documents.formats.markdown import escape
from symbackprop.documents.formats.pandoc import Pandoc, columns
from symbackprop.documents.formats.text import Text
from symbackprop.formulas import build as f
from symbackprop.formulas.lines import INDENT, balanced, lines
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Node, set_apart, split
from symbackprop.formulas.widths import height, width
from symbackprop.pictures.picture import SLIDES

LABEL, FORMULA, NOTE = 8.5, 26.5, 9.5
"""Ems of the columns of a slide: what stands before a formula, its own room beside a label or a note, what stands behind it."""
ROOM = 16.2
"""Ems from the top of what is below a title to the end of a slide."""
BETWEEN = 0.45
"""Ems between two formulas."""
_APART = 2.0
"""Ems between formulas side by side."""
LINE = 1.35
"""Ems of a line of words."""
LETTERS = 70
"""Letters of a line of words."""
_ROWS = 9
"""Rows of a table that a slide holds."""
_MARK, _NEXT, _END = "\ue000", "\ue001", "\ue002"  # signs for private use


@dataclass(frozen=True)
class Room:
    """Where a formula stands.

    label, note       what stands before it and behind it.
    left, wide, tall  how far right it begins, and its size, in ems.
    row, ends         how tall its row is, and how far below this one the next formula stands: 0 where it stands beside it.
    says              the formula in words.
    """

    label: str
    note: str
    left: float
    wide: float
    tall: float
    row: float
    ends: float
    says: str

    def mark(self) -> str:
        """The room as text that no reader sees."""
        sizes = (f"{number:.2f}" for number in (self.left, self.wide, self.tall, self.row, self.ends))
        return _MARK + _NEXT.join((self.label, self.note, *sizes, self.says)) + _END


def read_mark(text: str) -> Room | None:
    """The room that a text tells; None where it is no mark."""
    found = re.search(f"{_MARK}(.*){_END}", text, re.DOTALL)
    if found is None:
        return None
    label, note, *sizes, says = found[1].split(_NEXT)
    return Room(label, note, *map(float, sizes), says)  # type: ignore[arg-type]


def rows_of(words: str) -> int:
    """The lines that words take on a slide."""
    return max(ceil(len(words) / LETTERS), 1)


def _beside(formulas: Iterable[Node], room: float) -> list[list[Node]]:
    """As many formulas side by side as there is room for."""
    rows: list[list[Node]] = []
    left = 0.0
    for one in formulas:
        left -= width(one) + _APART
        if not rows or left < 0.0:
            rows.append([])
            left = room - width(one)
        rows[-1].append(one)
    return rows


class Slides(Pandoc):
    """For slides."""

    pages = SLIDES
    sized = False
    _title, _room = "", ROOM  # of the slide that is being filled

    def section(self, heading: Content, number: str, anchor: str) -> str:
        return self._begun(f"{number} {self.line(heading)}", f" {{#{anchor}}}")

    def _begun(self, title: str, anchor: str = "") -> str:
        self._title, self._room = title, ROOM
        return f"# {title}{anchor}"

    def _filled(self, parts: Iterable[tuple[float, str]]) -> str:
        """Parts of heights below what is there, on as many slides as they take."""
        found: list[str] = []
        for tall, written in parts:
            if tall > self._room and self._room < ROOM:
                found.append(self._begun(self._title))
            found.append(written)
            self._room -= tall
        return "\n\n".join(found)

    def math(self, formula: Node) -> str:
        return f"*{escape(plain(formula))}*"

    def paragraph(self, words: str) -> str:
        return self._filled([(LINE * rows_of(words), words)])

    def bullets(self, items: list[str]) -> str:
        return self._filled((LINE * rows_of(item), f"- {item}") for item in items)

    def folded(self, above: str, written: str) -> str:
        title, _, rest = written.partition("\n\n") if written.startswith("# ") else ("", "", written)
        return "\n\n".join(filter(None, (title, above, rest)))

    def aside(self, above: str, items: list[str]) -> str:
        return f"{self._begun(above)}\n\n{self.bullets(items)}"

    def note(self, label: str, words: str, kind: str) -> str:
        return self.paragraph(f"{self.strong(label)}: {words}")

    def framed(self, rows: tuple[Formula, ...]) -> str:
        return self.rows(rows)  # the slide is its frame

    def rows(self, rows: tuple[Formula, ...]) -> str:
        words, room = Text(self.language), LABEL + FORMULA
        notes = [words.line(row.note) for row in rows]
        room -= NOTE if any(notes) else 0.0
        return self._filled(x for row, note in zip(rows, notes, strict=True) for x in self._shown(row.formula, "", note, 0.0, room))

    def step(self, step: StepBlock, title: str, number: str) -> str:
        shape = f" — {self.line(step.shape)}" if step.shape else ""
        begun = self._begun(f"{self.anchored(step.anchor)}{title}{shape}")
        self._title = f"{title}{shape}"
        said = [(LINE * rows_of(words), words) for words in (*self.source(step), *self.lines(step.sentences))]
        return f"{begun}\n\n{self._filled([*self._parts(step), *said])}"

    def _parts(self, step: StepBlock) -> Iterator[tuple[float, str]]:
        """The formulas of a step, the first of each part beside its label."""
        words = Text(self.language)
        for part in step.parts:
            label = words.line(part.label)
            shown = [one for formula in part.formulas if not part.folded for one in set_apart(formula)]
            for row in _beside(shown, FORMULA):
                yield from self._row(row, label, LABEL) if len(row) > 1 else self._shown(row[0], label, "", LABEL, FORMULA)
                label = ""

    def _shown(self, formula: Node, label: str, note: str, begin: float, room: float) -> Iterator[tuple[float, str]]:
        """A formula in lines, each with its room, which begins so far right."""
        left, right = split(formula)
        used = width(left) if right is not None else 0.0
        first, *rest = map(balanced, lines(right or formula, room - used))
        whole = [f.beside(left, first) if right is not None else first, *rest]
        for place, line in enumerate(whole):
            tall = height(line)
            here = (label, note, begin) if place == 0 else ("", "", begin + INDENT)
            yield tall + BETWEEN, self._marked(Room(*here, width(line), tall, tall, tall + BETWEEN, plain(line)), line)

    def _row(self, formulas: Sequence[Node], label: str, begin: float) -> Iterator[tuple[float, str]]:
        """Formulas side by side."""
        row, found = max(map(height, formulas)), list[str]()
        for one in formulas:
            ends = row + BETWEEN if one is formulas[-1] else 0.0
            found.append(self._marked(Room(label, "", begin, width(one), height(one), row, ends, plain(one)), one))
            label, begin = "", begin + width(one) + _APART
        yield row + BETWEEN, "\n\n".join(found)

    def _marked(self, room: Room, formula: Node) -> str:
        return f"{escape(room.mark())}\n\n$$\n{self.spell(formula)}\n$$"

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        begun = [] if self._room == ROOM else [self._begun(self._title)]
        self._room = 0.0
        shown = super().figure(figure, caption, place)  # a picture without a caption has words, and one with a caption has that
        return "\n\n".join([*begun, shown.partition("{alt=")[0] if caption else shown])

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        found: list[str] = []
        for start in range(0, len(rows) or 1, _ROWS):
            found += [] if self._room == ROOM else [self._begun(self._title)]
            wide = [2.0 + max(map(len, column)) for column in zip(head, *rows, strict=True)]
            found.append(columns(head, rows[start : start + _ROWS], sides, wide))
            self._room = 0.0
        return "\n\n".join([*found, *([f": {caption}"] if caption else [])])
