r"""Where a softmax meets a cross-entropy: the chain rule over all of its entries, and what the sum of the labels leaves of it.

dL/do[i] = sum_k (-y[k]/p[k]) p[k] (1[k = i] - p[i]) = p[i] sum_k y[k] - y[i] = p[i] - y[i], where y[k] may be 1[k = t]; the last
where the y[k] are known to sum to one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

import sympy as sp

from symbackprop.core.functions import iverson
from symbackprop.core.guards import split
from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Ref, Sum, letter_sizes, position, slot
from symbackprop.display.body import BodyPrinter
from symbackprop.display.index_form import entry, index_form
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, letter
from symbackprop.formulas.tree import Node


def softmax_meets_loss(
    names: Names, known: Mapping[str, tuple[str, str]], name: str, read: Collection[str], told: Sequence[Equation],
    gone: Collection[str] = (),
) -> tuple[Node, Ref] | None:  # fmt: skip
    """The chain rule of the gradient by what a softmax is of, entry by entry, and the entry; None where no target meets a softmax.

    known   the logsumexp of each softmax that has a name -> what it is of, and that name.
    read    what the line reads.
    told    the equations by which it is told.
    gone    values that are written out.
    """
    role = names.signature(name).role
    total = next((n for n, (o, _) in known.items() if n in read and role is not None and role.wrt == o), None)
    if total is None:
        return None
    p, axis = known[total][1], softmaxes(names).axes(total)[0]
    above = [e for e in told if e.step and e.step.rule == "chain" and e.step.wrt and e.step.wrt.name == p]
    if len(above) != 1 or not isinstance(above[0].op, Sum) or above[0].op.over:
        return None
    return meeting(names, above[0], name, p, axis, gone)


def meeting(
    names: Names, above: Equation, name: str, p: str, axis: int, gone: Collection[str]
) -> tuple[Node, Ref] | None:  # fmt: skip
    """The row of dL/do = `name` over dL/dp = share y / p, whose share is the same for all entries of the softmax.

    above   the equation of dL/dp.
    axis    of p, along which it sums to one.
    """
    index, op = above.target.index, above.op
    assert isinstance(op, Sum)
    k, (other,) = index[axis], fresh(1, index, names=names.words)
    read = dict(zip(op.slots, above.operands, strict=True))
    own = next((s for s, r in read.items() if r == Ref(p, index) or _is_read_at(names, r, Ref(p, index), above, k)), None)
    if own is not None:
        read[own] = Ref(p, index)
    labels_ = _labels(names, above, k)
    y = labels_ or _target(above, own)
    if own is None or y is None:
        return None
    label, total = slot(len(read)), slot(len(read) + 1)
    share = sp.cancel(op.body.xreplace({y: label}) * own / label)
    if share.has(label, own, position(k)) or any(share.has(s) and k in r.index for s, r in read.items()):
        return None
    sizes = letter_sizes(names.program, above)
    here: dict[str, Letter] = {c: None if sizes[c] == 1 else letter(c) for c in index}
    there = {**here, k: letter(other)}

    def printed(at: dict[str, Letter]) -> dict[sp.Symbol, Node]:
        positions = {position(c): at[c] or f.ZERO for c in index}
        return positions | {s: entry(names, r, at) for s, r in read.items()}

    labels = BodyPrinter(printed(here)).formula(y)
    pieces = printed(there) | {label: BodyPrinter(printed(there)).formula(y)}
    printer = BodyPrinter({**pieces, total: f.over_letters(f.SUM, [letter(k)], labels)})
    slope = f.add([f.indicator(f.equation(letter(k), letter(other))), f.negative(pieces[own])])
    each = f.juxtapose([f.bracket(index_form(names, above, gone)), entry(names, Ref(p, index), here), f.bracket(slope)])
    wholes = (total,) if labels_ is None else (total, sp.S.One)
    left = [printer.formula(-share * (own * whole - label)) for whole in wholes]
    summed = f.over_letters(f.SUM, [letter(k)], each)
    at = Ref(name, tuple(other if c == k else c for c in index))
    return f.equation(entry(names, Ref(name, index), there), reduce(f.equation, left, summed)), at


def _is_read_at(names: Names, value: Ref, p: Ref, above: Equation, k: str) -> bool:
    """Whether a value is p[t] of the number t of a class, where 1[k = t] stands: it is p[k] there."""
    written = names.written.get(value.name)
    if written is None or not isinstance(written.op, Sum) or len(written.op.over) != 1 or not isinstance(above.op, Sum):
        return False
    (own, _), *_ = written.op.over
    here = {**dict(zip(written.target.index, value.index, strict=True)), own: k}
    read = dict(zip(above.op.slots, above.operands, strict=True))
    theirs = {
        s: Ref(r.name, tuple(here.get(c, c) for c in r.index)) for s, r in zip(written.op.slots, written.operands, strict=True)
    }
    classes = [r for g in split(above.op).guards if is_class(g, k) for s, r in read.items() if s == g.rhs]
    chosen = [s for s, r in theirs.items() if r == p]
    if len(chosen) != 1 or len(classes) != 1 or len(theirs) != 2:
        return False
    (label,) = theirs.keys() - {chosen[0]}
    is_chosen = written.op.body == chosen[0] * iverson(sp.Eq(position(own), label, evaluate=False))
    return is_chosen and theirs[label] == classes[0]


def _labels(names: Names, above: Equation, k: str) -> sp.Expr | None:
    """What sums to one over the letter `k`: an operand that holds labels, or 1[k = t] of the number t of a class."""
    op = above.op
    assert isinstance(op, Sum)
    found: list[sp.Expr] = [
        s for s, r in zip(op.slots, above.operands, strict=True)
        if r.index == above.target.index and names.signature(r.name).kind == "labels"
    ]  # fmt: skip
    found += [iverson(guard) for guard in split(op).guards if is_class(guard, k)]
    return found[0] if len(found) == 1 else None


def _target(above: Equation, own: sp.Symbol | None) -> sp.Expr | None:
    """What stands where labels would, of which it is not known what it sums to: the operand that is multiplied with 1/p."""
    op = above.op
    assert isinstance(op, Sum)
    found = [s for s, r in zip(op.slots, above.operands, strict=True) if s != own and r.index == above.target.index]
    return found[0] if len(found) == 1 else None


def is_class(guard: sp.Eq, k: str) -> bool:
    """Whether an equality is k = t, with t a value that does not mention k."""
    return guard.lhs == position(k) and not guard.rhs.has(position(k))
