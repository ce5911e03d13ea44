"""Numbers in steps where no input has one: they are right or wrong somewhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.formulas.told import told
from symbackprop.judge.steps.restated import value_named
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.texts.numbers import is_of_numbers, is_rounded
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth

BEHIND = told("the number behind it is right or wrong where the inputs have numbers")
_NOWHERE = told("a number is right or wrong where the inputs have numbers; give them in steps before: {}", "x = 1, w = 0.5")
SIGN = told("its sign is not judged")
_SIGN = re.compile(
    r"\s*(?:<|>|\\leq?(?![a-z])|\\geq?(?![a-z])|\\succ(?:eq)?|\\prec(?:eq)?)(?:\s|\\[ ,;])*0\s*[.,]?\s*$"
)  # = -n/\lambda^2 < 0
_CONDITION = re.compile(r"\\text\{ (?:if|for) \}")
_SAYS_WHERE = re.compile(r"\\text|\\mathrm\s*\{\s*(?:if|for|when|where|at)\b|\\q?quad|\bif\b|\bfor\b|,|;")  # if y = 1
NUMBER = re.compile(r"(?:^|=)\s*[-+]?\s*(?:\d+\.?\d*|\.\d+)\s*[.,;]?\s*$")  # a number, as the last side
ROUNDED = re.compile(r"(?:^|=)\s*[-+]?\s*\d*\.\d{2,}\s*[.,;]?\s*$")  # and one whose digits were rounded


def without_places(
    truth: Truth, found: Sequence[Judged], steps: Sequence[tuple[str, Any]], all_numbers: bool = False
) -> tuple[Judged, ...]:
    """The verdicts on steps where no input has a number: what is one itself is wrong nowhere else than where it was taken.

    One is such a number by its digits, 0.1385; and any where a step gives one to a value of the network, q = 3, or where numbers
    were given that could not be read (`all_numbers`).
    """
    numbers = [said(claim).strip() for name, claim in steps if value_named(truth, name) is not None]
    number = NUMBER if all_numbers or any(map(NUMBER.search, numbers)) else ROUNDED
    out: list[Judged] = []
    for one, (name, claim) in zip(found, steps, strict=False):
        is_number = not (isinstance(claim, Code) and "=" in claim) and number.search(said(claim)) is not None
        is_number = is_number or is_rounded(said(claim).rpartition("=")[2]) or is_reckoned(claim)
        if not is_number or not (one.wrong or one.asked is None):
            out.append(one)
            continue
        about, right = (None, None) if value_named(truth, name) is not None else (one.asked, one.truth)
        out.append(Judged(one.name, about, "undecided", _NOWHERE, one.formulas, right, given=one.given))
    return (*out, *found[len(out) :])


def has_no_place(judged: Judged) -> bool:
    """Whether a verdict is that a number is right or wrong somewhere else."""
    return judged.because == _NOWHERE


def is_reckoned(claim: Any) -> bool:
    """Whether a claim reckons with numbers alone, 2 + 2 = 4: they were taken somewhere."""
    own = [] if isinstance(claim, Code) else said(claim).split("=")[1:]
    return len(own) > 1 and all(map(is_of_numbers, own))


def tail_of(claim: Any) -> str:
    """The number that a claim says its formula comes to, = -4 behind z; "" where it is 0, or is made of numbers itself."""
    found = None if isinstance(claim, Code) else NUMBER.search(said(claim))
    _, equals, side = said(claim)[: found.start() if found else 0].rpartition("=")
    is_formula = equals and not (is_of_numbers(side) or _SAYS_WHERE.search(side) or _CONDITION.search(said(claim)))
    return found[0] if found and is_formula and re.search(r"[1-9]", found[0]) else ""


def sign_of(claim: Any) -> str:
    """What a claim says of the sign of a formula, < 0 behind -n/\\lambda^2; "" where it says none."""
    found = None if isinstance(claim, Code) else _SIGN.search(said(claim))
    _, equals, side = said(claim)[: found.start() if found else 0].rpartition("=")
    is_condition = _SAYS_WHERE.search(side) or _CONDITION.search(said(claim))  # of y if z > 0
    return found[0] if found and equals and not is_condition else ""


def said(claim: Any) -> str:
    """The text of a claim; "" of one that is none."""
    return claim if isinstance(claim, str) else ""
