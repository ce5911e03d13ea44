r"""Steps in numbers, q = 3 and \partial E/\partial w_5 = 0.74 \cdot 0.187 = 0.139: right to the digits that are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.plain import plain as as_text
from symbackprop.formulas.told import Formula, Told, listed, told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.at_values import as_matrix
from symbackprop.judge.sides.goals import about, goal_for
from symbackprop.judge.sides.goals import spelled as by_spelling
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.step_reading import read_step
from symbackprop.judge.texts.numbers import is_of_numbers
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import ROUNDED, Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.conventions import convention
from symbackprop.judge.weighing.counterexample import plain
from symbackprop.judge.weighing.reading import Claim, NotUnderstood, Reading, read
from symbackprop.judge.weighing.truth import WITNESSES, Truth
from symbackprop.judge.weighing.weigh import Goal, goal_of, needed, value
from symbackprop.notation.claims.bracketed import sides
from symbackprop.notation.claims.errors import Fault

SEVERAL = 4  # as many factors may have been rounded alike
CARRIED = 1e-3  # relative: what a number that a step before rounded may be off by
ANOTHER = 0.05  # relative: no rounding of factors leaves as much
TURNED = np.asarray(1.0)  # and what has the other sign
_DECIMAL = re.compile(r"(?<![\w.^])\d*\.\d+(?![\w.])")
_ENTRY = re.compile(r"(?P<base>[A-Za-z]+)_(?P<at>\d)")
_SHORT = 2  # digits behind the point from which on a decimal number may have been rounded


def number_said(judge: Judge, known: Known, name: str, claim: Any, goal: Asked, understood: Claim) -> Judged | None:
    """The verdict on a gradient in numbers that is right to its digits, or might be; None for any other step."""
    first = understood.readings[0]
    if not (judge.truth.pinned and isinstance(claim, str) and (_DECIMAL.search(claim) or _carries(known, first))):
        return None
    there = goal_for(judge.truth, goal, first.program, first.at)
    if judge.truth.doubt(goal.wrt, goal.of):
        return None

    def again(text: str) -> Claim:
        return read_step(judge, known, name, text, goal, look=False)[0]

    near = _near(judge, known, first, claim, again, there)
    about: dict[str, Any] = {"formulas": understood.formulas, "points": 1, "witnesses": WITNESSES}
    if near is None:
        is_turned = _near(judge, known, first, claim, again, there, sign=-1.0) == Told()
        turned = convention([(-TURNED, TURNED)], [{}]) if is_turned else None
        return judge.conventional(goal, turned, {**about, "truth": judge.truth.formula(goal.wrt, goal.of)}) if turned else None
    if near:
        return Judged(goal.name, goal, "undecided", near, truth=judge.truth.formula(goal.wrt, goal.of), **about)
    if (why := _of_another(judge.truth, known, understood, there)) is not None:
        return Judged(goal.name, goal, "right result, wrong step", why, **about)
    return Judged(goal.name, goal, "right, numeric", remarks=(told("to the digits that are given"),), **about)


def _of_another(truth: Truth, known: Known, understood: Claim, there: Goal) -> Told | None:
    """What is told of a side before the number of a chain that is another, by more than rounding leaves; None of none."""
    if not truth.places.is_settled:
        return None
    place = truth.places.first(1)[0]
    true = there.at(place)
    for one in understood.between:
        found = [value(truth, reading.program, known.written, place, place.values, FLOATS) for reading in one.readings]
        fitting = [said for said in found if said.shape == true.shape]
        if fitting and all(largest_of(said - true) > ANOTHER * max(largest_of(true), largest_of(said)) for said in fitting):
            return told("the side {} of the chain is another number", listed([Formula(as_text(f), f) for f in one.formulas]))
    return None


def value_in_numbers(judge: Judge, known: Known, name: str, claim: Any, understood: Claim, own: str) -> Judged | None:
    """The verdict on a value of the network in numbers that is right to its digits; None where it is not, or is no number."""
    truth = judge.truth
    if not truth.pinned or not isinstance(claim, str) or understood.left.stepped:
        return None
    said, there = about(truth, name, truth.of, own), Goal(truth, truth.of, own, truth.everything, own)

    def again(text: str) -> Claim:
        return read_step(judge, known, name, text, said, look=False)[0]

    near = _near(judge, known, understood.readings[0], claim, again, there)
    if near is None:
        return None
    if not near and (why := _of_another(truth, known, understood, there)) is not None:
        return Judged(name, None, "wrong", why, formulas=understood.formulas)
    _carry(known, truth, claim, own)
    remark = near or told("as the network has it, to the digits that are given")
    return Judged(name, None, "abbreviation", formulas=understood.formulas, remarks=(remark,))


def entry_in_numbers(judge: Judge, known: Known, judged: Judged, claim: Any, program: Program) -> Judged:
    """The verdict on an entry of a value of the network in numbers, h_1 = 0.62; on any other abbreviation as it is."""
    truth = judge.truth
    found = _ENTRY.fullmatch(re.sub(r"[\\{}\s]", "", judged.name))
    own = by_spelling(truth, found["base"]) if found is not None else None
    if found is None or own not in truth.named or truth.program.tensors[own].kind != "value" or not isinstance(claim, str):
        return judged
    is_number = all(map(is_of_numbers, claim.split("=")[1:]))
    if not (is_number and truth.places.is_settled and len(truth.program.shape(own)) == 1):
        return judged
    place = truth.places.first(1)[0]
    said, values = value(truth, program, known.written, place, place.values, FLOATS), place.values[own]
    first = 0 if known.from_zero else 1
    at = int(found["at"]) - first
    if not 0 <= at < len(values) or said.shape:
        return judged
    if np.abs(said - values[at]) <= digits_leave(claim) + SEVERAL * max(known.rounding, CARRIED) * np.abs(values[at]):
        _carry(known, truth, claim, own)
        return replace(judged, remarks=(*judged.remarks, told("as the network has it, to the digits that are given")))
    return replace(judged, kind="wrong", because=told("the network has {} = {} there", written(judged.name), plain(values[at])))


def wrong_value(judge: Judge, judged: Judged, own: str) -> Judged:
    """The verdict on a value of the network that is another: what it is at the numbers that are given."""
    place = judge.truth.places.first(1)[0]
    if not judge.truth.places.is_settled:
        return judged
    why = told("the network has {} = {} there", written(own), plain(place.values[own]))
    return Judged(own, None, "wrong", why, formulas=judged.formulas)


def _carry(known: Known, truth: Truth, claim: str, own: str) -> None:
    """Know what the digits of a value leave open."""
    digits = [len(one[0].partition(".")[2]) for one in _DECIMAL.finditer(claim, claim.rfind("=") + 1)]
    least = np.abs(truth.places.first(1)[0].values[own])
    least = float(least[least > 0].min(initial=np.inf))
    known.rounding = max(known.rounding, min(0.5 * 10.0 ** -max(digits, default=0) / least, ROUNDED))


def _carries(known: Known, reading: Reading) -> bool:
    """Whether a reading has a name in it that a step before gave a number, which may have been rounded."""
    several = [what for _, what in needed(reading.program, known.written) if not isinstance(what, str)]
    return any(not one.inputs for one in several)


def without_number(judge: Judge, claim: str) -> tuple[str, tuple[str, ...]]:
    """An update in numbers, w - 0.5 \\delta x = 0.5 - 0.24 = 0.26, without what it comes to; and these sides."""
    try:
        several = sides(claim) if judge.truth.pinned else []
    except Fault:
        return claim, ()
    own = len(several)
    while own > 2 and is_of_numbers(several[own - 1]):
        own -= 1
    return (" = ".join(several[:own]), tuple(several[own:])) if own < len(several) else (claim, ())


def moved_to(judge: Judge, known: Known, judged: Judged, claim: str, moved: Sequence[str]) -> Judged:
    """The verdict on an update that says what it comes to in numbers: these are wrong by themselves."""
    if not (moved and (judged.right or judged.kind == "abbreviation") and judge.truth.places.is_settled):
        return judged
    place = judge.truth.places.first(1)[0]
    kept = judged.remarks if judged.right else ()  # of an update that says no more than what it comes to

    def number(text: str) -> ndarray | None:
        found = read(f"q = {text}", judge.truth, judge.truth.of, None, judge.symbols, known.said)
        return None if found.unknown else value(judge.truth, found.readings[0].program, known.written, place, place.values, FLOATS)

    try:
        own = number(claim.rpartition("=")[2])
        said = [number(as_matrix(one, 1)) for one in moved]
    except (NotUnderstood, PointError):
        own, said = None, []
    before = place.values[judged.asked.wrt] if judged.asked is not None else 0.0
    step = np.zeros(()) if own is None or np.shape(before) not in ((), own.shape) else np.abs(own - before)
    for one, text in zip(said, moved, strict=False):
        if own is None or one is None:
            break
        room = 1.01 * digits_leave(text) + ROUNDED * step
        if own.shape != one.shape or (np.abs(own - one) > room).any():
            if own.shape == one.shape and (np.abs(_carried(known, judged, own) - one) <= room).all():
                follows = told("right if the steps before it were right: no second mistake")
                return replace(judged, kind="wrong, carried forward", remarks=(*kept, follows))
            return replace(judged, kind="wrong", because=told("it comes to {} there", plain(own)), remarks=kept)
    if own is None or not said or any(one is None for one in said):
        return replace(judged, kind="undecided", because=told("what it comes to is not read"))
    right = told("what it comes to is right, to the digits that are given")
    return judged if judged.right else replace(judged, kind="right, numeric", remarks=(*kept, right))


def _carried(known: Known, judged: Judged, own: ndarray) -> ndarray:
    """What an update comes to with the wrong gradient that a step before claimed; nan where none did."""
    truth, asked = known.truth, judged.asked
    used = [one for one in known.used if asked is not None and one.goal.wrt == asked.wrt and one.judged.wrong]
    if asked is None or not used:
        return np.full(own.shape, np.nan)
    place = truth.places.first(1)[0]
    old, true = place.values[asked.wrt], goal_of(truth, asked.wrt).at(place)
    claimed = value(truth, used[-1].program, used[-1].written, place, place.values, FLOATS)
    square = float((true * true).sum())
    if not square or claimed.shape != true.shape:
        return np.full(own.shape, np.nan)
    return old + float(((own - old) * true).sum()) / square * claimed


def digits_leave(text: str) -> float:
    """What the digits of the numbers in a text leave open: half of the last one behind the point."""
    digits = max((len(one[0].partition(".")[2]) for one in _DECIMAL.finditer(text)), default=0)
    return 0.5 * 10.0**-digits if digits else 0.0


def _near(
    judge: Judge, known: Known, first: Reading, claim: str, again: Callable[[str], Claim], goal: Goal, sign: float = 1.0
) -> Told | None:
    """Nothing where a claim is right to the digits of its numbers; what it is, where rounding may be all that is off; else None."""
    places = judge.truth.places
    if not places.is_settled:
        return None
    place = places.first(1)[0]

    def number(reading: Reading) -> ndarray:
        return value(judge.truth, reading.program, known.written, place, place.values, FLOATS)

    true = sign * goal.at(place)
    found = number(first)
    if found.shape != true.shape or not np.isfinite(found).all():
        return None
    room = np.zeros(true.shape)
    begin = claim.rfind("=") + 1
    for decimal in _DECIMAL.finditer(claim, begin):
        digits = decimal[0].partition(".")[2]
        if len(digits) < _SHORT:
            continue
        moved = f"{float(decimal[0]) + 0.5 * 10.0 ** -len(digits):.{len(digits) + 1}f}"
        try:
            other = number(again(claim[: decimal.start()] + moved + claim[decimal.end() :]).readings[0])
        except (NotUnderstood, PointError):
            return None
        room = room + np.abs(other - found)
    gap = np.abs(found - true)
    carried = max(CARRIED if _carries(known, first) else 1e-12, SEVERAL * known.rounding)
    if (gap <= 1.01 * room + carried * np.abs(true)).all():
        return Told()
    if (room.any() or carried >= CARRIED) and gap.max(initial=0) <= ROUNDED * largest_of(true):
        return told("it is {} there; numbers that were rounded on the way may be all that is off", plain(true))
    return None
