"""Python's operators and comparisons, as operations of the language."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from symbackprop.language.operations import logical_or
from symbackprop.notation.errors import NotationError, Source
from symbackprop.notation.words import OTHER_OPERATORS

OPERATORS: dict[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", lambda a, b: a + b),
    ast.Sub: ("-", lambda a, b: a - b),
    ast.Mult: ("*", lambda a, b: a * b),
    ast.Div: ("/", lambda a, b: a / b),
    ast.Pow: ("**", lambda a, b: a**b),
    ast.Mod: ("%", lambda a, b: a % b),
    ast.MatMult: ("@", lambda a, b: a @ b),
    ast.BitAnd: ("&", lambda a, b: a * b),
    ast.BitOr: ("|", logical_or),
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Gt: lambda a, b: a > b,
    ast.Lt: lambda a, b: a < b,
    ast.GtE: lambda a, b: a >= b,
    ast.LtE: lambda a, b: a <= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


def no_operator(node: ast.BinOp, source: Source) -> NotationError:
    """What to raise at an operator that is none of the language; where one sign takes its place, that mends it."""
    sign, write = {ast.BitXor: ("^", "**"), ast.LShift: ("<<", "*"), ast.RShift: (">>", "/")}.get(type(node.op), ("", ""))
    return NotationError(*OTHER_OPERATORS[type(node.op)], source.between(node.left, node.right, sign), write)
