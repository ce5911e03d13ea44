r"""Views under names of their own: Q_{nl} = q_{n,:,kl:kl+k} is a legend of q_{nl} and Q_{nl} = q_{nl}; H_{n,:,kl:kl+k} = A_{nl}."""

from __future__ import annotations

import re
from typing import Any

from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]
_NAME = r"(?:\\(?:tilde|hat|bar)\s*\{?\s*\\?[A-Za-z]+\s*\}?|\\?[A-Za-z]+)"
_RIGHT = re.compile(rf"\s*(?P<left>{_NAME})_\{{(?P<index>[a-z]+)\}}\s*=\s*(?P<of>{_NAME})_\{{(?P<spots>[^{{}}]*:[^{{}}]*)\}}\s*")
_LEFT = re.compile(rf"\s*(?P<of>{_NAME})_\{{(?P<spots>[^{{}}]*:[^{{}}]*)\}}\s*=(?!=)\s*(?P<right>.+)", re.DOTALL)


def named_views(truth: Truth, step: Step) -> list[Step]:
    """The step, or the legend of a view and what it is called, or is made of."""
    claim, what = step[1:]
    if not isinstance(claim, str) or isinstance(claim, Code) or ":" not in claim:
        return [step]
    if (found := _RIGHT.fullmatch(claim)) and found["left"] != found["of"]:
        view = f"{found['of']}_{{{_below(found['spots'], found['index'])}}}"
        said = f"{found['left']}_{{{found['index']}}}"
        return [(view, f"{view} = {found['of']}_{{{found['spots']}}}", what), (said, f"{said} = {view}", what)]
    if found := _LEFT.fullmatch(claim):
        sizes = set(map(str, truth.program.sizes()))
        index = "".join(dict.fromkeys(c for c in re.findall(r"[a-z]", found["spots"]) if c not in sizes))
        view = f"{found['of']}_{{{_below(found['spots'], index)}}}"
        return [(view, f"{view} = {found['of']}_{{{found['spots']}}}", what), (view, f"{view} = {found['right']}", what)]
    return [step]


def _below(spots: str, index: str) -> str:
    """What stands below the name of a view: what the whole's name has there, 1 of k_{1,n,:,...}, and its indices."""
    parts = [part.strip() for part in spots.split(",")]
    own = next((k for k, part in enumerate(parts) if ":" in part or set(re.findall("[a-z]", part)) & {*index}), len(parts))
    return ",".join([*parts[:own], index])
