"""Points at which a loss is stationary, a value for each of several parameters: x = 0, y = 0 and x = 1, y = 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from symbackprop.core.program import Program
from symbackprop.judge.sides.best_names import is_spelled, parameter_named
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.set_to_zero import inputs_of, parameters_of, programs_of
from symbackprop.judge.steps.solved import answered
from symbackprop.judge.steps.stationary import LEAST, among_all, held
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import CLAIM, equal_shapes
from symbackprop.notation.claims.bracketed import sides
from symbackprop.notation.claims.errors import Fault

Steps = Sequence[tuple[str, Any, str]]


class _Value(NamedTuple):
    """The value that a step gives a parameter, and the place of the step."""

    place: int
    program: Program


def at_points_told(known: Known, found: Sequence[Judged], steps: Steps) -> tuple[Judged, ...]:
    """The verdicts, where steps give values to several parameters that make one point, each beside the others there."""
    out = list(found)
    for point in _points(known, found, steps):
        of_numbers = not any(inputs_of(known, value.program) for value in point.values())
        is_settled = not any(out[value.place].wrong or out[value.place].open for value in point.values())
        if len(point) > 1 and (of_numbers or not is_settled):  # numbers that are right alone may be of different points
            _judge(known, out, steps, point)
    return tuple(out)


def _points(known: Known, found: Sequence[Judged], steps: Steps) -> list[dict[str, _Value]]:
    """The values of parameters in steps, a point for each time that they begin again."""
    points: list[dict[str, _Value]] = [{}]
    for place, (name, claim, _) in enumerate(steps):
        own = [wrt for wrt in parameters_of(known.truth) if is_spelled(wrt, name)]
        wrt = parameter_named(known.truth, name) or (own[0] if len(own) == 1 else None)
        program = None if wrt is None or found[place].kind == "not understood" else _value(known, wrt, claim)
        if wrt is not None and program is not None:
            points += [{}] if wrt in points[-1] else []
            points[-1][wrt] = _Value(place, program)
    return points


def _value(known: Known, wrt: str, claim: Any) -> Program | None:
    """What a claim says that a parameter is, if that is made of no parameter."""
    try:
        side = sides(claim)[-1] if isinstance(claim, str) else ""
    except Fault:
        return None
    fits = (
        [one for one in programs_of(known, side) if equal_shapes(one.shape(CLAIM), known.truth.program.shape(wrt))] if side else []
    )
    return next((one for one in fits if not inputs_of(known, one) & parameters_of(known.truth)), None)


def _judge(known: Known, out: list[Judged], steps: Steps, point: Mapping[str, _Value]) -> None:
    """Judge the steps that give a point: each is right where all gradients are 0 there.

    Where they are not, and no parameter is left out, the steps that are not right by themselves are wrong, or else the last.
    """
    truth, programs = known.truth, {wrt: value.program for wrt, value in point.items()}
    best = {wrt: held(known, program, wrt, programs) for wrt, program in programs.items()}
    if all(among_all(one) is not None for one in best.values()):
        blamed = [wrt for wrt, value in point.items() if not out[value.place].right]
    elif {*point} == parameters_of(truth) and all(len(one) >= LEAST for one in best.values()):
        blamed = [wrt for wrt, value in point.items() if not out[value.place].right] or [*point][-1:]
        best = {wrt: ["none"] * LEAST for wrt in best}
    else:
        return
    for wrt in blamed:
        place = point[wrt].place
        one = out[place]
        alone = Judged(one.name, None, "abbreviation", given=one.given, formulas=one.formulas, stands=one.stands, where=one.where)
        out[place] = answered(truth, alone, steps[place][0], wrt, best[wrt])
    places = {point[wrt].place for wrt in blamed}
    known.used = [used for used in known.used if used.place not in places]
    known.wrong = any(used.judged.wrong for used in known.used)
