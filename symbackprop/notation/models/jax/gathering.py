"""Primitives that read and write entries by positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.core.program import Sum, same_size, slot
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import is_counted, placed, replaced
from symbackprop.language.operations.sliding import window
from symbackprop.language.tensors import Tensor, arange, is_integer, take
from symbackprop.notation.models.jax.elementwise import Row
from symbackprop.notation.models.jax.values import Positions, Spread, Value, shape_of
from symbackprop.notation.models.scattering import joined

if TYPE_CHECKING:
    from symbackprop.notation.models.jax.walk import Walk


def _parts(walk: Walk, eqn: Any, indices: Value) -> list[Any]:
    """The positions along each axis: whole numbers, or tensors without the last axis."""
    if isinstance(indices, Positions):
        return [_without_last(walk, eqn, part) for part in indices.parts]
    if isinstance(indices, ndarray):
        return [_numbers(indices[..., k]) for k in range(indices.shape[-1])]
    if isinstance(indices, Spread) and walk.number(indices) is not None:
        return [_whole(walk.number(indices))] * int(indices.shape[-1])
    if isinstance(indices, Tensor | Spread) and shape_of(indices)[-1] == 1:
        return [_without_last(walk, eqn, indices)]
    raise walk.refused(eqn, "its positions are computed.", "Give them as an argument of whole numbers.")


def _numbers(array: ndarray) -> Any:
    return int(array.flat[0]) if array.size and np.all(array == array.flat[0]) else array


def _whole(number: Any) -> Any:
    """A position that is a number, or one that is made of sizes."""
    return int(number) if number.is_Integer else number


def _without_last(walk: Walk, eqn: Any, part: Value) -> Any:
    if isinstance(part, ndarray):
        return _numbers(part[..., 0])
    if walk.number(part) is not None:
        return _whole(walk.number(part))
    tensor = part.tensor if isinstance(part, Spread) else part
    if not isinstance(tensor, Tensor) or not is_integer(tensor):
        raise walk.refused(eqn, "its positions are computed.", "Give them as an argument of whole numbers.")
    return _core(ops.squeeze(tensor, tensor.ndim - 1))


def _core(tensor: Tensor) -> Tensor:
    """The positions without the axes of size 1 that came and went."""
    inner = tensor
    while isinstance(inner.op, Sum) and inner.op.body == slot(0) and len(inner.operands) == 1:
        inner = inner.operands[0][0]
        if inner.shape == tensor.shape:
            tensor = inner
    return tensor


def _ready(walk: Walk, part: Any, extent: Expr) -> Any:
    """Positions on an axis as the language reads them: an integer or a tensor."""
    if isinstance(part, ndarray):
        if part.ndim == 1 and part.shape[0] == extent and np.array_equal(part, np.arange(len(part))):
            return arange(extent)
        return walk.declared(part)
    return part


def _axis_positions(extent: Expr, place: int, rank: int) -> Tensor:
    """0, 1, ... along one of the axes of the positions."""
    tensor = arange(extent)
    for k in range(rank):
        if k != place:
            tensor = ops.expand_dims(tensor, k)
    return tensor


def _gather(walk: Walk, eqn: Any, x: Value, indices: Value) -> Value:
    """y[batch, offset] = x[positions(batch) + offset]."""
    d, sizes = eqn.params["dimension_numbers"], walk.shape(eqn.params["slice_sizes"])
    tensor = walk.tensor(x)
    parts = _parts(walk, eqn, indices)
    batch = shape_of(indices)[:-1]
    items: list[Any] = []
    indexed = dict(zip(map(int, d.start_index_map), parts, strict=True))
    batching = dict(zip(map(int, d.operand_batching_dims), map(int, d.start_indices_batching_dims), strict=True))
    for axis, extent in enumerate(tensor.shape):
        if axis in batching:
            items.append(_axis_positions(extent, batching[axis], len(batch)))
        elif axis in indexed:
            items.append(_read(walk, eqn, indexed[axis], extent, sizes[axis], axis in d.collapsed_slice_dims))
        else:
            items.append(slice(None) if same_size(sizes[axis], extent) else slice(0, sizes[axis]))
    if not any(isinstance(item, Tensor) for item in items):  # every position is a number: axes of the batch repeat
        return _repeated(tensor[tuple(items)], batch, [int(k) for k in d.offset_dims], walk.shape(eqn.outvars[0].aval.shape))
    found = tensor[tuple(items)]
    return _ordered(found, items, len(batch), [int(k) for k in d.offset_dims])


def _read(walk: Walk, eqn: Any, part: Any, extent: Expr, size: Expr, collapsed: bool) -> Any:
    """What stands for one axis of x in the index."""
    if isinstance(part, int):
        part = part + int(extent) if part < 0 and extent.is_Integer else part
        return part if collapsed else slice(part, part + size)
    if not collapsed:
        if same_size(size, extent):
            return slice(None)  # a slice of the whole axis has one place
        if size != 1:
            raise walk.refused(eqn, "it cuts pieces at positions that are data.", "Write x[i] with one position an entry.")
        raise walk.refused(eqn, "it keeps an axis of size 1 at positions that are data.", "Write x[i] without keeping the axis.")
    return _ready(walk, part, extent)


def _repeated(found: Tensor, batch: tuple[Expr, ...], offsets: list[int], shape: tuple[Expr, ...]) -> Value:
    if not batch:
        return found
    for axis in range(len(shape)):
        if axis not in offsets:
            found = ops.expand_dims(found, axis)
    return found if found.shape == shape else Spread(found, shape)


def _ordered(found: Tensor, items: list[Any], rank: int, offsets: list[int]) -> Tensor:
    """The axes of the result in JAX's order; the language puts those of positions where the first of them stood."""
    advanced = [k for k, item in enumerate(items) if not isinstance(item, slice)]
    together = advanced == list(range(advanced[0], advanced[-1] + 1))
    first = sum(isinstance(item, slice) for item in items[: advanced[0]]) if together else 0
    batch = list(range(first, first + rank))
    rest = [k for k in range(found.ndim) if k not in batch]
    order = [rest.pop(0) if axis in offsets else batch.pop(0) for axis in range(found.ndim)]
    return found if order == sorted(order) else ops.transpose(found, order)


