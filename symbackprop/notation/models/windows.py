"""Windows along an axis, side by side or one over another, as unfold and the transforms of short pieces of a signal have them."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import iverson
from symbackprop.core.program import position
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import Tensor, as_number


def windows(x: Tensor, axis: int, size: Any, step: Any, spread: int = 1) -> Tensor:
    """y[..., p, ..., q] = x[..., step p + spread q, ...]: the places of a window for an axis, its entries behind all."""
    size, step = as_number(size), as_number(step)
    count = sp.floor((x.shape[axis] - spread * (size - 1) - 1) / step) + 1
    own = tuple(f"a{k}" for k in range(x.ndim))
    out = (*(("p" if k == axis else c) for k, c in enumerate(own)), "q")
    sizes: dict[str, Expr] = dict(zip(own, x.shape, strict=True)) | {"p": sp.expand(count), "q": size}
    at = sp.Eq(position(own[axis]), step * position("p") + spread * position("q"), evaluate=False)
    return builder.product([(x, own)], out, sizes, iverson(at))
