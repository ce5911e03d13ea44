"""Parameters in one vector: W1 = theta[:h*d].reshape(h, d), and gradients put one behind the other again."""

from __future__ import annotations

import ast
from collections.abc import Sequence

_JOINS = frozenset(["concatenate", "hstack", "append", "concat"])


def packs(tree: ast.AST) -> bool:
    """Whether code takes slices of a vector apart into arrays, and puts several into one vector."""
    return bool(sliced_names(tree)) and any(
        isinstance(n, ast.Call) and ast.unparse(n.func).rpartition(".")[2] in _JOINS and _flattens(n) for n in ast.walk(tree)
    )


def sliced_names(tree: ast.AST) -> list[str]:
    """The names of which slices are given shapes: theta of theta[:h*d].reshape(h, d)."""
    found = dict[str, None]()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Subscript(value=ast.Name(id=name), slice=ast.Slice()), attr="reshape")):
                found[name] = None
            case ast.Call(func=ast.Attribute(attr="reshape"), args=[ast.Subscript(value=ast.Name(id=name), slice=ast.Slice()), *_]):
                found[name] = None
    return list(found)


def order_of(tree: ast.AST, parameters: Sequence[str]) -> list[str]:
    """The parameters in the order in which code takes them out of their vector; in their own where it calls them otherwise."""
    names = set(sliced_names(tree))
    taken = dict[str, None]()
    for node in sorted((n for n in ast.walk(tree) if isinstance(n, ast.Assign)), key=lambda n: n.lineno):
        if any(
            isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name) and n.value.id in names for n in ast.walk(node.value)
        ):
            taken |= {t.id: None for t in node.targets if isinstance(t, ast.Name) and t.id in parameters}
    return list(taken) if {*taken} == {*parameters} else list(parameters)


def _flattens(call: ast.Call) -> bool:
    inner = [n for one in call.args for n in ast.walk(one)]
    return any(isinstance(n, ast.Attribute) and n.attr in ("ravel", "flatten", "reshape") for n in inner)
