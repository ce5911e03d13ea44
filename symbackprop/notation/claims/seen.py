"""What a value is that was written in parts: the place of an extreme, the norm of a vector."""

from __future__ import annotations

from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.nodes import MATRIX, Node


def of_extreme(node: Node) -> tuple[str, tuple[Node, ...]] | None:
    """Where an extreme stands, argmax of what; None for any other sum."""
    match node.args[0]:
        case Node(op=nd.Arithmetic("*"), args=(Node(op=nd.Positions()), Node(op=nd.Compared("=="), args=(x, y)))):
            match y:
                case Node(op=nd.Reduced(kind="max" | "min" as kind), args=(own,)) if own is x:
                    return f"arg{kind}", (x,)
    return None


def of_norm(node: Node) -> Node | None:
    """The vector or matrix of whose entries a value is the sum of squares; None for any other value."""
    axes: list[str] = []
    while isinstance(node.op, nd.Summed):
        axes.append(node.op.axis)
        node = node.args[0]
    match node:
        case Node(op=nd.Arithmetic("*"), args=(x, y)) if x is y and set(axes) == set(x.axes) <= MATRIX and axes:
            return x
    return None
