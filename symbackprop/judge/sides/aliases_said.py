r"""Other letters for what the network has, "where $a = p$": \partial L/\partial a is by that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.sentences import MOVED
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_LETTER = r"(?:\\[A-Za-z]+|[A-Za-z]+(?:_\w)?)"
_SAID = re.compile(rf"\s*(?P<a>{_LETTER})\s*=\s*(?P<b>{_LETTER})\s*[.,;]?\s*")
_GRADIENTS = frozenset(["d", "g", "G", r"\delta", r"\Delta", r"\nabla"])  # of what these are, a claim says


def aliases_said(truth: Truth, steps: Sequence[Step]) -> dict[str, str]:
    """What claims call a tensor of the network by which they differentiate, as they say: each letter with the tensor."""
    claims = [claim for _, claim, _ in steps if isinstance(claim, str)]
    given = [name.strip() for name, _, kind in steps if kind != MOVED]
    found: dict[str, str] = {}
    for claim in claims:
        said = _SAID.fullmatch(claim)
        a, b = (tensor_named(truth, said[one]) for one in "ab") if said else (None, None)
        if said is None or (a is None) == (b is None):
            continue
        letter, own = (said["b"], a) if a is not None else (said["a"], b)
        name = rf"{re.escape(letter)}(?![A-Za-z])"
        by = re.compile(rf"(?:\}}\s*\{{|/)\s*(?:\\partial\s*|d\s*){name}|\\nabla\s*_\s*\{{?\s*{name}")
        if own is not None and letter not in _GRADIENTS and given.count(letter) <= 1 and any(map(by.search, claims)):
            found[letter.lstrip("\\")] = own
    return found
