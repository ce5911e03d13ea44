"""What a matrix form stands for at numbers: one rule for each op, which shares nothing with the algebra that made the form."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise
from itertools import product as cartesian
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.algebra.matrix import Form
from symbackprop.algebra.positions import View, tensor_of
from symbackprop.algebra.subscripts import letters_below
from symbackprop.core.functions import known
from symbackprop.core.functions.special import remainder
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.bodies.body_walk import Frame, read_body
from symbackprop.evaluate.bodies.scope import COMPARE
from symbackprop.evaluate.extents import evaluator
from symbackprop.evaluate.walk import matrix_function, reduced

_ARGUMENTS = sp.symbols("x0:4")
ROUNDING = 1e-12
ANY = 0.6180339  # what stands outside of a tensor where nothing hangs on it


class FormValue:
    """Reads forms at one point.

    values   an array for each tensor.
    sizes    the sizes by name.
    at       the positions of the letters that stand as subscripts.
    """

    def __init__(self, program: Program, values: Mapping[str, ndarray], sizes: Mapping[str, int], at: Mapping[str, int]) -> None:
        self.program, self.values, self.sizes, self.at = program, values, sizes, at
        self.once: dict[Hashable, Any] = {}  # what is computed once for all positions
        self.forms: dict[int, tuple[Form, frozenset[str]]] = {}  # by identity, which is kept so: their letters

    def moved(self, at: Mapping[str, int]) -> FormValue:
        """The same at other positions."""
        other = FormValue(self.program, self.values, self.sizes, at)
        other.once, other.forms = self.once, self.forms
        return other

    def view(self, view: View) -> ndarray:
        """The entries of a view, an axis for each of its own."""
        if view not in self.once:
            array = np.asarray(self.values[view.tensor], dtype=float)
            self.once[view] = array[entries(view, lambda n: int(self.number(n)))]
        return self.once[view]

    def read(self, x: Form) -> ndarray:
        """The matrix; a vector is a column, a number has one row and one column."""
        if not self.at or x.op == "leaf":
            return self._read(x)
        if id(x) not in self.forms:
            self.forms[id(x)] = x, frozenset(letters_below(x))
        letters = [letter for letter in self.at if letter in self.forms[id(x)][1]]
        if len(letters) == len(self.at):
            return self._read(x)
        place = id(x), *[(letter, self.at[letter]) for letter in letters]  # the same wherever other letters are
        if place not in self.once:
            self.once[place] = self._read(x)
        return self.once[place]

    def _read(self, x: Form) -> ndarray:
        value = np.asarray(known(RULES, x.op, "the values of forms (judge.forms.RULES)")(self, x), dtype=float)
        if np.isnan(value).any():  # 0 times infinity, where a condition says that there is no such term
            left_out = self.left_out(x)
            return value if left_out is None else np.where(left_out, 0.0, value)
        return value

    def left_out(self, x: Form) -> ndarray | None:
        """Where a product is 0 by a condition that is a factor of it, and a sum where all of its terms are; None: nowhere."""
        if x.op in ("positions", "compare"):
            return self.read(x) == 0
        if x.op == "sum":
            terms = [places for term in x.parts if (places := self.left_out(term)) is not None]
            return np.logical_and.reduce(np.broadcast_arrays(*terms)) if len(terms) == len(x.parts) else None
        tops = {"hadamard": x.parts, "over": x.parts[:1]}.get(x.op, ()) if x.op != "scaled" else (*x.given.tops, *x.parts)
        found = [places for top in tops if (places := self.left_out(top)) is not None]
        return np.logical_or.reduce(np.broadcast_arrays(*found)) if found else None

    def parts(self, x: Form) -> list[ndarray]:
        return [self.read(part) for part in x.parts]

    def number(self, e: sp.Expr) -> float:
        """A size, pi, or what is left of one size by another."""
        if e not in self.once:
            self.once[e] = float(e) if e.is_number and not e.has(remainder) else float(evaluator(e)(self.sizes))
        return self.once[e]


def _leaf(at: FormValue, x: Form) -> ndarray:
    name = x.given.name
    array = at.view(name) if isinstance(name, View) else np.asarray(at.values[tensor_of(name)], dtype=float)
    if not isinstance(name, View) and array.ndim > 2:
        array = array.squeeze(tuple(k for k, n in enumerate(at.program.shape(name)) if n == 1))
    array = array[tuple(at.at[c] for c in x.given.subscripts)]
    return array.reshape(array.shape + (1,) * (2 - array.ndim))


def _shifted(at: FormValue, x: Form) -> ndarray:
    """An entry at a position that may be outside: it is 0 there, or any number, since a factor beside it is 0."""
    key = x.given.name, x.given.zero
    if key not in at.once:
        at.once[key] = _padded(at, *key)
    return at.once[key][tuple(at.at[c] for c in x.given.subscripts)].reshape(1, 1)


def _padded(at: FormValue, view: View, zero: bool) -> ndarray:
    """The entries of a view, and what stands for those outside of its tensor."""
    array, index = np.asarray(at.values[view.tensor], dtype=float), entries(view, lambda n: int(at.number(n)))
    inside = np.logical_and.reduce(np.broadcast_arrays(*[(p >= 0) & (p < n) for p, n in zip(index, array.shape, strict=True)]))
    within = array[tuple(np.clip(p, 0, n - 1) for p, n in zip(index, array.shape, strict=True))]
    return np.where(inside, within, 0.0 if zero else ANY)


def entries(view: View, number: Callable[[Any], int]) -> tuple[ndarray, ...]:
    """The positions of a view's entries in each axis of its tensor, as an index of NumPy."""
    extents = [number(n) for n in view.shape]
    found = []
    for place in view.places:
        at = np.full((1,) * len(extents), number(place.offset))
        for k, stride in place.parts:
            steps = number(stride) * np.arange(extents[k])
            at = at + steps.reshape([-1 if m == k else 1 for m in range(len(extents))])
        found.append(at if extents else at.reshape(()))
    return tuple(found)


