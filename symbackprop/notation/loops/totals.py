"""Sums within loops, as loops over a number that they add to.

L[i, j] = A[i, j] - sum(L[i, k] * L[j, k] for k in range(j))   is   s = 0, for k in range(j): s += L[i, k] * L[j, k]
for i in range(K): a[t, j] += a[t-1, i] * A[i, j]              is   s = a[t, j], for i in range(K): s += ..., a[t, j] = s
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from copy import deepcopy

from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.indices import is_plain, items_of, mentions
from symbackprop.notation.loops.nodes import like


def totals_apart(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which what a loop's step sums up over numbers that depend on the step has a name."""
    used = names_in(*body)
    return [one for statement in body for one in _statement(statement, [], used)]


def _statement(statement: ast.stmt, letters: list[str], used: set[str]) -> list[ast.stmt]:
    match statement:
        case ast.For(target=target):
            own = [n.id for n in identifiers(target)]
            statement.body = [one for s in statement.body for one in _statement(s, [*letters, *own], used)]
            return _entry_apart(statement, letters, used) or [statement]
        case ast.Assign() | ast.AugAssign() if letters:
            change = _Sums(letters, used)
            statement.value = change.visit(statement.value)
            return [*change.above, statement]
        case _:
            return [statement]


def _entry_apart(loop: ast.For, letters: list[str], used: set[str]) -> list[ast.stmt] | None:
    """A loop that adds to one entry of an array which it reads at others; None for any other."""
    match loop:
        case ast.For(target=ast.Name(id=letter), body=[ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)) as target)]):
            pass
        case _:
            return None
    items, added = items_of(target), loop.body[0]
    is_entry = len(items) > 1 and all(is_plain(i) and mentions(i, letters) and not mentions(i, [letter]) for i in items)
    others = [n for n in ast.walk(loop) if isinstance(n, ast.Subscript) and n is not target and _array(n) == name]
    if not is_entry or not others or any(_may_be(items, items_of(n)) for n in others) or loop.orelse:
        return None
    assert isinstance(added, ast.AugAssign)
    total, before = _own(used), deepcopy(target)
    before.ctx = ast.Load()
    added.target = like(target, ast.Name(total, ast.Store()))
    begun = like(target, ast.Assign([ast.Name(total, ast.Store())], before))
    return [begun, loop, like(target, ast.Assign([target], ast.Name(total, ast.Load())))]


def _array(node: ast.Subscript) -> str | None:
    return node.value.id if isinstance(node.value, ast.Name) else None


def _may_be(items: Sequence[ast.expr], others: Sequence[ast.expr]) -> bool:
    """Whether two entries may be one: all but those a step away from one another, a[t-1, i] and a[t, j]."""
    return not any(_is_beside(one, other) for one, other in zip(items, others, strict=False))


def _is_beside(one: ast.expr, other: ast.expr) -> bool:
    match other:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=int(k))) if k:
            return ast.unparse(left) == ast.unparse(one)
        case _:
            return False


def _own(used: set[str]) -> str:
    name = next(name for name in ("s", "c", *(f"s_{k}" for k in range(1, len(used) + 2))) if name not in used)
    used.add(name)
    return name


class _Sums(ast.NodeTransformer):
    """Names the sums over numbers that depend on a loop's step.

    above   the loops that add them up.
    """

    def __init__(self, letters: list[str], used: set[str]) -> None:
        self.letters, self.used = letters, used
        self.above: list[ast.stmt] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(ast.Name("sum"), [ast.GeneratorExp(elt, [one]) | ast.ListComp(elt, [one])], []):
                several, is_lone = one.iter, isinstance(one.target, ast.Name) and not one.ifs
            case _:
                return self.generic_visit(node)
        if not is_lone or not any(mentions(n, self.letters) for n in ast.walk(several) if isinstance(n, ast.expr)):
            return self.generic_visit(node)
        total = _own(self.used)
        self.above.append(like(node, ast.Assign([ast.Name(total, ast.Store())], ast.Constant(0))))
        added = like(elt, ast.AugAssign(ast.Name(total, ast.Store()), ast.Add(), elt))
        self.above.append(like(node, ast.For(one.target, several, [added], [])))
        return like(node, ast.Name(total, ast.Load()))

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return node
