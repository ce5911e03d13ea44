r"""A name of a person's own for each sample, a^{(i)} = \sigma(w^\top x^{(i)} + b): its index stands above, as that of the data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_of
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import word_of

Step = tuple[str, Any, str]

_BELOW = r"_\s*(?:\w|\{[^{}]*\})"
_ACCENTED = r"\\(?:wide)?(?:hat|bar|tilde|vec|mathbf|boldsymbol|bm)\s*(?:\{\s*\\?[A-Za-z]+\s*\}|\\?[A-Za-z]\b)"
_NAME = rf"(?:{_ACCENTED}|\\?[A-Za-z]+(?![A-Za-z]))"
_ABOVE = r"\^\s*\{\s*\(\s*(?P<i>[a-km-z])\s*\)\s*(?P<turned>\\top|T)?\s*\}"
_SAMPLED = re.compile(rf"(?P<name>{_NAME})\s*(?P<low>{_BELOW})?\s*{_ABOVE}\s*(?P<behind>{_BELOW})?")
_GIVEN = re.compile(rf"\s*(?P<name>{_NAME})(?:{_BELOW})?\s*")
_DATA = frozenset(["data", "labels", "integers"])


def own_samples(truth: Truth, steps: Sequence[Step]) -> tuple[list[Step], dict[str, str]]:
    """The steps, in which a^{(i)} is a_i where a is a name that a step gives; and changed claims as they were.

    A letter counts samples where data of the network has it so, x^{(i)}.
    """
    claims = [claim for _, claim, _ in steps if isinstance(claim, str)]
    found = [one for claim in claims for one in _SAMPLED.finditer(claim)]
    of_network = {one["name"]: _of_network(truth, one["name"]) for one in found}
    letters = {one["i"] for one in found if of_network[one["name"]] in _DATA}
    given = {_plain(said["name"]) for name, _, _ in steps if (said := _SAMPLED.fullmatch(name.strip()) or _GIVEN.fullmatch(name))}
    mine = {one["name"] for one in found if not of_network[one["name"]] and _plain(one["name"]) in given}
    if not (mine and letters) or truth.loops:
        return list(steps), {}

    def below(one: re.Match[str]) -> str:
        if one["name"] not in mine or one["i"] not in letters:
            return one[0]
        rest = "".join(re.sub(r"^_\s*\{?|\}$", "", part) for part in (one["low"], one["behind"]) if part)
        turned = f"^{{{one['turned']}}}" if one["turned"] else ""
        return f"{one['name']}_{{{one['i']}{',' if ',' in rest else ''}{rest}}}{turned}"

    out, before = list[Step](), dict[str, str]()
    for name, claim, what in steps:
        changed = _SAMPLED.sub(below, claim) if isinstance(claim, str) else claim
        if changed != claim:
            changed = reworded(claim, changed)
            before[changed] = claim
        out.append((_SAMPLED.sub(below, name), changed, what))
    return out, before


def _of_network(truth: Truth, name: str) -> str:
    """The kind of tensor that a name is in the network, x of its X included; nothing for any other name."""
    word = word_of(name)
    if word is None:
        return "none"
    upper = word_of(name.upper()) if len(name) == 1 else None
    tensor = tensor_of(truth, word) or (tensor_of(truth, upper) if upper is not None else None)
    if tensor is not None:
        return truth.program.tensors[tensor].kind
    return "value" if any(re.fullmatch(rf"{word.base}_?\d+", one) for one in truth.named) else ""  # of a layer


def as_given(before: Mapping[str, str], changed: Mapping[str, str]) -> dict[str, str]:
    """Claims as they were before two changes, one behind the other."""
    return {**before, **{new: before.get(old, old) for new, old in changed.items()}}


def _plain(name: str) -> str:
    return re.sub(r"[{}\s]", "", name)
