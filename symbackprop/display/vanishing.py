"""Parts of a gradient that are zero whatever comes back: the deviations from a mean add up to nothing."""

from __future__ import annotations

from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.reading import NoFormError, Values
from symbackprop.core.program import Equation, Program, Sum


def vanishes(program: Program, equation: Equation) -> bool:
    """Whether the local derivative of a part of a gradient, sum over n of 2 (mu[i] - u[n i]) / N, is zero by what its values are.

    What it reads is written out, one level of it.
    """
    step, op = equation.step, equation.op
    if step is None or step.upstream is None or not isinstance(op, Sum) or not isinstance(step.local, Sum):
        return False
    if not op.over or {c for c, _ in op.over} & set(step.upstream.index) or not step.local_operands:
        return False
    opened = {r.name for r in step.local_operands}
    kept = frozenset(program.equation_of()) - opened
    try:
        found = Values(program, Algebra(conditions=tuple(program.conditions)), kept - {equation.target.name})
        return not found.definition(equation.target.name).terms
    except NoFormError:
        return False
