"""The derived gradients against witnesses that share no rule with the chain rule: a reverse-mode tape and differences.

A gradient is wrong where a witness says so beyond rounding. Whether differences can speak at all, as they cannot at a
kink, is judged from the function alone, never from the gradient that is on trial.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from symbackprop.backends.function import Compiled, with_sizes
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import stabilised
from symbackprop.core.program import shape_text
from symbackprop.evaluate import tape
from symbackprop.evaluate.differences import Estimate, central, complex_step, unit_directions
from symbackprop.evaluate.points import PointError, own_point, point, shape_of, sizes
from symbackprop.evaluate.verdict import Check, Row, Witness

ROUNDING = 1e-9  # relative error that the tape and the complex step may leave
BLUR = 1e-7  # relative error that differences may leave
VAGUE = 1e-3  # differences with a larger relative error estimate say nothing
TINY = 1e-9  # a gradient below this part of the largest one may be rounding alone
JITTERS = 2  # runs in which every rounded result is moved in its last digit
MARGIN = 100  # times what such a run moves a gradient by: what rounding may leave
NOISY = 20  # times the same: a gradient below is rounding alone
UNDERFLOW = 1e-250  # below, the products that a gradient is made of lose digits or vanish
TOGETHER = 6  # groups into which the tensors fall, where they are more than twice as many
DRAWS = 5  # points drawn where the first lies outside a function's domain or on kinks


Gradients = Callable[[Mapping[str, ndarray]], Mapping[str, ndarray]]


def check(
    derived: Derivation,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    points: int = 3,
    tolerance: float = ROUNDING,
    at: Mapping[str, Any] | None = None,
    compiled: Gradients | None = None,
) -> Check:
    """The derived gradients against the tape and against differences, at random generic points.

    seed       of the points.
    sizes      sizes by name that are settled; the others are drawn.
    points     how many points.
    tolerance  the relative error that rounding may leave against the tape and the complex step.
    at         one point of your own, an array for each input, instead of random ones.
    compiled   from arrays by input to gradients by name, held against the tape as well; None: the compiled function.

    Raises PointError where the network has no finite value, or `at` does not fit, with the place and the mend.
    """
    if points < 1:
        raise PointError(f"points={points!r}: give a whole number from 1 on; without a point nothing is checked")
    if at is not None:
        own_sizes, own = own_point(derived.forward, at, sizes)
        trial = _Trial(derived, own_sizes, tolerance, compiled or _compiled(derived, own_sizes))
        trial.test(own, seed)
        return trial.outcome(1)
    drawn = _sizes(derived.program, sizes, seed)
    trial = _Trial(derived, drawn, tolerance, compiled or _compiled(derived, drawn))
    for k in range(points):
        trial.test_somewhere(seed + k, points)
    return trial.outcome(points)


def _compiled(derived: Derivation, at: Mapping[str, int]) -> Gradients:
    """The compiled gradients; sizes that no array tells stand in the source as numbers."""
    derived = stabilised(derived)
    told = {n for t in derived.program.inputs for n in t.shape}
    given = {str(n): at[str(n)] for n in derived.program.sizes() if n not in told}
    gradients = {name: derived.gradient(name) for name in derived.wrt}
    function = Compiled(with_sizes(derived.program, given), derived.of, gradients)
    return lambda where: function.value_and_grad(where)[1]


_sizes = sizes  # the argument of `check` hides the function


class _Trial:
    """The rows under way."""

    def __init__(self, derived: Derivation, at: dict[str, int], tolerance: float, compiled: Gradients) -> None:
        self.derived, self.sizes, self.tolerance = derived, at, tolerance
        self.rows = {name: Row(name, shape_text(derived.program.shape(derived.gradient(name)))) for name in derived.wrt}
        self.compiled, self.redrawn = compiled, 0

    def outcome(self, points: int) -> Check:
        for row in self.rows.values():
            if row.scale == 0 and row.status == "ok":
                row.note = "the gradient is zero"
        return Check(self.derived.of, list(self.rows.values()), self.sizes, points, self.redrawn)

    def test_somewhere(self, seed: int, stride: int) -> None:
        """Test at a random point; at another one where a value is not finite or differences have little to say."""
        for draw in range(DRAWS):
            where = point(self.derived.forward, self.sizes, seed + draw * stride)
            last = draw == DRAWS - 1
            try:
                if self.test(where, seed, kinks=last):
                    return
            except PointError:
                if last:
                    raise
            self.redrawn += 1

    def test(self, where: Mapping[str, ndarray], seed: int, kinks: bool = True) -> bool:
        """Compare at one point; False, with nothing noted, where most differences lie on kinks (if not `kinks`)."""
        shown, taped = self.shown(where), self.taped(where)
        compiled = self.compiled(where)
        differences = [self.differences(names, where, seed) for names in self.groups()]
        if not kinks and any(heard.kink.mean() > 0.5 for heard in differences):
            return False
        value = tape.forward(self.derived.forward, where, self.sizes)[self.derived.of]
        largest = max(_largest(value), *map(_largest, taped.values()))
        facts = _Facts(shown, taped, compiled, differences, largest, dict.fromkeys(self.rows, 0.0))
        statements = list(self.statements(facts))
        if any(s.contradicts() for s in statements) or any(0 < _largest(g) <= TINY * largest for g in taped.values()):
            facts = replace(facts, noise=self.noise(where, shown, taped))
            statements = list(self.statements(facts))
        for s in statements:
            s.witness.hear(s.errors, s.scale, s.contradicts(), s.spoken)
        for name, row in self.rows.items():
            row.scale = max(row.scale, _largest(taped[name]))
            if facts.is_noise(name):
                row.note = "zero to rounding"
        return True

    def shown(self, where: Mapping[str, ndarray], jitter: np.random.Generator | None = None) -> dict[str, ndarray]:
        """The derived equations run as they are shown."""
        values = tape.forward(self.derived.program, where, self.sizes, jitter)
        return dict(zip(self.derived.wrt, (values[name] for name in self.derived.program.outputs), strict=True))

    def taped(self, where: Mapping[str, ndarray], jitter: np.random.Generator | None = None) -> dict[str, ndarray]:
        """The gradients by the tape."""
        return tape.gradients(self.derived.forward, self.derived.of, self.derived.wrt, where, self.sizes, jitter)

    def noise(self, where: Mapping[str, ndarray], shown: Mapping[str, ndarray], taped: Mapping[str, ndarray]) -> dict[str, float]:
        """How far rounding moves each gradient: found by moving every rounded result in its last digit."""
        moved = dict.fromkeys(self.rows, 0.0)
        for seed in range(JITTERS):
            for run, still in ((self.shown, shown), (self.taped, taped)):
                again = run(where, np.random.default_rng(seed))
                moved = {name: max(most, _largest(again[name] - still[name])) for name, most in moved.items()}
        return moved

    def groups(self) -> list[list[str]]:
        """The tensors that are moved together: each alone, or some at once where they are many."""
        names = list(self.rows)
        width = math.ceil(len(names) / TOGETHER) if len(names) > 2 * TOGETHER else 1
        return [names[k : k + width] for k in range(0, len(names), width)]

    def differences(self, names: Sequence[str], where: Mapping[str, ndarray], seed: int) -> _Differences:
        """Differences along directions of the tensors in `names`, all moved at once."""
        forward = self.derived.forward
        shapes = {n: shape_of(forward.tensors[n], self.sizes) for n in names}
        if len(names) == 1:
            directions = {n: unit_directions(shapes[n], seed) for n in names}
        else:
            directions = {n: unit_directions(shapes[n], seed + k, entries=0, several=2) for k, n in enumerate(names)}
        moved = (forward, self.derived.of, where, self.sizes, directions)
        estimate, sharp = central(*moved), complex_step(*moved)
        return _Differences(estimate.value, estimate.error, estimate.kink, directions, sharp)

    def statements(self, facts: _Facts) -> Iterator[_Statement]:
        """What every witness says of every gradient at one point."""
        for name, row in self.rows.items():
            taped, scale = facts.taped[name], facts.scale(name)
            allowed = self.tolerance * scale + MARGIN * facts.noise[name]
            yield _Statement(row.tape, np.abs(facts.shown[name] - taped), scale, allowed)
            got = facts.compiled[name]
            errors = np.abs(got - taped) if np.shape(got) == taped.shape else np.array(np.inf)
            yield _Statement(row.compiled, errors, scale, allowed)
        for heard in facts.differences:
            expected = np.zeros(heard.value.shape)
            scale = 0.0
            for name, vectors in heard.directions.items():
                flat = facts.shown[name].reshape(-1, vectors[0].size)
                expected = expected + (vectors.reshape(len(vectors), -1) @ flat.T).reshape(expected.shape)
                whole = len(vectors) == vectors[0].size or facts.is_noise(name)  # otherwise random: of the size of the mean
                scale = max(scale, facts.scale(name) if whole else float(np.linalg.norm(flat)) / math.sqrt(flat.size))
            noise = MARGIN * max(facts.noise[name] for name in heard.directions)
            clear = ~heard.kink & (heard.error <= VAGUE * scale)
            for name in heard.directions:
                row = self.rows[name]
                errors = np.abs(heard.value - expected)
                yield _Statement(row.differences, errors, scale, BLUR * scale + 10 * heard.error + noise, clear)
                if heard.sharp is not None:
                    errors = np.abs(heard.sharp - expected)
                    yield _Statement(row.complex_step, errors, scale, self.tolerance * scale + noise)


@dataclass(frozen=True)
class _Differences(Estimate):
    """What differences say along directions; `sharp` is the complex step, None where it cannot be taken."""

    directions: Mapping[str, ndarray]
    sharp: ndarray | None


@dataclass(frozen=True)
class _Facts:
    """All that was computed at one point.

    shown, taped, compiled   gradients by name.
    largest                  the largest entry of all gradients and of the differentiated value.
    noise                    how far rounding moves each gradient, 0 where nobody asked.
    """

    shown: Mapping[str, ndarray]
    taped: Mapping[str, ndarray]
    compiled: Mapping[str, ndarray]
    differences: Sequence[_Differences]
    largest: float
    noise: Mapping[str, float]

    def is_noise(self, name: str) -> bool:
        """Whether a gradient is not zero by rounding alone, or so small that the products in it underflow."""
        size = max(_largest(self.taped[name]), _largest(self.shown[name]))
        return 0 < size <= UNDERFLOW or bool(self.noise[name] and size <= NOISY * self.noise[name])

    def scale(self, name: str) -> float:
        """What the errors of a gradient are relative to: its largest entry."""
        own = max(_largest(self.taped[name]), _largest(self.shown[name]))
        return self.largest if own == 0 or self.is_noise(name) else own


class _Statement(NamedTuple):
    """The errors that a witness finds, what they are relative to, how large they may be, and where it speaks at all."""

    witness: Witness
    errors: ndarray
    scale: float
    allowed: ndarray | float
    spoken: ndarray | None = None

    def contradicts(self) -> bool:
        wrong = ~(self.errors <= self.allowed)
        return bool((wrong if self.spoken is None else wrong & self.spoken).any())


def _largest(array: ndarray) -> float:
    return float(np.abs(array).max(initial=0.0))
