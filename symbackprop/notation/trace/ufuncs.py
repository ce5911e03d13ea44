"""NumPy's functions of entries and their methods, as operations of the language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import placed
from symbackprop.language.tensors import Tensor, as_tensor, is_truth, take
from symbackprop.notation.composed import WORDS
from symbackprop.notation.models.scattering import joined
from symbackprop.notation.trace import scipy
from symbackprop.notation.trace.indexing import filled, symbolic
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def logical(a: Any) -> Any:
    """Whether each entry is not 0."""
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
    "floor_divide": lambda a, b: TABLE["floor"](a / b), "greater": lambda a, b: a > b, "less": lambda a, b: a < b,
    "greater_equal": lambda a, b: a >= b, "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b, "not_equal": lambda a, b: a != b,
    "logical_not": lambda a: a == 0, "logical_and": lambda a, b: logical(a) * logical(b),
    "logical_or": lambda a, b: TABLE["maximum"](logical(a), logical(b)), "logical_xor": lambda a, b: logical(a) != logical(b),
}  # fmt: skip
"""Entry by entry, by the name of the ufunc."""

OF_BOOLEANS = {"invert": "logical_not", "bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_xor": "logical_xor"}
REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any"}
ACCUMULATED = {
    "add": ops.cumsum,
    "multiply": ops.cumprod,
    "maximum": ops.cummax,
    "minimum": ops.cummin,
    "logaddexp": ops.logcumsumexp,
}
TRANSFORMS = frozenset([
    "fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "rfft", "irfft", "rfft2", "irfft2", "rfftn", "irfftn", "hfft", "ihfft",
])  # fmt: skip
FOURIER = "Its values are complex: write its sums, the real ones by C = np.cos(2*np.pi*np.outer(k, n)/N), those beside i by np.sin."
FLAT = "its derivative is zero or none, so that nothing comes back through it"


OF_VECTORS: dict[str, Callable[..., Any]] = {
    "vecdot": lambda a, b, axis=-1: np.sum(a * b, axis=axis),
    "matvec": lambda A, x: np.matmul(A, x[..., None])[..., 0],
    "vecmat": lambda x, A: np.matmul(x[..., None, :], A)[..., 0, :],
}
"""What NumPy computes for each vector of a stack, written with other functions."""


def ufunc(run: Run, function: Any, arrays: Sequence[Traced], options: dict[str, Any]) -> Tensor:
    """The tensor of an operation entry by entry, or of a matrix product."""
    name = function.__name__
    further = set(options) - {"dtype", "casting", "order", "subok"}
    if further:
        raise run.refusal(f"np.{name} with {min(further)}= is not traced.", "Write np.where.")
    if getattr(np, name, None) is not function:
        return as_tensor(scipy.entrywise(run, function)(*run.aligned(*arrays)))
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


def in_part(run: Run, function: Any, inputs: tuple[Any, ...], where: Any, out: Any = None, **options: Any) -> Any:
    """An operation where a mask is true; elsewhere the array that it writes into stays as it is."""
    target = (out or (None,))[0]
    if not isinstance(target, Traced):
        fault = f"np.{function.__name__} with where= leaves the other entries to chance."
        raise run.refusal(fault, "Say what they are: out=np.zeros_like(x).")
    with np.errstate(all="ignore"):  # of what is not taken
        target[...] = np.where(where, function(*inputs, **options), target)
    return target


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
    if method == "at":
        return _at(run, function, *inputs)
    if method == "reduce" and name in REDUCED:
        x, *place = inputs
        axis = place[0] if place else options.pop("axis", 0)
        return run.function(getattr(np, REDUCED[name]), (x,), {"axis": axis, **given(options)})
    if method == "reduce" and name == "logaddexp":
        x, *place = inputs
        axis, keepdims = place[0] if place else options.get("axis", 0), bool(options.get("keepdims", False))
        value = function.reduce(*run.bare(inputs), **run.bare(given(options)))
        return run.made(value, lambda: ops.logsumexp(tensor_of(run, x), axis, keepdims=keepdims))
    if method == "accumulate" and name in ACCUMULATED:
        x, *place = inputs
        axis = place[0] if place else options.get("axis", 0)
        return run.made(
            function.accumulate(*run.bare(inputs), **run.bare(given(options))), lambda: ACCUMULATED[name](tensor_of(run, x), axis)
        )
    if method == "outer":
        a, b = map(run.lift, inputs)
        columns: tuple[Any, ...] = (Ellipsis, *[None] * b.ndim)
        return function(a[columns], b)
    value = getattr(function, method)(*run.bare(inputs), **run.bare(given(options)))
    return run.made(value, lambda: unknown(run, f"{name}.{method}"))


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that say something."""
    return {key: value for key, value in options.items() if value is not None and value is not np._NoValue}


