"""The body of an equation as primitives: a walk down its SymPy tree, in which an axis is known by its letter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFunction

from symbackprop.core.functions import TableFunction, Where, stop_gradient
from symbackprop.core.passes.large import in_order
from symbackprop.evaluate.bodies.code import Code, Primitive
from symbackprop.evaluate.bodies.windows import Windows
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.rules import primitives as pr
from symbackprop.evaluate.rules.primitives import Tape, Value

NEAR = 1e-6  # a position so near to a whole number is one
MANY = "*"  # the letter of an axis along which several points lie

COMPARE = {
    sp.Eq: np.equal, sp.Ne: np.not_equal,
    sp.Gt: np.greater, sp.Ge: np.greater_equal, sp.Lt: np.less, sp.Le: np.less_equal,
}  # fmt: skip


class Lettered(NamedTuple):
    """The place of a value in the code, and the letters of its axes."""

    place: int
    letters: tuple[str, ...] = ()


class Scope:
    """The symbols of a body: slots, positions and the letters that guards have fixed."""

    def __init__(
        self, code: Code, slots: Mapping[Symbol, Lettered], extents: Mapping[str, int], fixed: Mapping[str, Expr] | None = None
    ) -> None:
        self.code, self.slots, self.extents, self.fixed = code, slots, extents, fixed or {}
        self.known: dict[sp.Basic, Lettered] = {}
        self.places: dict[str, Lettered] = {}
        self.masks: dict[str, Lettered] = {}  # where a fixed letter stands at an entry that there is

    def read(self, expression: sp.Basic) -> Lettered:
        """The value of an expression; a part that stands twice is computed once."""
        if expression not in self.known:
            self.known[expression] = self._read(expression)
        return self.known[expression]

    def _read(self, e: sp.Basic) -> Lettered:
        if isinstance(e, Symbol):
            return self.symbol(e)
        if isinstance(e, TableFunction):
            return self.row(e)
        if isinstance(e, stop_gradient):
            return self.stopped(e)
        if isinstance(e, Where):
            return self.joined(_select, self.condition(e.args[0]), self.read(e.args[1]), self.read(e.args[2]))
        number = number_of(e)
        if number is not None:
            return self.number(number)
        name = type(e).__name__
        if name in pr.FUNCTIONS:
            return self.joined(lambda tape, x: pr.function(tape, name, x), self.read(e.args[0]))
        return self.joined(_primitive(e, name), *map(self.read, in_order(e) if isinstance(e, sp.Add) else e.args))

    def joined(self, primitive: Primitive, *items: Lettered) -> Lettered:
        """A primitive of values that are given the same axes, those that one lacks having size 1."""
        letters = tuple(dict.fromkeys(c for item in items for c in item.letters))
        return Lettered(self.code.emit(primitive, *[self.arranged(item, letters) for item in items]), letters)

    def stopped(self, e: stop_gradient) -> Lettered:
        """A value that no derivative passes; whichever way the choices in it go, it stays where it is."""
        slots = {s: Lettered(k, tuple(c for c in x.letters if c != MANY)) for k, (s, x) in enumerate(self.slots.items())}
        inner = Scope(Code(len(slots)), slots, self.extents, self.fixed)
        still = inner.read(e.args[0])
        inner.code.result = still.place

        def stop(tape: Tape, *values: Value) -> Value:
            def compute() -> Value:
                known, tape.branches, tape.held = (tape.branches, tape.held), None, None
                x = inner.code.run(tape, values)
                tape.branches, tape.held = known
                return Value(x.data, "stop_gradient", exact=x.exact)

            return compute() if tape.held is None else tape.held.value(compute)

        return Lettered(self.code.emit(stop, *[x.place for x in self.slots.values()]), still.letters)

    def number(self, number: float) -> Lettered:
        """A number, by `number_of`."""
        if math.isnan(number):
            return Lettered(self.code.emit(lambda tape: tape.record("division by zero", np.asarray(np.nan), [], [])))
        return Lettered(self.code.constant(np.asarray(number)))

    def condition(self, c: sp.Basic) -> Lettered:
        """Where a condition holds."""
        if c in (sp.true, sp.false):
            return Lettered(self.code.constant(np.asarray(c == sp.true)))
        if isinstance(c, BooleanFunction) and not isinstance(c, Relational):
            return self.joined(_logic(c), *map(self.condition, c.args))
        compare = COMPARE[type(c)]
        return self.joined(
            lambda tape, a, b: Value(compare(np.real(a.data), np.real(b.data))), self.read(c.args[0]), self.read(c.args[1])
        )

    def symbol(self, symbol: Symbol) -> Lettered:
        if symbol not in self.slots:
            letter = symbol.name
            if letter in self.fixed:
                return self.read(self.fixed[letter])
            return Lettered(self.code.constant(np.arange(self.extents[letter], dtype=float)), (letter,))
        x = self.slots[symbol]
        for letter in x.letters:
            if letter in self.fixed:
                x = self.take(x, letter)
        return x

    def place(self, letter: str) -> Lettered:
        """The entry that a fixed letter stands at (clipped; `masks` says where there is none)."""
        if letter not in self.places:
            exact, extent = self.read(self.fixed[letter]), self.extents[letter]
            there = self.code.emit(lambda tape, x: Value(_inside(x.data, extent)), exact.place)
            known = self.code.known(there)
            if known is None or not known.all():
                self.masks[letter] = Lettered(there, exact.letters)
            entry = self.code.emit(lambda tape, x: Value(np.clip(_rounded(x.data), 0, extent - 1)), exact.place)
            self.places[letter] = Lettered(entry, exact.letters)
        return self.places[letter]

    def factor(self, e: sp.Basic) -> Lettered:
        """A factor of a product; a tensor that is one by itself is 0 where there is no entry, so that nothing masks the product."""
        x = self.slots.get(e) if isinstance(e, Symbol) else None
        if x is None or all(self.windows(x, letter) is None for letter in x.letters if letter in self.fixed):
            return self.read(e)
        for letter in x.letters:
            if letter in self.fixed:
                windows = self.windows(x, letter)
                if windows is not None:
                    self.masks.pop(letter, None)
                x = self.take(x, letter, windows)
        return x

    def windows(self, x: Lettered, letter: str) -> Windows | None:
        """The windows into a tensor in which a fixed letter stands at whole numbers that are known, at equal distances."""
        exact, own = self.read(self.fixed[letter])
        known = self.code.known(exact)
        if known is None or any(c in x.letters for c in own) or (abs(known - np.rint(known)) >= NEAR).any():
            return None
        return Windows.of(_rounded(known))

    def take(self, x: Lettered, letter: str, windows: Windows | None = None) -> Lettered:
        """A tensor with what a fixed letter depends on in the place of that letter."""
        entry, own = self.place(letter)
        shared = [c for c in own if c in x.letters]
        rest = [c for c in x.letters if c not in shared and c != letter]
        order = shared + [c for c in own if c not in shared]
        turned = self.turned(x, (*shared, letter, *rest))
        if windows is None and not shared and (known := self.code.known(entry)) is not None:
            windows = Windows.of(known)
        if windows is not None:
            place = self.code.emit(lambda tape, x: pr.windows(tape, x, windows), turned)
        else:
            axes = [own.index(c) for c in order]
            place = self.code.emit(lambda tape, x, i: pr.take(tape, x, i.data.transpose(axes), len(shared)), turned, entry)
        return Lettered(place, (*order, *rest))

    def row(self, call: TableFunction) -> Lettered:
        """A row of the tables by its formula; where that overflows, entry by entry, by its stable form."""
        arguments = [self.read(a) for a in call.args]
        if call.row.stable is None:
            return Scope(self.code, dict(zip(call.row.args, arguments, strict=True)), self.extents).read(call.row.formula)
        slots = {s: Lettered(k, x.letters) for k, (s, x) in enumerate(zip(call.row.args, arguments, strict=True))}
        formula, stable = (Scope(Code(len(slots)), slots, self.extents) for _ in range(2))
        result = formula.read(call.row.formula)
        formula.code.result, stable.code.result = result.place, stable.arranged(stable.read(call.row.stable), result.letters)

        def either(tape: Tape, *values: Value) -> Value:
            start = len(tape.values)
            value = formula.code.run(tape, values)
            finite = [np.isfinite(v.data) for v in tape.values[start:]]
            if all(mask.all() for mask in finite):
                return value
            branches, tape.branches = tape.branches, None  # its choices keep numbers small, and are no kinks
            steady = stable.code.run(tape, values)
            chosen = pr.select(tape, np.logical_and.reduce(np.broadcast_arrays(*finite, value.data)[:-1]), value, steady)
            tape.branches = branches
            return chosen

        return Lettered(self.code.emit(either, *[x.place for x in arguments]), result.letters)

    def arranged(self, item: Lettered, letters: tuple[str, ...]) -> int:
        """The value with an axis for each letter, of size 1 where it lacks one; a number stays one."""
        return self.turned(item, letters) if item.letters else item.place

    def turned(self, item: Lettered, letters: tuple[str, ...]) -> int:
        if item.letters == letters:
            return item.place
        order = [item.letters.index(c) if c in item.letters else None for c in letters]
        return self.code.emit(pr.arrange(order), item.place)

    def spread(self, item: Lettered, letters: tuple[str, ...]) -> Lettered:
        """The value with exactly these letters, repeated along those that it lacks, and along which several points lie."""
        if MANY in item.letters and MANY not in letters:
            letters = (MANY, *letters)
        place = self.turned(item, letters)
        if set(letters) <= set(item.letters):
            return Lettered(place, letters)
        own = tuple(self.extents[c] for c in letters if c != MANY)
        return Lettered(
            self.code.emit(lambda tape, x: pr.repeat(tape, x, (*x.data.shape[: x.data.ndim - len(own)], *own)), place), letters
        )


def _select(tape: Tape, mask: Value, a: Value, b: Value) -> Value:
    return pr.select(tape, mask.data.astype(bool), a, b)


def _primitive(e: sp.Basic, name: str) -> Primitive:
    """The primitive of values with the same axes that an expression is. Raises PointError where there is none."""
    if name in pr.PAIRS:
        return lambda tape, a, b: pr.pair(tape, name, a, b)
    match e:
        case sp.Add():
            return lambda tape, *terms: pr.add(tape, terms)
        case sp.Mul():
            return lambda tape, *factors: pr.multiply(tape, factors)
        case sp.Pow():
            return pr.power
        case sp.Max():
            return lambda tape, *values: _best(tape, np.greater, values)
        case sp.Min():
            return lambda tape, *values: _best(tape, np.less, values)
        case sp.Mod():
            return _remainder
        case _:
            raise PointError(f"{name} cannot be evaluated at numbers")


def _best(tape: Tape, first: Callable[[ndarray, ndarray], ndarray], values: tuple[Value, ...]) -> Value:
    best = values[0]
    for value in values[1:]:
        best = pr.select(tape, first(np.real(best.data), np.real(value.data)), best, value)
    return best


def _remainder(tape: Tape, a: Value, b: Value) -> Value:
    whole = np.floor(np.real(a.data) / b.data)
    tape.choose(whole)
    return pr.add(tape, [a, Value(-b.data * whole)])


def _logic(c: BooleanFunction) -> Primitive:
    if isinstance(c, sp.Not):
        return lambda tape, mask: Value(~mask.data)
    join = np.logical_and if isinstance(c, sp.And) else np.logical_or

    def joined(tape: Tape, *masks: Value) -> Value:
        result = masks[0].data
        for mask in masks[1:]:
            result = join(result, mask.data)
        return Value(result)

    return joined


def _rounded(x: ndarray) -> ndarray:
    return np.rint(np.real(x)).astype(int)


def _inside(x: ndarray, extent: int) -> ndarray:
    place = _rounded(x)
    return ((abs(np.real(x) - place) < NEAR) & (place >= 0) & (place < extent)).astype(float)


@lru_cache(maxsize=4096)
def number_of(e: sp.Basic) -> float | None:
    """The number that an expression is, not-a-number where SymPy has divided by zero; None where it is none."""
    if not isinstance(e, Expr) or not e.is_number:
        return None
    if e.has(TableFunction):
        return None  # it is computed as others are
    return math.nan if e.has(sp.zoo, sp.nan) else float(e)


@lru_cache(maxsize=4096)
def at_sizes(expression: Expr, sizes: tuple[tuple[Symbol, int], ...]) -> Expr:
    """A body with numbers for its sizes."""
    return cast(Expr, expression.xreplace({symbol: sp.Integer(n) for symbol, n in sizes}))
