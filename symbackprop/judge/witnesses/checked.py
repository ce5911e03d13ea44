"""The check of a derivation as a table of its report."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.display.body import scalar
from symbackprop.display.names import Names
from symbackprop.documents import modes
from symbackprop.documents.document import Content, Math, Span, Table
from symbackprop.evaluate.verdict import Check, Row
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, listed, told

_COLUMNS = (
    Told("shape"), Told("largest"), Told("tape"), Told("differences"), Told("complex step"), Told("compiled"),
    Told("verdict"),
)  # fmt: skip


def check_table(derivation: Derivation, passed: Check) -> Table:
    """What the witnesses said of gradients that passed."""
    names = Names(derivation.program)
    head, about = modes.rows(names, derivation)
    rows = []
    for what, row in zip(about, passed.rows, strict=True):
        gradient = derivation.gradient(row.name)
        shape = Math(names.dimensions(gradient)) if derivation.program.shape(gradient) else told("a number")
        rows.append((what, shape, *row.cells()[1:-1], _verdict(row)))
    return Table((head, *_COLUMNS), tuple(rows), caption=listed(list(_remark(passed)), " "), name="check")


def _verdict(row: Row) -> Content:
    passed = Span(told("ok"), "good")
    return (passed, " ", told("({})", Told(row.note))) if row.note else passed


def _remark(passed: Check) -> Iterator[Told]:
    """Where the gradients were tested, and what was left out."""
    several = told("Relative errors, the worst of {} points", str(passed.points))
    worst = told("Relative errors at one point") if passed.points == 1 else several
    numbers = {name: f.listed(list(map(f.number, passed.numbers(name)))) for name in passed.sizes}
    at = [f.equation(scalar(sp.Symbol(name)), several) for name, several in numbers.items()]
    yield told("{} with {}.", worst, listed(at)) if at else told("{}.", worst)
    if passed.widths:
        apart = [f.equation(scalar(sp.Symbol(name)), f.bracket(f.listed(list(map(f.number, several)))))
                 for widths in passed.widths for name, several in widths.items()]  # fmt: skip
        yield told("The layers were written out as well, at the widths {}.", listed(apart))
    left = sum(row.differences.left_out for row in passed.rows)
    if left:
        total = left + sum(row.differences.compared for row in passed.rows)
        yield told("Left out, for straddling a kink or being too vague: {} of {} differences.", str(left), str(total))
    if passed.redrawn == 1:
        yield told("One point was drawn anew, for lying on a kink or outside a domain.")
    elif passed.redrawn:
        yield told("{} points were drawn anew, for lying on kinks or outside a domain.", str(passed.redrawn))
