"""What training refuses."""

from __future__ import annotations

from difflib import get_close_matches

from symbackprop.core.errors import SymbackpropError


class TrainingError(SymbackpropError):
    """Data, settings or files that training cannot go on with; the message says where, what, and the mend."""


def nearest(name: str, known: list[str]) -> str:
    """What to write instead of a name that is not there."""
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}" if known else "there are none"
