r"""Values at samples: f(x_n) = \tanh(w x_n) is f_n, and k(x_i, x_j) is k_{ij}, wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import Token, plain
from symbackprop.notation.latex.extents import group_at
from symbackprop.notation.latex.units import units


class At(NamedTuple):
    """An argument: what stands without its index, and the letters of that."""

    base: str
    letters: tuple[str, ...]


def at(argument: Tokens) -> At | None:
    """x_n in its parts, x without index; None for anything else, x_1 and x + y among it."""
    several = units(argument)
    if not several or not several[0].letter:
        return None
    base, rest = plain(argument[: several[0].end]), argument[several[0].end :]
    if not rest:
        return At(base, ())
    inner = group_at(rest, 1)
    if rest[0].text != "_" or len(rest) != len(inner) + (3 if rest[1].text == "{" else 1):
        return None
    letters = [t.text for t in inner if t.text != ","]
    return At(base, tuple(letters)) if letters and all(len(c) == 1 and c.isalpha() for c in letters) else None


def indices(defined: Sequence[Tokens], called: Sequence[Tokens]) -> list[str] | None:
    """The letters of the samples that a call is at; None where it is not one of the value that is defined so."""
    own, other = [*map(at, defined)], [*map(at, called)]
    if len(own) != len(other) or not any(one is not None and one.letters for one in own):
        return None
    found: list[str] = []
    for one, two in zip(own, other, strict=True):
        if one is None or two is None or one.base != two.base or len(one.letters) != len(two.letters):
            return None
        found += two.letters
    return list(dict.fromkeys(found))


def indexed(head: Tokens, letters: Sequence[str]) -> list[Token]:
    """The name with letters below it."""
    place = head[0].at
    return [*head, Token("_", place), Token("{", place), *(Token(c, place) for c in letters), Token("}", place)]
