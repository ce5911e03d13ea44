"""Entries that are written to positions along one axis, as torch.scatter and ONNX's ScatterElements have it."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.choices import INFINITE
from symbackprop.core.program import Sum, same_size, shape_text
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import placed, replaced
from symbackprop.language.tensors import LanguageError, Tensor, arange, as_tensor, is_integer, label, number_of
from symbackprop.language.tensors.parts import source_of

WHOLE = slice(None)


def positions(index: Any, extent: Expr) -> Any:
    """Positions on an axis of that size: whole numbers by their type in the model, also where they are computed of others."""
    if not isinstance(index, Tensor) or is_integer(index) or (not index.ndim and number_of(index) is not None):
        return index
    index = TABLE["identity"](index) if index.is_input else from_the_end(index, extent)
    index.below = extent
    return index


def from_the_end(index: Tensor, extent: Expr) -> Tensor:
    """Positions that are computed of whole numbers and fall below 0 for some, l - 1: those are counted from the end."""
    return ops.where(index < 0, index + extent, index) if _falls_below(index) else index


def _falls_below(index: Tensor) -> bool:
    """Whether a sum of whole numbers that are given, from 0 on, takes some off: it may be less than 0."""
    if not isinstance(index.op, Sum) or index.op.over:
        return False
    body: Any = sp.expand(index.op.body)
    operands: dict[Any, Tensor] = dict(zip(index.op.slots, (o for o, _ in index.operands), strict=True))
    if body in operands:
        return _falls_below(operands[body])  # a part of it, or with axes of its own
    slopes = {slot: body.coeff(slot) for slot in operands}
    rest: Any = sp.expand(body - sum(slope * slot for slot, slope in slopes.items()))
    if not rest.is_Integer or not all(slope.is_Integer for slope in slopes.values()):
        return False
    given = all(one.is_input or ((own := source_of(one)) is not None and own.is_input) for one in operands.values())
    return given and bool(rest < 0 or any(slope < 0 for slope in slopes.values()))


def along(x: Tensor, place: int, index: Tensor) -> tuple[Any, ...]:
    """The index of the entries that stand at positions along one axis: along the others they stand where the positions do.

    index   positions, of the sizes of x or fewer, but along `place`.
    """
    if index.ndim != x.ndim:
        raise LanguageError(
            f"{label(index)} is {shape_text(index.shape)}, {label(x)} is {shape_text(x.shape)}; the positions need as many axes"
        )
    counts = [arange(n)[(WHOLE, *[None] * (index.ndim - 1 - k))] for k, n in enumerate(index.shape)]
    for k, (own, n) in enumerate(zip(index.shape, x.shape, strict=True)):
        if k != place and not same_size(own, n) and not (own.is_Integer and n.is_Integer):
            raise LanguageError(f"the positions have the size {own} along axis {k}, where the tensor has {n}")
    return tuple(index if k == place else where for k, where in enumerate(counts))


def scattered(x: Tensor, place: int, index: Tensor, src: Any, how: str, with_old: bool = True) -> Tensor:
    """x, where what is written to each entry takes its place, or is joined with it.

    place     the axis that the positions are of; `index` as `along` takes it.
    src       what is written: a number, or a tensor of the sizes of the index or more.
    how       "replace": no entry is written twice; "sum", "mean", "max", "min".
    with_old  whether what stood there is joined as well.
    """
    items, new = along(x, place, index), _as_many(src, index)
    if how == "replace":
        return replaced(x, items, new)
    if how in ("max", "min"):
        return _extreme(how, x, place, index, new, with_old)
    total = placed(new, items, x.shape)
    if how == "sum" and with_old:
        return x + total
    count = placed(None, items, x.shape)
    if how == "sum":
        return ops.where(count > 0, total, x)
    return (x + total) / (count + 1) if with_old else ops.where(count > 0, total / TABLE["maximum"](count, 1), x)


def joined(x: Tensor, key: Tensor, new: Tensor, how: str) -> Tensor:
    """x, where rows are joined with all that is written to them, by "max" or "min".

    key   the positions of the rows, which may come again.
    """
    rows = key[(WHOLE, *[None] * (x.ndim - 1))] + ops.zeros(new.shape) if x.ndim > 1 else TABLE["identity"](key)
    rows.below = x.shape[0]
    found = scattered(x, 0, rows, new, how)
    found.conditions = *found.conditions, *x[key].conditions  # where the positions stay, which a comparison does not say
    return found


def filled(x: Tensor, items: tuple[Any, ...], value: Any) -> Tensor:
    """x, with a number at the entries of an index, which may name one more than once."""
    return ops.where(placed(None, items, x.shape) > 0, value, x)


def _as_many(src: Any, index: Tensor) -> Tensor:
    """The entries that are written: as many as there are positions."""
    src = as_tensor(src)
    if not src.ndim:
        return ops.full(index.shape, src)
    sizes = [(n, same_size(n, own)) for n, own in zip(index.shape, src.shape, strict=True)]
    return src if all(same for _, same in sizes) else src[tuple(WHOLE if same else slice(None, n) for n, same in sizes)]


def _extreme(how: str, x: Tensor, place: int, index: Tensor, new: Tensor, with_old: bool) -> Tensor:
    """The largest or smallest of what is written to each entry; where nothing is, the entry itself."""
    if any(not same_size(own, n) for k, (own, n) in enumerate(zip(index.shape, x.shape, strict=True)) if k != place):
        raise LanguageError(f"the {how} at fewer positions than there are entries is not in the language")
    inner = (*[WHOLE] * place, WHOLE, None)  # an axis for the entries of x behind that of the positions
    target = arange(x.shape[place])[(WHOLE, *[None] * (x.ndim - 1 - place))]
    far, reduced, joined = (-INFINITE, ops.max, "maximum") if how == "max" else (INFINITE, ops.min, "minimum")
    found = reduced(ops.where(index[inner] == target, new[inner], far), place)
    return TABLE[joined](x, found) if with_old else ops.where(placed(None, along(x, place, index), x.shape) > 0, found, x)
