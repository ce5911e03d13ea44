"""What training refuses."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from symbackprop.core.errors import SymbackpropError

if TYPE_CHECKING:
    from symbackprop.training.result import Trained


class TrainingError(SymbackpropError):
    """Data, settings or files that training cannot go on with; the message says where, what, and the mend."""


class Diverged(TrainingError):
    """The loss is no longer finite.

    trained   what there was before, with the last parameters whose loss is finite; None before the first step.
    """

    trained: Trained | None = None


def nearest(name: str, known: list[str]) -> str:
    """What to write instead of a name that is not there."""
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}" if known else "there are none"
