"""Differences of parts of one tensor: u[1:] - u[:-1] is a value of its own, d, unless its reader adds multiples of it as well."""

from __future__ import annotations

from collections import Counter

from sympy import Symbol

from symbackprop.core.guards import split
from symbackprop.core.program import Sum
from symbackprop.language.lower.nodes import Node, Nodes

NAME = "d"


def is_difference(node: Node, nodes: Nodes) -> bool:
    """Whether a node adds multiples of several parts of one tensor, entry by entry."""
    if not isinstance(node.op, Sum) or node.op.over or len(node.operands) < 2:
        return False
    source = {s: _cut_from(nodes.get(id(t))) for s, (t, _) in zip(node.op.slots, node.operands, strict=True)}
    often = Counter(tensor for tensor in source.values() if tensor is not None)
    tensor, count = often.most_common(1)[0] if often else (0, 0)
    parts = [s for s, own in source.items() if own == tensor]
    is_product = all(s in node.op.body.args for s in parts) and node.op.body.is_Mul
    return count > 1 and not is_product and all(_is_scaled(node.op, s) for s in parts)


def is_added(reader: Node, k: int) -> bool:
    """Whether a node is linear in its k-th operand."""
    return isinstance(reader.op, Sum) and _is_scaled(reader.op, reader.op.slots[k])


def _is_scaled(op: Sum, s: Symbol) -> bool:
    return bool(op.body.is_polynomial(s)) and not op.body.diff(s).has(s)


def _cut_from(node: Node | None) -> int | None:
    """The tensor of which a value that nobody named is a part, by identity."""
    if node is None or node.tensor.name is not None or not isinstance(node.op, Sum) or len(node.operands) != 1:
        return None
    (tensor, letters), parts = node.operands[0], split(node.op)
    is_part = bool(parts.guards) and parts.operands == (0,) and parts.coefficient == parts.rest == 1
    return id(tensor) if is_part and len(node.index) == len(letters) > 0 else None
