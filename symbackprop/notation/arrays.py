"""Names that nobody declared are taken to be numbers; where they are used as arrays, a person is asked for their shapes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from symbackprop.core.program import Sum, slot
from symbackprop.language.tensors import Tensor, letters
from symbackprop.notation.errors import NotationError
from symbackprop.notation.vocabulary import functions

PRODUCTS = ("dot", "matmul", "inner")
MODULES = ("reductions", "norms", "products", "shapes", "parts", "linear_algebra")  # of operations that are about axes
LONGEST = 10_000  # tensors of an expression that are looked at

Asking = Callable[[ast.AST, Mapping[str, str]], NotationError]


@lru_cache(maxsize=1)
def of_arrays() -> frozenset[str]:
    """The functions that say something of arrays only."""
    return frozenset(name for name, f in functions().items() if f.__module__.rpartition(".")[2] in MODULES)


class Arrays:
    """The demand that a value be an array.

    taken   names that were taken to be numbers.
    asked   the error that asks for names, each with a shape that would fit.
    """

    def __init__(self, taken: set[str], asked: Asking) -> None:
        self.taken, self.asked = taken, asked

    def axes(self, node: ast.AST, value: Any) -> Any:
        """The value. Raises NotationError where it is made of names alone that were taken to be numbers."""
        names = self.numbers(value)
        if names:
            raise self.asked(node, dict.fromkeys(names, "n"))
        return value

    def product(self, node: ast.AST, a: Any, b: Any) -> None:
        """Ask for the names in a product of arrays, with the sizes that the other operand has."""
        left, right = self.numbers(a), self.numbers(b)
        if left or right:
            inner = a.shape[-1] if _has_axes(a) else b.shape[-2 if b.ndim > 1 else 0] if _has_axes(b) else "d"
            outer = next(c for c in ("n", "m", "h") if c != str(inner))
            raise self.asked(node, dict.fromkeys(left, f"{outer}, {inner}") | dict.fromkeys(right, str(inner)))

    def numbers(self, value: Any) -> list[str]:
        """The names taken to be numbers that a value without axes is made of; none where an array stands in it."""
        if not self.taken or not isinstance(value, Tensor) or value.shape:
            return []
        seen: dict[int, Tensor] = {}
        stack = [value]
        while stack and len(seen) < LONGEST:
            tensor = stack.pop()
            if id(tensor) not in seen:
                seen[id(tensor)] = tensor
                stack += [operand for operand, _ in reversed(tensor.operands)]
        if any(tensor.shape for tensor in seen.values()):
            return []
        return [tensor.name for tensor in seen.values() if tensor.is_input and tensor.name in self.taken]


DECLARED = Arrays(set(), lambda node, shapes: NotationError(f"{', '.join(shapes)}: the shapes are not declared."))
"""Every name was declared."""


def _has_axes(value: Any) -> bool:
    return isinstance(value, Tensor) and bool(value.shape)


def copied(tensor: Tensor) -> Tensor:
    """y = x, as an equation: a second name for an input is a value of its own."""
    index = letters(tensor.ndim)
    return Tensor(tensor.shape, Sum(slot(0), (slot(0),)), ((tensor, index),), index)
