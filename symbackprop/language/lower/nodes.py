"""What a pass takes and returns: the operations of a network on their way to equations. Nothing here is ever changed in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from symbackprop.core.program import Carry, Op
from symbackprop.language.tensors import Index, Tensor

Operands = tuple[tuple[Tensor, Index], ...]


@dataclass(frozen=True, eq=False)
class Node:
    """The operation that writes a tensor.

    tensor     what it writes; its name, its stem and its conditions are a person's.
    op         the operation.
    operands   the tensors that it reads, each with its letters.
    index      the letters of the result, and `shape` their sizes.
    weight     how many of a person's operations it puts together.
    """

    tensor: Tensor
    op: Op
    operands: tuple[tuple[Tensor, Index], ...]
    index: Index
    shape: tuple[Expr, ...]
    weight: int = 1


Nodes = Mapping[int, Node]
"""Nodes by the identity of the tensor that they write, operands first; inputs have none."""


def ordered(outputs: Iterable[Tensor]) -> list[Tensor]:
    """The tensors that the outputs need, operands first, and what they are the derivatives of (no recursion: networks are deep).

    What a Carry reads ahead comes after it.
    """
    done: dict[int, Tensor] = {}
    stack = [(t, False) for t in reversed(list(outputs))]
    while stack:
        tensor, ready = stack.pop()
        if id(tensor) in done:
            continue
        ahead, before = parted(tensor)
        if ready:
            done[id(tensor)] = tensor
            stack += [(operand, False) for operand, _ in ahead]
        else:
            stack.append((tensor, True))
            stack += [(operand, False) for operand, _ in reversed(before) if id(operand) not in done]
            stack += [(t, False) for t in reversed(tensor.inner.tensors() if tensor.inner else ()) if id(t) not in done]
    return list(done.values())


def replaced(tensor: Tensor, old: Tensor, new: Tensor) -> Tensor:
    """The same computation with another tensor in the place of one that it reads; its other values have no names."""
    done: dict[int, Tensor] = {id(old): new}
    for t in ordered([tensor]):
        if any(id(operand) in done for operand, _ in t.operands):
            operands = tuple((done.get(id(operand), operand), index) for operand, index in t.operands)
            done.setdefault(id(t), Tensor(t.shape, t.op, operands, t.index, t.signature, t.conditions))
    return done.get(id(tensor), tensor)


def parted(tensor: Tensor) -> tuple[Operands, Operands]:
    """What a tensor reads ahead, as a Carry does, and what it reads."""
    count = 1 if isinstance(tensor.op, Carry) else 0
    return tensor.operands[:count], tensor.operands[count:]


class Outputs(dict[str, Tensor]):
    """Tensors by name, pickled operands first: no recursion either."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _outputs, (ordered(self.values()), dict(self))


def _outputs(_: list[Tensor], named: dict[str, Tensor]) -> Outputs:
    return Outputs(named)


def nodes_of(order: Iterable[Tensor]) -> Nodes:
    """A node for every tensor that an operation writes."""
    return {id(t): Node(t, t.op, t.operands, t.index, t.shape) for t in order if t.op is not None}


def asked_for(order: Iterable[Tensor]) -> set[int]:
    """The derivatives that a person asked for, of what and by what: each keeps an equation of its own; by identity."""
    asked = [t for t in order if t.inner is not None and t.inner.asked]
    return {id(t) for own in asked for t in (own, *(own.inner.tensors() if own.inner else ()))}


def needed(nodes: Nodes, kept: Collection[int] = ()) -> Nodes:
    """The nodes that what has a name needs, and what is kept."""
    found, waiting = set[int](), [key for key, node in nodes.items() if node.tensor.name is not None or key in kept]
    while waiting:
        key = waiting.pop()
        if key in nodes and key not in found:
            found.add(key)
            waiting += [id(t) for t, _ in nodes[key].operands]
    return {key: node for key, node in nodes.items() if key in found}


def readers_of(nodes: Nodes) -> dict[int, list[int]]:
    """For each tensor the nodes that read it, as often as they do."""
    readers: dict[int, list[int]] = {}
    for key, node in nodes.items():
        for operand, _ in node.operands:
            readers.setdefault(id(operand), []).append(key)
    return readers
