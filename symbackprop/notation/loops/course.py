"""How a loop goes, by its first line alone: where it begins and ends, one of its steps, and the loop without some of them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.header import READ_TWICE, is_dotted, is_measure, is_plain
from symbackprop.notation.loops.nodes import like, whole
from symbackprop.notation.rounds import numbered


@dataclass(frozen=True)
class Course:
    """The steps of a loop.

    loop     whose they are.
    letter   the name of the step's number; None where it has none.
    first    the number of the first step, and `last` of the last; None where that is not written.
    rises    whether the numbers rise.
    known    names and what they measure: T and x.shape[0].
    """

    loop: ast.For
    letter: str | None
    first: ast.expr | None
    last: ast.expr | None
    rises: bool
    known: dict[str, str]

    @property
    def names(self) -> set[str]:
        """The names between `for` and `in`."""
        return names_in(self.loop.target)

    @property
    def count(self) -> int | None:
        """How many steps there are, where that is a number."""
        if self.first is None or self.last is None:
            return None
        ends = (self.last, self.first) if self.rises else (self.first, self.last)
        places = difference(*ends, self.known)
        return None if places is None else places + 1

    def numbered(self, body: Sequence[ast.stmt], j: int) -> list[ast.stmt]:
        """Statements with the number of a step in the place of the letter."""
        end = self.first if j >= 0 else self.last
        assert end is not None
        return [
            _Numbered(self.letter or "", _moved(end, j if j >= 0 else j + 1, self.rises)).visit(s) for s in deepcopy(list(body))
        ]

    def step(self, body: list[ast.stmt], j: int) -> list[ast.stmt]:
        """The statements of one step, by its place from the begin, or from the end where `j` is below 0."""
        found: list[ast.stmt] = []
        _given(self.loop.target, self.loop.iter, j, self.loop, found)
        return [*found, *(self.numbered(body, j) if self.letter is not None else body)]

    def without(self, front: int, back: int) -> ast.For:
        """The loop without so many of its first and last steps, and without its block."""
        several = _without(self.loop.iter, front, back)
        new = ast.For(deepcopy(self.loop.target), several, [], [], self.loop.type_comment)
        new.may_be_empty = True  # type: ignore[attr-defined]
        return ast.copy_location(new, self.loop)


def measures(body: Sequence[ast.stmt]) -> dict[str, str]:
    """Names that are given a number of entries or a number once, and that: T of T, d = x.shape."""
    stores = [n.id for s in body for n in identifiers(s) if isinstance(n.ctx, ast.Store)]
    found: dict[str, str] = {}
    for node in (n for s in body for n in ast.walk(s) if isinstance(n, ast.Assign) and len(n.targets) == 1):
        match node.targets[0], node.value:
            case ast.Name(id=name), value if is_plain(value):
                found[name] = ast.unparse(value)
            case ast.Tuple(elts=names), ast.Attribute(value=ast.Name(id=array), attr="shape"):
                found |= {n.id: f"{array}.shape[{k}]" for k, n in enumerate(names) if isinstance(n, ast.Name)}
            case _:
                pass
    return {name: text for name, text in found.items() if stores.count(name) == 1}


def difference(a: ast.expr, b: ast.expr, known: dict[str, str]) -> int | None:
    """How much one number of steps is above another; None where the statements do not tell it."""
    if not is_plain(a) or not is_plain(b):
        return None
    found = sp.expand(measured(a, known) - measured(b, known))
    return int(found) if found.is_Integer else None


def measured(node: ast.expr, known: dict[str, str]) -> Expr:
    """A number of steps over sizes, each by what it measures."""
    match node:
        case ast.Constant(value=int(k)):
            return sp.Integer(k)
        case ast.Name(id=name):
            return measured(ast.parse(known[name], mode="eval").body, known) if name in known else sp.Symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -measured(operand, known)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
            x, y = measured(left, known), measured(right, known)
            return x * y if isinstance(op, ast.Mult) else x + y if isinstance(op, ast.Add) else x - y
        case ast.Call(func=ast.Name(id="len"), args=[array]) if is_measure(node):
            return sp.Symbol(f"{ast.unparse(array)}.shape[0]")
        case ast.Call(func=ast.Name(id="max" | "min" as word), args=[_, _] as args):
            found = [measured(arg, known) for arg in args]
            return (sp.Max if word == "max" else sp.Min)(*found)
        case _:
            return sp.Symbol(ast.unparse(node))


def course_of(loop: ast.For, known: dict[str, str]) -> Course | None:
    """How a loop goes; None where its first line does not tell it."""
    match loop.iter:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]) if (
            isinstance(loop.target, ast.Name) and 1 <= len(args) <= 3
        ):
            start, stop = (whole(loop, 0), args[0]) if len(args) == 1 else args[:2]
            step = ast.unparse(args[2]) if len(args) > 2 else "1"
            if step not in ("1", "-1"):
                return None
            rises = step == "1"
            return Course(loop, loop.target.id, start, _moved(stop, -1, rises), rises, known)
        case ast.Call(func=ast.Name(id="reversed"), args=[ast.Call(func=ast.Name(id="range"), args=args, keywords=[])]) if (
            isinstance(loop.target, ast.Name) and 1 <= len(args) <= 2
        ):
            start, stop = (whole(loop, 0), args[0]) if len(args) == 1 else args[:2]
            return Course(loop, loop.target.id, _moved(stop, -1, True), start, False, known)
        case ast.BinOp(left=left, right=right) if is_dotted(loop) and isinstance(loop.target, ast.Name):
            rises = _rises(left, right)
            if rises is None:
                return None
            return Course(loop, loop.target.id, left, right, rises, known)
        case ast.Call(func=ast.Name(id="enumerate")) if (own := numbered(loop.iter)) is not None:
            if isinstance(loop.target, ast.Tuple) and isinstance(loop.target.elts[0], ast.Name) and _is_read(own[0]):
                count = ast.copy_location(ast.Call(ast.Name("len", ast.Load()), [own[0]], []), own[0])
                last = _sum(count, _moved(own[1], -1, True)) if isinstance(own[0], ast.Name | ast.Attribute) else None
                return Course(loop, loop.target.elts[0].id, own[1], last, True, known)
            return None
        case several if _is_read(several):
            return Course(loop, None, None, None, True, known)
        case _:
            return None


def _rises(left: ast.expr, right: ast.expr) -> bool | None:
    """Whether A..B rises, as far as its numbers tell it."""
    match left, right:
        case ast.Constant(value=int(a)), ast.Constant(value=int(b)):
            return a <= b
        case ast.Constant(), _:
            return True
        case _, ast.Constant():
            return False
        case _:
            return None


def _is_read(several: ast.expr) -> bool:
    """Whether the values that a loop goes over can be read one by one."""
    match several:
        case ast.Call(func=ast.Name(id="zip"), args=args, keywords=[] | [ast.keyword(arg="strict")]):
            return all(map(_is_read, args))
        case ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[]):
            return isinstance(inner, READ_TWICE)
        case _:
            return isinstance(several, READ_TWICE)


def _given(target: ast.expr, several: ast.expr, j: int, loop: ast.For, found: list[ast.stmt]) -> None:
    """Put the statements down that give the names of a loop their values at a step."""
    match several:
        case ast.Call(func=ast.Name(id="range")) | ast.Call(func=ast.Name(id="reversed"), args=[ast.Call()]) | ast.BinOp():
            return
        case ast.Call(func=ast.Name(id="enumerate")) if isinstance(target, ast.Tuple) and (own := numbered(several)) is not None:
            _given(target.elts[1], own[0], j, loop, found)
        case ast.Call(func=ast.Name(id="zip"), args=args) if isinstance(target, ast.Tuple | ast.List):
            for one, part in zip(target.elts, args, strict=False):
                _given(one, part, j, loop, found)
        case ast.Call(func=ast.Name(id="zip"), args=args):
            values: list[ast.expr] = [_entry(part, j) for part in args]
            found.append(like(loop, ast.Assign([deepcopy(target)], ast.Tuple(values, ast.Load()))))
        case _:
            found.append(like(loop, ast.Assign([deepcopy(target)], _entry(several, j))))


def _entry(several: ast.expr, j: int) -> ast.expr:
    match several:
        case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
            return _entry(inner, -1 - j)
        case _:
            return like(several, ast.Subscript(deepcopy(several), whole(several, j), ast.Load()))


def _without(several: ast.expr, front: int, back: int) -> ast.expr:
    match several:
        case ast.Call(func=ast.Name(id="range"), args=args):
            start, stop = (whole(several, 0), args[0]) if len(args) == 1 else args[:2]
            rises = len(args) < 3 or ast.unparse(args[2]) == "1"
            bounds = [_moved(start, front, rises), _moved(stop, -back, rises), *args[2:]]
            return like(several, ast.Call(several.func, bounds, []))  # type: ignore[attr-defined]
        case ast.Call(func=ast.Name(id="reversed") as word, args=[inner]):
            return like(several, ast.Call(word, [_without(inner, back, front)], []))
        case ast.BinOp(left=left, op=op, right=right):
            rises = bool(_rises(left, right))
            return like(several, ast.BinOp(_moved(left, front, rises), op, _moved(right, -back, rises)))
        case ast.Call(func=ast.Name(id="enumerate") as word) if (own := numbered(several)) is not None:
            return like(several, ast.Call(word, [_without(own[0], front, back), _moved(own[1], front, True)], []))
        case ast.Call(func=ast.Name(id="zip") as word, args=args, keywords=keywords):
            return like(several, ast.Call(word, [_without(one, front, back) for one in args], keywords))
        case _:
            low, high = (whole(several, front) if front else None), (whole(several, -back) if back else None)
            return like(several, ast.Subscript(several, ast.Slice(low, high), ast.Load()))


def _moved(number: ast.expr, places: int, rises: bool) -> ast.expr:
    """A number so many steps on."""
    places = places if rises else -places
    if not places:
        return number
    match number:
        case ast.Constant(value=int(k)):
            return whole(number, k + places)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(k))):
            return whole(number, places - k)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=ast.Constant(value=int(k))):
            return _moved(left, places + (k if isinstance(op, ast.Add) else -k), True)
    return like(number, ast.BinOp(number, ast.Add() if places > 0 else ast.Sub(), ast.Constant(abs(places))))


def _sum(a: ast.expr, b: ast.expr) -> ast.expr:
    return like(a, ast.BinOp(a, ast.Add(), b))


class _Numbered(ast.NodeTransformer):
    """Writes a number in the place of a letter, but where a loop within gives it another meaning."""

    def __init__(self, letter: str, number: ast.expr) -> None:
        self.letter, self.number = letter, number

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(deepcopy(self.number), node) if node.id == self.letter and isinstance(node.ctx, ast.Load) else node
