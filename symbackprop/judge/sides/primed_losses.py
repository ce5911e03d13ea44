r"""Slopes of a log-likelihood by primes, \ell'(\theta) = ... and \ell''(\theta): derivatives of what has that letter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import spelled, tensor_named
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_LOSSES = frozenset(["L", "J", "C", "E", "S", "l", "ell", "R", "Q"])
_LETTER = r"(?:\\[A-Za-z]+|[A-Za-z](?:_\w)?)"
_PRIMED = re.compile(
    rf"\s*(?P<of>\\?[A-Za-z]+|\\mathcal\s*(?:\{{\s*[A-Z]\s*\}}|[A-Z]))\s*(?P<primes>'+|\^\s*\\prime|\^\s*\{{\s*(?:\\prime\s*)+\}})\s*"
    rf"(?:\\left\s*)?\(\s*(?P<by>{_LETTER})\s*(?:\\right\s*)?\)\s*(?==)"
)


def primed_losses(truth: Truth, steps: Sequence[Step]) -> tuple[list[Step], dict[str, str]]:
    r"""The steps, in which \ell'(\theta) is a derivative by a parameter; and claims as they were."""
    out, before = list[Step](), dict[str, str]()
    claims = [claim for _, claim, _ in steps if isinstance(claim, str)]
    for name, claim, what in steps:
        found = _PRIMED.match(claim) if isinstance(claim, str) else None
        if found is None or not _is_loss(truth, found["of"]) or not _is_parameter(truth, found["by"], claims):
            out.append((name, claim, what))
            continue
        order = found["primes"].count("'") + found["primes"].count("prime")
        power = f"^{order}" if order > 1 else ""
        left = rf"\frac{{\partial{power} {found['of']}}}{{\partial {found['by']}{power}}}"
        changed = reworded(claim, f"{left} {claim[found.end() :]}")
        before[changed] = claim
        out.append((left, changed, what))
    return out, before


def _is_loss(truth: Truth, text: str) -> bool:
    """Whether a letter is one that losses have, and nothing in the network."""
    letter = re.sub(r"\\mathcal|[\\{}\s]", "", text)
    return letter in _LOSSES and spelled(truth, letter) is None


def _is_parameter(truth: Truth, letter: str, claims: Sequence[str]) -> bool:
    """Whether a letter names a parameter, or a claim says that it is the letter of one: \\theta = t."""
    own = re.escape(letter)
    said = (re.fullmatch(rf"\s*(?:{own}\s*=\s*({_LETTER}\w*)|({_LETTER}\w*)\s*=\s*{own})\s*[.,;]?\s*", claim) for claim in claims)
    names = [letter, *(one[1] or one[2] for one in said if one)]
    found = [tensor for one in names if (tensor := tensor_named(truth, one)) is not None]
    return any(truth.program.tensors[one].kind == "parameter" for one in found)