def _dynamic_slice(walk: Walk, eqn: Any, x: Value, *starts: Value) -> Value:
    sizes, tensor = walk.shape(eqn.params["slice_sizes"]), walk.tensor(x)
    found = tensor[_window(walk, eqn, tensor.shape, sizes, starts, free=True)]
    for axis, start in enumerate(starts):
        if not same_size(found.shape[axis], sizes[axis]):
            found = window(found, axis, walk.tensor(start), sizes[axis])
    return found


def _window(walk: Walk, eqn: Any, shape: Any, sizes: Any, starts: Any, free: bool = False) -> tuple[slice, ...]:
    """The slices of a window, whose start is clamped so that it stays inside; `free`: the whole of an axis where data say it."""
    items = []
    for extent, size, start in zip(shape, sizes, starts, strict=True):
        number = walk.number(start)
        if same_size(extent, size) or (free and number is None):
            items.append(slice(None))
        elif number is None or not number.is_Integer:
            raise walk.refused(eqn, "its window begins where data say.", "Write x[i] with positions, or fixed slices.")
        else:
            first = max(int(number), 0)
            room = sp.expand(extent - size)
            first = min(first, int(room)) if room.is_Integer else first
            items.append(slice(first, first + size))
    return tuple(items)


def _dynamic_update(walk: Walk, eqn: Any, x: Value, new: Value, *starts: Value) -> Value:
    tensor, part = walk.tensor(x), walk.tensor(new)
    return replaced(tensor, _window(walk, eqn, tensor.shape, part.shape, starts), part)


def _targets(walk: Walk, eqn: Any, x: Tensor, indices: Value, new: Tensor) -> tuple[Any, ...]:
    """The index of what is written: a window at whole numbers, or rows at positions along the first axes."""
    d = eqn.params["dimension_numbers"]
    batch, window = shape_of(indices)[:-1], [int(k) for k in d.update_window_dims]
    parts = dict(zip(map(int, d.scatter_dims_to_operand_dims), _parts(walk, eqn, indices), strict=True))
    inserted = [int(k) for k in d.inserted_window_dims]
    if not batch and not d.operand_batching_dims and all(isinstance(part, int | Expr) for part in parts.values()):
        widths = iter(new.shape)
        items: list[Any] = []
        for axis in range(x.ndim):
            first = parts.get(axis, 0)
            items.append(first if axis in inserted else slice(first, first + next(widths)))
        return tuple(items)
    plain = inserted == list(parts) == list(range(len(parts))) and not d.operand_batching_dims
    if not plain or window != list(range(len(batch), new.ndim)):
        raise walk.refused(eqn, "it writes pieces at positions.", "Write jnp.where, or x.at[i] along the first axes.")
    return tuple(_ready(walk, part, extent) for part, extent in zip(parts.values(), x.shape, strict=False))


def _once(walk: Walk, eqn: Any, indices: Value) -> bool:
    """Whether the positions that are constants tell every entry that is written from the others."""
    known = [part.ravel() for part in _parts(walk, eqn, indices) if isinstance(part, ndarray)]
    return bool(known) and len(np.unique(np.stack(known), axis=1).T) == known[0].size


CHANGES: dict[str, Callable[[Tensor, Tensor], Tensor] | None] = {
    "add": None, "mul": lambda old, new: old * new, "max": lambda old, new: TABLE["maximum"](old, new),
    "min": lambda old, new: TABLE["minimum"](old, new),
}  # fmt: skip


def _scatter(change: Callable[[Tensor, Tensor], Tensor] | None) -> Row:
    """x.at[positions].set(u), .multiply(u), ..., where whole rows or single entries are written; None: .add(u)."""

    def row(walk: Walk, eqn: Any, x: Value, indices: Value, updates: Value) -> Value:
        tensor, new = walk.tensor(x), walk.tensor(updates)
        items = _targets(walk, eqn, tensor, indices, new)
        if change is None:
            return tensor + placed(new, items, tensor.shape)
        several = [item for item in items if isinstance(item, Tensor)]
        if several and not any(map(is_counted, several)) and not eqn.params.get("unique_indices") and not _once(walk, eqn, indices):
            how = str(eqn.primitive.name)[-3:]
            if how in ("max", "min") and len(items) == 1 and several[0].ndim == 1:
                return joined(tensor, several[0], new, how)
            raise walk.refused(eqn, "an entry may be written twice, and one value stays.", "Write .at[i].add, or jnp.where.")
        return replaced(tensor, items, change(take(tensor, items), new))

    return row


ROWS: dict[str, Row] = {
    "gather": _gather, "dynamic_slice": _dynamic_slice, "dynamic_update_slice": _dynamic_update,
    **{f"scatter{sign}{name}": _scatter(change) for sign in "-_" for name, change in CHANGES.items()},
    "scatter": _scatter(lambda old, new: new),
}  # fmt: skip
"""From the values that a primitive reads to what it makes of them."""
