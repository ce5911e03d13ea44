"""The document: what a report says, block by block, before any format.

Formulas are trees; all other text is plain, and is escaped where it is written. Any room above may put blocks together; the one
walk over them is `documents.writer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

from symbackprop.formulas import told
from symbackprop.formulas.tree import Node

if TYPE_CHECKING:
    from symbackprop.pictures.picture import Page, Picture

Tone = Literal["", "value", "gradient", "result", "good", "bad"]
"""Why something is coloured: a forward value, a gradient, what a step comes to, what is right, what is wrong."""


@dataclass(frozen=True)
class Math:
    """A formula in running text or in a cell."""

    formula: Node
    tone: Tone = ""


@dataclass(frozen=True)
class Span:
    """A piece of text set apart: by colour with its reason, as code, or as strong."""

    text: str | told.Told
    tone: Tone = ""
    style: Literal["", "code", "strong"] = ""


@dataclass(frozen=True)
class Link:
    """A reference to the block of this document that has the anchor."""

    text: str | told.Told
    anchor: str


Piece = str | Math | Span | Link
Inline = Piece | told.Told | told.Opening | told.Formula
Content = Inline | tuple[Inline, ...]
"""What a line of text holds: one piece or several, without separators between them.

Words that are ours are told (`formulas.told`), so that they can be said in every language; a string is shown as it is.
"""


@dataclass(frozen=True)
class Section:
    """A heading; what follows it belongs to it. Levels are 1, 2, 3, numbered 1, 1.2, 1.2.3."""

    heading: Content
    level: int = 1
    anchor: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    content: Content


@dataclass(frozen=True)
class Bullets:
    """Short statements below each other; a page folds away those that have a name of their own, `above`."""

    items: tuple[Content, ...]
    above: Content = ""


@dataclass(frozen=True)
class Formula:
    """A displayed equation with a note at its right, such as its shape or the reason why it stands; label: its name in papers."""

    formula: Node
    note: Content = ""
    anchor: str = ""
    tone: Tone = ""
    label: str = ""


@dataclass(frozen=True)
class FormulaRows:
    """Displayed equations, aligned at their first relation.

    above   what they are, behind which a page folds them.
    framed  whether they are the result, which is seen first.
    """

    rows: tuple[Formula, ...]
    above: Content = ""
    framed: bool = False


Formulas = tuple[Node, ...]
"""The matrix form and the index form, or one line for each branch."""


@dataclass(frozen=True)
class Part:
    """What a step says under one label, such as its local derivative; a page folds away what is `folded`."""

    label: Content
    formulas: Formulas
    tone: Tone = ""
    folded: bool = False


@dataclass(frozen=True)
class StepBlock:
    """One step of a derivation: for the chain rule, the rule as a sentence, its two factors, their product.

    title: what the step goes through; parts: its formulas; shape: the result's, such as h × d; sentences: what the gate
    does, and anything else to know; tone: "good" or "bad" where the step was judged; source: the text that it was written as.
    """

    title: Content
    parts: tuple[Part, ...] = ()
    shape: Content = ""
    sentences: tuple[Content, ...] = ()
    anchor: str = ""
    tone: Tone = ""
    source: str = ""


@dataclass(frozen=True)
class Table:
    """headers and cells are content; align has one of l, c, r for each column (all l where it is empty); name: "check" of that."""

    headers: tuple[Content, ...]
    rows: tuple[tuple[Content, ...], ...]
    align: str = ""
    caption: Content = ""
    name: str = ""

    def __post_init__(self) -> None:
        columns = len(self.headers)
        for number, row in enumerate(self.rows, 1):
            if len(row) != columns:
                raise ValueError(f"table: row {number} has {len(row)} cells, the header has {columns}")
        if self.align and (len(self.align) != columns or set(self.align) - set("lcr")):
            raise ValueError(f"table: align {self.align!r} needs one of l, c, r for each of the {columns} columns")


@dataclass(frozen=True)
class Figure:
    """A picture; `draw` gives it as it fits a page, where the format holds it; alt: in words what it shows.

    source  its file, and how many inches wide that is on paper; 0: as the format has it.
    """

    draw: Callable[[Page], Picture]
    caption: Content
    alt: Content
    source: str = ""
    inches: float = 0.0


@dataclass(frozen=True)
class Code:
    """Program text, shown as it is."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Note:
    """Something set apart from the text: to know, to beware of, found right, found wrong. Without a label the kind's own stands."""

    content: Content
    kind: Literal["info", "warning", "good", "bad"] = "info"
    label: Content = ""


Block = Section | Paragraph | Bullets | Formula | FormulaRows | StepBlock | Table | Figure | Code | Note


@dataclass(frozen=True)
class Document:
    """A report: its title and its blocks in reading order.

    lang    the code of the language that its sentences are written in.
    code    the Python that makes it, for formats that hold it: "derive", "draw", "check", "descend" -> a cell.
    column  how many points wide the column of another document is that takes it in, for formats that are taken in.
    """

    title: Content
    blocks: tuple[Block, ...]
    lang: str = "en"
    column: float | None = None
    code: Mapping[str, str] = field(default_factory=dict)


def in_files(document: Document) -> Document:
    """The document without the pictures that no file holds, each with the section that has nothing else."""
    blocks: list[Block] = []
    for block, following in zip_longest(document.blocks, document.blocks[1:]):
        if not isinstance(block, Figure) or block.source:
            blocks.append(block)
        elif isinstance(following, Section | None) and isinstance(blocks[-1] if blocks else None, Section):
            blocks.pop()
    return replace(document, blocks=tuple(blocks))
