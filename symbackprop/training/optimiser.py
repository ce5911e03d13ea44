"""Optimisers as rows over all parameters at once, in place; schedules of the rate; clipping and weight decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sqrt
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.training.domains import Held

SCHEDULES: dict[str, Callable[[float], float]] = {  # name -> the factor of the rate at a part t of the way, from 0 to 1
    "constant": lambda t: 1.0,
    "linear": lambda t: 1 - t,
    "cosine": lambda t: (1 + cos(pi * t)) / 2,  # Loshchilov and Hutter 2017, equation 5
}
SMALL = 1e-8  # added to a root before it divides (Kingma and Ba 2015)
FIRST, SECOND, SQUARED = 0.9, 0.999, 0.99  # how much of the means of g and g^2 is kept: Adam's two, and RMSprop's


State = Mapping[str, Any]  # what is remembered, by slot


@dataclass(frozen=True)
class Optimiser:
    """One way to descend.

    change    (g, state, work, momentum, t) -> the change, to be taken from w times the rate: `state` holds an array for each of
              `slots`, which begin as zeros, t counts steps from 1, and `work` may be written to.
    formula   (g, state, momentum, weights) -> the same change, and the state after it, which writes nothing: for devices.
              `weights` are the sums of the weights in Adam's two means after t steps, 1 - 0.9^t and 1 - 0.999^t.
    slots     what it remembers from step to step.
    rate      the usual rate.
    decay     the usual weight decay.
    source    where it is defined.
    """

    change: Callable[[ndarray, Mapping[str, ndarray], ndarray, float, int], ndarray]
    formula: Callable[[Any, State, Any, Sequence[Any]], tuple[Any, State]]
    slots: tuple[str, ...] = ()
    rate: float = 0.1
    decay: float = 0.0
    source: str = ""


def _sgd(g: ndarray, state: Mapping[str, ndarray], work: ndarray, momentum: float, t: int) -> ndarray:
    """v = momentum v + g."""
    if not momentum:
        return g
    v = state["velocity"]
    v *= momentum
    v += g
    return v


def _sgd_formula(g: Any, state: State, momentum: Any, weights: Sequence[Any]) -> tuple[Any, State]:
    if not state:
        return g, state
    v = momentum * state["velocity"] + g
    return v, {"velocity": v}


def _nesterov(g: ndarray, state: Mapping[str, ndarray], work: ndarray, momentum: float, t: int) -> ndarray:
    """v = momentum v + g, then g + momentum v."""
    v = _sgd(g, state, work, momentum, t)
    np.multiply(v, momentum, work)
    work += g
    return work


def _nesterov_formula(g: Any, state: State, momentum: Any, weights: Sequence[Any]) -> tuple[Any, State]:
    v, state = _sgd_formula(g, state, momentum, weights)
    return g + momentum * v, state


def _adam(g: ndarray, state: Mapping[str, ndarray], work: ndarray, momentum: float, t: int) -> ndarray:
    """m / (1 - 0.9^t) over sqrt(s / (1 - 0.999^t)) + 1e-8, for the running means m of g and s of g^2."""
    mean, square = state["mean"], state["square"]
    mean += np.multiply(np.subtract(g, mean, work), 1 - FIRST, work)
    np.multiply(g, g, work)
    work -= square
    work *= 1 - SECOND
    square += work
    np.sqrt(square, work)
    first, second = weights_of_means(t)
    work *= 1 / sqrt(second)
    work += SMALL
    np.divide(mean, work, work)
    work *= 1 / first
    return work


def _adam_formula(g: Any, state: State, momentum: Any, weights: Sequence[Any]) -> tuple[Any, State]:
    mean = state["mean"] + (1 - FIRST) * (g - state["mean"])
    square = state["square"] + (1 - SECOND) * (g * g - state["square"])
    first, second = weights
    return mean / first / ((square / second) ** 0.5 + SMALL), {"mean": mean, "square": square}


def _rmsprop(g: ndarray, state: Mapping[str, ndarray], work: ndarray, momentum: float, t: int) -> ndarray:
    """g over sqrt(s) + 1e-8, for the running mean s of g^2."""
    square = state["square"]
    np.multiply(g, g, work)
    work -= square
    work *= 1 - SQUARED
    square += work
    np.sqrt(square, work)
    work += SMALL
    return np.divide(g, work, work)


def _rmsprop_formula(g: Any, state: State, momentum: Any, weights: Sequence[Any]) -> tuple[Any, State]:
    square = state["square"] + (1 - SQUARED) * (g * g - state["square"])
    return g / (square**0.5 + SMALL), {"square": square}


def weights_of_means(t: int) -> tuple[float, float]:
    """The sums of the weights in Adam's two means after t steps, by which they are divided."""
    return 1 - FIRST**t, 1 - SECOND**t


