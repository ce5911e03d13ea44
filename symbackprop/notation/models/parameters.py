"""Trained parameters on their way back into a model: one array for each that the model has, of its shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.core.program import shape_text
from symbackprop.notation.errors import NotationError


def fitting(given: Any, own: Mapping[str, ndarray]) -> dict[str, ndarray]:
    """The arrays for a model's parameters, in float64.

    given  a Trained, or a dict with an array for each parameter.
    own    the arrays that the model has now, by the names of the network.

    Raises NotationError where one is missing, unknown, of another shape, or not finite.
    """
    arrays = getattr(given, "parameters", given)
    if not isinstance(arrays, Mapping):
        raise NotationError(
            f"{shown(given)} holds no parameters.", "Give what sb.train returned, or a dict with an array for each."
        )
    for name in arrays:
        if name not in own:
            near = nearest(str(name), list(own))
            mend = f"Did you mean {near}?" if near else f"The parameters are: {', '.join(own)}."
            raise NotationError(f"the model has no parameter {shown(name)}.", mend)
    missing = [name for name in own if name not in arrays]
    if missing:
        raise NotationError(f"there is no array for {', '.join(missing)}.", "Give an array for each parameter of the model.")
    return {name: _array(name, arrays[name], own[name]) for name in own}


def _array(name: str, given: Any, own: ndarray) -> ndarray:
    try:
        array = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise NotationError(f"{name}: {shown(given)} is no array of numbers.", "") from None
    if array.shape != own.shape:
        raise NotationError(f"{name} has the shape {shape_text(array.shape)}.", f"The model's is {shape_text(own.shape)}.")
    if not np.isfinite(array).all():
        raise NotationError(f"{name} holds what is not finite.", "Train with a smaller rate.")
    return array
