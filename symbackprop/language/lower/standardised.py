"""A normalisation that stands within an expression, gamma * (x - mean(x))/sqrt(var(x) + eps) + beta, has the equations of a layer.

Its quotient is a value of its own, xhat, and so are the mean and the variance, so that its gradient is told with them. What is
computed is the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

import sympy as sp

from symbackprop.core.program import Range, Sum, slot, substituted
from symbackprop.language.lower.nodes import Node, Nodes, Operands, needed
from symbackprop.language.tensors import Index, Tensor

A, B = slot(0), slot(1)
PRODUCT, QUOTIENT = A * B, A / B


class Found(NamedTuple):
    """A quotient of deviations from a mean by the root of their mean square, by the tensors of its parts.

    by         the factor of the deviations that is no part of it, such as gamma; None where there is none.
    deviation  x - mean(x), as it stands in the quotient.
    """

    by: tuple[Tensor, Index] | None
    deviation: tuple[Tensor, Index]
    root: tuple[Tensor, Index]
    means: tuple[Tensor, ...]
    variance: Tensor
    is_product: bool


def standardised(nodes: Nodes, kept: Collection[int] = ()) -> Nodes:
    """The nodes in which each such quotient, its mean and its variance are called as a layer of normalisation calls them.

    kept   tensors that keep an equation of their own, by identity.
    """
    found = {key: one for key, node in nodes.items() if key not in kept and (one := _found(node, nodes)) is not None}
    if not found:
        return nodes
    swap: dict[int, Tensor] = {}
    for key, one in found.items():
        mean = next((m for m in one.means if m.name is not None), one.means[0])
        for other in one.means:
            if other.name is None and id(other) not in kept:
                swap[id(other)] = mean if other is not mean else called(mean, "mu")
        swap |= {id(m): swap.get(id(mean), mean) for m in one.means if m is not mean and m.name is None and id(m) not in kept}
        if id(one.variance) not in kept:
            swap[id(one.variance)] = called(one.variance, "v")
        if one.by is None:
            swap[key] = called(nodes[key].tensor, "xhat")
    done: dict[int, Node] = {}
    for key, node in nodes.items():
        operands = tuple((swap.get(id(t), t), index) for t, index in node.operands)
        one = found.get(key)
        if one is not None:
            op, read = _quotient(one, nodes)
            own = tuple((swap.get(id(t), t), index) for t, index in read)
            if one.by is None:
                operands, node = own, replace(node, op=op)
            else:
                xhat = Tensor(node.shape, op, own, node.index).called("xhat")
                done[id(xhat)] = Node(xhat, op, own, node.index, node.shape)
                operands, node = (one.by, (xhat, node.index)), replace(node, op=Sum(PRODUCT, (A, B)))
        tensor = swap.get(key, node.tensor)
        done.setdefault(id(tensor), replace(node, tensor=tensor, operands=operands))
    return needed(done, kept)


def _quotient(one: Found, nodes: Nodes) -> tuple[Sum, Operands]:
    """(x - mean)/sqrt(v + a number) as one operation, of what in it the author named and of x, its mean and its variance."""
    operands: list[tuple[Tensor, Index]] = []
    over: list[Range] = []  # axes of size 1, which a mean kept

    def opened(read: tuple[Tensor, Index]) -> sp.Expr:
        tensor, letters = read
        node = nodes.get(id(tensor))
        if tensor.name is None and node is not None and isinstance(node.op, Sum) and tensor is not one.variance:
            at = dict(zip(node.index, letters, strict=True)) | {c: c for c, _ in node.op.over}
            over.extend(node.op.over)
            parts = [opened((t, tuple(at[c] for c in index))) if depth(t) else place((t, tuple(at[c] for c in index)))
                     for t, index in node.operands]  # fmt: skip
            return substituted(node.op.body, dict(zip(node.op.slots, parts, strict=True)))
        return place(read)

    def depth(t: Tensor) -> bool:
        return t is not one.variance and id(t) in below

    def place(read: tuple[Tensor, Index]) -> sp.Expr:
        operands.append(read)
        return slot(len(operands) - 1)

    below = {id(t) for t, _ in nodes[id(one.root[0])].operands}
    top, root = opened(one.deviation), opened(one.root)
    body = top * root if one.is_product else top / root
    return Sum(body, tuple(map(slot, range(len(operands)))), tuple(over)), tuple(operands)


def called(tensor: Tensor, stem: str) -> Tensor:
    """The same value with a name that is proposed, where it has none."""
    if tensor.name is not None or tensor.stem is not None:
        return tensor
    made = Tensor(tensor.shape, tensor.op, tensor.operands, tensor.index, tensor.signature, tensor.conditions).called(stem)
    made.role, made.below, made.written, made.inner = tensor.role, tensor.below, tensor.written, tensor.inner
    return made


def _found(node: Node, nodes: Nodes) -> Found | None:
    """The parts of a quotient; None for what is none."""
    if not isinstance(node.op, Sum) or node.op.over or node.op.body not in (QUOTIENT, PRODUCT):
        return None
    exponent = sp.S.Half if node.op.body == QUOTIENT else -sp.S.Half
    for top, root in _pairs(node, commute=node.op.body == PRODUCT):
        variance = _under(nodes.get(id(root[0])), nodes, exponent)
        if variance is None:
            continue
        mean = _mean_of_squares(variance, nodes)
        if mean is None:
            continue
        for by, deviation in _factors(top, nodes):
            own = _deviation(nodes.get(id(deviation[0])), nodes)
            if own is not None and _alike(nodes[id(own)], nodes[id(mean)]) and deviation[1] == node.index:
                return Found(by, deviation, root, tuple(dict.fromkeys((own, mean))), variance.tensor, node.op.body == PRODUCT)
    return None


def _pairs(node: Node, commute: bool) -> Iterator[tuple[tuple[Tensor, Index], tuple[Tensor, Index]]]:
    one, two = node.operands
    yield one, two
    if commute:
        yield two, one


def _under(node: Node | None, nodes: Nodes, exponent: sp.Expr) -> Node | None:
    """v, where a node is sqrt(v + a number), or that to the power -1/2."""
    if node is None or not isinstance(node.op, Sum) or node.op.over or node.op.body != A**exponent:
        return None
    below = nodes.get(id(node.operands[0][0]))
    if below is not None and isinstance(below.op, Sum) and not below.op.over and (below.op.body - A).is_number:
        return nodes.get(id(below.operands[0][0]))
    return below


def _mean_of_squares(node: Node, nodes: Nodes) -> Tensor | None:
    """The mean that a variance is about, where it is the mean of (x - mean(x))^2 along the axes of that mean."""
    squares = nodes.get(id(node.operands[0][0])) if _is_mean(node) else None
    if squares is None or not isinstance(squares.op, Sum) or squares.op.over or squares.op.body != A**2:
        return None
    mean = _deviation(nodes.get(id(squares.operands[0][0])), nodes)
    if mean is None:
        return None
    own = nodes[id(mean)]
    same = (own.op, _letters(own), own.operands[0][1]) == (node.op, _letters(node), node.operands[0][1])
    return mean if same and squares.operands[0][1] == squares.index else None


def _deviation(node: Node | None, nodes: Nodes) -> Tensor | None:
    """mean(x), where a node is x - mean(x)."""
    if node is None or not isinstance(node.op, Sum) or node.op.body != A - B or node.op.adds:
        return None
    (x, letters), (mean, _) = node.operands
    below = nodes.get(id(mean))
    if below is None or not _is_mean(below) or letters != node.index:
        return None
    (own, read), *_ = below.operands
    return mean if own is x and read == letters else None


def _is_mean(node: Node) -> bool:
    if not isinstance(node.op, Sum) or len(node.operands) != 1 or not node.op.over:
        return False
    return sp.expand(node.op.body * sp.Mul(*(extent for _, extent in node.op.over)) - A) == 0


def _letters(node: Node) -> Index:
    """Without those of axes that are kept with the size 1."""
    return tuple(c for c, extent in zip(node.index, node.shape, strict=True) if extent != 1)


def _alike(one: Node, other: Node) -> bool:
    read = [[(id(t), index) for t, index in node.operands] for node in (one, other)]
    return read[0] == read[1] and (one.op, one.index) == (other.op, other.index)


def _factors(top: tuple[Tensor, Index], nodes: Nodes) -> Iterator[tuple[tuple[Tensor, Index] | None, tuple[Tensor, Index]]]:
    """What is divided, as it is, and as a product of a factor and a deviation."""
    yield None, top
    node = nodes.get(id(top[0]))
    if node is not None and node.tensor.name is None and isinstance(node.op, Sum) and not node.op.over and node.op.body == PRODUCT:
        at = dict(zip(node.index, top[1], strict=True))
        moved = [(t, tuple(at[c] for c in index)) for t, index in node.operands]
        yield moved[0], moved[1]
        yield moved[1], moved[0]
