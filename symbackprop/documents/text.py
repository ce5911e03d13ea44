"""Document -> plain Unicode text for a terminal."""

import textwrap
import unicodedata
from collections.abc import Callable, Iterator

from symbackprop.documents.document import (
    STEP_PARTS,
    Bullets,
    Code,
    Content,
    Document,
    Figure,
    Formula,
    FormulaRows,
    Math,
    Note,
    Paragraph,
    Section,
    StepBlock,
    Table,
    numbers,
    pieces,
    printable,
)
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import split

INDENT = "    "


def write_text(document: Document, width: int = 88) -> str:
    """The document as lines of at most `width` columns; formulas and tables keep theirs, however long."""
    title = line(document.title)
    blocks = [f"{title}\n{'═' * columns(title)}"]
    for block, number in zip(document.blocks, numbers(document), strict=True):
        blocks.append(_section(block, number) if isinstance(block, Section) else _WRITERS[type(block)](block, width))
    return "\n\n".join(block for block in blocks if block) + "\n"


def line(content: Content) -> str:
    """The content as one line of text."""
    parts = []
    for piece in pieces(content):
        if isinstance(piece, Math):
            parts.append(plain(piece.formula))
        else:
            parts.append(" ".join(printable(piece if isinstance(piece, str) else piece.text).split("\n")))
    return "".join(parts)


def columns(text: str) -> int:
    """The columns a terminal gives the text: two for a wide character, none for a combining mark."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _section(block: Section, number: str) -> str:
    heading = f"{number}  {line(block.heading)}"
    return f"{heading}\n{'─' * columns(heading)}" if block.level < 3 else heading


def _paragraph(block: Paragraph, width: int) -> str:
    return _fill(line(block.content), width)


def _fill(text: str, width: int, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def _bullets(block: Bullets, width: int) -> str:
    return "\n".join(_fill(line(item), width, "  • ", INDENT) for item in block.items)


def _formula(block: Formula, width: int) -> str:
    return _rows(FormulaRows((block,)), width)


def _rows(block: FormulaRows, width: int) -> str:
    del width
    rows = []
    for row in block.rows:
        left, right = split(row.formula)
        rows.append((plain(left) if right else "", plain(right or left), line(row.note)))
    return "\n".join(_aligned(rows))


def _aligned(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    """The rows with their relations below each other and their notes as well."""
    left_width = max((columns(left) for left, _, _ in rows if left), default=0)
    right_width = max((columns(right) for _, right, note in rows if note), default=0)
    for left, right, note in rows:
        formula = f"{_pad(left, left_width, 'r')} {right}" if left else " " * (left_width and left_width + 1) + right
        note = f"{' ' * (right_width - columns(right))}    {note}" if note else ""
        yield f"{INDENT}{formula}{note}".rstrip()


def _pad(text: str, width: int, align: str) -> str:
    gap = width - columns(text)
    left = gap if align == "r" else gap // 2 if align == "c" else 0
    return " " * left + text + " " * (gap - left)


def _step(block: StepBlock, width: int) -> str:
    shape = f"    shape {printable(block.shape)}" if block.shape else ""
    lines = [f"▸ {line(block.title)}{shape}"]
    for label, field in STEP_PARTS:
        for place, shown in enumerate(getattr(block, field)):
            lines.append(f"{INDENT}{label if place == 0 else '':<18}{plain(shown)}")
    lines += [_fill(line(sentence), width, INDENT, INDENT) for sentence in (block.pattern, block.note) if line(sentence)]
    return "\n".join(lines)


def _table(block: Table, width: int) -> str:
    del width
    align = block.align or "l" * len(block.headers)
    rows = [[line(cell) for cell in row] for row in (block.headers, *block.rows)]
    widths = [max(columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(_pad, row, widths, align)).rstrip() for row in rows]
    lines.insert(1, "  ".join("─" * each for each in widths))
    return "\n".join([*lines, *([line(block.caption)] if line(block.caption) else [])])


def _figure(block: Figure, width: int) -> str:
    place = f" (see {printable(block.source)})" if block.source else ""
    return _fill(f"[Figure: {line(block.caption)}{place}]", width)


def _code(block: Code, width: int) -> str:
    del width
    return textwrap.indent(printable(block.text).rstrip("\n"), INDENT)


def _note(block: Note, width: int) -> str:
    label = "Warning: " if block.kind == "warning" else "Note: "
    return _fill(label + line(block.content), width, "", " " * len(label))


_WRITERS: dict[type, Callable[..., str]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    Formula: _formula,
    FormulaRows: _rows,
    StepBlock: _step,
    Table: _table,
    Figure: _figure,
    Code: _code,
    Note: _note,
}
