"""Names, attributes and calls of code at numbers."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.judge.followed import words
from symbackprop.judge.followed.scopes import Bound, Class, Function, Instance, Scope, Super, given_by
from symbackprop.judge.followed.words import NotFollowed, checked

PACKAGES = ("np", "numpy", "jnp", "math")
_DEEPEST = 60
_TAKES_FUNCTIONS = frozenset(["map", "filter", "sorted", "max", "min"])


class Returned(Exception):
    """A function is left, with a value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Calls(ABC):
    """Looks names up and calls functions.

    scope   what names stand for.
    known   what else a name may stand for; None: nothing.
    steps   how many parts of code may still be followed.
    """

    def __init__(self, names: dict[str, Any], known: Callable[[str], Any], steps: int) -> None:
        self.scope, self.known, self.steps = Scope(names), known, steps
        self.line = self.depth = self.made = 0

    @abstractmethod
    def value(self, node: ast.expr) -> Any:
        """What an expression comes to."""

    @abstractmethod
    def several(self, parts: Sequence[ast.expr]) -> list[Any]:
        """What several expressions come to."""

    @abstractmethod
    def block(self, body: Sequence[ast.stmt]) -> None:
        """Go through statements."""

    def step(self, node: ast.AST) -> None:
        """Count one part. Raises NotFollowed beyond what is followed."""
        self.steps -= 1
        self.line = getattr(node, "lineno", self.line)
        if self.steps < 0:
            raise NotFollowed("it takes more steps than are followed")

    # ---- names and attributes
    def name(self, name: str) -> Any:
        """What a name stands for. Raises NotFollowed."""
        holding = self.scope.holding(name)
        if holding is not None:
            return holding[name]
        found = words.TYPES.get(name) or words.PLAIN.get(name)
        found = self.known(name) if found is None else found
        if found is None:
            raise NotFollowed(f"{name} stands nowhere")
        return found

    def attribute(self, held: ast.expr, attr: str) -> Any:
        """np.pi, self.W, x.T, x.shape."""
        if isinstance(held, ast.Name) and self.scope.holding(held.id) is None:
            if held.id == "self":
                return self.name(attr)
            if held.id in PACKAGES and attr in words.CONSTANTS:
                return words.CONSTANTS[attr]
            if held.id in PACKAGES and attr in words.FUNCTIONS:
                return words.FUNCTIONS[attr]
        found = self.value(held)
        if isinstance(found, ndarray | np.generic) and attr in words.ASKED:
            return getattr(found, attr)
        if isinstance(found, Instance | Class | Super):
            return self.attribute_of(found, attr)
        raise NotFollowed(f"{ast.unparse(held)}.{attr} is not followed")

    def attribute_of(self, held: Any, attr: str) -> Any:
        """An attribute of an instance, of a class, of super()."""
        if attr == "__class__" and isinstance(held, Instance):
            return held.kind
        if attr == "__dict__" and isinstance(held, Instance):
            return held.names
        if isinstance(held, Instance) and attr in held.names:
            return held.names[attr]
        kind = held if isinstance(held, Class) else held.held.kind if isinstance(held, Super) else held.kind
        try:
            found = kind.find(attr, held.owner if isinstance(held, Super) else None)
        except KeyError:
            if attr == "__init__":  # of object
                return lambda *given: None
            raise NotFollowed(f"{kind.name} has no {attr}") from None
        if not isinstance(found, Function) or found.kind == "staticmethod":
            return found
        if found.kind == "classmethod":
            return Bound(found, kind)
        if isinstance(held, Class):
            return found
        bound = Bound(found, held.held if isinstance(held, Super) else held)
        return self.call(bound, [], {}) if found.kind == "property" else bound

    def has(self, held: Instance, attr: str) -> bool:
        """Whether an instance has an attribute."""
        try:
            return attr in held.names or held.kind.find(attr) is not None or True
        except KeyError:
            return False

    # ---- calls
    def called(self, node: ast.Call) -> Any:
        """What a call gives."""
        match node.func:
            case ast.Name(id="super") if not node.args:
                return self.super_()
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=package), attr=word), attr=way) if (
                package in PACKAGES and way in words.OF_UFUNCS and word in words.AT and self.scope.holding(package) is None
            ):
                given, further = self.arguments(node)
                checked(way, given, further)
                return getattr(words.AT[word], way)(*given, **further)
            case ast.Attribute(value=ast.Name(id=package), attr=word) if (
                package in PACKAGES and self.scope.holding(package) is None
            ):
                return self.by(word, words.FUNCTIONS.get(word) or words.CONSTANTS.get(word), *self.arguments(node))
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=package), attr="linalg"), attr=word) if package in PACKAGES:
                return self.by(word, words.FUNCTIONS.get(word), *self.arguments(node))
            case ast.Attribute(value=held, attr=word):
                return self.method(held, word, node)
            case ast.Name(id="print"):
                return None
            case ast.Name(id=name):
                return self.named(name, *self.arguments(node))
            case function:
                return self.call(self.value(function), *self.arguments(node))

    def arguments(self, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        """What a function is given, by place and by name."""
        given, further = self.several(node.args), {}
        for one in node.keywords:
            further |= self.value(one.value) if one.arg is None else {one.arg: self.value(one.value)}
        return given, further

    def named(self, name: str, given: list[Any], further: dict[str, Any]) -> Any:
        """A function by its name: of the code, of Python, of the network language."""
        if self.scope.holding(name) is not None:
            return self.call(self.name(name), given, further)
        if name in words.REFLECTED:
            return self.reflected(name, given)
        if name == "len" and isinstance(given[0], Instance):
            return self.call(self.attribute_of(given[0], "__len__"), [], {})
        function = words.PLAIN.get(name) or words.LANGUAGE.get(name) or self.known(name)
        if (
            name in ("sum", "max", "min", "abs", "round")
            and "key" not in further
            and any(isinstance(v, ndarray) and v.ndim for v in given[:1])
        ):
            function = words.FUNCTIONS[name]  # as the network language has them
        elif name == "sum" and given:
            given[0] = list(given[0])
            if any(isinstance(one, Instance) for one in given[0]):
                return self.added(*given)
        elif name in _TAKES_FUNCTIONS:
            given, further = [self.plain(v) for v in given], {k: self.plain(v) for k, v in further.items()}
        elif any(isinstance(v, Instance) for v in given) and name not in (
            "list",
            "tuple",
            "print",
            "set",
            "id",
            "zip",
            "enumerate",
        ):
            raise NotFollowed(f"{name} of an instance is not followed")
        return self.by(name, function, given, further)

    def added(self, several: Sequence[Any], total: Any = 0) -> Any:
        """The sum of several values that a class of the code adds."""
        for one in several:
            total = self.added_to(total, one)
        return total

    @abstractmethod
    def added_to(self, a: Any, b: Any) -> Any:
        """a + b."""

    def plain(self, value: Any) -> Any:
        """A function of the code as one that Python calls."""
        return (lambda *given: self.call(value, list(given), {})) if isinstance(value, Function | Bound | Class) else value

    def reflected(self, name: str, given: list[Any]) -> Any:
        """isinstance, hasattr, getattr, setattr, callable."""
        held = given[0] if given else None
        match name, given:
            case "isinstance", [_, kinds]:
                several = kinds if isinstance(kinds, tuple) else (kinds,)
                own = held.kind.order if isinstance(held, Instance) else []
                return any(k in own if isinstance(k, Class) else isinstance(held, k) for k in several)
            case "hasattr", [Instance() as one, str() as attr]:
                return self.has(one, attr)
            case "getattr", [Instance() as one, str() as attr, *default]:
                return self.attribute_of(one, attr) if self.has(one, attr) or not default else default[0]
            case "setattr", [Instance() as one, str() as attr, value]:
                one.names[attr] = value
                return None
            case "callable", [one]:
                return callable(one) or isinstance(one, Function | Bound | Class)
        raise NotFollowed(f"{name} is not followed here")

    def super_(self) -> Super:
        for scope in self.scope.around():
            if scope.owner is not None:
                return Super(scope.owner, scope.first)
        raise NotFollowed("super() stands in no class")

    def by(self, name: str, function: Any, given: list[Any], further: dict[str, Any]) -> Any:
        if not callable(function):
            raise NotFollowed(f"{name} is no function that is followed")
        checked(name, given, further)
        return function(*given, **further)

    def method(self, held: ast.expr, word: str, node: ast.Call) -> Any:
        """x.sum(), several.append(x)."""
        if isinstance(held, ast.Name) and held.id == "self" and self.scope.holding("self") is None:
            return self.call(self.name(word), *self.arguments(node))
        found = self.value(held)
        given, further = self.arguments(node)
        if isinstance(found, Instance | Class | Super):
            return self.call(self.attribute_of(found, word), given, further)
        if not any(isinstance(found, kind) and word in several for kind, several in words.OF_VALUES):
            raise NotFollowed(f"{ast.unparse(held)}.{word} is not followed")
        checked(word, [found, *given] if isinstance(found, ndarray) else given, further)
        if word == "sort" and isinstance(found, list):
            further = {k: self.plain(v) for k, v in further.items()}
        return getattr(found, word)(*given, **further)

    def call(self, function: Any, given: Sequence[Any], further: Mapping[str, Any]) -> Any:
        """What a value that is called gives."""
        match function:
            case Function():
                return self.call_own(function, given, further)
            case Bound(function=own, held=held):
                return self.call_own(own, [held, *given], further)
            case Class():
                self.made += 1
                made = Instance(function, number=self.made)
                self.call(self.attribute_of(made, "__init__"), given, further)
                return made
            case Instance():
                return self.call(self.attribute_of(function, "__call__"), given, further)
        return self.by(getattr(function, "__name__", "it"), function, list(given), dict(further))

    def call_own(self, function: Function, given: Sequence[Any], further: Mapping[str, Any]) -> Any:
        """A function of the code, with names of its own."""
        own, elsewhere = given_by(function.node)
        names = bound(function, given, further)
        scope = Scope(names, function.scope, own, elsewhere, function.owner, given[0] if given else None)
        with self.inside(scope):
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body)
            try:
                self.block(function.node.body)
            except Returned as found:
                return found.value
        return None

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        """What is followed in another scope."""
        outer, self.scope = self.scope, scope
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                raise NotFollowed("functions call each other more deeply than is followed")
            yield
        finally:
            self.scope, self.depth = outer, self.depth - 1


def bound(function: Function, given: Sequence[Any], further: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a function with what it is given. Raises NotFollowed where they do not fit."""
    own = function.node.args
    names = [a.arg for a in (*own.posonlyargs, *own.args)]
    found = dict(zip(reversed(names), reversed(function.defaults), strict=False)) | function.by_name
    found |= dict(zip(names, given, strict=False))
    more = {k: v for k, v in further.items() if k not in {*names, *(a.arg for a in own.kwonlyargs)}}
    twice = set(names[: len(given)]) & further.keys()
    found |= {k: v for k, v in further.items() if k not in more}
    if own.vararg:
        found[own.vararg.arg] = tuple(given[len(names) :])
    if own.kwarg:
        found[own.kwarg.arg] = more
    missing = {*names, *(a.arg for a in own.kwonlyargs)} - found.keys()
    if missing or twice or (len(given) > len(names) and not own.vararg) or (more and not own.kwarg):
        raise NotFollowed("a function is called with other arguments than it takes")
    return found
