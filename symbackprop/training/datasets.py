"""Where the data come from: a dict of arrays, a file, or the handwritten digits that scikit-learn ships."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import ndarray
from sympy import Integer

from symbackprop.core.choices import mend
from symbackprop.core.program import Program, Signature, shape_text
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import batch_size, data_inputs
from symbackprop.training.storage import NUMBERS, read_arrays

Data = Mapping[str, Any] | str | os.PathLike[str]
DIGITS = "digits"  # 1,797 images of 8 x 8, ten classes: Alpaydin and Kaynak 1998, UCI machine learning repository


def load(data: Data, program: Program, sizes: Mapping[str, int]) -> dict[str, ndarray]:
    """An array for each data input of the network.

    data    a dict of arrays by the names of the inputs, the path of an .npz file that holds them, or "digits".
    sizes   sizes that are settled.

    Raises TrainingError where an array is missing, is no input, or holds no real numbers.
    """
    if isinstance(data, str) and data == DIGITS:
        return digits(program, sizes)
    if isinstance(data, str | os.PathLike):
        return _matched(read_arrays(data), program, f"{os.fspath(data)}: ")
    if not isinstance(data, Mapping):
        raise TrainingError(f'data is a dict of arrays, the path of an .npz file or "digits", not {type(data).__name__}')
    return _matched({str(name): as_array(str(name), value) for name, value in data.items()}, program, "")


def as_array(name: str, value: Any) -> ndarray:
    """The value as an array of real numbers.

    Raises TrainingError where it is none.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise TrainingError(f"{name} is no array: its rows have different lengths") from None
    if array.dtype.kind not in NUMBERS:
        raise TrainingError(f"{name} holds {array.dtype}, not real numbers; give an array of numbers")
    return array


def _matched(arrays: dict[str, ndarray], program: Program, where: str) -> dict[str, ndarray]:
    names = [t.name for t in data_inputs(program)]
    stray = [name for name in arrays if name not in names]
    for tensor in data_inputs(program):
        if tensor.name not in arrays:
            shape = ", ".join(map(str, tensor.shape)) or "()"
            there = f"; the data hold {', '.join(arrays)}" if arrays else "; the data hold no array"
            raise TrainingError(
                f"{where}the array {tensor.name} is missing: the network declares {tensor.name}: {tensor.kind}[{shape}]{there}"
            )
    if stray:
        raise TrainingError(
            f"{where}{stray[0]} is no data input of the network; leave the array out, or rename it: {mend(stray[0], names)}"
        )
    return {name: arrays[name] for name in names}


def digits(program: Program, sizes: Mapping[str, int]) -> dict[str, ndarray]:
    """The 1,797 handwritten digits as the network declares them: images with pixels from 0 to 1, and their classes.

    The input of real numbers gets the images as rows of 64, as 8 x 8 or as 1 x 8 x 8, by its rank; the input of labels, or
    of integers, or in the column convention the one that is read last, gets the classes.

    Raises TrainingError where scikit-learn is missing, or the network has no two such inputs.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise TrainingError("the digits come with scikit-learn: pip install 'symbackprop[digits]'") from None
    pixels, classes = load_digits(return_X_y=True)
    images, truth = _roles(program)
    batch = batch_size(program, sizes)
    if batch not in images.shape or batch not in truth.shape:
        batch = None
    own = [n for n in images.shape if n != batch]
    fitting = [shape for shape in ((64,), (8, 8), (1, 8, 8), (8, 8, 1)) if _fits(own, shape)]
    if not fitting:
        raise TrainingError(
            f"{images.name} is declared as {shape_text(images.shape)}, but a digit is an image of 64 pixels: declare "
            f"{images.name}: data[n, 64], data[n, 8, 8] or data[n, 1, 8, 8]"
        )
    pictures = (pixels / 16).reshape(-1, *fitting[0])
    return {
        images.name: _placed(pictures, images, batch),
        truth.name: classes if truth.kind == "integers" else _placed(np.eye(10)[classes], truth, batch),
    }


def _roles(program: Program) -> tuple[Signature, Signature]:
    """The input for the images and the input for the classes."""
    inputs = data_inputs(program)
    truth = [t for t in inputs if t.kind in ("labels", "integers")]
    if len(inputs) == 2 and not truth:
        read = [operand.name for equation in program.equations for operand in equation.operands]
        truth = [max(inputs, key=lambda t: read.index(t.name) if t.name in read else -1)]
    images = [t for t in inputs if t not in truth]
    if len(truth) != 1 or len(images) != 1:
        has = ", ".join(f"{t.name}: {t.kind}" for t in inputs) or "none"
        raise TrainingError(
            f"the digits are images and classes: the network must have one data input and one input of labels or integers; "
            f"it has {has}"
        )
    return images[0], truth[0]


def _fits(declared: list[Any], shape: tuple[int, ...]) -> bool:
    return len(declared) == len(shape) and all(n == m or not isinstance(n, Integer) for n, m in zip(declared, shape, strict=True))


def _placed(array: ndarray, tensor: Signature, batch: Any) -> ndarray:
    """The array with its samples along the axis where the input has them."""
    return np.moveaxis(array, 0, tensor.shape.index(batch)) if batch is not None else array
