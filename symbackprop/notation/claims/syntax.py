"""A claim as it was written, before anybody asks what its names mean: products are not bracketed yet, scripts are tokens still.

Statement = sides of a chain of equalities
Terms     = signed terms            Product = factors with the signs between them, in a row
Relation  = sides of comparisons    Word    = a letter or name with its scripts
"""

from __future__ import annotations

from dataclasses import dataclass

from symbackprop.notation.claims.tokens import Token

Tokens = tuple[Token, ...]


@dataclass(frozen=True)
class Number:
    """A number without a sign."""

    text: str
    at: int


@dataclass(frozen=True)
class Word:
    r"""A letter or a name: `base` (a Greek letter without its backslash), an accent, scripts as tokens, primes.

    font   the macro of the alphabet, such as "mathbf" in \mathbf 1.
    """

    base: str
    at: int
    accent: str = ""
    font: str = ""
    sub: Tokens = ()
    sup: Tokens = ()
    primes: int = 0


@dataclass(frozen=True)
class Group:
    """What stands between brackets, parted by commas; `bracket` is what opens it: ( [ { \\{ | \\| \\langle."""

    items: tuple[Syntax, ...]
    bracket: str
    at: int


@dataclass(frozen=True)
class Scripted:
    """Anything but a word with scripts."""

    body: Syntax
    at: int
    sub: Tokens = ()
    sup: Tokens = ()
    primes: int = 0


@dataclass(frozen=True)
class Over:
    """An accent over more than one name: a mean over rows, if it is a bar."""

    accent: str
    body: Syntax
    at: int


@dataclass(frozen=True)
class Fraction:
    """One over the other."""

    over: Syntax
    under: Syntax
    at: int


@dataclass(frozen=True)
class Root:
    """A root; degree 2 where none is written."""

    body: Syntax
    degree: Syntax | None
    at: int


@dataclass(frozen=True)
class Big:
    r"""A sum \sum or an expectation over the rest of its term; limits are tokens."""

    kind: str
    under: Tokens
    over: Tokens
    body: Syntax
    at: int


@dataclass(frozen=True)
class Partial:
    r"""\partial z, in a fraction or before a slash; nothing after it in \frac{\partial}{\partial z}."""

    of: Syntax | None
    at: int


@dataclass(frozen=True)
class Nabla:
    r"""\nabla_z L."""

    wrt: Tokens
    of: Syntax | None
    at: int


@dataclass(frozen=True)
class Grid:
    """Cells in rows: cases, or a matrix of entries; a cell is what stands between two &, as tokens."""

    kind: str
    rows: tuple[tuple[Tokens, ...], ...]
    at: int


@dataclass(frozen=True)
class Product:
    """Factors side by side; ops has the sign between each two: "", "dot", "had", "star", "div", "outer"."""

    factors: tuple[Syntax, ...]
    ops: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class Terms:
    """Signed terms: (1 or -1, term)."""

    parts: tuple[tuple[int, Syntax], ...]
    at: int


@dataclass(frozen=True)
class Relation:
    """Comparisons in a chain: sides, and the signs between them, < <= = != >= >."""

    sides: tuple[Syntax, ...]
    signs: tuple[str, ...]
    at: int


Syntax = Number | Word | Group | Scripted | Over | Fraction | Root | Big | Partial | Nabla | Grid | Product | Terms | Relation
