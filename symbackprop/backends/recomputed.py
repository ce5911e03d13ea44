"""A step that computes the steps of a loop again, segment by segment, and keeps no more than one segment's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.c_library import NativeError
from symbackprop.backends.numpy_step import Exact, Step
from symbackprop.core.differentiate import differentiate
from symbackprop.core.distribute import distributed
from symbackprop.core.program import Program
from symbackprop.core.segments import INNER, OUTER, cut, total, weight
from symbackprop.core.simplify import simplify
from symbackprop.plan.node import PlanError
from symbackprop.plan.schedule import plan

Arrays = Mapping[str, ndarray]


class Recomputed:
    """The loss and its gradients, as a function of arrays.

    program   the forward program, whose sizes are numbers.
    by        what is differentiated by.
    steps     of a segment.
    backend   "numpy", "c", or "auto": C where it is to be had.
    exact     computes the same, where Python's numbers refuse what arrays hold, such as log(0).
    Raises SegmentError where the network cannot be cut, PlanError where a segment has no plan.
    """

    def __init__(
        self, program: Program, loss: str, by: Iterable[str], steps: int, dtype: str, backend: str, exact: Exact
    ) -> None:  # fmt: skip
        self.cut, self.by, self.dtype, self.backend, self.exact = cut(program, loss), tuple(by), dtype, backend, exact
        self.steps = min(steps, self.cut.steps)
        outer = self.cut.outer()
        known = [weight(n) for n in (*self.cut.outside, *self.cut.starts)] + [total(n) for n in self.cut.totals]
        self.outer = self._step(outer, OUTER, [*known, *(w for w in self.by if w in outer.tensors)])
        self.forward: dict[int, Step] = {}
        self.backward: dict[int, Step] = {}
        for length in {self.steps, self.cut.steps % self.steps} - {0}:
            inner = self.cut.inner(length)
            made = [weight(n) for n in (*self.cut.totals, *self.cut.starts.values())]
            read = [n for n in (*self.cut.outside, *self.cut.starts, *self.by) if n in inner.tensors]
            self.forward[length] = self._step(inner, INNER, made)
            self.backward[length] = self._step(inner, INNER, read)

    @property
    def bytes(self) -> int:
        """Of the memory of all steps."""
        return sum(step.bytes for step in (self.outer, *self.forward.values(), *self.backward.values()))

    def _step(self, program: Program, loss: str, by: list[str]) -> Step:
        derived = differentiate(program, loss, by)
        gradients = {w: derived.gradient(w) for w in by}
        made = plan(simplify(distributed(derived.program), {loss, *gradients.values()}), loss, gradients)
        if self.backend != "numpy":
            try:
                return Step(made.layout, made, self.dtype, _refused, None, "c")
            except (NativeError, PlanError):
                if self.backend == "c":
                    raise
        return Step(made.layout, made, self.dtype, _refused)

    def __call__(self, parameters: Arrays, data: Arrays) -> tuple[Any, Mapping[str, ndarray]]:
        """The loss, and the gradient for each name."""
        try:
            return self._by_segments(parameters, data)
        except FloatingPointError:
            return self.exact(parameters, data)

    def _by_segments(self, parameters: Arrays, data: Arrays) -> tuple[float, dict[str, ndarray]]:
        given = {**parameters, **data}
        cut, outer = self.cut, self.outer
        nothing = {name: np.zeros_like(array) for name, array in outer.data.items() if name not in given}
        _run(outer, {**given, **nothing})
        inside = {n: outer.gradients[weight(n)].copy() for n in cut.outside}
        start = {n: outer.gradients[weight(n)].copy() for n in cut.starts}
        starts, totals = [], {n: np.zeros_like(outer.data[total(n)]) for n in cut.totals if total(n) in outer.data}
        for at in self._segments():
            step = self.forward[at.stop - at.start]
            starts.append(start)
            _run(step, {**self._at(given, at), **inside, **start})
            for name in totals:
                part = step.gradients[weight(name)]
                totals[name] = part.copy() if cut.totals[name] else totals[name] + part
            start = {n: step.gradients[weight(end)].copy() for n, end in cut.starts.items()}
        value = _run(outer, {**given, **nothing, **{total(n): array for n, array in totals.items()}})
        slopes = {weight(n): outer.gradients[total(n)].copy() for n in totals}
        found = self._backward(given, {**inside}, starts, slopes)
        weights = {weight(n): found.pop(n) for n in (*cut.outside, *cut.starts) if n in found}
        _run(outer, {name: array for name, array in weights.items() if name in outer.data})
        for w in self.by:
            if w in outer.gradients:
                found[w] = found.get(w, 0) + outer.gradients[w]
        return value, {w: np.asarray(found[w], self.dtype) for w in self.by}

    def _backward(
        self, given: Arrays, inside: Arrays, starts: list[dict[str, ndarray]], slopes: dict[str, ndarray]
    ) -> dict[str, Any]:
        """The gradients by what the steps read, from the last segment to the first."""
        cut = self.cut
        found: dict[str, Any] = {w: np.zeros(given[w].shape, self.dtype) for w in self.by if w in cut.axes}
        later: dict[str, Any] = {weight(end): 0.0 for end in cut.starts.values()}
        for at, start in list(zip(self._segments(), starts, strict=True))[::-1]:
            step = self.backward[at.stop - at.start]
            _run(step, {**self._at(given, at), **inside, **start, **slopes, **later})
            for name, array in step.gradients.items():
                if name in cut.axes:
                    found[name][_along(cut.axes[name], at)] = array
                elif name not in cut.starts:
                    found[name] = found.get(name, 0) + array
            later = {weight(end): step.gradients[n].copy() for n, end in cut.starts.items()}
            slopes = {n: np.zeros_like(s) if cut.totals[n.removeprefix(weight(""))] else s for n, s in slopes.items()}
        return {**found, **{n: later[weight(end)] for n, end in cut.starts.items()}}

    def _segments(self) -> list[slice]:
        """The positions of the steps of each segment, in the order in which the loop runs."""
        found = [slice(at, min(at + self.steps, self.cut.steps)) for at in range(0, self.cut.steps, self.steps)]
        if self.cut.loop.step > 0:
            return found
        return [slice(self.cut.steps - s.stop, self.cut.steps - s.start) for s in found]

    def _at(self, given: Arrays, at: slice) -> dict[str, ndarray]:
        return {n: array[_along(self.cut.axes[n], at)] if n in self.cut.axes else array for n, array in given.items()}


def _along(axis: int, at: slice) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, at)


def _run(step: Step, arrays: Mapping[str, Any]) -> float:
    """Evaluate a step at those of the arrays that it reads."""
    for name, array in arrays.items():
        own = step.parameters.get(name, step.data.get(name))
        if own is not None:
            own[...] = array
    return step()


def _refused(parameters: Arrays, data: Arrays) -> Any:
    raise FloatingPointError("a number of the step is no finite float")
