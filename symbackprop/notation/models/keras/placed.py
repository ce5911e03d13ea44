"""Functions of keras.ops that write entries to positions: segments, scatters, parts that are updated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import INFINITE
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import placed, replaced
from symbackprop.language.tensors import Tensor, as_number, as_tensor
from symbackprop.notation.models.keras.layer import Layer
from symbackprop.notation.models.keras.operations import Function, operand, operation
from symbackprop.notation.models.scattering import joined, positions


def _segments(how: str) -> Function:
    """The sum or an extremum of the rows of each segment, by the number of its segment that each row says."""

    def function(layer: Layer, data: Tensor, segment_ids: Any, num_segments: Any = None, sorted: bool = False) -> Tensor:
        if num_segments is None:
            raise layer.refused("it does not say how many segments there are.", "Say num_segments=.")
        shape = (as_number(num_segments), *data.shape[1:])
        key = positions(operand(layer, segment_ids), shape[0])
        if how == "sum":
            return placed(data, (key,), shape)
        return joined(ops.full(shape, -INFINITE if how == "max" else INFINITE), key, data, how)

    return operation(function, "num_segments", "sorted")


def _items(layer: Layer, place: int, indices: Any, shape: Sequence[Any]) -> tuple[Any, ...]:
    """The positions along each of the first axes, which stand in the columns of the indices, an argument at that place."""
    given = _written(layer, place)
    if given is not None and (given < 0).any():
        raise layer.refused("its positions are not on the axis.", "Give positions from 0 to below the size of the axis.")
    count = int(indices.shape[-1] if given is None else given.shape[-1])
    if count > len(shape):
        raise layer.refused(f"its indices have {count} columns, for {len(shape)} axes.", "Give a column for each axis, or fewer.")
    columns = [indices[..., k] if given is None else layer.constant(given[..., k]) for k in range(count)]
    return tuple(positions(column, as_number(n)) for column, n in zip(columns, shape, strict=False))


def _written(layer: Layer, place: int) -> ndarray | None:
    """An argument as an array, where it stands in the description."""
    found = layer.args[place] if place < len(layer.args) else None
    return np.asarray(found) if isinstance(found, list | ndarray) else None


def _scattered(layer: Layer, indices: Any, values: Any, shape: Any) -> Tensor:
    """Zeros with what is written to each entry, added up where several are."""
    sizes = tuple(map(as_number, shape))
    return placed(as_tensor(operand(layer, values)), _items(layer, 0, indices, sizes), sizes)


def _updated(layer: Layer, x: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """x, where what is written to entries takes their place, or is joined with them."""
    x, new = as_tensor(operand(layer, x)), as_tensor(operand(layer, updates))
    items = _items(layer, 1, indices, x.shape)
    match reduction:
        case "add":
            return x + placed(new, items, x.shape)
        case "max" | "min" if len(items) == 1:
            return joined(x, items[0], new, reduction)
        case "mul" if _differ(layer):
            return x * replaced(ops.ones(x.shape), items, new)
        case None if _differ(layer):
            return replaced(x, items, new)
        case None | "mul":
            raise layer.refused("it writes to an entry more than once.", 'Write to each once, or with reduction="add".')
        case how:
            raise layer.refused(f"reduction={how!r} is not read.", '"add" is, and "max" and "min" of rows.')


def _differ(layer: Layer) -> bool:
    """Whether no entry is named twice; of positions that are computed, that is the model's to see to."""
    indices = _written(layer, 1)
    return indices is None or len(np.unique(indices.reshape(-1, indices.shape[-1]), axis=0)) == len(indices)


def _part_updated(layer: Layer, x: Any, start: Any, updates: Any) -> Tensor:
    """x, where a block that begins at `start` is replaced."""
    x, new = as_tensor(operand(layer, x)), as_tensor(operand(layer, updates))
    begins = _written(layer, 1)
    if begins is None or begins.dtype.kind != "i":
        raise layer.refused("it begins where a tensor says.", "Begin at whole numbers.")
    last = [n - wide for n, wide in zip(x.shape, new.shape, strict=True)]  # where the block still fits: it is moved there
    first = [min(int(k), int(end)) if end.is_Integer else int(k) for k, end in zip(begins, last, strict=True)]
    return replaced(x, tuple(slice(k, k + wide) for k, wide in zip(first, new.shape, strict=True)), new)


def _chosen(layer: Layer, conditions: Any, choices: Any, default: Any = 0) -> Tensor:
    """The first of several whose condition holds."""
    found = operand(layer, default)
    for condition, value in reversed(list(zip(conditions, choices, strict=True))):
        found = ops.where(operand(layer, condition), operand(layer, value), found)
    return as_tensor(found)


def _hot(layer: Layer, t: Tensor, num_classes: int, axis: int = -1) -> Tensor:
    """1 for each class that is among those along axis 1, as Keras has it for any number of axes."""
    if axis != -1:
        raise layer.refused(f"axis={axis} is not read.", "axis=-1 is.")
    return ops.max(ops.one_hot(positions(t, as_number(num_classes)), num_classes), min(t.ndim - 1, 1))


def _among(layer: Layer, x: Any, values: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each entry is one of some numbers."""
    x, of = as_tensor(operand(layer, x)), ops.ravel(as_tensor(operand(layer, values)))
    found = ops.max(x[..., None] == of, -1)
    return TABLE["identity"](1 - found) if invert else found


FUNCTIONS: Mapping[str, Function] = {
    "SegmentSum": _segments("sum"), "SegmentMax": _segments("max"), "SegmentMin": _segments("min"),
    "Scatter": operation(_scattered, "shape"), "ScatterUpdate": operation(_updated, "reduction"),
    "SliceUpdate": operation(_part_updated), "Select": operation(_chosen), "MultiHot": operation(_hot, "num_classes", "axis"),
    "IsIn": operation(_among, "assume_unique", "invert"),
}  # fmt: skip

LAYERS: Mapping[str, Function] = {f"ops.{name}": function for name, function in FUNCTIONS.items()}
"""From an operation to its value, by the names of keras.ops."""
