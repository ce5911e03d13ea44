r"""Gradients called \delta h, as tutorials of recurrent networks call them, as the d h that other derivations write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]
_NAMED = r"(?P<name>\\?[A-Za-z]+(?:_(?:\{\w+\}|\w))?)"
_LEFT = re.compile(rf"\s*(?:\\delta\s+|δ\s*){_NAMED}\s*=")


def with_differentials(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    r"""The steps in which \delta h is d h, where a step gives it and h is a tensor of the network."""
    found = [_LEFT.match(claim) for _, claim, _ in steps if isinstance(claim, str)]
    names = [one["name"] for one in found if one and spelled(truth, re.sub(r"[\\{}]", "", one["name"]))]
    if not names:
        return list(steps)
    each = re.compile(r"(?:\\delta\s+|δ\s*)(" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + r")(?![A-Za-z])")

    def read(text: str) -> str:
        return each.sub(lambda one: rf"\mathrm{{d}}{one[1]}", text)

    return [(read(name), read(claim) if isinstance(claim, str) else claim, what) for name, claim, what in steps]
