"""The compiled network on samples: the loss with its gradients, and the loss with the answers that are right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy import ndarray

from symbackprop.backends.function import compile
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Program
from symbackprop.training.classes import Prediction
from symbackprop.training.layout import Layout

Arrays = Mapping[str, ndarray]


class Model:
    """A network on the samples of its data.

    program      what to train, and `loss` its loss.
    arrays       the whole data, an array for each data input.
    layout       where the samples stand in them.
    prediction   the value that answers; None where the network is no classifier.
    dtype        "float32" or "float64".
    """

    def __init__(
        self, program: Program, loss: str, arrays: Arrays, layout: Layout, prediction: Prediction | None, dtype: str
    ) -> None:
        self.arrays, self.layout, self.prediction, self.loss = arrays, layout, prediction, loss
        self._compiled = compile(differentiate(program, loss), layout.sizes, dtype, refuse_nan=False)

    def gradient(self, parameters: Arrays, index: ndarray) -> tuple[float, Arrays]:
        """The loss on the chosen samples, and its gradients; where the network is written for one sample, their means."""
        if self.layout.batch:
            value, gradients = self._compiled.value_and_grad(parameters, self.layout.take(self.arrays, index))
            return value, gradients
        total, sums = 0.0, {name: np.zeros_like(w) for name, w in parameters.items()}
        for sample in index:
            value, gradients = self._compiled.value_and_grad(parameters, self.layout.take(self.arrays, int(sample)))
            total += value
            for name, part in gradients.items():
                sums[name] += part
        for whole in sums.values():
            whole /= len(index)
        return total / len(index), sums

    def test(self, parameters: Arrays, index: ndarray) -> tuple[float, int, int]:
        """The loss on the chosen samples, how many answers are right, and of how many."""
        if self.layout.batch:
            return self._answer(parameters, self.layout.take(self.arrays, index))
        answers = [self._answer(parameters, self.layout.take(self.arrays, int(sample))) for sample in index]
        return sum(a[0] for a in answers) / len(index), sum(a[1] for a in answers), sum(a[2] for a in answers)

    def fault(self, parameters: Arrays, index: ndarray) -> str:
        """The first value that a person named and that is not finite on the chosen samples, with its equation, in words."""
        program = self._compiled.program
        named = [e for e in program.equations if (t := program.tensors[e.target.name]).named and t.role is None]
        for sample in [index] if self.layout.batch else index:
            values = self._compiled.outputs(parameters, self.layout.take(self.arrays, sample), [e.target.name for e in named])
            for equation in named:
                if not np.isfinite(values[equation.target.name]).all():
                    return f", the first value that is not finite being {equation}"
        return ""

    def _answer(self, parameters: Arrays, data: Arrays) -> tuple[float, int, int]:
        if self.prediction is None:
            return self._compiled.value(parameters, data), 0, 0
        values = self._compiled.outputs(parameters, data, (self.loss, self.prediction.name))
        right, of = self.prediction.right(values[self.prediction.name], data[self.prediction.classes.name])
        return float(values[self.loss]), right, of
