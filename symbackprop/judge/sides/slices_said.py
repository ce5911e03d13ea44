r"""Rows and columns under names of their own, w_k = W_{:,k}: what is derived by one is derived by that part of the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_BASE = r"(?:\\(?:math\w+|boldsymbol|bm|vec)\s*\{?\s*\\?[A-Za-z]+\s*\}?|\\?[A-Za-z]+)"
_SAID = re.compile(
    rf"\s*(?P<own>{_BASE})\s*_\s*\{{?\s*(?P<k>[a-z])\s*\}}?\s*=\s*(?P<of>{_BASE})\s*_\s*\{{(?P<at>:,(?P=k)|(?P=k),:)\}}\s*[.,;]?\s*"
)
_BY = r"(?P<by>\}\s*\{\s*(?:\\partial|d|\\mathrm\s*\{\s*d\s*\})\s*|/\s*(?:\\partial|d)\s*|\\nabla\s*_\s*\{\s*)"


def by_slices(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, in which a derivative by a row or a column that has a name is one by that part of the whole."""
    said = {claim: found for _, claim, _ in steps if isinstance(claim, str) and (found := _SAID.fullmatch(claim)) is not None}
    own = {found["own"].strip(): found for found in said.values() if tensor_named(truth, found["of"]) is not None}
    out, used = list[Step](), set[str]()
    for name, claim, what in steps:
        changed = _written(claim, own) if isinstance(claim, str) else claim
        used |= {one for one in own if changed != claim and _written(claim, {one: own[one]}) != claim}
        out.append((name, changed, what))
    names = {claim for claim, found in said.items() if found["own"].strip() in used}  # what is used is a name, and no claim
    return [(name, claim, "abbreviation" if claim in names else what) for name, claim, what in out]


def _written(claim: str, own: dict[str, re.Match[str]]) -> str:
    for name, found in own.items():
        at, whole = (":,{}" if found["at"].startswith(":") else "{},:"), found["of"].strip()
        by = rf"{_BY}{re.escape(name)}\s*_\s*(?:(?P<k>[a-z])|\{{\s*(?P<l>[a-z])\s*\}})(?![A-Za-z])"

        def part(one: re.Match[str], at: str = at, whole: str = whole) -> str:
            return f"{one['by']}{whole}_{{{at.format(one['k'] or one['l'])}}}"

        claim = reworded(claim, re.sub(by, part, claim))
    return claim
