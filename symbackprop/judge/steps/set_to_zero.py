r"""Equations that say that a gradient is 0, X^\top X \beta = X^\top y and \sum_j e_{ij} v_j = \lambda u_i."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Formula, Told, name, told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about
from symbackprop.judge.steps.equations import is_stationary, vanishes, with_own_names
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.stationary import LEAST, PLACES, is_multiple
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import CLAIM, equal_shapes, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import needed
from symbackprop.notation.claims.bracketed import is_alone, sides
from symbackprop.notation.claims.errors import Fault


def parameters_of(truth: Truth) -> set[str]:
    """The names of the parameters of a network."""
    return {tensor.name for tensor in truth.program.parameters}


def set_to_zero(truth: Truth, own: str, wrt: str) -> Asked:
    """What a step says that gives a parameter its best value: that the gradient by it is 0."""
    asked = about(truth, own, truth.of, wrt)
    zero = Formula(f"{asked.text} = 0", f.equation(truth.gradient(wrt).node, f.ZERO))
    return replace(asked, shown=zero)


def as_equation(known: Known, judged: Judged, claim: Any) -> Judged:
    r"""The verdict on X^\top X \beta = X^\top y, which says that a gradient is 0: its sides differ by a multiple of that."""
    truth = known.truth
    try:
        both = sides(claim) if isinstance(claim, str) and is_alone(claim) else []
    except Fault:
        return judged
    if len(both) != 2 or not all(both):
        return judged
    (left, right), spoken = [with_own_names(truth, side)[0] for side in both], with_own_names(truth, " ".join(both))[1]
    at, several = next(
        ((at, found) for at in ("", *_free(claim)) if (found := programs_of(known, f"({left}) - ({right})", at))), ("", [])
    )
    alone = [] if "0" in both else [programs_of(known, side, at) for side in (left, right)]
    for program in several:
        shape = program.shape(CLAIM)
        for tensor in truth.program.parameters:
            if not equal_shapes(shape, tensor.shape) or not is_multiple(known, program, tensor.name):
                continue
            if not any(is_multiple(known, one, tensor.name) for side in alone for one in side):  # 2 g = g says nothing of 0
                said = told("it says that the gradient by {} is 0", name(tensor.name))
                asked = set_to_zero(truth, judged.name, tensor.name)
                return replace(judged, asked=asked, kind="right, numeric", because=Told(), remarks=(said,), points=2 * PLACES)
    if len(spoken) == 1:
        return _by_its_solution(known, judged, several, spoken[0])
    own = parameters_of(truth)
    others = [one for one in several if inputs_of(known, one) & own and not any(is_multiple(known, one, wrt) for wrt in own)]
    if not spoken and any(vanishes(known, one) for one in others):
        said = told("it holds where the gradients by all parameters are 0")
        return replace(judged, kind="right, numeric", because=Told(), remarks=(said,), points=LEAST)
    of_own = [one for one in several if inputs_of(known, one) & own]
    if not spoken and any(equal_shapes(one.shape(CLAIM), tensor.shape) for one in of_own for tensor in truth.program.parameters):
        return replace(judged, kind="undecided", because=told("it does not say that a gradient is 0"))
    return judged


def _free(claim: str) -> list[str]:
    """The indices of an equation of entries that no sum runs over, _i, the first of them."""
    summed = {*re.findall(r"\\sum\s*(?:\\limits\s*)?_\s*\{?\s*([a-z])", claim)}
    below = (c for part in re.findall(r"_\s*(?:([a-z])(?![a-z])|\{\s*([a-z]+)\s*\})", claim) for c in "".join(part))
    return [f"_{c}" for c in dict.fromkeys(below) if c not in summed][:1]


def _by_its_solution(known: Known, judged: Judged, programs: Sequence[Program], wrt: str) -> Judged:
    """The verdict on an equation for the best value of a parameter: its solution is best, or is not."""
    found = [one for program in programs if (one := is_stationary(known, program, wrt)) is not None]
    if not found:
        return judged
    asked = set_to_zero(known.truth, judged.name, wrt)
    if any(found):
        said = told("the gradient by {} is 0 there", name(wrt))
        return replace(judged, asked=asked, kind="right, numeric", because=Told(), remarks=(said,), points=2 * PLACES)
    why = told("the gradient by {} is not 0 at what solves it", name(wrt))
    return replace(judged, asked=asked, kind="wrong", because=why, remarks=(), points=2 * PLACES)


def programs_of(known: Known, formula: str, at: str = "") -> list[Program]:
    """The readings of a formula that is made of tensors of the network, and of names that steps gave.

    at   the indices of its entries, _k.
    """
    truth = known.truth
    try:
        found = read(f"q{at} = {formula}", truth, truth.of, None, {}, known.said)
    except SymbackpropError:
        return []
    several = [] if found.unknown else [reading.program for reading in found.readings]
    named = {*truth.program.tensors, *known.shapes}
    return [one for one in several if all(t.role is None and t.name in named for t in one.inputs)]


def read_by(program: Program) -> set[str]:
    """The inputs that the equations of a program read."""
    return {tensor.name for tensor in program.inputs} & {r.name for e in program.equations for r in e.operands}


def inputs_of(known: Known, program: Program) -> set[str]:
    """All that a formula is made of: the names in it, and what the values of the network in it are made of."""
    programs = [program, *(what for _, what in needed(program, known.written) if not isinstance(what, str))]
    waiting = [name for one in programs for name in read_by(one)]
    written, found = known.truth.program.equation_of(), set[str]()
    while waiting:
        own = waiting.pop()
        if own not in found:
            found.add(own)
            waiting += [r.name for r in written[own].operands] if own in written else []
    return found
