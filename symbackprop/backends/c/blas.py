"""The matrix products of the OpenBLAS that NumPy ships, as pointers for C."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from symbackprop.core.machine.cache import MAKING, digest_of, program_folder

CHOICE = "OPENBLAS_CORETYPE"  # asked as the library is loaded
SINGLE, DOUBLE = "scipy_cblas_sgemm64_", "scipy_cblas_dgemm64_"
LARGE = 1_000_000  # multiplications: up to so many, the kernels for 512 bits have a way of their own, which copies nothing


@cache
def product(dtype: str) -> ctypes.c_void_p | None:
    """The matrix product of this process's NumPy; None where it ships another library."""
    return next((found for path in _libraries() if (found := _of(path, _named(dtype)))), None)


@cache
def large_product(dtype: str) -> ctypes.c_void_p | None:
    """That of large matrices: by the kernels for 256 bits where they are the faster ones, of a copy of the library.

    Zen 4 has instructions for 512 bits, so that OpenBLAS takes the kernels that Intel's processors want, but multiplies 256 bits
    at a time: in float32 they are 5 to 10 % slower. A process chooses once, so NumPy's own stay as they are; and where it has
    several threads, the copy would have others, which wait for work by keeping the processors busy.
    """
    usual = product(dtype)
    if usual is None or dtype != "float32" or CHOICE in os.environ or not _halves():
        return usual
    for path in _libraries():
        with suppress(OSError, AttributeError):  # no room for the copy, a library that says nothing: it is a matter of speed alone
            if _asked(path, "get_corename", kind=ctypes.c_char_p) == b"SkylakeX" and _asked(path, "get_num_threads") == 1:
                return _copied(path) or usual
    return usual


def _copied(path: Path) -> ctypes.c_void_p | None:
    """The product of a copy of a library, which is loaded as another one, with one thread as well; its file may go then."""
    making = MAKING.format(digest_of(bytes(path)).decode())
    with tempfile.TemporaryDirectory(prefix=making, dir=program_folder()) as folder:
        copy = Path(shutil.copyfile(path, Path(folder) / path.name))
        os.environ[CHOICE] = "Haswell"
        try:
            found = _of(copy, SINGLE)
        finally:
            del os.environ[CHOICE]
        _asked(copy, "set_num_threads", 1)
    return found


def _libraries() -> list[Path]:
    return sorted((Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas64*"))


def _named(dtype: str) -> str:
    return {"float32": SINGLE, "float64": DOUBLE}[dtype]


def _of(path: Path, name: str) -> ctypes.c_void_p | None:
    library = ctypes.CDLL(str(path))
    return ctypes.cast(getattr(library, name), ctypes.c_void_p) if hasattr(library, name) else None


def _asked(path: Path, what: str, *numbers: int, kind: Any = ctypes.c_int) -> Any:
    """What a function of the library says of itself, or does."""
    function = getattr(ctypes.CDLL(str(path)), f"scipy_openblas_{what}64_")
    function.restype = kind
    return function(*numbers)


def _halves() -> bool:
    """Whether the processor is one that has instructions for 512 bits and takes them by halves, as far as the system tells."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        said = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return said.get("vendor_id") == "AuthenticAMD" and said.get("cpu family") == "25" and "avx512f" in said.get("flags", "")
    return False
