"""Arguments that a function restricts: sqrt(x)^2 is not x where x is below 0, and exp(log(x)) is not x there either."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy import Dummy, Expr

from symbackprop.core.program import Reduce, Sum, slot
from symbackprop.language.tensors import Tensor
from symbackprop.language.tensors.tensor import Index

DEEPEST = 4  # equations that are looked through for a sign
DOMAINS = ("positive", "unit", "binary")  # whose numbers are never below 0
ROOT = "not below 0"
WITHIN = (sp.asin, sp.acos, sp.atanh, sp.acosh)


def lost(part: Expr, whole: Expr, operands: Sequence[tuple[Tensor, Index]]) -> bool:
    """Whether a body is defined where a part that was written into it is not.

    operands   of both, one for each slot.
    """
    gone = _restricted(part) - _restricted(whole)
    if not gone:
        return False
    signs = _signs([t for t, _ in operands], DEEPEST)
    return any(name != ROOT or not argument.xreplace(signs).is_nonnegative for name, argument in gone)


def _signs(operands: Sequence[Tensor], depth: int) -> dict[Expr, Expr]:
    """For each slot a number with the sign that is known of its operand."""
    return {slot(k): Dummy(nonnegative=True) if never_below_zero(t, depth) else Dummy(real=True) for k, t in enumerate(operands)}


def _restricted(body: Expr) -> set[tuple[str, Any]]:
    """The arguments of roots and logarithms in a body, and those of inverse functions with a bounded domain."""
    found: set[tuple[str, Any]] = {(type(f).__name__, f.args[0]) for f in body.atoms(*WITHIN)}
    return found | {(ROOT, f.args[0]) for f in body.atoms(sp.log, sp.Pow) if isinstance(f, sp.log) or not f.exp.is_integer}


def never_below_zero(tensor: Tensor, depth: int = DEEPEST) -> bool:
    """Whether what a tensor is made of tells that no entry is below 0; False where that is not seen."""
    told = tensor.signature
    if told is not None:
        return told.domain in DOMAINS or told.kind == "integers"
    if not depth:
        return False
    signs = _signs([t for t, _ in tensor.operands], depth - 1)
    if isinstance(tensor.op, Reduce):
        return tensor.op.kind in ("max", "min", "prod") and all(sign.is_nonnegative for sign in signs.values())
    return isinstance(tensor.op, Sum) and bool(tensor.op.body.xreplace(signs).is_nonnegative)
