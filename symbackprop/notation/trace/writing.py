"""Entries that are written: what an array is after x[items] = value, and after several of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations.entries import replaced
from symbackprop.language.tensors import Tensor, as_tensor, number_of

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


@dataclass(frozen=True)
class Entry:
    """One x[items] = value: which entries of x, counted row by row, and what they became."""

    items: Any
    places: np.ndarray
    value: Tensor


class Written:
    """A tensor and the entries that were written into it since."""

    def __init__(self, tensor: Tensor | Exception) -> None:
        self.version = 0
        self._tensor = tensor
        self._entries: list[Entry] = []
        self._folded = 0  # entries that `_tensor` holds already

    @property
    def pending(self) -> bool:
        """Whether entries were written that nobody has read yet: more of them may come."""
        return self._folded < len(self._entries)

    def replace(self, tensor: Tensor | Exception) -> None:
        """Another tensor for the whole."""
        self._tensor, self._entries, self._folded = tensor, [], 0
        self.version += 1

    def enter(self, entry: Entry) -> None:
        """Write some of the entries."""
        self._entries.append(entry)
        self.version += 1

    def at(self, places: np.ndarray) -> Tensor | None:
        """What was written last at exactly these entries, where nothing was written over any of them since."""
        for entry in reversed(self._entries):
            if entry.places.shape == places.shape and np.array_equal(entry.places, places):
                return entry.value
            if np.intersect1d(entry.places, places).size:
                return None
        return None

    def tensor(self, run: Run) -> Tensor:
        """The whole, with everything that was written."""
        if isinstance(self._tensor, Exception):
            raise self._tensor
        if self.pending:
            entries = self._entries[self._folded :]
            found = _stacked(self._tensor, entries, run)
            if found is None:
                found = run.settled(self._tensor)
                for entry in entries:
                    found = replaced(found, run.settled_items(entry.items), run.settled(entry.value))
            self._tensor, self._folded = found, len(self._entries)
        return self._tensor


def _stacked(base: Tensor, entries: list[Entry], run: Run) -> Tensor | None:
    """The entries one after the other, where each is written once and all of them along the same axes; else None."""
    if len(entries) < 2:
        return None
    forms = [e.items if isinstance(e.items, tuple) else (e.items,) for e in entries]
    axes = [k for k, item in enumerate(forms[0]) if isinstance(item, int)]
    if not axes or any(len(form) != len(forms[0]) for form in forms):
        return None
    for form in forms:
        for k, item in enumerate(form):
            whole = isinstance(item, slice) and item == slice(None)
            if not (whole if k not in axes else isinstance(item, int) and not isinstance(item, bool)):
                return None
    written = np.concatenate([e.places.ravel() for e in entries])
    extents = [run.sizes.number(base.shape[k]) for k in axes]
    count = int(np.prod([run.sizes.number(n) for n in base.shape]))
    if len(written) != count or len(np.unique(written)) != count:
        return None
    run.pin(base.shape[k] for k in axes)
    place = [int(np.ravel_multi_index([form[k] % n for k, n in zip(axes, extents, strict=True)], extents)) for form in forms]
    values = [run.settled(entries[k].value) for k in np.argsort(place)]
    joined = _row(values)
    rest = joined.shape[1:]
    joined = ops.reshape(joined, (*map(sp.Integer, extents), *rest)) if len(axes) > 1 else joined
    order = _order(axes, len(base.shape))
    return ops.transpose(joined, order) if order != list(range(len(order))) else joined


def _row(values: list[Tensor]) -> Tensor:
    """The values along a new first axis; a row of numbers that are equal is one number."""
    numbers = [number_of(v) for v in values]
    if numbers[0] is not None and all(n == numbers[0] for n in numbers):
        return ops.full((len(values),), numbers[0])
    return ops.stack([as_tensor(v) for v in values])


def _order(axes: list[int], rank: int) -> list[int]:
    """Where each axis of the whole is found, when `axes` stand in front."""
    front = [*axes, *(k for k in range(rank) if k not in axes)]
    return [front.index(k) for k in range(rank)]
