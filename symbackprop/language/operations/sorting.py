"""Entries in order: sort, the positions that sort, the largest few, the middle one; each derivative goes by the permutation.

An entry's rank counts the entries before it, equal ones in their order, as in a stable sort:

    rank[i] = sum_j 1[x[j] < x[i] or (x[j] = x[i] and j < i)],   order[p] = sum_i i 1[rank[i] = p],   y[p] = x[order[p]]

so that dL/dx[i] is dL/dy of where x[i] went. Ranks are flat. They cost n x n numbers for n entries.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.errors import shown
from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, slot
from symbackprop.language import tensors as builder
from symbackprop.language.operations.order import take_along_axis, whole
from symbackprop.language.operations.shapes import expand_dims, ravel
from symbackprop.language.operations.values import Value, setting
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, letters


def argsort(x: Value, axis: int | None = -1, descending: bool = False) -> Tensor:
    """order[p] = the position of the p-th smallest entry (the p-th largest, if `descending`); equal entries stay in their order.

    Returns positions of the shape of x, or a vector where `axis` is None. Raises LanguageError for an axis that x lacks.
    """
    x, place = _along("argsort", x, axis)
    rank, own = _rank(x, place, descending), letters(x.ndim)
    index = (*own[:place], "p", *own[place + 1 :])
    body = position(own[place]) * iverson(sp.Eq(slot(0), position("p"), evaluate=False))
    op = Sum(body, (slot(0),), ((own[place], x.shape[place]),))
    return _positions(Tensor(x.shape, op, ((rank, own),), index).called("order"), x.shape[place])


def sort(x: Value, axis: int | None = -1, descending: bool = False) -> Tensor:
    """y[p] = the p-th smallest entry along `axis` (the p-th largest, if `descending`); of all entries where it is None."""
    x, place = _along("sort", x, axis)
    return take_along_axis(x, argsort(x, place, descending), place)


def topk(x: Value, k: int, axis: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
    """y, p with y = x[p]: the k largest entries on `axis`, the largest first, and their positions; the smallest if not `largest`.

    Raises LanguageError for a k that does not fit, or an axis that x lacks.
    """
    x, place = _along("topk", x, axis)
    order = argsort(x, place, largest)
    first = _positions(order[(*[slice(None)] * place, slice(None, whole("topk", "k", k, 1)))], x.shape[place])
    return take_along_axis(x, first, place), first


def argmax(x: Value, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """y = the position of the largest entry along `axis`, the first of equal ones; of all entries, row by row, where it is None."""
    return _first("argmax", x, axis, keepdims, True)


def argmin(x: Value, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """y = the position of the smallest entry along `axis`; otherwise like `argmax`."""
    return _first("argmin", x, axis, keepdims, False)


def median(x: Value, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """y = the entry in the middle of the order along `axis`, the mean of the two where their number is even."""
    return _between("median", x, axis, keepdims, lambda n: (sp.floor((n - 1) / 2), sp.floor(n / 2), sp.S.Half))


def quantile(x: Value, q: float, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """y = the entry at (n - 1) q in the order along `axis`, between two entries linearly, as in NumPy; q is from 0 to 1.

    Raises LanguageError for another q, or an axis that x lacks.
    """
    share = builder.as_number(setting("quantile", "q", q, 0, low_fits=True))
    if not share.is_number or (share - 1).is_positive:
        raise LanguageError(f"quantile: q must be a number from 0 to 1, not {shown(q)}")
    return _between(
        "quantile", x, axis, keepdims,
        lambda n: (sp.floor((n - 1) * share), -sp.floor(-(n - 1) * share), (n - 1) * share - sp.floor((n - 1) * share)),
    )  # fmt: skip


def percentile(x: Value, q: float, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """y = quantile(x, q / 100)."""
    return quantile(x, builder.as_number(setting("percentile", "q", q, 0, low_fits=True)) / 100, axis, keepdims)  # type: ignore[arg-type]


def _along(what: str, x: Value, axis: int | None) -> tuple[Tensor, int]:
    x = as_tensor(x)
    if not x.ndim:
        raise LanguageError(f"{what}: {label(x)} is a scalar; it needs an axis to run along")
    if axis is None:
        return ravel(x), 0
    return x, builder.normal_axis(what, x, axis)


def _rank(x: Tensor, place: int, descending: bool) -> Tensor:
    """How many entries stand before each entry in the order along an axis."""
    own = letters(x.ndim)
    other = (*own[:place], "r", *own[place + 1 :])
    before: Any = (sp.Gt if descending else sp.Lt)(slot(0), slot(1))
    earlier: Any = sp.Lt(position("r"), position(own[place]), evaluate=False)
    equal: Any = sp.Eq(slot(0), slot(1))
    test: Any = sp.Or(before, sp.And(equal, earlier))
    op = Sum(iverson(test), (slot(0), slot(1)), (("r", x.shape[place]),))
    return _positions(Tensor(x.shape, op, ((x, other), (x, own)), own).called("rank"), x.shape[place])


def _first(what: str, x: Value, axis: int | None, keepdims: bool, largest: bool) -> Tensor:
    x = as_tensor(x)
    flat, place = _along(what, x, axis)
    rank, own = _rank(flat, place, largest), letters(flat.ndim)
    body = position(own[place]) * iverson(sp.Eq(slot(0), 0, evaluate=False))
    index = (*own[:place], *own[place + 1 :])
    op = Sum(body, (slot(0),), ((own[place], flat.shape[place]),))
    found = Tensor((*flat.shape[:place], *flat.shape[place + 1 :]), op, ((rank, own),), index)
    return _positions(_kept(found, x, axis, place) if keepdims else found, flat.shape[place])


def _between(what: str, x: Value, axis: int | None, keepdims: bool, where: Any) -> Tensor:
    """The entries at two places of the order, mixed; `where` gives the places and the share of the second."""
    x = as_tensor(x)
    flat, place = _along(what, x, axis)
    ordered = sort(flat, place)
    low, high, share = where(flat.shape[place])
    first, second = (ordered[(*[slice(None)] * place, at)] for at in (low, high))
    found = first if low == high or share == 0 else (1 - share) * first + share * second
    return _kept(found, x, axis, place) if keepdims else found


def _kept(found: Tensor, x: Tensor, axis: int | None, place: int) -> Tensor:
    """The result with an axis of size 1 for each that went."""
    for k in range(x.ndim) if axis is None else (place,):
        found = expand_dims(found, k)
    return found


def _positions(x: Tensor, extent: Expr) -> Tensor:
    """The tensor, known to hold whole numbers below a size."""
    x.below = extent
    return x
