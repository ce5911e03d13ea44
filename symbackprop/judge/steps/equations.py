r"""Equations for the best value of a parameter, X^\top X \hat\beta = X^\top y: whether the gradient is 0 at what solves them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

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
from symbackprop.judge.steps.stationary import ZERO, tall_places
from symbackprop.judge.weighing.points import Place
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import value

MOST = 60  # unknown numbers
LEAST = 3  # points with a solution
STEPS = 30  # of Newton's method
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
    for place in tall_places(known.truth):
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
    for place in tall_places(known.truth) if others else ():
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
    for place in tall_places(known.truth):
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
        if gap.size:
            found.append(bool(gap.max() <= NEAR and before.max() > BESIDE))
    return len(found) >= LEAST and all(found)


def holds_together(known: Known, program: Program, wrt: str) -> bool | None:
    """Whether a parameter is equal to what is made of others, x = y, where all gradients are 0.

    None where no such place is found, and where it holds at some of them alone.
    """
    kinds, count = set[bool](), 0
    for place in tall_places(known.truth):
        several = _held_at(known, program, wrt, place)
        kinds |= several
        count += bool(several)
        if len(kinds) > 1:
            return None
    return kinds.pop() if count >= LEAST else None


def _held_at(known: Known, program: Program, wrt: str, place: Place) -> set[bool]:
    """Whether a parameter is equal to a tensor where all gradients are 0, at each such place that is found from a point."""
    names = [tensor.name for tensor in known.truth.program.parameters]
    found: set[bool] = set()
    for begun in _begun(known, program, wrt, names, place):
        best = at_best(known, names, {}, begun)
        try:
            if best is None or not all(curved(known, n, place, best[n], {m: best[m] for m in names}).all() for n in names):
                continue
            claimed = value(known.truth, program, known.written, place, best, FLOATS)
        except (PointError, SymbackpropError):
            continue
        gap = largest_of(claimed - best[wrt])
        found.add(bool(gap <= NEAR * (1.0 + largest_of(best[wrt]))))
    return found


def _begun(known: Known, program: Program, wrt: str, names: Sequence[str], place: Place) -> Iterator[Place]:
    """Where Newton's method begins: around a point, at positive numbers, and where the parameter is what is claimed already."""
    scaled = [{name: factor * place.point[name] for name in names} for factor in STARTS]
    for values in (*scaled, {name: np.abs(place.point[name]) for name in names}):
        try:
            one = elsewhere(known, place, values)
            yield one
            claimed = value(known.truth, program, known.written, one, one.values, FLOATS)
            yield elsewhere(known, one, {wrt: claimed})
        except (PointError, SymbackpropError):
            continue


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

    def at(own: ndarray) -> tuple[dict[str, ndarray], ndarray]:
        parts = np.split(own, np.cumsum(counts)[:-1])
        given = {name: part.reshape(shape) for name, part, shape in zip(others, parts, shapes, strict=True)}
        values = walk(known.truth.everything, {**place.point, **given, **fixed}, place.sizes)
        return values, np.concatenate([values[f"d{known.truth.of}/d{name}"].ravel() for name in others])

    try:
        own = np.concatenate([np.ravel(place.point[name]) for name in others]).astype(float)
        for _ in range(STEPS):
            values, gradient = at(own)
            if largest_of(gradient) <= ZERO:
                return values
            moves = MOVED * np.eye(len(own))
            with np.errstate(all="ignore"):  # far from where it begins a gradient may be infinite
                hessian = np.stack([(at(own + one)[1] - at(own - one)[1]) / (2 * MOVED) for one in moves], axis=1)
            if not np.isfinite(hessian).all():
                return None
            own = own - np.linalg.solve(hessian, gradient)
    except (PointError, SymbackpropError, np.linalg.LinAlgError, ValueError):
        return None
    return None
