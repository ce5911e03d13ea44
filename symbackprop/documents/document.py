"""The document: what a report says, block by block, before any format.

Formulas are trees, and the writers ask for them as LaTeX, MathML or text; all other text is plain and is escaped by the writers.
A writer is one function, Document -> str; it knows every block and inline of this module and nothing else.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from symbackprop.formulas.tree import Node

Tone = Literal["", "value", "gradient", "good", "bad"]
"""Why something is coloured: a forward value, a gradient, a check that passed, one that failed."""


@dataclass(frozen=True)
class Math:
    """A formula in running text or in a cell."""

    formula: Node
    tone: Tone = ""


@dataclass(frozen=True)
class Span:
    """A piece of text set apart: by colour with its reason, as code, or as strong."""

    text: str
    tone: Tone = ""
    style: Literal["", "code", "strong"] = ""


@dataclass(frozen=True)
class Link:
    """A reference to the block of this document that has the anchor."""

    text: str
    anchor: str


Inline = str | Math | Span | Link
Content = Inline | tuple[Inline, ...]
"""What a line of text holds: one piece or several, without separators between them."""


@dataclass(frozen=True)
class Section:
    """A heading; what follows it belongs to it. Levels are 1, 2, 3; the writers number them 1, 1.2, 1.2.3."""

    heading: Content
    level: int = 1
    anchor: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    content: Content


@dataclass(frozen=True)
class Bullets:
    """Short statements below each other."""

    items: tuple[Content, ...]


@dataclass(frozen=True)
class Formula:
    """A displayed equation with a note at its right, such as its shape or the reason why it stands."""

    formula: Node
    note: Content = ""
    anchor: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class FormulaRows:
    """Displayed equations below each other, aligned at their first relation."""

    rows: tuple[Formula, ...]


Formulas = tuple[Node, ...]
"""The matrix form and the index form, or one line for each branch."""


@dataclass(frozen=True)
class StepBlock:
    """One backward step: the chain rule as a sentence, its two factors, their product.

    title: what the step goes through; rule: dL/dz = dL/da * da/dz; local: the local derivative; upstream: the
    gradient that arrives; result: the product; shape: the result's, such as "(h, d)"; pattern: what the gate does, as
    a sentence; note: anything else to know, such as the subgradient that was chosen. Empty parts are left out.
    """

    title: Content
    rule: Formulas = ()
    local: Formulas = ()
    upstream: Formulas = ()
    result: Formulas = ()
    shape: str = ""
    pattern: Content = ""
    note: Content = ""
    anchor: str = ""


@dataclass(frozen=True)
class Table:
    """headers and cells are content; align has one of l, c, r for each column (all l where it is empty)."""

    headers: tuple[Content, ...]
    rows: tuple[tuple[Content, ...], ...]
    align: str = ""
    caption: Content = ""

    def __post_init__(self) -> None:
        columns = len(self.headers)
        for number, row in enumerate(self.rows, 1):
            if len(row) != columns:
                raise ValueError(f"table: row {number} has {len(row)} cells, the header has {columns}")
        if self.align and (len(self.align) != columns or set(self.align) - set("lcr")):
            raise ValueError(f"table: align {self.align!r} needs one of l, c, r for each of the {columns} columns")


@dataclass(frozen=True)
class Figure:
    """A picture as SVG; alt says in words what it shows; source names its file, for formats that cannot hold it."""

    svg: str
    caption: Content
    alt: str
    source: str = ""


@dataclass(frozen=True)
class Code:
    """Program text, shown as it is."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Note:
    """Something to know, or to beware of, set apart from the text."""

    content: Content
    kind: Literal["info", "warning"] = "info"


Block = Section | Paragraph | Bullets | Formula | FormulaRows | StepBlock | Table | Figure | Code | Note


@dataclass(frozen=True)
class Document:
    """A report: its title and its blocks in reading order."""

    title: Content
    blocks: tuple[Block, ...]


def pieces(content: Content) -> tuple[Inline, ...]:
    """The content as a tuple of its pieces, without empty text."""
    parts = content if isinstance(content, tuple) else (content,)
    return tuple(part for part in parts if part != "")


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
    """The number of each block: "2.1" for a section, "" for any other block."""
    counts = [0, 0, 0]
    found = []
    for block in document.blocks:
        if not isinstance(block, Section):
            found.append("")
            continue
        level = min(max(block.level, 1), len(counts))
        counts[level - 1] += 1
        counts[level:] = [0] * (len(counts) - level)
        found.append(".".join(str(count) for count in counts[:level]))
    return tuple(found)


def section_anchor(section: Section, number: str) -> str:
    """The anchor of a section: its own, or section-1.2 after its number."""
    return section.anchor or f"section-{number}"


def anchor_id(anchor: str) -> str:
    """The anchor as every format can write it: ASCII letters, digits, hyphens; other characters by their number."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda match: f"_{ord(match.group()):x}_", anchor)


STEP_PARTS = (("Chain rule", "rule"), ("Local derivative", "local"), ("Upstream gradient", "upstream"), ("Product", "result"))
"""The parts of a backward step in reading order: their names in the report and their fields."""
