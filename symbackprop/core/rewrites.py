"""Rewrites of one equation, each of which keeps its value."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy import Expr

from symbackprop.core.program import Equation, Op, Reduce, Ref, Signature, Sum, position, slot, substituted


def without_labels(tensors: Mapping[str, Signature], op: Sum, operands: tuple[Ref, ...]) -> tuple[Sum, tuple[Ref, ...]]:
    """The sum of c y[n k] over k is c where y are labels (they sum to one) and c does not mention k."""
    summed = {c for c, _ in op.over}
    for s, ref in zip(op.slots, operands, strict=True):
        if tensors[ref.name].kind != "labels" or ref.index[-1] not in summed:
            continue
        letter = ref.index[-1]
        alone = ref.index.count(letter) == 1 and not any(letter in r.index for r in operands if r is not ref)
        factors = sp.Mul.make_args(op.body)
        if alone and s in factors and not (op.body / s).has(s, position(letter)):
            body = sp.Mul(*[f for f in factors if f != s])
            over = tuple((c, extent) for c, extent in op.over if c != letter)
            return without_labels(tensors, *shrunk(Sum(body, op.slots, over), operands))
    return op, operands


def shrunk(op: Sum, operands: tuple[Ref, ...]) -> tuple[Sum, tuple[Ref, ...]]:
    """Drop the operands that the body no longer mentions; a summed letter that nothing mentions multiplies by its size."""
    free = op.body.free_symbols
    stay = [k for k, s in enumerate(op.slots) if s in free]
    refs = tuple(operands[k] for k in stay)
    body = substituted(op.body, {op.slots[k]: slot(j) for j, k in enumerate(stay)})
    mentioned = {c for r in refs for c in r.index}
    over = []
    for letter, extent in op.over:
        if letter in mentioned or position(letter) in free:
            over.append((letter, extent))
        else:
            body = body * extent
    return Sum(body, tuple(slot(j) for j in range(len(stay))), tuple(over)), refs


def merged(op: Sum, operands: tuple[Ref, ...]) -> tuple[Sum, tuple[Ref, ...]]:
    """Equal operands share one slot, so that u - u is 0 and x * x is x**2."""
    if len(set(operands)) == len(operands):
        return op, operands
    first = {r: k for k, r in reversed(list(enumerate(operands)))}
    body = substituted(op.body, {s: op.slots[first[r]] for s, r in zip(op.slots, operands, strict=True)})
    return shrunk(Sum(body, op.slots, op.over), operands)


def nameless(equation: Equation) -> tuple:
    """An equation with its letters numbered in order of appearance: equal for equations that compute the same tensor."""
    order: dict[str, str] = {}
    for letter in (
        *equation.target.index,
        *[c for r in equation.operands for c in r.index],
        *[c for c, _ in equation.op.over],
    ):
        order.setdefault(letter, f"#{len(order)}")
    op: Op = equation.op
    over = tuple(sorted(((order[c], extent) for c, extent in op.over), key=str))
    if isinstance(op, Sum):
        swap: dict[Expr, Expr] = {position(a): position(b) for a, b in order.items()}
        op = Sum(substituted(op.body, swap) if op.body.free_symbols & swap.keys() else op.body, op.slots, over)
    elif isinstance(op, Reduce):
        op = Reduce(op.kind, over)
    operands = tuple((r.name, tuple(order[c] for c in r.index)) for r in equation.operands)
    return tuple(order[c] for c in equation.target.index), op, operands
