"""NumPy's functions as operations of the language: a row for each, so that what is not here is refused by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import placed
from symbackprop.language.tensors import Tensor, as_tensor, is_truth, normal_axis, take
from symbackprop.notation.composed import WORDS
from symbackprop.notation.trace import matrices, shaping
from symbackprop.notation.trace.indexing import filled, symbolic
from symbackprop.notation.trace.matrices import whole_axes
from symbackprop.notation.trace.same import of_language
from symbackprop.notation.trace.sizes import expr_of
from symbackprop.notation.trace.traced import Traced
from symbackprop.notation.trace.writers import WRITERS

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def _logical(a: Any) -> Any:
    tensor = as_tensor(a)
    return tensor if is_truth(tensor) else tensor != 0


UFUNCS: dict[str, Callable[..., Any]] = {
    **TABLE,
    "add": ops.add, "subtract": ops.subtract, "multiply": ops.multiply, "divide": ops.divide, "power": ops.power,
    "float_power": ops.power, "negative": ops.negative, "positive": lambda a: a, "sqrt": ops.sqrt, "square": ops.square,
    "reciprocal": ops.reciprocal, "log2": ops.log2, "log10": ops.log10, "exp2": lambda a: TABLE["exp"](a * sp.log(2)),
    "cbrt": lambda a: TABLE["sign"](a) * TABLE["abs"](a) ** sp.Rational(1, 3),
    "hypot": lambda a, b: ops.sqrt(ops.square(a) + ops.square(b)), "fmod": ops.fmod, "betaln": ops.betaln,
    "fmax": TABLE["maximum"], "fmin": TABLE["minimum"], "conjugate": lambda a: a, "deg2rad": lambda a: a * sp.pi / 180,
    "greater": lambda a, b: a > b, "less": lambda a, b: a < b,
    "greater_equal": lambda a, b: a >= b, "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b, "not_equal": lambda a, b: a != b,
    "logical_not": lambda a: a == 0, "logical_and": lambda a, b: _logical(a) * _logical(b),
    "logical_or": lambda a, b: TABLE["maximum"](_logical(a), _logical(b)), "logical_xor": lambda a, b: _logical(a) != _logical(b),
}  # fmt: skip
"""Entry by entry, by the name of the ufunc."""

OF_BOOLEANS = {"invert": "logical_not", "bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_xor": "logical_xor"}
REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
ACCUMULATED = {
    "add": ops.cumsum,
    "multiply": ops.cumprod,
    "maximum": ops.cummax,
    "minimum": ops.cummin,
    "logaddexp": ops.logcumsumexp,
}
POSITIONS = ("argmax", "argmin", "argsort")  # of data alone, taken as they are
FLAT = "its derivative is zero or none, so that nothing comes back through it"


def ufunc(run: Run, name: str, arrays: Sequence[Traced], options: dict[str, Any]) -> Tensor:
    """The tensor of an operation entry by entry, or of a matrix product."""
    further = set(options) - {"dtype", "casting", "order", "subok"}
    if further:
        raise run.refusal(f"np.{name} with {min(further)}= is not traced.", "Write np.where.")
    if name == "matmul":
        return product(run, *arrays)
    if name in OF_BOOLEANS and all(a.dtype == bool for a in arrays):
        name = OF_BOOLEANS[name]
    if name in FINITE:
        return FINITE[name](run, *arrays)
    row = UFUNCS.get(name) or WORDS.get(name)
    if row is None:
        raise run.refusal(f"np.{name} is not traced: no row says it.", "")
    tensors = run.aligned(*arrays)
    return as_tensor(row(*tensors))


def product(run: Run, a: Traced, b: Traced) -> Tensor:
    """a @ b."""
    run.equal(a.tensor.shape[-1], b.tensor.shape[-2 if b.ndim > 1 else 0])
    if a.ndim > 2 and b.ndim > 2:
        for n, m, x, y in zip(
            reversed(np.shape(a.value)[:-2]), reversed(np.shape(b.value)[:-2]), reversed(a.tensor.shape[:-2]),
            reversed(b.tensor.shape[:-2]), strict=False,
        ):  # fmt: skip
            if n == m:
                run.equal(x, y)
    return ops.matmul(run.settled(a.tensor), run.settled(b.tensor))


def by_method(run: Run, function: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """np.add.reduce, np.add.accumulate, np.multiply.outer, np.add.at."""
    name = function.__name__
    if method == "at" and name in ("add", "subtract"):
        return _add_at(run, function, *inputs)
    if method == "reduce" and name in REDUCED:
        x, *place = inputs
        axis = place[0] if place else options.pop("axis", 0)
        return run.function(getattr(np, REDUCED[name]), (x,), {"axis": axis, **_given(options)})
    if method == "accumulate" and name in ACCUMULATED:
        x, *place = inputs
        axis = place[0] if place else options.get("axis", 0)
        return run.made(
            function.accumulate(*run.bare(inputs), **run.bare(_given(options))), lambda: ACCUMULATED[name](_t(run, x), axis)
        )
    if method == "outer":
        a, b = map(run.lift, inputs)
        columns: tuple[Any, ...] = (Ellipsis, *[None] * b.ndim)
        return function(a[columns], b)
    value = getattr(function, method)(*run.bare(inputs), **run.bare(_given(options)))
    return run.made(value, lambda: _unknown(run, f"{name}.{method}"))


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None and value is not np._NoValue}


def _unknown(run: Run, name: str) -> Tensor:
    flat = name in ("nonzero", "unique")
    raise run.refusal(f"np.{name} is not traced" + (f": {FLAT}." if flat else "."), "")


def _add_at(run: Run, function: Any, x: Any, items: Any, value: Any) -> None:
    if not isinstance(x, Traced):
        raise TypeError("np.add.at into a plain array gets traced values; make the array with np.zeros")
    new = run.lift(value)
    function.at(x.value, run.bare(items), new.value)

    def step() -> Tensor:
        keys, whole = symbolic(run, x, items), run.settled(x.tensor)
        part = take(Tensor(whole.shape), keys)
        numbers = tuple(map(run.sizes.number, part.shape))
        added = placed(filled(run, new, part.shape, numbers), keys, whole.shape)
        return whole + added if function.__name__ == "add" else whole - added

    x.write(run.computed(step))


def function(run: Run, numpy: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a function of NumPy gives: its values, and the tensor that its row says."""
    name = numpy.__name__
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
    made = run.made(value, lambda: as_tensor(row(run, *args, **_given(options))) if row else _unknown(run, name))
    if isinstance(out, Traced):
        out[...] = made
        return out
    return made


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
            return _unknown(run, name)
        if not found:
            found.append(row(run, *args, **options))
        return found[0][k] if k < len(found[0]) else _unknown(run, f"{name}(...)[{k}]")

    parts = [run.made(value, lambda k=k: part(k)) for k, value in enumerate(values)]
    named = getattr(values, "_make", None)
    return named(parts) if named else parts


