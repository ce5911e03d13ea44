"""A report as data: plain dicts, lists and texts, which JSON holds. Each formula is told as LaTeX and as MathML."""

from __future__ import annotations

import json
from typing import Any, assert_never

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
from symbackprop.documents.languages import Language, language
from symbackprop.documents.writer import LABELS, anchor_id, numbers, printable
from symbackprop.formulas.latex import latex
from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.tree import Node
from symbackprop.pictures.picture import SCREEN

Data = dict[str, Any]


def write_json(document: Document) -> str:
    """The report as JSON: title, lang and blocks, each with its "kind"."""
    return json.dumps(data(document), ensure_ascii=False, indent=1) + "\n"


def data(document: Document) -> Data:
    """The report as data.

    Returns {"title", "lang", "blocks"}. A block has its "kind" and what `documents.document` says of it, in the language of the
    report. Text with formulas in it is a list of pieces: texts, {"latex", "mathml"} for a formula, {"text", "to"} for a reference.
    """
    walk = _Walk(language(document.lang))
    placed = zip(document.blocks, numbers(document), strict=True)
    blocks = [walk.block(walk.language.block(block), number) for block, number in placed]
    return {"title": walk.content(document.title), "lang": document.lang, "blocks": blocks}


def formula_data(formula: Node) -> Data:
    """A formula as LaTeX and as a <math> element."""
    return {"latex": latex(formula), "mathml": mathml(formula, display=True)}


class _Walk:
    """One walk over the blocks of a report in a language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def block(self, block: Block, number: str) -> Data:
        match block:
            case Section(heading, level, anchor):
                about = {"heading": self.content(heading), "level": level, "number": number}
                return {"kind": "section", **about, "anchor": anchor_id(anchor or f"section-{number}")}
            case Paragraph(content):
                return {"kind": "paragraph", "text": self.content(content)}
            case Bullets(items, above):
                return {"kind": "bullets", "above": self.content(above), "items": [self.content(item) for item in items]}
            case Formula():
                return {"kind": "formulas", "rows": [self.row(block)]}
            case FormulaRows(rows, above, framed):
                shown = [self.row(row) for row in rows]
                return {"kind": "formulas", "above": self.content(above), "framed": framed, "rows": shown}
            case StepBlock():
                return self.step(block)
            case Table(headers, rows, align, caption):
                cells = [[self.content(cell) for cell in row] for row in (headers, *rows)]
                about = {"align": align or "l" * len(headers), "caption": self.content(caption)}
                return {"kind": "table", "headers": cells[0], "rows": cells[1:], **about}
            case Figure(draw, caption, alt):
                from symbackprop.pictures.canvas import svg  # fonts are read where something is drawn

                about = {"caption": self.content(caption), "alt": printable(self.language.words(alt))}
                return {"kind": "figure", **about, "svg": svg(draw(SCREEN))}
            case Code(text, programming):
                return {"kind": "code", "text": printable(text), "language": printable(programming)}
            case Note(content, tone, label):
                return {"kind": "note", "tone": tone, "label": self.content(label or LABELS[tone]), "text": self.content(content)}
        assert_never(block)

    def row(self, row: Formula) -> Data:
        named = {"label": row.label} if row.label else {}
        return {**named, **formula_data(row.formula), "note": self.content(row.note), "tone": row.tone}

    def step(self, step: StepBlock) -> Data:
        parts = [
            {
                "label": self.content(part.label),
                "formulas": [formula_data(shown) for shown in part.formulas],
                "tone": part.tone,
                "folded": part.folded,
            }
            for part in step.parts
        ]
        about = {"title": self.content(step.title), "shape": self.content(step.shape), "parts": parts}
        said = [self.content(sentence) for sentence in step.sentences if sentence]
        ends = {"anchor": anchor_id(step.anchor), "tone": step.tone, "source": printable(step.source)}
        return {"kind": "step", **about, "sentences": said, **ends}

    def content(self, content: Content) -> list[Any]:
        """A line as its pieces, neighbouring texts as one."""
        found: list[Any] = []
        for piece in map(self.piece, self.language.pieces(content)):
            if isinstance(piece, str) and found and isinstance(found[-1], str):
                found[-1] += piece
            else:
                found.append(piece)
        return found

    def piece(self, piece: Piece) -> Any:
        match piece:
            case str(text):
                return printable(text)
            case Math(formula):
                return formula_data(formula)
            case Span(text):
                return printable(str(text))
            case Link(text, anchor):
                return {"text": printable(str(text)), "to": anchor_id(anchor)}
        assert_never(piece)
