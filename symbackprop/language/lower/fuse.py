"""Which of the operations that a person wrote become one equation, before the program is written down."""

from __future__ import annotations

from typing import assert_never

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import TableFunction
from symbackprop.core.letters import fresh
from symbackprop.core.program import Matrix, Op, Reduce, Sum, is_product, position, slot, substituted
from symbackprop.language.tensors import Index, Tensor

MOST = 100  # operations in one equation: what is longer nobody reads, and putting it together takes long


class Node:
    """A tensor's operation, which fusing may rewrite."""

    def __init__(self, tensor: Tensor) -> None:
        self.op: Op = tensor.op  # type: ignore[assignment]
        self.operands: tuple[tuple[Tensor, Index], ...] = tensor.operands
        self.index: Index = tensor.index
        self.shape = tensor.shape
        self.weight = 1  # operations that were put together


def squeeze(order: list[Tensor], nodes: dict[int, Node]) -> None:
    """Drop the axes of size 1 that an unnamed value was given for broadcasting: b[:, None] is b again, keepdims=True is not kept.

    A letter that an operand lacks repeats it, so that its readers mean the same without the axis.
    """
    readers: dict[int, list[Node]] = {}
    for tensor in order:
        for operand, _ in nodes[id(tensor)].operands:
            readers.setdefault(id(operand), []).append(nodes[id(tensor)])
    for tensor in order:
        node, reading = nodes[id(tensor)], readers.get(id(tensor), [])
        if tensor.name is not None or not reading or not all(isinstance(r.op, Sum) for r in reading):
            continue
        carried = {c for _, index in node.operands for c in index}
        match node.op:
            case Sum():
                carried |= {c for c in node.index if node.op.body.has(position(c))}
            case Matrix():
                carried |= set(node.index)
            case Reduce():
                pass
            case _:
                assert_never(node.op)
        stay = [k for k, c in enumerate(node.index) if node.shape[k] != 1 or c in carried]
        if tensor.is_input or len(stay) == len(node.index):
            continue
        node.index, node.shape = tuple(node.index[k] for k in stay), tuple(node.shape[k] for k in stay)
        for reader in {id(r): r for r in reading}.values():
            reader.operands = tuple(
                (operand, tuple(index[k] for k in stay) if operand is tensor else index) for operand, index in reader.operands
            )
            _forget(reader)


def _forget(node: Node) -> None:
    """Drop the summed letters of size 1 that nothing mentions any more."""
    assert isinstance(node.op, Sum)
    mentioned = {c for _, index in node.operands for c in index} | {c for c, _ in node.op.over if node.op.body.has(position(c))}
    over = tuple((c, extent) for c, extent in node.op.over if extent != 1 or c in mentioned)
    node.op = Sum(node.op.body, node.op.slots, over)


def is_activation(body: Expr) -> bool:
    """Whether a body applies an activation and does nothing else."""
    return isinstance(body, sp.tanh) or (isinstance(body, TableFunction) and body.row.activation)


def fuse(order: list[Tensor], nodes: dict[int, Node]) -> None:
    """Write an elementwise tensor that nobody named and that is read once into the equation that reads it."""
    readers: dict[int, int] = {}
    for tensor in order:
        for operand, _ in nodes[id(tensor)].operands:
            readers[id(operand)] = readers.get(id(operand), 0) + 1
    for tensor in order:
        node = nodes[id(tensor)]
        if not isinstance(node.op, Sum):
            continue
        k = 0
        while k < len(node.operands):
            operand, index = node.operands[k]
            inner = nodes.get(id(operand))
            nameless = operand.name is None and operand.stem is None
            if inner is not None and nameless and readers[id(operand)] == 1 and _fits(node, k, inner):
                _inline(node, k, index, inner)
                del nodes[id(operand)]
            else:
                k += 1


def _fits(node: Node, k: int, inner: Node) -> bool:
    assert isinstance(node.op, Sum)
    if not isinstance(inner.op, Sum) or node.weight + inner.weight > MOST:
        return False
    if _scales(node.op):
        return True
    if is_product(inner.op):
        return False
    if not inner.operands and not inner.index:  # a number
        return True
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
    if inner.op.over and any(extent != 1 for _, extent in inner.op.over):
        return linear and len(node.operands) == 1 and not (body / s).free_symbols & {position(c) for c in index}
    return not (linear and is_product(node.op) and len(node.operands) > 1 and bool(node.op.over)) or inner.op.body.is_Mul


def _scales(op: Sum) -> bool:
    """Whether an operation multiplies its one operand by a number or a size, and does nothing else."""
    if len(op.slots) != 1 or op.over:
        return False
    factor = op.body / op.slots[0]
    return all(symbol.is_positive for symbol in factor.free_symbols)  # sizes are positive; slots and positions are not


def _inline(node: Node, k: int, index: Index, inner: Node) -> None:
    """Put `inner` in the place of the k-th operand of `node`."""
    assert isinstance(node.op, Sum)
    assert isinstance(inner.op, Sum)
    taken = {c for _, i in node.operands for c in i} | set(node.index) | {c for c, _ in node.op.over}
    rename = dict(zip(inner.index, index, strict=True))
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
    body = substituted(substituted(node.op.body, outer), {slot(j): slot(place) for place, j in enumerate(order)})
    over = node.op.over + tuple((rename[c], extent) for c, extent in inner.op.over)
    node.op = Sum(body, tuple(slot(j) for j in range(len(operands))), over)
    node.operands = tuple(operands)
    node.weight += inner.weight
