"""Expressions of code at numbers."""

from __future__ import annotations

import ast
import operator
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.judge.followed import words
from symbackprop.judge.followed.calling import Calls
from symbackprop.judge.followed.scopes import Function, Instance, Scope
from symbackprop.judge.followed.words import NotFollowed, small

OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
    ast.MatMult: operator.matmul, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}  # fmt: skip
_SIGNS: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert
}  # fmt: skip
_COMPARES: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_DUNDERS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.USub: "neg", ast.UAdd: "pos", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt",
    ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip


class Expressions(Calls):
    """Follows expressions."""

    def value(self, node: ast.expr) -> Any:
        """What an expression comes to."""
        self.step(node)
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None as value):
                return value
            case ast.Name(id=name):
                return self.name(name)
            case ast.BinOp(left=left, op=op, right=right):
                return self.met(op, OPERATORS[type(op)], self.value(left), self.value(right))
            case ast.UnaryOp(op=op, operand=operand):
                return self.signed(op, self.value(operand))
            case ast.BoolOp(op=op, values=values):
                return self.either(values, isinstance(op, ast.Or))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self.compared(left, ops, others)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.value(body if self.value(test) else orelse)
            case ast.NamedExpr(target=target, value=value):
                found = self.value(value)
                self.assign(target, found)
                return found
            case ast.Call():
                return small(self.called(node))
            case ast.Attribute(value=held, attr=attr):
                return self.attribute(held, attr)
            case ast.Subscript(value=held, slice=index):
                return self.entry(self.value(held), index, ast.unparse(held))
            case ast.Lambda():
                return Function(node, self.scope, [self.value(one) for one in node.args.defaults])
            case _:
                return self.container(node)

    def container(self, node: ast.expr) -> Any:
        """A tuple, a list, a set, a dict, a comprehension, a text with values in it."""
        match node:
            case ast.Tuple(elts=parts):
                return tuple(self.several(parts))
            case ast.List(elts=parts):
                return self.several(parts)
            case ast.Set(elts=parts):
                return set(self.several(parts))
            case ast.Dict(keys=keys, values=values):
                found: dict[Any, Any] = {}
                for key, value in zip(keys, values, strict=True):
                    found |= self.value(value) if key is None else {self.value(key): self.value(value)}
                return found
            case ast.GeneratorExp(elt=part, generators=loops):
                return self.lazily(part, loops)
            case ast.ListComp(elt=part, generators=loops):
                with self.inner():
                    return [self.value(part) for _ in self.turns(loops)]
            case ast.SetComp(elt=part, generators=loops):
                with self.inner():
                    return {self.value(part) for _ in self.turns(loops)}
            case ast.DictComp(key=key, value=value, generators=loops):
                with self.inner():
                    return {self.value(key): self.value(value) for _ in self.turns(loops)}
            case ast.JoinedStr(values=parts):
                return "".join(map(self.text, parts))
        raise NotFollowed(f"{ast.unparse(node)} is not followed")

    @contextmanager
    def inner(self) -> Iterator[None]:
        """The names of a comprehension are its own."""
        outer, self.scope = self.scope, Scope({}, self.scope)
        try:
            yield
        finally:
            self.scope = outer

    def lazily(self, part: ast.expr, loops: Sequence[ast.comprehension]) -> Iterator[Any]:
        """The values of a generator, each when it is asked for."""
        scope, turns = Scope({}, self.scope), self.turns(loops)
        while True:
            with self.inside(scope):
                if next(turns, self) is self:
                    return
                found = self.value(part)
            yield found

    def text(self, part: ast.expr) -> str:
        """A part of a text: f"W{l}"."""
        match part:
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return str(small(self.value(value)))
            case ast.Constant(value=str() as text):
                return text
        raise NotFollowed(f"{ast.unparse(part)} is not followed")

    def several(self, parts: Sequence[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for part in parts:
            found += list(self.value(part.value)) if isinstance(part, ast.Starred) else [self.value(part)]
        return found

    def turns(self, loops: Sequence[ast.comprehension]) -> Iterator[None]:
        """The turns of the loops of a comprehension, each with its names bound."""
        if not loops:
            yield
            return
        first, *rest = loops
        for one in self.value(first.iter):
            self.assign(first.target, one)
            if all(self.value(test) for test in first.ifs):
                yield from self.turns(rest)

    @abstractmethod
    def assign(self, target: ast.expr, value: Any) -> None:
        """Give a target a value."""

    def signed(self, op: ast.unaryop, value: Any) -> Any:
        """-x, not x."""
        if isinstance(value, Instance) and not isinstance(op, ast.Not):
            return self.of_instance(value, f"__{_DUNDERS.get(type(op), '')}__")
        return _SIGNS[type(op)](value)

    def met(self, op: ast.operator, act: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        """An operation on two values, where it makes nothing too large."""
        if isinstance(a, Instance) or isinstance(b, Instance):
            return self.of_instances(_DUNDERS.get(type(op), ""), a, b)
        if isinstance(op, ast.Pow) and isinstance(a, int) and isinstance(b, int) and abs(b) > 64:
            raise NotFollowed("a power of whole numbers is too large")
        for several, times in ((a, b), (b, a)):
            if isinstance(several, list | tuple | str) and isinstance(times, int) and len(several) * times > 10_000:
                raise NotFollowed("a list is too long")
        if isinstance(a, ndarray) and isinstance(b, ndarray):
            inner = a.shape[-1] if isinstance(op, ast.MatMult) and a.ndim else 0
            size = a.size * b.size // max(inner, 1) ** 2 if inner else int(np.prod(np.broadcast_shapes(a.shape, b.shape)))
            if size > words.MOST_ENTRIES * 10:
                raise NotFollowed("an array has more entries than are followed")
        return small(act(a, b))

    def of_instances(self, word: str, a: Any, b: Any) -> Any:
        """An operation that a class of the code says: __add__, or __radd__ of what stands on the right."""
        if isinstance(a, ndarray) or isinstance(b, ndarray):
            raise NotFollowed("an array of instances of a class is not followed")
        for held, name, other in ((a, f"__{word}__", b), (b, f"__r{word}__", a)):
            if isinstance(held, Instance) and self.has(held, name):
                return self.call(self.attribute_of(held, name), [other], {})
        raise NotFollowed(f"a class says no __{word}__")

    def of_instance(self, held: Instance, name: str) -> Any:
        return self.call(self.attribute_of(held, name), [], {})

    def either(self, values: Sequence[ast.expr], ends_at: bool) -> Any:
        """and, or."""
        found: Any = None
        for one in values:
            found = self.value(one)
            if bool(found) is ends_at:
                break
        return found

    def compared(self, left: ast.expr, ops: Sequence[ast.cmpop], others: Sequence[ast.expr]) -> Any:
        found, a = True, self.value(left)
        for op, other in zip(ops, others, strict=True):
            b = self.value(other)
            word = _DUNDERS.get(type(op), "")
            if word and any(isinstance(one, Instance) and self.has(one, f"__{word}__") for one in (a, b)):
                found = self.of_instances(word, a, b)
            else:
                found = _COMPARES[type(op)](a, b)
            if len(ops) > 1 and not found:
                return found
            a = b
        return found

    def entry(self, held: Any, index: ast.expr, shown: str) -> Any:
        """x[i]."""
        if isinstance(held, Instance):
            return self.call(self.attribute_of(held, "__getitem__"), [self.index(index)], {})
        if not isinstance(held, ndarray | list | tuple | dict | range | str):
            raise NotFollowed(f"{shown} has no entries")
        return held[self.index(index)]

    def index(self, node: ast.expr) -> Any:
        """What stands between brackets."""
        match node:
            case ast.Slice(lower=lower, upper=upper, step=step):
                return slice(*(None if one is None else self.value(one) for one in (lower, upper, step)))
            case ast.Tuple(elts=parts):
                return tuple(self.index(part) for part in parts)
            case ast.Constant(value=value) if value is Ellipsis:
                return Ellipsis
        return self.value(node)
