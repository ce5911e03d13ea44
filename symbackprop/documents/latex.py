"""Document -> a LaTeX article that compiles with pdflatex and the packages of a basic TeX."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

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
from symbackprop.formulas.plain import plain
from symbackprop.formulas.symbols import CHARACTERS, SYMBOLS
from symbackprop.formulas.tree import Node, split

# \fit shrinks what is wider than the page to its width; all else keeps its size.
_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage{amsmath,amssymb,booktabs,graphicx}
\usepackage[hidelinks]{hyperref}
\renewcommand{\labelitemi}{$\bullet$}
\newcommand{\fit}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{#1}}
\setlength{\textwidth}{160mm}\setlength{\oddsidemargin}{0mm}\setlength{\evensidemargin}{0mm}
\setlength{\textheight}{235mm}\setlength{\topmargin}{-12mm}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\setlength{\emergencystretch}{3em}
"""

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "_": r"\_",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\char18{}",
    '"': r"\char`\"{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "…": r"\ldots{}",
    "\u00a0": "~",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
    "§": r"\S{}",
    "©": r"\copyright{}",
    "•": r"\ensuremath{\bullet}",
    "[": "{[}",
    "]": "{]}",
}
_MARKS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0308": '"',
    "\u0304": "=",
    "\u0307": ".",
    "\u030c": "v ",
    "\u0306": "u ",
    "\u030b": "H ",
    "\u030a": "r ",
    "\u0327": "c ",
    "\u0323": "d ",
}
_MACRO_OF = (
    {char: f"\\{name}" for name, (char, kind) in SYMBOLS.items() if not char.isascii() and kind not in ("limit", "function")}
    | {char: name for name, (char, _) in CHARACTERS.items() if not char.isascii()}
    | {"·": r"\cdot", "²": "^{2}", "³": "^{3}", "¹": "^{1}", "⁻": "^{-}", "°": r"^{\circ}", "√": r"\surd", "✓": r"\surd"}
)

_Item = TypeVar("_Item")

ROWS_TOGETHER = 12
"""Rows of equations in one piece: a piece is not broken over pages."""

TABLE_ROWS = 35
"""Rows of a table on one page."""


def write_latex(document: Document) -> str:
    """The document as a complete .tex file in ASCII; a figure is its caption and the name of its file."""
    blocks = [
        _section(block, number) if isinstance(block, Section) else _WRITERS[type(block)](block)
        for block, number in zip(document.blocks, numbers(document), strict=True)
    ]
    contents = "\\tableofcontents\n" if sum(isinstance(block, Section) for block in document.blocks) > 6 else ""
    title = f"\\begin{{center}}\\LARGE {line(document.title)}\\end{{center}}"
    return (
        f"{_PREAMBLE}\\begin{{document}}\n{title}\n{contents}\n"
        + "\n\n".join(block for block in blocks if block)
        + "\n\n\\end{document}\n"
    )


def escape(text: str) -> str:
    """The text so that TeX prints it as it is, in ASCII; a character that TeX's fonts lack is named by its number."""
    escaped = "".join(map(_character, unicodedata.normalize("NFC", " ".join(printable(text).split("\n")))))
    # TeX joins two hyphens to a dash and two apostrophes to a quotation mark.
    return escaped.replace("--", "-{}-").replace("--", "-{}-").replace("''", "'{}'").replace("''", "'{}'")


