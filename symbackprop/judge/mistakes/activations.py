"""The derivative of an activation: missing, twice, at the wrong argument, of another function; and its indicator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.functions import TableFunction, Where
from symbackprop.core.program import Equation, Ref, Sum, slot, substituted
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.bodies.body_walk import Frame, read_body
from symbackprop.judge.mistakes.edit import Backward, Body, Edit, Instead, say, with_body

Y = slot(0)
FORMULAS = (
    Y * (1 - Y), 1 - Y**2, Y * (1 + Y), 1 + Y**2, 1 - Y, Y, Y**2, -(Y**2), Y * (Y - 1), Y**2 - 1, 1 - 2 * Y**2, (1 - Y) ** 2,
)  # fmt: skip
"""What people write for a derivative, in the result of the activation."""
USUAL_FORMULAS = FORMULAS[:2]


def _read(formula: sp.Basic) -> Callable[[ndarray], ndarray]:
    """A formula in one slot, to be computed."""
    body = read_body(formula)
    return lambda array: np.asarray(body(Frame({Y: array}, FLOATS)))


def slopes(b: Backward, e: Equation) -> Iterator[Edit]:
    """The derivative of an activation missing, twice, at the wrong place, or by a wrong formula."""
    f = b.activation(e)
    if f is None or not isinstance(f.op, Sum) or b.shape(e.target.name) != b.shape(f.operands[0].name):
        return
    name, z, a = e.target.name, f.operands[0].name, f.target.name
    above = b.upstream(e)
    up = (lambda v: v[above]) if above is not None else (lambda v: 1.0)
    at = _read(sp.diff(f.op.body, f.op.slots[0]).xreplace({f.op.slots[0]: Y}))
    ones = np.ones(b.shape(name))
    yield Edit("slope missing", name, lambda v: up(v) * ones, say("the derivative of {} by {} is missing", a, z))
    yield Edit("slope too many", name, lambda v: up(v) * at(v[z]) ** 2, say("the derivative of {} by {} stands twice", a, z), 0.05)
    here = say("the derivative of {} is taken at {}, not at {}", a, a, z)
    yield Edit("slope at the wrong place", name, lambda v: up(v) * at(v[a]), here)
    for other in [*b.forward, *([above] if above else [])]:
        if b.shape(other) != b.shape(z) or other in (z, a):
            continue
        near = 0.2 if other in b.program.tensors and b.program.tensors[other].named else 0.8
        there = say("the derivative of {} is taken at {}", a, other)
        yield Edit("slope at the wrong place", name, lambda v, o=other: up(v) * at(v[o]), there, near)
        for k in (k for k, r in enumerate(e.operands) if r.name == a):
            yield Edit("slope at the wrong place", name, Instead(b, e, k, other), there, near)
    for formula in FORMULAS:
        g = _read(formula)
        of_a, of_z = (say("{} for the derivative of {}", Body(formula, (y,)), a) for y in (a, z))
        yield Edit("wrong slope formula", name, lambda v, g=g: up(v) * g(v[a]), of_a, 0.3)
        label = "slope at the wrong place" if formula in USUAL_FORMULAS else "wrong slope formula"
        yield Edit(label, name, lambda v, g=g: up(v) * g(v[z]), of_z, 0.5)


def too_many(b: Backward, e: Equation) -> Iterator[Edit]:
    """A derivative that does not belong, as y (1 - y) multiplied onto y - t."""
    role = b.program.tensors[e.target.name].role
    if role is None:
        return
    here = b.here(e)
    for other in b.forward:
        if b.shape(other) != b.shape(e.target.name) or b.program.tensors[other].kind != "value" or not b.named(other):
            continue
        near = other == role.wrt or any(r.name == role.wrt for r in getattr(b.by_name.get(other), "operands", ()))
        usual = 0.0 if b.logged(other) else 0.2
        for formula in USUAL_FORMULAS:
            g = _read(formula)
            said = b.too_many(other, Body(formula, (other,)), e.target.name)
            yield Edit("slope too many", e.target.name, lambda v, o=other, g=g: here(v) * g(v[o]), said, usual if near else 1.0)


def indicators(b: Backward, e: Equation) -> Iterator[Edit]:
    """An indicator left out, turned round, or of another tensor."""
    assert isinstance(e.op, Sum)
    body, name = e.op.body, e.target.name
    for w in sorted(body.atoms(Where), key=str):
        if not any(s in e.op.slots for s in w.args[0].free_symbols):
            continue
        for k in (1, 2):
            if w.args[k] != 0:
                yield Edit(
                    "indicator missing", name, b.here(with_body(e, body.xreplace({w: w.args[k]}))), say("the indicator is left out")
                )
        turned = Where(w.args[0], w.args[2], w.args[1])
        yield Edit(
            "wrong indicator", name, b.here(with_body(e, body.xreplace({w: turned}))), say("the indicator is turned round"), 0.3
        )
        yield from _moved_indicator(b, e, w)
    for t in sorted((t for t in body.atoms(TableFunction) if t.row.flat), key=str):
        yield Edit("indicator missing", name, b.here(with_body(e, body.xreplace({t: sp.S.One}))), say("the indicator is left out"))


def _moved_indicator(b: Backward, e: Equation, w: Where) -> Iterator[Edit]:
    assert isinstance(e.op, Sum)
    extra = slot(99)
    for k, r in enumerate(e.operands):
        if e.op.slots[k] not in w.args[0].free_symbols:
            continue
        for other in b.forward:
            if b.shape(other) == b.shape(r.name) and other != r.name and b.named(other):
                moved = w.args[0].xreplace({e.op.slots[k]: extra})
                op = Sum(substituted(e.op.body, {w: Where(moved, *w.args[1:])}), (*e.op.slots, extra), e.op.over)
                new = replace(e, op=op, operands=(*e.operands, Ref(other, r.index)))
                yield Edit(
                    "wrong indicator", e.target.name, b.here(new), say("the indicator looks at {} for {}", other, r.name), 0.3
                )
