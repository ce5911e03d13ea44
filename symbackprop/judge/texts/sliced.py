"""The lines of code that one name is made of: a fault in the others is none of its own."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from copy import deepcopy

from symbackprop.notation.identifiers import names_in


def sliced(body: Sequence[ast.stmt], name: str) -> list[ast.stmt]:
    """The statements that give a name its value, and those that give what these read; of loops and branches their own."""
    linked, needed = _linked(body), {name}
    while True:
        before = set(needed)
        found = _kept(body, needed, linked)
        if needed == before:
            return found


def _kept(body: Sequence[ast.stmt], needed: set[str], linked: Sequence[set[str]]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for statement in reversed(body):
        match statement:
            case ast.For(body=inner, orelse=[]):
                parts = [_kept(inner, needed, linked)]
            case ast.If(body=inner, orelse=other):
                parts = [_kept(inner, needed, linked), _kept(other, needed, linked)]
            case _:
                if isinstance(statement, ast.Continue | ast.Break) or _written(statement, linked) & needed:
                    needed |= names_in(statement)
                    found.append(statement)
                continue
        if any(parts):
            own = deepcopy(statement)
            own.body, own.orelse = parts[0] or [ast.copy_location(ast.Pass(), statement)], parts[1] if len(parts) > 1 else []  # type: ignore[attr-defined]
            needed |= (
                names_in(statement.iter) | names_in(statement.target)
                if isinstance(statement, ast.For)
                else names_in(statement.test)
            )  # type: ignore[union-attr]
            found.append(own)
    return found[::-1]


def given_in(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a value, or whose array it changes."""
    match statement:
        case ast.Assign(targets=targets):
            return {n.id for t in targets for n in [_base(t)] if n is not None}
        case ast.AugAssign(target=target):
            return {n.id for n in [_base(target)] if n is not None}
        case ast.Expr(value=ast.Call(args=[ast.Name(id=name), *_])):
            return {name}
    return set()


def _base(target: ast.expr) -> ast.Name | None:
    while isinstance(target, ast.Subscript):
        target = target.value
    return target if isinstance(target, ast.Name) else None


def _written(statement: ast.stmt, linked: Sequence[set[str]]) -> set[str]:
    """The names that a statement may give other values; what else may hold the array that it changes among them."""
    match statement:
        case ast.Assign(targets=targets) if all(isinstance(n, ast.Name | ast.Tuple | ast.List) for n in targets):
            return names_in(*targets)
        case ast.Assign(targets=targets):
            own = set[str]().union(*map(names_in, targets))
        case ast.AugAssign(target=target):
            own = names_in(target)
        case _:
            own = names_in(statement)  # a call may change whatever stands in it
    return own.union(*(several for several in linked if several & own))


def _bases(target: ast.expr) -> set[str]:
    """The names that a target gives values, or whose entries it does."""
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return set[str]().union(*map(_bases, parts))
        case ast.Subscript(value=inner) | ast.Attribute(value=inner) | ast.Starred(value=inner):
            return _bases(inner)
    return names_in(target)


def _linked(body: Sequence[ast.stmt]) -> list[set[str]]:
    """Names that may hold one array: dz = da, row = dW[0]."""
    found: list[set[str]] = []
    for statement in (n for one in body for n in ast.walk(one)):
        match statement:
            case ast.Assign(value=value, targets=targets):
                several = _held(value).union(*map(_bases, targets))
            case ast.For(target=target, iter=value):
                several = names_in(target) | _held(value)
            case _:
                continue
        met = [one for one in found if one & several]
        found = [one for one in found if not one & several] + [several.union(*met)]
    return found


_VIEWS = frozenset(
    [
        "reshape",
        "ravel",
        "view",
        "asarray",
        "array",
        "transpose",
        "squeeze",
        "swapaxes",
        "expand_dims",
        "zip",
        "enumerate",
        "reversed",
    ]
)


def _held(value: ast.expr) -> set[str]:
    """The names whose arrays a value may be, or look into."""
    match value:
        case ast.Name(id=name):
            return {name}
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
            return _held(inner)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return set[str]().union(*map(_held, parts))
        case ast.IfExp(body=one, orelse=other):
            return _held(one) | _held(other)
        case ast.Call(func=ast.Attribute(value=inner, attr=called), args=given) if called in _VIEWS:
            of_package = isinstance(inner, ast.Name) and inner.id in ("np", "numpy")
            return set[str]().union(*map(_held, given)) if of_package else _held(inner)
        case ast.Call(func=ast.Name(id=called), args=given) if called in _VIEWS:
            return set[str]().union(*map(_held, given))
    return set()
