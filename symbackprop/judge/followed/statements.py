"""Statements of code at numbers: loops and branches as Python takes them, arrays that are changed in their place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.judge.followed.expressions import OPERATORS, Expressions
from symbackprop.judge.followed.words import NotFollowed, small

_FAULTS = (
    ArithmeticError, AttributeError, IndexError, KeyError, MemoryError, NameError, NotImplementedError, RecursionError,
    TypeError, ValueError, np.linalg.LinAlgError,
)  # fmt: skip  # what Python raises where code does not fit its numbers


class _Continue(Exception):
    pass


class _Break(Exception):
    pass


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


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
        line, value = 0, None
        with np.errstate(all="ignore"):
            for statement in body:
                line = statement.lineno
                try:
                    value = None
                    if isinstance(statement, ast.Expr):
                        value = self.value(statement.value)
                    else:
                        self.statement(statement)
                except NotFollowed as fault:
                    raise NotFollowed(fault.why, fault.line or line) from None
                except (_Continue, _Break, _Return):
                    raise NotFollowed("a loop or a function is left where none is", line) from None
                except _FAULTS as fault:
                    raise NotFollowed(f"{type(fault).__name__}: {fault}", self.line or line) from None
        return value

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
            case ast.While(test=test, body=body, orelse=[]):
                self.while_(test, body)
            case ast.With(items=[ast.withitem(optional_vars=None)], body=body):  # np.errstate(...)
                self.block(body)
            case ast.FunctionDef(name=name):
                self.names[name] = node
            case ast.Continue():
                raise _Continue
            case ast.Break():
                raise _Break
            case ast.Return(value=value):
                raise _Return(None if value is None else self.value(value))
            case ast.Pass() | ast.Assert() | ast.Import() | ast.ImportFrom() | ast.Global():
                pass
            case _:
                raise NotFollowed(f"{ast.unparse(node).splitlines()[0]} is not followed", node.lineno)

    def loop(self, target: ast.expr, several: Any, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt]) -> None:
        """A for loop."""
        for one in several:
            self.assign(target, one)
            if not self.turn(body):
                return
        self.block(orelse)

    def while_(self, test: ast.expr, body: Sequence[ast.stmt]) -> None:
        """A while loop."""
        while self.value(test) and self.turn(body):
            pass

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
                self.names[name] = small(value)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                self.names[name] = small(value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                several = list(value)
                if len(several) != len(targets) or any(isinstance(t, ast.Starred) for t in targets):
                    raise NotFollowed(f"{ast.unparse(target)} takes other values than there are")
                for one, own in zip(targets, several, strict=True):
                    self.assign(one, own)
            case ast.Subscript(value=held, slice=index):
                array = self.value(held)
                if not isinstance(array, ndarray | list | dict):
                    raise NotFollowed(f"{ast.unparse(target)} is no entry that can be set")
                array[self.index(index)] = value
            case _:
                raise NotFollowed(f"{ast.unparse(target)} is given no value here")

    def change(self, target: ast.expr, op: ast.operator, value: Any) -> None:
        """x += y: an array in its place, a number anew."""
        act = OPERATORS[type(op)]
        match target:
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name):
                self.names[name] = self.changed(self.name(name), act, op, value)
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

    def call_own(self, function: ast.FunctionDef | ast.Lambda, given: Sequence[Any], further: Mapping[str, Any]) -> Any:
        """A function of the code, with names of its own."""
        own = function.args
        names = [a.arg for a in (*own.posonlyargs, *own.args) if a.arg != "self"]
        defaults = dict(zip(reversed(names), map(self.value, reversed(own.defaults)), strict=False))
        bound = {**defaults, **dict(zip(names, given, strict=False)), **further}
        if len(given) > len(names) or set(bound) != set(names) or own.vararg or own.kwarg or own.kwonlyargs:
            raise NotFollowed("a function is called with other arguments than it takes")
        outer, self.names = self.names, {**self.names, **bound}
        self.depth += 1
        if self.depth > 20:
            raise NotFollowed("functions call each other more deeply than is followed")
        try:
            if isinstance(function, ast.Lambda):
                return self.value(function.body)
            self.block(function.body)
        except _Return as found:
            return found.value
        finally:
            self.names, self.depth = outer, self.depth - 1
        return None
