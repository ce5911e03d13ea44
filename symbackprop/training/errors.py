"""What training refuses."""

from __future__ import annotations

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
