r"""Steps that say the slope of a function: \sigma'(z) = \sigma(z) (1 - \sigma(z)). Each is judged as a gradient of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sympy as sp

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.functions import FUNCTIONS, TableFunction
from symbackprop.core.program import Sum
from symbackprop.formulas.told import told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about
from symbackprop.judge.steps.restated import is_restated
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import Side, side_of, word_of
from symbackprop.notation.python_text import read_text

_KNOWN = {"sigma": "sigmoid", "sigm": "sigmoid", "ReLU": "relu"}
_ANY = frozenset(["f", "g", "h", "phi", "varphi", "sigma", "psi", "rho"])  # letters for the activation of a network


def slope_step(judge: Judge, name: str, claim: Any) -> Judged | None:
    """The verdict on a step that says the slope of a function at a letter; None for any other step."""
    said = _said(claim)
    if said is None or said[0].kind != "slope" or said[0].order != 1:
        return None
    side, function, letter = said
    right = side.rest[1:]
    found: list[Judged] = []
    for own in activations(judge.truth, function):
        at_z = re.sub(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])", "z", right)
        found += _alone(judge, own, at_z)
        found += [judge.alone(about(judge.truth, name, a, z), right) for a, z in _values(judge.truth, own)]
    decided = [one for one in found if not one.open]
    best = next((one for one in decided if one.right), decided[0] if decided else None)
    if best is None:
        return None
    asked = Asked(name, judge.truth.of, judge.truth.of, 0, written(name))
    return replace(best, name=name, asked=asked, truth=None, given=str(claim))


def function_step(judge: Judge, name: str, claim: Any) -> Judged | None:
    r"""A step that says what a function of the network is, \sigma(z) = 1/(1 + e^{-z}), as it is; None for any other step."""
    said = _said(claim)
    if said is None or said[0].kind != "value":
        return None
    side, function, letter = said
    own = _KNOWN.get(function, function)
    if own not in activations(judge.truth, function) or function in judge.truth.program.tensors:
        return None
    right = re.sub(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])", "z", side.rest[1:])
    try:
        network = read_text(f"z: parameter[()]\nf = {own}(z)")
        truth = Truth(network, network.loss)
        restated = read(f"q = {right}", truth, truth.of, None, {}, None)
    except SymbackpropError:
        return None
    if restated.unknown or not is_restated(truth, truth.of, restated, ()):
        return None
    return Judged(name, None, "abbreviation", remarks=(told("as the network has it"),), given=claim)


def _said(claim: Any) -> tuple[Side, str, str] | None:
    """A left side that says something of a function at a letter, with both; None for any other."""
    side = side_of(claim) if isinstance(claim, str) else None
    if side is None or not side.base or side.at is None or len(side.at) != 1:
        return None
    letter = word_of(side.at[0])
    return None if letter is None or letter.sup else (side, side.base, side.at[0])


def activations(truth: Truth, function: str) -> list[str]:
    """What a letter or a name before a prime may be: the network's activations for a letter."""
    bodies = [e.op.body for e in truth.program.equations if isinstance(e.op, Sum)]
    applied = [f for body in bodies for f in body.atoms(TableFunction, sp.tanh)]
    used = {_called(f): not isinstance(f, TableFunction) or f.row.activation for f in applied}
    own = _KNOWN.get(function, function)
    letters = [name for name, activates in used.items() if activates]
    if function in _ANY:
        first = [own] if own in letters else []
        return list(dict.fromkeys([*first, *letters, *(["sigmoid"] if own == "sigmoid" else [])]))
    return [own] if own in FUNCTIONS or own in ("tanh", "relu") else []


def _called(function: Any) -> str:
    return function.row.name if isinstance(function, TableFunction) else "tanh" if isinstance(function, sp.tanh) else ""


def _alone(judge: Judge, own: str, right: str) -> list[Judged]:
    """The claim about a network that is the function alone."""
    try:
        network = read_text(f"z: parameter[()]\nf = {own}(z)")
        truth = Truth(network, network.loss)
        return [judge.beside(truth).alone(about(truth, "z", truth.of, "z"), right)]
    except SymbackpropError:
        return []


def _values(truth: Truth, own: str) -> list[tuple[str, str]]:
    """The values that are the function of one other, with that."""
    return [
        (e.target.name, e.operands[0].name)
        for e in truth.program.equations
        if isinstance(e.op, Sum) and len(e.operands) == 1 and _called(e.op.body) == own and e.op.body.args == e.op.slots
        and {e.target.name, e.operands[0].name} <= {*truth.named}
    ]  # fmt: skip
