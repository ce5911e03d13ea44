"""Which tensors of a program hold whole numbers, so that they can be read as positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy import Symbol

from symbackprop.core.expressions import parts_in
from symbackprop.core.functions import Where
from symbackprop.core.guards import letters_of
from symbackprop.core.program import Carry, Equation, Program, Reduce, Sum

ROUNDING = ("floor", "ceiling", "ceil", "round", "trunc", "sign")
"""Functions whose values are whole numbers, whatever they are asked of."""


def integers(program: Program, equations: Sequence[Equation]) -> frozenset[str]:
    """The tensors that the source holds as integers: declared ones, and those of whole numbers that positions are made of."""
    found = {t.name for t in program.inputs if t.kind == "integers"}
    reading: set[str] = set()
    for equation in reversed(equations):
        if equation.target.name in reading:
            reading |= {r.name for r in equation.operands}
        if isinstance(equation.op, Sum) and equation.operands:
            in_guards = {s for test in parts_in(equation.op.body, sp.Eq) if letters_of(test) for s in test.free_symbols}
            reading |= {r.name for s, r in zip(equation.op.slots, equation.operands, strict=True) if s in in_guards}
    written = {e.target.name for e in equations}
    if reading.isdisjoint(written):
        return frozenset(found)
    held = found | {t.name for t in program.inputs if t.domain in ("binary", "sign")} | written
    while fractions := {e.target.name for e in equations if e.target.name in held and not _is_whole(e, held)}:
        held -= fractions  # loops read themselves, so that all are taken for whole until one shows that they are not
    return frozenset(found | (reading & written & held))


def _is_whole(equation: Equation, held: set[str]) -> bool:
    if not isinstance(equation.op, Sum):
        kept = isinstance(equation.op, Carry) or (isinstance(equation.op, Reduce) and equation.op.kind in ("max", "min", "prod"))
        return kept and all(ref.name in held for ref in equation.operands)
    slots = {s: ref.name in held for s, ref in zip(equation.op.slots, equation.operands, strict=True)}
    return _body_is_whole(equation.op.body, slots)


def _body_is_whole(e: Any, slots: dict[Symbol, bool]) -> bool:
    """Whether an expression is a whole number where the slots that are True are ones; positions and sizes are."""
    if e.is_Symbol or e.is_number:
        return slots.get(e, True) if e.is_Symbol else bool(e.is_Integer)
    if isinstance(e, Where):
        return all(_body_is_whole(part, slots) for part in e.args[1:])
    if type(e).__name__ in ROUNDING:
        return True
    if e.is_Pow:
        return bool(e.exp.is_Integer and e.exp >= 0) and _body_is_whole(e.base, slots)
    kept = isinstance(e, sp.Add | sp.Mul | sp.Max | sp.Min) or type(e).__name__ in ("maximum", "minimum")
    return kept and all(_body_is_whole(part, slots) for part in e.args)
