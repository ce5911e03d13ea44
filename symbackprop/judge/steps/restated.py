r"""Equations of the network that a derivation says again before it differentiates them: S = X W, s_t = \tanh(U s_{t-1} + x_t)."""

from __future__ import annotations

from dataclasses import replace

from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.weighing.reading import Claim
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import Bindings, Goal, goal_of, weigh


def value_named(truth: Truth, name: str) -> str | None:
    """The computed value of the network that a plain name is, or a name at a step of a loop; None for any other."""
    found = spelled(truth, name) or spelled(truth, "".join(reversed(name.split())))  # "hat x" is xhat
    is_value = found is not None and truth.program.tensors[found].kind == "value" and truth.has_gradient(found)
    return found if is_value else None


def is_restated(truth: Truth, value: str, claim: Claim, bindings: Bindings) -> bool:
    """Whether a claim is what the network says of a value, and not the gradient by that."""
    if claim.left.kind not in ("abbreviation", "none"):
        return False
    gradient = goal_of(truth, value)
    for reading in claim.readings:
        said = Goal(truth, truth.of, value, truth.everything, value, reading.at)
        if weigh(said, reading.program, bindings).agrees:
            if not all(any(weigh(said, one.program, bindings).agrees for one in side.readings) for side in claim.between):
                return False  # h = 2 w x = w x
            return not weigh(replace(gradient, steps=reading.at), reading.program, bindings).agrees
    return False
