"""Named arrays in files: NumPy's .npz, and .safetensors. Nothing read here can run code."""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy import ndarray

from symbackprop.training import safetensors
from symbackprop.training.errors import TrainingError

NUMBERS = "biuf"  # dtype kinds that hold real numbers
SUFFIXES = (".npz", ".safetensors")


def read_arrays(path: str | os.PathLike[str]) -> dict[str, ndarray]:
    """The arrays of an .npz or .safetensors file, by name.

    Raises TrainingError where the file is missing, of another format, damaged, or holds anything but real numbers.
    """
    path = Path(path)
    reader = {".npz": _read_npz, ".safetensors": _read_safetensors}[_suffix(path)]
    try:
        arrays = reader(path)
    except OSError as fault:
        raise TrainingError(f"{path}: cannot be read: {fault.strerror or fault}") from None
    except MemoryError:
        raise TrainingError(f"{path}: the memory is not enough for its arrays") from None
    for name, array in arrays.items():
        if array.dtype.kind not in NUMBERS:
            raise TrainingError(f"{path}: {name} holds {array.dtype}, not real numbers; save it as numbers")
    return arrays


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, ndarray]) -> None:
    """Write arrays to an .npz or .safetensors file: all of it or nothing.

    Raises TrainingError where the folder is not there or the suffix is another.
    """
    path = Path(path)
    writer: Callable[[IO[bytes], Mapping[str, ndarray]], None]
    writer = {".npz": _write_npz, ".safetensors": _write_safetensors}[_suffix(path)]
    write_whole(path, lambda file: writer(file, arrays))


def write_whole(path: str | os.PathLike[str], write: Callable[[IO[bytes]], Any]) -> None:
    """Put a file in place once it is complete.

    Raises TrainingError where it cannot be written.
    """
    path = Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, delete=False, prefix=f".{path.name}.") as file:
            temporary = file.name
            write(file)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as fault:
        raise TrainingError(f"{path}: cannot be written: {fault.strerror or fault}") from None
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _suffix(path: Path) -> str:
    if path.suffix.lower() not in SUFFIXES:
        raise TrainingError(f"{path}: arrays are kept in {' or '.join(SUFFIXES)} files")
    return path.suffix.lower()


def _read_npz(path: Path) -> dict[str, ndarray]:
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise TrainingError(f"{path}: this is not an .npz file; write one by np.savez({path.name!r}, X=X, Y=Y)")
        file.seek(0)
        name = None
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {}
                for name in archive.files:
                    array = archive[name]
                    if not isinstance(array, ndarray):
                        raise TrainingError(f"{path}: {name} is not an array; write the file by np.savez")
                    arrays[name] = array
                return arrays
        except (
            ValueError,
            EOFError,
            KeyError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ) as fault:
            if isinstance(fault, TrainingError):
                raise
            if "pickle" in str(fault) or "Object arrays" in str(fault):
                raise TrainingError(
                    f"{path}: {name} is a pickled object, which could run code; save it as an array of numbers"
                ) from None
            raise TrainingError(f"{path}: {name or 'the file'} is damaged: {fault}") from None


def _write_npz(file: IO[bytes], arrays: Mapping[str, ndarray]) -> None:
    # np.savez takes the names as keywords, among which "file" is taken
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)


def _read_safetensors(path: Path) -> dict[str, ndarray]:
    try:
        return safetensors.parse(path.read_bytes())
    except (ValueError, RecursionError) as fault:
        raise TrainingError(f"{path}: this is not a .safetensors file: {fault}") from None


def _write_safetensors(file: IO[bytes], arrays: Mapping[str, ndarray]) -> None:
    file.write(safetensors.dump({name: np.asarray(array) for name, array in arrays.items()}))
