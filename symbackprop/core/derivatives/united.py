"""A softmax goes back in one step, by its own Jacobian, and not through the sum of exponentials that it is computed by.

With p = exp(o - u), u = logsumexp(o), the chain rule writes du[n] = sum_k -p dp, do|p = p dp, do|u = du exp(o - u) and their sum.
United they are

    do[n i] = sum_k dp[n k] p[n k] (1[k = i] - p[n i]).

Of a Jacobian that begins at p they are the sweep's first equation, in which 1[m = n] stands for dp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import sympy as sp
from sympy import Expr

from symbackprop.core.derivation import Derivation
from symbackprop.core.functions import iverson
from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Ref, Step, Sum, position, slot

PATTERN = "softmax"
"""The pattern of a united step."""


def united(derivation: Derivation, softmaxes: Mapping[tuple[str, str], str]) -> tuple[tuple[Equation, ...], frozenset[str]]:
    """The backward equations with one for each softmax, and the sums of exponentials that none of them speaks of any more.

    softmaxes   (o, its logsumexp) -> the value that is their softmax; "" where there is none.
    """
    backward, inner = list(derivation.backward), set[str]()
    for (source, total), p in softmaxes.items():
        found = _unit(derivation, backward, source, total, p)
        if found is not None:
            backward = found
            inner.add(total)
    return tuple(backward), frozenset(inner)


def _unit(derivation: Derivation, backward: list[Equation], source: str, total: str, p: str) -> list[Equation] | None:
    """The equations with those of one softmax united; None where others read its sum, or it stands in another way."""
    forward = derivation.forward
    if not p or forward.tensors[total].named or total in (*derivation.wrt, derivation.of) or forward.uses()[total] != 1:
        return None
    ways = {(p, total): "", (p, source): "", (total, source): ""}
    at: dict[tuple[str, str], Equation] = {}
    for equation, step in _chains(backward):
        ends = step.through.name, step.wrt.name  # type: ignore[union-attr]
        if ends in ways:
            if ends in at or (step.upstream is None and p != derivation.of):
                return None
            at[ends] = equation
    written = forward.equation_of()
    reduced = written[total].op
    if len(at) != len(ways) or written[p].operands[0] != Ref(source, written[p].target.index):
        return None
    own = [k for k, c in enumerate(written[total].operands[0].index) if c in dict(reduced.over)]  # type: ignore[union-attr]
    if len(own) != 1:
        return None
    above, to_total, onward = at[p, source], at[p, total], at[total, source]
    whole = next((e for e in backward if onward.target.name in {r.name for r in e.operands}), None)
    if whole is None or whole.step is None or whole.step.rule != "copy":
        return None
    rest = [r for r in whole.operands if r.name not in (above.target.name, onward.target.name)]
    if len(rest) + 2 != len(whole.operands):
        return None
    target = above.target if rest else whole.target
    target = Ref(target.name, above.target.index)
    is_first = above.step is not None and above.step.upstream is None
    one = _jacobian(above, own[0], target) if is_first else _united(above, own[0], forward.shape(source)[own[0]], target)
    gone = {to_total.target.name, above.target.name, onward.target.name}
    result = []
    for equation in backward:
        if equation is whole:
            result.append(one)
            if rest:
                slots = tuple(slot(k) for k in range(len(rest) + 1))
                result.append(replace(whole, op=Sum(sp.Add(*slots), slots), operands=(one.target, *rest)))
        elif equation.target.name not in gone:
            result.append(equation)
    return result


def _united(above: Equation, axis: int, extent: Expr, target: Ref) -> Equation:
    """do[n i] = sum_k dp[n k] p[n k] (1[k = i] - p[n i]), of the equation do|p[n i] = p[n i] dp[n i]."""
    step = above.step
    assert step is not None
    assert step.through is not None
    assert step.wrt is not None
    assert step.upstream is not None
    here = step.wrt.index[axis]
    (there,) = fresh(1, {*above.target.index, *step.upstream.index})
    through, upstream = (Ref(r.name, tuple(there if c == here else c for c in r.index)) for r in (step.through, step.upstream))
    same = iverson(sp.Eq(position(there), position(here), evaluate=False))
    op = Sum(slot(0) * slot(1) * (same - slot(2)), (slot(0), slot(1), slot(2)), ((there, extent),))
    local = Sum(slot(0) * (same - slot(1)), (slot(0), slot(1)))
    read = (through, step.through)
    new = replace(step, through=through, upstream=upstream, local=local, local_operands=read, pattern=PATTERN)
    return Equation(target, op, (upstream, *read), new)


def _jacobian(above: Equation, axis: int, target: Ref) -> Equation:
    """dp[m k]/do[n i] = 1[m = n] p[n k] (1[k = i] - p[n i]), where the sweep begins at p: of dp/do|p = 1[m = n] 1[k = i] p[n i]."""
    step = above.step
    assert step is not None
    assert step.through is not None
    assert step.wrt is not None
    own = step.wrt.index
    lead = above.target.index[: len(own)]
    through = Ref(step.through.name, tuple(lead[k] if k == axis else c for k, c in enumerate(own)))
    ties = [iverson(sp.Eq(position(a), position(b), evaluate=False)) for a, b in zip(lead, own, strict=True)]
    slope = slot(0) * (ties[axis] - slot(1))
    others = [tie for k, tie in enumerate(ties) if k != axis]
    read = (through, step.through)
    new = replace(step, through=through, local=Sum(slope, (slot(0), slot(1))), local_operands=read, pattern=PATTERN)
    return Equation(target, Sum(sp.Mul(*others, slope), (slot(0), slot(1))), read, new)


def _chains(backward: list[Equation]) -> Iterator[tuple[Equation, Step]]:
    for equation in backward:
        step = equation.step
        if step is not None and step.rule == "chain" and step.through is not None and step.wrt is not None:
            yield equation, step
