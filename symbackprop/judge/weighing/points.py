"""Where claims are tried: generic points, clear of kinks, on both sides of every comparison."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import NamedTuple

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.loops import steps_of
from symbackprop.core.program import Program, Signature
from symbackprop.evaluate.arithmetic import FLOATS, MORE_DIGITS, Arithmetic
from symbackprop.evaluate.bodies.body_walk import Watch
from symbackprop.evaluate.extents import extent
from symbackprop.evaluate.matrices import mirrored
from symbackprop.evaluate.points import PointError, point
from symbackprop.evaluate.residues import drawn, number, residue, residues
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.evaluate.towers import Tower
from symbackprop.evaluate.walk import matrix_function, walk
from symbackprop.judge.weighing.composed import CLAIM
from symbackprop.language.operations.values import LOWEST

LEAST = 8  # points at which a claim is held against the truth
MOST = 40
QUIET = 4  # points in a row that bring no new side of a comparison
DRAWS = 400
RAISED = 60  # how often a size is made larger until an entry is there
NEAR = 1e-6  # a comparison decided by less lies on a kink
FILLER = -float(LOWEST)
EXTREME = 1e12  # beyond, floats have lost the digits that are to be compared


class Side(NamedTuple):
    """A comparison as it came out at a place: relation by names, left - right, outcome."""

    relation: sp.Basic
    gap: ndarray
    outcome: ndarray


class Named(NamedTuple):
    """What a name that a person gave stands for at a place, the comparisons on the way, and what it was made of."""

    array: ndarray
    sides: list[Side]
    of: object


@dataclass
class Place:
    """One point, with what was computed there.

    seed, sizes, point   which, how large, and the inputs.
    values               every tensor of the truth and its gradients, as floats.
    sides                the comparisons that were decided.
    exact                residues of every tensor of a program, by tower, draw and program; or why there are none.
    named                what names that a person gave stand for, by the program that they name and the arrays that it reads.
    pinned               inputs that are given values, each as a program over the others.
    """

    program: Program
    everything: Program
    seed: int
    sizes: dict[str, int]
    point: dict[str, ndarray]
    values: dict[str, ndarray] = field(default_factory=dict)
    sides: list[Side] = field(default_factory=list)
    exact: dict[tuple[Tower, int, int], tuple[Program, dict[str, ndarray] | ArithmeticError]] = field(default_factory=dict)
    named: dict[tuple[int, ...], Named] = field(default_factory=dict)
    pinned: Mapping[str, Program] = field(default_factory=dict)

    def of(self, program: Program) -> dict[str, ndarray]:
        """The values of another program at this place, each program run once."""
        if id(program) not in self._run:
            self._run[id(program)] = program, walk(program, self.point, self.sizes)
        return self._run[id(program)][1]

    @cached_property
    def _run(self) -> dict[int, tuple[Program, dict[str, ndarray]]]:
        return {}

    def labels(self) -> tuple[float, ...]:
        """The values of the scalars that can only be two numbers."""
        return tuple(float(self.point[t.name]) for t in self.program.inputs if t.domain in ("sign", "binary") and not t.shape)

    @cached_property
    def digits(self) -> dict[str, ndarray]:
        """Every tensor of the truth to 50 digits."""
        inputs = {name: MORE_DIGITS.lift(array) for name, array in self.point.items()}
        return walk(self.everything, self.given(inputs, MORE_DIGITS), self.sizes, MORE_DIGITS)

    def exactly(self, program: Program, tower: Tower, attempt: int) -> dict[str, ndarray]:
        """The residues of every tensor of a program. Raises ArithmeticError where the tower, or what was drawn, has none."""
        key = tower, attempt, id(program)
        if key not in self.exact:
            try:
                found: dict[str, ndarray] | ArithmeticError = walk(
                    program, self.residues(tower, attempt), self.sizes, residues(tower)
                )
            except ArithmeticError as error:
                found = error
            self.exact[key] = program, found
        found = self.exact[key][1]
        if isinstance(found, ArithmeticError):
            raise found.with_traceback(None)
        return found

    def residues(self, tower: Tower, attempt: int = 0) -> dict[str, ndarray]:
        """The inputs as residues: whole where they are whole by declaration, random beside their floats elsewhere."""
        rng = random.Random(self.seed + 1_000_003 * attempt)
        drawn = {t.name: _residues(t, self.point[t.name], rng, tower) for t in self.program.inputs if t.name in self.point}
        return self.given(drawn, residues(tower))

    def given(self, inputs: dict[str, ndarray], arithmetic: Arithmetic) -> dict[str, ndarray]:
        """The inputs, in an arithmetic, with those that are given values."""
        return inputs | pinned_values(self.pinned, inputs, self.sizes, arithmetic)


def pinned_values(
    pinned: Mapping[str, Program], inputs: Mapping[str, ndarray], sizes: Mapping[str, int], arithmetic: Arithmetic
) -> dict[str, ndarray]:
    """The values of the inputs that are given some, at those of the others."""
    read = {name: {t.name: inputs[t.name] for t in one.inputs} for name, one in pinned.items()}
    found = {name: walk(one, read[name], sizes, arithmetic)[CLAIM] for name, one in pinned.items()}
    return {name: np.broadcast_to(array, inputs[name].shape) for name, array in found.items()}


def _residues(tensor: Signature, array: ndarray, rng: random.Random, tower: Tower) -> ndarray:
    if tensor.kind == "constant":
        return np.full(array.shape, number(tensor.value, tower), dtype=object)
    whole = tensor.kind == "integers" or tensor.domain in ("sign", "binary")
    whole = whole or (tensor.kind == "labels" and bool(np.all(array == np.rint(array))))
    out = drawn(array, whole, rng, tower)
    if tensor.is_symmetric:
        return mirrored(out)
    if tensor.is_orthogonal:
        return _cayley(array, rng, tower)
    if tensor.kind == "labels" and not whole and array.ndim:  # they sum to one
        one, zero = residue(1, tower), residue(0, tower)
        for place in np.ndindex(array.shape[:-1]):
            out[place][-1] = one - sum(out[place][:-1].tolist(), start=zero)
    return out


def _cayley(array: ndarray, rng: random.Random, tower: Tower) -> ndarray:
    """Orthogonal matrices as residues: D (1 - S) (1 + S)^-1 with a skew S of random residues and signs D (Cayley 1846)."""
    n, arithmetic = array.shape[-1], residues(tower)
    one = drawn(np.eye(n), True, rng, tower)
    out = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape[:-2]):
        signs = max(_signs(n), key=lambda d: abs(np.linalg.det(np.eye(n) + d[:, None] * array[place])))
        turned = signs[:, None] * array[place]
        skew = np.tril(np.linalg.solve((np.eye(n) + turned).T, (np.eye(n) - turned).T).T, -1)
        S = drawn(skew, False, rng, tower)
        S[np.triu_indices(n)] = residue(0, tower)
        S = S - S.T
        found = (one - S) @ matrix_function("inverse", one + S, arithmetic)
        out[place] = drawn(np.diag(signs), True, rng, tower) @ found
    return out


def _signs(n: int) -> list[ndarray]:
    """Signs of rows, among which some leave no eigenvalue near -1."""
    return [np.where(np.arange(n) % 2**k >= 2**k / 2, -1.0, 1.0) * s for k in range(n.bit_length() + 1) for s in (1, -1)]


@dataclass
class Places:
    """The places of one problem, drawn when they are asked for; the seed is the problem's own.

    given        sizes that are settled.
    conditions   expressions of sizes that are not negative at its places, as far as the settled sizes let them.
    pinned       inputs that are given values, each as a program over the others.
    """

    program: Program
    everything: Program
    given: Mapping[str, int] = field(default_factory=dict)
    conditions: tuple[sp.Expr, ...] = ()
    pinned: Mapping[str, Program] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known: list[Place] = []
        self.drawn = 0
        self.any_gradient = False  # whether gradients may have no value: that of a norm by data which are equal has none
        own = f"{self.program}{self.conditions or ''}"
        self.start = int.from_bytes(hashlib.blake2b(own.encode(), digest_size=3).digest())

    def __iter__(self) -> Iterator[Place]:
        k = 0
        while True:
            while k >= len(self.known):
                if self.drawn >= DRAWS and not (self.known or self.any_gradient):
                    self.drawn, self.any_gradient = 0, True
                if self.drawn >= DRAWS or (self.known and self.is_settled):
                    return
                self.draw()
            yield self.known[k]
            k += 1

    @cached_property
    def is_settled(self) -> bool:
        """Whether every input is given numbers, so that one place is all there is."""
        return all(t.kind == "constant" or t.name in self.pinned for t in self.program.inputs)

    def first(self, count: int) -> list[Place]:
        return [place for place, _ in zip(self, range(count), strict=False)]

    @cached_property
    def sizes(self) -> tuple[dict[str, int], ...]:
        """Two sets of sizes, so that what holds at one size only is found out; with several steps of loops where that can be."""
        own = {str(one) for one in self.program.sizes()}
        given = {name: n for name, n in self.given.items() if name in own or not self.pinned}  # others are numbers in it
        first, steps = draw_sizes(self.program, given, 0), steps_of(self.program)
        drawn = (draw_sizes(self.program, given, seed) for seed in range(1, 16 if steps else 6))
        others = [other for other in drawn if other != first]
        several = (other for other in others if all(extent(n, other) > 2 for n in steps))
        second = next(several, others[0] if others else None)
        return tuple(self.raised(one) for one in ((first,) if second is None else (first, second)))

    def raised(self, sizes: dict[str, int]) -> dict[str, int]:
        """The sizes, those larger that the conditions ask for, and different from the others."""
        sizes = dict(sizes)
        for condition in self.conditions:
            free = [str(s) for s in condition.free_symbols if str(s) not in self.given]
            for _ in range(RAISED):
                if not free or extent(condition, sizes) >= 0:
                    break
                sizes |= {name: next(n for n in count(sizes[name] + 1) if n not in sizes.values()) for name in free}
        return sizes

    def draw(self) -> None:
        """Draw one point, and keep it unless it has values that are not finite or lies near a kink."""
        seed = self.start + self.drawn
        at = self.sizes[(self.drawn // 2) % len(self.sizes)]
        self.drawn += 1
        place = Place(self.program, self.everything, seed, at, point(self.program, at, seed), pinned=self.pinned)
        place.point = place.given(place.point, FLOATS)
        try:
            place.values = walk(self.everything, place.point, at, FLOATS, noted(place.sides))
        except PointError:
            if self.drawn >= DRAWS // 20 and not self.known:
                raise
            return
        several = {n: v for n, v in place.values.items() if n in self.program.tensors} if self.any_gradient else place.values
        if usable(several, place.sides):
            self.known.append(place)


def noted(sides: list[Side]) -> Watch:
    return lambda relation, gap, outcome: sides.append(Side(relation, gap, outcome))


def usable(values: Mapping[str, ndarray], sides: list[Side]) -> bool:
    """Whether all is finite and no comparison is close; one that is exactly even is even by construction."""
    if not all(np.isfinite(v).all() and largest_real(v) < EXTREME for v in values.values()):
        return False
    return not any(((np.abs(s.gap) < NEAR) & (s.gap != 0)).any() for s in sides)


def largest_real(array: ndarray) -> float:
    """The largest magnitude of an array, but for what stands where a maximum has no entry."""
    return float(np.abs(array).max(initial=0, where=np.abs(array) != FILLER))


class Coverage:
    """Which sides of which comparisons have been seen, each in pair with every value of a scalar label and with one another."""

    def __init__(self) -> None:
        self.seen: set[tuple[object, ...]] = set()
        self.quiet = 0

    def add(self, sides: list[Side], labels: tuple[float, ...]) -> None:
        news: set[tuple[object, ...]] = {("label", k, y) for k, y in enumerate(labels)}
        scalars: dict[str, bool] = {}
        for side in sides:
            text = str(side.relation)
            for outcome in np.unique(side.outcome):
                news.add((text, bool(outcome)))
                news |= {(text, bool(outcome), k, y) for k, y in enumerate(labels)}
            if side.outcome.size == 1:
                scalars[text] = bool(side.outcome.flat[0])
        news |= {(a, x, b, y) for a, x in scalars.items() for b, y in scalars.items() if a < b}
        self.quiet = 0 if news - self.seen else self.quiet + 1
        self.seen |= news

    @property
    def full(self) -> bool:
        """Whether every comparison has come out both ways, in pair with each value of each scalar label."""
        texts = {key[0] for key in self.seen if len(key) == 2}
        labels = {(key[1], key[2]) for key in self.seen if key[0] == "label"}
        both = all((t, o) in self.seen for t in texts for o in (True, False))
        two = all(len({y for j, y in labels if j == k}) == 2 for k, _ in labels)
        return both and two and all((t, o, *y) in self.seen for t in texts for o in (True, False) for y in labels)


def enough(count: int, coverage: Coverage) -> bool:
    """Whether so many points with what they have seen suffice."""
    return count >= MOST or (count >= LEAST and coverage.full and coverage.quiet >= QUIET)


__all__ = ["LEAST", "Arithmetic", "Coverage", "Place", "Places", "Side", "enough"]
