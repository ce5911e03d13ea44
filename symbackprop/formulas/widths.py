"""How wide a formula is on paper, and how tall, in ems of the text around it: the letters of Computer Modern, the spaces of TeX.

An estimate that is right to some percent is enough to break a line, and it asks for no font.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import assert_never

from symbackprop.formulas.tree import (
    Accent,
    Atom,
    Fence,
    Fraction,
    Grid,
    Marked,
    Node,
    Root,
    Row,
    Script,
    is_sign,
    kind_of,
)

_SMALL = (53, 43, 43, 52, 47, 55, 48, 58, 34, 41, 52, 30, 88, 60, 48, 50, 45, 45, 47, 36, 57, 48, 72, 57, 49, 47)
_CAPITAL = (75, 77, 72, 83, 76, 78, 79, 88, 50, 63, 90, 68, 100, 86, 76, 77, 79, 77, 65, 72, 76, 77, 97, 88, 78, 72)
_SLANTED = dict(zip(ascii_lowercase + ascii_uppercase, (*_SMALL, *_CAPITAL), strict=True))  # hundredths of an em
_LETTER, _UPRIGHT, _SIGN, _BIG = 0.6, 0.53, 0.78, 1.44
_ROOT, _FRACTION, _CELL = 0.85, 0.24, 1.0
_SCRIPT, _SMALLEST = 0.72, 0.52
_SPACE = {"binary": 0.44, "relation": 0.56, "punctuation": 0.17, "function": 0.17, "limit": 0.17, "big": 0.17}
_NARROW = {"|": 0.28, "/": 0.5, ".": 0.28, "′": 0.28, ":": 0.28, "∣": 0.28}


@lru_cache(maxsize=8192)
def width(node: Node, depth: int = 0) -> float:
    """The width in ems of a displayed formula; `depth`: how many scripts it stands in."""
    match node:
        case Row(items):
            return behind(None, items, depth=depth)
        case Atom():
            return _atom(node) * (1.0, _SCRIPT, _SMALLEST)[min(depth, 2)]
        case Script(base, sub, sup):
            scripts = [width(part, depth + 1) for part in (sub, sup) if part is not None]
            if kind_of(base) in ("big", "limit") and depth == 0:
                return max(width(base, depth), *scripts)
            return width(base, depth) + max(scripts, default=0.0) + 0.05
        case Fraction(over, under):
            return max(width(over, depth), width(under, depth)) + _FRACTION
        case Root(body):
            return width(body, depth) + _ROOT
        case Fence(left, body, right):
            size = 0.8 if _is_tall(body, sums=True) else 0.6 if _is_tall(body) else 0.4
            return width(body, depth) + size * (bool(left) + bool(right))
        case Accent(_, body) | Marked(body):
            return width(body, depth) + (0.6 if isinstance(node, Marked) else 0.0)
        case Grid(_, rows):
            columns = zip(*rows, strict=True)
            return sum(max(width(cell, depth) for cell in column) + _CELL for column in columns) + _CELL
    assert_never(node)


def behind(before: Node | None, items: Sequence[Node], total: float = 0.0, depth: int = 0) -> float:
    """The width of what is `total` wide and ends with `before`, with the items behind it."""
    for item in items:
        kind = kind_of(item)
        space = 0.0 if depth or (kind == "binary" and is_sign(before)) else _SPACE.get(kind, 0.0)
        total += width(item, depth) + space
        before = item
    return total


@lru_cache(maxsize=8192)
def height(node: Node, depth: int = 0) -> float:
    """The height in ems of a displayed formula, a line of letters being 1."""
    match node:
        case Row(items):
            return max((height(item, depth) for item in items), default=0.0)
        case Atom():
            return (1.6 if node.kind == "big" and depth == 0 else 1.0) * (1.0, _SCRIPT, _SMALLEST)[min(depth, 2)]
        case Script(base, sub, sup):
            scripts = [height(part, depth + 1) for part in (sub, sup) if part is not None]
            if kind_of(base) in ("big", "limit") and depth == 0:
                return height(base, depth) + sum(scripts)
            return height(base, depth) + 0.35 * sum(scripts)
        case Fraction(over, under):
            return height(over, depth) + height(under, depth) + 0.2
        case Root(body) | Accent(_, body) | Marked(body):
            return height(body, depth) + 0.2
        case Fence(_, body):
            return height(body, depth)
        case Grid(_, rows):
            return sum(max(height(cell, depth) for cell in row) + 0.3 for row in rows)
    assert_never(node)


def _atom(atom: Atom) -> float:
    if atom.kind == "space":
        return float(atom.text)
    if atom.kind in ("binary", "relation"):
        return _NARROW.get(atom.text, _SIGN)
    if atom.kind == "big":
        return _BIG
    if atom.kind in ("open", "close"):
        return 0.39
    if atom.kind == "number":
        return sum(0.28 if char in ".," else 0.5 for char in atom.text)
    if atom.kind == "letter" and len(atom.text) == 1:
        return _SLANTED.get(atom.text, 100 * _LETTER) / 100
    return sum(_NARROW.get(char, _UPRIGHT) for char in atom.text)


def _is_tall(node: Node, sums: bool = False) -> bool:
    """Whether a fraction, a table or a sum stands in a formula; `sums`: a sum alone, with the letters below it."""
    match node:
        case Fraction() | Grid():
            return not sums
        case Row(items):
            return any(kind_of(item) == "big" or _is_tall(item, sums) for item in items)
        case Script(base) | Fence(_, base):
            return _is_tall(base, sums)
    return False
