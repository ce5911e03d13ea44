"""torch.nn.functional where its arguments are others than those of torch's own operations, in number, order or name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor
from symbackprop.notation.models.torch.rows import ROWS

MODES = {"sum": 0, "mean": 1, "max": 2}  # of bags
OLDER = "size_average and reduce are of older torch; write reduction='sum', 'mean' or 'none'"
SAMPLED = {"bilinear": 0, "nearest": 1, "bicubic": 2}
BEYOND = {"zeros": 0, "border": 1, "reflection": 2}


def batch_norm(
    x: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: Any = 0.1, eps: Any = 1e-5,
) -> Tensor:  # fmt: skip
    """In training by the batch's own mean and variance, else by those given; the momentum moves what no loss reads."""
    if not training and (running_mean is None or running_var is None):
        raise LanguageError("batch_norm: by whose mean and variance? Write training=True for those of the batch, or give both")
    return ROWS["batch_norm"](as_tensor(x), weight, bias, running_mean, running_var, training, eps)


def instance_norm(
    x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None, use_input_stats: bool = True,
    momentum: Any = 0.1, eps: Any = 1e-5,
) -> Tensor:  # fmt: skip
    """By each image's own mean and variance, else by those given."""
    return ROWS["instance_norm"](as_tensor(x), weight, bias, running_mean, running_var, use_input_stats, eps)


def dropped(name: str) -> Callable[..., Tensor]:
    """A dropout of another kind: x where it does not train."""

    def function(x: Any, p: Any = 0.5, training: bool = name[-1] == "d") -> Tensor:
        if training and p != 0:
            raise LanguageError(
                f"{name}: it draws random numbers while training; write training=False, or multiply by a mask: m: data[n]"
            )
        return as_tensor(x)

    return function


def embedding_bag(
    x: Any, weight: Any, offsets: Any = None, max_norm: Any = None, norm_type: Any = 2.0, scale_grad_by_freq: bool = False,
    mode: str = "mean", sparse: bool = False, per_sample_weights: Any = None, include_last_offset: bool = False,
    padding_idx: Any = None,
) -> Tensor:  # fmt: skip
    """Sums, means or maxima of the rows of bags: one bag a row of x, or those that begin at the offsets."""
    x = as_tensor(x)
    if max_norm is not None or scale_grad_by_freq:
        raise LanguageError("embedding_bag: max_norm and scale_grad_by_freq are not in the language; leave them out")
    if mode not in MODES:
        raise LanguageError(f"embedding_bag: mode={mode!r} is none of {', '.join(MODES)}")
    if x.ndim == 2 and mode == "max" and padding_idx is None:
        return op.max(as_tensor(weight)[x], 1)
    if x.ndim == 2:
        offsets = op.arange(x.shape[0]) * x.shape[1]
        per_sample_weights = None if per_sample_weights is None else op.ravel(as_tensor(per_sample_weights))
        x = op.ravel(x)
    if offsets is None:
        raise LanguageError("embedding_bag: of positions in one row, the offsets say where bags begin; give them")
    found = ROWS["embedding_bag"](weight, x, as_tensor(offsets), MODES[mode], per_sample_weights, include_last_offset, padding_idx)
    return found[0] if isinstance(found, list) else found


def grid_sample(x: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: Any = None) -> Tensor:
    """The image read at the places of the grid, which go from -1 to 1."""
    for given, known in ((mode, SAMPLED), (padding_mode, BEYOND)):
        if given not in known:
            raise LanguageError(f"grid_sample: {given!r} is none of {', '.join(known)}")
    return ROWS["grid_sampler"](as_tensor(x), as_tensor(grid), SAMPLED[mode], BEYOND[padding_mode], bool(align_corners))


