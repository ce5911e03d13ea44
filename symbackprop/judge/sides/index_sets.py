r"""Sets of indices that a person names, \mathcal I = \{i : y_i f_i < 1\}: sums over them by their conditions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.texts.arrays import reworded

Step = tuple[str, Any, str]

_NAME = r"(?:\\(?:mathcal|mathbb|mathrm)\s*\{?\s*[A-Za-z]+\s*\}?|\\?[A-Za-z]+)(?:\s*_\s*(?:\w|\{\w+\}))?"
_SET = re.compile(
    rf"(?:(?:,|;|\\q?quad\b|\\text\{{[^{{}}]*\}}|\bwhere\b|\\[ ,;:])\s*)*(?P<name>{_NAME})\s*(?:=|:=)\s*(?:\\left\s*)?\\\{{\s*"
    r"(?P<index>[a-z])\s*(?:\\in\s*(?:\[[^\[\]]*\]|\\\{[^{}]*\\\})\s*)?(?:\\mid\b|\\middle\s*\||:|\||\\colon\b|\\vert\b)\s*"
    r"(?P<condition>.*?)\s*(?:\\right\s*)?\\\}(?=\s*(?:$|[.,;]|\\text|\\q?quad|\\\\))",
    re.DOTALL,
)


def without_sets(steps: Sequence[Step]) -> list[Step]:
    """The steps, in which what is summed over a set of indices that one of them names is summed where its condition holds."""
    sets = {_plain(found["name"]): found for _, claim, _ in steps if isinstance(claim, str) for found in _SET.finditer(claim)}
    if not sets:
        return list(steps)
    out: list[Step] = []
    for name, claim, what in steps:
        if isinstance(claim, str):
            own = _SET.sub("", claim).strip()
            text = _written_out(own, sets) if "=" in own else claim
            claim = reworded(claim, text)
        out.append((name, claim, what))
    return [step for step in out if not (isinstance(step[1], str) and _SET.fullmatch(step[1].strip()) and len(out) > 1)]


def _written_out(claim: str, sets: dict[str, re.Match[str]]) -> str:
    def over(found: re.Match[str]) -> str:
        own = sets.get(_plain(found["name"]))
        if own is None:
            return found[0]
        return f"_{{{found['index']} : {_at(own, found['index'])}}}"

    def count(found: re.Match[str]) -> str:
        own = sets.get(_plain(found["name"]))
        return found[0] if own is None else rf"\left(\sum_{{{own['index']} : {own['condition']}}} 1\right)"

    claim = re.sub(rf"_\s*\{{\s*(?P<index>[a-z])\s*\\in\s*(?P<name>{_NAME})\s*\}}", over, claim)
    return re.sub(rf"\|\s*(?P<name>{_NAME})\s*\|", count, claim)


def _at(own: re.Match[str], index: str) -> str:
    """The condition of a set at an index."""
    letter = re.compile(rf"(?<![A-Za-z\\]){own['index']}(?![A-Za-z])")
    return own["condition"] if index == own["index"] else letter.sub(index, own["condition"])


def _plain(name: str) -> str:
    return re.sub(r"\\(?:mathcal|mathbb|mathrm)|[\\{}\s]", "", name)
