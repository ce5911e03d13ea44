"""Training a network on the compiled function: data, initial parameters, stochastic gradient descent, what comes out."""

from symbackprop.training.errors import Diverged, TrainingError
from symbackprop.training.loop import train
from symbackprop.training.result import Losses, Trained
from symbackprop.training.score import Evaluated, Score

__all__ = ["train", "Trained", "Evaluated", "Losses", "Score", "TrainingError", "Diverged"]
