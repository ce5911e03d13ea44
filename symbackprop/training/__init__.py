"""Training a network on the compiled function: data, initial parameters, stochastic gradient descent, what comes out."""

from symbackprop.training.errors import Diverged, TrainingError
from symbackprop.training.loop import train
from symbackprop.training.result import Losses, Score, Trained

__all__ = ["train", "Trained", "Losses", "Score", "TrainingError", "Diverged"]
