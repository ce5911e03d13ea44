"""NumPy's functions that move entries about: other shapes, other orders, arrays beside one another, new arrays like old ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy import Expr

from symbackprop.core.program import Sum, slot
from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor, arange, normal_axes, normal_axis
from symbackprop.notation.trace.sizes import Size, expr_of
from symbackprop.notation.trace.traced import Traced
from symbackprop.notation.trace.unrolled import together

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

PLAIN: dict[str, Callable[..., Any]] = {
    "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
    "size": lambda x, axis=None: x.size if axis is None else x.shape[axis],
    "result_type": lambda *xs: np.result_type(*[x.dtype if isinstance(x, Traced) else x for x in xs]),
    "iscomplexobj": lambda x: False,
    "isscalar": lambda x: x.ndim == 0,
    "may_share_memory": lambda a, b: False,
}
"""What is known without a tensor."""

Steps = tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]


def _transpose(run: Run, x: Traced, axes: Any = None) -> Steps:
    order = list(reversed(range(x.ndim))) if axes is None else [int(a) % max(x.ndim, 1) for a in axes]
    back = [order.index(k) for k in range(len(order))]
    return lambda t: ops.transpose(t, order), lambda old, new: ops.transpose(new, back)


def _swapaxes(run: Run, x: Traced, axis1: int, axis2: int) -> Steps:
    return lambda t: ops.swapaxes(t, axis1, axis2), lambda old, new: ops.swapaxes(new, axis1, axis2)


def _moveaxis(run: Run, x: Traced, source: Any, destination: Any) -> Steps:
    whole = np.moveaxis(np.empty(range(2, x.ndim + 2)), source, destination)
    return _transpose(run, x, [n - 2 for n in whole.shape])


def _reshape(run: Run, x: Traced, shape: Any = None, order: str = "C", **further: Any) -> Steps:
    wanted = further.pop("newshape", shape)
    if order != "C":
        raise run.refusal(f"the order {order!r} is not traced.", "Write .T before and after.")
    sizes = _shape(run, wanted)
    known = sp.Mul(*(n for n in sizes if n != -1))
    if -1 not in sizes:
        run.sizes.unify(sp.Mul(*x.tensor.shape), known)
    elif run.sizes.learning:
        _meet(run, x.tensor.shape, known)
    return lambda t: ops.reshape(t, tuple(map(run.sizes.resolved, sizes))), lambda old, new: ops.reshape(new, old.shape)


def _meet(run: Run, shape: tuple[Expr, ...], known: Expr) -> None:
    """Take a size that a reshape asks for as the product of the axes that it is in the example: x.reshape(-1, d)."""
    if sp.denom(sp.together(sp.cancel(sp.Mul(*map(run.sizes.resolved, shape)) / run.sizes.resolved(known)))) == 1:
        return
    ends = [shape[k:] for k in range(1, len(shape))] + [shape[:k] for k in range(1, len(shape))]
    for part in ends:
        if run.sizes.number(sp.Mul(*part)) == run.sizes.number(known):
            run.sizes.unify(sp.Mul(*part), known)
            return
    if known.is_Integer and shape:
        run.sizes.multiple(shape[-1], int(known))


def _ravel(run: Run, x: Traced, order: str = "C") -> Steps:
    return _reshape(run, x, -1, order)


def _squeeze(run: Run, x: Traced, axis: Any = None) -> Steps:
    lost = [k for k, n in enumerate(np.shape(x.value)) if n == 1] if axis is None else normal_axes("squeeze", x.tensor, axis)
    for k in lost:
        run.sizes.unify(x.tensor.shape[k], sp.S.One)
    return lambda t: ops.squeeze(t, tuple(lost)) if lost else t, lambda old, new: ops.reshape(new, old.shape)


def _expand_dims(run: Run, x: Traced, axis: Any) -> Steps:
    several = sorted(a % (x.ndim + 1) for a in (axis if isinstance(axis, tuple | list) else (axis,)))

    def get(t: Tensor) -> Tensor:
        for a in several:
            t = ops.expand_dims(t, a)
        return t

    return get, lambda old, new: ops.reshape(new, old.shape)


VIEWS: dict[str, Callable[..., Steps]] = {
    "transpose": _transpose, "permute_dims": _transpose, "swapaxes": _swapaxes, "moveaxis": _moveaxis, "reshape": _reshape,
    "ravel": _ravel, "squeeze": _squeeze, "expand_dims": _expand_dims,
}  # fmt: skip
"""Functions that share memory: from the tensor of the whole, and back into it."""


def view(run: Run, name: str, numpy: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A function that shares memory with its argument where NumPy does."""
    x = run.lift(args[0])
    args = (x, *args[1:])
    value = numpy(*run.bare(args), **run.bare(options))
    steps: list[Steps] = []

    def read() -> Tensor:
        steps.append(VIEWS[name](run, *args, **options))
        return x.tensor

    fault = run.computed(read)
    if isinstance(fault, Exception):
        return Traced(run, value, fault)
    get, put = steps[-1]
    if not (isinstance(value, np.ndarray) and isinstance(x.value, np.ndarray) and np.shares_memory(value, x.value)):
        return run.made(value, lambda: get(x.tensor))

    def back(new: Tensor) -> None:
        x.write(run.computed(lambda: put(run.settled(x.tensor), run.settled(new))))

    return x.view(value, get, back)


