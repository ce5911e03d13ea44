"""A step: one evaluation of a loss and its gradients at fixed sizes, by a plan that was printed."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy import ndarray

from symbackprop.backends.arguments import ArgumentError
from symbackprop.backends.c.library import native
from symbackprop.backends.code import Code, aligned
from symbackprop.backends.places import Places, put, write
from symbackprop.backends.undefined import require_defined_slopes
from symbackprop.core.errors import shown
from symbackprop.core.network import listed
from symbackprop.core.program import shape_text
from symbackprop.plan.handed import GRADIENTS, PARAMETERS, Flat, Layout

Exact = Callable[[Mapping[str, ndarray], Mapping[str, ndarray]], tuple[Any, Mapping[str, ndarray]]]
STEPS: WeakSet[Step] = WeakSet()  # all that there are
BUSY = "this step runs in another thread, and both would write into its memory: bind one for each"


class Step:
    """One evaluation of a loss and its gradients at fixed sizes, which reads and writes its own memory.

    parameters, data   an array for each input: write into it, or set it, which writes into it as well.
    gradients          an array for each name, written by a call.
    flat, flat_gradient   all parameters, and all gradients, one after the other; the arrays of the names are views of them.
    code               the plan as it is printed; None where the network has none, and `exact` is called.
    native             the function of C, where C computes it.
    layout             where each array stands in `flat` and in `flat_gradient`.
    quiet              whether NumPy need not be kept from warning: nothing does, or the caller has seen to it.
    exact              the function of dicts of both, whose results stand for those of a plan.
    watched            what the value is called, where an error is to tell of gradients that are NaN while it is finite; "".
    again              binds it once more: a copy, which may go to another process, has memory of its own.

    Memory is not shared between threads: bind a step for each. One that runs in another refuses; in a process that was forked it
    is idle.
    """

    watched = ""
    again: Callable[[Mapping[str, ndarray], Mapping[str, ndarray]], Step] | None = None

    def __init__(self, layout: Layout, code: Code | None, dtype: str, exact: Exact, shared: Step | None = None) -> None:
        kinds = {"real": np.dtype(dtype), "boolean": np.dtype(bool), "integer": np.dtype(np.int64)}
        if shared is not None:
            _require_same(layout, kinds["real"], shared)
        self.flat = shared.flat if shared else aligned(layout.parameters.length, kinds["real"])
        self.flat_gradient = shared.flat_gradient if shared else aligned(layout.gradients.length, kinds["real"])
        self.parameters = Places(_views(self.flat, layout.parameters))
        self.gradients = Places(_views(self.flat_gradient, layout.gradients))
        own = {name: aligned(max(1, flat.length), kinds[layout.kind(name)]) for name, flat in layout.held.items()}
        held = {name: array for buffer, flat in layout.held.items() for name, array in _views(own[buffer], flat).items()}
        self.data = Places({name: held[name] for name in layout.data})
        self.exact, self.layout = exact, layout
        memory = {PARAMETERS: self.flat, GRADIENTS: self.flat_gradient, **own}
        self.code, self._run, self.native = code, None, None
        self.quiet = code is not None and code.quiet
        if code and code.language == "c":
            self._run = self.native = native(code.text, layout, dtype, memory)
        elif code:
            self._run = code.bound(memory, kinds)
        self.bytes = sum(array.nbytes for array in memory.values())
        self._idle = Lock()
        STEPS.add(self)

    def __setattr__(self, name: str, value: Any) -> None:
        """What is given for memory that is there is written into it: a step reads no other."""
        own = self.__dict__.get(name)
        if isinstance(own, Places):
            own.update(value)
        elif isinstance(own, ndarray):
            if np.shape(value) != own.shape:
                word, places = ("gradients", self.gradients) if name == "flat_gradient" else ("parameters", self.parameters)
                raise ArgumentError(
                    f"{name} is the memory of all {word}, {own.size} numbers with gaps between the arrays, and given is the shape "
                    f'{shape_text(np.shape(value))}: write each by its name, step.{word}["{next(iter(places))}"] = array'
                )
            write(name, own, value)
        else:
            super().__setattr__(name, value)

    def __call__(self) -> float:
        """The value of the loss; `gradients` then holds the gradients."""
        idle = self._idle  # a process that is forked in the midst has another
        if not idle.acquire(False):
            raise ArgumentError(BUSY)
        try:
            if self._run is not None:
                try:
                    if self.quiet:
                        value = self._run()
                    else:
                        with np.errstate(all="ignore"):  # a branch that is not taken may overflow
                            value = self._run()
                    if value == value:
                        return self.told(value) if self.watched else value
                    with suppress(ArgumentError):  # of arrays that hold NaN
                        return self.written(*self.exact(self.parameters, self.data))  # a plan shifts by what may be infinite
                    return value
                except (ArithmeticError, ValueError):
                    pass  # Python's numbers raise where NumPy's are infinite or NaN
            return self.told(self.written(*self.exact(self.parameters, self.data)))
        finally:
            idle.release()

    @property
    def source(self) -> str:
        """The source of the function that is run; "" where the network has no plan."""
        return self.code.text if self.code else ""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While its function is called by another way than by a call of the step."""
        idle = self._idle
        if not idle.acquire(False):
            raise ArgumentError(BUSY)
        try:
            yield
        finally:
            idle.release()

    def __reduce__(self) -> tuple[Any, ...]:
        if self.again is None:
            raise TypeError("a part of a step is not copied: copy the step that `bind` returned")
        return _bound_again, (self.again, dict(self.parameters), dict(self.data), self.flat_gradient)

    def __repr__(self) -> str:
        by = "C" if self.native else "NumPy"
        return f"<Step of {listed(self.parameters)} and {listed(self.data) or 'no data'} by {by}: {self.bytes:,} bytes>"

    def told(self, value: float) -> float:
        """The value, where the gradients are numbers."""
        if self.watched and np.isnan(self.flat_gradient.sum()):
            require_defined_slopes(self.gradients, lambda: value, self.watched)
        return value

    def written(self, value: Any, gradients: Mapping[str, ndarray]) -> float:
        """The value, with the gradients in their places."""
        for name, array in gradients.items():
            self.gradients[name][...] = array
        return float(value)

    def like(self, arrays: Mapping[str, ndarray]) -> ndarray:
        """Arrays of the shapes of the parameters, one after the other as `flat` holds them; 0 where none is given."""
        flat = np.zeros_like(self.flat)
        for name, array in self.parts(flat).items():
            array[...] = arrays.get(name, 0)
        return flat

    def parts(self, flat: ndarray) -> dict[str, ndarray]:
        """The parts of an array as `like` makes one, by the names of the parameters: they share its memory."""
        return _views(flat, self.layout.parameters)

    def put(self, arrays: Mapping[str, ndarray]) -> None:
        """Write arrays into the step's own, where they are others."""
        put(arrays, self.parameters, self.data)


