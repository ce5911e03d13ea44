"""Primitives that reduce axes, multiply matrices, and move entries about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.language import operations as ops
from symbackprop.language.operations.entries import placed
from symbackprop.language.tensors import Tensor, arange, as_tensor, is_integer
from symbackprop.notation.models.jax.elementwise import Row
from symbackprop.notation.models.jax.values import Positions, Spread, Value, shape_of, spread, uniform

if TYPE_CHECKING:
    from symbackprop.notation.models.jax.walk import Walk


def _reduction(operation: Callable[..., Tensor]) -> Row:
    def row(walk: Walk, eqn: Any, x: Value) -> Value:
        axes = [int(a) for a in eqn.params["axes"]]
        if not axes:
            return x
        return operation(walk.tensor(x), tuple(axes) if len(axes) > 1 else axes[0])

    return row


def _of_truths(operation: Callable[..., Tensor]) -> Row:
    """Whether any is true, or all are, where that is not known."""

    def row(walk: Walk, eqn: Any, x: Value) -> Value:
        number = walk.number(x)
        if number is not None:
            return Spread(as_tensor(number), walk.shape(eqn.outvars[0].aval.shape))
        return _reduction(operation)(walk, eqn, x)

    return row


def _sum(walk: Walk, eqn: Any, x: Value) -> Value:
    return walk.softmaxes.total(x, _reduction(ops.sum)(walk, eqn, x), tuple(int(a) for a in eqn.params["axes"]))


def _max(walk: Walk, eqn: Any, x: Value) -> Value:
    found = _reduction(ops.max)(walk, eqn, x)
    return walk.softmaxes.note(found, "max", x, tuple(map(int, eqn.params["axes"]))) if isinstance(x, Tensor) else found


def _cumulative(operation: Callable[..., Tensor]) -> Row:
    def row(walk: Walk, eqn: Any, x: Value) -> Value:
        tensor, axis = walk.tensor(x), int(eqn.params["axis"])
        if eqn.params.get("reverse"):
            return ops.flip(operation(ops.flip(tensor, axis), axis), axis)
        return operation(tensor, axis)

    return row


def _dot(walk: Walk, eqn: Any, a: Value, b: Value) -> Value:
    """A product summed over pairs of axes: of matrices where it is one."""
    pairs = ([tuple(map(int, axes)) for axes in pair] for pair in eqn.params["dimension_numbers"])
    (left, right), (left_batch, right_batch) = pairs
    x, y = walk.tensor(a), walk.tensor(b)
    if len(left) == 1 and not left_batch and x.ndim >= 1 and 1 <= y.ndim <= 2:
        first = x if left[0] == x.ndim - 1 else x.T if x.ndim == 2 else None
        second = y if right[0] == 0 else y.T
        if first is not None:
            return first @ second
    count = len(left_batch)
    if len(left) == 1 and left_batch == right_batch == tuple(range(count)) and x.ndim == y.ndim == count + 2:
        first = x if left[0] == count + 1 else ops.swapaxes(x, -1, -2)
        second = y if right[0] == count else ops.swapaxes(y, -1, -2)
        return first @ second
    first, second = [chr(ord("a") + k) for k in range(x.ndim)], [chr(ord("n") + k) for k in range(y.ndim)]
    for i, j in zip((*left, *left_batch), (*right, *right_batch), strict=True):
        second[j] = first[i]
    result = [first[i] for i in left_batch]
    result += [c for k, c in enumerate(first) if k not in (*left, *left_batch)]
    result += [c for k, c in enumerate(second) if k not in (*right, *right_batch)]
    return ops.einsum(f"{''.join(first)},{''.join(second)}->{''.join(result)}", x, y)


def _broadcast(walk: Walk, eqn: Any, x: Value, *_: Value) -> Value:
    """Axes of x stand at `broadcast_dimensions`; along the others it repeats."""
    shape, places = walk.shape(eqn.outvars[0].aval.shape), tuple(map(int, eqn.params["broadcast_dimensions"]))
    if uniform(x) is not None:
        return Spread(as_tensor(uniform(x)), shape)
    if isinstance(x, Spread) and not x.tensor.shape:
        return Spread(x.tensor, shape)
    tensor = walk.narrow(x)
    if not isinstance(tensor, Tensor):
        tensor = walk.tensor(x)
    for axis in range(len(shape)):
        if axis not in places:
            tensor = ops.expand_dims(tensor, axis)
    return walk.softmaxes.same(x, spread(tensor, shape))


def _reshape(walk: Walk, eqn: Any, x: Value, *_: Value) -> Value:
    shape = walk.shape(eqn.outvars[0].aval.shape)
    if walk.number(x) is not None:
        return Spread(as_tensor(walk.number(x)), shape)
    tensor = walk.tensor(x)
    if [n for n in tensor.shape if n != 1] == [n for n in shape if n != 1]:  # axes of size 1 come and go
        return walk.softmaxes.same(x, _fitted(tensor, shape))
    return walk.softmaxes.same(x, ops.reshape(tensor, shape))


def _fitted(tensor: Tensor, shape: tuple[Any, ...]) -> Tensor:
    tensor = ops.squeeze(tensor)
    for axis, n in enumerate(shape):
        if n == 1:
            tensor = ops.expand_dims(tensor, axis)
    return tensor


def _squeeze(walk: Walk, eqn: Any, x: Value) -> Value:
    if walk.number(x) is not None:
        return Spread(as_tensor(walk.number(x)), walk.shape(eqn.outvars[0].aval.shape))
    tensor = walk.tensor(x)
    axes = tuple(int(a) for a in eqn.params["dimensions"])
    return walk.softmaxes.same(x, ops.squeeze(tensor, axes) if axes else tensor)


def _transpose(walk: Walk, eqn: Any, x: Value) -> Value:
    return ops.transpose(walk.tensor(x), tuple(map(int, eqn.params["permutation"])))


def _concatenate(walk: Walk, eqn: Any, *values: Value) -> Value:
    axis = int(eqn.params["dimension"])
    if all(_is_positions(v) and shape_of(v)[-1] == 1 for v in values) and axis == len(shape_of(values[0])) - 1:
        return Positions(values)
    return ops.concatenate([walk.tensor(v) for v in values if shape_of(v)[axis] != 0], axis)


def _stack(walk: Walk, eqn: Any, *values: Value) -> Value:
    return ops.stack([walk.tensor(v) for v in values], int(eqn.params["axis"]))


def _is_positions(value: Value) -> bool:
    inner = value.tensor if isinstance(value, Spread) else value
    if isinstance(inner, ndarray):
        return inner.dtype.kind in "iu"
    return isinstance(inner, Tensor) and is_integer(inner)


def _slice(walk: Walk, eqn: Any, x: Value) -> Value:
    p = eqn.params
    steps = p["strides"] or (1,) * len(p["start_indices"])
    own = shape_of(x)
    items = []
    for first, last, step, extent in zip(walk.shape(p["start_indices"]), walk.shape(p["limit_indices"]), steps, own, strict=True):
        items.append(slice(None if first == 0 else first, None if last == extent else last, None if step == 1 else int(step)))
    return walk.tensor(x)[tuple(items)]


def _pad(walk: Walk, eqn: Any, x: Value, value: Value) -> Value:
    """A number around the entries and between them; negative widths cut."""
    widths = [tuple(walk.shape(w)) for w in eqn.params["padding_config"]]
    number = walk.number(value)
    if number is None:
        raise walk.refused(eqn, "it pads with a value that is computed.", "Write jnp.concatenate.")
    y = walk.tensor(x)
    if any(inner != 0 for _, _, inner in widths):
        steps = [inner + 1 for _, _, inner in widths]
        shape = tuple((n - 1) * step + 1 for n, step in zip(y.shape, steps, strict=True))
        items = tuple(slice(None, None, int(step)) for step in steps)
        y = placed(y, items, shape) + (number * (1 - placed(None, items, shape)) if number != 0 else 0)
    around = tuple(tuple(0 if width.is_negative else width for width in pair[:2]) for pair in widths)
    y = ops.pad(y, around, constant_values=number) if any(width != 0 for pair in around for width in pair) else y
    cuts = (tuple(width if width.is_negative else None for width in pair[:2]) for pair in widths)
    return y[tuple(slice(low and -low, high) for low, high in cuts)]


def _iota(walk: Walk, eqn: Any) -> Value:
    shape, axis = walk.shape(eqn.params["shape"]), int(eqn.params["dimension"])
    tensor = arange(shape[axis])
    for k in range(len(shape)):
        if k != axis:
            tensor = ops.expand_dims(tensor, k)
    return spread(tensor, shape)


def _reverse(walk: Walk, eqn: Any, x: Value) -> Value:
    return ops.flip(walk.tensor(x), tuple(int(a) for a in eqn.params["dimensions"]))


def _split(walk: Walk, eqn: Any, x: Value) -> list[Value]:
    sizes = walk.shape(eqn.params["sizes"])
    cuts = tuple(sp.Add(*sizes[:k]) for k in range(1, len(sizes)))
    return list(ops.split(walk.tensor(x), cuts, int(eqn.params["axis"])))


def _dimension(walk: Walk, eqn: Any) -> Value:
    """A size as a number."""
    return np.array(walk.size(eqn.params["dim"]), dtype=object)


def _platform(walk: Walk, eqn: Any) -> Value:
    """Which of several spellings of one function is run: that of the processor, else the one for all."""
    platforms = eqn.params["platforms"]
    return np.asarray(next((k for k, names in enumerate(platforms) if names is not None and "cpu" in names), platforms.index(None)))


ROWS: dict[str, Row] = {
    "reduce_sum": _sum, "reduce_max": _max, "reduce_min": _reduction(ops.min), "reduce_prod": _reduction(ops.prod),
    "reduce_or": _of_truths(ops.max), "reduce_and": _of_truths(ops.min), "cumsum": _cumulative(ops.cumsum),
    "cumprod": _cumulative(ops.cumprod), "cummax": _cumulative(ops.cummax), "cummin": _cumulative(ops.cummin),
    "cumlogsumexp": _cumulative(ops.logcumsumexp), "dot_general": _dot, "broadcast_in_dim": _broadcast, "reshape": _reshape,
    "squeeze": _squeeze, "transpose": _transpose, "concatenate": _concatenate, "stack": _stack, "slice": _slice, "pad": _pad,
    "iota": _iota, "platform_index": _platform,
    "rev": _reverse,
    "tile": lambda walk, eqn, x: ops.tile(walk.tensor(x), walk.shape(eqn.params["reps"])),
    "split": _split, "dim_as_value": _dimension,
    "expand_dims": lambda walk, eqn, x: _reshape(walk, eqn, x),
}  # fmt: skip
"""From the values that a primitive reads to what it makes of them."""
