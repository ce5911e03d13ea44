"""Optimisers as rows over all parameters at once, in place; schedules of the rate; clipping and weight decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, isfinite, pi
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.recorded import Record
from symbackprop.training.domains import Held

if TYPE_CHECKING:
    from symbackprop.backends.c.descent import Descending

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

    formula   (g, state, momentum, weights) -> the change, to be taken from w times the rate, and the state after it: by + - * / and
              ** 0.5 alone, since NumPy, C and devices all take their steps from it. `state` holds an array for each of `slots`,
              which begin as zeros; `weights` are the sums of the weights in Adam's two means after t steps, 1 - 0.9^t and
              1 - 0.999^t.
    slots     what it remembers from step to step.
    rate      the usual rate.
    decay     the usual weight decay.
    source    where it is defined.
    """

    formula: Callable[[Any, State, Any, Sequence[Any]], tuple[Any, State]]
    slots: tuple[str, ...] = ()
    rate: float = 0.1
    decay: float = 0.0
    source: str = ""


def _sgd(g: Any, state: State, momentum: Any, weights: Sequence[Any]) -> tuple[Any, State]:
    """v = momentum v + g."""
    if not state:
        return g, state
    v = momentum * state["velocity"] + g
    return v, {"velocity": v}


def _nesterov(g: Any, state: State, momentum: Any, weights: Sequence[Any]) -> tuple[Any, State]:
    """v = momentum v + g, then g + momentum v."""
    v, state = _sgd(g, state, momentum, weights)
    return g + momentum * v, state


def _adam(g: Any, state: State, momentum: Any, weights: Sequence[Any]) -> tuple[Any, State]:
    """m / (1 - 0.9^t) over sqrt(s / (1 - 0.999^t)) + 1e-8, for the running means m of g and s of g^2."""
    mean = state["mean"] + (g - state["mean"]) * (1 - FIRST)
    square = state["square"] + (g * g - state["square"]) * (1 - SECOND)
    first, second = weights
    return mean / (square**0.5 * (1 / second**0.5) + SMALL) * (1 / first), {"mean": mean, "square": square}


def _rmsprop(g: Any, state: State, momentum: Any, weights: Sequence[Any]) -> tuple[Any, State]:
    """g over sqrt(s) + 1e-8, for the running mean s of g^2."""
    square = state["square"] + (g * g - state["square"]) * (1 - SQUARED)
    return g / (square**0.5 + SMALL), {"square": square}


def weights_of_means(t: int) -> tuple[float, float]:
    """The sums of the weights in Adam's two means after t steps, by which they are divided."""
    return 1 - FIRST**t, 1 - SECOND**t


_ADAM = "Kingma and Ba 2015, algorithm 1"
OPTIMISERS = {
    "sgd": Optimiser(_sgd, ("velocity",), source="Robbins and Monro 1951; Polyak 1964"),
    "nesterov": Optimiser(_nesterov, ("velocity",), source="Sutskever, Martens, Dahl and Hinton 2013"),
    "adam": Optimiser(_adam, ("mean", "square"), rate=1e-3, source=_ADAM),
    "adamw": Optimiser(_adam, ("mean", "square"), rate=1e-3, decay=1e-2, source="Loshchilov and Hutter 2019, algorithm 2"),
    "rmsprop": Optimiser(_rmsprop, ("square",), rate=1e-3, source="Tieleman and Hinton 2012, lecture 6e"),
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
        self._before = flat.copy()
        record = recorded(optimiser, tuple(state), bool(decay), clip is not None)
        self._numbers = record.used
        arrays = {"w": flat, "g": gradient, "decayed": self._decayed, **state}
        self._arrays = {name: arrays[name] for name in record.arrays}
        self._update = record.bound(self._arrays)
        self._record = record
        self.in_c: Descending | None = None

    def to_c(self) -> Descent:
        """The same, where C takes the steps: a parameter that stays in a domain needs NumPy's factors of matrices.

        Raises NativeError where there is no compiler, or it fails.
        """
        if not self.held:
            from symbackprop.backends.c.descent import Descending  # what C alone needs is imported for C

            self.in_c = Descending(self._record, self._arrays, self._before)
        return self

    def numbers(self, rates: Sequence[float], t: int = 1) -> ndarray:
        """What steps at these rates read beside arrays, a row for each; t counts the steps from 1. The norm to clip to stands for
        the factor that does it.
        """
        weights = [weights_of_means(t + k) for k in range(len(rates))] if "first" in self._numbers else []
        columns = {
            "rate": rates, "momentum": self.momentum, "decay": self.decay, "first": [w[0] for w in weights],
            "second": [w[1] for w in weights], "shrink": self.clip,
        }  # fmt: skip
        table = np.empty((len(rates), len(self._numbers)))
        for k, name in enumerate(self._numbers):
            table[:, k] = columns[name]
        return table

    def step(self, rate: float, t: int = 1) -> None:
        """Move every parameter once; t counts the steps from 1."""
        if self.in_c is not None:
            self.in_c(self.numbers([rate], t))
            return
        first, second = weights_of_means(t)
        numbers = {"rate": rate, "momentum": self.momentum, "decay": self.decay, "first": first, "second": second}
        np.copyto(self._before, self.flat)
        for parameter in self.held:
            parameter.along()
        if self.clip is not None:
            length = _length(self.gradient)
            numbers["shrink"] = self.clip / length if length > self.clip else 1.0
        self._update(numbers)
        for parameter in self.held:
            parameter.back()

    def fetch(self) -> None:
        """Bring parameters and state to where the run reads them: here they are moved there."""

    def back(self) -> None:
        """Undo the last step of the parameters."""
        np.copyto(self.flat, self._before)


def _length(g: ndarray) -> float:
    """The Euclidean norm of a gradient, whose squares may be more than its digits hold."""
    length = float(np.sqrt(np.dot(g, g)))
    return length if isfinite(length) else float(np.linalg.norm(g.astype(float)))


def moved(row: Optimiser, arrays: Mapping[str, Any], numbers: Mapping[str, Any], decays: bool, clips: bool) -> dict[str, Any]:
    """The parameters and the state after a step, by name: `arrays` are w, g, decayed where weights decay, and the state.

    numbers   rate, momentum, decay; first and second, the weights of means; shrink, by which the gradient is multiplied.
    """
    w, g, rate = arrays["w"], arrays["g"], numbers["rate"]
    g = g * numbers["shrink"] if clips else g
    state = {slot: array for slot, array in arrays.items() if slot in row.slots}
    change, state = row.formula(g, state, numbers["momentum"], (numbers["first"], numbers["second"]))
    w = w * (arrays["decayed"] * (-rate * numbers["decay"]) + 1) if decays else w
    return {**state, "w": w - change * rate}


@cache
def recorded(optimiser: str, slots: tuple[str, ...], decays: bool, clips: bool) -> Record:
    """A step of an optimiser that NumPy takes in place, and C in one pass."""

    def formula(arrays: Mapping[str, Any], numbers: Mapping[str, Any]) -> dict[str, Any]:
        return moved(OPTIMISERS[optimiser], arrays, numbers, decays, clips)

    arrays = ("w", "g", *(["decayed"] if decays else []), *slots)
    return Record(formula, arrays, ("rate", "momentum", "decay", "first", "second", "shrink"))