def _require_same(layout: Layout, real: np.dtype, shared: Step) -> None:
    """Raise ArgumentError where a step cannot stand in the memory of another, whose parameters lie elsewhere."""
    if not isinstance(shared, Step):
        raise ArgumentError(f"shared={shown(shared)}: give a step, which bind returned")
    if shared.flat.dtype != real:
        raise ArgumentError(f"shared: its numbers are {shared.flat.dtype}, and {real} in this step; compile both for one dtype")
    here, there = layout.parameters.places, shared.layout.parameters.places
    for name in here:
        if here[name] != there.get(name):
            raise ArgumentError(
                f"shared: {name}, {tuple(here[name][1])}, does not stand so in that step, which holds {listed(there)}; give a "
                f"step of the same network"
            )
    if not layout.gradients.places.items() <= shared.layout.gradients.places.items():
        raise ArgumentError("shared: its gradients are others than those of this step; give one that was compiled for the same")


def _all_idle() -> None:
    """In a process that was forked, no thread goes on with a step that one of the other process was in."""
    for step in STEPS:
        step._idle = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_all_idle)


def _bound_again(
    again: Callable[[Mapping[str, ndarray], Mapping[str, ndarray]], Step],
    parameters: Mapping[str, ndarray],
    data: Mapping[str, ndarray],
    gradient: ndarray,
) -> Step:
    step = again(parameters, data)
    step.flat_gradient[...] = gradient
    return step


def _views(flat: ndarray, layout: Flat) -> dict[str, ndarray]:
    return {name: flat[at : at + math.prod(shape)].reshape(shape) for name, (at, shape) in layout.places.items()}
