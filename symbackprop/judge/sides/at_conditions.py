r"""Numbers for inputs as conditions behind a claim, f_y = 4 if x = 2: the point at which it is claimed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.texts.conditions import BEHIND, LABEL
from symbackprop.judge.texts.sentences import GIVEN
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_NAME = re.compile(r"\s*(\\?[A-Za-z]+)\s*(?:\([^()=]*\)\s*)?=(?!=)")
_CASES = re.compile(r"\s*\\begin\{cases\}(.*)\\end\{cases\}\s*", re.DOTALL)


def at_conditions(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, of which those that hold where inputs have numbers say so as a point: f_y |_{x = 2} = 4.

    An input of few values, such as a sign, has entries where it is one of them: that is a condition.
    """
    return [(name, one, what) for name, claim, what in steps for one in (_at(truth, claim) if isinstance(claim, str) else [claim])]


def in_cases(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, of which those behind t = 1, and behind t = 0, hold in that case alone: an input of few values is given several.

    What a case says of the loss itself, L = -\\log s, is said at that number.
    """
    steps = [(name, _at_case(truth, claim), what) for name, claim, what in steps]
    given = [_of_few(truth, claim) if what != GIVEN else None for _, claim, what in steps]
    own = {name for name, _ in filter(None, given)}
    several = [one for one in own if len({number for name, number in filter(None, given) if name == one}) > 1]
    if len(several) != 1:
        return list(steps)
    out, case = list[Step](), ""
    for (name, claim, what), found in zip(steps, given, strict=True):
        if found is not None and found[0] == several[0]:
            case = claim.strip(" .,;")
        elif not case or not isinstance(claim, str) or "=" not in claim or BEHIND.search(claim):
            out.append((name, claim, what))
        else:
            out.append((name, _at_case(truth, reworded(claim, rf"{claim.rstrip(' .,;')} \text{{ if }} {case}")), what))
    return out


def _at_case(truth: Truth, claim: Any) -> Any:
    """A step that says what the loss is where an input of few values is one of them, as what it is at that number."""
    found = BEHIND.search(claim) if _is_loss(truth, claim) else None
    if found is None or _of_few(truth, found["condition"]) is None:
        return claim
    left, _, right = claim[: found.start()].partition("=")
    return reworded(claim, f"{left.rstrip()} |_{{{found['condition'].strip(' .,;')}}} = {right.strip(' ,')}")


def _is_loss(truth: Truth, claim: Any) -> bool:
    """Whether a step says what the loss is."""
    left = _NAME.match(claim) if isinstance(claim, str) else None
    return left is not None and tensor_named(truth, left[1]) == truth.of


def _of_few(truth: Truth, claim: Any) -> tuple[str, str] | None:
    """The input of few values, a sign or a 0 or 1, to which a step gives a number, and that; None for any other step."""
    if not isinstance(claim, str) or not LABEL.fullmatch(claim.strip(" .,;")):
        return None
    name = tensor_named(truth, claim.partition("=")[0].strip())
    is_few = name is not None and truth.program.tensors[name].domain in ("sign", "binary")
    return (name, claim.partition("=")[2].strip(" .,;")) if is_few and name is not None else None


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
