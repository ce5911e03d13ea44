"""Where a claim and the derivation take the slope at a kink from different sides: there is none, and either is a choice."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp
from sympy.core.relational import GreaterThan, LessThan, StrictGreaterThan, StrictLessThan

from symbackprop.formulas.told import Told, told
from symbackprop.judge.weighing.points import Side
from symbackprop.judge.weighing.region import whole
from symbackprop.judge.weighing.weigh import Weighed

ABOVE = (GreaterThan, StrictLessThan)  # 0 goes with what is above 0


def choices(found: Weighed) -> tuple[Told, ...]:
    """A sentence for each comparison that a claim settles at equality otherwise than the derivation."""
    notes: dict[Told, None] = {}
    for sample in found.samples:
        ours = _settled(sample.place.sides)
        for gap, above in _settled(sample.sides):
            if (gap, not above) in ours and (gap, above) not in ours:
                notes[
                    told(
                        "at {} = 0 there is no slope; the claim takes that of the other side than the derivation: a choice",
                        whole(gap),
                    )
                ] = None
    return tuple(notes)


def _settled(sides: Iterable[Side]) -> set[tuple[sp.Basic, bool]]:
    """What is compared with 0, and whether equality goes with what is above."""
    out = set()
    for side in sides:
        if isinstance(side.relation, GreaterThan | LessThan | StrictGreaterThan | StrictLessThan):
            gap = sp.expand(side.relation.lhs - side.relation.rhs)  # type: ignore[operator]  # SymPy's own types hide sides
            above = isinstance(side.relation, ABOVE)
            turned = gap.could_extract_minus_sign()
            out.add((-gap if turned else gap, above != turned))
    return out
