r"""Steps that say what something comes to where parameters are best: S(\hat\beta) = y^\top y - ..., f''(x^*) = 6."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import name as named
from symbackprop.formulas.told import told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.by_entries import determinant
from symbackprop.judge.sides.goals import goal_for, tensor_of
from symbackprop.judge.sides.respelled import respelled
from symbackprop.judge.steps.equations import STARTS, at_best, curved, elsewhere, with_own_names
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.stationary import solved
from symbackprop.judge.steps.step_reading import read_step
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.points import Place
from symbackprop.judge.weighing.reading import read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import value
from symbackprop.notation.claims.bracketed import is_alone, sides
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.side import Side, side_of

LEAST = 3
AGREES, DIFFERS = 1e-6, 1e-4  # relative to the larger side


def anywhere(truth: Truth, claim: Any) -> str | None:
    r"""A gradient at best values that is set to 0, \nabla f(x^*) = Ax^* - b = 0, as it is anywhere; None for any other claim."""
    left = _left(truth, claim) if isinstance(claim, str) else None
    if left is None or left.order != 1 or left.kind == "value":
        return None
    try:
        several = sides(f"q {left.rest}")[1:]
    except Fault:
        return None
    own = with_own_names(truth, ", ".join(left.at or ()))[1]
    if len(several) < 2 or several[-1].strip(" .,;") != "0" or not own:
        return None
    sign = "-" if left.sign < 0 else ""
    return f"{sign}{left.stem} {with_own_names(truth, left.rest)[0]}"


def best_step(judge: Judge, known: Known, name: str, claim: Any) -> Judged | None:
    """The verdict on a step that says what the loss, or a derivative of it, is at best values; None for any other step."""
    left = _left(judge.truth, claim) if isinstance(claim, str) else None
    own = with_own_names(judge.truth, ", ".join(left.at or ()))[1] if left is not None else []
    if left is None or not own:
        return None
    try:
        several = sides(f"q {left.rest}")[1:]
        if not is_alone(left.rest):
            return None
        if several[-1].strip(" .,;") == "0" and left.order == 1:  # \nabla f(x^*) = 0 says where it is
            is_said = len(several) == 1 and {tensor_of(judge.truth, one) for one in left.by} <= {*own}
            return Judged(name, None, "abbreviation", remarks=(told("set to 0 for the steps that follow"),)) if is_said else None
        found = [_judged(judge, known, left, own, with_own_names(judge.truth, side)[0]) for side in several]
    except (SymbackpropError, Fault):
        return None
    kind = next((one for one in ("wrong", "undecided") if one in found), "right, numeric")
    asked, by = Asked(name, judge.truth.of, own[0], 0, written(name)), named(own[0])
    if kind == "right, numeric":
        return Judged(name, asked, kind, remarks=(told("it holds where the gradient by {} is 0", by),), points=LEAST)
    if _is_hessian(judge.truth, left):  # H may be an entropy
        return None
    if kind == "wrong":
        return Judged(name, asked, kind, told("where the gradient by {} is 0, it is something else", by), points=LEAST)
    return Judged(name, None, kind, told("what it is where the gradient by {} is 0 was not found", by))


def _left(truth: Truth, claim: str) -> Side | None:
    """The first side of a claim that says something at best values; I(\\hat\\theta) before it is a name for that."""
    first = side_of(claim)
    for side in (first, side_of(first.rest[1:]) if first is not None else None):
        if side is not None and side.at and (side.kind != "value" or _is_loss(truth, side) or _is_hessian(truth, side)):
            return side
    return None


def _judged(judge: Judge, known: Known, left: Side, own: list[str], side: str) -> str:
    """The kind of the verdict on one side."""
    truth, kind = judge.truth, "undecided"
    for true, claimed in _readings(judge, known, left, side):
        gaps = []
        for place in [*truth.tall_places, *map(_positive(known), truth.tall_places)]:
            if len(gaps) >= 2 * LEAST:
                break
            try:
                scale = largest_of(true(place))
                best = list(_best_places(known, own, place))
                own_gaps = [_gap(true(one), _value(known, claimed, one), scale) for one in best]
            except (PointError, SymbackpropError):
                continue
            own_gaps = [gap for gap in own_gaps if not np.isnan(gap)]
            gaps += [min(own_gaps)] if own_gaps else []
        if len(gaps) >= LEAST and max(gaps) <= AGREES:
            return "right, numeric"
        if len(gaps) >= LEAST and min(gaps) > DIFFERS and not known.wrong:
            kind = "wrong"
    return kind


def _is_loss(truth: Truth, left: Side) -> bool:
    return left.kind == "value" and left.of is not None and tensor_of(truth, left.of) == truth.of


def _is_hessian(truth: Truth, left: Side) -> bool:
    return left.kind == "value" and left.base == "H" and "H" not in truth.named and len(truth.program.parameters) == 1


def _readings(judge: Judge, known: Known, left: Side, side: str) -> Iterator[tuple[Callable[[Place], ndarray], Program]]:
    """What is true at a place, and what a side says, by each reading of it."""
    truth = judge.truth
    side = side if left.sign > 0 else f"-({side})"
    if _is_loss(truth, left):
        understood = read(f"q = {side}", truth, truth.of, None, judge.symbols, known.said)
        if not understood.unknown:
            yield from ((lambda place: place.values[truth.of], one.program) for one in understood.readings)
        return
    if left.kind == "determinant":
        true, said = (read(f"q = {one}", truth, truth.of, None, judge.symbols, known.said) for one in (determinant(truth), side))
        if not said.unknown:
            yield from ((lambda place: _value(known, true.readings[0].program, place), one.program) for one in said.readings)
        return
    stem = rf"\nabla^2 {latex(parse_name(truth.of).formula())}" if _is_hessian(truth, left) else left.stem
    (name, claim, _) = respelled(truth, [(stem, f"{stem} = {side}", "")], judge.symbols)[0]
    understood, goal = read_step(judge, known, name, claim, None, look=True)
    if goal is not None and not understood.unknown:
        yield from ((goal_for(truth, goal, one.program, one.at).at, one.program) for one in understood.readings)


def _positive(known: Known) -> Callable[[Place], Place]:
    """A place with data that are positive: a rate is best at the mean of counts."""
    names = [t.name for t in known.truth.program.inputs if t.kind == "data" and t.domain is None]
    return lambda place: elsewhere(known, place, {name: np.abs(place.point[name]) for name in names})


def _value(known: Known, claimed: Program, place: Place) -> ndarray:
    return value(known.truth, claimed, known.written, place, place.values, FLOATS)


def _gap(true: ndarray, claimed: ndarray, scale: float) -> float:
    """How far two arrays are from each other, relative to the larger, or to what is true elsewhere."""
    if true.shape != claimed.shape:
        return np.inf
    size = max(scale, largest_of(true), largest_of(claimed))
    return largest_of(true - claimed) / (size or 1.0)


def _best_places(known: Known, own: list[str], place: Place) -> Iterator[Place]:
    """A place with parameters at the best values that steps gave, or else at each at which the gradient by them is 0."""
    given = solved(known)
    if set(own) <= {*given}:
        yield elsewhere(known, place, {wrt: _value(known, given[wrt], place) for wrt in own})
        return
    for start in STARTS:
        begun = elsewhere(known, place, {wrt: start * place.point[wrt] for wrt in own})
        best = at_best(known, own, {}, begun)
        if best is not None and all(curved(known, wrt, place, best[wrt]).all() for wrt in own):  # none ran off
            yield elsewhere(known, place, {wrt: best[wrt] for wrt in own})
