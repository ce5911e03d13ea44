"""The equations of a network in its report: those that a person named, and those that the report speaks of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace

from symbackprop.core.derivatives.united import united
from symbackprop.core.loops import has_loops
from symbackprop.core.loops.recursion import NoRecursionError
from symbackprop.core.program import Equation, Program
from symbackprop.display.box import ShownBox
from symbackprop.display.equations import equation_formula
from symbackprop.display.index_form import index_equation
from symbackprop.display.names import Names
from symbackprop.display.partials import stands_for
from symbackprop.display.softmax import softmaxes
from symbackprop.display.step_forms import forward_steps, spoken_at_step
from symbackprop.display.views import ViewNames
from symbackprop.documents.document import Block, Content, Formula, FormulaRows
from symbackprop.documents.folded import folded
from symbackprop.documents.layer_block import Lecture, packed
from symbackprop.documents.spoken import Spoken
from symbackprop.documents.step_block import with_value
from symbackprop.documents.unspoken import as_written, read_by_gradients
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Node, items_of, split

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
    cut = _cut(lecture, box)
    first = [Formula(e, told("{}", names.dimensions(n))) for n, e in cut.items() if n not in names.written]
    second = []
    for equation in forward.equations:
        name = equation.target.name
        if name in inline or name in parts:
            continue
        note = _shape_and_meaning(names, name, detail)
        if forward.tensors[name].named and (derivative := stands_for(names, name)) is not None:
            first.append(Formula(f.equation(names.tensor(name), derivative), told("by the chain rule"), label=f"{name}:derivative"))
        shown, index = equation_formula(names, equation, inline), index_equation(names, equation, inline)
        shown = f.beside(shown, *_right(cut[name])) if name in cut else shown
        first.append(Formula(with_value(names, name, shown, values), note, label=name))
        if shown != index:
            second.append(Formula(index))
    once = first if detail == "full" else list(folded(first, lecture.layer))
    if len(once) < len(first):
        lecture.folded = frozenset(row.label for row in first)
    if detail == "brief" and len(once) == len(first):
        return [FormulaRows(tuple(map(Formula, packed((row.formula for row in first), WIDE))))]
    blocks: list[Block] = [FormulaRows(tuple(once))]
    if second and detail == "full":
        blocks.append(FormulaRows(tuple(second), told("The same entry by entry:")))
    return blocks


def lines_said(lecture: Lecture, box: ShownBox) -> set[str]:
    """The lines of a box that are shown: those of gradients, and those that they read but the network does not say."""
    derived = lecture.derivation
    slopes = {n for n, tensor in derived.program.tensors.items() if tensor.role}
    network = {e.target.name for e in derived.forward.equations} - slopes - set(lecture.hidden)
    found: set[str] = set()
    waiting = [line.name for line in box.lines if line.name in slopes]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in network:
            found.add(name)
            waiting += box.by_name[name].needs if name in box.by_name else ()
    return found


def _cut(lecture: Lecture, box: ShownBox | None) -> dict[str, Node]:
    """The tensors whose parts have names, each as these parts side by side, but those of which the box says it."""
    names = lecture.plain
    views, said = ViewNames(names), {box.by_name[n].formula for n in lines_said(lecture, box) if n in box.by_name} if box else set()
    found = {name: views.side_by_side(name) for name in names.program.tensors if name in names.blocks}
    return {name: e for name, e in found.items() if e is not None and e not in said}


def _right(equation: Node) -> tuple[Node, ...]:
    """The sign and the right side of an equation."""
    return items_of(split(equation)[1] or equation)


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


def with_rows(block: Block, further: Sequence[Formula], program: Program) -> Block:
    """The equations with further ones, each before the first that is computed later; what has no label has no place."""
    if not isinstance(block, FormulaRows):
        return block
    place = {e.target.name: k for k, e in enumerate(program.equations)}
    rows = list(block.rows)
    for row in further:
        own = place.get(row.label, len(place))
        later = (k for k, other in enumerate(rows) if place.get(other.label.partition(":")[0], -1) > own)
        rows.insert(next(later, len(rows)), row)
    return replace(block, rows=tuple(rows))


def _spoken(lecture: Lecture, equation: Equation, at_steps: bool) -> Formula:
    """An equation of the network that only the steps speak of: at one step, where they do."""
    names, name = lecture.plain, equation.target.name
    if at_steps:
        with suppress(NoRecursionError):
            form = spoken_at_step(names, lecture.derivation, name)
            return Formula(form.formula, form.about)
    return Formula(equation_formula(names, equation, lecture.hidden), _shape_and_meaning(names, name, "brief"), label=name)


def _shape_and_meaning(names: Names, name: str, detail: str) -> Content:
    """The shape of a value, and what it is where it is a derivative that nobody named."""
    signature = names.signature(name)
    shape = told("{}", names.dimensions(name)) if signature.shape else Told()
    meaning = None if signature.named or detail == "brief" else stands_for(names, name)
    if meaning is None:
        return shape
    return told("{} ({})", meaning, shape) if shape else told("{}", meaning)
