"""A LaTeX article that compiles with pdflatex and the packages of a basic TeX."""

import re
import unicodedata
from functools import lru_cache

from symbackprop.documents.document import Content, Document, Figure, Formula, Section, StepBlock
from symbackprop.documents.text import Text
from symbackprop.documents.writer import Writer, anchor_id, printable
from symbackprop.formulas.latex import latex
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
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "`": r"\char18{}", '"': r"\char`\"{}", "[": "{[}", "]": "{]}", "–": r"\textendash{}", "—": r"\textemdash{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
    "…": r"\ldots{}", "\u00a0": "~", "§": r"\S{}", "©": r"\copyright{}", "•": r"\ensuremath{\bullet}",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
}  # fmt: skip
_MARKS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0304": "=", "\u0307": ".",
    "\u030c": "v ", "\u0306": "u ", "\u030b": "H ", "\u030a": "r ", "\u0327": "c ", "\u0323": "d ",
}  # fmt: skip
_MACRO_OF = (
    {char: f"\\{name}" for name, (char, kind) in SYMBOLS.items() if not char.isascii() and kind not in ("limit", "function")}
    | {char: name for name, (char, _) in CHARACTERS.items() if not char.isascii()}
    | {
        "·": r"\cdot",
        "²": "^{2}",
        "³": "^{3}",
        "¹": "^{1}",
        "⁻": "^{-}",
        "°": r"^{\circ}",
        "√": r"\surd",
        "✓": r"\surd",
        "✗": r"\times",
    }
)

ROWS_TOGETHER = 12
"""Rows of equations in one piece: a piece is not broken over pages."""

TABLE_ROWS = 35
"""Rows of a table on one page."""

CONTENTS_FROM = 7
"""A document with this many sections opens with its table of contents."""


class Latex(Writer):
    """A complete .tex file in ASCII; a figure is its caption and the name of its file."""

    def text(self, text: str) -> str:
        return escape(text)

    def mono(self, text: str) -> str:
        return f"\\texttt{{{escape(text)}}}"

    def strong(self, written: str) -> str:
        return f"\\textbf{{{written}}}"

    def link(self, written: str, anchor: str) -> str:
        return f"\\hyperlink{{{anchor}}}{{{written}}}"

    def math(self, formula: Node) -> str:
        return f"${ascii_latex(formula)}$"

    def page(self, document: Document, body: str) -> str:
        sections = sum(isinstance(block, Section) for block in document.blocks)
        contents = "\\tableofcontents\n" if sections >= CONTENTS_FROM else ""
        title = f"\\begin{{center}}\\LARGE {self.line(document.title)}\\end{{center}}"
        return f"{_PREAMBLE}\\begin{{document}}\n{title}\n{contents}\n{body}\n\n\\end{{document}}\n"

    def section(self, heading: Content, number: str, anchor: str) -> str:
        # A PDF's bookmarks hold no formulas: only the letters and digits of the heading.
        bookmark = " ".join(re.findall(r"[A-Za-z0-9]+", Text().line(heading)))
        command = "sub" * number.count(".") + "section"
        return f"\\{command}{{\\texorpdfstring{{{self.line(heading)}}}{{{bookmark}}}}}{_anchored(anchor)}"

    def bullets(self, items: list[str]) -> str:
        listed = "\n".join(f"\\item {item}" for item in items)
        return f"\\begin{{itemize}}\n{listed}\n\\end{{itemize}}" if listed else ""

    def rows(self, rows: tuple[Formula, ...]) -> str:
        pieces = [rows[start : start + ROWS_TOGETHER] for start in range(0, len(rows), ROWS_TOGETHER)]
        return "\n".join(_display(list(map(self._row, piece))) for piece in pieces)

    def _row(self, row: Formula) -> str:
        left, right = split(row.formula)
        note = self.line(row.note)
        shown = f"{ascii_latex(left)} &{ascii_latex(right) if right else ''}"
        return _anchored(row.anchor) + shown + (f" && \\text{{{note}}}" if note else "")

    def step(self, step: StepBlock, title: str, number: str) -> str:
        shape = f"\\hfill shape {self.line(step.shape)}" if step.shape else ""
        rows = []
        for part in step.parts:
            words = [f"\\text{{{self.line(part.label)}}}", *[""] * len(part.formulas)]
            rows += [f"&{label} &&{ascii_latex(shown)}" for label, shown in zip(words, part.formulas, strict=False)]
        head = f"{_anchored(step.anchor)}{self.strong(title)}{shape}\\nopagebreak"
        parts = [*([_display(rows)] if rows else []), *self.source(step)]
        return "\n".join([head, *parts, "\n\n".join(self.lines(step.sentences))])

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        titles = " & ".join(map(self.strong, head))
        tables = []
        for start in range(0, len(rows) or 1, TABLE_ROWS):
            shown = rows[start : start + TABLE_ROWS]
            lines = "".join(" & ".join(f"{{{cell}}}" for cell in row) + " \\\\\n" for row in shown)
            tables.append(
                f"\\begin{{center}}\\fit{{\\begin{{tabular}}{{{sides}}}\n\\toprule\n"
                f"{titles} \\\\\n\\midrule\n{lines}\\bottomrule\n\\end{{tabular}}}}\\end{{center}}"
            )
        return "\n".join([*tables, *([f"\\begin{{center}}{caption}\\end{{center}}"] if caption else [])])

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        place_of = f" The picture is in the file {self.mono(printable(figure.source))}." if figure.source else ""
        return f"\\begin{{center}}\\textit{{Figure:}} {caption}{place_of}\\end{{center}}"

    def code(self, text: str, language: str) -> str:
        # Spaces that all count, and at which a long line may break; the empty box holds those at the line's start.
        lines = (escape(line).replace(" ", "\\ ") for line in text.expandtabs(4).split("\n"))
        return "\\begin{flushleft}\\small\\ttfamily\n" + "\n".join(f"\\mbox{{}}{line}\\\\" for line in lines) + "\n\\end{flushleft}"

    def note(self, label: str, words: str, kind: str) -> str:
        return f"\\begin{{quote}}\\textbf{{{label}:}} {words}\\end{{quote}}"


def escape(text: str) -> str:
    """The text so that TeX prints it as it is, in ASCII; a character that TeX's fonts lack is named by its number."""
    escaped = "".join(map(_character, unicodedata.normalize("NFC", text.replace("\n", " "))))
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
def ascii_latex(node: Node) -> str:
    """The formula in ASCII."""
    return "".join(char if char.isascii() else _in_formula(char) for char in latex(node))


def _in_formula(char: str) -> str:
    return f"{{{_MACRO_OF[char]}}}" if char in _MACRO_OF else f"\\text{{{_character(char)}}}"


def _anchored(anchor: str) -> str:
    return f"\\hypertarget{{{anchor_id(anchor)}}}{{}}" if anchor else ""


def _display(rows: list[str]) -> str:
    body = " \\\\\n".join(rows)
    return f"\\[\\fit{{$\\displaystyle\\begin{{aligned}}\n{body}\n\\end{{aligned}}$}}\\]"
