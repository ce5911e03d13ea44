"""What steps before one make of its verdict: it may use what an open one names, carry an error forward, or make up for one."""

from __future__ import annotations

from dataclasses import replace

from symbackprop.formulas.told import Told, told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import goal_for
from symbackprop.judge.steps.known import Known
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import Claim, Reading
from symbackprop.judge.weighing.weigh import weigh


def spared(known: Known, judged: Judged) -> Judged:
    """A verdict that does not convict a step over names that an open step before it may have given."""
    if not (known.unread and judged.wrong):
        return judged
    why = told("a step before it is open, and it may use what that step names")
    return replace(judged, kind="undecided", because=why, mistakes=(), corrected=(), counterexample=None)


def in_place(judge: Judge, known: Known, goal: Asked, understood: Claim, judged: Judged) -> Judged:
    """The verdict with the step's place in the derivation: a mistake of its own, carried forward, or one that compensates."""
    if not known.wrong or judged.open:
        return judged
    one = reading_of(understood, judged)
    over_truth = weigh(goal_for(judge.truth, goal, one.program, one.at), one.program, known.true)
    if judged.wrong and over_truth.agrees:
        return carried(judged, told("right if the steps before it were right: no second mistake"))
    if judged.right and over_truth.agrees is False:
        note = told("its error makes up for that of an earlier step")
        kind, why = "right result, wrong step", told("errors cancel")
        return replace(judged, kind=kind, because=why, remarks=(*judged.remarks, note))
    return judged


def carried(judged: Judged, note: Told) -> Judged:
    """The verdict on a step whose mistake is that of one before it."""
    return replace(
        judged, kind="wrong, carried forward", because=Told(), remarks=(*judged.remarks, note), mistakes=(), corrected=()
    )


def reading_of(understood: Claim, judged: Judged) -> Reading:
    """The reading of a step that a verdict is about."""
    shown = [r for r in understood.readings if judged.formulas and r.formula is judged.formulas[0]]
    plainest = next((r for r in understood.readings if r.at), understood.readings[0])  # of steps that a loop has
    return next((r for r in shown if r.at == plainest.at), plainest)
