"""A report with gaps, for teaching: what some gradients come to is left to the reader, or framed where it is the solution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import PurePath

from symbackprop.core.choices import mend
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.machine.files import StrPath, require_writable, write_together
from symbackprop.display.names import Names
from symbackprop.documents.document import Document, Paragraph
from symbackprop.documents.formats import format_named, format_of
from symbackprop.documents.shown import Shown
from symbackprop.formulas import build as f
from symbackprop.formulas.latex import latex
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Fence, Marked, Node, Row, items_of, split
from symbackprop.formulas.widths import width

LEAST, MOST = 5, 14
"""Ems of a gap, which is for what is written by hand."""
SOLUTION = "-solution"


@dataclass
class Gaps:
    """Which gradients are left out.

    numbers  the tensor of a gradient -> the number of its gap.
    filled   whether the gaps are filled, each framed.
    used     the gaps that stand in the report.
    """

    numbers: Mapping[str, int] = field(default_factory=dict)
    filled: bool = False
    used: set[str] = field(default_factory=set)

    def hide(self, name: str, equation: Node) -> Node:
        """The equation of a tensor, without its right side where that is left out."""
        left, right = split(equation)
        if name not in self.numbers or right is None:
            return equation
        self.used.add(name)
        equals, *rest = items_of(right)
        room = min(max(ceil(1.5 * width(Row(tuple(rest)))), LEAST), MOST)
        shown = Row(tuple(rest)) if self.filled else f.beside(Fence("(", f.number(self.numbers[name]), ")"), *[f.QUAD] * room)
        return f.beside(left, equals, Marked(shown, "good"))


@dataclass(frozen=True)
class Handout(Shown):
    """A report with gaps and its solution. It shows itself as the sheet with the gaps.

    sheet, solution   the same document, without and with what stands in the gaps.
    """

    sheet: Document
    solution: Document

    def document(self) -> Document:
        """The sheet with the gaps."""
        return self.sheet

    def save(
        self, path: StrPath, lang: str = "", format: str | None = None, column: str | None = None
    ) -> tuple[str, ...]:  # fmt: skip
        """Write the sheet to a file and the solution beside it: handout.html and handout-solution.html. Returns their names.

        column  of a fragment: how wide the column is that takes it in, "252pt".
        """
        row = format_named(format) if format else format_of(path)
        points = row.column(column)
        sheet, solution = (replace(one, lang=lang or one.lang, column=points) for one in (self.sheet, self.solution))
        row.require(sheet.lang)
        beside = PurePath(path).with_stem(f"{PurePath(path).stem}{SOLUTION}")
        for place in (path, beside):
            require_writable(place)
        files = {**row.files(sheet, path), **row.files(solution, beside)}
        write_together(files)
        return tuple(files)

    def __repr__(self) -> str:
        return f"<Handout with its solution: {len(self.sheet.blocks)} blocks>"


def numbered(derivation: Derivation, names: Names, asked: Iterable[str]) -> dict[str, int]:
    r"""The tensor of each gradient that is asked for, with the number of its gap.

    names   those of the box.
    asked   what a gradient is by (W_2), or what it is called: delta_1, \delta_1, δ₁, dL/dW_2.
    Raises DerivationError for what is none.
    """
    known: dict[str, str] = {}
    short: list[str] = []
    for name, tensor in derivation.program.tensors.items():
        role = tensor.role
        if role is None or role.of != derivation.of or name != derivation.gradient(role.wrt):
            continue
        shown = names.tensor(name)
        spelt = latex(shown)
        called = (spelt, spelt.translate({ord(c): None for c in "\\{} "}), plain(shown), name, f"delta_{role.wrt}", role.wrt)
        known |= dict.fromkeys(called, name)
        short.append(role.wrt if name in derivation.program.outputs or not names.is_called(name) else called[1])
    found: dict[str, int] = {}
    for one in asked:
        if one not in known:
            raise DerivationError(f"there is no gradient {one} to leave out: {mend(one, short)}")
        found.setdefault(known[one], 0)
    found = {name: number for number, name in enumerate((n for n in derivation.program.tensors if n in found), 1)}
    if not found:
        raise DerivationError("nothing is named that could be left out; write names and commas, such as delta_1,W_2")
    return found


def require_used(gaps: Gaps) -> None:
    """See that every gap stands in the report. Raises DerivationError for a gradient that has no line of its own there."""
    left = [name for name in gaps.numbers if name not in gaps.used]
    if left:
        raise DerivationError(f'{left[0]} has no line of its own in this report; with detail="full" every gradient has one')


def sheet(document: Document, gaps: Gaps) -> Document:
    """The document of a report with gaps, with what there is to do in front."""
    many = str(len(gaps.numbers))
    said = told("The solution: what stands in the gaps is marked.") if gaps.filled else told("Gaps to fill in: {}.", many)
    return replace(document, blocks=(Paragraph(said), *document.blocks))
