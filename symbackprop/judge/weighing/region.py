"""In which region a claim holds, where it is right on one side of a comparison and wrong on the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.program import slot
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.formulas.told import Formula, Told, name, told
from symbackprop.judge.texts.prose import expression
from symbackprop.judge.weighing.points import Side
from symbackprop.judge.weighing.weigh import AGREES, Sample, Weighed


def region(found: Weighed) -> Told:
    """Where the claim holds and where it does not, when one comparison tells them apart; else nothing."""
    relations = {str(s.relation): s.relation for sample in found.samples for s in [*sample.place.sides, *sample.sides]}
    for text in relations:
        right, wrong = _split(found.samples, text)
        for outcome in (True, False):
            # one side always right and seen, the other mostly wrong
            if right[outcome] >= 3 and not wrong[outcome] and wrong[not outcome] >= 2 and wrong[not outcome] >= right[not outcome]:
                shown = whole(relations[text])
                if outcome:
                    return told("right where {}, wrong where not {}", shown, shown)
                return told("right where not {}, wrong where {}", shown, shown)
    return Told()


def _split(samples: Sequence[Sample], text: str) -> tuple[dict[bool, int], dict[bool, int]]:
    right, wrong = {True: 0, False: 0}, {True: 0, False: 0}
    for sample in samples:
        for side in [*sample.place.sides, *sample.sides]:
            if str(side.relation) != text:
                continue
            mask = _mask(side, sample.true.shape)
            if mask is None:
                break
            off = np.abs(sample.claimed - sample.true) > AGREES * max(largest_of(sample.true), 1e-3)
            for outcome in (True, False):
                right[outcome] += int((~off & (mask == outcome)).sum())
                wrong[outcome] += int((off & (mask == outcome)).sum())
            break
    return right, wrong


def _mask(side: Side, shape: tuple[int, ...]) -> ndarray | None:
    """The outcome of a comparison for each entry of the gradient, where it has the gradient's shape or is one number."""
    if side.outcome.size == 1:
        return np.broadcast_to(side.outcome.reshape(()), shape)
    return side.outcome if side.outcome.shape == shape else None


def whole(e: sp.Basic) -> Formula:
    """A comparison, or a side of one, without the letters of its tensors: z[i] > 0 is z > 0."""
    symbols = sorted(e.free_symbols, key=str)
    slots = {slot(k): name(str(s).partition("[")[0]) for k, s in enumerate(symbols)}
    return expression(e.xreplace(dict(zip(symbols, slots, strict=True))), slots)
