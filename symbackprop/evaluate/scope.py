"""The body of an equation run at numbers: a walk down its SymPy tree, in which an axis is known by its letter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFunction

from symbackprop.core.functions import TableFunction, Where, stop_gradient
from symbackprop.evaluate import primitives as pr
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.primitives import Tape, Value

MANY = "*"  # the letter of an axis along which several points lie

COMPARE = {
    sp.Eq: np.equal, sp.Ne: np.not_equal,
    sp.Gt: np.greater, sp.Ge: np.greater_equal, sp.Lt: np.less, sp.Le: np.less_equal,
}  # fmt: skip


class Lettered(NamedTuple):
    """A value whose axes have letters."""

    value: Value
    letters: tuple[str, ...] = ()


class Scope:
    """The symbols of a body: slots, positions and the letters that guards have fixed."""

    def __init__(
        self,
        tape: Tape,
        slots: Mapping[Symbol, Lettered],
        extents: Mapping[str, int],
        fixed: Mapping[str, Expr] | None = None,
    ) -> None:
        self.tape, self.slots, self.extents, self.fixed = tape, slots, extents, fixed or {}
        self.known: dict[sp.Basic, Lettered] = {}
        self.places: dict[str, tuple[ndarray, tuple[str, ...]]] = {}
        self.masks: dict[str, Lettered] = {}  # where a fixed letter stands at an entry that there is

    def inside(self, slots: Mapping[Symbol, Lettered]) -> Scope:
        """The scope of a function's formula."""
        return Scope(self.tape, slots, self.extents)

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
            held = self.tape.held
            return self.stopped(e) if held is None else held.value(lambda: self.stopped(e))
        if isinstance(e, Where):
            (mask, a, b), letters = self.aligned(self.condition(e.args[0]), self.read(e.args[1]), self.read(e.args[2]))
            return Lettered(pr.select(self.tape, mask.data.astype(bool), a, b), letters)
        number = number_of(e)
        if number is not None:
            return self.number(number)
        name = type(e).__name__
        if name in pr.FUNCTIONS:
            x = self.read(e.args[0])
            return Lettered(pr.function(self.tape, name, x.value), x.letters)
        values, letters = self.aligned(*map(self.read, e.args))
        if name in pr.PAIRS:
            return Lettered(pr.pair(self.tape, name, *values), letters)
        if isinstance(e, sp.Add):
            return Lettered(pr.add(self.tape, values), letters)
        if isinstance(e, sp.Mul):
            return Lettered(pr.multiply(self.tape, values), letters)
        if isinstance(e, sp.Pow):
            return Lettered(pr.power(self.tape, *values), letters)
        if isinstance(e, (sp.Max, sp.Min)):
            best = values[0]
            for value in values[1:]:
                first = np.greater if isinstance(e, sp.Max) else np.less
                best = pr.select(self.tape, first(np.real(best.data), np.real(value.data)), best, value)
            return Lettered(best, letters)
        if isinstance(e, sp.Mod):
            a, b = values
            self.tape.choose(np.floor(np.real(a.data) / b.data))
            return Lettered(pr.add(self.tape, [a, Value(-b.data * np.floor(np.real(a.data) / b.data))]), letters)
        raise PointError(f"{name} cannot be evaluated at numbers")

    def stopped(self, e: stop_gradient) -> Lettered:
        """A value that no derivative passes; whichever way the choices in it go, it stays where it is."""
        inner = Scope(self.tape, self.slots, self.extents, self.fixed)
        tape, known = self.tape, (self.tape.branches, self.tape.held)
        tape.branches = tape.held = None
        x = inner.read(e.args[0])
        tape.branches, tape.held = known
        return Lettered(Value(x.value.data, "stop_gradient", exact=x.value.exact), x.letters)

    def number(self, number: float) -> Lettered:
        """A number, by `number_of`."""
        if math.isnan(number):
            return Lettered(self.tape.record("division by zero", np.asarray(np.nan), [], []))
        return Lettered(Value(np.asarray(number)))

    def condition(self, c: sp.Basic) -> Lettered:
        """Where a condition holds."""
        if c in (sp.true, sp.false):
            return Lettered(Value(np.asarray(c == sp.true)))
        if isinstance(c, BooleanFunction) and not isinstance(c, Relational):
            values, letters = self.aligned(*map(self.condition, c.args))
            masks = [v.data for v in values]
            if isinstance(c, sp.Not):
                return Lettered(Value(~masks[0]), letters)
            join = np.logical_and if isinstance(c, sp.And) else np.logical_or
            result = masks[0]
            for mask in masks[1:]:
                result = join(result, mask)
            return Lettered(Value(result), letters)
        (a, b), letters = self.aligned(self.read(c.args[0]), self.read(c.args[1]))
        return Lettered(Value(COMPARE[type(c)](np.real(a.data), np.real(b.data))), letters)

    def symbol(self, symbol: Symbol) -> Lettered:
        if symbol not in self.slots:
            letter = symbol.name
            if letter in self.fixed:
                return self.read(self.fixed[letter])
            return Lettered(Value(np.arange(self.extents[letter], dtype=float)), (letter,))
        x = self.slots[symbol]
        for letter in x.letters:
            if letter in self.fixed:
                x = self.take(x, letter)
        return x

    def place(self, letter: str) -> tuple[ndarray, tuple[str, ...]]:
        """The entry that a fixed letter stands at (clipped; `masks` says where there is none)."""
        if letter not in self.places:
            self.places[letter] = self._place(letter)
        return self.places[letter]

    def _place(self, letter: str) -> tuple[ndarray, tuple[str, ...]]:
        exact = self.read(self.fixed[letter])
        place = np.rint(np.real(exact.value.data)).astype(int)
        there = (abs(np.real(exact.value.data) - place) < 1e-6) & (place >= 0) & (place < self.extents[letter])
        if not there.all():
            self.masks[letter] = Lettered(Value(there.astype(float)), exact.letters)
        return np.clip(place, 0, self.extents[letter] - 1), exact.letters

    def take(self, x: Lettered, letter: str) -> Lettered:
        index, own = self.place(letter)
        shared = [c for c in own if c in x.letters]
        rest = [c for c in x.letters if c not in shared and c != letter]
        order = shared + [c for c in own if c not in shared]
        turned = pr.arrange(self.tape, x.value, [x.letters.index(c) for c in (*shared, letter, *rest)])
        value = pr.take(self.tape, turned, index.transpose([own.index(c) for c in order]), len(shared))
        return Lettered(value, (*order, *rest))

    def row(self, call: TableFunction) -> Lettered:
        """A row of the tables by its formula, or by its stable form where the formula overflows here."""
        arguments = [self.read(a) for a in call.args]
        scope = self.inside(dict(zip(call.row.args, arguments, strict=True)))
        start = len(self.tape.values)
        result = scope.read(call.row.formula)
        made = self.tape.values[start:]
        if call.row.stable is not None and not all(np.isfinite(v.data).all() for v in made):
            del self.tape.values[start:]
            result = self.inside(scope.slots).read(call.row.stable)
        return result

    def aligned(self, *items: Lettered) -> tuple[list[Value], tuple[str, ...]]:
        """The values with the same axes, those that one lacks having size 1."""
        letters = tuple(dict.fromkeys(c for item in items for c in item.letters))
        return [self.arranged(item, letters) for item in items], letters

    def arranged(self, item: Lettered, letters: tuple[str, ...]) -> Value:
        if item.letters == letters or not item.letters:
            return item.value
        return self.turned(item, letters)

    def turned(self, item: Lettered, letters: tuple[str, ...]) -> Value:
        return pr.arrange(self.tape, item.value, [item.letters.index(c) if c in item.letters else None for c in letters])

    def spread(self, item: Lettered, letters: tuple[str, ...]) -> Value:
        """The value with exactly these letters, repeated along those that it lacks."""
        if MANY in item.letters and MANY not in letters:
            letters = (MANY, *letters)
        value = self.turned(item, letters)
        shape = tuple(self.extents[c] if c != MANY else n for c, n in zip(letters, value.data.shape, strict=True))
        return pr.repeat(self.tape, value, shape)


@lru_cache(maxsize=4096)
def number_of(e: sp.Basic) -> float | None:
    """The number that an expression is, not-a-number where SymPy has divided by zero; None where it is none."""
    if not isinstance(e, Expr) or not e.is_number:
        return None
    return math.nan if e.has(sp.zoo, sp.nan) else float(e)


@lru_cache(maxsize=4096)
def at_sizes(expression: Expr, sizes: tuple[tuple[Symbol, int], ...]) -> Expr:
    """A body with numbers for its sizes."""
    return cast(Expr, expression.xreplace({symbol: sp.Integer(n) for symbol, n in sizes}))
