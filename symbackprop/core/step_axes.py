"""The axes of tensors along which loops run: those that are carried, and those that a loop reads at its steps or beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import affine, split
from symbackprop.core.loops import For, schedule
from symbackprop.core.program import Carry, Equation, Program, Sum, size

Place = tuple[str, int]  # a tensor and one of its axes


@dataclass(frozen=True)
class Axis:
    """An axis along which something is carried, or read step by step.

    letter   of the loop.
    extent   how many steps there are.
    origin   the number of the first.
    """

    letter: str
    extent: Expr
    origin: Expr = sp.S.One

    @property
    def step(self) -> Expr:
        """The step that is meant where no other is: l."""
        return size(self.letter)

    @property
    def last(self) -> Expr:
        """The number of the last step."""
        return sp.expand(self.origin + self.extent - 1)


def step_axes(program: Program) -> dict[Place, Axis]:
    """The axes along which something is carried, of every tensor, and those that a loop reads at its steps or some beside, y[t-1].

    What one letter runs along in one equation is the same axis.
    """
    root, first = _classes(program)
    found: dict[Place, Axis] = {}
    for equation in program.equations:
        if isinstance(equation.op, Carry):
            k = equation.target.index.index(equation.op.letter)
            extent = program.shape(equation.target.name)[k]
            found.setdefault(root[equation.target.name, k], Axis(equation.op.letter, extent, equation.op.origin))
    beside = [(k, one, other) for k, equation in enumerate(program.equations) for one, other in _beside(equation)]
    for k, one, other in beside * 2 if found else ():
        ends = [root[first[k, letter]] for letter in (one, other) if (k, letter) in first]
        for place, known in (ends, ends[::-1]) if len(ends) == 2 else ():
            if place not in found and known in found:
                extent = program.shape(place[0])[place[1]]
                found[place] = Axis(found[known].letter, extent)
    return {place: found[own] for place, own in root.items() if own in found}


def whole_axes(program: Program, axes: Mapping[Place, Axis]) -> frozenset[Place]:
    """The axes along which a tensor that stands at steps of another loop is no step but a whole: a_t, of what attends to all h_s.

    Such a tensor is in no loop along that axis; where it is in none at all, it stands at steps of its first.
    """
    places: dict[str, list[int]] = {}
    for name, k in sorted(axes):
        places.setdefault(name, []).append(k)
    if all(len(found) < 2 for found in places.values()):
        return frozenset()
    inside = set[Place]()
    loops = [item for item in schedule(program) if isinstance(item, For)]
    for loop in loops:
        inside |= set(loop.axes.items())
        loops += [item for item in loop.items if isinstance(item, For)]
    found = set[Place]()
    for name, own in places.items():
        role = program.tensors[name].role
        of = name if role is None else role.wrt
        kept = [k for k in own if (of, k) in inside] or own[:1]
        found |= {(name, k) for k in own if k not in kept} if of in places else set()
    return frozenset(found)


def sample_axes(program: Program, place: Place, letter: str) -> dict[Place, Axis]:
    """The axis of a tensor at `place` as one of samples, called by a letter, of every tensor that has it."""
    root, _ = _classes(program)
    axis = Axis(letter, program.shape(place[0])[place[1]])
    return {other: axis for other, own in root.items() if own == root[place]}


def _classes(program: Program) -> tuple[dict[Place, Place], dict[tuple[int, str], Place]]:
    """The axes that one letter runs along in one equation, each with one that stands for all; and where a letter of one is."""
    parent: dict[Place, Place] = {}

    def root(place: Place) -> Place:
        while parent.setdefault(place, place) != place:
            place = parent[place]
        return place

    first: dict[tuple[int, str], Place] = {}
    for k, equation in enumerate(program.equations):
        for ref in (equation.target, *equation.operands):
            for place, letter in enumerate(ref.index):
                parent[root((ref.name, place))] = root(first.setdefault((k, letter), (ref.name, place)))
    return {place: root(place) for place in list(parent)}, first


def _beside(equation: Equation) -> Iterator[tuple[str, str]]:
    """Two letters of which one is the other but for a number: j and t, of 1[j = t + 1]."""
    for guard in split(equation.op).guards if isinstance(equation.op, Sum) else ():
        own = affine(guard.args[0] - guard.args[1])  # type: ignore[operator]  # SymPy promises a Basic only
        if own.opaque == 0 and own.offset.is_Integer and len(own.slopes) == 2 and set(own.slopes.values()) == {-1, 1}:
            one, other = own.slopes
            yield one, other
