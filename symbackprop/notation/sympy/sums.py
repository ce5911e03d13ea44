"""Reading of SymPy's Sum over indexed names, such as Sum(W[i, j]*x[j], (j, 0, d - 1)): each index is an axis.

What an axis is counted from, 0 or 1, and how long it is where nothing says so, is told by all the places that are read of it.
A place may be a sum of indices, x[i + k], and a limit may depend on an index around it, (j, i + 1, n - 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr, S
from sympy.matrices.expressions.matexpr import MatrixElement

from symbackprop.core.expressions import is_below_zero
from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, same_size, size
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import Tensor, indexing
from symbackprop.notation.errors import NotationError
from symbackprop.notation.sympy.bound import OVER, Bound
from symbackprop.notation.sympy.parts import Read, Written
from symbackprop.notation.vocabulary import called

Labels = tuple[sp.Basic, ...]
COUNTED_FROM: tuple[Expr, Expr] = (S.Zero, S.One)  # what an axis is counted from


class Axis(NamedTuple):
    """What an axis is counted from, and its size."""

    first: Expr
    extent: Expr


class Ranges:
    """What the indices of one expression run over, and what its arrays are counted from.

    limits   the first and the last value of each index, those of inner sums first; they may depend on indices around.
    known    the names of sizes.
    """

    def __init__(self, nodes: Iterable[sp.Basic], shaped: set[str]) -> None:
        self.limits: dict[sp.Basic, tuple[Expr, Expr]] = {}
        self.read: dict[tuple[Any, int], list[tuple[Any, Any]]] = {}  # an array and an axis: who reads it, and where
        sums = [node for node in nodes if isinstance(node, OVER)]
        for node in sums:
            self.limits |= {index: (low, high) for index, low, high in node.limits}
        own = {symbol for limits in self.limits.values() for limit in limits for symbol in limit.free_symbols} - {*self.limits}
        self.known = {*map(str, own), *shaped}
        for node in sums:
            for index, *limits in node.limits:
                self._whole(node, index, limits)
        for node in nodes:
            if isinstance(node, sp.Indexed | MatrixElement):
                for axis, place in enumerate(node.args[1:]):
                    self.read.setdefault((node.args[0], axis), []).append((node, place))
        self.axes: dict[tuple[Any, int], Axis] = {}

    def _whole(self, node: Any, index: sp.Basic, limits: list[Expr]) -> None:
        """Raises NotationError for limits that are no whole numbers, and where there may be fewer values than none."""
        for limit in limits:
            if not ours(limit).is_integer:
                raise NotationError(
                    f"{Written(node)}: {limit} is no whole number.", "The limits of a sum are whole numbers and sizes."
                )
        least, most = self.span(limits[1] - limits[0] + 1) or (S.Zero, S.Zero)
        around = any(limit.has(*self.limits) for limit in limits)
        if around and not least.is_nonnegative:
            fault = f"{Written(node)}: the range of {index} may end before it begins, from {limits[0]} to {limits[1]}."
            raise NotationError(fault, "Let the index around it run only where there are values.")
        if most.is_nonpositive:
            raise NotationError(f"{Written(node)}: {index} runs over nothing, from {limits[0]} to {limits[1]}.")

    def span(self, place: Any) -> tuple[Expr, Expr] | None:
        """The least and the greatest value of a sum of indices and sizes; None for anything else."""
        least: Any = sp.expand(place)
        greatest: Any = least
        for index, (low, high) in self.limits.items():
            ends = []
            for end, bounds in ((least, (low, high)), (greatest, (high, low))):
                slope = end.coeff(index)
                if not slope.is_Integer or (end.has(index) and sp.expand(end - slope * index).has(index)):
                    return None
                ends.append(sp.expand(end.xreplace({index: bounds[0] if slope > 0 else bounds[1]})))
            least, greatest = ends
        stray = {str(symbol) for symbol in least.free_symbols | greatest.free_symbols} - self.known
        least, greatest = ours(least), ours(greatest)
        return None if stray or not (least.is_integer and greatest.is_integer) else (least, greatest)

    def hull(self, index: sp.Basic) -> tuple[Expr, Expr]:
        """The least and the greatest value of an index."""
        found = self.span(index)
        assert found is not None
        return found

    def extent(self, index: sp.Basic) -> Expr:
        low, high = self.hull(index)
        return sp.expand(high - low + 1)

    def position(self, index: sp.Basic) -> Read:
        """The index itself, as a number."""
        tensor = indexing.arange(self.extent(index))
        low = self.hull(index)[0]
        return Read(tensor if low == 0 else tensor + low, labels=(index,))

    def axis(self, array: Any, k: int) -> Axis:
        """What the k-th axis of an array is counted from, and its size. Raises NotationError where its places do not say it."""
        if (array, k) not in self.axes:
            node, extent = self.read[array, k][0][0], _extent_of(array, k)
            firsts = self._firsts(array, k)
            if extent is None:
                (low,), high = firsts, self._ends(array, k)[1]
                extent = sp.expand(high - low + 1)
            elif len(firsts) != 1:
                firsts = self._settled(node, firsts)
            self.axes[array, k] = Axis(firsts[0], extent)
        return self.axes[array, k]

    def _firsts(self, array: Any, k: int) -> list[Expr]:
        """What an axis may be counted from: 0 or 1, as all places that are read of it allow."""
        extent, reading = _extent_of(array, k), self.read[array, k]
        low, high = self._ends(array, k)
        if extent is None:
            places = {place for _, place in reading}
            number = high - low + 1
            whole = len(places) > 1 and len(places) == number if all(self._fixed(place) for place in places) else True
            if low not in (0, 1) or not whole:
                fault = f"{Written(reading[0][0])}: the sizes of {array} are not known."
                raise NotationError(fault, f'Write IndexedBase("{array}", shape=(n,)), with a size for each index.')
            return [low]
        fits = [first for first in COUNTED_FROM if all(self._is_within(place, first, extent) for _, place in reading)]
        if fits:
            return fits
        node, place = next((n, p) for n, p in reading if not self._is_within(p, S.Zero, extent))
        if self._fixed(place):
            raise NotationError(f"{Written(node)}: {place} is out of range for an axis of size {extent}.")
        if place in self.limits:
            raise NotationError(f"{Written(node)}: {place} runs over {self.extent(place)}, the axis has size {extent}.")
        low, high = self._place(node, place)
        raise NotationError(f"{Written(node)}: {place} runs from {low} to {high}, the axis has size {extent}.")

    def _fixed(self, place: Any) -> bool:
        return not place.free_symbols & {*self.limits}

    def _is_within(self, place: Any, first: Expr, extent: Expr) -> bool:
        """Whether a place is on an axis; of one place alone, whether it can be."""
        low, high = self.span(place) or (S.Zero, S.Zero)
        room = (sp.expand(low - first), sp.expand(extent - 1 + first - high))
        return not any(map(is_below_zero, room)) if self._fixed(place) else all(r.is_nonnegative for r in room)

    def _settled(self, node: Any, firsts: list[Expr]) -> list[Expr]:
        """What an axis is counted from whose own places say nothing: what the others are; matrices from 0."""
        others = {axis: self._firsts(*axis) for axis in self.read}
        sure = {first for found in others.values() if len(found) == 1 for first in found}
        if isinstance(node, MatrixElement) or not sure:
            return [S.Zero]
        if len(sure) == 1:
            return [*sure]
        fault = f"{Written(node)}: {node.args[0]} may be counted from 0 or from 1; others are counted either way."
        raise NotationError(fault, "Count every index from 0.")

    def _ends(self, array: Any, k: int) -> tuple[Expr, Expr]:
        """The least and the greatest place that is read of an axis; of an axis of known size 0 where none is the greatest."""
        spans = [self._place(node, place) for node, place in self.read[array, k]]
        found: list[Expr] = []
        for side, sign in ((0, 1), (1, -1)):
            ends = sorted({span[side] for span in spans}, key=str)
            outer = [end for end in ends if all(sp.expand(sign * (other - end)).is_nonnegative for other in ends)]
            if not outer and _extent_of(array, k) is None:
                fault = f"axis {k} of {array} is read over ranges that differ: {' and '.join(map(str, ends))}."
                raise NotationError(fault, f'Write IndexedBase("{array}", shape=(n,)), and let the sums run over it.')
            found.append(outer[0] if outer else S.Zero)
        return found[0], found[1]

    def _place(self, node: Any, place: Any) -> tuple[Expr, Expr]:
        span = self.span(place)
        if span is None:
            lone = isinstance(place, sp.Symbol) and place not in self.limits
            mend = (
                f"Sum over it: Sum(..., ({place}, 0, n - 1))." if lone else "An index is made of summed symbols and whole numbers."
            )
            raise NotationError(f"{Written(node)}: {place} is no index.", mend)
        return span

    def entry(self, node: Any, tensor: Tensor) -> Read:
        """x[i, j + 1, ...]: an axis for each index. `tensor` may lack the axes of a matrix of size 1."""
        places = node.args[1:]
        axes = [self.axis(node.args[0], k) for k in range(len(places))]
        labels = tuple(dict.fromkeys(i for place in places for i in self.limits if place.has(i)))
        letters: Mapping[sp.Basic, str] = dict(zip(labels, builder.letters(len(labels)), strict=True))
        sizes = {letters[one]: self.extent(one) for one in labels}
        numbers = {one: position(letters[one]) + self.hull(one)[0] for one in labels}
        own: list[str] = []
        guards: list[Expr] = []
        conditions: list[Expr] = []
        for axis, place in zip(axes, places, strict=True):
            if axis.extent == 1 and tensor.ndim < len(axes):
                continue
            if place in letters and self.hull(place)[0] == axis.first and same_size(self.extent(place), axis.extent):
                own.append(letters[place])
                continue
            own.append(f"p{len(own)}")
            sizes[own[-1]] = axis.extent
            at = sp.expand(ours(place).xreplace(numbers) - axis.first)
            guards.append(iverson(sp.Eq(position(own[-1]), at, evaluate=False)))
            room = sp.expand(axis.extent - 1 - at)
            conditions += [room] if self._fixed(place) and not room.is_nonnegative else []
        index = tuple(letters[one] for one in labels)
        if not guards and tuple(own) == index:
            return Read(tensor, labels=labels)
        return Read(builder.product([(tensor, tuple(own))], index, sizes, sp.Mul(*guards), tuple(conditions)), labels=labels)

    def over(self, node: Any, parts: list[Read], _: Any) -> Read:
        """The sum or product over the axes that the limits name; what lacks an axis comes as often as that has entries."""
        read, product = self._masked(node, parts[0]), isinstance(node, sp.Product)
        labels = list(read.labels)
        axes = tuple(labels.index(index) for index, *_ in node.limits if index in labels)
        missing = [self.extent(index) for index, *_ in node.limits if index not in labels]
        tensor = read.tensor
        if axes:
            tensor = called("prod", [tensor, axes], {}) if product else builder.total(tensor, axes)
        if missing:
            tensor = tensor ** sp.Mul(*missing) if product else tensor * sp.Mul(*missing)
        return Read(tensor, labels=tuple(one for k, one in enumerate(labels) if k not in axes))

    def _masked(self, node: Any, read: Read) -> Read:
        """What is summed, with 0 (in a product 1) where an index is outside limits that depend on others."""
        for index, low, high in node.limits:
            for bound, sign in ((low, 1), (high, -1)):
                around = [one for one in self.limits if bound.has(one)]
                if not around:
                    continue
                labels = tuple(dict.fromkeys((*read.labels, index, *around)))
                own = (index, *around)
                letters = dict(zip(own, builder.letters(len(own)), strict=True))
                numbers = {one: position(letter) + self.hull(one)[0] for one, letter in letters.items()}
                room = sp.expand(ours(sign * (index - bound)).xreplace(numbers))
                inside = Tensor(
                    tuple(map(self.extent, own)), Sum(iverson(sp.Ge(room, 0, evaluate=False))), (), tuple(letters.values())
                )
                test, value = aligned([Read(inside, labels=own), read], labels)
                read = Read(builder.where(test.tensor, value.tensor, int(isinstance(node, sp.Product))), labels=labels)
        return read


def _extent_of(array: Any, k: int) -> Expr | None:
    return None if array.shape is None else ours(builder.as_number(array.shape[k]))


def ours(expression: Any) -> Any:
    """A size of SymPy with our symbols."""
    return expression.xreplace({s: size(str(s)) for s in expression.free_symbols if not isinstance(s, Bound)})


def aligned(parts: list[Read], labels: Labels) -> list[Read]:
    """The parts with an axis for each of the indices, in their order, of size 1 where the part has no such index."""
    result = []
    for part in parts:
        if part.labels != labels and part.labels:
            order = sorted(range(len(part.labels)), key=lambda k, own=part.labels: labels.index(own[k]))
            tensor = builder.permute(part.tensor, order)
            first = next(k for k, one in enumerate(labels) if one in part.labels)
            items = tuple(slice(None) if one in part.labels else None for one in labels[first:])
            part = Read(tensor[items] if None in items else tensor)
        result.append(part)
    return result
