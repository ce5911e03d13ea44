r"""Names at steps of a loop, \\delta^{(l)}: which gradient each is, by what makes most steps of a derivation right.

A recursion says what a name is by itself: each of its equations is held against the true gradient at its steps, over the true one
at the steps beside, so that one wrong equation convicts no other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

from symbackprop.core.program import Carry
from symbackprop.evaluate.points import PointError
from symbackprop.judge.sides.goals import about, goal_for, named
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.weighing.reading import Claim, NotUnderstood, Said, nameable, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import Bindings, agrees_nearly
from symbackprop.notation.claims import Context, name_at_step

Step = tuple[str, Any, str]


def names_at_steps(judge: Judge, steps: Sequence[Step]) -> dict[str, str]:
    """The names of a person's own that stand at steps of a loop, each with what it is the gradient by; none that fits nothing."""
    truth, found = judge.truth, _keyed(judge, steps)
    names = list(dict.fromkeys(own for step in steps for own in [own_name(judge, step)] if own))
    for name in (n for n in names if n not in found):
        counts = {wrt: _right(judge, steps, {**found, name: wrt}, name) for wrt in _along_loops(truth)}
        best = max(counts, key=lambda wrt: counts[wrt], default=None)
        if best is not None and counts[best]:
            found[name] = best
    for one, other in combinations([n for n in names if n not in found], 2):  # which say one another in a circle
        if one not in found and other not in found and _says(judge, steps, one, other) and _says(judge, steps, other, one):
            found |= _together(judge, steps, found, one, other)
    return found


def _says(judge: Judge, steps: Sequence[Step], name: str, other: str) -> bool:
    """Whether an equation of a name has the letters of another on its right."""
    rights = (step[1].split("=", 1)[-1] for step in steps if own_name(judge, step) == name)
    return any(all(part in right for part in re.findall(r"[^\W_]+", other)) for right in rights)


def _keyed(judge: Judge, steps: Sequence[Step]) -> dict[str, str]:
    """The names that steps define whose keys say what they are: with the key delta_alpha, that is the gradient by alpha."""
    truth, found = judge.truth, dict[str, str]()
    for name, claim, what in steps:
        goal = named(truth, name, what or name) if isinstance(claim, str) and "=" in claim else None
        own = name_at_step(claim, Context(nameable(truth), truth.of)) if goal is not None and goal.of == truth.of else ""
        if goal is not None and own and goal.wrt in truth.loops.axes:
            found.setdefault(own, goal.wrt)
    return found


def _together(judge: Judge, steps: Sequence[Step], found: Mapping[str, str], one: str, other: str) -> dict[str, str]:
    """Two names that stand for one another, with what both are the gradients by, one of them by what a person named."""
    truth, best, names = judge.truth, 0, dict[str, str]()
    several = _along_loops(truth)
    for first, second in product(several, several):
        pair = {one: first, other: second}
        if first == second or not {first, second} & {*truth.named}:
            continue
        counts = [_right(judge, steps, {**found, **pair}, name) for name in pair]
        if all(counts) and sum(counts) > best:
            best, names = sum(counts), pair
    return names


def _along_loops(truth: Truth) -> list[str]:
    """What a name at steps may be the gradient by: values of loops that are named, then the others, the last first each."""
    carried = {e.target.name for e in truth.program.equations if isinstance(e.op, Carry)}
    unnamed = [n for n in truth.loops.axes if n not in carried and n not in truth.named]
    return [wrt for wrt in (*reversed(truth.named), *reversed(unnamed)) if _may(truth, wrt)]


def said_at_steps(judge: Judge, step: Step, wrt: str | None) -> Step:
    """A step that says what it claims, where its name was found to be the gradient by `wrt`; any other as it is."""
    if wrt is None:
        return step
    return step[0], _whole(step), f"d{judge.truth.of}/d{wrt}"


def _whole(step: Step) -> str:
    """A step as an equation."""
    return step[1] if "=" in step[1] else f"{step[0]} = {step[1]}"


def _may(truth: Truth, wrt: str) -> bool:
    """Whether a name may be the gradient by a tensor: it goes along a loop, and is no parameter."""
    return bool(truth.loops.axes.get(wrt)) and wrt != truth.of and f"d{truth.of}/d{wrt}" in truth.everything.tensors


def own_name(judge: Judge, step: Step) -> str:
    """The name of a person's own at a step of a loop that a step claims; "" where it claims something else."""
    name, claim, what = step
    truth = judge.truth
    if what or not isinstance(claim, str) or named(truth, name, name) is not None:
        return ""
    return name_at_step(_whole(step), Context(nameable(truth), truth.of))


def _right(judge: Judge, steps: Sequence[Step], names: Mapping[str, str], name: str) -> int:
    """How well a name fits where it stands for a gradient: steps that are right count, those that use it more than its own."""
    truth = judge.truth
    defined = {own: truth.everything.shape(f"d{truth.of}/d{wrt}") for own, wrt in names.items()}
    bindings: Bindings = tuple((own, f"d{truth.of}/d{wrt}") for own, wrt in names.items())
    count = 0
    for step in steps:
        goal = named(truth, step[0], step[2] or step[0])
        own = own_name(judge, step)
        wrt = names.get(own) if own else goal.wrt if goal is not None else None
        try:
            claim = read(_whole(step) if own else step[1], truth, truth.of, wrt, judge.symbols, Said(defined, names))
            wrt = wrt or claim.left.wrt
            if wrt is not None and (own == name or _mentions(claim, name)):
                asked = about(truth, step[0], truth.of, wrt)
                readings = [r for r in claim.readings if r.fits]
                count += (2 if own else 3) * any(
                    agrees_nearly(goal_for(truth, asked, r.program, r.at), r.program, bindings) for r in readings
                )
        except (NotUnderstood, PointError):
            continue
    return count


def _mentions(claim: Claim, name: str) -> bool:
    return any(tensor.name == name for tensor in claim.readings[0].program.inputs)
