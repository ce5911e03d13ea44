"""Where a network is defined: sizes and points at which every value is finite, found by trying and bisecting.

Nothing is known of any function here. A point is as good as the program comes far before a value is not finite; inputs that lead to
the first such value are moved to other places, one by one, as long as that helps. What is found is then mixed with the point that
was drawn first, as far as the values stay finite, so that it is as generic as can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Matrix, Program, Signature
from symbackprop.evaluate.faults import fault
from symbackprop.evaluate.points import PointError, generator, point
from symbackprop.evaluate.sizes import draws
from symbackprop.evaluate.tape import Computed, Run

SIZES = 8  # draws of sizes
TRIALS = 400  # points that are tried at given sizes
PLACES = (0.0, *(sign * 4.0**k for k in (0, 1, -1, 2, 3, 4, 5) for sign in (1, -1)))  # where inputs are moved to
HALVINGS = 4  # of the way from a good point to the one drawn first
SINGULAR = 1e13  # a matrix with this condition or a larger one has an inverse by rounding alone

Point = dict[str, ndarray]


class Progress(NamedTuple):
    """Equations that are finite, minus the entries of the next that are not, and the name of that one's target."""

    finite: int
    broken: int
    target: str


def defined(program: Program, given: Mapping[str, int] | None = None, seed: int = 0) -> tuple[dict[str, int], Point]:
    """Small sizes and a random point at which every value of the program is finite.

    given   sizes that are settled.
    Raises SizeError where no sizes meet the conditions, PointError where no point was found: it names the equation and why.
    """
    candidates = list(islice(draws(program, given, generator(seed)), SIZES))
    for at in candidates:
        for further in range(2):
            where = point(program, at, seed + further)
            if _progress(program, where, at) is None:
                return at, where
    for at in candidates[:-1]:
        try:
            return at, inside(program, at, seed)
        except PointError:
            continue
    return candidates[-1], inside(program, candidates[-1], seed)


def inside(program: Program, at: Mapping[str, int], seed: int = 0) -> Point:
    """A random point at which every value of the program is finite, at these sizes.

    Raises PointError where none was found, naming the equation and why.
    """
    first = point(program, at, seed)
    best = _progress(program, first, at)
    if best is None:
        return first
    where, rng, trials = first, generator(seed, 13), 0
    moved = True
    while moved:
        moved = False
        for tensor in _leading_to(program, best.target):
            for array in _elsewhere(tensor, where[tensor.name], rng):
                trial = where | {tensor.name: array}
                progress, trials = _progress(program, trial, at), trials + 1
                if progress is None:
                    return _mixed(program, at, trial, first)
                if progress > best:
                    where, best, moved = trial, progress, True
                if trials >= TRIALS:
                    raise PointError(_words(program, first, at))
    raise PointError(_words(program, first, at))


def _progress(program: Program, where: Point, at: Mapping[str, int]) -> Progress | None:
    """How far the program comes; None: to its end."""
    run = Run(program, where, at)
    with np.errstate(all="ignore"):
        for k, computed in enumerate(run.computed()):
            if not np.isfinite(computed.value.data).all() or _singular(computed):
                broken = sum(int(np.count_nonzero(~np.isfinite(v.data))) for v in computed.made)
                return Progress(k, -broken, computed.equation.target.name)
            run.tape.values.clear()
    return None


def _singular(computed: Computed) -> bool:
    """Whether an equation takes the inverse or the logarithm of the determinant of a matrix that has none but for rounding."""
    op = computed.equation.op
    if not isinstance(op, Matrix) or op.kind == "det":
        return False
    return bool((np.linalg.cond(computed.operands[0].data) >= SINGULAR).any())


def _leading_to(program: Program, target: str) -> list[Signature]:
    """The inputs of numbers without a declared domain that a value depends on, those that its equation reads itself first."""
    by_name = program.equation_of()
    todo = [ref.name for ref in by_name[target].operands]
    seen = dict.fromkeys(todo)
    for name in todo:
        if name in by_name:
            further = [ref.name for ref in by_name[name].operands if ref.name not in seen]
            seen |= dict.fromkeys(further)
            todo += further
    tensors = [program.tensors[name] for name in seen]
    return [t for t in tensors if t.kind in ("data", "parameter") and t.domain is None]


def _elsewhere(tensor: Signature, array: ndarray, rng: np.random.Generator) -> Iterator[ndarray]:
    """Other places for an input: about some number, and for square matrices about a multiple of the identity."""
    for place in PLACES:
        spread = 0.25 * max(abs(place), 0.25)
        yield place + spread * rng.uniform(-1, 1, array.shape)
        if place and tensor.rank > 1 and array.shape[-1] == array.shape[-2]:
            yield place * np.eye(array.shape[-1]) + spread / array.shape[-1] * rng.uniform(-1, 1, array.shape)


def _mixed(program: Program, at: Mapping[str, int], good: Point, first: Point) -> Point:
    """A point half as far on the way from a good point to the one that was drawn first as the values stay finite."""

    def between(share: float) -> Point:
        return {name: a if a.dtype.kind != "f" else a + share * (first[name] - a) for name, a in good.items()}

    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _progress(program, between(middle), at) is None else (low, middle)
    half = between(low / 2)
    return half if _progress(program, half, at) is None else good


def _words(program: Program, where: Point, at: Mapping[str, int]) -> str:
    """Why the program has no value at a point."""
    run = Run(program, where, at)
    with np.errstate(all="ignore"):
        for computed in run.computed():
            if not np.isfinite(computed.value.data).all():
                return fault(program, computed.equation, computed.made)
            if _singular(computed):
                place = f"{computed.equation} at the tested point"
                return f"a matrix without an inverse in {place}; give other sizes, or another point"
    return "the network has no finite value"
