"""Stochastic gradient descent with momentum and weight decay, and schedules of its rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import cos, pi

import numpy as np
from numpy import ndarray

SCHEDULES: dict[str, Callable[[float], float]] = {  # name -> the factor of the rate at a part t of the way, from 0 to 1
    "constant": lambda t: 1.0,
    "linear": lambda t: 1 - t,
    "cosine": lambda t: (1 + cos(pi * t)) / 2,  # Loshchilov and Hutter 2017, equation 5
}


class Descent:
    """v = momentum v + g, then w = (1 - rate decay) w - rate v, in place.

    parameters   the arrays to move.
    momentum     from 0 to below 1 (Polyak 1964).
    decay        of parameters with two axes or more, apart from the gradient (Loshchilov and Hutter 2019, algorithm 1).
    velocity     v, moved in place; zeros where not given.
    """

    def __init__(
        self, parameters: Mapping[str, ndarray], momentum: float = 0.0, decay: float = 0.0,
        velocity: Mapping[str, ndarray] | None = None,
    ) -> None:  # fmt: skip
        self.parameters, self.momentum, self.decay = parameters, momentum, decay
        zeros = {name: np.zeros_like(w) for name, w in parameters.items()} if momentum else {}
        self._velocity = zeros if velocity is None else velocity
        self._before = {name: w.copy() for name, w in parameters.items()}
        self._change = {name: np.empty_like(w) for name, w in parameters.items()}

    def step(self, gradients: Mapping[str, ndarray], rate: float) -> None:
        """Move every parameter once."""
        for name, w in self.parameters.items():
            v, change = gradients[name], self._change[name]
            np.copyto(self._before[name], w)
            if self.momentum:
                velocity = self._velocity[name]
                velocity *= self.momentum
                velocity += v
                v = velocity
            if self.decay and w.ndim > 1:
                w *= 1 - rate * self.decay
            np.multiply(v, rate, out=change)
            w -= change

    def back(self) -> None:
        """Undo the last step of the parameters."""
        for name, w in self.parameters.items():
            np.copyto(w, self._before[name])
