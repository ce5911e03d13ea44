"""Norms of vectors and matrices, by NumPy's words: what NumPy means, or a refusal."""

from __future__ import annotations

import math
from functools import reduce

import sympy as sp

from symbackprop.core.errors import shown
from symbackprop.core.program import shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.operations.elementwise import sqrt
from symbackprop.language.operations.factors import svdvals
from symbackprop.language.operations.linear_algebra import inverse
from symbackprop.language.operations.reductions import max, min, sum
from symbackprop.language.operations.shapes import expand_dims, transpose
from symbackprop.language.operations.values import Axis, Value
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, label

Order = int | float | str


def norm(x: Value, ord: Order | None = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """y = sqrt(sum_i x[i]^2), of all entries or along one or two axes; with `ord`, the norm that NumPy means by it.

    ord   of a vector (x has one axis, or `axis` is one): 2, 1, inf (the largest |x[i]|), -inf (the smallest), another number p
          for (sum_i |x[i]|^p)^(1/p). Of a matrix: "fro", 1 (the largest sum of |x| in a column), -1 (the smallest), inf and -inf
          (the same of the rows), 2 (the largest singular value), -2 (the smallest), "nuc" (the sum of all).
    Raises LanguageError for 0, which counts, and for what NumPy lacks.
    """
    x = as_tensor(x)
    axes = builder.normal_axes("norm", x, axis)
    if ord is None:
        return sqrt(sum(x**2, axes, keepdims))
    told = ord.is_comparable or ord.is_infinite if isinstance(ord, sp.Expr) else isinstance(ord, str | int | float)
    if not told or ord != ord:
        raise LanguageError(f"norm: ord must be a number or 'fro', not {shown(ord)}; write norm({label(x)}, 2), say")
    match len(axes):
        case 1:
            return over_entries(x, ord, axes, keepdims)
        case 2:
            return _of_matrices(x, ord, (axes[0], axes[1]), keepdims)
    raise LanguageError(
        f"norm: ord={shown(ord)} is a norm of vectors and matrices, {label(x)} is {shape_text(x.shape)}; name one or two axes, or "
        f"write norm({label(x)}), the root of the sum of all squares"
    )


def cond(A: Value, p: Order | None = None) -> Tensor:
    """y = |A| |A^-1| by the norm p: by default the largest singular value divided by the smallest, -2 the smallest by the largest.

    A   (..., m, n) for these two, (..., n, n) for the other norms of a matrix. Raises LanguageError as `norm` does.
    """
    A = as_tensor(A)
    if p in (None, 2, -2):
        s = svdvals(A)
        return s[..., 0] / s[..., -1] if p != -2 else s[..., -1] / s[..., 0]
    return norm(A, p, (-2, -1)) * norm(inverse(A), p, (-2, -1))


def over_entries(x: Tensor, ord: Order, axes: tuple[int, ...], keepdims: bool = False) -> Tensor:
    """The norm of what stands along axes, as those of one vector."""
    magnitude = builder.apply("abs", x)
    if ord == 2:
        return sqrt(sum(x**2, axes, keepdims))
    if ord == 1:
        return sum(magnitude, axes, keepdims)
    if isinstance(ord, str):
        raise LanguageError(f"norm: ord={shown(ord)} is no norm of a vector; write norm({label(x)}), or a number as ord")
    if ord == 0:
        raise LanguageError(
            f"norm: ord=0 counts the entries that are not 0, which is flat; write sum(where({label(x)} == 0, 0, 1)) for the count"
        )
    if math.isinf(ord):
        return (max if ord > 0 else min)(magnitude, axes, keepdims)
    p = as_number(ord)
    return sum(magnitude**p, axes, keepdims) ** (1 / p)


def _of_matrices(x: Tensor, ord: Order, axes: tuple[int, int], keepdims: bool) -> Tensor:
    if ord == "fro":
        return sqrt(sum(x**2, axes, keepdims))
    name = label(x)
    if ord in (2, -2, "nuc"):
        s = svdvals(transpose(x, (*(a for a in range(x.ndim) if a not in axes), *axes)))
        y = s[..., 0] if ord == 2 else s[..., -1] if ord == -2 else sum(s, -1)
        return reduce(expand_dims, sorted(axes), y) if keepdims else y
    if isinstance(ord, str) or not (abs(ord) == 1 or math.isinf(ord)):
        raise LanguageError(
            f"norm: NumPy has no norm ord={shown(ord)} of a matrix; write norm({name}, 'fro'), "
            f"or ord=1 for the largest sum of a column"
        )
    rows, columns = axes
    summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = sum(builder.apply("abs", x), summed, keepdims=True)
    extreme = (max if ord > 0 else min)(sums, kept, keepdims=True)
    return extreme if keepdims else builder.total(extreme, axes)
