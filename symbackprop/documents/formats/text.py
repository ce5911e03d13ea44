"""Plain Unicode text in lines of at most 88 columns, or of a terminal's; formulas and tables keep theirs, however long."""

import re
import textwrap
import unicodedata

from symbackprop.documents.document import Content, Document, Figure, Formula, StepBlock, in_files
from symbackprop.documents.writer import Writer
from symbackprop.formulas.lines import clauses
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Node, split

WIDTH = 88
INDENT = "    "
LABELLED = 18  # columns of what stands in front of the formulas of a step
BETWEEN = ",   "  # stands between formulas in a line
_BESIDE = "\x00"  # stands for the second column of a wide letter while lines are filled
_GLUE = "\x01"  # stands for a space at which no line ends while lines are filled
_WHOLE = 40
"""The columns up to which a formula in a sentence stands in one line."""


class Text(Writer):
    """Plain text."""

    _is_page = False
    filled_to = WIDTH
    """The columns of a line of words."""
    apart_at: int | None = None
    """The columns at which formulas beside one another are set below one another; None: they are as the report has them."""

    def text(self, text: str) -> str:
        return text.replace("\n", " ")

    mono = text

    def strong(self, written: str) -> str:
        return written

    def link(self, written: str, anchor: str) -> str:
        return written

    def math(self, formula: Node) -> str:
        """A formula in a line; no line of a page ends within it, or, where it is long, only before a relation or a sign."""
        written = plain(formula)
        if not self._is_page:
            return written
        parts = [written] if columns(written) <= _WHOLE else list(map(plain, clauses(formula)))
        return " ".join(part.replace(" ", _GLUE) for part in parts) if " ".join(parts) == written else written

    def page(self, document: Document, body: str) -> str:
        title = self.line(document.title)
        whole = "\n\n".join(filter(None, (f"{title}\n{'═' * columns(title)}", body))) + "\n"
        return whole.replace(_GLUE, " ")

    def section(self, heading: Content, number: str, anchor: str) -> str:
        shown = f"{number}  {self.line(heading)}"
        return f"{shown}\n{'─' * columns(shown)}" if number.count(".") < 2 else shown

    def paragraph(self, words: str) -> str:
        return self.filled(words)

    def bullets(self, items: list[str]) -> str:
        return "\n".join(self.filled(item, "  • ", INDENT) for item in items)

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
            shown = [line for formula in part.formulas for line in self.apart(plain(formula))]
            labels = [self.line(part.label), *[""] * len(shown)]
            lines += [f"{INDENT}{_pad(label, LABELLED, 'l')}{line}" for label, line in zip(labels, shown, strict=False)]
        said = [self.filled(words, INDENT, INDENT) for words in self.lines(step.sentences)]
        return "\n".join([*lines, *self.source(step), *said])

    def apart(self, formulas: str) -> list[str]:
        """Formulas that stand in a line of a step, in as many lines as the terminal needs."""
        lines: list[str] = []
        room = len(formulas) if self.apart_at is None else self.apart_at - LABELLED - len(INDENT)
        for one in formulas.split(BETWEEN):
            if lines and columns(f"{lines[-1]}{BETWEEN}{one}") <= room:
                lines[-1] += f"{BETWEEN}{one}"
            else:
                lines.append(one)
        return [*(f"{line}{BETWEEN.rstrip()}" for line in lines[:-1]), lines[-1]]

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        widths = [max(map(columns, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join(map(_pad, row, widths, sides)).rstrip() for row in (head, *rows)]
        lines.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join(filter(None, (*lines, caption)))

    def arranged(self, document: Document) -> Document:
        self._is_page = True
        return in_files(document)

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        return self.filled(f"[{self.line(told('Figure: {} (see {})', figure.caption, figure.source))}]")

    def code(self, text: str, language: str) -> str:
        return textwrap.indent(text, INDENT)

    def note(self, label: str, words: str, kind: str) -> str:
        return self.filled(f"{label}: {words}", "", " " * (columns(label) + 2))

    def filled(self, text: str, first: str = "", rest: str = "") -> str:
        """The words in lines, a letter of two columns counted as two."""
        wide = re.sub(r".", lambda char: char[0] + _BESIDE * (columns(char[0]) - 1), text, flags=re.DOTALL)
        how = {"initial_indent": first, "subsequent_indent": rest, "break_long_words": False, "break_on_hyphens": False}
        return textwrap.fill(wide, self.filled_to, **how).replace(_BESIDE, "")


def in_terminal(document: Document, width: int) -> str:
    """The document as text for a terminal of so many columns."""

    class Fitted(Text):
        filled_to = min(WIDTH, width)
        apart_at = width

    return Fitted.write(document)


def columns(text: str) -> int:
    """The columns a terminal gives the text: two for a wide character, none for a combining mark."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int, side: str) -> str:
    gap = width - columns(text)
    left = gap if side == "r" else gap // 2 if side == "c" else 0
    return " " * left + text + " " * (gap - left)
