"""A program as the formulas of its equations: in matrices where it can be, what nobody named written out where it is read."""

from __future__ import annotations

from symbackprop.core.program import Program
from symbackprop.display.closed_form import ClosedForms
from symbackprop.display.index_form import index_equation
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.formulas.tree import Node, walk

LONGEST = 120  # nodes of the tree of one formula


def equations(program: Program) -> tuple[Node, ...]:
    """A formula for each value that a person named, in their order; for all values where some could not be written out."""
    names = Names(program)
    hidden = [e.target.name for e in program.equations if not program.tensors[e.target.name].named]
    forms = ClosedForms(names, hidden, LONGEST)
    kept = [e for e in program.equations if e.target.name not in hidden]
    shown = tuple(forms.formula(e.target.name) or matrix_equation(names, e) or index_equation(names, e) for e in kept)
    left = {names.tensor(name) for name in hidden}
    if any(part in left for formula in shown for part in walk(formula)):
        return tuple(matrix_equation(names, e) or index_equation(names, e) for e in program.equations)
    return shown
