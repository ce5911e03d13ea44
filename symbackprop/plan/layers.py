"""Equal layers of a program that were written out, and the same program with fewer of them.

Equations that come again and again are the turns of a *run*. From turn to turn every operand stays, or goes on by one turn of the
run that writes it, forwards or, where the chain rule reads what came before, backwards. So all tensors of runs that are linked, and
the inputs that each turn has of its own, stand at a *layer*, and whatever stands at one layer reads as many layers further as what
takes its place at the next. A program with fewer layers leaves out some in the midst, and reads as far as before. Names stay as
they are: a plan asks for none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from symbackprop.core.program import Equation, Program

LONGEST = 200  # equations of a turn
EDGE = 4  # turns at either end of a run, which may read otherwise than those between
MANY = 100  # turns of a run: fewer are planned one by one


class At(NamedTuple):
    """Where a tensor stands: the place that it takes at its layer, and which layer that is."""

    place: Any
    layer: int


@dataclass(frozen=True)
class Layers:
    """The layers of a program.

    first, last   of those that are alike.
    at            where each tensor stands that has a layer, and `names` the tensor that stands there.
    reads         for each place of an equation and each of its operands that moves on, what it reads: a place, and how many layers
                  further; for each place of what is differentiated by, its gradient.
    """

    program: Program
    gradients: Mapping[str, str]
    first: int
    last: int
    at: Mapping[str, At]
    names: Mapping[At, str]
    reads: Mapping[tuple[Any, int], tuple[Any, int]]

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    def but(self, less: int) -> tuple[Program, dict[str, str]] | None:
        """The program and its gradients with so many layers less; None where something else reads what would be left out."""
        here = self.first + (self.count - less) // 2  # the last one before the cut
        out = {name for name, at in self.at.items() if here < at.layer <= here + less}

        def read(name: str, k: int, kept: str) -> str | None:
            """What stands for operand k, which was `kept`, of a tensor that is kept."""
            at = self.at.get(name)
            link = self.reads.get((at.place, k)) if at is not None and self.first <= at.layer <= self.last else None
            if at is None or link is None:
                return None if kept in out else kept
            place, further = link
            layer = at.layer - less * (at.layer > here) + further
            return self.names.get(At(place, layer + less * (layer > here)))

        equations: list[Equation] = []
        for e in self.program.equations:
            if e.target.name not in out:
                names = [read(e.target.name, k, operand.name) for k, operand in enumerate(e.operands)]
                if None in names:
                    return None
                operands = tuple(ref._replace(name=name) for ref, name in zip(e.operands, names, strict=True))
                equations.append(Equation(e.target, e.op, operands))
        gradients = {w: read(w, GRADIENT, name) for w, name in self.gradients.items() if w not in out}
        tensors = {name: t for name, t in self.program.tensors.items() if name not in out}
        if None in gradients.values():
            return None
        outputs = tuple(name for name in self.program.outputs if name not in out)
        return Program(tensors, tuple(equations), outputs, self.program.conditions), gradients  # type: ignore[return-value]

    def is_even(self, offsets: Mapping[str, int]) -> bool:
        """Whether what takes one place at all layers is evenly spaced, by where each tensor begins."""
        found: dict[Any, list[tuple[int, int]]] = {}
        for name, offset in offsets.items():
            at = self.at.get(name)
            if at is not None and self.first <= at.layer <= self.last:
                found.setdefault(at.place, []).append((at.layer, offset))
        steps = [np.diff([offset for _, offset in sorted(places)]) for places in found.values()]
        return all(len(step) == self.count - 1 and len(set(step)) == 1 for step in steps)


GRADIENT = -1  # in the place of the number of an operand: what a tensor is paired with


class _Run(NamedTuple):
    start: int
    period: int
    turns: int

    @property
    def between(self) -> range:
        """The turns that are no edges."""
        return range(EDGE, self.turns - EDGE)


def layers(program: Program, gradients: Mapping[str, str]) -> Layers | None:
    """The layers of a program that are written out and alike; None where there are few."""
    if len(program.equations) < 2 * MANY:
        return None
    runs = _runs(_marks(program))
    return _Linked(program, gradients, runs).found() if runs else None


def _marks(program: Program) -> list[int]:
    """A number for each equation: the same for those that are alike but for names."""
    kinds: dict[Any, int] = {}
    alike = {
        name: kinds.setdefault((t.shape, t.kind, t.domain, t.bound, t.value), len(kinds)) for name, t in program.tensors.items()
    }
    ops: dict[int, int] = {}  # by identity first: most are one object
    found: list[int] = []
    for e in program.equations:
        if id(e.op) not in ops:
            ops[id(e.op)] = kinds.setdefault(e.op, len(kinds))
        refs = (e.target, *e.operands)
        key = (ops[id(e.op)], *(r.index for r in refs), *(alike[r.name] for r in refs))
        found.append(kinds.setdefault(key, len(kinds)))
    return found


def _runs(marks: Sequence[int]) -> list[_Run]:
    """Stretches that come again many times, none within another, the longest first."""
    every = np.array(marks)
    found: list[_Run] = []
    for period in range(1, min(LONGEST, len(marks) // MANY) + 1):
        same = np.concatenate([[False], every[:-period] == every[period:], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1])
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if (turns := (end - start) // period + 1) >= MANY:
                found.append(_Run(start, period, turns))
    kept: list[_Run] = []
    for run in sorted(found, key=lambda r: (-r.period * (r.turns - 1), r.period)):
        if all(run.start + run.period * run.turns <= r.start or r.start + r.period * r.turns <= run.start for r in kept):
            kept.append(run)
    return kept


class _Turn(NamedTuple):
    """Which run writes a tensor, at which place of the turn, in which turn."""

    run: int
    place: int
    turn: int


class _Linked:
    """The runs that are linked with the longest, each of its turns at a layer: `begin` + `way` * turn."""

    def __init__(self, program: Program, gradients: Mapping[str, str], runs: Sequence[_Run]) -> None:
        self.program, self.gradients, self.runs = program, gradients, runs
        self.turn_of = {
            e.target.name: _Turn(k, n % run.period, n // run.period)
            for k, run in enumerate(runs)
            for n, e in enumerate(program.equations[run.start : run.start + run.period * run.turns])
        }
        self.inputs = {t.name for t in program.inputs}
        self.lines: dict[int, tuple[int, int]] = {0: (0, 1)}  # begin and way, by run
        self.at: dict[str, At] = {}
        self.reads: dict[tuple[Any, int], tuple[Any, int]] = {}

    def found(self) -> Layers | None:
        moving = {k: self._moving(run) for k, run in enumerate(self.runs)}
        if moving[0] is None or not self._all_on_lines({k: m for k, m in moving.items() if m is not None}):
            return None
        for name, (k, place, turn) in self.turn_of.items():
            if k in self.lines:
                self.at[name] = At((k, place), self._layer(k, turn))
        for k in sorted(self.lines, key=lambda k: self.runs[k].start):
            for (place, operand), names in (moving[k] or {}).items():
                if not self._link((k, place), operand, names, k):
                    return None
        if not self._pair():
            return None
        ends = [sorted((self._layer(k, self.runs[k].between[0]), self._layer(k, self.runs[k].between[-1]))) for k in self.lines]
        first, last = max(low for low, _ in ends), min(high for _, high in ends)
        names = {at: name for name, at in self.at.items()}
        return Layers(self.program, self.gradients, first, last, self.at, names, self.reads)

    def _layer(self, run: int, turn: int) -> int:
        begin, way = self.lines[run]
        return begin + way * turn

    def _moving(self, run: _Run) -> dict[tuple[int, int], list[str]] | None:
        """The operands that differ from turn to turn, by the equation of the turn and their number; None where some skip."""
        found: dict[tuple[int, int], list[str]] = {}
        for place in range(run.period):
            turns = self.program.equations[run.start + place : run.start + run.period * run.turns : run.period]
            for k in range(len(turns[0].operands)):
                names = [e.operands[k].name for e in turns]
                inner = {names[t] for t in run.between}
                if len(inner) == 1:
                    continue
                ways = [self.turn_of.get(names[t]) for t in run.between]
                if len(inner) < len(run.between) or (self._step(ways) is None and not inner <= self.inputs):
                    return None
                found[place, k] = names
        return found

    @staticmethod
    def _step(ways: Sequence[_Turn | None]) -> int | None:
        """1 or -1 where each is the turn after, or before, the last one at one place of one run."""
        (one, *_), known = ways, [w for w in ways if w is not None]
        if one is None or len(known) < len(ways):
            return None
        steps = {(b.run, b.place, b.turn - a.turn) for a, b in pairwise(known)}
        return next((way for way in (1, -1) if steps == {(one.run, one.place, way)}), None)

    def _all_on_lines(self, moving: Mapping[int, Mapping[tuple[int, int], Sequence[str]]]) -> bool:
        """Give a line to every run that is linked with one that has; False where two links contradict."""
        links = {
            (k, (there := self.turn_of[names[EDGE]]).run, step, there.turn - step * EDGE)
            for k, operands in moving.items()
            for names in operands.values()
            if (step := self._step([self.turn_of.get(names[t]) for t in self.runs[k].between])) is not None
        }
        for _ in self.runs:
            for k, other, step, start in sorted(links):
                if k in self.lines and other not in self.lines and other in moving:
                    begin, way = self.lines[k]
                    self.lines[other] = begin - way * step * start, way * step
                elif other in self.lines and k not in self.lines:
                    begin, way = self.lines[other]
                    self.lines[k] = begin + way * start, way * step
        return all(
            k not in self.lines or (other in self.lines and self.lines[k][1] == self.lines[other][1] * step)
            for k, other, step, _ in links
        )

    def _link(self, place: tuple[int, int], operand: int, names: Sequence[str], run: int) -> bool:
        """Note what an operand reads; an input that is read first stands at the layer of its reader."""
        here = [(name, self._layer(run, turn)) for turn, name in enumerate(names)]
        if names[EDGE] not in self.at:
            for name, layer in here:
                if name in self.inputs and name not in self.at:
                    self.at[name] = At((*place, operand), layer)
        return self._note(place, operand, here[EDGE : len(here) - EDGE])

    def _note(self, place: Any, operand: int, here: Sequence[tuple[str, int]]) -> bool:
        """What stands, for some layers, in the place of an operand: always the same place, always as many layers further."""
        found = {(at.place, at.layer - layer) if (at := self.at.get(name)) else None for name, layer in here}
        link = found.pop()
        if found or link is None:
            return False
        self.reads[place, operand] = link
        return True

    def _pair(self) -> bool:
        """Note the gradient of each place that is differentiated by."""
        pairs: dict[Any, list[tuple[str, int]]] = {}
        for w, gradient in self.gradients.items():
            if (at := self.at.get(w)) is not None:
                pairs.setdefault(at.place, []).append((gradient, at.layer))
        return all(self._note(place, GRADIENT, sorted(p, key=lambda x: x[1])[EDGE:-EDGE]) for place, p in pairs.items())
