"""Steps of loops: a tensor at the step before or after the right one, and a sum over the steps that is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy import ndarray

from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Carry, Equation, Sum
from symbackprop.judge.mistakes.edit import Backward, Edit, Values, say


def loops(b: Backward, e: Equation) -> Iterator[Edit]:
    """What is done wrong with the steps of a loop."""
    axes = b.steps
    if not axes:
        return
    yield from _beside(b, e, axes)
    yield from _not_summed(b, e, axes)
    yield from _turned(b, e, axes)
    yield from _carried(b, e)


def _beside(b: Backward, e: Equation, axes: Mapping[tuple[str, int], Axis]) -> Iterator[Edit]:
    """An operand at the step before or after: z^{(l)} for z^{(l-1)}, W^{(l)} for W^{(l+1)}."""
    here, up = b.here(e), b.upstream(e)
    for r in dict.fromkeys(e.operands):
        source = b.carried_from(r.name)
        if source is not None:
            said = say("{} is taken at its own step, where that of the step before counts", source)
            yield Edit("another step", e.target.name, lambda v, r=r, s=source: here({**v, r.name: v[s]}), said, 0.0, "own")
        for place in range(len(r.index)):
            if (r.name, place) not in axes or r.name == up:
                continue
            for by, which in ((1, "before"), (-1, "after")):
                said = say(f"{{}} stands at the step {which} the right one at {{}}", r.name, e.target.name)

                def moved(v: Values, name: str = r.name, place: int = place, by: int = by) -> ndarray:
                    return here({**v, name: np.roll(v[name], by, place)})

                yield Edit("another step", e.target.name, moved, said, 0.05, which)


def _not_summed(b: Backward, e: Equation, axes: Mapping[tuple[str, int], Axis]) -> Iterator[Edit]:
    """Every step by itself, where the gradient is the sum over the steps."""
    assert isinstance(e.op, Sum)
    name = e.target.name
    own = {c for r in e.operands for k, c in enumerate(r.index) if (r.name, k) in axes}
    for letter, _ in e.op.over:
        if letter not in own or name != b.goal:
            continue
        said = say("the sum over the steps is missing at {}: every step adds its part", name)

        def apart(v: Values, letter: str = letter) -> ndarray:
            count = next(b.shape(r.name)[r.index.index(letter)] for r in e.operands if letter in r.index)
            return np.stack([b.here(e)(_at_one(v, e, letter, k)) for k in range(count)])

        yield Edit("steps not summed", name, apart, said, 0.0)


def _at_one(v: Values, e: Equation, letter: str, step: int) -> Values:
    """The values in which what an equation sums is 0 but at one step."""
    cut = dict(v)
    for ref in e.operands:
        if letter in ref.index:
            kept = np.zeros_like(v[ref.name])
            spot = tuple(step if c == letter else slice(None) for c in ref.index)
            kept[spot] = v[ref.name][spot]
            cut[ref.name] = kept
    return cut


def _turned(b: Backward, e: Equation, axes: Mapping[tuple[str, int], Axis]) -> Iterator[Edit]:
    """A square matrix of every step that is transposed, or whose transpose is missing."""
    for k, r in enumerate(e.operands):
        rest = [place for place in range(len(r.index)) if (r.name, place) not in axes]
        shape = b.shape(r.name)
        if len(rest) != 2 or len(rest) == len(shape) or shape[rest[0]] != shape[rest[1]]:
            continue
        index = list(r.index)
        index[rest[0]], index[rest[1]] = index[rest[1]], index[rest[0]]
        turned = replace(e, operands=tuple(q._replace(index=tuple(index)) if j == k else q for j, q in enumerate(e.operands)))
        said = say("{} stands transposed, or its transpose is missing", r.name)
        yield Edit("transpose missing", e.target.name, b.here(turned), said, alike=r.name)


def _carried(b: Backward, e: Equation) -> Iterator[Edit]:
    """What comes back from the step after, taken from the step itself."""
    for r in dict.fromkeys(e.operands):
        carry = b.by_name.get(r.name)
        if carry is not None and isinstance(carry.op, Carry) and r.name in b.order:
            source = carry.operands[0].name
            said = say("what comes back to {} from the step beside is taken from the step itself", e.target.name)
            yield Edit("another step", r.name, lambda v, s=source: v[s], said, 0.0)
