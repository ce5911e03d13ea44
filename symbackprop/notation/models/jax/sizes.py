"""Sizes as JAX writes them, 2*n + 1, as expressions of the sizes here."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr

from symbackprop.notation.errors import NotationError


def size_of(extent: Any, symbols: Mapping[str, Expr]) -> Expr:
    """A size of JAX, a number or an expression such as 2*n + 1, as one of ours.

    JAX writes max(n, 0) where a size would be negative for some n: those are no sizes of the example.
    Raises NotationError for a size that is computed in another way.
    """
    if isinstance(extent, int | np.integer):
        return sp.Integer(int(extent))
    try:
        return sp.expand(_read(ast.parse(str(extent).replace("^", "**"), mode="eval").body, symbols))
    except (SyntaxError, KeyError):
        raise NotationError(f"the size {extent} is none of sums, products and floors.", "") from None


def _read(node: ast.AST, symbols: Mapping[str, Expr]) -> Expr:
    match node:
        case ast.Constant(value=int() as number):
            return sp.Integer(number)
        case ast.Name(id=name):
            return symbols[name]
        case ast.Call(func=ast.Name(id="max"), args=[inner, ast.Constant(value=0)]):
            return _read(inner, symbols)
        case ast.Call(func=ast.Name(id="floordiv"), args=[inner, ast.Constant(value=int() as count)]) if count > 0:
            return sp.floor(_read(inner, symbols) / count)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_read(inner, symbols)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _read(left, symbols), _read(right, symbols)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Pow() if b.is_Integer and 0 <= b <= 8:
                    return a**b
    raise KeyError(ast.dump(node))
