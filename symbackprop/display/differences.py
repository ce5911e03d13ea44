"""Differences in quotients as their author wrote them: -(x - m)/(2 s^3) where the network has x - m, and not (m - x)/(2 s^3)."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy import Expr, S

from symbackprop.core.program import Equation, Sum
from symbackprop.display.names import Names
from symbackprop.display.reading_order import is_negative


def differences_as_written(names: Names, equation: Equation, body: Expr) -> Expr:
    """The body of an equation with such differences as the network has them, but those with a side that it is differentiated by."""
    if not isinstance(equation.op, Sum) or not any(isinstance(e, sp.Pow) and is_negative(e.exp) for e in body.atoms(sp.Pow)):
        return body
    read: dict[Expr, str] = {s: ref.name for s, ref in zip(equation.op.slots, equation.operands, strict=True)}
    by = equation.step.wrt.name if equation.step is not None and equation.step.wrt is not None else ""
    swap: dict[Expr, Expr] = {}
    for product in body.atoms(sp.Mul):
        for factor in product.args if any(isinstance(x, sp.Pow) and is_negative(x.exp) for x in product.args) else ():
            sides = _sides(factor, read)
            if sides is not None and by not in sides and _is_written(names, *sides[::-1]) and not _is_written(names, *sides):
                swap[product] = sp.Mul(S.NegativeOne, -factor, *[x for x in product.args if x != factor])
                break
    return body.xreplace(swap)  # type: ignore[return-value]  # SymPy promises a Basic only


def _sides(e: sp.Basic, read: Mapping[Expr, str]) -> tuple[str, str] | None:
    """The values a and b of a difference a - b of entries; None for anything else."""
    terms = sorted(sp.Add.make_args(e), key=is_negative) if isinstance(e, sp.Add) and len(e.args) == 2 else ()
    if not terms or terms[0] not in read or -terms[1] not in read:
        return None
    return read[terms[0]], read[-terms[1]]


def _is_written(names: Names, above: str, below: str) -> bool:
    """Whether the network has the difference of two values, in that order."""
    for e in names.program.equations:
        if names.signature(e.target.name).role is None and isinstance(e.op, Sum) and {r.name for r in e.operands} >= {above, below}:
            read: dict[Expr, str] = {s: ref.name for s, ref in zip(e.op.slots, e.operands, strict=True)}
            if any(_sides(total, read) == (above, below) for total in e.op.body.atoms(sp.Add)):
                return True
    return False
