"""Loops: what one step computes, written once with stand-ins, becomes whole tensors with the axis of the steps in front."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.letters import kept
from symbackprop.core.program import Carry, Op, Signature, Sum, position, slot, substituted
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import Index, Tensor, bound_of, is_integer, letters, number_of


class Entry(NamedTuple):
    """What a stand-in is the entry of: a tensor, at the step along some of its axes."""

    stack: Tensor
    axes: tuple[int, ...]


@dataclass
class Before:
    """What a stand-in is the value of, a step before.

    start   its value where there is no step before.
    value   the step's own value, once it is known.
    """

    stem: str
    start: Tensor
    value: Tensor | None = None


class Loop:
    """The steps along one axis.

    letter   the letter of the axis, as a person calls the step.
    extent   how many steps there are.
    step     1: the steps rise; -1: they fall.
    origin   the number of the first place along the axis, as it is on paper.

    A step is written with stand-ins: `at` for entries of tensors, `before` for a value of the step before, `number` for the number
    of the step. `whole` gives what was written the axis of the steps.
    """

    def __init__(self, letter: str, extent: Expr, step: int = 1, origin: Expr = sp.S.One) -> None:
        self.letter, self.extent, self.step, self.origin = kept(letter), extent, step, origin
        self.entries: dict[int, Entry] = {}
        self.befores: dict[int, Before] = {}
        self.numbers: dict[int, Expr] = {}
        self._stand_ins: dict[tuple[int, tuple[int, ...]], Tensor] = {}
        self._kept: list[Tensor] = []  # so that no two tensors have one identity

    def at(self, stack: Tensor, axes: tuple[int, ...] = (0,), text: str | None = None) -> Tensor:
        """The entry of a tensor at the step, along its axes `axes`, each of which has an entry for every step.

        text   how a person wrote it.
        """
        key = id(stack), axes
        if key not in self._stand_ins:
            shape = tuple(extent for k, extent in enumerate(stack.shape) if k not in axes)
            like = stack.signature
            if like is None and is_integer(stack):
                like = Signature("", stack.shape, "integers", bound=bound_of(stack))
            self._stand_ins[key] = self._stand_in(shape, text, like)
            self.entries[id(self._stand_ins[key])] = Entry(stack, axes)
            self._kept.append(stack)
        return self._stand_ins[key]

    def before(self, start: Tensor, stem: str, text: str | None = None) -> Tensor:
        """The value of the step before, `start` where there is none; `carry` says of what.

        stem   what to call it where a name is needed.
        """
        stand_in = self._stand_in(start.shape, text)
        self.befores[id(stand_in)] = Before(stem, start)
        return stand_in

    def carry(self, stand_in: Tensor, value: Tensor) -> None:
        """Say what `before` gave the earlier value of."""
        self.befores[id(stand_in)].value = value

    def number(self, first: Expr, text: str | None = None) -> Tensor:
        """The number of the step, `first` at the first place of the axis."""
        stand_in = self._stand_in((), text)
        self.numbers[id(stand_in)] = first
        return stand_in

    @property
    def last(self) -> Expr:
        """The place of the last step along the axis."""
        return sp.expand(self.extent - 1) if self.step > 0 else sp.S.Zero

    def at_last(self, stand_in: Tensor) -> Tensor | Expr:
        """What a stand-in of an entry or of the step's number is at the last step."""
        if id(stand_in) in self.numbers:
            return sp.expand(self.numbers[id(stand_in)] + self.last)
        stack, axes = self.entries[id(stand_in)]
        return stack[tuple(self.last if k in axes else slice(None) for k in range(stack.ndim))]

    def _stand_in(self, shape: tuple[Expr, ...], text: str | None, like: Signature | None = None) -> Tensor:
        kind, domain = (like.kind, like.domain) if like is not None else ("data", None)
        bound = like.bound if like is not None else None
        tensor = Tensor(shape, signature=Signature(text or "the entry", shape, kind, domain, bound))
        self._kept.append(tensor)
        return tensor

    def is_read(self, stand_in: Tensor, values: Iterable[Tensor]) -> bool:
        """Whether values of the step are made of a stand-in."""
        return any(tensor is stand_in for tensor in self._order(values))

    def whole(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Values of the step, each with the axis of the steps in front; what all steps share stays as it is within them."""
        self.settle(values)
        order = self._order(values)
        varying = self._varying(order, values)
        new: dict[int, Tensor] = {}
        for tensor in order:
            if id(tensor) in self.befores:
                new[id(tensor)] = self._carry(tensor)
            elif id(tensor) in varying and tensor.op is not None:
                new[id(tensor)] = self._lifted(tensor)
        known = {key: entry.stack for key, entry in self.entries.items()} | new
        for tensor in order:  # a Carry reads ahead, so that operands are known only now
            if id(tensor) in self.befores:
                new[id(tensor)].operands = self._carried(self.befores[id(tensor)], new)
            elif id(tensor) in new:
                new[id(tensor)].operands = self._operands(tensor, new)
                if tensor.inner is not None:
                    new[id(tensor)].inner = tensor.inner.moved(lambda t: known.get(id(t), t))
        return [new[id(value)] for value in values]

    def settle(self, values: Iterable[Tensor]) -> dict[int, Tensor]:
        """Put what `before` gave by its start, where no step changes it, in all that the values need; the starts by stand-ins."""
        starts = {key: before.start for key, before in self.befores.items() if self._stays(key, before.value)}
        for tensor in self._order(values) if starts else ():
            if any(id(operand) in starts for operand, _ in tensor.operands):
                tensor.operands = tuple((starts.get(id(operand), operand), index) for operand, index in tensor.operands)
            if tensor.inner is not None:
                tensor.inner = tensor.inner.moved(lambda t: starts.get(id(t), t))
        for key in starts:
            del self.befores[key]
        return starts

    def _stays(self, stand_in: int, value: Tensor | None) -> bool:
        """Whether a step's value is the one before, as it is or copied."""
        while value is not None and id(value) != stand_in:
            value = _copied(value)
        return value is not None

    def differing(self, values: Iterable[Tensor]) -> set[int]:
        """The identities of the values that differ from step to step."""
        values = list(values)
        return self._varying(self._order(values), ()) & {id(value) for value in values}

    def stands_in(self, name: str) -> bool:
        """Whether messages call a stand-in so."""
        return any(tensor.name == name for tensor in self._kept if tensor.is_input)

    def _order(self, values: Iterable[Tensor]) -> list[Tensor]:
        """The tensors that the values need within the step, and those that their earlier values need."""
        known, waiting = {id(t): t for t in ordered(values)}, True
        while waiting:
            ends = [b.value for k, b in self.befores.items() if k in known and b.value is not None and id(b.value) not in known]
            waiting = bool(ends)
            for tensor in ordered(ends):
                known.setdefault(id(tensor), tensor)
        return list(known.values())

    def _varying(self, order: Sequence[Tensor], values: Sequence[Tensor]) -> set[int]:
        """The tensors that differ from step to step, and those that are asked for."""
        stand_ins = {*self.entries, *self.befores, *self.numbers}
        found = stand_ins | {id(value) for value in values} | {id(b.value) for b in self.befores.values() if b.value is not None}
        before = 0
        while len(found) > before:  # an inner Carry reads ahead
            before = len(found)
            found |= {id(t) for t in order if any(id(operand) in found for operand, _ in t.operands)}
        return found

    def _carry(self, stand_in: Tensor) -> Tensor:
        """The tensor of the earlier values; its operands come later."""
        before = self.befores[id(stand_in)]
        shape, index = (self.extent, *stand_in.shape), (self.letter, *letters(stand_in.ndim))
        return Tensor(shape, Carry(self.letter, self.step, origin=self.origin), (), index).called(before.stem)

    def _carried(self, before: Before, new: Mapping[int, Tensor]) -> tuple[tuple[Tensor, Index], ...]:
        assert before.value is not None
        index = letters(before.value.ndim)
        later = ((new[id(before.value)], (self.letter, *index)),)
        return later if is_zero(before.start) else (*later, (before.start, index))

    def _lifted(self, tensor: Tensor) -> Tensor:
        """The tensor with the axis of the steps in front; its operands come later."""
        assert tensor.op is not None
        op: Op = tensor.op
        if isinstance(op, Sum):
            stay = [k for k, (operand, _) in enumerate(tensor.operands) if id(operand) not in self.numbers]
            swap: dict[Expr, Expr] = {op.slots[k]: slot(j) for j, k in enumerate(stay)}
            for s, (operand, _) in zip(op.slots, tensor.operands, strict=True):
                if id(operand) in self.numbers:
                    swap[s] = position(self.letter) + self.numbers[id(operand)]
            body = substituted(op.body, swap) if len(stay) < len(op.slots) else op.body
            op = Sum(body, tuple(slot(j) for j in range(len(stay))), op.over)
        lifted = Tensor((self.extent, *tensor.shape), op, (), (self.letter, *tensor.index), conditions=tensor.conditions)
        lifted.name, lifted.stem, lifted.role = tensor.name, tensor.stem, tensor.role
        lifted.written, lifted.below = tensor.written, tensor.below
        return lifted

    def _operands(self, tensor: Tensor, new: Mapping[int, Tensor]) -> tuple[tuple[Tensor, Index], ...]:
        """What the tensor reads, as whole tensors."""
        found: list[tuple[Tensor, Index]] = []
        for operand, index in tensor.operands:
            if id(operand) in self.numbers:
                if not isinstance(tensor.op, Sum):
                    found.append((self._counted(self.numbers[id(operand)]), (self.letter,)))
            elif id(operand) in self.entries:
                stack, axes = self.entries[id(operand)]
                whole = list(index)
                for axis in axes:
                    whole.insert(axis, self.letter)
                once = isinstance(tensor.op, Sum) or len(axes) == 1
                found.append((stack, tuple(whole)) if once else (self._diagonal(stack, tuple(whole)), (self.letter, *index)))
            elif id(operand) in new:
                found.append((new[id(operand)], (self.letter, *index)))
            else:
                found.append((operand, index))
        return tuple(found)

    def _diagonal(self, stack: Tensor, whole: Index) -> Tensor:
        """The entries A[i, i] of all steps as a value, for what reads each letter once."""
        rest = tuple(c for c in whole if c != self.letter)
        shape = (self.extent, *(n for n, c in zip(stack.shape, whole, strict=True) if c != self.letter))
        return Tensor(shape, Sum(slot(0), (slot(0),)), ((stack, whole),), (self.letter, *rest))

    def _counted(self, first: Expr) -> Tensor:
        """The numbers of all steps."""
        return Tensor((self.extent,), Sum(position("0") + first), (), ("0",))


def _copied(tensor: Tensor) -> Tensor | None:
    """What a tensor is a copy of, u[i] = z[i]; None where it is more."""
    op = tensor.op
    if not isinstance(op, Sum) or op.over or len(tensor.operands) != 1 or op.body != op.slots[0]:
        return None
    ((operand, index),) = tensor.operands
    return operand if index == tensor.index else None


def is_zero(tensor: Tensor) -> bool:
    """Whether a tensor is made of zeros, whatever its shape."""
    if tensor.op is None or tensor.name is not None:
        return False
    number = number_of(tensor)
    return number == 0 or (isinstance(tensor.op, Sum) and not tensor.operands and tensor.op.body == sp.S.Zero)
