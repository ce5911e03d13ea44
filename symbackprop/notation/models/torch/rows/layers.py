"""Layers that the language has: dense, convolutions, pooling to a size, normalisation, dropout, attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from symbackprop.core.choices import INFINITE
from symbackprop.core.program import same_size
from symbackprop.language.layers.conv import convolution, convolution_transposed
from symbackprop.language.layers.pool import average_pool, max_pool
from symbackprop.language.tensors import LanguageError, Tensor, as_number, contract, elementwise, is_truth
from symbackprop.notation.models.torch.rows.words import MASKED, lang

Whole = Any  # one whole number for all axes, or one for each


def _linear(x: Tensor, weight: Tensor, bias: Any = None) -> Tensor:
    """y = x W^T + b: torch's W has a row for each output."""
    y = contract("...i,oi->...o", x, weight) if weight.ndim == 2 else x @ weight
    return y if bias is None else y + bias


def _whole(value: Whole) -> Any:
    """A setting of torch's: a list for the axes, of which one may stand for all."""
    several = tuple(value) if isinstance(value, list) else (value,)
    return several[0] if len(set(several)) == 1 else several


def _convolution(
    x: Tensor, weight: Tensor, bias: Any = None, stride: Whole = 1, padding: Whole = 0, dilation: Whole = 1, groups: int = 1
) -> Tensor:
    if isinstance(padding, str):
        padding = _by_word(padding, weight, dilation)
    return convolution(x, weight, bias, _whole(stride), _whole(padding), _whole(dilation), groups)


