"""Which names a block leaves to what follows: those that are read there before they are given a value anew."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from symbackprop.notation.identifiers import names_in
from symbackprop.notation.loops.several import is_anew

Way = list[tuple[ast.AST, list[ast.stmt], int]]


def read_later(whole: ast.Module, node: ast.stmt, names: set[str]) -> set[str]:
    """Those of the names that something reads after a statement, also in a next turn of a loop around it."""
    way = _way(whole, node)
    return names if way is None else {name for name in names if _lives(way, name)}


def _way(owner: ast.AST, node: ast.stmt) -> Way | None:
    """The blocks around a statement, innermost first, each with what it is the block of and the place in it."""
    for field in ("body", "orelse"):
        block: list[ast.stmt] = getattr(owner, field, []) if isinstance(owner, ast.Module | ast.For | ast.If | ast.With) else []
        for k, statement in enumerate(block):
            if statement is node:
                return [(owner, block, k)]
            if (found := _way(statement, node)) is not None:
                return [*found, (owner, block, k)]
    return None


def _lives(way: Way, name: str) -> bool:
    for owner, block, k in way:
        then = _next(block[k + 1 :], name)
        if then is None and isinstance(owner, ast.For):
            if _next(block[: k + 1], name) == "read":
                return True
        elif then is not None:
            return then == "read"
    return False


def _next(statements: Sequence[ast.stmt], name: str) -> str | None:
    """Whether statements read a name first, or give it a value; None where it may be that they do neither."""
    for statement in statements:
        if name not in names_in(statement):
            continue
        if not is_anew([statement], name):
            return "read"
        if not isinstance(statement, ast.For):  # which may have no step
            return "given"
    return None
