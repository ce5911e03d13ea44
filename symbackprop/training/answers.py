"""What a network makes of samples: the loss, and how many of its answers are right."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy import ndarray

from symbackprop.training.classes import Prediction
from symbackprop.training.layout import Layout

Arrays = Mapping[str, ndarray]
Answer = tuple[float, int, int]  # a loss, and of how many answers how many are right: that first


class Answers:
    """The answers on chosen samples.

    values       (data, names) -> these values of the network, with parameters that are settled.
    arrays       the whole data, an array for each data input.
    layout       where the samples stand in them.
    loss         the name of the loss.
    prediction   the value that answers; None where the network is no classifier.
    """

    def __init__(
        self,
        values: Callable[[Arrays, tuple[str, ...]], Arrays],
        arrays: Arrays,
        layout: Layout,
        loss: str,
        prediction: Prediction | None,
    ) -> None:
        self.values, self.arrays, self.layout, self.loss, self.prediction = values, arrays, layout, loss, prediction

    def __call__(self, index: ndarray) -> Answer:
        """Of these samples the loss, how many answers are right, and of how many; of a network for one sample the mean loss."""
        if self.layout.batch:
            return self._of(self.layout.take(self.arrays, index))
        answers = [self._of(self.layout.take(self.arrays, int(sample))) for sample in index]
        mass = self.layout.mass(self.arrays, index)
        return sum(a[0] for a in answers) / mass, sum(a[1] for a in answers), sum(a[2] for a in answers)

    def _of(self, data: Arrays) -> Answer:
        return judged(self.values(data, asked(self.loss, self.prediction)), data, self.loss, self.prediction)


def asked(loss: str, prediction: Prediction | None) -> tuple[str, ...]:
    """The values that tell how good a network is."""
    return (loss, prediction.name) if prediction else (loss,)


def judged(values: Arrays, data: Arrays, loss: str, prediction: Prediction | None) -> Answer:
    """The answer of the loss and of the value that answers."""
    if prediction is None:
        return float(values[loss]), 0, 0
    right, of = prediction.right(np.asarray(values[prediction.name]), data[prediction.classes.name])
    return float(values[loss]), right, of
