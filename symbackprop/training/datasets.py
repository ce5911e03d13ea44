"""Where the data come from: a dict of arrays, a file or a folder, or a set that scikit-learn ships."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend, nearest
from symbackprop.core.machine.files import exists
from symbackprop.core.program import Program, Signature, shape_text
from symbackprop.evaluate.arrays import masked_at
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import batch_size, data_inputs, sides
from symbackprop.training.mapped import folder, mapped
from symbackprop.training.shipped import BUNDLED, shipped
from symbackprop.training.storage import NUMBERS, SUFFIXES, read_arrays, read_told
from symbackprop.training.table import Header, read_table

Data = Mapping[str, Any] | str | os.PathLike[str]


def load(data: Data, program: Program, sizes: Mapping[str, int], like: Header | None = None) -> tuple[dict[str, ndarray], Header]:
    """An array for each data input of the network, and what a table tells beside its numbers: its columns and classes.

    data    a dict of arrays by the names of the inputs, or of paths of .npy files; the path of an .npz or .csv file that holds
            them, or of a folder with an .npy file for each; or a name of BUNDLED. What is in an .npy file is read as it is needed.
    sizes   sizes that are settled.
    like    the header of the table that is trained on: a table's columns and classes are read alike.

    Raises TrainingError where an array is missing, is no input, or holds no real numbers.
    """
    if isinstance(data, str) and data in BUNDLED:
        return bundled(data, program, sizes), Header()
    if isinstance(data, str | os.PathLike):
        path = Path(data)
        if is_table(data):
            return read_table(path, program, sizes, like)
        if not os.path.isdir(path) and path.suffix.lower() not in SUFFIXES:
            near = nearest(str(data), BUNDLED)
            said = f"did you mean {near}?" if near else "write one of these" if exists(path) else "there is nothing of this name"
            raise TrainingError(f"{path}: data are read from .npz, .csv and .safetensors files and folders of .npy files; {said}")
        found = folder(path) if os.path.isdir(path) else read_arrays(data)
        return _matched(found, program, f"{os.fspath(data)}: "), Header()
    if not isinstance(data, Mapping):
        first = next((t.name for t in data_inputs(program)), "X")
        raise TrainingError(
            f'data is a dict of arrays, the path of an .npz file or "digits", not {type(data).__name__}: give {{{first!r}: ...}}'
        )
    arrays = {str(name): mapped(value) if is_npy(value) else value for name, value in data.items()}
    return _matched({name: as_array(name, value) for name, value in arrays.items()}, program, ""), Header()


def is_table(data: Any) -> TypeGuard[str | os.PathLike[str]]:
    """Whether data are the path of a .csv file."""
    return isinstance(data, str | os.PathLike) and Path(data).suffix.lower() == ".csv"


def header_told(parameters: Any) -> Header:
    """The header of the table that parameters were trained on, where their file tells it."""
    return Header.told(read_told(parameters)) if isinstance(parameters, str | os.PathLike) else Header()


def is_npy(value: Any) -> bool:
    """Whether a value is the path of an .npy file."""
    return isinstance(value, str | os.PathLike) and Path(value).suffix.lower() == ".npy"


def as_array(name: str, value: Any) -> ndarray:
    """The value as an array of real numbers.

    Raises TrainingError where it is none.
    """
    try:
        array = np.asanyarray(value) if isinstance(value, np.memmap) else np.asarray(value)
    except (TypeError, ValueError):
        raise TrainingError(f"{name} is no array: its rows have different lengths") from None
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and array.size and all(isinstance(x, str) for x in array.flat)):
        raise TrainingError(
            f"{name} holds text, not numbers; give numbers: np.unique({name}, return_inverse=True)[1] numbers the names of classes"
        )
    if array.dtype.kind not in NUMBERS:
        raise TrainingError(f"{name} holds {array.dtype}, not real numbers; give an array of numbers")
    if fault := masked_at(value):
        raise TrainingError(f"{name} {fault}")
    return array


def _matched(arrays: dict[str, ndarray], program: Program, where: str) -> dict[str, ndarray]:
    names = [t.name for t in data_inputs(program)]
    stray = [name for name in arrays if name not in names]
    for tensor in data_inputs(program):
        if tensor.name not in arrays:
            shape, kind = ", ".join(map(str, tensor.shape)) or "()", tensor.domain or tensor.kind
            there = f"; the data hold {', '.join(arrays)}" if arrays else "; the data hold no array"
            alike = next((n for n in stray if n.casefold() == tensor.name.casefold()), None)
            there += f": rename {alike} to {tensor.name}" if alike else ""
            raise TrainingError(
                f"{where}the array {tensor.name} is missing: the network declares {tensor.name}: {kind}[{shape}]{there}"
            )
    if stray:
        raise TrainingError(
            f"{where}{stray[0]} is no data input of the network; leave the array out, or rename it: {mend(stray[0], names)}"
        )
    return {name: arrays[name] for name in names}


def bundled(name: str, program: Program, sizes: Mapping[str, int]) -> dict[str, ndarray]:
    """A set that scikit-learn ships, as the network declares it: the measures, and what they tell.

    The input of real numbers gets the measures, each column with mean 0 and deviation 1; digits as rows of 64, as 8 x 8 or as
    1 x 8 x 8, by its rank, with pixels from 0 to 1. The input of labels, or of integers, or in the column convention the one that
    is read last, gets the classes, or the number that each sample has.

    Raises TrainingError where scikit-learn is missing, or the network has no two such inputs.
    """
    measures, told = shipped(name)
    given, truth = _roles(name, program)
    batch = batch_size(program, sizes)
    if batch not in given.shape or batch not in truth.shape:
        batch = None
    own = [n for n in given.shape if n != batch]
    shapes = ((64,), (8, 8), (1, 8, 8), (8, 8, 1)) if name == "digits" else (measures.shape[1:],)
    fitting = [shape for shape in shapes if _fits(own, shape)]
    if not fitting:
        *forms, last = [f"data[n, {', '.join(map(str, shape))}]" for shape in shapes[:3]]
        either = f"{', '.join(forms)} or {last}" if forms else last
        what = "a digit is an image of 64 pixels" if name == "digits" else f"each sample has {measures.shape[1]} measures"
        raise TrainingError(f"{given.name} is declared as {shape_text(given.shape)}, but {what}: declare {given.name}: {either}")
    scaled = measures / 16 if name == "digits" else (measures - measures.mean(axis=0)) / measures.std(axis=0)
    return {
        given.name: _placed(scaled.reshape(-1, *fitting[0]), given, batch),
        truth.name: told if truth.kind == "integers" else _placed(_truth(told, truth, batch), truth, batch),
    }


def _truth(told: ndarray, truth: Signature, batch: Any) -> ndarray:
    """What the samples tell as the input is declared: a number each, or a row with a one for the class."""
    alone = [n for n in truth.shape if n != batch]
    if not alone or told.dtype.kind == "f":
        return told.reshape(-1, *[1 for _ in alone]).astype(float)
    return np.eye(int(told.max()) + 1)[told]


def _roles(name: str, program: Program) -> tuple[Signature, Signature]:
    """The input for the images and the input for the classes."""
    found = sides(program)
    if found is None:
        has = ", ".join(f"{t.name}: {t.kind}" for t in data_inputs(program)) or "none"
        what = "images and classes" if name == "digits" else "measures and what they tell"
        raise TrainingError(
            f"the {name} are {what}: the network must have one data input and one input of labels or integers; it has {has}"
        )
    return found


def _fits(declared: list[Any], shape: tuple[int, ...]) -> bool:
    return len(declared) == len(shape) and all(n == m or not n.is_Integer for n, m in zip(declared, shape, strict=True))


def _placed(array: ndarray, tensor: Signature, batch: Any) -> ndarray:
    """The array with its samples along the axis where the input has them."""
    return np.moveaxis(array, 0, tensor.shape.index(batch)) if batch is not None else array
