"""Inputs for tensors with operators: `parameter("W_1", "h d")`, and `parameter["h, d"]` as an annotation."""

from __future__ import annotations

import ast
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.errors import shown
from symbackprop.core.program import size
from symbackprop.language.tensors import Tensor
from symbackprop.notation.declarations import Kind, Reading, input_tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import parsed
from symbackprop.notation.vocabulary import DOMAINS, name_fault


class Declaration:
    """A way to declare an input: called with a name and sizes it makes a tensor, with brackets it is an annotation.

    Sizes are names, whole numbers, or expressions of them: "h d", "h, d", "h - k + 1, d", (3, "d"), "" for a scalar. Of
    `integers`, the last is the size that the entries stay below.
    """

    def __init__(self, kind: str, domain: str | None, doc: str) -> None:
        self.kind, self.domain, self.__doc__ = kind, domain, doc

    def __call__(self, name: str, *sizes: Any, domain: str | None = None) -> Tensor:
        fault = name_fault(name)
        if fault:
            raise NotationError(*fault)
        if domain is not None and domain not in DOMAINS:
            raise NotationError(f"{name}: there is no domain {shown(domain)}.", f"The domains are {', '.join(DOMAINS)}.")
        kind = Kind(self.kind, domain or self.domain, sizes_of(name, sizes))
        return input_tensor(name, kind, NotationError)

    def __getitem__(self, sizes: Any) -> Declaration:
        """An annotation; `network` reads its text."""
        return self

    def __and__(self, other: Any) -> Declaration:
        return self

    def __repr__(self) -> str:
        return f"{self.kind if self.domain is None else self.domain}[...]"


def sizes_of(name: str, sizes: Any) -> tuple[Expr, ...]:
    """The sizes that a person gave, flat."""
    result: list[Expr] = []
    for one in sizes:
        if isinstance(one, str):
            result += _spelled(name, one)
        elif isinstance(one, tuple | list):
            result += sizes_of(name, one)
        elif isinstance(one, int) and not isinstance(one, bool):
            result.append(sp.Integer(one))
        elif isinstance(one, Expr):
            known: dict[Any, Any] = {s: size(str(s)) for s in one.free_symbols}
            result.append(sp.expand(one.xreplace(known)))
        else:
            raise NotationError(f"{name}: {shown(one)} is no size.", 'Write names and whole numbers: "h d", or (3, "d").')
    return tuple(result)


def _spelled(name: str, text: str) -> list[Expr]:
    """Sizes separated by commas, or by spaces where no operator joins them."""
    if not text.strip():
        return []
    parts = text.split(",") if "," in text else [text]
    if len(parts) == 1:
        try:
            ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            parts = text.split()
    return [_size(name, part.strip()) for part in parts if part.strip()]


def _size(name: str, text: str) -> Expr:
    unreadable = NotationError(f"{name}: {text!r} is no size.", 'Write names and whole numbers: "h d".')
    try:
        tree, source = parsed(text, "")
    except NotationError:
        raise unreadable from None
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise unreadable
    try:
        return Reading(source, _named).size(tree.body[0].value)
    except NotationError as error:
        raise NotationError(f"{name}: {text!r} is no size: {error.fault}", error.mend) from None


def _named(node: ast.Name) -> Expr:
    fault = name_fault(node.id)
    if fault:
        raise NotationError(*fault)
    return size(node.id)


parameter = Declaration("parameter", None, """What is learnt, as a tensor: parameter("W_1", "h d") has the shape (h, d).""")
data = Declaration(
    "data", None, """What is given, as a tensor: data("x", "n d") has the shape (n, d), data("lam", "") is a scalar."""
)
labels = Declaration("labels", None, """Probabilities or one-hot rows: labels("y", "n c") sums to one along its last axis.""")
integers = Declaration("integers", None, """Whole numbers from 0: integers("t", "n", "v") has the shape (n,) and values below v.""")
positive = Declaration("data", "positive", """Data above 0: positive("x", "n").""")
unit = Declaration("data", "unit", """Data between 0 and 1: unit("p", "n").""")
symmetric = Declaration("data", "symmetric", """A matrix that is its own transpose: symmetric("A", "n") has the shape (n, n).""")
spd = Declaration("data", "spd", """A symmetric matrix that is positive definite: spd("K", "n") has the shape (n, n).""")
orthogonal = Declaration(
    "data", "orthogonal", """A matrix whose inverse is its transpose: orthogonal("Q", "n") has the shape (n, n)."""
)
binary = Declaration("data", "binary", """Data that is 0 or 1: binary("m", "n d").""")
