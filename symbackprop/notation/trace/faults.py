"""What a person's function raises while it is called, and by which line."""

from __future__ import annotations

import numpy as np

from symbackprop.notation.errors import NotationError
from symbackprop.notation.trace.frames import is_own_frame, placed


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
    at, found = fault.__traceback__, None
    while at is not None:
        found = placed(at.tb_frame.f_code, at.tb_lineno) if is_own_frame(at.tb_frame) else found
        at = at.tb_next
    return RaisedError(f"{name} raised {type(fault).__name__}: {fault}", "", found)
