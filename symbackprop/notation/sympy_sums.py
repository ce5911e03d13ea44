"""Reading of SymPy's Sum over indexed names, such as Sum(W[i, j]*x[j], (j, 0, d - 1)): each index is an axis.

A sum runs over a whole axis, counted from 0 or from 1. (A*B)[0, 0] of matrices is such a sum as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import same_size, size
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import Tensor, indexing
from symbackprop.notation.errors import NotationError
from symbackprop.notation.sympy_parts import Read, Written
from symbackprop.notation.vocabulary import called

Labels = tuple[sp.Basic, ...]
OVER = (sp.Sum, sp.Product)


class Ranges:
    """What the indices of one expression run over: first and last value, as its sums say."""

    def __init__(self, nodes: list[sp.Basic]) -> None:
        self.limits: dict[sp.Basic, tuple[Expr, Expr]] = {}
        self.known: set[str] = set()  # the names of sizes
        for node in nodes:
            for limit in node.limits if isinstance(node, OVER) else ():
                if len(limit) != 3:
                    raise NotationError(f"{Written(node)}: there are no limits.", "Write Sum(x[i], (i, 0, n - 1)).")
                index, low, high = limit
                if self.limits.setdefault(index, (low, high)) != (low, high):
                    raise NotationError(f"the index {index} runs over two ranges.", "Name the indices apart.")

    def sizes(self) -> set[str]:
        """The names of the sizes that the limits mention."""
        return {str(s) for limits in self.limits.values() for limit in limits for s in limit.free_symbols}

    def extent(self, index: sp.Basic) -> Expr:
        low, high = (ours(limit) for limit in self.limits[index])
        return sp.expand(high - low + 1)

    def position(self, index: sp.Basic) -> Read:
        """The index itself, as a number."""
        tensor = indexing.arange(self.extent(index))
        low = ours(self.limits[index][0])
        return Read(tensor if low == 0 else tensor + low, labels=(index,))

    def entry(self, node: Any, tensor: Tensor, places: list[Any], extents: list[Expr | None]) -> Read:
        """x[i, j, ...]: an axis for each index, an entry for each number."""
        items: list[Any] = []
        labels: list[sp.Basic] = []
        for place, extent in zip(places, extents, strict=True):
            if place in self.limits:
                if extent is not None and not same_size(self.extent(place), extent):
                    raise NotationError(f"{Written(node)}: {place} runs over {self.extent(place)}, the axis has size {extent}.")
                if self.limits[place][0] not in (0, 1):
                    raise NotationError(f"{Written(node)}: {place} begins at {self.limits[place][0]}.", "Sum over the whole axis.")
                if extent != 1:
                    items.append(slice(None))
                    labels.append(place)
            elif (
                not {str(s) for s in place.free_symbols} <= self.known - {str(s) for s in self.limits} or not ours(place).is_integer
            ):
                raise NotationError(f"{Written(node)}: {place} is no index.", "An index is a summed symbol or a whole number.")
            elif extent != 1:
                items.append(ours(place))
            elif place != 0:
                raise NotationError(f"{Written(node)}: {place} is out of range for an axis of size 1.")
        return _diagonal(tensor[tuple(items)] if items else tensor, tuple(labels))

    def total(self, node: Any, parts: list[Read], _: Any) -> Read:
        """The sum over the axes that the limits name; what lacks the axis is added as often as it has entries."""
        (read,) = parts
        tensor, labels = read.tensor, list(read.labels)
        axes = tuple(labels.index(index) for index, *_ in node.limits if index in labels)
        missing = [self.extent(index) for index, *_ in node.limits if index not in labels]
        tensor = builder.total(tensor, axes) if axes else tensor
        tensor = tensor * sp.Mul(*missing) if missing else tensor
        return Read(tensor)

    def product(self, node: Any, parts: list[Read], _: Any) -> Read:
        """The product over the axes that the limits name; what lacks the axis is taken as often as it has entries."""
        (read,) = parts
        tensor, labels = read.tensor, list(read.labels)
        axes = tuple(labels.index(index) for index, *_ in node.limits if index in labels)
        missing = [self.extent(index) for index, *_ in node.limits if index not in labels]
        tensor = called("prod", [tensor, axes], {}) if axes else tensor
        return Read(tensor ** sp.Mul(*missing) if missing else tensor)


def ours(expression: Any) -> Any:
    """A size of SymPy with our symbols."""
    return expression.xreplace({s: size(str(s)) for s in expression.free_symbols})


def _diagonal(tensor: Tensor, labels: Labels) -> Read:
    """The tensor with an index that stands twice taken once."""
    single = tuple(dict.fromkeys(labels))
    if len(single) == len(labels):
        return Read(tensor, labels=labels)
    letters: Mapping[sp.Basic, str] = dict(zip(single, builder.letters(len(single)), strict=True))
    index = tuple(letters[one] for one in labels)
    result = builder.product([(tensor, index)], tuple(letters.values()), dict(zip(index, tensor.shape, strict=True)))
    return Read(result, labels=single)


def aligned(parts: list[Read], labels: Labels) -> list[Read]:
    """The parts with an axis for each of the indices, in their order, of size 1 where the part has no such index."""
    result = []
    for part in parts:
        if part.labels != labels and part.labels:
            order = sorted(range(len(part.labels)), key=lambda k, own=part.labels: labels.index(own[k]))
            tensor = builder.permute(part.tensor, order)
            first = next(k for k, one in enumerate(labels) if one in part.labels)
            items = tuple(slice(None) if one in part.labels else None for one in labels[first:])
            part = Read(tensor[items] if None in items else tensor)
        result.append(part)
    return result
