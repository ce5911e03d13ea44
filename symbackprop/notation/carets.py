"""What is meant by ^ on paper and is no power in Python: W^T x and A^-1 b."""

from __future__ import annotations

import ast
from collections.abc import Callable

INVERSE = "Write inv(A) of a matrix, solve(A, b) for its product with b, x**-1 entry by entry."


def misread(link: ast.BinOp, written: Callable[[ast.expr], str], known: Callable[[str], bool]) -> tuple[str, str] | None:
    """The fault and the mend of a ^ that Python takes for W^(T @ x) or A^(-1 @ b); None of any other.

    written   the text of an expression.
    known     whether a name is one of the text.
    """
    if not isinstance(link.op, ast.BitXor):
        return None
    first, base = _first(link.right), written(link.left)
    if isinstance(first, ast.Name) and first.id == "T" and not known("T"):
        return "^T is no transpose here.", f"Write {base}.T."
    return (f"{base}^-1 is no inverse here.", INVERSE) if isinstance(first, ast.UnaryOp) else None


def _first(node: ast.expr) -> ast.expr:
    """What stands first in a chain of operators."""
    while isinstance(node, ast.BinOp):
        node = node.left
    return node
