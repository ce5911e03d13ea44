"""What claims take for granted of targets: that they sum to one, or are signs, where that is declared or where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy import ndarray

from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.told import Told, name, several, told
from symbackprop.judge.mistakes.edit import close
from symbackprop.judge.weighing.points import Place, usable
from symbackprop.judge.weighing.reading import CLAIM
from symbackprop.judge.weighing.truth import weighted
from symbackprop.judge.weighing.weigh import Bindings, Goal, Weighed, is_zero, value

TRIED = 2  # points
_KINDS: tuple[tuple[str, Callable[[ndarray], ndarray], Told], ...] = (
    ("data{} & positive", lambda a: np.exp(a / 2), told("is above 0")),
    ("data{} & sign", lambda a: np.where(a > 0, 1.0, -1.0), told("is -1 or 1")),
    ("labels{}", lambda a: np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True), told("sums to 1")),
)


def sums_used(goal: Goal, program: Program) -> tuple[Told, ...]:
    """A sentence where a right claim is right only because labels sum to one; nothing where that was not found."""
    truth = goal.truth
    labels = [t for t in truth.program.inputs if t.kind == "labels" and t.shape]
    if not labels or goal.of != truth.of or is_zero(program) or any(t.role is not None for t in program.inputs):
        return ()
    free: Mapping = {**truth.program.tensors, **{t.name: replace(t, kind="data", domain="positive") for t in labels}}
    derived = chain_rule(replace(truth.program, tensors=free), goal.of, (goal.wrt,))
    for place in truth.places.first(TRIED):
        rng = np.random.default_rng(place.seed)
        moved = {t.name: place.point[t.name] + rng.uniform(0.5, 1.5, place.point[t.name].shape) for t in labels}
        try:
            values = walk(derived, {**place.point, **moved}, place.sizes)
            claimed = walk(program, {t.name: values[t.name] for t in program.inputs if t.name in values}, place.sizes)[CLAIM]
        except PointError:
            return ()
        if np.isfinite(claimed).all() and not close(claimed, values[goal.name]):
            every = several([name(t.name) for t in labels])
            return (because_of_sums(every),)
    return ()


def because_of_sums(every: object) -> Told:
    """Why a claim about targets is right."""
    return told("right because every {} sums to 1; of other targets it would be wrong", every)


def right_of_other_data(goal: Goal, program: Program, bindings: Bindings, found: Weighed) -> Told:
    """What targets would have to be for a wrong claim to be right, and how that is declared; nothing where it would not be.

    A person who writes 1 where y^2 stands has y in {-1, 1} in mind, and the network may not say so. A target is data that no
    parameter weighs: of a feature x, an x where x^2 should stand is a mistake.
    """
    if found.shapes is not None or is_zero(program):
        return Told()
    beside = weighted(goal.truth.program)
    for tensor in sorted(goal.truth.program.inputs, key=lambda t: t.rank):
        is_target = tensor.kind == "data" and tensor.domain is None and tensor.name not in (beside | {*goal.truth.pinned})
        kinds = _KINDS[: None if tensor.shape else 2] if is_target else ()
        for kind, moved, says in kinds:
            if _is_right_of(goal, program, bindings, found, tensor.name, moved):
                shape = f"[{', '.join(map(str, tensor.shape))}]" if tensor.shape else ""
                declared = f"{tensor.name}: {kind.format(shape)}"
                which = told("every {}", name(tensor.name)) if tensor.shape else name(tensor.name)
                return told("right where {} {}; declare {}", which, says, declared)
    return Told()


def _is_right_of(
    goal: Goal, program: Program, bindings: Bindings, found: Weighed, of: str, moved: Callable[[ndarray], ndarray]
) -> bool:
    held = 0
    for sample in sorted(found.samples, key=lambda s: -s.error):  # most tries end at the first
        place = sample.place
        point = {**place.point, of: moved(place.point[of])}
        own = Place(place.program, place.everything, place.seed, place.sizes, point)
        try:
            own.values = walk(own.everything, point, own.sizes)
            if not usable(own.values, []):
                continue
            claimed, true = value(goal.truth, program, bindings, own, own.values, FLOATS), goal.at(own)
        except PointError:
            return False
        if not (np.isfinite(claimed).all() and close(claimed, true)):
            return False
        held += 1
    return held > len(found.samples) // 2
