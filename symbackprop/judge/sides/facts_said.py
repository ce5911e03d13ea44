r"""Conditions behind claims on what the network does not have, \text{ for } \lambda > 0, t \geq 1: they bind nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_SIGN = r"(?:[<>]|\\[lg](?:eq?|t)(?![a-z]))"
_FACT = re.compile(
    rf"\s*\\(?:text|mbox)\s*\{{\s*(?:for|if|when|where)(?: all| any| every)?\s*\}}\s*(?:[\d.]+\s*{_SIGN}\s*)?"
    rf"(?P<letter>\\?[A-Za-z]+)\s*{_SIGN}\s*-?[\d.]+\s*[.,;]?\s*$"
)


def without_facts(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps without conditions on letters of which nothing is known, since these stand in no claim."""
    given = {re.sub(r"\W", "", name) for name, _, _ in steps}

    def is_free(letter: str) -> bool:
        own = letter.lstrip("\\")
        return tensor_named(truth, letter) is None and own not in {str(n) for n in truth.program.sizes()} and own not in given

    def plain(claim: Any) -> Any:
        found = _FACT.search(claim) if isinstance(claim, str) else None
        return reworded(claim, claim[: found.start()]) if found and is_free(found["letter"]) else claim

    return [(name, plain(claim), what) for name, claim, what in steps]
