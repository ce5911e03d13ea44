"""A claim as it was written, before anybody asks what its names mean: products are not bracketed yet, scripts are tokens still.

Statement = sides of a chain of equalities
Terms     = signed terms            Product = factors with the signs between them, in a row
Relation  = sides of comparisons    Word    = a letter or name with its scripts
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from symbackprop.notation.claims.tokens import Token

if TYPE_CHECKING:
    from sympy import Expr

Tokens = tuple[Token, ...]


class Span(NamedTuple):
    """An index that runs over so many numbers, from the lowest on."""

    letter: str
    low: Expr
    extent: Expr


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
    r"""A sum \sum, a product \prod or a mean over the rest of its term; limits are tokens.

    spans   how its letters run, where that was found from all that its body reads.
    """

    under: Tokens
    over: Tokens
    body: Syntax
    at: int
    kind: Literal["sum", "prod", "mean"] = "sum"
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Partial:
    r"""\partial z, in a fraction or before a slash; nothing after it in \frac{\partial}{\partial z}; order 2 of \partial^2."""

    of: Syntax | None
    at: int
    order: int = 1


@dataclass(frozen=True)
class Nabla:
    r"""\nabla_z L; order 2 of \nabla_z^2 L."""

    wrt: Tokens
    of: Syntax | None
    at: int
    order: int = 1


@dataclass(frozen=True)
class Grid:
    """A matrix of entries; a cell is what stands between two &, as tokens."""

    rows: tuple[tuple[Tokens, ...], ...]
    at: int


@dataclass(frozen=True)
class Cases:
    """Values with their conditions; None where there is no condition."""

    rows: tuple[tuple[Syntax, Syntax | None], ...]
    at: int


@dataclass(frozen=True)
class Product:
    """Factors side by side; ops has the sign between each two, as the grammar calls it: "", "dot", "had", "star", "over"."""

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


Syntax = (
    Number | Word | Group | Scripted | Over | Fraction | Root | Big | Partial | Nabla | Grid | Cases | Product | Terms | Relation
)


def fenced(items: tuple[Syntax, ...], bracket: str, at: int) -> Group:
    r"""What stands in a bracket; bars around nothing but bars, ||x||, are those of a norm."""
    match items:
        case (Group(items=inner, bracket="|"),) if bracket == "|":
            return Group(inner, r"\|", at)
    return Group(items, bracket, at)


def normed(node: Syntax, order: str) -> Syntax:
    """Bars with the order of a norm below them, |x|_2, as those of a norm; anything else as it is."""
    match node:
        case Group(items=(inner,), bracket="|") if order in ("1", "2", "F", "infty"):
            return node if isinstance(inner, Group) and inner.bracket == r"\|" else replace(node, bracket=r"\|")
    return node


def applied(name: str, *arguments: Syntax) -> Group:
    """A function of a word, applied, in brackets."""
    at = arguments[0].at
    return Group((Product((Word(name, at), Group(arguments, "(", at)), ("",), at),), "(", at)


def spelled_out(node: Syntax | None) -> Syntax | None:
    """Letters side by side on a left-hand side as one word, dz_2; anything else as it is."""
    match node:
        case Product(factors=factors, ops=ops) if not any(ops):
            letters = [f for f in factors if isinstance(f, Word)]
            if len(letters) == len(factors) and not any(f.sub or f.sup for f in letters[:-1]):
                return replace(letters[-1], base="".join(f.base for f in letters))
    return node


def below(node: Any) -> Iterator[Any]:
    """The parts of a syntax that are syntax, or tuples of it."""
    if isinstance(node, tuple):
        yield from node
    elif is_dataclass(node):
        yield from (getattr(node, f.name) for f in fields(node))


def bound(node: Any) -> set[str]:
    """The letters that sums inside bind."""
    own = {t.text for t in node.under if t.text.isalpha()} if isinstance(node, Big) else set()
    return own.union(*(bound(part) for part in below(node) if not isinstance(part, Token | str | int)))


def with_letters(node: Any, table: Mapping[str, str], compared: bool = False) -> Any:
    """The same syntax with other letters in its scripts, all at once.

    compared   whether it is a side of a comparison, where an index stands by itself: 1[i = j].
    """
    if isinstance(node, Token):
        return Token(table.get(node.text, node.text), node.at)
    if isinstance(node, tuple):
        return tuple(with_letters(part, table, compared) for part in node)
    if is_dataclass(node) and not isinstance(node, type):
        compared |= isinstance(node, Relation)
        new = replace(node, **{f.name: with_letters(getattr(node, f.name), table, compared) for f in fields(node)})
        return replace(new, base=table.get(new.base, new.base)) if isinstance(new, Word) and compared else new
    return node
