"""Lists of lists that loops fill, as arrays: d = [[0] * m for _ in range(n)] is d = full((n, m), 0), d[i][j] is d[i, j]."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from symbackprop.notation.identifiers import names_read
from symbackprop.notation.loops.indices import is_plain, items_of
from symbackprop.notation.loops.nodes import like


def as_arrays(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which what loops fill entry by entry is an array."""
    loops = (n for s in body for n in ast.walk(s) if isinstance(n, ast.For))
    stores = (n for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store))
    filled = {chain[0] for node in stores if (chain := _chain(node)) is not None}
    change = _Arrays(filled)
    return [change.visit(statement) for statement in body]


def _chain(node: ast.Subscript) -> tuple[str, list[ast.expr]] | None:
    """d and i, j of d[i][j]; None where an index is no number, or stands of no name."""
    items: list[ast.expr] = []
    held: ast.expr = node
    while isinstance(held, ast.Subscript):
        items = [*items_of(held), *items]
        held = held.value
    return (held.id, items) if isinstance(held, ast.Name) and all(map(is_plain, items)) else None


class _Arrays(ast.NodeTransformer):
    """Writes arrays for lists of lists.

    filled   the names whose entries loops set.
    """

    def __init__(self, filled: set[str]) -> None:
        self.filled = filled

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        match node.targets:
            case [ast.Name(id=name)] if name in self.filled and (found := _extents(node.value)) is not None:
                shape = ast.Tuple(found[0], ast.Load())
                node.value = like(node.value, ast.Call(ast.Name("full", ast.Load()), [shape, found[1]], []))
            case _:
                pass
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        found = _chain(node)
        if found is None or found[0] not in self.filled or not isinstance(node.value, ast.Subscript):
            return self.generic_visit(node)
        name, items = found
        inside = like(node, ast.Tuple(items, ast.Load()))
        return ast.copy_location(ast.Subscript(like(node, ast.Name(name, ast.Load())), inside, node.ctx), node)


def _extents(value: ast.expr) -> tuple[list[ast.expr], ast.expr] | None:
    """The numbers of rows and of columns of a list, and the number in each entry; None where entries differ."""
    match value:
        case ast.BinOp(left=ast.List(elts=[entry]), op=ast.Mult(), right=count):
            pass
        case ast.BinOp(left=count, op=ast.Mult(), right=ast.List(elts=[entry])):
            pass
        case ast.ListComp(elt=entry, generators=[ast.comprehension(ast.Name(letter), ast.Call(ast.Name("range"), [count]), [])]):
            if letter in names_read(entry):
                return None
        case _:
            return None
    if _is_number(entry):
        return [count], entry
    inner = _extents(entry)
    return None if inner is None else ([count, *inner[0]], inner[1])


def _is_number(entry: ast.expr) -> bool:
    """Whether an entry is written as a number, inf included, so that it is no row of its own."""
    match entry:
        case ast.Constant(value=int() | float()) | ast.Attribute(attr="inf"):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_number(operand)
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value="inf" | "-inf")]):
            return True
        case _:
            return False
