"""NumPy's functions that are a line of others, further ones: parts, orders, counts, grids of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symbackprop.core.choices import INFINITE
from symbackprop.core.expressions import parts_in
from symbackprop.core.program import Sum, shape_text
from symbackprop.language import operations as op
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, label, normal_axis, number_of
from symbackprop.notation.composed.shapes import array, vander

# -- entry by entry -----------------------------------------------------------------------------------------------------------


def logaddexp2(a: Any, b: Any) -> Tensor:
    """y = log2(2^a + 2^b), entry by entry."""
    two = sp.log(2)
    return TABLE["logaddexp"](as_tensor(a) * two, as_tensor(b) * two) / two


def floor_divide(a: Any, b: Any) -> Tensor:
    """y = floor(a / b), entry by entry; its derivative is 0."""
    return TABLE["floor"](as_tensor(a) / b)


def ldexp(x: Any, exponent: Any) -> Tensor:
    """y = x 2^exponent, entry by entry."""
    return as_tensor(x) * as_tensor(2) ** exponent


def round(x: Any, decimals: int = 0) -> Tensor:
    """y = x, rounded to so many decimals; its derivative is 0."""
    scale = sp.Integer(10) ** int(decimals)
    return TABLE["round"](as_tensor(x) * scale) / scale if decimals else TABLE["round"](x)


def isinf(x: Any) -> Tensor:
    """y = 1 where x is what stands in the place of infinity, else 0: of other numbers a network holds finite ones only."""
    x = as_tensor(x)
    bodies = (t.op.body for t in ordered([x]) if isinstance(t.op, Sum))
    met = any(abs(n) == INFINITE for body in bodies for n in parts_in(body, sp.Integer))
    return TABLE["abs"](x) >= INFINITE if met else op.zeros_like(x)


def isfinite(x: Any) -> Tensor:
    """y = 1 - isinf(x): a network holds no NaN."""
    return 1 - isinf(x)


def isnan(x: Any) -> Tensor:
    """y = 0: a network holds no NaN, which is refused where it runs."""
    return op.zeros_like(x)


# -- products -----------------------------------------------------------------------------------------------------------------


def vecdot(a: Any, b: Any, axis: int = -1) -> Tensor:
    """y = sum_i a[i] b[i] along one axis, the last unless another is named."""
    return op.sum(as_tensor(a) * b, axis)


def matvec(A: Any, x: Any) -> Tensor:
    """y = A x, for each vector of a stack."""
    return op.matmul(A, as_tensor(x)[..., None])[..., 0]


def vecmat(x: Any, A: Any) -> Tensor:
    """y = x A, for each vector of a stack."""
    return op.matmul(as_tensor(x)[..., None, :], A)[..., 0, :]


def einsum(subscripts: Any, *operands: Any) -> Tensor:
    """y = the product of the operands, summed as the letters say; or einsum(A, [0, 1], B, [1, 2], [0, 2]), axes by numbers."""
    pattern, tensors = spelled(subscripts, operands)
    return op.einsum(pattern, *tensors)


def spelled(subscripts: Any, operands: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """What einsum is given as its pattern in letters, and its operands."""
    if isinstance(subscripts, str):
        return subscripts, operands
    given = (subscripts, *operands)
    result = given[-1] if len(given) % 2 else None
    pairs = given[: len(given) // 2 * 2]
    return ",".join(map(_lettered, pairs[1::2])) + ("" if result is None else f"->{_lettered(result)}"), pairs[::2]


def _lettered(axes: Any) -> str:
    if not isinstance(axes, list | tuple) or not all(a is Ellipsis or (isinstance(a, int) and 0 <= a < 52) for a in axes):
        raise LanguageError("einsum: after each operand stands a list of its axes, as in einsum(A, [0, 1], B, [1, 2], [0, 2])")
    return "".join("..." if a is Ellipsis else chr(ord("a") + a) if a < 26 else chr(ord("A") + a - 26) for a in axes)


def diagflat(x: Any, k: int = 0) -> Tensor:
    """Y, a matrix with the entries of x on its diagonal, row by row, 0 elsewhere."""
    return op.diag(op.ravel(x), k)


# -- parts and orders ------------------------------------------------------------------------------------------------------------


def partition(x: Any, kth: Any, axis: int | None = -1) -> Tensor:
    """y = x sorted along `axis`: what stands before position kth is not larger, what stands after it not smaller."""
    return op.sort(op.ravel(x), 0) if axis is None else op.sort(x, axis)


def rollaxis(x: Any, axis: int, start: int = 0) -> Tensor:
    """y = x with `axis` moved to stand before the axis `start`."""
    x = as_tensor(x)
    place, start = normal_axis("rollaxis", x, axis), start + x.ndim if start < 0 else start
    return op.moveaxis(x, place, start - (start > place))


def unstack(x: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """The parts of x along `axis`, each without it; their number is known."""
    x = as_tensor(x)
    place = normal_axis("unstack", x, axis)
    extent = x.shape[place]
    if not extent.is_Integer:
        raise LanguageError(f"unstack: {label(x)} is {shape_text(x.shape)}; the size of axis {place} must be a number")
    return tuple(x[(*[slice(None)] * place, k)] for k in range(int(extent)))


def resize(x: Any, new_shape: Any) -> Tensor:
    """y = the entries of x, row by row and again from the first, in another shape; the sizes are known."""
    shape = tuple(map(as_number, new_shape if isinstance(new_shape, tuple | list) else (new_shape,)))
    x = op.ravel(x)
    have, want = x.shape[0], sp.Mul(*shape)
    if not have.is_Integer or not want.is_Integer or have < 1:
        raise LanguageError(f"resize: {label(x)} is {shape_text(x.shape)}; how many entries there are must be known")
    x = op.tile(x, -(-int(want) // int(have)))[: int(want)] if have < want else x[: int(want)]
    return op.reshape(x, shape)


def cumulative_sum(x: Any, axis: int | None = None, include_initial: bool = False) -> Tensor:
    """y[i] = x[0] + ... + x[i] along `axis`; with a 0 before it where `include_initial`."""
    return _running(op.cumsum, x, axis, 0 if include_initial else None)


def cumulative_prod(x: Any, axis: int | None = None, include_initial: bool = False) -> Tensor:
    """y[i] = x[0] ... x[i] along `axis`; with a 1 before it where `include_initial`."""
    return _running(op.cumprod, x, axis, 1 if include_initial else None)


def _running(operation: Any, x: Any, axis: int | None, first: int | None) -> Tensor:
    x = as_tensor(x)
    if axis is None and x.ndim != 1:
        raise LanguageError(f"{label(x)} is {shape_text(x.shape)}; name the axis: axis=0")
    place = normal_axis("cumulative_sum", x, 0 if axis is None else axis)
    y = operation(x, place)
    if first is None:
        return y
    widths = tuple((1, 0) if k == place else (0, 0) for k in range(x.ndim))
    return op.pad(y, widths, constant_values=first)


def compress(condition: Any, a: Any, axis: int | None = None) -> Tensor:
    """y = the entries of a, along `axis`, whose condition is written as 1 or True."""
    a = op.ravel(a) if axis is None else as_tensor(a)
    numbers = [number_of(as_tensor(c)) if not isinstance(c, bool) else sp.Integer(c) for c in _listed("compress", condition)]
    kept = [k for k, number in enumerate(numbers) if number != 0]
    return op.take(a, array(kept), 0 if axis is None else axis)


def extract(condition: Any, a: Any) -> Tensor:
    """y = the entries of a whose condition is written as 1 or True, row by row."""
    return compress(condition, a)


def _listed(word: str, given: Any) -> Sequence[Any]:
    if not isinstance(given, list | tuple) or any(number_of(as_tensor(c)) is None for c in given):
        raise LanguageError(
            f"{word}: which entries there are must be written, as in {word}([1, 0, 1], x); "
            "write where(mask, x, 0) for a mask of values"
        )
    return given


def digitize(x: Any, bins: Any, right: bool = False) -> Tensor:
    """y = how many of the bins' edges, which rise, are not above x (or below it, where `right`); its derivative is 0."""
    return searchsorted(bins, x, "left" if right else "right")


