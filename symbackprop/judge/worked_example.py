"""A worked example behind a derivation: "For x = -2, y = 5: q = 3, df/dx = -4"; its numbers hold of what follows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symbackprop.judge.in_numbers import with_numbers
from symbackprop.judge.question import Question
from symbackprop.judge.sides.at_values import Step, gives_numbers, numbers_behind
from symbackprop.judge.steps.unplaced import has_no_place
from symbackprop.judge.texts.sentences import EXAMPLE
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth


def with_examples(question: Question, steps: Sequence[Step]) -> tuple[Judged, ...]:
    """The verdicts on steps; numbers for all inputs, behind some steps, are for those behind them, where they claim nothing.

    They claim nothing where a sentence says so, or where some of them are for data and all are right or wrong at no place.
    """
    truth = question.judge().truth
    run = numbers_behind(truth, steps, question.symbols)
    said = run is not None and all(steps[k][2] == EXAMPLE for k in run)
    plain: list[Step] = [(name, claim, "" if what == EXAMPLE else what) for name, claim, what in steps]
    found = () if said else with_numbers(question, plain)
    if run is None or not (said or _claim_nothing(truth, [one for one in found if one.given in {steps[k][1] for k in run}])):
        return found
    before = plain[: run.start]
    out = [*with_numbers(question, before)]
    general = len(out)
    for numbers, end in _examples(truth, steps, run, question.symbols):
        there = with_numbers(question, [*plain[numbers.start : numbers.stop], *before, *plain[numbers.stop : end]])
        if len(there) <= len(numbers) + general:
            return found or with_numbers(question, plain)
        out += [*there[: len(numbers)], *there[len(numbers) + general :]]
    return tuple(out)


def _examples(truth: Truth, steps: Sequence[Step], first: range, symbols: Mapping[str, str]) -> list[tuple[range, int]]:
    """The places of the numbers of each example, and where that ends: at the numbers of the next, or with the steps."""
    is_number = [step[2] == EXAMPLE and gives_numbers(truth, step, symbols) for step in steps]
    starts = [k for k in range(first.stop, len(steps)) if is_number[k] and not is_number[k - 1]]
    runs = [first, *(range(k, next(j for j in range(k, len(steps) + 1) if j == len(steps) or not is_number[j])) for k in starts)]
    runs = [run for run in runs if run.stop < len(steps)]  # numbers behind which nothing stands are no example
    return [(run, end) for run, end in zip(runs, [*(run.start for run in runs[1:]), len(steps)], strict=True)]


def _claim_nothing(truth: Truth, numbers: Sequence[Judged]) -> bool:
    """Whether numbers, some of them for data, are right or wrong at no place."""
    return any(one.kind != "parameter" for one in truth.program.inputs) and all(map(has_no_place, numbers))
