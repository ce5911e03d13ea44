"""Further functions of keras.ops: those that NumPy has too, parts of tensors, matrices, losses, windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.layers.conv import convolution
from symbackprop.language.layers.pool import average_pool, max_pool
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, as_number, as_tensor
from symbackprop.notation.composed import WORDS
from symbackprop.notation.models.keras.layer import Layer
from symbackprop.notation.models.keras.layers import surrounded
from symbackprop.notation.models.keras.operations import EPSILON, REDUCED, Function, entrywise, of, operand, operation
from symbackprop.notation.models.keras.windows import pooled

# -- entry by entry ----------------------------------------------------------------------------------------------------------


def _sparse_plus(x: Any) -> Tensor:
    """0 below -1, x above 1, (x + 1)^2 / 4 between."""
    return ops.where(as_tensor(x) >= 1, x, ops.square(TABLE["relu"](as_tensor(x) + 1)) / 4)


def _shrunk(word: str) -> Function:
    return entrywise(lambda x, threshold=0.5: TABLE[word](x, as_number(threshold)), "threshold")


# -- along axes ----------------------------------------------------------------------------------------------------------------


def _at_share(word: str) -> Function:
    """An entry at a share of the order."""

    def function(layer: Layer, x: Tensor, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Tensor:
        if method != "linear":
            raise layer.refused(f"method={method!r} is not read.", 'method="linear" is.')
        if not isinstance(q, int | float):
            raise layer.refused("it takes several shares at once.", "Take one at a time.")
        return getattr(ops, word)(x, q, axis, keepdims)

    return operation(function, "axis", "method", "keepdims")


def _largest(layer: Layer, x: Tensor, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest entries of the last axis, the largest first, and their positions; sorted=False leaves any order open."""
    return ops.topk(x, k)


def _crossed(layer: Layer, a: Tensor, b: Tensor, axis: int | None = None, **axes: int) -> Tensor:
    """The product of vectors of three entries along one axis of both."""
    if axis is None and any(place != -1 for place in axes.values()):
        raise layer.refused("axes that differ are not read.", "Say axis=, or move the axes.")
    place = -1 if axis is None else axis
    return ops.moveaxis(ops.cross(ops.moveaxis(a, place, -1), ops.moveaxis(b, place, -1)), -1, place)


def _parts(place: int | None) -> Function:
    """The parts along an axis: equal ones, or as far as that does not go the first ones longer."""

    def function(x: Tensor, indices_or_sections: Any, axis: int = 0) -> Any:
        return WORDS["array_split"](x, indices_or_sections, axis if place is None else place)

    return of(function, "indices_or_sections", *(["axis"] if place is None else []))


