"""Words of JAX that NumPy has not, or has with another meaning: jax.lax and jax.nn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import replaced
from symbackprop.language.operations.sliding import window
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, normal_axis
from symbackprop.notation.vocabulary import plain


def _gelu(x: Any, approximate: bool = True) -> Tensor:
    return TABLE["gelu_tanh" if approximate else "gelu"](x)


def _squareplus(x: Any, b: Any = 4) -> Tensor:
    x = as_tensor(x)
    return (x + op.sqrt(op.square(x) + b)) / 2


def _standardize(x: Any, axis: Any = -1, epsilon: Any = 1e-5) -> Tensor:
    x = as_tensor(x)
    return (x - op.mean(x, axis, keepdims=True)) / op.sqrt(op.var(x, axis, keepdims=True) + epsilon)


def _select(which: Any, on_true: Any, on_false: Any) -> Tensor:
    return op.where(which, on_true, on_false)


def _broadcast_in_dim(operand: Any, shape: Any, broadcast_dimensions: Any) -> Tensor:
    """Each axis of the operand is the one of the shape that is named for it."""
    x, places = as_tensor(operand), list(broadcast_dimensions)
    if len(places) != x.ndim or places != sorted(places):
        raise LanguageError("broadcast_in_dim: name one axis of the shape for each axis of the operand, in order")
    rank = len(shape)
    return op.broadcast_to(x[tuple(slice(None) if k in places else None for k in range(rank))], shape)


def _expand_dims(array: Any, dimensions: Any) -> Tensor:
    x = as_tensor(array)
    for axis in sorted(dimensions) if isinstance(dimensions, tuple | list) else [dimensions]:
        x = op.expand_dims(x, axis)
    return x


def _window(what: str, x: Tensor, starts: Any, sizes: Any, free: bool = False) -> tuple[slice, ...]:
    """Slices of a window, which JAX moves so that it stays inside; `free`: the whole of an axis where data say the start."""
    items = []
    for extent, size, start in zip(x.shape, sizes, map(plain, starts), strict=True):
        if free and not isinstance(start, int):
            items.append(slice(None))
            continue
        if not isinstance(start, int):
            raise LanguageError(f"{what}: the window begins where data say; write x[i] with positions, or fixed slices")
        first, room = plain(start + extent if start < 0 else start), sp.expand(extent - size)
        if isinstance(first, int):
            first = max(min(first, int(room)) if room.is_Integer else first, 0)
        items.append(slice(first, first + size))
    return tuple(items)


def _dynamic_slice(operand: Any, start_indices: Any, slice_sizes: Any) -> Tensor:
    x = as_tensor(operand)
    found = x[_window("dynamic_slice", x, start_indices, slice_sizes, free=True)]
    for axis, start in enumerate(start_indices):
        if not isinstance(plain(start), int):
            begin = as_tensor(start)
            found = window(found, axis, op.where(begin < 0, begin + x.shape[axis], begin), slice_sizes[axis])
    return found


def _dynamic_update_slice(operand: Any, update: Any, start_indices: Any) -> Tensor:
    x, new = as_tensor(operand), as_tensor(update)
    return replaced(x, _window("dynamic_update_slice", x, start_indices, new.shape), new)


def _slice_in_dim(operand: Any, start_index: Any, slice_size: Any, axis: int = 0) -> Tensor:
    x = as_tensor(operand)
    place = normal_axis("dynamic_slice_in_dim", x, axis)
    starts = [start_index if k == place else 0 for k in range(x.ndim)]
    return _dynamic_slice(x, starts, [slice_size if k == place else n for k, n in enumerate(x.shape)])


def _index_in_dim(operand: Any, index: Any, axis: int = 0, keepdims: bool = True) -> Tensor:
    x = as_tensor(operand)
    place = normal_axis("dynamic_index_in_dim", x, axis)
    found = _slice_in_dim(x, index, 1, place)
    return found if keepdims else op.squeeze(found, place)


LAX: dict[str, Callable[..., Any]] = {
    "add": op.add, "sub": op.subtract, "mul": op.multiply, "div": op.divide, "neg": op.negative, "pow": op.power,
    "integer_pow": op.power, "max": lambda x, y: TABLE["maximum"](x, y), "min": lambda x, y: TABLE["minimum"](x, y),
    "select": _select, "batch_matmul": op.matmul, "broadcast_in_dim": _broadcast_in_dim, "expand_dims": _expand_dims,
    "dynamic_slice": _dynamic_slice, "dynamic_update_slice": _dynamic_update_slice, "dynamic_slice_in_dim": _slice_in_dim,
    "dynamic_index_in_dim": _index_in_dim,
    "rev": lambda operand, dimensions: op.flip(operand, dimensions),
}  # fmt: skip
"""jax.lax, by name."""

NN: dict[str, Callable[..., Any]] = {
    "gelu": _gelu, "soft_sign": TABLE["softsign"], "hard_silu": TABLE["hard_swish"], "squareplus": _squareplus,
    "standardize": _standardize, "log1mexp": lambda x: TABLE["log"](-TABLE["expm1"](-as_tensor(x))),
}  # fmt: skip
"""jax.nn, by name."""

WORDS = {"jax.lax": LAX, "jax.nn": NN}
