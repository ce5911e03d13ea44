"""Calls of helper functions that stand beside the function that is read: their lines are read in the place of the call.

Hygiene: a helper sees its arguments, the other functions of the file and its numbers, and nothing of its caller. A local name
that is taken in the report gets a number, `z_2`; what it changes in place is changed for its caller, as in NumPy.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from symbackprop.core.functions import FUNCTIONS
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.functions import Helper, Layer, Named, Second
from symbackprop.notation.loops.prepared import prepared
from symbackprop.notation.reader import Reader
from symbackprop.notation.rounds import LONGEST
from symbackprop.notation.statements import statement
from symbackprop.notation.truth import decided

_DEEPEST = 30  # helpers that call helpers


def inlined(reader: Reader, node: ast.Call, helper: Helper) -> Any:
    """What a call of a helper returns.

    Raises NotationError where it calls itself, returns nothing, or is not called as it is defined.
    """
    name = helper.function.name
    running = [scope.function for scope in reader.callers]
    if helper.function in running or len(running) >= _DEEPEST:
        fault = f"{name} calls itself." if helper.function in running else "helpers call helpers too deep."
        raise reader.evaluator.unread(node, fault, "Write its steps out one by one.")
    reader.rounds += 1
    if reader.rounds > LONGEST:
        raise reader.evaluator.unread(node, f"helpers are called more than {LONGEST:,} times.", "Write fewer steps.")
    values, functions = _bound(reader, node, helper)
    with _inside(reader, helper, values, functions):
        found = returned(reader, _body(reader, helper))
        if found is None or found.value is None:
            raise reader.fault(helper.function, f"{name} returns nothing.", "End it with return and a value.")
        value = reader.evaluator.value(found.value)
    if isinstance(value, Tensor) and value.name in reader.outputs and reader.outputs[value.name] is value:
        reader.lent[id(value)] = value  # the caller may give it a name of their own
    return value


def returned(reader: Reader, body: list[ast.stmt]) -> ast.Return | None:
    """Read statements up to the return that is reached, also under an `if` on constants; None where there is none."""
    for number, node in enumerate(body):
        if isinstance(node, ast.Return):
            if number + 1 < len(body):
                raise reader.fault(body[number + 1], "nothing follows the return.", "Leave the line out, or move it up.")
            return node
        if isinstance(node, ast.If) and any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
            found = returned(reader, node.body if decided(reader.evaluator, node.test) else node.orelse)
            if found is not None:
                return found
        else:
            statement(reader, node)
    return None


def _bound(reader: Reader, node: ast.Call, helper: Helper) -> tuple[dict[str, Any], dict[str, Named | Second | Layer | Helper]]:
    """The arguments by name: values, and functions that are handed on."""
    a = helper.function.args
    name = helper.function.name
    if a.vararg or a.kwarg:
        raise reader.evaluator.unread(node, f"{name} takes arguments by *.", "Write the arguments one by one.")
    positional = [one.arg for one in (*a.posonlyargs, *a.args)]
    every = [*positional, *(one.arg for one in a.kwonlyargs)]
    placed, named = _spread(reader, node)
    given = dict(zip(positional, placed, strict=False)) | named
    defaults = dict(zip(reversed(positional), reversed(a.defaults), strict=False))
    defaults |= {one.arg: value for one, value in zip(a.kwonlyargs, a.kw_defaults, strict=True) if value is not None}
    if len(placed) > len(positional) or not set(given) <= set(every) or not set(every) <= {*given, *defaults}:
        raise reader.fault(node, f"{name} is called otherwise than it is defined.", f"It is def {name}({', '.join(every)}).")
    values: dict[str, Any] = {}
    functions: dict[str, Named | Second | Layer | Helper] = {}
    for argument in every:
        own = given.get(argument)
        meant = _function(reader, own) if isinstance(own, ast.expr) else None
        if meant is not None:
            functions[argument] = meant
        elif isinstance(own, ast.expr):
            values[argument] = reader.evaluator.value(own)
        elif own is not None:
            values[argument] = own.value
        else:
            values[argument] = _default(reader, helper, defaults[argument])
    return values, functions


@dataclass(frozen=True)
class _Given:
    """An argument whose value is known already: one of *state, or of **state."""

    value: Any


def _spread(reader: Reader, node: ast.Call) -> tuple[list[ast.expr | _Given], dict[str, ast.expr | _Given]]:
    """The arguments by position and by name, with those of *state and **state one by one."""
    placed: list[ast.expr | _Given] = []
    for one in node.args:
        several = reader.evaluator.value(one.value) if isinstance(one, ast.Starred) else None
        if isinstance(one, ast.Starred) and not isinstance(several, tuple):
            fault = f"{reader.source.segment(one.value)} is not several values."
            raise reader.evaluator.unread(one, fault, "Write the arguments one by one.")
        placed += [one] if several is None else map(_Given, several)
    named: dict[str, ast.expr | _Given] = {}
    for keyword in node.keywords:
        if keyword.arg is not None:
            named[keyword.arg] = keyword.value
            continue
        held = reader.evaluator.value(keyword.value)
        if not isinstance(held, dict):
            fault = f"{reader.source.segment(keyword.value)} is no dict."
            raise reader.evaluator.unread(keyword, fault, "Write the arguments one by one.")
        named |= {key: _Given(value) for key, value in held.items()}
    return placed, named


def _function(reader: Reader, node: ast.expr) -> Named | Second | Layer | Helper | None:
    """The function that an argument hands on: of the language, np.tanh, or of a person's; None where it is a value."""
    match node:
        case ast.Name(id=name):
            return reader.evaluator.handed_on(node) or (Second(name) if reader.is_function(name) else None)
        case ast.Attribute(value=inner, attr=name) if reader.evaluator.package(inner) and name in FUNCTIONS:
            return Second(name)
    return None


