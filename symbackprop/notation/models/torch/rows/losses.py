"""The losses of torch.nn.functional, as torch computes them: classes on the second axis, weights that divide, reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.language.tensors import Tensor, as_number
from symbackprop.notation.models.torch.rows.places import positions
from symbackprop.notation.models.torch.rows.words import lang

NONE, MEAN, SUM = 0, 1, 2  # torch's numbers for reductions
WORDS = {NONE: "none", MEAN: "mean", SUM: "sum"}


def _reduced(values: Tensor, reduction: int) -> Tensor:
    return values if reduction == NONE else lang.mean(values) if reduction == MEAN else lang.sum(values)


def _weighted(values: Tensor, weight: Any, reduction: int) -> Tensor:
    return _reduced(values if weight is None else weight * values, reduction)


# -- classes ---------------------------------------------------------------------------------------------------------------


def _classes_last(x: Tensor) -> Tensor:
    """torch has the classes on axis 1, or 0 where there is no batch."""
    return x if x.ndim < 3 else lang.moveaxis(x, 1, -1)


def _cross_entropy(
    x: Tensor, target: Tensor, weight: Any = None, reduction: int = MEAN, ignore_index: Any = None, label_smoothing: float = 0
) -> Tensor:
    rows = target if target.ndim < x.ndim else _classes_last(target)
    return _cross_entropy_of_rows(_classes_last(x), rows, weight, reduction, ignore_index, label_smoothing)


def _cross_entropy_of_rows(
    x: Tensor, target: Tensor, weight: Any = None, reduction: int = MEAN, ignore_index: Any = None, label_smoothing: float = 0
) -> Tensor:
    whole = target.ndim < x.ndim
    classes = _classes(x, target, ignore_index) if whole else target
    if whole and (weight is not None or ignore_index is not None) and label_smoothing:
        return _smoothed(lang.log_softmax(x), target, classes, weight, reduction, ignore_index, as_number(label_smoothing))
    if weight is None and ignore_index is None:
        return lang.cross_entropy(x, classes, smoothing=label_smoothing, reduction=WORDS[reduction])
    values = lang.cross_entropy(x, classes, None if whole else weight, label_smoothing, "none")
    return _of_classes(values, target, classes, weight, reduction, ignore_index) if whole else _reduced(values, reduction)


def _smoothed(logs: Tensor, target: Tensor, classes: Tensor, weight: Any, reduction: int, ignore_index: Any, share: Any) -> Tensor:
    """-(1 - e) w[t] log p[t] - (e/c) sum_k w[k] log p[k], 0 for the class that is ignored; a mean divides by the weights w[t]."""
    weights = None if weight is None else weight[classes]
    own = lang.nll_loss(logs, classes, reduction="none")
    every = -lang.sum(logs if weight is None else weight * logs, -1) / logs.shape[-1]
    values = (1 - share) * (own if weights is None else weights * own) + share * every
    if ignore_index is not None:
        counted = target != ignore_index
        values, weights = counted * values, counted if weights is None else weights * counted
    return lang.sum(values) / lang.sum(weights) if reduction == MEAN else _reduced(values, reduction)


def _nll_loss(x: Tensor, target: Tensor, weight: Any = None, reduction: int = MEAN, ignore_index: Any = None) -> Tensor:
    return _nll_loss_of_rows(_classes_last(x), target, weight, reduction, ignore_index)


def _nll_loss_of_rows(x: Tensor, target: Tensor, weight: Any = None, reduction: int = MEAN, ignore_index: Any = None) -> Tensor:
    classes = _classes(x, target, ignore_index)
    if weight is None and ignore_index is None:
        return lang.nll_loss(x, classes, reduction=WORDS[reduction])
    values = lang.nll_loss(x, classes, reduction="none")
    return _of_classes(values, target, classes, weight, reduction, ignore_index)


def _classes(x: Tensor, target: Tensor, ignore_index: Any) -> Any:
    """The class of each row; what is ignored may stand for none, and is put to 0 then: it counts nothing."""
    beyond = ignore_index is not None and not (ignore_index >= 0 and (ignore_index - x.shape[-1]).is_negative)
    return positions(lang.where(target == ignore_index, 0, target) if beyond else target, x.shape[-1])


def _of_classes(values: Tensor, target: Tensor, classes: Tensor, weight: Any, reduction: int, ignore_index: Any) -> Tensor:
    """The values, each times the weight of its class, 0 for the class that is ignored; a mean divides by the weights."""
    weights = None if weight is None else weight[classes]
    if ignore_index is not None:
        counted = target != ignore_index
        weights = counted if weights is None else weights * counted
    values = weights * values
    return lang.sum(values) / lang.sum(weights) if reduction == MEAN else _reduced(values, reduction)


def _binary_cross_entropy(x: Tensor, target: Tensor, weight: Any = None, reduction: int = MEAN) -> Tensor:
    return _weighted(lang.binary_cross_entropy(x, target, "none"), weight, reduction)


def _binary_cross_entropy_with_logits(
    x: Tensor, target: Tensor, weight: Any = None, pos_weight: Any = None, reduction: int = MEAN
) -> Tensor:
    if pos_weight is None:
        values = lang.binary_cross_entropy_with_logits(x, target, reduction="none")
    else:
        values = pos_weight * target * lang.softplus(-x) + (1 - target) * lang.softplus(x)
    return _weighted(values, weight, reduction)


def _kl_div(x: Tensor, target: Tensor, reduction: int = MEAN, log_target: bool = False) -> Tensor:
    """sum p (log p - x), with x the logarithms of the other distribution; 0 where p is 0."""
    if log_target:
        return _reduced(lang.exp(target) * (target - x), reduction)
    own = lang.xlogy(target, target) if target.op is None else target * lang.log(target)  # data may hold zeros
    return _reduced(own - target * x, reduction)


def _multi_margin_loss(
    x: Tensor, target: Tensor, p: int = 1, margin: float = 1, weight: Any = None, reduction: int = MEAN
) -> Tensor:
    """(w[t]/c) sum over the other classes of max(margin - x[t] + x[k], 0)^p."""
    right = lang.take_along_axis(x, target[..., None], -1)
    short = lang.maximum(margin - right + x, 0) ** as_number(p)
    values = (lang.sum(short, -1) - as_number(margin) ** as_number(p)) / x.shape[-1]
    return _reduced(values if weight is None else weight[target] * values, reduction)


def _multilabel_margin_loss(x: Tensor, target: Tensor, reduction: int = MEAN) -> Tensor:
    """(1/c) sum over the labels t of a row, which end at the first -1, and all others k of max(1 - x[t] + x[k], 0)."""
    classes = x.shape[-1]
    is_label = lang.cumprod(target >= 0, -1)
    hot = is_label[..., None] * (target[..., None] == lang.arange(classes))
    often, others = lang.sum(hot, -2), 1 - lang.max(hot, -2)
    short = lang.maximum(1 - x[..., :, None] + x[..., None, :], 0)
    return _reduced(lang.sum(often[..., :, None] * others[..., None, :] * short, (-2, -1)) / classes, reduction)


# -- numbers ---------------------------------------------------------------------------------------------------------------


def _mse_loss(x: Tensor, target: Tensor, reduction: int = MEAN) -> Tensor:
    return lang.mse_loss(x, target, reduction=WORDS[reduction])


def _l1_loss(x: Tensor, target: Tensor, reduction: int = MEAN) -> Tensor:
    return lang.mae_loss(x, target, reduction=WORDS[reduction])


def _smooth_l1_loss(x: Tensor, target: Tensor, reduction: int = MEAN, beta: float = 1) -> Tensor:
    return lang.smooth_l1_loss(x, target, beta, WORDS[reduction]) if beta else _l1_loss(x, target, reduction)


def _huber_loss(x: Tensor, target: Tensor, reduction: int = MEAN, delta: float = 1) -> Tensor:
    return lang.huber_loss(x, target, delta, WORDS[reduction])


def _poisson_nll_loss(x: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """With `full`, Stirling's approximation of log target! is added where a target is above 1."""
    values = lang.exp(x) - target * x if log_input else x - target * lang.log(x + eps)
    if full:
        t = lang.where(target > 1, target, 1)
        values = values + lang.where(target > 1, t * lang.log(t) - t + lang.log(2 * sp.pi * t) / 2, 0)
    return _reduced(values, reduction)


