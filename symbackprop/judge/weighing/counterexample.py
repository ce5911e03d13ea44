"""The smallest example that shows a claim to be wrong: small sizes, small whole numbers, one entry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Program, Signature
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.extents import SizeError, extent, shape_of
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.matrices import of_kind
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.told import Told, listed, name, told
from symbackprop.judge.weighing.points import NEAR, Side, pinned_values

CLEAR = 1e-6  # an error above this part of the truth shows
DRAWS = 8  # points tried at each set of sizes
SIZES = 24  # sets of sizes tried
TURNS = 60  # entries that are tried at 0 or 1

Both = tuple[ndarray, ndarray, list[Side]]  # claimed, true, comparisons
Evaluate = Callable[[Mapping[str, ndarray], Mapping[str, int]], Both]


@dataclass(frozen=True)
class Counterexample:
    """A point at which a claim fails.

    sizes    by name.
    point    small whole numbers, by input.
    entry    the place of the entry, counted from 0.
    claimed  its value as claimed.
    true     its true value.
    """

    sizes: Mapping[str, int]
    point: Mapping[str, ndarray]
    entry: tuple[int, ...]
    claimed: float
    true: float

    def __str__(self) -> str:
        return str(self.said)

    @property
    def said(self) -> Told:
        shown = [told("{} = {}", name(n), plain(array)) for n, array in self.point.items()]
        inputs = listed(shown) if shown else told("the numbers that are given")
        both = f"{self.claimed:.6g}", f"{self.true:.6g}"
        if not self.entry:
            return told("{}: claimed {}, true {}", inputs, *both)
        return told("{}: entry {} claimed {}, true {}", inputs, str(list(self.entry)), *both)

    def facts(self) -> dict[str, Any]:
        return {
            "sizes": dict(self.sizes), "point": {n: a.tolist() for n, a in self.point.items()}, "entry": list(self.entry),
            "claimed": self.claimed, "true": self.true,
        }  # fmt: skip


def plain(array: ndarray) -> str:
    """An array as a person writes it: [1, 0]."""
    return str(np.vectorize(lambda x: f"{x:g}", otypes=[object])(array).tolist()).replace("'", "")


def smallest(
    program: Program, evaluate: Evaluate, reads: set[str], settled: Mapping[str, int], pinned: Mapping[str, Program]
) -> Counterexample | None:
    """The smallest counterexample that a short search finds; None where it finds none.

    evaluate   a point and sizes to the claim, the truth, and the comparisons made; raises PointError.
    reads      the inputs that matter, which are shown.
    settled    sizes that a person gave.
    pinned     inputs that are given values, each as a program over the others.
    """
    for at in _small_sizes(program, settled):
        for seed in range(DRAWS):
            rng = np.random.default_rng(seed)
            point = {t.name: _whole(t, shape_of(t, at), at, rng, 1 + seed // 3) for t in program.inputs}
            point |= pinned_values(pinned, point, at, FLOATS)
            if _fault(evaluate, point, at) is not None:
                point = _simpler(program, evaluate, point, at, pinned.keys())
                found = _fault(evaluate, point, at)
                if found is None:  # what is judged gives other numbers each time
                    continue
                entry, claimed, true = found
                shown = {n: a for n, a in point.items() if n in reads}
                return Counterexample(at, shown, entry, claimed, true)
    return None


def _small_sizes(program: Program, settled: Mapping[str, int]) -> Iterator[dict[str, int]]:
    names = [str(s) for s in program.sizes()]
    free = [n for n in names if n not in settled]
    tried = 0
    for values in sorted(
        product((1, 2, 3, 4) if len(free) < 5 else (1, 2), repeat=len(free)), key=lambda v: (sum(v), max(v, default=0))
    ):
        at = {**settled, **dict(zip(free, values, strict=True))}
        try:
            stands = all(extent(c, at) >= 0 for c in program.conditions)
            stands = stands and all(extent(n, at) >= 1 for t in program.tensors.values() for n in t.shape)
        except SizeError:
            continue
        if stands:
            yield at
            tried += 1
            if tried >= SIZES:
                return


def _whole(tensor: Signature, shape: tuple[int, ...], at: Mapping[str, int], rng: np.random.Generator, reach: int) -> ndarray:
    """Small whole numbers (halves between 0 and 1) of a tensor's kind."""
    if tensor.kind == "constant":
        return np.full(shape, float(tensor.value))  # type: ignore[arg-type]
    if tensor.kind == "integers":
        return rng.integers(0, 1 if tensor.bound is None else extent(tensor.bound, at), shape)
    if tensor.kind == "labels":
        return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])] if shape else np.ones(())
    if tensor.domain == "positive":
        return rng.integers(1, 2 + reach, shape).astype(float)
    if tensor.domain == "unit":
        return rng.integers(1, 4, shape) / 4
    if tensor.domain == "binary":
        return rng.integers(0, 2, shape).astype(float)
    if tensor.domain == "sign":
        return 2.0 * rng.integers(0, 2, shape) - 1
    return of_kind(tensor.domain, rng.integers(-reach, reach + 1, shape).astype(float))


def _fault(evaluate: Evaluate, point: Mapping[str, ndarray], at: Mapping[str, int]) -> tuple[tuple[int, ...], float, float] | None:
    """The entry that is off most, with both values; None where the claim holds, or the point lies on a kink."""
    try:
        claimed, true, sides = evaluate(point, at)
    except (PointError, ArithmeticError):
        return None
    if claimed.shape != true.shape or not (np.isfinite(claimed).all() and np.isfinite(true).all()):
        return None
    if any((np.abs(s.gap) < NEAR).any() for s in sides):
        return None
    gap = np.abs(claimed - true)
    if not gap.max(initial=0) > CLEAR * max(1e-3, largest_of(true)):
        return None
    entry = tuple(int(k) for k in np.unravel_index(int(gap.argmax()), gap.shape)) if gap.ndim else ()
    return entry, float(claimed[entry]), float(true[entry])


def _simpler(
    program: Program, evaluate: Evaluate, point: dict[str, ndarray], at: Mapping[str, int], kept: Collection[str]
) -> dict[str, ndarray]:
    """The same with entries put to 0 or 1 one by one, but for inputs that are kept, as long as it still fails."""
    turns = 0
    for tensor in program.inputs:
        if tensor.kind in ("constant", "labels", "integers") or tensor.domain in ("unit", "sign", "binary") or tensor.name in kept:
            continue
        if tensor.is_symmetric or tensor.is_orthogonal:
            continue
        for place in np.ndindex(point[tensor.name].shape):
            for wish in (1.0,) if tensor.domain == "positive" else (0.0, 1.0):
                if point[tensor.name][place] == wish or turns >= TURNS:
                    break
                turns += 1
                moved = point[tensor.name].copy()
                moved[place] = wish
                if _fault(evaluate, {**point, tensor.name: moved}, at) is not None:
                    point = {**point, tensor.name: moved}
                    break
    return point
