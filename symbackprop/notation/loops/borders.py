"""A loop that fills a row of a matrix, F[0, j] = ..., as one that fills that row: a vector of its own, put back below the loop."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from copy import deepcopy

from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.indices import is_plain, items_of, targets


def borders_apart(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, each loop that fills borders, F[k, 0] = ... and F[0, k] = ..., as one for each, and rows as vectors."""
    used = names_in(*body)
    found: list[ast.stmt] = []
    for statement in body:
        several = _several(statement) if isinstance(statement, ast.For) else None
        for one in several or [statement]:
            found += (isinstance(one, ast.For) and _as_vector(one, used)) or [one]
    return found


def _several(loop: ast.For) -> list[ast.For] | None:
    """Loops for the borders that one fills, each of which reads none but itself; None where there are not several."""
    letter = loop.target.id if isinstance(loop.target, ast.Name) else ""
    written = [_border(statement, letter) for statement in loop.body]
    borders = list(dict.fromkeys(filter(None, written)))
    if len(borders) < 2 or None in written or loop.orelse or not _begins_behind(loop.iter):
        return None
    arrays = {border[0] for border in borders}
    for border, statement in zip(written, loop.body, strict=True):
        reads = (n for n in identifiers(statement) if n.id in arrays)
        inside = [
            n
            for n in ast.walk(statement)
            if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name) and n.value.id in arrays
        ]
        if len(list(reads)) != len(inside) or any(_fixed(n, letter) != border for n in inside):
            return None
    parts = []
    for border in borders:
        part = deepcopy(loop)
        part.body = [s for own, s in zip(written, part.body, strict=True) if own == border]
        parts.append(part)
    return parts


def _begins_behind(several: ast.expr) -> bool:
    """Whether a loop leaves out the corner, which all borders share: range(1, n)."""
    match several:
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int() as first), _]):
            return first > 0
        case _:
            return False


def _as_vector(loop: ast.For, used: set[str]) -> list[ast.stmt] | None:
    """A loop that fills one row of a matrix: the row as a vector, the loop over it, and what puts it back; None for any other."""
    letter = loop.target.id if isinstance(loop.target, ast.Name) else ""
    border = next(
        (own for target in targets(loop.body) if (own := _fixed(target, letter)) is not None and own[1] is not None), None
    )
    if border is None or loop.orelse:
        return None
    name, row, _ = border
    names = [n for n in identifiers(loop) if n.id == name]
    entries = [n for n in ast.walk(loop) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name) and n.value.id == name]
    index, stored = items_of(entries[0])[0], [n for n in identifiers(loop) if isinstance(n.ctx, ast.Store)]
    is_fixed = all(_fixed(n, letter) == border for n in entries) and not any(_mentions(index, n.id) for n in stored)
    if len(names) != len(entries) or not is_fixed:
        return None
    stems = [f"{name}_{row}"] if f"{name}_{row}".isidentifier() else []
    own = next(text for text in (*stems, f"{name}_row", *(f"{name}_row_{k}" for k in range(len(used) + 1))) if text not in used)
    used.add(own)
    whole = ast.Subscript(ast.Name(name, ast.Load()), deepcopy(index), ast.Load())
    begun = ast.Assign([ast.Name(own, ast.Store())], ast.Call(ast.Attribute(whole, "copy", ast.Load()), [], []))
    held = ast.Subscript(ast.Name(name, ast.Load()), deepcopy(index), ast.Store())
    back = ast.Assign([held], ast.Name(own, ast.Load()))
    for one in entries:
        one.value = ast.copy_location(ast.Name(own, ast.Load()), one.value)
        one.slice = items_of(one)[1]
    return [_at(begun, loop), loop, _at(back, loop)]


def _at(statement: ast.stmt, loop: ast.For) -> ast.stmt:
    """A statement that nobody wrote, in the place of a loop's first line."""
    ast.copy_location(statement, loop)
    for node in ast.walk(statement):
        if isinstance(node, ast.expr | ast.stmt):
            ast.copy_location(node, loop.target)
    return statement


def _border(statement: ast.stmt, letter: str) -> tuple[str, str | None, str | None] | None:
    """What a statement fills: the array, and its row or its column; None where it fills no border."""
    match statement:
        case ast.Assign(targets=[ast.Subscript() as target]) | ast.AugAssign(target=ast.Subscript() as target):
            return _fixed(target, letter)
        case _:
            return None


def _fixed(node: ast.Subscript, letter: str) -> tuple[str, str | None, str | None] | None:
    """The array of F[0, j] with its row, of F[i, 0] with its column; the other index has the letter of the loop, or is a number."""
    items = items_of(node)
    if not isinstance(node.value, ast.Name) or len(items) != 2 or any(isinstance(item, ast.Slice) for item in items):
        return None
    first, second = (_number(item, letter) for item in items)
    if first is not None and (_mentions(items[1], letter) or second is not None):
        return node.value.id, first, None
    if second is not None and _mentions(items[0], letter):
        return node.value.id, None, second
    return None


def _number(item: ast.expr, letter: str) -> str | None:
    """A number that is the same at every step, 0 or n - 1."""
    return ast.unparse(item) if is_plain(item) and not _mentions(item, letter) else None


def _mentions(item: ast.expr, letter: str) -> bool:
    nodes: Iterable[ast.AST] = ast.walk(item)
    return any(isinstance(n, ast.Name) and n.id == letter for n in nodes)
