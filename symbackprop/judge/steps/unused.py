"""Names that steps give to formulas of the network and that nothing uses: they are claims of something that is not judged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from symbackprop.core.program import Program
from symbackprop.formulas.told import told
from symbackprop.judge.sides.at_values import rate_of
from symbackprop.judge.steps.own_values import is_in_network
from symbackprop.judge.steps.turned_out import is_multiple
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import word_of
from symbackprop.notation.claims.words import described

Step = tuple[str, Any, str]
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_INDICES = re.compile(r"(?:_\s*(?:\w|\{[^{}]*\})|\([^()]*\))\s*$")  # h_0 is used by h_{l-1}, \ell(w) by \nabla\ell
_OF_A_MODEL = re.compile(r"\([^()]*(?:;|\||\\mid)[^()]*\)\s*$")  # f(x; \theta), p(x|\theta): a density, which claims no gradient
_LIKE_A_GRADIENT = re.compile(
    r"(?:d_?|grad_?|g_)[A-Za-z]\w*|\w+_grad|returned\d*"
)  # dvar, grad_w in code, where other names are values
_PARTS = re.compile(r"[^\W_]+")


def not_passed_over(
    truth: Truth, judged: Sequence[Judged], steps: Sequence[Step], given: Mapping[str, Program | None]
) -> tuple[Judged, ...]:  # fmt: skip
    r"""The verdicts; a name that no other step uses, such as D of `D = 36xy - 9` behind f_xx and f_yy, is undecided.

    A definition alone is never wrong, and the reader who wrote it means more by it, unless it is of a value that the network
    has, \hat y = w^\top x + b. Code has names that nothing uses, and numbers are given to the network.

    given   what names were given.
    """
    if truth.pinned or len(steps) < 2:
        return tuple(judged)
    return tuple(
        _as_it_has_it(truth, one, given) or unused(one)
        if _is_idle(truth, one, step)
        and not any(_uses(_read(other, step), own) for own in _names(step) for other in steps if other is not step)
        else one
        for one, step in zip(judged, steps, strict=True)
    )


def _as_it_has_it(truth: Truth, one: Judged, given: Mapping[str, Program | None]) -> Judged | None:
    """The verdict on a name that is given to a value of the network; None for any other."""
    word = word_of(_INDICES.sub("", one.name))
    program = given.get(described(word)) if word is not None else None
    if program is None or not is_in_network(truth, program):
        return None
    return replace(one, remarks=(told("as the network has it"),))


def unused(one: Judged) -> Judged:
    """The verdict on a name, or a function, that nothing uses."""
    why = told("nothing uses {}. Say what it claims to be, or leave it out", written(one.name))
    return replace(one, kind="undecided", because=why)


def _is_idle(truth: Truth, one: Judged, step: Step) -> bool:
    """Whether a step gives a name to a formula, without anything that is known of it; a rate that is a number is known."""
    is_result = step[0].startswith("returned") and any(map(is_multiple, one.remarks))  # what code returns is no name
    named = one.kind == "abbreviation" and (is_result or not one.remarks) and bool(one.formulas)
    return (
        named
        and not _OF_A_MODEL.search(step[0])
        and rate_of(truth, step) is None
        and step[2] != "abbreviation"
        and isinstance(step[1], str)
        and (not isinstance(step[1], Code) or _LIKE_A_GRADIENT.fullmatch(step[0]) is not None)
    )


def _names(step: Step) -> list[str]:
    """What a step is called, and what it gives a name to, without indices and what it is of."""
    return [_INDICES.sub("", own) for own in (step[0], *step[1].split("=")[:-1][:1])]


def _read(other: Step, step: Step) -> Any:
    """The claim of another step; of one that gives the same name again, what stands behind that."""
    is_again = re.sub(r"\s", "", other[0]) == re.sub(r"\s", "", step[0]) and isinstance(other[1], str)
    return other[1].partition("=")[2] if is_again else other[1]


def _uses(claim: Any, name: str) -> bool:
    r"""Whether a claim may hold a name: D of \frac D2 does, that of \Delta is none."""
    if not isinstance(claim, str):
        return False
    commands = {*_COMMAND.findall(claim)}
    letters = _COMMAND.sub(" ", claim)
    return all(part in commands or part in letters for part in _PARTS.findall(name))
