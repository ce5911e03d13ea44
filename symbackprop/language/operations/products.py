"""Products of vectors and matrices, traces and diagonals."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.crossed import THREE, turn
from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, same_size, shape_text, slot
from symbackprop.language import tensors as builder
from symbackprop.language.operations.shapes import ravel
from symbackprop.language.operations.values import Value, number
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label


def matmul(a: Value, b: Value) -> Tensor:
    """y = a @ b: y[i j] = sum_k a[i k] b[k j]; vectors and stacks of matrices as in NumPy.

    Raises LanguageError where the inner sizes differ.
    """
    return builder.matmul(as_tensor(a), as_tensor(b))


def dot(a: Value, b: Value) -> Tensor:
    """y[i j l] = sum_k a[i k] b[j k l], the last axis of a with the last but one of b, as in NumPy; a * b for a scalar."""
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        return a * b
    return builder.matmul(a, b) if b.ndim <= 2 else tensordot(a, b, (-1, -2))


def inner(a: Value, b: Value) -> Tensor:
    """y[i j] = sum_k a[i k] b[j k], over the last axis of both, as in NumPy; of a number, the product.

    Raises LanguageError where the sizes of these axes differ.
    """
    a, b = as_tensor(a), as_tensor(b)
    return tensordot(a, b, (-1, -1)) if a.ndim and b.ndim else a * b


def vdot(a: Value, b: Value) -> Tensor:
    """y = sum of a[i] b[i] over all entries, row by row; of real numbers, as here, nothing is conjugated."""
    return builder.matmul(ravel(a), ravel(b))


def tensordot(a: Value, b: Value, axes: Any = 2) -> Tensor:
    """y = sum of a b over pairs of axes: the last `axes` of a with the first of b, or axes=(of a, of b), each one or several.

    Raises LanguageError for axes that there are not, or whose sizes differ.
    """
    a, b = as_tensor(a), as_tensor(b)
    if isinstance(axes, int) and not isinstance(axes, bool):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise LanguageError(f"tensordot: axes={axes}, {label(a)} has {a.ndim} axes, {label(b)} has {b.ndim}")
        axes = (tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes)))
    if not isinstance(axes, tuple | list) or len(axes) != 2:
        raise LanguageError("tensordot: axes is a whole number, or (axes of the first, axes of the second)")
    pairs = [(one,) if isinstance(one, int) else tuple(one) for one in axes]
    left, right = (builder.normal_axes("tensordot", x, chosen) for x, chosen in zip((a, b), pairs, strict=True))
    if len(left) != len(right):
        raise LanguageError(f"tensordot: {len(left)} axes of {label(a)} and {len(right)} of {label(b)} make no pairs")
    first, second = [f"a{k}" for k in range(a.ndim)], [f"b{k}" for k in range(b.ndim)]
    for i, j in zip(left, right, strict=True):
        if not same_size(a.shape[i], b.shape[j]):
            raise LanguageError(
                f"tensordot: axis {i} of {label(a)}, which is {shape_text(a.shape)}, and axis {j} of {label(b)}, which is "
                f"{shape_text(b.shape)}, differ in size"
            )
        second[j] = first[i]
    result = (*[c for k, c in enumerate(first) if k not in left], *[c for k, c in enumerate(second) if k not in right])
    sizes = dict(zip(first, a.shape, strict=True)) | dict(zip(second, b.shape, strict=True))
    return builder.product([(a, tuple(first)), (b, tuple(second))], result, sizes)


def outer(a: Value, b: Value) -> Tensor:
    """y[i j] = a[i] b[j] of two vectors; of other tensors, of their entries row by row, as in NumPy."""
    return builder.contract("i,j->ij", ravel(a), ravel(b))


def cross(a: Value, b: Value) -> Tensor:
    """y = a x b = (a_2 b_3 - a_3 b_2, a_3 b_1 - a_1 b_3, a_1 b_2 - a_2 b_1) along the last axis, whose size is 3.

    Raises LanguageError for other sizes.
    """
    a, b = as_tensor(a), as_tensor(b)
    for x in (a, b):
        if not x.ndim or x.shape[-1] != 3:
            raise LanguageError(f"cross: {label(x)} is {shape_text(x.shape)}; its last axis must have the size 3")
    shape, (left, right), ones = builder.broadcast("cross", *(Tensor(x.shape[:-1]) for x in (a, b)))
    n = len(shape) + len(ones)
    i, j, k = builder.letters(3, n)
    op = Sum(slot(0) * slot(1) * turn(i, j, k), (slot(0), slot(1)), (*ones, (j, THREE), (k, THREE)))
    return Tensor((*shape, THREE), op, ((a, (*left, j)), (b, (*right, k))), (*builder.letters(len(shape)), i))


def einsum(pattern: str, *operands: Value) -> Tensor:
    """y = the product of the operands, summed over the letters that the result lacks: einsum("ij,jk->ik", A, B).

    Raises LanguageError where the pattern does not fit the shapes.
    """
    return builder.contract(pattern, *map(as_tensor, operands))


def trace(x: Value, offset: Any = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """y = sum_i x[i i + offset] of a matrix; of matrices along two axes of x, those named."""
    x = as_tensor(x)
    plain = x.ndim == 2 and number(offset) == 0
    return (
        builder.contract("ii->", _corner("trace", x, sp.S.Zero)) if plain else builder.total(diagonal(x, offset, axis1, axis2), -1)
    )


def diag(x: Value, k: Any = 0) -> Tensor:
    """y[i j] = x[i] 1[j = i + k] of a vector, or y[i] = x[i i + k] of a square matrix.

    k   a size or a whole number: above the main diagonal, or below it where it is negative.
    Raises LanguageError for any other k, and for more than two axes.
    """
    x, k = as_tensor(x), number(k)
    if k is None or k.is_integer is False:
        raise LanguageError("diag: k is a whole number of diagonals, as in diag(x, 1)")
    above, below = (sp.S.Zero, -k) if k.could_extract_minus_sign() else (k, sp.S.Zero)
    if x.ndim == 1:
        n = sp.expand(x.shape[0] + above + below)
        at = [sp.Eq(position(p), position("i") + off, evaluate=False) for p, off in (("p", below), ("q", above))]
        return builder.product([(x, ("i",))], ("p", "q"), {"i": x.shape[0], "p": n, "q": n}, iverson(at[0]) * iverson(at[1]))
    if x.ndim != 2:
        raise LanguageError(f"diag: {label(x)} is {shape_text(x.shape)}; it takes a vector or a matrix, diagonal takes more axes")
    return diagonal(x, k)


def diagonal(x: Value, offset: Any = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """y[... i] = x[i i + offset ...], of the matrices along two axes of x; the other axes come first.

    Raises LanguageError for fewer axes, and for a matrix whose sizes do not tell where its diagonal ends.
    """
    x, k = as_tensor(x), number(offset)
    if x.ndim < 2 or k is None or k.is_integer is False:
        raise LanguageError(f"diagonal: {label(x)} is {shape_text(x.shape)}; it takes a matrix, and a whole number of diagonals")
    first, second = builder.normal_axes("diagonal", x, (axis1, axis2))
    others = [a for a in range(x.ndim) if a not in (first, second)]
    x = _corner("diagonal", builder.permute(x, [*others, first, second]), k)
    return builder.contract("...ii->...i" if others else "ii->i", x)


def _corner(what: str, x: Tensor, k: Expr) -> Tensor:
    """The square part of each matrix whose diagonal is the k-th of the whole."""
    rows, columns = x.shape[-2:]
    above, below = (sp.S.Zero, -k) if k.could_extract_minus_sign() else (k, sp.S.Zero)
    if same_size(rows, columns):
        count = rows - above - below
    else:
        ends = rows - below, columns - above
        gap = sp.expand(ends[0] - ends[1])
        if not (gap.is_nonnegative or gap.is_nonpositive):
            raise LanguageError(f"{what}: {label(x)} is {shape_text(x.shape)}, not a square matrix")
        count = ends[1] if gap.is_nonnegative else ends[0]
    if same_size(rows, count) and same_size(columns, count):
        return x
    return x[..., below : below + count, above : above + count]
