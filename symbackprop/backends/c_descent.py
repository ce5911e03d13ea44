"""The step of plain descent in C: what NumPy does in three passes over the parameters, in one."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from numpy import ndarray

from symbackprop.backends.c_library import loaded

TEXT = """#include <stddef.h>

typedef REAL real;
void descend(ptrdiff_t n, real *restrict w, const real *restrict g, real *restrict before, real rate);
void descend(ptrdiff_t n, real *restrict w, const real *restrict g, real *restrict before, real rate) {
    for (ptrdiff_t i = 0; i < n; i++) {
        before[i] = w[i];
        w[i] -= rate * g[i];
    }
}
"""
REALS = {"float32": ("float", ctypes.c_float), "float64": ("double", ctypes.c_double)}


def descending(flat: ndarray, gradient: ndarray, before: ndarray) -> Callable[[float], None]:
    """before = flat, flat -= rate gradient, in place, as a function of the rate; of three arrays alike that stay where they are."""
    word, kind = REALS[flat.dtype.name]
    descend = loaded(TEXT.replace("REAL", word)).descend
    descend.argtypes = [ctypes.c_ssize_t, *[ctypes.c_void_p] * 3, kind]
    descend.restype = None
    count, *places = flat.size, *(ctypes.c_void_p(a.ctypes.data) for a in (flat, gradient, before))

    def step(rate: float, *, keep: tuple[ndarray, ...] = (flat, gradient, before)) -> None:
        descend(count, *places, rate)

    return step
