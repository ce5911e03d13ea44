r"""Steps of a case that is told in words, -y_i x_i \text{ if the hinge is active}: none is wrong that may be right there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import told
from symbackprop.judge.steps.known import Known
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.verdicts.verdict import Judged

_CASE = re.compile(
    r"(?:,|\\q?quad\b|\\[ ,;:]|[\s(])*\\(?:text|mbox|textrm)\s*\{\s*"
    r"(?P<words>(?:if|when|whenever|unless|in (?:the )?case(?: that)?|otherwise|elsewhere|else)\b[^{}$\\]*)\}[\s.,)]*$"
)
_POSITIVE = re.compile(r"(?:if|when|whenever) the (?:loss|cost|error) is (?:strictly )?(?:positive|not zero|non-?zero|active)$")
_IF = re.compile(r"\\(?:text|mbox|textrm|mathrm)\s*\{\s*(?:if|when|for)\b")


def case_in_words(known: Known, claim: Any, judged_of: Callable[[Known, Any], Judged]) -> Judged | None:
    """The verdict on a step of a case that is told in words: undecided where it is wrong of all cases; None for any other step."""
    case = _CASE.search(claim) if isinstance(claim, str) else None
    words = " ".join(case["words"].split()) if case else ""
    is_last = _IF.search(claim[: case.start()]) if case else None  # x if z > 0, 0 otherwise
    if case is None or is_last or words in ("if", "when"):
        return None
    said, of = claim[: case.start()], latex(parse_name(known.truth.of).formula())
    attempt = known.copy()
    judged = judged_of(attempt, reworded(claim, rf"{said} \text{{ if }} {of} > 0" if _POSITIVE.search(words) else said))
    if judged.wrong and _POSITIVE.search(words):
        attempt = known.copy()
        judged = judged_of(attempt, reworded(claim, said))
    if not judged.wrong:
        known.take(attempt)
        return judged
    known.unread = True
    because = told('it may be right in its case, "{}", which is not read. Say it as a formula: {}', words, r"\text{if } z > 0")
    return replace(judged, kind="undecided", because=because, mistakes=(), corrected=(), counterexample=None, convention=None)
