"""What a layer or a loss makes once more of what the author named already is what the author named: P = softmax(S) beside
cross_entropy(S, t), which takes the softmax of S as well."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import replace

from symbackprop.language.lower.nodes import Nodes, needed
from symbackprop.language.tensors import Tensor


def shared(nodes: Nodes, kept: Collection[int] = ()) -> Nodes:
    """The nodes in which no value of a layer or a loss is computed beside an equal one that has a name.

    Equal is what the same operations make of the same tensors, in the same letters; no algebra is done.
    kept   tensors that keep an equation of their own, by identity.
    """
    if not any(node.tensor.stem and node.tensor.name is None for node in nodes.values()):
        return nodes
    same = _same(nodes, kept)
    if not same:
        return nodes
    read = {key: replace(n, operands=tuple((same.get(id(t), t), i) for t, i in n.operands)) for key, n in nodes.items()}
    return needed(read, kept)


def _same(nodes: Nodes, kept: Collection[int]) -> dict[int, Tensor]:
    """What is computed again -> what the author named before it."""
    number: dict[Hashable, int] = {}
    made: dict[int, Hashable] = {}  # what a tensor is: itself where it has a name, else how it is computed
    first: dict[int, Tensor] = {}
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
    return same
