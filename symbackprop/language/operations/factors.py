"""Factors of a matrix, and what is made of them: Cholesky, eigenvalues, singular values, QR.

Each takes stacks of matrices as well. A factor is one row of the functions of a matrix.
"""

from __future__ import annotations

from typing import NamedTuple

import sympy as sp

from symbackprop.core.program import shape_text
from symbackprop.language.operations.linear_algebra import function_of, square
from symbackprop.language.operations.shapes import swapaxes
from symbackprop.language.operations.values import Value
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label


def cholesky(X: Value, upper: bool = False) -> Tensor:
    """L, the lower triangular factor with a positive diagonal: L L^T = X, so that dL/dX is that of the symmetric part of X.

    X   (..., n, n), symmetric and positive definite; of another matrix the symmetric part is taken.
    upper   whether it is the transpose L^T.
    Returns (..., n, n). Raises LanguageError where X is not square. Source: Murray 2016; Seeger et al. 2017.
    """
    L = function_of("cholesky", X)
    return swapaxes(L, -1, -2) if upper else L


class Eigen(NamedTuple):
    """Eigenvalues, and their vectors in columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class Singular(NamedTuple):
    """U, s and V^T with A = U diag(s) V^T."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class Orthogonal(NamedTuple):
    """Q and R with A = Q R."""

    Q: Tensor
    R: Tensor


def eigh(X: Value) -> Eigen:
    """w, Q with X Q = Q diag(w) and Q^T Q = 1, so that dL/dX = Q (diag(dL/dw) + F (Q^T dL/dQ)) Q^T with F[i j] = 1/(w[j] - w[i]).

    X   (..., n, n), symmetric; of another matrix the symmetric part is taken. Eigenvectors have a derivative where the eigenvalues
        differ, eigenvalues and symmetric functions of them everywhere.
    Returns the eigenvalues (..., n), the least first, and the eigenvectors (..., n, n), one in each column.
    Raises LanguageError where X is not square. Source: Magnus 1985; Giles 2008, section 3.1.
    """
    X = square("eigh", X)
    return Eigen(function_of("eigenvalues", X), function_of("eigenvectors", X))


def eigvalsh(X: Value) -> Tensor:
    """w, the eigenvalues of the symmetric part of X (..., n, n), the least first: dL/dX = Q diag(dL/dw) Q^T, with `eigh`'s Q.

    Returns (..., n). Raises LanguageError where X is not square.
    """
    return function_of("eigenvalues", square("eigvalsh", X))


def svd(A: Value, full_matrices: bool = True) -> Singular:
    """U, s, V^T with A = U diag(s) V^T, so that dL/dA = U diag(dL/ds) V^T and what comes by the vectors.

    A   (..., m, n); the sizes must tell which is not the smaller, m >= n is a condition of the program where they do not.
    full_matrices   NumPy's default is True, which is refused unless A is square: the further vectors are any.
    Singular vectors have a derivative where the singular values differ and are not 0; values where they are not 0.
    Returns (..., m, k), (..., k) and (..., k, n) with k the smaller of m and n, the largest value first.
    Raises LanguageError for fewer than two axes. Source: Townsend 2016.
    """
    A, wide, room = _sides("svd", A)
    if full_matrices and room != 0:
        raise LanguageError(
            f"svd: {label(A)} is {shape_text(A.shape)}, and vectors beyond the smaller of its sizes may be any; "
            f"write svd({label(A)}, full_matrices=False)"
        )
    X = swapaxes(A, -1, -2) if wide else A
    left, s, right = (_tall(kind, X, room) for kind in ("svd_left", "svdvals", "svd_right"))
    return Singular(right, s, swapaxes(left, -1, -2)) if wide else Singular(left, s, swapaxes(right, -1, -2))


def svdvals(A: Value) -> Tensor:
    """s, the singular values of A, the largest first: dL/dA = U diag(dL/ds) V^T with `svd`'s U and V.

    A   (..., m, n), as `svd` takes it. Returns (..., k) with k the smaller of m and n.
    """
    A, wide, room = _sides("svdvals", A)
    return _tall("svdvals", swapaxes(A, -1, -2) if wide else A, room)


def qr(A: Value, mode: str = "reduced") -> Orthogonal | Tensor:
    """Q, R with A = Q R, Q^T Q = 1 and R upper triangular, with the signs that LAPACK gives them.

    A   (..., m, n) with m >= n, a condition of the program where the sizes are not known; of full rank.
    Returns (..., m, n) and (..., n, n), or R alone where the mode is "r". Raises LanguageError where A has more columns than
    rows, and for another mode.
    Source: Walter and Lehmann 2010.
    """
    A, wide, room = _sides("qr", A)
    if mode not in ("reduced", "r"):
        raise LanguageError(f'qr: mode must be "reduced", not {mode!r}; the columns beyond those of A may be any')
    if wide:
        raise LanguageError(f"qr: {label(A)} is {shape_text(A.shape)}, more columns than rows; write qr({label(A)}.T)")
    R = _tall("qr_r", A, room)
    return R if mode == "r" else Orthogonal(_tall("qr_q", A, room), R)


def _sides(what: str, A: Value) -> tuple[Tensor, bool, sp.Expr]:
    """A matrix, whether it has more columns than rows, and how many more rows it has; in stacks of them as well."""
    A = as_tensor(A)
    if A.ndim < 2:
        raise LanguageError(f"{what}: {label(A)} is {shape_text(A.shape)}; it needs the axes (..., m, n)")
    room = sp.expand(A.shape[-2] - A.shape[-1])
    return A, bool(room.is_negative), room


def _tall(kind: str, X: Tensor, room: sp.Expr) -> Tensor:
    """A row of a matrix with as many rows as columns or more, on the condition that it has."""
    made = function_of(kind, X)
    if not (room.is_nonnegative or room.is_negative):
        made.conditions = (*made.conditions, room)
    return made
