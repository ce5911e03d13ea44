"""Inner loops that begin or end at the outer one: `for j in range(i):` is a loop over all j, whose steps count where j < i.

So do the steps of a loop at which `if i != j:` holds.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbackprop.notation.loops.course import Course, course_of, measured, measures
from symbackprop.notation.loops.header import is_dotted, is_plain
from symbackprop.notation.loops.indices import items_of
from symbackprop.notation.loops.nodes import like
from symbackprop.notation.loops.plainer import opposite
from symbackprop.notation.loops.several import is_anew

TAME = {  # what has a value and a slope everywhere
    "sum", "dot", "exp", "tanh", "sin", "cos", "abs", "maximum", "minimum", "sigmoid", "where", "matmul", "outer", "square", "len",
    "range", "max", "min", "inner", "relu", "mean", "zeros", "ones", "softplus", "cosh", "sinh", "arctan", "expit", "transpose",
}  # fmt: skip


@dataclass(frozen=True)
class Steps:
    """The least and the largest number of a loop's steps."""

    low: Expr
    high: Expr


def bounded(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which no loop begins or ends at the step of another one, as far as their steps may be left out."""
    whole = ast.Module(list(body), [])
    return [_Bounded(whole, measures(body)).visit(statement) for statement in body]


def may_be_empty(body: Sequence[ast.stmt]) -> None:
    """Note the loops that have no step at some steps of one around them."""
    for loop in (n for s in body for n in ast.walk(s) if isinstance(n, ast.For)):
        own = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        for inner in (n for s in loop.body for n in ast.walk(s) if isinstance(n, ast.For)):
            if any(isinstance(n, ast.Name) and n.id in own for n in ast.walk(inner.iter)):
                inner.may_be_empty = True  # type: ignore[attr-defined]


class _Bounded(ast.NodeTransformer):
    """Widens inner loops, and masks their steps.

    whole  all statements.
    known  names and what they measure.
    """

    def __init__(self, whole: ast.Module, known: dict[str, str]) -> None:
        self.whole, self.known = whole, known
        self.around: dict[str, Steps] = {}

    def visit_For(self, node: ast.For) -> ast.AST:
        course = course_of(node, self.known)
        steps = None if course is None else self._steps(course)
        if course is not None and steps is not None and course.letter is not None:
            found = self._widened(node, course, steps)
            if found is not None:
                node, steps = found
            before = self.around.get(course.letter)
            self.around[course.letter] = steps
            self.generic_visit(node)
            del self.around[course.letter]
            if before is not None:
                self.around[course.letter] = before
            return node
        self.generic_visit(node)
        return node

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """The statements that count at some steps alone, where the numbers of steps say at which: `if i != j:`."""
        self.generic_visit(node)
        letters = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)} & self.around.keys()
        tests = node.test.values if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And) else [node.test]
        if not letters or not all(map(_is_of_steps, tests)) or (node.orelse and len(tests) > 1):
            return node
        outside, made, found = self._outside(node), self._made(), list[ast.stmt | None]()
        sides = ((tests, node.body, node.orelse), ([opposite(node.test)], node.orelse, node.body))
        read = [outside | _read(other) for _, _, other in sides]  # before any statement is changed
        for (several, block, _), away in zip(sides, read, strict=True):
            masked = _Masked(node.test, block, several, away, made, letters)
            found += [masked.statement(s) for s in block]
        return node if None in found else [s for s in found if s is not None]

    def _steps(self, course: Course) -> Steps | None:
        if course.first is None or course.last is None or not (_is_end(course.first) and _is_end(course.last)):
            return None
        first, last = measured(course.first, self.known), measured(course.last, self.known)
        return Steps(first, last) if course.rises else Steps(last, first)

    def _widened(self, node: ast.For, course: Course, steps: Steps) -> tuple[ast.For, Steps] | None:
        """A loop over all steps that it ever has, and those; None where no loop around it bounds it."""
        letters = [sp.Symbol(c) for c in self.around if c != course.letter]
        if not any(steps.low.has(c) or steps.high.has(c) for c in letters):
            return None
        lows, highs = _ends(steps.low, sp.Max), _ends(steps.high, sp.Min)
        if not all(end.is_polynomial(*letters) for end in (*lows, *highs)):
            return None
        letter, bare = course.letter or "", _is_bare(node, course.letter or "")
        bounds = {letter, *(c.name for c in letters if steps.low.has(c) or steps.high.has(c))}
        least, most = (self._end(ends, k == 0, letter, letters, bare) for k, ends in enumerate((lows, highs)))
        if least is None or most is None:
            return None
        (low, tests), (high, others) = least, most
        tests += others
        masked = _Masked(node.iter, node.body, tests, self._outside(node), self._made(), bounds)
        statements = [masked.statement(s) for s in node.body]
        if any(s is None for s in statements):
            return None
        ends = f"range({low}, {sp.expand(high + 1)})" if course.rises else f"range({high}, {sp.expand(low - 1)}, -1)"
        if is_dotted(node):
            ends = f"({low}) << ({high})" if course.rises else f"({high}) << ({low})"
        several = _placed(node.iter, ast.parse(ends, mode="eval").body)
        new = ast.For(node.target, several, [s for s in statements if s is not None], [], node.type_comment)
        new.adds = getattr(node, "adds", ())  # type: ignore[attr-defined]
        return ast.copy_location(new, node), Steps(sp.expand(low), sp.expand(high))

    def _end(
        self, ends: Sequence[Expr], least: bool, letter: str, letters: Sequence[sp.Symbol], bare: bool
    ) -> tuple[Expr, list[ast.expr]] | None:  # fmt: skip
        """The least number that a loop ever begins at, or the largest that it ends at, and when a step is no step beyond it."""
        found, tests = [end for end in ends if not end.has(*letters)], list[ast.expr]()
        for end in (end for end in ends if end.has(*letters)):
            wide, test = end, f"{letter} {('>=' if least else '<=')} {end}"
            for c in letters:
                own, slope = self.around[c.name], sp.expand(end).coeff(c)
                if slope not in (-1, 0, 1):
                    return None
                wide = wide.subs(c, own.low if (slope > 0) == least else own.high)
                if slope == 1 and sp.expand(end - c) == (1 if least else -1):
                    test = f"{letter} {('>' if least else '<')} {c}"
                    wide = (own.low if least else own.high) if bare else wide  # all that the outer one goes over: whole arrays
            tests.append(ast.parse(test, mode="eval").body)
            found += [wide] if len(ends) == 1 else []
        return (sp.expand(found[0]), tests) if len(found) == 1 else None

    def _made(self) -> set[str]:
        """The names that statements give values to as a whole."""
        return {n.id for n in ast.walk(self.whole) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}

    def _outside(self, node: ast.For | ast.If) -> set[str]:
        """The names that are read outside of a block."""
        inside = {id(n) for n in ast.walk(node)}
        return {
            n.id for n in ast.walk(self.whole) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and id(n) not in inside
        }


class _Masked:
    """Statements of a block of which some steps do not count.

    at       what says so.
    block    all of them.
    tests    when a step counts.
    outside  the names that are read outside of the block.
    made     the names that are given a value as a whole: the arrays that hold something before a loop sets their entries.
    letters  those of the loops that say which steps count.
    """

    def __init__(
        self, at: ast.expr, block: Sequence[ast.stmt], tests: Sequence[ast.expr], outside: set[str], made: set[str],
        letters: set[str],
    ) -> None:  # fmt: skip
        self.at, self.block, self.tests, self.outside, self.made, self.letters = at, block, tests, outside, made, letters

    def statement(self, node: ast.stmt) -> ast.stmt | None:
        """A statement that does nothing at steps that do not count; None where there is none."""
        for item in (i for n in ast.walk(node) if isinstance(n, ast.Subscript) for i in items_of(n)):
            item.tests = [*getattr(item, "tests", ()), *self.tests]  # type: ignore[attr-defined]  # whoever reads it may need to know
        match node:
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
                return like(node, ast.AugAssign(target, op, self._where(value, 0)))
            case ast.AugAssign(target=target, op=ast.Mult() | ast.Div() as op, value=value):
                return like(node, ast.AugAssign(target, op, self._where(value, 1)))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=own), op=op, right=value)) if (
                name == own and isinstance(op, ast.Add | ast.Sub) and not _reads(value, name)
            ):
                return like(node, ast.AugAssign(ast.Name(name, ast.Store()), op, self._where(value, 0)))
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.BinOp(left=value, op=ast.Add() as op, right=ast.Name(id=own))
            ) if name == own and not _reads(value, name):
                return like(node, ast.AugAssign(ast.Name(name, ast.Store()), op, self._where(value, 0)))
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_anew(self.block, name) and name not in self.outside:
                return node if _is_tame(value) else like(node, ast.Assign([ast.Name(name, ast.Store())], self._where(value, 1)))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return like(node, ast.Assign([ast.Name(name, ast.Store())], self._where(value, ast.Name(name, ast.Load()))))
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name)) as target], value=value) if name in self.made and all(
                _reads(target.slice, letter) for letter in self.letters
            ):
                held = deepcopy(target)
                held.ctx = ast.Load()
                return like(node, ast.Assign([target], self._where(value, held)))
            case ast.For(orelse=[], body=body):
                within = [self.statement(s) for s in body]
                if any(s is None for s in within):
                    return None
                node.body = [s for s in within if s is not None]
                return node
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                return node
            case _:
                return None

    def _where(self, value: ast.expr, other: int | ast.expr) -> ast.expr:
        for test in self.tests:
            beside = ast.Constant(other) if isinstance(other, int) else deepcopy(other)
            value = _placed(self.at, ast.Call(ast.Name("where", ast.Load()), [deepcopy(test), value, beside], []), value)
        return value


def _is_of_steps(test: ast.expr) -> bool:
    """Whether a condition compares numbers of steps and sizes alone."""
    match test:
        case ast.Compare(left=left, comparators=[right]):
            sides = [n.op for side in (left, right) for n in ast.walk(side) if isinstance(n, ast.BinOp)]
            return is_plain(left) and is_plain(right) and all(isinstance(op, ast.Add | ast.Sub | ast.Mult) for op in sides)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _is_of_steps(inner)
        case _:
            return False


def _is_end(node: ast.expr) -> bool:
    """Whether a loop may begin or end there: at a number over sizes and letters, or at the larger or the less of two."""
    match node:
        case ast.Call(func=ast.Name(id="max" | "min"), args=[one, other], keywords=[]):
            return is_plain(one) and is_plain(other)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=int())):
            return _is_end(left)
        case _:
            return is_plain(node)


def _ends(end: Expr, kind: type[sp.Max] | type[sp.Min]) -> list[Expr]:
    """The ends of which one is the largest, or the least: n - 1 and i + 1 of min(n, i + 2) - 1."""
    rest, several = end.as_independent(kind, as_Add=True)
    return [sp.expand(arg + rest) for arg in several.args] if isinstance(several, kind) else [end]


def _placed(where: ast.expr, node: ast.expr, but: ast.expr | None = None) -> ast.expr:
    """A new expression at the place of another one, but for a part that has its own."""
    own = {id(n) for n in ast.walk(but)} if but is not None else set[int]()
    for n in ast.walk(node):
        if id(n) not in own and "lineno" in n._attributes:
            ast.copy_location(n, where)
    return node


def _reads(node: ast.expr, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _read(block: Sequence[ast.stmt]) -> set[str]:
    """The names that statements read."""
    return {n.id for s in block for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _is_tame(value: ast.expr) -> bool:
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


def _is_bare(loop: ast.For, letter: str) -> bool:
    """Whether a letter stands alone in all indices, x[j] and never x[j - 1]."""
    for node in (n for s in loop.body for n in ast.walk(s)):
        if isinstance(node, ast.Subscript):
            items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if any(_reads(item, letter) and not isinstance(item, ast.Name | ast.Subscript) for item in items):
                return False
    return True
