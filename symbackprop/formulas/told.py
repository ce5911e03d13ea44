"""Sentences with formulas in them, as pieces: words, or a formula with how it is typed. Who shows them writes the pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Binds, Fraction, Node, items_of


class Formula(NamedTuple):
    """A formula in a sentence: as a person types it, dL/dyhat, and as it is set."""

    typed: str
    node: Node


Piece = str | Formula


@dataclass(frozen=True)
class Told:
    """A sentence; `str` is how it is typed."""

    pieces: tuple[Piece, ...] = ()

    def __str__(self) -> str:
        return "".join(p if isinstance(p, str) else p.typed for p in self.pieces)

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def __add__(self, other: Told | str) -> Told:
        return Told((*self.pieces, *(other.pieces if isinstance(other, Told) else (other,))))

    def line(self) -> str:
        """The sentence with its formulas in one line of Unicode text."""
        return "".join(p if isinstance(p, str) else plain(p.node) for p in self.pieces)


def told(pattern: str, *parts: Piece | Told) -> Told:
    """A sentence with the parts in the places of {}."""
    first, *rest = pattern.split("{}")
    pieces: list[Piece] = [first]
    for part, words in zip(parts, rest, strict=True):
        pieces += [*(part.pieces if isinstance(part, Told) else (part,)), words]
    return Told(tuple(piece for piece in pieces if piece))


def listed(several: Sequence[Piece | Told], between: str = ", ") -> Told:
    """Pieces one after the other."""
    return told(between.join(["{}"] * len(several)), *several)


def name(text: str) -> Formula:
    """The name of a tensor or of a size."""
    return Formula(text, parse_name(text).formula())


def in_line(node: Node) -> Node:
    """A formula that is one fraction with a slash, as in running text."""
    items = items_of(node)
    if len(items) == 1 and isinstance(items[0], Fraction):
        return f.beside(items[0].over, f.symbol("/"), items[0].under, binds=Binds.PRODUCT)
    return node
