"""The backward pass in the order in which a lecturer speaks: a step goes back from one value to all that is one layer behind it.

A step begins where a gradient is known and holds the lines that follow from it: the weights, the bias and the input of a layer
together. A line is the box's where it has one, and stands for the backward equations between it and the gradients that it reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from sympy import Expr, Symbol

from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Carry, Equation, Ref, Sum, position, substituted
from symbackprop.display.box import ShownBox
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.formulas.tree import Node

_MOST_STARTS = 6
"""Values that the title of a step names as those that it begins at."""


@dataclass(frozen=True)
class Line:
    """The gradient `name` as a formula, and the backward equations that it stands for, in the order of the sweep."""

    name: str
    formula: Node
    path: tuple[Equation, ...]

    @property
    def kind(self) -> tuple[Any, ...]:
        """What lines have in common that are derived alike: their equations without names and sizes."""
        return tuple(map(kind_of, self.path))


@dataclass(frozen=True)
class Layer:
    """One step: from the value `start`, whose gradient is known, the lines that follow from it.

    starts   all values whose gradients are multiplied here, the one whose gradient was found last at the end.
    """

    start: str
    lines: tuple[Line, ...]
    starts: tuple[str, ...]


def layers(derivation: Derivation, names: Names, box: ShownBox | None) -> tuple[Layer, ...]:
    """The steps of a derivation.

    names   the names of its program, with those that the box gives to gradients.
    box     its lines; where there is no box, or no line, equations stand as the chain rule wrote them.
    """
    backward = {e.target.name: e for e in derivation.backward}
    place = {name: k for k, name in enumerate(backward)}
    shown = {n: line.formula for n, line in box.by_name.items() if n in backward} if box else {}
    plain = _without_line(derivation, backward, shown)
    hidden = [n for n in backward if n not in shown and n not in plain]
    known = shown.keys() | plain
    found: dict[str, list[Line]] = {}
    for name, equation in backward.items():
        if name in known:
            formula = shown.get(name) or equation_formula(names, equation, hidden)
            line = Line(name, formula, path_of(backward, place, known, name))
            found.setdefault(_start(derivation, place, line, known), []).append(line)
    found = {start: _defined_first(lines, box) for start, lines in found.items()}
    made = [Layer(start, tuple(lines), _starts(derivation, place, start, lines, known)) for start, lines in found.items()]
    return tuple(_together(made))


def in_names(found: Sequence[Layer], names: Names, box: ShownBox | None) -> tuple[Layer, ...]:
    """The same steps, the lines that the box has not in other names."""
    said = box.by_name if box is not None else {}

    def named(line: Line) -> Line:
        between = [e.target.name for e in line.path if e.target.name != line.name]
        own = next((e for e in line.path if e.target.name == line.name), None)
        return line if own is None or line.name in said else replace(line, formula=equation_formula(names, own, between))

    return tuple(replace(layer, lines=tuple(map(named, layer.lines))) for layer in found)


def _defined_first(lines: list[Line], box: ShownBox | None) -> list[Line]:
    """The lines of a step, each behind those of it that it reads in the box."""
    order: dict[str, Line] = {}
    waiting, met = list(reversed(lines)), set[str]()
    while waiting:
        line = waiting.pop()
        met.add(line.name)  # lines of a loop read each other
        needs = box.by_name[line.name].needs if box is not None and line.name in box.by_name else ()
        before = [other for other in waiting if other.name in needs and other.name not in met]
        if before:
            waiting = [*(other for other in waiting if other not in before), line, *before]
        else:
            order[line.name] = line
    return list(order.values())


def _together(layers: Sequence[Layer]) -> list[Layer]:
    """The steps, those with weights alone told where all the values that they begin at are gone back through: W_q, W_k and W_v.

    So it is where that step has a weight that is derived alike, and nothing reads their gradients.
    """
    read = {r.name for layer in layers for line in layer.lines for e in line.path for r in e.operands}
    found: list[Layer] = []
    for layer in reversed(layers):
        kinds = {line.kind for line in layer.lines}
        is_end = all(line.name not in read for line in layer.lines)
        later = next((k for k, other in enumerate(found) if layer.start in other.starts[:-1]), None) if is_end else None
        if later is None or not kinds <= {line.kind for line in found[later].lines}:
            found.insert(0, layer)
        else:
            found[later] = replace(found[later], lines=(*layer.lines, *found[later].lines))
    return found


def _without_line(derivation: Derivation, backward: Mapping[str, Equation], shown: Collection[str]) -> set[str]:
    """The gradients that outputs need which have no line in the box, but those that are written out in the next one."""
    found: set[str] = set()
    waiting = [n for n in derivation.program.outputs if n not in shown]
    while waiting:
        n = waiting.pop()
        if n in backward and n not in found and n not in shown:
            found.add(n)
            waiting += [r.name for r in backward[n].operands]
    uses = derivation.program.uses()
    inner: set[str] = set()
    for equation in backward.values():  # one elementwise step before another one, not more
        read = [r.name for r in equation.operands if r.name in found]
        if _is_elementwise(equation) and not inner & {r.name for n in read for r in backward[n].operands}:
            inner |= {n for n in read if uses[n] == 1 and _is_elementwise(backward[n])}
    roles = {n: derivation.program.tensors[n].role for n in found - inner}
    return {n for n, role in roles.items() if role is not None and role.via is None}


def _is_elementwise(equation: Equation) -> bool:
    step = equation.step
    return isinstance(equation.op, Sum) and not equation.op.over and step is not None and step.pattern in ("map", "multiply")


def path_of(backward: Mapping[str, Equation], place: Mapping[str, int], known: Collection[str], name: str) -> tuple[Equation, ...]:
    """The equations between a gradient and those that are known before it; `place` is that of each in the sweep."""
    found = {name}
    waiting = [name]
    while waiting:
        for ref in backward[waiting.pop()].operands:
            if ref.name in backward and ref.name not in known and ref.name not in found:
                found.add(ref.name)
                waiting.append(ref.name)
    return tuple(backward[n] for n in sorted(found, key=place.__getitem__))


def _start(derivation: Derivation, place: Mapping[str, int], line: Line, known: Collection[str]) -> str:
    """The value whose gradient is the last of those that a line reads; what is differentiated, where it reads none.

    Of those at its own step: what reads itself or other steps alone goes on from itself.
    """
    read = {r.name for e in line.path for r in e.operands if r.name in known}
    here = _here(line, known)
    goes_on = line.name in read or (read and not here and not derivation.vector)
    read = {line.name} if goes_on else here or read
    last = max(read, key=place.__getitem__, default=None)
    role = derivation.program.tensors[last].role if last else None
    if derivation.vector:
        return role.of if role else derivation.wrt[0]
    return role.wrt if role else derivation.of


def _starts(
    derivation: Derivation, place: Mapping[str, int], start: str, lines: Sequence[Line], known: Collection[str]
) -> tuple[str, ...]:
    """All values that a step begins at, in the order of the sweep; where they are many, the last alone."""
    tensors = derivation.program.tensors
    read = {n for line in lines for n in _here(line, known)} - {line.name for line in lines}
    found = dict.fromkeys(
        role.of if derivation.vector else role.wrt for name in sorted(read, key=place.__getitem__) if (role := tensors[name].role)
    )
    return tuple(found) if start in found and len(found) <= _MOST_STARTS else (start,)


def _here(line: Line, known: Collection[str]) -> set[str]:
    """The known gradients that a line reads at its own step."""
    path, found, waiting, seen = {e.target.name: e for e in line.path}, set[str](), [line.name], {line.name}
    while waiting:
        equation = path[waiting.pop()]
        for ref in equation.operands[1 if isinstance(equation.op, Carry) else 0 :]:
            if ref.name in known:
                found.add(ref.name)
            elif ref.name in path and ref.name not in seen:
                seen.add(ref.name)
                waiting.append(ref.name)
    return found


def kind_of(equation: Equation) -> tuple[Any, ...]:
    """An equation without names and sizes, with its step."""
    number = count()
    place: dict[str, int] = {}

    def placed(refs: Iterable[Ref]) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(place.setdefault(c, next(number)) for c in r.index) for r in refs)

    def alike(body: Expr) -> Expr:
        """A body in which positions are called by the place of their letter."""
        return substituted(body, {position(c): Symbol(f"letter {k}") for c, k in place.items()})

    step, op = equation.step, equation.op
    letters = placed((equation.target, *equation.operands))
    if step is None:
        return op, letters
    local = placed(step.local_operands)
    return (
        step.rule,
        step.pattern,
        alike(op.body) if isinstance(op, Sum) else op,
        letters,
        step.local and alike(step.local.body),
        local,
    )
