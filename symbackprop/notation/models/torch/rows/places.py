"""Entries at positions: read, written, added up there; parts of tensors that are written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symbackprop.core.program import same_size
from symbackprop.language.operations.entries import placed, replaced
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, is_truth, number_of
from symbackprop.notation.models.scattering import along, filled, positions, scattered
from symbackprop.notation.models.torch.rows.words import WHOLE, cut_of, lang


def _items(x: Tensor, indices: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(WHOLE if one is None else positions(one, x.shape[k]) for k, one in enumerate(indices))


def _embedding(weight: Tensor, indices: Tensor, padding_idx: int = -1) -> Tensor:
    """The row of padding is read, and learns nothing."""
    row = number_of(indices)
    if row is not None:  # one row for all, as a type that nobody gave
        rows = lang.broadcast_to(weight[row], (*indices.shape, weight.shape[1])) if indices.ndim else weight[row]
        return lang.stop_gradient(rows) if row == padding_idx else rows
    rows = lang.embed(positions(indices, weight.shape[0]), weight)
    return rows if padding_idx < 0 else lang.where((indices == padding_idx)[..., None], lang.stop_gradient(rows), rows)


def _along(x: Tensor, dim: int, index: Tensor) -> tuple[int, Any]:
    place = dim % x.ndim
    return place, positions(index, x.shape[place])


def _gather(x: Tensor, dim: int, index: Tensor) -> Tensor:
    return x[along(x, *_along(x, dim, index))]


def _index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, alpha: Any = 1) -> Tensor:
    place = dim % x.ndim
    added = placed(source, (*[WHOLE] * place, positions(index, x.shape[place])), x.shape)
    return x + (added if alpha == 1 else alpha * added)


def _index_copy(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    place = dim % x.ndim
    return replaced(x, (*[WHOLE] * place, positions(index, x.shape[place])), source)


def _index_fill(x: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    place = dim % x.ndim
    return filled(x, (*[WHOLE] * place, positions(index, x.shape[place])), value)


def _index_put(x: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Tensor:
    """x[indices] = values, or +=; which of several values stays at an entry torch leaves open."""
    [mask, *more] = [one for one in indices if one is not None]
    if is_truth(mask):
        if more or indices[0] is None or as_tensor(values).ndim:
            raise LanguageError("what is written under a mask is one number here; write torch.where")
        mask = mask[(..., *[None] * (x.ndim - mask.ndim))]
        return lang.where(mask, x + values if accumulate else values, x)
    items = _items(x, indices)
    shape = x[items].shape
    new = as_tensor(values)
    new = new if new.shape == shape else lang.broadcast_to(new, shape) if new.ndim else lang.full(shape, new)
    return x + placed(new, items, x.shape) if accumulate else replaced(x, items, new)


def _scatter_add(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    return scattered(x, *_along(x, dim, index), src, "sum")


def _scatter(x: Tensor, dim: int, index: Tensor, src: Any = None, value: Any = None, reduce: Any = None) -> Tensor:
    """Where several values are written to an entry torch leaves open which stays."""
    place, index = _along(x, dim, index)
    if reduce == "multiply":
        raise LanguageError("scatter with reduce='multiply' is not in the language; multiply by what gather reads")
    if src is None and reduce is None:
        return filled(x, along(x, place, index), value)
    return scattered(x, place, index, value if src is None else src, "replace" if reduce is None else "sum")


def _scatter_reduce(x: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool = True) -> Tensor:
    """The sum, mean or extremum of what is written to each entry, of the entry itself as well or without it."""
    if reduce == "prod":
        raise LanguageError("scatter_reduce with reduce='prod' is not in the language; sum, mean, amax and amin are")
    return scattered(x, *_along(x, dim, index), src, reduce.removeprefix("a"), include_self)


# -- parts that are written to -------------------------------------------------------------------------------------------------


def _copy(x: Tensor, src: Any) -> Tensor:
    """What is written to all entries of a part, as wide as the part."""
    src = as_tensor(src)
    return src if src.shape == x.shape else lang.broadcast_to(src, x.shape) if src.ndim else lang.full(x.shape, src)


def _slice_scatter(x: Tensor, src: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: Any = 1) -> Tensor:
    place = dim % x.ndim
    part = cut_of(x.shape[place], start, end, step)
    return src if part == WHOLE else replaced(x, (*[WHOLE] * place, part), src)


def _select_scatter(x: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    return replaced(x, (*[WHOLE] * (dim % x.ndim), index), src)


def _diagonal_scatter(x: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    _require_main_diagonal(x, offset, dim1, dim2)
    on = lang.eye(x.shape[0])
    return lang.where(on, src, x)


def _require_main_diagonal(x: Tensor, offset: int, dim1: int, dim2: int) -> None:
    if x.ndim != 2 or (dim1 % 2, dim2 % 2) != (0, 1) or offset or not same_size(*x.shape):
        raise LanguageError("diagonal: the main diagonal of a square matrix is written to in the language, no other")


def _fill_diagonal(x: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    _require_main_diagonal(x, 0, 0, 1)
    return lang.where(lang.eye(x.shape[0]), fill_value, x)


def _require_strides_of_diagonal(x: Tensor, size: Any, stride: Any, offset: Any) -> None:
    diagonal = x.ndim == 2 and len(size) == 1 and as_number(stride[0]) == x.shape[1] + 1 and not offset
    if not diagonal or not same_size(*x.shape) or not same_size(as_number(size[0]), x.shape[0]):
        raise LanguageError("as_strided: the strides of a diagonal are in the language, no others; write slices")


def _strided(x: Tensor, size: Any, stride: Any, storage_offset: Any = None) -> Tensor:
    _require_strides_of_diagonal(x, size, stride, storage_offset)
    return lang.diagonal(x)


def _strided_scatter(x: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: Any = None) -> Tensor:
    _require_strides_of_diagonal(x, size, stride, storage_offset)
    return _diagonal_scatter(x, src)


ROWS: dict[str, Callable[..., Any]] = {
    "index": lambda x, indices: x[_items(x, indices)],
    "index_select": lambda x, dim, index: lang.take(x, positions(index, x.shape[dim]), dim),
    "take": lambda x, index: lang.take(x, index),
    "gather": _gather,
    "embedding": _embedding,
    "index_add": _index_add,
    "index_copy": _index_copy,
    "index_fill": _index_fill,
    "index_put": _index_put,
    "scatter": _scatter,
    "scatter_add": _scatter_add,
    "scatter_reduce": _scatter_reduce,
    "copy": _copy,
    "fill": lambda x, value: _copy(x, value),
    "slice_scatter": _slice_scatter,
    "select_scatter": _select_scatter,
    "diagonal_scatter": _diagonal_scatter,
    "fill_diagonal": _fill_diagonal,
    "as_strided": _strided,
    "as_strided_scatter": _strided_scatter,
}  # fmt: skip
