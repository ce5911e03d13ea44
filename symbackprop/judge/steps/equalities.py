r"""Equations between what is no gradient, D = f_{xx} f_{yy} - f_{xy}^2 = 4 x y - 9, x f_x + y f_y = 2 f: whether sides are equal.

Sides that are equal everywhere are right. Others may be equal where a condition holds that nothing says, as at the best value of a
parameter: of a chain that is told, and convicts nobody, but where a number of second derivatives is said by all parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from symbackprop.core.derivatives.orders import orders
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Gradient, Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.formulas import build as f
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Formula, told
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.step_reading import read_step
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.points import largest_real
from symbackprop.judge.weighing.reading import CLAIM, Claim, NotUnderstood
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import Bindings, value

POINTS, LEAST = 8, 4  # tried, and that must have a value
SAME = 1e-9  # relative: what rounding leaves
CLEAR = 1e-2  # relative: by how much sides differ at least at some points; what was rounded by hand differs by less
LEFT = 1e-3  # of the largest value of the network: what is much smaller is what cancels
_FRESH = "uvqrgkm"
_EQUALS = re.compile(r"(?<![<>!:=\\])=(?!=)")
_SIGNS = re.compile(r"[<>]|\\(?:n?[lg]eq?|neq?|approx|sim|propto|equiv|in)(?![a-z])|:=|==")


def chained(known: Known, claim: Claim) -> Judged | None:
    """The verdict on a chain behind a name of a person's own: right where derivatives stand in it and its sides are equal.

    None where it says nothing, or that is not clear.
    """
    found = [_are_equal(known, side, claim) for side in claim.between]
    for side, equal in zip(claim.between, found, strict=True):
        if equal is False:
            shown = [Formula(plain(formula), formula) for one in (side, claim) for formula in one.formulas[:1]]
            both = told("the sides of its chain are not equal: {} is not {}", *shown) if len(shown) == 2 else None
            kind = "wrong" if _is_curvature(known, side, claim) and not (known.wrong or known.unread) else "undecided"
            return Judged(claim.left.name, None, kind, both or told("its sides are not equal"), claim.formulas)
    derived = any(tensor.role for one in claim.between for tensor in one.readings[0].program.inputs)
    right = Judged(claim.left.name, None, "right, numeric", formulas=claim.formulas, points=POINTS)
    return right if derived and all(found) else None


def identity(judge: Judge, known: Known, name: str, claim: Any) -> Judged | None:
    """An equation between formulas, where its sides are equal everywhere, or it says a number of second derivatives; or None."""
    sides = _EQUALS.split(claim.strip(" .,;")) if isinstance(claim, str) and not _SIGNS.search(claim) else []
    fresh = next((letter for letter in _FRESH if letter not in claim and letter not in known.truth.program.tensors), None)
    if len(sides) < 2 or fresh is None or not all(map(str.strip, sides)):
        return None
    try:
        read = [read_step(judge, known, fresh, f"{fresh} = {side}", None, look=False)[0] for side in sides]
    except NotUnderstood:
        return None
    if any(one.unknown for one in read):
        return None
    found = [_are_equal(known, one, other) for one, other in pairwise(read)]
    each = [formula for one in read for formula in one.formulas[:1]]
    formulas = (reduce(f.equation, each),) if len(each) == len(read) else ()
    if all(found):
        return Judged(name, None, "right, numeric", formulas=formulas, points=POINTS)
    is_wrong = any(
        equal is False and _is_curvature(known, one, other) for (one, other), equal in zip(pairwise(read), found, strict=True)
    )
    if not is_wrong or known.wrong or known.unread or sides[-1].strip() == "0":  # f_{xx} + f_{yy} = 0 is an equation
        return None
    return Judged(name, None, "wrong", told("its sides are not equal"), formulas, points=POINTS)


def _is_curvature(known: Known, one: Claim, other: Claim) -> bool:
    """Whether sides are numbers, the first of second derivatives, f_{xx} f_{yy} - f_{xy}^2, the other of all parameters alone."""
    sides = [[reading.program for reading in side.readings] for side in (one, other)]
    roles = [[t.role for program in side for t in program.inputs if isinstance(t.role, Gradient)] for side in sides]
    is_second = any(len(orders(role).by) > 1 for role in roles[0]) and not roles[1]
    every = {tensor.name for tensor in known.truth.program.parameters}
    said = known.truth.places.is_settled or all(every <= {t.name for t in program.inputs} for program in sides[1])
    return is_second and said and not any(program.shape(CLAIM) for side in sides for program in side)


def _are_equal(known: Known, one: Claim, other: Claim) -> bool | None:
    """Whether two sides are equal in some reading of each; None where that is not clear."""
    found = [_compared(known.truth, a.program, b.program, known.written) for a in one.readings for b in other.readings]
    return True if True in found else None if None in found else False


def _compared(truth: Truth, one: Program, other: Program, bindings: Bindings) -> bool | None:
    """Whether two programs have the same values at all points; None where they are close, or have too few."""
    gaps: list[float] = []
    for place in truth.places.first(POINTS):
        try:
            a, b = (value(truth, program, bindings, place, place.values, FLOATS) for program in (one, other))
        except (PointError, SymbackpropError):
            continue
        if np.isfinite(a).all() and np.isfinite(b).all():
            gaps.append(_gap(a, b, LEFT * max(map(largest_real, place.values.values()))))
    if len(gaps) < (1 if truth.places.is_settled else LEAST):
        return None
    return True if max(gaps) <= SAME else None if min(gaps) <= SAME or _middle(gaps) <= CLEAR else False


def _gap(a: np.ndarray, b: np.ndarray, least: float) -> float:
    """By how much arrays differ, relative to the largest entry, or to what cancels; infinitely where their shapes do."""
    if a.shape != b.shape:
        return np.inf
    scale = max(largest_real(a), largest_real(b), least)
    return largest_real(a - b) / scale if scale else 0.0


def _middle(gaps: Sequence[float]) -> float:
    return sorted(gaps)[len(gaps) // 2]
