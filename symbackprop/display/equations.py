"""A program as the formulas of its equations: in matrices where it can be, what nobody named written out where it is read."""

from __future__ import annotations

from collections.abc import Collection

from symbackprop.core.program import Equation, Program, letter_sizes
from symbackprop.display.index_form import index_equation
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.display.placed import placed_equation
from symbackprop.formulas.tree import Node, Script, walk

LONGEST = 40  # tensors and operations of one formula


def equation_formula(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node:
    """An equation in matrix notation; by the places of its entries, or in index notation, where it has no other.

    inline   values that are written out in it.
    """
    matrix = matrix_equation(names, equation, inline) if _has_letters(names, equation, inline) else None
    return matrix or placed_equation(names, equation, inline) or index_equation(names, equation, inline)


def _has_letters(names: Names, equation: Equation, inline: Collection[str]) -> bool:
    """Whether an equation, with what is written out in it, is more than one of numbers."""
    written = [equation, *[names.written[r.name] for r in equation.operands if r.name in inline]]
    return any(extent != 1 for e in written for extent in letter_sizes(names.program, e).values())


def equations(program: Program) -> tuple[Node, ...]:
    """A formula for each value that a person named, in their order; for all values where some could not be written out."""
    hidden = [e.target.name for e in program.equations if not program.tensors[e.target.name].named]
    return inlined(Names(program), hidden) or tuple(equation_formula(Names(program), e) for e in program.equations)


def inlined(names: Names, hidden: Collection[str]) -> tuple[Node, ...]:
    """The equations of all but the `hidden` values, which are written out in them; () where that is too long, or leaves one."""
    shown = [e for e in names.written.values() if e.target.name not in hidden]
    length: dict[str, int] = {}
    for name, equation in names.written.items():  # before anything is written: what is shared may grow without end
        if any(r.name in hidden and r.name not in length for r in equation.operands):
            return ()  # a loop of values without names has no end
        length[name] = 1 + sum(length[r.name] if r.name in hidden else 1 for r in equation.operands)
    if any(length[e.target.name] > LONGEST for e in shown):
        return ()
    formulas = tuple(equation_formula(names, e, hidden) for e in shown)
    left = {names.tensor(name) for name in hidden}
    return () if any(_bare(part) in left for formula in formulas for part in walk(formula)) else formulas


def _bare(part: Node) -> Node:
    """A name without its power."""
    return Script(part.base, part.sub) if isinstance(part, Script) and part.sub is not None else part
