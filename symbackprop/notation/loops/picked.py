"""An entry of what a loop itself changes, v[i] of `v = v + w[i] * v[i]`: a sum over all entries, of which one counts."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, slot
from symbackprop.language.tensors import Tensor, letters
from symbackprop.notation.loops.frame import Frame
from symbackprop.notation.loops.indices import Away


def picked(tensor: Tensor, frame: Frame, places: Sequence[int], lows: Sequence[Expr], indices: Sequence[Away]) -> Tensor:
    """The entry of a tensor at a step of a loop, along some axes.

    places   the axes.
    lows     the number of the first entry along each.
    indices  what stands between the brackets.
    """
    own, step = letters(tensor.ndim), frame.loop.number(frame.head.low)
    at = [sp.expand(index.at(slot(1)) - low) for low, index in zip(lows, indices, strict=True)]
    tests = [iverson(sp.Eq(position(own[place]), number)) for place, number in zip(places, at, strict=True)]
    over = tuple((own[place], tensor.shape[place]) for place in places)
    kept = [k for k in range(tensor.ndim) if k not in places]
    op = Sum(sp.Mul(slot(0), *tests), (slot(0), slot(1)), over)
    return Tensor(tuple(tensor.shape[k] for k in kept), op, ((tensor, own), (step, ())), tuple(own[k] for k in kept))
