"""The shadow that a claim must cast: one number, random numbers times the goal.

What follows a gradient is affine in it and need not be computed anew for each mistake: one walk backwards over the gradient
equations says how the shadow moves with every entry of every gradient, and a mistake whose shadow is not the claim's is none that
gives the claim.
"""

from __future__ import annotations

from functools import cached_property
from math import isfinite
from typing import NamedTuple

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.program import Carry, Equation, Sum
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.rules.primitives import Tape, Value
from symbackprop.evaluate.tape import Written
from symbackprop.judge.mistakes.edit import UNFIT, Backward, How, Instead, Values

NEAR = 1e-6  # of the sizes of two shadows: those that differ by more are of different values
ROUNDED = 1e-3  # what counts of what cancels in a shadow


class Shadow(NamedTuple):
    """The number, and how large it might be."""

    value: float
    size: float


class Shadows:
    """The shadows of what edits make of the goal of a backward pass."""

    def __init__(self, backward: Backward) -> None:
        self.backward = backward
        true = backward.values[backward.goal]
        self.random = np.random.default_rng(7).standard_normal(np.shape(true))
        self.true = self.of(true)
        self.written = Written(backward.program, backward.sizes)
        self._slopes: dict[str, tuple[ndarray | None, ...]] = {}

    def of(self, goal: ndarray) -> Shadow:
        """Of a value of the goal's own shape."""
        with np.errstate(all="ignore"):
            return Shadow(float((self.random * goal).sum()), goal.size * largest_of(goal))

    @cached_property
    def responses(self) -> dict[str, ndarray]:
        """How the shadow moves with each entry of a gradient; none for those that it is not affine in."""
        b = self.backward
        gradients = set(b.order)
        slopes: dict[str, ndarray] = {b.goal: self.random}
        found: dict[str, ndarray] = {}
        bent: set[str] = set()
        with np.errstate(all="ignore"):
            for e in reversed(b.equations):
                name = e.target.name
                slope, makers = slopes.pop(name, None), {r.name for r in e.operands} & gradients
                if slope is None and name not in bent:
                    continue
                if name in bent or not np.isfinite(slope).all() or not is_affine(e, gradients):  # type: ignore[arg-type]
                    bent |= makers
                if name in bent:
                    continue
                assert slope is not None
                found[name] = slope
                operands = [Value(b.values[r.name].astype(float), needs=r.name in makers) for r in e.operands]
                tape = Tape()
                value = self.written.code(e, b.program, operands).run(tape, operands)
                for ref, part in zip(e.operands, tape.pull(value, slope, operands), strict=True):
                    if ref.name in makers:
                        slopes[ref.name] = slopes.get(ref.name, 0.0) + part
        return found

    @cached_property
    def weights(self) -> dict[str, float]:
        """The sums of their moduli."""
        return {place: float(np.abs(response).sum()) for place, response in self.responses.items()}

    def slopes(self, e: Equation) -> tuple[ndarray | None, ...]:
        """How the shadow moves with each operand of a gradient's equation, entry by entry; None where it is not affine in it."""
        if e.target.name not in self._slopes:
            b = self.backward
            operands = [Value(b.values[r.name].astype(float), needs=True) for r in e.operands]
            tape = Tape()
            with np.errstate(all="ignore"):  # what a condition leaves out may be infinite
                value = self.written.code(e, b.program, operands).run(tape, operands)
                parts = tape.pull(value, self.responses[e.target.name], operands)
            affine = [isinstance(e.op, Sum) and affine_in(e.op, {s}) for s in getattr(e.op, "slots", ())]
            told = [fits and bool(np.isfinite(part).all()) for part, fits in zip(parts, affine, strict=True)]
            self._slopes[e.target.name] = tuple(part if fits else None for part, fits in zip(parts, told, strict=True))
        return self._slopes[e.target.name]

    def instead(self, how: Instead) -> Shadow | None:
        """Of the goal with another tensor in a slot, by the slope there; None where that does not tell."""
        slope = self.slopes(how.equation)[how.slot]
        if slope is None:
            return None
        values = self.backward.values
        step = values[how.other] - values[how.equation.operands[how.slot].name]
        most = largest_of(step)
        if not isfinite(most):
            return None
        return Shadow(self.true.value + float(np.vdot(slope, step)), self.true.size + ROUNDED * most * float(np.abs(slope).sum()))

    def moved(self, place: str, how: How, values: Values) -> Shadow | None:
        """Of the goal where the gradient at a place is replaced; None where that does not fit.

        values   what the edit reads: right ones, or those after another edit, of which the goal is one.
        Raises KeyError where the shadow is not affine in the gradient, or the edit gives the goal another shape.
        """
        response, held = self.responses[place], values[place]
        if isinstance(how, Instead) and values is self.backward.values and (found := self.instead(how)) is not None:
            return found
        with np.errstate(all="ignore"):
            try:
                new = np.asarray(how(values), dtype=float)
            except UNFIT:
                return None
            if new.shape != held.shape:
                if place == self.backward.goal:
                    raise KeyError(place)
                return None
            step = new - held
            most = largest_of(step)
            if not isfinite(most):
                return None
            before = self.true if values is self.backward.values else self.of(values[self.backward.goal])
            return Shadow(before.value + float(np.vdot(response, step)), before.size + ROUNDED * most * self.weights[place])


def agree(one: Shadow, other: Shadow) -> bool:
    """Whether the values may be equal."""
    return abs(one.value - other.value) <= NEAR * (one.size + other.size)


def agree_beside(one: Shadow, other: Shadow, factors: ndarray) -> bool:
    """Whether the first value may be the second times one of some positive factors and a sign."""
    return bool((np.abs(abs(one.value) - factors * abs(other.value)) <= NEAR * (one.size + factors * other.size)).any())


def is_affine(e: Equation, gradients: set[str]) -> bool:
    """Whether an equation is affine in those of its operands that are gradients, in all of them together."""
    if isinstance(e.op, Carry):
        return True
    if not isinstance(e.op, Sum):
        return not gradients & {r.name for r in e.operands}
    slots = {s for s, r in zip(e.op.slots, e.operands, strict=True) if r.name in gradients}
    return affine_in(e.op, slots)


def affine_in(op: Sum, slots: set[sp.Symbol]) -> bool:
    """Whether a body is affine in slots, in all of them together."""
    return all(_is_affine(term, slots) for term in sp.Add.make_args(op.body))


def _is_affine(term: sp.Basic, slots: set[sp.Symbol]) -> bool:
    if not slots & term.free_symbols:
        return True
    bent = [p for p in sp.Mul.make_args(term) if slots & p.free_symbols]  # type: ignore[arg-type]  # a term of a sum
    if len(bent) == 1 and bent[0] not in slots:
        if not bent[0].is_polynomial(*slots):  # flat functions have constant slopes as well
            return False
        return all(not slots & sp.diff(bent[0], s).free_symbols for s in slots & bent[0].free_symbols)
    return len(bent) == 1
