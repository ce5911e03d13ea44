"""NumPy's functions that are written with others of the language: column_stack, ptp, cov, trapezoid and their like.

Where code is read and where it is traced, the same rows say them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import sympy as sp

from symbackprop.core.program import shape_text
from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.factors import Singular
from symbackprop.language.operations.norms import over_entries
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, normal_axes, normal_axis
from symbackprop.language.tensors.parts import is_truth
from symbackprop.notation.arrays import copied
from symbackprop.notation.composed.further import FURTHER
from symbackprop.notation.composed.indices import INDICES
from symbackprop.notation.composed.linalg import EQUATIONS
from symbackprop.notation.composed.shapes import (
    append,
    array,
    array_split,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    block,
    column_stack,
    delete,
    dstack,
    fliplr,
    flipud,
    hsplit,
    insert,
    meshgrid,
    part,
    rot90,
    row_stack,
    take,
    tri,
    vander,
    vsplit,
    with_axes,
)  # fmt: skip
from symbackprop.notation.composed.signals import SIGNALS

# -- entry by entry ----------------------------------------------------------------------------------------------------------


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Tensor:
    """y = the choice of the first condition that holds, else `default`."""
    if not isinstance(conditions, list | tuple) or not isinstance(choices, list | tuple) or len(conditions) != len(choices):
        raise LanguageError(
            "select: it takes a list of conditions and a list of as many choices; write where(condition, a, b) for one"
        )
    return reduce(lambda rest, pair: op.where(pair[0], pair[1], rest), reversed([*zip(conditions, choices, strict=True)]), default)


def heaviside(x: Any, at_zero: Any) -> Tensor:
    """y = 0 below 0, 1 above, `at_zero` at 0."""
    x = as_tensor(x)
    return op.where(x == 0, at_zero, TABLE["step"](x))


def cbrt(x: Any) -> Tensor:
    """y = the third root, of negative numbers as well."""
    return TABLE["sign"](x) * TABLE["abs"](x) ** sp.Rational(1, 3)


def sinc(x: Any) -> Tensor:
    """y = sin(pi x) / (pi x), 1 at 0."""
    x = as_tensor(x) * sp.pi
    return op.where(x == 0, 1, TABLE["sin"](x) / op.where(x == 0, 1, x))


def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08) -> Tensor:
    """1 where |a - b| <= atol + rtol |b|, otherwise 0."""
    b = as_tensor(b)
    return TABLE["abs"](as_tensor(a) - b) <= as_tensor(atol) + as_tensor(rtol) * TABLE["abs"](b)


def copysign(a: Any, b: Any) -> Tensor:
    """y = |a| with the sign of b."""
    return op.where(as_tensor(b) >= 0, TABLE["abs"](a), -TABLE["abs"](a))


def clip(x: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None) -> Tensor:
    """y = x, raised to the lower bound and lowered to the upper one; either may be None."""
    return op.clip(x, a_min if a_min is not None else min, a_max if a_max is not None else max)


def full_like(x: Any, fill_value: Any) -> Tensor:
    """y[...] = one value, of the shape of x."""
    return op.broadcast_to(fill_value, as_tensor(x).shape)


def polyval(p: Any, x: Any) -> Tensor:
    """y = p[0] x^(n-1) + ... + p[n-1], by Horner's rule; p has a known number of entries."""
    entries = p if isinstance(p, list | tuple) else None
    if entries is None:
        p = as_tensor(p)
        if p.ndim != 1 or not p.shape[0].is_Integer:
            raise LanguageError(f"polyval: {label(p)} is {shape_text(p.shape)}; it takes coefficients whose number is known")
        entries = [p[k] for k in range(int(p.shape[0]))]
    x = as_tensor(x)
    return as_tensor(reduce(lambda y, c: y * x + as_tensor(c), entries[1:], as_tensor(entries[0])))


# -- along axes ----------------------------------------------------------------------------------------------------------------


