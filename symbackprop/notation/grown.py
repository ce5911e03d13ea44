"""Lists as long as a size: what the steps of a loop appended, and what stood in the list before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import same_size
from symbackprop.language import operations as op
from symbackprop.language.operations.shapes import chained
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor
from symbackprop.notation.rounds import List

Values = Any  # a tensor, or several: a tuple, a list or a dict of them


@dataclass(frozen=True, eq=False)
class Fresh:
    """The places of a list that a loop wrote, side by side.

    values   as in a list.
    begin    the place of the first.
    """

    values: Values
    begin: int


@dataclass(frozen=True, eq=False)
class Grown:
    """A list as long as a size.

    values   what stands in all places, side by side: a tensor with the places in front, or several where each place has several.
    fresh    the places that a loop wrote, where others stand beside them.
    """

    values: Values
    fresh: Fresh | None = None

    @property
    def length(self) -> Expr:
        """How many places there are."""
        return _first(self.values).shape[0]

    def at(self, place: Any) -> Values:
        """What stands in one place; in a part of them, where that is a slice: a list again."""
        if isinstance(place, slice):
            own = self._fresh_part(place)
            return Grown(own if own is not None else mapped(lambda t: t[place], self.values))
        if self.fresh is not None:
            own, begin = self.fresh.values, self.fresh.begin
            if place == -1 and not self._after:
                return mapped(lambda t: t[-1], own)
            if place == begin:
                return mapped(lambda t: t[0], own)
        return mapped(lambda t: t[place], self.values)

    @property
    def _after(self) -> Expr:
        """How many places stand behind those that the loop wrote."""
        assert self.fresh is not None
        return sp.expand(self.length - self.fresh.begin - _first(self.fresh.values).shape[0])

    def _fresh_part(self, part: slice) -> Values | None:
        """What the loop wrote, where a slice takes exactly that."""
        if self.fresh is None or part.step not in (None, 1):
            return None
        after = self._after
        begins, ends = (part.start or 0) == self.fresh.begin, part.stop == (-after if after else None)
        return self.fresh.values if begins and ends else None

    def turned(self) -> Grown:
        """The list from its end."""
        return Grown(mapped(lambda t: t[::-1], self.values))

    def array(self) -> Tensor:
        """The list as an array, as NumPy makes one of it. Raises LanguageError where its values have several shapes."""
        return _array(self.values)


def followed(first: Sequence[Any] | Grown, second: Sequence[Any] | Grown) -> Sequence[Any] | Grown:
    """Two lists, one behind the other. Raises LanguageError where their values do not fit into one."""
    if not isinstance(first, Grown) and not isinstance(second, Grown):
        return List((*first, *second)) if isinstance(first, List) else (*first, *second)
    parts = [one for one in (first, second) if isinstance(one, Grown) or one]
    if len(parts) == 1:
        (one,) = parts
        assert isinstance(one, Grown)
        return one
    lone = [place for one in parts for place in ([False] if isinstance(one, Grown) else [True] * len(one))]
    several = [value for one in parts for value in ([one.values] if isinstance(one, Grown) else one)]
    return Grown(_zipped(lambda *tensors: _joined(tensors, lone), *several))


def _joined(tensors: Sequence[Tensor], lone: Sequence[bool]) -> Tensor:
    """Values, one behind the other; which are entries of their own is in `lone`. Raises LanguageError where they do not fit."""
    shapes = [t.shape if own else t.shape[1:] for t, own in zip(tensors, lone, strict=True)]
    if any(len(s) != len(shapes[0]) or not all(map(same_size, s, shapes[0])) for s in shapes):
        raise LanguageError("the values of the list have several shapes, and are no array together")
    parts = list(zip(tensors, lone, strict=True))
    whole = chained(parts)
    whole.parts = tuple(parts)
    return whole


def repeated(several: Sequence[Any] | Grown, times: int) -> Sequence[Any] | Grown:
    """A list so many times, one behind the other."""
    if not isinstance(several, Grown):
        return List(tuple(several) * times) if isinstance(several, List) else tuple(several) * times
    if times < 1:
        return List(())
    return Grown(_zipped(lambda *parts: op.concatenate(list(parts), 0), *[several.values] * times))


def mapped(function: Callable[[Tensor], Tensor], values: Values) -> Values:
    """A function of each tensor of several values."""
    match values:
        case tuple():
            several = tuple(mapped(function, one) for one in values)
            return List(several) if isinstance(values, List) else several
        case dict():
            return {key: mapped(function, one) for key, one in values.items()}
        case _:
            return function(values)


def _first(values: Values) -> Tensor:
    while not isinstance(values, Tensor):
        values = next(iter(values.values())) if isinstance(values, dict) else values[0]
    return values


def _zipped(function: Callable[..., Tensor], *several: Values) -> Values:
    """A function of the tensors that stand in one place of several values each. Raises LanguageError where they differ in kind."""
    first = several[0]
    if isinstance(first, tuple | dict):
        if any(type(one) is not type(first) or len(one) != len(first) for one in several):
            raise LanguageError("the values of the lists are not of one kind")
        if isinstance(first, dict):
            return {key: _zipped(function, *(one[key] for one in several)) for key in first}
        made = tuple(_zipped(function, *parts) for parts in zip(*several, strict=True))
        return List(made) if isinstance(first, List) else made
    if any(isinstance(one, tuple | dict) for one in several):
        raise LanguageError("the values of the lists are not of one kind")
    return function(*map(as_tensor, several))


def _array(values: Values) -> Tensor:
    match values:
        case tuple():
            parts = [_array(one) for one in values]
            if any(len(p.shape) != len(parts[0].shape) or not all(map(same_size, p.shape, parts[0].shape)) for p in parts):
                raise LanguageError("the values of the list have several shapes, and are no array together")
            return op.stack(parts, 1)
        case dict():
            raise LanguageError("a list of dicts is no array")
        case _:
            return values
