"""Widths that differ from step to step: W[l]: parameter[h[l], h[l-1]] has a size h for every step."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import sympy as sp
from sympy import Expr

from symbackprop.core.program import position, size
from symbackprop.core.widths import width
from symbackprop.notation.declarations import Reading
from symbackprop.notation.errors import NotationError
from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.indices import items_of, number

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

MEND = "Write a number, a size or the letter of the declaration: W[l]: parameter[h[l], h[l-1]]."


class Widths:
    """The sizes of a text that stand with a number: h[0], h[l-1], h[n].

    names     what they are called.
    read      those that were read, with their numbers.
    last      the largest number of each, h[n], by name.
    counted   the letters that count them in the declaration of a stack, l of parameter[n, h[l+1], h[l]].
    apart     whether every step has its own; else all have one, h, by which the loop is kept.
    """

    def __init__(self, reader: Reader, apart: bool) -> None:
        self.reader, self.apart = reader, apart
        self.names: set[str] = set()
        self.read: list[tuple[str, Expr]] = []
        self.last: dict[str, Expr] = {}
        self.counted: set[str] = set()

    def foresee(self, statement: ast.stmt) -> None:
        """Note the names that stand with a number among the sizes of a declaration."""
        if isinstance(statement, ast.AnnAssign):
            kind = statement.annotation
            while isinstance(kind, ast.BinOp):  # parameter[n] & positive
                kind = kind.left
            match statement.annotation:
                case ast.Subscript(value=ast.Name()) as plain if all(
                    isinstance(n, ast.Name | ast.Constant) for n in items_of(plain)
                ):
                    return
            for node in ast.walk(statement.annotation):
                if isinstance(node, ast.Subscript) and node is not kind and isinstance(node.value, ast.Name):
                    self.names.add(node.value.id)

    def foresee_stacks(self, declarations: Sequence[ast.expr], body: Sequence[ast.stmt]) -> None:
        """Note the names in declarations whose stacks have an axis of steps, and the letters that count them."""
        for annotation in declarations:
            self.foresee(ast.AnnAssign(ast.Name("_"), annotation, None, 1))
        widths = [n for one in declarations for n in ast.walk(one) if self._is_width(n)]
        inner = {id(n): n for width in widths for n in identifiers(width.slice)}
        others = [n for one in (*declarations, *body) for n in identifiers(one) if id(n) not in inner]
        loops = (n.target for one in body for n in ast.walk(one) if isinstance(n, ast.For))
        steps = names_in(*loops)
        self.counted = {n.id for n in inner.values()} & steps | {n.id for n in inner.values()} - {n.id for n in others}

    def stack(self, annotation: ast.expr) -> tuple[list[str], ast.expr] | None:
        """The letters that count the steps of a stack, and the declaration of one step; None where it is none.

        parameter[n, h[l+1], h[l]] is n arrays, of which the one with the number l is h[l+1] by h[l].
        """
        if not self.counted:
            return None
        letters = [n.id for one in ast.walk(annotation) if self._is_width(one) for n in ast.walk(one.slice)
                   if isinstance(n, ast.Name) and n.id in self.counted]  # fmt: skip
        if not letters or not isinstance(annotation, ast.Subscript):
            return None
        sizes = items_of(annotation)
        letters = list(dict.fromkeys(letters))
        if len(letters) > 1 or len(sizes) < 2 or self.differ(sizes[0]):
            text, letter = self.reader.source.segment(annotation), letters[0]
            mend = f"Write the number of steps first, one letter for all: parameter[n, h[{letter}+1], h[{letter}]]."
            raise self.reader.fault(annotation, f"{text}: nothing tells how many steps there are.", mend)
        rest = sizes[1] if len(sizes) == 2 else ast.copy_location(ast.Tuple(sizes[1:], ast.Load()), annotation.slice)
        return letters, ast.copy_location(ast.Subscript(annotation.value, rest, ast.Load()), annotation)

    def _is_width(self, node: ast.AST) -> TypeGuard[ast.Subscript]:
        return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in self.names

    def size(self, node: ast.expr, letters: Sequence[str] = ()) -> Expr | None:
        """What h[l] stands for among sizes, in a declaration with these letters; None for any other expression."""
        if not self._is_width(node):
            return None
        assert isinstance(node.value, ast.Name)
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

    def on_paper(self, annotation: ast.expr, letters: Mapping[str, Expr]) -> tuple[Expr | None, ...]:
        """The sizes of a declaration that differ from layer to layer, h[l-1], by axis; None for another one.

        letters   what the letters of the declaration are at the position along their axes.
        """
        if self.apart or not self.differ(annotation):
            return ()
        reader, number_of = self.reader, dict[Any, Expr]({position(c): at for c, at in letters.items()})

        def measured(node: ast.expr) -> Expr | None:
            if not self._is_width(node):
                return None
            assert isinstance(node.value, ast.Name)
            return width(node.value.id, sp.expand(self._index(node, tuple(letters)).xreplace(number_of)))

        sizes = Reading(reader.source, reader.size_named, measured).kind(annotation).sizes or ()
        return tuple(n if n.has(sp.Indexed) else None for n in sizes)

    def differ(self, annotation: ast.expr) -> bool:
        """Whether a declaration is of another shape at each step."""
        if not self.names:
            return False
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
