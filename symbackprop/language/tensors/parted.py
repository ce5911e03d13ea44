"""Sums over what was put together of parts: sum of f over [h_1; h_2 ... h_T] = f(h_1) + the sum of f over h_2 ... h_T."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy import Expr, S

from symbackprop.core.program import Reduce, Sum, position, substituted
from symbackprop.language.tensors.tensor import Index, Tensor

DEEPEST = 100  # operations in each other: what lies deeper is summed as a whole
Part = tuple[Tensor, bool]  # rows of entries, or a single entry, which lacks the axis


def part_by_part(x: Tensor, axis: int) -> list[Part] | None:
    """The parts of a value along an axis, computed of the parts of what it reads; None where it reads nothing in parts."""
    parts = _parts(x, axis)
    if parts is None:
        return None
    sizes = [S.One if lone else t.shape[0] for t, lone in parts]
    found = list[Part]()
    for k, (_, lone) in enumerate(parts):
        found.append((_Part(parts, k, sp.expand(sp.Add(*sizes[:k])), sizes[k], lone).of(x, axis), lone))
    return found


def _parts(x: Tensor, axis: int) -> Sequence[Part] | None:
    """The parts that the first of what a value reads along an axis was put together of."""
    waiting, seen = [(x, axis, 0)], set[tuple[int, int]]()
    while waiting:
        x, axis, depth = waiting.pop()
        if (id(x), axis) in seen or depth > DEEPEST or x.name is not None or x.inner is not None:
            continue
        seen.add((id(x), axis))
        if x.parts is not None:
            if axis == 0:
                return x.parts
        elif _is_open(x, axis):
            letter = x.index[axis]
            read = [(operand, index.index(letter), depth + 1) for operand, index in x.operands if index.count(letter) == 1]
            waiting += reversed(read)
    return None


def _is_open(x: Tensor, axis: int) -> bool:
    """Whether each entry of a value along an axis is made of entries there alone."""
    return isinstance(x.op, Sum | Reduce) and all(x.index[axis] != c for c, _ in x.op.over)


class _Part:
    """Values at one part of an axis.

    parts    what something was put together of, of which this is number `k`.
    begin    the place of the first entry, and `size` how many there are.
    lone     whether it is a single entry, without the axis.
    """

    def __init__(self, parts: Sequence[Part], k: int, begin: Expr, size: Expr, lone: bool) -> None:
        self.parts, self.k, self.begin, self.size, self.lone = parts, k, begin, size, lone
        self._made: dict[tuple[int, int], Tensor] = {}

    def of(self, x: Tensor, axis: int) -> Tensor:
        key = id(x), axis
        if key not in self._made:
            self._made[key] = self._of(x, axis)
        return self._made[key]

    def _of(self, x: Tensor, axis: int) -> Tensor:
        if x.parts is self.parts and axis == 0 and x.name is None:
            return self.parts[self.k][0]
        if _parts(x, axis) is None or any(index.count(x.index[axis]) > 1 for _, index in x.operands):
            return x[(*[slice(None)] * axis, self.begin if self.lone else slice(self.begin, sp.expand(self.begin + self.size)))]
        letter, operands = x.index[axis], list[tuple[Tensor, Index]]()
        for operand, index in x.operands:
            if letter not in index:
                operands.append((operand, index))
                continue
            place = index.index(letter)
            operands.append((self.of(operand, place), (*index[:place], *index[place + 1 :]) if self.lone else index))
        op = x.op
        assert isinstance(op, Sum | Reduce)
        if isinstance(op, Sum):
            at = self.begin if self.lone else position(letter) + self.begin
            op = Sum(substituted(op.body, {position(letter): at}), op.slots, op.over)
        shape = (*x.shape[:axis], *(() if self.lone else (self.size,)), *x.shape[axis + 1 :])
        index = (*x.index[:axis], *x.index[axis + 1 :]) if self.lone else x.index
        made = Tensor(shape, op, tuple(operands), index, conditions=x.conditions)
        made.stem, made.written, made.below = x.stem, x.written, x.below
        return _number(made)


def _number(x: Tensor) -> Tensor:
    """A value of numbers alone as a number in all its entries."""
    numbers = [t.op.body for t, _ in x.operands if isinstance(t.op, Sum) and not t.operands and not t.op.over and t.name is None]
    if not isinstance(x.op, Sum) or x.op.over or len(numbers) < len(x.operands) or any(n.free_symbols for n in numbers):
        return x
    return Tensor(x.shape, Sum(substituted(x.op.body, dict(zip(x.op.slots, numbers, strict=True)))), (), x.index)
