"""What a mistake is: a right backward pass with the value of one gradient replaced, by what a person would have put there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.functions import TableFunction, Where
from symbackprop.core.loops import has_loops
from symbackprop.core.loops.recursion import Recursion
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Carry, Equation, Program, Ref, Sum, slot
from symbackprop.display.names import Names
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import step
from symbackprop.formulas.told import Formula, Piece, Told
from symbackprop.judge.texts.prose import expression

Values = Mapping[str, ndarray]
How = Callable[[Values], Any]


class Body(NamedTuple):
    """An expression in slots, and the tensors that stand in them."""

    body: sp.Basic
    names: tuple[str, ...] = ()

    def mentioned(self) -> Iterator[str]:
        return (name for k, name in enumerate(self.names) if slot(k) in self.body.free_symbols)


ONE = "one of two mistakes: {}"
Part = str | int | Body  # the name of a tensor of the program, a number, an expression


class Says(NamedTuple):
    """A sentence about a program that is put together where it is shown: the parts stand in the places of {}."""

    pattern: str
    parts: tuple[Part, ...]

    def mentions(self, program: Program) -> Iterator[str]:
        """The tensors in it, and those that the gradients in it are of and by."""
        for part in self.parts:
            for name in part.mentioned() if isinstance(part, Body) else [str(part)]:
                yield name
                if name in program.tensors and (role := program.tensors[name].role) is not None:
                    yield from (role.of, role.wrt, role.via or "")

    def told(self, names: Names) -> Told:
        return Told(self.pattern, tuple(_formula(part, names) for part in self.parts))


def say(pattern: str, *parts: Part) -> Says:
    """A sentence with the parts in the places of {}."""
    return Says(pattern, parts)


def _formula(part: Part, names: Names) -> Piece:
    match part:
        case str():
            return Formula(part, names.in_line(part))
        case int():
            return str(part)
        case Body(body, operands):
            return expression(body, {slot(k): Formula(n, names.in_line(n)) for k, n in enumerate(operands)})


class Edit(NamedTuple):
    """One mistake at one place.

    name    of the row of the catalogue.
    place   the gradient whose value is replaced.
    how     the value that stands there instead, from the values so far.
    says    what was done.
    weight  0: the usual form of the mistake; more: a rarer one.
    alike   what it has in common with the same mistake at other places; "" where the name says it.
    """

    name: str
    place: str
    how: How
    says: Says
    weight: float = 0.0
    alike: str = ""


class Finding(NamedTuple):
    """A mistake that gives just the claimed value.

    name, said   of the mistake.
    where        the gradient at which it was made, or "everywhere".
    family       the kind of mistake it is.
    weight       how rare it is; 1 and more: nobody may ever have made it.
    """

    name: str
    said: Told
    where: Piece
    family: str
    weight: float = 0.0

    @property
    def sentence(self) -> str:
        return str(self.said)

    @property
    def place(self) -> str:
        return self.where if isinstance(self.where, str) else self.where.typed

    @property
    def stands(self) -> bool:
        """Whether the sentence says where it was made."""
        return isinstance(self.where, str) or self.where in self.said.pieces

    def facts(self) -> dict[str, str]:
        return {"name": self.name, "sentence": self.sentence, "place": self.place, "family": self.family}


UNFIT = (ValueError, IndexError, KeyError, TypeError, ZeroDivisionError, PointError)


@dataclass(frozen=True)
class Backward:
    """A derived program at one point: what edits are made of.

    program   forward equations, then gradients; where a rate is declared, those by every parameter.
    count     how many equations are forward.
    goal      the gradient that is claimed.
    again     of a loop: whether an edit is made at every step anew, as code does that runs; else the gradients of the steps
              beside stay right, as in one equation of a recursion.
    """

    program: Program
    count: int
    of: str
    goal: str
    values: Values
    sizes: Mapping[str, int]
    again: bool = False

    @cached_property
    def equations(self) -> list[Equation]:
        """The gradient equations that the goal is made from, in order."""
        if self.has_recursion and not self.again:
            return self.one_step()
        keep, by_name = {self.goal}, self.by_name
        for e in reversed(self.program.equations):
            if e.target.name in keep:
                keep |= {r.name for r in e.operands}
        return [e for e in self.program.equations[self.count :] if e.target.name in keep and e.target.name in by_name]

    @cached_property
    def has_recursion(self) -> bool:
        """Whether gradients come from another step of a loop."""
        return any(isinstance(e.op, Carry) for e in self.program.equations[self.count :])

    def one_step(self) -> list[Equation]:
        """The same in a loop: from the goal back to itself, which is taken to be right at the steps beside."""
        gradients = {e.target.name: e for e in self.program.equations[self.count :]}
        found: list[Equation] = []
        seen: set[str] = set()
        waiting: list[tuple[str, bool]] = [(self.goal, False)]
        while waiting:
            name, done = waiting.pop()
            if done:
                found.append(gradients[name])
            elif name in gradients and name not in seen:
                seen.add(name)
                waiting.append((name, True))
                waiting += [(r.name, False) for r in gradients[name].operands]
        return found

    @cached_property
    def names(self) -> Names:
        return Names(self.program)

    @cached_property
    def by_name(self) -> dict[str, Equation]:
        return self.program.equation_of()

    @cached_property
    def forward(self) -> list[str]:
        """The tensors that are no gradients."""
        return [n for n, t in self.program.tensors.items() if t.role is None and t.kind != "constant" and n in self.values]

    @cached_property
    def steps(self) -> Mapping[tuple[str, int], Axis]:
        """The axes along which loops go, of every tensor."""
        return Recursion(self.program).axes if has_loops(self.program) else {}

    def carried_from(self, name: str) -> str | None:
        """What a tensor holds the values of the step before of; None where it holds none."""
        e = self.by_name.get(name)
        return e.operands[0].name if e is not None and isinstance(e.op, Carry) and self.program.tensors[name].role is None else None

    @cached_property
    def rates(self) -> list[str]:
        return rates(self.program)

    @cached_property
    def counts(self) -> list[tuple[sp.Expr, float]]:
        """The sizes above 1, by name, and the numbers of axes without one."""
        named = {n: float(v) for n, v in self.sizes.items() if v > 1}
        shapes = {k for n in self.forward for k in np.shape(self.values[n]) if k > 1} - {int(v) for v in named.values()}
        symbols = {str(s): s for s in self.program.sizes()}
        return [*((symbols[n], v) for n, v in named.items() if n in symbols), *((sp.Integer(k), float(k)) for k in sorted(shapes))]

    def shape(self, name: str) -> tuple[int, ...]:
        return np.shape(self.values[name])

    def rank(self, name: str) -> int:
        return np.ndim(self.values[name])

    @cached_property
    def numbers(self) -> tuple[tuple[sp.Symbol, int], ...]:
        return tuple((s, self.sizes[str(s)]) for s in self.program.sizes())

    def run(self, e: Equation, values: Values) -> ndarray:
        """An equation from the values of its operands; of the program's own at the right values it is known."""
        if values is self.values and self.by_name.get(e.target.name) is e:
            return values[e.target.name]
        return step(self.program, e, values, self.sizes, numbers=self.numbers)

    def here(self, e: Equation) -> How:
        """The equation as it stands."""
        return lambda values: self.run(e, values)

    def apply(self, changes: Mapping[str, How]) -> ndarray | None:
        """The goal where some gradients are replaced; None where an edit does not fit."""
        made = self.after(changes)
        return made if made is None or isinstance(made, ndarray) else made[self.goal]

    def after(self, changes: Mapping[str, How]) -> dict[str, ndarray] | ndarray | None:
        """All values where some gradients are replaced; the goal alone where it has another shape then; None where nothing fits."""
        values = dict(self.values)
        dirty: set[str] = set()
        rounds = 1 + max(self.sizes.values(), default=0) if self.again and self.has_recursion else 1  # each settles a step more
        with np.errstate(all="ignore"):
            for e in (e for _ in range(rounds) for e in self.equations):
                name = e.target.name
                if name in changes:
                    try:
                        new = np.asarray(changes[name](values), dtype=float)
                    except UNFIT:
                        return None
                    if new.shape != self.shape(name):
                        return new if name == self.goal else None
                    values[name] = new
                    dirty.add(name)
                elif any(r.name in dirty for r in e.operands):
                    values[name] = self.run(e, values)
                    dirty.add(name)
        return values if self.goal in dirty else None

    def gradient_by(self, name: str) -> str | None:
        """The whole gradient by a tensor, where the goal is made from it."""
        found = self.whole_gradients.get(name)
        return found if found in self.order else None

    @cached_property
    def order(self) -> list[str]:
        return [e.target.name for e in self.equations]

    @cached_property
    def position(self) -> Mapping[str, int]:
        """The place of each gradient in that order."""
        return {name: k for k, name in enumerate(self.order)}

    @cached_property
    def layer_inputs(self) -> frozenset[str]:
        """The tensors that are read beside a matrix of parameters somewhere."""
        found: set[str] = set()
        for e in self.program.equations[: self.count]:
            if any(self.program.tensors[r.name].kind == "parameter" and len(r.index) == 2 for r in e.operands):
                found |= {r.name for r in e.operands}
        return frozenset(found)

    def named(self, name: str) -> bool:
        """Whether a person gave a forward tensor its name."""
        return self.program.tensors[name].named and self.program.tensors[name].role is None

    @cached_property
    def whole_gradients(self) -> dict[str, str]:
        """The gradients of the whole, by what they are of; those that the goal is not made from as well."""
        roles = ((n, t.role) for n, t in self.program.tensors.items() if t.role is not None)
        return {role.wrt: n for n, role in roles if role.via is None and role.of == self.of and n in self.by_name}

    def activation(self, e: Equation) -> Equation | None:
        """The forward equation that this gradient came back through, where it is a function of one operand, entry by entry."""
        s = e.step
        if s is None or s.through is None or s.rule != "chain":
            return None
        f = self.by_name.get(s.through.name)
        if f is None or not isinstance(f.op, Sum) or f.op.over or len(f.operands) != 1:
            return None
        body = f.op.body
        curved = body.has(TableFunction, Where, sp.exp, sp.tanh, sp.log, sp.sin, sp.cos)
        return f if curved or any(p.exp != 1 for p in body.atoms(sp.Pow)) else None

    @cached_property
    def logarithms(self) -> set[str]:
        """What the loss takes the logarithm of, as a cross-entropy does."""
        readers = [e for e in self.program.equations[: self.count] if isinstance(e.op, Sum) and e.op.body.has(sp.log)]
        return {r.name for e in readers for r in e.operands}

    def logged(self, name: str) -> bool:
        """Whether the loss takes the logarithm of a value."""
        return name in self.logarithms

    def too_many(self, name: str, factor: Part, at: str) -> Says:
        """That a factor is too many, and why it may have come in."""
        if not self.logged(name):
            return say("the factor {} is too many at {}", factor, at)
        return say(
            "the factor {} is too many at {}: it belongs to a squared error, of a cross-entropy the logarithm cancels it",
            factor,
            at,
        )

    def upstream(self, e: Equation) -> str | None:
        return e.step.upstream.name if e.step is not None and e.step.upstream is not None else None


