"""Products of matrices, sums and extrema along axes, norms, and linear algebra."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symbackprop.language.operations.norms import over_entries
from symbackprop.language.tensors import Tensor, as_tensor, normal_axes
from symbackprop.notation.models.torch.rows.words import axes, lang, order


def _joined(x: Any, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    """beta x + alpha times a product."""
    product = product if alpha == 1 else alpha * product
    return product if beta == 0 else product + (as_tensor(x) if beta == 1 else beta * as_tensor(x))


def _var(x: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, correction: Any = None) -> Tensor:
    return lang.var(x, axes(dim), keepdim, int(unbiased) if correction is None else int(correction))


def _std(x: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, correction: Any = None) -> Tensor:
    return lang.sqrt(_var(x, dim, unbiased, keepdim, correction))


def _var_mean(x: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, correction: Any = None) -> list[Tensor]:
    return [_var(x, dim, unbiased, keepdim, correction), lang.mean(x, axes(dim), keepdim)]


def _extreme(name: str) -> Callable[..., Any]:
    """torch.max: of all entries, of two tensors, or along an axis with the positions."""

    def row(x: Tensor, dim: Any = None, keepdim: bool = False, other: Any = None) -> Any:
        if other is not None:
            return getattr(lang, f"{name}imum")(x, other)
        found = getattr(lang, name)(x, dim, keepdim)
        return found if dim is None else [found, getattr(lang, f"arg{name}")(x, dim, keepdim)]

    return row


def _norm(x: Tensor, ord: Any, dim: Any, keepdim: bool) -> Tensor:
    """The norm of all entries along the axes, as those of one vector."""
    return over_entries(x, order(ord), normal_axes("norm", x, axes(dim)), keepdim)


def _cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """By torch's words, in which axes of size 1 are repeated; no vector is as short as eps."""
    x1, x2 = as_tensor(x1), as_tensor(x2)
    if x1.shape == x2.shape or x1.ndim != x2.ndim:
        return lang.cosine_similarity(x1, x2, dim)
    a, b = (lang.sqrt(lang.sum(lang.square(x), dim)) for x in (x1, x2))
    return lang.sum(x1 * x2, dim) / (a * b)


ROWS: dict[str, Callable[..., Any]] = {
    "matmul": lambda x, other: x @ other,
    "mm": lambda x, mat2: x @ mat2,
    "bmm": lambda x, mat2: x @ mat2,
    "mv": lambda x, vec: x @ vec,
    "dot": lambda x, tensor: x @ tensor,
    "outer": lambda x, vec2: lang.outer(x, vec2),
    "addmm": lambda x, mat1, mat2, beta=1, alpha=1: _joined(x, mat1 @ mat2, beta, alpha),
    "baddbmm": lambda x, batch1, batch2, beta=1, alpha=1: _joined(x, batch1 @ batch2, beta, alpha),
    "addmv": lambda x, mat, vec, beta=1, alpha=1: _joined(x, mat @ vec, beta, alpha),
    "einsum": lambda equation, tensors: lang.einsum(equation, *tensors),
    "sum": lambda x, dim=None, keepdim=False, dtype=None: lang.sum(x, axes(dim), keepdim),
    "mean": lambda x, dim=None, keepdim=False, dtype=None: lang.mean(x, axes(dim), keepdim),
    "nansum": lambda x, dim=None, keepdim=False, dtype=None: lang.sum(x, axes(dim), keepdim),
    "nanmean": lambda x, dim=None, keepdim=False, dtype=None: lang.mean(x, axes(dim), keepdim),
    "prod": lambda x, dim=None, keepdim=False, dtype=None: lang.prod(x, axes(dim), keepdim),
    "var": _var,
    "std": _std,
    "var_mean": _var_mean,
    "amax": lambda x, dim=None, keepdim=False: lang.max(x, axes(dim), keepdim),
    "amin": lambda x, dim=None, keepdim=False: lang.min(x, axes(dim), keepdim),
    "max": _extreme("max"),
    "min": _extreme("min"),
    "logsumexp": lambda x, dim, keepdim=False: lang.logsumexp(x, axes(dim), keepdim),
    "softmax": lambda x, dim, dtype=None: lang.softmax(x, dim),
    "log_softmax": lambda x, dim, dtype=None: lang.log_softmax(x, dim),
    "dist": lambda x, other, p=2: _norm(x - other, p, None, False),
    "linalg_vector_norm": lambda x, ord=2, dim=None, keepdim=False, dtype=None: _norm(x, ord, dim, keepdim),
    "cumsum": lambda x, dim, dtype=None: lang.cumsum(x, dim),
    "cumprod": lambda x, dim, dtype=None: lang.cumprod(x, dim),
    "cosine_similarity": _cosine_similarity,
    "trace": lambda x: lang.trace(x),
    "inverse": lambda x: lang.inverse(x),
    "linalg_inv": lambda A: lang.inverse(A),
    "det": lambda x: lang.det(x),
    "linalg_det": lambda A: lang.det(A),
}
