"""Convolutions and pools of JAX, with their axes in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.layers.conv import convolution
from symbackprop.language.layers.pool import average_pool, max_pool
from symbackprop.language.operations.values import LOWEST
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.jax.elementwise import Row
from symbackprop.notation.models.jax.values import Value

if TYPE_CHECKING:
    from symbackprop.notation.models.jax.walk import Walk


def _conv(walk: Walk, eqn: Any, x: Value, W: Value) -> Value:
    p = eqn.params
    d = p["dimension_numbers"]
    if int(p["batch_group_count"]) != 1:
        raise walk.refused(eqn, "a convolution with groups of the batch is not read.", "Write a plain one.")
    signal, kernel = ops.transpose(walk.tensor(x), d.lhs_spec), ops.transpose(walk.tensor(W), d.rhs_spec)
    if signal.ndim not in (3, 4, 5):
        raise walk.refused(eqn, f"a convolution over {signal.ndim - 2} axes is not read.", "Signals, images and volumes are.")
    for axis, apart in enumerate(map(int, p["lhs_dilation"]), 2):
        signal = _apart(signal, axis, apart)
    signal, padding = _padded(walk, eqn, signal, p["padding"], (0, 1), 0)
    strides, dilations = (tuple(map(int, p[name])) for name in ("window_strides", "rhs_dilation"))
    y = convolution(signal, kernel, None, strides, padding, dilations, int(p["feature_group_count"]))
    return ops.transpose(y, [list(d.out_spec).index(k) for k in range(y.ndim)])


def _apart(x: Tensor, axis: int, step: int) -> Tensor:
    """x with step - 1 zeros between neighbours along an axis."""
    if step == 1:
        return x
    n, widths = x.shape[axis], [(0, 0)] * (x.ndim + 1)
    widths[axis + 1] = 0, step - 1
    wide = ops.pad(ops.expand_dims(x, axis + 1), tuple(widths))
    wide = ops.reshape(wide, (*x.shape[:axis], n * step, *x.shape[axis + 1 :]))
    return wide[(*[slice(None)] * axis, slice(0, (n - 1) * step + 1))]


def _padded(walk: Walk, eqn: Any, x: Tensor, padding: Any, others: tuple[int, ...], value: Any) -> tuple[Tensor, tuple[int, ...]]:
    """x, and the padding of a layer that pads both ends alike: where they differ, x is padded before."""
    pads = [tuple(walk.shape(pair)) for pair in padding]
    if any(not n.is_Integer or n < 0 for pair in pads for n in pair):
        raise walk.refused(eqn, "its padding depends on a size.", "Give the sizes of the example as numbers: sizes='all'.")
    if all(a == b for a, b in pads):
        return x, tuple(int(a) for a, _ in pads)
    return ops.pad(x, (*[(0, 0)] * len(others), *pads), constant_values=value), (0,) * len(pads)


def _pool(pool: Callable[..., Tensor], edge: Any, summed: bool) -> Row:
    """A window that runs over one, two or three axes."""

    def row(walk: Walk, eqn: Any, x: Value, *_: Value) -> Value:
        p, tensor = eqn.params, walk.tensor(x)
        window, strides = tuple(map(int, p["window_dimensions"])), tuple(map(int, p["window_strides"]))
        moving = [k for k in range(tensor.ndim) if window[k] != 1 or strides[k] != 1 or any(p["padding"][k])]
        if any(int(n) != 1 for n in p["base_dilation"]) or not 1 <= len(moving) <= 3:
            raise walk.refused(
                eqn, "windows over four axes, or between entries, are not read.", "Pool over one, two or three axes."
            )
        still = [k for k in range(tensor.ndim) if k not in moving]
        order = [*still, *moving]
        wide, padding = _padded(walk, eqn, ops.transpose(tensor, order), [p["padding"][k] for k in moving], tuple(still), edge)
        size = tuple(window[k] for k in moving)
        apart = tuple(int(p["window_dilation"][k]) for k in moving)
        y = pool(wide, size, tuple(strides[k] for k in moving), padding, apart)
        y = ops.transpose(y, [order.index(k) for k in range(tensor.ndim)])
        return y * sp.Mul(*size) if summed else y

    return row


def _min_pool(walk: Walk, eqn: Any, x: Value, *rest: Value) -> Value:
    return -walk.tensor(ROWS["reduce_window_max"](walk, eqn, -walk.tensor(x), *rest))


ROWS: dict[str, Row] = {
    "conv_general_dilated": _conv,
    "reduce_window_max": _pool(max_pool, LOWEST, summed=False),
    "reduce_window_sum": _pool(average_pool, 0, summed=True),
    "reduce_window_min": _min_pool,
}  # fmt: skip
"""From the values that a primitive reads to what it makes of them."""
