"""An equation in matrices held against its value, before it is shown: what is another value is shown in index letters instead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from itertools import product as cartesian

import numpy as np
from numpy import ndarray

from symbackprop.algebra.matrix import Form
from symbackprop.core.derivation import Derivation
from symbackprop.core.functions import UnknownOperationError
from symbackprop.core.program import Equation, Program
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.judge.proofs.forms import FormValue
from symbackprop.judge.proofs.proved import CLOSE, MOST, Point, random_points, steady, visits


def holds(derivation: Derivation, equation: Equation, form: Form, below: Sequence[str]) -> bool:
    """Whether a form has the value of an equation at a random point, as far as it can be computed: what is wrong is wrong at each.

    below   its letters that stand as subscripts.
    """
    points = (point for point in random_points(derivation) if equation.target.name in point.values)
    return all(_holds(derivation.program, equation, form, below, point) for point in islice(points, 1))


def _holds(program: Program, equation: Equation, form: Form, below: Sequence[str], point: Point) -> bool:
    truth = np.asarray(point.values[equation.target.name], dtype=float)
    lead = [truth.shape[k] for k, c in enumerate(equation.target.index) if c in below]
    if not np.all(np.isfinite(truth)) or visits(form, point) * np.prod(lead) > MOST:
        return True
    value = FormValue(program, point.values, point.sizes, {})
    try:
        with np.errstate(all="ignore"):
            found = [value.moved(dict(zip(below, at, strict=False))).read(form) for at in cartesian(*map(range, lead))]
    except (KeyError, ValueError, IndexError, np.linalg.LinAlgError, PointError, UnknownOperationError):
        return True
    return _agrees(program, equation.target.name, point, truth, np.array([_spread(x, truth.shape[len(lead) :]) for x in found]))


def _spread(x: ndarray, shape: tuple[int, ...]) -> ndarray:
    """A value in its shape; a number stands for all entries."""
    return x.reshape(shape) if x.size == np.prod(shape) else np.full(shape, x.item())


def _agrees(program: Program, name: str, point: Point, truth: ndarray, found: ndarray) -> bool:
    """Whether two values are one, but for what is rounding alone."""
    wrong = np.abs(found.reshape(truth.shape) - truth)
    if largest_of(wrong) <= CLOSE * (largest_of(truth) or 1.0):
        return True
    stays = steady(program, name, point)
    return largest_of(wrong[stays]) <= CLOSE * max(largest_of(truth[stays]) or 1.0, 1e-6)
