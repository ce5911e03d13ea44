"""Training a network on the compiled function: data, initial parameters, stochastic gradient descent, what comes out."""

from typing import TYPE_CHECKING, Any

from symbackprop.training.errors import Diverged, TrainingError
from symbackprop.training.result import Losses, Trained
from symbackprop.training.score import Evaluated, Score

if TYPE_CHECKING:
    from symbackprop.training.loop import train

__all__ = ["train", "Trained", "Evaluated", "Losses", "Score", "TrainingError", "Diverged"]


def __getattr__(name: str) -> Any:
    if name != "train":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from symbackprop.training.loop import train  # with all that plans steps, which who predicts does without

    return train