def _shape(run: Run, shape: Any) -> tuple[Expr, ...]:
    several = shape if isinstance(shape, tuple | list) else (shape,)
    return tuple(expr_of(run.lift(n).value if isinstance(n, Traced) else n) for n in several)


def _t(run: Run, x: Any) -> Tensor:
    return run.settled(run.lift(x).tensor)


def _joined(run: Run, arrays: Sequence[Any], axis: Any = 0, **_: Any) -> Tensor:
    several = [run.lift(a) for a in arrays]
    if axis is None:
        several, axis = [a.reshape(-1) for a in several], 0
    place = normal_axis("concatenate", several[0].tensor, axis)
    several = [a for a in several if np.shape(a.value)[place]] or several[:1]  # what is empty adds nothing
    for other in several[1:]:
        for k, (a, b) in enumerate(zip(several[0].tensor.shape, other.tensor.shape, strict=True)):
            if k != place:
                run.equal(a, b)
    return ops.concatenate([run.settled(a.tensor) for a in several], place)


def _stacked(run: Run, arrays: Sequence[Any], axis: int = 0, **_: Any) -> Tensor:
    several = [run.lift(a) for a in arrays]
    for other in several[1:]:
        for a, b in zip(several[0].tensor.shape, other.tensor.shape, strict=True):
            run.equal(a, b)
    whole = together(run, [a.tensor for a in several], (len(several),))
    return ops.stack([run.settled(a.tensor) for a in several], axis) if whole is None else ops.moveaxis(whole, 0, axis)


def _pad(run: Run, x: Any, widths: Any, mode: str = "constant", constant_values: Any = 0, **_: Any) -> Tensor:
    array = run.lift(x)
    pairs = np.broadcast_to(np.asarray(run.bare(widths)), (array.ndim, 2)).tolist()
    values = set(np.ravel(run.bare(constant_values)).tolist())
    if len(values) > 1:
        raise run.refusal("np.pad with several constant_values is not traced.", "Pad one side after the other.")
    return ops.pad(run.settled(array.tensor), pairs, mode, values.pop())


def _repeat(run: Run, x: Any, repeats: Any, axis: Any = None) -> Tensor:
    array = run.lift(x) if axis is not None else run.lift(x).reshape(-1)
    tensor, place = run.settled(array.tensor), 0 if axis is None else axis % array.ndim
    if not isinstance(repeats, int | np.integer):
        raise run.refusal("np.repeat with an array of counts is not traced.", "Repeat by one number.")
    inner = ops.expand_dims(tensor, place + 1)
    count = expr_of(repeats)
    wide = inner + ops.zeros((*[1] * (place + 1), count, *[1] * (tensor.ndim - place - 1)))
    return ops.reshape(wide, (*tensor.shape[:place], tensor.shape[place] * count, *tensor.shape[place + 1 :]))


def _tile(run: Run, x: Any, reps: Any) -> Tensor:
    array = run.lift(x)
    counts = [expr_of(n) for n in (reps if isinstance(reps, tuple | list) else (reps,))]
    tensor = run.settled(array.tensor)
    while tensor.ndim < len(counts):
        tensor = ops.expand_dims(tensor, 0)
    counts = [sp.S.One] * (tensor.ndim - len(counts)) + counts
    shape: list[Expr] = []
    for axis, count in enumerate(counts):
        tensor = ops.expand_dims(tensor, 2 * axis)
        shape += [count, tensor.shape[2 * axis + 1]]
    wide = tensor + ops.zeros(tuple(shape))
    return ops.reshape(wide, tuple(shape[k] * shape[k + 1] for k in range(0, len(shape), 2)))


