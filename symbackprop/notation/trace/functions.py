"""NumPy's functions as operations of the language: a row for each, so that what is not here is refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, normal_axis
from symbackprop.notation.composed.further import spelled
from symbackprop.notation.composed.linalg import LINALG
from symbackprop.notation.masked import NEUTRAL, masked
from symbackprop.notation.trace import mapped, matrices, shaping
from symbackprop.notation.trace.matrices import whole_axes
from symbackprop.notation.trace.same import of_language
from symbackprop.notation.trace.sizes import expr_of
from symbackprop.notation.trace.strided import sliding_window_view
from symbackprop.notation.trace.traced import Traced
from symbackprop.notation.trace.ufuncs import given, logical, tensor_of, unknown
from symbackprop.notation.trace.writers import WRITERS

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

POSITIONS = ("argmax", "argmin", "argsort")  # of data alone, taken as they are


def function(run: Run, numpy: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a function of NumPy gives: its values, and the tensor that its row says."""
    name = numpy.__name__
    if name in LINALG and numpy.__module__ == "numpy.linalg" and hasattr(np, name):
        last = {} if name == "outer" else {"axis1": -2, "axis2": -1}
        return function(run, getattr(np, name), args, {**options, **last})
    if name in shaping.PLAIN:
        return shaping.PLAIN[name](*args, **options)
    if name in shaping.VIEWS:
        return shaping.view(run, name, numpy, args, options)
    if name in COMPOSED:
        return COMPOSED[name](run, *args, **options)
    if ((name not in ROWS and of_language(name) is None) or name in POSITIONS) and _is_of_data(run, (*args, *options.values())):
        return numpy(*run.bare(args), **run.bare(options))
    out = options.pop("out", None)
    value = numpy(*run.bare(args), **run.bare(options))
    row = ROWS.get(name) or of_language(name)
    if isinstance(value, list | tuple):
        return _several(run, name, value, row, args, options)
    made = run.made(value, lambda: as_tensor(row(run, *args, **given(options))) if row else unknown(run, name, args))
    if isinstance(out, Traced):
        out[...] = made
        return out
    return made


