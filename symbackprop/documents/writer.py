"""One walk over the blocks of a document. A format is its leaves: how a heading, a formula, a step, a table is spelt in it."""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import assert_never

from symbackprop.documents.document import (
    Block,
    Bullets,
    Code,
    Content,
    Document,
    Figure,
    Formula,
    FormulaRows,
    Link,
    Math,
    Note,
    Paragraph,
    Piece,
    Section,
    Span,
    StepBlock,
    Table,
)
from symbackprop.documents.languages import ENGLISH, Language, language
from symbackprop.formulas.told import Told
from symbackprop.formulas.tree import Node

LABELS = {"info": Told("Note"), "warning": Told("Warning"), "good": Told("Right"), "bad": Told("Wrong")}
_MARKS = {"good": "✓ ", "bad": "✗ "}


class Writer(ABC):
    """A format. The leaves receive what they hold as it is spelt already, and every text `printable`, not yet escaped."""

    gap = "\n\n"
    """What stands between two blocks."""
    coloured = False
    """Whether tones are seen as colours; where they are not, words that are bad are strong."""

    def __init__(self, language: Language = ENGLISH) -> None:
        self.language = language

    @classmethod
    def write(cls, document: Document) -> str:
        """The document as a whole file, in its language."""
        self = cls(language(document.lang))
        document = self.arranged(document)
        placed = zip(document.blocks, numbers(document), strict=True)
        written = [self.block(self.language.block(block), number, place) for place, (block, number) in enumerate(placed)]
        return self.page(document, self.gap.join(filter(None, written)))

    def arranged(self, document: Document) -> Document:
        """The document as the format has its parts."""
        return document

    def block(self, block: Block, number: str, place: int) -> str:
        """One block, `place` in the document, in the section that has the number."""
        match block:
            case Section(heading, _, anchor):
                return self.section(heading, number, anchor_id(anchor or f"section-{number}"))
            case Paragraph(content):
                return self.paragraph(self.line(content))
            case Bullets(items, above):
                listed = [self.line(item) for item in items]
                return self.aside(self.line(above), listed) if above else self.bullets(listed)
            case Formula():
                return self.rows((block,))
            case FormulaRows(rows, "", framed):
                return self.framed(rows) if framed else self.rows(rows)
            case FormulaRows(rows, above):
                return self.folded(self.line(above), self.rows(rows))
            case StepBlock(title, tone=tone):
                return self.step(block, self.line((_MARKS.get(tone, ""), *self.pieces(title))), number)
            case Table(headers, rows, align, caption):
                cells = [[self.line(cell) for cell in row] for row in (headers, *rows)]
                return self.table(cells[0], cells[1:], align or "l" * len(headers), self.line(caption))
            case Figure(_, caption):
                return self.figure(block, self.line(caption), place)
            case Code(text, language):
                return self.code(printable(text).rstrip("\n"), language)
            case Note(content, kind, label):
                return self.note(self.line(label or LABELS[kind]), self.line(content), kind)
        assert_never(block)

    def line(self, content: Content) -> str:
        """The content as one line."""
        return "".join(map(self._inline, self.pieces(content)))

    def lines(self, contents: Iterable[Content]) -> list[str]:
        """The contents that are not empty, a line each."""
        return [line for line in map(self.line, contents) if line]

    def pieces(self, content: Content) -> tuple[Piece, ...]:
        """The content as its pieces in the language of the document, without empty text."""
        return tuple(self.language.pieces(content))

    def _inline(self, piece: Piece) -> str:
        match piece:
            case str(text):
                return self.text(printable(text))
            case Math(formula, tone):
                return self.toned(self.math(formula), tone)
            case Span(text, tone, style):
                shown = printable(str(text))
                written = self.mono(shown) if style == "code" else self.text(shown)
                stands_out = style == "strong" or (tone == "bad" and not self.coloured)
                return self.toned(self.strong(written) if stands_out else written, tone)
            case Link(text, anchor):
                return self.link(self.text(printable(str(text))), anchor_id(anchor))
        assert_never(piece)

    def toned(self, written: str, tone: str) -> str:
        """A piece of a line in the colour of its tone."""
        return written

    def paragraph(self, words: str) -> str:
        """Running text, as it stands unless the format breaks its lines or marks them."""
        return words

    @abstractmethod
    def text(self, text: str) -> str:
        """Words, escaped."""

    @abstractmethod
    def mono(self, text: str) -> str:
        """Words as code, escaped."""

    @abstractmethod
    def strong(self, written: str) -> str:
        """Words that stand out."""

    @abstractmethod
    def link(self, written: str, anchor: str) -> str:
        """Words that lead to a block."""

    @abstractmethod
    def math(self, formula: Node) -> str:
        """A formula in a line."""

    @abstractmethod
    def page(self, document: Document, body: str) -> str:
        """The whole file, with its title."""

    @abstractmethod
    def section(self, heading: Content, number: str, anchor: str) -> str:
        """A heading."""

    @abstractmethod
    def bullets(self, items: list[str]) -> str:
        """A list."""

    @abstractmethod
    def rows(self, rows: tuple[Formula, ...]) -> str:
        """Displayed equations, aligned at their first relation where the format can, with notes at their right."""

    def framed(self, rows: tuple[Formula, ...]) -> str:
        """The same as the result, in a frame where the format has one."""
        return self.rows(rows)

    def folded(self, above: str, written: str) -> str:
        """What stands below a heading of its own."""
        return self.gap.join((self.paragraph(above), written))

    def aside(self, above: str, items: list[str]) -> str:
        """Statements that many readers pass over, below what they are."""
        return self.folded(above, self.bullets(items))

    @abstractmethod
    def step(self, step: StepBlock, title: str, number: str) -> str:
        """A step of a derivation."""

    @abstractmethod
    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        """A table; sides has one of l, c, r for each column."""

    @abstractmethod
    def figure(self, figure: Figure, caption: str, place: int) -> str:
        """A picture."""

    def source(self, step: StepBlock) -> list[str]:
        """The text that a step was written as, where there is one."""
        return [self.code(printable(step.source).rstrip("\n"), "")] if step.source else []

    @abstractmethod
    def code(self, text: str, language: str) -> str:
        """Program text."""

    @abstractmethod
    def note(self, label: str, words: str, kind: str) -> str:
        """A piece set apart."""


def printable(text: str) -> str:
    """The text without what is no character on paper: control codes, lone surrogates, marks that turn its direction.

    Line ends and tabs stay. What is taken out is replaced by U+FFFD, so that it is seen.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in _UNPRINTABLE or char in _JOINERS else "\ufffd" for char in text
    )


_UNPRINTABLE = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
_JOINERS = "\u200c\u200d"


def numbers(document: Document) -> tuple[str, ...]:
    """The number of the section that each block stands in, such as "2.1"; "" before the first."""
    counts = [0, 0, 0]
    found = [""]
    for block in document.blocks:
        if isinstance(block, Section):
            level = min(max(block.level, 1), len(counts))
            counts[level - 1] += 1
            counts[level:] = [0] * (len(counts) - level)
            found.append(".".join(map(str, counts[:level])))
        else:
            found.append(found[-1])
    return tuple(found[1:])


def anchor_id(anchor: str) -> str:
    """The anchor as every format can write it: ASCII letters, digits, hyphens; other characters by their number."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda match: f"_{ord(match.group()):x}_", anchor)
