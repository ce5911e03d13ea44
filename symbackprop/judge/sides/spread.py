"""Values of several parameters in one equation, x = y = 5 and (x^*, y^*) = (1, 2), as a step for each."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from symbackprop.judge.sides.best_names import parameter_named
from symbackprop.judge.sides.goals import tensor_of
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import is_best, word_of

Step = tuple[str, Any, str]

_TUPLES = re.compile(
    r"\s*(?:\\left)?\((?P<names>[^()]*)(?:\\right)?\)\s*=\s*(?:(?:\\left)?\((?P<values>[^()=]*)(?:\\right)?\)"
    r"|\\begin\{pmatrix\}(?P<column>[^&=]*)\\end\{pmatrix\})\s*[.,;]?\s*"
)


def spread(truth: Truth, step: Step) -> list[Step]:
    """The steps that one says of several parameters at once; any other as it is."""
    _, claim, what = step
    if not isinstance(claim, str) or "\n" in claim or what:
        return [step]
    found = _TUPLES.fullmatch(claim)
    if found is not None:
        names = [part.removesuffix("\\right") for part in found["names"].split(",")]
        values = found["values"].removesuffix("\\right").split(",") if found["values"] else found["column"].split(r"\\")
        pairs = list(zip(names, values, strict=True)) if len(names) == len(values) else []
    else:
        *several, value = claim.split("=")
        pairs = [(own, value) for own in several] if len(several) > 1 else []
    meant = [_parameter(truth, own) for own, _ in pairs]
    if not meant or None in meant or len({*meant}) < len(meant):
        return [step]
    return [(own.strip(), f"{own.strip()} = {value.strip()}", what) for own, value in pairs]


def _parameter(truth: Truth, name: str) -> str | None:
    """The parameter that a name says, or the best value of; None where it says none."""
    word = word_of(name.strip())
    if word is None or word.accent or (word.sup and not is_best(word)):
        return None
    own = parameter_named(truth, name.strip()) or tensor_of(truth, replace(word, sup=()))
    return own if own is not None and truth.program.tensors[own].kind == "parameter" else None
