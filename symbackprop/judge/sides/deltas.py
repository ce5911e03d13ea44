r"""Gradients called \delta h, as tutorials of recurrent networks call them, as the d h that other derivations write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
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


def with_later(truth: Truth, steps: Sequence[Step]) -> tuple[list[Step], list[tuple[str, str]]]:
    r"""The steps in which \delta h, or dh, is the gradient by the one value h_1 that is made of an input h; and which these are."""
    values = [name for name in truth.named if truth.program.tensors[name].kind == "value"]
    later: dict[str, str] = {}
    for one in truth.program.inputs:
        own = [name for name in values if name.startswith(f"{one.name}_") and truth.program.shape(name) == one.shape]
        if len(own) == 1:
            later[one.name] = own[0]
    if not later:
        return list(steps), []
    names = "|".join(sorted(map(re.escape, later), key=len, reverse=True))
    each = re.compile(rf"(?P<d>\\delta\s+|δ\s*|\\mathrm\s*\{{\s*d\s*\}}\s*|(?<![A-Za-z\\])d)(?P<name>{names})(?![A-Za-z_0-9])")
    seen = {
        found["name"]
        for name, claim, _ in steps
        for found in each.finditer(claim.partition("=")[0] if isinstance(claim, str) else "")
    }

    def read(text: str) -> str:
        return each.sub(
            lambda one: one["d"] + latex(parse_name(later[one["name"]]).formula()) if one["name"] in seen else one[0], text
        )

    found = [(read(name), read(claim) if isinstance(claim, str) else claim, what) for name, claim, what in steps]
    return found, [(name, later[name]) for name in later if name in seen]
