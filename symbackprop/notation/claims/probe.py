"""One generic point to tell readings apart: a whole number for every size, complex entries for every tensor.

Equal readings are equal there, and unequal ones differ (a tensor's entries are drawn, not computed: what holds for all entries
holds for the network's). Sizes are chosen so that different expressions have different values; a shape is then a tuple of
whole numbers.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.core.program import substituted
from symbackprop.notation.claims.errors import Fault

_WHOLE = (3, 4, 5, 6, 7, 8, 9, 11, 13, 10, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 29, 31, 37)
_ATTEMPTS = 200


class Probe:
    """Shapes of tensors in whole numbers, and their entries.

    shapes   the tensors by name, with their sizes as expressions.
    counts   what axes made by a claim may have as their sizes, such as how many tensors a family has.
    least    below no size lies, where a claim speaks of entries by their numbers.
    """

    def __init__(self, shapes: Mapping[str, tuple[Expr, ...]], counts: Iterable[Expr] = (), least: int = 0) -> None:
        self.shapes = dict(shapes)
        own = {n for shape in shapes.values() for n in shape}
        extents = own | set(counts)
        self.sizes = _sizes(extents, least)
        self.number = {n: int(substituted(n, self.sizes)) for n in extents}
        self.expression: dict[int, Expr] = {}
        for n in sorted(extents, key=lambda e: (len(str(e)), str(e))):
            self.expression.setdefault(self.number[n], n)
        self.own = sorted({self.number[n] for n in own} - {1})
        self._entries: dict[str, ndarray] = {}

    def extents(self) -> list[int]:
        """The sizes of axes that are not 1."""
        return self.own

    def extent(self, expression: Expr) -> int | None:
        """The whole number of a size that the claim computes, where some axis has just this size; None elsewhere."""
        return next((k for k, own in self.expression.items() if sp.expand(own - expression) == 0), None)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.number[n] for n in self.shapes[name])

    def add(self, name: str, shape: tuple[Expr, ...]) -> None:
        """A further tensor, made of sizes that are known; or another shape of one."""
        self.shapes[name] = shape
        self._entries.pop(name, None)

    def entries(self, name: str) -> ndarray:
        """The entries of a tensor, the same whenever its name and shape are."""
        if name not in self._entries:
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            shape = self.shape(name)
            self._entries[name] = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
        return self._entries[name]

    def value(self, expression: Expr) -> complex:
        """A number, or an expression of sizes."""
        return complex(substituted(expression, self.sizes))


def _sizes(extents: Iterable[Expr], least: int) -> dict[sp.Basic, Expr]:
    """Whole numbers for the size symbols at which unequal extents differ and none is below 1."""
    several = list(extents)
    symbols = sorted({s for n in several for s in n.free_symbols}, key=str)
    fixed = {int(n) for n in several if n.is_Integer}
    pool = [n for n in (_WHOLE if least <= _WHOLE[0] else range(least, least + len(_WHOLE))) if n not in fixed]
    rng = np.random.default_rng(len(symbols))
    for attempt in range(_ATTEMPTS):
        near = pool[: len(symbols) + 2 + attempt // 4]  # small ones first: arrays have their product
        drawn = pool[: len(symbols)] if attempt == 0 else rng.permutation(near)[: len(symbols)]
        chosen: dict[sp.Basic, Expr] = {s: sp.Integer(int(n)) for s, n in zip(symbols, drawn, strict=False)}
        values = [substituted(n, chosen) for n in several]
        whole = all(v.is_Integer and v.is_positive for v in values)
        if len(chosen) == len(symbols) and whole and len(set(values)) == len(several):
            return chosen
    raise Fault("the sizes of this network cannot be told apart.", "Claims are read for networks of at most 20 sizes.")
