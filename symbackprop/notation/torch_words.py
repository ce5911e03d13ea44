"""Words of torch in text, F.kl_div, x.max(dim=1): the rows of its operations, called as torch.nn.functional and tensors are.

The rows are those that read models (`models.torch.rows`); here stand the names and arguments that torch has in Python alone.
"""

from __future__ import annotations

import inspect
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.core.errors import SymbackpropError
from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.norms import over_entries
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, normal_axes
from symbackprop.notation.composed import WORDS
from symbackprop.notation.composed.further import linspace
from symbackprop.notation.composed.shapes import array
from symbackprop.notation.functions import Layer, no_value
from symbackprop.notation.models.torch.rows import ROWS
from symbackprop.notation.scipy.matrices import block_diag
from symbackprop.notation.scipy.special import SPECIAL
from symbackprop.notation.torch_functional import FUNCTIONAL, OLDER
from symbackprop.notation.vocabulary import plain

REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}
SILENT = ("inplace", "dtype", "device", "requires_grad", "out", "memory_format", "non_blocking", "layout", "generator")
NAMED = {
    **dict.fromkeys(("max", "min", "sort", "topk", "cummax", "cummin", "median", "kthvalue"), ("values", "indices")),
    "slogdet": ("sign", "logabsdet"), "inv_ex": ("inverse", "info"), "cholesky_ex": ("L", "info"), "solve_ex": ("result", "info"),
    "eigh": ("eigenvalues", "eigenvectors"), "svd": ("U", "S", "Vh"), "qr": ("Q", "R"),
}  # fmt: skip
"""What torch calls the parts of several values."""
SEVERAL = (
    "view",
    "reshape",
    "permute",
    "expand",
    "repeat",
    "tile",
    "flip",
    "ones",
    "zeros",
    "full",
    "new_zeros",
    "new_ones",
)  # whose sizes or axes may be written one by one
OTHER = {
    "cross_entropy": "cross_entropy_loss", "nll_loss": "nll_loss_nd", "logsigmoid": "log_sigmoid", "concat": "cat",
    "concatenate": "cat", "swapdims": "swapaxes", "moveaxis": "movedim", "multiply": "mul",
    "subtract": "sub", "divide": "div", "negative": "neg", "greater": "gt", "less": "lt", "greater_equal": "ge",
    "less_equal": "le", "not_equal": "ne", "bitwise_not": "logical_not", "type_as": "clone", "cpu": "clone",
    "cuda": "clone", "requires_grad_": "clone", "float": "clone", "double": "clone",
}  # fmt: skip
"""Python's names of operations that torch itself calls otherwise."""


# -- what torch writes in Python ------------------------------------------------------------------------------------------


def _norm(x: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False) -> Tensor:
    """Of all entries as of one vector, whatever their axes; "nuc" is of a matrix."""
    x = as_tensor(x)
    axes = normal_axes("norm", x, tuple(dim) if isinstance(dim, list) else dim)
    if p == "nuc":
        return op.norm(x, p, axes, keepdim)
    return over_entries(x, 2 if p in ("fro", None) else p, axes, keepdim)


def _normalize(x: Any, p: Any = 2, dim: Any = 1, eps: Any = 1e-12) -> Tensor:
    return x / TABLE["maximum"](_norm(x, p, dim, True), as_number(eps))


def _gaussian_nll_loss(x: Any, target: Any, var: Any, full: bool = False, eps: Any = 1e-6, reduction: int = 1) -> Tensor:
    var = TABLE["maximum"](var, as_number(eps))
    values = (TABLE["log"](var) + op.square(as_tensor(x) - target) / var) / 2
    values = values + sp.log(2 * sp.pi) / 2 if full else values
    return values if reduction == 0 else op.mean(values) if reduction == 1 else op.sum(values)


def _poisson_nll_loss(
    x: Any, target: Any, log_input: bool = True, full: bool = False, eps: Any = 1e-8, reduction: int = 1
) -> Tensor:
    return ROWS["poisson_nll_loss"](x, target, log_input, full, eps, reduction)


def _multilabel_soft_margin_loss(x: Any, target: Any, weight: Any = None, reduction: int = 1) -> Tensor:
    values = ROWS["binary_cross_entropy_with_logits"](x, target, weight, None, 0)
    values = op.mean(values, -1)
    return values if reduction == 0 else op.mean(values) if reduction == 1 else op.sum(values)


