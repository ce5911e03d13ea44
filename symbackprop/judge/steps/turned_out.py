"""What a name that says nothing by itself turns out to be."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from symbackprop.core.derivation import Derivation
from symbackprop.core.loops.recursion import NoRecursionError
from symbackprop.core.program import Program
from symbackprop.display.step_forms import value_at_step
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.told import name as called
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about, goal_for, is_itself
from symbackprop.judge.steps.known import Known
from symbackprop.judge.texts.prose import written
from symbackprop.judge.texts.sentences import DERIVATIVE
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.conventions import convention
from symbackprop.judge.weighing.reading import CLAIM, equal_shapes
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import fits, weigh
from symbackprop.notation.claims.side import word_of


def turned_out(known: Known, name: str, program: Program) -> tuple[Asked | None, Told]:
    """The gradient that a name without a claim turns out to be; or what it is a multiple of, in words."""
    truth, multiple = known.truth, Told()
    for wrt in reversed(truth.named):
        gradient = f"d{truth.of}/d{wrt}"
        if gradient not in truth.everything.tensors or wrt == truth.of:
            continue
        goal = about(truth, name, truth.of, wrt)
        truly = goal_for(truth, goal, program)
        if not fits(program, program.shape(CLAIM), truly.shape):  # it can be neither that nor a multiple of it
            continue
        found = weigh(truly, program, known.written)
        if found.agrees:
            return replace(goal, notes=(told("{} turned out to be {}", written(name), goal.shown),)), Told()
        named = None
        if found.samples:
            named = convention([(s.claimed, s.true) for s in found.samples], [s.place.sizes for s in found.samples])
        if named is not None and not multiple:
            multiple = _multiple(written(name), goal.shown, named.says)
    found = _hessian(known, name, program)
    return found, multiple


def as_names(found: Sequence[Judged]) -> tuple[Judged, ...]:
    r"""The verdicts; \delta = \partial L/\partial z is a name and claims nothing, where another step says what that is."""
    said = {(one.asked.of, one.asked.wrt) for one in found if one.asked is not None and (one.right or one.wrong)}
    return tuple(
        replace(one, kind="abbreviation", asked=None, because=Told(), truth=None, remarks=(told("a name for {}", one.asked.shown),))
        if one.asked is not None
        and is_itself(one.because)
        and not DERIVATIVE.search(one.name)
        and (one.asked.of, one.asked.wrt) in said
        else one
        for one in found
    )


def _multiple(name: object, shown: object, says: object) -> Told:
    return told("{} turned out to be {}, but {}", name, shown, says)


def is_multiple(note: Told) -> bool:
    """Whether a note says that a name is the multiple of a gradient, or it by another convention."""
    return note.pattern == _multiple("", "", "").pattern


def no_hessian(known: Known, name: str, program: Program) -> Told:
    """What is said of an H that has the shape of the second derivative, and is none; nothing of any other name."""
    truth = known.truth
    shapes = [(*one.shape, *one.shape) for one in truth.program.parameters]
    if not _is_hessian(name) or not any(equal_shapes(program.shape(CLAIM), shape) for shape in shapes if len(shape) == 2):
        return Told()
    return told("{} is no second derivative of {}", written(name), called(truth.of))


def _is_hessian(name: str) -> bool:
    word = word_of(name.strip())
    return word is not None and word.base in ("H", "Hess") and not (word.accent or word.sup)


def _hessian(known: Known, name: str, program: Program) -> Asked | None:
    """The second derivative that an H turns out to be; None for any other name."""
    truth = known.truth
    if not _is_hessian(name):
        return None
    for wrt in (one.name for one in truth.program.parameters):
        goal = about(truth, name, f"d{truth.of}/d{wrt}", wrt)
        if weigh(goal_for(truth, goal, program), program, known.written).agrees:
            return replace(goal, notes=(told("{} turned out to be {}", written(name), goal.shown),))
    return None


def with_name(truth: Truth, judged: Judged, name: str, wrt: str | None) -> Judged:
    """The verdict on a step whose name at a step of a loop was found out."""
    if wrt is None:
        return judged
    notes = [told("{} turned out to be {}", written(name), truth.gradient(wrt))]
    if wrt not in truth.named:
        with suppress(NoRecursionError):
            notes.append(told("{} has no name in the network", value_at_step(truth.names, _as_named(truth, wrt), wrt).formula))
    return replace(judged, remarks=(*judged.remarks, *notes))


def _as_named(truth: Truth, wrt: str) -> Derivation:
    """The derivation by a value, in which what nobody named has no name, so that it is written out."""
    derived = truth.derived(wrt)
    named = {n: replace(t, named=t.kind != "value" or n in truth.named) for n, t in derived.program.tensors.items()}
    return replace(derived, program=replace(derived.program, tensors=named))
