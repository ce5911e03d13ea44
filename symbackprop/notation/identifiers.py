"""The names in Python's syntax trees: all, those that are read, those that are given a value."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def identifiers(*trees: ast.AST) -> Iterator[ast.Name]:
    """The places where names stand."""
    return (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name))


def names_in(*trees: ast.AST) -> set[str]:
    """The names that stand anywhere."""
    return {node.id for node in identifiers(*trees)}


def names_read(*trees: ast.AST) -> set[str]:
    """The names that are read."""
    return {node.id for node in identifiers(*trees) if isinstance(node.ctx, ast.Load)}


def names_written(*trees: ast.AST) -> set[str]:
    """The names that are given a value: assigned, or counted by a loop."""
    return {node.id for node in identifiers(*trees) if isinstance(node.ctx, ast.Store)}
