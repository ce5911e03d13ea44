r"""A diagonal matrix by its entries, D_{ii} = p_i(1 - p_i): it is \operatorname{diag}(p_i(1 - p_i))."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_of
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import word_of

Step = tuple[str, Any, str]

_NAME = r"(?:\\(?:math\w+|boldsymbol|bm|hat|tilde)\s*\{\s*\\?[A-Za-z]+\s*\}|\\?[A-Za-z]+)"
_SAID = re.compile(rf"\s*(?P<own>{_NAME})\s*_\s*\{{\s*(?P<i>[a-z])\s*,?\s*(?P=i)\s*\}}\s*=(?!=)(?P<what>[^=]*?)[\s.,;]*")


def diagonals_said(truth: Truth, steps: Sequence[Step]) -> tuple[list[Step], dict[str, str]]:
    """The steps, in which an own name with entries on its diagonal alone is that matrix; and claims as they were."""
    said = [_SAID.fullmatch(claim) if isinstance(claim, str) else None for _, claim, _ in steps]
    lefts = [_plain(name.partition("_")[0]) for name, _, _ in steps]
    out, before = list[Step](), dict[str, str]()
    for (name, claim, what), found in zip(steps, said, strict=True):
        word = word_of(found["own"]) if found is not None else None
        is_own = word is not None and tensor_of(truth, word) is None
        if found is None or not is_own or lefts.count(_plain(found["own"])) > 1:  # J_{ij} = -p_i p_j beside J_{ii}
            out.append((name, claim, what))
            continue
        changed = reworded(claim, rf"{found['own']} = \operatorname{{diag}}({found['what'].strip()})")
        before[changed] = claim
        out.append((found["own"], changed, what))
    return out, before


def _plain(name: str) -> str:
    return re.sub(r"[{}\s]", "", name)
