"""Steps at numbers: a worked example behind numbers for its inputs, and derivatives at a point."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import islice

import numpy as np

from symbackprop.core.chain_rule import gradient_name
from symbackprop.core.derivation import DerivationError
from symbackprop.core.program import Program
from symbackprop.formulas.told import Told, told
from symbackprop.judge.question import Question, answered
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.at_conditions import at_conditions, in_cases
from symbackprop.judge.sides.at_values import Numbers, Step, numbers_before, parted, point_of, rate_of
from symbackprop.judge.sides.by_entries import as_claims, by_entries, side_by_side, with_determinants
from symbackprop.judge.sides.entry_values import with_arrays
from symbackprop.judge.sides.facts_said import without_facts
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.sides.iterates import At, at_iterates, firsts_of, new_number, rates_in, without_moments
from symbackprop.judge.sides.named_views import named_views
from symbackprop.judge.sides.old_values import without_old
from symbackprop.judge.sides.sizes_said import sizes_said
from symbackprop.judge.sides.slices_said import by_slices
from symbackprop.judge.sides.spread import points_alone, spread
from symbackprop.judge.sides.squares_said import with_squares
from symbackprop.judge.steps.changed import may_mention
from symbackprop.judge.steps.new_numbers import entries_told, is_new_number, not_judged, number_given, of_new_number
from symbackprop.judge.steps.unplaced import BEHIND, said, without_places
from symbackprop.judge.texts.arrays import Code, reworded
from symbackprop.judge.texts.displays import left_side
from symbackprop.judge.texts.numbers import is_of_numbers
from symbackprop.judge.texts.sentences import ASIDE, GIVEN
from symbackprop.judge.verdicts.places import in_places
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth

_NUMERAL = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_HAS_NUMBER = re.compile(r"(?<![A-Za-z\d])\d|\\[A-Za-z]+\s*\d")  # 2, \\frac12, and not that of w2
_SCRIPTS = re.compile(r"[_^]\s*(?:\{[^{}]*\}|\w)")
Entries = Mapping[str, Collection[tuple[int, ...]]]


def with_numbers(question: Question, steps: Sequence[Step]) -> tuple[Judged, ...]:
    """The verdicts on steps; behind numbers for inputs, what is not right for all numbers is held against the truth at these.

    Where parameters have iterates, each step is held against the truth at those of which it speaks.
    """
    truth = question.judge().truth
    sizes, said_at = sizes_said(truth, steps)
    if 0 < len(said_at) < len(steps):
        return _with_sizes(question._replace(sizes={**question.sizes, **sizes}), steps, said_at)
    steps = without_facts(truth, of_numbers(steps))
    steps = [part for step in points_alone(truth, steps) for part in spread(truth, step)]
    steps = [own for step in steps for own in named_views(truth, step)]
    steps = once(truth, steps)
    several = [part for step in steps for part in side_by_side(truth, step)]
    steps = steps if with_determinants(truth, several) == several else several
    steps = [
        part
        for step in as_claims(truth, at_conditions(truth, in_cases(truth, steps)))
        for part in parted(truth, step, question.symbols)
    ]
    steps = [(*step[:2], "abbreviation") if step[2] == GIVEN and rate_of(truth, step) is not None else step for step in steps]
    plain = without_moments(truth, with_arrays(truth, with_determinants(truth, steps), question.symbols), question.symbols)
    plain = with_squares(truth, by_slices(truth, without_old(truth, plain)))
    firsts = firsts_of(truth, plain, question.symbols)
    placed = at_iterates(truth, plain, question.symbols, firsts)
    written = {id(one.step): step for one, step in zip(placed, steps, strict=True)}
    end = next((k for k, one in enumerate(placed) if one.new), len(placed))
    numbers, given, rest = numbers_before(truth, [one.step for one in placed[:end]], question.symbols)
    first = [step for step, _ in given]
    further: list[At] = []
    for one in (*(next(one for one in placed if one.step is step) for step in rest), *placed[end:]):
        parts = apart(truth, without_lines(one.step, first), question)
        further += [one._replace(step=step) for step in parts]
        written |= {id(step): written[id(one.step)] for step in parts[:1] if len(parts) == 1}
    alone = [one.step for one in further] or [step for step in first if step[2] != GIVEN]
    if not alone:
        raise DerivationError("there is no claim; write a line such as dW_1 = ...")
    found = at_points(question, alone)
    if not (first and further):
        return as_written(found, alone, written)
    if any(fault for _, fault in given):
        there = without_places(truth, found, [step[:2] for step in alone], all_numbers=True)
    elif len(found) == len(alone):
        there = at_moments(question, numbers, further, found, entries_told(truth, steps, question.symbols))
    else:
        there = at_points(question.at(numbers), alone)
    if len(found) == len(there):
        there = tuple(better(one, other) for one, other in zip(found, there, strict=True))
        there = not_by_chance(question, numbers, alone, found, there)
    begun = [
        Judged(name, None, "not understood" if fault else "abbreviation", fault, given=str(claim))
        for (name, claim, _), fault in given
    ]
    if numbers.values:
        said = told("numbers, at which the steps below are tried where they are not right for all")
        begun[-1] = replace(begun[-1], remarks=(said,))
    begun = as_written(in_places(begun, [step[:2] for step in first]), first, written)
    return (*begun, *as_written(there, alone, written))


def _with_sizes(question: Question, steps: Sequence[Step], said_at: Sequence[int]) -> tuple[Judged, ...]:
    """The verdicts on steps at the sizes that some of them say, n = 5; these claim nothing."""
    rest = [step for k, step in enumerate(steps) if k not in said_at]
    found = list(with_numbers(question, rest))
    remark = told("a size: it claims nothing")
    said = {k: Judged(steps[k][0], None, "abbreviation", remarks=(remark,), given=str(steps[k][1])) for k in said_at}
    if len(found) != len(rest):
        return (*said.values(), *found)
    others = iter(found)
    return tuple(said[k] if k in said else next(others) for k in range(len(steps)))


def once(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps without the definitions behind a claim that are steps of their own already."""
    own = {part[1].strip(" .,;") for step in steps for part in side_by_side(truth, step)[1:] if step[2] != ASIDE}
    return [step for step in steps if step[2] != ASIDE or not isinstance(step[1], str) or step[1].strip(" .,;") not in own]