def _broadcast_to(run: Run, x: Any, shape: Any, **_: Any) -> Tensor:
    sizes = _shape(run, shape)
    tensor = _t(run, x)
    number = np.shape(run.lift(x).value)
    for n, have, want in zip(reversed(number), reversed(tensor.shape), reversed(sizes), strict=False):
        run.equal(have, want if n != 1 or want == 1 else sp.S.One)
    return repeated(run.settled(tensor), tuple(map(run.sizes.resolved, sizes)))


def repeated(tensor: Tensor, shape: tuple[Expr, ...]) -> Tensor:
    """The tensor, again and again along the axes that it lacks or has once."""
    letters = tuple(str(k) for k in range(len(shape)))
    own = letters[len(shape) - tensor.ndim :]
    once = {c: f"o{c}" for c, have, want in zip(own, tensor.shape, shape[len(shape) - tensor.ndim :], strict=True) if have != want}
    index = tuple(once.get(c, c) for c in own)
    over = tuple((c, sp.S.One) for c in once.values())
    return Tensor(shape, Sum(slot(0), (slot(0),), over), ((tensor, index),), letters)


def _flip(run: Run, x: Any, axis: Any = None) -> Tensor:
    tensor = _t(run, x)
    axes = normal_axes("flip", tensor, axis)
    return tensor[tuple(slice(None, None, -1) if k in axes else slice(None) for k in range(tensor.ndim))]


def _roll(run: Run, x: Any, shift: Any, axis: Any = None) -> Any:
    if isinstance(axis, tuple | list):
        shifts = shift if isinstance(shift, tuple | list) else [shift] * len(axis)
        rolled: Any = reduce(lambda y, pair: np.roll(y, *pair), zip(shifts, axis, strict=True), run.lift(x))
        return rolled.tensor
    tensor = _t(run, x)
    flat = ops.ravel(tensor) if axis is None else tensor
    place = 0 if axis is None else normal_axis("roll", flat, axis)
    extent, shift = flat.shape[place], int(shift)
    number = run.sizes.number(extent)
    if not shift % number:
        return tensor
    by = shift if abs(shift) < number else shift % number
    cut = sp.Integer(-by) if by < 0 else extent - by  # a step back leaves the size open, as one ahead does
    front, back = ((*[slice(None)] * place, s) for s in (slice(cut, None), slice(None, cut)))
    return ops.reshape(ops.concatenate([flat[front], flat[back]], place), tensor.shape)


def _diff(run: Run, x: Any, n: int = 1, axis: int = -1) -> Tensor:
    tensor = _t(run, x)
    place = normal_axis("diff", tensor, axis)
    for _ in range(n):
        after, before = ((*[slice(None)] * place, s) for s in (slice(1, None), slice(None, -1)))
        tensor = tensor[after] - tensor[before]
    return tensor


def _take_along_axis(run: Run, x: Any, indices: Any, axis: int = -1) -> Tensor:
    array = run.lift(x)
    return array[along(run, array, run.lift(indices), axis)].tensor


def along(run: Run, array: Traced, where: Traced, axis: int) -> tuple[Any, ...]:
    """The index of the entries that stand at positions along an axis, one row of positions for each row."""
    place = normal_axis("take_along_axis", array.tensor, axis)
    keys: list[Any] = []
    for k, extent in enumerate(array.tensor.shape):
        if k != place:
            run.equal(extent, where.tensor.shape[k]) if 1 not in (np.shape(array.value)[k], np.shape(where.value)[k]) else None
        keys.append(where if k == place else Traced(run, _spread(array, k), _column(arange(extent), k, array.ndim)))
    return tuple(keys)


def _spread(array: Traced, k: int) -> np.ndarray:
    return np.arange(np.shape(array.value)[k]).reshape([-1 if j == k else 1 for j in range(array.ndim)])


def _column(tensor: Tensor, k: int, rank: int) -> Tensor:
    return tensor[tuple(slice(None) if j == k else None for j in range(rank))]


