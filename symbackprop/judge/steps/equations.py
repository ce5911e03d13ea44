r"""Equations for the best value of a parameter, X^\top X \hat\beta = X^\top y: whether the gradient is 0 at what solves them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.best_names import parameter_named
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.stationary import ZERO
from symbackprop.judge.weighing.points import Place
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import value

MOST = 60  # unknown numbers
LEAST = 3  # points with a solution
SEVERAL = 8  # unknown numbers: beyond, the gradients are compiled
STEPS = 30  # of Newton's method
FARTHEST = 1e9  # beyond, nothing is sought
STARTS = (1.0, 0.3, -0.7, 1.9, 4.0)  # times a point: where that begins
MOVED = 1e-5
BESIDE, CURVED = 1e-2, 1e-2  # how far from a best value, and how steep the gradient is there at least
NEAR = 1e-6  # relative to the gradient elsewhere
_BEST = re.compile(
    r"\\(?:wide)?hat\s*(?:\{\s*\\?[A-Za-z]+\s*\}|\\?[A-Za-z]+)(?:_(?:\w|\{[^{}]*\}))?|\\?[A-Za-z]+\s*(?:\^\s*\{?\s*(?:\*|\\star|\\ast)\s*\}?"
    r"|_\s*\{\s*(?:\\(?:text|mathrm)\s*\{\s*)?(?:MLE?|MAP|OLS|opt)\s*\}+)"
)
_SEVERAL = re.compile(r"([A-Za-z]+)[A-Za-z]\s*[_^]")


def with_own_names(truth: Truth, claim: str) -> tuple[str, list[str]]:
    r"""A claim with the names of parameters for their best values, X \beta for X\hat\beta; and of which it speaks."""
    spoken: list[str] = []

    def own(found: re.Match[str]) -> str:
        before, name = "", found[0]
        if parameter_named(truth, name) is None and (several := _SEVERAL.match(name)):  # X w^*
            before, name = several[1], name[several.end(1) :]
        wrt = parameter_named(truth, name)
        if wrt is None:
            return found[0]
        spoken.append(wrt)
        return f"{before} {latex(parse_name(wrt).formula())} "

    return _BEST.sub(own, claim), list(dict.fromkeys(spoken))


def is_stationary(known: Known, program: Program, wrt: str) -> bool | None:
    """Whether the gradient by a parameter is 0 where a tensor is; None where it is not linear in it, or has no one solution."""
    found: list[bool] = []
    for place in known.truth.tall_places:
        best = _solution(known, program, wrt, place)
        if best is None:
            continue
        name = f"d{known.truth.of}/d{wrt}"
        there = walk(known.truth.everything, {**place.point, wrt: best}, place.sizes)[name]
        scale = max(largest_of(place.values[name]), 1.0)
        found.append(largest_of(there) <= ZERO * scale)
    return None if len(found) < LEAST or len({*found}) > 1 else found[0]


def _solution(known: Known, program: Program, wrt: str, place: Place) -> ndarray | None:
    """What a tensor that is linear in a parameter is 0 at."""
    shape = place.point[wrt].shape
    count = int(np.prod(shape))
    if count > MOST:
        return None

    def at(own: ndarray) -> ndarray:
        values = walk(known.truth.everything, {**place.point, wrt: own.reshape(shape)}, place.sizes)
        return value(known.truth, program, known.written, place, values, FLOATS).ravel()

    try:
        nothing = at(np.zeros(count))
        columns = [at(unit) - nothing for unit in np.eye(count)]
        matrix = np.stack(columns, axis=1)
        somewhere = np.linspace(-1.0, 1.5, count)
        linear = matrix @ somewhere + nothing
        if not np.allclose(at(somewhere), linear, rtol=1e-9, atol=1e-9 * (1.0 + largest_of(linear))):
            return None
        best, _, rank, _ = np.linalg.lstsq(matrix, -nothing, rcond=1e-10)
    except (PointError, SymbackpropError, np.linalg.LinAlgError, ValueError):
        return None
    is_solved = rank == count and np.allclose(matrix @ best, -nothing, rtol=1e-8, atol=1e-8 * (1.0 + largest_of(nothing)))
    return best.reshape(shape) if is_solved else None


def is_best_with_others(known: Known, program: Program, wrt: str) -> bool | None:
    """Whether the gradient by a parameter is 0 at a value of it where the other parameters are at their best, too.

    None where their best is not found, and where it is 0 at another value as well: the others make up for any.
    """
    others = [one.name for one in known.truth.program.parameters if one.name != wrt]
    found: list[bool] = []
    for place in known.truth.tall_places if others else ():
        there = _slope_with_others(known, program, wrt, others, place)
        if there is not None:
            found.append(there)
            if there and _slope_with_others(known, program, wrt, others, place, BESIDE) is not False:
                return None
    return None if len(found) < LEAST or len({*found}) > 1 else found[0]


def _slope_with_others(
    known: Known, program: Program, wrt: str, others: list[str], place: Place, beside: float = 0.0
) -> bool | None:  # fmt: skip
    """Whether the gradient by a parameter is 0 at a value, or beside it, with the others at their best there; None: not found."""
    moved = _others_at_best(known, program, wrt, others, place, beside)
    if moved is None:
        return None
    name = f"d{known.truth.of}/d{wrt}"
    scale = max(largest_of(place.values[name]), 1.0)
    return largest_of(moved[name]) <= NEAR * scale


def holds_at_best(known: Known, program: Program, wrt: str) -> bool:
    """Whether a parameter is equal to what is made of it, w = g(w), where the gradient by it is 0, and not everywhere."""
    found: list[bool] = []
    for place in known.truth.tall_places:
        try:
            anywhere = value(known.truth, program, known.written, place, place.values, FLOATS)
            moved = at_best(known, [wrt], {}, place)
            there = None if moved is None else value(known.truth, program, known.written, place, moved, FLOATS)
        except (PointError, SymbackpropError):
            continue
        if moved is None or there is None:
            continue
        is_clear = curved(known, wrt, place, moved[wrt])  # an entry that ran off has no slope either
        gap, before = np.abs(there - moved[wrt])[is_clear], np.abs(anywhere - place.point[wrt])[is_clear]
        if gap.size and largest_of(moved[wrt]) > BESIDE:  # at 0, w = 3w holds as well
            found.append(bool(gap.max() <= NEAR and before.max() > BESIDE))
    return len(found) >= LEAST and all(found)


def goes_up(known: Known, program: Program, wrt: str) -> bool:
    """Whether what a parameter becomes, w = g(w), lies along the gradient at all points: an ascent."""
    found: list[bool] = []
    for place in known.truth.tall_places:
        with suppress(PointError, SymbackpropError):
            moved = value(known.truth, program, known.written, place, place.values, FLOATS) - place.point[wrt]
            along = float((moved * place.values[f"d{known.truth.of}/d{wrt}"]).sum())
            found += [along > 0] if np.isfinite(along) else []
    return len(found) >= LEAST and all(found)


def holds_together(known: Known, program: Program, wrt: str) -> bool | None:
    """Whether a parameter is equal to what is made of others, x = y, where all gradients are 0.

    None where no such place is found, and where it holds at some of them alone.
    """
    several = _together(known, program, wrt)
    return several[0].pop() if len(set().union(*several)) == 1 else None


def holds_somewhere(known: Known, program: Program, wrt: str) -> bool:
    """Whether a parameter is equal to a tensor at some of the places where all gradients are 0."""
    return any(True in found for found in _together(known, program, wrt))


def vanishes(known: Known, program: Program) -> bool:
    """Whether a tensor is 0 where all gradients are 0, and not elsewhere."""
    elsewhere_too = [value(known.truth, program, known.written, at, at.values, FLOATS) for at in known.truth.tall_places]
    several = [] if any(largest_of(one) <= NEAR for one in elsewhere_too) else _together(known, program, None)
    return bool(several) and all(found == {True} for found in several)


def _together(known: Known, program: Program, wrt: str | None) -> list[set[bool]]:
    """Whether a parameter is equal to a tensor, or a tensor is 0, at the places with gradients of 0 that each point leads to."""
    if wrt in known.truth.pinned:  # it is a number here, and is not sought
        return []
    found = [several for k in range(len(known.truth.tall_places)) if (several := _held_at(known, program, wrt, k))]
    return found if len(found) >= LEAST else []


def _held_at(known: Known, program: Program, wrt: str | None, k: int) -> set[bool]:
    """Whether a parameter is equal to a tensor where all gradients are 0, at each such place that is found from the k-th point."""
    place, found = known.truth.tall_places[k], set[bool]()
    for best in (*_resting(known, k), *_from_what_is_said(known, program, wrt, place)):
        try:
            claimed = value(known.truth, program, known.written, place, best, FLOATS)
        except (PointError, SymbackpropError):
            continue
        own = np.zeros(()) if wrt is None else best[wrt]
        found.add(bool(largest_of(claimed - own) <= NEAR * (1.0 + largest_of(own))))
    return found


def _resting(known: Known, k: int) -> list[dict[str, ndarray]]:
    """All values at the places with gradients of 0 to which the k-th point leads, and others along with it."""
    if k not in known.truth.resting:
        place, names = known.truth.tall_places[k], [tensor.name for tensor in known.truth.program.parameters]
        begun = [{name: factor * place.point[name] for name in names} for factor in STARTS]
        begun.append({name: np.abs(place.point[name]) for name in names})
        known.truth.resting[k] = [best for one in begun for best in _led_to(known, place, one)]
    return known.truth.resting[k]


def _from_what_is_said(known: Known, program: Program, wrt: str | None, place: Place) -> Iterator[dict[str, ndarray]]:
    """The same where the parameter begins at what is said of it."""
    if wrt is not None:
        with suppress(PointError, SymbackpropError):
            claimed = value(known.truth, program, known.written, place, place.values, FLOATS)
            yield from _led_to(known, place, {wrt: claimed})


def _led_to(known: Known, place: Place, begun: Mapping[str, ndarray]) -> Iterator[dict[str, ndarray]]:
    """All values where all gradients are 0, and are not beside it, if parameters that begin somewhere are led there."""
    names = [tensor.name for tensor in known.truth.program.parameters]
    with suppress(PointError, SymbackpropError):
        best = at_best(known, names, {}, replace(place, point={**place.point, **begun}, values={}))
        if best is not None and all(curved(known, n, place, best[n], {m: best[m] for m in names}).all() for n in names):
            yield best


def elsewhere(known: Known, place: Place, values: Mapping[str, ndarray]) -> Place:
    """A place with other values of some tensors."""
    own = Place(place.program, place.everything, place.seed, place.sizes, {**place.point, **values})
    own.values = walk(known.truth.everything, own.point, own.sizes)
    return own


def curved(known: Known, wrt: str, place: Place, best: ndarray, beside: Mapping[str, ndarray] | None = None) -> ndarray:
    """The entries of a parameter beside whose best value a gradient is not 0.

    beside   the best values of all parameters, any of whose gradients may be the one; None: it is that by the parameter alone.
    """
    found = np.zeros(best.shape, dtype=bool)
    for at in np.ndindex(best.shape):
        moved = best.copy()
        moved[at] += BESIDE
        values = walk(known.truth.everything, {**place.point, **(beside or {}), wrt: moved}, place.sizes)
        slopes = [largest_of(values[f"d{known.truth.of}/d{one}"]) for one in beside or ()]
        found[at] = max(slopes or [abs(values[f"d{known.truth.of}/d{wrt}"][at])]) > BESIDE * CURVED
    return found


def _others_at_best(
    known: Known, program: Program, wrt: str, others: list[str], place: Place, beside: float
) -> dict[str, ndarray] | None:  # fmt: skip
    """All values where a parameter has the value that is claimed, or one beside it, and the gradient by the others is 0."""
    try:
        best = value(known.truth, program, known.written, place, place.values, FLOATS) + beside
    except (PointError, SymbackpropError):
        return None
    return at_best(known, others, {wrt: best}, place)


def at_best(known: Known, others: list[str], fixed: dict[str, ndarray], place: Place) -> dict[str, ndarray] | None:
    """All values where the gradient by some parameters is 0, by Newton's method; None where it does not get there.

    fixed   the values of others.
    """
    shapes = [place.point[name].shape for name in others]
    counts = [int(np.prod(shape)) for shape in shapes]
    if sum(counts) > MOST:
        return None

    def given(own: ndarray) -> dict[str, ndarray]:
        parts = np.split(own, np.cumsum(counts)[:-1])
        moved = {name: part.reshape(shape) for name, part, shape in zip(others, parts, shapes, strict=True)}
        return {**place.point, **moved, **fixed}

    several = known.truth.compiled_slopes(place.sizes) if sum(counts) > SEVERAL else None

    def at(own: ndarray) -> ndarray:
        if several is not None:
            found = several(given(own))
            return np.concatenate([found[name].ravel() for name in others])
        values = walk(known.truth.slopes, given(own), place.sizes)
        return np.concatenate([values[f"d{known.truth.of}/d{name}"].ravel() for name in others])

    try:
        own = np.concatenate([np.ravel(place.point[name]) for name in others]).astype(float)
        for _ in range(STEPS):
            gradient = at(own)
            if largest_of(gradient) <= ZERO:
                return walk(known.truth.everything, given(own), place.sizes)
            if largest_of(own) > FARTHEST:
                return None
            moves = MOVED * np.eye(len(own))
            with np.errstate(all="ignore"):  # far from where it begins a gradient may be infinite
                hessian = np.stack([(at(own + one) - gradient) / MOVED for one in moves], axis=1)
            if not np.isfinite(hessian).all():
                return None
            own = own - np.linalg.solve(hessian, gradient)
    except (PointError, SymbackpropError, np.linalg.LinAlgError, ValueError):
        return None
    return None
