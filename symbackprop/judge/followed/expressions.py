"""Expressions of code at numbers."""

from __future__ import annotations

import ast
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.judge.followed import words
from symbackprop.judge.followed.words import NotFollowed, checked, small

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
_PACKAGES = ("np", "numpy", "jnp", "math")


class Expressions(ABC):
    """Follows expressions.

    names   what names stand for.
    known   what else a name may stand for; None: nothing.
    steps   how many parts of code may still be followed.
    """

    def __init__(self, names: dict[str, Any], known: Callable[[str], Any], steps: int) -> None:
        self.names, self.known, self.steps = names, known, steps
        self.line = self.depth = 0

    @abstractmethod
    def call_own(self, function: ast.FunctionDef | ast.Lambda, given: Sequence[Any], further: Mapping[str, Any]) -> Any:
        """What a function of the code gives."""

    def step(self, node: ast.AST) -> None:
        """Count one part. Raises NotFollowed beyond what is followed."""
        self.steps -= 1
        self.line = getattr(node, "lineno", self.line)
        if self.steps < 0:
            raise NotFollowed("it takes more steps than are followed")

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
                return _SIGNS[type(op)](self.value(operand))
            case ast.BoolOp(op=op, values=values):
                return self.either(values, isinstance(op, ast.Or))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self.compared(left, ops, others)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.value(body if self.value(test) else orelse)
            case ast.Call():
                return small(self.called(node))
            case ast.Attribute(value=held, attr=attr):
                return self.attribute(held, attr)
            case ast.Subscript(value=held, slice=index):
                found = self.value(held)
                if not isinstance(found, ndarray | list | tuple | dict | range):
                    raise NotFollowed(f"{ast.unparse(held)} has no entries")
                return found[self.index(index)]
            case ast.Tuple(elts=parts):
                return tuple(self.several(parts))
            case ast.List(elts=parts):
                return self.several(parts)
            case ast.Dict(keys=keys, values=values) if None not in keys:
                return {self.value(k): self.value(v) for k, v in zip(keys, values, strict=True) if k is not None}
            case ast.ListComp(elt=part, generators=loops) | ast.GeneratorExp(elt=part, generators=loops):
                return [self.value(part) for _ in self.turns(loops)]
            case ast.Lambda():
                return node
            case ast.JoinedStr(values=parts):
                return "".join(map(self.text, parts))
            case _:
                raise NotFollowed(f"{ast.unparse(node)} is not followed")

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

    def name(self, name: str) -> Any:
        """What a name stands for. Raises NotFollowed."""
        if name in self.names:
            return self.names[name]
        found = words.TYPES.get(name)
        found = self.known(name) if found is None else found
        if found is None:
            raise NotFollowed(f"{name} stands nowhere")
        self.names[name] = found
        return found

    def met(self, op: ast.operator, act: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        """An operation on two values, where it makes nothing too large."""
        if isinstance(op, ast.Pow) and isinstance(a, int) and isinstance(b, int) and abs(b) > 64:
            raise NotFollowed("a power of whole numbers is too large")
        for several, times in ((a, b), (b, a)):
            if isinstance(several, list | tuple | str) and isinstance(times, int) and len(several) * times > 10_000:
                raise NotFollowed("a list is too long")
        if isinstance(a, ndarray) and isinstance(b, ndarray):
            size = a.size * b.size if isinstance(op, ast.MatMult) else int(np.prod(np.broadcast_shapes(a.shape, b.shape)))
            if size > words.MOST_ENTRIES * 10:
                raise NotFollowed("an array has more entries than are followed")
        return small(act(a, b))

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
            found = _COMPARES[type(op)](a, b)
            if len(ops) > 1 and not found:
                return found
            a = b
        return found

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

    def attribute(self, held: ast.expr, attr: str) -> Any:
        """np.pi, self.W, x.T, x.shape."""
        if isinstance(held, ast.Name) and held.id not in self.names:
            if held.id == "self":
                return self.name(attr)
            if held.id in _PACKAGES and attr in words.CONSTANTS:
                return words.CONSTANTS[attr]
        found = self.value(held)
        if isinstance(found, ndarray | np.generic) and attr in words.ASKED:
            return getattr(found, attr)
        raise NotFollowed(f"{ast.unparse(held)}.{attr} is not followed")

    def called(self, node: ast.Call) -> Any:
        """What a call gives."""
        given = self.several(node.args)
        further = {k.arg: self.value(k.value) for k in node.keywords if k.arg is not None}
        if len(further) < len(node.keywords):
            raise NotFollowed(f"{ast.unparse(node)} is not followed")
        match node.func:
            case ast.Name(id=name):
                own = self.names.get(name)
                if isinstance(own, ast.FunctionDef | ast.Lambda):
                    return self.call_own(own, given, further)
                function = words.PLAIN.get(name) or words.LANGUAGE.get(name) or self.known(name)
                if name in ("sum", "max", "min", "abs", "round") and any(isinstance(v, ndarray) and v.ndim for v in given[:1]):
                    function = words.FUNCTIONS[name]  # as the network language has them
                return self.by(name, function, given, further)
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=package), attr=word), attr="at") if package in _PACKAGES:
                words.AT[word].at(*given)
                return None
            case ast.Attribute(value=ast.Name(id=package), attr=word) if package in _PACKAGES and package not in self.names:
                return self.by(word, words.FUNCTIONS.get(word) or words.CONSTANTS.get(word), given, further)
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=package), attr="linalg"), attr=word) if package in _PACKAGES:
                return self.by(word, words.FUNCTIONS.get(word), given, further)
            case ast.Attribute(value=held, attr=word):
                return self.method(held, word, given, further)
            case ast.Lambda() as function:
                return self.call_own(function, given, further)
        raise NotFollowed(f"{ast.unparse(node.func)} is not followed")

    def by(self, name: str, function: Any, given: list[Any], further: dict[str, Any]) -> Any:
        if not callable(function):
            raise NotFollowed(f"{name} is no function that is followed")
        checked(name, given, further)
        return function(*given, **further)

    def method(self, held: ast.expr, word: str, given: list[Any], further: dict[str, Any]) -> Any:
        """x.sum(), several.append(x)."""
        if isinstance(held, ast.Name) and held.id == "self" and "self" not in self.names:
            own = self.names.get(word)
            if isinstance(own, ast.FunctionDef):
                return self.call_own(own, given, further)
        found = self.value(held)
        kinds = {ndarray: words.METHODS, np.generic: words.METHODS, list: words.OF_LISTS, dict: words.OF_DICTS}
        if not any(isinstance(found, kind) and word in several for kind, several in kinds.items()):
            raise NotFollowed(f"{ast.unparse(held)}.{word} is not followed")
        checked(word, [found, *given] if isinstance(found, ndarray) else given, further)
        return getattr(found, word)(*given, **further)
