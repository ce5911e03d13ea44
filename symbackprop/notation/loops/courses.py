"""What loops go over, in the words that are read: list(range(T)) is range(T), range(T)[::-1] is reversed, x * 2 gets a name."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Collection, Sequence

from symbackprop.notation.loops.nodes import like
from symbackprop.notation.rounds import numbered

COUNTED = ("range", "enumerate", "zip", "reversed")  # what Python goes through without a list
KNOWN = (*COUNTED, "list", "tuple", "sorted", "dict", "len")
KEPT = ("items", "values", "keys", "arange")  # methods and functions that the loop itself reads


class Courses(ast.NodeTransformer):
    """Rewrites what stands behind `in`, and names what is worked out there.

    taken   the names that stand for something.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self.taken = set(taken)

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        node.iter = _without_list(node.iter)
        _turn_enumerated(node)
        above: list[ast.stmt] = []
        node.iter = self._named(node.iter, node.target, above)
        self.generic_visit(node)
        return [*above, node]

    def _named(self, several: ast.expr, target: ast.expr | None, above: list[ast.stmt]) -> ast.expr:
        """What a loop goes over, in which the arrays that are worked out are names of lines above it."""
        targets = target.elts if isinstance(target, ast.Tuple | ast.List) else []
        match several:
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if numbered(several) is not None:
                several.args[0] = self._named(inner, _at(targets, 1), above)
            case ast.Call(func=ast.Name(id="zip"), args=args):
                several.args = [self._named(one, _at(targets, k), above) for k, one in enumerate(args)]
            case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
                several.args = [self._named(inner, target, above)]
            case _ if _is_worked_out(several):
                name = self._own(target)
                above.append(like(several, ast.Assign([ast.Name(name, ast.Store())], several)))
                return like(several, ast.Name(name, ast.Load()))
            case _:
                pass
        return several

    def _own(self, target: ast.expr | None) -> str:
        """A name for the array of what a name stands for step by step: rows of `for row in`."""
        stem = f"{target.id}s" if isinstance(target, ast.Name) and not target.id.startswith("_") else "rows"
        stem = "rows" if keyword.iskeyword(stem) else stem
        name = next(name for name in (stem, *(f"{stem}_{k}" for k in range(1, len(self.taken) + 2))) if name not in self.taken)
        self.taken.add(name)
        return name


def _at(targets: Sequence[ast.expr], k: int) -> ast.expr | None:
    return targets[k] if k < len(targets) else None


def _is_worked_out(several: ast.expr) -> bool:
    """Whether an array is worked out behind `in`: x * 2, np.flip(x, axis=0)."""
    match several:
        case ast.BinOp(op=op):
            return not isinstance(op, ast.LShift)
        case ast.Call(func=ast.Name(id=word)):
            return word not in KNOWN
        case ast.Call(func=ast.Attribute(attr=word)):
            return word not in KEPT
        case _:
            return False


def _without_list(several: ast.expr) -> ast.expr:
    """range(T) of list(range(T)), and reversed(range(T)) of range(T)[::-1]."""
    match several:
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inner], keywords=[]) if _is_counted(_without_list(inner)):
            return _without_list(inner)
        case ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[]):
            several.args = [_without_list(inner)]
        case ast.Subscript(value=inner, slice=ast.Slice(lower=None, upper=None, step=ast.UnaryOp(ast.USub(), ast.Constant(1)))):
            plain = _without_list(inner)
            if _is_counted(plain):
                return like(several, ast.Call(ast.Name("reversed", ast.Load()), [plain], []))
        case _:
            pass
    return several


def _is_counted(several: ast.expr) -> bool:
    return isinstance(several, ast.Call) and isinstance(several.func, ast.Name) and several.func.id in COUNTED


def _turn_enumerated(node: ast.For) -> None:
    """Write `for t, a in reversed(list(enumerate(x)))` as a loop over t that falls, in which a is x[t]."""
    match node.iter, node.target:
        case (
            ast.Call(func=ast.Name(id="reversed"), args=[ast.Call(func=ast.Name(id="enumerate")) as inner]),
            ast.Tuple(elts=[ast.Name(id=letter), value]),
        ) if (own := numbered(inner)) is not None and isinstance(own[0], ast.Name) and ast.unparse(own[1]) == "0":
            count = ast.Call(ast.Name("range", ast.Load()), [ast.Call(ast.Name("len", ast.Load()), [own[0]], [])], [])
            node.iter = like(node.iter, ast.Call(ast.Name("reversed", ast.Load()), [count], []))
            entry = ast.Subscript(own[0], ast.Name(letter, ast.Load()), ast.Load())
            node.body.insert(0, like(inner, ast.Assign([value], entry)))
            node.target = like(node.target, ast.Name(letter, ast.Store()))
        case _:
            pass
