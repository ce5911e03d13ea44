"""Convolutions, pools, normalisations and losses of ONNX, whose channels are axis 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import mul
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.language import layers, losses
from symbackprop.language import operations as ops
from symbackprop.language.layers.conv import convolution, convolution_transposed
from symbackprop.language.layers.pool import average_pool, max_pool
from symbackprop.language.operations.values import LOWEST
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.onnx.elementary import Row
from symbackprop.notation.models.onnx.node import Node, size_of
from symbackprop.notation.models.scattering import positions

# -- windows -------------------------------------------------------------------------------------------------------------------


def _spatial(node: Node, kernel: Sequence[Any]) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[Any, Any]]]:
    """Strides, dilations, and how much stands before and after each axis."""
    rank = len(kernel)
    strides, dilations = tuple(node.get("strides") or (1,) * rank), tuple(node.get("dilations") or (1,) * rank)
    auto = node.get("auto_pad", "NOTSET")
    pads = node.get("pads") or [0] * (2 * rank)
    if auto in ("NOTSET", ""):
        return strides, dilations, list(zip(pads[:rank], pads[rank:], strict=True))
    if auto == "VALID":
        return strides, dilations, [(0, 0)] * rank
    shape = node.tensor(0).shape[2:]
    return strides, dilations, [
        _same(node, auto, *one) for one in zip(shape, map(size_of, kernel), strides, dilations, strict=True)
    ]  # fmt: skip


def _same(node: Node, auto: str, extent: Expr, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """auto_pad="SAME_...": as many windows as the axis has entries, over the stride."""
    reach = dilation * (kernel - 1) + 1
    if stride == 1:
        total = reach - 1
    elif extent.is_Integer:
        total = max((-(-int(extent) // stride) - 1) * stride + reach - int(extent), 0)
    else:
        raise node.refused(f"auto_pad={auto!r} needs to know the size {extent}.", "Export the model with fixed images.")
    small, large = total // 2, total - total // 2
    return (small, large) if auto == "SAME_UPPER" else (large, small)


def _padded(x: Tensor, pads: list[tuple[Any, Any]], value: Any = 0) -> tuple[Tensor, tuple[int, ...]]:
    """x, and the padding of a layer that pads both ends alike: where they differ, x is padded before."""
    if all(a == b for a, b in pads):
        return x, tuple(a for a, _ in pads)
    return ops.pad(x, ((0, 0), (0, 0), *pads), constant_values=value), (0,) * len(pads)


def _spread(node: Node, x: Tensor) -> None:
    """Refuse windows over more than three axes."""
    if x.ndim not in (3, 4, 5):
        raise node.refused(f"its input has {x.ndim} axes.", "Signals (N, C, L), images (N, C, H, W) and volumes are read.")


def _conv(node: Node) -> Tensor:
    x, W = node.tensor(0), node.tensor(1)
    strides, dilations, pads = _spatial(node, W.shape[2:])
    x, padding = _padded(x, pads)
    _spread(node, x)
    y = convolution(x, W, _vector(node, 2, W.shape[0]), strides, padding, dilations, int(node.get("group", 1)))
    return y.called("z")


def _vector(node: Node, k: int, extent: Any) -> Tensor | None:
    """An optional input of one axis; a constant of one entry is spread."""
    if not node.has(k):
        return None
    given = node.tensor(k)
    return given if given.ndim else ops.broadcast_to(given, (extent,))


def _conv_transpose(node: Node) -> Tensor:
    """The whole of it, of which the paddings are cut off, and behind which output_padding leaves room."""
    x, W, groups = node.tensor(0), node.tensor(1), int(node.get("group", 1))
    rank = W.ndim - 2
    strides, dilations = (tuple(node.get(name) or (1,) * rank) for name in ("strides", "dilations"))
    extra = tuple(node.get("output_padding") or (0,) * rank)
    pads = _cut(node, x, W, strides, dilations, extra)
    _spread(node, x)
    b = _vector(node, 2, W.shape[1] * groups)
    if all(a == b for a, b in pads) and pads[0][0] >= 0:
        return convolution_transposed(x, W, b, strides, tuple(a for a, _ in pads), extra, dilations, groups).called("z")
    y = convolution_transposed(x, W, None, strides, 0, extra, dilations, groups)
    y = y[(slice(None), slice(None), *(slice(a, n - b) for n, (a, b) in zip(y.shape[2:], pads, strict=True)))]
    return (y if b is None else y + b[(slice(None), *[None] * rank)]).called("z")


def _cut(
    node: Node, x: Tensor, W: Tensor, strides: Sequence[int], dilations: Sequence[int], extra: Sequence[int]
) -> list[tuple[Any, Any]]:
    """How much is cut off before and after each axis: as it is said, or so that the output has its shape."""
    rank, auto = W.ndim - 2, node.get("auto_pad", "NOTSET")
    shape = node.get("output_shape")
    if shape is None and auto not in ("SAME_UPPER", "SAME_LOWER"):
        pads = node.get("pads") or [0] * (2 * rank) if auto != "VALID" else [0] * (2 * rank)
        return list(zip(pads[:rank], pads[rank:], strict=True))
    wanted = shape[-rank:] if shape else [n * s for n, s in zip(x.shape[2:], strides, strict=True)]
    whole = [
        s * (n - 1) + e + (k - 1) * d + 1 for n, k, s, d, e in zip(x.shape[2:], W.shape[2:], strides, dilations, extra, strict=True)
    ]
    rooms = [sp.expand(n - m) for n, m in zip(whole, wanted, strict=True)]
    if any(not r.is_Integer or r < 0 for r in rooms):
        raise node.refused("the shape of its output does not follow from its sizes.", "Export it with pads.")
    halves = [(int(r) // 2, int(r) - int(r) // 2) for r in rooms]
    return halves if auto == "SAME_UPPER" else [(b, a) for a, b in halves]


def _beyond(node: Node, x: Tensor, reaches: Sequence[int], strides: Sequence[int], pads: Any) -> list[int]:
    """How far the last windows reach over the end of each axis, which ceil_mode counts as well where they begin before it."""
    if not node.get("ceil_mode", 0):
        return [0] * len(reaches)
    found = []
    for n, reach, s, (a, b) in zip(x.shape[2:], reaches, strides, pads, strict=True):
        room = n + a + b - reach
        if not room.is_Integer:
            raise node.refused(f"ceil_mode=1 needs to know the size {n}.", "Export the model with fixed images.")
        last = -(-int(room) // s) * s
        last -= s if last >= n + a else 0
        found.append(max(last - int(room), 0))
    return found


def _reaches(kernel: Sequence[int], dilations: Sequence[int]) -> list[int]:
    """How far windows reach."""
    return [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]


def _max_pool(node: Node) -> Tensor:
    x, kernel = node.tensor(0), node.get("kernel_shape")
    if any(node.outputs[1:]):
        raise node.refused("the places of the maxima are asked for.", "Leave its second output out.")
    strides, dilations, pads = _spatial(node, kernel)
    _spread(node, x)
    more = _beyond(node, x, _reaches(kernel, dilations), strides, pads)
    x, padding = _padded(x, [(a, b + m) for (a, b), m in zip(pads, more, strict=True)], LOWEST)
    return max_pool(x, tuple(kernel), strides, padding, dilations)


def _average_pool(node: Node) -> Tensor:
    """The mean of each window, of what it holds of the image, or of the image and its padding: not of what is beyond."""
    x, kernel = node.tensor(0), node.get("kernel_shape")
    strides, dilations, pads = _spatial(node, kernel)
    _spread(node, x)
    more = _beyond(node, x, _reaches(kernel, dilations), strides, pads)
    ends = [(a, b + m) for (a, b), m in zip(pads, more, strict=True)]
    wide, padding = _padded(x, ends)
    y = average_pool(wide, tuple(kernel), strides, padding, dilations)
    counted = bool(node.get("count_include_pad", 0))
    if not any(map(any, ends)) or (counted and not any(more)):
        return y
    ones = ops.ones((1, 1, *(n + a + b if counted else n for n, (a, b) in zip(x.shape[2:], pads, strict=True))))
    inside, padding = _padded(ones, [(0, m) for m in more] if counted else ends)  # the part of each window that counts
    return y / average_pool(inside, tuple(kernel), strides, padding, dilations)


def _global(operation: Callable[..., Tensor]) -> Row:
    def row(node: Node) -> Tensor:
        x = node.tensor(0)
        return operation(x, tuple(range(2, x.ndim)), keepdims=True)

    return row


# -- normalisations --------------------------------------------------------------------------------------------------------------


def _channels(node: Node, k: int, x: Tensor) -> Tensor:
    """An input of one entry a channel, ready to meet x."""
    given = _vector(node, k, x.shape[1])
    assert given is not None
    return given[(slice(None), *[None] * (x.ndim - 2))]


def _batch_norm(node: Node) -> Tensor:
    """gamma (x - mu) / sqrt(v + eps) + beta, by the stored mean and variance, or in training mode by those of the batch.

    Before operator set 14 the mode is said by further outputs.
    """
    x, eps = node.tensor(0), node.real("epsilon", 1e-5)
    gamma, beta = _channels(node, 1, x), _channels(node, 2, x)
    if node.get("training_mode", 0) or (node.version < 14 and any(node.outputs[1:])):
        return layers.batch_norm(x, eps=eps) * gamma + beta
    xhat = (x - _channels(node, 3, x)) / ops.sqrt(_channels(node, 4, x) + eps)
    return gamma * xhat + beta


def _instance_norm(node: Node) -> Tensor:
    x = node.tensor(0)
    return _channels(node, 1, x) * layers.instance_norm(x, eps=node.real("epsilon", 1e-5)) + _channels(node, 2, x)


def _group_norm(node: Node) -> Tensor:
    x, groups = node.tensor(0), int(node.get("num_groups", 1))
    y = layers.group_norm(x, groups, eps=node.real("epsilon", 1e-5))
    return _channels(node, 1, x) * y + _channels(node, 2, x)


def _layer_norm(node: Node) -> Any:
    """Over the axes from `axis` on; its further outputs are the mean and the inverse of the deviation."""
    x, eps = node.tensor(0), node.real("epsilon", 1e-5)
    axes = tuple(range(node.axis(-1, x.ndim), x.ndim))
    further = any(node.outputs[1:])
    if not further and axes == (x.ndim - 1,) and node.rank(1) == 1 and node.tensor(1).ndim:
        return layers.layer_norm(x, node.tensor(1), node.tensor(2) if node.has(2) else None, eps)
    mu = ops.mean(x, axes, keepdims=True).called("mu")
    v = ops.mean(ops.square(x - mu), axes, keepdims=True).called("v")
    y = node.tensor(1) * ((x - mu) / ops.sqrt(v + eps))
    y = y + node.tensor(2) if node.has(2) else y
    return (y, mu, 1 / ops.sqrt(v + eps)) if further else y


def _rms_norm(node: Node) -> Tensor:
    x, eps = node.tensor(0), node.real("epsilon", 1e-5)
    axes = tuple(range(node.axis(-1, x.ndim), x.ndim))
    return node.tensor(1) * (x / ops.sqrt(ops.mean(ops.square(x), axes, keepdims=True) + eps))


# -- losses ------------------------------------------------------------------------------------------------------------------------


def _likelihood(loss: Callable[..., Tensor]) -> Row:
    """A loss of scores (N, C, ...) and classes (N, ...), of which one may count nothing."""

    def row(node: Node) -> Any:
        scores, target = ops.moveaxis(node.tensor(0), 1, -1), node.tensor(1)
        ignored, how = node.get("ignore_index"), node.get("reduction", "mean")
        weights = node.tensor(2) if node.has(2) else None
        if weights is None and ignored is None:
            value = loss(scores, target, reduction=how)
        else:
            counted = None if ignored is None else target != ignored
            t = target if counted is None else positions(ops.where(counted, target, 0), scores.shape[-1])
            factors = [f for f in (counted, None if weights is None else ops.take(weights, t)) if f is not None]
            factor = reduce(mul, factors)
            value = factor * loss(scores, t, reduction="none")
            value = value if how == "none" else ops.sum(value) if how == "sum" else ops.sum(value) / ops.sum(factor)
        if not any(node.outputs[1:]):
            return value
        return value, ops.moveaxis(ops.log_softmax(scores), -1, 1)

    return row


def _response(node: Node) -> Tensor:
    """x / (bias + alpha/size sum of squares of near channels)^beta."""
    x, size = node.tensor(0), int(node.get("size", 1))
    before = (size - 1) // 2
    wide = ops.pad(ops.square(x), ((0, 0), (before, size - 1 - before), *[(0, 0)] * (x.ndim - 2)))
    parts = [wide[:, k : k + x.shape[1]] for k in range(size)]
    total = sum(parts[1:], parts[0])
    return x / (node.real("bias", 1.0) + node.real("alpha", 1e-4) / size * total) ** node.real("beta", 0.75)


ROWS: dict[str, Row] = {
    "Conv": _conv, "ConvTranspose": _conv_transpose, "MaxPool": _max_pool, "AveragePool": _average_pool,
    "GlobalAveragePool": _global(ops.mean), "GlobalMaxPool": _global(ops.max), "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm, "GroupNormalization": _group_norm, "LayerNormalization": _layer_norm,
    "RMSNormalization": _rms_norm, "LRN": _response,
    "SoftmaxCrossEntropyLoss": _likelihood(losses.cross_entropy), "NegativeLogLikelihoodLoss": _likelihood(losses.nll_loss),
}  # fmt: skip
"""From an operator to its value, or its values."""
