"""One reading of a claim held against the truth: at points in floats, then at 50 digits or modulo primes where that decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.program import Program, Sum, same_size, slot
from symbackprop.evaluate.arithmetic import FLOATS, MORE_DIGITS, Arithmetic
from symbackprop.evaluate.bodies.body_walk import Watch
from symbackprop.evaluate.extents import evaluator, shape_of
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.residues import CHAINS, CircleError, DeeperError, RedrawError, ladders, residues, same
from symbackprop.evaluate.towers import Tower
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.told import Told, told
from symbackprop.judge.weighing.points import LEAST, Coverage, Named, Place, Places, Side, enough, noted, usable
from symbackprop.judge.weighing.reading import CLAIM
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims import At
from symbackprop.notation.claims.steps import claimed

NOTHING = Told()
AGREES = 1e-9  # relative to the truth's largest entry
DIFFERS = 1e-6
EXACT = 1e-25  # relative error that 50 digits may leave
PROOFS = 8  # points at which residues are compared
LEAST_PROOFS = 3  # as many must have them
REDRAWS = 12  # residues drawn at a point, until every root is one of a square
TRIES = 80  # the same at all points

Bindings = tuple[tuple[str, "Program | str"], ...]  # names that a person gave: to a formula, or to a true gradient


@dataclass(frozen=True)
class Goal:
    """d of / d wrt: the program that computes it, and the tensor that holds it.

    steps   where along the axes of loops it is claimed, but for axes of which all steps are.
    """

    truth: Truth
    of: str
    wrt: str
    program: Program
    name: str
    steps: tuple[At, ...] = ()

    @property
    def conditions(self) -> tuple[sp.Expr, ...]:
        """Expressions of sizes that are not negative where the entries and steps that are claimed are there."""
        return tuple(one.axis.extent - 1 - (one.first if one.left is None else one.left) for one in self.steps)

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        return claimed(self.program.shape(self.name), self.steps)

    def part(self, whole: ndarray, sizes: Mapping[str, int]) -> ndarray:
        """The steps of the whole gradient that are claimed; anything of another shape as it is.

        Raises PointError where there are no such steps.
        """
        if not self.steps or whole.ndim != len(self.program.shape(self.name)):
            return whole
        index: list[Any] = [slice(None)] * whole.ndim
        for one in self.steps:
            first, count = int(evaluator(one.first)(sizes)), whole.shape[one.place] - (one.left or 0)
            if count < 1 or not 0 <= first < whole.shape[one.place]:
                raise PointError("the loop has too few steps")
            index[one.place] = first if one.left is None else slice(first, first + count)
        return whole[(*index, ...)]  # an array, of one entry as well

    def at(self, place: Place) -> ndarray:
        whole = place.values[self.name] if self.name in place.values else place.of(self.program)[self.name]
        return self.part(whole, place.sizes)


def goal_of(truth: Truth, wrt: str, of: str | None = None) -> Goal:
    """The goal d of / d wrt; None: of the truth's own loss."""
    of = of or truth.of
    name = f"d{of}/d{wrt}"
    if of == truth.of and name in truth.everything.tensors:
        return Goal(truth, of, wrt, truth.everything, name)
    derived = truth.derived(wrt, of)
    return Goal(truth, of, wrt, derived.program, derived.gradient(wrt))


@dataclass(frozen=True)
class Sample:
    """What was claimed and what is true at a place, and the comparisons that either made."""

    place: Place
    claimed: ndarray
    true: ndarray
    sides: list[Side]
    error: float


@dataclass
class Weighed:
    """What was found of a reading.

    samples   a row for each place.
    shapes    the claim's shape and the truth's, where they differ.
    agrees    whether they are equal to 9 digits everywhere; None: not decided, `why` says why.
    identity  whether residues were equal at every place that could be used.
    bits      -log2 of the chance that unequal formulas pass.
    """

    samples: list[Sample] = field(default_factory=list)
    shapes: tuple[tuple[sp.Expr, ...], tuple[sp.Expr, ...]] | None = None
    agrees: bool | None = None
    identity: bool = False
    bits: int = 0
    why: Told = NOTHING

    @property
    def margin(self) -> float:
        return max((s.error for s in self.samples), default=0.0)


def weigh(goal: Goal, program: Program, bindings: Bindings = ()) -> Weighed:
    """Hold a claim's program against the truth."""
    found = Weighed()
    claimed = program.shape(CLAIM)
    if not fits(program, claimed, goal.shape):
        found.shapes = claimed, goal.shape
    lost = gather(goal, program, bindings, found)
    if not found.samples:
        found.why = told("the claim has no finite value at any point")
    elif found.shapes is not None:
        found.agrees = False
    elif any(s.error >= DIFFERS for s in found.samples):
        decide(goal, program, bindings, found)
    elif lost:
        found.why = told("the claim has no finite value at {} of the points", str(lost))
    elif all(s.error <= AGREES for s in found.samples):
        found.agrees = True
        prove(goal, program, bindings, found)
    else:
        decide(goal, program, bindings, found)
    return found