def unknown(run: Run, name: str, args: tuple[Any, ...] = ()) -> Tensor:
    """Raise NotationError for a function that no row says."""
    flat = name in ("nonzero", "unique")
    by = {one for x in args if isinstance(x, Traced) for one in run.given(x)} & run.wrt
    mend = FOURIER if name in TRANSFORMS else run.of_data(by)
    raise run.refusal(f"{'' if '.' in name else 'np.'}{name} is not traced" + (f": {FLAT}." if flat else "."), mend)


def _at(run: Run, function: Any, x: Any, items: Any, *value: Any) -> None:
    """np.add.at and its like: what is written to an entry more than once is all joined."""
    name = function.__name__
    if name not in ("add", "subtract", "maximum", "minimum"):
        raise run.refusal(f"np.{name}.at is not traced.", "np.add.at and np.maximum.at are; write a loop for others.")
    if not isinstance(x, Traced):
        raise TypeError(f"np.{name}.at into a plain array gets traced values; make the array with np.zeros")
    new = run.lift(value[0])
    function.at(x.value, run.bare(items), new.value)

    def step() -> Tensor:
        keys, whole = symbolic(run, x, items), run.settled(x.tensor)
        part = take(Tensor(whole.shape), keys)
        values = filled(run, new, part.shape, tuple(map(run.sizes.number, part.shape)))
        if name in ("maximum", "minimum"):
            return _joined(run, name[:3], whole, keys, values)
        added = placed(values, keys, whole.shape)
        return whole + added if name == "add" else whole - added

    x.write(run.computed(step))


def _joined(run: Run, how: str, whole: Tensor, keys: Any, values: Tensor) -> Tensor:
    """The larger or smaller of an entry and all that is written to it."""
    key, *others = keys if isinstance(keys, tuple) else (keys,)
    if not isinstance(key, Tensor) or key.ndim != 1 or others:
        raise run.refusal(f"np.{how}imum.at is traced of one array of positions along the first axis.", "Write a loop.")
    return joined(whole, key, values, how)


def tensor_of(run: Run, x: Any) -> Tensor:
    """The tensor of anything that stands in an operation."""
    return run.settled(run.lift(x).tensor)


def _finite(name: str, expected: bool) -> Callable[..., Tensor]:
    """np.isnan and its like, of an example where all is finite: what they say there holds wherever the loss is finite."""

    def row(run: Run, x: Any) -> Tensor:
        array = run.lift(x)
        if np.any(np.isnan(array.value)):
            raise run.refusal(f"np.{name} of what is no number is not traced.", "Give an example where all is finite.")
        if np.any(np.isinf(array.value)) and name != "isnan":  # what stands in the place of infinity
            return WORDS[name](run.settled(array.tensor))
        return ops.full(array.tensor.shape, int(expected)) if array.ndim else as_tensor(int(expected))

    return row


FINITE = {"isnan": _finite("isnan", False), "isinf": _finite("isinf", False), "isfinite": _finite("isfinite", True)}
