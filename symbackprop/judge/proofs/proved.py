"""The box, once each of its formulas has been proved: the tree that is printed is computed, at several points, against the program.

A wrong rewriting and a wrong lift are caught alike. A line that fails is not shown; the search goes on without it.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import product as cartesian
from math import prod

import numpy as np
from numpy import ndarray

from symbackprop.algebra.box import Box, box
from symbackprop.algebra.lines import Line, Lines
from symbackprop.algebra.matrix import Form
from symbackprop.algebra.positions import View
from symbackprop.core.derivation import Derivation
from symbackprop.core.functions import UnknownOperationError
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Program
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.extents import SizeError, evaluator
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import Jitter, PointError, last_digit, last_digits
from symbackprop.evaluate.sizes import sizes_of
from symbackprop.evaluate.tape import Run
from symbackprop.judge.proofs.forms import FormValue, entries

POINTS = 3
CLOSE = 1e-7  # of the largest entry; a formula that is wrong is wrong by more
TRIES = 4  # searches, each without the lines that failed before
DRAWS = 8  # times that rounded results move: what is left of 0 may be the same by chance
MOST = 300_000  # parts of a formula, counted as often as its sums read them, beyond which no point is tried
UNPROVED = "the short form that was found does not agree with the network"
TOO_LONG = "the short form that was found has too many sums within sums to be proved"
NO_POINT = "no point was found at which a short form could be proved"


@dataclass(frozen=True)
class Point:
    """All values of a program at a point."""

    sizes: Mapping[str, int]
    values: Mapping[str, ndarray]
    coarsely: dict[str, ndarray] = field(default_factory=dict)  # which entries stay as every rounded result moves by many digits,
    steady: dict[str, ndarray] = field(default_factory=dict)  # and by the last one, where those are not all, once asked for


def proved_box(derivation: Derivation, points: list[Point] | None = None, each: bool = False) -> Box:
    """The box of a derivation, of lines that are proved at some points; None: at random ones.

    each   whether each gradient has a formula of its own, also where it is a number times another.
    """
    points = random_points(derivation) if points is None else points
    if not points:
        return Box((), dict.fromkeys(derivation.program.outputs, NO_POINT))
    refused: dict[str, str] = {}
    program = _with_what_is_differentiated(derivation)
    for _ in range(TRIES):
        found = box(program, refused, each)
        said = [line for line in found.lines if not line.written or line.aliases]
        wrong = [line.name for line in said if not is_proved(derivation.program, line, points)]
        if not wrong:
            return found
        long = {line.name for line in said if not is_provable(line, points)}
        refused |= {
            name: TOO_LONG if name in long else UNPROVED if any(_is_finite(name, point) for point in points) else NO_POINT
            for name in wrong
        }
    return Box((), dict.fromkeys(derivation.program.outputs, UNPROVED))


def _with_what_is_differentiated(derivation: Derivation) -> Program:
    """The program whose outputs have lines: a gradient that is differentiated once more is said first."""
    program, of = derivation.program, derivation.of
    return replace(program, outputs=(of, *program.outputs)) if program.tensors[of].role and of not in program.outputs else program


def proved_line(derivation: Derivation, name: str, over: Collection[str] = ()) -> Line | None:
    """A gradient in one formula over the author's names and some other gradients alone, where there is one and it is proved."""
    if has_loops(derivation.program):
        return None
    line = Lines(derivation.program, {}).line(name, set(over))
    is_right = line.form is not None or bool(line.pieces)
    return line if is_right and is_proved(derivation.program, line, random_points(derivation)) else None


def random_points(derivation: Derivation) -> list[Point]:
    """Points at which the network is defined, with the values of the whole derivation there."""
    return _latest.of(derivation)


class _Latest:
    """The points of the latest derivation, as long as it is there: of one report, several lines are proved."""

    def __init__(self) -> None:
        self.kept: tuple[weakref.ref[Derivation] | None, list[Point]] = None, []

    def of(self, derivation: Derivation) -> list[Point]:
        whose, points = self.kept
        if whose is None or whose() is not derivation:
            points = _drawn(derivation)
            self.kept = weakref.ref(derivation, self.forget), points
        return points

    def forget(self, derivation: weakref.ref[Derivation]) -> None:
        if self.kept[0] is derivation:
            self.kept = None, []


_latest = _Latest()


def _drawn(derivation: Derivation) -> list[Point]:
    found = []
    for seed in range(POINTS):
        try:
            sizes, where = defined(derivation.forward, seed=seed)
            values = _valued(derivation.program, where, sizes)
        except (PointError, SizeError):
            continue
        found.append(Point(sizes, values))
    return found


def _valued(program: Program, where: Mapping[str, ndarray], sizes: Mapping[str, int]) -> dict[str, ndarray]:
    """All values, finite or not."""
    run = Run(program, where, sizes_of(program, where, sizes)).all(finite=False, keep_tape=False)
    return {name: value.data for name, value in run.values.items()} | dict(where)


def is_proved(program: Program, line: Line, points: list[Point]) -> bool:
    """Whether a line's formula is the value of its equation at every point at which that is finite.

    Entries that are rounding alone are left out. Fewer than half of the points may have no others, and decide nothing.
    """
    if not is_provable(line, points):
        return False
    finite = [point for point in points if _is_finite(line.name, point)]
    deciding = [point for point in finite if np.any(steady(program, line.name, point))]
    return 2 * len(deciding) > len(finite) and all(_agrees(program, line, point) for point in deciding)