def lp_pool(rank: int) -> Callable[..., Tensor]:
    """(sum x^p)^(1/p) over each window."""

    def function(x: Any, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
        p, x = as_number(norm_type), as_tensor(x)
        sizes = list(kernel_size) if isinstance(kernel_size, tuple | list) else [kernel_size] * rank
        mean = ROWS[f"avg_pool{rank}d"](op.power(x, p), sizes, [] if stride is None else stride, 0, ceil_mode)
        return op.power(mean * sp.Mul(*map(as_number, sizes)), 1 / p)

    return function


def local_response_norm(x: Any, size: Any, alpha: Any = 1e-4, beta: Any = 0.75, k: Any = 1.0) -> Tensor:
    """y = x / (k + alpha m)^beta, with m the mean of the squares of `size` channels beside, 0 outside."""
    x, n = as_tensor(x), as_number(size)
    if not n.is_Integer or x.ndim < 3:
        raise LanguageError("local_response_norm: it takes images or signals (N, C, ...) and a whole size")
    before = int(n) // 2
    widths = [(0, 0)] * x.ndim
    widths[1] = (before, int(n) - 1 - before)
    padded = op.pad(op.square(x), tuple(widths))
    around = sum((padded[:, j : j + x.shape[1]] for j in range(int(n))), as_tensor(0)) / n
    return x / op.power(as_number(k) + as_number(alpha) * around, as_number(beta))


def rrelu(x: Any, lower: Any = 1 / 8, upper: Any = 1 / 3, training: bool = False) -> Tensor:
    """max(0, x) + a min(0, x), with the mean a of both bounds where it does not train."""
    if training:
        raise LanguageError("rrelu: its slope is drawn while training; write training=False, or leaky_relu")
    return TABLE["leaky_relu"](x, (as_number(lower) + as_number(upper)) / 2)


def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, distance_function: Any = None, margin: Any = 1.0, swap: bool = False,
    reduction: int = 1,
) -> Tensor:  # fmt: skip
    """max(0, |a - p| - |a - n| + margin), by the length of differences."""
    if distance_function is not None:
        raise LanguageError("triplet_margin_with_distance_loss: write relu(d(a, p) - d(a, n) + margin) with the distance itself")
    return ROWS["triplet_margin_loss"](
        as_tensor(anchor), as_tensor(positive), as_tensor(negative), margin, 2, 1e-6, swap, reduction
    )


def binary_cross_entropy_with_logits(
    x: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: int = 1,
    pos_weight: Any = None,
) -> Tensor:
    """-w (c t log sigmoid(x) + (1 - t) log(1 - sigmoid(x)))."""
    _require_newer(size_average, reduce)
    return ROWS["binary_cross_entropy_with_logits"](as_tensor(x), target, weight, pos_weight, reduction)


def cross_entropy(
    x: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: Any = None, reduce: Any = None,
    reduction: int = 1, label_smoothing: Any = 0.0,
) -> Tensor:  # fmt: skip
    """-log softmax(x) at the target, or by target probabilities."""
    _require_newer(size_average, reduce)
    return ROWS["cross_entropy_loss"](as_tensor(x), target, weight, reduction, ignore_index, label_smoothing)


def nll_loss(
    x: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: Any = None,
    reduce: Any = None,
    reduction: int = 1,
) -> Tensor:
    """-x at the target."""
    _require_newer(size_average, reduce)
    return ROWS["nll_loss_nd"](as_tensor(x), target, weight, reduction, ignore_index)


def _require_newer(*older: Any) -> None:
    if any(one is not None for one in older):
        raise LanguageError(OLDER)


def adaptive_max_pool(rank: int) -> Callable[..., Any]:
    """The largest entry of each window, of which one size is that of every axis; the positions beside where they are asked for."""

    def function(x: Any, output_size: Any, return_indices: bool = False) -> Any:
        sizes = list(output_size) if isinstance(output_size, tuple | list) else [output_size] * rank
        found = ROWS[f"adaptive_max_pool{rank}d"](as_tensor(x), sizes)
        return tuple(found) if return_indices else found[0]

    return function


def adaptive_avg_pool(rank: int) -> Callable[..., Tensor]:
    """The mean of each window, of which one size is that of every axis."""

    def function(x: Any, output_size: Any) -> Tensor:
        return ROWS[f"adaptive_avg_pool{rank}d"](
            as_tensor(x), list(output_size) if isinstance(output_size, tuple | list) else [output_size] * rank
        )

    return function


FUNCTIONAL: dict[str, Callable[..., Any]] = {
    **{
        f.__name__: f
        for f in (
            batch_norm, instance_norm, embedding_bag, grid_sample, local_response_norm, rrelu, triplet_margin_with_distance_loss,
            binary_cross_entropy_with_logits, cross_entropy, nll_loss,
        )
    },
    **{name: dropped(name) for name in ("dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")},
    **{f"lp_pool{rank}d": lp_pool(rank) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": adaptive_max_pool(rank) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": adaptive_avg_pool(rank) for rank in (1, 2, 3)},
    "unfold": lambda x, kernel_size, dilation=1, padding=0, stride=1: ROWS["im2col"](
        as_tensor(x), kernel_size, dilation, padding, stride
    ),
    "fold": lambda x, output_size, kernel_size, dilation=1, padding=0, stride=1: ROWS["col2im"](
        as_tensor(x), list(output_size) if isinstance(output_size, tuple | list) else [output_size] * 2, kernel_size, dilation,
        padding, stride,
    ),
    "affine_grid": lambda theta, size, align_corners=None: ROWS["affine_grid_generator"](
        as_tensor(theta), list(size), bool(align_corners)
    ),
}  # fmt: skip
"""By torch's name."""