def fits(program: Program, claimed: Sequence[sp.Expr], true: Sequence[sp.Expr]) -> bool:
    """Whether a claim has the gradient's shape; the number 0 has every shape."""
    return is_zero(program) or (len(claimed) == len(true) and all(same_size(a, b) for a, b in zip(claimed, true, strict=True)))


def is_zero(program: Program) -> bool:
    """Whether a claim is the number 0."""
    inputs = {t.name for t in program.inputs}
    bodies = [e.op.body if isinstance(e.op, Sum) else None for e in program.equations]
    reads = any(r.name in inputs for e in program.equations for r in e.operands)
    return not program.shape(CLAIM) and not reads and bodies[0] == 0 and all(body in (0, slot(0)) for body in bodies)


def agrees_nearly(goal: Goal, program: Program, bindings: Bindings) -> bool:
    """Whether a claim is equal to the truth at two points: enough to tell which of several gradients is meant."""
    if not fits(program, program.shape(CLAIM), goal.shape):
        return False
    for place in places(goal, program, bindings).first(2):
        found, true = value(goal.truth, program, bindings, place, place.values, FLOATS), goal.at(place)
        if found.shape != true.shape or _error(found, true, 0.0) > AGREES:
            return False
    return True


def gather(goal: Goal, program: Program, bindings: Bindings, found: Weighed) -> int:
    """Evaluate claim and truth until every side was seen; how many points were lost because the claim was not finite there."""
    coverage, lost, kinks = Coverage(), 0, 0
    for place in places(goal, program, bindings):
        sides: list[Side] = []
        try:
            true = goal.at(place)
            claimed = value(goal.truth, program, bindings, place, place.values, FLOATS, noted(sides))
        except PointError as fault:
            found.why = told("{}", str(fault))
            break
        if not np.isfinite(true).all():
            found.why = told("the gradient has no finite value at the points that were tried")
            break
        claimed = np.broadcast_to(claimed, true.shape) if not claimed.ndim and is_zero(program) else claimed
        if not usable({}, sides):
            kinks += 1
            if kinks > LEAST * 2:
                break
            continue
        if not np.isfinite(claimed).all():
            lost += 1
            if lost > LEAST:
                break
            continue
        found.samples.append(Sample(place, claimed, true, sides, 0.0))
        coverage.add([*place.sides, *sides], place.labels())
        if enough(len(found.samples), coverage):
            break
    found.samples = measured(found.samples)
    return lost


def places(goal: Goal, program: Program, bindings: Bindings) -> Places:
    """Where a claim is held against the truth: all that it reads by numbers is there."""
    programs = [program, *(what for _, what in needed(program, bindings) if not isinstance(what, str))]
    return goal.truth.places_where([*goal.conditions, *(c for one in programs for c in one.conditions)])


def measured(samples: Sequence[Sample]) -> list[Sample]:
    """The samples with their errors, relative to the largest entry of the truth."""
    largest = max((largest_of(s.true) for s in samples), default=0.0)
    return [replace(s, error=_error(s.claimed, s.true, largest)) for s in samples]


def value(
    truth: Truth,
    program: Program,
    bindings: Bindings,
    place: Place,
    base: Mapping[str, ndarray],
    arithmetic: Arithmetic,
    watch: Watch | None = None,
) -> ndarray:
    """The claim's value over the truth's tensors, with the names that earlier steps gave."""
    known = dict(base)
    for name, what in needed(program, bindings):
        known[name] = known[what] if isinstance(what, str) else _once(truth, what, known, place, arithmetic, watch)
    return _run(truth, program, known, place, arithmetic, watch)


def _once(
    truth: Truth, program: Program, known: dict[str, ndarray], place: Place, arithmetic: Arithmetic, watch: Watch | None
) -> ndarray:
    """What a name stands for, worked out once of the same arrays: each later step that reads it would do so again."""
    arrays = [known[name] for name in dict.fromkeys([*place.point, *(t.name for t in program.inputs)]) if name in known]
    key = id(program), *map(id, arrays)
    if key not in place.named:
        sides: list[Side] = []
        found = _run(truth, program, known, place, arithmetic, noted(sides))
        place.named[key] = Named(found, sides, (program, arrays))
    array, sides, _ = place.named[key]
    if watch is not None:
        for side in sides:
            watch(*side)
    return array


def needed(program: Program, bindings: Bindings) -> Bindings:
    """The names that a claim is made of, those that they are made of included."""
    wanted = {t.name for t in program.inputs}
    kept = []
    for name, what in reversed(bindings):
        if name in wanted:
            kept.append((name, what))
            wanted |= set() if isinstance(what, str) else {t.name for t in what.inputs}
    return tuple(reversed(kept))


