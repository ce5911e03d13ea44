"""Statements of code at numbers: loops and branches as Python takes them, arrays that are changed in their place."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.judge.followed.calling import Returned
from symbackprop.judge.followed.expressions import OPERATORS, Expressions
from symbackprop.judge.followed.scopes import Class, Function, Instance, Scope
from symbackprop.judge.followed.words import NotFollowed, small

_FAULTS = (
    ArithmeticError, AttributeError, IndexError, KeyError, MemoryError, NameError, NotImplementedError, RecursionError,
    TypeError, ValueError, np.linalg.LinAlgError,
)  # fmt: skip  # what Python raises where code does not fit its numbers


_MISFIT = re.compile(r"could not be broadcast|cannot be broadcast|not aligned|mismatch in its core|could not broadcast")
_FAULTS_BY_NAME = {kind.__name__: kind for kind in _FAULTS}


class _Continue(Exception):
    pass


class _Break(Exception):
    pass


class Follower(Expressions):
    """Follows statements.

    names   what names stand for at first, which is changed.
    known   what else a name may stand for; None: nothing.
    steps   how many parts of code may be followed.
    """

    def __init__(self, names: dict[str, Any], known: Callable[[str], Any] = lambda name: None, steps: int = 100_000) -> None:
        super().__init__(names, known, steps)

    def follow(self, body: Sequence[ast.stmt]) -> Any:
        """Go through statements; the value of the last one where that is an expression. Raises NotFollowed."""
        value = None
        for statement in body:
            value = self.followed(statement, partial(self.last, statement))
        return value

    def last(self, node: ast.stmt) -> Any:
        """A statement, and its value where it is an expression."""
        if isinstance(node, ast.Expr):
            return self.value(node.value)
        self.statement(node)
        return None

    def followed(self, node: ast.stmt, act: Callable[[], Any]) -> Any:
        """What is followed at a statement. Raises NotFollowed for whatever Python would raise."""
        try:
            with np.errstate(all="ignore"):
                return act()
        except NotFollowed as fault:
            raise NotFollowed(fault.why, fault.line or self.line or node.lineno, fault.misfit) from None
        except (_Continue, _Break, Returned):
            raise NotFollowed("a loop or a function is left where none is", node.lineno) from None
        except _FAULTS as fault:
            misfit = isinstance(fault, ValueError) and bool(_MISFIT.search(str(fault)))
            raise NotFollowed(f"{type(fault).__name__}: {fault}", self.line or node.lineno, misfit) from None

    def block(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """One statement."""
        self.step(node)
        match node:
            case ast.Assign(targets=targets, value=value):
                held = self.value(value)
                for target in targets:
                    self.assign(target, held)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.value(value))
            case ast.AugAssign(target=target, op=op, value=value):
                self.change(target, op, self.value(value))
            case ast.Expr(value=value):
                self.value(value)
            case ast.If(test=test, body=body, orelse=orelse):
                self.block(body if self.value(test) else orelse)
            case ast.For(target=target, iter=iterated, body=body, orelse=orelse):
                self.loop(target, self.value(iterated), body, orelse)
            case ast.While(test=test, body=body, orelse=orelse):
                self.while_(test, body, orelse)
            case ast.With(items=[ast.withitem(optional_vars=None)], body=body):  # np.errstate(...)
                self.block(body)
            case ast.FunctionDef() | ast.ClassDef():
                self.scope.give(node.name, self.defined(node))
            case ast.Continue():
                raise _Continue
            case ast.Break():
                raise _Break
            case ast.Return(value=value):
                raise Returned(None if value is None else self.value(value))
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                self.tried(body, handlers, orelse, finalbody)
            case ast.Raise(exc=fault) if fault is not None:
                raise _FAULTS_BY_NAME.get(ast.unparse(fault).partition("(")[0], ValueError)("it is raised")
            case ast.Delete(targets=targets):
                for target in targets:
                    self.delete(target)
            case ast.Assert(test=test):
                if not self.value(test):
                    raise NotFollowed("what it asserts does not hold")
            case ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
                pass
            case _:
                raise NotFollowed(f"{ast.unparse(node).splitlines()[0]} is not followed", node.lineno)

    def defined(self, node: ast.FunctionDef | ast.ClassDef) -> Function | Class:
        """A function or a class that is defined here."""
        if isinstance(node, ast.FunctionDef):
            kinds = [ast.unparse(one) for one in node.decorator_list]
            if kinds and (len(kinds) > 1 or kinds[0] not in ("staticmethod", "classmethod", "property")):
                raise NotFollowed(f"@{kinds[0]} is not followed", node.lineno)
            if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node)):
                raise NotFollowed("yield is not followed", node.lineno)
            own = node.args
            by_name = {a.arg: self.value(v) for a, v in zip(own.kwonlyargs, own.kw_defaults, strict=True) if v is not None}
            return Function(node, self.scope, [self.value(v) for v in own.defaults], by_name, kind="".join(kinds))
        bases = [self.value(base) for base in node.bases if ast.unparse(base) not in ("object", "ABC", "nn.Module")]
        if node.decorator_list or node.keywords or not all(isinstance(base, Class) for base in bases):
            raise NotFollowed(f"class {node.name} is not followed", node.lineno)
        scope = Scope({}, self.scope)
        with self.inside(scope):
            self.block(node.body)
        made = Class(node.name, tuple(bases), scope.names)
        for one in scope.names.values():
            if isinstance(one, Function) and one.scope is scope:
                one.scope, one.owner = self.scope, made  # names of a class are none of its methods
        return made

    def tried(
        self, body: Sequence[ast.stmt], handlers: Sequence[ast.ExceptHandler], orelse: Sequence[ast.stmt], last: Sequence[ast.stmt]
    ) -> None:
        """try ... except ... else ... finally."""
        try:
            try:
                self.block(body)
            except _FAULTS as fault:
                own = next((one for one in handlers if _catches(one, fault)), None)
                if own is None:
                    raise
                self.block(own.body)
            else:
                self.block(orelse)
        finally:
            self.block(last)

    def delete(self, target: ast.expr) -> None:
        """del x, del x[i]."""
        match target:
            case ast.Name(id=name) if name in self.scope.names:
                del self.scope.names[name]
            case ast.Subscript(value=held, slice=index) if isinstance(several := self.value(held), list | dict):
                del several[self.index(index)]
            case _:
                raise NotFollowed(f"del {ast.unparse(target)} is not followed")

    def loop(self, target: ast.expr, several: Any, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt]) -> None:
        """A for loop."""
        for one in several:
            self.assign(target, one)
            if not self.turn(body):
                return
        self.block(orelse)

    def while_(self, test: ast.expr, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt]) -> None:
        """A while loop."""
        while self.value(test):
            if not self.turn(body):
                return
        self.block(orelse)

    def turn(self, body: Sequence[ast.stmt]) -> bool:
        """One turn of a loop; whether it goes on."""
        try:
            self.block(body)
        except _Continue:
            return True
        except _Break:
            return False
        return True

    def assign(self, target: ast.expr, value: Any) -> None:
        """Give a target a value."""
        match target:
            case ast.Name(id=name):
                self.scope.give(name, small(value))
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if self.scope.holding("self") is None:
                self.scope.give(name, small(value))
            case ast.Attribute(value=held, attr=name):
                self.attributes(held)[name] = small(value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self.unpack(target, targets, list(value))
            case ast.Subscript(value=held, slice=index):
                array = self.value(held)
                if not isinstance(array, ndarray | list | dict):
                    raise NotFollowed(f"{ast.unparse(target)} is no entry that can be set")
                array[self.index(index)] = value
            case _:
                raise NotFollowed(f"{ast.unparse(target)} is given no value here")

    def unpack(self, target: ast.expr, targets: Sequence[ast.expr], several: list[Any]) -> None:
        """a, *b = several."""
        star = next((k for k, one in enumerate(targets) if isinstance(one, ast.Starred)), None)
        if star is not None:
            rest = len(several) - len(targets) + 1
            several[star : star + rest] = [several[star : star + rest]] if rest >= 0 else []
        if len(several) != len(targets):
            raise NotFollowed(f"{ast.unparse(target)} takes other values than there are")
        for one, own in zip(targets, several, strict=True):
            self.assign(one.value if isinstance(one, ast.Starred) else one, own)

    def attributes(self, held: ast.expr) -> dict[str, Any]:
        """The attributes of an instance or a class."""
        found = self.value(held)
        if not isinstance(found, Instance | Class):
            raise NotFollowed(f"attributes of {ast.unparse(held)} are not followed")
        return found.names

    def change(self, target: ast.expr, op: ast.operator, value: Any) -> None:
        """x += y: an array in its place, a number anew."""
        act = OPERATORS[type(op)]
        match target:
            case ast.Name(id=name):
                self.scope.give(name, self.changed(self.name(name), act, op, value))
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if self.scope.holding("self") is None:
                self.scope.give(name, self.changed(self.name(name), act, op, value))
            case ast.Attribute(value=held, attr=name):
                names = self.attributes(held)
                names[name] = self.changed(self.attribute_of(self.value(held), name), act, op, value)
            case ast.Subscript(value=held, slice=index):
                array, at = self.value(held), self.index(index)
                if not isinstance(array, ndarray | list | dict):
                    raise NotFollowed(f"{ast.unparse(target)} is no entry that can be set")
                array[at] = self.changed(array[at], act, op, value)
            case _:
                raise NotFollowed(f"{ast.unparse(target)} is not changed here")

    def changed(self, old: Any, act: Callable[[Any, Any], Any], op: ast.operator, value: Any) -> Any:
        if isinstance(old, list) and isinstance(op, ast.Add):
            old += list(value)
            return small(old)
        new = self.met(op, act, old, value)
        if not isinstance(old, ndarray) or not old.ndim:
            return new
        if np.shape(new) != old.shape or (old.dtype.kind in "iub" and np.asarray(new).dtype.kind == "f"):
            raise NotFollowed(f"what is {np.shape(new)} is put into an array of {old.dtype}, which is {old.shape}")
        old[...] = new  # for whatever else holds it
        return old

    def added_to(self, a: Any, b: Any) -> Any:
        return self.met(ast.Add(), operator.add, a, b)


def _catches(handler: ast.ExceptHandler, fault: Exception) -> bool:
    """Whether a handler is for a fault."""
    if handler.type is None:
        return True
    several = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(one) in {kind.__name__ for kind in type(fault).__mro__} for one in several)
