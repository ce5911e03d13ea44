"""A window whose place is computed: which entries it holds is known from numbers alone."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, slot
from symbackprop.language.operations.elementwise import TABLE
from symbackprop.language.operations.products import tensordot
from symbackprop.language.operations.shapes import moveaxis
from symbackprop.language.tensors import Tensor, as_number, letters


def window(x: Tensor, axis: int, start: Tensor, count: Any) -> Tensor:
    """y[j] = sum_i 1[i = j + s] x[i] along an axis, j from 0 to count - 1; s is the start, moved so that the window is inside."""
    extent, wide = x.shape[axis], as_number(count)
    first = TABLE["minimum"](TABLE["maximum"](start, 0), extent - wide)
    j, i = letters(2)
    held = iverson(sp.Eq(position(i), position(j) + slot(0), evaluate=False))
    chosen = Tensor((wide, extent), Sum(held, (slot(0),)), ((first, ()),), (j, i))
    return moveaxis(tensordot(chosen, x, ((1,), (axis,))), 0, axis)
