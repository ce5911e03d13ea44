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
from symbackprop.evaluate.body_walk import Frame, read_body
from symbackprop.judge.mistakes.edit import Backward, Edit, with_body

# what people write for a derivative, in the result y of the activation
FORMULAS: dict[str, Callable[[ndarray], ndarray]] = {
    "y (1 - y)": lambda y: y * (1 - y), "1 - y^2": lambda y: 1 - y * y, "y (1 + y)": lambda y: y * (1 + y),
    "1 + y^2": lambda y: 1 + y * y, "1 - y": lambda y: 1 - y, "y": lambda y: y, "y^2": lambda y: y * y, "-y^2": lambda y: -y * y,
    "y (y - 1)": lambda y: y * (y - 1), "y^2 - 1": lambda y: y * y - 1, "1 - 2 y^2": lambda y: 1 - 2 * y * y,
    "(1 - y)^2": lambda y: (1 - y) ** 2,
}  # fmt: skip


def slopes(b: Backward, e: Equation) -> Iterator[Edit]:
    """The derivative of an activation missing, twice, at the wrong place, or by a wrong formula."""
    f = b.activation(e)
    if f is None or not isinstance(f.op, Sum) or b.shape(e.target.name) != b.shape(f.operands[0].name):
        return
    name, z, a = e.target.name, f.operands[0].name, f.target.name
    above = b.upstream(e)
    up = (lambda v: v[above]) if above is not None else (lambda v: 1.0)
    slope = read_body(sp.diff(f.op.body, f.op.slots[0]).xreplace({f.op.slots[0]: slot(0)}))

    def at(array: ndarray) -> ndarray:
        return np.asarray(slope(Frame({slot(0): array}, FLOATS)))

    ones = np.ones(b.shape(name))
    yield Edit("slope missing", name, lambda v: up(v) * ones, f"the derivative of {a} by {z} is missing")
    yield Edit("slope too many", name, lambda v: up(v) * at(v[z]) ** 2, f"the derivative of {a} by {z} stands twice", 0.05)
    yield Edit("slope at the wrong place", name, lambda v: up(v) * at(v[a]), f"the derivative of {a} is taken at {a}, not at {z}")
    for other in [*b.forward, *([above] if above else [])]:
        if b.shape(other) != b.shape(z) or other in (z, a):
            continue
        near = 0.2 if other in b.program.tensors and b.program.tensors[other].named else 0.8
        yield Edit(
            "slope at the wrong place",
            name,
            lambda v, o=other: up(v) * at(v[o]),
            f"the derivative of {a} is taken at {other}",
            near,
        )
        for k in (k for k, r in enumerate(e.operands) if r.name == a):
            moved = tuple(Ref(other, r.index) if j == k else r for j, r in enumerate(e.operands))
            yield Edit(
                "slope at the wrong place",
                name,
                b.here(replace(e, operands=moved)),
                f"the derivative of {a} is taken at {other}",
                near,
            )
    for text, g in FORMULAS.items():
        y = text.replace("y", a)
        yield Edit("wrong slope formula", name, lambda v, g=g: up(v) * g(v[a]), f"{y} for the derivative of {a}", 0.3)
        own = text.replace("y", z)
        label = "slope at the wrong place" if text in ("y (1 - y)", "1 - y^2") else "wrong slope formula"
        yield Edit(label, name, lambda v, g=g: up(v) * g(v[z]), f"{own} for the derivative of {a}", 0.5)


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
        for text in ("y (1 - y)", "1 - y^2"):
            g = FORMULAS[text]
            said = f"{b.too_many(other, text.replace('y', other))} at {e.target.name}"
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
                    "indicator missing", name, b.here(with_body(e, body.xreplace({w: w.args[k]}))), "the indicator is left out"
                )
        turned = Where(w.args[0], w.args[2], w.args[1])
        yield Edit("wrong indicator", name, b.here(with_body(e, body.xreplace({w: turned}))), "the indicator is turned round", 0.3)
        yield from _moved_indicator(b, e, w)
    for t in sorted((t for t in body.atoms(TableFunction) if t.row.flat), key=str):
        yield Edit("indicator missing", name, b.here(with_body(e, body.xreplace({t: sp.S.One}))), "the indicator is left out")


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
                yield Edit("wrong indicator", e.target.name, b.here(new), f"the indicator looks at {other} for {r.name}", 0.3)
