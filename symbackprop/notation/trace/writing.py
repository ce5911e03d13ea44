"""Entries that are written: what an array is after x[items] = value, and after several of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy import Expr

from symbackprop.language import operations as ops
from symbackprop.language.operations.entries import replaced
from symbackprop.language.tensors import Tensor, as_tensor, number_of
from symbackprop.notation.trace.unrolled import together

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
        self._last = np.full(0, -1)  # which of the entries wrote each one last
        self._folded = 0  # entries that `_tensor` holds already

    @property
    def shape(self) -> tuple[Expr, ...]:
        """The shape of the whole, which writing leaves as it is."""
        if isinstance(self._tensor, Exception):
            raise self._tensor
        return self._tensor.shape

    @property
    def pending(self) -> bool:
        """Whether entries were written that nobody has read yet: more of them may come."""
        return self._folded < len(self._entries)

    def replace(self, tensor: Tensor | Exception) -> None:
        """Another tensor for the whole."""
        self._tensor, self._entries, self._folded = tensor, [], 0
        self._last = np.full(0, -1)
        self.version += 1

    def enter(self, entry: Entry) -> None:
        """Write some of the entries."""
        top = int(np.max(entry.places, initial=0)) + 1
        if top > len(self._last):
            self._last = np.concatenate([self._last, np.full(max(top, len(self._last)), -1)])
        self._last[entry.places] = len(self._entries)
        self._entries.append(entry)
        self.version += 1

    def before(self, places: np.ndarray) -> Tensor | None:
        """The whole as it was before entries were written, where none of these is among them."""
        if not self.pending or isinstance(self._tensor, Exception):
            return None
        newest = self._last[places[places < len(self._last)]]
        return None if (newest >= self._folded).any() else self._tensor

    def at(self, places: np.ndarray) -> Tensor | None:
        """What was written last at exactly these entries, where nothing was written over any of them since."""
        if not places.size or places.max() >= len(self._last):
            return None
        newest = self._last[places]
        first = int(newest.flat[0])
        if first < 0 or (newest != first).any():
            return None
        entry = self._entries[first]
        return entry.value if entry.places.shape == places.shape and np.array_equal(entry.places, places) else None

    def tensor(self, run: Run) -> Tensor:
        """The whole, with everything that was written."""
        if isinstance(self._tensor, Exception):
            raise self._tensor
        if self.pending:
            entries = [e for k, e in enumerate(self._entries) if k >= self._folded and (self._last[e.places] == k).any()]
            found = _stacked(self._tensor, entries, run)
            if found is None:
                found = run.settled(self._tensor)
                for entry in entries:
                    found = replaced(found, run.settled_items(entry.items), run.settled(entry.value))
            self._tensor, self._folded = found, len(self._entries)
        return self._tensor


def _stacked(base: Tensor, entries: list[Entry], run: Run) -> Tensor | None:
    """The entries along the axes that they were written along, where they are all that there are; else None."""
    if len(entries) < 2:
        return None
    forms = [e.items if isinstance(e.items, tuple) else (e.items,) for e in entries]
    axes = [k for k, item in enumerate(forms[0]) if _is_whole(item)]
    if not axes or any(len(form) != len(forms[0]) for form in forms):
        return None
    for form in forms:
        for k, item in enumerate(form):
            if not (_is_whole(item) if k in axes else isinstance(item, slice) and item == slice(None)):
                return None
    written = np.concatenate([e.places.ravel() for e in entries])
    extents = [run.sizes.number(base.shape[k]) for k in axes]
    count = int(np.prod([run.sizes.number(n) for n in base.shape]))
    if len(written) != count or len(np.unique(written)) != count:
        return None
    place = [int(np.ravel_multi_index([int(form[k]) % n for k, n in zip(axes, extents, strict=True)], extents)) for form in forms]
    values = [entries[k].value for k in np.argsort(place)]
    joined = together(run, values, extents, [base.shape[k] for k in axes])
    if joined is None:
        run.pin(base.shape[k] for k in axes)
        row = _row([run.settled(v) for v in values])
        joined = ops.reshape(row, (*map(sp.Integer, extents), *row.shape[1:])) if len(axes) > 1 else row
    order = _order(axes, len(base.shape))
    return ops.transpose(joined, order) if order != list(range(len(order))) else joined


def _is_whole(item: Any) -> bool:
    return isinstance(item, int | sp.Integer) and not isinstance(item, bool)


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
