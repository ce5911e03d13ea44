"""A loss as a function of one vector, as optimisers of other libraries ask for it: all parameters, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy import ndarray

from symbackprop.backends.arguments import ArgumentError
from symbackprop.backends.step import Step


class Flat:
    """value, gradient = flat(x): `scipy.optimize.minimize(flat, flat.x0, jac=True)`.

    step   bound at the data, and at where the parameters begin.

    A call writes into the memory of the step: give each thread its own.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        names = step.like({name: np.ones(array.shape) for name, array in step.parameters.items()})
        self._places = np.flatnonzero(names)  # between parameters stand entries that align the next
        moved = step.parameters.keys() & step.gradients.keys()
        if moved != step.parameters.keys() or moved != step.gradients.keys():
            still = sorted(step.parameters.keys() ^ step.gradients.keys())
            raise ArgumentError(
                f"{still[0]} is a parameter or has a gradient, and not both: compile by the parameters, all of them"
            )
        self.x0 = step.flat[self._places].astype(float)

    def __call__(self, x: ndarray) -> tuple[float, ndarray]:
        """The loss and its gradient where the parameters are x, both in doubles."""
        self.step.flat[self._places] = self._required(x)
        value = self.step()
        return value, self.step.flat_gradient[self._places].astype(float)

    def _required(self, x: ndarray) -> ndarray:
        x = np.asarray(x)
        if x.shape != self.x0.shape:
            raise ArgumentError(f"x has shape {x.shape}, and the parameters are {self.x0.size} numbers; give them as flat.x0 is")
        return x

    def arrays(self, x: ndarray) -> Mapping[str, ndarray]:
        """The parameters that a vector holds, by name."""
        x, found, begin = self._required(x), {}, 0
        for name, array in self.step.parameters.items():
            found[name] = np.asarray(x[begin : begin + array.size], array.dtype).reshape(array.shape)
            begin += array.size
        return found