def called(run: Run, function: Any, module: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a function of another module gives: its values, and the tensor that the language's word says."""
    name = function.__name__
    row = matrices.ROWS[name] if name in matrices.BY_SHAPE and module == "scipy.linalg" else of_language(name, module)
    if row is None and _is_of_data(run, (*args, *options.values())):
        return function(*run.bare(args), **run.bare(options))
    value = function(*run.bare(args), **run.bare(options))
    if isinstance(value, list | tuple):
        return _several(run, f"{module}.{name}", value, row, args, options)
    return run.made(value, lambda: as_tensor(row(run, *args, **options)) if row else unknown(run, f"{module}.{name}"))


def _is_of_data(run: Run, given: tuple[Any, ...]) -> bool:
    """Whether a function that has no row is asked about data alone, whose values are then taken as they are."""
    arrays = [x for x in given if isinstance(x, Traced)]
    if not arrays or any(map(run.depends, arrays)):
        return False
    for x in arrays:
        run.truths(x)
    return True


def _several(run: Run, name: str, values: Any, row: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A function that gives several arrays, such as np.split, by their names where NumPy names them."""
    found: Any = []

    def part(k: int) -> Tensor:
        if row is None:
            return unknown(run, name, args)
        if not found or run.sizes.learning:  # what is learnt of the sizes may make others of it
            found[:] = row(run, *args, **options)
        if k < len(found) and isinstance(found[k], LanguageError):
            raise found[k]
        return found[k] if k < len(found) else unknown(run, f"{name}(...)[{k}]")

    parts = [value if isinstance(value, bool | None) else run.made(value, lambda k=k: part(k)) for k, value in enumerate(values)]
    named = getattr(values, "_make", None)
    return named(parts) if named else parts


def _reduction(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, **further: Any) -> Tensor:
        where = further.pop("where", None)
        if where is not None and operation.__name__ in NEUTRAL:
            mask, tensor = run.aligned(run.lift(where), run.lift(x))
            return masked(operation, [tensor, whole_axes(axis)], {"where": mask, "keepdims": keepdims})
        if further or where is not None:
            raise run.refusal(f"a reduction with {min(further, default='where')}= is not traced.", "Write np.where first.")
        return operation(tensor_of(run, x), whole_axes(axis), keepdims=keepdims)

    return row


def _extreme(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Tensor:
        return operation(tensor_of(run, x), whole_axes(axis), keepdims=keepdims)

    return row


def _spread(root: bool) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = None, dtype: Any = None, ddof: int = 0, keepdims: bool = False, **_: Any) -> Tensor:
        tensor = tensor_of(run, x)
        found = ops.var(tensor, whole_axes(axis), keepdims=keepdims)
        if ddof:
            axes = range(tensor.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
            count = sp.Mul(*[tensor.shape[a] for a in axes])
            found = found * (count / (count - ddof))
        return ops.sqrt(found) if root else found

    return row


def _dot(run: Run, a: Any, b: Any, **_: Any) -> Tensor:
    x, y = run.lift(a), run.lift(b)
    if x.ndim and y.ndim:
        run.equal(x.tensor.shape[-1], y.tensor.shape[-2 if y.ndim > 1 else 0])
    return ops.dot(run.settled(x.tensor), run.settled(y.tensor)) if x.ndim and y.ndim else tensor_of(run, x) * tensor_of(run, y)


def _einsum(run: Run, pattern: Any, *operands: Any, **_: Any) -> Tensor:
    pattern, given = spelled(pattern, operands)
    arrays = [run.lift(o) for o in given]
    extents: dict[str, tuple[int, Any]] = {}
    for term, array in zip(str(pattern).replace(" ", "").split("->")[0].split(","), arrays, strict=False):
        if "." in term:
            continue
        for letter, n, extent in zip(term, np.shape(array.value), array.tensor.shape, strict=True):
            if n != 1 and letter in extents:
                run.equal(extent, extents[letter][1])
            elif n != 1:
                extents[letter] = n, extent
    return ops.einsum(pattern, *[run.settled(a.tensor) for a in arrays])


def _outer(run: Run, a: Any, b: Any, **_: Any) -> Tensor:
    return ops.outer(ops.ravel(tensor_of(run, a)), ops.ravel(tensor_of(run, b)))


def _clip(run: Run, x: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None, **_: Any) -> Tensor:
    low, high = a_min if a_min is not None else min, a_max if a_max is not None else max
    return ops.clip(tensor_of(run, x), *(None if bound is None else tensor_of(run, bound) for bound in (low, high)))


def _where(run: Run, condition: Any, *both: Any) -> Tensor:
    if len(both) != 2:
        raise run.refusal("np.where(condition) gives positions, which depend on values.", "Write np.where(condition, a, b).")
    return ops.where(*run.aligned(*map(run.lift, (condition, *both))))


def _ordered(operation: Callable[..., Tensor], usual: int | None) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = usual, keepdims: bool = False, **_: Any) -> Tensor:
        return operation(tensor_of(run, x), whole_axes(axis), **({"keepdims": True} if keepdims else {}))

    return row


def _quantile(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, q: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Tensor:
        return operation(tensor_of(run, x), q, whole_axes(axis), keepdims=keepdims)

    return row


def _round(run: Run, x: Any, decimals: int = 0, **_: Any) -> Tensor:
    scale = sp.Integer(10) ** int(decimals)
    return TABLE["round"](tensor_of(run, x) * scale) / scale


def _average(run: Run, a: Any, axis: Any = None, weights: Any = None, **options: Any) -> Tensor:
    if weights is None:
        return ops.mean(tensor_of(run, a), whole_axes(axis), **given(options))
    x, w = run.lift(a), run.lift(weights)
    if w.ndim == 1 and x.ndim > 1:
        w = w[tuple(slice(None) if k == axis % x.ndim else None for k in range(x.ndim))]
    values, by = run.aligned(x, w)
    return ops.sum(values * by, whole_axes(axis)) / ops.sum(by + ops.zeros(values.shape), whole_axes(axis))


def _tensordot(run: Run, a: Any, b: Any, axes: Any = 2) -> Tensor:
    x, y = run.lift(a), run.lift(b)
    if isinstance(axes, int):
        axes = (list(range(x.ndim - axes, x.ndim)), list(range(axes)))
    left, right = ([k] if isinstance(k, int) else list(k) for k in axes)
    for i, j in zip(left, right, strict=True):
        run.equal(x.tensor.shape[i], y.tensor.shape[j])
    first = [chr(ord("a") + k) for k in range(x.ndim)]
    second = [chr(ord("n") + k) for k in range(y.ndim)]
    for i, j in zip(left, right, strict=True):
        second[j % y.ndim] = first[i % x.ndim]
    result = [c for c in first if c not in second] + [c for c in second if c not in first]
    return ops.einsum(f"{''.join(first)},{''.join(second)}->{''.join(result)}", tensor_of(run, x), tensor_of(run, y))


def _split(run: Run, x: Any, parts: Any, axis: int = 0) -> Any:
    if type(parts) is int and parts > 1:
        array = run.lift(x)
        run.sizes.multiple(array.tensor.shape[axis % array.ndim], parts)  # halves of an axis make it twice a size
    cuts = parts if isinstance(parts, int) else tuple(expr_of(p) for p in parts)
    return ops.split(tensor_of(run, x), cuts, axis)


def _triangle(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda run, x, k=0: operation(tensor_of(run, x), int(k))


def _truth(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Tensor:
        tensor = tensor_of(run, x)
        return operation(logical(tensor), whole_axes(axis), keepdims=keepdims) if tensor.ndim else logical(tensor)

    return row


def _diagonal(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, **_: Any) -> Tensor:
        return operation(tensor_of(run, x), expr_of(offset), axis1, axis2)

    return row


def _matrix(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda run, *xs, **options: operation(*[tensor_of(run, x) for x in xs], **options)


def _take(run: Run, x: Any, items: Any, axis: Any = None, **_: Any) -> Tensor:
    array = run.lift(x) if axis is not None else run.lift(x).reshape(-1)
    place = normal_axis("take", array.tensor, 0 if axis is None else axis)
    return array[(*[slice(None)] * place, items)].tensor


ROWS: dict[str, Callable[..., Any]] = {
    "sum": _reduction(ops.sum), "mean": _reduction(ops.mean), "prod": _reduction(ops.prod), "nansum": _reduction(ops.sum),
    "max": _extreme(ops.max), "min": _extreme(ops.min), "amax": _extreme(ops.max), "amin": _extreme(ops.min),
    "any": _truth(ops.max), "all": _truth(ops.min),
    "var": _spread(root=False), "std": _spread(root=True), "average": _average,
    "dot": _dot, "vdot": lambda run, a, b: ops.dot(ops.ravel(tensor_of(run, a)), ops.ravel(tensor_of(run, b))),
    "inner": _matrix(ops.inner), "outer": _outer, "einsum": _einsum, "tensordot": _tensordot, "kron": _matrix(ops.kron),
    "trace": _diagonal(ops.trace), "diagonal": _diagonal(ops.diagonal),
    "diag": lambda run, x, k=0: ops.diag(tensor_of(run, x), expr_of(k)),
    "where": _where, "clip": _clip, "cumsum": _reduction(lambda x, axis, keepdims: ops.cumsum(x, axis)),
    "cumprod": _reduction(lambda x, axis, keepdims: ops.cumprod(x, axis)), "tril": _triangle(ops.tril), "triu": _triangle(ops.triu),
    "round": _round, "around": _round, "fix": _matrix(TABLE["trunc"]),
    "sort": _ordered(ops.sort, -1), "argsort": _ordered(ops.argsort, -1), "argmax": _ordered(ops.argmax, None),
    "argmin": _ordered(ops.argmin, None), "median": _ordered(ops.median, None), "quantile": _quantile(ops.quantile),
    "percentile": _quantile(ops.percentile),
    "split": _split, "take": _take, "nan_to_num": lambda run, x, **_: tensor_of(run, x),
    **shaping.ROWS, **matrices.ROWS,
}  # fmt: skip
"""NumPy's functions by name: from the arguments as they were given to the tensor, or the tensors."""

COMPOSED = shaping.COMPOSED | mapped.COMPOSED | WRITERS | {"sliding_window_view": sliding_window_view}
"""Functions that are written with others, as NumPy's documentation says them."""


def array(run: Run, nested: Any, dtype: Any = None) -> Any:
    """np.array of nested lists: a traced array where a traced value stands in them, else a plain one."""
    if isinstance(nested, Traced):
        return nested.copy() if dtype is None else nested.astype(dtype)
    if not _holds_traced(nested):
        return np.array(run.bare(nested), dtype=dtype)
    rows = [run.lift(row) for row in nested]
    made = np.stack(rows)
    return made if dtype is None else made.astype(dtype)


def _holds_traced(value: Any) -> bool:
    if isinstance(value, Traced):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype == object and _holds_traced(value.tolist())
    return isinstance(value, list | tuple) and any(map(_holds_traced, value))
