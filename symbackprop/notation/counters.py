"""A letter that counts on paper, P[i, y[i]], and that nothing gives a range here: what goes over all its numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

_COUNTS = re.compile(r"[ijklmnst]$")


def counted(name: str, statements: Sequence[ast.stmt], shapes: Mapping[str, Sequence[Any]], read: Collection[str]) -> str | None:
    """The mend where a letter indexes what is data, beside another array or within an index; None where it is none.

    shapes   of the arrays that are known.
    read     the names of those that are data; a letter that picks rows of parameters alone may be data itself.
    """
    if not _COUNTS.match(name):
        return None
    uses = [(node, k) for s in statements for node in ast.walk(s) if isinstance(node, ast.Subscript)
            for k, own in enumerate(_entries(node)) if isinstance(own, ast.Name) and own.id == name]  # fmt: skip
    named = [(node, node.value.id, k) for node, k in uses if isinstance(node.value, ast.Name)]
    within = next((node for node, _, _ in named if any(_picked(own, name) for own in _entries(node))), None)
    if within is None and (len({array for _, array, _ in named}) < 2 or not any(array in read for _, array, _ in named)):
        return None
    named.sort(key=lambda use: use[1] not in read)
    size = next((str(shapes[array][k]) for _, array, k in named if len(shapes.get(array, ())) > k), "n")
    if any(isinstance(node.ctx, ast.Store) for node, _ in uses):
        return f"Write for {name} in range({size}): above the line, which is indented."
    if within is None:
        return f"Write sum(... for {name} in range({size})) to go over all."
    rows = [f"arange({size})" if isinstance(own, ast.Name) and own.id == name else ast.unparse(_picked(own, name) or own)
            for own in _entries(within)]  # fmt: skip
    each = f"{ast.unparse(within.value)}[{', '.join(rows)}]"
    return f"Write {each} for one entry of each row, or sum(... for {name} in range({size})) to go over all."


def _entries(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _picked(node: ast.expr, name: str) -> ast.expr | None:
    """y of y[i]; None of anything else."""
    match node:
        case ast.Subscript(value=ast.Name() as value, slice=ast.Name(id=own)) if own == name:
            return value
    return None
