"""Several names for several values: a, b = pair, first, *rest = x, in which an array has its rows for values."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import shape_text
from symbackprop.language.tensors import Tensor
from symbackprop.notation.grown import Grown
from symbackprop.notation.rounds import List

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader


def shared_out(reader: Reader, target: ast.Tuple | ast.List, value: Any) -> list[Any]:
    """The value of each name, of a starred one a list or an array of what is left. Raises NotationError where they do not fit."""
    targets, value = target.elts, tuple(value) if isinstance(value, dict) else value
    several = isinstance(value, tuple | Grown) or (isinstance(value, Tensor) and bool(value.shape))
    if not several:
        raise reader.evaluator.unread(target, "the right side is one value.", "Write a line for each name.")
    if isinstance(value, tuple):
        length: Expr = sp.Integer(len(value))
    else:
        length = value.length if isinstance(value, Grown) else value.shape[0]
    stars = [k for k, one in enumerate(targets) if isinstance(one, ast.Starred)]
    left: Expr = sp.expand(sp.Add(length, len(stars) - len(targets)))
    if not stars and left != 0:
        if isinstance(value, Tensor) and not length.is_Integer:
            raise reader.evaluator.unread(target, "the right side is one value.", "Write a line for each name.")
        shape = f", the rows of {shape_text(value.shape)}" if isinstance(value, Tensor) else ""
        mend = f"Write *rest for what is left, {ast.unparse(targets[0])}, *rest = ..." if left.is_nonnegative else ""
        raise reader.fault(target, f"there are {len(targets)} names for {length} values{shape}.", mend)
    if left.is_negative:  # pyright: ignore[reportAttributeAccessIssue]
        raise reader.fault(target, f"there are {len(targets)} names for {length} values.")
    if not stars:
        return [_part(value, k) for k in range(len(targets))]
    before, after = stars[0], len(targets) - 1 - stars[0]
    return [
        *(_part(value, k) for k in range(before)),
        _part(value, slice(before, -after if after else None)),
        *(_part(value, k - after) for k in range(after)),
    ]


def _part(value: Any, place: int | slice) -> Any:
    if isinstance(value, Grown):
        return value.at(place)
    part = value[place]
    return List(part) if isinstance(place, slice) and isinstance(value, tuple) else part
