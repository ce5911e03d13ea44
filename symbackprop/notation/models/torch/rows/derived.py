"""Derivatives that a module asks for: torch.autograd.grad within its forward."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.models.torch.rows.words import lang


def _inner_gradient(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], upstream: Sequence[Any], create_graph: bool
) -> list[Tensor]:  # fmt: skip
    """The sum over the outputs of what comes to each times its derivative; held as it is where torch keeps no way back."""
    pairs = list(zip(outputs, map(as_tensor, upstream), strict=True))
    found = [reduce(add, (lang.vjp(y, x, v) for y, v in pairs)) for x in inputs]
    return found if create_graph else [lang.stop_gradient(g) for g in found]


ROWS: Mapping[str, Callable[..., Any]] = {"inner_gradient": _inner_gradient}
