"""The small number that keeps a network from dividing by zero: people write epsilon for its 1e-5."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sympy as sp

from symbackprop.core.program import Equation, Program, Ref, Signature, Sum
from symbackprop.formulas.told import told
from symbackprop.judge.texts.prose import expression, written
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import CLAIM
from symbackprop.judge.weighing.truth import Truth

NAMES = ("epsilon", "eps")
WRITTEN = re.compile(r"\\(?:var)?epsilon\b|\bepsilon\b|\beps\b|ε|ϵ")
DEFINED = re.compile(rf"(?:{WRITTEN.pattern})\s*(?::=|=)")
LARGEST = sp.Rational(1, 1000)


def small_number(truth: Truth) -> sp.Number | None:
    """The only small positive number in the equations of a network; None where there is none, or several, or the name is taken."""
    bodies = [e.op.body for e in truth.program.equations if isinstance(e.op, Sum)]
    found = {n for body in bodies for n in body.atoms(sp.Number) if 0 < n <= LARGEST}
    return found.pop() if len(found) == 1 and not {*NAMES, "varepsilon"} & truth.program.tensors.keys() else None


def meant(truth: Truth, claim: Any) -> sp.Number | None:
    """The number that the epsilon of a claim stands for; None where it has none, or says what it is."""
    mentions = isinstance(claim, str) and WRITTEN.search(claim) and not DEFINED.search(claim)
    return small_number(truth) if mentions else None


def with_small(judged: Judged, claim: Any, number: sp.Number | None) -> Judged:
    """The verdict on a claim, with what its epsilon is taken to be."""
    if number is None or not isinstance(claim, str) or not WRITTEN.search(claim) or DEFINED.search(claim):
        return judged
    note = told("{} is taken to be {}", written(r"\epsilon"), expression(number, {}))
    return replace(judged, remarks=(*judged.remarks, note))


def as_claim(number: sp.Number) -> Program:
    """A number as what a step says."""
    return Program({CLAIM: Signature(CLAIM)}, (Equation(Ref(CLAIM), Sum(number)),), (CLAIM,))
