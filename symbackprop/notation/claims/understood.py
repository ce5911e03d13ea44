"""What was understood of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr

from symbackprop.core.program import Program
from symbackprop.formulas.latex import latex
from symbackprop.formulas.told import Told
from symbackprop.formulas.tree import Node
from symbackprop.notation.claims.guess import Guess
from symbackprop.notation.claims.left import Left
from symbackprop.notation.claims.steps import At


@dataclass(frozen=True)
class Reading:
    """One way to understand a claim.

    program   computes it: one output, of the shape of what is claimed, from tensors of the network, true gradients (whose
              signature has the role of a gradient) and earlier steps, all by name.
    shape     of the output.
    fits      whether that is the shape of what is claimed.
    cost      what was taken for granted (the table is in `shapes`).
    notes     the same in sentences.
    origin    from where its indices count, 1 or 0.
    guesses   a letter that stands nowhere -> what it is taken to be; the reading is then conditional.
    formula   the reading, typeset so that it can be read in one way only; None where it was no formula.
    at        where along the axes of loops it claims, but for axes of which it claims all steps.
    left      the left-hand side at its steps; None where it is at none.
    """

    program: Program
    shape: tuple[Expr, ...]
    fits: bool
    cost: float = 0.0
    notes: tuple[Told, ...] = ()
    guesses: Mapping[str, Guess] = field(default_factory=dict)
    formula: Node | None = None
    origin: int = 1
    at: tuple[At, ...] = ()
    left: Node | None = None


@dataclass(frozen=True)
class Understood:
    """What was understood: the left-hand side, and the readings of the right-hand side, the cheapest first.

    unknown   letters that stand nowhere; the readings then say what they were taken to be.
    between   the readings of the sides between the first and the last of a chain of equalities, of those that were understood.
    unread    why sides between them were not, of those that no derivatives stand in.
    """

    left: Left
    readings: tuple[Reading, ...]
    unknown: tuple[str, ...] = ()
    between: tuple[tuple[Reading, ...], ...] = ()
    unread: tuple[Told, ...] = ()

    @cached_property
    def latex(self) -> str:
        """The cheapest reading, typeset; "" where it was no formula."""
        formula = self.readings[0].formula
        return "" if formula is None else latex(formula)
