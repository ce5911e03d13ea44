"""Numbers that code gives for a gradient, held against the truth at the judge's points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.told import told
from symbackprop.judge.functions.compare import SMALL_AGREES, SMALL_DIFFERS
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.verdicts.diagnose import even_by_construction, reads
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.counterexample import Both, Counterexample, smallest
from symbackprop.judge.weighing.points import Coverage, Side, enough, noted
from symbackprop.judge.weighing.truth import WITNESSES, Truth
from symbackprop.judge.weighing.weigh import AGREES, DIFFERS, Goal, Sample, Weighed, goal_of, measured

Values = Mapping[str, ndarray]
Taken = Callable[[Values], ndarray]


def judged_numbers(judge: Judge, what: Asked, taken: Taken, given: str, failures: tuple[type[Exception], ...]) -> Judged:
    """The verdict on what code gives for a gradient.

    taken     its numbers where the network has the values.
    given     what the code is called.
    failures  what it raises where it has no numbers.
    """
    goal = goal_of(judge.truth, what.wrt, what.of)
    coarse = coarse_in(given)
    small = set(filter(None, [coarse]))  # the types of floats that are coarser than the judge's

    def claimed(values: Values) -> ndarray:
        value = taken(values)
        small.update([value.dtype.name] if _unit(value) else ())
        return value

    try:
        if doubt := judge.truth.doubt(what.wrt, what.of):
            return Judged(what.name, what, "undecided", doubt)
        found = _weighed(goal, claimed, float(np.finfo(coarse).eps) if coarse else 0.0)
    except failures as failed:
        return Judged(what.name, what, "not understood", told("{}", str(failed)))
    if found.agrees is None:
        return Judged(what.name, what, "undecided", found.why, points=len(found.samples))
    about: dict[str, Any] = {"points": len(found.samples), "error": found.margin, "witnesses": WITNESSES, "given": given}
    about["truth"] = judge.truth.formula(what.wrt, what.of)
    about["remarks"] = tuple(told("what was returned in {} is held to the digits that this has", kind) for kind in sorted(small))
    if found.agrees:
        return Judged(what.name, what, "right, numeric", **about)
    return judge.differing(what, goal, found, about, lambda: _fails(goal, found, claimed, failures))


def numbers_agree(truth: Truth, what: Asked, taken: Taken, failures: tuple[type[Exception], ...]) -> tuple[bool | None, bool]:
    """Whether the numbers are the true ones, None where that is not known; and whether they have the gradient's shape."""
    try:
        found = _weighed(goal_of(truth, what.wrt, what.of), taken)
    except (PointError, *failures):
        return None, True
    return found.agrees, found.shapes is None


def coarse_in(code: str) -> str:
    """The coarsest type of floats that code names; "" where it names none but float64."""
    return next((kind for kind in ("float16", "float32") if kind in code), "")


def _unit(value: ndarray) -> float:
    """What floats of the value's type cannot tell from 1, where they are coarser than float64; else 0."""
    return float(np.finfo(value.dtype).eps) if value.dtype.itemsize < 8 else 0.0


def _weighed(goal: Goal, claimed: Taken, unit: float = 0.0) -> Weighed:
    """The function's values against the truth; of a function that computes in float32, as closely as float32 can tell."""
    found, coverage = Weighed(), Coverage()
    for place in goal.truth.places:
        true, value = goal.at(place), claimed(place.values)
        if value.shape != true.shape:
            found.shapes = tuple(map(sp.Integer, value.shape)), tuple(map(sp.Integer, true.shape))
        unit = max(unit, _unit(value))
        found.samples.append(Sample(place, value.astype(float), true, [], 0.0))
        coverage.add(place.sides, place.labels())
        if enough(len(found.samples), coverage):
            break
    found.samples = measured(found.samples)
    if found.margin <= max(AGREES, SMALL_AGREES * unit):
        found.agrees = True
    elif found.margin >= max(DIFFERS, SMALL_DIFFERS * unit):
        found.agrees = False
    else:
        found.why = told("the values differ by {}, which floats cannot settle", f"{found.margin:.0e}")
    return found


def _fails(goal: Goal, found: Weighed, claimed: Taken, failures: tuple[type[Exception], ...]) -> Counterexample | None:
    """The smallest point found at which the function fails."""
    truth, structural = goal.truth, even_by_construction(found)

    def evaluate(point: Values, at: Mapping[str, int]) -> Both:
        sides: list[Side] = []
        values = walk(goal.program, point, at, FLOATS, noted(sides))
        try:
            value, true = claimed(values), values[goal.name]
            off = SMALL_DIFFERS * _unit(value) * largest_of(true)  # what rounds is no counterexample
            close = value.shape == true.shape and np.abs(value - true) <= off
            return np.where(close, true, value), true, [s for s in sides if str(s.relation) not in structural]
        except failures as failed:
            raise PointError(str(failed)) from None

    try:
        return smallest(truth.program, evaluate, reads(goal), truth.open_sizes, truth.pinned)
    except PointError:
        return None
