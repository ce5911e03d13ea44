"""Words of JAX that NumPy has not, or has with another meaning: jax.lax and jax.nn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.core.choices import INFINITE
from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import replaced
from symbackprop.language.operations.sliding import window
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, normal_axes, normal_axis
from symbackprop.notation.composed import WORDS as WORDS_OF_NUMPY
from symbackprop.notation.vocabulary import plain


def _gelu(x: Any, approximate: bool = True) -> Tensor:
    return TABLE["gelu_tanh" if approximate else "gelu"](x)


def _squareplus(x: Any, b: Any = 4) -> Tensor:
    x = as_tensor(x)
    return (x + op.sqrt(op.square(x) + b)) / 2


def _sparse_sigmoid(x: Any) -> Tensor:
    """y = 0 up to -1, (x + 1) / 2 up to 1, 1 beyond."""
    return WORDS_OF_NUMPY["clip"]((as_tensor(x) + 1) / 2, 0, 1)


def _sparse_plus(x: Any) -> Tensor:
    """y = 0 up to -1, (x + 1)^2 / 4 up to 1, x beyond."""
    x = as_tensor(x)
    return op.where(x <= -1, 0, op.where(x < 1, op.square(x + 1) / 4, x))


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
    begun = list(starts) if isinstance(starts, list | tuple) else [starts]
    if len(begun) != x.ndim or any(as_tensor(start).ndim for start in begun):
        raise LanguageError(f"{what}: it takes one number for each axis, where the window begins")
    items = []
    for extent, size, start in zip(x.shape, sizes, map(plain, begun), strict=True):
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


def _attention(
    query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None, is_causal: bool = False, scale: Any = None
) -> Tensor:
    """(B, T, N, H) or (T, N, H): the heads stand between, unlike those of `dot_product_attention`."""
    Q, K, V = (as_tensor(x) for x in (query, key, value))
    if not 3 <= Q.ndim == K.ndim == V.ndim <= 4:
        raise LanguageError("dot_product_attention of jax: it takes (B, T, N, H) or (T, N, H), a batch, times, heads and features")
    if Q.shape[-2] != K.shape[-2]:
        raise LanguageError("dot_product_attention of jax: queries and keys differ in heads; repeat the keys and values")
    Q, K, V = (op.swapaxes(x, -3, -2) for x in (Q, K, V))
    scores = Q @ op.swapaxes(K, -1, -2) * (1 / sp.sqrt(Q.shape[-1]) if scale is None else scale)
    scores = scores if bias is None else scores + bias
    if is_causal:
        mask = op.tril(op.ones(scores.shape[-2:])) if mask is None else op.logical_and(mask, op.tril(op.ones(scores.shape[-2:])))
    scores = scores if mask is None else op.where(mask, scores, -INFINITE)
    return op.swapaxes(op.softmax(scores) @ V, -3, -2)


def _logmeanexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    x = as_tensor(x)
    count = sp.Mul(*[x.shape[a] for a in normal_axes("logmeanexp", x, axis)])
    return op.logsumexp(x, axis, keepdims) - TABLE["log"](as_tensor(count))


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
    "dot_product_attention": _attention, "logmeanexp": _logmeanexp,
    "gelu": _gelu, "soft_sign": TABLE["softsign"], "hard_silu": TABLE["hard_swish"], "squareplus": _squareplus,
    "sparse_plus": _sparse_plus, "sparse_sigmoid": _sparse_sigmoid,
    "standardize": _standardize, "log1mexp": lambda x: TABLE["log"](-TABLE["expm1"](-as_tensor(x))),
}  # fmt: skip
"""jax.nn, by name."""

WORDS = {"jax.lax": LAX, "jax.nn": NN}
