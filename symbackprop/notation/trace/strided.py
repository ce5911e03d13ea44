"""Windows of an array that share its memory in NumPy: sliding_window_view and as_strided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import Where
from symbackprop.core.program import Sum, position, slot
from symbackprop.language.tensors import Tensor
from symbackprop.notation.trace.sizes import expr_of
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def sliding_window_view(run: Run, x: Any, window_shape: Any, axis: Any = None, **_: Any) -> Traced:
    """The windows of a shape along axes, which stand last."""
    array = run.lift(x)
    several = window_shape if isinstance(window_shape, tuple | list) else (window_shape,)
    axes = range(array.ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    places = [int(a) % array.ndim for a in axes]
    value = np.lib.stride_tricks.sliding_window_view(array.value, tuple(map(int, several)), tuple(places))

    def step() -> Tensor:
        shape = list(array.tensor.shape)
        reads = [{k: 1} for k in range(len(shape))]
        for width, k in zip(several, places, strict=True):
            shape[k] = shape[k] - expr_of(width) + 1
            shape.append(expr_of(width))
            reads.append({k: 1})
        return windows(run, array, shape, reads)

    return run.made(value, step)


def as_strided(run: Run, x: Any, shape: Any = None, strides: Any = None, **_: Any) -> Any:
    """A shape whose axes step through memory as `strides` says, where each of these is a sum of steps along the axes of x."""
    array = run.lift(x)
    several = array.shape if shape is None else tuple(shape)
    base, wanted = np.asarray(array.value).strides, np.asarray(array.value).strides if strides is None else tuple(map(int, strides))
    value = np.lib.stride_tricks.as_strided(np.asarray(array.value), tuple(map(int, several)), wanted).copy()

    def step() -> Tensor:
        reads = [_steps(run, base, np.shape(array.value), stride) for stride in wanted]
        return windows(run, array, [expr_of(n) for n in several], reads)

    return run.made(value, step)


def _steps(run: Run, base: Sequence[int], sizes: Sequence[int], stride: int) -> dict[int, int]:
    """How far one step of an axis goes along each axis of the array."""
    found, rest = dict[int, int](), stride
    for k in sorted((k for k in range(len(base)) if sizes[k] > 1), key=lambda k: -abs(base[k])):
        if rest // base[k]:
            found[k] = rest // base[k]
            rest -= found[k] * base[k]
    if rest or not found:
        raise run.refusal("as_strided with these strides is not traced.", "Write sliding_window_view, or slices x[i : i + k].")
    return found


def windows(run: Run, array: Traced, shape: Sequence[Expr], reads: Sequence[dict[int, int]]) -> Tensor:
    """y[t] = x at the sums of steps: `reads` says for each axis of y how far it goes along which axes of x."""
    tensor = run.settled(array.tensor)
    letters = [f"y{k}" for k in range(len(shape))]
    own: list[str] = []
    body, over, rooms = S.One, [], list[Expr]()
    for axis, extent in enumerate(tensor.shape):
        parts = [(k, steps[axis]) for k, steps in enumerate(reads) if axis in steps]
        if len(parts) == 1 and parts[0][1] == 1 and len(reads[parts[0][0]]) == 1 and shape[parts[0][0]] == extent:
            own.append(letters[parts[0][0]])
            continue
        at = sp.Add(*[count * position(letters[k]) for k, count in parts])
        last = sp.Add(*[count * (shape[k] - 1) for k, count in parts])
        own.append(f"x{axis}")
        over.append((f"x{axis}", extent))
        body *= Where(sp.Eq(position(f"x{axis}"), at, evaluate=False), S.One, S.Zero)
        rooms.append(sp.expand(extent - 1 - last))
    known = [room for room in rooms if not room.is_nonnegative]
    op = Sum(slot(0) * body, (slot(0),), tuple(over))
    return Tensor(tuple(shape), op, ((tensor, tuple(own)),), tuple(letters), conditions=tuple(known))
