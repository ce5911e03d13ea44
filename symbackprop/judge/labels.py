"""Whether a right claim needs that labels sum to one: it is held against the truth at labels that do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.program import Program
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.told import Told, name, several, told
from symbackprop.judge.mistakes.edit import close
from symbackprop.judge.reading import CLAIM
from symbackprop.judge.weigh import Goal, is_zero

TRIED = 2  # points


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
            return (told("right because every {} sums to 1; of other targets it would be wrong", every),)
    return ()