@lru_cache(maxsize=1024)
def _character(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isascii():
        return " " if char == "\t" else char
    if char in _MACRO_OF:
        return f"\\ensuremath{{{_MACRO_OF[char]}}}"
    base, *marks = unicodedata.normalize("NFD", char)
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in _MARKS:
        return f"\\{_MARKS[marks[0]]}{{{base}}}"
    return f"{{[}}U+{ord(char):04X}{{]}}"


@lru_cache(maxsize=4096)
def formula(node: Node) -> str:
    """The formula in ASCII."""
    return "".join(char if char.isascii() else _in_formula(char) for char in latex(node))


def _in_formula(char: str) -> str:
    return f"{{{_MACRO_OF[char]}}}" if char in _MACRO_OF else f"\\text{{{_character(char)}}}"


def line(content: Content) -> str:
    """The content as one line of LaTeX."""
    parts = []
    for piece in pieces(content):
        if isinstance(piece, str):
            parts.append(escape(piece))
        elif isinstance(piece, Math):
            parts.append(f"${formula(piece.formula)}$")
        elif isinstance(piece, Link):
            parts.append(f"\\hyperlink{{{anchor_id(piece.anchor)}}}{{{escape(piece.text)}}}")
        else:
            parts.append(_span(piece))
    return "".join(parts)


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.style == "code":
        return f"\\texttt{{{text}}}"
    return f"\\textbf{{{text}}}" if span.style == "strong" or span.tone == "bad" else text


def _bookmark(content: Content) -> str:
    """The heading for the PDF's bookmarks, which hold no formulas: only its letters and digits."""
    words = (
        plain(part.formula) if isinstance(part, Math) else part if isinstance(part, str) else part.text for part in pieces(content)
    )
    return " ".join(re.findall(r"[A-Za-z0-9]+", " ".join(words)))


def _anchor(anchor: str) -> str:
    return f"\\hypertarget{{{anchor_id(anchor)}}}{{}}" if anchor else ""


def _section(block: Section, number: str) -> str:
    command = ("section", "subsection", "subsubsection")[number.count(".")]
    heading = f"\\texorpdfstring{{{line(block.heading)}}}{{{_bookmark(block.heading)}}}"
    return f"\\{command}{{{heading}}}{_anchor(section_anchor(block, number))}"


def _paragraph(block: Paragraph) -> str:
    return line(block.content)


def _bullets(block: Bullets) -> str:
    items = "\n".join(f"\\item {line(item)}" for item in block.items)
    return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}" if items else ""


def _formula(block: Formula) -> str:
    return _rows(FormulaRows((block,)))


def _rows(block: FormulaRows) -> str:
    return "\n".join(_display([_row(row) for row in rows]) for rows in _batches(block.rows, ROWS_TOGETHER))


def _row(row: Formula) -> str:
    left, right = split(row.formula)
    note = line(row.note)
    return f"{_anchor(row.anchor)}{formula(left)} &{formula(right) if right else ''}" + (f" && \\text{{{note}}}" if note else "")


def _display(rows: list[str]) -> str:
    body = " \\\\\n".join(rows)
    return f"\\[\\fit{{$\\displaystyle\\begin{{aligned}}\n{body}\n\\end{{aligned}}$}}\\]"


def _batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _step(block: StepBlock) -> str:
    shape = f"\\hfill shape {escape(block.shape)}" if block.shape else ""
    rows = []
    for label, field in STEP_PARTS:
        for place, shown in enumerate(getattr(block, field)):
            words = f"\\text{{{label}}}" if place == 0 else ""
            rows.append(f"&{words} &&{formula(shown)}")
    sentences = [line(sentence) for sentence in (block.pattern, block.note) if line(sentence)]
    return "\n".join(
        [
            f"{_anchor(block.anchor)}\\textbf{{{line(block.title)}}}{shape}\\nopagebreak",
            *([_display(rows)] if rows else []),
            *sentences,
        ]
    )


def _table(block: Table) -> str:
    head = " & ".join(f"\\textbf{{{line(cell)}}}" for cell in block.headers)
    tables = []
    for rows in _batches(block.rows, TABLE_ROWS) if block.rows else [()]:
        lines = "".join(" & ".join(f"{{{line(cell)}}}" for cell in row) + " \\\\\n" for row in rows)
        tables.append(
            f"\\begin{{center}}\\fit{{\\begin{{tabular}}{{{block.align or 'l' * len(block.headers)}}}\n\\toprule\n"
            f"{head} \\\\\n\\midrule\n{lines}\\bottomrule\n\\end{{tabular}}}}\\end{{center}}"
        )
    caption = line(block.caption)
    return "\n".join([*tables, *([f"\\begin{{center}}{caption}\\end{{center}}"] if caption else [])])


def _figure(block: Figure) -> str:
    place = f" The picture is in the file \\texttt{{{escape(block.source)}}}." if block.source else ""
    return f"\\begin{{center}}\\textit{{Figure:}} {line(block.caption)}{place}\\end{{center}}"


def _code(block: Code) -> str:
    lines = printable(block.text).rstrip("\n").expandtabs(4).split("\n")
    # Spaces that all count, and at which a long line may break; the empty box holds those at the line's start.
    spaced = (escape(text).replace(" ", "\\ ") for text in lines)
    return "\\begin{flushleft}\\small\\ttfamily\n" + "\n".join(f"\\mbox{{}}{text}\\\\" for text in spaced) + "\n\\end{flushleft}"


def _note(block: Note) -> str:
    label = "Warning" if block.kind == "warning" else "Note"
    return f"\\begin{{quote}}\\textbf{{{label}:}} {line(block.content)}\\end{{quote}}"


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
