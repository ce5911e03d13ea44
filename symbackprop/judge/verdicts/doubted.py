"""Wrong claims that their own letters speak for: about other data than the network says, or a vector where it has a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symbackprop.core.chain_rule import gradient_name
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.told import Told
from symbackprop.judge.verdicts.labels import right_of_other_data
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import Reading
from symbackprop.judge.weighing.weigh import Bindings, Goal, Weighed, value
from symbackprop.notation.claims.limits import all_taken
from symbackprop.notation.claims.naming import number_of_rows
from symbackprop.notation.claims.shapes import number_turned


def says_nothing(goal: Goal, program: Program, bindings: Bindings, found: Weighed) -> bool:
    """Whether a claim about some entries is about none at any point: then it follows the true derivative, whatever that is."""
    name = gradient_name(goal.of, goal.wrt)
    for sample in found.samples:
        place = sample.place
        try:
            other = value(goal.truth, program, bindings, place, {**place.values, name: sample.true + 1.0}, FLOATS)
        except PointError:
            return False
        if not np.array_equal(other, sample.claimed + 1.0):
            return False
    return True


def _is_doubtful(note: Told) -> bool:
    """Whether what a reading takes for granted may be meant otherwise: a T is the targets more often than a number of rows."""
    of_rows = note.pattern == number_of_rows("", "").pattern and note.parts[0] == "T"
    return of_rows or note.pattern in (number_turned().pattern, all_taken("", "").pattern)


def doubted(judged: Judged, goal: Goal, reading: Reading, bindings: Bindings, found: Weighed) -> Judged:
    """A verdict that convicts nobody who means other data, or another letter, than the network has."""
    if judged.kind not in ("wrong", "wrong region", "wrong shape"):
        return judged
    turned = next((note for note in reading.notes if _is_doubtful(note)), Told())
    because = turned or right_of_other_data(goal, reading.program, bindings, found)
    if not because:
        return judged
    remarks = tuple(note for note in judged.remarks if note != turned)
    return replace(judged, kind="undecided", because=because, remarks=remarks, mistakes=(), corrected=(), counterexample=None)
