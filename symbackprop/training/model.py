"""The compiled network on samples: the loss with its gradients, and the loss with the answers that are right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy import ndarray

from symbackprop.backends.c.library import NativeError
from symbackprop.backends.step import Step
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Signature
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.training.answers import Answer, Answers
from symbackprop.training.classes import Prediction
from symbackprop.training.computed import Computed
from symbackprop.training.layout import Layout
from symbackprop.training.optimiser import Descent

if TYPE_CHECKING:
    from symbackprop.backends.c.descent import Ahead, Descending

Arrays = Mapping[str, ndarray]
LOOKED_AT = 10_000  # entries along the first axis


class Fed:
    """The value of a step on chosen samples; whoever descends keeps NumPy quiet.

    feeds   what of the step is filled, from where, along which axis.
    """

    def __init__(self, step: Step, feeds: Sequence[tuple[ndarray, ndarray, int]]) -> None:
        step.quiet, step.watched = True, ""  # a run ends at a loss that is no number, and says why
        self.step, self.feeds = step, feeds
        self._alike = [feed for feed in feeds if feed[0].dtype == feed[1].dtype]
        self._others = [feed for feed in feeds if feed[0].dtype != feed[1].dtype]

    def __call__(self, index: ndarray | int) -> float:
        for own, array, axis in self._alike:
            array.take(index, axis, own, "clip")
        for own, array, axis in self._others:
            own[...] = array.take(index, axis)
        return self.step()


class Model:
    """A network on the samples of its data.

    computed     the loss of the network, with its gradients.
    parameters   their declarations.
    arrays       the whole data, an array for each data input.
    layout       where the samples stand in them.
    prediction   the value that answers; None where the network is no classifier.
    devices      of JAX, how many divide the samples.
    recompute    of how many steps of a loop values are kept at a time; None: of all.
    """

    def __init__(
        self, computed: Computed, parameters: Sequence[Signature], arrays: Arrays, layout: Layout,
        prediction: Prediction | None, devices: int | None = None, recompute: int | None = None,
    ) -> None:  # fmt: skip
        self.arrays, self.layout, self.prediction, self.loss = arrays, layout, prediction, computed.loss
        self.computed, self.parameters = computed, parameters
        self._steps: dict[int, Fed] = {}  # by the number of samples
        self._tests: dict[int, Fed] = {}
        self._tested: Ahead | Literal[False] | None = None  # many losses as one call; None: not known yet, False: not to be had
        self._divided: dict[str, Any] = {"devices": devices, "samples": layout.axes if layout.batch else {}}
        self._recompute = recompute

    def largest(self) -> tuple[str, float] | None:
        """The data input of numbers with the largest entry among the first samples, and its size; None where there is none."""
        numbers = {name: a for name, a in self.arrays.items() if a.ndim and a.dtype.kind == "f" and name != self.layout.weight}
        first = {name: array[:LOOKED_AT] for name, array in numbers.items()}
        sizes = {name: largest_of(part) for name, part in first.items()}
        return max(sizes.items(), key=lambda item: item[1]) if sizes else None

    def memory(self, parameters: Arrays, index: ndarray) -> Step:
        """Where the parameters and the gradients of all steps lie: the parameters are copied there."""
        self._steps.clear()
        self._tests.clear()
        self._tested = None
        part = index if self.layout.batch else int(index[0])
        step = self.computed.bind(parameters, self.layout.take(self.arrays, part), recompute=self._recompute, **self._divided)
        self._steps[len(index) if self.layout.batch else 1] = self._fed(step)
        return step

    def descent(self, memory: Step, *how: Any) -> Descent:
        """What moves the parameters in the memory; `how`: the arguments of `Descent` from `decayed` on."""
        descent = Descent(memory.flat, memory.flat_gradient, *how)
        if memory.native:
            with suppress(NativeError):  # a disk that has become full, say
                return descent.to_c()
        return descent

    def ahead(self, descent: Descent, batch: int) -> Ahead | None:
        """Many steps of so many samples as one call; None where each is one."""
        fed = self._steps.get(batch)
        return None if fed is None or descent.in_c is None else self._ahead(fed, batch, descent.in_c)

    def _ahead(self, fed: Fed, batch: int, moved: Descending | None = None) -> Ahead | None:
        if not (self.layout.batch and fed.step.native):
            return None
        from symbackprop.backends.c.descent import Ahead  # what C alone needs is imported for C

        if all(Ahead.takes(*feed) for feed in fed.feeds):
            with suppress(NativeError):
                return Ahead(fed.step, batch, [(own, array) for own, array, _ in fed.feeds], moved)
        return None

    def gradient(self, index: ndarray) -> float:
        """The loss on the chosen samples; in memory its gradients, or their means where the network is written for one sample."""
        if self.layout.batch:
            return (self._steps.get(len(index)) or self._bound(index))(index)
        (each,) = self._steps.values()
        total, flat = 0.0, each.step.flat_gradient
        sums = np.zeros_like(flat)
        for sample in index:
            total += each(int(sample))
            sums += flat
        mass = self.mass(index)
        np.divide(sums, mass, flat)
        return total / mass

    def mass(self, index: ndarray) -> float:
        """How much the chosen samples count together."""
        return self.layout.mass(self.arrays, index)

    def _bound(self, index: ndarray) -> Fed:
        """A step of as many samples, in the memory of the first."""
        (first, *_) = self._steps.values()
        data = self.layout.take(self.arrays, index)
        step = self.computed.bind(first.step.parameters, data, shared=first.step, recompute=self._recompute)
        self._steps[len(index)] = self._fed(step)
        return self._steps[len(index)]

    def losses(self, parameters: Arrays) -> Callable[[ndarray], float]:
        """The loss on chosen samples, with the parameters of the memory: what is tested after each epoch."""
        tested = self.tests(parameters)
        return self._loss if self.layout.batch else lambda index: tested(index)[0]

    def losses_ahead(self, index: ndarray, batch: int) -> list[float]:
        """The losses on the first of some batches of samples, as `losses` gives them: those that are computed as one call."""
        (first, *_) = self._steps.values()
        if self._tested is None and self.layout.batch and first.step.native and len(index) >= batch:
            self._loss(index[:batch])
            self._tested = self._ahead(self._tests[batch], batch) or False
        found: list[float] = []
        while self._tested and (left := index[len(found) * batch :]).size >= batch:
            found += self._tested(left)
        return found

    def _loss(self, index: ndarray) -> float:
        if len(index) not in self._tests:
            (first, *_) = self._steps.values()
            data = self.layout.take(self.arrays, index)
            usual = len(index) in self._steps  # the few that are left are not worth a compiler
            step = self.computed.bind_loss(first.step.parameters, data, first.step, by_numpy=not usual)
            self._tests[len(index)] = self._fed(step)
        return self._tests[len(index)](index)

    def _fed(self, step: Step) -> Fed:
        axes = self.layout.axes
        return Fed(step, [(step.data[name], self.arrays[name], axis) for name, axis in axes.items() if name in step.data])

    def tests(self, parameters: Arrays) -> Callable[[ndarray], Answer]:
        """With these parameters: of chosen samples the loss, how many answers are right, and of how many."""
        return Answers(partial(self.computed.outputs, parameters), self.arrays, self.layout, self.loss, self.prediction)

    def fault(self, parameters: Arrays, index: ndarray) -> str:
        """The first value that a person named and that is not finite on the chosen samples, with its equation, in words.

        "" where the network can no longer be read: its file was changed meanwhile, and only what was kept is there.
        """
        with suppress(SymbackpropError):
            return self._fault(parameters, index)
        return ""

    def _fault(self, parameters: Arrays, index: ndarray) -> str:
        program = self.computed.compiled.program
        named = [e for e in program.equations if (t := program.tensors[e.target.name]).named and t.role is None]
        for sample in [index] if self.layout.batch else index:
            values = self.computed.outputs(parameters, self.layout.take(self.arrays, sample), [e.target.name for e in named])
            for equation in named:
                if not np.isfinite(values[equation.target.name]).all():
                    return f", the first value that is not finite being {equation}"
        return ""
