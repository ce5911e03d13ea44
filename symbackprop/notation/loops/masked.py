"""Statements that count at some steps alone: a += b is a += where(step counts, b, 0).

if c: a = f          a = where(c, f, a)
if c: a = f          a = where(c, f, g)
else: a = g
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

from symbackprop.notation.identifiers import names_in, names_read
from symbackprop.notation.loops.indices import items_of
from symbackprop.notation.loops.nodes import like
from symbackprop.notation.loops.several import is_anew

TAME = {  # what has a value and a slope everywhere
    "sum", "dot", "exp", "tanh", "sin", "cos", "abs", "maximum", "minimum", "sigmoid", "where", "matmul", "outer", "square", "len",
    "range", "max", "min", "inner", "relu", "mean", "zeros", "ones", "softplus", "cosh", "sinh", "arctan", "expit", "transpose",
}  # fmt: skip


@dataclass(frozen=True)
class Around:
    """What surrounds a block of which some steps do not count.

    at       what says so.
    outside  the names that are read outside of the block.
    made     the names that are given a value as a whole: the arrays that hold something before a loop sets their entries.
    letters  of an array, those of the loops that say which steps count, as far as they go over it.
    values   whether values say which steps count, and no numbers of steps.
    """

    at: ast.expr
    outside: set[str]
    made: set[str]
    letters: Callable[[str], set[str]] = lambda name: set()
    values: bool = False


class Masked:
    """Statements of a block of which some steps do not count.

    block   all of them.
    tests   when a step counts.
    """

    def __init__(self, around: Around, block: Sequence[ast.stmt], tests: Sequence[ast.expr]) -> None:
        self.around, self.block, self.tests = around, block, tests

    def several(self, block: Sequence[ast.stmt]) -> list[ast.stmt] | None:
        """Statements that do nothing at steps that do not count; None where there are none for some."""
        found: list[ast.stmt] = []
        for statement in block:
            own = self.statement(statement)
            if own is None:
                return None
            found += own
        return found

    def statement(self, node: ast.stmt) -> list[ast.stmt] | None:
        """What does as a statement does where a step counts, and else nothing; None where there is nothing such."""
        if isinstance(node, ast.If):
            return self.several(node.masked) if hasattr(node, "masked") else None  # type: ignore[attr-defined]
        self.note(node)
        changed = self._changed(node)
        return None if changed is None else [changed]

    def note(self, node: ast.stmt) -> None:
        """Let whoever reads the indices of a statement know when it counts."""
        for item in (i for n in ast.walk(node) if isinstance(n, ast.Subscript) for i in items_of(n)):
            item.tests = [*getattr(item, "tests", ()), *self.tests]  # type: ignore[attr-defined]

    def _changed(self, node: ast.stmt) -> ast.stmt | None:
        outside, made = self.around.outside, self.around.made
        match node:
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
                return like(node, ast.AugAssign(target, op, self.where(value, 0)))
            case ast.AugAssign(target=target, op=ast.Mult() | ast.Div() as op, value=value):
                return like(node, ast.AugAssign(target, op, self.where(value, 1)))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=own), op=op, right=value)) if (
                name == own and isinstance(op, ast.Add | ast.Sub) and name not in names_in(value)
            ):
                return like(node, ast.AugAssign(ast.Name(name, ast.Store()), op, self.where(value, 0)))
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.BinOp(left=value, op=ast.Add() as op, right=ast.Name(id=own))
            ) if name == own and name not in names_in(value):
                return like(node, ast.AugAssign(ast.Name(name, ast.Store()), op, self.where(value, 0)))
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_anew(self.block, name) and name not in outside:
                return node if is_tame(value) else like(node, ast.Assign([ast.Name(name, ast.Store())], self.where(value, 1)))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return like(node, ast.Assign([ast.Name(name, ast.Store())], self.where(value, ast.Name(name, ast.Load()))))
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name)) as target], value=value) if name in made and all(
                letter in names_in(target.slice) for letter in self.around.letters(name)
            ):
                held = deepcopy(target)
                held.ctx = ast.Load()
                return like(node, ast.Assign([target], self.where(value, held)))
            case ast.For(orelse=[], body=body):
                within = self.several(body)
                if within is None:
                    return None
                node.body = within
                return node
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                return node
            case _:
                return None

    def where(self, value: ast.expr, other: int | ast.expr) -> ast.expr:
        """A value where a step counts, else another one."""
        for test in self.tests:
            beside = ast.Constant(other) if isinstance(other, int) else deepcopy(other)
            parts: list[ast.expr] = [deepcopy(test), value, beside]
            call = ast.IfExp(*parts) if self.around.values else ast.Call(ast.Name("where", ast.Load()), parts, [])
            value = placed(self.around.at, call, value)
        return value


def sides(
    around: Around, tests: Sequence[ast.expr], opposite: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]
) -> list[ast.stmt] | None:
    """What `if` and `else` do, each at the steps at which it counts; None where there are no such statements.

    tests   when the steps of the body count, and `opposite` when those of `else` do.
    """
    body, orelse = flat(body), flat(orelse)
    here = Masked(replace(around, outside=around.outside | names_read(*orelse)), body, tests)
    there = Masked(replace(around, outside=around.outside | names_read(*body)), orelse, [opposite])
    shared = [(one, other) for one in body for other in orelse if _is_pair(one, other, body, orelse)]
    rest, blocks = list(orelse), list[list[ast.stmt] | None]()
    for one in body:
        k = next((k for k, other in enumerate(rest) if (one, other) in shared), None)
        if k is None:
            blocks.append(here.statement(one))
            continue
        blocks += [there.several(rest[:k]), [_either(here, there, one, rest[k])]]
        rest = rest[k + 1 :]
    blocks.append(there.several(rest))
    return None if None in blocks else [s for block in blocks if block is not None for s in block]


def flat(block: list[ast.stmt]) -> list[ast.stmt]:
    """A block with what does the same as each condition in it."""
    return [s for one in block for s in (getattr(one, "masked", None) or [one])]


def _is_pair(one: ast.stmt, other: ast.stmt, body: list[ast.stmt], orelse: list[ast.stmt]) -> bool:
    """Whether two statements give one name, or one entry, its only value on each side of a condition."""
    match one, other:
        case ast.Assign(targets=[a]), ast.Assign(targets=[b]):
            pass
        case ast.AugAssign(target=a, op=way), ast.AugAssign(target=b, op=same) if type(way) is type(same):
            pass
        case _:
            return False
    name = _held(a)
    return name is not None and ast.unparse(a) == ast.unparse(b) and all(_times(block, name) == 1 for block in (body, orelse))


def _held(target: ast.expr) -> str | None:
    match target:
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return name
        case _:
            return None


def _times(block: Sequence[ast.stmt], name: str) -> int:
    """How often statements change a name, as a whole or by its entries."""
    stored = (n for s in block for n in ast.walk(s) if isinstance(getattr(n, "ctx", None), ast.Store))
    return sum(isinstance(n, ast.expr) and _held(n) == name for n in stored)


def _either(here: Masked, there: Masked, one: ast.stmt, other: ast.stmt) -> ast.stmt:
    """The statement that gives a name one of two values."""
    assert isinstance(one, ast.Assign | ast.AugAssign)
    assert isinstance(other, ast.Assign | ast.AugAssign)
    here.note(one)
    there.note(other)
    value = here.where(one.value, other.value)
    changed = ast.AugAssign(one.target, one.op, value) if isinstance(one, ast.AugAssign) else ast.Assign(one.targets, value)
    return like(one, changed)


def placed(where: ast.expr, node: ast.expr, but: ast.expr | None = None) -> ast.expr:
    """A new expression at the place of another one, but for a part that has its own."""
    own = {id(n) for n in ast.walk(but)} if but is not None else set[int]()
    for n in ast.walk(node):
        if id(n) not in own and "lineno" in n._attributes:
            ast.copy_location(n, where)
    return node


def is_tame(value: ast.expr) -> bool:
    """Whether an expression has a value and a slope at every step, also at those that do not count."""
    for node in ast.walk(value):
        match node:
            case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod()):
                return False
            case ast.BinOp(op=ast.Pow(), right=power) if not (isinstance(power, ast.Constant) and isinstance(power.value, int)):
                return False
            case ast.Call(func=ast.Name(id=word)) | ast.Call(func=ast.Attribute(attr=word)) if word not in TAME:
                return False
            case _:
                pass
    return True
