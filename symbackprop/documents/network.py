"""The equations of a network in its report: those that a person named, and those that the report speaks of."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from symbackprop.core.loops import has_loops
from symbackprop.core.program import Equation
from symbackprop.core.recursion import NoRecursionError
from symbackprop.core.united import united
from symbackprop.display.box import ShownBox
from symbackprop.display.equations import equation_formula
from symbackprop.display.index_form import index_equation
from symbackprop.display.names import Names
from symbackprop.display.partials import stands_for
from symbackprop.display.softmax import softmaxes
from symbackprop.display.step_forms import forward_steps, spoken_at_step
from symbackprop.documents.document import Block, Content, Formula, FormulaRows
from symbackprop.documents.folded import folded
from symbackprop.documents.layer_block import Lecture, packed
from symbackprop.documents.spoken import Spoken
from symbackprop.documents.step_block import with_value
from symbackprop.documents.unspoken import as_written, read_by_gradients
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, told

WIDE = 54
"""The longest line of equations of the network, in letters across the paper."""


def network_rows(lecture: Lecture, detail: str, box: ShownBox | None, spoken: Collection[str]) -> list[Block]:
    """The equations in matrix notation where there is one, a loop's at one step; in full, all that were again in index notation.

    spoken   the values of which steps, or lines of a person's function, speak by their names: they are not written out.
    """
    try:
        if has_loops(lecture.derivation.forward) and detail != "full":
            return [FormulaRows(tuple(Formula(form.formula, form.about) for form in forward_steps(lecture.derivation)))]
    except NoRecursionError:
        pass  # they stand in index notation
    names, forward, inline, values = lecture.plain, lecture.derivation.forward, lecture.hidden, lecture.values
    if box is not None and detail != "full":
        roles = (names.signature(n).role for n in {*lecture.anchors, *(x.name for x in box.lines)} if n in names.program.tensors)
        starts = {
            n for role in roles if role is not None for n in (role.wrt, role.of)
        }  # ∂L/∂z stands beside a line, and in a title
        inline = as_written(lecture, read_by_gradients(lecture, box) | starts - set(inline) | set(spoken))
    told_whole = united(lecture.derivation, softmaxes(names).named)[1]
    parts = {n for n in lecture.softmaxes if not forward.tensors[n].named and (detail != "full" or n in told_whole)}
    first, second = [], []
    for equation in forward.equations:
        name = equation.target.name
        if name in inline or name in parts:
            continue
        note = _shape_and_meaning(names, name, detail)
        if forward.tensors[name].named and (derivative := stands_for(names, name)) is not None:
            first.append(Formula(f.equation(names.tensor(name), derivative), told("by the chain rule"), label=f"{name}:derivative"))
        shown, index = equation_formula(names, equation, inline), index_equation(names, equation, inline)
        first.append(Formula(with_value(names, name, shown, values), note, label=name))
        if shown != index:
            second.append(Formula(index))
    once = first if detail == "full" else list(folded(first))
    if len(once) < len(first):
        lecture.folded = frozenset(row.label for row in first)
    if detail == "brief" and len(once) == len(first):
        return [FormulaRows(tuple(map(Formula, packed((row.formula for row in first), WIDE))))]
    blocks: list[Block] = [FormulaRows(tuple(once))]
    if second and detail == "full":
        blocks.append(FormulaRows(tuple(second), told("The same entry by entry:")))
    return blocks


def further_rows(lecture: Lecture, spoken: Spoken, at_steps: bool) -> list[Formula]:
    """The equations of the values that blocks speak of and do not say, and of those that these read.

    Equations of several layers at once say the values of each.
    """
    rows = list[Formula]()
    written, found = lecture.derivation.forward.equation_of(), set(lecture.folded)
    while new := [n for n in spoken.unsaid() if n not in found]:
        found |= set(new)
        more = [_spoken(lecture, written[n], at_steps) for n in new]
        spoken.hear(more)
        rows += more
    return rows


def _spoken(lecture: Lecture, equation: Equation, at_steps: bool) -> Formula:
    """An equation of the network that only the steps speak of: at one step, where they do."""
    names, name = lecture.plain, equation.target.name
    if at_steps:
        with suppress(NoRecursionError):
            form = spoken_at_step(names, lecture.derivation, name)
            return Formula(form.formula, form.about)
    return Formula(equation_formula(names, equation, lecture.hidden), _shape_and_meaning(names, name, "brief"))


def _shape_and_meaning(names: Names, name: str, detail: str) -> Content:
    """The shape of a value, and what it is where it is a derivative that nobody named."""
    signature = names.signature(name)
    shape = told("{}", names.dimensions(name)) if signature.shape else Told()
    meaning = None if signature.named or detail == "brief" else stands_for(names, name)
    if meaning is None:
        return shape
    return told("{} ({})", meaning, shape) if shape else told("{}", meaning)
