"""`while t < T:` whose block ends in `t += 1` is a loop over the numbers of t."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from symbackprop.notation.identifiers import names_in, names_written
from symbackprop.notation.loops.header import is_plain
from symbackprop.notation.loops.nodes import like


def counted(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which a `while` that counts is a `for`."""
    found: list[ast.stmt] = []
    for statement in body:
        for part in ("body", "orelse"):
            if isinstance(statement, ast.For | ast.While | ast.If | ast.With) and hasattr(statement, part):
                setattr(statement, part, counted(getattr(statement, part)))
        found += _counted(statement, found) if isinstance(statement, ast.While) else [statement]
    return found


def _counted(loop: ast.While, before: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The loop as one over numbers, and the number that it leaves; as it stands where it is none."""
    match loop.test, loop.body[-1]:
        case (
            ast.Compare(left=ast.Name(id=letter), ops=[op], comparators=[end]),
            ast.AugAssign(target=ast.Name(id=counter), op=ast.Add() | ast.Sub() as way, value=ast.Constant(value=1)),
        ) if letter == counter and is_plain(end) and not loop.orelse:
            pass
        case (
            ast.Compare(left=ast.Name(id=letter), ops=[op], comparators=[end]),
            ast.Assign(
                targets=[ast.Name(id=counter)],
                value=ast.BinOp(left=ast.Name(id=own), op=ast.Add() | ast.Sub() as way, right=ast.Constant(value=1)),
            ),
        ) if letter == counter == own and is_plain(end) and not loop.orelse:
            pass
        case _:
            return [loop]
    rises, block = isinstance(way, ast.Add), loop.body[:-1]
    if not isinstance(op, (ast.Lt | ast.LtE) if rises else (ast.Gt | ast.GtE)) or not block:
        return [loop]
    start = _start(before, letter)
    fixed = {letter, *names_in(end)}
    changed = names_written(*block)
    leaves = any(isinstance(n, ast.Break | ast.Continue) for s in block for n in ast.walk(s))
    if start is None or fixed & changed or leaves:
        return [loop]
    reaches = isinstance(op, ast.LtE | ast.GtE)
    stop = ast.BinOp(end, ast.Add() if rises else ast.Sub(), ast.Constant(1)) if reaches else end
    bounds: list[ast.expr] = [start, stop] if rises else [start, stop, ast.UnaryOp(ast.USub(), ast.Constant(1))]
    steps = ast.Call(ast.Name("range", ast.Load()), bounds, [])
    new = ast.For(ast.Name(letter, ast.Store()), like(loop.test, steps), block, [])
    left = ast.Assign([ast.Name(letter, ast.Store())], stop)
    return [like(loop, new), like(loop, left)]


def _start(before: Sequence[ast.stmt], letter: str) -> ast.expr | None:
    """What a counter begins with: the last value that the lines above give it."""
    for statement in reversed(before):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == letter:
                return value if is_plain(value) else None
            case _:
                if letter in names_written(statement):
                    return None
    return None
