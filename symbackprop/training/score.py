"""How good a network is: answers that are right, and the loss on data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Score(NamedTuple):
    """How many answers are right, and of how many."""

    right: int
    of: int


@dataclass(frozen=True)
class Evaluated:
    """How good a network is on data.

    loss         on all samples at once; of a network that is written for one sample, the mean.
    score        of the answers; None where the network is no classifier.
    prediction   the name of the value that answers.
    samples      how many there are.
    notes        what to know beside: that the network is no longer the one that was trained, or the samples are, say.
    """

    loss: float
    score: Score | None
    prediction: str | None
    samples: int
    notes: tuple[str, ...] = ()

    @property
    def accuracy(self) -> float | None:
        """The part of the answers that is right, from 0 to 1; None where the network is no classifier."""
        return None if self.score is None else self.score.right / self.score.of

    def __str__(self) -> str:
        text = f"loss {self.loss:.6g} on {self.samples:,} sample{'s' * (self.samples != 1)}"
        if self.score is not None:
            text += f"\naccuracy: {self.accuracy:.1%} ({self.score.right:,} of {self.score.of:,} right), by {self.prediction}"
        return "\n".join((text, *(f"note: {note}" for note in self.notes)))
