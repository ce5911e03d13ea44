"""Keras' pools, and convolutions turned round: their windows where padding="same" asks for uneven edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symbackprop.language import operations as ops
from symbackprop.language.layers.conv import convolution_transposed
from symbackprop.language.layers.pool import average_pool, max_pool
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.keras.layer import Layer
from symbackprop.notation.models.keras.layers import same


def pooled(rank: int, operation: Callable[..., Tensor], is_mean: bool) -> Callable[[Layer, Tensor], Tensor]:
    """The row of a pool over so many axes."""

    def row(layer: Layer, x: Tensor) -> Tensor:
        layer.last()
        window = layer.numbers("pool_size", rank, 2)
        strides = layer.numbers("strides", rank, window)
        signal, how = ops.moveaxis(x, -1, 1), layer.config.get("padding", "valid")
        if how not in ("valid", "same"):
            raise layer.refused(f"padding={how!r} is not read.", '"valid" and "same" are.')
        pads = same(layer, x.shape[1:-1], window, strides, (1,) * rank) if how == "same" else []
        if not any(map(any, pads)):
            return ops.moveaxis(operation(signal, window, strides), 1, -1)
        edges = ((0, 0), (0, 0), *pads)
        if is_mean:  # of the entries that are there
            there = ops.ones((1, 1, *x.shape[1:-1]))
            y = operation(ops.pad(signal, edges), window, strides) / operation(ops.pad(there, edges), window, strides)
        else:  # each window beyond an edge holds the entry at that edge: a copy of it is no larger
            y = operation(ops.pad(signal, edges, mode="edge"), window, strides)
        return ops.moveaxis(y, 1, -1)

    return row


def _transposed(rank: int) -> Callable[[Layer, Tensor], Tensor]:
    def row(layer: Layer, x: Tensor) -> Tensor:
        layer.last()
        filters, kernel = int(layer.config["filters"]), layer.numbers("kernel_size", rank)
        W = layer.weight("W", (*kernel, filters, x.shape[-1]), True, None)
        b = layer.weight("b", (filters,), True, None) if layer.config.get("use_bias", True) else 0
        return layer.activated((turned_round(layer, x, W) + b).called("z"))

    return row


def turned_round(layer: Layer, x: Tensor, W: Tensor) -> Tensor:
    """A convolution turned round by a kernel (..., filters, channels), cut or filled up to the length that the padding asks for."""
    rank = x.ndim - 2
    kernel = tuple(map(int, W.shape[:rank]))
    strides, dilations = layer.numbers("strides", rank), layer.numbers("dilation_rate", rank)
    y = convolution_transposed(
        ops.moveaxis(x, -1, 1), ops.transpose(W, (rank + 1, rank, *range(rank))), None, strides, 0, 0, dilations
    )
    y = ops.moveaxis(y, 1, -1)
    beyond = layer.config.get("output_padding")
    more = (None,) * rank if beyond is None else layer.numbers("output_padding", rank)
    cuts = [_cut(layer, d * (k - 1) + 1, s, o) for k, s, d, o in zip(kernel, strides, dilations, more, strict=True)]
    y = y[(slice(None), *(slice(left, -right if right > 0 else None) for left, right in cuts))]
    if any(right < 0 for _, right in cuts):
        y = ops.pad(y, ((0, 0), *((0, max(-right, 0)) for _, right in cuts), (0, 0)))
    return y


def _cut(layer: Layer, reach: int, stride: int, more: int | None) -> tuple[int, int]:
    """How many entries of a convolution turned round are cut off before and behind; less than 0: how many zeros stand behind."""
    match layer.config.get("padding", "valid"):
        case "valid":
            return 0, -(max(reach, stride) - reach if more is None else more)
        case "same":
            kept = stride + reach - 2 if more is None else reach + reach % 2 - 2 + more
            left = min(kept - kept // 2, reach - 1)
            return reach - 1 - left, reach - 1 - (kept - left)
        case how:
            raise layer.refused(f"padding={how!r} is not read.", '"valid" and "same" are.')


LAYERS: Mapping[str, Callable[..., Tensor]] = {
    **{f"MaxPooling{rank}D": pooled(rank, max_pool, is_mean=False) for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": pooled(rank, average_pool, is_mean=True) for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _transposed(rank) for rank in (1, 2, 3)},
}  # fmt: skip
"""From a layer and what it reads to its value."""
