"""Entries that an inner loop adds to, step by step: C[i, j] += a in a loop over k is a sum, and C[i, j] what comes of it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from copy import deepcopy

from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.indices import items_of, mentions
from symbackprop.notation.loops.nodes import like


def hoisted(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which what a loop adds to one entry at all of its steps has a name of its own."""
    hoist = _Hoisted(names_in(*body))
    return [one for statement in body for one in hoist.several(statement)]


class _Hoisted(ast.NodeTransformer):
    """Rewrites loops, innermost first.

    taken   the names that stand for something.
    around  the letters of the loops around.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self.taken = set(taken)
        self.around: list[str] = []

    def several(self, statement: ast.stmt) -> list[ast.stmt]:
        found = self.visit(statement)
        return found if isinstance(found, list) else [found]

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        own = [n.id for n in identifiers(node.target)]
        self.around += own
        node.body = [one for s in node.body for one in self.several(s)]
        del self.around[len(self.around) - len(own) :]
        targets = [s.target for s in node.body if isinstance(s, ast.AugAssign) and self._is_entry(s, own, node)]
        above: list[ast.stmt] = []
        below: list[ast.stmt] = []
        for text in dict.fromkeys(map(ast.unparse, targets)):
            target = next(t for t in targets if ast.unparse(t) == text)
            assert isinstance(target, ast.Subscript)
            assert isinstance(target.value, ast.Name)
            name = self._name(target.value.id)
            held = deepcopy(target)
            held.ctx = ast.Load()
            copy = ast.BinOp(ast.Constant(0), ast.Add(), held)  # not the entry itself, which is changed in place
            above.append(like(node, ast.Assign([ast.Name(name, ast.Store())], copy)))
            below.append(like(node, ast.Assign([deepcopy(target)], ast.Name(name, ast.Load()))))
            for s in node.body:
                if isinstance(s, ast.AugAssign) and ast.unparse(s.target) == text:
                    s.target = like(s.target, ast.Name(name, ast.Store()))
        node.adds = {ast.unparse(t) for s in above if isinstance(s, ast.Assign) for t in s.targets}  # type: ignore[attr-defined]
        return [*above, node, *below] if above else node

    def _is_entry(self, statement: ast.AugAssign, own: Sequence[str], loop: ast.For) -> bool:
        """Whether a loop adds to one entry of an array at all of its steps, and does nothing else with the array."""
        target = statement.target
        if (
            not isinstance(target, ast.Subscript)
            or not isinstance(target.value, ast.Name)
            or not isinstance(statement.op, ast.Add | ast.Sub)
        ):
            return False
        items, name, text = items_of(target), target.value.id, ast.unparse(target)
        if not all(mentions(item, self.around) for item in items) or any(mentions(item, own) for item in items):
            return False
        others = [s for s in loop.body if not (isinstance(s, ast.AugAssign) and ast.unparse(s.target) == text)]
        values = [s.value for s in loop.body if isinstance(s, ast.AugAssign) and ast.unparse(s.target) == text]
        read = [n for s in (*others, *values) for n in identifiers(s) if n.id == name]
        if not read or not _leaves_out(loop, items):
            return not read
        beside = [
            n
            for s in (*others, *values)
            for n in ast.walk(s)
            if isinstance(n, ast.Subscript) and ast.unparse(items_of(n)[0]) in own
        ]
        return len([n for n in beside if isinstance(n.value, ast.Name) and n.value.id == name]) == len(read)

    def _name(self, stem: str) -> str:
        """A name for the sum: C_sum."""
        name = next(
            name for name in (f"{stem}_sum", *(f"{stem}_sum{k}" for k in range(2, len(self.taken) + 3))) if name not in self.taken
        )
        self.taken.add(name)
        return name


def _leaves_out(loop: ast.For, items: Sequence[ast.expr]) -> bool:
    """Whether a loop never comes to the entry itself: range(i), or range(i + 1, n), beside x[i]."""
    match loop.iter:
        case ast.Call(func=ast.Name(id="range"), args=[stop] | [_, stop]) if ast.unparse(stop) == ast.unparse(items[0]):
            return True
        case ast.Call(func=ast.Name(id="range"), args=[start, _]):
            return ast.unparse(start) == f"{ast.unparse(items[0])} + 1"
        case _:
            return False