@dataclass(frozen=True)
class Instead:
    """An equation with another tensor of the same shape in one of its slots, as the value of an edit."""

    backward: Backward
    equation: Equation
    slot: int
    other: str

    def __call__(self, values: Values) -> ndarray:
        e = self.equation
        operands = (Ref(self.other, r.index) if k == self.slot else r for k, r in enumerate(e.operands))
        return self.backward.run(replace(e, operands=tuple(operands)), values)


Row = Callable[[Backward, Equation], Iterable[Edit]]


def rates(program: Program) -> list[str]:
    """The numbers that are declared as data: the rate of a descent, the factor of a penalty."""
    return [t.name for t in program.inputs if not t.shape and t.kind == "data" and t.domain not in ("binary", "sign")]


def with_body(e: Equation, body: Any) -> Equation:
    """An equation with another body of the same operands."""
    assert isinstance(e.op, Sum)
    return replace(e, op=replace(e.op, body=sp.S.Zero + body))


def words(e: Equation, part: sp.Basic) -> Body:
    """A part of the body of an equation."""
    assert isinstance(e.op, Sum)
    in_order = {s: slot(k) for k, s in enumerate(e.op.slots)}
    return Body(part.xreplace(in_order), tuple(r.name for r in e.operands))


def close(a: ndarray, b: ndarray, tolerance: float = 1e-7) -> bool:
    """Whether a is b, relative to the largest entry of b."""
    if np.shape(a) != np.shape(b):
        return False
    scale = max(largest_of(b), 1e-9)
    return bool(largest_of(a - b) <= tolerance * scale)


def each(rows: Iterable[Row], backward: Backward) -> Iterator[Edit]:
    """What every row of `rows` finds at every gradient."""
    for e in backward.equations:
        if isinstance(e.op, Sum):
            for row in rows:
                yield from row(backward, e)
