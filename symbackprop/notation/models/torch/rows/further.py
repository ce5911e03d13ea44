"""Functions of statistics, remainders, counts, and what puts tensors beside one another, by their names in torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from symbackprop.language.tensors import Tensor, as_number, as_tensor
from symbackprop.notation.composed import WORDS, cumulative_trapezoid
from symbackprop.notation.composed.further import linspace
from symbackprop.notation.models.torch.rows.words import axes, lang
from symbackprop.notation.scipy.distances import cdist, pdist
from symbackprop.notation.scipy.matrices import block_diag
from symbackprop.notation.scipy.special import SPECIAL, multigammaln


def _of(name: str) -> Callable[..., Tensor]:
    """A function of one tensor that SciPy has by the same name."""
    function = SPECIAL[name]
    return lambda x: function(x)


def _pairwise_distance(x1: Tensor, x2: Tensor, p: Any = 2, eps: Any = 1e-6, keepdim: bool = False) -> Tensor:
    """torch adds eps to the differences."""
    gap = x1 - x2 + as_number(eps)
    if p == 2:
        return lang.sqrt(lang.sum(lang.square(gap), -1, keepdim))
    total = lang.sum(lang.abs(gap) ** p, -1, keepdim)
    return total ** (1 / as_number(p))


def _cdist(x1: Tensor, x2: Tensor, p: Any = 2, compute_mode: Any = None) -> Tensor:
    return cdist(x1, x2) if p == 2 else cdist(x1, x2, "minkowski", p=p)


def _trapezoid(y: Tensor, x: Any = None, dx: Any = 1, dim: int = -1) -> Tensor:
    return WORDS["trapezoid"](y, x, dx, dim)


def _cumulative_trapezoid(y: Tensor, x: Any = None, dx: Any = 1, dim: int = -1) -> Tensor:
    return cumulative_trapezoid(y, x, dx, dim)


def _renorm(x: Tensor, p: Any, dim: int, maxnorm: Any) -> Tensor:
    """Each part along `dim` whose norm is larger than maxnorm, as long as maxnorm; torch adds 1e-7 to the norm."""
    rest = tuple(k for k in range(x.ndim) if k != dim % x.ndim)
    norm = (
        lang.sqrt(lang.sum(lang.square(x), rest, True)) if p == 2 else lang.sum(lang.abs(x) ** p, rest, True) ** (1 / as_number(p))
    )
    return x * lang.where(norm > maxnorm, as_number(maxnorm) / (norm + as_number(1e-7)), 1)


def _count(x: Any, dim: Any = None) -> Tensor:
    return lang.sum(as_tensor(x) != 0, axes(dim))


def _tensordot(x: Tensor, other: Tensor, dims_self: Sequence[int], dims_other: Sequence[int]) -> Tensor:
    return lang.tensordot(x, other, (tuple(dims_self), tuple(dims_other)))


def _raised_cosine(level: float) -> Callable[..., Tensor]:
    """w[j] = a - (1 - a) cos(2 pi j / n) for a window of signals; with n - 1 in the place of n where it is not periodic."""

    def row(window_length: Any, periodic: bool = True, alpha: Any = level, beta: Any = 1 - level, dtype: Any = None) -> Tensor:
        n = as_number(window_length)
        if n == 1:
            return lang.ones((1,))
        turn = 2 * sp.pi / (n if periodic else n - 1)
        return as_number(alpha) - as_number(beta) * lang.cos(turn * lang.arange(n))

    return row


def _blackman(window_length: Any, periodic: bool = True, dtype: Any = None) -> Tensor:
    """w[j] = 0.42 - 0.5 cos(2 pi j / n) + 0.08 cos(4 pi j / n)."""
    n = as_number(window_length)
    if n == 1:
        return lang.ones((1,))
    angle = 2 * sp.pi / (n if periodic else n - 1) * lang.arange(n)
    return as_number(0.42) - lang.cos(angle) / 2 + as_number(0.08) * lang.cos(2 * angle)


ROWS: dict[str, Callable[..., Any]] = {
    # statistics
    **{name: _of(ours) for name, ours in (
        ("lgamma", "gammaln"), ("digamma", "digamma"), ("erfinv", "erfinv"), ("special_gammaln", "gammaln"), ("special_psi", "psi"),
        ("special_digamma", "digamma"), ("special_erfinv", "erfinv"), ("special_erfc", "erfc"), ("special_entr", "entr"),
        ("special_ndtr", "ndtr"), ("special_log_ndtr", "log_ndtr"), ("special_ndtri", "ndtri"), ("special_exp2", "exp2"),
        ("special_erfcx", "erfcx"), ("i0", "i0"), *((f"special_{name}", name) for name in ("i0", "i1", "i0e", "i1e")),
        *((f"special_bessel_{name}", name) for name in ("j0", "j1")),
        *((f"special_modified_bessel_{name}", name) for name in ("i0", "i1", "k0", "k1")),
        *((f"special_scaled_modified_bessel_{name}", f"{name}e") for name in ("k0", "k1")),
    )},
    "special_logit": lambda x: lang.logit(x),
    "special_round": lambda x, decimals=0: WORDS["round"](x, decimals),
    "special_xlogy": lambda x, other: lang.xlogy(x, other),
    "special_xlog1py": lambda x, other: lang.xlog1py(x, other),
    "special_log_softmax": lambda x, dim, dtype=None: lang.log_softmax(x, dim),
    "special_softmax": lambda x, dim, dtype=None: lang.softmax(x, dim),
    "special_logsumexp": lambda x, dim, keepdim=False: lang.logsumexp(x, axes(dim), keepdim),
    "special_sinc": lambda x: WORDS["sinc"](x),
    "special_polygamma": lambda n, x: lang.polygamma(n, x),
    "polygamma": lambda n, x: lang.polygamma(n, x),
    "mvlgamma": lambda x, p: multigammaln(x, p),
    "special_multigammaln": lambda x, p: multigammaln(x, p),
    "xlogy": lambda x, other: lang.xlogy(x, other),
    # entry by entry
    "atan2": lambda x, other: lang.arctan2(x, other),
    "arctan2": lambda x, other: lang.arctan2(x, other),
    "sinc": lambda x: WORDS["sinc"](x),
    "fmod": lambda x, other: lang.fmod(x, other),
    "remainder": lambda x, other: lang.remainder(x, other),
    "frac": lambda x: as_tensor(x) - lang.trunc(x),
    "nan_to_num": lambda x, nan=None, posinf=None, neginf=None: lang.identity(x),
    "copysign": lambda x, other: WORDS["copysign"](x, other),
    "deg2rad": lambda x: x * sp.pi / 180,
    "rad2deg": lambda x: x * 180 / sp.pi,
    "fmax": lambda x, other: lang.maximum(x, other),
    "fmin": lambda x, other: lang.minimum(x, other),
    # counts
    "count_nonzero": _count,
    "any": lambda x, dim=None, keepdim=False: lang.max(as_tensor(x) != 0, axes(dim), keepdim),
    "all": lambda x, dim=None, keepdim=False: lang.min(as_tensor(x) != 0, axes(dim), keepdim),
    # beside one another
    "concat": lambda tensors, dim=0: lang.concatenate(list(tensors), dim),
    "concatenate": lambda tensors, dim=0: lang.concatenate(list(tensors), dim),
    "hstack": lambda tensors: lang.hstack(list(tensors)),
    "vstack": lambda tensors: lang.vstack(list(tensors)),
    "row_stack": lambda tensors: lang.vstack(list(tensors)),
    "column_stack": lambda tensors: WORDS["column_stack"](list(tensors)),
    "dstack": lambda tensors: WORDS["dstack"](list(tensors)),
    "block_diag": lambda tensors: block_diag(*tensors),
    "meshgrid": lambda tensors, indexing="ij": list(WORDS["meshgrid"](*tensors, indexing=indexing)),
    "atleast_1d": lambda x: WORDS["atleast_1d"](x),
    "atleast_2d": lambda x: WORDS["atleast_2d"](x),
    "atleast_3d": lambda x: WORDS["atleast_3d"](x),
    "ravel": lambda x: lang.ravel(x),
    # products, distances, grids
    "tensordot": _tensordot,
    "vdot": lambda x, other: lang.dot(x, other),
    "cdist": _cdist,
    "pdist": lambda x, p=2: pdist(x) if p == 2 else pdist(x, "minkowski", p=p),
    "pairwise_distance": _pairwise_distance,
    "trapezoid": _trapezoid, "cumulative_trapezoid": _cumulative_trapezoid,
    "renorm": _renorm,
    "blackman_window": _blackman,
    "hann_window": _raised_cosine(0.5), "hamming_window": _raised_cosine(0.54),
    "linspace": lambda start, end, steps, dtype=None: linspace(start, end, steps),
}  # fmt: skip
