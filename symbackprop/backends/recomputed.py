"""A step that computes the steps of a loop again, segment by segment, and keeps no more than one segment's values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.c.library import NativeError
from symbackprop.backends.printed import code_of
from symbackprop.backends.step import Exact, Step
from symbackprop.core.differentiate import differentiate
from symbackprop.core.loops.segments import INNER, OUTER, Segments, cut, total, weight
from symbackprop.core.passes.distribute import distributed
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Program
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
    Raises SegmentError where no loop of the network can be cut, PlanError where a segment has no plan.
    """

    def __init__(
        self, program: Program, loss: str, by: Iterable[str], steps: int, dtype: str, backend: str, exact: Exact
    ) -> None:  # fmt: skip
        self.cut, self.by, self.dtype, self.backend, self.exact = cut(program, loss), tuple(by), dtype, backend, exact
        outer = self.cut.outer()
        names = dict.fromkeys(n for part in self.cut.parts for n in (*part.outside, *part.starts))
        known = [weight(n) for n in names] + [total(n) for part in self.cut.parts for n in part.totals]
        self.outer = self._step(outer, OUTER, [*known, *(w for w in self.by if w in outer.tensors)])
        self.parts = [self._part(part, min(steps, part.steps)) for part in self.cut.parts]

    @property
    def bytes(self) -> int:
        """Of the memory of all steps."""
        inner = (step for part in self.parts for step in (*part.forward.values(), *part.backward.values()))
        return sum(step.bytes for step in (self.outer, *inner))

    def _part(self, own: Segments, steps: int) -> _Part:
        forward: dict[int, Step] = {}
        backward: dict[int, Step] = {}
        for length in {steps, own.steps % steps} - {0}:
            inner = own.inner(length)
            made = [weight(n) for n in (*own.totals, *own.starts.values())]
            read = [n for n in (*own.outside, *own.starts, *self.by) if n in inner.tensors]
            forward[length] = self._step(inner, INNER, made)
            backward[length] = self._step(inner, INNER, read)
        return _Part(own, steps, forward, backward)

    def _step(self, program: Program, loss: str, by: list[str]) -> Step:
        derived = differentiate(program, loss, by)
        gradients = {w: derived.gradient(w) for w in by}
        made = plan(simplify(distributed(derived.program), {loss, *gradients.values()}), loss, gradients)
        if self.backend != "numpy":
            try:
                return Step(made.layout, code_of(made, self.dtype, "c"), self.dtype, _refused)
            except (NativeError, PlanError):
                if self.backend == "c":
                    raise
        return Step(made.layout, code_of(made, self.dtype), self.dtype, _refused)

    def __call__(self, parameters: Arrays, data: Arrays) -> tuple[Any, Mapping[str, ndarray]]:
        """The loss, and the gradient for each name."""
        try:
            return self._by_segments(parameters, data)
        except FloatingPointError:
            return self.exact(parameters, data)

    def _by_segments(self, parameters: Arrays, data: Arrays) -> tuple[float, dict[str, ndarray]]:
        given, outer = {**parameters, **data}, self.outer
        known = {**given, **{name: np.zeros_like(array) for name, array in outer.data.items() if name not in given}}
        runs = []
        for part in self.parts:  # what stands before a loop is right once the totals of those before it are known
            _run(outer, known)
            inside = {n: outer.gradients[weight(n)].copy() for n in part.own.outside}
            starts, totals = part.onwards(given, inside, {n: outer.gradients[weight(n)].copy() for n in part.own.starts})
            known |= {total(n): array for n, array in totals.items() if total(n) in outer.data}
            runs.append((inside, starts))
        value = _run(outer, known)
        found: dict[str, Any] = {}
        for part, (inside, starts) in zip(self.parts[::-1], runs[::-1], strict=True):
            slopes = {weight(n): outer.gradients[total(n)].copy() for n in part.own.totals}
            for name, array in part.back(self.by, given, inside, starts, slopes).items():
                if name in self.by:
                    found[name] = found.get(name, 0) + array
                else:
                    known[weight(name)] = known.get(weight(name), 0) + array
            _run(outer, known)
        for w in self.by:
            if w in outer.gradients:
                found[w] = found.get(w, 0) + outer.gradients[w]
        return value, {w: np.asarray(found[w], self.dtype) for w in self.by}


@dataclass(frozen=True)
class _Part:
    """A loop's segments, each of `steps` steps at most, and what computes one of some length, onwards and back."""

    own: Segments
    steps: int
    forward: Mapping[int, Step]
    backward: Mapping[int, Step]

    def onwards(
        self, given: Arrays, inside: Arrays, start: dict[str, ndarray]
    ) -> tuple[list[dict[str, ndarray]], dict[str, ndarray]]:  # fmt: skip
        """What each segment starts with, and the totals of all steps."""
        starts: list[dict[str, ndarray]] = []
        totals: dict[str, ndarray] = {}
        for at in self._segments():
            step = self.forward[at.stop - at.start]
            starts.append(start)
            _run(step, {**self._at(given, at), **inside, **start})
            for name, is_last in self.own.totals.items():
                array = step.gradients[weight(name)].copy()
                totals[name] = array if is_last or name not in totals else totals[name] + array
            start = {n: step.gradients[weight(end)].copy() for n, end in self.own.starts.items()}
        return starts, totals

    def back(
        self, by: Collection[str], given: Arrays, inside: Arrays, starts: list[dict[str, ndarray]], slopes: dict[str, ndarray]
    ) -> dict[str, Any]:
        """The gradients by what the steps read and start with, from the last segment to the first."""
        own = self.own
        found: dict[str, Any] = {w: np.zeros(given[w].shape) for w in by if w in own.axes}
        later: dict[str, Any] = {weight(end): 0.0 for end in own.starts.values()}
        for at, start in list(zip(self._segments(), starts, strict=True))[::-1]:
            step = self.backward[at.stop - at.start]
            _run(step, {**self._at(given, at), **inside, **start, **slopes, **later})
            for name, array in step.gradients.items():
                if name in own.axes:
                    found[name][_along(own.axes[name], at)] = array
                elif name not in own.starts:
                    found[name] = found.get(name, 0) + array
            later = {weight(end): step.gradients[n].copy() for n, end in own.starts.items()}
            slopes = {n: np.zeros_like(s) if own.totals[n.removeprefix(weight(""))] else s for n, s in slopes.items()}
        return {**found, **{n: later[weight(end)] for n, end in own.starts.items()}}

    def _segments(self) -> list[slice]:
        """The positions of the steps of each segment, in the order in which the loop runs."""
        count = self.own.steps
        found = [slice(at, min(at + self.steps, count)) for at in range(0, count, self.steps)]
        if self.own.loop.step > 0:
            return found
        return [slice(count - s.stop, count - s.start) for s in found]

    def _at(self, given: Arrays, at: slice) -> dict[str, ndarray]:
        return {n: array[_along(self.own.axes[n], at)] if n in self.own.axes else array for n, array in given.items()}


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
