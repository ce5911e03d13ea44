"""Which arrays of floats in a file are learnt: not those of which it says, or which show, that they are constants.

The exporter of PyTorch tells of each array whether it was a parameter or a buffer, and of one that it computed, of what.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import ndarray

KIND, FOLDED = "pkg.torch.export.graph_signature.InputSpec.kind", "pkg.onnxscript.optimizer.folded_from"
CREATED = ("val", "lifted_tensor", "zeros", "ones", "full", "eye", "arange", "linspace", "tril", "triu", "scalar_tensor", "new")
ON_THE_WAY = (
    "getitem", "clone", "view", "expand", "unsqueeze", "squeeze", "transpose", "permute", "reshape", "slice", "select", "cat",
    "stack", "add", "sub", "mul", "div", "pow", "where", "eq", "ne", "lt", "le", "gt", "ge", "index", "linear", "matmul", "to",
    "detach", "split", "chunk", "unbind", "sin", "cos", "exp", "outer", "flatten", "repeat", "masked_fill", "logical_not",
    "bitwise_not", "cumsum", "sym_size_int", "copy",
)  # fmt: skip
MADE, PASSED = (re.compile(rf"_?({'|'.join(names)})(_[a-z_]*)?(_\d+)*") for names in (CREATED, ON_THE_WAY))


def is_learnt(array: ndarray, told: Mapping[str, str]) -> bool:
    """Whether an array is a parameter.

    told   what the file says of it.
    """
    if not array.ndim or array.dtype.kind not in "fV":
        return False
    if array.dtype.kind == "f" and not np.isfinite(array).all():  # a mask
        return False
    if KIND in told:
        return told[KIND] == "PARAMETER"
    return FOLDED not in told or not _is_computed(_names(told[FOLDED]))


def told_of(graph: Any) -> dict[str, dict[str, str]]:
    """What a graph says of its values, by their names."""
    return {v.name: {p.key: p.value for p in v.metadata_props} for v in graph.value_info}


def _names(text: str) -> list[str]:
    try:
        found = literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return [str(one) for one in found] if isinstance(found, list) else []


def _is_computed(names: list[str]) -> bool:
    """Whether no parameter is among what an array was computed from: arrays that were made for it alone, and sizes."""
    made = [name for name in names if MADE.fullmatch(name)]
    return bool(made) and all(name in made or PASSED.fullmatch(name) for name in names)
