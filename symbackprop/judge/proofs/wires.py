"""The local derivatives on the wires of a graph, each proved at points of the whole network before it is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Carry
from symbackprop.display.vanishing import vanishes
from symbackprop.display.wires import Told, above, carried_told, stands_alone, wired
from symbackprop.display.wires import told as wire_told
from symbackprop.evaluate.extents import evaluator
from symbackprop.evaluate.points import generator
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.build import ZERO, add, listed, relation, symbol
from symbackprop.formulas.tree import Node
from symbackprop.judge.proofs.proved import Point, proved_box, random_points

Wires = Mapping[tuple[str, str], Told]


def wires_told(asked: Derivation, hidden: Collection[str]) -> Wires:
    """What is said of each wire, by its ends.

    hidden   values that the graph writes out where they are read.
    """
    points = random_points(asked)
    nothing = {(e.step.wrt.name, e.step.through.name) for e in asked.backward
               if e.step and e.step.wrt and e.step.through and vanishes(asked.program, e)}  # fmt: skip
    shown = asked.forward.tensors.keys() - set(hidden)
    found: dict[tuple[str, str], Told] = {}
    for equation in asked.forward.equations:
        target = equation.target.name
        if isinstance(equation.op, Carry):
            found |= {(source, target): said for source, said in carried_told(asked, equation)}
            continue
        wire = None if target in hidden else wired(asked, target, hidden)
        if wire is None:
            continue
        box = proved_box(wire, at_wire(asked, wire, target, points), each=True)
        lines = {line.name: line for line in box.lines}
        for source in wire.wrt:
            line = lines.get(wire.gradient(source))
            alone = line is not None and stands_alone(asked, line, target, shown)
            said = wire_told(asked, wire, line if alone else None, source, target)
            found[source, target] = Told(ZERO, ZERO, said.part) if (source, target) in nothing else said
    return found


def gradient_formulas(asked: Derivation, wires: Wires) -> dict[str, Node]:
    """How the gradient by each tensor is made of those by the values that read it; none in a Jacobian, nor along a vector."""
    if asked.mode in ("jacobian", "vector"):
        return {}
    sources = [n for n in dict.fromkeys(a for a, _ in wires) if n != asked.of]
    leads = differentiate(asked.forward, asked.of, sources, True, asked.upstream)
    zero = {e.step.wrt.name for e in leads.backward if e.step and e.step.rule == "zero" and e.step.wrt}
    found: dict[str, list[Told]] = {}
    for (source, target), said in wires.items():
        if target not in zero and source not in zero:
            found.setdefault(source, []).append(said)
    return {n: _added(parts) for n, parts in found.items()}


def _added(ways: list[Told]) -> Node:
    """What comes back along all ways as a sum; where it comes to different parts, one after the other, each with where it goes."""
    ways = [way for way in ways if way.back != ZERO] or ways[:1]
    if len({way.part for way in ways}) == 1 and (ways[0].part is not None or len(ways) == 1):
        return add([way.back for way in ways])
    return listed([way.back if way.part is None else relation(way.back, symbol("to"), way.part) for way in ways])


def at_wire(asked: Derivation, wire: Derivation, target: str, points: list[Point]) -> list[Point]:
    """Points of the network as points of one equation, with any gradient from above."""
    found = []
    for seed, point in enumerate(points):
        values = {t.name: point.values[t.name] for t in wire.program.inputs if t.name in point.values}
        shape = [int(evaluator(n)(point.sizes)) for n in asked.forward.shape(target)]
        values[above(asked, target)] = np.asarray(generator(seed).standard_normal(shape))
        found.append(Point(point.sizes, walk(wire.program, values, point.sizes)))
    return found