def _trapezia(layer: Layer, y: Tensor, x: Any = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    return WORDS["trapezoid"](y, None if x is None else operand(layer, x), as_number(dx), axis)


def _slice(layer: Layer, x: Tensor, start: Any, shape: Any) -> Tensor:
    if any(isinstance(k, Tensor) for k in start):
        raise layer.refused("it begins where a tensor says.", "Begin at whole numbers.")
    return x[tuple(slice(int(k), int(k) + int(n)) for k, n in zip(start, shape, strict=True))]


# -- matrices ----------------------------------------------------------------------------------------------------------------


def _triangular(layer: Layer, a: Tensor, b: Tensor, lower: bool = False) -> Tensor:
    """x with L x = b; what stands on the other side of the diagonal is not read."""
    return ops.solve(ops.tril(a) if lower else ops.triu(a), b)


def _of_factor(layer: Layer, L: Tensor, upper: bool = False) -> Tensor:
    """(L L^T)^-1, or (U^T U)^-1."""
    turned = ops.swapaxes(L, -1, -2)
    return ops.inverse(turned @ L if upper else L @ turned)


def _distances(layer: Layer, a: Tensor, b: Tensor) -> Tensor:
    """The distance of each row of a from each row of b."""
    return ops.sqrt(ops.sum(ops.square(a[..., :, None, :] - b[..., None, :, :]), -1))


def _singular(layer: Layer, x: Tensor, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    return WORDS["svd"](x, full_matrices, compute_uv)


def _normed(
    layer: Layer, x: Tensor, mean: Any, variance: Any, offset: Any = None, scale: Any = None, axis: int = -1, epsilon: float = 1e-3
) -> Tensor:
    """scale (x - mean) / sqrt(variance + eps) + offset, each an entry of one axis."""

    def along(value: Any) -> Tensor:
        kept = axis % x.ndim
        return operand(layer, value)[(*[None] * kept, slice(None), *[None] * (x.ndim - 1 - kept))]

    y = (x - along(mean)) / ops.sqrt(along(variance) + as_number(epsilon))
    y = y if scale is None else along(scale) * y
    return y if offset is None else y + along(offset)


# -- losses ------------------------------------------------------------------------------------------------------------------


def _within(p: Tensor) -> Tensor:
    """A probability between eps and 1 - eps, as Keras takes it."""
    return ops.clip(p, as_number(EPSILON), 1 - as_number(EPSILON))


def _binary(layer: Layer, t: Any, p: Any, from_logits: bool = False) -> Tensor:
    """-t log p - (1 - t) log(1 - p)."""
    t, p = operand(layer, t), operand(layer, p)
    if from_logits:
        return -t * TABLE["log_sigmoid"](p) - (1 - t) * TABLE["log_sigmoid"](-p)
    return -t * TABLE["log"](_within(p)) - (1 - t) * TABLE["log"](1 - _within(p))


def _logs(p: Tensor, from_logits: bool, axis: int) -> Tensor:
    """log p of what may sum to anything, or of logits."""
    return ops.log_softmax(p, axis) if from_logits else TABLE["log"](_within(p / ops.sum(p, axis, keepdims=True)))


def _categorical(layer: Layer, t: Any, p: Tensor, from_logits: bool = False, axis: int = -1) -> Tensor:
    """-sum_c t[c] log p[c]."""
    return -ops.sum(operand(layer, t) * _logs(p, from_logits, axis), axis)


def _sparse(layer: Layer, t: Any, p: Tensor, from_logits: bool = False, axis: int = -1) -> Tensor:
    """-log p[t]."""
    t = operand(layer, t)
    t = t[..., 0] if t.ndim == p.ndim and t.shape[-1] == 1 else t
    logs = ops.moveaxis(_logs(p, from_logits, axis), axis, -1)
    return -ops.sum(ops.one_hot(t, logs.shape[-1]) * logs, -1)


# -- windows -----------------------------------------------------------------------------------------------------------------


def _convolved(layer: Layer, x: Tensor, kernel: Any, **settings: Any) -> Tensor:
    layer.last()
    kernel, rank = operand(layer, kernel), x.ndim - 2
    width = tuple(map(int, kernel.shape[:rank]))
    strides, dilations = layer.numbers("strides", rank), layer.numbers("dilation_rate", rank)
    groups = sp.cancel(x.shape[-1] / kernel.shape[rank])
    signal = surrounded(layer, x, width, strides, dilations)
    filters = ops.transpose(kernel, (rank + 1, rank, *range(rank)))
    return ops.moveaxis(convolution(signal, filters, None, strides, 0, dilations, int(groups)), 1, -1)


def _pool(function: Callable[..., Tensor], is_mean: bool) -> Function:
    def row(layer: Layer, x: Tensor, **settings: Any) -> Tensor:
        return pooled(x.ndim - 2, function, is_mean)(layer, x)

    return operation(row, "pool_size", "strides", "padding", "data_format")


def _word(name: str, *settings: str) -> Function:
    """A function that NumPy has too."""
    return of(WORDS[name], *settings)


FUNCTIONS: Mapping[str, Function] = {
    **{name: entrywise(WORDS[word]) for name, word in {
        "Cbrt": "cbrt", "Deg2rad": "deg2rad", "Rad2deg": "rad2deg", "Exp2": "exp2", "I0": "i0", "Isfinite": "isfinite",
        "Isinf": "isinf", "Isnan": "isnan", "Sinc": "sinc", "Fmax": "fmax", "Fmin": "fmin", "Logaddexp2": "logaddexp2",
        "Heaviside": "heaviside", "Ldexp": "ldexp", "Real": "real", "Conjugate": "conjugate",
    }.items()},
    "Fabs": entrywise(TABLE["abs"]), "Fmod": entrywise(ops.fmod), "SparsePlus": entrywise(_sparse_plus),
    "SparseSigmoid": entrywise(lambda x: ops.clip((as_tensor(x) + 1) / 2, 0, 1)),
    "HardShrink": _shrunk("hard_shrink"), "SoftShrink": _shrunk("soft_shrink"),
    "Threshold": entrywise(
        lambda x, threshold, default_value: TABLE["threshold"](x, as_number(threshold), as_number(default_value)),
        "threshold", "default_value",
    ),
    "NanToNum": entrywise(lambda x, **instead: WORDS["nan_to_num"](x), "nan", "posinf", "neginf"),
    **{f"Nan{name}": _word(f"nan{name}", *REDUCED) for name in ("sum", "mean", "max", "min", "prod", "var", "std")},
    "Nanmedian": of(ops.median, *REDUCED), "Nancumsum": of(ops.cumsum, "axis"), "Nancumprod": of(ops.cumprod, "axis"),
    "Nanquantile": _at_share("quantile"), "Nanpercentile": _at_share("percentile"),
    "Quantile": _at_share("quantile"), "Percentile": _at_share("percentile"),
    "Ptp": _word("ptp", *REDUCED), "CountNonzero": _word("count_nonzero", "axis"),
    "TopK": operation(_largest, "k", "sorted"), "Cross": operation(_crossed, "axis", "axisa", "axisb", "axisc"),
    "Fliplr": _word("fliplr"), "Flipud": _word("flipud"), "Rot90": _word("rot90", "k", "axes"), "Dstack": _word("dstack"),
    "Append": _word("append", "axis"), "ArraySplit": _parts(None), "Hsplit": _parts(1),
    "Vsplit": _parts(0), "Dsplit": _parts(2),
    "Diag": of(lambda x, k=0: ops.diag(x, k), "k"), "Diagflat": _word("diagflat", "k"), "Kron": of(ops.kron),
    "Trapezoid": operation(_trapezia, "x", "dx", "axis"),
    "Round": of(WORDS["round"], "decimals"), "Slice": operation(_slice, "shape"),
    "Correlate": of(ops.correlate, "mode"), "Corrcoef": _word("corrcoef"),
    "SolveTriangular": operation(_triangular, "lower"), "CholeskyInverse": operation(_of_factor, "upper"),
    "Pinv": of(ops.pinv), "Slogdet": of(ops.slogdet), "Eigh": of(ops.eigh),
    "Qr": of(lambda x, mode="reduced": ops.qr(x, mode), "mode"), "SVD": operation(_singular, "full_matrices", "compute_uv"),
    "CDist": operation(_distances), "BatchNorm": operation(_normed, "axis", "epsilon"),
    "BinaryCrossentropy": operation(_binary, "from_logits"),
    "CategoricalCrossentropy": operation(_categorical, "from_logits", "axis"),
    "SparseCategoricalCrossentropy": operation(_sparse, "from_logits", "axis"),
    "MaxPool": _pool(max_pool, is_mean=False), "AveragePool": _pool(average_pool, is_mean=True),
    "Conv": operation(_convolved, "strides", "padding", "data_format", "dilation_rate"),
}  # fmt: skip

LAYERS: Mapping[str, Function] = {f"ops.{name}": function for name, function in FUNCTIONS.items()}
"""From an operation to its value, by the names of keras.ops."""
