"""A plan as it is printed: all that a step is made of, as data, which can be kept."""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.executed import executed
from symbackprop.backends.numpy.chosen import BITS, choose
from symbackprop.backends.numpy.windows import bound_window
from symbackprop.plan.handed import Flat, Layout
from symbackprop.plan.node import Move
from symbackprop.plan.statements import Window

ALIGNED = 64  # bytes: where buffers begin, so that vector instructions need no other path
OTHERS: dict[str, Any] = {"add_at": np.add.at, "choose": choose, "np": np, "math": math}  # words that NumPy has by other names


@dataclass(frozen=True)
class Code:
    """A plan as it is printed.

    layout    where inputs and gradients stand.
    language  "numpy" or "c"; of C nothing below but `quiet` says anything.
    text      the source of `step`.
    quiet     whether NumPy need not be kept from warning.
    buffers   the length of each and the kind of its entries; `fixed` the arrays of those that depend on sizes alone.
    windows   what the names of the source stand for, and `counts` the turns of each loop.
    numbers   that arrays meet, by the names of the source, and the shape of an array of each.
    works     the shapes of memory that nothing is left in.
    words     of NumPy and of `helpers`, further functions as source.
    """

    layout: Layout
    language: str
    text: str
    quiet: bool = False
    buffers: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    fixed: Mapping[str, ndarray] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    counts: Mapping[int, int] = field(default_factory=dict)
    numbers: Mapping[str, tuple[float, Sequence[int]]] = field(default_factory=dict)
    works: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    words: Sequence[str] = ()
    helpers: str = ""

    def bound(self, memory: dict[str, ndarray], kinds: Mapping[str, np.dtype]) -> Callable[[], float]:
        """The function of NumPy over memory, to which the buffers are added; `kinds`: the dtypes of entries."""
        real = kinds["real"]
        memory |= {name: aligned(length, kinds[kind]) for name, (length, kind) in self.buffers.items() if name not in memory}
        memory |= {name: array.astype(real) if array.dtype.kind == "f" else array for name, array in self.fixed.items()}
        names: dict[str, Any] = {
            f"{name}_rows" if w.moves else name: bound_window(memory[w.buffer], w, self.counts) for name, w in self.windows.items()
        }
        memory |= (numbers := {name: np.full(shape, number, real) for name, (number, shape) in self.numbers.items()})
        names |= numbers
        work = aligned(max(map(math.prod, self.works.values()), default=0), np.dtype(BITS[real.name]))
        memory |= {"work": work} if len(work) else {}
        names |= {name: work[: math.prod(shape)].reshape(shape) for name, shape in self.works.items()}
        return executed(self.text, "step", names | {word: self._word(word) for word in self.words})

    def _word(self, word: str) -> Any:
        if word in OTHERS:
            return OTHERS[word]
        if word.endswith("_reduce"):
            return getattr(np, word.removesuffix("_reduce")).reduce
        return getattr(np, word) if hasattr(np, word) else executed(self.helpers, word, {"np": np})

    def told(self) -> dict[str, Any]:
        """As JSON tells it."""
        arrays = {n: [a.dtype.str, a.shape, b64encode(np.ascontiguousarray(a).tobytes()).decode()] for n, a in self.fixed.items()}
        windows = {name: [w.buffer, w.offset, w.dims, w.moves] for name, w in self.windows.items()}
        layout = asdict(self.layout) | {"kinds": dict(self.layout.kinds)}
        counts = list(self.counts.items())
        return {**vars(self), "layout": layout, "fixed": arrays, "windows": windows, "counts": counts}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Code:
        """What was told."""
        own, layout = dict(told), told["layout"]
        own["layout"] = Layout(
            _flat(layout["parameters"]), _flat(layout["gradients"]), _shapes(layout["data"]), layout["kinds"],
            {name: _flat(flat) for name, flat in layout["held"].items()},
        )  # fmt: skip
        own["fixed"] = {n: np.frombuffer(b64decode(a), d).reshape(shape).copy() for n, (d, shape, a) in told["fixed"].items()}
        own["windows"] = {
            name: Window(buffer, offset, tuple(map(tuple, dims)), tuple(Move(*m) for m in moves))
            for name, (buffer, offset, dims, moves) in told["windows"].items()
        }
        return cls(**own | {"counts": dict(told["counts"]), "works": _shapes(told["works"])})


def aligned(length: int, dtype: np.dtype) -> ndarray:
    """Zeros that begin where vector instructions want them."""
    raw = np.zeros(length + ALIGNED // dtype.itemsize, dtype)
    skip = (-raw.ctypes.data % ALIGNED) // dtype.itemsize
    return raw[skip : skip + length]


def _flat(told: Mapping[str, Any]) -> Flat:
    return Flat({name: (at, tuple(shape)) for name, (at, shape) in told["places"].items()}, told["length"])


def _shapes(told: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(shape) for name, shape in told.items()}
