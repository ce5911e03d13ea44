"""Gradients on the way that come along several paths, put together: those of a normalisation, back to what it is taken of.

The chain rule goes through a mean and a variance one after the other; what it then multiplies on is their sum, and the value itself
stands in that for a quotient, u - mu = sqrt(v) xhat.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import sympy as sp

from symbackprop.core.program import Equation, Reduce, Ref, Sum, slot, substituted
from symbackprop.display.index_form import index_form
from symbackprop.display.names import Names
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Node, split, walk


def collected(names: Names, path: Sequence[Equation], name: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Each gradient before `name` to which several others add, one of them by a value of many entries, and over what it is told.

    That is the last gradient that all of them come from, else what is known before the path.
    """
    by = {e.target.name: e for e in path}
    for equation in path:
        is_sum = equation.step is not None and equation.step.rule == "copy" and len(equation.operands) > 1
        if not is_sum or equation.target.name == name or _is_part(names, equation):
            continue
        before = _before(names, by, equation)
        inner = [n for n in by if n in before]
        if any(isinstance(by[n].op, Sum) and by[n].op.over and not _is_part(names, by[n]) for n in inner):
            known = before - by.keys()
            one = next((n for n in reversed(inner) if not known & _before(names, by, equation, n)), None)
            yield equation.target.name, frozenset(known) if one is None or _is_part(names, by[one]) else frozenset({one})


def extremes(names: Names, path: Sequence[Equation]) -> Iterator[tuple[str, frozenset[str]]]:
    """The gradients by maxima, where what they were taken of acts by other ways too, and over what they are told.

    Of a softmax by hand, e = exp(z - m), p = e/sum(e), they are 0.
    """
    by = {e.target.name: e for e in path}
    parts = {r.name for e in path if e.step is not None and e.step.rule == "copy" and len(e.operands) > 1 for r in e.operands}
    for step in (e.step for e in path if e.target.name in parts):
        above = by.get(step.upstream.name) if step is not None and step.pattern == "max" and step.upstream is not None else None
        if above is not None:
            yield above.target.name, frozenset(_before(names, by, above) - by.keys())


def _is_part(names: Names, equation: Equation) -> bool:
    role = names.signature(equation.target.name).role
    return role is not None and role.via is not None


def _before(names: Names, by: Mapping[str, Equation], equation: Equation, without: str = "") -> set[str]:
    """The gradients that an equation is computed of, those that are known included, but for what comes through one of them."""
    found: set[str] = set()
    waiting = [equation]
    while waiting:
        for ref in waiting.pop().operands:
            if ref.name not in found and ref.name != without and names.signature(ref.name).role is not None:
                found.add(ref.name)
                waiting += [by[ref.name]] if ref.name in by else []
    return found


def quotients(
    names: Names, path: Sequence[Equation], shown: Collection[Node], hidden: Collection[str]
) -> Iterator[tuple[str, Node]]:
    """The values y = n/d that stand in some formulas for n/d, and n = d y entry by entry.

    hidden   values that are written out.
    """
    parts = {part for formula in shown for part in walk(formula)}
    for y in dict.fromkeys(e.step.through.name for e in path if e.step and e.step.through and e.step.rule == "chain"):
        written = names.written.get(y)
        if written is None or not isinstance(written.op, Sum) or written.op.over or names.tensor(y) not in parts:
            continue
        over, under = sp.fraction(written.op.body)
        if under.free_symbols & {*written.op.slots} and over.free_symbols - under.free_symbols:
            yield y, f.equation(_said(names, written, over, hidden), _said(names, written, under, hidden, y))


def _said(names: Names, written: Equation, body: sp.Expr, hidden: Collection[str], times: str = "") -> Node:
    """A part of the body of an equation, times a value."""
    operands, slots = list(written.operands), list(written.op.slots)  # type: ignore[union-attr]
    if times:
        operands.append(Ref(times, written.target.index))
        slots.append(slot(len(slots)))
        body = body * slots[-1]
    read = [k for k, s in enumerate(slots) if body.has(s)]
    new = {slots[k]: slot(place) for place, k in enumerate(read)}
    op = Sum(substituted(body, new), tuple(new.values()))
    return index_form(names, Equation(written.target, op, tuple(operands[k] for k in read)), [n for n in hidden if n != times])


def shifted(names: Names, path: Sequence[Equation], line: Node, put: Mapping[str, Node]) -> Iterator[tuple[str, int, int, str]]:
    """The gradients that sum to zero, of softmax(z - max z), so that nothing comes back through it: with axis, rank, and max z.

    Both are proved formulas: that of what the maximum was subtracted from is that of the difference.
    """
    for e in path:
        step = e.step
        if step is None or step.wrt is None or step.upstream is None or step.upstream.name not in put:
            continue
        written = names.written.get(step.wrt.name)
        if written is None or not isinstance(written.op, Reduce) or written.op.kind != "max" or len(written.op.over) != 1:
            continue
        local, above, summed = step.local, step.upstream, [c for c in step.upstream.index if c not in step.wrt.index]
        is_subtracted = isinstance(local, Sum) and local.body == -1 and len(summed) == 1
        if is_subtracted and split(put[above.name])[1] == split(line)[1]:
            yield above.name, above.index.index(summed[0]), len(above.index), step.wrt.name
