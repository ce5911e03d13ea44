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
Node = tuple[int, str]  # an equation and one of its letters


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


@dataclass(frozen=True)
class StepAxes:
    """The axes along which loops run.

    axes     of every tensor along which something is carried, and those that a loop reads at its steps or some beside, y[t-1].
    whole    those along which a tensor that stands at steps of another loop is no step but a whole: a_t, which attends to all h_s.
    letters  those that are no step in an equation, by its target, though an input that is read at steps elsewhere has them: y[i].
    """

    axes: Mapping[Place, Axis]
    whole: frozenset[Place]
    letters: frozenset[tuple[str, str]]


def step_axes(program: Program) -> StepAxes:
    """The axes along which loops run. What one letter runs along in one equation is the same axis."""
    if not any(isinstance(e.op, Carry) for e in program.equations):
        return StepAxes({}, frozenset(), frozenset())
    classes = _Classes(program)
    found: dict[Node, Axis] = {}
    for k, equation in enumerate(program.equations):
        if isinstance(equation.op, Carry):
            extent = program.shape(equation.target.name)[equation.target.index.index(equation.op.letter)]
            found.setdefault(classes.root((k, equation.op.letter)), Axis(equation.op.letter, extent, equation.op.origin))
    beside = [(classes.root((k, one)), classes.root((k, other)), classes.extents[k, one], classes.extents[k, other])
              for k, equation in enumerate(program.equations) for one, other in _beside(equation)
              if {(k, one), (k, other)} <= classes.extents.keys()]  # fmt: skip
    for one, other, *extents in beside * 2 if found else ():
        for node, known, extent in ((one, other, extents[0]), (other, one, extents[1])):
            if node not in found and known in found:
                found[node] = Axis(found[known].letter, extent)
    axes = {place: found[own] for place, several in classes.places.items() for own in map(classes.root, several) if own in found}
    loose = frozenset((program.equations[k].target.name, c) for k, c in classes.extents if classes.root((k, c)) not in found)
    return StepAxes(axes, _whole(program, axes), loose)


def _whole(program: Program, axes: Mapping[Place, Axis]) -> frozenset[Place]:
    """The axes of tensors with several that are no steps: a tensor stands at steps of the loops that write it, or that read it.

    Where none does, or one reads it at the same step along several, it stands at steps of the first.
    """
    places: dict[str, list[int]] = {}
    for name, k in sorted(axes):
        places.setdefault(name, []).append(k)
    if all(len(found) < 2 for found in places.values()):
        return frozenset()
    written = program.equation_of()
    inside, read = set[Place](), set[Place]()
    loops = [item for item in schedule(program) if isinstance(item, For)]
    for loop in loops:
        inside |= set(loop.axes.items())
        loops += [item for item in loop.items if isinstance(item, For)]
        for name, k in loop.axes.items():
            letter = written[name].target.index[k]
            for ref in written[name].operands:
                read |= {(ref.name, place) for place, c in enumerate(ref.index) if c == letter}
    found = set[Place]()
    for name, own in places.items():
        role = program.tensors[name].role
        of = name if role is None else role.wrt
        kept = [k for k in own if (of, k) in inside] or [k for k in own if (of, k) in read][:1] or own[:1]
        found |= {(name, k) for k in own if k not in kept} if of in places else set()
    return frozenset(found)


def sample_axes(program: Program, place: Place, letter: str) -> dict[Place, Axis]:
    """The axis of a tensor at `place` as one of samples, called by a letter, of every tensor that has it."""
    classes = _Classes(program)
    axis = Axis(letter, program.shape(place[0])[place[1]])
    own = {classes.root(node) for node in classes.places[place]}
    return {other: axis for other, nodes in classes.places.items() if own & set(map(classes.root, nodes))}


class _Classes:
    """The letters of all equations, by their numbers, in classes: of one class are those that run along one axis of a tensor.

    extents  how far each runs.
    places   the letters that stand at an axis of a tensor.

    Two letters of one equation are never of one class because of an input, y[i] and y[j]: there it is read in two ways.
    """

    def __init__(self, program: Program) -> None:
        self.parent: dict[Node, Node] = {}
        self.extents: dict[Node, Expr] = {}
        self.places: dict[Place, list[Node]] = {}
        self.beside: dict[Node, set[Node]] = {}  # of a class, the letters that stand in equations with one of it
        for k, equation in enumerate(program.equations):
            for ref in (equation.target, *equation.operands):
                for place, letter in enumerate(ref.index):
                    self.extents[k, letter] = program.shape(ref.name)[place]
                    self.places.setdefault((ref.name, place), []).append((k, letter))
        rows: dict[int, set[Node]] = {}
        for node in self.extents:
            rows.setdefault(node[0], set()).add(node)
        self.beside = {node: rows[node[0]] - {node} for node in self.extents}
        given = {t.name for t in program.inputs}
        for (name, _), nodes in sorted(self.places.items(), key=lambda item: item[0][0] in given):
            for node in nodes[1:]:
                self._join(nodes[0], node, certain=name not in given)

    def root(self, node: Node) -> Node:
        while self.parent.setdefault(node, node) != node:
            node = self.parent[node]
        return node

    def _join(self, one: Node, other: Node, certain: bool) -> None:
        one, other = self.root(one), self.root(other)
        if one == other or not (certain or all(self.root(node) != other for node in self.beside[one])):
            return
        one, other = sorted((one, other), key=lambda node: -len(self.beside[node]))
        self.parent[other] = one
        self.beside[one] |= self.beside[other]


def _beside(equation: Equation) -> Iterator[tuple[str, str]]:
    """Two letters of which one is the other but for a number: j and t, of 1[j = t + 1]."""
    for guard in split(equation.op).guards if isinstance(equation.op, Sum) else ():
        own = affine(guard.args[0] - guard.args[1])  # type: ignore[operator]  # SymPy promises a Basic only
        if own.opaque == 0 and own.offset.is_Integer and len(own.slopes) == 2 and set(own.slopes.values()) == {-1, 1}:
            one, other = own.slopes
            yield one, other
