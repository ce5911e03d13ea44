"""Parameters that a person gave, held against the network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend
from symbackprop.core.program import Program, Signature, shape_text
from symbackprop.training.datasets import as_array
from symbackprop.training.errors import TrainingError
from symbackprop.training.storage import ABOUT, KEPT, read_arrays


def given_parameters(program: Program, start: Mapping[str, Any] | str | os.PathLike[str] | None) -> dict[str, ndarray]:
    """The parameters that a person gave, by a dict or a file; none where there is neither.

    Raises TrainingError where one is missing, does not fit or is not finite.
    """
    names = [t.name for t in program.parameters]
    if not names:
        raise TrainingError("the network has no parameter to train; declare one, such as W: parameter[h, d]")
    if start is None:
        return {}
    where = str(start) if isinstance(start, str | os.PathLike) else "start"
    if isinstance(start, Mapping):
        arrays = {str(n): as_array(str(n), a) for n, a in start.items()}
    else:
        arrays = _of_run(read_arrays(start, trained=True))
    for name in arrays:
        if name not in names:
            raise TrainingError(f"{where}: {name} is no parameter of the network; {mend(name, names)}")
    strange = [t.name for t in program.parameters if t.name in arrays and not _fits(t, arrays[t.name])]
    if len(strange) > 1 and not isinstance(start, Mapping):
        raise TrainingError(
            f"{where} belongs to another network: {', '.join(strange)} have other shapes in this one; give the file that was "
            f"trained with it"
        )
    for tensor in program.parameters:
        if tensor.name not in arrays:
            raise TrainingError(f"{where}: the parameter {tensor.name} is missing; give an array for each of {', '.join(names)}")
        if arrays[tensor.name].ndim != tensor.rank:
            raise TrainingError(
                f"{where}: {tensor.name} has shape {arrays[tensor.name].shape}, but it is declared as {shape_text(tensor.shape)}"
            )
        if not np.isfinite(arrays[tensor.name]).all():
            raise TrainingError(f"{where}: {tensor.name} holds numbers that are not finite; begin with others")
    return arrays


def _fits(tensor: Signature, array: ndarray) -> bool:
    """Whether an array has the axes that are declared, and those that are numbers are as long."""
    return array.ndim == tensor.rank and all(not n.is_Integer or n == own for n, own in zip(tensor.shape, array.shape, strict=True))


def _of_run(arrays: dict[str, ndarray]) -> dict[str, ndarray]:
    """Of a checkpoint, the parameters that its run has come to: the best, where those are kept."""
    if ABOUT not in arrays:
        return arrays
    own = {part: {n.removeprefix(f"{part}/"): a for n, a in arrays.items() if n.startswith(f"{part}/")} for part in KEPT}
    return own["best"] or own["parameters"] or arrays
