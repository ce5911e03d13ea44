"""Plain Unicode text for a terminal, in lines of at most 88 columns; formulas and tables keep theirs, however long."""

import re
import textwrap
import unicodedata

from symbackprop.documents.document import Content, Document, Figure, Formula, StepBlock
from symbackprop.documents.writer import Writer
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Node, split

WIDTH = 88
INDENT = "    "
_BESIDE = "\x00"  # stands for the second column of a wide letter while lines are filled


class Text(Writer):
    """Plain text."""

    def text(self, text: str) -> str:
        return text.replace("\n", " ")

    mono = text

    def strong(self, written: str) -> str:
        return written

    def link(self, written: str, anchor: str) -> str:
        return written

    def math(self, formula: Node) -> str:
        return plain(formula)

    def page(self, document: Document, body: str) -> str:
        title = self.line(document.title)
        return "\n\n".join(filter(None, (f"{title}\n{'═' * columns(title)}", body))) + "\n"

    def section(self, heading: Content, number: str, anchor: str) -> str:
        shown = f"{number}  {self.line(heading)}"
        return f"{shown}\n{'─' * columns(shown)}" if number.count(".") < 2 else shown

    def paragraph(self, words: str) -> str:
        return _fill(words)

    def bullets(self, items: list[str]) -> str:
        return "\n".join(_fill(item, "  • ", INDENT) for item in items)

    def rows(self, rows: tuple[Formula, ...]) -> str:
        """The rows with their relations below each other and their notes as well."""
        parts = [(*split(row.formula), self.line(row.note)) for row in rows]
        shown = [(plain(left) if right else "", plain(right or left), note) for left, right, note in parts]
        left_width = max((columns(left) for left, _, _ in shown if left), default=0)
        right_width = max((columns(right) for _, right, note in shown if note), default=0)
        lines = []
        for left, right, note in shown:
            formula = f"{_pad(left, left_width, 'r')} {right}" if left else " " * (left_width and left_width + 1) + right
            gap = " " * (right_width - columns(right) + 4)
            lines.append(f"{INDENT}{formula}{gap + note if note else ''}".rstrip())
        return "\n".join(lines)

    def step(self, step: StepBlock, title: str, number: str) -> str:
        lines = [f"▸ {title}" + (f"    {self.line(step.shape)}" if step.shape else "")]
        for part in step.parts:
            labels = [self.line(part.label), *[""] * len(part.formulas)]
            lines += [f"{INDENT}{_pad(label, 18, 'l')}{plain(shown)}" for label, shown in zip(labels, part.formulas, strict=False)]
        return "\n".join([*lines, *self.source(step), *[_fill(words, INDENT, INDENT) for words in self.lines(step.sentences)]])

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        widths = [max(map(columns, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join(map(_pad, row, widths, sides)).rstrip() for row in (head, *rows)]
        lines.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join(filter(None, (*lines, caption)))

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        said = told("Figure: {} (see {})", figure.caption, figure.source) if figure.source else told("Figure: {}", figure.caption)
        return _fill(f"[{self.line(said)}]")

    def code(self, text: str, language: str) -> str:
        return textwrap.indent(text, INDENT)

    def note(self, label: str, words: str, kind: str) -> str:
        return _fill(f"{label}: {words}", "", " " * (columns(label) + 2))


def columns(text: str) -> int:
    """The columns a terminal gives the text: two for a wide character, none for a combining mark."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _fill(text: str, first: str = "", rest: str = "") -> str:
    """The words in lines, a letter of two columns counted as two."""
    wide = re.sub(r".", lambda char: char[0] + _BESIDE * (columns(char[0]) - 1), text, flags=re.DOTALL)
    lines = textwrap.fill(wide, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
    return lines.replace(_BESIDE, "")


def _pad(text: str, width: int, side: str) -> str:
    gap = width - columns(text)
    left = gap if side == "r" else gap // 2 if side == "c" else 0
    return " " * left + text + " " * (gap - left)
