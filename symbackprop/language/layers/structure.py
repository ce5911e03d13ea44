"""Layers that only move entries: flatten, split an axis in two, merge two into one, look up rows, drop entries."""

from __future__ import annotations

import sympy as sp

from symbackprop.core.functions import iverson
from symbackprop.core.program import position
from symbackprop.language import tensors as builder
from symbackprop.language.layers.arguments import Value, part, tensor, whole
from symbackprop.language.operations import reshape
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, letters, normal_axis, product
from symbackprop.language.tensors.indexing import is_integer


def flatten_features(x: Value, axis: int = 1) -> Tensor:
    """y[n p] = x[n c i j] with p = (c H + i) W + j: the axes from `axis` on as one, row by row.

    x   (N, C, H, W), or any other axes.
    Returns (N, C H W). Raises LanguageError for an axis that x lacks.
    """
    x = as_tensor(x)
    first = normal_axis("flatten_features", x, axis)
    return reshape(x, (*x.shape[:first], sp.expand(sp.Mul(*x.shape[first:]))))


def split_axis(x: Value, axis: int, count: int) -> Tensor:
    """y[... g k ...] = sum_c x[... c ...] 1[c = g m + k]: an axis as two, `count` parts of m entries.

    x       any shape; `count` divides the size of `axis`.
    Returns the shape of x with (count, m) in the place of the axis. Raises LanguageError where `count` does not divide.
    """
    x = as_tensor(x)
    place = normal_axis("split_axis", x, axis)
    count = whole("split_axis", "count", count, 1)
    size = part("split_axis", x, place, count)
    own = letters(x.ndim)
    index = (*own[:place], "g", "k", *own[place + 1 :])
    sizes = dict(zip(own, x.shape, strict=True)) | {"g": sp.Integer(count), "k": size}
    guard = sp.Eq(position(own[place]), size * position("g") + position("k"), evaluate=False)
    return product([(x, own)], index, sizes, iverson(guard))


def merge_axes(x: Value, axis: int) -> Tensor:
    """y[... c ...] = sum_{g k} x[... g k ...] 1[c = g m + k]: the axes `axis` and `axis` + 1 as one, row by row.

    Returns the shape of x with the product of the two sizes in their place. Raises LanguageError where there is no next axis.
    """
    x = as_tensor(x)
    place = normal_axis("merge_axes", x, axis)
    if place + 1 == x.ndim:
        raise LanguageError(f"merge_axes: axis {axis} is the last axis of {label(x)}; it merges with the next one")
    own = letters(x.ndim)
    index = (*own[:place], "c", *own[place + 2 :])
    g, m = own[place], x.shape[place + 1]
    sizes = dict(zip(own, x.shape, strict=True)) | {"c": sp.expand(x.shape[place] * m)}
    guard = sp.Eq(position("c"), m * position(g) + position(own[place + 1]), evaluate=False)
    return product([(x, own)], index, sizes, iverson(guard))


def embed(t: Value, E: Value) -> Tensor:
    """y[n k] = sum_v E[v k] 1[v = t[n]]: the row of E that each entry of t names.

    t   integers below v, of any shape.
    E   (v, d): a row for each.
    Returns the shape of t with d behind. Raises LanguageError where t holds no integers, or integers beyond v.
    Source: Bengio et al. 2003.
    """
    t, E = as_tensor(t), tensor("embed", E, "v d")
    if not is_integer(t):
        raise LanguageError(f"embed: {label(t)} holds no integers; declare it as integers[n, {E.shape[0]}]")
    return E[t]


def dropout(x: Value, mask: Value, rate: float = 0) -> Tensor:
    """y = x mask / (1 - rate): what the mask keeps, scaled so that its expectation is x.

    x      any shape.
    mask   0 or 1, of a shape that broadcasts with x: declare it as data with the domain binary.
    rate   the share that is dropped, from 0 to below 1.
    Returns the shape of x. Raises LanguageError for another rate. Source: Srivastava et al. 2014.
    """
    share = builder.as_number(rate)
    if not (share >= 0) or not (share < 1):
        raise LanguageError(f"dropout: the rate is the share that is dropped, from 0 to below 1, not {rate}")
    return builder.elementwise("dropout", lambda a, b: a * b / (1 - share), x, mask)
