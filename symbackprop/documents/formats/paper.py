"""What formats on paper share: formulas in lines that fit the page, aligned at their relation, with notes at their right."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile, zip_longest
from typing import NamedTuple, assert_never

from symbackprop.documents.document import (
    Block,
    Content,
    Document,
    Figure,
    Formula,
    Inline,
    Link,
    Math,
    Part,
    Piece,
    Section,
    Span,
    StepBlock,
)
from symbackprop.documents.formats.text import columns
from symbackprop.documents.writer import Writer
from symbackprop.formulas import build as f
from symbackprop.formulas import told
from symbackprop.formulas.lines import INDENT, lines
from symbackprop.formulas.tree import Node, set_apart, split
from symbackprop.formulas.widths import width

_LETTER = 0.48  # ems, of running text
_GAP = 2.5  # before a note
_WIDE = 0.4  # of the room: a left side that is wider has a line of its own


class Line(NamedTuple):
    """One line of a display.

    left, right  what stands before the relation, and from the relation on, as they are spelt.
    note         what stands at the right.
    of           the row that the line begins.
    goes_on      whether it goes on with the line above.
    reach        how far the right side comes, in ems; of a note alone, how wide it is.
    far          whether it comes to where the notes of other lines stand.
    """

    left: str
    right: str
    note: str = ""
    of: Formula | None = None
    goes_on: bool = False
    reach: float = 0.0
    far: bool = False


class Paper(Writer):
    """A format with pages of a known width."""

    page_width: float
    """Of a displayed formula, in ems."""
    label_width: float
    """Of the column of a step's labels, in ems."""
    passes_notes = False
    """Whether a line may come to where the notes of others stand, as in a narrow column."""

    @abstractmethod
    def formula(self, formula: Node) -> str:
        """A formula without its delimiters."""

    def arranged(self, document: Document) -> Document:
        """A section that is a picture alone is a picture with its heading before its caption, behind the steps that follow it.

        It would float into one of them from where it stands, for it takes most of a page.
        """
        blocks: list[Block] = []
        held: list[Block] = []
        for place, (block, following) in enumerate(zip_longest(document.blocks, document.blocks[1:])):
            before = blocks[-1] if blocks else None
            alone = isinstance(before, Section) and not before.anchor and (following is None or isinstance(following, Section))
            if isinstance(block, Figure) and isinstance(before, Section) and alone:
                blocks.pop()
                block = replace(block, caption=(*_parts(before.heading), ". ", *_parts(block.caption)))
                if _has_steps(document.blocks[place + 2 :]):
                    held.append(block)
                    continue
            if isinstance(before, StepBlock) and isinstance(block, Section) and block.level == 1:
                blocks += held
                held = []
            blocks.append(block)
        return replace(document, blocks=(*blocks, *held))

    def aside(self, above: str, items: list[str]) -> str:
        """Statements in one paragraph, which takes half the room of a list."""
        return self.run_in(above, " ".join(items))

    @abstractmethod
    def run_in(self, above: str, words: str) -> str:
        """A paragraph in small letters that begins with what it is about."""

    @abstractmethod
    def display(self, rows: Sequence[Line]) -> str:
        """Lines of formulas, aligned before their relation."""

    def rows(self, rows: tuple[Formula, ...]) -> str:
        widths = [content_width(self.pieces(row.note)) for row in rows]
        notes = max(widths, default=0.0)
        whole = self._broken([row.formula for row in rows], self.page_width)
        if self.passes_notes and notes:
            return self.display(list(self._past(rows, whole, [wide + _GAP if wide else 0.0 for wide in widths])))
        beside = self._broken([row.formula for row in rows], self.page_width - notes - _GAP) if notes else whole
        below = notes > self.page_width / 2 or sum(map(len, beside)) > sum(map(len, whole)) + len(rows)
        below |= notes > 0.0 and _reach(whole) <= self.page_width < _reach(beside) + notes + _GAP
        found: list[Line] = []
        for row, (first, *rest) in zip(rows, whole if below else beside, strict=True):
            note = self.line(row.note)
            found += [first._replace(of=row, note="" if below else note), *rest]
            found += [Line("", "", note)] if below and note else []
        return self.display(found)

    def _past(self, rows: tuple[Formula, ...], whole: list[list[Line]], taken: list[float]) -> Iterator[Line]:
        """Each formula in as few lines as it can be, its note beside the first that leaves room for it, or below them all.

        taken   the room that each note takes.
        """
        room = self.page_width - max(taken)
        beside = self._broken([row.formula for row in rows], self.page_width, taken)
        for row, wide, narrow, own in zip(rows, whole, beside, taken, strict=True):
            note = self.line(row.note)
            lines = narrow if len(narrow) == len(wide) else wide
            lines = [lines[0]._replace(of=row), *lines[1:]]
            free = next((k for k, line in enumerate(lines) if line.reach <= self.page_width - own), None)
            for k, line in enumerate(lines):
                yield line._replace(far=line.reach > room, note=note if k == free else "")
            if note and free is None:
                yield Line("", "", note, reach=own)

    def part_lines(self, part: Part) -> list[list[Line]]:
        """The formulas of one part of a step, beside its label, each in its lines."""
        room = self.page_width - self.label_width
        return self._broken([shown for formula in part.formulas for shown in _apart(formula, room)], room)

    def _broken(self, formulas: Sequence[Node], room: float, taken: Sequence[float] = ()) -> list[list[Line]]:
        """Each formula in its lines, all of them aligned; something beside it may have taken some of its room."""
        sides = [_sides(formula, room) for formula in formulas]
        left = max((width(left) for left, _ in sides if left is not None), default=0.0)
        found = []
        for (before, right), less in zip(sides, taken or [0.0] * len(sides), strict=True):
            first, *rest = lines(right, room - left - less)
            begun = Line("" if before is None else self.formula(before), self.formula(first), reach=left + width(first))
            goes_on = (Line("", self.formula(shown), goes_on=True, reach=left + INDENT + width(shown)) for shown in rest)
            found.append([begun, *goes_on])
        return found


