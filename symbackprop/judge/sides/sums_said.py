r"""Data that sum to one by a person's word: "since $\sum_k y_k = 1$", "because $y$ is one-hot"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.sums_said import FORMULA, SUMS, summed
from symbackprop.judge.weighing.truth import Truth, weighted

Step = tuple[str, Any, str]

_SAID = re.compile(rf"\\{SUMS} = ([^=]*)")


def sums_said(truth: Truth, steps: Sequence[Step]) -> tuple[tuple[str, ...], list[Step]]:
    """The data that steps say to sum to one along their last axis, and the other steps.

    Where a sentence does not say which, it is the only one that may.
    """
    may = [t.name for t in truth.program.inputs if t.kind == "data" and t.domain is None and t.shape]
    labels = {t.name for t in truth.program.inputs if t.kind == "labels"}
    names, others = list[str](), list[Step]()
    for step in steps:
        said = step[1] if isinstance(step[1], str) else ""
        own = _SAID.fullmatch(said)
        formula = FORMULA.fullmatch(said)
        found = _meant(truth, own[1].strip() if own else summed(formula) if formula else "", may)
        names += [name for name in found if name in may]
        if own is None and not {*found} & {*may, *labels}:
            others.append(step)
    return tuple(dict.fromkeys(names)), others


def _meant(truth: Truth, name: str, may: Sequence[str]) -> list[str]:
    if name == "*":  # of targets, which no parameter weighs
        own_targets = [one for one in may if one not in weighted(truth.program)]
        return own_targets if len(own_targets) == 1 else []
    own = tensor_named(truth, name) if name else None
    return [own] if own is not None else []
