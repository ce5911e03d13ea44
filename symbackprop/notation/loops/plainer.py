"""Spellings of steps: r[t, :] = ... is r[t] = ..., xs[t][k] = ... is xs[t, k] = ..., h[..., t] is h[:, t], `continue` an `if`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from symbackprop.language.tensors import Tensor
from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.courses import Courses
from symbackprop.notation.loops.header import is_plain
from symbackprop.notation.loops.indices import is_whole, items_of, mentions, targets
from symbackprop.notation.loops.nodes import like

FILLED = ("zeros", "ones", "empty", "full", "rand", "randn")  # what makes an array of a shape that is written out
LIKE = ("zeros_like", "ones_like", "empty_like", "full_like", "copy", "array", "asarray")
OPPOSITE = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt}


def plainer(body: Sequence[ast.stmt], names: Mapping[str, Any]) -> list[ast.stmt]:
    """The statements in the spellings that are read.

    names   what names stand for above.
    """
    courses = Courses({*names, *names_in(*body)})
    body = courses.visit(ast.Module(list(body), [])).body
    ranks = _ranks(body, names)
    dotted = {t.value.id for t in targets(body) if isinstance(t.value, ast.Name) and any(map(_is_dots, items_of(t)))}
    colons = _Colons({name: rank for name, rank in ranks.items() if name in dotted})
    body = [colons.visit(statement) for statement in body]
    filled = {
        t.value.id for t in targets(n for s in body for n in ast.walk(s) if isinstance(n, ast.For)) if isinstance(t.value, ast.Name)
    }
    body = [_Steps(filled).visit(statement) for statement in body]
    for node in (n for statement in body for n in ast.walk(statement) if isinstance(n, ast.Assign)):
        if any(isinstance(one, ast.Name) and one.id in filled for one in node.targets):
            _emptied(node.value)
    return body


def _emptied(value: ast.expr) -> None:
    """Let an array that a loop fills begin with zeros where it begins with what happens to be there: np.empty."""
    match value:
        case ast.Call(func=ast.Attribute(attr="empty" | "empty_like" as word) as function):
            function.attr = word.replace("empty", "zeros")
        case ast.Call(func=ast.Name(id="empty" | "empty_like" as word) as function):
            function.id = word.replace("empty", "zeros")
        case _:
            pass


def _ranks(body: Sequence[ast.stmt], names: Mapping[str, Any]) -> dict[str, int]:
    """How many axes arrays have, as far as the statements tell it."""
    found = {name: held.ndim for name, held in names.items() if isinstance(held, Tensor)}
    for node in (n for statement in body for n in ast.walk(statement)):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Subscript(slice=shape)):
                found[name] = len(shape.elts) if isinstance(shape, ast.Tuple) else 1
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function, args=[first, *_])):
                word = (
                    function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
                )
                if word in FILLED and isinstance(first, ast.Tuple | ast.List):
                    found[name] = len(first.elts)
                elif word in LIKE and isinstance(first, ast.Name) and first.id in found:
                    found[name] = found[first.id]
            case _:
                pass
    return found


def _is_dots(item: ast.expr) -> bool:
    return isinstance(item, ast.Constant) and item.value is Ellipsis


class _Colons(ast.NodeTransformer):
    """Writes colons for the dots of arrays whose axes are known by number."""

    def __init__(self, ranks: dict[str, int]) -> None:
        self.ranks = ranks

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        items = items_of(node)
        dots = [k for k, item in enumerate(items) if _is_dots(item)]
        if len(dots) != 1 or not isinstance(node.value, ast.Name) or node.value.id not in self.ranks:
            return node
        more = self.ranks[node.value.id] - len(items) + 1
        if more < 0 or any(isinstance(item, ast.Constant) and item.value is None for item in items):
            return node
        colons = [ast.copy_location(ast.Slice(), node) for _ in range(more)]
        return _with_items(node, [*items[: dots[0]], *colons, *items[dots[0] + 1 :]])


class _Steps(ast.NodeTransformer):
    """Rewrites what loops set step by step, and their `continue`.

    filled   the arrays that loops set.
    """

    def __init__(self, filled: Collection[str]) -> None:
        self.filled = filled
        self.letters: list[str] = []

    def visit_For(self, node: ast.For) -> ast.AST:
        own = [n.id for n in identifiers(node.target)]
        self.letters += own
        node.body = continued(node.body)
        match node.iter:
            case ast.Call(func=ast.Attribute(attr="arange"), args=args, keywords=[]) if all(map(is_plain, args)):
                node.iter = like(node.iter, ast.Call(ast.Name("range", ast.Load()), args, []))
            case _:
                pass
        self.generic_visit(node)
        del self.letters[len(self.letters) - len(own) :]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.ctx, ast.Store) and (items := self._of_step(node)) is not None:
            held, items = items
            while len(items) > 1 and (is_whole(items[-1]) or _is_dots(items[-1])):
                items = items[:-1]
            node = _with_items(ast.copy_location(ast.Subscript(held, node.slice, node.ctx), node), items)
        self.generic_visit(node)
        return node

    def _of_step(self, node: ast.Subscript) -> tuple[ast.Name, list[ast.expr]] | None:
        """The array that a target sets and all its indices, where the first ones count steps and the rest stands behind them."""
        brackets = [items_of(node)]
        held = node.value
        while isinstance(held, ast.Subscript):
            brackets.insert(0, items_of(held))
            held = held.value
        if not isinstance(held, ast.Name):
            return None
        if not any(mentions(item, self.letters) for items in brackets for item in items):
            return (held, brackets[0]) if held.id in self.filled and len(brackets) == 1 and is_plain(brackets[0][0]) else None
        if len(brackets) > 1 and not all(
            is_plain(item) and mentions(item, self.letters) for items in brackets[:-1] for item in items
        ):
            return None
        return held, [item for items in brackets for item in items]


def _with_items(node: ast.Subscript, items: list[ast.expr]) -> ast.Subscript:
    node.slice = items[0] if len(items) == 1 else ast.copy_location(ast.Tuple(items, ast.Load()), node.slice)
    return node


def opposite(test: ast.expr) -> ast.expr:
    """A condition that holds where another does not."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in OPPOSITE:
        return ast.copy_location(ast.Compare(test.left, [OPPOSITE[type(test.ops[0])]()], test.comparators), test)
    return ast.copy_location(ast.UnaryOp(ast.Not(), test), test)


def continued(body: list[ast.stmt]) -> list[ast.stmt]:
    """The block of a loop, in which `if c: continue` is an `if not c` over what follows."""
    for k, s in enumerate(body[:-1]):
        if isinstance(s, ast.If) and not s.orelse and isinstance(s.body[-1], ast.Continue):
            rest = ast.If(opposite(s.test), continued(body[k + 1 :]), s.body[:-1])
            return [*body[:k], ast.copy_location(rest, s)]
    return body
