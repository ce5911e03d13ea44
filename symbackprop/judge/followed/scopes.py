"""What names stand for where code is followed: scopes as Python has them, functions, classes and their instances."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from symbackprop.judge.followed.words import NotFollowed

Definition = ast.FunctionDef | ast.Lambda


@dataclass(eq=False)
class Scope:
    """Names of a module, of one call of a function, or of a comprehension.

    names      what they stand for.
    outer      the scope around; None for a module.
    own        names that a function gives itself: they are read nowhere else.
    elsewhere  names that a function gives in a scope around it: global, nonlocal.
    owner      of a method: its class; `first` is then what it is called on.
    """

    names: dict[str, Any]
    outer: Scope | None = None
    own: frozenset[str] = frozenset()
    elsewhere: dict[str, str] = field(default_factory=dict)
    owner: Class | None = None
    first: Any = None

    def around(self) -> Iterator[Scope]:
        """This scope and those around it, the nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def holding(self, name: str) -> dict[str, Any] | None:
        """The names among which a name stands. Raises NotFollowed for one that a function reads before it gives it."""
        for scope in self.around():
            if name in scope.names:
                return scope.names
            if name in scope.own:
                raise NotFollowed(f"{name} is read before it is given")
        return None

    def give(self, name: str, value: Any) -> None:
        """Let a name stand for a value, where the scope has it."""
        match self.elsewhere.get(name):
            case "global":
                [*self.around()][-1].names[name] = value
            case "nonlocal":
                for scope in [*self.around()][1:]:
                    if name in scope.names:
                        scope.names[name] = value
                        return
                raise NotFollowed(f"{name} is given nowhere around")
            case _:
                self.names[name] = value


@dataclass(eq=False)
class Function:
    """A function of the code, with the scope in which it was defined.

    defaults   of its last parameters, and by name of those that have only names.
    owner      the class that it is a method of.
    kind       "", "staticmethod", "classmethod" or "property".
    """

    node: Definition
    scope: Scope
    defaults: Sequence[Any] = ()
    by_name: dict[str, Any] = field(default_factory=dict)
    owner: Class | None = None
    kind: str = ""


@dataclass(eq=False)
class Bound:
    """A method and what it is called on."""

    function: Function
    held: Any


@dataclass(eq=False)
class Class:
    """A class of the code."""

    name: str
    bases: tuple[Class, ...]
    names: dict[str, Any]

    @property
    def order(self) -> list[Class]:
        """The classes in which an attribute is looked for."""
        several = [self, *(one for base in self.bases for one in base.order)]
        return [one for k, one in enumerate(several) if one not in several[k + 1 :]]

    def find(self, name: str, after: Class | None = None) -> Any:
        """An attribute of the class, of the classes behind another one; raises KeyError."""
        order = self.order
        for one in order[order.index(after) + 1 if after else 0 :]:
            if name in one.names:
                return one.names[name]
        raise KeyError(name)


@dataclass(eq=False)
class Instance:
    """An instance of a class of the code.

    number   which one it is of those that were made: sets hold them in the same order whenever the code is followed.
    """

    kind: Class
    names: dict[str, Any] = field(default_factory=dict)
    number: int = 0

    def __hash__(self) -> int:
        return self.number


@dataclass(eq=False)
class Super:
    """super(): the attributes of an instance as the classes behind one have them."""

    owner: Class
    held: Any


def given_by(node: Definition) -> tuple[frozenset[str], dict[str, str]]:
    """The names that a function gives itself, and those that it gives in a scope around it."""
    own: set[str] = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    elsewhere: dict[str, str] = {}
    waiting: list[ast.AST] = [*node.body] if isinstance(node, ast.FunctionDef) else []
    while waiting:
        one = waiting.pop()
        match one:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                own.add(name)
                continue
            case ast.Global(names=names):
                elsewhere |= dict.fromkeys(names, "global")
            case ast.Nonlocal(names=names):
                elsewhere |= dict.fromkeys(names, "nonlocal")
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                own.add(name)
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                own |= {n.target.id for n in ast.walk(one) if isinstance(n, ast.NamedExpr)}
                continue
            case ast.ExceptHandler(name=str() as name):
                own.add(name)
        waiting += ast.iter_child_nodes(one)
    return frozenset(own - elsewhere.keys()), elsewhere
