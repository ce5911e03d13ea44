"""A step of a derivation as it is read: over the names that the steps before gave, and about what its left side says."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from symbackprop.core.derivatives.orders import orders
from symbackprop.core.program import Gradient
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about, as_said, named
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.restated import is_restated, value_named
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import Claim, NotUnderstood, nothing_called, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims import Left

_NABLA = re.compile(r"\s*(?:-|\d+|\\[dt]?frac\s*(?:\{[^{}]*\}\s*\{[^{}]*\}|\d\s*\w))?\s*\\nabla(?!\s*_)")


def read_or_restated(
    judge: Judge, known: Known, name: str, claim: Any, goal: Asked | None, what: str
) -> tuple[Claim, Asked | None]:  # fmt: skip
    """A step as it is read; of a value of the network, y_i, whose indices tell the ranges where nothing else does."""
    try:
        return read_step(judge, known, name, claim, goal, look=what != "abbreviation")
    except NotUnderstood:
        value = value_named(judge.truth, re.sub(r"_(?:\w|\{[^}]*\})$", "", name)) if not what else None
        if value is None or goal is not None:
            raise
        said = about(judge.truth, name, judge.truth.of, value)
        understood = read_step(judge, known, name, claim, said, look=False)[0]
        if understood.left.kind != "abbreviation":
            raise
        return understood, None


def said_left(judge: Judge, known: Known, name: str, claim: Any, what: str) -> tuple[Asked | None, Left]:
    """What a step is about by its left side, and what that names, where its right side has no reading."""
    left = Left()
    for sign in re.finditer("=", claim) if isinstance(claim, str) and what != "abbreviation" else ():
        with suppress(NotUnderstood):
            found, goal = read_step(judge, known, name, f"{claim[: sign.start()]} = 0", None, look=True)
            left = found.left
            if goal is not None:
                return goal, left
    return None, left


def value_said(truth: Truth, name: str, understood: Claim) -> str | None:
    """The value of the network that the left side of a step names, where it says no derivative."""
    if understood.left.kind not in ("abbreviation", "none"):
        return None
    by_left = value_named(truth, understood.left.name)  # of those that somebody named: h_1 may be a person's own
    return (None if understood.left.stepped else value_named(truth, name)) or (by_left if by_left in truth.named else None)


def says_the_network(judge: Judge, known: Known, name: str, claim: Any, understood: Claim, value: str) -> bool:
    """Whether a step is what the network says of one of its values."""
    if understood.left.stepped:
        understood = read_step(judge, known, name, claim, about(judge.truth, name, judge.truth.of, value), look=False)[0]
    return is_restated(judge.truth, value, understood, known.written)


def refitted_step(judge: Judge, known: Known, name: str, claim: Any, goal: Asked, judged: Judged) -> Judged:
    """A step of the wrong shape with the edit that makes it right, from what was written before it."""
    return judge.refit(goal, judged, claim, lambda text: read_step(judge, known, name, text, goal, look=False)[0], known.written)


def read_step(judge: Judge, known: Known, name: str, claim: Any, goal: Asked | None, look: bool) -> tuple[Claim, Asked | None]:
    """A step, and what it is about: what its own left side says, where its name says nothing."""
    truth = judge.truth
    of, wrt = (goal.of, goal.wrt) if goal is not None and not goal.second else (truth.of, None)
    parameters = truth.program.parameters
    sides = (name, *claim.split("=")) if isinstance(claim, str) else (name,)
    if goal is None and len(parameters) == 1 and any(_NABLA.match(side) for side in sides):  # \nabla L is by the only parameter
        wrt = parameters[0].name
    found = read(claim, truth, of, wrt, judge.symbols, known.said)
    left = found.left
    if goal is None and look and left.wrt is not None and left.kind in ("gradient", "jacobian"):
        goal = named(truth, name, f"d{left.of or truth.of}/d{left.wrt}")
        if goal is None:  # by a name that a step gave
            judge.by_own |= {n: known.given(n) for n in (left.of, left.wrt) if n and known.is_own(n)}
            raise nothing_called(left.wrt)
        if goal.second:
            first, _ = orders(Gradient(goal.of, goal.wrt))
            found = found if first == of else read(claim, truth, first, wrt, judge.symbols, known.said)  # of another value
            return found, as_said(truth, goal, found.left)
        found = read(claim, truth, goal.of, goal.wrt, judge.symbols, known.said)
    return found, goal if goal is None else as_said(truth, goal, found.left)
