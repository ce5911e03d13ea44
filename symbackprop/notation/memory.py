"""Which names of straight-line code hold one array, as in NumPy: what is written through one of them is written for all."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

VIEWS = frozenset(["reshape", "ravel", "transpose", "swapaxes", "squeeze", "diagonal", "moveaxis", "expand_dims", "broadcast_to"])
SHARING = frozenset(["asarray", "ascontiguousarray"])


class Memory:
    """The arrays behind names: a name that was never assigned has the array that is called like it.

    held      the array of an assigned name.
    base      of an array that is a view: the array that it looks into.
    changed   arrays whose values are no longer known, with the name through which another array of theirs was written.
    """

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.base: dict[str, str] = {}
        self.changed: dict[str, str] = {}
        self._made = 0

    def of(self, name: str) -> str:
        """The array that a name holds."""
        return self.held.get(name, name)

    def root(self, name: str) -> str:
        array = self.of(name)
        return self.base.get(array, array)

    def assign(self, name: str, expression: ast.expr, known: Callable[[str], bool]) -> None:
        """name = expression: the same array, a view of one, or a new one."""
        same, looked_into = _source(expression)
        source = same or looked_into
        if same and known(same):
            self.held[name] = self.of(same)
            return
        self._made += 1
        array = f"{name} {self._made}"  # no name has a space in it
        if source and known(source):
            self.base[array] = self.root(source)
        self.held[name] = array

    def write(self, name: str) -> list[str]:
        """The names that hold what is written through a name; what only looks into the same array is not known from now on."""
        array, root = self.of(name), self.root(name)
        others = {a for a in (root, *self.held.values()) if self.base.get(a, a) == root} - {array}
        self.changed |= dict.fromkeys(others, name)
        self.changed.pop(array, None)
        return [n for n in {*self.held, name, array} if self.of(n) == array]

    def through(self, name: str) -> str | None:
        """The name through which a name's array was changed in a way that is not followed; None where it is known."""
        return self.changed.get(self.of(name))


def _source(node: ast.expr) -> tuple[str | None, str | None]:
    """The name whose array an expression is, and the name into whose array it looks; None for neither."""
    match node:
        case ast.Name(id=name):
            return name, None
        case ast.Call(func=ast.Attribute(attr=attr), args=[inner]) if attr in SHARING:
            return _source(inner)
        case ast.Attribute(value=inner, attr="T"):
            return None, _looked_into(inner)
        case ast.Subscript(value=inner, slice=index) if _is_basic(index):
            return None, _looked_into(inner)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy" | "jnp"), attr=attr), args=[inner, *_]) if attr in VIEWS:
            return None, _looked_into(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr=attr)) if attr in VIEWS:
            return None, _looked_into(inner)
    return None, None


def _looked_into(node: ast.expr) -> str | None:
    same, other = _source(node)
    return same or other


def _is_basic(index: ast.expr) -> bool:
    """Whether NumPy gives a view for an index: slices, whole numbers, None and ... alone."""
    match index:
        case ast.Tuple(elts=several):
            return all(map(_is_basic, several))
        case ast.Slice() | ast.Constant() | ast.Attribute(attr="newaxis"):
            return True
        case ast.UnaryOp(operand=ast.Constant()):
            return True
    return False


def replaced(held: Any, done: dict[int, tuple[Any, Any]]) -> Any:
    """A value, or several, with others in the place of some; what is held twice stays one.

    done   by its identity, a value and what stands in its place.
    """
    if id(held) not in done and isinstance(held, tuple | dict):
        parts = held.values() if isinstance(held, dict) else held
        found = [replaced(one, done) for one in parts]
        if all(one is other for one, other in zip(found, parts, strict=True)):
            return held
        if isinstance(held, dict):
            held.update(zip(held, found, strict=True))
            return held
        done[id(held)] = held, type(held)(found)
    return done.get(id(held), (held, held))[1]
