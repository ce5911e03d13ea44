"""Arrays on disk, larger than memory may be: they are looked at in parts, and a step reads its own samples."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy import ndarray

from symbackprop.training.errors import TrainingError
from symbackprop.training.storage import NUMBERS

PART = 1 << 24  # bytes that are looked at together


def mapped(path: str | os.PathLike[str]) -> ndarray:
    """The array of an .npy file, of which nothing is read yet. Raises TrainingError where it is none."""
    where = os.fspath(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as fault:
        raise TrainingError(f"{where}: cannot be read: {fault.strerror or fault}") from None
    except (ValueError, EOFError) as fault:
        told = " ".join(str(fault).split())[:200]
        if "Python objects" in told:
            raise TrainingError(
                f"{where}: the array is a pickled object, which could run code; save it as one of numbers"
            ) from None
        raise TrainingError(f"{where}: this is no .npy file of numbers: {told}; write it by np.save") from None
    if isinstance(array, np.lib.npyio.NpzFile):
        array.close()
        raise TrainingError(
            f"{where}: this is an archive of several arrays, as np.savez writes it; call it .npz, or write each array by np.save"
        )
    if array.dtype.kind not in NUMBERS:
        how = ": np.unique(..., return_inverse=True)[1] numbers the names of classes" if array.dtype.kind in "US" else ""
        raise TrainingError(f"{where}: the array holds {array.dtype}, not real numbers; save it as numbers{how}")
    return array


def folder(path: Path) -> dict[str, ndarray]:
    """The arrays of a folder, one .npy file for each."""
    found = {file.stem: mapped(file) for file in sorted(path.glob("*.npy"))}
    if not found:
        raise TrainingError(f"{path}: the folder holds no .npy file; write one for each input: np.save('{path.name}/X.npy', X)")
    return found


def is_mapped(array: ndarray) -> bool:
    """Whether an array stands on disk."""
    return isinstance(array, np.memmap)


def parts(array: ndarray) -> Iterator[ndarray]:
    """The array along its first axis, in parts that memory has room for."""
    if not is_mapped(array) or not array.ndim:
        yield array
        return
    rows = max(1, PART // max(1, array.nbytes // max(1, len(array))))
    yield from (array[first : first + rows] for first in range(0, len(array), rows))


def everywhere(array: ndarray, test: Callable[[ndarray], ndarray]) -> bool:
    """Whether a test of entries holds for all of them."""
    return all(bool(test(part).all()) for part in parts(array))
