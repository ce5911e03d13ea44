"""Descent on devices of JAX, where the parameters, what the optimiser remembers and the data stay.

A step sends the places of its samples and receives the loss. Parameters come back at the end of an epoch, and for a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.jax import flat as jax_flat
from symbackprop.backends.jax.devices import Devices, require_jax
from symbackprop.backends.step import Step
from symbackprop.training.answers import Answer, judged
from symbackprop.training.mapped import is_mapped
from symbackprop.training.model import Arrays, Model
from symbackprop.training.optimiser import Descent, moved, weights_of_means

Function = Callable[..., Any]


class OnDevices(Model):
    """A network on the samples of its data, computed by JAX.

    flat, flat_gradient   all parameters, and all gradients, one after the other, on the devices.
    devices               where they are.
    """

    flat: Any
    flat_gradient: Any
    devices: Devices

    def memory(self, parameters: Arrays, index: ndarray) -> Step:
        """The host's copy of the parameters and the gradients; they go to the devices, and so do the data where they have room."""
        step = super().memory(parameters, index)
        self.devices = devices = Devices(self._divided["devices"], self.computed.dtype)
        self._host, self.flat = step, devices.put(step.flat)
        names = (self.loss, *([self.prediction.name] if self.prediction else []))
        self._gradient = devices.compiled(self._chosen(jax_flat.value_and_gradient(self.computed.compiled, step.layout)))
        self._values = devices.compiled(self._chosen(jax_flat.values(self.computed.compiled, step.layout, names)))
        on_disk = any(map(is_mapped, self.arrays.values()))
        resident = not on_disk and sum(array.nbytes for array in self.arrays.values()) <= devices.room
        self._arrays = {name: devices.put(array) for name, array in self.arrays.items()} if resident else None
        return step

    def descent(self, memory: Step, *how: Any) -> Descent:
        """What moves the parameters: on the devices, or here where some of them stay in a domain."""
        *_, held = how
        return Crossing(self, memory, *how) if held else DeviceDescent(self, memory, *how)

    def gradient(self, index: ndarray) -> float:
        """The loss on the chosen samples; on the devices its gradients, or their means where a network is of one sample."""
        value, self.flat_gradient = self._gradient(self.flat, *self._given(index))
        return float(value)

    def losses(self, parameters: Arrays) -> Callable[[ndarray], float]:
        """The loss on chosen samples."""
        tested = self.tests(parameters)
        return lambda index: tested(index)[0]

    def tests(self, parameters: Arrays) -> Callable[[ndarray], Answer]:
        """With these parameters: of chosen samples the loss, how many answers are right, and of how many."""
        if not self.layout.batch:
            return super().tests(parameters)
        flat = self.devices.put(self._host.like(parameters))
        truth = {name: self.arrays[name] for name in ([self.prediction.classes.name] if self.prediction else [])}

        def tested(index: ndarray) -> Answer:
            values = {name: np.asarray(value) for name, value in self._values(flat, *self._given(index)).items()}
            return judged(values, self.layout.take(truth, index), self.loss, self.prediction)

        return tested

    def _given(self, index: ndarray) -> tuple[Mapping[str, Any], Any]:
        """The data on the devices and which samples of them are meant; None: all of them."""
        if self._arrays is not None:
            return self._arrays, self.devices.put(index.astype(np.int32))
        axes = self.layout.axes if self.layout.batch else {}
        part = self.layout.take(self.arrays, index)
        own = {name: self.devices.put(array, axes.get(name)) for name, array in part.items()}
        return own, None if self.layout.batch else self.devices.put(np.arange(len(index), dtype=np.int32))

    def _chosen(self, function: Function) -> Function:
        """The function (flat, data) of chosen samples, (flat, arrays, index); its means over them where it is of one sample."""
        axes, divided = self.layout.axes, self.devices.divided

        def taken(arrays: Mapping[str, Any], index: Any) -> dict[str, Any]:
            take = require_jax().numpy.take
            return {name: take(a, index, axes[name], mode="clip") if name in axes else a for name, a in arrays.items()}

        def of_batch(flat: Any, arrays: Mapping[str, Any], index: Any) -> Any:
            data = taken(arrays, index) if index is not None else arrays
            return function(flat, {name: divided(array, axes.get(name)) for name, array in data.items()})

        def of_each(flat: Any, arrays: Mapping[str, Any], index: Any) -> Any:
            def add(sums: Any, sample: Any) -> tuple[Any, None]:
                return tree.map(lambda a, b: a + b, sums, function(flat, taken(arrays, sample))), None

            tree, first = require_jax().tree, function(flat, taken(arrays, index[0]))
            sums, _ = require_jax().lax.scan(add, first, index[1:])
            mass = taken({weight: arrays[weight]}, index)[weight].sum() if (weight := self.layout.weight) else index.shape[0]
            return tree.map(lambda a: a / mass, sums)

        return of_batch if self.layout.batch else of_each


class DeviceDescent(Descent):
    """Descent as it is on the host, of arrays that stay on the devices."""

    def __init__(self, model: OnDevices, memory: Step, decayed: ndarray, state: Mapping[str, ndarray], *how: Any) -> None:
        super().__init__(memory.flat, memory.flat_gradient, decayed, state, *how)
        put = model.devices.put
        self._model, self._mask = model, put(self._decayed)
        self._there = {slot: put(array) for slot, array in state.items()}
        self._last = model.flat
        self._moved = model.devices.compiled(self._formula)

    def step(self, rate: float, t: int = 1) -> None:
        """Move every parameter once; t counts the steps from 1."""
        model = self._model
        self._last = model.flat
        model.flat, self._there = self._moved(model.flat, model.flat_gradient, self._mask, self._there, rate, *weights_of_means(t))

    def back(self) -> None:
        """Undo the last step of the parameters."""
        self._model.flat = self._last
        self.fetch()

    def fetch(self) -> None:
        """Bring parameters and state to where the run reads them."""
        np.copyto(self.flat, np.asarray(self._model.flat))
        for slot, array in self._there.items():
            np.copyto(self.state[slot], np.asarray(array))

    def _formula(self, w: Any, g: Any, decayed: Any, state: Any, rate: Any, *weights: Any) -> tuple[Any, Any]:
        """The parameters and the state after a step."""
        numbers = {"rate": rate, "momentum": self.momentum, "decay": self.decay, "first": weights[0], "second": weights[1]}
        if self.clip is not None:
            length = (g * g).sum() ** 0.5
            numbers["shrink"] = require_jax().numpy.where(length > self.clip, self.clip / length, 1)
        arrays = {"w": w, "g": g, "decayed": decayed, **state}
        state = moved(self.optimiser, arrays, numbers, bool(self.decay), self.clip is not None)
        return state.pop("w"), state


class Crossing(Descent):
    """Descent on the host by gradients of the devices, both crossing at each step: domains need NumPy's factors of matrices."""

    def __init__(self, model: OnDevices, memory: Step, *how: Any) -> None:
        super().__init__(memory.flat, memory.flat_gradient, *how)
        self._model = model

    def step(self, rate: float, t: int = 1) -> None:
        """Move every parameter once; t counts the steps from 1."""
        np.copyto(self.gradient, np.asarray(self._model.flat_gradient))
        super().step(rate, t)
        self._model.flat = self._model.devices.put(self.flat)

    def back(self) -> None:
        """Undo the last step of the parameters."""
        super().back()
        self._model.flat = self._model.devices.put(self.flat)
