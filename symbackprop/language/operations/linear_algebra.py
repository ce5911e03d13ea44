"""Linear algebra: inverse, determinant, powers of a matrix, Kronecker products, quadratic forms.

Inverse, determinant and powers take stacks of matrices as well. `norm` is with the
reductions; `trace`, `outer` and `diag` are with the products.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, NamedTuple

import sympy as sp

from symbackprop.core.functions import iverson, matrix_function
from symbackprop.core.program import Matrix, position, same_size, shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.operations.creation import eye
from symbackprop.language.operations.shapes import swapaxes
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, letters, matmul, product

Value = Any  # a tensor, or a number


MOST = 1000  # the largest exponent of a matrix


def square(what: str, X: Value) -> Tensor:
    """X, whose last two axes are those of a square matrix. Raises LanguageError where they are not."""
    X = as_tensor(X)
    if X.ndim < 2 or not same_size(X.shape[-1], X.shape[-2]):
        raise LanguageError(f"{what}: {label(X)} is {shape_text(X.shape)}; the last two axes must be those of a square matrix")
    return X


def function_of(kind: str, X: Value) -> Tensor:
    """A row of the functions of a matrix, of the last two axes."""
    row = matrix_function(kind)
    X = as_tensor(X) if row.tall else square(kind, X)
    index = letters(X.ndim)
    return Tensor((*X.shape[:-2], *row.shape(X.shape[-2:])), Matrix(kind), ((X, index),), (*index[:-2], *"rc"[: len(row.axes)]))


def inverse(X: Value) -> Tensor:
    """Y = X^-1, so that dL/dX = -Y^T dL/dY Y^T.

    X   (..., n, n), regular.
    Returns (..., n, n). Raises LanguageError where X is not square. Source: Petersen and Pedersen 2012, equation 59.
    """
    return function_of("inverse", X)


inv = inverse


def det(X: Value) -> Tensor:
    """y = det X, so that dL/dX = dL/dy y X^-T.

    X   (..., n, n), regular where it is differentiated.
    Returns (...). Raises LanguageError where X is not square. Source: Petersen and Pedersen 2012, equation 49.
    """
    return function_of("det", X)


def logdet(X: Value) -> Tensor:
    """y = log |det X|, so that dL/dX = dL/dy X^-T: the sign of the determinant does not matter, as in np.linalg.slogdet(X)[1].

    X   (..., n, n), regular.
    Returns (...). Raises LanguageError where X is not square. Source: Petersen and Pedersen 2012, equation 57.
    """
    return function_of("logdet", X)


class SignAndLog(NamedTuple):
    """The sign of a determinant, and the logarithm of its size."""

    sign: Tensor
    logabsdet: Tensor


def slogdet(X: Value) -> SignAndLog:
    """s, y with det X = s exp(y): the sign of the determinant, and `logdet` of X, which is (..., n, n) and regular."""
    return SignAndLog(2 * (det(X) > 0) - 1, logdet(X))


def expm(X: Value) -> Tensor:
    """Y = exp(X) = sum_k X^k / k!, so that dL/dX = L_exp(X^T, dL/dY), the derivative of exp at X^T along dL/dY.

    X   (..., n, n); `exp` is the function of each entry.
    Returns (..., n, n). Raises LanguageError where X is not square. Source: Higham 2008, chapters 3 and 10.
    """
    return function_of("expm", X)


def sqrtm(X: Value) -> Tensor:
    """Y = X^(1/2), the principal root: Y Y = X, so that G = dL/dX solves Y^T G + G Y^T = dL/dY.

    X   (..., n, n), without eigenvalues on the negative axis or at 0; a matrix that has some is refused at numbers.
    Returns (..., n, n). Raises LanguageError where X is not square. Source: Higham 2008, chapter 6.
    """
    return function_of("sqrtm", X)


def logm(X: Value) -> Tensor:
    """Y = log(X), the principal logarithm: exp(Y) = X, so that dL/dX = L_log(X^T, dL/dY).

    X   (..., n, n), as `sqrtm` takes it.
    Returns (..., n, n). Raises LanguageError where X is not square. Source: Higham 2008, chapter 11.
    """
    return function_of("logm", X)


matrix_exp = expm


def solve(A: Value, b: Value) -> Tensor:
    """x = A^-1 b, the solution of A x = b.

    A   (..., n, n), regular; b (n,) or (..., n, k).
    Returns the shape of b. Raises LanguageError where the sizes differ.
    """
    A, b = square("solve", A), as_tensor(b)
    rows = b.shape[0 if b.ndim == 1 else -2] if b.ndim else None
    if rows is None or not same_size(rows, A.shape[-1]):
        raise LanguageError(
            f"solve: {label(A)} is {shape_text(A.shape)}, {label(b)} is {shape_text(b.shape)}; {label(b)} needs {A.shape[-1]} rows"
        )
    return matmul(inverse(A), b)


def pinv(A: Value) -> Tensor:
    """Y = A^+ = (A^T A)^-1 A^T, the pseudoinverse of a matrix whose columns are independent; that of A^T, turned, where it is wide.

    A   (..., m, n) with m >= n, a condition of the program where the sizes are not known; of full rank. It is computed by
        singular values, so that no digit is lost beyond those that the condition of A costs.
    Returns (..., n, m). Raises LanguageError where A is no matrix. Source: Golub and Pereyra 1973.
    """
    A = as_tensor(A)
    if A.ndim < 2:
        raise LanguageError(f"pinv: {label(A)} is {shape_text(A.shape)}, not a matrix")
    room = sp.expand(A.shape[-2] - A.shape[-1])
    if room.is_negative:
        return swapaxes(function_of("pinv", swapaxes(A, -1, -2)), -1, -2)
    return _where(function_of("pinv", A), room)


def lstsq(A: Value, b: Value) -> tuple[Tensor, Tensor]:
    """x = A^+ b, which makes |A x - b|^2 least, and these least squares, one for each column of b.

    A   (m, n) with m >= n, of full rank; b (m,) or (m, k). Raises LanguageError where the sizes do not fit.
    """
    A, b = as_tensor(A), as_tensor(b)
    if A.ndim != 2:
        raise LanguageError(f"lstsq: {label(A)} is {shape_text(A.shape)}, not a matrix")
    room = sp.expand(A.shape[0] - A.shape[1])
    if room.is_negative:
        shape = shape_text(A.shape)
        raise LanguageError(f"lstsq: {label(A)} is {shape}, more columns than rows; write pinv({label(A)}) @ {label(b)}")
    x = pinv(A) @ b
    return x, builder.total((A @ x - b) ** 2, 0)


def _where(x: Tensor, room: sp.Expr) -> Tensor:
    """The tensor, on the condition that a size is not below another."""
    if not room.is_nonnegative:
        x.conditions = (*x.conditions, room)
    return x


def matrix_power(X: Value, exponent: int) -> Tensor:
    """Y = X X ... X, `exponent` times; X^0 is the identity, X^-k the k-th power of the inverse.

    X   (..., n, n); for an exponent below 0, regular.
    Returns (..., n, n), by squaring. Raises LanguageError where X is not square, or for an exponent that is no whole number.
    """
    X = square("matrix_power", X)
    if isinstance(exponent, bool) or not isinstance(exponent, int | sp.Integer) or abs(exponent) > MOST:
        raise LanguageError(f"matrix_power: the exponent must be a whole number from -{MOST} to {MOST}, not {exponent}")
    if exponent == 0:
        return eye(X.shape[-1]) + 0 * X if X.ndim > 2 else eye(X.shape[-1])
    power, left = inverse(X) if exponent < 0 else X, abs(int(exponent))
    factors = []
    while left:
        if left % 2:
            factors.append(power)
        left //= 2
        power = matmul(power, power)
    return reduce(matmul, factors)


def kron(A: Value, B: Value) -> Tensor:
    """Y[p q] = A[i j] B[k l] with p = i m + k and q = j n + l: the Kronecker product.

    A   a matrix or a vector; B (m, n), or a vector as A is.
    Returns the products of the sizes. Raises LanguageError for other axes.
    """
    A, B = as_tensor(A), as_tensor(B)
    if A.ndim not in (1, 2) or A.ndim != B.ndim:
        raise LanguageError(
            f"kron: {label(A)} is {shape_text(A.shape)}, {label(B)} is {shape_text(B.shape)}; "
            "both must be matrices, or both vectors"
        )
    rows, columns, places = (tuple(f"{c}{k}" for k in range(A.ndim)) for c in "akp")
    sizes = dict(zip(rows, A.shape, strict=True)) | dict(zip(columns, B.shape, strict=True))
    guard = sp.Integer(1)
    for place, a, k in zip(places, rows, columns, strict=True):
        guard *= iverson(sp.Eq(position(place), sizes[k] * position(a) + position(k), evaluate=False))
        sizes[place] = sp.expand(sizes[a] * sizes[k])
    return product([(A, rows), (B, columns)], places, sizes, guard)


def vec(X: Value) -> Tensor:
    """y[p] = X[i j] with p = j m + i: the columns of a matrix (m, n), one below the other.

    Returns (m n,). Raises LanguageError where X is no matrix.
    """
    X = as_tensor(X)
    if X.ndim != 2:
        raise LanguageError(f"vec: {label(X)} is {shape_text(X.shape)}, not a matrix; write ravel for more axes, row by row")
    m, n = X.shape
    guard = sp.Eq(position("p"), m * position("j") + position("i"), evaluate=False)
    return product([(X, ("i", "j"))], ("p",), {"i": m, "j": n, "p": sp.expand(m * n)}, iverson(guard))


def quadratic_form(x: Value, A: Value) -> Tensor:
    """y = x^T A x = sum_{i j} x[i] A[i j] x[j], so that dL/dx = dL/dy (A + A^T) x.

    x   (n,), or (N, n), a vector in each row; A (n, n).
    Returns a scalar, or (N,). Raises LanguageError where the sizes differ.
    """
    x, A = as_tensor(x), square("quadratic_form", A)
    if x.ndim not in (1, 2) or A.ndim != 2 or not same_size(x.shape[-1], A.shape[0]):
        raise LanguageError(
            f"quadratic_form: {label(x)} is {shape_text(x.shape)}, {label(A)} is {shape_text(A.shape)}; "
            "write (n,) or (N, n), and (n, n)"
        )
    pattern = "i,ij,j->" if x.ndim == 1 else "bi,ij,bj->b"
    return builder.contract(pattern, x, A, x)
