"""The plan of many equal layers, out of the plans of few.

Programs with three numbers of layers are planned. Where the three plans are one but for whole numbers that grow evenly, how often a
loop turns and where something begins, those of all layers grow on. Of buffers that change places with every layer, the last comes
back after two. Where inputs and gradients stand is known for all layers, and must be what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from symbackprop.core.program import Program
from symbackprop.plan.folding import every_loop
from symbackprop.plan.handed import Flat, Layout, layout_of
from symbackprop.plan.layers import Layers, layers
from symbackprop.plan.made import Plan
from symbackprop.plan.statements import Buffer, Scalar, Window, every, reach, windows_of

FEW = 8  # layers of the shortest program, at least
APART = 2  # layers from one of the three programs to the next
WORTH = 2  # so many times the layers of the three programs
OWN = ("work", "fixed")  # buffers that a plan names by itself


class _Unlike(Exception):
    """Plans that differ in more than numbers that grow evenly."""


def lengthened(
    program: Program, gradients: Mapping[str, str], planned: Callable[[Program, Mapping[str, str]], Plan | object]
) -> Plan | None:
    """The plan of a program whose layers are many and alike; None where they are not.

    planned   the plan with loops of a program and its gradients, every value in memory of its own: buffers that are used again
              are chosen by their lengths, of which one may pass another as it grows. Something else where it has no loops.
    """
    found = layers(program, gradients)
    if found is None:
        return None
    few = FEW + (found.count - FEW) % APART
    counts = [few + k * APART for k in range(3)]
    if found.count < WORTH * sum(counts):
        return None
    shorter = [found.but(found.count - count) for count in counts]
    if None in shorter:
        return None
    made = [planned(*short) for short in shorter if short is not None]
    plans = [p for p in made if isinstance(p, Plan)]
    if len(plans) < len(made):
        return None
    layout = layout_of(program, gradients)
    times = (found.count - few) // APART
    if not _is_laid_out(layout, [p.layout for p in plans], found, times):
        return None
    try:
        whole = _Grown(times).plan(plans, layout)
    except _Unlike:
        return None
    return whole if _is_within(whole) else None


def _is_within(plan: Plan) -> bool:
    """Whether every statement keeps to its buffers."""
    counts = {s.number: s.count for s in every_loop(plan.statements)}
    length = {name: b.length for name, b in plan.buffers.items()} | {name: a.size for name, a in plan.fixed.items()}
    ends = [(w.buffer, reach(w, counts)) for s in every(plan.statements) for w in windows_of(s)]
    return all(low >= 0 and high < length[buffer] for buffer, (low, high) in ends)


def _is_laid_out(whole: Layout, few: Sequence[Layout], found: Layers, times: int) -> bool:
    """Whether inputs and gradients of all layers stand where they do when those of few grow on."""
    flats = [[a.parameters, a.gradients, *a.held.values()] for a in (whole, *few)]
    return all(list(a.held) == list(whole.held) for a in few) and all(
        found.is_even({name: at for name, (at, _) in every.places.items()}) and _grows(every, parts, times)
        for every, *parts in zip(*flats, strict=True)
    )


def _grows(every: Flat, few: Sequence[Flat], times: int) -> bool:
    grown = _Grown(times)
    try:
        return (
            all(grown.number([flat.places[name][0] for flat in few]) == every.places[name][0] for name in few[0].places)
            and grown.number([flat.length for flat in few]) == every.length
        )
    except _Unlike:
        return False


class _Grown:
    """What three things become that grow evenly: the first, and so many `times` what the next has more."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.names: dict[tuple[type, str], tuple[str, ...]] = {}  # of buffers and numbers, in all three

    def number(self, of: Sequence[int]) -> int:
        a, b, c = of
        if b - a != c - b:
            raise _Unlike
        return a + self.times * (b - a)

    def plan(self, plans: Sequence[Plan], layout: Layout) -> Plan:
        one = plans[0]
        statements, value = self.thing([p.statements for p in plans]), self.thing([p.value for p in plans])
        buffers = dict(self._buffers(named) for named in self._together([p.buffers for p in plans]))
        for name, *arrays in self._together([p.fixed for p in plans]):
            self._named(Window, name)
            if any(a.dtype != arrays[0].dtype or a.tobytes() != arrays[0].tobytes() for a in arrays):
                raise _Unlike
        return replace(one, statements=statements, value=value, buffers=buffers, layout=layout)

    def _together(self, several: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """For each entry of three dicts, in order, the three names and the three values."""
        if len({len(one) for one in several}) > 1:
            raise _Unlike
        return [
            (tuple(n for n, _ in three), *(value for _, value in three))
            for three in zip(*(s.items() for s in several), strict=True)
        ]

    def _buffers(self, named: tuple[Any, ...]) -> tuple[str, Buffer]:
        names, *three = named
        return self._named(Window, names), self.thing(three)

    def _named(self, kind: type, names: tuple[str, ...]) -> str:
        """The name in the first plan of what must be one thing in all three."""
        if kind is Window and not names[0].startswith(OWN) and len(set(names)) > 1:
            raise _Unlike
        if any(self.names.setdefault((kind, f"{k} {name}"), names) != names for k, name in enumerate(names)):
            raise _Unlike
        return names[0]

    def thing(self, of: Sequence[Any]) -> Any:
        """A statement, or a part of one."""
        one, *others = of
        if any(type(other) is not type(one) for other in others):
            raise _Unlike
        if isinstance(one, Window | Scalar):
            key = "buffer" if isinstance(one, Window) else "name"
            named = self._named(type(one), tuple(getattr(x, key) for x in of))
            rest = {f.name: self.thing([getattr(x, f.name) for x in of]) for f in fields(one) if f.name != key}
            return type(one)(**{key: named, **rest})
        if is_dataclass(one):
            return type(one)(**{f.name: self.thing([getattr(x, f.name) for x in of]) for f in fields(one)})
        if isinstance(one, tuple):
            if len({len(x) for x in of}) > 1:
                raise _Unlike
            parts = [self.thing(three) for three in zip(*of, strict=True)]
            return type(one)(*parts) if hasattr(one, "_fields") else tuple(parts)
        if type(one) is int:
            return self.number(of)
        if any(other != one for other in others):
            raise _Unlike
        return one
