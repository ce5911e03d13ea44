"""Axes of size 1 have no letters: their only position is one place, at which a column m[i •] is met as m wherever it stands.

Otherwise the place would be a letter of its own wherever an equation sums over it, and equal values would look unlike.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import S

from symbackprop.algebra.poly import ONLY
from symbackprop.core.program import Equation, Program, Ref, Sum, letter_sizes, position, substituted


def without_single(program: Program) -> Program:
    """The program with one place for all letters of size 1; a function of a matrix keeps its letters."""
    if not any(S.One in t.shape for t in program.tensors.values()):
        return program
    return replace(program, equations=tuple(_placed(program, e) for e in program.equations))


def _placed(program: Program, equation: Equation) -> Equation:
    single = {x for x, n in letter_sizes(program, equation).items() if n is S.One}
    if not single or not isinstance(equation.op, Sum):
        return equation
    op = equation.op
    body = substituted(op.body, {position(x): S.Zero for x in single})
    op = replace(op, body=body, over=tuple((x, n) for x, n in op.over if x not in single))
    return Equation(_at(equation.target, single), op, tuple(_at(r, single) for r in equation.operands), equation.step)


def _at(ref: Ref, single: set[str]) -> Ref:
    return Ref(ref.name, tuple(ONLY if x in single else x for x in ref.index))
