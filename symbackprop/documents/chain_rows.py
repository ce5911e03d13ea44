"""The chain rule of a line entry by entry: what a lecturer writes between the local derivatives and the product."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import NamedTuple

import sympy as sp

from symbackprop.core.guards import split, without_guards
from symbackprop.core.program import Equation, Ref, Step, Sum, letter_sizes, position, slot
from symbackprop.display.index_form import composed, entry, equation_letters, index_form, target_entry
from symbackprop.display.local_form import local_formula, local_list
from symbackprop.display.names import Names
from symbackprop.display.softmax_rule import softmax_meets_loss
from symbackprop.display.vanishing import vanishes
from symbackprop.documents.layers import Line
from symbackprop.documents.parts import in_order, part_read
from symbackprop.documents.step_block import Untied, chain_sum, part_entry, untied
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter
from symbackprop.formulas.tree import Binds, Node, width

WIDE, WIDEST = 40, 76
"""The longest chain rule over several equations, in letters across the paper; a longer one is written value by value, or not."""

CANCELS = 2
"""Entries that a product has to lose for it to be shown that they cancel."""

SHORT = 40
"""The longest row of one that is written value by value."""


class ChainRow(NamedTuple):
    """A row of the chain rule, whose sides are equal at the letters of the target of an equation: that of the gradient on the left,
    or, where it is of a part, that of what comes to the value that reads the part.
    """

    formula: Node
    equation: Equation


def chain_rows(
    names: Names, line: Line, told: Sequence[Equation], softmaxes: Mapping[str, tuple[str, str]], gone: Collection[str]
) -> tuple[ChainRow, ...]:
    """The chain rule of a line entry by entry, with the sum that a Kronecker delta collapses.

    told       the equations by which the line is told.
    softmaxes  the logsumexp of each softmax that has a name -> what it is taken of, and that name.
    gone       values that no step speaks of.
    """
    met = softmax_meets_loss(names, softmaxes, line.name, {r.name for e in line.path for r in e.operands}, told, gone)
    if met is not None:
        row, at = met
        return (ChainRow(row, Equation(at, Sum(slot(0), (slot(0),)), (at,))),)
    path = without_what_vanishes(names, told)
    *inner, last = path
    if last.step is None or (not inner and (last.step.upstream is None or _is_passed_on(last))):
        return ()
    if any(not isinstance(e.op, Sum) or {r.name for r in e.operands} & softmaxes.keys() for e in path):
        return ()
    if not any(n != 1 for e in path for n in letter_sizes(names.program, e).values()):
        return ()  # of scalars the line says it
    names = copy(names)
    names.written = names.written | {e.target.name: e for e in path}
    counts = {e.target.name for e in inner if e.step is not None and e.step.rule == "count"}  # ties_u, as local derivatives say it
    hidden = [*(e.target.name for e in inner if e.target.name not in counts), *gone]
    selects = [e.step for e in line.path if e.step is not None and e.step.pattern == "select"]
    if inner and not all(map(_is_looked_up, selects)):
        return _by_part(names, inner, last, hidden)
    if inner:
        factors, right = _factors(names, path, gone), index_form(names, last, hidden)
        row = f.equation(target_entry(names, last), right if factors is None else f.equation(factors, right))
        rows = _by_value(names, inner, last, gone) if width(row) > WIDE else ()
        is_told = len(path) == len(told)  # with what vanishes left out one row of all says too much at once
        return rows or ((ChainRow(row, last),) if is_told and width(row) <= WIDEST else ())
    if local_list(names, last, gone) is not None:
        return tuple(ChainRow(row, last) for row in chain_sum(names, last, last.step))
    left, right = target_entry(names, last), index_form(names, last, hidden)
    apart = untied(names, last, last.step, gone)
    whole = right if apart is None else f.equation(_summed(names, last.step, apart), right)
    return (ChainRow(f.equation(left, whole), last),)


def _factors(names: Names, path: Sequence[Equation], gone: Collection[str]) -> Node | None:
    """The product of the local derivatives of steps entry by entry, one after the other, where some of it cancels."""
    letters = equation_letters(names, path[-1])
    factors: list[Node] = []
    read = 0
    for e, above in zip(reversed(path), [*reversed(path[:-1]), None], strict=True):
        step = e.step
        if step is None or step.rule != "chain" or not isinstance(step.local, Sum) or not isinstance(e.op, Sum) or e.op.over:
            return None
        if any(c not in letters for ref in step.local_operands for c in ref.index):
            return None
        factors.insert(0, f.within(local_formula(names, e, letters, gone), Binds.PRODUCT))
        read += sum(step.local.body.count(s) for s in step.local.slots)
        known = step.upstream
        if above is None:
            factors[:0] = [] if known is None else [entry(names, known, letters)]
        elif known is None or known.name != above.target.name:
            return None
        else:
            letters = {c: letters[x] for c, x in zip(above.target.index, known.index, strict=True)}
    last = composed(names, path[-1], [*(e.target.name for e in path), *gone]).op
    assert isinstance(last, Sum)
    kept = sum(last.body.count(s) for s in last.slots)
    return f.juxtapose([x for x in factors if x != f.ONE]) if kept + CANCELS <= read else None


def without_what_vanishes(names: Names, told: Sequence[Equation]) -> tuple[Equation, ...]:
    """The equations without the parts of gradients that are zero, as what comes to a mean through a variance."""
    zero = {e.target.name for e in told if vanishes(names.program, e)}
    found = []
    for e in told:
        left = tuple(r for r in e.operands if r.name not in zero)
        if e.step is not None and e.step.rule == "copy" and left != e.operands and left:
            slots = tuple(slot(k) for k in range(len(left)))
            e = replace(e, op=Sum(sp.Add(*slots), slots), operands=left)
        if e.target.name not in zero:
            found.append(e)
    return tuple(found) if zero < {e.target.name for e in told[:-1]} else tuple(told)


def _by_value(names: Names, inner: Sequence[Equation], last: Equation, gone: Collection[str]) -> tuple[ChainRow, ...]:
    """The chain rule of each value on the way, and of the line in their gradients; none where one of them is too long."""
    parts = {e.target.name for e in inner if (role := names.signature(e.target.name).role) is None or role.via is not None}
    whole = [*(e for e in inner if e.target.name not in parts), last]
    rows = [ChainRow(f.equation(target_entry(names, e), index_form(names, e, [*parts, *gone])), e) for e in whole]
    return tuple(rows) if all(width(row.formula) <= SHORT for row in rows) else ()


def _by_part(names: Names, inner: Sequence[Equation], last: Equation, hidden: Sequence[str]) -> tuple[ChainRow, ...]:
    """The chain rule at the positions that each value read: dL/dp[n, m + h] = dL/df[n m]; none where one read others, or twice."""
    by_name = {e.target.name: e for e in inner}
    parts = [by_name.get(r.name) for r in last.operands] if last.step is not None and last.step.rule == "copy" else [last]
    read = [e for e in parts if e is not None]
    rows = [_part(names, e, last.target.name, hidden) for e in in_order(read)] if len(read) == len(parts) else [None]
    if any(row is None or width(row.formula) > WIDEST for row in rows):
        return ()
    return tuple(row for row in rows if row is not None)


def _part(names: Names, equation: Equation, name: str, hidden: Sequence[str]) -> ChainRow | None:
    """One row of them: what comes back through a value that reads a part."""
    step = equation.step
    found = None if step is None or step.upstream is None else part_read(step)
    if found is None or step is None or step.wrt is None or step.through is None or not isinstance(step.local, Sum):
        return None
    own, at = found
    body = without_guards(step.local, split(step.local))
    beside = {c for c in letter_sizes(names.program, equation) if c not in step.through.index and c not in step.wrt.index}
    if beside or body.has(position(own)) or any(own in r.index for r in step.local_operands):
        return None
    body = body.xreplace({s: slot(k + 1) for k, s in enumerate(step.local.slots)})
    slots = tuple(slot(k) for k in range(len(step.local_operands) + 1))
    assert step.upstream is not None
    read = Equation(Ref(step.upstream.name, step.through.index), Sum(slot(0) * body, slots), (step.upstream, *step.local_operands))
    letters: dict[str, Letter] = {**equation_letters(names, equation), **equation_letters(names, read)}
    places = part_entry(names, step, {own: at}, letters)
    return ChainRow(f.equation(names.entry(name, places), index_form(names, read, hidden)), read)


def _is_looked_up(step: Step) -> bool:
    """Whether what is selected is told by data, as the rows of an embedding are: 1[j = c] says it as short as anything."""
    local = step.local
    return isinstance(local, Sum) and bool(split(local).guards) and all(g.rhs in local.slots for g in split(local).guards)


def _summed(names: Names, step: Step, apart: Untied) -> Node:
    """The chain rule with its Kronecker delta: sum_k dL/dz[k] 1[k = i] x[j]."""
    assert step.upstream is not None
    assert step.wrt is not None
    above = step.upstream._replace(index=tuple(apart.new.get(c, c) for c in step.upstream.index))
    over = [shown for c in apart.through.index if c not in step.wrt.index and (shown := apart.letters[c]) is not None]
    return f.over_letters(f.SUM, over, f.juxtapose([entry(names, above, apart.letters), apart.right]))


def _is_passed_on(equation: Equation) -> bool:
    return isinstance(equation.op, Sum) and not equation.op.over and equation.op.body == slot(0)
