"""A part of a gradient that stands at one step alone is what the loop of the gradient begins with."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import iverson
from symbackprop.core.guards import affine, split
from symbackprop.core.program import Equation, Ref, Sum, position, substituted


def at_one_step(equation: Equation, axis: int, place: Expr) -> Equation | None:
    """An equation that is zero but where the letter of an axis of its target stands at `place`: itself there, without that letter.

    None where it may be something at other steps, or the letter is one of an operand.
    """
    letter = equation.target.index[axis]
    if not isinstance(equation.op, Sum) or any(letter in r.index for r in equation.operands):
        return None
    factors, here = split(equation.op), affine(position(letter) - place)
    guards = [g for g in factors.guards if affine(g.lhs - g.rhs) in (here, affine(place - position(letter)))]  # type: ignore[operator]
    if not guards:
        return None
    op, others = equation.op, [iverson(g) for g in factors.guards if g not in guards]
    body = sp.Mul(factors.coefficient, *[op.slots[k] for k in factors.operands], factors.rest, *others)
    target = Ref(equation.target.name, tuple(c for c in equation.target.index if c != letter))
    return Equation(target, Sum(substituted(body, {position(letter): place}), op.slots, op.over), equation.operands, equation.step)
