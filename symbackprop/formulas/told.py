"""Sentences as data: a pattern with parts in the places of {}, such as formulas. What shows one says it in a language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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
    """A sentence in English; `str` is how it is typed. Catalogues of other languages translate its pattern.

    parts   stand in the places of {}: words that nobody translates, formulas, other sentences, pieces of a document.
    """

    pattern: str = ""
    parts: tuple[Any, ...] = ()

    @property
    def pieces(self) -> tuple[Any, ...]:
        """The words and the parts, one after the other."""
        first, *rest = self.pattern.split("{}")
        pieces: list[Any] = [first]
        for part, words in zip(self.parts, rest, strict=True):
            pieces += [*(part.pieces if isinstance(part, Told) else (part,)), words]
        return tuple(piece for piece in pieces if piece != "")

    def __str__(self) -> str:
        return "".join(p.typed if isinstance(p, Formula) else _plain(p) for p in self.pieces)

    def __bool__(self) -> bool:
        return bool(self.pattern)

    def __add__(self, other: Told | str) -> Told:
        return Told("{}{}", (self, other))

    def line(self) -> str:
        """The sentence with its formulas in one line of Unicode text."""
        return "".join(map(_plain, self.pieces))


@dataclass(frozen=True)
class Opening:
    """What opens a sentence: in a language with capitals its first word has one, where it is no name."""

    said: Told


@dataclass(frozen=True)
class Said:
    """An English sentence with its parts in it, such as an error's message; catalogues find the pattern that it was made by."""

    text: str

    def __str__(self) -> str:
        return self.text


def _plain(part: Any) -> str:
    node = part.node if isinstance(part, Formula) else part
    return plain(node) if isinstance(node, Node) else str(node)


def told(pattern: str, *parts: Any) -> Told:
    """A sentence with the parts in the places of {}."""
    if pattern.count("{}") != len(parts):
        raise ValueError(f"{pattern!r} has {pattern.count('{}')} places for {len(parts)} parts")
    return Told(pattern, parts)


def listed(several: Sequence[Any], between: str = ", ") -> Told:
    """Pieces one after the other."""
    return Told(between.join(["{}"] * len(several)), tuple(several))


def several(items: Sequence[Any]) -> Told:
    """a, b and c."""
    *first, last = items
    return told("{} and {}", listed(first), last) if first else told("{}", last)


def name(text: str) -> Formula:
    """The name of a tensor or of a size."""
    return Formula(text, parse_name(text).formula())


def in_line(node: Node) -> Node:
    """A formula that is one fraction with a slash, as in running text."""
    items = items_of(node)
    if len(items) == 1 and isinstance(items[0], Fraction):
        return f.beside(items[0].over, f.symbol("/"), items[0].under, binds=Binds.PRODUCT)
    return node
