"""Steps at numbers: a worked example behind numbers for its inputs, and derivatives at a point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from symbackprop.core.derivation import DerivationError
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.told import name as named
from symbackprop.judge.question import Question, answered
from symbackprop.judge.sides.at_values import Numbers, Step, numbers_before, point_of
from symbackprop.judge.sides.by_entries import by_entries, side_by_side
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.steps.unplaced import BEHIND, said, without_places
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.texts.displays import left_side
from symbackprop.judge.texts.numbers import is_of_numbers
from symbackprop.judge.texts.sentences import GIVEN
from symbackprop.judge.verdicts.places import in_places
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth


def with_numbers(question: Question, steps: Sequence[Step]) -> tuple[Judged, ...]:
    """The verdicts on steps; behind numbers for inputs, what is not right for all numbers is held against the truth at these."""
    truth = question.judge().truth
    numbers, given, rest = numbers_before(truth, steps, question.symbols)
    first = [step for step, _ in given]
    rest = [without_lines(step, first) for step in rest]
    alone = rest or [step for step in first if step[2] != GIVEN]
    if not alone:
        raise DerivationError("there is no claim; write a line such as dW_1 = ...")
    found = at_points(question, alone)
    if not (first and rest):
        return found
    if any(fault for _, fault in given):
        there = without_places(truth, found, [step[:2] for step in rest], all_numbers=True)
    else:
        there = at_points(question.at(numbers), rest)
    if len(found) == len(there):
        there = tuple(better(one, other) for one, other in zip(found, there, strict=True))
        there = tuple(moved(truth, one, step[1], numbers) for one, step in zip(there, rest, strict=False)) + there[len(rest) :]
    begun = [
        Judged(name, None, "not understood" if fault else "abbreviation", fault, given=str(claim))
        for (name, claim, _), fault in given
    ]
    if numbers.values:
        said = told("numbers, at which the steps below are tried where they are not right for all")
        begun[-1] = replace(begun[-1], remarks=(said,))
    return (*in_places(begun, [step[:2] for step in first]), *there)


def at_points(question: Question, steps: Sequence[Step]) -> tuple[Judged, ...]:
    r"""The verdicts on steps; on one about a derivative at a point, \nabla f(1, 2) = (2, 4), by the truth there."""
    truth = question.judge().truth
    steps = [one for step in steps for one in side_by_side(truth, step)]
    points = [point_of(truth, claim, question.symbols) for _, claim, _ in steps]
    said = [step if at is None else (left_side(at[0]), at[0], step[2]) for step, at in zip(steps, points, strict=True)]
    entries = [by_entries(truth, [step]) for step in said]
    if not any(points):
        return answered(question, [one for several in entries for one in several])
    usual = [one for several, point in zip(entries, points, strict=True) if point is None for one in several]
    others = iter(answered(question, usual) if usual else ())
    found: list[Judged] = []
    for (name, claim, _), several, point in zip(steps, entries, points, strict=True):
        if point is None:
            found += [one for one, _ in zip(others, several, strict=False)]
        elif isinstance(point[1], Told):
            found.append(Judged(name, None, "not understood", point[1], given=str(claim)))
        else:
            found += [replace(one, given=str(claim)) for one in answered(question.at(point[1]), several)]
    return (*found, *others)


def better(one: Judged, there: Judged) -> Judged:
    """Of the verdicts for all numbers and at those that are given the one that says more."""
    is_name = one.kind == "abbreviation" and there.wrong
    return one if (one.right or is_name) and BEHIND not in one.remarks else there


def moved(truth: Truth, judged: Judged, claim: Any, numbers: Numbers) -> Judged:
    """The verdict on a step that gives an input with a number another, w = 0.5 - 0.1 * 0.3 = 0.47: it claims no gradient."""
    left, _, right = said(claim).partition("=")
    own = spelled(truth, left.strip().lstrip("\\"))
    sides = re.sub(rf"(?<![A-Za-z\\]){own}(?![A-Za-z])", "0", right).split("=")
    if not judged.wrong or own not in numbers.values or not all(map(is_of_numbers, sides)):
        return judged
    remark = told("a new number for {}, which is not judged", named(own))
    return Judged(judged.name, None, "abbreviation", formulas=judged.formulas, remarks=(remark,), given=judged.given)


def without_lines(step: Step, others: Sequence[Step]) -> Step:
    """A step of code whose source lacks the lines of others."""
    name, claim, what = step
    lines = {line for _, other, _ in others if isinstance(other, Code) for line in other.lines}
    if isinstance(claim, Code) and lines:
        claim = copy(claim)
        claim.source = "\n".join("" if k in lines else text for k, text in enumerate(claim.source.split("\n"), start=1))
    return name, claim, what
