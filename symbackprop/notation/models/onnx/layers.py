"""Convolutions, pools, normalisations and losses of ONNX, whose channels are axis 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sympy import Expr

from symbackprop.language import layers, losses
from symbackprop.language import operations as ops
from symbackprop.language.operations.values import LOWEST
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.onnx.elementary import Row
from symbackprop.notation.models.onnx.node import Node, size_of

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


def _by_rank(node: Node, x: Tensor, one: Callable[..., Tensor], two: Callable[..., Tensor]) -> Callable[..., Tensor]:
    if x.ndim not in (3, 4):
        raise node.refused(f"its input has {x.ndim} axes.", "Signals (N, C, L) and images (N, C, H, W) are read.")
    return one if x.ndim == 3 else two


def _conv(node: Node) -> Tensor:
    x, W = node.tensor(0), node.tensor(1)
    strides, dilations, pads = _spatial(node, W.shape[2:])
    x, padding = _padded(x, pads)
    layer = _by_rank(node, x, layers.conv1d, layers.conv2d)
    y = layer(x, W, _vector(node, 2, W.shape[0]), strides, padding, dilations, int(node.get("group", 1)))
    return y.called("z")


def _vector(node: Node, k: int, extent: Any) -> Tensor | None:
    """An optional input of one axis; a constant of one entry is spread."""
    if not node.has(k):
        return None
    given = node.tensor(k)
    return given if given.ndim else ops.broadcast_to(given, (extent,))


def _conv_transpose(node: Node) -> Tensor:
    x, W = node.tensor(0), node.tensor(1)
    node.only(group=1)
    if "output_shape" in node.attributes or node.get("auto_pad", "NOTSET") not in ("NOTSET", "", "VALID"):
        raise node.refused("its padding is said by the shape of its output.", "Export it with pads.")
    strides, dilations, pads = _spatial(node, W.shape[2:])
    extra = tuple(node.get("output_padding") or (0,) * len(pads))
    if any(a != b for a, b in pads):
        raise node.refused(f"pads={node.get('pads')} differ at the two ends.", "Pad both ends alike.")
    layer = _by_rank(node, x, layers.conv_transpose1d, layers.conv_transpose2d)
    return layer(x, W, _vector(node, 2, W.shape[1]), strides, tuple(a for a, _ in pads), extra, dilations).called("z")


def _require_whole_windows(node: Node, x: Tensor, kernel: Sequence[int], strides: Sequence[int], pads: Any) -> None:
    """Raise NotationError where windows would reach over the end: ceil_mode counts those as well."""
    if node.get("ceil_mode", 0):
        rooms = [n + a + b - k for n, k, (a, b) in zip(x.shape[2:], kernel, pads, strict=True)]
        if any(not r.is_Integer or int(r) % s for r, s in zip(rooms, strides, strict=True)):
            raise node.refused("ceil_mode=1 counts windows that reach over the end.", "Export it with ceil_mode=0.")


def _max_pool(node: Node) -> Tensor:
    x, kernel = node.tensor(0), node.get("kernel_shape")
    if any(node.outputs[1:]):
        raise node.refused("the places of the maxima are asked for.", "Leave its second output out.")
    strides, dilations, pads = _spatial(node, kernel)
    _require_whole_windows(node, x, kernel, strides, pads)
    if any(d != 1 for d in dilations):
        raise node.refused("windows with dilations are not read.", "Export it without dilations.")
    x, padding = _padded(x, pads, LOWEST)
    return _by_rank(node, x, layers.max_pool1d, layers.max_pool2d)(x, tuple(kernel), strides, padding)


def _average_pool(node: Node) -> Tensor:
    x, kernel = node.tensor(0), node.get("kernel_shape")
    strides, dilations, pads = _spatial(node, kernel)
    _require_whole_windows(node, x, kernel, strides, pads)
    if any(d != 1 for d in dilations):
        raise node.refused("windows with dilations are not read.", "Export it without dilations.")
    pool = _by_rank(node, x, layers.avg_pool1d, layers.avg_pool2d)
    wide, padding = _padded(x, pads)
    y = pool(wide, tuple(kernel), strides, padding)
    if node.get("count_include_pad", 0) or not any(map(any, pads)):
        return y
    inside, padding = _padded(ops.ones((1, 1, *x.shape[2:])), pads)  # the part of each window that the image fills
    return y / pool(inside, tuple(kernel), strides, padding)


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
    """gamma (x - mu) / sqrt(v + eps) + beta, by the stored mean and variance, or in training mode by those of the batch."""
    x, eps = node.tensor(0), node.real("epsilon", 1e-5)
    gamma, beta = _channels(node, 1, x), _channels(node, 2, x)
    if node.get("training_mode", 0):
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


def _layer_norm(node: Node) -> Tensor:
    """Over the axes from `axis` on; its further outputs are the mean and the inverse of the deviation."""
    x, eps = node.tensor(0), node.real("epsilon", 1e-5)
    if any(node.outputs[1:]):
        raise node.refused("its mean and deviation are asked for as well.", "Leave its further outputs out.")
    axes = tuple(range(node.axis(-1, x.ndim), x.ndim))
    if axes == (x.ndim - 1,) and node.rank(1) == 1 and node.tensor(1).ndim:
        return layers.layer_norm(x, node.tensor(1), node.tensor(2) if node.has(2) else None, eps)
    mu = ops.mean(x, axes, keepdims=True).called("mu")
    v = ops.mean(ops.square(x - mu), axes, keepdims=True).called("v")
    y = node.tensor(1) * ((x - mu) / ops.sqrt(v + eps))
    return y + node.tensor(2) if node.has(2) else y


def _rms_norm(node: Node) -> Tensor:
    x, eps = node.tensor(0), node.real("epsilon", 1e-5)
    axes = tuple(range(node.axis(-1, x.ndim), x.ndim))
    return node.tensor(1) * (x / ops.sqrt(ops.mean(ops.square(x), axes, keepdims=True) + eps))


# -- losses ------------------------------------------------------------------------------------------------------------------------


def _likelihood(loss: Callable[..., Tensor]) -> Row:
    """A loss of scores (N, C, ...) and classes (N, ...)."""

    def row(node: Node) -> Any:
        scores, target = ops.moveaxis(node.tensor(0), 1, -1), node.tensor(1)
        if int(node.get("ignore_index", -1)) >= 0:
            raise node.refused(f"ignore_index={node.get('ignore_index')} leaves a class out.", "Export it without.")
        weights = node.tensor(2) if node.has(2) else None
        how = node.get("reduction", "mean")
        if weights is not None and how == "mean":
            value = ops.sum(loss(scores, target, weights, reduction="none")) / ops.sum(ops.take(weights, target))
        else:
            value = loss(scores, target, weights, reduction=how)
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
