"""The box of a program with loops, once each of its formulas has been proved at every step of some points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product as cartesian
from typing import Any

import numpy as np
from numpy import ndarray
from sympy import Expr

from symbackprop.algebra.recursion import StepBox, StepLine, step_box
from symbackprop.core.derivation import Derivation
from symbackprop.core.functions import UnknownOperationError
from symbackprop.core.loops.recursion import Carried, Recursion
from symbackprop.core.loops.step_axes import Axis
from symbackprop.evaluate.extents import evaluator
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.judge.proofs.forms import FormValue
from symbackprop.judge.proofs.proved import CLOSE, NO_POINT, TRIES, UNPROVED, Point, random_points

UNREADABLE = (ValueError, IndexError, np.linalg.LinAlgError, PointError, UnknownOperationError)
Steps = dict[str, int]  # the step of each axis, counted from 1


def proved_steps(derivation: Derivation) -> StepBox:
    """The box of a derivation with loops, of lines that are proved at random points."""
    points = random_points(derivation)
    if not points:
        return StepBox((), dict.fromkeys(derivation.program.outputs, NO_POINT))
    refused: dict[str, str] = {}
    recursion = Recursion(derivation.program)
    for _ in range(TRIES):
        found = step_box(derivation.program, refused)
        wrong = {line.name for line in found.lines if not _is_proved(recursion, line, points)}
        wrong |= {name for name in derivation.program.outputs if not _is_all(recursion, name, found.lines, points)}
        if not wrong:
            return found
        refused |= dict.fromkeys(wrong, UNPROVED)
    return StepBox((), dict.fromkeys(derivation.program.outputs, UNPROVED))


def _is_proved(recursion: Recursion, line: StepLine, points: list[Point]) -> bool:
    proofs = [_agrees(recursion, line, point) for point in points if np.all(np.isfinite(point.values[line.name]))]
    held = [proof for proof in proofs if proof is not None]
    return bool(held) and all(held)


def _is_all(recursion: Recursion, name: str, lines: Sequence[StepLine], points: list[Point]) -> bool:
    """Whether the lines of a gradient say all its entries that are not 0; what has no line says nothing."""
    own = [line for line in lines if line.name == name]
    for point in points if own else ():
        truth = np.asarray(point.values[name], dtype=float)
        if not np.all(np.isfinite(truth)):
            continue
        places, said = np.arange(truth.size).reshape(truth.shape), np.zeros(truth.size, dtype=bool)
        for line in own:
            reader = StepReader(recursion, line, point)
            for steps in reader.steps():
                said[reader.entry(places, line.at.target, steps)] = True
        scale = max(largest_of(truth), 1e-6)
        if largest_of(truth.ravel()[~said]) > CLOSE * scale:
            return False
    return True


def _agrees(recursion: Recursion, line: StepLine, point: Point) -> bool | None:
    """Whether a line holds at each of its steps; None where it has none at this point."""
    truth = np.asarray(point.values[line.name], dtype=float)
    scale = max(largest_of(truth) or 1.0, 1e-6)
    reader, *others = (StepReader(recursion, part, point) for part in line.parts)
    seen = False
    for steps in reader.steps():
        want = reader.entry(truth, line.at.target, steps)
        want = want.reshape(want.shape + (1,) * (2 - want.ndim)) if want.ndim < 3 else want.squeeze()
        with np.errstate(all="ignore"):
            try:
                got = sum(each.value({**steps, **summed})
                          for each in (reader, *others) for summed in each.assignments(each.line.at.summed))  # fmt: skip
            except UNREADABLE:
                return False
        got = np.asarray(got)
        if got.size != want.size or not largest_of(got.reshape(want.shape) - want) <= CLOSE * scale:
            return False
        seen = True
    return True if seen else None


class StepReader:
    """A line at a point, step by step."""

    def __init__(self, recursion: Recursion, line: StepLine, point: Point) -> None:
        self.recursion, self.program, self.line, self.point = recursion, recursion.program, line, point

    def number(self, e: Expr, steps: Mapping[str, int]) -> int:
        return int(evaluator(e)({**self.point.sizes, **steps}))

    def assignments(self, axes: tuple[Axis, ...]) -> Iterator[Steps]:
        ranges = [range(self.number(axis.origin, {}), self.number(axis.last, {}) + 1) for axis in axes]
        for places in cartesian(*ranges):
            yield dict(zip((axis.letter for axis in axes), places, strict=True))

    def steps(self) -> Iterator[Steps]:
        """The steps at which the line is meant to hold."""
        for steps in self.assignments(self.line.at.over):
            begun = (self._starts(carried, steps) for carried in self.line.at.carries if carried.has_value)
            beside = any(steps.get(letter) == self.number(step, {}) for letter, step in self.line.at.besides)
            if self.line.at.first or not (beside or any(begun)):
                yield steps

    def _starts(self, carried: Carried, steps: Mapping[str, int]) -> bool:
        """Whether what is carried starts at these steps."""
        return steps.get(carried.axis.letter) == self.number(carried.start, {})

    def entry(self, array: ndarray, key: str, steps: Mapping[str, int]) -> ndarray:
        """The tensor at its steps; a step beyond the last, from which nothing comes, a gradient is 0 and multiplies all others."""
        at = self.line.at.standing[key]
        numbers = {letter: self.number(step, steps) for letter, step in at.places}
        index: list[Any] = [slice(None)] * array.ndim
        is_beyond = False
        for (name, k), axis in self.recursion.axes.items():
            if name == at.stack and axis.letter in numbers:
                place = numbers[axis.letter] - self.number(axis.origin, {})
                index[k] = min(max(place, 0), array.shape[k] - 1)
                is_beyond |= index[k] != place
        found = array[tuple(index)]
        return np.zeros_like(found) if is_beyond and self.program.tensors[at.name].role else found

    def value(self, steps: Mapping[str, int]) -> ndarray:
        """The form at steps; of a line in index letters, the value of its equation there."""
        at, form, sizes = self.line.at, self.line.line.form, {**self.point.sizes, **steps}
        given = {t.name for t in at.program.inputs} if form is None else self.line.line.tensors
        values = {}
        for key in given:
            stack = np.asarray(self.point.values[at.standing[key].stack], dtype=float)
            values[key] = self.entry(stack, key, steps)
        if form is None:
            return np.asarray(walk(at.program, values, sizes)[at.target], dtype=float)
        line = self.line.line
        if not line.subscripts:
            return FormValue(at.program, values, sizes, {}).read(form)
        shape = [self.number(n, steps) for n in at.program.shape(at.target)]
        found = np.zeros(shape)
        for places in cartesian(*(range(shape[line.letters.index(x)]) for x in line.subscripts)):
            here = dict(zip(line.subscripts, places, strict=True))
            index = tuple(here.get(x, slice(None)) for x in line.letters)
            found[index] = FormValue(at.program, values, sizes, here).read(form).reshape(found[index].shape)
        return found
