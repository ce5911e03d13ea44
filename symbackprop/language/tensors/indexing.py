"""Indexing as NumPy reads it: whole numbers, slices, None, ... and tensors of integers."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.core.expressions import is_below_zero
from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, same_size, shape_text, slot
from symbackprop.language.tensors.elementwise import broadcast, letters, where
from symbackprop.language.tensors.parts import source_of
from symbackprop.language.tensors.tensor import Index, LanguageError, Tensor, label, number_of


def arange(count: Expr) -> Tensor:
    """The positions 0, 1, ..., count - 1."""
    return Tensor((count,), Sum(position("0")), (), ("0",))


def is_count(tensor: Tensor) -> bool:
    """Whether the entries are the positions 0, 1, 2 and so on."""
    return isinstance(tensor.op, Sum) and not tensor.operands and tensor.ndim == 1 and tensor.op.body == position("0")


def counted_along(tensor: Tensor) -> int | None:
    """The axis along which the entries are the positions 0, 1, 2 and so on, where all others have size 1; else None."""
    if is_count(tensor):
        return 0
    if not (isinstance(tensor.op, Sum) and tensor.op.body == slot(0) and len(tensor.operands) == 1):
        return None
    inner, letters = tensor.operands[0]
    axis = counted_along(inner)
    if axis is None or letters[axis] not in tensor.index:
        return None
    place = tensor.index.index(letters[axis])
    return place if all(n == 1 for k, n in enumerate(tensor.shape) if k != place) else None


def is_integer(tensor: Tensor) -> bool:
    """Whether the entries can be positions: declared integers, a count of positions, or parts of these."""
    if tensor.signature is not None:
        return tensor.signature.kind == "integers"
    if is_count(tensor) or tensor.below is not None:
        return True
    source = source_of(tensor)
    return source is not None and is_integer(source)


def bound_of(tensor: Tensor) -> Expr | None:
    """The size that the entries of a tensor of integers stay below."""
    if tensor.signature is not None or tensor.below is not None:
        return tensor.below
    source = source_of(tensor)
    return tensor.shape[0] if source is None else bound_of(source)


def of_one_number(tensor: Tensor, extent: Expr) -> str:
    """Why what was declared as one whole number, below another size than the axis has, was meant as several; "" elsewhere."""
    bound = tensor.below
    if tensor.signature is None or tensor.ndim or bound is None or (extent - bound).is_nonnegative:
        return ""
    name = label(tensor)
    return (
        f"{name} is one whole number below {bound}, the axis has size {extent}; "
        f"declare it as integers[{bound}, {extent}] for {bound} of them, or as integers[{extent}] for one"
    )


class _Taking:
    """One indexing under construction: the axes of x are consumed from the left, the axes of the result written."""

    def __init__(self, x: Tensor, items: tuple[Any, ...]) -> None:
        self.x, self.items = x, items
        self.index: list[str] = []  # letters of x
        self.result: list[str] = []
        self.shape: list[Expr] = []
        self.over: list[tuple[str, Expr]] = []
        self.guards: list[sp.Basic] = []
        self.conditions: list[Expr] = []
        self.advanced: list[tuple[int, Tensor]] = []  # axis of x, tensor of integers
        self.place: int | None = None  # where the letters of the tensors of integers go
        self.count = 0

    def letter(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def fault(self, text: str) -> LanguageError:
        return LanguageError(f"indexing {label(self.x)}, which is {shape_text(self.x.shape)}: {text}")

    def axis(self) -> Expr:
        if len(self.index) >= self.x.ndim:
            raise self.fault("more indices than axes")
        return self.x.shape[len(self.index)]

    def whole(self) -> None:
        extent, letter = self.axis(), self.letter()
        self.index.append(letter)
        self.result.append(letter)
        self.shape.append(extent)

    def new_axis(self) -> None:
        self.result.append(self.letter())
        self.shape.append(S.One)

    def at(self, where: Expr) -> None:
        extent, letter = self.axis(), self.letter()
        place = where + extent if where.is_negative else where
        self.within(place, extent - 1 - place, lambda: f"{where} is out of range for an axis of size {extent}")
        self.index.append(letter)
        self.over.append((letter, extent))
        self.guards.append(sp.Eq(position(letter), place, evaluate=False))

    def within(self, low: Expr, room: Expr, text: Callable[[], str]) -> None:
        """Require low >= 0 and room >= 0; what depends on a size becomes a condition of the program."""
        for expression in (low, room):
            if expression.is_Integer and expression >= 0:
                continue
            expression = sp.expand(expression)
            if is_below_zero(expression):
                raise self.fault(text())
            if not expression.is_nonnegative:
                self.conditions.append(expression)

    def cut(self, cut: slice) -> None:
        extent = self.axis()
        stride = S.One if cut.step is None else self.size_of(cut.step)
        if not (stride.is_Integer and stride != 0):
            raise self.fault(f"the step {cut.step} must be a whole number other than 0")
        if stride < 0:
            start, length = self.backwards(cut, extent, -stride)
        else:
            start = self.bound(cut.start, S.Zero, extent)
            stop = self.bound(cut.stop, extent, extent)
            self.within(start, extent - stop, lambda: f"[{start}:{stop}] does not fit an axis of size {extent}")
            length = sp.expand(stop - start) if stride == 1 else sp.floor((stop - start - 1) / stride) + 1
            self.within(length - 1, S.Zero, lambda: f"[{start}:{stop}] is empty")
        if same_size(length, extent) and stride == 1 and start == 0:
            self.whole()
            return
        letter, target = self.letter(), self.letter()
        self.index.append(letter)
        self.over.append((letter, extent))
        self.result.append(target)
        self.shape.append(length)
        self.guards.append(sp.Eq(position(letter), start + stride * position(target), evaluate=False))

    def backwards(self, cut: slice, extent: Expr, step: Expr) -> tuple[Expr, Expr]:
        """Where a slice with a negative step begins, and how many entries it has: x[start:stop:-step]."""
        if extent.is_Integer and all(part is None or self.size_of(part).is_Integer for part in (cut.start, cut.stop)):
            begin, end = (None if part is None else int(self.size_of(part)) for part in (cut.start, cut.stop))
            first, last, _ = slice(begin, end, -int(step)).indices(int(extent))  # NumPy clips a slice
            start, stop = sp.Integer(first), sp.Integer(last)
        else:
            start = extent - 1 if cut.start is None else self.bound(cut.start, S.Zero, extent)
            stop = S.NegativeOne if cut.stop is None else self.bound(cut.stop, S.Zero, extent)
        text = f"[{'' if cut.start is None else cut.start}:{'' if cut.stop is None else cut.stop}:{-step}]"
        self.within(start, extent - 1 - start, lambda: f"{text} does not fit an axis of size {extent}")
        self.within(stop + 1, S.Zero, lambda: f"{text} does not fit an axis of size {extent}")
        self.within(start - stop - 1, S.Zero, lambda: f"{text} is empty")
        return start, sp.expand(start - stop) if step == 1 else sp.floor((start - stop - 1) / step) + 1

    def bound(self, value: Any, default: Expr, extent: Expr) -> Expr:
        if value is None:
            return default
        number = self.size_of(value)
        if number.is_Integer and extent.is_Integer:  # NumPy clips a slice
            return sp.Integer(range(int(extent))[int(number) :].start) if number < 0 else min(number, extent)
        return number + extent if number.is_negative or (-number).is_positive else number

    def size_of(self, value: Any) -> Expr:
        if isinstance(value, Tensor):
            number = number_of(value)
            if number is None:
                raise self.fault("a slice needs whole numbers or sizes")
            value = number
        if isinstance(value, Integral):
            return sp.Integer(int(value))
        if isinstance(value, Expr) and value.is_integer:
            return value
        raise self.fault(f"{value} is no position: write whole numbers, sizes, slices, None, ... or a tensor of integers")

    def pick(self, tensor: Tensor) -> None:
        extent, tensor = self.axis(), self.from_the_end(tensor)
        bound = bound_of(tensor)
        if bound is not None and not same_size(bound, extent):
            few = of_one_number(tensor, extent)
            if few:
                raise self.fault(few)
            self.within(
                S.Zero,
                extent - bound,
                lambda: f"the entries of {label(tensor)} go up to {bound - 1}, the axis has size {extent}",
            )
        letter = self.letter()
        self.advanced.append((len(self.index), tensor))
        self.index.append(letter)
        if self.place is None:
            self.place = len(self.result)

    def from_the_end(self, tensor: Tensor) -> Tensor:
        """Positions; of t - 1, which may fall below 0, those are counted from the end. Raise LanguageError for anything else."""
        if is_integer(tensor):
            return tensor
        op, extent = tensor.op, self.axis()
        if tensor.signature is not None:
            shape = tensor.shape[:-1] if tensor.signature.kind == "labels" else tensor.shape
            meant = f"integers[{', '.join(map(str, (*shape, extent)))}]"
            if tensor.signature.kind == "labels":
                raise self.fault(
                    f"{label(tensor)} holds labels, and no positions; write sum({label(tensor)} * ...), or declare it as {meant}"
                )
            raise self.fault(f"{label(tensor)} holds no integers; declare it as {meant}, or write where(mask, x, 0)")
        inner = [one for one, _ in tensor.operands]
        if not isinstance(op, Sum) or op.over or not inner or not all(map(is_integer, inner)):
            raise self.fault(f"{label(tensor)} holds no integers; declare it as integers[n, v], or write where(mask, x, 0)")
        less = sp.expand(op.slots[0] - op.body) if len(inner) == 1 else S.Zero
        bound = bound_of(inner[0])
        if not less.is_Integer or less <= 0 or bound is None:
            raise self.fault(f"{label(tensor)} holds no integers: it is computed; declare such positions, s: integers[n, v]")
        self.within(extent - less, extent - bound + less, lambda: f"{label(tensor)} goes from {-less} to {bound - less - 1}")
        found = where(tensor < 0, tensor + extent, tensor)
        found.below = extent
        return found

    def finish(self) -> Tensor:
        while len(self.index) < self.x.ndim:
            self.whole()
        operands: list[tuple[Tensor, Index]] = [(self.x, tuple(self.index))]
        if self.advanced:
            tensors = [t for _, t in self.advanced]
            shape, indices, ones = broadcast("indexing", *tensors)
            rename = {c: f"a{c}" for c in letters(len(shape) + len(ones))}
            self.over += [(rename[c], extent) for c, extent in ones]
            assert self.place is not None
            self.result[self.place : self.place] = [rename[c] for c in letters(len(shape))]
            self.shape[self.place : self.place] = list(shape)
            for (axis, tensor), own in zip(self.advanced, indices, strict=True):
                named = tuple(rename[c] for c in own)
                letter, extent = self.index[axis], self.x.shape[axis]
                place = counted_along(tensor)
                if place is not None and same_size(tensor.shape[place], extent):
                    index = operands[0][1]
                    operands[0] = (self.x, (*index[:axis], named[place], *index[axis + 1 :]))
                    continue
                self.over.append((letter, extent))
                if place is not None:
                    value: Expr = position(named[place])
                else:
                    value = slot(len(operands))
                    operands.append((tensor, named))
                self.guards.append(sp.Eq(position(letter), value, evaluate=False))
        if not self.guards and self.result == list(operands[0][1]):
            return self.x
        body = sp.Mul(slot(0), *[iverson(guard) for guard in self.guards])
        slots = tuple(slot(k) for k in range(len(operands)))
        op = Sum(body, slots, tuple(self.over))
        return Tensor(tuple(self.shape), op, tuple(operands), tuple(self.result), conditions=tuple(self.conditions))


def take(x: Tensor, items: Any) -> Tensor:
    """x[items], as NumPy reads it; a selected entry is a guard such as 1[j = i + 1], never a copy of an index array.

    items   whole numbers, expressions of sizes, slices, None, ..., tensors of integers.
    Raises LanguageError for an index that is out of range, an empty slice, or anything else.
    """
    several = items if isinstance(items, tuple) else (items,)
    taking = _Taking(x, several)
    chosen = [k for k, item in enumerate(several) if item is not None and item is not Ellipsis and not isinstance(item, slice)]
    if chosen and chosen[-1] - chosen[0] >= len(chosen):
        taking.place = 0  # what a slice parts goes first, as in NumPy
    if sum(item is Ellipsis for item in several) > 1:
        raise taking.fault("... stands once")
    consumed = sum(1 for item in several if item is not None and item is not Ellipsis)
    for item in several:
        if item is Ellipsis:
            for _ in range(x.ndim - consumed):
                taking.whole()
        elif item is None:
            taking.new_axis()
        elif isinstance(item, slice):
            taking.cut(item)
        elif isinstance(item, Tensor) and number_of(item) is None:
            taking.pick(item)
        else:
            taking.at(taking.size_of(item))
    return taking.finish()