def of_numbers(steps: Sequence[Step]) -> list[Step]:
    """The steps; where each is a number as code has it, x_1 = 0.3, as a person writes it."""
    if not all(isinstance(claim, Code) and is_of_numbers(claim) for _, claim, _ in steps):
        return list(steps)
    return [(name, reworded(claim, f"{name} = {claim}"), what) for name, claim, what in steps]


def as_written(found: Sequence[Judged], steps: Sequence[Step], written: Mapping[int, Step]) -> tuple[Judged, ...]:
    """The verdicts on steps, with the names and texts that these had as they were written."""
    if len(found) != len(steps):
        return tuple(found)
    out: list[Judged] = []
    for one, step in zip(found, steps, strict=True):
        name, claim, _ = written.get(id(step), step)
        if isinstance(claim, str) and claim != step[1]:
            asked = replace(one.asked, name=name) if one.asked is not None and one.asked.name == one.name else one.asked
            one = replace(one, name=name, asked=asked, given=str(claim) if one.given else "")
        out.append(one)
    return tuple(out)


def at_moments(
    question: Question, numbers: Numbers, steps: Sequence[At], found: Sequence[Judged], entries: Entries
) -> tuple[Judged, ...]:
    """The verdicts on steps, each at the numbers that its parameters have by then.

    found     the verdicts on them for all numbers.
    entries   the indices that steps give numbers to, of each input.
    """
    truth = question.judge().truth
    values, groups = moments_of(truth, numbers, steps)
    rates = [rate for one in steps for rate in rates_in(truth, one)]
    out = list(found)
    for moment, own in groups.items():
        if not 0 <= moment < len(values):  # x_0 where the first number is that of x_1, too
            several = without_places(truth, [found[k] for k in own], [steps[k].step[:2] for k in own], all_numbers=True)
        else:
            there = question.at(Numbers({**numbers.values, **values[moment]}, numbers.sizes))
            before = [k for k, one in enumerate(steps[: own[0]]) if one.moment is None and k not in own]
            before = [k for k in before if not (found[k].wrong or found[k].open)]  # what they name is used here too
            said = [steps[k].step for k in (*before, *own)]
            several = at_points(there, said)
            if len(several) != len(said):
                continue
            several = moved(there, several, said, rates, entries)[len(before) :]
        for k, one in zip(own, several, strict=True):
            out[k] = one
    return tuple(out)


