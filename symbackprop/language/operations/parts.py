"""Operations along an axis: parts, cumulative sums and products, and the triangles of a matrix."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import Where, iverson
from symbackprop.core.program import Sum, position, shape_text, slot
from symbackprop.language import tensors as builder
from symbackprop.language.operations.shapes import ravel
from symbackprop.language.operations.values import LOWEST
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, letters, number_of, product

Value = Any  # a tensor, or a number


def split(x: Value, parts: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """y_k[i] = x[i + start of part k] along `axis`, as np.split.

    parts   how many equal parts, or the positions at which to cut.
    Returns the parts, in order. Raises LanguageError where the parts are not equal, or a part is empty.
    """
    x = as_tensor(x)
    place = builder.normal_axis("split", x, axis)
    extent = x.shape[place]
    if isinstance(parts, tuple | list):
        cuts = [_size(one) for one in parts]
    else:
        count = _size(parts)
        part = sp.cancel(extent / count) if count.is_Integer and count > 0 else None
        if part is None or sp.denom(sp.together(part)) != 1:
            raise LanguageError(
                f"split: axis {place} of {label(x)} has the size {extent}, which does not split in {parts} equal parts; "
                f"write the positions at which to cut: split({label(x)}, (2, 5), axis={place})"
            )
        cuts = [k * part for k in range(1, int(count))]
    edges = pairwise([None, *cuts, None])
    return tuple(x[(*[slice(None)] * place, slice(first, last))] for first, last in edges)


def _size(value: Any) -> Expr:
    number = number_of(value) if isinstance(value, Tensor) else value
    if isinstance(number, bool) or not isinstance(number, int | Expr):
        raise LanguageError(f"split: {value} is no position; write whole numbers or sizes")
    return number if isinstance(number, Expr) else sp.Integer(number)


def cumsum(x: Value, axis: int | None = None) -> Tensor:
    """y[i] = sum_j x[j] 1[j <= i] along `axis`; over all entries, row by row, where `axis` is None.

    Returns the shape of x, or a vector. Raises LanguageError for an axis that x lacks.
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    place = builder.normal_axis("cumsum", x, axis)
    own = letters(x.ndim)
    index = (*own[:place], "c", *own[place + 1 :])
    sizes = dict(zip(own, x.shape, strict=True)) | {"c": x.shape[place]}
    guard = sp.Le(position(own[place]), position("c"), evaluate=False)
    return product([(x, own)], index, sizes, iverson(guard))


def cumprod(x: Value, axis: int | None = None) -> Tensor:
    """y[i] = x[1] x[2] ... x[i] along `axis`; over all entries, row by row, where `axis` is None.

    As the product of where(j <= i, x[j], 1) over j, so that its derivative is right where entries are zero, as that of `prod` is;
    a gradient costs n x n x n numbers for n entries. Returns the shape of x, or a vector. Raises LanguageError for an axis x lacks.
    """
    return _running("cumprod", "prod", x, axis)


def logcumsumexp(x: Value, axis: int | None = None) -> Tensor:
    """y[i] = log sum_j exp(x[j]) 1[j <= i] along `axis`; over all entries, row by row, where `axis` is None. Never overflows.

    Returns the shape of x, or a vector. Raises LanguageError for an axis that x lacks.
    """
    return _running("logcumsumexp", "logsumexp", x, axis)


def cummax(x: Value, axis: int | None = None) -> Tensor:
    """y[i] = the largest of x[1], ..., x[i] along `axis`; over all entries, row by row, where it is None. Ties share the slope.

    Returns the shape of x, or a vector. Raises LanguageError for an axis that x lacks.
    """
    return _running("cummax", "max", x, axis)


def cummin(x: Value, axis: int | None = None) -> Tensor:
    """y[i] = the smallest of x[1], ..., x[i] along `axis`; otherwise like `cummax`."""
    return _running("cummin", "min", x, axis)


def _running(what: str, kind: str, x: Value, axis: int | None) -> Tensor:
    """The reduction of x[j] over j <= i, for every i; entries beyond i are a number that changes nothing."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    place = builder.normal_axis(what, x, axis)
    own = letters(x.ndim)
    index = (*own[:place], "c", *own[place:])
    nothing = {"prod": sp.S.One, "min": -LOWEST}.get(kind, LOWEST)
    reached = Where(sp.Le(position(own[place]), position("c"), evaluate=False), slot(0), nothing)
    shape = (*x.shape[: place + 1], *x.shape[place:])
    return builder.reduce(kind, Tensor(shape, Sum(reached, (slot(0),)), ((x, own),), index), place + 1)


def tril(x: Value, k: int = 0) -> Tensor:
    """y[... i j] = x[... i j] 1[j <= i + k]: the lower triangle, with the k-th diagonal as its edge."""
    return _triangle("tril", x, k, sp.Le)


def triu(x: Value, k: int = 0) -> Tensor:
    """y[... i j] = x[... i j] 1[j >= i + k]: the upper triangle, with the k-th diagonal as its edge."""
    return _triangle("triu", x, k, sp.Ge)


def _triangle(what: str, x: Value, k: int, relation: Callable[..., Any]) -> Tensor:
    x = as_tensor(x)
    if x.ndim < 2:
        raise LanguageError(f"{what}: {label(x)} is {shape_text(x.shape)}; it needs the axes (..., n, m)")
    index = letters(x.ndim)
    guard = relation(position(index[-1]), position(index[-2]) + k, evaluate=False)
    return Tensor(x.shape, Sum(slot(0) * iverson(guard), (slot(0),)), ((x, index),), index)
