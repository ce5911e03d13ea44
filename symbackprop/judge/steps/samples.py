r"""Gradients of each sample's own loss: dZ = A - Y where the loss is a mean, and dW = 1/m dZ A^T, which takes the mean.

Only names that say no derivative, dZ, may be so meant, and only where a step by a parameter is right with m times the true
gradient in their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sympy import Expr

from symbackprop.core.letters import LETTERS
from symbackprop.core.program import Equation, Program, Ref, Signature, Sum, slot
from symbackprop.formulas.told import told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import goal_for, spelled
from symbackprop.judge.steps.known import Known, Used
from symbackprop.judge.texts.displays import left_side
from symbackprop.judge.texts.prose import expression, written
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import CLAIM, Claim, equal_shapes
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import agrees_nearly

Samples = Mapping[int, Expr]  # places of steps, with the number of samples
NO_SAMPLES: Samples = MappingProxyType({})

_ABOVE = re.compile(r"\\(?:partial|nabla(?:_(?:\w|\\[A-Za-z]+|\{[^{}]*\}))?)\s*(?:\\math(?:cal|scr)\s*\{?\s*)?\\?([A-Za-z]+)")
_SAYS_IT = re.compile(r"partial|nabla|∂|∇|/")


def by_samples(known: Known, steps: Sequence[tuple[str, Any, str]]) -> dict[int, Expr]:
    """The places of the steps that give gradients of each sample's own loss, with the number of samples."""
    truth = known.truth
    short = [used for used in known.used if not used.judged.right and _may_be_short(truth, steps[used.place], used.goal)]
    given = {n for t in truth.program.inputs if t.kind != "parameter" for n in t.shape}
    counts = dict.fromkeys(n for used in short for n in truth.program.shape(used.goal.wrt) if n.is_Symbol and n in given)
    for count in counts:
        own = [one for one in short if count in truth.program.shape(one.goal.wrt)]
        if any(_takes_the_mean(known, used, one, count) for one in own for used in known.used):
            return {one.place: count for one in own}
    return _by_another_letter(known, steps)


def _by_another_letter(known: Known, steps: Sequence[tuple[str, Any, str]]) -> dict[int, Expr]:
    r"""The places of steps about \mathcal L or \ell beside others about the loss J, that are right of each sample's own loss."""
    truth, found = known.truth, dict[int, Expr]()
    letters = {used.place: _letter(steps[used.place]) for used in known.used}
    if not any(own and spelled(truth, own) == truth.of for own in letters.values()):
        return found
    for used in known.used:
        own = letters[used.place]
        by = truth.program.tensors[used.goal.wrt]
        if used.judged.kind != "up to convention" or not own or spelled(truth, own) is not None or by.kind == "parameter":
            continue
        goal = goal_for(truth, used.goal, used.program)
        for count in {n for n in by.shape if n.is_Symbol and any(n in t.shape for t in truth.program.inputs)}:
            if agrees_nearly(goal, _over(used.program, count, _sized(truth, count)), used.written):
                found[used.place] = count
    return found


def _letter(step: tuple[str, Any, str]) -> str:
    """What a step differentiates by its left side, without its font."""
    found = _ABOVE.search(left_side(step[1])) if isinstance(step[1], str) else None
    return found[1] if found else ""


def _may_be_short(truth: Truth, step: tuple[str, Any, str], goal: Asked) -> bool:
    """Whether a step may give gradients of each sample's own loss: its name says no derivative, and it is by no parameter."""
    by = truth.program.tensors[goal.wrt].kind
    return not (step[2] or _SAYS_IT.search(step[0])) and goal.of == truth.of and by != "parameter"


def _takes_the_mean(known: Known, used: Used, short: Used, count: Expr) -> bool:
    """Whether a step by a parameter is right with a multiple of the true gradient as a name, and not with that gradient."""
    truth, gradient = known.truth, short.goal.text
    true = dict(known.true)
    read = {t.name for t in used.program.inputs if equal_shapes(t.shape, truth.everything.shape(gradient))}  # as it is used
    names = {n for n, _ in used.written if true.get(n) == gradient} & read
    if not names or truth.program.tensors[used.goal.wrt].kind != "parameter" or used.place <= short.place:
        return False
    goal, scaled = goal_for(truth, used.goal, used.program), gradient_times(truth, gradient, count)
    alone, several = (tuple((n, what if n in names else before) for n, before in used.written) for what in (gradient, scaled))
    return agrees_nearly(goal, used.program, several) and not agrees_nearly(goal, used.program, alone)


def gradient_times(truth: Truth, gradient: str, factor: Expr) -> Program:
    """A multiple of a true gradient, as what a step says."""
    letters = tuple(LETTERS[: len(truth.everything.shape(gradient))])
    tensors = {gradient: truth.everything.tensors[gradient], CLAIM: Signature(CLAIM, truth.everything.shape(gradient))}
    whole = Equation(Ref(CLAIM, letters), Sum(factor * slot(0), (slot(0),)), (Ref(gradient, letters),))
    given = replace(tensors[gradient], kind="data", role=None)
    return Program({**tensors, gradient: given}, (whole,), (CLAIM,))


def shared_out(truth: Truth, claim: Claim, count: Expr) -> Claim:
    """A claim of gradients of each sample's own loss as one of the gradients of their mean."""
    sized = _sized(truth, count)
    readings = tuple(replace(one, program=_over(one.program, count, sized)) for one in claim.readings)
    return replace(claim, readings=readings, between=tuple(shared_out(truth, side, count) for side in claim.between))


def _sized(truth: Truth, count: Expr) -> Signature:
    """The input whose axis tells a program the number of samples."""
    return next(t for t in truth.program.inputs if count in t.shape)


def _over(program: Program, count: Expr, sized: Signature) -> Program:
    """A claim divided by the number of samples."""
    whole = f"{CLAIM} alone"
    shape = program.shape(CLAIM)
    letters = tuple(LETTERS[: len(shape)])
    tensors = {n: t for n, t in program.tensors.items() if n != CLAIM} | {
        sized.name: sized,
        whole: Signature(whole, shape),
        CLAIM: Signature(CLAIM, shape),
    }
    named = [replace(e, target=Ref(whole, e.target.index)) if e.target.name == CLAIM else e for e in program.equations]
    equation = Equation(Ref(CLAIM, letters), Sum(slot(0) / count, (slot(0),)), (Ref(whole, letters),))
    return replace(program, tensors=tensors, equations=(*named, equation))


def with_samples(judged: Judged, count: Expr | None) -> Judged:
    """The verdict on a step that gives gradients of each sample's own loss, which it says."""
    if count is None or judged.asked is None:
        return judged
    said = told(
        "{} is {} {}, the gradient of each sample's own loss: what follows takes the mean",
        written(judged.name),
        expression(count, {}),
        judged.asked.shown,
    )
    return replace(judged, remarks=(*judged.remarks, said))
