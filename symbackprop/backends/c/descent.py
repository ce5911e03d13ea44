"""Descent in C: one pass over the parameters where NumPy makes several; many steps, each on its own samples, as one call."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

import numpy as np
from numpy import ndarray

from symbackprop.backends.c.library import loaded
from symbackprop.backends.recorded import Record
from symbackprop.backends.step import Step

HEAD = """#include <math.h>
#include <stddef.h>
#include <string.h>

typedef REAL real;
"""
# compilers take arrays as apart where they are arguments, and make vector instructions then
DESCEND = """
static void move(ptrdiff_t n, ARRAYS, const double *by) {
    NUMBERS
    for (ptrdiff_t i = 0; i < n; i++) {
        before[i] = w[i];
        BODY
    }
}

void descend(ptrdiff_t n, real *const *at, const double *by);
void descend(ptrdiff_t n, real *const *at, const double *by) { move(n, GIVEN, by); }
"""
# the sum of squares goes in lanes, which vector instructions take at once
SHRINK = """double lanes[8] = {0}, sum = 0;
    for (ptrdiff_t i = 0; i < n / 8 * 8; i += 8)
        for (int k = 0; k < 8; k++) lanes[k] += (double)g[i + k] * (double)g[i + k];
    for (ptrdiff_t i = n / 8 * 8; i < n; i++) sum += (double)g[i] * (double)g[i];
    for (int k = 0; k < 8; k++) sum += lanes[k];
    const double most = NUMBER, length = sqrt(sum), shrink = length > most ? most / length : 1;"""
AHEAD = """
typedef double (*step_of)(VOIDS);
typedef struct {
    char *to;
    const char *from;
    size_t bytes;
} samples_of;

/* how many steps were taken: one whose value is not finite is the last, and moves nothing; without numbers none does */
ptrdiff_t ahead(step_of step, void *const *at, ptrdiff_t count, ptrdiff_t batch, const long long *index, ptrdiff_t fed,
                const samples_of *samples, double *values, ptrdiff_t n, real *const *moved, const double *by);
ptrdiff_t ahead(step_of step, void *const *at, ptrdiff_t count, ptrdiff_t batch, const long long *index, ptrdiff_t fed,
                const samples_of *samples, double *values, ptrdiff_t n, real *const *moved, const double *by) {
    for (ptrdiff_t k = 0; k < count; k++) {
        for (ptrdiff_t f = 0; f < fed; f++) {
            const size_t bytes = samples[f].bytes;
            for (ptrdiff_t j = 0; j < batch; j++)
                memcpy(samples[f].to + (size_t)j * bytes, samples[f].from + (size_t)index[k * batch + j] * bytes, bytes);
        }
        values[k] = step(HANDED);
        if (by && !isfinite(values[k])) return k + 1;
        if (by) descend(n, moved, by + k * WIDTH);
    }
    return count;
}
"""
NOTHING = "static void descend(ptrdiff_t n, real *const *at, const double *by) { (void)n, (void)at, (void)by; }\n"
REALS = {"float32": "float", "float64": "double"}
SOON = 0.01  # seconds: whoever waits for a signal, or for the time to write, waits no longer


class Descending:
    """A recorded update of w, g and what else it reads, in place, which keeps w as it was in `before`: a function of its numbers.

    The numbers are those that the record reads, in that order; shrink, by which g is multiplied, is found from the norm to clip to.

    arrays   by the names of the record, of one size and dtype, which stay where they are.

    Raises NativeError where there is no compiler, or it fails.
    """

    def __init__(self, record: Record, arrays: Mapping[str, ndarray], before: ndarray) -> None:
        self.width, self._arrays = len(record.used), (*arrays.values(), before)
        self.size = ctypes.c_ssize_t(before.size)
        self.places = np.array([array.ctypes.data for array in self._arrays], np.uintp)
        self.source = HEAD.replace("REAL", REALS[before.dtype.name]) + _descend(record, before.dtype.name)
        self._run = loaded(self.source).descend
        self._run.restype = None

    def __call__(self, numbers: ndarray) -> None:
        self._run(self.size, _place(self.places), _place(numbers))


def _descend(record: Record, dtype: str) -> str:
    """The function of an update."""
    before, body = record.c()
    written = {*record.results, "before"}
    names = (*record.arrays, "before")
    arrays = ", ".join(f"{'' if name in written else 'const '}real *restrict {name}" for name in names)
    read = [
        SHRINK.replace("NUMBER", f"by[{k}]") if name == "shrink" else f"const double {name} = by[{k}];"
        for k, name in enumerate(record.used)
    ]
    text = DESCEND.replace("ARRAYS", arrays).replace("GIVEN", ", ".join(f"at[{k}]" for k in range(len(names))))
    text = text.replace("NUMBERS", "\n    ".join([*read, before]))
    return text.replace("BODY", body).replace("root(", "sqrtf(" if dtype == "float32" else "sqrt(")


class Ahead:
    """Many steps as one call, each on other samples.

    step    in C, of so many samples.
    fed     what is filled with samples along its first axis, and from where.
    moved   what descends after each step; None: nothing does.
    """

    def __init__(self, step: Step, batch: int, fed: Sequence[tuple[ndarray, ndarray]], moved: Descending | None = None) -> None:
        native = step.native
        assert native is not None
        pointers = native.pointers
        text = moved.source if moved else HEAD.replace("REAL", REALS[step.flat.dtype.name]) + NOTHING
        text += AHEAD.replace("VOIDS", ", ".join(["void *"] * len(pointers)))
        text = text.replace("WIDTH", str(moved.width if moved else 0))
        self._run = loaded(text.replace("HANDED", ", ".join(f"at[{k}]" for k in range(len(pointers))))).ahead
        self._run.restype = ctypes.c_ssize_t
        self._step, self._batch, self._count = step, batch, 1
        self._kept, self._moved = (fed, native), moved
        samples = np.array([(own.ctypes.data, source.ctypes.data, own.nbytes // batch) for own, source in fed], np.uintp)
        at = np.array([p.value for p in pointers], np.uintp)
        self._tables = at, samples.reshape(-1, 3)

    @staticmethod
    def takes(own: ndarray, source: ndarray, axis: int) -> bool:
        """Whether samples are rows of both arrays, byte by byte."""
        alike = own.dtype == source.dtype and own.shape[1:] == source.shape[1:]
        return axis == 0 and alike and own.flags.c_contiguous and source.flags.c_contiguous

    def __call__(self, index: ndarray, numbers: Callable[[int], ndarray] | None = None) -> list[float]:
        """The values of the first steps on these samples, as many as take about a hundredth of a second.

        numbers   of so many steps, a row for each, by which they descend; the first value that is not finite is then the last one.
        """
        count = min(self._count, len(index) // self._batch)
        index = np.ascontiguousarray(index[: count * self._batch], np.int64)
        values, moved, by = np.empty(count), self._moved, None if numbers is None else numbers(count)
        at, samples = self._tables
        begun = perf_counter()
        with self._step.alone():
            done = self._run(
                self._kept[1].function, _place(at), ctypes.c_ssize_t(count), ctypes.c_ssize_t(self._batch), _place(index),
                ctypes.c_ssize_t(len(samples)), _place(samples), _place(values), moved.size if moved else ctypes.c_ssize_t(0),
                _place(moved.places) if moved else None, None if by is None else _place(by),
            )  # fmt: skip
        spent = perf_counter() - begun
        self._count = max(1, self._count // 2) if spent > SOON else self._count * 2 if 4 * spent < SOON else self._count
        return values[:done].tolist()


def _place(array: ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
