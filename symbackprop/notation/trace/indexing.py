"""x[items] and x[items] = value of traced arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations.entries import replaced
from symbackprop.language.tensors import Tensor, is_integer, number_of, take
from symbackprop.language.tensors.parts import source_of
from symbackprop.notation.models.scattering import from_the_end
from symbackprop.notation.trace.masked import Masked, mask_of
from symbackprop.notation.trace.nothing import nothing
from symbackprop.notation.trace.sizes import Size, expr_of
from symbackprop.notation.trace.traced import Traced
from symbackprop.notation.trace.writing import Entry

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def taken(run: Run, x: Traced, items: Any) -> Any:
    """x[items]: a view where NumPy makes a view."""
    mask = mask_of(run, items)
    if mask is not None and run.depends(mask):
        return Masked(run, x, mask)
    items = counted(run, items)
    bare = run.bare(_plain(items))
    value = x.value[bare]
    if isinstance(value, np.ndarray) and not value.size:
        return nothing(value)
    places = _places(x, bare)
    if x._view is None:
        written = x._own.at(places)
        if written is not None and not np.shares_memory(value, x.value):
            return Traced(run, value, written)
    step = lambda whole: take(whole, symbolic(run, x, items))  # noqa: E731 - of whatever the whole is then
    if not isinstance(value, np.ndarray) or not np.shares_memory(value, x.value):
        before = x._own.before(places) if x._view is None else None
        return run.made(value, lambda: step(x.tensor if before is None else run.settled(before)))

    def known() -> Tensor | None:
        if x._view is not None:
            return None
        again, before = x._own.at(places), x._own.before(places)
        return run.settled(again) if again is not None else None if before is None else step(run.settled(before))

    def back(new: Tensor) -> None:
        _enter(run, x, items, places, new)

    return x.view(value, step, back, known)


def _enter(run: Run, x: Traced, items: Any, places: np.ndarray, new: Tensor) -> None:
    """Write a tensor of the shape of x[items] there."""
    if x._view is None:
        x._own.enter(Entry(symbolic(run, x, items), places, new))
    else:
        x.write(run.computed(lambda: replaced(run.settled(x.tensor), symbolic(run, x, items), run.settled(new))))


def put(run: Run, x: Traced, items: Any, value: Any) -> None:
    """x[items] = value."""
    if isinstance(value, Masked):
        value.into(x)
        return
    new = run.lift(value)
    mask = mask_of(run, items)
    if mask is not None and not new.ndim:
        x.value[mask.value] = new.value
        x.write(run.computed(lambda: _where(run, x, mask, new)))
        return
    items = counted(run, items)
    bare = run.bare(_plain(items))
    if not np.size(x.value[bare]):
        x.value[bare] = new.value
        return
    places = _places(x, bare)
    if (
        new._view is not None
        and new._view.parent is x
        and isinstance(new.value, np.ndarray)
        and np.shares_memory(new.value, x.value[bare])
    ):
        return  # x[items] += 1 has written through the view already
    once = len(np.unique(places)) == np.size(places)

    def step() -> Tensor:
        if not once and not (new.ndim == 0 and run.is_number(new)):
            raise run.refusal("an entry is written twice by one assignment; which value stays is by chance.", "Write np.add.at.")
        keys = symbolic(run, x, items)
        shape = () if not np.shape(places) else take(Tensor(x.extents), keys).shape
        return filled(run, new, shape, np.shape(places))

    x.value[bare] = new.value
    tensor = run.computed(step)
    if isinstance(tensor, Exception):
        x.write(tensor)
    else:
        _enter(run, x, items, places, tensor)


def filled(run: Run, new: Traced, shape: tuple[Any, ...], numbers: tuple[int, ...]) -> Tensor:
    """The value, of the shape of what it is written to."""
    tensor = new.tensor
    number = number_of(tensor)
    if number is not None:
        return ops.full(shape, number) if shape else tensor
    while tensor.ndim > len(shape):  # NumPy lets leading axes of size 1 go
        tensor = ops.squeeze(tensor, 0)
    own = np.shape(new.value)[new.ndim - tensor.ndim :]
    for n, have, extent, want in zip(reversed(own), reversed(tensor.shape), reversed(numbers), reversed(shape), strict=False):
        run.equal(have, want if n == extent else sp.S.One)
    tensor, shape = run.settled(tensor), tuple(map(run.sizes.resolved, shape))
    return tensor if tensor.shape == shape else tensor + ops.zeros(shape)


def counted(run: Run, items: Any) -> Any:
    """The index with positions in the place of masks, where the masks depend on nothing that is differentiated by."""
    several = items if isinstance(items, tuple) else (items,)
    found: list[Any] = []
    for item in several:
        mask = mask_of(run, item)
        found += [item] if mask is None else list(np.nonzero(run.truths(mask)))
    return tuple(found) if isinstance(items, tuple) or len(found) > 1 else found[0]


def _where(run: Run, x: Traced, mask: Traced, new: Traced) -> Tensor:
    return ops.where(*run.aligned(mask, new, x))


def symbolic(run: Run, x: Traced, items: Any) -> Any:
    """The index as the language reads it."""
    several = items if isinstance(items, tuple) else (items,)
    count = sum(1 for item in several if item is not None and item is not Ellipsis)
    found, axis = [], 0
    for item in several:
        if item is Ellipsis:
            axis += x.ndim - count
        elif item is not None:
            item = _one(run, x, item, axis)
            axis += 1
        found.append(item)
    advanced = [item for item in found if isinstance(item, Tensor) and item.shape]
    run.broadcast([(tuple(map(run.sizes.number, item.shape)), item.shape) for item in advanced])
    return run.settled_items(tuple(found))


def _one(run: Run, x: Traced, item: Any, axis: int) -> Any:
    number, extent = np.shape(x.value)[axis], x.extents[axis]
    match item:
        case slice():
            stop = item.stop
            if isinstance(stop, int) and type(stop) is not Size and stop >= number + bool(item.start):
                stop = None  # to the end; the last of several windows keeps its width
            return slice(*(None if part is None else _whole(run, part) for part in (item.start, stop, item.step)))
        case Traced() if item.ndim or not run.is_number(item):
            return _positions(run, item, extent)
        case list() | tuple() | range() | np.ndarray():
            return _listed(
                run, np.asarray(run.bare(list(item)) if not isinstance(item, np.ndarray) else item), item, number, extent
            )
        case _:
            return _whole(run, item)


def _whole(run: Run, item: Any) -> Any:
    """A whole number or a size."""
    if type(item) is Size:
        return expr_of(item)
    if isinstance(item, Traced):
        number = number_of(item.tensor)
        return int(number) if number is not None and number.is_Integer else run.position(item)
    return int(item)


def _counting(run: Run, item: Traced, extent: Any) -> Tensor:
    """Whole numbers of the example that all are positions, known to be so."""
    tensor = run.settled(item.tensor + 0) if item.tensor.is_input else item.tensor
    entries, whole = np.asarray(item.value), from_the_end(tensor, extent)
    lowest = 0 if whole is tensor else -run.sizes.number(extent)
    if entries.size and entries.min() >= lowest and entries.max() < run.sizes.number(extent):
        tensor = whole
        tensor.below = extent
    return tensor


def _positions(run: Run, item: Traced, extent: Any) -> Tensor:
    """A traced array of positions on an axis: its entries stay below the size of the axis."""
    tensor = item.tensor
    if not is_integer(tensor) and item.dtype.kind in "iu" and not run.depends(item):
        tensor = _counting(run, item, extent)  # positions that are put together or computed of others
    if not is_integer(tensor):
        raise run.refusal("positions are computed here.", "Give the array of positions as an argument, of whole numbers.")
    source = _source(run, tensor)
    if source is not None and source.signature is not None:
        run.indexed.add(source.signature.name)
        bound = source.signature.bound
        if bound is not None and run.sizes.learning and run.sizes.resolved(bound).is_Symbol:
            run.bounded(source.signature.name, bound, extent)
    elif run.sizes.learning and np.array_equal(item.value, np.arange(run.sizes.number(extent))):
        run.sizes.unify(tensor.shape[0], extent)  # arange(len(y)) counts the rows, all of them
    return run.settled(tensor)


def _source(run: Run, tensor: Tensor) -> Tensor | None:
    """The input that an array of positions is a part of; what is computed of one, lengths - 1, has other bounds."""
    found: Tensor | None = tensor
    while found is not None and found.name not in run.inputs:
        found = source_of(found)
    return found


def _listed(run: Run, entries: np.ndarray, item: Any, number: int, extent: Any) -> Tensor:
    """A plain list of positions: all of them in order, or data of the network."""
    if entries.ndim == 1 and np.array_equal(entries, np.arange(number)):
        return ops.arange(extent)
    if entries.dtype.kind not in "iu":
        raise run.refusal("an index is made of whole numbers.", "")
    if np.any(entries < 0):
        entries = entries % number
        return _positions(run, run.coming_in(entries), extent)
    return _positions(run, run.coming_in(item if isinstance(item, np.ndarray) else entries), extent)


def _plain(items: Any) -> Any:
    if isinstance(items, tuple):
        return tuple(map(_plain, items))
    return list(items) if isinstance(items, range) else items


def _places(x: Traced, bare: Any) -> np.ndarray:
    """Which entries are meant, counted row by row."""
    return np.asarray(np.arange(np.size(x.value)).reshape(np.shape(x.value))[bare])