def ptp(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """y = max(x) - min(x) along `axis`."""
    return op.max(x, axis, keepdims) - op.min(x, axis, keepdims)


def count_nonzero(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """y = how many entries are not 0."""
    x = as_tensor(x)
    return op.sum(x if is_truth(x) else x != 0, axis, keepdims)


def _truth(of: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """y = the largest or the least truth among entries that are true where they are not 0."""

    def row(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        x = as_tensor(x)
        return of(x if is_truth(x) else x != 0, axis, keepdims)

    return row


def ediff1d(x: Any) -> Tensor:
    """y[i] = x[i + 1] - x[i] of all entries, row by row."""
    return op.diff(op.ravel(x))


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """The integral of y along `axis` by trapezia: sum (x[i+1] - x[i]) (y[i+1] + y[i]) / 2, or with the spacing dx."""
    return op.sum(_trapezia(y, x, dx, axis), axis)


def cumulative_trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Tensor:
    """The integrals of y from the first entry to each other one, by trapezia; `initial` stands before them, and it is 0."""
    found = op.cumsum(_trapezia(y, x, dx, axis), axis)
    if initial is None:
        return found
    if initial != 0:
        raise LanguageError("cumulative_trapezoid: initial is 0, or is left out")
    return op.concatenate([op.zeros_like(part(found, normal_axis("cumulative_trapezoid", found, axis), 0, 1)), found], axis)


def _trapezia(y: Any, x: Any, dx: Any, axis: int) -> Tensor:
    y = as_tensor(y)
    place = normal_axis("trapezoid", y, axis)
    middle = (part(y, place, 1) + part(y, place, None, -1)) / 2
    if x is None:
        return middle * dx
    step = op.diff(x, 1, -1)
    if step.ndim == 1:
        step = step[(slice(None), *[None] * (y.ndim - 1 - place))]
    return step * middle


def gradient(f: Any, *spacing: Any, axis: int | None = None) -> Any:
    """Differences in the middle, (f[i+1] - f[i-1]) / 2, one-sided at both ends; one for each axis where `axis` is None."""
    f = as_tensor(f)
    if len(spacing) > 1 or (spacing and getattr(spacing[0], "ndim", 0)):
        raise LanguageError("gradient: the spacing must be one number; write the differences out for others")
    step = spacing[0] if spacing else 1
    axes = range(f.ndim) if axis is None else [normal_axis("gradient", f, axis)]
    found = []
    for a in axes:
        ends = [part(f, a, 1, 2) - part(f, a, 0, 1), part(f, a, -1) - part(f, a, -2, -1)]
        middle = (part(f, a, 2) - part(f, a, None, -2)) / 2
        found.append(op.concatenate([ends[0], middle, ends[1]], a) / step)
    return found[0] if len(found) == 1 else tuple(found)


def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Tensor:
    """C = (m - mean) (m - mean)^T / (n - 1), a variable a row, or a column where not `rowvar`; those of y stand behind."""
    given = [with_axes(one, 2) for one in (m, y) if one is not None]
    given = [one if rowvar or one.shape[0] == 1 else one.T for one in given]
    rows = op.concatenate(given, 0) if len(given) > 1 else given[0]
    off = rows - op.mean(rows, 1, keepdims=True)
    less = ddof if ddof is not None else 0 if bias else 1
    found = op.matmul(off, off.T) / (rows.shape[1] - less)
    return op.squeeze(found) if rows.shape[0] == 1 else found


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Tensor:
    """R[i j] = C[i j] / sqrt(C[i i] C[j j]), of the covariances of the rows."""
    C = cov(x, y, rowvar)
    s = op.sqrt(op.diag(C))
    return C / (s[:, None] * s)


def multi_dot(arrays: Sequence[Any]) -> Tensor:
    """y = the matrix product of all."""
    return reduce(op.dot, map(as_tensor, arrays))


def interp(x: Any, xp: Any, fp: Any) -> Tensor:
    """y = the broken line through the points (xp, fp), flat beyond both ends; xp increases and its size is known."""
    x, xs, ys = as_tensor(x), *(array(p) if isinstance(p, list | tuple) else as_tensor(p) for p in (xp, fp))
    if xs.ndim != 1 or not xs.shape[0].is_Integer:
        raise LanguageError(f"interp: {label(xs)} is {shape_text(xs.shape)}; the number of points must be known")
    y = ys[0]
    for a, b in pairwise(range(int(xs.shape[0]))):
        share = TABLE["minimum"](TABLE["maximum"]((x - xs[a]) / (xs[b] - xs[a]), 0), 1)  # at a point, no slope counts twice
        y = y + share * (ys[b] - ys[a])
    return as_tensor(y)


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Tensor, Tensor]:
    """x, which makes |a x - b|^2 least, and these least squares."""
    a = as_tensor(a)
    if a.ndim == 2 and (a.shape[0] - a.shape[1]).is_negative:  # of all solutions the shortest
        return op.pinv(a) @ as_tensor(b), op.zeros(())
    return op.lstsq(a, b)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """U, s, V^T; the singular values alone where `compute_uv` is False. Vectors that may be any are errors, where used."""
    if not compute_uv:
        return op.svdvals(a)
    try:
        return op.svd(a, full_matrices)
    except LanguageError as fault:
        return Singular(fault, op.svdvals(a), fault)  # type: ignore[arg-type]


def vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """The norm of all entries, or of those along axes, as of one vector."""
    x = as_tensor(x)
    return over_entries(x, ord, normal_axes("vector_norm", x, axis), keepdims)


def matrix_transpose(x: Any) -> Tensor:
    """y = x with its last two axes exchanged."""
    return op.swapaxes(x, -1, -2)


def _same(x: Any, *of: Any) -> Tensor:
    """y = x: what the function mends does not stand in an array of finite real numbers."""
    return copied(as_tensor(x))


def _of_axes(name: str) -> Callable[..., Tensor]:
    """A reduction of finite numbers."""
    operation = getattr(op, name)
    return lambda x, axis=None, keepdims=False: operation(x, axis, keepdims)


def _reduce(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A ufunc's reduce, whose axis is the first unless another is named."""
    return lambda x, axis=0, keepdims=False: operation(x, axis, keepdims)


def _accumulate(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, axis=0: operation(x, axis)


def _outer(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A ufunc's outer: every entry of a with every entry of b."""
    return lambda a, b: operation(as_tensor(a)[(..., *[None] * as_tensor(b).ndim)], b)


JOINED: dict[str, Callable[..., Tensor]] = {
    "c_": column_stack,
    "r_": lambda parts: op.concatenate([atleast_1d(part) for part in parts], 0),
}
"""np.c_[a, b] and np.r_[a, b]."""

OF_UFUNCS: dict[str, Callable[..., Any]] = {
    "add.reduce": _reduce(op.sum), "multiply.reduce": _reduce(op.prod), "maximum.reduce": _reduce(op.max),
    "minimum.reduce": _reduce(op.min), "logaddexp.reduce": _reduce(op.logsumexp),
    "add.accumulate": _accumulate(op.cumsum), "multiply.accumulate": _accumulate(op.cumprod),
    "logaddexp.accumulate": _accumulate(op.logcumsumexp),
    "maximum.accumulate": _accumulate(op.cummax), "minimum.accumulate": _accumulate(op.cummin),
    "add.outer": _outer(op.add), "subtract.outer": _outer(op.subtract), "multiply.outer": _outer(op.multiply),
    "divide.outer": _outer(op.divide), "maximum.outer": _outer(TABLE["maximum"]), "minimum.outer": _outer(TABLE["minimum"]),
}  # fmt: skip
"""Methods of NumPy's functions of entries: np.add.reduce and its like."""

WORDS: dict[str, Callable[..., Any]] = {
    **{
        f.__name__: f
        for f in (
            atleast_1d, atleast_2d, atleast_3d, column_stack, dstack, row_stack, append, block, array, flipud,
            fliplr, rot90, delete, insert, take, array_split, hsplit, vsplit, meshgrid, tri, vander, select,
            heaviside, cbrt, sinc, isclose, copysign, clip, full_like, polyval, ptp, count_nonzero, ediff1d,
            trapezoid, gradient, cov, corrcoef, multi_dot, interp, lstsq, svd, matrix_transpose,
        )
    },
    **dict.fromkeys(("asarray", "asanyarray", "ascontiguousarray"), array),
    **dict.fromkeys(("real", "nan_to_num", "positive", "conj", "conjugate", "real_if_close"), _same),
    **{f"nan{name}": _of_axes(name) for name in ("sum", "mean", "max", "min", "prod", "var", "std", "median", "argmax", "argmin")},
    "nancumsum": op.cumsum, "nancumprod": op.cumprod, "nanquantile": op.quantile, "nanpercentile": op.percentile,
    "pinv": lambda a, rcond=None, hermitian=False, rtol=None: op.pinv(a),  # what is cut off is 0 to rounding
    "any": _truth(op.max), "all": _truth(op.min),
    "amax": op.max, "amin": op.min, "fmax": TABLE["maximum"], "fmin": TABLE["minimum"],
    "i0": TABLE["bessel_i0"], "true_divide": op.divide, "float_power": op.power, "pow": op.power, "trapz": trapezoid,
    "exp2": lambda x: TABLE["exp"](as_tensor(x) * sp.log(2)), "permute_dims": op.transpose, "concat": op.concatenate,
    "deg2rad": lambda x: as_tensor(x) * sp.pi / 180, "radians": lambda x: as_tensor(x) * sp.pi / 180,
    "rad2deg": lambda x: as_tensor(x) * 180 / sp.pi, "degrees": lambda x: as_tensor(x) * 180 / sp.pi,
    "greater": lambda a, b: as_tensor(a) > b, "less": lambda a, b: as_tensor(a) < b, "equal": lambda a, b: as_tensor(a) == b,
    "greater_equal": lambda a, b: as_tensor(a) >= b, "less_equal": lambda a, b: as_tensor(a) <= b,
    "not_equal": lambda a, b: as_tensor(a) != b,
    **FURTHER, **EQUATIONS, **INDICES, **SIGNALS,
    "vector_norm": vector_norm, "matrix_norm": lambda x, keepdims=False, ord="fro": op.norm(x, ord, (-2, -1), keepdims),
}  # fmt: skip
"""By NumPy's name, what the language has under another name or not at all."""
