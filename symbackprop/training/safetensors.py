"""The .safetensors format: 8 bytes with the length of a JSON header, the header, then the entries of the arrays one after another.

    {"W_1": {"dtype": "F32", "shape": [64, 32], "data_offsets": [0, 8192]}, ...}

Offsets count from the end of the header, numbers are little-endian. What is told beside the arrays is text, under "__metadata__".
Source: huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
ABOUT, OURS = "__metadata__", "symbackprop"
MOST_AXES = 64  # of an array of NumPy
CODES = {np.dtype(text): code for code, text in DTYPES.items()}


def dump(arrays: Mapping[str, ndarray], told: Mapping[str, Any] | None = None) -> bytes:
    """The content of a file that holds the arrays, and what is told beside them."""
    header: dict[str, Any] = {ABOUT: {OURS: json.dumps(told)}} if told else {}
    parts, end = [], 0
    for name, array in arrays.items():
        part = np.asarray(array, array.dtype.newbyteorder("<"), order="C").tobytes()
        code = CODES[array.dtype.newbyteorder("<")]
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [end, end + len(part)]}
        parts.append(part)
        end += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the entries begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + b"".join(parts)


def parse(content: bytes) -> dict[str, ndarray]:
    """The arrays in the content of a file.

    Raises ValueError where the content is not of this format.
    """
    header, entries = _header(content)
    about = {name: row for name, row in header.items() if name != ABOUT}
    arrays = {name: _entry(name, row, entries) for name, row in about.items()}
    _without_holes({name: row["data_offsets"] for name, row in about.items()}, len(entries))
    return arrays


def told(content: bytes) -> Any:
    """What `dump` was told beside the arrays; nothing where it is not there.

    Raises ValueError where the content is not of this format.
    """
    match _header(content)[0].get(ABOUT):
        case {"symbackprop": str(text)}:
            return json.loads(text)
    return {}


def _header(content: bytes) -> tuple[dict[str, Any], memoryview]:
    """The header of a file, and the bytes of its arrays."""
    length = int.from_bytes(content[:8], "little")
    if not 2 <= length <= len(content) - 8:
        raise ValueError("the header does not end within the file")
    header = json.loads(content[8 : 8 + length].decode("utf-8"))
    if not isinstance(header, dict):
        raise ValueError("the header is no JSON object")
    return header, memoryview(content)[8 + length :]


def _without_holes(offsets: Mapping[str, list[int]], end: int) -> None:
    """Raise ValueError unless the entries stand one after another, from the end of the header to that of the file."""
    reached, before = 0, "the header"
    for name, (first, last) in sorted(offsets.items(), key=lambda item: item[1]):
        if first < reached:
            raise ValueError(f"the bytes of {name} overlap those of {before}")
        if first > reached:
            raise ValueError(f"{first - reached} bytes between {before} and {name} belong to no array")
        reached, before = last, name
    if reached != end:
        raise ValueError(f"{end - reached} bytes after {before} belong to no array")


def is_count(n: object) -> bool:
    """Whether something that a file says is a whole number, and not below 0."""
    return isinstance(n, int) and not isinstance(n, bool) and n >= 0


def _entry(name: str, about: object, entries: memoryview) -> ndarray:
    match about:
        case {"dtype": str(code), "shape": [*shape], "data_offsets": [first, last]} if is_count(first) and is_count(last):
            dtype = DTYPES.get(code)
        case _:
            raise ValueError(f"{name} has no dtype, shape and offsets")
    if dtype is None:
        raise ValueError(f"{name} holds {code}, which NumPy does not have")
    if not all(map(is_count, shape)) or len(shape) > MOST_AXES:
        raise ValueError(f"{name} has a shape that is none")
    if not 0 <= first <= last <= len(entries) or last - first != prod(shape) * np.dtype(dtype).itemsize:
        raise ValueError(f"{name} has {last - first} bytes, which are not the entries of its shape {tuple(shape)}")
    return np.frombuffer(entries[first:last], dtype).reshape(shape).copy()