ROWS: dict[str, Callable[..., Any]] = {
    "concatenate": _joined, "concat": _joined, "stack": _stacked, "pad": _pad, "repeat": _repeat, "tile": _tile,
    "broadcast_to": _broadcast_to, "flip": _flip,
    "fliplr": lambda run, x: _flip(run, x, 1), "flipud": lambda run, x: _flip(run, x, 0),
    "roll": _roll, "diff": _diff, "take_along_axis": _take_along_axis,
}  # fmt: skip


def _like(value: float | None) -> Callable[..., Any]:
    def made(run: Run, x: Traced, fill: Any = None, dtype: Any = None, shape: Any = None, **_: Any) -> Any:
        kind = x.dtype if dtype is None else dtype
        return filled(run, shape if shape is not None else x.shape, value if value is not None else fill, kind)

    return made


def filled(run: Run, shape: Any, value: Any, dtype: Any = float) -> Any:
    """np.full: an array that can be written to."""
    several = shape if isinstance(shape, tuple | list) else (shape,)
    number = run.lift(value)
    array = np.full(run.bare(tuple(several)), number.value, dtype=dtype)
    run.single |= array.dtype.kind == "f" and array.itemsize < 8
    if 0 in array.shape:
        return array

    def step() -> Tensor:
        sizes = tuple(map(run.sizes.resolved, _shape(run, tuple(several))))
        return ops.full(sizes, number.tensor) if run.is_number(number) else number.tensor + ops.zeros(sizes)

    return run.made(array, step)


def _atleast(rank: int) -> Callable[..., Any]:
    def made(run: Run, x: Any) -> Any:
        array = run.lift(x)
        while array.ndim < rank:
            array = array[None] if array.ndim < 2 else array[..., None]
        return array

    return made


def _vstack(run: Run, arrays: Any, **_: Any) -> Any:
    return np.concatenate([_atleast(2)(run, a) for a in arrays], axis=0)


def _hstack(run: Run, arrays: Any, **_: Any) -> Any:
    several = [_atleast(1)(run, a) for a in arrays]
    return np.concatenate(several, axis=0 if several[0].ndim == 1 else 1)


def _column_stack(run: Run, arrays: Any) -> Any:
    several = [run.lift(a) for a in arrays]
    return np.concatenate([a[:, None] if a.ndim == 1 else a for a in several], axis=1)


def _vander(run: Run, x: Any, N: Any = None, increasing: bool = False) -> Any:
    count = int(x.shape[0] if N is None else N)
    powers = range(count) if increasing else range(count - 1, -1, -1)
    return np.column_stack([x**k for k in powers])


def _meshgrid(run: Run, *xs: Any, indexing: str = "xy", sparse: bool = False, **_: Any) -> Any:
    """Each array along an axis of its own, repeated along the others."""
    arrays = [run.lift(x).reshape(-1) for x in xs]
    order = [1, 0, *range(2, len(arrays))][: len(arrays)] if indexing == "xy" else range(len(arrays))
    sizes = [arrays[k].sizes[0] for k in order]
    found = []
    for k, x in enumerate(arrays):
        axis = list(order).index(k)
        one = x[tuple(slice(None) if j == axis else None for j in range(len(arrays)))]
        shape: list[Any] = [Size(len(arrays[order[j]].value), n, run.sizes) for j, n in enumerate(sizes)]
        found.append(one if sparse else np.broadcast_to(one, tuple(shape)))
    return found


def _compress(run: Run, condition: Any, a: Any, axis: Any = None, **_: Any) -> Any:
    """The entries whose condition holds, which must not depend on what is differentiated by."""
    kept = np.flatnonzero(run.truths(run.lift(condition)))
    return np.take(run.lift(a), kept, axis=axis)


COMPOSED: dict[str, Callable[..., Any]] = {
    "compress": _compress, "extract": _compress,
    "zeros_like": _like(0), "ones_like": _like(1), "empty_like": _like(0), "full_like": _like(None),
    "copy": lambda run, x, **_: x.copy(), "asarray": lambda run, x, **_: x, "atleast_1d": _atleast(1), "atleast_2d": _atleast(2),
    "vstack": _vstack, "row_stack": _vstack, "hstack": _hstack, "column_stack": _column_stack,
    "hsplit": lambda run, x, parts: np.split(x, parts, axis=1), "vsplit": lambda run, x, parts: np.split(x, parts, axis=0),
    "vander": _vander, "meshgrid": _meshgrid,
    "rollaxis": lambda run, x, axis, start=0: np.moveaxis(x, axis, start),
}  # fmt: skip
