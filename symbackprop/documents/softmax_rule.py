r"""Where a softmax meets a cross-entropy: the chain rule over all of its entries, and what the sum of the labels leaves of it.

dL/do[i] = sum_k (-y[k]/p[k]) p[k] (1[k = i] - p[i]) = p[i] sum_k y[k] - y[i] = p[i] - y[i]
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Ref, Sum, letter_sizes, slot
from symbackprop.display.body import BodyPrinter
from symbackprop.display.index_form import entry, index_form
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.documents.layers import Line
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.tree import Node


def softmax_meets_loss(names: Names, known: Mapping[str, tuple[str, str]], line: Line) -> Node | None:
    """The chain rule of the gradient by what a softmax is of, entry by entry; None where no labels meet a softmax in it.

    known   the logsumexp of each softmax that has a name -> what it is of, and that name.
    """
    role, read = names.signature(line.name).role, {r.name for e in line.path for r in e.operands}
    total = next((n for n, (o, _) in known.items() if n in read and role is not None and role.wrt == o), None)
    if total is None:
        return None
    p, axis = known[total][1], softmaxes(names).axes(total)[0]
    above = [e for e in line.path if e.step and e.step.rule == "chain" and e.step.wrt and e.step.wrt.name == p]
    if len(above) != 1 or not isinstance(above[0].op, Sum) or above[0].op.over:
        return None
    return _row(names, above[0], line.name, p, axis)


def _row(names: Names, above: Equation, name: str, p: str, axis: int) -> Node | None:
    """The row over dL/dp = share y / p, whose share is the same for all entries of the softmax."""
    index, op = above.target.index, above.op
    assert isinstance(op, Sum)
    read = list(zip(op.slots, above.operands, strict=True))
    own = {r.name: s for s, r in read if r.index == index}
    labels = [r for s, r in read if r.index == index and names.signature(r.name).kind == "labels"]
    if p not in own or len(labels) != 1:
        return None
    y, k, (other,) = own[labels[0].name], index[axis], fresh(1, index)
    share = sp.cancel(op.body * own[p] / y)
    if share.has(y, own[p]) or any(share.has(s) and k in r.index for s, r in read):
        return None
    sizes = letter_sizes(names.program, above)
    here = {c: None if sizes[c] == 1 else letter(c) for c in index}
    there = {**here, k: letter(other)}
    places = {s: entry(names, r, there) for s, r in read}
    total = slot(len(read))
    printer = BodyPrinter({**places, total: f.over_letters(f.SUM, [letter(k)], entry(names, labels[0], here))})
    slope = f.add([f.indicator(f.equation(letter(k), letter(other))), f.negative(places[own[p]])])
    each = f.juxtapose([f.bracket(index_form(names, above)), entry(names, Ref(p, index), here), f.bracket(slope)])
    first, last = (printer.formula(-share * (own[p] * whole - y)) for whole in (total, sp.S.One))
    chain = f.equation(f.over_letters(f.SUM, [letter(k)], each), f.equation(first, last))
    return f.equation(entry(names, Ref(name, index), there), chain)