def moments_of(truth: Truth, numbers: Numbers, steps: Sequence[At]) -> tuple[list[dict[str, Program]], dict[int, list[int]]]:
    """The numbers of the parameters before each update, and the places of the steps that stand there.

    A step that speaks of no iterate stands at the last update behind which all that move have numbers.
    """
    values, groups, last = [dict(numbers.values)], dict[int, list[int]](), 0
    moving = {one.new for one in steps if one.new}
    for k, one in enumerate(steps):
        moment = last if one.moment is None else one.moment
        groups.setdefault(moment, []).append(k)
        number = new_number(truth, one)
        if number is not None:
            values += [{} for _ in range(moment + 2 - len(values))]
            values[moment + 1][one.new] = number
        last = max((m for m, given in enumerate(values) if moving <= {*given}), default=0)
    return values, groups


def apart(truth: Truth, step: Step, question: Question) -> list[Step]:
    """What a step says side by side and entry by entry, but for one about a derivative at a point."""
    several = side_by_side(truth, step)
    if any(point_of(truth, claim, question.symbols) for _, claim, _ in several):
        return several
    return [own for one in several for own in by_entries(truth, [one])]


def at_points(question: Question, steps: Sequence[Step]) -> tuple[Judged, ...]:
    r"""The verdicts on steps; on one about a derivative at a point, \nabla f(1, 2) = (2, 4), by the truth there."""
    truth = question.judge().truth
    steps = [one for step in steps for one in side_by_side(truth, step)]
    points = [point_of(truth, claim, question.symbols) for _, claim, _ in steps]
    said = [step if at is None else (left_side(at[0]), at[0], step[2]) for step, at in zip(steps, points, strict=True)]
    entries = [by_entries(truth, [step], at is not None) for step, at in zip(said, points, strict=True)]
    if not any(points):
        return answered(question, [one for several in entries for one in several])
    usual = [one for several, point in zip(entries, points, strict=True) if point is None for one in several]
    others = iter(answered(question, usual) if usual else ())
    found: list[Judged] = []
    for (name, claim, _), several, point in zip(steps, entries, points, strict=True):
        if point is None:
            found += islice(others, len(several))
        elif isinstance(point[1], Told):
            found.append(Judged(name, None, "not understood", point[1], given=str(claim)))
        else:
            found += [replace(one, given=str(claim)) for one in answered(question.at(point[1]), several)]
    return (*found, *others)


def better(one: Judged, there: Judged) -> Judged:
    """Of the verdicts for all numbers and at those that are given the one that says more."""
    is_name = one.kind == "abbreviation" and there.wrong and there.asked is not None
    return one if (one.right or is_name) and BEHIND not in one.remarks else there


