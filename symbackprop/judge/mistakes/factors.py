"""Signs, numbers and factors: the sign, 2 or 1/2, N or 1/N, a factor or a term that is missing or stands twice, a wrong power."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import Equation, Sum
from symbackprop.judge.mistakes.edit import Backward, Body, Edit, say, with_body, words


def scaled(b: Backward, e: Equation) -> Iterator[Edit]:
    """The sign, 2 or 1/2, N or 1/N."""
    name, here = e.target.name, b.here(e)
    yield Edit("wrong sign", name, lambda v: -here(v), say("the sign of {} is wrong", name))
    yield Edit("2 or 1/2", name, lambda v: 2 * here(v), say("{} carries a factor 2 too many", name))
    yield Edit("2 or 1/2", name, lambda v: here(v) / 2, say("the factor 2 of {} is missing, or a 1/2 is too many", name))
    if name != b.goal:
        yield Edit("paths averaged", name, lambda v: here(v) / 2, say("half of {}, as if two paths were averaged", name), 2)
    for n, count in b.counts:
        large = say("{} is {} times too large: {} is missing, a sum for a mean", name, Body(n), Body(1 / n))
        small = say("{} is too many at {}, a mean for a sum", Body(1 / n), name)
        yield Edit("1/N", name, lambda v, n=count: n * here(v), large, 0.3)
        yield Edit("1/N", name, lambda v, n=count: here(v) / n, small, 0.3)


def factors(b: Backward, e: Equation) -> Iterator[Edit]:
    """A factor, a term or a power that is not what it should be."""
    assert isinstance(e.op, Sum)
    body, name = e.op.body, e.target.name
    up = b.upstream(e)
    parts = sp.Mul.make_args(body)
    for p in parts if len(parts) > 1 else ():
        if any(s in p.free_symbols and r.name == up for s, r in zip(e.op.slots, e.operands, strict=True)):
            continue
        rest = body / p
        yield Edit(
            _missing(b, e, p), name, b.here(with_body(e, rest)), say("the factor {} is missing at {}", words(e, p), name), 0.1
        )
        if not p.is_number and not p.has(Where):
            yield Edit(
                "factor too many",
                name,
                b.here(with_body(e, body * p)),
                say("the factor {} stands twice at {}", words(e, p), name),
                0.8,
            )
            yield Edit(
                "wrong exponent", name, b.here(with_body(e, rest / p)), say("{} stands below the line at {}", words(e, p), name), 1
            )
    for total in sorted(body.atoms(sp.Add), key=str):
        for term in total.args:
            gone = body.xreplace({total: total - term})
            yield Edit(
                "term missing", name, b.here(with_body(e, gone)), say("the term {} is missing at {}", words(e, term), name), 0.4
            )
            turned = body.xreplace({total: total - 2 * term})
            label = "wrong slope formula" if b.activation(e) is not None else "wrong sign"
            yield Edit(label, name, b.here(with_body(e, turned)), say("the sign of {} is wrong at {}", words(e, term), name), 0.3)
    for p in sorted(body.atoms(sp.Pow), key=str):
        for new in (p.base, p.base ** (p.exp - 1), p.base ** (p.exp + 1)):
            said = say("the power of {} is wrong at {}", words(e, p.base), name)
            yield Edit("wrong exponent", name, b.here(with_body(e, body.xreplace({p: new}))), said, 1)


def _missing(b: Backward, e: Equation, p: Any) -> str:
    """What the mistake is called that leaves out a factor."""
    assert isinstance(e.op, Sum)
    if p.is_number:
        if p == -1:
            return "wrong sign"
        if p in (2, sp.S.Half):
            return "2 or 1/2"
        return "1/N" if p.is_Rational and p.p == 1 else "chain factor missing"
    if not any(s in e.op.slots for s in p.free_symbols):
        return "1/N"
    used = [r for s, r in zip(e.op.slots, e.operands, strict=True) if s in p.free_symbols]
    if p.has(Where) or any(b.program.tensors[r.name].domain == "binary" for r in used):
        return "indicator missing"
    return "slope missing" if b.activation(e) is not None else "chain factor missing"
