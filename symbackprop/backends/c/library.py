"""Generated C as a function of this process: compiled once, kept in the user's cache folder, called on a step's memory."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.c import blas
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.cache import made_once, program_folder
from symbackprop.plan.handed import GRADIENTS, PARAMETERS, Layout

FLAGS = (  # c99 alone rounds each product before it is added, which takes twice as long
    "-O3", "-march=native", "-std=c99", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared",
    "-DSTEP_BLAS",
)  # fmt: skip
LARGE = 300_000  # characters of source: above, vector instructions cost minutes of compiling
SECONDS = 300.0
NO_COMPILER = (
    "there is no C compiler: install one that is called cc, name one in the variable CC, or pip install ziglang; "
    'backend="numpy" needs none'
)
WAITING = 64  # bytes: where the memory of a step begins


class NativeError(SymbackpropError):
    """A step that cannot be C on this machine; the message says why, and what to do."""


def compiler() -> list[str]:
    """The command that compiles C. Raises NativeError where there is none."""
    named = os.environ.get("CC", "").split()
    for command in (named, ["cc"], ["gcc"], ["clang"]):
        if command and shutil.which(command[0]):
            return command
    if find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc"]
    raise NativeError(NO_COMPILER)


class Native:
    """The function of a library on arrays, which it keeps."""

    def __init__(self, function: Any, pointers: Sequence[ctypes.c_void_p], arrays: Sequence[ndarray]) -> None:
        self.function, self.pointers, self._arrays = function, tuple(pointers), tuple(arrays)

    def __call__(self) -> float:
        return self.function(*self.pointers)


def native(text: str, layout: Layout, dtype: str, memory: dict[str, ndarray]) -> Native:
    """The step of a C source as a function that runs on arrays.

    memory   the arrays of the buffers "parameters", "gradients" and of data; what is between them is added, as "own".
    Raises NativeError where there is no compiler or it fails.
    """
    library = loaded(text)
    step, size = library.step, library.step_memory_size
    step.restype, size.restype = ctypes.c_double, ctypes.c_size_t
    if product := blas.product(dtype):
        library.step_blas(product)
        if hasattr(library, "step_large_blas"):
            library.step_large_blas(blas.large_product(dtype))
    own = memory["own"] = np.zeros(size() + WAITING, np.uint8)
    arrays = [memory[PARAMETERS], memory[GRADIENTS], *(memory[name] for name in layout.held)]
    begin = own.ctypes.data + (-own.ctypes.data % WAITING)
    pointers = [ctypes.c_void_p(address) for address in (*(a.ctypes.data for a in arrays), begin)]
    return Native(step, pointers, [own, *arrays])


def loaded(text: str) -> ctypes.CDLL:
    """The library of a source. Raises NativeError where it cannot be made or loaded."""
    place = built(text)
    with suppress(OSError):
        return ctypes.CDLL(str(place))
    with suppress(OSError):  # gone, where another process made room; else of a system that is another now, and made anew
        place.unlink()
    try:
        return ctypes.CDLL(str(built(text)))
    except OSError as fault:
        mend = 'let XDG_CACHE_HOME name a folder that programs may be loaded from, or give backend="numpy"'
        raise NativeError(f"{fault}; {mend}") from None


def built(text: str) -> Path:
    """The file of a source's library; it is compiled where the cache folder has none yet."""
    command = [*compiler(), *(flag if flag != "-O3" or len(text) < LARGE else "-O1" for flag in FLAGS)]
    about = "\n".join([*command, platform.machine(), _processor(), text])
    try:
        return made_once(program_folder() / f"{hashlib.sha256(about.encode()).hexdigest()}.so", partial(_compiled, text, command))
    except (OSError, subprocess.TimeoutExpired) as fault:  # no room, no right to write or to run
        raise NativeError(f'{command[0]}: {fault}; backend="numpy" needs no compiler') from None


def _compiled(text: str, command: list[str], folder: Path) -> Path:
    """The library of a source, compiled in a folder."""
    written, made = folder / "step.c", folder / "step.so"
    written.write_text(text, encoding="utf-8")
    line = [*command, "-o", made, written, "-lm"]
    # in a group of its own: Ctrl-C is for this process, which may be training and ends its step first
    done = subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=False, process_group=0)
    if done.returncode or not made.exists():
        raise OSError(next((line for line in done.stderr.splitlines() if "error" in line or "failed" in line), "it failed"))
    return made


@cache
def _processor() -> str:
    """What the processor can do: a library of another one may not run here."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")
