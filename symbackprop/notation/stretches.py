"""Entries of an array from one number to another, as many as the step of a loop says: x[:t+1], L[j, :j], x[i+1:].

A stretch is the whole array with what counts of it, and so is what is computed of it entry by entry. A sum over it is one of
where(counts, value, 0), an extreme one of where(counts, value, -inf), a product of two matrices one of the masked first.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS
from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor
from symbackprop.notation.operators import OPERATORS

FINITE = {"exp", "tanh", "sin", "cos", "abs", "sigmoid", "relu", "softplus", "square", "maximum", "minimum", "cosh", "sinh",
          "arctan", "expit", "sign", "negative", "compared", "+", "-", "*"}  # fmt: skip
"""Functions with a value and a slope everywhere."""
EMPTY = {"sum": 0, "prod": 1, "max": -sp.oo, "min": sp.oo, "logsumexp": -sp.oo, "norm": 0}
"""What reductions take of entries that do not count."""
SAME = {"amax": "max", "amin": "min", "product": "prod"}
MEND = "Take its sum, its mean or an extreme, or its product with another such, or trace the function on example arrays."


@dataclass(frozen=True)
class Span:
    """What counts along an axis: low <= number < high.

    low, high     numbers of steps and sizes, by which spans are compared.
    first, after  the same as values.
    """

    low: Expr
    high: Expr
    first: Any
    after: Any

    @property
    def length(self) -> Expr:
        return sp.expand(self.high - self.low)

    @property
    def count(self) -> Any:
        """How many entries count."""
        return self.after if self.low == 0 else self.after - self.first

    def counts(self, size: Expr) -> list[Tensor]:
        """Conditions on the numbers of an axis, each with an entry for each number."""
        numbers = op.arange(size)
        found = [] if self.low == 0 else [numbers >= as_tensor(self.first)]
        if sp.expand(self.high - size) != 0:
            found.append(numbers <= as_tensor(self.after - 1))
        return found


@dataclass(frozen=True, eq=False)
class Stretch:
    """Some entries of an array, as many as a step says.

    whole   the array, with a value wherever it does not count, too.
    spans   what counts along each axis; None where all does.
    zero    whether it is 0 wherever it does not count.
    text    how it is written.
    """

    whole: Tensor
    spans: tuple[Span | None, ...]
    text: str
    zero: bool = False

    def masked(self, other: Any, axes: Sequence[int] | None = None) -> Tensor:
        """The array with another value where it does not count."""
        if self.zero and other == 0:
            return self.whole
        value = self.whole
        for axis, span in enumerate(self.spans):
            if span is not None and (axes is None or axis in axes):
                for test in span.counts(self.whole.shape[axis]):
                    value = op.where(test[(slice(None), *[None] * (value.ndim - 1 - axis))], value, other)
        return value

    def refused(self) -> LanguageError:
        """What is said where something has no meaning for every step."""
        return LanguageError(f"{self.text} has another number of entries at each step. {MEND}")

    @property
    def T(self) -> Stretch:
        return replace(self, whole=self.whole.T, spans=self.spans[::-1])


def is_stretch(*values: Any) -> bool:
    """Whether one of several values is a stretch."""
    return any(isinstance(value, Stretch) for value in values)


def made(whole: Tensor, spans: Sequence[Span | None], text: str, zero: bool = False) -> Tensor | Stretch:
    """A stretch, or the array where all of it counts."""
    return Stretch(whole, tuple(spans), text, zero) if any(spans) else whole


def entrywise(function: Callable[..., Any], name: str, values: Sequence[Any]) -> Any:
    """A function of entries, at stretches, arrays and numbers that stand beside one another as NumPy lets them."""
    several = [value if isinstance(value, Stretch) else as_tensor(value) for value in values]
    rank = max(_whole(one).ndim for one in several)
    spans: list[Span | None] = [None] * rank
    text = next(one.text for one in several if isinstance(one, Stretch))
    for one in several:
        for axis, span in enumerate(one.spans if isinstance(one, Stretch) else ()):
            place = axis + rank - _whole(one).ndim
            if span is not None and spans[place] is None:
                spans[place] = span
    safe = name in FINITE
    parts = [_beside(one, spans, rank, 1 if not safe and (name not in ("/", "%") or k) else None) for k, one in enumerate(several)]
    zero = name == "*" and any(isinstance(one, Stretch) and one.zero and any(one.spans) for one in several)
    return made(function(*parts), spans, text, zero)


def _whole(value: Tensor | Stretch) -> Tensor:
    return value.whole if isinstance(value, Stretch) else value


def _beside(value: Tensor | Stretch, spans: Sequence[Span | None], rank: int, other: int | None) -> Tensor:
    """The whole array of a value, whose entries stand where those of the spans do, with another value where none counts."""
    whole = _whole(value)
    own: list[Span | None] = list(value.spans) if isinstance(value, Stretch) else [None] * whole.ndim
    for axis, mine in enumerate(own):
        span = spans[axis + rank - whole.ndim]
        if span is None or whole.shape[axis] == 1:
            continue
        if mine is None or sp.expand(mine.length - span.length) != 0:
            text = value.text if isinstance(value, Stretch) else "the other"
            lengths = f"{mine.length if mine is not None else whole.shape[axis]} and {span.length}"
            raise LanguageError(f"{text} has another number of entries than what it stands beside: {lengths}".replace("_", ""))
        if sp.expand(mine.low - span.low) != 0:
            whole = moved(whole, axis, mine, span)
        own[axis] = span
    stretch = Stretch(whole, tuple(own), "")
    return whole if other is None or not any(own) else stretch.masked(other)


def moved(whole: Tensor, axis: int, mine: Span, span: Span) -> Tensor:
    """The array whose entries that count stand where those of another span do: number k is that of k + mine.low - span.low."""
    size = whole.shape[axis]
    places = op.arange(size) + (as_tensor(mine.first) - as_tensor(span.first))
    return _picked(whole, axis, places)


def turned(stretch: Stretch, axis: int) -> Stretch:
    """The stretch from its end."""
    span = stretch.spans[axis]
    assert span is not None
    places = as_tensor(span.first) + as_tensor(span.after) - 1 - op.arange(stretch.whole.shape[axis])
    return replace(stretch, whole=_picked(stretch.whole, axis, places), zero=False)


def _picked(whole: Tensor, axis: int, places: Tensor) -> Tensor:
    """The array with the entry of another place at each place along an axis; 0 where there is none."""
    first = op.moveaxis(whole, axis, 0)
    size = whole.shape[axis]
    chosen = as_tensor(places)[:, None] == op.arange(size)[None, :]  # place, number
    found = op.tensordot(chosen, first, 1) if first.ndim > 1 else chosen @ first
    return op.moveaxis(found, 0, axis)


def entry(stretch: Stretch, axis: int, number: int) -> Tensor:
    """One entry, counted from the first one that counts or, below 0, from the last."""
    span = stretch.spans[axis]
    assert span is not None
    place = as_tensor(span.first) + number if number >= 0 else as_tensor(span.after) + number
    first = op.moveaxis(stretch.whole, axis, 0)
    test = op.arange(first.shape[0]) == place
    return test @ first if first.ndim == 1 else op.tensordot(test, first, 1)


def product(a: Any, b: Any) -> Any:
    """a @ b. Raises LanguageError where the axis that is summed has other numbers of entries in both."""
    a, b = (one if isinstance(one, Stretch) else as_tensor(one) for one in (a, b))
    left, right = _whole(a), _whole(b)
    if not left.ndim or not right.ndim or left.ndim > 2 or right.ndim > 2:
        raise next(one for one in (a, b) if isinstance(one, Stretch)).refused()
    place = 0 if right.ndim == 1 else right.ndim - 2
    mine = a.spans[-1] if isinstance(a, Stretch) else None
    other = b.spans[place] if isinstance(b, Stretch) else None
    if (mine is None) != (other is None) or (mine is not None and other is not None and sp.expand(mine.length - other.length) != 0):
        one = a if isinstance(a, Stretch) and mine is not None else b
        raise LanguageError(f"{one.text} has another number of entries than what it is multiplied with")
    if mine is not None and other is not None and sp.expand(mine.low - other.low) != 0:
        right = moved(right, place, other, mine)
    if mine is not None and isinstance(a, Stretch) and not (isinstance(b, Stretch) and b.zero):
        left = a.masked(0, (left.ndim - 1,))
    spans = [*(a.spans[:-1] if isinstance(a, Stretch) else (None,) * (left.ndim - 1))]
    spans += [s for k, s in enumerate(b.spans) if k != place] if isinstance(b, Stretch) else [None] * (right.ndim - 1)
    text = next(one.text for one in (a, b) if isinstance(one, Stretch))
    return made(left @ right, spans, text)


def reduced(function: Callable[..., Tensor], name: str, x: Stretch, further: Mapping[str, Any]) -> Any:
    """A sum, a mean, an extreme over some axes."""
    rank = x.whole.ndim
    given = further.get("axis")
    axes = tuple(range(rank)) if given is None else tuple(a % rank for a in (given if isinstance(given, tuple) else (given,)))
    stays = bool(further.get("keepdims"))
    left = [s for k, s in enumerate(x.spans) if k not in axes or stays]
    left = [None if stays and k in axes else s for k, s in enumerate(left)]
    if name == "mean":
        total, count = x.masked(0, axes).sum(**further), as_tensor(1)
        for k in axes:
            span = x.spans[k]
            count = count * (x.whole.shape[k] if span is None else span.count)
        return made(total / count, left, x.text)
    return made(function(x.masked(EMPTY[name], axes), **further), left, x.text)


def applied(name: str, function: Callable[..., Any], given: Sequence[Any], further: Mapping[str, Any]) -> Any:
    """A function of the language at stretches. Raises LanguageError for one that takes none."""
    name = SAME.get(name, name)
    x = given[0]
    if name in ("dot", "matmul", "inner", "vdot") and len(given) == 2 and not further:
        return product(*given)
    if name == "outer" and len(given) == 2:
        a, b = given
        return entrywise(lambda x, y: x * y, "*", [_column(a), b])
    if isinstance(x, Stretch):
        if name in ("transpose", "copy", "asarray", "array") and len(given) == 1 and not further:
            return x.T if name == "transpose" else x
        if name == "moveaxis" and len(given) == 3 and not further:
            return _moved(function, x, given[1], given[2])
        if name in EMPTY or name == "mean":
            named = dict(zip(("axis", "keepdims"), given[1:], strict=False)) | dict(further)
            if set(named) <= {"axis", "keepdims"}:
                return reduced(function, name, x, named)
        if name in ("softmax", "log_softmax"):
            named = dict(zip(("axis",), given[1:], strict=False)) | dict(further)
            axis = named.get("axis", -1)
            if isinstance(axis, int):
                return Stretch(function(x.masked(-sp.oo, (axis % x.whole.ndim,)), axis=axis), x.spans, x.text, name == "softmax")
    if (name in FUNCTIONS or name in ELEMENTWISE or name in TABLE) and not further and _is_entrywise(name):
        return entrywise(function, name, given)
    raise next(one for one in given if isinstance(one, Stretch)).refused()


def _moved(function: Callable[..., Tensor], x: Stretch, source: Any, destination: Any) -> Stretch:
    """The stretch with its axes in another order."""
    axes = list(range(x.whole.ndim))
    a, b = source % x.whole.ndim, destination % x.whole.ndim
    axes.insert(b, axes.pop(a))
    return replace(x, whole=function(x.whole, source, destination), spans=tuple(x.spans[k] for k in axes))


def _is_entrywise(name: str) -> bool:
    return name in FUNCTIONS or name in ELEMENTWISE or name in ("where", "maximum", "minimum", "square", "sqrt")


def _column(value: Any) -> Any:
    if isinstance(value, Stretch):
        return replace(value, whole=value.whole[:, None], spans=(*value.spans, None))
    return as_tensor(value)[:, None]


def operated(sign: ast.operator, a: Any, b: Any) -> Any:
    """An operator of Python between stretches, or one and an array."""
    if isinstance(sign, ast.MatMult):
        return product(a, b)
    if type(sign) not in OPERATORS:
        raise next(one for one in (a, b) if isinstance(one, Stretch)).refused()
    name, function = OPERATORS[type(sign)]
    return entrywise(function, name, [a, b])


def item(x: Stretch, items: Sequence[Any]) -> Any:
    """x[items], for one entry, what stands turned, all of it, and a new axis. Raises LanguageError for others."""
    result: Any = x
    axis = 0
    for one in items:
        if one is None:
            whole = result.whole[(*[slice(None)] * axis, None)]
            result = replace(result, whole=whole, spans=(*result.spans[:axis], None, *result.spans[axis:]))
            axis += 1
        elif axis >= result.whole.ndim:
            raise LanguageError(f"{x.text} has {x.whole.ndim} axes")
        elif result.spans[axis] is None:
            whole = result.whole[(*[slice(None)] * axis, one)]
            if not isinstance(one, slice) and whole.ndim != result.whole.ndim - 1:
                raise x.refused()
            keeps = isinstance(one, slice)
            spans = result.spans if keeps else (*result.spans[:axis], *result.spans[axis + 1 :])
            result, axis = replace(result, whole=whole, spans=spans), axis + keeps
        elif isinstance(one, slice) and one == slice(None):
            axis += 1
        elif isinstance(one, slice) and one == slice(None, None, -1):
            result, axis = turned(result, axis), axis + 1
        elif isinstance(one, int):
            spans = (*result.spans[:axis], *result.spans[axis + 1 :])
            result = Stretch(entry(result, axis, one), spans, x.text)
        else:
            raise x.refused()
    return made(result.whole, result.spans, x.text, result.zero)
