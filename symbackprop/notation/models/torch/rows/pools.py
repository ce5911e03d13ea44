"""Pools: their windows, those that reach over an edge, and bags of rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.core.program import Sum, position
from symbackprop.language.layers.pool import average_pool, max_pool
from symbackprop.language.operations.values import LOWEST
from symbackprop.language.tensors import LanguageError, Tensor, as_number
from symbackprop.notation.models.scattering import scattered
from symbackprop.notation.models.torch.rows.places import positions
from symbackprop.notation.models.torch.rows.words import lang
from symbackprop.notation.models.windows import windows

OVERLAP = (
    "a pool with return_indices whose windows overlap, reach over an edge or have gaps is not in the language; "
    "leave padding, dilation and ceil_mode at their defaults, and stride at the size"
)
Whole = Any  # one whole number for all axes, or one for each


def _each(value: Whole, rank: int) -> tuple[int, ...]:
    """A setting with a whole number for each axis."""
    given = list(value) if isinstance(value, list | tuple) else [value]
    return tuple(int(n) for n in (given * rank if len(given) == 1 else given))


def _beyond(x: Tensor, reaches: Any, strides: Any, padding: Any) -> list[int]:
    """How far the last windows reach over the end of each axis, which ceil_mode counts as well where they begin before it."""
    found = []
    for n, reach, step, pad in zip(x.shape[-len(strides) :], reaches, strides, padding, strict=True):
        room = n + 2 * pad - reach
        if not room.is_Integer:
            raise LanguageError(f"a pool with ceil_mode=True needs to know the size {n}; export it with fixed sizes")
        last = -(-int(room) // step) * step
        last -= step if last >= n + pad else 0
        found.append(max(last - int(room), 0))
    return found


def _edged(x: Tensor, ends: list[tuple[int, int]], value: Any = 0) -> Tensor:
    return lang.pad(x, ((0, 0),) * (x.ndim - len(ends)) + tuple(ends), "constant", value)


def _max_pool(rank: int) -> Callable[..., Tensor]:
    def row(
        x: Tensor, kernel_size: Whole, stride: Whole = None, padding: Whole = 0, dilation: Whole = 1, ceil_mode: bool = False
    ) -> Tensor:
        size, pads, apart = (_each(value, rank) for value in (kernel_size, padding, dilation))
        strides = _each(stride, rank) if stride else size
        if ceil_mode:
            more = _beyond(x, [d * (n - 1) + 1 for n, d in zip(size, apart, strict=True)], strides, pads)
            if any(more):
                return max_pool(_edged(x, [(p, p + m) for p, m in zip(pads, more, strict=True)], LOWEST), size, strides, 0, apart)
        return max_pool(x, size, strides, pads, apart)

    return row


def _with_places(rank: int) -> Callable[..., list[Any]]:
    """The largest entry of each window, and where in its image it stands, counted row by row."""

    def row(
        x: Tensor, kernel_size: Whole, stride: Whole = None, padding: Whole = 0, dilation: Whole = 1, ceil_mode: bool = False
    ) -> list[Any]:
        largest = _max_pool(rank)(x, kernel_size, stride, padding, dilation, ceil_mode)
        size, pads, apart = (_each(value, rank) for value in (kernel_size, padding, dilation))
        strides = _each(stride, rank) if stride else size
        if ceil_mode or any(pads) or any(d != 1 for d in apart) or any(s < k for s, k in zip(strides, size, strict=True)):
            return [largest, LanguageError(OVERLAP)]
        cut = x
        for k in range(rank):
            cut = windows(cut, x.ndim - rank + k, size[k], strides[k])
        inside = lang.argmax(lang.reshape(cut, (*cut.shape[: x.ndim], sp.prod(size))), -1)
        return [largest, _flat(inside, x.shape[-rank:], size, strides)]

    return row


def _flat(inside: Tensor, image: Any, size: tuple[int, ...], strides: tuple[int, ...]) -> Tensor:
    """Positions within windows as positions in the image."""
    flat: Any = 0
    for k, (extent, wide, step) in enumerate(zip(image, size, strides, strict=True)):
        tap = lang.floor(inside / math.prod(size[k + 1 :])) - wide * lang.floor(inside / math.prod(size[k:]))
        place = lang.arange(inside.shape[k - len(size)])[(slice(None), *[None] * (len(size) - 1 - k))]
        flat = flat * extent + step * place + tap
    flat.below = sp.expand(sp.prod(image))
    return flat


def _unpooled(x: Tensor, indices: Tensor, output_size: Any) -> Tensor:
    """Zeros, and what was the largest entry of each window at its place."""
    rank = len(output_size)
    sizes, lead = tuple(map(as_number, output_size)), x.shape[:-rank]
    inner = (*lead, sp.expand(sp.Mul(*x.shape[-rank:])))
    index = lang.reshape(indices, inner)
    index.below = sp.expand(sp.Mul(*sizes))
    zeros = lang.zeros((*lead, index.below))
    return lang.reshape(scattered(zeros, len(lead), index, lang.reshape(x, inner), "replace"), (*lead, *sizes))


def _average_pool(rank: int) -> Callable[..., Tensor]:
    def row(
        x: Tensor, kernel_size: Whole, stride: Whole = None, padding: Whole = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Tensor:  # fmt: skip
        """The mean of what a window holds of the image, or of the image and its padding: not of what is beyond."""
        size, pads = _each(kernel_size, rank), _each(padding, rank)
        strides = _each(stride, rank) if stride else size
        more = _beyond(x, size, strides, pads) if ceil_mode else [0] * rank
        ends = [(p, p + m) for p, m in zip(pads, more, strict=True)]
        y = average_pool(_edged(x, ends), size, strides) if any(more) else average_pool(x, size, strides, pads)
        if divisor_override:
            return y * (sp.prod(size) / as_number(divisor_override))
        if not any(map(any, ends)) or (count_include_pad and not any(more)):
            return y
        extents = [n + 2 * p if count_include_pad else n for n, p in zip(x.shape[-rank:], pads, strict=True)]
        inside = _edged(lang.ones(tuple(extents)), [(0, m) for m in more] if count_include_pad else ends)
        return y / average_pool(inside, size, strides)

    return row


def _embedding_bag(
    weight: Tensor, indices: Tensor, offsets: Tensor, mode: int = 0, per_sample_weights: Any = None,
    include_last_offset: bool = False, padding_idx: Any = None,
) -> list[Any]:  # fmt: skip
    """Sums, means or maxima of the rows of bags: bags of one size, or those that begin at the offsets."""
    if include_last_offset or indices.ndim != 1:
        raise LanguageError("an embedding bag with include_last_offset is not in the language; leave the last offset out")
    bags = offsets.shape[0]
    width = sp.cancel(indices.shape[0] / bags)
    regular = isinstance(offsets.op, Sum) and not offsets.operands and offsets.op.body == width * position("0")
    if mode == 2 and (padding_idx is not None or not regular or not width.is_Integer):
        raise LanguageError(
            "an embedding bag of maxima with offsets or padding_idx is not in the language; use nn.Embedding and amax"
        )
    counted = None if padding_idx is None else indices != padding_idx
    rows = lang.embed(positions(indices, weight.shape[0]), weight)
    if per_sample_weights is not None:
        rows = rows * lang.reshape(per_sample_weights, indices.shape)[:, None]
    if regular and width.is_Integer and counted is None:
        found = (lang.sum, lang.mean, lang.max)[mode](lang.reshape(rows, (bags, width, weight.shape[1])), 1)
    else:
        found = _in_bags(rows, _bags(offsets, indices, counted), mode == 1)
    return [found, *[LanguageError("embedding_bag: only its values are read")] * 3]


def _bags(offsets: Tensor, indices: Tensor, counted: Any) -> Tensor:
    """Which word counts in which bag: 1 from where the bag begins to where the next one does."""
    bag = lang.sum(offsets[:, None] <= lang.arange(indices.shape[0])[None, :], 0) - 1
    member = bag[None, :] == lang.arange(offsets.shape[0])[:, None]
    return member if counted is None else member * counted


def _in_bags(rows: Tensor, member: Tensor, is_mean: bool) -> Tensor:
    """The sums of the rows of each bag, or their means; 0 of none."""
    total = member @ rows
    return total / lang.maximum(lang.sum(member, 1), 1)[:, None] if is_mean else total


ROWS: dict[str, Callable[..., Any]] = {
    **{f"max_pool{rank}d": _max_pool(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": _average_pool(rank) for rank in (1, 2, 3)},
    **{f"max_pool{rank}d_with_indices": _with_places(rank) for rank in (1, 2, 3)},
    "max_unpool2d": _unpooled,
    "max_unpool3d": lambda x, indices, output_size, stride=None, padding=None: _unpooled(x, indices, output_size),
    "embedding_bag": _embedding_bag,
}
