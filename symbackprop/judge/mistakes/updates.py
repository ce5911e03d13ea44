"""Weights that were updated before the gradients below them were taken, where the rate of the descent is declared."""

from __future__ import annotations

from collections.abc import Iterator

from numpy import ndarray

from symbackprop.core.program import Equation
from symbackprop.judge.mistakes.edit import Backward, Edit, Values, say


def updates(b: Backward, e: Equation) -> Iterator[Edit]:
    """A parameter after the step of a descent, W - rate dL/dW, in the place of the parameter."""
    for name in dict.fromkeys(r.name for r in e.operands if b.program.tensors[r.name].kind == "parameter"):
        gradient = b.whole_gradients.get(name)
        if gradient is None or name == b.program.tensors[b.goal].role.wrt:  # type: ignore[union-attr]  # a goal has a role
            continue
        for rate in b.rates:

            def after(v: Values, name: str = name, gradient: str = gradient, rate: str = rate) -> ndarray:
                return b.run(e, {**v, name: v[name] - v[rate] * b.run(b.by_name[gradient], v)})

            said = say(
                "{} is updated already, {} - {} {}, where {} is taken; gradients come first",
                name,
                name,
                rate,
                gradient,
                e.target.name,
            )
            yield Edit("weights already updated", e.target.name, after, said, 0.1)