def _t(run: Run, x: Any) -> Tensor:
    return run.settled(run.lift(x).tensor)


def _reduction(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, **further: Any) -> Tensor:
        where = further.pop("where", None)
        if where is not None and operation in (ops.sum, ops.mean):
            mask, tensor = run.aligned(run.lift(where), run.lift(x))
            mask = mask + ops.zeros(tensor.shape)
            total = ops.sum(ops.where(mask, tensor, 0), whole_axes(axis), keepdims=keepdims)
            return total if operation is ops.sum else total / ops.sum(mask, whole_axes(axis), keepdims=keepdims)
        if further:
            raise run.refusal(f"a reduction with {min(further)}= is not traced.", "Write np.where first.")
        return operation(_t(run, x), whole_axes(axis), keepdims=keepdims)

    return row


def _extreme(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Tensor:
        return operation(_t(run, x), whole_axes(axis), keepdims=keepdims)

    return row


def _spread(root: bool) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = None, dtype: Any = None, ddof: int = 0, keepdims: bool = False, **_: Any) -> Tensor:
        tensor = _t(run, x)
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
    return ops.dot(run.settled(x.tensor), run.settled(y.tensor)) if x.ndim and y.ndim else _t(run, x) * _t(run, y)


def _einsum(run: Run, pattern: Any, *operands: Any, **_: Any) -> Tensor:
    arrays = [run.lift(o) for o in operands]
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
    return ops.outer(ops.ravel(_t(run, a)), ops.ravel(_t(run, b)))


def _clip(run: Run, x: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None, **_: Any) -> Tensor:
    low, high = a_min if a_min is not None else min, a_max if a_max is not None else max
    tensor = _t(run, x)
    tensor = tensor if low is None else TABLE["maximum"](tensor, _t(run, low))
    return tensor if high is None else TABLE["minimum"](tensor, _t(run, high))


def _where(run: Run, condition: Any, *both: Any) -> Tensor:
    if len(both) != 2:
        raise run.refusal("np.where(condition) gives positions, which depend on values.", "Write np.where(condition, a, b).")
    return ops.where(*run.aligned(*map(run.lift, (condition, *both))))


def _ordered(operation: Callable[..., Tensor], usual: int | None) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = usual, keepdims: bool = False, **_: Any) -> Tensor:
        return operation(_t(run, x), whole_axes(axis), **({"keepdims": True} if keepdims else {}))

    return row


