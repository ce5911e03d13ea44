"""What is meant by powers on paper and is something else in Python: W^T x, A^-1 b, A**-1 @ b, x**1/2."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from symbackprop.core.program import same_size
from symbackprop.language.tensors import Tensor

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


def otherwise(link: ast.BinOp, left: Any, right: Any, written: Callable[[ast.expr], str]) -> list[str]:
    """What a person should know of a power that is not what paper means by it: of a square matrix, or divided behind its 1.

    left, right   what the operator stands between, tensors or numbers.
    written       the text of an expression.
    """
    match link:
        case ast.BinOp(ast.BinOp(base, ast.Pow(), ast.Constant(1)), ast.Div(), ast.Constant(int() as root)) if root > 1:
            own = written(base)
            return [f"{written(link)} is {own}/{root} for Python, a power first: the root is {own}**(1/{root})."]
        case ast.BinOp(ast.BinOp(ast.Constant(), ast.Div(), ast.Constant(1)) as first, ast.Add() | ast.Sub()):
            return [
                f"{written(link)} divides first, {written(first)} by itself: brackets are missing where all of it stands below."
            ]
        case ast.BinOp(base, ast.Pow(), ast.UnaryOp(ast.USub(), ast.Constant(1))) if _is_square(left):
            own = written(base)
            return [f"{written(link)} is 1/{own} entry by entry, as NumPy has it: the inverse is inv({own})."]
        case ast.BinOp(a, ast.MatMult(), b):
            return [
                f"{written(side)} is that of every entry, as NumPy has it: the product is {' @ '.join([written(base)] * number)}."
                for side, value in ((a, left), (b, right))
                for base, number in _whole_powers(side)
                if _is_square(value)
            ]
    return []


def _whole_powers(node: ast.expr) -> list[tuple[ast.expr, int]]:
    """The base and the exponent of A**2 or A**3, as the only one."""
    match node:
        case ast.BinOp(base, ast.Pow(), ast.Constant(int() as number)) if number in (2, 3):
            return [(base, number)]
    return []


def _is_square(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim == 2 and same_size(*value.shape) and value.shape[0] != 1


def decimal_comma(value: ast.expr, written: Callable[[ast.expr], str]) -> tuple[str, str] | None:
    """The fault and the mend of 0,5 * x, two values for Python, or of what is called with it; None of any other.

    value   what is given to a name, or a call that is refused.
    """
    if isinstance(value, ast.Call):
        pairs, is_alone = list(pairwise(value.args)), len(value.args) == 2
    elif isinstance(value, ast.Tuple) and not written(value).startswith("("):
        pairs, is_alone = list(pairwise(value.elts))[:1], written(value).startswith("0,")
    else:
        return None
    for whole, rest in pairs:
        digits = re.match(r"\d+(?![\w.])", written(rest))
        touches = (whole.end_lineno, (whole.end_col_offset or 0) + 1) == (rest.lineno, rest.col_offset)
        if touches and digits and written(whole).isdigit() and (is_alone or not isinstance(rest, ast.Constant)):
            said = f"{written(whole)},{digits[0]}"
            return f"{said} is two values for Python, whose decimal sign is a point.", f"Write {said.replace(',', '.')}."
    return None


def _first(node: ast.expr) -> ast.expr:
    """What stands first in a chain of operators."""
    while isinstance(node, ast.BinOp):
        node = node.left
    return node
