"""What is computed once more is what it was before: P = softmax(S) beside cross_entropy(S, t), which takes the softmax of S as
well, and an activation that an author wrote twice."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import replace

from symbackprop.core.program import Sum
from symbackprop.language.lower.fuse import is_activation
from symbackprop.language.lower.nodes import Node, Nodes, needed
from symbackprop.language.tensors import Tensor


def shared(nodes: Nodes, kept: Collection[int] = ()) -> Nodes:
    """The nodes in which no value of a layer or a loss is computed beside an equal one that has a name, and no activation twice.

    Equal is what the same operations make of the same tensors, in the same letters; no algebra is done.
    kept   tensors that keep an equation of their own, by identity.
    """
    if not any(node.tensor.name is None and (node.tensor.stem or _is_activated(node)) for node in nodes.values()):
        return nodes
    same = _same(nodes, kept)
    if not same:
        return nodes
    read = {key: replace(n, operands=tuple((same.get(id(t), t), i) for t, i in n.operands)) for key, n in nodes.items()}
    return needed(read, kept)


def _same(nodes: Nodes, kept: Collection[int]) -> dict[int, Tensor]:
    """What is computed again -> what the author named before it, or the same activation without a name."""
    number: dict[Hashable, int] = {}
    made: dict[int, Hashable] = {}  # what a tensor is: itself where it has a name, else how it is computed
    first: dict[int, Tensor] = {}
    activated: dict[int, Tensor] = {}
    same: dict[int, Tensor] = {}
    for key, node in nodes.items():
        operands = tuple((made.get(id(t), ("itself", id(t))), index) for t, index in node.operands)
        computed = number.setdefault((node.op, node.index, node.shape, operands), len(number))
        if node.tensor.name is not None:
            first.setdefault(computed, node.tensor)
        elif node.tensor.stem and key not in kept and computed in first:
            same[key] = first[computed]
            made[key] = ("itself", id(first[computed]))
        else:
            made[key] = ("computed", computed)
            if _is_activated(node) and key not in kept and (own := activated.setdefault(computed, node.tensor)) is not node.tensor:
                same[key] = own
    return same


def _is_activated(node: Node) -> bool:
    """Whether a value is an activation of something that nobody named."""
    return isinstance(node.op, Sum) and is_activation(node.op.body) and len(node.operands) == 1 and node.operands[0][0].name is None
