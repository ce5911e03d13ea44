"""What a pass takes and returns: the operations of a network on their way to equations. Nothing here is ever changed in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from symbackprop.core.program import Op
from symbackprop.language.tensors import Index, Tensor


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
    """The tensors that the outputs need, operands first (no recursion: networks are deep)."""
    done: dict[int, Tensor] = {}
    stack = [(t, False) for t in reversed(list(outputs))]
    while stack:
        tensor, ready = stack.pop()
        if id(tensor) in done:
            continue
        if ready:
            done[id(tensor)] = tensor
        else:
            stack.append((tensor, True))
            stack += [(operand, False) for operand, _ in reversed(tensor.operands) if id(operand) not in done]
    return list(done.values())


class Outputs(dict[str, Tensor]):
    """Tensors by name, pickled operands first: no recursion either."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _outputs, (ordered(self.values()), dict(self))


def _outputs(_: list[Tensor], named: dict[str, Tensor]) -> Outputs:
    return Outputs(named)


def nodes_of(order: Iterable[Tensor]) -> Nodes:
    """A node for every tensor that an operation writes."""
    return {id(t): Node(t, t.op, t.operands, t.index, t.shape) for t in order if t.op is not None}


def readers_of(nodes: Nodes) -> dict[int, list[int]]:
    """For each tensor the nodes that read it, as often as they do."""
    readers: dict[int, list[int]] = {}
    for key, node in nodes.items():
        for operand, _ in node.operands:
            readers.setdefault(id(operand), []).append(key)
    return readers
