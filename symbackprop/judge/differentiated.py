r"""What is differentiated, written out on a left-hand side, \frac{\partial}{\partial X} \mathrm{tr}(A X B), by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from symbackprop.core.errors import SymbackpropError
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import told
from symbackprop.judge.goals import spelled
from symbackprop.judge.known import Known
from symbackprop.judge.mistakes.edit import close
from symbackprop.judge.reading import CLAIM, read
from symbackprop.judge.truth import Truth
from symbackprop.judge.verdict import Judged
from symbackprop.judge.weigh import Bindings, value
from symbackprop.notation.claims.bracketed import behind, last_side, outside
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.tokens import ACCENTS, FONTS, Token, tokens

if TYPE_CHECKING:
    from symbackprop.judge.claims import Judge

TRIED = 3  # points
_LOSS = re.compile(r"\s*(\\?[A-Za-z]+|\\mathcal\s*\{?[A-Z]\}?)\s*\((?:[^()=]|\([^()=]*\))*\)\s*=(?!=)")
_SCRIPTS = frozenset(["_", "^", "'"])


class Written(NamedTuple):
    """A formula that is differentiated: from which character to which it stands."""

    start: int
    end: int


def with_names(truth: Truth, steps: Sequence[tuple[str, Any, str]], symbols: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    """The steps in which a value of the network that is differentiated by its formula is differentiated by its name."""
    return [(name, _named(truth, claim, symbols) if isinstance(claim, str) else claim, what) for name, claim, what in steps]


def _named(truth: Truth, text: str, symbols: Mapping[str, str]) -> str:
    found = _written(text, truth) if "\\" in text and "=" in text else None
    if found is None:
        return text
    formula = text[found.start : found.end].strip()
    name = _value_of(truth, formula, symbols)
    if name is None:
        return text
    return f"{text[: found.start]} {latex(parse_name(name).formula())} {text[found.end :]}"


def loss_step(judge: Judge, known: Known, name: str, claim: Any) -> Judged | None:
    r"""A step that says of which function the gradient is, J(w) = ...: whether the network has it; None for any other step."""
    found = _LOSS.match(claim) if isinstance(claim, str) else None
    truth = judge.truth
    if found is None or spelled(truth, found[1].lstrip("\\")):
        return None
    try:
        said = read(f"q = {last_side(claim)}", truth, truth.of, None, judge.symbols, known.said)
    except (SymbackpropError, Fault):
        return None
    programs = [] if said.unknown else [one.program for one in said.readings]
    if not programs or programs[0].shape(CLAIM):
        return None
    if any(_is(truth, one, truth.of, known.written) for one in programs):
        remark = told("as the network has it")
    elif any(_is(truth, one, truth.of, known.written, -1.0) for one in programs):
        remark = told("it is the loss of the network with the other sign")
    else:
        remark = told("it is another than the loss of the network")
    return Judged(name, None, "abbreviation", formulas=said.formulas, remarks=(remark,))


def _value_of(truth: Truth, formula: str, symbols: Mapping[str, str]) -> str | None:
    """The value of the network that a formula says, the loss first; None where it says none."""
    try:
        found = read(f"q = {formula}", truth, truth.of, None, symbols)
    except SymbackpropError:
        return None
    if found.unknown:
        return None
    tensors = truth.program.tensors
    values = [truth.of, *(n for n in truth.named if n != truth.of and tensors[n].kind == "value")]
    for reading in found.readings:
        for name in values:
            if tensors[name].shape == reading.program.shape(CLAIM) and _is(truth, reading.program, name):
                return name
    return None


def _is(truth: Truth, program: Any, name: str, bindings: Bindings = (), sign: float = 1.0) -> bool:
    try:
        for place in truth.places.first(TRIED):
            found = sign * value(truth, program, bindings, place, place.values, FLOATS)
            if not (np.isfinite(found).all() and close(found, place.values[name])):
                return False
    except PointError:
        return False
    return True


def _written(text: str, truth: Truth) -> Written | None:
    """Where a left-hand side differentiates more than a name; None where it does not."""
    try:
        several = tokens(text)
    except Fault:
        return None
    sign = next((k for k in outside(several) if several[k].text == "="), 0)
    left = several[:sign]
    match [t.text for t in left[:1]]:
        case [r"\frac"]:
            over = behind(left, 1)
            under = behind(left, over)
            top, rest = left[2 : over - 1], left[under:]
            by_partial = bool(top) and top[0].text in (r"\partial", "d")
            if not by_partial or left[over + 1 : over + 2] == [] or left[over + 1].text not in (r"\partial", "d"):
                return None
            formula, end = (top[1:], left[over - 1].at) if len(top) > 1 else (rest, several[sign].at)
        case [r"\nabla"]:
            start = behind(left, 2) if len(left) > 1 and left[1].text == "_" else 1
            formula, end = left[start:], several[sign].at
        case _:
            return None
    return None if not formula or _is_name(formula, truth) else Written(formula[0].at, end)


def _is_name(formula: Sequence[Token], truth: Truth) -> bool:
    """Whether a letter stands alone, with its scripts and, of a tensor, with what it is a function of: p_i, L(w, b)."""
    k = behind(formula, 1) if formula[0].text[1:] in {*FONTS, *ACCENTS} else 1
    while k < len(formula) and formula[k].text in _SCRIPTS:
        k = k + 1 if formula[k].text == "'" else behind(formula, k + 1)
    is_applied = k < len(formula) and formula[k].text == "(" and behind(formula, k) == len(formula)
    return k >= len(formula) or (is_applied and spelled(truth, formula[0].text.lstrip("\\")) is not None)