def _default(reader: Reader, helper: Helper, node: ast.expr) -> Any:
    with _inside(reader, helper, {}, {}):
        return reader.evaluator.value(node)


def _body(reader: Reader, helper: Helper) -> list[ast.stmt]:
    a = helper.function.args
    return prepared(reader, helper.function.body, [one.arg for one in (*a.posonlyargs, *a.args, *a.kwonlyargs)])


@contextmanager
def _inside(
    reader: Reader, helper: Helper, values: Mapping[str, Any], functions: Mapping[str, Named | Second | Layer | Helper]
) -> Iterator[None]:
    """The reader within a helper: with its source and its names alone."""
    evaluator = reader.evaluator
    kept = reader.names, reader.sizes, reader.later, reader.written, reader.source
    own, helpers, statements = evaluator.functions, evaluator.helpers, reader.statements
    closed = reader.names if helper.inside else {}
    reader.callers.append(helper)
    reader.held.append(reader.names)
    reader.above.append(statements)
    reader.reserved.append({*reader.names, *reader.sizes, *reader.later})
    reader.names = {**closed, **values}
    reader.sizes = dict(reader.sizes) if helper.inside else {}
    reader.later, reader.written, reader.statements = {}, Counter(), []
    reader.source = evaluator.source = helper.source
    steps = reader.steps
    reader.steps = steps if helper.inside else steps.apart()
    evaluator.functions = {n: f for n, f in functions.items() if not isinstance(f, Helper)} | (own if helper.inside else {})
    beside = helpers if helper.inside else {n: h for n, h in helpers.items() if not h.inside}
    evaluator.helpers = beside | {n: f for n, f in functions.items() if isinstance(f, Helper)}
    try:
        reader.foresee(_body(reader, helper))
        yield
    except RecursionError:
        raise NotationError("helpers are nested too deep.", "Write their steps out.") from None
    finally:
        reader.steps = steps
        reader.callers.pop()
        reader.held.pop()
        reader.above.pop()
        reader.reserved.pop()
        reader.names, reader.sizes, reader.later, reader.written, reader.source = kept
        reader.statements, evaluator.source = statements, kept[-1]
        evaluator.functions, evaluator.helpers = own, helpers
