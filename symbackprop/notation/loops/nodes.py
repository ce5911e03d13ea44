"""New nodes of a syntax tree, which stand where old ones stood, for error messages."""

from __future__ import annotations

import ast
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)


def like(where: ast.AST, node: Node) -> Node:
    """A new node that stands where another one stood."""
    for inner in ast.walk(node):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            ast.copy_location(inner, where)
    return node


def whole(where: ast.AST, k: int) -> ast.expr:
    """A whole number."""
    return like(where, ast.Constant(k) if k >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-k)))