def _run(
    truth: Truth, program: Program, known: dict[str, ndarray], place: Place, arithmetic: Arithmetic, watch: Watch | None
) -> ndarray:  # fmt: skip
    for tensor in program.inputs:
        if tensor.role is None:
            continue
        shown = tensor.role.wrt not in truth.named  # a name that the report gives; the single gates may give it to another
        if tensor.name not in known or shown:  # a true derivative that the claim mentions
            derived = truth.derived(tensor.role.wrt, tensor.role.of, shown=shown)
            inputs = {t.name: known[t.name] for t in derived.program.inputs if t.name in known}
            known[tensor.name] = walk(derived.program, inputs, place.sizes, arithmetic)[tensor.name]
    if any(evaluator(condition)(place.sizes) < 0 for condition in program.conditions):
        return np.asarray(np.nan)  # what is claimed has no value at these sizes
    point = {t.name: known[t.name] for t in program.inputs if t.name in known}
    given = [t for t in program.inputs if t.name in point and t.role is None and t.name not in truth.program.tensors]
    if arithmetic is FLOATS and any(point[t.name].shape != shape_of(t, place.sizes) for t in given):
        raise PointError("a name has another shape here than where it was given")
    return walk(program, point, place.sizes, arithmetic, watch)[CLAIM]


def _error(claimed: ndarray, true: ndarray, largest: float) -> float:
    """The largest error relative to the truth's largest entry here, or to a thousandth of that elsewhere."""
    if claimed.shape != true.shape:
        return float("inf")
    scale = max(largest_of(true), 1e-3 * largest) or 1.0
    error = largest_of(claimed - true) / scale
    return error if error == error else float("inf")


def decide(goal: Goal, program: Program, bindings: Bindings, found: Weighed) -> None:
    """Compare at 50 digits, at the place where the floats differ most: what 16 digits lose is not an error."""
    worst = max(found.samples, key=lambda s: s.error)
    try:
        base = dict(worst.place.digits)
        if goal.name not in base:
            inputs = {n: MORE_DIGITS.lift(a) for n, a in worst.place.point.items()}
            base |= walk(goal.program, inputs, worst.place.sizes, MORE_DIGITS)
        claimed = value(goal.truth, program, bindings, worst.place, base, MORE_DIGITS)
        gap = np.asarray(np.abs(claimed - goal.part(base[goal.name], worst.place.sizes)), dtype=float)
    except (PointError, ArithmeticError, TypeError, ValueError):
        found.agrees = False if worst.error >= DIFFERS else None
        close = told("the values differ by {}, which floats cannot settle", f"{worst.error:.0e}")
        found.why = NOTHING if worst.error >= DIFFERS else close
        return
    scale = largest_of(worst.true) or 1.0
    found.agrees = bool(gap.max(initial=0) <= EXACT * scale)


def prove(goal: Goal, program: Program, bindings: Bindings, found: Weighed) -> None:
    """Compare modulo primes at points with every pattern of branches; what differs proves nothing, and leaves `identity` False."""
    proved, bits, tries = 0, 1000, 0
    towers = CHAINS
    for sample in found.samples[: max(PROOFS, _patterns(found.samples))]:
        for attempt in range(REDRAWS):
            tries += 1
            if tries > TRIES:
                break
            try:
                try:
                    outcome, tower = _equal(goal, program, bindings, sample.place, attempt, towers)
                except CircleError:
                    towers = ladders()
                    outcome, tower = _equal(goal, program, bindings, sample.place, attempt, towers)
            except RedrawError:
                continue
            except (PointError, OverflowError):
                return
            if not outcome:
                return
            proved, bits = proved + 1, min(bits, tower.bits)
            break
    found.identity = proved >= min(LEAST_PROOFS, len(found.samples))
    found.bits = bits if found.identity else 0


def _patterns(samples: Sequence[Sample]) -> int:
    """The first so many samples show every pattern of sides that was seen."""
    seen: set[object] = set()
    last = 0
    for k, sample in enumerate(samples):
        pattern = frozenset((str(s.relation), tuple(np.unique(s.outcome))) for s in sample.sides)
        if pattern not in seen:
            seen.add(pattern)
            last = k + 1
    return last


def _equal(
    goal: Goal, program: Program, bindings: Bindings, place: Place, attempt: int, towers: Sequence[Tower]
) -> tuple[bool, Tower]:
    """Whether the residues are equal at a place, and the first tower that is high enough.

    Raises RedrawError where other residues must be drawn, CircleError where the towers have no sines, PointError where none is
    high enough.
    """
    for tower in towers:
        arithmetic = residues(tower)
        try:
            base = dict(place.exactly(goal.program, tower, attempt))
            claimed = value(goal.truth, program, bindings, place, base, arithmetic)
        except DeeperError:
            continue
        truth = goal.part(base[goal.name], place.sizes)
        claimed = np.broadcast_to(claimed, truth.shape) if not claimed.ndim and is_zero(program) else claimed
        return same(claimed, truth, tower), tower
    raise PointError("there are more functions within one another than primes")
