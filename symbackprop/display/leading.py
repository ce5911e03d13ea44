"""The letters of batches and heads, which stand below names while the last two axes are those of matrices: S_n = Q_n K_n^T."""

from __future__ import annotations

from symbackprop.core.letters import fresh
from symbackprop.core.passes.simplify import renamed
from symbackprop.core.program import Equation, Ref, Sum

MATRIX = 2  # axes


def leading(equation: Equation) -> tuple[str, ...] | None:
    """The letters below the names of an equation: the first of what has more than two axes; () where nothing has, None: no way.

    What has one of them has all, first; what comes out has them, or is a sum over them: sum_n X_n^T D_n.
    """
    deepest = max((equation.target, *equation.operands), key=lambda ref: len(ref.index))
    lead = deepest.index[:-MATRIX]
    if not lead:
        return ()
    if not isinstance(equation.op, Sum) or len({*lead}) < len(lead):
        return None
    if equation.target.index[: len(lead)] != lead and not {*lead} <= {c for c, _ in equation.op.over}:
        return None
    return lead if fits(equation, lead) else None


def fits(equation: Equation, lead: tuple[str, ...]) -> bool:
    """Whether all that an equation has are matrices, below whose names some letters stand or none."""
    return all(_fits(ref, lead) for ref in (equation.target, *equation.operands))


def _fits(ref: Ref, lead: tuple[str, ...]) -> bool:
    own, rest = ref.index[: len(lead)], ref.index[len(lead) :]
    if own == lead:
        return len(rest) <= MATRIX and not {*rest} & {*lead}
    return len(ref.index) <= MATRIX and not {*ref.index} & {*lead}


def at(inner: Equation, ref: Ref, taken: set[str]) -> Equation:
    """An equation in the letters with which its value is read; those that it sums over are none of `taken`."""
    swap = dict(zip(inner.target.index, ref.index, strict=True))
    own = [c for c, _ in inner.op.over]
    swap |= dict(zip(own, fresh(len(own), {*taken, *ref.index, *inner.target.index}), strict=True))
    return renamed(inner, swap)