def _by_word(word: str, weight: Tensor, dilation: Whole) -> list[int]:
    """The padding that "same" means, which must be equal on both sides."""
    rank = weight.ndim - 2
    steps = list(dilation) if isinstance(dilation, list) and len(dilation) == rank else [_whole(dilation)] * rank
    reach = [int(step * (n - 1)) for step, n in zip(steps, weight.shape[2:], strict=True)]
    if word == "valid":
        return [0] * rank
    if any(n % 2 for n in reach):
        raise LanguageError('a convolution with padding="same" and an even kernel pads one side more; pad first, then convolve')
    return [n // 2 for n in reach]


def _transposed(
    x: Tensor, weight: Tensor, bias: Any = None, stride: Whole = 1, padding: Whole = 0, output_padding: Whole = 0,
    groups: int = 1, dilation: Whole = 1,
) -> Tensor:  # fmt: skip
    further = _whole(padding), _whole(output_padding), _whole(dilation), groups
    return convolution_transposed(x, weight, bias, _whole(stride), *further)


def _adaptive(reduced: Callable[..., Tensor], pooled: Callable[..., Tensor], pair: bool) -> Callable[..., Any]:
    """Pooling to a size: to 1 is the whole image; to what divides it is a window."""

    def row(x: Tensor, output_size: Sequence[Any]) -> Any:
        rank = len(output_size)
        if all(n == 1 for n in output_size):
            y = reduced(x, tuple(range(-rank, 0)), keepdims=True)
        else:
            windows = [sp.cancel(extent / as_number(n)) for extent, n in zip(x.shape[-rank:], output_size, strict=True)]
            if all(n.is_Integer for n in windows):
                y = pooled(x, tuple(map(int, windows)))
            else:
                y = _of_unequal_windows(x, output_size, pair)
        return [y, LanguageError("pooling: the positions are read, which have no derivative")] if pair else y

    return row


def _of_unequal_windows(x: Tensor, sizes: Sequence[Any], largest: bool) -> Tensor:
    """Pooling to a size that does not divide: the i-th of m windows of n pixels goes from floor(i n / m) to ceil((i + 1) n / m)."""
    half = sp.Rational(1, 2)  # keeps quotients of whole numbers away from the steps of floor
    for axis, m in enumerate(map(as_number, sizes), x.ndim - len(sizes)):
        n, i, pixel = x.shape[axis], lang.arange(m), lang.arange(x.shape[axis])
        start, end = lang.floor((i * n + half) / m), lang.floor((i * n + n + m - half) / m)
        inside = lang.logical_and(pixel >= start[:, None], pixel < end[:, None])
        last = lang.moveaxis(x, axis, -1)
        if largest:
            y = lang.max(lang.where(inside, last[..., None, :], -INFINITE), -1)
        else:
            y = last @ lang.where(inside, (1 / (end - start))[:, None], 0).T
        x = lang.moveaxis(y, -1, axis)
    return x


# -- normalisation ---------------------------------------------------------------------------------------------------------


def _batch_norm(
    x: Tensor, weight: Any = None, bias: Any = None, running_mean: Any = None, running_var: Any = None, training: bool = True,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """In training by the batch's own mean and variance, else by those that the module keeps."""
    if training:
        return lang.batch_norm(x, weight, bias, eps)
    channel = (slice(None), *[None] * (x.ndim - 2))
    y = elementwise(
        "batch_norm", lambda a, m, v: (a - m) / sp.sqrt(v + as_number(eps)), x, running_mean[channel], running_var[channel]
    ).called("xhat")
    y = y if weight is None else y * weight[channel]
    return y if bias is None else y + bias[channel]


def _instance_norm(
    x: Tensor, weight: Any = None, bias: Any = None, running_mean: Any = None, running_var: Any = None,
    use_input_stats: bool = True, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    if not use_input_stats:
        return _batch_norm(x, weight, bias, running_mean, running_var, False, eps)
    return lang.instance_norm(x, weight, bias, eps)


def _layer_norm(x: Tensor, normalized_shape: Sequence[Any], weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    flat, own = _flattened(x, normalized_shape)
    y = lang.layer_norm(flat, own(weight), own(bias), eps)
    return y if flat is x else lang.reshape(y, x.shape)


def _rms_norm(x: Tensor, normalized_shape: Sequence[Any], weight: Any = None, eps: Any = None) -> Tensor:
    flat, own = _flattened(x, normalized_shape)
    y = lang.rms_norm(flat, own(weight), 2.0**-52 if eps is None else eps)
    return y if flat is x else lang.reshape(y, x.shape)


def _flattened(x: Tensor, normalized_shape: Sequence[Any]) -> tuple[Tensor, Callable[[Any], Any]]:
    """x with the axes that are normalised together as one, and what does the same with a weight."""
    rank = len(normalized_shape)
    if rank == 1:
        return x, lambda weight: weight
    count = sp.Mul(*x.shape[-rank:])
    return lang.reshape(x, (*x.shape[:-rank], count)), lambda weight: None if weight is None else lang.reshape(weight, count)


# -- dropout, attention ------------------------------------------------------------------------------------------


def _kept_alpha(x: Tensor, kept: Tensor, p: float) -> Tensor:
    """Alpha dropout by what it keeps: the rest is -alpha of SELU, and all is put back to mean 0 and variance 1."""
    low, q = 1.7580993408473766, 1 - p
    scale = (q * (1 + p * low**2)) ** -0.5
    return scale * (x * kept + low * (kept - 1) + low * p)


def _dropout(x: Tensor, p: float, train: bool) -> Tensor:
    if train and p:
        raise LanguageError(
            f"dropout with p={p} draws what it keeps at random; call module.eval(), or set its p to 0 "
            f"(for m in module.modules(): m.p = 0 where it is a torch.nn.Dropout)"
        )
    return x


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Any = None,
    dropout_p: float = 0,
    is_causal: bool = False,
    scale: Any = None,
    enable_gqa: bool = False,
    or_zero: bool = False,
) -> Tensor:
    """softmax(Q K^T scale) V, where a mask of truth values says what may be read, and one of numbers is added.

    With `enable_gqa` each head of keys and values is read by several heads of queries. With `or_zero` a row that may read
    nothing is 0, as torch has it.
    """
    if enable_gqa:
        key, value = (lang.repeat(x, sp.cancel(query.shape[-3] / x.shape[-3]), -3) for x in (key, value))
    if dropout_p:
        raise LanguageError(f"attention with dropout {dropout_p} draws what it keeps at random; call module.eval()")
    usual = scale is None
    square = not is_causal or same_size(query.shape[-2], key.shape[-2])
    if attn_mask is None and usual and square and same_size(query.shape[-1], key.shape[-1]):
        return lang.dot_product_attention(query, key, value, causal=is_causal)
    factor = 1 / sp.sqrt(query.shape[-1]) if usual else as_number(scale)
    scores = (contract("...td,...ud->...tu", query, key) * factor).called("S")
    if attn_mask is not None:
        scores = (lang.where(attn_mask, scores, MASKED) if is_truth(attn_mask) else scores + attn_mask).called("S")
    if is_causal:
        t, u = lang.arange(scores.shape[-2]), lang.arange(scores.shape[-1])
        scores = lang.where(u[None, :] <= t[:, None], scores, MASKED).called("S")
    P = lang.softmax(scores)
    if or_zero and attn_mask is not None:
        read = attn_mask if is_truth(attn_mask) else attn_mask > -INFINITE / 2
        P = lang.where(lang.max(read, -1, True), P, 0)
    return P.called("P") @ value


def _weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """g v / |v|, with the norm of each part along an axis; of all entries where the axis is -1."""
    others = tuple(k for k in range(v.ndim) if dim == -1 or k != dim % v.ndim)
    return v * (g / lang.sqrt(lang.sum(lang.square(v), others, True)))


ROWS: dict[str, Callable[..., Any]] = {
    "linear": _linear,
    "bilinear": lambda input1, input2, weight, bias=None: lang.bilinear(input1, weight, input2, bias),
    **{f"conv{rank}d": _convolution for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": _transposed for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": _adaptive(lang.mean, average_pool, pair=False) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": _adaptive(lang.max, max_pool, pair=True) for rank in (1, 2, 3)},
    "_weight_norm": _weight_norm,
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "group_norm": lambda x, num_groups, weight=None, bias=None, eps=1e-5: lang.group_norm(x, num_groups, weight, bias, eps),
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "dropout": _dropout,
    "feature_dropout": _dropout,
    "alpha_dropout": _dropout,
    "feature_alpha_dropout": _dropout,
    "kept_alpha": _kept_alpha,
    "scaled_dot_product_attention": _attention,
}