def _apart(formula: Node, room: float) -> list[Node]:
    """Formulas side by side that are too wide for a line: as many as each holds, so that none goes on below another."""
    groups: list[list[Node]] = []
    for part in set_apart(formula) if width(formula) > room else (formula,):
        if groups and width(f.side_by_side([*groups[-1], part])) <= room:
            groups[-1].append(part)
        else:
            groups.append([part])
    return [f.side_by_side(group) if len(group) > 1 else group[0] for group in groups]


def _sides(formula: Node, room: float) -> tuple[Node | None, Node]:
    """What stands before the first relation, and the rest; all of it is the rest where it has none, or where the left is wide."""
    left, right = split(formula)
    return (None, formula) if right is None or width(left) > _WIDE * room else (left, right)


def _reach(broken: list[list[Line]]) -> float:
    """How far the widest line comes."""
    return max((line.reach for lines in broken for line in lines), default=0.0)


def _has_steps(blocks: Sequence[Block]) -> bool:
    """Whether a step stands before the next section."""
    section = takewhile(lambda block: not isinstance(block, Section) or block.level > 1, blocks)
    return any(isinstance(block, StepBlock) for block in section)


def _parts(content: Content) -> tuple[Inline, ...]:
    return (content,) if isinstance(content, told.Formula) or not isinstance(content, tuple) else content


def content_width(pieces: Iterable[Piece]) -> float:
    """About how wide a line of text is, in ems."""
    return sum(map(_piece_width, pieces))


def _piece_width(piece: Piece) -> float:
    match piece:
        case str():
            return _LETTER * columns(piece)
        case Math(formula):
            return width(formula)
        case Span(text) | Link(text):
            return _LETTER * columns(str(text))
    assert_never(piece)
