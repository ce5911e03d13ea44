"""The one error of the ways in: where it stands, what is wrong, what to write instead."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from symbackprop.core.errors import SymbackpropError

TAB = 4  # columns that a tab of the source takes in a message
WIDEST = 100  # columns of a source line that a message shows


@dataclass(frozen=True)
class Place:
    """A stretch of one line: file, line and column from 1, the length, and the line as written."""

    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    text: str = ""

    def __str__(self) -> str:
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])

    def drawn(self) -> str:
        """The source line with carets under the stretch, or nothing where there is no line."""
        if not self.text.strip():
            return ""
        start = max(self.column - 1, 0)
        first = max(0, start - WIDEST // 2) if len(self.text) > WIDEST else 0
        shown = self.text[first : first + WIDEST]
        before = self.text[first:start].replace("\t", " " * TAB)
        length = max(1, min(self.length, len(shown) - (start - first)))
        return f"    {shown.replace(chr(9), ' ' * TAB)}\n    {' ' * len(before)}{'^' * length}"


class NotationError(SymbackpropError):
    """What a person wrote is not in the language, or does not fit.

    fault   what is wrong.
    mend    what to write instead; "" where the fault says it.
    place   where it stands, or None.
    write   what mends it in the stretch of `place`, as a click does; "" where a person has to choose.
    """

    def __init__(self, fault: str, mend: str = "", place: Place | None = None, write: str = "") -> None:
        self.fault, self.mend, self.place, self.write = fault, mend, place, write
        super().__init__(self.said(str))

    def said(self, again: Callable[[str], str]) -> str:
        """The message with fault and mend said again; the place and the line that is drawn stay as they are."""
        message = " ".join(again(text) for text in (self.fault, self.mend) if text)
        drawn = self.place.drawn() if self.place else ""
        return (f"{self.place}: {message}" if self.place else message) + (f"\n{drawn}" if drawn else "")

    @property
    def file(self) -> str | None:
        return self.place.file if self.place else None

    @property
    def line(self) -> int | None:
        return self.place.line if self.place else None

    @property
    def column(self) -> int | None:
        return self.place.column if self.place else None


class NotRead(NotationError):
    """Python has this and the language has not: a function that holds it can be run, not read."""


def _many() -> Sequence[Mapping[str, str]] | None:
    return None


class NotDeclared(NotRead):
    """Arguments of a function that nobody declared are used as arrays.

    declarations   what would fit each, which nobody has tried.
    others         every way that may fit, or None where there are many.
    """

    def __init__(
        self, fault: str, mend: str = "", place: Place | None = None, write: str = "",
        declarations: Mapping[str, str] | None = None, others: Callable[[], Sequence[Mapping[str, str]] | None] = _many,
    ) -> None:  # fmt: skip
        super().__init__(fault, mend, place, write)
        self.declarations, self.others = dict(declarations or {}), others


class NoValue(NotationError):
    """An operation of the language has no value at what it is given."""


class ShapesDiffer(NoValue):
    """A product or a sum in the language has no value: the shapes do not fit one another."""


@dataclass(frozen=True)
class Source:
    """A text under reading: what to call it, its lines, and where it begins in its file.

    written   its lines as a person wrote them, where their letters are others: θ for theta.
    typed     such a line, or the beginning of one, in the letters of `lines`.
    """

    file: str
    lines: tuple[str, ...]
    first_line: int = 1
    indent: int = 0
    written: tuple[str, ...] = ()
    typed: Callable[[str], str] = str

    def number(self, node: ast.AST) -> int:
        """The line on which a node of the parsed text begins, in its file."""
        return getattr(node, "lineno", 1) + self.first_line - 1

    def place(self, node: ast.AST) -> Place:
        """Where a node of the parsed text stands."""
        line: int = getattr(node, "lineno", 1)
        text = self.line(line)
        start = self._characters(text, getattr(node, "col_offset", 0))
        last = getattr(node, "end_lineno", line) or line
        end = self._characters(text, getattr(node, "end_col_offset", None) or 0) if last == line else len(text)
        return self.at(line, start, end - start)

    def at(self, line: int, start: int, length: int = 1) -> Place:
        """The stretch of `length` characters from `start` (from 0) on a line (from 1), as a person wrote it."""
        lifted, text, end = line + self.first_line - 1, self.line(line), start + length
        if 1 <= line <= len(self.written) and self.written[line - 1] != text:
            text = self.written[line - 1]
            cuts = range(len(text) + 1)
            start = max(bisect_right(cuts, start, key=lambda k: len(self.typed(text[:k]))) - 1, 0)
            end = bisect_left(cuts, end, key=lambda k: len(self.typed(text[:k])))
        return Place(self.file, lifted, start + 1 + self.indent, max(end - start, 1), " " * self.indent + text)

    def between(self, left: ast.expr, right: ast.expr, sign: str) -> Place:
        """Where a sign stands between two nodes, on the line of the first or of the second."""
        line = left.end_lineno or left.lineno
        start = self.line(line).find(sign, self._characters(self.line(line), left.end_col_offset or 0))
        if start < 0:
            line = right.lineno
            start = max(0, self.line(line).rfind(sign, 0, self._characters(self.line(line), right.col_offset)))
        return self.at(line, start, len(sign))

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""

    def segment(self, node: ast.AST) -> str:
        """The text of a node, on one line."""
        first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
        rows = list(self.lines[first - 1 : last])
        if not rows:
            return ""
        end = self._characters(rows[-1], getattr(node, "end_col_offset", 0))
        start = self._characters(rows[0], getattr(node, "col_offset", 0))
        rows[-1] = rows[-1][:end]
        rows[0] = rows[0][start:]
        return " ".join(" ".join(rows).split())

    @staticmethod
    def _characters(text: str, offset: int) -> int:
        """A column in UTF-8 bytes as one in characters."""
        return min(offset, len(text)) if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))


def shortened(text: str, longest: int = 40) -> str:
    """The text, with its middle left out where it is long."""
    return text if len(text) <= longest else f"{text[: longest // 2]}...{text[-longest // 4 :]}"


class Written(NamedTuple):
    """The text of an expression, cut from the source when an error message asks for it."""

    source: Source
    node: ast.expr

    def __str__(self) -> str:
        text = shortened(self.source.segment(self.node))
        simple = isinstance(self.node, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.Constant)
        return text if simple else f"({text})"
