"""Which of the operations that a person wrote become one equation, before the program is written down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from typing import Any, assert_never

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions import FUNCTIONS, TableFunction
from symbackprop.core.guards import split
from symbackprop.core.letters import fresh
from symbackprop.core.program import Carry, Matrix, Reduce, Sum, is_product, position, slot, substituted
from symbackprop.language.lower.differences import is_added, is_difference
from symbackprop.language.lower.nodes import Node, Nodes, readers_of
from symbackprop.language.lower.restricted import lost
from symbackprop.language.tensors import Tensor

SHARE = sp.exp(slot(0) - slot(1))  # of a sum of exponentials, as softmax computes it
MOST = 100  # operations in one equation: what is longer nobody reads, and putting it together takes long


def squeeze(nodes: Nodes, kept: Collection[int] = ()) -> Nodes:
    """Without the axes of size 1 that unnamed values were given for broadcasting: b[:, None] is b again, keepdims=True is not kept.

    A letter that an operand lacks repeats it, so that its readers mean the same without the axis.
    kept   tensors that stay as they are, by identity.
    """
    readers, done = readers_of(nodes), dict(nodes)
    for key in nodes:
        node, reading = done[key], [done[r] for r in readers.get(key, ())]
        stay = _kept_axes(node)
        if node.tensor.name is not None or key in kept or not reading or len(stay) == len(node.index):
            continue
        if all(isinstance(reader.op, Sum) for reader in reading):
            index, shape = (tuple(part[k] for k in stay) for part in (node.index, node.shape))
            done[key] = replace(node, index=index, shape=shape)
            for r in set(readers[key]):
                done[r] = _reading(done[r], node.tensor, stay)
    return done


def _kept_axes(node: Node) -> list[int]:
    """The axes of a node that are not of size 1, or that its operation mentions."""
    carried = {c for _, index in node.operands for c in index}
    match node.op:
        case Sum():
            carried |= {c for c in node.index if node.op.body.has(position(c))}
        case Matrix() | Carry():
            carried |= set(node.index)
        case Reduce():
            pass
        case _:
            assert_never(node.op)
    return [k for k, c in enumerate(node.index) if node.shape[k] != 1 or c in carried]


def _reading(node: Node, tensor: Tensor, stay: list[int]) -> Node:
    """The node with some axes of an operand alone, and without the summed letters of size 1 that nothing mentions any more."""
    assert isinstance(node.op, Sum)
    operands = tuple((t, tuple(index[k] for k in stay) if t is tensor else index) for t, index in node.operands)
    mentioned = {c for _, index in operands for c in index} | {c for c, _ in node.op.over if node.op.body.has(position(c))}
    over = tuple((c, extent) for c, extent in node.op.over if extent != 1 or c in mentioned)
    return replace(node, op=Sum(node.op.body, node.op.slots, over), operands=operands)


def is_activation(body: Expr) -> bool:
    """Whether a body applies an activation and does nothing else; max(0, x) is one."""
    is_rectifier = isinstance(body, FUNCTIONS["maximum"]) and S.Zero in body.args
    return isinstance(body, sp.tanh) or is_rectifier or (isinstance(body, TableFunction) and body.row.activation)


def is_softmax(node: Node, nodes: Nodes) -> bool:
    """Whether a node is exp(x - logsumexp(x)): a value of its own, with a Jacobian of its own."""
    if not isinstance(node.op, Sum) or node.op.over or node.op.body != SHARE:
        return False
    (x, own), (total, letters) = node.operands
    below = nodes.get(id(total))
    if below is None or not isinstance(below.op, Reduce) or below.op.kind != "logsumexp":
        return False
    source, read = below.operands[0]
    at = dict(zip(read, own, strict=False))
    return source is x and letters == tuple(at.get(c, c) for c in below.index)


def fuse(nodes: Nodes, kept: Collection[int] = ()) -> Nodes:
    """With every elementwise value that nobody named and that is read once written into the equation that reads it.

    kept   tensors that keep an equation of their own, by identity.
    """
    readers, done = readers_of(nodes), dict(nodes)
    for key in nodes:
        node, k = done[key], 0
        while isinstance(node.op, Sum) and k < len(node.operands):
            operand = node.operands[k][0]
            inner = done.get(id(operand))
            nameless = operand.name is None and operand.stem is None and id(operand) not in kept
            fits = inner is not None and nameless and len(readers[id(operand)]) == 1 and _fits(node, k, inner, done)
            fits = fits and inner is not None and not is_softmax(inner, done)
            fits = fits and inner is not None and (is_added(node, k) or not is_difference(inner, done))
            together = _inlined(node, k, inner) if fits and inner is not None else None
            if together is None:
                k += 1
            else:
                node = together
                del done[id(operand)]
        done[key] = node
    return done


def _fits(node: Node, k: int, inner: Node, done: Nodes) -> bool:
    assert isinstance(node.op, Sum)
    if not isinstance(inner.op, Sum) or node.weight + inner.weight > MOST:
        return False
    if _scales(node, k):
        return True
    if is_product(inner.op):
        return False
    if is_activation(inner.op.body) and _is_worked_out(inner, done):
        return False  # what an activation gives is a value of its own as well: z, a = sigma(z), then a - y
    if not inner.operands and not inner.index and not inner.op.over:  # a number
        return True
    if not inner.operands and not inner.op.over and inner.op.body.is_Symbol and _is_picked(node.op, node.op.slots[k]):
        return True  # the entry at its own position, S[n n]
    counts = not inner.operands and not inner.op.over and inner.op.body.as_coeff_Add()[1].is_Symbol
    if counts and _is_compared(node.op, node.op.slots[k]):
        return True  # a mask of positions, [i <= j + 1]
    if inner.op.body == slot(0) and not inner.op.over and len(inner.operands[0][1]) == len(inner.index):
        return True  # a transpose
    index = node.operands[k][1]
    everything = set(index) | {c for _, i in node.operands for c in i} | set(node.index)
    everything |= {c for c, _ in node.op.over}
    if len(set(index)) != len(index) or everything != set(index):
        return False
    s, body = node.op.slots[k], node.op.body
    if is_activation(body) and not inner.op.body.is_Symbol and inner.operands:
        return False  # the argument of an activation is a value of its own: z, then a = sigma(z)
    linear = body == s or (body.is_Mul and body.args.count(s) == 1 and not (body / s).has(s))
    if inner.op.adds:
        return linear and len(node.operands) == 1 and not (body / s).free_symbols & {position(c) for c in index}
    return not (linear and is_product(node.op) and len(node.operands) > 1 and bool(node.op.over)) or inner.op.body.is_Mul


def _is_worked_out(activation: Node, nodes: Nodes) -> bool:
    """Whether an activation is of a value that nobody named."""
    if len(activation.operands) != 1:  # none at all, where it is of positions
        return False
    argument = activation.operands[0][0]
    return id(argument) in nodes and argument.name is None


def _is_compared(op: Sum, s: Symbol) -> bool:
    """Whether an operand stands alone in comparisons with other values."""
    found = [r for r in op.body.atoms(sp.core.relational.Relational) if r.has(s)]
    return (
        bool(found)
        and all(r.lhs.free_symbols and r.rhs.free_symbols for r in found)
        and not op.body.xreplace(dict.fromkeys(found, S.true)).has(s)
    )


def _is_picked(op: Sum, place: Symbol) -> bool:
    """Whether an operation reads one entry of each row, by the position that an operand holds."""
    guards = split(op).guards
    return len(guards) == 1 and guards[0].rhs == place and guards[0].lhs in {position(c) for c, _ in op.over}


def _scales(node: Node, k: int) -> bool:
    """Whether an operation multiplies its k-th operand by numbers, sizes and constants, and does nothing else."""
    assert isinstance(node.op, Sum)
    if node.op.over:
        return False
    declared = zip(node.op.slots, (t.signature for t, _ in node.operands), strict=True)
    constants = {s for s, signature in declared if signature is not None and signature.kind == "constant"}
    left = _beside(node.op.body, node.op.slots[k]) - constants
    return all(symbol.is_positive for symbol in left)  # sizes are positive; slots and positions are not


@lru_cache(maxsize=1024)
def _beside(body: Expr, factor: Symbol) -> frozenset[Any]:
    """The symbols of an expression by a factor of it."""
    return frozenset((body / factor).free_symbols)


def _inlined(node: Node, k: int, inner: Node) -> Node | None:
    """The node with `inner` in the place of its k-th operand; None where that is defined where `inner` is not, or is 1/0."""
    assert isinstance(node.op, Sum)
    assert isinstance(inner.op, Sum)
    taken = {c for _, i in node.operands for c in i} | set(node.index) | {c for c, _ in node.op.over}
    rename = dict(zip(inner.index, node.operands[k][1], strict=True))
    rename |= zip([c for c, _ in inner.op.over], fresh(len(inner.op.over), taken), strict=True)
    operands = [o for j, o in enumerate(node.operands) if j != k]
    old = [s for j, s in enumerate(node.op.slots) if j != k]
    swap: dict[Expr, Expr] = {position(a): position(b) for a, b in rename.items()}
    outer: dict[Expr, Expr] = {s: slot(j) for j, s in enumerate(old)}
    for s, (tensor, letters) in zip(inner.op.slots, inner.operands, strict=True):
        own = tuple(rename[c] for c in letters)
        place = next((j for j, (t, i) in enumerate(operands) if t is tensor and i == own), len(operands))
        if place == len(operands):
            operands.append((tensor, own))
        swap[s] = slot(place)
    outer[node.op.slots[k]] = substituted(inner.op.body, swap)
    # what was written in the place of an operand stands in its place, so that equations read in the order of writing
    order = [*range(k), *range(len(old), len(operands)), *range(k, len(old))]
    operands = [operands[j] for j in order]
    at = {slot(j): slot(place) for place, j in enumerate(order)}
    body = substituted(substituted(node.op.body, outer), at)
    if body.has(S.NaN, S.ComplexInfinity) or lost(substituted(outer[node.op.slots[k]], at), body, operands):
        return None
    over = node.op.over + tuple((rename[c], extent) for c, extent in inner.op.over)
    op = Sum(body, tuple(slot(j) for j in range(len(operands))), over)
    return replace(node, op=op, operands=tuple(operands), weight=node.weight + inner.weight)
