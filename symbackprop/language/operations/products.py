"""Products of vectors and matrices, traces and diagonals."""

from __future__ import annotations

import sympy as sp

from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, same_size, shape_text, slot
from symbackprop.language import tensors as builder
from symbackprop.language.operations.shapes import ravel, stack
from symbackprop.language.operations.values import Value
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label


def matmul(a: Value, b: Value) -> Tensor:
    """y = a @ b: y[i j] = sum_k a[i k] b[k j]; vectors and stacks of matrices as in NumPy.

    Raises LanguageError where the inner sizes differ.
    """
    return builder.matmul(as_tensor(a), as_tensor(b))


def dot(a: Value, b: Value) -> Tensor:
    """y = sum_k a[... k] b[... k (j)]: the inner product of vectors, the product of matrices, a * b for a scalar."""
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        return a * b
    if a.ndim <= 2 and b.ndim <= 2:
        return builder.matmul(a, b)
    raise LanguageError(
        f"dot: {label(a)} is {shape_text(a.shape)}, {label(b)} is {shape_text(b.shape)}; write @ or einsum for stacks"
    )


def inner(a: Value, b: Value) -> Tensor:
    """y = sum_k a[k] b[k], the inner product of two vectors."""
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim != 1 or b.ndim != 1:
        raise LanguageError(
            f"inner: {label(a)} is {shape_text(a.shape)}, {label(b)} is {shape_text(b.shape)}; both must be vectors"
        )
    return builder.matmul(a, b)


def outer(a: Value, b: Value) -> Tensor:
    """y[i j] = a[i] b[j] of two vectors; of other tensors, of their entries row by row, as in NumPy."""
    return builder.contract("i,j->ij", ravel(a), ravel(b))


def cross(a: Value, b: Value) -> Tensor:
    """y = (a_2 b_3 - a_3 b_2, a_3 b_1 - a_1 b_3, a_1 b_2 - a_2 b_1) along the last axis, whose size is 3.

    Raises LanguageError for other sizes.
    """
    a, b = as_tensor(a), as_tensor(b)
    for x in (a, b):
        if not x.ndim or x.shape[-1] != 3:
            raise LanguageError(f"cross: {label(x)} is {shape_text(x.shape)}; its last axis must have the size 3")
    (p, q, r), (u, v, w) = ([x[..., k] for k in range(3)] for x in (a, b))
    return stack([q * w - r * v, r * u - p * w, p * v - q * u], -1)


def einsum(pattern: str, *operands: Value) -> Tensor:
    """y = the product of the operands, summed over the letters that the result lacks: einsum("ij,jk->ik", A, B).

    Raises LanguageError where the pattern does not fit the shapes.
    """
    return builder.contract(pattern, *map(as_tensor, operands))


def trace(x: Value) -> Tensor:
    """y = sum_i x[i i] of a square matrix."""
    return builder.contract("ii->", _square("trace", x))


def diag(x: Value) -> Tensor:
    """y[i j] = x[i] 1[i = j] of a vector, or y[i] = x[i i] of a square matrix."""
    x = as_tensor(x)
    if x.ndim == 1:
        guard = iverson(sp.Eq(position("0"), position("1"), evaluate=False))
        return Tensor(x.shape * 2, Sum(slot(0) * guard, (slot(0),)), ((x, ("0",)),), ("0", "1"))
    return builder.contract("ii->i", _square("diag", x))


diagonal = diag


def _square(what: str, x: Value) -> Tensor:
    x = as_tensor(x)
    if x.ndim != 2 or not same_size(*x.shape):
        raise LanguageError(f"{what}: {label(x)} is {shape_text(x.shape)}, not a square matrix")
    return x
