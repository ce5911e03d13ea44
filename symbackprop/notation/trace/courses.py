"""Both courses of a branch: `a if c else b` and `if c:` over assignments, whose condition depends on what is differentiated by.

The code of a person's function is compiled anew, with the same lines, so that such a branch asks first: where its condition is a
traced value, both sides are computed and np.where chooses; else the branch is what it was. A branch that does anything but assign
stays, and is refused as ever. So does a.dot(b), a method in which a plain array asks b for numbers: np.dot asks the traced one.
The function itself is left as it was.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.notation.identifiers import identifiers
from symbackprop.notation.loops.plainer import continued
from symbackprop.notation.trace.frames import place
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

CHOSEN, BOTH, EVERY, EITHER, NOT, STANDS, TOLD, DOT = (
    "_chosen_", "_both_", "_every_", "_either_", "_not_", "_stands_", "_told_", "_dot_",
)  # fmt: skip
HELD = "_condition_"  # what a condition is called


@contextlib.contextmanager
def rewritten(functions: Iterable[FunctionType], branches: bool) -> Iterator[None]:
    """While it lasts, products by a method are traced, and, with `branches`, branches compute both sides where they must."""
    kept = [(f, f.__code__) for f in functions]
    try:
        for f, old in kept:
            new = _rewritten(f, branches) if branches or _reads_dot(old) else None
            if new is not None and new.co_freevars == old.co_freevars:
                f.__code__ = new
        yield
    finally:
        for f, old in kept:
            f.__code__ = old


def words(run: Run) -> dict[str, Callable[..., Any]]:
    """What the branches call."""

    def noted(condition: Any) -> bool:
        if run.chooses(condition):
            run.chosen_at[str(place() or "")] += 1
            return True
        return False

    def chosen(condition: Any, a: Callable[[], Any], b: Callable[[], Any]) -> Any:
        if not noted(condition):
            return a() if condition else b()
        return _either(condition.reshape(()), a(), b())

    def joined(ufunc: Any, stops: bool) -> Callable[..., Any]:
        def word(*parts: Callable[[], Any]) -> Any:
            found = parts[0]()
            for part in parts[1:]:
                if run.chooses(found):
                    found = ufunc(found, part())
                elif bool(found) is stops:
                    return found
                else:
                    found = part()
            return found

        return word

    def stands(condition: Any) -> bool:
        if not run.chooses(condition):
            return bool(condition)
        run.stands_at[str(place() or "")] += 1
        return bool(condition.value)

    def told(condition: Any) -> bool:
        return bool(condition.value) if run.chooses(condition) else bool(condition)

    return {
        STANDS: stands, TOLD: told, CHOSEN: chosen, BOTH: noted, EVERY: joined(np.logical_and, False),
        EITHER: joined(np.logical_or, True), DOT: _dot, NOT: lambda x: np.logical_not(x) if run.chooses(x) else not x,
    }  # fmt: skip


def _dot(a: Any, b: Any) -> Any:
    """a.dot(b)."""
    return np.dot(a, b) if type(a) is np.ndarray and isinstance(b, Traced) else a.dot(b)  # type: ignore[arg-type]


def _either(condition: Traced, a: Any, b: Any) -> Any:
    """np.where of numbers and arrays, and of several side by side."""
    if isinstance(a, list | tuple) and type(a) is type(b) and len(a) == len(b):
        return type(a)(_either(condition, x, y) for x, y in zip(a, b, strict=True))
    if a is b:
        return a
    if all(isinstance(x, Traced | int | float | np.ndarray | np.number) for x in (a, b)):
        return np.where(condition, a, b)  # type: ignore[arg-type]
    return a if condition else b  # what is no number is refused there


def _reads_dot(code: CodeType) -> bool:
    """Whether the code, or that of a function within it, has the attribute dot."""
    return "dot" in code.co_names or any(_reads_dot(c) for c in code.co_consts if isinstance(c, CodeType))


def _rewritten(f: FunctionType, branches: bool) -> CodeType | None:
    """The code of a function with its products and branches rewritten; None where there are none, or no source."""
    try:
        lines, first = inspect.getsourcelines(f)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    known: Any = ast.FunctionDef if f.__name__ != "<lambda>" else ast.Lambda
    found = [n for n in ast.walk(tree) if isinstance(n, known)]
    own = found[0] if found and (known is ast.FunctionDef or len(found) == 1) else None
    if own is None or "__class__" in f.__code__.co_freevars:
        return None
    rewriter = _Rewriter(own) if branches else _Products()
    new: Any = rewriter.visit(own)
    if not rewriter.changed:
        return None
    if isinstance(new, ast.FunctionDef):
        new.decorator_list = []
    free = ast.arguments([], [ast.arg(n) for n in f.__code__.co_freevars], None, [], [], None, [])
    outer: Any = ast.parse("def outer(): pass")
    outer.body[0].args = free
    outer.body[0].body = [new if isinstance(new, ast.stmt) else ast.Expr(new)]
    ast.increment_lineno(new, first - 1)
    ast.fix_missing_locations(outer)
    code = compile(outer, f.__code__.co_filename, "exec")
    inside = next(c for c in code.co_consts if isinstance(c, CodeType))
    return next((c for c in inside.co_consts if isinstance(c, CodeType) and c.co_name == f.__code__.co_name), None)


def _late(value: ast.expr) -> ast.expr:
    return ast.Lambda(ast.arguments([], [], None, [], [], None, []), value)


def _call(word: str, *parts: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(word, ast.Load()), list(parts), [])


class _Products(ast.NodeTransformer):
    """Products by a method, a.dot(b), as calls of a word."""

    changed = False

    def visit_Call(self, node: ast.Call) -> Any:
        """a.dot(b)."""
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Attribute(value, "dot"), [ast.expr() as other], []) if not isinstance(other, ast.Starred):
                self.changed = True
                return _copied(_call(DOT, value, other), node)
        return node


class _Rewriter(_Products):
    """Branches that ask first, and products."""

    def __init__(self, own: ast.AST) -> None:
        self._count = 0
        self._reads = _reads([own])

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        """a if c else b."""
        self.generic_visit(node)
        if _binds([node.body, node.orelse]):
            return node
        self.changed = True
        return _copied(_call(CHOSEN, _condition(node.test), _late(node.body), _late(node.orelse)), node)

    def visit_Assert(self, node: ast.Assert) -> Any:
        """assert c: the network is derived for where it holds."""
        if not _binds([node.test]):
            self.changed = True
            node.test = _copied(_call(STANDS, _condition(node.test)), node)
        return node

    def visit_If(self, node: ast.If) -> Any:
        """if c: over assignments, or over what is returned."""
        whole = copy.deepcopy(node)
        self.generic_visit(node)
        if _tells(whole.body) and _tells(whole.orelse) and not _binds([whole.test]):
            self.changed = True
            raises = any(isinstance(s, ast.Raise) for s in (*whole.body, *whole.orelse))
            node.test = _copied(_call(STANDS if raises else TOLD, _condition(whole.test)), node)
            return node
        self._count += 1
        name = f"{HELD}{self._count}"
        if whole.orelse and all(len(s) == 1 and isinstance(s[0], ast.Return) and s[0].value for s in (whole.body, whole.orelse)):
            a, b = (s[0].value for s in (whole.body, whole.orelse))  # type: ignore[attr-defined]
            known: list[ast.stmt] | None = [ast.Return(_call(CHOSEN, _name(name), _late(a), _late(b)))]
        else:
            known = self._assigned(whole, name)
        if not known or _binds([node.test]):
            return node
        self.changed = True
        held = ast.Assign([ast.Name(name, ast.Store())], _condition(node.test))
        plain = ast.If(_name(name), node.body, node.orelse)
        several = [self.visit(_copied(s, node)) for s in known]
        return [_copied(held, node), _copied(ast.If(_call(BOTH, _name(name)), several, [plain]), node)]

    def _assigned(self, node: ast.If, name: str) -> list[ast.stmt] | None:
        """The assignments of a branch, each of which keeps what it was where the other side is taken; None for anything else."""
        found: list[ast.stmt] = []
        for body, holds in ((node.body, True), (node.orelse, False)):
            for k, s in enumerate(body):
                if isinstance(s, ast.Pass):
                    continue
                if isinstance(s, ast.Assign) and self._is_inside(s, body, k):
                    found.append(s)
                    continue
                if isinstance(s, ast.For) and not s.orelse and not _binds([s.iter]):
                    turns = self._assigned(
                        ast.If(node.test, continued(s.body), []) if holds else ast.If(node.test, [], continued(s.body)), name
                    )
                    if turns is None or not self._is_inside(ast.Assign([s.target], s.iter), body, k):
                        return None
                    found.append(ast.For(s.target, s.iter, turns or [ast.Pass()], []))
                    continue
                if isinstance(s, ast.If):
                    self._count += 1
                    own = f"{HELD}{self._count}"
                    mine = _name(name) if holds else _call(NOT, _name(name))
                    parts = [
                        (f"{own}{side}", _call(EVERY, _late(mine), _late(test)), ast.If(s.test, rest, []))
                        for side, test, rest in (
                            ("", _condition(s.test), s.body), ("_else", _call(NOT, _condition(s.test)), s.orelse),
                        ) if rest
                    ]  # fmt: skip
                    inner: list[ast.stmt] | None = []
                    for held, test, _ in parts:
                        found.append(ast.Assign([ast.Name(held, ast.Store())], test))
                    for held, _, rest in parts:
                        inner = self._assigned(rest, held)
                        if inner is None:
                            return None
                        found += inner
                    continue
                one = _kept(s, name, holds)
                if one is None:
                    return None
                found += one
        return found

    def _is_inside(self, s: ast.Assign, body: list[ast.stmt], k: int) -> bool:
        """Whether what is assigned is read in this side alone, and never before: what it is elsewhere nobody asks."""
        names = [n for target in s.targets for n in ast.walk(target) if not isinstance(n, ast.Tuple | ast.expr_context)]
        if _binds([s]) or not all(isinstance(n, ast.Name) for n in names):
            return False
        before, within = _reads([*body[:k], s.value]), _reads(body)
        return all(not before[n.id] and within[n.id] == self._reads[n.id] for n in names if isinstance(n, ast.Name))

    def _returns(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """`if c: return a` before `return b` is `if c: return a else: return b`."""
        if len(body) > 1 and isinstance(body[-1], ast.Return) and isinstance(body[-2], ast.If) and not body[-2].orelse:
            one = body[-2]
            if len(one.body) == 1 and isinstance(one.body[0], ast.Return):
                one.orelse = [body[-1]]
                return body[:-1]
        return body

    def visit_For(self, node: ast.For) -> Any:
        """A loop in which `if c: continue` is an `if not c` over what follows."""
        node.body = continued(node.body)
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        """A function."""
        node.body = self._returns(node.body)
        self.generic_visit(node)
        return node


TELLERS = ("print", "warn", "warning", "info", "debug", "error", "critical", "log")


def _tells(body: list[ast.stmt]) -> bool:
    """Whether statements do nothing but raise, print or log: no value depends on them."""
    return all(isinstance(s, ast.Raise | ast.Pass) or (isinstance(s, ast.Expr) and _is_telling(s.value)) for s in body)


def _is_telling(e: ast.expr) -> bool:
    if not isinstance(e, ast.Call):
        return False
    word = e.func.attr if isinstance(e.func, ast.Attribute) else e.func.id if isinstance(e.func, ast.Name) else ""
    return word in TELLERS


def _reads(nodes: Iterable[ast.AST]) -> Counter[str]:
    """How often each name is read."""
    found = Counter(n.id for node in nodes for n in identifiers(node) if isinstance(n.ctx, ast.Load))
    return found + Counter(
        n.target.id for m in nodes for n in ast.walk(m) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    )


def _copied(new: Any, old: ast.AST) -> Any:
    """The node at the line of another."""
    for n in ast.walk(new):
        if not hasattr(n, "lineno") and "lineno" in getattr(n, "_attributes", ()):
            ast.copy_location(n, old)
    return new


def _binds(nodes: Iterable[ast.AST]) -> bool:
    """Whether names are given inside, which a function of its own would keep to itself, or something is waited for."""
    late = ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await
    return any(isinstance(n, late) for node in nodes for n in ast.walk(node))


def _condition(test: ast.expr) -> ast.expr:
    """A condition whose `and`, `or` and `not` take traced values."""
    match test:
        case ast.BoolOp():
            word = EVERY if isinstance(test.op, ast.And) else EITHER
            return _call(word, *[_late(_condition(v)) for v in test.values])
        case ast.UnaryOp(op=ast.Not()):
            return _call(NOT, _condition(test.operand))
        case ast.Compare(comparators=[_, _, *_]) if all(isinstance(m, ast.Name | ast.Constant) for m in test.comparators[:-1]):
            left = [test.left, *test.comparators]
            pairs = [ast.Compare(left[k], [op], [left[k + 1]]) for k, op in enumerate(test.ops)]
            return _call(EVERY, *[_late(pair) for pair in pairs])
        case _:
            return test


def _kept(s: ast.stmt, name: str, holds: bool) -> list[ast.stmt] | None:
    """One assignment of a side that holds where the condition `name` does, or does not; None for any other statement."""
    if isinstance(s, ast.Assign) and len(s.targets) == 1:
        target, value = s.targets[0], s.value
        more = _added(target, value)
        if more is not None and not _binds([s]):
            sides = [_late(more), _late(ast.Constant(0.0))]
            term = _call(CHOSEN, _name(name), *(sides if holds else reversed(sides)))
            return [ast.Assign([target], ast.BinOp(_read(target), ast.Add(), term))]
    elif isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Add | ast.Sub) and not _binds([s]):
        sides = [_late(s.value), _late(ast.Constant(0.0))]  # what is added is a term for every step: loops become sums
        return [ast.AugAssign(s.target, s.op, _call(CHOSEN, _name(name), *(sides if holds else reversed(sides))))]
    elif isinstance(s, ast.AugAssign):
        target, value = s.target, ast.BinOp(_read(s.target), s.op, s.value)
    else:
        return None
    if not isinstance(target, ast.Name | ast.Subscript | ast.Attribute) or _binds([s]):
        return None
    sides = [_late(value), _late(_read(target))]
    keep = ast.Assign([target], _call(CHOSEN, _name(name), *(sides if holds else reversed(sides))))
    if not isinstance(target, ast.Name):
        return [keep]
    handler = ast.ExceptHandler(_name("NameError"), None, [ast.Assign([target], value)])
    return [ast.Try([ast.Expr(_read(target))], [handler], [], []), keep]  # what had no value is read on this side alone


def _added(target: ast.expr, value: ast.expr) -> ast.expr | None:
    """What is added in x = x + a - b; None where it is no such sum."""
    match value:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            if isinstance(target, ast.Name) and ast.unparse(left) == ast.unparse(target):
                return right if isinstance(op, ast.Add) else ast.UnaryOp(ast.USub(), right)
            inner = _added(target, left)
            return None if inner is None else ast.BinOp(inner, op, right)
    return None


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _read(target: ast.expr) -> ast.expr:
    """What is assigned to, as a value."""
    again: Any = ast.parse(ast.unparse(target), mode="eval").body
    for n in ast.walk(again):
        if hasattr(n, "lineno"):
            ast.copy_location(n, target)
    return again
