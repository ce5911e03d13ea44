r"""Symmetric matrices by a person's word: "$A$ is symmetric", A = A^\top."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_NAME = r"(\\?[A-Za-z]+(?:\s*_\s*(?:\w|\{\w+\}))?)"
_TURNED = r"\s*\^\s*\{?\s*(?:T|\\top|\\intercal|\\mathsf\s*\{?T\}?)\s*\}?"
_SAID = re.compile(rf"\s*(?:{_NAME}{_TURNED}\s*=\s*\1|{_NAME}\s*=\s*\2{_TURNED})\s*[.,;]?\s*")


def symmetric_said(truth: Truth, steps: Sequence[Step]) -> tuple[tuple[str, ...], list[Step]]:
    """The given matrices that steps say to be symmetric, and the other steps; of what the network lacks, that says nothing."""
    names, others = list[str](), list[Step]()
    for step in steps:
        found = _SAID.fullmatch(step[1]) if isinstance(step[1], str) else None
        own = tensor_named(truth, found[1] or found[2]) if found else None
        tensor = truth.program.tensors.get(own) if own else None
        if found is None or (tensor is not None and not (tensor.kind == "data" and tensor.shape[:1] == tensor.shape[1:])):
            others.append(step)
        elif tensor is not None and own is not None and not tensor.is_symmetric and tensor.domain is None:
            names.append(own)
    return tuple(dict.fromkeys(names)), others
