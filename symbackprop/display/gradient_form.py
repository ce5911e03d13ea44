"""One gradient as one equation."""

from __future__ import annotations

from symbackprop.core.derivation import Derivation
from symbackprop.display.closed_form import LIMIT, ClosedForms
from symbackprop.display.index_form import index_equation
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.formulas.latex import latex


def closed_forms(names: Names, derivation: Derivation, inline: frozenset[str], limit: int = LIMIT) -> ClosedForms:
    """The closed forms of a derivation, with its gradients and the values of `inline` written out."""
    program = derivation.program
    made = ("inverse", "others")
    hidden = {e.target.name for e in program.equations if program.tensors[e.target.name].role or (e.step and e.step.rule in made)}
    return ClosedForms(names, hidden | inline, limit)


def last_equation(derivation: Derivation, wrt: str) -> str:
    """The last equation of the gradient by `wrt` as LaTeX, in matrix notation where it has one."""
    names, name = Names(derivation.program), derivation.gradient(wrt)
    return latex(matrix_equation(names, names.written[name]) or index_equation(names, names.written[name]))


def gradient_index(derivation: Derivation, wrt: str) -> str:
    """The last equation of the gradient by `wrt` in index notation, as LaTeX."""
    names = Names(derivation.program)
    return latex(index_equation(names, names.written[derivation.gradient(wrt)]))
