"""Plain descent in C: one pass over the parameters where NumPy makes three; many steps, each on its own samples, as one call."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np
from numpy import ndarray

from symbackprop.backends.c_library import loaded
from symbackprop.backends.numpy_step import Step

DESCEND = """#include <math.h>
#include <stddef.h>
#include <string.h>

typedef REAL real;
void descend(ptrdiff_t n, real *restrict w, const real *restrict g, real *restrict before, real rate);
void descend(ptrdiff_t n, real *restrict w, const real *restrict g, real *restrict before, real rate) {
    for (ptrdiff_t i = 0; i < n; i++) {
        before[i] = w[i];
        w[i] -= rate * g[i];
    }
}
"""
AHEAD = """
typedef double (*step_of)(VOIDS);
typedef struct {
    char *to;
    const char *from;
    size_t bytes;
} samples_of;

/* how many steps were taken: one whose value is not finite is the last, and moves nothing; without rates none does */
ptrdiff_t ahead(step_of step, void *const *at, ptrdiff_t count, ptrdiff_t batch, const long long *index, ptrdiff_t fed,
                const samples_of *samples, ptrdiff_t n, real *w, const real *g, real *before, const double *rates, double *values);
ptrdiff_t ahead(step_of step, void *const *at, ptrdiff_t count, ptrdiff_t batch, const long long *index, ptrdiff_t fed,
                const samples_of *samples, ptrdiff_t n, real *w, const real *g, real *before, const double *rates, double *values) {
    for (ptrdiff_t k = 0; k < count; k++) {
        for (ptrdiff_t f = 0; f < fed; f++) {
            const size_t bytes = samples[f].bytes;
            for (ptrdiff_t j = 0; j < batch; j++)
                memcpy(samples[f].to + (size_t)j * bytes, samples[f].from + (size_t)index[k * batch + j] * bytes, bytes);
        }
        values[k] = step(HANDED);
        if (rates && !isfinite(values[k])) return k + 1;
        if (rates) descend(n, w, g, before, (real)rates[k]);
    }
    return count;
}
"""
REALS = {"float32": ("float", ctypes.c_float), "float64": ("double", ctypes.c_double)}
SOON = 0.01  # seconds: whoever waits for a signal, or for the time to write, waits no longer


def descending(flat: ndarray, gradient: ndarray, before: ndarray) -> Callable[[float], None]:
    """before = flat, flat -= rate gradient, in place, as a function of the rate; of three arrays alike that stay where they are."""
    word, kind = REALS[flat.dtype.name]
    descend = loaded(DESCEND.replace("REAL", word)).descend
    descend.argtypes = [ctypes.c_ssize_t, *[ctypes.c_void_p] * 3, kind]
    descend.restype = None
    count, *places = flat.size, *(ctypes.c_void_p(a.ctypes.data) for a in (flat, gradient, before))

    def step(rate: float, *, keep: tuple[ndarray, ...] = (flat, gradient, before)) -> None:
        descend(count, *places, rate)

    return step


class Ahead:
    """Many steps as one call, each on other samples.

    step    in C, of so many samples.
    fed     what is filled with samples along its first axis, and from where.
    moved   the parameters, their gradients, and room for the parameters before the last step; none: nothing moves.
    """

    def __init__(self, step: Step, batch: int, fed: Sequence[tuple[ndarray, ndarray]], moved: Sequence[ndarray] = ()) -> None:
        native = step.native
        assert native is not None
        pointers = native.pointers
        text = DESCEND.replace("REAL", REALS[step.flat.dtype.name][0]) + AHEAD
        text = text.replace("VOIDS", ", ".join(["void *"] * len(pointers)))
        self._run = loaded(text.replace("HANDED", ", ".join(f"at[{k}]" for k in range(len(pointers))))).ahead
        self._run.restype = ctypes.c_ssize_t
        self._step, self._batch, self._count = step, batch, 1
        self._kept = fed, moved, native
        samples = np.array([(own.ctypes.data, source.ctypes.data, own.nbytes // batch) for own, source in fed], np.uintp)
        at = np.array([p.value for p in pointers], np.uintp)
        self._tables = at, samples.reshape(-1, 3)
        self._moved = [ctypes.c_ssize_t(moved[0].size if moved else 0), *(map(_place, moved) if moved else [None] * 3)]

    @staticmethod
    def takes(own: ndarray, source: ndarray, axis: int) -> bool:
        """Whether samples are rows of both arrays, byte by byte."""
        alike = own.dtype == source.dtype and own.shape[1:] == source.shape[1:]
        return axis == 0 and alike and own.flags.c_contiguous and source.flags.c_contiguous

    def __call__(self, index: ndarray, rate: Callable[[int], float] | None = None) -> list[float]:
        """The values of the first steps on these samples, as many as take about a hundredth of a second.

        rate   by which each step descends, counted from 0; the first value that is not finite is then the last one.
        """
        count = min(self._count, len(index) // self._batch)
        index = np.ascontiguousarray(index[: count * self._batch], np.int64)
        values, given = np.empty(count), None if rate is None else np.array([rate(k) for k in range(count)])
        at, samples = self._tables
        begun = perf_counter()
        with self._step.alone():
            done = self._run(
                self._kept[2].function, _place(at), ctypes.c_ssize_t(count), ctypes.c_ssize_t(self._batch), _place(index),
                ctypes.c_ssize_t(len(samples)), _place(samples), *self._moved, given if given is None else _place(given),
                _place(values),
            )  # fmt: skip
        spent = perf_counter() - begun
        self._count = max(1, self._count // 2) if spent > SOON else self._count * 2 if 4 * spent < SOON else self._count
        return values[:done].tolist()


def _place(array: ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