def _onehot(at: FormValue, x: Form) -> ndarray:
    name, below = x.given.name, x.given.subscripts
    array = np.asarray(at.values[tensor_of(name)])
    array = array[entries(name, lambda n: int(at.number(n)))] if isinstance(name, View) else array
    shape = name.shape if isinstance(name, View) else at.program.shape(name)
    array = array.squeeze(tuple(k for k, n in enumerate(shape) if n == 1 and k >= len(below)))
    places = array[tuple(at.at[c] for c in below)]
    rows = (places[..., None] == np.arange(int(at.number(x.given.size)))).astype(float)  # no class, no entry
    return rows.reshape(-1, 1) if rows.ndim == 1 else rows


def _positions(at: FormValue, x: Form) -> ndarray:
    """1 where positions are as they are said to be."""
    steps = (at.number(slope) * at.at[letter] for letter, slope in zip(x.given.letters, x.given.slopes, strict=True))
    return np.full((1, 1), float(COMPARE[x.given.relation](sum(steps) + at.number(x.given.offset), 0)))


def _count(at: FormValue, x: Form) -> ndarray:
    """How many positions there are."""
    steps = (at.number(slope) * at.at[letter] for letter, slope in zip(x.given.letters, x.given.slopes, strict=True))
    return np.full((1, 1), float(sum(steps) + at.number(x.given.offset)))


def _entry(at: FormValue, x: Form) -> ndarray:
    places = tuple(at.at[letter] for letter in x.given)
    return at.read(x.parts[0])[(*places, 0)[:2]].reshape(1, 1)


def _product(at: FormValue, x: Form) -> ndarray:
    first, *rest = at.parts(x)
    for other in rest:
        first = first * other if 1 in (first.size, other.size) else first @ other
    return first


def _hadamard(at: FormValue, x: Form) -> ndarray:
    return np.prod(np.broadcast_arrays(*at.parts(x)), axis=0)


def _scaled(at: FormValue, x: Form) -> ndarray:
    out = np.full((1, 1), float(x.given.coefficient))
    for top in x.given.tops:
        out = out * at.read(top)
    for bottom in x.given.bottoms:
        out = out / at.read(bottom)
    return out * at.read(x.parts[0]) if x.parts else out


