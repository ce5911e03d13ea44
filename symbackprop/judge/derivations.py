"""A whole derivation: the first wrong step, what is carried forward from it, and errors that cancel.

Every step is weighed as it is written, over what the person derived before, and again over the true values of the same
names. Wrong as written and wrong over the truth is a mistake of its own; wrong as written and right over the truth is carried
forward; right as written and wrong over the truth is an error that makes up for an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from symbackprop.core.program import Program, Signature
from symbackprop.judge.conventions import convention
from symbackprop.judge.goals import Asked, asked, context_for, goal_for, named
from symbackprop.judge.reading import CLAIM, NotUnderstoodError, Understood, read_claim
from symbackprop.judge.verdict import Judged
from symbackprop.judge.weigh import Bindings, weigh

if TYPE_CHECKING:
    from symbackprop.judge.claims import Judge


@dataclass
class Known:
    """What the steps so far have named.

    written   the names, bound to what was written.
    true      the same names, bound to what they should be, where that is known.
    shapes    their signatures, for the reader.
    wrong     whether a step so far was wrong.
    """

    written: Bindings = ()
    true: Bindings = ()
    shapes: dict[str, Signature] = field(default_factory=dict)
    wrong: bool = False

    def bind(self, name: str, written: Program | str, true: Program | str, signature: Signature) -> None:
        self.written += ((name, written),)
        self.true += ((name, true),)
        self.shapes[name] = replace(signature, name=name, kind="data", role=None)


def judge_steps(judge: Judge, steps: list[tuple[str, Any, str]]) -> tuple[Judged, ...]:
    """A verdict for every step of a derivation, in order."""
    known = Known()
    return tuple(_step(judge, known, name, claim, what) for name, claim, what in steps)


def _step(judge: Judge, known: Known, name: str, claim: Any, what: str) -> Judged:
    truth = judge.truth
    abbreviation = what == "abbreviation"
    goal = None if abbreviation else asked(truth, name, what) if what else named(truth, name, name)
    try:
        understood = read_claim(claim, context_for(truth, goal, judge.symbols, known.shapes))
    except NotUnderstoodError as fault:
        if goal is not None and not goal.second:
            _bind_truth(judge, known, name, goal)
        return Judged(name, goal.text if goal else "", f"not understood: {fault}")
    program = understood.readings[0].program
    multiple = ""
    if goal is None and not abbreviation:
        goal, multiple = _turned_out(judge, known, name, program)
    if goal is None:
        known.bind(name, program, program, program.tensors[CLAIM])
        return Judged(name, "", "abbreviation", understood.latex, notes=(multiple,) if multiple else ())
    judged = judge.read(goal, understood, known.written)
    judged = _placed(judge, known, goal, understood, judged)
    known.wrong |= judged.wrong
    gradient = f"d{goal.of}/d{goal.wrt}"
    true: Program | str = gradient if gradient in truth.everything.tensors else program
    known.bind(name, program, true, program.tensors[CLAIM])
    return judged


def _placed(judge: Judge, known: Known, goal: Asked, understood: Understood, judged: Judged) -> Judged:
    """The verdict with the step's place in the derivation: a mistake of its own, carried forward, or one that compensates."""
    if not known.wrong or judged.open:
        return judged
    program = understood.readings[0].program
    over_truth = weigh(goal_for(judge.truth, goal, program), program, known.true)
    if judged.wrong and over_truth.agrees:
        note = "right if the steps before it were right: no second mistake"
        return replace(judged, verdict="wrong, carried forward", notes=(*judged.notes, note), mistakes=())
    if judged.right and over_truth.agrees is False:
        note = "its error makes up for that of an earlier step"
        return replace(judged, verdict="right result, wrong step: errors cancel", notes=(*judged.notes, note))
    return judged


def _bind_truth(judge: Judge, known: Known, name: str, goal: Asked) -> None:
    """A step that was not understood stands for the truth in later ones."""
    gradient = f"d{goal.of}/d{goal.wrt}"
    if gradient in judge.truth.everything.tensors:
        known.bind(name, gradient, gradient, judge.truth.everything.tensors[gradient])


def _turned_out(judge: Judge, known: Known, name: str, program: Program) -> tuple[Asked | None, str]:
    """The gradient that a name without a claim turns out to be; or what it is a multiple of, in words."""
    truth, multiple = judge.truth, ""
    for wrt in reversed(truth.named):
        gradient = f"d{truth.of}/d{wrt}"
        if gradient not in truth.everything.tensors or wrt == truth.of:
            continue
        goal = Asked(name, truth.of, wrt, truth.program.tensors[wrt].rank)
        found = weigh(goal_for(truth, goal, program), program, known.written)
        if found.agrees:
            return replace(goal, notes=(f"{name} turned out to be {gradient}",)), ""
        named = None
        if found.shapes is None and found.samples:
            named = convention([(s.claimed, s.true) for s in found.samples], [s.place.sizes for s in found.samples])
        if named is not None and not multiple:
            multiple = f"{name} turned out to be {gradient}, but {named.sentence}"
    return None, multiple
