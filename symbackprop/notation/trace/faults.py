"""What a person's function raises while it is called, and by which line."""

from __future__ import annotations

import re
from types import FrameType

import numpy as np

from symbackprop.notation.errors import NotationError
from symbackprop.notation.trace.frames import is_own_frame, placed

_NAMED = re.compile(r"""(?<![\w."'])[^\W\d]\w*(?:\.[^\W\d]\w*(?!\w*\()|\[(?:'\w+'|"\w+")\])*""")  # h, self.W, p["W"]
_PARTS = re.compile(r"^\w+|\.\w+|\[.*?\]")


class OfJax(Exception):
    """The function calls functions of JAX on functions, or on arrays that only JAX knows: JAX must write it down."""


class RaisedError(NotationError):
    """The function itself raised an exception."""


def is_of_jax(fault: BaseException) -> bool:
    """Whether an exception rose within JAX, which takes its own frames out of it and says so."""
    if isinstance(fault, AttributeError) and fault.name == "at" and isinstance(fault.obj, np.ndarray):
        return True  # x.at[0].set(1), a method of JAX's arrays alone
    if type(fault).__module__.startswith("jax") or any("JAX" in str(note) for note in getattr(fault, "__notes__", ())):
        return True
    at = fault.__traceback__
    while at is not None:
        if str(at.tb_frame.f_globals.get("__name__")).startswith("jax."):
            return True
        at = at.tb_next
    return False


def raised(name: str, fault: Exception) -> NotationError:
    """An exception of a person's function, with the line of their code where it rose."""
    if isinstance(fault, NotationError):
        return fault
    at, found, shapes = fault.__traceback__, None, list[str]()
    while at is not None:
        if is_own_frame(at.tb_frame):
            found = placed(at.tb_frame.f_code, at.tb_lineno)
            shapes = _shapes(found.text, at.tb_frame) if isinstance(fault, ValueError | IndexError) else []
        at = at.tb_next
    said = str(fault).strip()
    if not shapes:
        return RaisedError(f"{name} raised {type(fault).__name__}: {said}", "", found)
    return RaisedError(
        f"{name} raised {type(fault).__name__}: {said}.", f"The shapes in this line are: {', '.join(shapes)}.", found
    )


def _shapes(line: str, frame: FrameType) -> list[str]:
    """The arrays that a line names, h, self.W, p["W"], each with its shape."""
    found: dict[str, str] = {}
    for text in _NAMED.findall(line):
        name, *rest = _PARTS.findall(text)
        value = frame.f_locals.get(name, frame.f_globals.get(name))
        for part in rest:
            if isinstance(value, np.ndarray):
                break  # of W.T, the shape of W
            name, key = name + part, part.strip(".[]'\"")
            value = value.get(key) if isinstance(value, dict) else vars(value).get(key) if hasattr(value, "__dict__") else None
        if isinstance(value, np.ndarray):
            found[name] = f"{name} {value.shape}"
    return list(found.values())