def _function(at: FormValue, x: Form) -> ndarray:
    parts = at.parts(x)
    if isinstance(x.given, str):
        if x.given in _WHOLE:
            return _WHOLE[x.given](*parts)
        return reduced(x.given, parts[0], 0, FLOATS).reshape(1, 1)
    symbols = _ARGUMENTS[: len(parts)]
    frame = Frame(dict(zip(symbols, np.broadcast_arrays(*parts), strict=True)), FLOATS)
    return np.asarray(read_body(x.given(*symbols))(frame))


def _softmax(x: ndarray) -> ndarray:
    powers = np.exp(x - x.max())
    return powers / powers.sum(axis=0 if x.shape[1] == 1 else 1, keepdims=True)


def _indexsum(at: FormValue, x: Form) -> ndarray:
    letters = [letter for letter, _ in x.given]
    ranges = [range(int(at.number(n))) for _, n in x.given]
    total: Any = 0.0
    for places in cartesian(*ranges):
        inner = at.moved({**at.at, **dict(zip(letters, places, strict=True))})
        total = total + inner.read(x.parts[0])
    return total


class _Met(NamedTuple):
    """Two tensors that meet at step * i + spread * j + offset along both axes, as [i, j, k, l] of i, k and j, l.

    place   in an array of some shape, as if its entries were one row; those outside of it are moved to an edge.
    """

    one: ndarray
    other: ndarray
    place: ndarray
    inside: ndarray


def _met(at: FormValue, x: Form, shape: Sequence[int] | None = None) -> _Met:
    """The parts of a form, which meet within the first of them, or within a shape."""
    one, other = at.parts(x)
    shape, counted = (one.shape, [int(at.number(n)) for n in x.given.shape]) if shape is None else (shape, one.shape)
    key = id(x), *shape, *counted, *other.shape
    if key not in at.once:
        at.once[key] = _places(at, x.given, shape, counted, other.shape)
    return _Met(one, other, *at.once[key])


def _places(
    at: FormValue, given: Any, shape: Sequence[int], counted: Sequence[int], slid: Sequence[int]
) -> tuple[ndarray, ndarray]:
    axes = [*zip(given.steps, given.spreads, given.offsets, strict=True), (sp.S.One, sp.S.One, sp.S.Zero)][:2]
    places, inside = [], []
    for k, axis in enumerate(axes):
        step, spread, offset = (int(at.number(n)) for n in axis)
        n = counted[k] if k < len(counted) else 1
        place = step * np.arange(n)[:, None] + spread * np.arange(slid[k]) + offset
        inside.append((place >= 0) & (place < shape[k]))
        places.append(np.clip(place, 0, shape[k] - 1))
    return places[0][:, :, None, None] * shape[1] + places[1], inside[0][:, :, None, None] & inside[1]


def _correlation(at: FormValue, x: Form) -> ndarray:
    wide, slid, place, inside = _met(at, x)
    return np.einsum("ijkl,jl->ik", np.where(inside, wide.ravel()[place], 0.0), slid)


def _convolution(at: FormValue, x: Form) -> ndarray:
    shape = [*(int(at.number(n)) for n in x.given.shape), 1][:2]
    one, other, place, inside = _met(at, x, shape)
    parts = np.where(inside, np.einsum("ik,jl->ijkl", one, other), 0.0)
    return np.bincount(place.ravel(), parts.ravel(), math.prod(shape)).reshape(shape)


_WHOLE: dict[str, Callable[..., ndarray]] = {
    "softmax": _softmax,
    "clip": lambda x, low, *high: np.minimum(np.maximum(x, low), high[0]) if high else np.clip(x, -low, low),
}


def _along(reduce: Callable[..., ndarray], axis: int | None) -> Callable[[FormValue, Form], ndarray]:
    return lambda at, x: reduce(at.read(x.parts[0]), axis=axis, keepdims=True)


def _crossed(a: ndarray, b: ndarray) -> ndarray:
    """Of two columns, or row by row."""
    axis = 0 if a.shape[1] == b.shape[1] == 1 else 1
    return np.cross(a, b, axis=axis)


