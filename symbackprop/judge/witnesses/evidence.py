"""All that the witnesses can tell of the gradients at one point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from symbackprop.core.derivation import Derivation
from symbackprop.evaluate import tape
from symbackprop.evaluate.differences import Estimate, central, complex_step
from symbackprop.evaluate.extents import shape_of
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import Jitter, last_digit
from symbackprop.evaluate.verdict import Witness
from symbackprop.judge.witnesses.directions import NOISY, Directions, Rows, sharp, steps
from symbackprop.judge.witnesses.watched import Watched

BLUR = 1e-7  # relative error that differences may leave
VAGUE = 1e-3  # differences with a larger relative error estimate say nothing
MARGIN = 100  # times what a shaken run moves an entry by: what rounding may leave

Arrays = Mapping[str, ndarray]


@dataclass(frozen=True)
class Said:
    """The errors that a witness finds, what they are relative to, how large they may be, and where it speaks at all."""

    errors: ndarray
    scale: ndarray | float
    allowed: ndarray | float
    spoken: ndarray | None = None

    @cached_property
    def contradicts(self) -> bool:
        wrong = ~(self.errors <= self.allowed)
        return bool((wrong if self.spoken is None else wrong & self.spoken).any())


class Statement(NamedTuple):
    """What a witness says of one gradient."""

    witness: Witness
    said: Said


class Evidence:
    """The value and its gradients at one point: as derived, by the tape, compiled; and what steps and differences say.

    seen          what the witnesses look at.
    compiled      the value and the gradients by the compiled function.
    blur, noise   how far rounding moves the entries of the value and of each gradient, found by `shake`; 0 before.
    """

    def __init__(
        self, derived: Derivation, seen: Watched, where: Arrays, sizes: Mapping[str, int], compiled: tuple[Any, Arrays], seed: int
    ) -> None:  # fmt: skip
        self.derived, self.where, self.sizes, self.compiled, self.seed = derived, where, sizes, compiled, seed
        self.watched = seen
        values = tape.forward(derived.program, where, sizes)
        self.shown = self._shown(values)
        self.taped = self._taped(where)
        self.value = values[derived.of]
        self.largest = max(largest_of(self.value), *map(largest_of, self.taped.values()))
        self.noise = {name: np.zeros(g.shape) for name, g in self.taped.items()}
        self.blur = np.zeros(self.value.shape)
        self._shaken, self._rows = 0, dict[str, Rows]()
        self._told: dict[tuple[str, ...], tuple[int, Directions, ndarray | None]] = {}
        self._estimates: dict[tuple[str, ...], tuple[Directions, Estimate]] = {}

    def _shown(self, values: Arrays) -> dict[str, ndarray]:
        return dict(zip(self.derived.wrt, (values[name] for name in self.derived.program.outputs), strict=True))

    def _taped(self, where: Arrays, jitter: Jitter | None = None) -> dict[str, ndarray]:
        seen = self.watched
        found = tape.gradients(seen.program, seen.of, seen.by.values(), seen.at(where), seen.sizes, jitter)
        return {name: found[by] for name, by in seen.by.items()}

    def _vectors(self, told: Directions) -> dict[str, ndarray]:
        return {self.watched.by[name]: v for name, v in told.vectors.items()}

    def shake(self, times: int) -> None:
        """Find how far rounding moves each entry: move every input and every rounded result in its last digit, so many times."""
        for run in range(self._shaken, times):
            jitter = last_digit(np.random.default_rng(run))
            moved = {name: self._moved(name, array, jitter) for name, array in self.where.items()}
            values = tape.forward(self.derived.program, moved, self.sizes, jitter)
            self.blur = np.maximum(self.blur, abs(values[self.derived.of] - self.value))
            shown = self._shown(values)
            taped = self._taped(moved, jitter)
            for name, most in self.noise.items():
                for again, still in ((shown[name], self.shown[name]), (taped[name], self.taped[name])):
                    np.maximum(most, abs(again - still), out=most)
            self._rows = {}
        self._shaken = max(self._shaken, times)

    def _moved(self, name: str, array: ndarray, jitter: Jitter) -> ndarray:
        tensor = self.derived.forward.tensors[name]
        if tensor.kind not in ("parameter", "data") or tensor.domain in ("binary", "sign"):
            return array
        return array * jitter(np.shape(array))

    def is_noise(self, name: str) -> bool:
        """Whether a gradient is not zero by rounding alone."""
        most = largest_of(self.noise[name])
        return 0 < self.size(name) <= NOISY * most

    def is_faint(self, part: float) -> bool:
        """Whether a gradient is below a part of the largest one, so that it may be rounding alone."""
        return any(0 < largest_of(g) <= part * self.largest for g in self.taped.values())

    def size(self, name: str) -> float:
        return max(largest_of(self.taped[name]), largest_of(self.shown[name]))

    def scale(self, name: str) -> float:
        """What the errors of a gradient are shown relative to: its largest entry."""
        return self.largest if self.size(name) == 0 or self.is_noise(name) else self.size(name)

    def worst(self, name: str, allowed: ndarray) -> str:
        """The entry that is off by most, and what it should be."""
        shown, taped = self.shown[name], self.taped[name]
        place = np.unravel_index(int(np.argmax(abs(shown - taped) / allowed)), shown.shape)
        entry = f"entry [{', '.join(map(str, place))}] " if shown.ndim else ""
        return f"{entry}is {shown[place]:.6g}, by the tape {taped[place]:.6g}"

    def rows(self) -> dict[str, Rows]:
        """The gradients as rows."""
        if not self._rows:
            self._rows = {name: self._in_rows(name) for name in self.shown}
        return self._rows

    def _in_rows(self, name: str) -> Rows:
        shape = shape_of(self.watched.program.tensors[self.watched.by[name]], self.watched.sizes)
        count = math.prod(shape)
        shown, taped, noise = (g[name].reshape(-1, count) for g in (self.shown, self.taped, self.noise))
        return Rows(shown, taped, noise, shape)

    def can_step(self) -> bool:
        """Whether complex steps can be taken here."""
        known = self._told.get(tuple(self.derived.wrt))
        return (self._sharp(self.derived.wrt) if known is None else known)[-1] is not None

    def is_silent(self) -> bool:
        """Whether neither complex steps nor differences can speak here."""
        return not self.can_step() and bool(self._blunt(self.derived.wrt)[1].kink.all())

    def complex_steps(self, tolerance: float, names: Sequence[str]) -> Said | None:
        """What complex steps say where these tensors move; None where they cannot be taken."""
        told, value = self._sharp(names)
        if value is None:
            return None
        errors, allowed = abs(value - told.expected), tolerance * told.scale + MARGIN * told.noise
        return Said(errors, told.scale, allowed, np.isfinite(value))

    def differences(self, names: Sequence[str]) -> Said:
        """What differences say where these tensors move."""
        told, estimate = self._blunt(names)
        shape = told.expected.shape
        value, error = estimate.value.reshape(shape), estimate.error.reshape(shape)
        spoken = ~estimate.kink.reshape(shape) & (error <= VAGUE * told.scale)
        with np.errstate(invalid="ignore"):
            allowed = BLUR * told.scale + 10 * error + MARGIN * told.noise
            return Said(abs(value - told.expected), told.scale, allowed, spoken)

    def _sharp(self, names: Sequence[str]) -> tuple[Directions, ndarray | None]:
        key = tuple(names)
        shaken, before, value = self._told.get(key, (-1, None, None))
        if before is None or shaken < self._shaken:
            told = sharp(self.rows(), names, self.largest, self.seed, before)
            if before is None or (told.floors, told.bases) != (before.floors, before.bases):
                seen = self.watched
                value = complex_step(seen.program, seen.of, seen.at(self.where), seen.sizes, self._vectors(told))
            self._told[key] = self._shaken, told, None if value is None else value.reshape(told.expected.shape)
        _, told, value = self._told[key]
        return told, value

    def _blunt(self, names: Sequence[str]) -> tuple[Directions, Estimate]:
        key = tuple(names)
        if key not in self._estimates:
            told = steps(self.rows(), names, self.largest, self.seed)
            seen = self.watched
            found = central(seen.program, seen.of, seen.at(self.where), seen.sizes, self._vectors(told))
            self._estimates[key] = told, found
        told, found = self._estimates[key]
        return told.again(self.rows()), found
