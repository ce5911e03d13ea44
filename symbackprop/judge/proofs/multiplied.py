"""What many steps do to a gradient at once, proved: the matrices of all steps multiplied, at every step of some points."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from symbackprop.algebra.recursion import StepBox, StepLine
from symbackprop.algebra.step_product import StepProduct, StepProducts, step_products
from symbackprop.core.derivation import Derivation
from symbackprop.core.loops.recursion import Recursion
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.judge.proofs.proved import CLOSE, UNPROVED, Point, random_points
from symbackprop.judge.proofs.recursed import UNREADABLE, StepReader, Steps


def proved_products(derivation: Derivation, box: StepBox) -> StepProducts:
    """The products of a box; one that does not hold at every step of some points is not shown."""
    points = random_points(derivation)
    found = step_products(derivation.program, box)
    wrong = [each for each in found.found if not _is_proved(derivation, each, points)]
    missing = {**found.missing, **{each.name: UNPROVED for each in wrong}}
    return StepProducts(tuple(each for each in found.found if each not in wrong), missing)


def _is_proved(derivation: Derivation, told: StepProduct, points: list[Point]) -> bool:
    finite = [point for point in points if np.all(np.isfinite(point.values[told.name]))]
    recursion = Recursion(derivation.program, told.samples)
    return bool(finite) and all(_holds(recursion, told, point) for point in finite)


def _holds(recursion: Recursion, told: StepProduct, point: Point) -> bool:
    truth = np.asarray(point.values[told.name], dtype=float)
    close = CLOSE * max(largest_of(truth) or 1.0, 1e-6)
    factor, rest = (StepReader(recursion, line, point) if line else None for line in (told.factor, told.rest))
    assert factor is not None
    (carried,) = told.factor.at.carries
    start, count = factor.number(carried.start, {}), factor.number(carried.axis.extent, {})
    try:
        for steps in factor.assignments(told.factor.at.over):
            walk = range(steps[carried.axis.letter], start, -carried.step)
            want = _column(factor, told.factor, truth, steps)
            got = _multiplied(factor, rest, truth, steps, walk, start)
            if got.shape != want.shape or not largest_of(got - want) <= close * max(1, count):
                return False
    except UNREADABLE:
        return False
    return True


def _multiplied(
    factor: StepReader, rest: StepReader | None, truth: ndarray, steps: Steps, walk: range, start: int
) -> ndarray:  # fmt: skip
    """The right side of a product at some steps."""
    (carried,) = factor.line.at.carries
    axis, total, before = carried.axis.letter, np.zeros(()), np.eye(1)
    for at in (*walk, start):
        here = {**steps, axis: at}
        is_end = at == start and carried.has_value
        own = _column(factor, factor.line, truth, here) if is_end else rest.value(here) if rest is not None else None
        if own is not None:
            total = total + _times(before, own)
        if at != start:
            before = _times(before, factor.value(here))
    return np.asarray(total)


def _times(one: ndarray, two: ndarray) -> ndarray:
    return one * two if 1 in (one.size, two.size) else one @ two


def _column(reader: StepReader, line: StepLine, truth: ndarray, steps: Steps) -> ndarray:
    found = reader.entry(truth, line.at.target, steps).squeeze()
    return found.reshape(found.shape + (1,) * (2 - found.ndim))