def _pad(x: Any, pad: Any, mode: str = "constant", value: Any = 0) -> Tensor:
    """torch names the last axis first: (before, after) of it, then of the one before."""
    x, widths = as_tensor(x), list(pad)
    pairs = [tuple(widths[k : k + 2]) for k in range(0, len(widths), 2)]
    if len(widths) % 2 or len(pairs) > x.ndim or any(isinstance(w, int) and w < 0 for w in widths):
        raise LanguageError("pad: widths are pairs of whole numbers, the last axis first")
    modes = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    if mode not in modes:
        raise LanguageError(f"pad: mode={mode!r} is none of {', '.join(modes)}")
    every = ((0, 0),) * (x.ndim - len(pairs)) + tuple(reversed(pairs))
    return op.pad(x, every, modes[mode], 0 if value is None else value)


def _dropout(x: Any, p: Any = 0.5, training: bool = True) -> Tensor:
    if training and p != 0:
        raise LanguageError(
            "dropout: it draws random numbers while training; write training=False, or multiply by a mask: m: data[n]"
        )
    return as_tensor(x)


def _std_mean(x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, correction: Any = None) -> Any:
    return ROWS["std"](x, dim, unbiased, keepdim, correction), ROWS["mean"](x, dim, keepdim)


def _kl_div(x: Any, target: Any, reduction: Any = 1, log_target: bool = False) -> Tensor:
    if reduction == "batchmean":
        return ROWS["kl_div"](x, target, 2, log_target) / as_tensor(x).shape[0]
    return ROWS["kl_div"](x, target, reduction, log_target)


def _attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False, scale: Any = None
) -> Tensor:
    return ROWS["scaled_dot_product_attention"](query, key, value, attn_mask, dropout_p, is_causal, scale)


