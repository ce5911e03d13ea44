r"""Labels compared with a class, \mathbb{1}\{y_i = k\}, as entries of the label where the network has it one-hot: y_{ik}."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.sides.true_class import ONE
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_LABEL = r"(?P<label{0}>[A-Za-z])\s*[_^]\s*(?:(?P<short{0}>[a-z])|\{{\s*\(?\s*(?P<long{0}>[a-z])\s*\)?\s*\}})"
_COMPARED = re.compile(
    rf"{ONE}\s*_?\s*(?:\\left\s*)?(?:\\?\{{|\[|\()\s*(?:{_LABEL.format('')}\s*=\s*(?P<class>[a-z])|(?P<other>[a-z])\s*=\s*{_LABEL.format('_')})"
    r"\s*(?:\\right\s*)?(?:\\?\}|\]|\))"
)
_CONDITION = re.compile(
    rf"(?P<said>\\(?:text|mbox)\s*\{{\s*(?:if|for|when|where)\s*\}}\s*)(?:(?P<class>[a-z])\s*(?P<sign>=|\\neq?(?![a-z]))\s*{_LABEL.format('')}"
    rf"|{_LABEL.format('_')}\s*(?P<sign_>=|\\neq?(?![a-z]))\s*(?P<other>[a-z]))(?![A-Za-z_^])"
)


def with_labels(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, in which what compares the label of a sample with a class says the entry of the label, where that is one-hot."""

    def entry(found: re.Match[str]) -> str | None:
        label = found["label"] or found["label_"]
        name = spelled(truth, label) or spelled(truth, label.upper())
        tensor = truth.program.tensors.get(name) if name else None
        if name is None or tensor is None or tensor.kind != "labels" or tensor.rank != 2:
            return None
        sample = next(found[one] for one in ("short", "long", "short_", "long_") if found[one])
        return f"{latex(parse_name(name).formula())}_{{{sample}{found['class'] or found['other']}}}"

    def indicator(found: re.Match[str]) -> str:
        return entry(found) or found[0]

    def condition(found: re.Match[str]) -> str:
        one, sign = entry(found), found["sign"] or found["sign_"]
        return f"{found['said']}{one} = {1 if sign == '=' else 0}" if one else found[0]

    def plain(claim: str) -> str:
        return reworded(claim, _CONDITION.sub(condition, _COMPARED.sub(indicator, claim)))

    return [(name, plain(claim) if isinstance(claim, str) else claim, what) for name, claim, what in steps]
