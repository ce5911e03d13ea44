"""Where a value is used more than once its paths add: one is dropped, they are averaged, multiplied, a penalty is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp

from symbackprop.core.program import Equation, Sum
from symbackprop.judge.mistakes.edit import Backward, Body, Edit, say, with_body


def paths(b: Backward, e: Equation) -> Iterator[Edit]:
    """What is done wrong where the gradients of several uses add."""
    if e.step is None or e.step.rule != "copy" or not isinstance(e.op, Sum):
        return
    body, n, name = e.op.body, len(e.operands), e.target.name
    wrt = e.step.wrt.name if e.step.wrt is not None else name
    penalties = [_penalty(b, r.name) for r in e.operands]
    if all(penalties):
        penalties = [False] * n
    yield from _penalised(b, e, penalties)
    vias = [_via(b, r.name) for r in e.operands]
    for k, s in enumerate(e.op.slots):
        if penalties[k] and penalties.count(True) == 1:
            continue
        via = vias[k]
        several = vias.count(via) > 1  # one equation reads the value at several places
        left_out = say("the path from {} through {} is left out; all paths add", wrt, via)
        only = say("only the path through {} is counted", via)
        alike = say("{} times the path through {}, as if the paths were equal", n, via)
        if several:
            left_out = say("one of the places of {} in {} is left out; the gradients by all of them add", wrt, via)
            only = say("only one of the places of {} in {} is counted; the gradients by all of them add", wrt, via)
            alike = say("the places of {} in {} are taken to have equal gradients, as if a matrix were symmetric", wrt, via)
        yield Edit("path left out", name, b.here(with_body(e, body.subs(s, 0))), left_out, 0.05 if penalties[k] else 0.0)
        yield Edit(
            "wrong sign", name, b.here(with_body(e, body.subs(s, -s))), say("the path through {} has the wrong sign", via), 0.5
        )
        if n > 2:
            yield Edit("path left out", name, b.here(with_body(e, s)), only, 0.2)
        for other in e.op.slots:
            if n > 2 and other != s:
                equal = alike if several else say("the path through {} is taken to be equal to another", via)
                yield Edit("matrix assumed symmetric", name, b.here(with_body(e, body.subs(s, other))), equal, 0.3)
        yield Edit("matrix assumed symmetric", name, b.here(with_body(e, n * s)), alike, 0.4)
    yield Edit("paths averaged", name, b.here(with_body(e, body / n)), say("the {} paths from {} are averaged; they add", n, wrt))
    product = sp.Mul(*e.op.slots)
    yield Edit(
        "paths multiplied", name, b.here(with_body(e, product)), say("the {} paths from {} are multiplied; they add", n, wrt)
    )


def _penalised(b: Backward, e: Equation, penalties: list[bool]) -> Iterator[Edit]:
    assert isinstance(e.op, Sum)
    slots = [s for s, p in zip(e.op.slots, penalties, strict=True) if p]
    if not slots:
        return
    body, name = e.op.body, e.target.name
    for chosen in {tuple(slots), *((s,) for s in slots)}:
        gone = body.subs(dict.fromkeys(chosen, 0))
        yield Edit("penalty forgotten", name, b.here(with_body(e, gone)), say("the gradient of the penalty is left out"))
        factors = [(sp.Integer(2), 2.0), (sp.S.Half, 0.5), (sp.S.NegativeOne, -1.0)]
        factors += [f for n, v in b.counts for f in ((n, v), (1 / n, 1 / v))]
        for factor, c in factors:
            new = body.subs({s: sp.Float(c) * s for s in chosen})
            carries = say("the gradient of the penalty carries a factor {}", Body(factor))
            yield Edit("penalty scaled", name, b.here(with_body(e, new)), carries)


def _via(b: Backward, name: str) -> str:
    role = b.program.tensors[name].role
    return (role.via or role.wrt) if role else name


def _penalty(b: Backward, name: str) -> bool:
    """Whether a part of a gradient is a penalty's: it is made of no data but scalars."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        n = todo.pop()
        if n in seen:
            continue
        seen.add(n)
        e = b.by_name.get(n)
        if e is not None:
            todo += [r.name for r in e.operands]
        elif np.ndim(b.values[n]) and b.program.tensors[n].kind != "parameter":
            return False
    return True
