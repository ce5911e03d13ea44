"""Document -> Markdown with formulas between dollar signs, as GitHub and notebooks read it."""

import re
from collections.abc import Callable
from functools import lru_cache

from symbackprop.documents.document import (
    STEP_PARTS,
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
    Section,
    Span,
    StepBlock,
    Table,
    anchor_id,
    numbers,
    pieces,
    printable,
    section_anchor,
)
from symbackprop.formulas.latex import latex
from symbackprop.formulas.tree import Node

# Markdown reads some characters of a formula before the formula's reader does; GitHub refuses \operatorname.
_SPELLING = {
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\|": r"\Vert ",
    "|": r"\vert ",
    "<": r"\lt ",
    ">": r"\gt ",
    "*": r"\ast ",
    r"\,": r"\thinspace ",
    r"\:": r"\medspace ",
    r"\;": r"\thickspace ",
    r"\!": r"\negthinspace ",
    r"\ ": r"\enspace ",
    r"\\": r"\cr ",
    r"\operatorname": r"\mathrm",
}
_SPECIAL = re.compile(r"[\\`*_\[\]|<~$&]|:(?=//)|^[#+\-=>]")
_NUMBERED = re.compile(r"^(\d+)([.)])")


def write_markdown(document: Document) -> str:
    """The document as Markdown; a figure is an image where it names its file, its caption otherwise."""
    blocks = [f"# {line(document.title)}"]
    for block, number in zip(document.blocks, numbers(document), strict=True):
        blocks.append(_section(block, number) if isinstance(block, Section) else _WRITERS[type(block)](block))
    return "\n\n".join(block for block in blocks if block) + "\n"


def escape(text: str) -> str:
    """The text so that Markdown shows it as it is."""
    return _NUMBERED.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", " ".join(printable(text).split())))


def line(content: Content) -> str:
    """The content as one line of Markdown."""
    parts = []
    for place, piece in enumerate(pieces(content)):
        if isinstance(piece, str):
            # The spaces at the edges belong to the sentence, not to the formula beside it.
            text = printable(piece)
            left = " " if place and text[:1].isspace() else ""
            parts.append(left + escape(text) + (" " if text.strip() and text[-1:].isspace() else ""))
        elif isinstance(piece, Math):
            parts.append(f"${_spell(piece.formula)}$")
        elif isinstance(piece, Link):
            parts.append(f"[{escape(piece.text)}](#{anchor_id(piece.anchor)})")
        else:
            parts.append(_span(piece))
    return "".join(parts).strip()


def _span(span: Span) -> str:
    if span.style == "code":
        return _code_span(span.text)
    text = escape(span.text)
    return f"**{text}**" if text and (span.style == "strong" or span.tone == "bad") else text


def _code_span(text: str) -> str:
    """A code span is closed by as many backticks as open it, so it opens with more than the text has in a row."""
    text = " ".join(printable(text).split())
    if not text:
        return ""
    if "|" in text:  # it would end a table's cell, and between backticks nothing can be escaped
        return f"<code>{escape(text)}</code>"
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{edge}{text}{edge}{fence}"


@lru_cache(maxsize=4096)
def _spell(node: Node) -> str:
    return " ".join(latex(node, _SPELLING).split())


def _anchor(anchor: str) -> str:
    return f'<a id="{anchor_id(anchor)}"></a>\n\n' if anchor else ""


def _section(block: Section, number: str) -> str:
    anchor = _anchor(section_anchor(block, number))
    return f"{anchor}{'#' * (number.count('.') + 2)} {number} {line(block.heading)}"


def _display(node: Node, note: str = "") -> str:
    return f"$$\n{_spell(node)}\n$$" + (f"\n\n{note}" if note else "")


def _paragraph(block: Paragraph) -> str:
    return line(block.content)


def _bullets(block: Bullets) -> str:
    return "\n".join(f"- {line(item)}" for item in block.items)


def _formula(block: Formula) -> str:
    return _anchor(block.anchor) + _display(block.formula, line(block.note))


def _rows(block: FormulaRows) -> str:
    return "\n\n".join(map(_formula, block.rows))


def _step(block: StepBlock) -> str:
    shape = f" — shape {escape(block.shape)}" if block.shape else ""
    parts = [f"{_anchor(block.anchor)}**{line(block.title)}**{shape}"]
    for label, field in STEP_PARTS:
        shown = getattr(block, field)
        if shown:
            parts += [f"{label}:", *map(_display, shown)]
    parts += [line(sentence) for sentence in (block.pattern, block.note)]
    return "\n\n".join(part for part in parts if part)


def _table(block: Table) -> str:
    rules = {"l": ":---", "c": ":---:", "r": "---:"}
    align = block.align or "l" * len(block.headers)
    rows = [[line(cell) for cell in row] for row in (block.headers, *block.rows)]
    rows.insert(1, [rules[side] for side in align])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    caption = line(block.caption)
    return f"{table}\n\n*{caption}*" if caption else table


def _figure(block: Figure) -> str:
    caption = line(block.caption)
    if not block.source:
        return f"*Figure: {caption}*"
    target = printable(block.source).replace("\\", "/").replace("%", "%25").replace(" ", "%20").replace("\n", "%0A")
    target = target.replace("<", "%3C").replace(">", "%3E").replace("(", "%28").replace(")", "%29")
    return f"![{escape(block.alt)}]({target})\n\n*{caption}*"


def _code(block: Code) -> str:
    text = printable(block.text).rstrip("\n")
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    language = "".join(char for char in block.language if char.isalnum())
    return f"{fence}{language}\n{text}\n{fence}"


def _note(block: Note) -> str:
    return f"> **{'Warning' if block.kind == 'warning' else 'Note'}:** {line(block.content)}"


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
