"""Signs, numbers and factors: the sign, 2 or 1/2, N or 1/N, a factor or a term that is missing or stands twice, a wrong power."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import Equation, Sum
from symbackprop.judge.mistakes.edit import Backward, Body, Edit, How, say, with_body, words


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
        rest, factor = body / p, words(e, p)
        missing, label = say("the factor {} is missing at {}", factor, name), _missing(b, e, p)
        yield Edit(label, name, b.here(with_body(e, rest)), missing, 0.1, str(p) if label == "1/N" else "")
        if not p.is_number and not p.has(Where):
            twice, below = (
                say("the factor {} stands twice at {}", factor, name),
                say("{} stands below the line at {}", factor, name),
            )
            yield Edit("factor too many", name, b.here(with_body(e, body * p)), twice, 0.8)
            yield Edit("wrong exponent", name, b.here(with_body(e, rest / p)), below, 1)
    for total in sorted(body.atoms(sp.Add), key=str):
        for term in total.args:
            yield from _term(b, e, total, term)
    for p in sorted(body.atoms(sp.Pow), key=str):
        for new in (p.base, p.base ** (p.exp - 1), p.base ** (p.exp + 1), sp.diff(p, p.base) if p.base.is_Symbol else p.base):
            said = say("the power of {} is wrong at {}", words(e, p.base), name)
            yield Edit("wrong exponent", name, b.here(with_body(e, body.xreplace({p: new}))), said, 1)


def _term(b: Backward, e: Equation, total: Any, term: Any) -> Iterator[Edit]:
    """One term of a sum missing, of the other sign, with 2 or 1/2, or without one of its factors."""
    assert isinstance(e.op, Sum)
    name, shown = e.target.name, words(e, term)

    def instead(new: Any) -> How:
        return b.here(with_body(e, e.op.body.xreplace({total: total - term + new})))  # type: ignore[union-attr]  # a sum

    yield Edit("term missing", name, instead(0), say("the term {} is missing at {}", shown, name), 0.4)
    turned = "wrong slope formula" if b.activation(e) is not None else "wrong sign"
    yield Edit(turned, name, instead(-term), say("the sign of {} is wrong at {}", shown, name), 0.3)
    yield Edit("2 or 1/2", name, instead(2 * term), say("the term {} stands twice at {}", shown, name), 0.5)
    yield Edit("2 or 1/2", name, instead(term / 2), say("half of the term {} stands at {}", shown, name), 0.5)
    for p in sp.Mul.make_args(term) if term.is_Mul else ():
        if not p.is_number:
            missing = say("the factor {} of the term {} is missing at {}", words(e, p), shown, name)
            yield Edit(_missing(b, e, p), name, instead(term / p), missing, 0.3)


def rated(b: Backward, e: Equation) -> Iterator[Edit]:
    """A declared number as a factor that does not belong, or one that is missing."""
    here, name = b.here(e), e.target.name
    for rate in b.rates:
        many, few = say("the factor {} is too many at {}", rate, name), say("the factor {} is missing at {}", rate, name)
        yield Edit("factor too many", name, lambda v, r=rate: v[r] * here(v), many, 0.6)
        yield Edit("chain factor missing", name, lambda v, r=rate: here(v) / v[r], few, 0.6)


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
