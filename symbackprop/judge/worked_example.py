"""A worked example behind a derivation: "For x = -2, y = 5: q = 3, df/dx = -4"; its numbers hold of what follows them."""

from __future__ import annotations

from collections.abc import Sequence

from symbackprop.judge.in_numbers import with_numbers
from symbackprop.judge.question import Question
from symbackprop.judge.sides.at_values import Step, numbers_behind
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
    steps = [(name, claim, "" if what == EXAMPLE else what) for name, claim, what in steps]
    found = () if said else with_numbers(question, steps)
    if run is None or not (said or _claim_nothing(truth, [one for one in found if one.given in {steps[k][1] for k in run}])):
        return found
    before, numbers, rest = steps[: run.start], steps[run.start : run.stop], steps[run.stop :]
    general, example = with_numbers(question, before), with_numbers(question, [*numbers, *before, *rest])
    begun, end = len(numbers), len(numbers) + len(general)
    return (*general, *example[:begun], *example[end:]) if len(example) > end else found or with_numbers(question, steps)


def _claim_nothing(truth: Truth, numbers: Sequence[Judged]) -> bool:
    """Whether numbers, some of them for data, are right or wrong at no place."""
    return any(one.kind != "parameter" for one in truth.program.inputs) and all(map(has_no_place, numbers))
