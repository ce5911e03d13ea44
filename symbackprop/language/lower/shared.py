"""What is computed once more is what it was before: P = softmax(S) beside cross_entropy(S, t), which takes the softmax of S as
well, an activation, a product or a maximum that an author wrote twice, X W/|X W|, and [h, x] before each gate."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import replace

from sympy import Add, Mul, S

from symbackprop.core.functions import Where
from symbackprop.core.program import Reduce, Sum
from symbackprop.language.lower.fuse import is_activation
from symbackprop.language.lower.nodes import Node, Nodes, needed
from symbackprop.language.tensors import Tensor


def shared(nodes: Nodes, kept: Collection[int] = ()) -> Nodes:
    """The nodes in which no value of a layer or a loss is computed beside an equal one that has a name, and nothing twice that
    is an activation or is set side by side.

    Equal is what the same operations make of the same tensors, in the same letters; no algebra is done.
    kept   tensors that keep an equation of their own, by identity.
    """
    if not any(node.tensor.name is None and (node.tensor.stem or _is_met_again(node, nodes)) for node in nodes.values()):
        return nodes
    same = _same(nodes, kept)
    if not same:
        return nodes
    read = {key: replace(n, operands=tuple((same.get(id(t), t), i) for t, i in n.operands)) for key, n in nodes.items()}
    return needed(read, kept)


def _same(nodes: Nodes, kept: Collection[int]) -> dict[int, Tensor]:
    """What is computed again -> what the author named before it, or the same value without a name."""
    number: dict[Hashable, int] = {}
    made: dict[int, Hashable] = {}  # what a tensor is: itself where it has a name, else how it is computed
    first: dict[int, Tensor] = {}
    nameless: dict[int, Tensor] = {}
    same: dict[int, Tensor] = {}
    inner = {id(t) for node in nodes.values() if node.tensor.inner for t in node.tensor.inner.tensors()}  # of or by which one is
    for key, node in nodes.items():
        operands = tuple((made.get(id(t), ("itself", id(t))), index) for t, index in node.operands)
        computed = number.setdefault((node.op, node.index, node.shape, operands), len(number))
        if node.tensor.name is not None:
            first.setdefault(computed, node.tensor)
        elif key not in kept and computed in first and (node.tensor.stem or _is_met_again(node, nodes)):
            same[key] = first[computed]
            made[key] = ("itself", id(first[computed]))
        else:
            made[key] = ("computed", computed)
            if key in kept or key in inner or not _is_met_again(node, nodes):
                continue
            own = nameless.setdefault(computed, node.tensor)
            if own is not node.tensor:
                same[key] = own
    return same


def _is_met_again(node: Node, nodes: Nodes) -> bool:
    """Whether a value is one that authors write again instead of naming it: an activation, a product, tensors side by side, the
    maximum that they subtract."""
    if isinstance(node.op, Reduce):
        return node.op.kind == "max"
    if not isinstance(node.op, Sum):
        return False
    if node.op.over and len(node.op.slots) > 1 and node.op.body == Mul(*node.op.slots) and node.shape:
        return True
    without_names = all(t.name is None for t, _ in node.operands)
    if is_activation(node.op.body) and len(node.operands) == 1:
        return without_names
    parts = [nodes[id(t)] for t, _ in node.operands if id(t) in nodes]
    return (
        without_names and len(parts) == len(node.operands) > 1 and node.op.body == Add(*node.op.slots) and all(map(_is_set, parts))
    )


def _is_set(node: Node) -> bool:
    """Whether a value is another one, set at its place among zeros."""
    if not isinstance(node.op, Sum) or len(node.op.slots) != 1 or node.op.over:  # what is summed is an entry: q[0]
        return False
    place = node.op.body / node.op.slots[0]
    return isinstance(place, Where) and place.args[1:] == (S.One, S.Zero)
