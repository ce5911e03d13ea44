"""NumPy's functions that put arrays beside one another, and take parts of them: column_stack, block, delete and their like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symbackprop.core.program import shape_text
from symbackprop.language import operations as op
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, normal_axis, number_of
from symbackprop.notation.arrays import copied

MOST = 100  # numbers of a written array


def part(x: Tensor, axis: int, start: Any, stop: Any = None, step: Any = None) -> Tensor:
    """x[..., start:stop, ...] along one axis."""
    return x[(*[slice(None)] * axis, slice(start, stop, step))]


# -- beside one another --------------------------------------------------------------------------------------------------


def atleast_1d(x: Any) -> Tensor:
    """y = x, with an axis where it has none."""
    return with_axes(x, 1)


def atleast_2d(x: Any) -> Tensor:
    """y = x, with axes of size 1 in front until there are two."""
    return with_axes(x, 2)


def atleast_3d(x: Any) -> Tensor:
    """y = x with three axes: a vector (1, n, 1), a matrix (m, n, 1), as in NumPy."""
    x = with_axes(x, 2)
    return op.expand_dims(x, 2) if x.ndim == 2 else x


def with_axes(x: Any, least: int) -> Tensor:
    """The tensor, with axes of size 1 in front until there are as many."""
    x = as_tensor(x)
    while x.ndim < least:
        x = op.expand_dims(x, 0)
    return x


def column_stack(tensors: Sequence[Any]) -> Tensor:
    """y = the tensors side by side, a vector as one column; of one matrix its rows."""
    if isinstance(tensors, Tensor) and tensors.ndim == 2:
        return op.swapaxes(tensors, 0, 1)
    return op.concatenate([op.expand_dims(t, 1) if t.ndim == 1 else t for t in map(as_tensor, tensors)], 1)


def dstack(tensors: Sequence[Any]) -> Tensor:
    """y = the tensors behind one another, along the third axis."""
    return op.concatenate([atleast_3d(t) for t in tensors], 2)


def row_stack(tensors: Sequence[Any]) -> Tensor:
    """y = the tensors below each other: vstack."""
    return op.vstack(tensors)


def append(x: Any, values: Any, axis: int | None = None) -> Tensor:
    """y = x, and then `values`, along `axis`; as one vector where `axis` is None."""
    if axis is None:
        return op.concatenate([op.ravel(x), op.ravel(array(values))], 0)
    return op.concatenate([x, array(values)], axis)


def block(parts: Any) -> Tensor:
    """y = a matrix of blocks, written row by row."""
    if not isinstance(parts, list | tuple):
        return as_tensor(parts)
    nested = any(isinstance(part, list | tuple) for part in parts)
    return op.vstack([block(row) for row in parts]) if nested else op.concatenate([atleast_1d(part) for part in parts], -1)


def array(values: Any, dtype: Any = None) -> Tensor:
    """y = the values in written lists, as an array; of an array, itself."""
    if not isinstance(values, list | tuple):
        return copied(as_tensor(values))
    if not values or _count(values) > MOST:
        raise LanguageError(f"array: {_count(values) or 'no'} numbers are written out; declare the array as data: x: data[n]")
    made = op.stack([array(value) if isinstance(value, list | tuple) else as_tensor(value) for value in values])
    numbers = [number_of(as_tensor(value)) for value in values if not isinstance(value, list | tuple)]
    truths = any(isinstance(value, bool) for value in values)  # a mask is no row of positions
    if not truths and len(numbers) == len(values) and all(n is not None and n.is_integer and n >= 0 for n in numbers):
        made.below = max(numbers) + 1  # type: ignore[type-var]  # whole numbers may be positions
    return made


def _count(values: Any) -> int:
    return sum(map(_count, values)) if isinstance(values, list | tuple) else 1


# -- parts and orders ------------------------------------------------------------------------------------------------------


def flipud(x: Any) -> Tensor:
    """y = x with its rows in reverse."""
    return op.flip(x, 0)


def fliplr(x: Any) -> Tensor:
    """y = x with its columns in reverse."""
    return op.flip(x, 1)


def rot90(x: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """y = x turned by k quarters of a circle, from the first of two axes towards the second."""
    x = as_tensor(x)
    for _ in range(k % 4):
        x = op.flip(op.swapaxes(x, *axes), axes[0])
    return x


def delete(x: Any, obj: int, axis: int | None = None) -> Tensor:
    """y = x without one position along `axis`; of all entries, row by row, where `axis` is None."""
    x, place, at = _at("delete", x, obj, axis)
    rest = None if at == -1 else at + 1
    kept = [cut for cut in ((None, at) if at else None, (rest, None) if rest is not None else None) if cut]
    return op.concatenate([part(x, place, *cut) for cut in kept], place)


def insert(x: Any, obj: int, values: Any, axis: int | None = None) -> Tensor:
    """y = x with `values` put in before one position along `axis`; as one vector where `axis` is None."""
    x, place, at = _at("insert", x, obj, axis)
    values = as_tensor(values)
    shape = (*x.shape[:place], sp.Integer(1), *x.shape[place + 1 :])
    new = op.broadcast_to(op.expand_dims(values, place) if values.ndim == x.ndim - 1 > 0 else values, shape)
    before = [part(x, place, None, at)] if at else []
    return op.concatenate([*before, new, part(x, place, at)], place)


def _at(word: str, x: Any, obj: Any, axis: int | None) -> tuple[Tensor, int, int]:
    x = op.ravel(x) if axis is None else as_tensor(x)
    place, at = normal_axis(word, x, axis or 0), number_of(as_tensor(obj)) if not isinstance(obj, list | tuple) else None
    if at is None or not at.is_Integer:
        raise LanguageError(f"{word}: the position must be one whole number; join parts with concatenate for others")
    return x, place, int(at)


def array_split(x: Any, parts: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """The parts of x along `axis`; the first are one longer where they are not equal."""
    x = as_tensor(x)
    extent = x.shape[normal_axis("array_split", x, axis)]
    if isinstance(parts, int) and parts > 0 and extent.is_Integer:
        long, least = int(extent) % parts, int(extent) // parts
        lengths = [least + (k < long) for k in range(parts)]
        parts = tuple(sum(lengths[:k]) for k in range(1, len(lengths)))
    return op.split(x, parts, axis)


def hsplit(x: Any, parts: Any) -> tuple[Tensor, ...]:
    """The parts of x along its second axis, of a vector along its first."""
    x = as_tensor(x)
    return op.split(x, parts, 0 if x.ndim == 1 else 1)


def vsplit(x: Any, parts: Any) -> tuple[Tensor, ...]:
    """The parts of x along its first axis."""
    return op.split(x, parts, 0)


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """y = x[indices] along `axis`; the positions may be written as a list."""
    return op.take(x, array(indices) if isinstance(indices, list | tuple) else indices, axis)


def meshgrid(x: Any, y: Any, indexing: str = "xy") -> tuple[Tensor, Tensor]:
    """X[i j] = x[j], Y[i j] = y[i]; with indexing="ij" the other way round."""
    x, y = as_tensor(x), as_tensor(y)
    if x.ndim != 1 or y.ndim != 1 or indexing not in ("xy", "ij"):
        raise LanguageError('meshgrid: it takes two vectors, and indexing="xy" or "ij"')
    if indexing == "ij":
        return op.broadcast_to(x[:, None], (x.shape[0], y.shape[0])), op.broadcast_to(y, (x.shape[0], y.shape[0]))
    return op.broadcast_to(x, (y.shape[0], x.shape[0])), op.broadcast_to(y[:, None], (y.shape[0], x.shape[0]))


def tri(N: Any, M: Any = None, k: int = 0) -> Tensor:
    """y[i j] = 1[j <= i + k]."""
    return op.tril(op.ones((N, N if M is None else M)), k)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """y[i j] = x[i]^(N - 1 - j), or x[i]^j where `increasing`."""
    x = as_tensor(x)
    count = N if N is not None else number_of(as_tensor(x.shape[0]))
    if count is None:
        raise LanguageError(f"vander: {label(x)} is {shape_text(x.shape)}; say how many powers: vander({label(x)}, 3)")
    powers = range(int(count)) if increasing else reversed(range(int(count)))
    return op.stack([x**k if k else op.ones_like(x) for k in powers], 1)
