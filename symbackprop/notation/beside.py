"""What stands beside a function that is read: the helpers that it calls, and numbers. They are read as well, and never run."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any

from symbackprop.notation.errors import Source
from symbackprop.notation.functions import Helper
from symbackprop.notation.identifiers import identifiers


@dataclass(frozen=True)
class Beside:
    """Helpers and numbers by their names.

    others names of what else stands there, such as arrays.
    sums   whether `sum` is Python's own there, and no import or definition gives the word another meaning.
    """

    helpers: dict[str, Helper] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    sums: bool = True


def beside_in_file(body: Sequence[ast.stmt], text: str, file: str) -> Beside:
    """The functions and the numbers of a file."""
    source = Source(file, tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))
    found = Beside(sums=not any(_gives(node, "sum") for node in body))
    for node in body:
        match node:
            case ast.FunctionDef(name=name):
                found.helpers[name] = Helper(node, source)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
                found.helpers[name] = Helper.of_lambda(name, value, source)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int() | float() as number)):
                found.numbers[name] = number
            case ast.Assign(targets=targets):
                found.others.update(node.id for one in targets for node in identifiers(one))
            case _:
                pass
    return found


def beside(function: Callable[..., Any]) -> Beside:
    """The functions of a person's own module that a function calls, and those that they call; and its numbers."""
    outer = _around(function) if isinstance(function, FunctionType) else {}
    found = Beside(sums=outer.get("sum", sum) is sum)
    waiting: list[Any] = [function]
    seen: set[Any] = set()
    while waiting:
        one = waiting.pop()
        if not isinstance(one, FunctionType):
            continue
        known = _around(one)
        for name in sorted(_names(one.__code__)):
            value = known.get(name)
            if type(value) in (int, float):
                found.numbers[name] = value
            elif name in known and not callable(value) and not isinstance(value, ModuleType):
                found.others.add(name)
            if not isinstance(value, FunctionType) or value.__module__ != function.__module__ or value in seen:
                continue
            seen.add(value)
            helper = _read(value)
            if helper is not None:
                found.helpers[name] = helper
                waiting.append(value)
    return found


def _around(function: FunctionType) -> dict[str, Any]:
    """What the names of a function that are not its own stand for."""
    return {**function.__globals__, **inspect.getclosurevars(function).nonlocals}


def _gives(node: ast.stmt, name: str) -> bool:
    """Whether a statement of a file gives a name a meaning."""
    match node:
        case ast.ImportFrom(names=names) | ast.Import(names=names):
            return any((one.asname or one.name) in (name, "*") for one in names)
        case ast.FunctionDef(name=own) | ast.ClassDef(name=own):
            return own == name
        case ast.Assign(targets=targets):
            return any(isinstance(target, ast.Name) and target.id == name for target in targets)
        case _:
            return False


def _names(code: CodeType) -> set[str]:
    """What code and the functions inside it name beside their local variables."""
    inner = [_names(part) for part in code.co_consts if isinstance(part, CodeType)]
    return {*code.co_names, *code.co_freevars}.union(*inner)


def _read(function: FunctionType) -> Helper | None:
    """A function by its source; None where there is none, as of a lambda within an expression."""
    try:
        lines, first = inspect.getsourcelines(function)
        text = "".join(lines)
        whole = textwrap.dedent(text)
        node = ast.parse(whole).body[0]
    except (OSError, TypeError, SyntaxError, ValueError, IndexError):
        return None
    indent = len(text) - len(text.lstrip(" \t"))
    source = Source(inspect.getsourcefile(function) or "<function>", tuple(whole.split("\n")), max(first, 1), indent)
    match node:
        case ast.FunctionDef():
            return Helper(node, source)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
            return Helper.of_lambda(name, value, source)
    return None
