"""Keras' layers, a row for each; their channels are the last axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import sympy as sp

from symbackprop.language import layers
from symbackprop.language import operations as ops
from symbackprop.language.layers.conv import convolution
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, as_number
from symbackprop.notation.models import sampled
from symbackprop.notation.models.keras.layer import Layer
from symbackprop.notation.models.keras.masks import counted


def _dense(layer: Layer, x: Tensor) -> Tensor:
    units = int(layer.config["units"])
    z = x @ layer.weight("W", (x.shape[-1], units), True, None)
    z = z + layer.weight("b", (units,), True, None) if layer.config.get("use_bias", True) else z
    return layer.activated(z.called("z"))


def _conv(rank: int) -> Callable[[Layer, Tensor], Tensor]:
    def row(layer: Layer, x: Tensor) -> Tensor:
        layer.last()
        filters, groups = int(layer.config["filters"]), int(layer.config.get("groups", 1))
        kernel = layer.numbers("kernel_size", rank)
        strides, dilations = layer.numbers("strides", rank), layer.numbers("dilation_rate", rank)
        W = layer.weight("W", (*kernel, sp.cancel(x.shape[-1] / groups), filters), True, None)
        b = layer.weight("b", (filters,), True, None) if layer.config.get("use_bias", True) else None
        signal = surrounded(layer, x, kernel, strides, dilations)
        y = convolution(signal, ops.transpose(W, (rank + 1, rank, *range(rank))), b, strides, 0, dilations, groups)
        return layer.activated(ops.moveaxis(y, 1, -1).called("z"))

    return row


def surrounded(layer: Layer, x: Tensor, kernel: Any, strides: Any, dilations: Any) -> Tensor:
    """The signal with its channels first, and the zeros around it that the padding asks for."""
    signal, how = ops.moveaxis(x, -1, 1), layer.config.get("padding", "valid")
    match how:
        case "valid":
            return signal
        case "same":
            pads = same(layer, x.shape[1:-1], kernel, strides, dilations)
        case "causal":  # no window reaches beyond its step
            pads = [(d * (k - 1), 0) for k, d in zip(kernel, dilations, strict=True)]
        case _:
            raise layer.refused(f"padding={how!r} is not read.", '"valid", "same" and "causal" are.')
    return ops.pad(signal, ((0, 0), (0, 0), *pads)) if any(map(any, pads)) else signal


def same(layer: Layer, shape: Any, kernel: Any, strides: Any, dilations: Any) -> list[tuple[int, int]]:
    """padding="same": as many windows as the axis has entries, over the stride; the larger half stands behind."""
    pads = []
    for n, k, s, d in zip(shape, kernel, strides, dilations, strict=True):
        reach = d * (k - 1) + 1
        if s != 1 and not n.is_Integer:
            raise layer.refused('padding="same" with strides needs to know the size.', "Give keras.Input the size of the image.")
        total = reach - 1 if s == 1 else max((-(-int(n) // s) - 1) * s + reach - int(n), 0)
        pads.append((total // 2, total - total // 2))
    return pads


def _global(operation: Callable[..., Tensor]) -> Callable[[Layer, Tensor], Tensor]:
    def row(layer: Layer, x: Tensor) -> Tensor:
        layer.last()
        return operation(x, tuple(range(1, x.ndim - 1)), keepdims=bool(layer.config.get("keepdims", False)))

    return row


def _mean_of_steps(layer: Layer, x: Tensor) -> Tensor:
    """The mean along time, of the steps that count."""
    layer.last()
    mask, keepdims = layer.masks[0], bool(layer.config.get("keepdims", False))
    if mask is None:
        return ops.mean(x, 1, keepdims=keepdims)
    return ops.sum(mask[..., None] * x, 1, keepdims=keepdims) / ops.sum(mask[..., None], 1, keepdims=keepdims)


def _softmax(layer: Layer, x: Tensor) -> Tensor:
    if layer.masks[0] is not None:
        raise layer.refused("its mask is not read.", 'Write activation="softmax" in the layer before it.')
    return ops.softmax(x, layer.config.get("axis", -1))


def _masking(layer: Layer, x: Tensor) -> Tensor:
    """x, and zeros at the steps that do not count."""
    return ops.where(counted(layer, x)[..., None], x, 0)


def _dot_of_two(layer: Layer, a: Tensor, b: Tensor) -> Tensor:
    """sum_k a[n ... k ...] b[n ... k ...] along one axis of each; of unit vectors with normalize."""
    axes = layer.config.get("axes", -1)
    i, j = (k % x.ndim for k, x in zip([axes] * 2 if isinstance(axes, int) else axes, (a, b), strict=True))
    if layer.config.get("normalize"):
        a, b = (x / TABLE["maximum"](ops.norm(x, axis=k, keepdims=True), as_number(1e-7)) for x, k in ((a, i), (b, j)))
    a, b = ops.moveaxis(a, i, -1), ops.moveaxis(b, j, -1)
    if a.ndim == b.ndim == 3:
        return a @ ops.swapaxes(b, 1, 2)
    if max(a.ndim, b.ndim) > 3:
        raise layer.refused("it reads tensors of more than three axes.", "Write it by keras.ops.einsum.")
    a, b = a[:, None] if a.ndim < b.ndim else a, b[:, None] if b.ndim < a.ndim else b
    return ops.sum(a * b, -1, keepdims=a.ndim == 2)


def _axis(layer: Layer, x: Tensor) -> None:
    axis = layer.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if axis not in (-1, x.ndim - 1):
        raise layer.refused(f"axis={axis} is not read.", "axis=-1 is.")


def _batch_norm(layer: Layer, x: Tensor) -> Tensor:
    """gamma (x - mu) / sqrt(v + eps) + beta by the stored statistics, as a model that is used computes it."""
    _axis(layer, x)
    shape = (x.shape[-1],)
    gamma = layer.weight("gamma", shape, True, None) if layer.config.get("scale", True) else 1
    beta = layer.weight("beta", shape, True, None) if layer.config.get("center", True) else 0
    mu, v = layer.weight("mu", shape, False, None), layer.weight("v", shape, False, "positive")
    return gamma * ((x - mu) / ops.sqrt(v + as_number(layer.config.get("epsilon", 1e-3)))) + beta


def _layer_norm(layer: Layer, x: Tensor) -> Tensor:
    _axis(layer, x)
    shape = (x.shape[-1],)
    gamma = layer.weight("gamma", shape, True, None) if layer.config.get("scale", True) else None
    beta = layer.weight("beta", shape, True, None) if layer.config.get("center", True) else None
    return layers.layer_norm(x, gamma, beta, layer.config.get("epsilon", 1e-3))


def _group_norm(layer: Layer, x: Tensor) -> Tensor:
    """Each group of channels by its own mean and variance; groups=-1: each channel."""
    _axis(layer, x)
    shape, groups = (x.shape[-1],), int(layer.config.get("groups", 32))
    gamma = layer.weight("gamma", shape, True, None) if layer.config.get("scale", True) else None
    beta = layer.weight("beta", shape, True, None) if layer.config.get("center", True) else None
    count, eps = int(x.shape[-1]) if groups == -1 else groups, layer.config.get("epsilon", 1e-3)
    return ops.moveaxis(layers.group_norm(ops.moveaxis(x, -1, 1), count, gamma, beta, eps), 1, -1)


def _rms_norm(layer: Layer, x: Tensor) -> Tensor:
    _axis(layer, x)
    return layers.rms_norm(x, layer.weight("gamma", (x.shape[-1],), True, None), layer.config.get("epsilon", 1e-6))


def _embedding(layer: Layer, x: Tensor) -> Tensor:
    return layer.weight("E", (int(layer.config["input_dim"]), int(layer.config["output_dim"])), True, None)[x]


def _reshape(layer: Layer, x: Tensor) -> Tensor:
    return ops.reshape(x, (x.shape[0], *map(int, layer.config["target_shape"])))


def _permute(layer: Layer, x: Tensor) -> Tensor:
    return ops.transpose(x, (0, *map(int, layer.config["dims"])))


def _relu(layer: Layer, x: Tensor) -> Tensor:
    c = layer.config
    slope, edge, most = c.get("negative_slope") or 0, c.get("threshold") or 0, c.get("max_value")
    if edge:
        raise layer.refused("a threshold is not read.", "threshold=0 is.")
    y = TABLE["leaky_relu"](x, as_number(slope)) if slope else TABLE["relu"](x)
    return (y if most is None else TABLE["minimum"](y, as_number(most))).called("a")


def _leaky(layer: Layer, x: Tensor) -> Tensor:
    return TABLE["leaky_relu"](x, as_number(layer.config.get("negative_slope", layer.config.get("alpha", 0.3)))).called("a")


def _padded(layer: Layer, x: Tensor) -> Tensor:
    layer.last()
    return ops.pad(x, ((0, 0), *_edges(layer, "padding", x.ndim - 2), (0, 0)))


def _edges(layer: Layer, setting: str, rank: int) -> list[tuple[int, int]]:
    """Two whole numbers for each axis."""
    given = layer.config[setting]
    pairs = [given] if rank == 1 else [given] * rank if isinstance(given, int) else given
    return [(int(p), int(p)) if isinstance(p, int) else (int(p[0]), int(p[1])) for p in pairs]


def _cropped(layer: Layer, x: Tensor) -> Tensor:
    layer.last()
    cuts = (slice(a or None, -b or None) for a, b in _edges(layer, "cropping", x.ndim - 2))
    return x[(slice(None), *cuts)]


def _upsampled(layer: Layer, x: Tensor) -> Tensor:
    layer.last()
    how = layer.config.get("interpolation", "nearest")
    if how not in ("nearest", "bilinear"):
        raise layer.refused(f"interpolation={how!r} is not read.", 'interpolation="nearest" is, and "bilinear".')
    for k, factor in enumerate(layer.numbers("size", x.ndim - 2, 2)):
        x = ops.repeat(x, factor, k + 1) if how == "nearest" else _between(x, factor, k + 1)
    return x


def _between(x: Tensor, factor: int, axis: int) -> Tensor:
    """The axis as many times as long: each new pixel lies between two, and at the ends on the last."""
    n = x.shape[axis]
    at = (2 * ops.arange(n * factor) + 1) / (2 * factor) - sp.Rational(1, 2)
    shares = sampled.hats(at, n, lambda places: sampled.clipped(places, n))
    return ops.moveaxis(ops.moveaxis(x, axis, -1) @ shares.called("M").T, -1, axis)


def _repeated(layer: Layer, x: Tensor) -> Tensor:
    return ops.broadcast_to(ops.expand_dims(x, 1), (x.shape[0], int(layer.config["n"]), x.shape[1]))


def _prelu(layer: Layer, x: Tensor) -> Tensor:
    """max(x, 0) + alpha min(x, 0)."""
    shared = layer.config.get("shared_axes") or []
    alpha = layer.weight("alpha", tuple(1 if k + 1 in shared else n for k, n in enumerate(x.shape[1:])), True, None)
    return (TABLE["relu"](x) + alpha * TABLE["minimum"](x, 0)).called("a")


def _each_channel(layer: Layer, x: Tensor, rank: int) -> Tensor:
    """Each channel by kernels of its own, the channels first."""
    layer.last()
    kernel, strides, dilations = (layer.numbers(name, rank) for name in ("kernel_size", "strides", "dilation_rate"))
    channels, several = x.shape[-1], int(layer.config.get("depth_multiplier", 1))
    W = layer.weight("W", (*kernel, channels, several), True, None)
    signal = surrounded(layer, x, kernel, strides, dilations)
    V = ops.reshape(ops.transpose(W, (rank, rank + 1, *range(rank))), (channels * several, 1, *kernel))
    return ops.moveaxis(convolution(signal, V, None, strides, 0, dilations, int(channels)), 1, -1)


def _depthwise(rank: int) -> Callable[[Layer, Tensor], Tensor]:
    def row(layer: Layer, x: Tensor) -> Tensor:
        y = _each_channel(layer, x, rank)
        return layer.activated(_shifted(layer, y, y.shape[-1]).called("z"))

    return row


def _separable(rank: int) -> Callable[[Layer, Tensor], Tensor]:
    """Each channel by kernels of its own, then what comes of all channels, entry by entry."""

    def row(layer: Layer, x: Tensor) -> Tensor:
        y, filters = _each_channel(layer, x, rank), int(layer.config["filters"])
        P = layer.weight("P", (*[1] * rank, y.shape[-1], filters), True, None)
        return layer.activated(_shifted(layer, y @ P[(0,) * rank], filters).called("z"))

    return row


def _shifted(layer: Layer, y: Tensor, count: Any) -> Tensor:
    return y + layer.weight("b", (count,), True, None) if layer.config.get("use_bias", True) else y


def _unit_norm(layer: Layer, x: Tensor) -> Tensor:
    """x / |x| along the last axis; no vector is as short as 1e-12."""
    _axis(layer, x)
    return x / ops.sqrt(ops.sum(x**2, -1, keepdims=True))


def _joined(function: Callable[[Any, Any], Any]) -> Callable[..., Tensor]:
    def row(layer: Layer, *values: Tensor) -> Tensor:
        return reduce(function, values)

    return row


def _same_value(layer: Layer, x: Tensor) -> Tensor:
    return x


def _flatten(layer: Layer, x: Tensor) -> Tensor:
    return layers.flatten_features(x) if x.ndim > 2 else x


def _average(layer: Layer, *values: Tensor) -> Tensor:
    return reduce(lambda a, b: a + b, values) / len(values)


def _rescaled(layer: Layer, x: Tensor) -> Tensor:
    return x * as_number(layer.config.get("scale", 1)) + as_number(layer.config.get("offset", 0))


LAYERS: Mapping[str, Callable[..., Tensor]] = {
    **dict.fromkeys(("InputLayer", "Identity"), _same_value),
    "Dense": _dense, "Activation": lambda layer, x: layer.activated(x), "ReLU": _relu,
    "LeakyReLU": _leaky, "ELU": lambda layer, x: TABLE["elu"](x, as_number(layer.config.get("alpha", 1))).called("a"),
    "Softmax": _softmax, "Masking": _masking, "Dot": _dot_of_two, "Flatten": _flatten, "Reshape": _reshape,
    "Permute": _permute, "Conv1D": _conv(1), "Conv2D": _conv(2), "Conv3D": _conv(3), "GlobalAveragePooling1D": _mean_of_steps,
    **dict.fromkeys(("GlobalAveragePooling2D", "GlobalAveragePooling3D"), _global(ops.mean)),
    **dict.fromkeys(("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"), _global(ops.max)),
    "BatchNormalization": _batch_norm, "LayerNormalization": _layer_norm,
    "GroupNormalization": _group_norm, "RMSNormalization": _rms_norm, "Embedding": _embedding,
    "Rescaling": _rescaled, "ZeroPadding1D": _padded, "ZeroPadding2D": _padded, "ZeroPadding3D": _padded,
    "Cropping1D": _cropped, "Cropping2D": _cropped, "Cropping3D": _cropped,
    "UpSampling1D": _upsampled, "UpSampling2D": _upsampled, "UpSampling3D": _upsampled, "RepeatVector": _repeated, "PReLU": _prelu,
    "DepthwiseConv1D": _depthwise(1), "DepthwiseConv2D": _depthwise(2), "SeparableConv1D": _separable(1),
    "SeparableConv2D": _separable(2), "UnitNormalization": _unit_norm,
    "Add": _joined(lambda a, b: a + b), "Subtract": _joined(lambda a, b: a - b),
    "Multiply": _joined(lambda a, b: a * b), "Average": _average, "Maximum": _joined(TABLE["maximum"]),
    "Minimum": _joined(TABLE["minimum"]),
    "Concatenate": lambda layer, *values: ops.concatenate(list(values), layer.config.get("axis", -1)),
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianNoise",
                     "GaussianDropout"),
                    _same_value),
}  # fmt: skip
"""From a layer and what it reads to what it computes when the model is used."""


def _l1(settings: Mapping[str, Any], W: Tensor) -> list[Tensor]:
    return [ops.sum(TABLE["abs"](W)) * as_number(settings["l1"])] if settings.get("l1") else []


def _l2(settings: Mapping[str, Any], W: Tensor) -> list[Tensor]:
    return [ops.sum(ops.square(W)) * as_number(settings["l2"])] if settings.get("l2") else []


PENALTIES: Mapping[str, Callable[[Mapping[str, Any], Tensor], list[Tensor]]] = {
    "L1": _l1, "L2": _l2, "L1L2": lambda settings, W: _l1(settings, W) + _l2(settings, W),
}  # fmt: skip
"""What regularisers add to the loss."""
