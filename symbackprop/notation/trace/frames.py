"""The person's own frames: where their code stands when something happens, and what they call it."""

from __future__ import annotations

import dis
import linecache
import sys
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from symbackprop.notation.errors import Place

OURS = ("symbackprop.", "numpy.", "sympy.", "dataclasses")
HERE = str(Path(__file__).parents[2])
LIBRARIES = tuple({sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")})


@lru_cache(maxsize=1024)
def is_own(file: str) -> bool:
    """Whether a file is a person's, and neither ours nor a library's."""
    return not file.startswith((HERE, *LIBRARIES, "<frozen", "<__array_function__"))


def is_own_frame(frame: FrameType) -> bool:
    """Whether a person's code runs in a frame; code that a library makes has no file."""
    return is_own(frame.f_code.co_filename) and not str(frame.f_globals.get("__name__")).startswith(OURS)


def own_frames() -> Iterator[FrameType]:
    """The person's frames, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_own_frame(frame):
            yield frame
        frame = frame.f_back


def unpacks() -> bool:
    """Whether the person's code takes a value apart into names, a, b = x."""
    frame = next(own_frames(), None)
    return frame is not None and dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith("UNPACK")


def place() -> Place | None:
    """The line of the person's code that is run now."""
    frame = next(own_frames(), None)
    if frame is None:
        return None
    return placed(frame.f_code, frame.f_lineno)


def placed(code: CodeType, line: int) -> Place:
    """A line of their code, with its text."""
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    start = len(text) - len(text.lstrip())
    return Place(code.co_filename, line, start + 1, max(len(text.strip()), 1), text)


def array_name(array: Any) -> str | None:
    """What the person's code calls an array: a local variable, else a name of the module."""
    for frame in own_frames():
        for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if value is array:
                return name
    return None
