r"""A derivation in which \delta h is the gradient by the h that a step makes of an h before, h_1, where more of it is right so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symbackprop.formulas.told import name as named
from symbackprop.formulas.told import told
from symbackprop.judge.sides.deltas import with_later
from symbackprop.judge.steps.derivations import judge_steps
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged


def judge_derivation(judge: Judge, steps: Sequence[tuple[str, Any, str]]) -> tuple[Judged, ...]:
    r"""A verdict for every step; \delta h of an input h is that of the value h_1, where this makes fewer of them wrong."""
    found = judge_steps(judge, list(steps))
    if not any(one.wrong for one in found):
        return found
    others, meant = with_later(judge.truth, steps)
    again = judge_steps(judge, others) if meant else found
    if len(again) != len(found) or sum(one.wrong for one in again) >= sum(one.wrong for one in found):
        return found
    said = tuple(told("d{} is taken to be the gradient by {}", named(own), named(later)) for own, later in meant)
    changed = [step[1] != other[1] for step, other in zip(steps, others, strict=True)]
    if len(changed) != len(again):
        return again
    return tuple(
        replace(one, remarks=(*one.remarks, *said)) if is_other else one for one, is_other in zip(again, changed, strict=True)
    )
