"""Factors and functions of matrices, entries in order, what runs along an axis: torch.linalg, torch.sort and their like."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation.composed.linalg import tensorinv, tensorsolve
from symbackprop.notation.composed.shapes import vander
from symbackprop.notation.models.torch.rows.words import WHOLE, counted, lang, order

_INFO = LanguageError("what says whether a factor was found is read, which has no derivative")
_EMPTY = LanguageError("the Q of a qr with mode r is read, which is empty")
_POSITIONS = "the positions are read, which have no derivative"


def _turned(x: Tensor) -> Tensor:
    return lang.swapaxes(x, -1, -2)


def _solve(A: Tensor, B: Tensor, left: bool = True) -> Tensor:
    return lang.solve(A, B) if left else _turned(lang.solve(_turned(A), _turned(B)))


def _tensorsolve(x: Tensor, other: Tensor, dims: Any = None) -> Tensor:
    if dims is not None:
        raise LanguageError("tensorsolve with dims is not in the language; permute the axes before")
    return tensorsolve(x, other)


def _triangular(x: Tensor, B: Tensor, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """A X = B, or X A = B, with the upper or the lower triangle of x."""
    part, off = (lang.triu, 1) if upper else (lang.tril, -1)
    return _solve(part(x, off) + lang.eye(x.shape[-1]) if unitriangular else part(x), B, left)


def _cholesky_solve(x: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    low = _turned(input2) if upper else input2
    return lang.solve(_turned(low), lang.solve(low, x))


def _cholesky_inverse(x: Tensor, upper: bool = False) -> Tensor:
    back = lang.inverse(x)
    return back @ _turned(back) if upper else _turned(back) @ back


def _svd(A: Tensor, full_matrices: bool = True) -> list[Tensor]:
    return list(lang.svd(A, full_matrices))


def _slogdet(x: Tensor) -> list[Tensor]:
    return [lang.sign(lang.det(x)), lang.logdet(x)]


def _matrix_norm(x: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, dtype: Any = None) -> Tensor:
    return lang.norm(x, order(ord), tuple(dim), keepdim)


def _linalg_norm(x: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    return lang.norm(x, order(ord), tuple(dim) if isinstance(dim, list) else dim, keepdim)


def _diag(x: Tensor, diagonal: int = 0) -> Tensor:
    if diagonal:
        raise LanguageError("diag: the main diagonal of a matrix is in the language, no other")
    return lang.diag(x)


def _diag_embed(x: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    if offset or (dim1, dim2) != (-2, -1):
        raise LanguageError("diag_embed: the main diagonal of the last two axes is in the language, no other")
    return x[..., None, :] * lang.eye(x.shape[-1])


def _cross(x: Tensor, other: Tensor, dim: Any = None) -> Tensor:
    if x.ndim != other.ndim or (dim is not None and dim % x.ndim != x.ndim - 1):
        raise LanguageError("cross: the vectors stand along the last axis in the language")
    return lang.cross(x, other)


def _sort(x: Tensor, dim: int = -1, descending: bool = False, stable: Any = None) -> list[Tensor]:
    order = lang.argsort(x, dim, descending)
    return [lang.take_along_axis(x, order, dim), order]


def _kth(x: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> list[Tensor]:
    """The k-th smallest, counted from 1, and where it stood."""
    place = dim % x.ndim
    found = [part[(*[WHOLE] * place, k - 1)] for part in _sort(x, dim)]
    return [lang.expand_dims(part, place) for part in found] if keepdim else found


def _median(x: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """torch's is the lower of two entries in the middle."""
    if dim is None:
        flat = lang.ravel(x)
        return _kth(flat, (counted("median", flat, 0) + 1) // 2)[0]
    return _kth(x, (counted("median", x, dim) + 1) // 2, dim, keepdim)


def _running(name: str) -> Callable[..., Any]:
    def row(x: Tensor, dim: int) -> Any:
        return [getattr(lang, name)(x, dim), LanguageError(f"{name}: {_POSITIONS}")]

    return row


def _quantile(x: Tensor, q: Any, dim: Any = None, keepdim: bool = False, interpolation: str = "linear") -> Tensor:
    if isinstance(q, Tensor) or interpolation != "linear":
        raise LanguageError("quantile: q is one number, and the interpolation linear, in the language")
    return lang.quantile(x, q, dim, keepdim)


def _aminmax(x: Tensor, dim: Any = None, keepdim: bool = False) -> list[Tensor]:
    return [lang.min(x, dim, keepdim), lang.max(x, dim, keepdim)]


def _diff(x: Tensor, n: int = 1, dim: int = -1) -> Tensor:
    return lang.diff(x, n, dim)


ROWS: dict[str, Callable[..., Any]] = {
    "linalg_cholesky": lambda x, upper=False: lang.cholesky(x, upper),
    "linalg_cholesky_ex": lambda x, upper=False, check_errors=False: [lang.cholesky(x, upper), _INFO],
    "cholesky_solve": _cholesky_solve,
    "cholesky_inverse": _cholesky_inverse,
    "linalg_eigh": lambda x, UPLO="L": list(lang.eigh(x)),
    "linalg_eigvalsh": lambda x, UPLO="L": lang.eigvalsh(x),
    "linalg_svd": _svd,
    "linalg_svdvals": lambda A: lang.svdvals(A),
    "linalg_qr": lambda A, mode="reduced": [_EMPTY, lang.qr(A, mode)] if mode == "r" else list(lang.qr(A, mode)),
    "linalg_slogdet": lambda A: _slogdet(A),
    "slogdet": lambda x: _slogdet(x),
    "logdet": lambda x: lang.logdet(x),
    "linalg_inv_ex": lambda A, check_errors=False: [lang.inverse(A), _INFO],
    "linalg_solve_ex": lambda A, B, left=True, check_errors=False: [_solve(A, B, left), _INFO],
    "linalg_diagonal": lambda A, offset=0, dim1=-2, dim2=-1: lang.diagonal(A, offset, dim1, dim2),
    "linalg_vander": lambda x, N=None: vander(x, N, True),
    "linalg_tensorinv": lambda x, ind=2: tensorinv(x, ind),
    "linalg_tensorsolve": _tensorsolve,
    "linalg_pinv": lambda x: lang.pinv(x),
    "pinverse": lambda x: lang.pinv(x),
    "linalg_solve": _solve,
    "linalg_solve_triangular": _triangular,
    "linalg_matrix_exp": lambda x: lang.expm(x),
    "matrix_exp": lambda x: lang.expm(x),
    "linalg_matrix_power": lambda x, n: lang.matrix_power(x, n),
    "matrix_power": lambda x, n: lang.matrix_power(x, n),
    "linalg_matrix_norm": _matrix_norm,
    "linalg_norm": _linalg_norm,
    "linalg_cond": lambda x, p=None: lang.cond(x, p),
    "linalg_multi_dot": lambda tensors: reduce(lambda a, b: a @ b, tensors),
    "linalg_vecdot": lambda x, y, dim=-1: lang.sum(x * y, dim),
    "linalg_cross": lambda x, other, dim=-1: _cross(x, other, dim),
    "cross": _cross,
    "inner": lambda x, other: lang.inner(x, other),
    "kron": lambda x, other: lang.kron(x, other),
    "diag": _diag,
    "diag_embed": _diag_embed,
    "sort": _sort,
    "msort": lambda x: lang.sort(x, 0),
    "argsort": lambda x, dim=-1, descending=False, stable=None: lang.argsort(x, dim, descending),
    "topk": lambda x, k, dim=-1, largest=True, sorted=True: list(lang.topk(x, k, dim, largest)),
    "kthvalue": _kth,
    "median": _median,
    "quantile": _quantile,
    "argmax": lambda x, dim=None, keepdim=False: lang.argmax(x, dim, keepdim),
    "argmin": lambda x, dim=None, keepdim=False: lang.argmin(x, dim, keepdim),
    "aminmax": _aminmax,
    "cummax": _running("cummax"),
    "cummin": _running("cummin"),
    "logcumsumexp": lambda x, dim: lang.logcumsumexp(x, dim),
    "diff": _diff,
}  # fmt: skip
