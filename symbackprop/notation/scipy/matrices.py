"""scipy.linalg and scipy.signal, with SciPy's defaults where they are not NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.core.functions import iverson
from symbackprop.core.program import Matrix, Sum, position, shape_text
from symbackprop.language import operations as op
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label
from symbackprop.notation import composed
from symbackprop.notation.composed import svd
from symbackprop.notation.composed.shapes import with_axes


def cholesky(a: Any, lower: bool = False) -> Tensor:
    """R, upper triangular with R^T R = a; its transpose where `lower`."""
    return op.cholesky(a, upper=not lower)


def cho_factor(a: Any, lower: bool = False) -> tuple[Tensor, bool]:
    """The factor that `cho_solve` takes, and whether it is the lower one."""
    return cholesky(a, lower), lower


def cho_solve(c_and_lower: Any, b: Any) -> Tensor:
    """x with a x = b, where the pair holds a factor of a, and whether it is the lower one."""
    c, lower = c_and_lower
    L = _triangle(c, lower) if lower else _transposed(_triangle(c, lower))
    return op.solve(_transposed(L), op.solve(L, b))


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Tensor:
    """x with T x = b, T the upper triangle of a, or the lower one; its transpose where `trans` says so."""
    T = _triangle(a, lower)
    if unit_diagonal:
        T = (op.tril(a, -1) if lower else op.triu(a, 1)) + op.eye(as_tensor(a).shape[-1])
    return op.solve(T if trans in (0, "N") else _transposed(T), b)


def _triangle(a: Any, lower: bool) -> Tensor:
    """One triangle of a matrix; a factor that is one stands as it is."""
    a = as_tensor(a)
    return a if _is_triangle(a, lower) else op.tril(a) if lower else op.triu(a)


def _is_triangle(a: Tensor, lower: bool) -> bool:
    """Whether a tensor is a Cholesky factor, or the transpose of one, with that triangle."""
    while isinstance(a.op, Sum) and a.op.body in a.op.slots and len(a.operands) == 1 and not a.op.over:
        inner, index = a.operands[0]
        if sorted(index) != sorted(a.index):
            return False
        lower = lower == (index[-1:] == a.index[-1:])
        a = inner
    return isinstance(a.op, Matrix) and a.op.kind == "cholesky" and lower


def _transposed(x: Tensor) -> Tensor:
    """The transpose of each matrix of a stack."""
    return op.swapaxes(x, -1, -2)


def solve(a: Any, b: Any, lower: bool = False, assume_a: str = "gen", transposed: bool = False) -> Tensor:
    """x with a x = b; with a^T where `transposed`. What is assumed of a is taken to hold."""
    if assume_a not in ("gen", "general", "sym", "symmetric", "her", "hermitian", "pos", "positive definite"):
        raise LanguageError(f"solve: assume_a={assume_a!r} is not in the language; leave it out")
    return op.solve(_transposed(as_tensor(a)) if transposed else a, b)


def eigh(a: Any, lower: bool = True, eigvals_only: bool = False) -> Any:
    """The eigenvalues and eigenvectors of a symmetric matrix; the eigenvalues alone where `eigvals_only`."""
    return op.eigvalsh(a) if eigvals_only else op.eigh(a)


def eigvalsh(a: Any, lower: bool = True) -> Tensor:
    """The eigenvalues of a symmetric matrix, the least first."""
    return op.eigvalsh(a)


def qr(a: Any, mode: str = "full") -> Any:
    """Q, R with a = Q R; "full" is refused unless a is square, since the further columns are any."""
    a = as_tensor(a)
    if mode == "full" and a.shape[-1] != a.shape[-2]:
        raise LanguageError(f'qr: {label(a)} is {shape_text(a.shape)}, and further columns may be any; write mode="economic"')
    if mode not in ("full", "economic"):
        raise LanguageError(f'qr: mode must be "full" or "economic", not {mode!r}')
    return op.qr(a)


def pinv(a: Any) -> Tensor:
    """The pseudoinverse of a matrix of full rank."""
    return op.pinv(a)


def lstsq(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    """x, which makes |a x - b|^2 least, and these least squares."""
    return composed.lstsq(a, b)


def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The norm of a vector or a matrix, as np.linalg.norm."""
    return op.norm(a, ord, axis, keepdims)


def block_diag(*arrs: Any) -> Tensor:
    """Y, the matrices along the diagonal, 0 elsewhere; a vector is one row."""
    parts = [with_axes(a, 2) for a in arrs]
    if any(part.ndim > 2 for part in parts):
        raise LanguageError("block_diag: it takes matrices")
    before = after = sp.Integer(0)
    total = sp.expand(sum((part.shape[1] for part in parts), sp.Integer(0)))
    rows = []
    for part in parts:
        after = sp.expand(total - before - part.shape[1])
        rows.append(op.pad(part, ((0, 0), (before, after))))
        before = sp.expand(before + part.shape[1])
    return op.concatenate(rows, 0) if len(rows) > 1 else rows[0]


def toeplitz(c: Any, r: Any = None) -> Tensor:
    """T[i j] = c[i - j] on and below the diagonal, r[j - i] above it; r is c where it is not given."""
    c = op.ravel(c)
    r = c if r is None else op.ravel(r)
    n, m = c.shape[0], r.shape[0]
    values = op.concatenate([op.flip(r[1:]), c], 0)
    at = sp.Eq(position("k"), m - 1 + position("i") - position("j"), evaluate=False)
    sizes = {"i": n, "j": m, "k": values.shape[0]}
    return builder.product([(values, ("k",))], ("i", "j"), sizes, iverson(at))


def circulant(c: Any) -> Tensor:
    """C[i j] = c[i - j], counted around."""
    c = op.ravel(c)
    return toeplitz(c, op.concatenate([c[:1], op.flip(c[1:])], 0))


LINALG: dict[str, Callable[..., Any]] = {
    **{
        f.__name__: f
        for f in (
            cholesky, cho_factor, cho_solve, solve_triangular, solve, eigh, eigvalsh, qr, pinv, lstsq, norm, block_diag,
            toeplitz, circulant,
        )
    },
    "inv": op.inv, "svd": svd, "det": op.det, "svdvals": op.svdvals, "expm": op.expm, "sqrtm": op.sqrtm, "logm": op.logm,
    "pinvh": pinv, "tril": op.tril, "triu": op.triu,
}  # fmt: skip
"""scipy.linalg, by name."""


def convolve(in1: Any, in2: Any, mode: str = "full") -> Tensor:
    """The convolution of two vectors or two matrices."""
    return _of_axes("convolve", in1, in2, mode)


def correlate(in1: Any, in2: Any, mode: str = "full") -> Tensor:
    """The correlation of two vectors or two matrices."""
    return _of_axes("correlate", in1, in2, mode)


def _of_axes(word: str, a: Any, b: Any, mode: str) -> Tensor:
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 2:  # correlate2d of SciPy has another middle for even kernels
        return op.convolve2d(a, op.flip(b) if word == "correlate" else b, mode)
    return getattr(op, word)(a, b, mode)


SIGNAL: dict[str, Callable[..., Any]] = {
    "convolve": convolve, "fftconvolve": convolve, "oaconvolve": convolve, "correlate": correlate,
    "convolve2d": op.convolve2d, "correlate2d": op.correlate2d,
}  # fmt: skip
"""scipy.signal, by name."""