def is_provable(line: Line, points: list[Point]) -> bool:
    """Whether a line's formula can be computed at the points in good time."""
    several = [line] if line.form is not None else line.pieces
    for point in points:
        extents = dict(zip(line.letters, point.values[line.name].shape, strict=False))
        for one in several:
            places = prod(extents.get(x, 1) for x in one.subscripts)
            if one.form is not None and visits(one.form, point) * places > MOST:
                return False
    return True


def visits(form: Form, point: Point) -> float:
    """How many parts are read where a form is computed: those below a sum at each position of its letters."""
    front = (*form.given.tops, *form.given.bottoms) if form.op == "scaled" else ()
    inner = 1.0 + sum(visits(part, point) for part in (*front, *form.parts))
    if form.op == "indexsum":
        for _, size in form.given:
            inner *= float(evaluator(size)(point.sizes))
    return inner


def _is_finite(name: str, point: Point) -> bool:
    return bool(np.all(np.isfinite(point.values[name])))


def steady(program: Program, name: str, point: Point) -> ndarray:
    """The entries of a value that stay as every rounded result moves in its last digit.

    1/(1 - sum p) does not, of p that sums to one. Small ones may move by as little as would not count in the largest that stays.
    """
    if not point.coarsely:
        point.coarsely.update(_steady(program, point, last_digits(np.random.default_rng(0)), 1))
    if np.all(point.coarsely[name]):
        return point.coarsely[name]
    if not point.steady:
        point.steady.update(_steady(program, point, last_digit(np.random.default_rng(0)), DRAWS))
    return point.steady[name]


def _steady(program: Program, point: Point, jitter: Jitter, draws: int) -> dict[str, ndarray]:
    """The entries of each value that stay as every rounded result moves so many times."""
    return {n: _stays(np.asarray(point.values[n], dtype=float), by) for n, by in _moved(program, point, jitter, draws).items()}


def _stays(truth: ndarray, by: ndarray) -> ndarray:
    with np.errstate(invalid="ignore"):  # by what is not a number, where a value is not
        return by <= CLOSE * max(largest_of(truth[by <= CLOSE * np.abs(truth)]), 1e-6)


def _moved(program: Program, point: Point, jitter: Jitter, draws: int) -> dict[str, ndarray]:
    """By how much entries move at most; by nothing where nothing is known to be rounding."""
    by = {name: np.zeros(np.shape(value)) for name, value in point.values.items()}
    try:
        at = sizes_of(program, point.values, point.sizes)
        for _ in range(draws):
            run = Run(program, point.values, at, jitter=jitter).all(finite=False, keep_tape=False)
            with np.errstate(invalid="ignore"):
                for name in by:
                    by[name] = np.maximum(by[name], np.abs(run.values[name].data - point.values[name]))
    except (PointError, SizeError):
        return {name: np.zeros(np.shape(value)) for name, value in point.values.items()}
    return by


def _agrees(program: Program, line: Line, point: Point) -> bool:
    if line.written:  # the program's own equation, but for what its values are called
        pairs = [(gradient, value, steady(program, gradient, point)) for gradient, value in line.aliases]
        return all(np.allclose(point.values[a][stays], point.values[b][stays], rtol=CLOSE) for a, b, stays in pairs)
    truth = np.asarray(point.values[line.name], dtype=float)
    stays = steady(program, line.name, point)
    within = CLOSE * max(largest_of(truth[stays]) or 1.0, 1e-6)
    if line.form is not None:
        return _is_at(program, line.form, point, truth, stays, line.letters, line.subscripts, within)
    rest = truth.copy()
    for piece in line.pieces:
        assert isinstance(piece.view, View)
        index = entries(piece.view, lambda n: int(evaluator(n)(point.sizes)))
        if not _is_at(program, piece.form, point, truth[index], stays[index], piece.letters, piece.subscripts, within):
            return False
        rest[index] = np.nan if line.whole else 0.0
    return bool(np.all(np.isnan(rest))) if line.whole else not largest_of(rest[stays]) > within


def _is_at(
    program: Program,
    form: Form,
    point: Point,
    truth: ndarray,
    stays: ndarray,
    letters: tuple[str, ...],
    subscripts: tuple[str, ...],
    within: float,
) -> bool:
    """Whether a form has the steady values of an array over letters, at each position of those that stand as subscripts."""
    ranges = [range(truth.shape[letters.index(x)]) for x in subscripts]
    value = FormValue(program, point.values, point.sizes, {})
    for places in cartesian(*ranges):
        at = dict(zip(subscripts, places, strict=True))
        place = tuple(at.get(x, slice(None)) for x in letters)
        want, still = truth[place], stays[place]
        want = want.reshape(want.shape + (1,) * (2 - want.ndim)) if want.ndim < 3 else want.squeeze()
        with np.errstate(all="ignore"):
            try:
                got = value.moved(at).read(form)
            except (ValueError, IndexError, np.linalg.LinAlgError, PointError, UnknownOperationError):
                return False
        if got.shape != want.shape and not (got.size == want.size and 1 in truth.shape):
            return False
        if not largest_of((got.reshape(want.shape) - want)[still.reshape(want.shape)]) <= within:
            return False
    return True
