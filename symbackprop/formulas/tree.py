"""Mathematics on paper as a tree: what stands beside, above and below what, and how tightly each piece binds.

Formulas are built by `formulas.build`, or read from a person's LaTeX by `formulas.read_latex`. LaTeX, MathML, plain text and
outlines are each one walk over the nodes, so that what is printed is never read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Literal

from symbackprop.formulas.symbols import Kind


class Binds(IntEnum):
    """How tightly a piece of a formula binds: it needs brackets where something tighter is expected.

    SUM       terms, a sum over letters, cases, and everything looser.
    HADAMARD  a product entry by entry, which binds after all matrix products.
    PRODUCT   factors side by side; a function's name before an argument without brackets.
    POWER     a power, a fraction, an indicator: a factor, but no base of a power.
    ATOM      a name, a number, a call, anything in brackets.
    """

    SUM = 0
    HADAMARD = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


@dataclass(frozen=True)
class Atom:
    """One character, number, word or space (text: its width in ems), and its part in the formula."""

    text: str
    kind: Kind
    alphabet: str = ""


@dataclass(frozen=True)
class Row:
    """Items side by side."""

    items: tuple[Node, ...]
    binds: Binds = field(default=Binds.SUM, compare=False)


@dataclass(frozen=True)
class Script:
    """A base with what stands at its foot and at its head."""

    base: Node
    sub: Node | None = None
    sup: Node | None = None


@dataclass(frozen=True)
class Fraction:
    """One over the other."""

    over: Node
    under: Node


@dataclass(frozen=True)
class Root:
    """A root; the square root has no degree."""

    body: Node
    degree: Node | None = None


@dataclass(frozen=True)
class Fence:
    """Delimiters that grow with what they hold; an empty one is not drawn. `call`: they hold a function's arguments."""

    left: str
    body: Node
    right: str
    call: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Accent:
    """A mark above: a hat, a bar; the name is that of its macro."""

    name: str
    body: Node


@dataclass(frozen=True)
class Grid:
    """Cells in rows: a matrix, or the cases of a definition."""

    environment: str
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Marked:
    """A part that the eye is led to: where a formula is wrong ("bad"), or what would be right there ("good")."""

    body: Node
    tone: Literal["good", "bad"]


Node = Atom | Row | Script | Fraction | Root | Fence | Accent | Grid | Marked


def binds(node: Node) -> Binds:
    """How tightly a piece binds."""
    match node:
        case Row():
            return node.binds if len(node.items) > 1 else Binds.ATOM
        case Script(base, _, sup):
            return Binds.POWER if sup is not None else binds(base)
        case Fraction():
            return Binds.POWER
        case Fence(left, body, right):
            return Binds.ATOM if left and right else binds(body)
        case Grid("cases"):
            return Binds.SUM
        case Marked(body):
            return binds(body)
    return Binds.ATOM


def items_of(node: Node) -> tuple[Node, ...]:
    """The items of a row; any other node stands for itself."""
    return node.items if isinstance(node, Row) else (node,)


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node."""
    match node:
        case Row(items):
            return items
        case Script(base, sub, sup):
            return tuple(part for part in (base, sub, sup) if part is not None)
        case Fraction(over, under):
            return over, under
        case Root(body, degree):
            return (body,) if degree is None else (body, degree)
        case Fence(_, body) | Accent(_, body) | Marked(body):
            return (body,)
        case Grid(_, rows):
            return tuple(cell for row in rows for cell in row)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it, from left to right."""
    yield node
    for part in children(node):
        yield from walk(part)


def width(node: Node) -> float:
    """About how many letters wide it is on paper; scripts are set smaller, a fraction is as wide as its wider part."""
    match node:
        case Atom(_, "space"):
            return 0.0
        case Atom(text):
            return len(text)
        case Script(base, sub, sup):
            return width(base) + 0.6 * max(width(part) if part else 0.0 for part in (sub, sup))
        case Fraction(over, under):
            return max(width(over), width(under))
    return sum(map(width, children(node)))


def kind_of(node: Node | None) -> str:
    """What an item is to its neighbours, its scripts left aside: the kind of its atom, "fence", or "letter" for all else."""
    head = node.base if isinstance(node, Script) else node
    match head:
        case None:
            return ""
        case Atom():
            return head.kind
        case Fence() | Grid():
            return "fence"
    return "letter"


def is_sign(before: Node | None) -> bool:
    """Whether a plus or minus after this item is a sign, not an operation."""
    return kind_of(before) in ("", "binary", "relation", "open", "punctuation", "big", "limit", "function")


def split(node: Node) -> tuple[Node, Node | None]:
    """A formula before its first relation, and from the relation on; (the formula, None) where there is none.

    Rows of equations are aligned at this place.
    """
    items, depth = items_of(node), 0
    for place, item in enumerate(items):
        text = item.text if isinstance(item, Atom) else ""
        depth += 1 if text in ("(", "[") else -1 if text in (")", "]") else 0
        if place and depth == 0 and kind_of(item) == "relation" and text not in (":", "∣"):
            return Row(items[:place]), Row(items[place:])
    return node, None


def set_apart(node: Node) -> tuple[Node, ...]:
    """The formulas of a line, between which there is room; the commas that end them are left out."""
    found: list[list[Node]] = [[]]
    for item in items_of(node):
        if isinstance(item, Atom) and item.kind == "space" and float(item.text) >= 1:
            found.append([])
        else:
            found[-1].append(item)
    ends = [items[:-1] if k < len(found) - 1 and kind_of(items[-1]) == "punctuation" else items for k, items in enumerate(found)]
    return tuple(Row(tuple(items)) for items in ends)


def rebuilt(node: Node, by: Callable[[Node], Node]) -> Node:
    """The node with `by` applied to each of its parts."""
    match node:
        case Row(items, level):
            return Row(tuple(map(by, items)), level)
        case Script(base, sub, sup):
            return Script(by(base), None if sub is None else by(sub), None if sup is None else by(sup))
        case Fraction(over, under):
            return Fraction(by(over), by(under))
        case Root(body, degree):
            return Root(by(body), None if degree is None else by(degree))
        case Fence() | Accent() | Marked():
            return replace(node, body=by(node.body))
        case Grid(environment, rows):
            return Grid(environment, tuple(tuple(map(by, row)) for row in rows))
    return node


def prime_count(sup: Node | None) -> int:
    """How many primes a superscript is; 0 where it holds anything else."""
    items = () if sup is None else items_of(sup)
    return len(items) if all(isinstance(item, Atom) and item.text == "′" for item in items) else 0