_ADAM = "Kingma and Ba 2015, algorithm 1"
OPTIMISERS = {
    "sgd": Optimiser(_sgd, _sgd_formula, ("velocity",), source="Robbins and Monro 1951; Polyak 1964"),
    "nesterov": Optimiser(_nesterov, _nesterov_formula, ("velocity",), source="Sutskever, Martens, Dahl and Hinton 2013"),
    "adam": Optimiser(_adam, _adam_formula, ("mean", "square"), rate=1e-3, source=_ADAM),
    "adamw": Optimiser(
        _adam, _adam_formula, ("mean", "square"), rate=1e-3, decay=1e-2, source="Loshchilov and Hutter 2019, algorithm 2"
    ),
    "rmsprop": Optimiser(_rmsprop, _rmsprop_formula, ("square",), rate=1e-3, source="Tieleman and Hinton 2012, lecture 6e"),
}


def slots_of(optimiser: str, momentum: float) -> tuple[str, ...]:
    """What an optimiser remembers: a velocity only where there is momentum."""
    return tuple(slot for slot in OPTIMISERS[optimiser].slots if slot != "velocity" or momentum)


class Descent:
    """w = (1 - rate decay) w - rate change, in place, where the optimiser says the change.

    flat       all parameters, one after the other; `gradient` all gradients.
    decayed    1 where weight decay applies, 0 elsewhere: it is apart from the gradient (Loshchilov and Hutter 2019).
    optimiser  a name of OPTIMISERS.
    momentum   from 0 to below 1.
    clip       a gradient of a greater Euclidean norm is scaled down to it (Pascanu, Mikolov and Bengio 2013); None: none is.
    state      what the optimiser remembers, moved in place.
    held       the parameters that stay in a domain.
    """

    def __init__(
        self, flat: ndarray, gradient: ndarray, decayed: ndarray, state: Mapping[str, ndarray],
        optimiser: str = "sgd", momentum: float = 0.0, decay: float = 0.0, clip: float | None = None, held: Sequence[Held] = (),
    ) -> None:  # fmt: skip
        self.flat, self.gradient, self.state, self.held = flat, gradient, state, held
        self.optimiser, self.momentum, self.decay, self.clip = OPTIMISERS[optimiser], momentum, decay, clip
        self._decayed = decayed.astype(flat.dtype)
        self._before, self._work = flat.copy(), np.empty_like(flat)
        self._kept = np.empty_like(flat) if decay else flat[:0]
        self._plain = optimiser == "sgd" and not (momentum or decay or clip or held)
        self._alone: Callable[[float], None] | None = None

    def in_c(self) -> Descent:
        """The same, where C takes the whole step: where nothing but the rate times the gradient is subtracted."""
        if self._plain:
            from symbackprop.backends.c_descent import descending  # what C alone needs is imported for C

            self._alone = descending(self.flat, self.gradient, self._before)
        return self

    @property
    def alone(self) -> tuple[ndarray, ndarray, ndarray] | None:
        """What C moves, by what, and where it keeps the parameters before the step; None where NumPy takes a part."""
        return None if self._alone is None else (self.flat, self.gradient, self._before)

    def step(self, rate: float, t: int = 1) -> None:
        """Move every parameter once; t counts the steps from 1."""
        if self._alone is not None:
            self._alone(rate)
            return
        w, g, work = self.flat, self.gradient, self._work
        np.copyto(self._before, w)
        for parameter in self.held:
            parameter.along()
        if self.clip is not None:
            length = float(np.sqrt(np.dot(g, g)))
            if length > self.clip:
                g *= self.clip / length
        change = self.optimiser.change(g, self.state, work, self.momentum, t)
        np.multiply(change, rate, work)
        if self.decay:
            np.multiply(self._decayed, -rate * self.decay, self._kept)
            self._kept += 1
            w *= self._kept
        w -= work
        for parameter in self.held:
            parameter.back()

    def fetch(self) -> None:
        """Bring parameters and state to where the run reads them: here they are moved there."""

    def back(self) -> None:
        """Undo the last step of the parameters."""
        np.copyto(self.flat, self._before)
