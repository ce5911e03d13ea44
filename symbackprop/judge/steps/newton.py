r"""Newton's steps, w^{new} = w^{old} - (X^\top R X)^{-1} X^\top (y - t): right where the Hessian times the step is the gradient."""

from __future__ import annotations

import numpy as np

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Gradient, Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.told import told
from symbackprop.judge.sides.goals import about, goal_for
from symbackprop.judge.steps.known import Known
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.conventions import Convention
from symbackprop.judge.weighing.points import Place
from symbackprop.judge.weighing.reading import CLAIM, Claim, equal_shapes
from symbackprop.judge.weighing.weigh import Goal, value

LEAST = 3  # points that must have a step
CLOSE = 1e-7


def newton_step(known: Known, step: str, wrt: str, along: Claim) -> Judged | None:
    """The verdict on a step without a rate, from the parameter along what is said; None where it is none of Newton's.

    One that reads the second derivative is meant to be.

    along   what is taken away from the parameter.
    """
    truth = known.truth
    asked = about(truth, step, truth.of, wrt)
    second = about(truth, step, f"d{truth.of}/d{wrt}", wrt)
    for reading in along.readings:
        if not equal_shapes(reading.program.shape(CLAIM), truth.program.shape(wrt)):
            continue
        goal = goal_for(truth, second, reading.program)
        tried = [_leads(known, goal, reading.program, place) for place in truth.tall_places]
        if tried.count(True) >= LEAST and False not in tried:
            said = told("a step of Newton: {} times what is taken away is {}", second.shown, asked.shown)
            return Judged(step, asked, "right, numeric", formulas=along.formulas, remarks=(said,), points=tried.count(True))
        if tried.count(False) >= LEAST and all(_leads(known, goal, reading.program, at, -1.0) for at in truth.tall_places):
            away = told("a step away from that of Newton: it has the other sign")
            sign = Convention(("sign",), away, told("multiply by -1"))
            return Judged(step, asked, "up to convention", away, along.formulas, convention=sign, points=tried.count(False))
        if tried.count(False) >= LEAST and any(one.role == Gradient(second.of, wrt) for one in reading.program.inputs):
            why = told("for a step of Newton, {} times what is taken away is {}; here it is not", second.shown, asked.shown)
            return Judged(step, asked, "wrong", why, along.formulas, points=tried.count(False))
    return None


def _leads(known: Known, goal: Goal, program: Program, place: Place, sign: float = 1.0) -> bool | None:
    """Whether the Hessian times a step is the gradient at a point, or minus that; None where there is no step."""
    try:
        step = value(known.truth, program, known.written, place, place.values, FLOATS)
        hessian, gradient = goal.at(place), place.values[f"d{known.truth.of}/d{goal.wrt}"]
    except (PointError, SymbackpropError, np.linalg.LinAlgError):
        return None
    if not (np.isfinite(step).all() and np.isfinite(hessian).all()) or largest_of(step) > 1 / CLOSE:
        return None
    whole = np.tensordot(hessian, step, step.ndim) if step.ndim else hessian * step
    return bool(largest_of(sign * whole - gradient) <= CLOSE * max(1.0, largest_of(gradient)))