def _as_matrix(x: ndarray) -> ndarray:
    """A number or a column as a matrix."""
    return x.reshape(x.shape + (1,) * (2 - x.ndim))


def _of_matrix(kind: str, x: ndarray, *along: ndarray) -> ndarray:
    return matrix_function(kind, x, FLOATS, *along)


def _compared(at: FormValue, x: Form) -> ndarray:
    """Where a relation holds; what differs by rounding alone is equal, as a maximum is to a sum that was added otherwise."""
    met = []
    for a, b in pairwise(at.parts(x)):
        same = np.isclose(a, b, rtol=ROUNDING, atol=0.0)
        met.append(COMPARE[x.given](np.where(same, 0.0, a), np.where(same, 0.0, b)))
    return np.logical_and.reduce(met)


def _one(rule: Callable[[ndarray], Any]) -> Callable[[FormValue, Form], ndarray]:
    return lambda at, x: rule(at.read(x.parts[0]))


RULES: dict[str, Callable[[FormValue, Form], Any]] = {
    "leaf": _leaf,
    "shifted": _shifted,
    "onehot": _onehot,
    "positions": _positions,
    "count": _count,
    "entry": _entry,
    "number": lambda at, x: np.full((1, 1), float(x.given)),
    "size": lambda at, x: np.full((1, 1), at.number(x.given)),
    "ones": lambda at, x: np.ones((int(at.number(x.given)), 1)),
    "grid": lambda at, x: np.reshape([part.item() for part in at.parts(x)], (-1, x.given)),
    "blocks": lambda at, x: np.concatenate(at.parts(x), axis=x.given),
    "tril": lambda at, x: np.tril(at.read(x.parts[0]), x.given),
    "triu": lambda at, x: np.triu(at.read(x.parts[0]), x.given),
    "zeros": lambda at, x: np.zeros([*(int(at.number(n)) for n in x.given), 1, 1][: max(2, len(x.given))]),
    "identity": lambda at, x: np.eye(int(at.number(x.given))),
    "transpose": _one(np.transpose),
    "inverse": _one(np.linalg.inv),
    "matrixpower": lambda at, x: np.linalg.matrix_power(at.read(x.parts[0]), x.given),
    "power": lambda at, x: at.read(x.parts[0]) ** float(x.given),
    "scalarpower": lambda at, x: at.read(x.parts[0]) ** float(x.given),
    "raised": lambda at, x: at.read(x.parts[0]) ** at.read(x.parts[1]),
    "product": _product,
    "hadamard": _hadamard,
    "over": lambda at, x: np.divide(*at.parts(x)),
    "scaled": _scaled,
    "sum": lambda at, x: np.sum(np.broadcast_arrays(*at.parts(x)), axis=0),
    "function": _function,
    "compare": _compared,
    "cases": lambda at, x: np.where(*at.parts(x)),
    "diag": _one(lambda x: np.diag(x.ravel())),
    "rowsum": _along(np.sum, 1),
    "colsum": _along(np.sum, 0),
    "rowmean": _along(np.mean, 1),
    "colmean": _along(np.mean, 0),
    "total": _along(np.sum, None),
    "mean": _along(np.mean, None),
    "diagonal": _one(lambda x: np.diag(x).reshape(-1, 1)),
    "inner": lambda at, x: np.full((1, 1), np.sum(np.multiply(*at.parts(x)))),
    "trace": _one(lambda x: np.full((1, 1), np.trace(x))),
    "norm": _one(lambda x: np.full((1, 1), np.sum(x**2))),
    "length": _one(lambda x: np.full((1, 1), np.sqrt(np.sum(x**2)))),
    "factor": lambda at, x: _as_matrix(_of_matrix(x.given, *at.parts(x))),
    "correlation": _correlation,
    "cross": lambda at, x: _crossed(*at.parts(x)),
    "skew": _one(lambda x: np.cross(x.ravel(), np.eye(3)).T),
    "convolution": _convolution,
    "indexsum": _indexsum,
}
