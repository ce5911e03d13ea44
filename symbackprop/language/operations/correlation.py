"""Convolutions and correlations of a signal or an image with a kernel, without channels: NumPy's and SciPy's."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, shape_text, slot
from symbackprop.language.operations.values import Value
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, letters

MODES = ("full", "same", "valid")


def convolve(x: Value, k: Value, mode: str = "full") -> Tensor:
    """y[p] = sum_i x[i] k[p - i], of two vectors, as np.convolve.

    mode   "full": wherever they meet, n + m - 1 entries; "same": the middle n of these; "valid": where k lies within x.
    Raises LanguageError for other shapes or modes. The kernel is the shorter of the two.
    """
    return _correlation("convolve", x, k, mode, 1, _before, turned=True)


def correlate(x: Value, k: Value, mode: str = "valid") -> Tensor:
    """y[p] = sum_j x[p + j] k[j], of two vectors, as np.correlate; `mode` as for `convolve`."""
    return _correlation("correlate", x, k, mode, 1, _before, turned=False)


def convolve2d(x: Value, k: Value, mode: str = "full") -> Tensor:
    """Y[p q] = sum_{i j} X[i j] K[p - i q - j], of two matrices, as scipy.signal.convolve2d; `mode` as for `convolve`."""
    return _correlation("convolve2d", x, k, mode, 2, _before, turned=True)


def correlate2d(x: Value, k: Value, mode: str = "full") -> Tensor:
    """Y[p q] = sum_{i j} X[p + i q + j] K[i j], of two matrices, as scipy.signal.correlate2d; `mode` as for `convolve`."""
    return _correlation("correlate2d", x, k, mode, 2, _after, turned=False)


def _before(m: Expr) -> Expr:
    """Entries of the full result before its middle part: for an even kernel the shorter half."""
    return sp.floor((m - 1) / 2)


def _after(m: Expr) -> Expr:
    """The same where the kernel's centre is its last half, as correlate2d of SciPy has it."""
    return sp.floor(m / 2)


def _correlation(what: str, x: Value, k: Value, mode: str, axes: int, centre: Callable[[Expr], Expr], turned: bool) -> Tensor:
    x, k = as_tensor(x), as_tensor(k)
    if x.ndim != axes or k.ndim != axes:
        kind = "vectors" if axes == 1 else "matrices"
        raise LanguageError(
            f"{what}: {label(x)} is {shape_text(x.shape)}, {label(k)} is {shape_text(k.shape)}; it takes two {kind}; "
            f"conv1d and conv2d take batches and channels"
        )
    if mode not in MODES:
        raise LanguageError(f'{what}: mode must be "full", "same" or "valid", not {mode!r}')
    own, places, windows = letters(axes), letters(axes, axes), letters(axes, 2 * axes)
    shape, guards, conditions = [], [], []  # the full result begins where the kernel's end meets the first entry
    for n, m, i, p, j in zip(x.shape, k.shape, own, places, windows, strict=True):
        room = sp.expand(n - m)
        if room.is_negative:
            raise LanguageError(
                f"{what}: the kernel {label(k)}, which is {shape_text(k.shape)}, is longer than {label(x)}; exchange them"
            )
        if not room.is_nonnegative:
            conditions.append(room)
        length, first = {"full": (n + m - 1, S.Zero), "same": (n, centre(m)), "valid": (room + 1, m - 1)}[mode]
        shape.append(sp.expand(length))
        along = -position(j) if turned else position(j) - (m - 1)
        guards.append(sp.Eq(position(i), sp.expand(position(p) + first + along), evaluate=False))
    body = sp.Mul(slot(0), slot(1), *[iverson(guard) for guard in guards])
    over = (*zip(own, x.shape, strict=True), *zip(windows, k.shape, strict=True))
    return Tensor(tuple(shape), Sum(body, (slot(0), slot(1)), over), ((x, own), (k, windows)), places, conditions=tuple(conditions))
