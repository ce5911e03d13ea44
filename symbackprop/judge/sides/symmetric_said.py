r"""Symmetric matrices by a person's word: "$A$ is symmetric", A = A^\top."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.sentences import SUPPOSED
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_NAME = r"(\\?[A-Za-z]+(?:\s*_\s*(?:\w|\{\w+\}))?)"
_TURNED = r"\s*\^\s*\{?\s*(?:T|\\top|\\intercal|\\mathsf\s*\{?T\}?)\s*\}?"
_SAID = re.compile(rf"\s*(?:{_NAME}{_TURNED}\s*=\s*\1|{_NAME}\s*=\s*\2{_TURNED})\s*[.,;]?\s*")
_SUPPOSED = re.compile(rf"\\{SUPPOSED} = ([^=]*)")


def symmetric_said(truth: Truth, steps: Sequence[Step]) -> tuple[tuple[str, ...], list[Step], int]:
    """The given matrices that steps say to be symmetric, the other steps, and from which of these on that holds.

    "If A is symmetric" at the beginning of a sentence is said of what follows alone. Of what the network lacks, it says nothing.
    """
    names, others, since = list[str](), list[Step](), [0]
    for step in steps:
        said = step[1] if isinstance(step[1], str) else ""
        supposed = _SUPPOSED.fullmatch(said)
        found = supposed or _SAID.fullmatch(said)
        own = tensor_named(truth, next(one for one in found.groups() if one)) if found else None
        tensor = truth.program.tensors.get(own) if own else None
        is_given = tensor is not None and tensor.kind == "data" and tensor.shape[:1] == tensor.shape[1:]
        if found is None or (supposed is None and tensor is not None and not is_given):
            others.append(step)
        elif is_given and tensor is not None and own is not None and not tensor.is_symmetric and tensor.domain is None:
            since.append(len(others) if supposed is not None and own not in names else 0)
            names.append(own)
    return tuple(dict.fromkeys(names)), others, max(since)
