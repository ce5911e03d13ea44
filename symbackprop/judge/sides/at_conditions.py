r"""Numbers for inputs as conditions behind a claim, f_y = 4 if x = 2: the point at which it is claimed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.texts.conditions import BEHIND, LABEL
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_CASES = re.compile(r"\s*\\begin\{cases\}(.*)\\end\{cases\}\s*", re.DOTALL)


def at_conditions(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, of which those that hold where inputs have numbers say so as a point: f_y |_{x = 2} = 4.

    An input of few values, such as a sign, has entries where it is one of them: that is a condition.
    """
    return [(name, one, what) for name, claim, what in steps for one in (_at(truth, claim) if isinstance(claim, str) else [claim])]


def _at(truth: Truth, claim: str) -> list[str]:
    left, _, right = claim.partition("=")
    cases = _CASES.fullmatch(right)
    rows = [row.partition("&") for row in cases[1].split(r"\\")] if cases else []
    behind = BEHIND.search(right)
    several = [(value, where) for value, _, where in rows] or ([(right[: behind.start()], behind["condition"])] if behind else [])
    parted = [(value.strip(" ,"), [part.strip(" .,") for part in re.split(r"\\land\b|,", where)]) for value, where in several]
    if not (left and parted) or not all(_is_any(truth, part) for _, parts in parted for part in parts):
        return [claim]
    return [reworded(claim, f"{left.rstrip()} |_{{{', '.join(parts)}}} = {value}") for value, parts in parted]


def _is_any(truth: Truth, part: str) -> bool:
    """Whether a condition is a number for an input that may be any."""
    name = tensor_named(truth, part.partition("=")[0].strip()) if LABEL.fullmatch(part) else None
    tensor = truth.program.tensors[name] if name else None
    return tensor is not None and tensor.kind in ("parameter", "data") and tensor.domain in (None, "positive", "unit")