def _soft_margin_loss(x: Tensor, target: Tensor, reduction: int = MEAN) -> Tensor:
    return _reduced(lang.softplus(-(target * x)), reduction)


def _hinge_embedding_loss(x: Tensor, target: Tensor, margin: float = 1, reduction: int = MEAN) -> Tensor:
    return _reduced(lang.where(target == 1, x, lang.maximum(margin - x, 0)), reduction)


def _margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: int = MEAN) -> Tensor:
    return _reduced(lang.maximum(margin - target * (input1 - input2), 0), reduction)


def _cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: int = MEAN) -> Tensor:
    """torch adds 1e-12 to the squared norms."""
    dot, a, b = (lang.sum(u * v, -1) for u, v in ((input1, input2), (input1, input1), (input2, input2)))
    cosine = dot / lang.sqrt((a + 1e-12) * (b + 1e-12))
    return _reduced(lang.where(target == 1, 1 - cosine, lang.maximum(cosine - margin, 0)), reduction)


def _triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1, p: float = 2, eps: float = 1e-6, swap: bool = False,
    reduction: int = MEAN,
) -> Tensor:  # fmt: skip
    """torch adds eps to the differences."""

    def distance(a: Tensor, b: Tensor) -> Tensor:
        e = a - b + eps
        return lang.sqrt(lang.sum(e**2, -1)) if p == 2 else lang.sum(lang.abs(e) ** as_number(p), -1) ** (1 / as_number(p))

    far = distance(anchor, negative)
    far = lang.minimum(far, distance(positive, negative)) if swap else far
    return _reduced(lang.maximum(distance(anchor, positive) - far + margin, 0), reduction)


ROWS: dict[str, Callable[..., Any]] = {
    "cross_entropy_loss": _cross_entropy,
    "nll_loss_nd": _nll_loss,
    "binary_cross_entropy": _binary_cross_entropy,
    "binary_cross_entropy_with_logits": _binary_cross_entropy_with_logits,
    "kl_div": _kl_div,
    "multi_margin_loss": _multi_margin_loss,
    "multilabel_margin_loss": _multilabel_margin_loss,
    "mse_loss": _mse_loss,
    "l1_loss": _l1_loss,
    "smooth_l1_loss": _smooth_l1_loss,
    "huber_loss": _huber_loss,
    "poisson_nll_loss": _poisson_nll_loss,
    "soft_margin_loss": _soft_margin_loss,
    "hinge_embedding_loss": _hinge_embedding_loss,
    "margin_ranking_loss": _margin_ranking_loss,
    "cosine_embedding_loss": _cosine_embedding_loss,
    "triplet_margin_loss": _triplet_margin_loss,
}

ROWWISE: dict[str, Callable[..., Any]] = {"cross_entropy_loss": _cross_entropy_of_rows, "nll_loss_nd": _nll_loss_of_rows}
"""The same of scores whose classes stand on the last axis, with any axes before."""
