"""Widths that differ from step to step: W[l]: parameter[h[l], h[l-1]] has a size h for every step."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import size
from symbackprop.notation.errors import NotationError
from symbackprop.notation.loops.indices import number

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

MEND = "Write a number, a size or the letter of the declaration: W[l]: parameter[h[l], h[l-1]]."


class Widths:
    """The sizes of a text that stand with a number: h[0], h[l-1], h[n].

    names     what they are called.
    read      those that were read, with their numbers.
    last      the largest number of each, h[n], by name.
    apart     whether every step has its own; else all have one, h, by which the loop is kept.
    """

    def __init__(self, reader: Reader, apart: bool) -> None:
        self.reader, self.apart = reader, apart
        self.names: set[str] = set()
        self.read: list[tuple[str, Expr]] = []
        self.last: dict[str, Expr] = {}

    def foresee(self, statement: ast.stmt) -> None:
        """Note the names that stand with a number among the sizes of a declaration."""
        if isinstance(statement, ast.AnnAssign):
            for node in ast.walk(statement.annotation):
                if isinstance(node, ast.Subscript) and node is not statement.annotation and isinstance(node.value, ast.Name):
                    self.names.add(node.value.id)

    def size(self, node: ast.expr, letters: Sequence[str] = ()) -> Expr | None:
        """What h[l] stands for among sizes, in a declaration with these letters; None for any other expression."""
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name) or node.value.id not in self.names:
            return None
        reader, name = self.reader, node.value.id
        if name in reader.names:
            raise reader.fault(node, f"{name} is a tensor, not a size.", "Give the size a name of its own.")
        given: Any = (reader.numbers or {}).get(name)
        index = self._index(node, () if self.apart and not isinstance(given, int) else letters)
        self.read.append((name, index))
        if not letters:
            self.reach(name, index)
        if not self.apart or isinstance(given, int):
            reader.sizes.setdefault(name, sp.Integer(given) if isinstance(given, int) else size(name))
            return reader.sizes[name]
        if given is None:
            return size(f"{name}_{index}")
        if not 0 <= int(index) < len(given):
            fault = f"{reader.source.segment(node)} is {name}[{index}], and there are {len(given)} widths {name}."
            raise reader.fault(node, fault, f"Give {int(index) + 1} of them, from {name}[0] on.")
        return sp.Integer(int(given[int(index)]))

    def differ(self, annotation: ast.expr) -> bool:
        """Whether a declaration is of another shape at each step."""
        given = self.reader.numbers or {}
        several = (n.value.id for n in ast.walk(annotation) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name))
        return any(name in self.names and not isinstance(given.get(name), int) for name in several)

    def reach(self, name: str, index: Expr) -> None:
        """Note that there is a width of a number."""
        known = self.last.setdefault(name, index)
        if sp.expand(index - known).is_positive:
            self.last[name] = index

    def _index(self, node: ast.Subscript, letters: Sequence[str]) -> Expr:
        """The number of a width, with these letters as symbols."""
        try:
            index = number(self.reader, node.slice, letters, self.reader.size_named)
        except NotationError as error:
            raise self.reader.fault(node, error.fault, MEND) from None
        if index.is_negative:
            raise self.reader.fault(node, f"{self.reader.source.segment(node)}: there is no width {index}.", "The first is 0.")
        return index

    def lone(self, node: ast.Name) -> NotationError | None:
        """What is said of h alone, where h[l] is a size; None for any other name."""
        if node.id not in self.names:
            return None
        return self.reader.fault(node, f"{node.id} is a size of each step, {node.id}[l].", f"Write {node.id}[0] for the first.")
