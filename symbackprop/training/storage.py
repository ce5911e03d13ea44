"""Named arrays in files: NumPy's .npz, and .safetensors. Nothing read here can run code."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import shown
from symbackprop.core.machine.files import near_file, require_writable, write_whole
from symbackprop.training import safetensors
from symbackprop.training.errors import TrainingError

NUMBERS = "biuf"  # dtype kinds that hold real numbers
SUFFIXES = (".npz", ".safetensors")
ABOUT, KEPT = "about", ("parameters", "state", "best", "begin")  # what a checkpoint holds: a text, and arrays by part and name
MARK = b"symbackprop\0"  # begins the comment of an .npz file in which more than arrays is told; readers of arrays pass over it
LONGEST_COMMENT = 65_535  # bytes, of a .zip file


def read_arrays(path: str | os.PathLike[str], texts: bool = False, trained: bool = False) -> dict[str, ndarray]:
    """The arrays of an .npz or .safetensors file, by name.

    texts     whether single texts may stand among them.
    trained   whether the file is one that training writes, not a person.

    Raises TrainingError where the file is missing, of another format, damaged, or holds anything but real numbers.
    """
    path = _path(path, "a dict of arrays or a path")
    is_npz = _suffix(path) == ".npz"
    try:
        arrays = _read_npz(path, trained) if is_npz else _read_safetensors(path)
    except TrainingError:
        raise
    except OSError as fault:
        near = near_file(path) if isinstance(fault, FileNotFoundError) else None
        told = f"{path}: cannot be read: {fault.strerror or fault}"
        raise TrainingError(f"{told}; did you mean {near}?" if near else told) from None
    except MemoryError:
        raise TrainingError(f"{path}: the memory is not enough for its arrays") from None
    except ValueError as fault:  # a name that no system takes
        raise TrainingError(f"{str(path)!r} is no name of a file: {fault}") from None
    for name, array in arrays.items():
        if array.dtype.kind not in NUMBERS and not (texts and array.dtype.kind == "U" and not array.ndim):
            numbers = f": np.unique({name}, return_inverse=True)[1] numbers the names of classes"
            how = {"U": numbers, "S": numbers, "c": ", both parts"}
            raise TrainingError(
                f"{path}: {name} holds {array.dtype}, not real numbers; save it as numbers{how.get(array.dtype.kind, '')}"
            )
    return arrays


def read_told(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a file of arrays tells beside them, as `write_arrays` was given it; nothing where it does not."""
    with suppress(OSError, ValueError, zipfile.BadZipFile, zlib.error, RecursionError):
        if Path(path).suffix.lower() == ".safetensors":
            told = safetensors.told(Path(path).read_bytes())
        else:
            with zipfile.ZipFile(path) as archive:
                comment = archive.comment
            told = json.loads(_unpacked(comment.removeprefix(MARK))) if comment.startswith(MARK) else {}
        return told if isinstance(told, dict) else {}
    return {}


def _unpacked(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, 100 * LONGEST_COMMENT)  # no more, whatever the file says


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, ndarray], told: Mapping[str, Any] | None = None) -> None:
    """Write arrays to an .npz or .safetensors file: all of it or nothing.

    told   what the file is to tell beside them, for `read_told`; other readers of arrays pass over it.

    Raises TrainingError where the suffix is another, FileError where the file cannot be written.
    """
    path = _path(path)
    content = {".npz": _npz, ".safetensors": _safetensors}[_suffix(path)](arrays, told or {})
    write_whole(path, content)


def require_arrays_place(path: str | os.PathLike[str]) -> None:
    """Raise TrainingError or FileError where `write_arrays` would."""
    _suffix(_path(path))
    require_writable(path)


def _path(path: Any, wanted: str = "one that ends in .npz") -> Path:
    if not isinstance(path, str | os.PathLike):
        raise TrainingError(f"{shown(path)} is no path of a file; give {wanted}")
    return Path(path)


def _suffix(path: Path) -> str:
    if path.suffix.lower() not in SUFFIXES:
        raise TrainingError(f"{path}: arrays are kept in {' or '.join(SUFFIXES)} files")
    return path.suffix.lower()


def _read_npz(path: Path, trained: bool) -> dict[str, ndarray]:
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            file.seek(0)
            if file.read(4) == b"PK\3\4":  # as every such file begins
                raise TrainingError(f"{path}: the file is damaged: its end is missing; write the file again")
            if trained:
                raise TrainingError(f"{path}: this is not an .npz file; give one that training wrote")
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
        except (TrainingError, OSError, MemoryError):
            raise
        except Exception as fault:  # a damaged entry raises whatever NumPy, its parser of headers and zlib raise
            if "pickle" in str(fault) or "Object arrays" in str(fault):
                raise TrainingError(
                    f"{path}: {name} is a pickled object, which could run code; save it as an array of numbers"
                ) from None
            told = " ".join(str(fault).split())[:200]
            raise TrainingError(f"{path}: {name or 'the file'} is damaged: {told}; write the file again") from None


def _npz(arrays: Mapping[str, ndarray], told: Mapping[str, Any]) -> bytes:
    content = io.BytesIO()
    # np.savez takes the names as keywords, among which "file" is taken
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)
        comment = MARK + zlib.compress(json.dumps(told).encode()) if told else b""
        archive.comment = comment if len(comment) <= LONGEST_COMMENT else b""  # names of some 30,000 columns
    return content.getvalue()


def _read_safetensors(path: Path) -> dict[str, ndarray]:
    try:
        return safetensors.parse(path.read_bytes())
    except (ValueError, RecursionError) as fault:
        raise TrainingError(f"{path}: this is not a .safetensors file: {fault}") from None


def _safetensors(arrays: Mapping[str, ndarray], told: Mapping[str, Any]) -> bytes:
    return safetensors.dump({name: np.asarray(array) for name, array in arrays.items()}, told)
