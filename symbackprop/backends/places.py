"""The arrays of a step by name: what is given for one is written where the step reads it, and never put in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.arguments import ArgumentError
from symbackprop.core.choices import mend
from symbackprop.core.program import shape_text


class Places(dict[str, ndarray]):
    """Arrays that stay: `places["W"] = array` copies the array into the one that is there.

    Raises ArgumentError for a name that is none of them, another shape, and what is no real number, or is no whole one where those
    are held.
    """

    def __setitem__(self, name: str, array: Any) -> None:
        if name not in self:
            raise ArgumentError(f"this step holds no {name}; {mend(name, self)}")
        write(name, self[name], array)

    def update(self, *arrays: Any, **named: Any) -> None:
        for name, array in dict(*arrays, **named).items():
            self[name] = array

    def __ior__(self, arrays: Any) -> Places:  # type: ignore[override]
        self.update(arrays)
        return self

    def _stays(self, *_: Any) -> Any:
        raise ArgumentError("the arrays of a step stay where it reads them; write into them")

    __delitem__ = pop = popitem = clear = setdefault = _stays  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # a copy is no longer where a step reads


def write(name: str, own: ndarray, given: Any) -> None:
    """Write an array into a step's own."""
    if given is own:
        return
    array = np.asarray(given)
    if array.shape != own.shape:
        raise ArgumentError(
            f"{name} has shape {shape_text(array.shape)}, and {shape_text(own.shape)} in this step: reshape the array, or bind a "
            "step for it"
        )
    if array.dtype.kind not in "biuf":
        raise ArgumentError(f"{name} holds {array.dtype}, not real numbers; give an array of numbers")
    with np.errstate(invalid="ignore"):
        is_held = own.dtype.kind not in "bi" or np.array_equal(array, array.astype(own.dtype))
    if not is_held:
        raise ArgumentError(f"{name} holds whole numbers in this step, and not all of these are; give whole ones")
    own[...] = array


def put(arrays: Mapping[str, Any], *several: Places) -> None:
    """Write arrays into those of several places that have their names."""
    every = {name: places for places in several for name in places}
    for name, array in arrays.items():
        if name not in every:
            raise ArgumentError(f"this step holds no {name}; {mend(name, every)}")
        every[name][name] = array