def not_by_chance(
    question: Question, numbers: Numbers, steps: Sequence[Step], found: Sequence[Judged], there: Sequence[Judged]
) -> tuple[Judged, ...]:
    """The verdicts at numbers; a formula in these inputs is right only where it is so at any numbers of them.

    (e^s - 1)/3 is 0 at s = 0, as the gradient (e^s - 1)/2 is; y + t is y - t at t = 0. Where a number in it may be that of a
    value, 1 - t where y = 1, it may be so filled in, unless the gradient is 0.
    """
    out = list(there)
    for k, (one, other) in enumerate(zip(found, there, strict=True)):
        name, claim, what = steps[k]
        if not (one.wrong and other.right and isinstance(claim, str) and other.asked is not None and not other.asked.second):
            continue
        left, *several = claim.split("=")
        side = next((one for one in reversed(several) if not is_of_numbers(one)), "")  # that behind it is what it comes to
        spoken = {own for own in numbers.values if may_mention(side, own)}
        alone = [*steps[:k], (name, reworded(claim, f"{left}={side}"), what)]
        if side and not _HAS_NUMBER.search(_SCRIPTS.sub("", side)) and not _uses_own(question.judge().truth, side, steps[:k]):
            general = at_points(question, alone)  # made of names of the network alone, it is said for any numbers
            out[k] = one if general and general[-1].wrong else other
            continue
        if not spoken:
            continue
        at_them = question.at(numbers).judge().truth
        if _may_be_filled(at_them, side) and not _is_zero(at_them, other.asked):
            continue
        fewer = Numbers({own: number for own, number in numbers.values.items() if own not in spoken}, numbers.sizes)
        several = at_points(question.at(fewer), alone)
        out[k] = one if several and several[-1].wrong else other
    return tuple(out)


def _is_zero(truth: Truth, asked: Asked) -> bool:
    """Whether a derivative is 0 at the numbers that are given."""
    name = gradient_name(asked.of, asked.wrt)
    return all(name in at.values and not np.any(at.values[name]) for at in truth.places.first(1))


def _uses_own(truth: Truth, side: str, before: Sequence[Step]) -> bool:
    """Whether a formula has a name in it that an earlier step gave, which may hold a number."""
    names = {name.strip() for name, _, _ in before}
    return any(spelled(truth, name.strip("\\")) is None and may_mention(side, name) for name in names)


def _may_be_filled(truth: Truth, side: str) -> bool:
    """Whether a number that stands in a formula is that of a value at the numbers that are given, to its digits."""
    numbers = [(float(one), 0.5 * 10.0 ** -len(one.partition(".")[2])) for one in _NUMERAL.findall(side)]
    several = np.concatenate([np.ravel(one) for at in truth.places.first(1) for one in at.values.values()] or [np.zeros(0)])
    return any(np.any(np.abs(several - number) <= half) for number, half in numbers)


def moved(
    there: Question, found: Sequence[Judged], steps: Sequence[Step], rates: Sequence[float], entries: Entries
) -> tuple[Judged, ...]:
    """The verdicts on steps, of which those that give a parameter a new number, w = 0.5 - 0.1 * 0.3 = 0.47, claim no gradient.

    rates     numbers that may be the rate.
    entries   the indices that steps give numbers to, of each input.
    """
    truth = there.judge().truth
    parameters = {t.name for t in truth.program.parameters} & {*there.pinned}
    all_given = [number_given(truth, said(claim), there.symbols) for _, claim, _ in steps]
    wrong = set[str]()
    out: list[Judged] = []
    for one, given in zip(found, all_given, strict=True):
        if given.own in parameters and is_new_number(given.claim):
            places = given.places(truth, entries.get(given.own, ()))
            several = [of_new_number(truth, given.own, given.claim, rates, given.own in wrong, at) for at in places]
            fresh = min(several, key=lambda one: (not one.right, one.wrong), default=not_judged(given.own))
            one = replace(fresh, given=one.given)
        elif one.wrong and one.asked is not None:
            wrong.add(one.asked.wrt)
        out.append(one)
    return tuple(out)


def without_lines(step: Step, others: Sequence[Step]) -> Step:
    """A step of code whose source lacks the lines of others."""
    name, claim, what = step
    lines = {line for _, other, _ in others if isinstance(other, Code) for line in other.lines}
    if isinstance(claim, Code) and lines:
        claim = copy(claim)
        claim.source = "\n".join("" if k in lines else text for k, text in enumerate(claim.source.split("\n"), start=1))
    return name, claim, what