def _largest(name: str) -> Callable[..., Any]:
    """torch.max: of all entries, of two tensors, or along an axis with the positions."""

    def function(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return TABLE[f"{name}imum"](x, dim) if isinstance(dim, Tensor) else ROWS[name](as_tensor(x), dim, keepdim)

    return function


def _median(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return ROWS["median"](*([x] if dim is None else [x, dim, keepdim]))


def _to(x: Any, *of: Any, **further: Any) -> Tensor:
    """x; a device or a type of floats says nothing here."""
    if any(isinstance(kind, str) and kind.startswith(("int", "uint", "long", "bool")) for kind in (*of, *further.values())):
        raise LanguageError("to: whole numbers of real ones are flat; leave it out, or write floor")
    return as_tensor(x)


def _interpolate(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None,
    recompute_scale_factor: Any = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """An image, a signal or a volume of another size."""
    x = as_tensor(x)
    rank = x.ndim - 2
    several = lambda v: None if v is None else list(v) if isinstance(v, tuple | list) else [v] * rank  # noqa: E731
    name = f"_upsample_nearest_exact{rank}d" if mode == "nearest-exact" else f"upsample_{mode}{rank}d"
    if name not in ROWS or antialias:
        raise LanguageError(
            f"interpolate: mode={mode!r} of {rank} axes is not in the language; nearest, linear, bilinear and bicubic are"
        )
    row = ROWS[name]
    if mode.startswith("nearest"):
        return row(x, several(size), several(scale_factor))
    return row(x, several(size), bool(align_corners), several(scale_factor))


OWN: dict[str, Callable[..., Any]] = {
    "interpolate": _interpolate, "upsample": _interpolate,
    "upsample_nearest": lambda x, size=None, scale_factor=None: _interpolate(x, size, scale_factor),
    "upsample_bilinear": lambda x, size=None, scale_factor=None: _interpolate(x, size, scale_factor, "bilinear", True),
    "dist": lambda x, other, p=2: _norm(as_tensor(x) - other, p),
    "norm": _norm, "normalize": _normalize, "gaussian_nll_loss": _gaussian_nll_loss,
    "poisson_nll_loss": _poisson_nll_loss, "multilabel_soft_margin_loss": _multilabel_soft_margin_loss, "pad": _pad,
    "dropout": _dropout, "kl_div": _kl_div, "std_mean": _std_mean,
    "einsum": lambda equation, *operands: op.einsum(equation, *operands),
    "tensordot": lambda a, b, dims=2: op.tensordot(a, b, dims),
    "triu": lambda x, diagonal=0: op.triu(x, diagonal), "tril": lambda x, diagonal=0: op.tril(x, diagonal),
    "tensor": lambda data: array(data) if isinstance(data, list | tuple) else as_tensor(data),
    "as_tensor": lambda data: array(data) if isinstance(data, list | tuple) else as_tensor(data),
    "linspace": linspace, "full": lambda size, fill_value: op.full(tuple(size), fill_value),
    "arange": lambda *ends: _arange(*ends),
    "ones": lambda size: op.ones(tuple(size)), "zeros": lambda size: op.zeros(tuple(size)),
    "block_diag": block_diag,
    "tanhshrink": lambda x: as_tensor(x) - TABLE["tanh"](x),
    "softmin": lambda x, dim: op.softmax(-as_tensor(x), dim),
    "numel": lambda x: sp.Mul(*as_tensor(x).shape),
    "expand_as": lambda x, other: op.broadcast_to(x, as_tensor(other).shape),
    "view_as": lambda x, other: op.reshape(x, as_tensor(other).shape),
    "reshape_as": lambda x, other: op.reshape(x, as_tensor(other).shape),
    "scaled_dot_product_attention": _attention,
    "median": _median, "max": _largest("max"), "min": _largest("min"), "to": _to,
    "roll": lambda x, shifts, dims=None: op.roll(x, shifts, dims),
    "embedding": lambda x, weight, padding_idx=None: as_tensor(weight)[x],
    "meshgrid": lambda *tensors, indexing="ij": WORDS["meshgrid"](*tensors, indexing=indexing), "cov": WORDS["cov"],
    "corrcoef": WORDS["corrcoef"], "trapz": WORDS["trapezoid"], "vander": WORDS["vander"], "heaviside": WORDS["heaviside"],
    "bool": lambda x: as_tensor(x) != 0, "isfinite": WORDS["isfinite"], "isnan": WORDS["isnan"],
}  # fmt: skip


def _arange(*ends: Any) -> Tensor:
    start, stop, step = (*ends, 1) if len(ends) == 2 else (0, *ends, 1) if len(ends) == 1 else ends
    count = (as_number(stop) - as_number(start)) / as_number(step)
    return as_tensor(start) + op.arange(count) * step if start != 0 or step != 1 else op.arange(count)


OF_MODULES: dict[str, dict[str, Callable[..., Any]]] = {
    "functional": FUNCTIONAL,
    "linalg": {
        "lstsq": lambda A, B: WORDS["lstsq"](A, B), "norm": op.norm, "vander": lambda x, N=None: WORDS["vander"](x, N, True),
        "diagonal": lambda x, offset=0, dim1=-2, dim2=-1: op.diagonal(x, offset, dim1, dim2),
    },
    "special": SPECIAL | OWN | {
        **{f"modified_bessel_{name}": SPECIAL[name] for name in ("i0", "i1", "k0", "k1")},
        **{f"scaled_modified_bessel_{name}": SPECIAL[f"{name}e"] for name in ("k0", "k1")},
        **{f"bessel_{name}": SPECIAL[name] for name in ("j0", "j1")},
        "logsumexp": lambda x, dim, keepdim=False: op.logsumexp(x, dim, keepdim),
        "softmax": lambda x, dim: op.softmax(x, dim), "log_softmax": lambda x, dim: op.log_softmax(x, dim),
    },
}  # fmt: skip

# -- calls ---------------------------------------------------------------------------------------------------------------------


def of_torch(module: str, name: str) -> Callable[..., Any] | None:
    """The function that module.name of torch is; a method is one of the module torch. None where no row says it."""
    within = module.rpartition(".")[2]
    if within == "nn" and name in LAYERS:
        return _layer(name)
    if within in ("linalg", "special"):
        found = ROWS.get(f"{within}_{name}") or OF_MODULES[within].get(name)
        return None if found is None else _called(name, found)
    found = OF_MODULES.get(within, {}).get(name) or OWN.get(name) or ROWS.get(OTHER.get(name, name))
    return None if found is None else _called(name, found)


def _called(name: str, row: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(row)

    def function(*given: Any, **further: Any) -> Any:
        options = {_argument(key, signature): plain(value) for key, value in further.items() if key not in SILENT}
        if not {"size_average", "reduce"}.isdisjoint(options):
            raise LanguageError(f"{name}: {OLDER}")
        if options.get("reduction") in REDUCTIONS:
            options["reduction"] = REDUCTIONS[options["reduction"]]
        try:
            bound = signature.bind(*_spread(name, list(given)), **options)
        except TypeError as error:
            raise LanguageError(f"{name} of torch: {error}. It is written {name}{_written(signature)}") from None
        try:
            found = row(*bound.args, **bound.kwargs)
        except SymbackpropError:
            raise
        except (TypeError, AttributeError, LookupError, ValueError, ArithmeticError):
            written = f"{name}{_written(signature)}"
            raise LanguageError(f"{name} of torch does not take these arguments. It is written {written}") from None
        if isinstance(bound.arguments.get("reduction"), bool):
            raise LanguageError(f"{name}: {OLDER}")
        if isinstance(found, list | tuple) and len(found) == len(NAMED.get(name, ())):
            return namedtuple(name, NAMED[name])(*found)
        return tuple(found) if isinstance(found, list) else found

    return function


def _argument(key: str, signature: inspect.Signature) -> str:
    """The name that a row has for an argument; torch takes NumPy's names as well."""
    key = "x" if key in ("input", "self") else key
    return key if key in signature.parameters else {"axis": "dim", "keepdims": "keepdim"}.get(key, key)


def _written(signature: inspect.Signature) -> str:
    return str(signature).replace("'", "").partition(" ->")[0]


def _spread(name: str, given: list[Any]) -> list[Any]:
    """Arguments as the rows take them: numbers as numbers, sizes and axes as lists."""
    own = 0 if name in ("ones", "zeros", "full") else 1
    if name in SEVERAL and name != "full" and len(given) > own and not isinstance(given[own], tuple | list):
        given = [*given[:own], tuple(given[own:])]
    return [list(map(plain, x)) if isinstance(x, tuple | list) else plain(x) if k or own == 0 else x for k, x in enumerate(given)]


# -- layers without parameters ----------------------------------------------------------------------------------------------------

LAYERS = {
    "ReLU": "relu", "ReLU6": "relu6", "LeakyReLU": "leaky_relu", "ELU": "elu", "SELU": "selu", "CELU": "celu", "GELU": "gelu",
    "SiLU": "silu", "Mish": "mish", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign",
    "Hardtanh": "hardtanh", "Hardsigmoid": "hardsigmoid", "Hardswish": "hardswish", "Softshrink": "softshrink",
    "Hardshrink": "hardshrink", "Tanhshrink": "tanhshrink", "Threshold": "threshold", "LogSigmoid": "logsigmoid", "GLU": "glu",
    "Softmax": "softmax", "LogSoftmax": "log_softmax", "Softmin": "softmin", "MSELoss": "mse_loss", "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss", "HuberLoss": "huber_loss", "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits", "CrossEntropyLoss": "cross_entropy", "NLLLoss": "nll_loss",
    "KLDivLoss": "kl_div", "PoissonNLLLoss": "poisson_nll_loss", "GaussianNLLLoss": "gaussian_nll_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss", "MarginRankingLoss": "margin_ranking_loss", "SoftMarginLoss": "soft_margin_loss",
    "TripletMarginLoss": "triplet_margin_loss", "CosineEmbeddingLoss": "cosine_embedding_loss",
    "MultiMarginLoss": "multi_margin_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss", "CosineSimilarity": "cosine_similarity", "Flatten": "flatten",
    "PairwiseDistance": "pairwise_distance", "MaxPool1d": "max_pool1d", "AvgPool1d": "avg_pool1d", "MaxPool2d": "max_pool2d",
    "PixelShuffle": "pixel_shuffle", "PixelUnshuffle": "pixel_unshuffle", "Upsample": "interpolate", "Unfold": "unfold",
    "AvgPool2d": "avg_pool2d", "AdaptiveAvgPool2d": "adaptive_avg_pool2d",
}  # fmt: skip
"""torch.nn's layers and losses that hold no parameters, and the functions that they apply."""

DEFAULTS = {"Flatten": {"start_dim": 1}}


def _layer(name: str) -> Callable[..., Layer]:
    function = of_torch("torch.nn.functional", LAYERS[name]) or TABLE[LAYERS[name]]

    def layer(*given: Any, **further: Any) -> Layer:
        made = Layer(name, LAYERS[name], function, given, {**DEFAULTS.get(name, {}), **further})
        if any(isinstance(one, Tensor) for one in given):
            raise LanguageError(" ".join(no_value(made)))
        return made

    return layer
