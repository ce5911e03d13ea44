"""Where a loss is stationary: whether its gradient is 0 at a value of a parameter, or a multiple of a tensor."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.judge.sides.best_names import parameter_named
from symbackprop.judge.steps.known import Known
from symbackprop.judge.weighing.points import Place
from symbackprop.judge.weighing.reading import CLAIM, equal_shapes
from symbackprop.judge.weighing.truth import TALL, Truth
from symbackprop.judge.weighing.weigh import value

PLACES = TALL  # points of each of two sizes at which a solution is held against the gradient
LEAST = 3  # as many must have one
ZERO = 1e-8  # relative to the gradient elsewhere
BESIDE = 0.1  # how far from a solution the gradient is large again
FLAT = 1e-6  # relative to the gradient elsewhere: there nothing is told of a least value
LARGEST = 1e6  # of a solution; beyond it a matrix was nearly singular


def held(
    known: Known, program: Program, wrt: str, beside: Mapping[str, Program] | None = None, signs: Collection[str] = ()
) -> list[str]:
    """Among which values a solution is best, at each point that has one.

    beside   the best values of others; None: those that steps have named so.
    signs    the data that are -1 or 1 there.
    """
    places = [_with_signs(known.truth, at, signs) if signs else at for at in known.truth.tall_places]
    return [best for at in places if at is not None and (best := _best(known, program, wrt, at, beside)) is not None]


def _with_signs(truth: Truth, place: Place, names: Collection[str]) -> Place | None:
    """A point at which some data are -1 or 1; None where the loss is not finite there."""
    moved = {name: np.where(place.point[name] > 0, 1.0, -1.0) for name in names}
    own = Place(place.program, place.everything, place.seed, place.sizes, {**place.point, **moved})
    try:
        own.values = walk(truth.everything, own.point, own.sizes)
    except PointError:
        return None
    return own if np.isfinite(own.values[truth.of]).all() else None


def among_all(found: Sequence[str]) -> str | None:
    """Among which values a solution is best at all points; None where it is not."""
    return next((one for one in ("", "sum", "length") if len(found) >= LEAST and {*found} <= {"", one}), None)


def _among(best: ndarray, gradient: ndarray, scale: float) -> str:
    """Among which values a parameter is best: all, those that sum to 1, those of length 1 (Lagrange); "none" where it is not."""
    if largest_of(gradient) <= ZERO * scale:
        return ""
    if (
        best.ndim
        and largest_of(best.sum(axis=-1) - 1) <= ZERO
        and largest_of(gradient - gradient.mean(axis=-1, keepdims=True)) <= ZERO * scale
    ):
        return "sum"
    along = (gradient * best).sum(axis=-1, keepdims=True) if best.ndim else gradient
    if best.ndim and largest_of((best**2).sum(axis=-1) - 1) <= ZERO and largest_of(gradient - along * best) <= ZERO * scale:
        return "length"
    return "none"


def is_multiple(known: Known, program: Program, wrt: str) -> bool:
    """Whether a tensor is a number times the gradient, at all points; a number by itself is one that depends on sizes alone."""
    truth, name_of = known.truth, f"d{known.truth.of}/d{wrt}"
    scales: dict[str, list[float]] = {}
    several = False
    for place in truth.places.first(2 * PLACES):
        true = place.values[name_of]
        try:
            found = value(truth, program, (), place, place.values, FLOATS)
        except PointError:
            return False
        if found.shape != true.shape or not np.isfinite(found).all():
            return False
        scale = float(np.vdot(found, true)) / (float(np.vdot(true, true)) or 1.0)
        if scale == 0 or largest_of(found - scale * true) > ZERO * largest_of(found):
            return False
        several |= true.size > 1
        scales.setdefault(str(sorted(place.sizes.items())), []).append(scale)
    alike = all(abs(one - own[0]) <= ZERO * abs(own[0]) for own in scales.values() for one in own)
    return bool(scales) and (several or (alike and any(len(own) > 1 for own in scales.values())))


def _best(known: Known, program: Program, wrt: str, place: Place, beside: Mapping[str, Program] | None = None) -> str | None:
    """Among which values a solution is best at a point; None where there is none."""
    truth = known.truth
    gradient = f"d{truth.of}/d{wrt}"
    known_best = solved(known) if beside is None else beside
    try:
        best = value(truth, program, known.written, place, place.values, FLOATS)
        if not np.isfinite(best).all() or largest_of(best) > LARGEST:
            return None
        others = {w: value(truth, p, known.written, place, place.values, FLOATS) for w, p in known_best.items() if w != wrt}
        found = [walk(truth.everything, {**place.point, **own, wrt: best}, place.sizes)[gradient] for own in ({}, others)]
        beyond = walk(truth.everything, {**place.point, wrt: best + BESIDE}, place.sizes)[gradient]
    except (PointError, SymbackpropError, np.linalg.LinAlgError):
        return None
    away = largest_of(beyond[np.isfinite(beyond)])
    scale = max(largest_of(place.values[gradient]), away, 1.0)
    if away <= FLAT * scale:  # where a loss is flat, its least value is far away
        return None
    several = {_among(best, one, scale) for one in found if np.isfinite(one).all()}
    return next((one for one in ("", "sum", "length", "none") if one in several), None)


def solved(known: Known) -> dict[str, Program]:
    """The parameters that steps have solved for: the variance is best at the best mean."""
    found = {parameter_named(known.truth, own): what for own, what in known.written}
    shapes = known.truth.program.shape
    return {w: what for w, what in found.items() if w and isinstance(what, Program) and equal_shapes(what.shape(CLAIM), shapes(w))}