def searchsorted(a: Any, v: Any, side: str = "left") -> Tensor:
    """y = how many entries of a, which rise, are below v (or not above it, with side="right"); its derivative is 0."""
    a, v = array(a), as_tensor(v)
    if side not in ("left", "right") or a.ndim != 1:
        raise LanguageError('searchsorted: it takes a vector that rises, a value, and side="left" or "right"')
    v = v[(..., None)]
    return op.sum(a < v if side == "left" else a <= v, -1)


def polyfit(x: Any, y: Any, deg: int) -> Tensor:
    """p, the coefficients of the polynomial of that degree which is nearest to (x, y) in squares, the highest power first."""
    return op.lstsq(vander(x, int(deg) + 1), y)[0]


# -- grids of numbers --------------------------------------------------------------------------------------------------------------


def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True) -> Tensor:
    """y[i] = start + i (stop - start) / (num - 1), both ends among them; by num where not `endpoint`."""
    count = number_of(as_tensor(num)) if isinstance(num, Tensor) else as_number(num)
    if count is None or (count.is_Integer and count < 1):
        raise LanguageError("linspace: num is a whole number or a size, 1 or more")
    step = (as_tensor(stop) - start) / (sp.Max(1, count - 1) if count.is_Integer and endpoint else count - int(endpoint))
    found = as_tensor(start) + step * op.arange(count)
    if endpoint and not count.is_Integer:
        found.conditions += (count - 2,)  # of one number there is no second end
    return found


def logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10) -> Tensor:
    """y[i] = base^s[i], s the numbers of `linspace`."""
    return as_tensor(base) ** linspace(start, stop, num, endpoint)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Tensor:
    """y[i] = start (stop / start)^(i / (num - 1))."""
    return as_tensor(start) * (as_tensor(stop) / start) ** linspace(0, 1, num, endpoint)


FURTHER = {
    f.__name__: f
    for f in (
        logaddexp2, floor_divide, ldexp, round, isfinite, isinf, isnan, vecdot, matvec, vecmat, einsum, diagflat, partition,
        rollaxis, unstack, resize, cumulative_sum, cumulative_prod, compress, extract, digitize, searchsorted, polyfit, linspace,
        logspace, geomspace,
    )
} | {"around": round}  # fmt: skip
