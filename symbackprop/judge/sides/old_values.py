r"""What parameters are before an update, X w^{old} and X w^{(t)} beside w^{(t+1)}, by their own names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_of
from symbackprop.judge.texts.arrays import Code, reworded
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import now, word_of

Step = tuple[str, Any, str]

_SCRIPT = r"\s*[_^]\s*(?:\{(?P<long>(?:[^{}]|\{[^{}]*\})*)\}|(?P<short>\w))"
_OLD = re.compile(rf"(?P<own>\\(?:mathbf|boldsymbol|bm)\s*\{{\s*\\?[A-Za-z]+\s*\}}|\\[A-Za-z]+|[A-Za-z]){_SCRIPT}")
_BEFORE = re.compile(r"\(?(?:old|prev|previous|current|cur)\)?")
_LATER = re.compile(r"\(?([a-z])\+1\)?")


def without_old(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps in which parameters before an update have their own names; w^{(t)} is one where a step so far updates w."""
    out: list[Step] = []
    moments = dict[str, set[str]]()
    for name, claim, what in steps:
        if isinstance(claim, str) and not isinstance(claim, Code):
            own, moment = _updated(truth, name)
            if own is not None:
                moments.setdefault(own, set()).add(moment)
            claim = _plain(truth, claim, moments)
        out.append((name, claim, what))
    return out


def _updated(truth: Truth, name: str) -> tuple[str | None, str]:
    """The parameter that a left side gives anew, and the letter of the moment before."""
    word = word_of(name)
    before = None if word is None else now(word)
    own = None if before is None else tensor_of(truth, before)
    found = _LATER.search(re.sub(r"[\s{}]", "", name))
    is_parameter = own is not None and truth.program.tensors[own].kind == "parameter"
    return (own, found[1] if found else "") if is_parameter else (None, "")


def _plain(truth: Truth, claim: str, moments: dict[str, set[str]]) -> Any:
    left, equals, rest = claim.partition("=")

    def own(found: re.Match[str]) -> str:
        script = re.sub(r"\\(?:text|mathrm|rm)|[\s{}]", "", found["long"] or found["short"] or "")
        word = word_of(found["own"])
        name = None if word is None else tensor_of(truth, word)
        is_before = _BEFORE.fullmatch(script) or script.strip("()") in moments.get(name or "", set()) - {""}
        is_parameter = name is not None and truth.program.tensors[name].kind == "parameter"
        return f"{found['own']} " if is_parameter and is_before else found[0]

    return reworded(claim, left + equals + _OLD.sub(own, rest)) if equals else claim
