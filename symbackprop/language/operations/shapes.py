"""Other shapes of the same entries: transposes, axes of size 1, reshapes, tensors joined along an axis."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, same_size, shape_text, slot
from symbackprop.language import tensors as builder
from symbackprop.language.operations.values import Axis, Sizes, Value, is_zero, sizes_of
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, letters


def transpose(x: Value, axes: Sequence[int] | None = None) -> Tensor:
    """y = x with its axes reversed, or in the order `axes`."""
    x = as_tensor(x)
    if axes is None:
        return x.T
    if not isinstance(axes, (tuple, list)):
        order = ", ".join(map(str, reversed(range(x.ndim))))
        raise LanguageError(
            f"transpose: {axes} is one axis; name every axis of {label(x)}, which is {shape_text(x.shape)}, in the new order: "
            f"transpose({label(x)}, ({order}{',' if x.ndim == 1 else ''}))"
        )
    return builder.permute(x, builder.normal_axes("transpose", x, tuple(axes)))


def swapaxes(x: Value, a: int, b: int) -> Tensor:
    """y = x with the axes a and b exchanged."""
    x = as_tensor(x)
    i, j = builder.normal_axis("swapaxes", x, a), builder.normal_axis("swapaxes", x, b)
    order = list(range(x.ndim))
    order[i], order[j] = j, i
    return builder.permute(x, order)


def moveaxis(x: Value, source: int, destination: int) -> Tensor:
    """y = x with the axis `source` moved to `destination`."""
    x = as_tensor(x)
    i, j = builder.normal_axis("moveaxis", x, source), builder.normal_axis("moveaxis", x, destination)
    order = [k for k in range(x.ndim) if k != i]
    order.insert(j, i)
    return builder.permute(x, order)


def expand_dims(x: Value, axis: int) -> Tensor:
    """y = x with an axis of size 1 put in at `axis`."""
    x = as_tensor(x)
    place = builder.normal_axis("expand_dims", Tensor((S.One,) * (x.ndim + 1)), axis)
    return x[(*[slice(None)] * place, None, Ellipsis)]


def squeeze(x: Value, axis: Axis = None) -> Tensor:
    """y = x without its axes of size 1, or without the axes named, which must have size 1."""
    x = as_tensor(x)
    named = [k for k, n in enumerate(x.shape) if n == 1] if axis is None else builder.normal_axes("squeeze", x, axis)
    for k in named:
        if x.shape[k] != 1:
            raise LanguageError(f"squeeze: axis {k} of {label(x)}, which is {shape_text(x.shape)}, has size {x.shape[k]}, not 1")
    return builder.total(x, tuple(named)) if named else x


def _flat(index: Sequence[str], shape: Sequence[Expr]) -> Expr:
    """The position of an entry in the array written row by row."""
    place: Expr = S.Zero
    for letter, extent in zip(index, shape, strict=True):
        place = place * extent + position(letter)
    return sp.expand(place)


def reshape(x: Value, *shape: Sizes) -> Tensor:
    """y = the entries of x, row by row, in another shape; one size may be -1.

    Raises LanguageError where the numbers of entries differ.
    """
    x = as_tensor(x)
    wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    free = [k for k, n in enumerate(wanted) if n == -1]
    known = list(sizes_of("reshape", [n for n in wanted if n != -1]))
    count = sp.Mul(*x.shape)
    if free:
        rest = sp.cancel(count / sp.Mul(*known))
        if len(free) > 1 or not rest.is_integer or rest.as_numer_denom()[1] != 1:
            raise LanguageError(f"reshape: {label(x)} is {shape_text(x.shape)}; no size fits -1")
        known.insert(free[0], rest)
    sizes = tuple(known)
    if not same_size(sp.Mul(*sizes), count):
        raise LanguageError(
            f"reshape: {label(x)} is {shape_text(x.shape)}, which has {count} entries, not the {sp.expand(sp.Mul(*sizes))} "
            f"of {shape_text(sizes)}"
        )
    own, new = letters(x.ndim), iter(letters(len(sizes), x.ndim))
    index: list[str] = []
    guards: list[Expr] = []
    over: list[tuple[str, Expr]] = []
    for before, after in _groups(x.shape, sizes):
        here = own[before]
        if len(here) == 1 and sizes[after] and same_size(x.shape[before][0], sizes[after][0]) and len(sizes[after]) == 1:
            index += here  # an axis that stays as it is
            continue
        there = tuple(next(new) for _ in sizes[after])
        guards.append(iverson(sp.Eq(_flat(there, sizes[after]), _flat(here, x.shape[before]), evaluate=False)))
        over += zip(here, x.shape[before], strict=True)
        index += there
    if not guards:
        return x
    return Tensor(sizes, Sum(slot(0) * sp.Mul(*guards), (slot(0),), tuple(over)), ((x, own),), tuple(index))


def _groups(shape: Sequence[Expr], sizes: Sequence[Expr]) -> list[tuple[slice, slice]]:
    """Axes of one shape and of another that hold the same entries, as few together as may be: each is a reshape for itself."""
    found: list[tuple[slice, slice]] = []
    i = j = 0
    for stop in range(1, len(shape) + 1):
        for end in range(j + 1, len(sizes) + 1):
            if same_size(sp.Mul(*shape[i:stop]), sp.Mul(*sizes[j:end])):
                found.append((slice(i, stop), slice(j, end)))
                i, j = stop, end
                break
    if i < len(shape) or j < len(sizes):  # axes of size 1
        found.append((slice(i, len(shape)), slice(j, len(sizes))))
    return found


def ravel(x: Value) -> Tensor:
    """y = the entries of x, row by row, as one vector."""
    x = as_tensor(x)
    return reshape(x, sp.expand(sp.Mul(*x.shape)))


flatten = ravel


def concatenate(tensors: Sequence[Value], axis: int = 0) -> Tensor:
    """y = the tensors, or the entries of one along its first axis, one after the other along `axis`; other sizes are equal."""
    if isinstance(tensors, Tensor) and tensors.ndim > 1:
        place = builder.normal_axis("concatenate", tensors[0], axis)
        shape = list(tensors.shape[1:])
        shape[place] = sp.expand(shape[place] * tensors.shape[0])
        return reshape(moveaxis(tensors, 0, place), tuple(shape))
    several = [as_tensor(t) for t in _several("concatenate", tensors)]
    if not several or not several[0].ndim:
        raise LanguageError("concatenate needs one tensor or more, each with an axis")
    first = several[0]
    place = builder.normal_axis("concatenate", first, axis)
    for other in several[1:]:
        fits = other.ndim == first.ndim and all(
            k == place or same_size(a, b) for k, (a, b) in enumerate(zip(first.shape, other.shape, strict=True))
        )
        if not fits:
            raise LanguageError(
                f"concatenate: {label(first)} is {shape_text(first.shape)}, {label(other)} is {shape_text(other.shape)}; "
                f"all axes but axis {place} must have equal sizes"
            )
    return chained([(tensor, False) for tensor in several], place)


def placed(x: Tensor, axis: int, offset: Expr, length: Expr) -> Tensor:
    """y[... p ...] = x[... i ...] where p = i + offset, otherwise 0, of the size `length` along `axis`."""
    own = letters(x.ndim)
    index = (*own[:axis], str(x.ndim), *own[axis + 1 :])
    guard = sp.Eq(position(str(x.ndim)), position(own[axis]) + offset, evaluate=False)
    shape = (*x.shape[:axis], length, *x.shape[axis + 1 :])
    return Tensor(shape, Sum(slot(0) * iverson(guard), (slot(0),), ((own[axis], x.shape[axis]),)), ((x, own),), index)


def hstack(tensors: Sequence[Value]) -> Tensor:
    """y = the tensors side by side: vectors end to end, others along their second axis, as in NumPy."""
    if isinstance(tensors, Tensor) and tensors.ndim:
        return tensors if tensors.ndim == 1 else concatenate(tensors, 0 if tensors.ndim == 2 else 1)
    several = [_with_axes(t, 1) for t in _several("hstack", tensors)]
    return concatenate(several, 0 if several and several[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Value]) -> Tensor:
    """y = the tensors below each other, a vector as one row, as in NumPy."""
    if isinstance(tensors, Tensor) and tensors.ndim:
        return expand_dims(tensors, 1) if tensors.ndim == 1 else tensors if tensors.ndim == 2 else concatenate(tensors, 0)
    return concatenate([_with_axes(t, 2) for t in _several("vstack", tensors)], 0)


def _with_axes(x: Value, least: int) -> Tensor:
    x = as_tensor(x)
    while x.ndim < least:
        x = expand_dims(x, 0)
    return x


def stack(tensors: Sequence[Value], axis: int = 0) -> Tensor:
    """y = the tensors, of one shape, along a new axis; of one tensor its entries along the first axis."""
    if isinstance(tensors, Tensor) and tensors.ndim:
        return moveaxis(tensors, 0, axis)
    several = [as_tensor(t) for t in _several("stack", tensors)]
    if not several or any(len(t.shape) != several[0].ndim or not all(map(same_size, t.shape, several[0].shape)) for t in several):
        return concatenate([expand_dims(t, axis) for t in several], axis)  # which says what does not fit
    place = axis + several[0].ndim + 1 if axis < 0 else axis
    if not 0 <= place <= several[0].ndim:
        return concatenate([expand_dims(t, axis) for t in several], axis)
    return chained([(t, True) for t in several], place)


def chained(parts: Sequence[tuple[Tensor, bool]], axis: int = 0) -> Tensor:
    """y = single entries and rows of entries, one after the other along `axis`.

    parts   each with whether it is a single entry, which lacks that axis.
    """
    length = sp.expand(sp.Add(*[S.One if lone else t.shape[axis] for t, lone in parts]))
    found, offset = list[Tensor](), S.Zero
    for tensor, lone in parts:
        found.append(_entry_of(tensor, axis, offset, length) if lone else placed(tensor, axis, offset, length))
        offset += 1 if lone else tensor.shape[axis]
    first, *others = [p for p, (tensor, lone) in zip(found, parts, strict=True) if lone or not is_zero(tensor)] or found[:1]
    return sum(others, first)


def _entry_of(x: Tensor, axis: int, place: Expr, length: Expr) -> Tensor:
    """y[... p ...] = x[...] where p is the place, otherwise 0, of the size `length` along `axis`."""
    own, new = letters(x.ndim), str(x.ndim)
    shape, index = (*x.shape[:axis], length, *x.shape[axis:]), (*own[:axis], new, *own[axis:])
    if length == 1:
        return Tensor(shape, Sum(slot(0), (slot(0),)), ((x, own),), index)
    return Tensor(shape, Sum(slot(0) * iverson(sp.Eq(position(new), place, evaluate=False)), (slot(0),)), ((x, own),), index)


def _several(word: str, tensors: Sequence[Value]) -> list[Value]:
    if not isinstance(tensors, list | tuple):
        raise LanguageError(f"{word} takes a list of tensors: {word}([x, y])")
    return list(tensors)
