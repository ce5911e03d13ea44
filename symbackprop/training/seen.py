"""What was trained on, as far as a file of parameters remembers it: whoever evaluates on the same samples is told so."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.network import listed
from symbackprop.core.program import Program
from symbackprop.evaluate.extents import extent
from symbackprop.training.classes import Classes
from symbackprop.training.layout import Layout
from symbackprop.training.mapped import is_mapped
from symbackprop.training.safetensors import is_count

Arrays = Mapping[str, ndarray]
MOST_NAMED = 8  # classes


def fingerprint(arrays: Arrays) -> str:
    """By what the same data are known again; "" of arrays that stand on disk, which are read as they are needed."""
    if any(map(is_mapped, arrays.values())):
        return ""
    parts = ((name, np.ascontiguousarray(arrays[name])) for name in sorted(arrays))
    return " ".join(f"{name}:{a.dtype}{a.shape}:{zlib.crc32(a.data):08x}".replace(" ", "") for name, a in parts)


def unseen(program: Program, classes: Classes, arrays: Arrays, layout: Layout, trained_on: ndarray) -> tuple[int, ...]:
    """The classes that none of the samples is of which are trained on."""
    count = _count(program, classes, arrays, layout)
    return () if classes.each is None or count is None else tuple(sorted({*range(count)} - {*classes.each[trained_on].tolist()}))


def _count(program: Program, classes: Classes, arrays: Arrays, layout: Layout) -> int | None:
    """How many classes there are; None where they are two, or nobody says how many."""
    if classes.kind == "one-hot":
        return arrays[classes.name].shape[classes.axis]
    bound = program.tensors[classes.name].bound
    return extent(bound, layout.sizes) if classes.kind == "integers" and bound is not None else None


def notes(run: Mapping[str, Any], data: str, samples: int, classes: Classes | None, names: Sequence[str]) -> Iterator[str]:
    """What is said of evaluating on data that were trained on, and of classes that were not.

    run       what the file of parameters tells of training.
    data      their fingerprint.
    names     of the classes; none where they have none.
    """
    seen = run["samples"] if is_count(run.get("samples")) else 0
    if data and data == run.get("fingerprint") and 0 < seen <= samples:
        which = f"{seen:,} of these {samples:,} samples were" if seen < samples else "these are the samples that were"
        yield f"{which} trained on: others, that it has not seen, tell how good it is"
    strange = run.get("unseen")
    if classes and classes.each is not None and isinstance(strange, list | tuple):
        found = classes.each[np.isin(classes.each, [k for k in strange if is_count(k)])]
        if found.size:
            are = "is" if found.size == 1 else "are"
            yield f"{found.size:,} of the samples {are} of {called(np.unique(found), names)}, of which none was trained on"


def called(classes: Sequence[int] | ndarray, names: Sequence[str]) -> str:
    """Classes in words, by their names where they have some."""
    if len(classes) > MOST_NAMED:
        return f"{len(classes):,} classes"
    own = [names[k] if k < len(names) else str(k) for k in map(int, classes)]
    return f"{'the class' if len(own) == 1 else 'the classes'} {listed(own)}"