def _quantile(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, q: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Tensor:
        return operation(_t(run, x), q, whole_axes(axis), keepdims=keepdims)

    return row


def _round(run: Run, x: Any, decimals: int = 0, **_: Any) -> Tensor:
    scale = sp.Integer(10) ** int(decimals)
    return TABLE["round"](_t(run, x) * scale) / scale


def _average(run: Run, a: Any, axis: Any = None, weights: Any = None, **options: Any) -> Tensor:
    if weights is None:
        return ops.mean(_t(run, a), whole_axes(axis), **_given(options))
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
    return ops.einsum(f"{''.join(first)},{''.join(second)}->{''.join(result)}", _t(run, x), _t(run, y))


def _split(run: Run, x: Any, parts: Any, axis: int = 0) -> Any:
    if type(parts) is int and parts > 1:
        array = run.lift(x)
        run.sizes.multiple(array.tensor.shape[axis % array.ndim], parts)  # halves of an axis make it twice a size
    cuts = parts if isinstance(parts, int) else tuple(expr_of(p) for p in parts)
    return ops.split(_t(run, x), cuts, axis)


def _triangle(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda run, x, k=0: operation(_t(run, x), int(k))


def _finite(name: str, expected: bool) -> Callable[..., Tensor]:
    """np.isnan and its like, of an example where all is finite: what they say there holds wherever the loss is finite."""

    def row(run: Run, x: Any) -> Tensor:
        array = run.lift(x)
        if not np.all(np.isfinite(array.value)):
            raise run.refusal(f"np.{name} of what is not finite is not traced.", "Give an example where all is finite.")
        return ops.full(array.tensor.shape, int(expected)) if array.ndim else as_tensor(int(expected))

    return row


def _truth(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(run: Run, x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Tensor:
        tensor = _t(run, x)
        return operation(_logical(tensor), whole_axes(axis), keepdims=keepdims) if tensor.ndim else _logical(tensor)

    return row


def _matrix(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda run, *xs, **options: operation(*[_t(run, x) for x in xs], **options)


def _take(run: Run, x: Any, items: Any, axis: Any = None, **_: Any) -> Tensor:
    array = run.lift(x) if axis is not None else run.lift(x).reshape(-1)
    place = normal_axis("take", array.tensor, 0 if axis is None else axis)
    return array[(*[slice(None)] * place, items)].tensor


FINITE = {"isnan": _finite("isnan", False), "isinf": _finite("isinf", False), "isfinite": _finite("isfinite", True)}

ROWS: dict[str, Callable[..., Any]] = {
    "sum": _reduction(ops.sum), "mean": _reduction(ops.mean), "prod": _reduction(ops.prod), "nansum": _reduction(ops.sum),
    "max": _extreme(ops.max), "min": _extreme(ops.min), "amax": _extreme(ops.max), "amin": _extreme(ops.min),
    "any": _truth(ops.max), "all": _truth(ops.min),
    "var": _spread(root=False), "std": _spread(root=True), "average": _average,
    "dot": _dot, "vdot": lambda run, a, b: ops.dot(ops.ravel(_t(run, a)), ops.ravel(_t(run, b))),
    "inner": _matrix(ops.inner), "outer": _outer, "einsum": _einsum, "tensordot": _tensordot, "kron": _matrix(ops.kron),
    "trace": _matrix(ops.trace), "diagonal": _matrix(ops.diagonal), "diag": lambda run, x, k=0: ops.diag(_t(run, x), expr_of(k)),
    "where": _where, "clip": _clip, "cumsum": _reduction(lambda x, axis, keepdims: ops.cumsum(x, axis)),
    "cumprod": _reduction(lambda x, axis, keepdims: ops.cumprod(x, axis)), "tril": _triangle(ops.tril), "triu": _triangle(ops.triu),
    "round": _round, "around": _round, "fix": _matrix(TABLE["trunc"]),
    "sort": _ordered(ops.sort, -1), "argsort": _ordered(ops.argsort, -1), "argmax": _ordered(ops.argmax, None),
    "argmin": _ordered(ops.argmin, None), "median": _ordered(ops.median, None), "quantile": _quantile(ops.quantile),
    "percentile": _quantile(ops.percentile),
    "split": _split, "take": _take, "nan_to_num": lambda run, x, **_: _t(run, x),
    **shaping.ROWS, **matrices.ROWS,
}  # fmt: skip
"""NumPy's functions by name: from the arguments as they were given to the tensor, or the tensors."""

COMPOSED = shaping.COMPOSED | WRITERS
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
