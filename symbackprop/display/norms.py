r"""Roots of sums of squares as the norms that they are: \lVert x_{i} - x_{j}\rVert^{3} for (\sum_k (x_{ik} - x_{jk})^2)^{3/2}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.core.program import Equation, Ref, Sum, letter_sizes, slot
from symbackprop.display.body import BodyPrinter
from symbackprop.display.names import Names
from symbackprop.display.reading_order import swapped
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter
from symbackprop.formulas.tree import Fence, Node


class Norm(NamedTuple):
    """The square root of a sum of squares.

    vector      whose entries they are, of `operands` in slots.
    over        the letters that it sums over: the last axes of each; `is_matrix`: they are two.
    """

    vector: Expr
    slots: Sequence[Symbol]
    operands: Sequence[Ref]
    over: Sequence[str]
    is_matrix: bool

    def formula(self, names: Names, letters: Mapping[str, Letter]) -> Node:
        """It with its letters, but for those that it sums over."""
        read = zip(self.slots, self.operands, strict=True)
        pieces = {s: names.entry(r.name, [letters[c] for c in r.index if c not in self.over]) for s, r in read}
        body = Fence("‖", BodyPrinter(pieces).formula(self.vector), "‖")
        return f.scripted(body, sub=f.letter("F")) if self.is_matrix else body


def norm_of(names: Names, squared: Equation) -> Norm | None:
    """The norm whose square an equation is; None where it is none, or one along axes before the last, which has no name."""
    op = squared.op
    if not isinstance(op, Sum) or not isinstance(op.body, sp.Pow) or op.body.exp != 2:
        return None
    sizes = letter_sizes(names.program, squared)
    over = [c for c, _ in op.over if sizes[c] != 1]
    base = op.body.base
    is_plain = all(base.coeff(s) in (1, -1) for s in op.slots) and base == sp.Add(*(base.coeff(s) * s for s in op.slots))
    if not (0 < len(over) < 3 and is_plain):
        return None
    for ref in squared.operands:
        shown = [c for c in ref.index if sizes[c] != 1]
        if len({*shown}) < len(shown) or [c for c in shown if c in over] != shown[-len(over) :] or len(shown) < len(over):
            return None
        if [c for c in shown if c in over] != [c for c in squared.operands[0].index if c in over]:  # a turned matrix
            return None
    return Norm(base, op.slots, squared.operands, [c for c, _ in op.over], len(over) == 2)


def with_norms(body: Expr, of: Mapping[Symbol, Norm], taken: int) -> tuple[Expr, dict[Symbol, Symbol]]:
    """A body with the norms whose squares stand in some slots, where it takes roots of them or divides by them, and their slots.

    u^{3/2} is n^3, and 1/u is 1/n^2.

    taken   how many slots there are.
    """
    found: dict[Symbol, Symbol] = {}
    for s in of:
        powers = {p for p in body.atoms(sp.Pow) if p.base == s}
        if any((2 * p.exp).is_integer and (not p.exp.is_integer or p.exp.is_negative) for p in powers):
            found[s] = slot(taken + len(found))
            body = swapped(body, {p: found[s] ** (2 * p.exp) for p in powers} | {s: found[s] ** 2})
    return body, found
