"""A program at numbers of any arithmetic: one walk, entry by entry, for small sizes.

The letters of an equation become axes. Where positions are tied by guards, as in a convolution, only the entries that the
guards let through are computed. The tape is another walk, over floats alone, which carries derivatives; this one carries none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from math import prod
from typing import Any, NamedTuple, assert_never

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Symbol

from symbackprop.core.expressions import symbols_in
from symbackprop.core.functions import iverson, known
from symbackprop.core.loops import For, Item, schedule
from symbackprop.core.loops.turns import as_sum
from symbackprop.core.program import Carry, Equation, Matrix, Program, Reduce, Ref, Sum, letter_sizes, position, size
from symbackprop.evaluate.arithmetic import FLOATS, MORE_DIGITS, Arithmetic
from symbackprop.evaluate.bodies import guards
from symbackprop.evaluate.bodies.body_walk import Frame, Watch, condition, floats, read_body
from symbackprop.evaluate.bodies.scope import at_sizes
from symbackprop.evaluate.computed import computed
from symbackprop.evaluate.extents import extent
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.rules import primary
from symbackprop.evaluate.rules.implicit import PARTS, factor
from symbackprop.evaluate.steps import Arrays, stepwise

MOST = 20_000_000  # entries of one equation, before its sums
MOST_OBJECTS = 40_000  # the same of numbers that are objects, after the guards
SPARSE = 64  # entries above which guards are looked at first

Values = Mapping[str, ndarray]


def walk(
    program: Program,
    point: Values,
    sizes: Mapping[str, int],
    arithmetic: Arithmetic = FLOATS,
    watch: Watch | None = None,
) -> dict[str, ndarray]:
    """Every tensor of a program at a point, in an arithmetic.

    point    an array for each input, in the arithmetic; constants may be left out. What the program writes may stand in it
             too, and is then not computed again.
    watch    told of every comparison: relation in the operands' names, left - right, outcome.
    Raises PointError where an equation cannot be evaluated.
    """
    program = computed(program)
    values: dict[str, ndarray] = dict(point)
    for tensor in program.inputs:
        if tensor.name not in values:
            if tensor.kind != "constant":
                raise PointError(f"{tensor.name} is missing")
            shape = [extent(n, sizes) for n in tensor.shape]
            values[tensor.name] = np.full(shape, arithmetic.number(tensor.value), dtype=arithmetic.dtype)
    walked = _Walk(values, sizes, arithmetic, watch, _numbers(program, sizes))
    with np.errstate(all="ignore"):
        for item in schedule(program):
            for _ in walked.run(program, item):
                pass
    return values


class _Walk(NamedTuple):
    """One walk: no function that holds itself, so that its values go as soon as nobody asks for them."""

    values: dict[str, ndarray]
    sizes: Mapping[str, int]
    arithmetic: Arithmetic
    watch: Watch | None
    numbers: tuple[tuple[Symbol, int], ...]

    def run(self, of: Program, item: Item) -> Iterator[None]:
        """Every step of an equation or of a loop."""
        if isinstance(item, For):
            yield from stepwise(of, item, self.sizes, self.values, Arrays(), self.run)
        elif item.target.name not in self.values:
            found = step(of, item, self.values, self.sizes, self.arithmetic, self.watch, self.numbers)
            self.values[item.target.name] = found


def _numbers(program: Program, sizes: Mapping[str, int]) -> tuple[tuple[Symbol, int], ...]:
    """The numbers of all sizes: those of the program, and the steps at which a line is taken, which may stand in bodies alone."""
    own = {s.name: (s, sizes[s.name]) for s in program.sizes()}
    return (*own.values(), *((size(name), n) for name, n in sizes.items() if name not in own))


def step(
    program: Program,
    equation: Equation,
    values: Values,
    sizes: Mapping[str, int],
    arithmetic: Arithmetic = FLOATS,
    watch: Watch | None = None,
    numbers: tuple[tuple[Symbol, int], ...] | None = None,
) -> ndarray:
    """The target of one equation, from the values of its operands."""
    if numbers is None:
        numbers = _numbers(program, sizes)
    op = equation.op
    extents = {c: extent(n, sizes) for c, n in letter_sizes(program, equation).items()}
    letters = (*equation.target.index, *(c for c, _ in op.over))
    shape = tuple(extents[c] for c in letters)
    if prod(shape) > MOST:
        raise PointError(f"{equation.target.name} has too many entries at these sizes")
    operands = [values[ref.name] for ref in equation.operands]
    match op:
        case Matrix():
            return _of_matrices(equation, op.kind, operands, arithmetic)
        case Reduce():
            array = np.broadcast_to(_arranged(operands[0], equation.operands[0], letters), shape)
            return reduced(op.kind, array, len(equation.target.index), arithmetic)
        case Sum():
            arrays = [_arranged(x, ref, letters) for x, ref in zip(operands, equation.operands, strict=True)]
            return _sum(equation, op, dict(zip(op.slots, arrays, strict=True)), letters, shape, numbers, arithmetic, watch)
        case Carry():
            return step(program, as_sum(program, equation), values, sizes, arithmetic, watch, numbers)
        case _:
            assert_never(op)


def _sum(
    equation: Equation,
    op: Sum,
    slots: dict[Symbol, ndarray],
    letters: tuple[str, ...],
    shape: tuple[int, ...],
    numbers: tuple[tuple[Symbol, int], ...],
    arithmetic: Arithmetic,
    watch: Watch | None,
) -> ndarray:
    read = symbols_in(op.body)
    symbols = slots | {position(c): places(shape, k) for k, c in enumerate(letters) if position(c) in read}
    named = {s: Symbol(str(r)) for s, r in zip(op.slots, equation.operands, strict=True)} if watch is not None else {}
    told = (lambda c, gap, outcome: watch(c.xreplace(named), gap, outcome)) if watch is not None else None
    frame = Frame(symbols, arithmetic, told)
    body = at_sizes(op.body, numbers)
    kept = len(equation.target.index)
    axes = tuple(range(kept, len(letters)))
    total: Any = None
    for term in sp.Add.make_args(body) if axes else (body,):
        tied = tied_places(term, letters) if prod(shape) > SPARSE else None
        if tied is not None:
            value = _through_guards(equation, *tied, frame, shape)
        else:
            bounded(prod(shape), equation, arithmetic)
            value = spread(np.asarray(read_body(term)(frame), dtype=arithmetic.dtype), shape)
            value = value.sum(axis=axes) if axes else value
        total = value if total is None else total + value
    return np.asarray(total, dtype=arithmetic.dtype)


def spread(array: ndarray, shape: tuple[int, ...]) -> ndarray:
    """An array of a shape, repeated along the axes of size 1."""
    return array if array.shape == shape else np.broadcast_to(array, shape)


def places(shape: tuple[int, ...], k: int) -> ndarray:
    """0, 1, 2, ... along the axis k of a shape."""
    return np.arange(shape[k]).reshape([-1 if j == k else 1 for j in range(len(shape))])


@lru_cache(maxsize=4096)
def tied_places(term: sp.Expr, letters: tuple[str, ...]) -> tuple[sp.Basic, sp.Expr] | None:
    """The condition on positions alone that a product stands under, and the rest of the product; None where there is none."""
    conditions, factors = guards.split(term)
    own = {position(c) for c in letters}
    free = [c for c in conditions if c.free_symbols and c.free_symbols <= own]
    if not free:
        return None
    others = [iverson(c) for c in conditions if c not in free]
    return sp.And(*free), sp.Mul(*factors, *others)  # type: ignore[arg-type]  # SymPy's own types hide conditions


def bounded(entries: int, equation: Equation, arithmetic: Arithmetic) -> None:
    """Refuse an equation that would take too many numbers that are objects."""
    if arithmetic.dtype is object and entries > MOST_OBJECTS:
        raise PointError(f"{equation.target.name} has too many entries at these sizes")


def _through_guards(equation: Equation, tied: sp.Basic, term: sp.Expr, frame: Frame, shape: tuple[int, ...]) -> ndarray:
    """The sum of a product over the entries at which the positions satisfy a condition."""
    kept = len(equation.target.index)
    mask = np.broadcast_to(condition(tied)(frame), shape)
    where = np.nonzero(mask)
    bounded(len(where[0]), equation, frame.arithmetic)
    gathered = {s: spread(x, shape)[where] for s, x in frame.symbols.items()}
    dtype = frame.arithmetic.dtype
    value = np.broadcast_to(
        np.asarray(read_body(term)(Frame(gathered, frame.arithmetic, frame.watch)), dtype=dtype), where[0].shape
    )
    total = np.full(shape[:kept], frame.arithmetic.number(sp.S.Zero), dtype=dtype)
    if not kept:
        return np.asarray(total + value.sum(), dtype=dtype) if value.size else total
    np.add.at(total, where[:kept], value)
    return total


def _arranged(array: ndarray, ref: Ref, letters: tuple[str, ...]) -> ndarray:
    """An operand with an axis for each letter, of size 1 where it has none; a letter that stands twice is a diagonal."""
    if ref.index == letters:
        return array
    own = list(ref.index)
    while len(set(own)) < len(own):
        twice = next(c for c in own if own.count(c) > 1)
        a, b = [k for k, c in enumerate(own) if c == twice][:2]
        array = np.diagonal(array, axis1=a, axis2=b)
        own = [c for k, c in enumerate(own) if k not in (a, b)] + [twice]
    extents = dict(zip(own, array.shape, strict=True))
    turned = array.transpose([own.index(c) for c in letters if c in own])
    return turned.reshape([extents.get(c, 1) for c in letters])


def _best(flat: ndarray, place: ndarray) -> ndarray:
    return np.take_along_axis(flat, place[..., None], -1)[..., 0]


def _logdet(det: ndarray, arithmetic: Arithmetic) -> ndarray:
    return arithmetic.function("log")(np.where(floats(det) < 0, -det, det))


def _factor(kind: str, x: ndarray, arithmetic: Arithmetic) -> ndarray:
    if arithmetic.dtype is object and arithmetic is not MORE_DIGITS:
        raise PointError(f"{kind} cannot be evaluated in {arithmetic.name}")
    return factor(kind, x, arithmetic.lift)


def _primary(kind: str, x: ndarray, arithmetic: Arithmetic) -> ndarray:
    if arithmetic.dtype is object and arithmetic is not MORE_DIGITS:
        raise PointError(f"{kind} cannot be evaluated in {arithmetic.name}")
    return primary.VALUES[kind](x, lambda y: _eliminated(y, arithmetic)[0])


# One rule for each row of the tables of `core.functions`, in any arithmetic: of entries along the last axis, and of the last two
REDUCTIONS: dict[str, Callable[[ndarray, Arithmetic], ndarray]] = {
    "max": lambda flat, arithmetic: _best(flat, floats(flat).argmax(-1)),
    "min": lambda flat, arithmetic: _best(flat, floats(flat).argmin(-1)),
    "logsumexp": lambda flat, arithmetic: arithmetic.function("log")(arithmetic.function("exp")(flat).sum(axis=-1)),
    "prod": lambda flat, arithmetic: np.prod(flat, axis=-1),
}
MATRIX_FUNCTIONS: dict[str, Callable[[ndarray, Arithmetic], ndarray]] = {
    "inverse": lambda x, arithmetic: _eliminated(x, arithmetic)[0],
    "pinv": lambda x, arithmetic: _pseudoinverse(x, arithmetic),
    "det": lambda x, arithmetic: _eliminated(x, arithmetic)[1],
    "logdet": lambda x, arithmetic: _logdet(_eliminated(x, arithmetic)[1], arithmetic),
    **{kind: partial(_factor, kind) for kind in PARTS},
    **{kind: partial(_primary, kind) for kind in primary.VALUES},
}


def reduced(kind: str, full: ndarray, kept: int, arithmetic: Arithmetic) -> ndarray:
    """A reduction over all axes but the first `kept`. Raises UnknownOperationError for a row that it has no rule for."""
    rule = known(REDUCTIONS, kind, "the walk (evaluate.walk.REDUCTIONS)")
    return np.asarray(rule(full.reshape([*full.shape[:kept], -1]), arithmetic), dtype=arithmetic.dtype)


def matrix_function(kind: str, x: ndarray, arithmetic: Arithmetic, *along: ndarray) -> ndarray:
    """A function of the last two axes, or its derivative. Raises UnknownOperationError for a row that it has no rule for.

    along   the directions of the derivative, one after the other.
    """
    rule = known(MATRIX_FUNCTIONS, kind, "the walk (evaluate.walk.MATRIX_FUNCTIONS)")
    whole = primary.bordered(x, along)
    return primary.corner(rule(whole, arithmetic), x.shape[-1]) if along else rule(whole, arithmetic)


def _of_matrices(equation: Equation, kind: str, operands: Sequence[ndarray], arithmetic: Arithmetic) -> ndarray:
    refs = equation.operands
    if len(refs) == 1:
        return matrix_function(kind, operands[0], arithmetic)
    lead = equation.target.index[:-2]
    arranged = [_arranged(x, ref, (*lead, *ref.index[-2:])) for x, ref in zip(operands, refs, strict=True)]
    return matrix_function(kind, arranged[0], arithmetic, *arranged[1:])


def _pseudoinverse(x: ndarray, arithmetic: Arithmetic) -> ndarray:
    """(X^T X)^-1 X^T; in floats by Q R, which squares no condition."""
    turned = x.swapaxes(-1, -2)
    if arithmetic.dtype is not object and not np.iscomplexobj(x):
        q, r = np.linalg.qr(x)
        return _eliminated(r, arithmetic)[0] @ q.swapaxes(-1, -2)
    return _eliminated(turned @ x, arithmetic)[0] @ turned


def _eliminated(x: ndarray, arithmetic: Arithmetic) -> tuple[ndarray, ndarray]:
    """The inverses and the determinants of matrices, by the same steps in every arithmetic."""
    lead, n = x.shape[:-2], x.shape[-1]
    inverse, det = np.empty(x.shape, dtype=arithmetic.dtype), np.empty(lead, dtype=arithmetic.dtype)
    for place in np.ndindex(lead):
        inverse[place], det[place] = _eliminated_one(x[place], n, arithmetic)
    return inverse, det


def _eliminated_one(x: ndarray, n: int, arithmetic: Arithmetic) -> tuple[ndarray, Any]:
    """The inverse and the determinant of one matrix (Gauss and Jordan, with the largest pivot of each column)."""
    one, zero = arithmetic.number(sp.S.One), arithmetic.number(sp.S.Zero)
    rows = np.empty((n, 2 * n), dtype=arithmetic.dtype)
    rows[:, :n] = x
    rows[:, n:] = np.where(np.eye(n, dtype=bool), one, zero)
    det = one
    for k in range(n):
        pivot = k + int(abs(floats(rows[k:, k])).argmax())
        if pivot != k:
            rows[[k, pivot]] = rows[[pivot, k]]
            det = -det
        if not floats(rows[k, k]):
            raise PointError("a matrix has no inverse here")
        det = det * rows[k, k]
        rows[k] = rows[k] / rows[k, k]
        for j in range(n):
            if j != k:
                rows[j] = rows[j] - rows[k] * rows[j, k]
    return rows[:, n:], det
