"""Sums over the wrong axes, or none: the gradient of a bias, a mean for a sum; and a step of the chain left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Equation, Sum
from symbackprop.judge.mistakes.edit import Backward, Edit, Values, say


def sums(b: Backward, e: Equation) -> Iterator[Edit]:
    """A sum over other axes, none, or one term of it."""
    assert isinstance(e.op, Sum)
    name, here = e.target.name, b.here(e)
    parameter = e.step is not None and e.step.wrt is not None and b.program.tensors[e.step.wrt.name].kind == "parameter"
    label = "summed over the wrong axes" if parameter or name == b.goal else "wrong axis"
    if e.op.over and len(e.operands) == 1:
        yield from _of_one(b, e, label)
    ones = np.ones(b.shape(name))
    for axis in range(b.rank(name)):
        n = b.shape(name)[axis]
        if name == b.goal:
            yield Edit(
                label, name, lambda v, axis=axis: here(v).sum(axis=axis), say("{} is summed over its axis {}", name, axis), 0.3
            )
        spread = say("{} is summed over its axis {}, where nothing is to be summed", name, axis)
        yield Edit(label, name, lambda v, axis=axis: ones * here(v).sum(axis=axis, keepdims=True), spread, 1)
        yield Edit("mean for sum", name, lambda v, n=n: here(v) / n, say("a mean over axis {} for a sum at {}", axis, name), 0.5)
    if len(e.operands) > 1 and e.op.over:
        yield from _not_summed(b, e)


def _of_one(b: Backward, e: Equation, label: str) -> Iterator[Edit]:
    name, r, here = e.target.name, e.operands[0].name, b.here(e)
    ones = np.ones(b.shape(name))
    count = b.values[r].size / max(np.size(b.values[name]), 1)
    yield Edit(label, name, lambda v: here(v) / count, say("{} is averaged over the samples; the uses of a bias add", r))
    yield Edit(label, name, lambda v: v[r], say("{} is not summed over the samples, to which {} is common", r, name))
    yield Edit(label, name, lambda v: v[r].sum() * ones, say("{} is summed over everything", r))
    for axis in range(b.rank(r)):
        yield Edit(label, name, lambda v, axis=axis: v[r].sum(axis=axis), say("{} is summed over axis {}", r, axis))
        yield Edit(
            label,
            name,
            lambda v, axis=axis: v[r].sum(axis=axis, keepdims=True),
            say("{} is summed over axis {}, which is kept", r, axis),
        )
        if b.rank(name) == b.rank(r) - 1:
            last = lambda v, axis=axis: v[r].take(-1, axis=axis)  # noqa: E731
            yield Edit(
                "assigned for added", name, last, say("only the last of {} is kept along axis {}: = stands for +=", r, axis), 0.2
            )


def _not_summed(b: Backward, e: Equation) -> Iterator[Edit]:
    """One term of a sum in place of the sum: = for +=, or the first sample only."""
    assert isinstance(e.op, Sum)
    products = e.step is not None and e.step.pattern == "product"
    for letter, _ in e.op.over:
        for place, sentence in (
            (-1, say("only the last term of the sum at {} is kept: = stands for +=", e.target.name)),
            (0, say("only the first term of the sum at {} is kept: = stands for +=", e.target.name)),
        ):

            def one(v: Values, letter: str = letter, place: int = place) -> ndarray:
                cut = dict(v)
                for ref in e.operands:
                    if letter in ref.index:
                        kept = np.zeros(b.shape(ref.name))
                        spot = tuple(place if c == letter else slice(None) for c in ref.index)
                        kept[spot] = v[ref.name][spot]
                        cut[ref.name] = kept
                return b.here(e)(cut)

            yield Edit("assigned for added", e.target.name, one, sentence, 0.5 if products else 0.8)


def skipped(b: Backward, e: Equation) -> Iterator[Edit]:
    """The gradient above passed on as it is, where the shapes allow it."""
    up = b.upstream(e)
    if e.step is not None and e.step.rule == "chain" and up and b.activation(e) is None and b.shape(up) == b.shape(e.target.name):
        yield Edit(
            "chain factor missing", e.target.name, lambda v: v[up], say("the local factor of {} is missing", e.target.name), 0.2
        )
