"""Capitals of matrices that a network calls by small letters: the Y of P - Y beside y: labels[n, k]."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from symbackprop.formulas.told import name, told
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth

_OWN = frozenset("EIT")  # of a mean, an identity and what is transposed
_LETTER = re.compile(r"(?<![A-Za-z\\])([A-Z])(?![A-Za-z])")
_GIVEN = re.compile(r"(?<![A-Za-z\\])([A-Z])(?:\s*[_^](?:\w|\{[^{}]*\}))*(?:\s*\([^()]*\))?\s*(?::?=|\\in\b|\\sim\b|\\triangleq)")
_WORDS = re.compile(r"\\(?:text|mathrm|operatorname|mathcal|mathbb|begin|end)\s*\{[^{}]*\}|\\(?:mathcal|mathbb)\s*[A-Z]")


def capitals(truth: Truth, claims: Iterable[Any], symbols: Mapping[str, str]) -> dict[str, str]:
    """What claims call by capitals that stand nowhere: the matrices of the same letters, where no claim gives the capital itself.

    symbols   what the claims call otherwise.
    """
    texts = [_WORDS.sub(" ", claim) for claim in claims if isinstance(claim, str)]
    used = {letter for text in texts for letter in _LETTER.findall(text)}
    given = {letter for text in texts for letter in _GIVEN.findall(text)}
    stands = {*truth.network.program.tensors, *truth.named, *symbols, *(str(n) for n in truth.program.sizes())}
    stands |= {one[0] for one in stands if not one[1:].strip("_0123456789")}
    several = {one for one in truth.named if len(truth.program.shape(one)) > 1}
    return {one: one.lower() for one in sorted(used - given - stands - _OWN) if one.lower() in several}


def with_capitals(judged: Judged, capital: Mapping[str, str]) -> Judged:
    """The verdict on a claim in which such letters stand, which it says."""
    used = [one for one in _LETTER.findall(_WORDS.sub(" ", judged.given)) if one in capital]
    said = tuple(told("{} is taken to be {}", name(one), name(capital[one])) for one in dict.fromkeys(used))
    is_near = judged.convention is not None or bool(judged.mistakes)  # by a sign, or by a mistake that has a name
    if judged.wrong and said and not is_near:  # it may be another matrix
        return replace(judged, kind="undecided", because=said[0], mistakes=(), corrected=(), counterexample=None, convention=None)
    return replace(judged, remarks=(*judged.remarks, *said)) if said else judged
