r"""An objective whose parameters stand below it: \min_{U, V} \|R - U V^\top\|_F^2, \hat\theta = \arg\max_\theta \ell(\theta)."""

from __future__ import annotations

from typing import NamedTuple

from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token, bare, plain
from symbackprop.notation.latex.naming import word_of
from symbackprop.notation.latex.units import units

_SIGNS = frozenset(["min", "max", "argmin", "argmax", "minimize", "maximize", "minimise", "maximise", "inf", "sup"])
_LONGEST = 5  # tokens before _ that are no letters of the sign: \arg, \operatorname, *, {, }


class Objective(NamedTuple):
    """What is minimised or maximised, and the words that stand below the sign, with what is said of them."""

    body: Tokens
    sought: tuple[Word, ...]
    below: tuple[Tokens, ...]


def objective(piece: Tokens) -> Objective | None:
    r"""The objective that a piece of a text is; None for any other, such as a \min_j s_j over an index."""
    signs = [t.text for t in piece]
    start = signs.index("=") + 1 if "=" in signs[:_LONGEST] else 0
    if start and not plain(piece[start : start + 2]).startswith("arg"):
        return None
    if signs[start : start + 2] == [r"\underset", "{"]:
        inner = _closing(signs, start + 1)
        outer = _closing(signs, inner + 1)
        name, under, end = piece[inner + 1 : outer + 1], piece[start + 2 : inner], outer + 1
    else:
        place = next((k for k in range(start, len(signs)) if signs[k] == "_"), len(signs))
        end = _closing(signs, place + 1) + 1 if signs[place + 1 : place + 2] == ["{"] else place + 2
        name, under = piece[start:place], bare(piece[place + 1 : end])
    if plain(bare(name)).removeprefix("operatorname").lstrip("*").lower() not in _SIGNS:
        return None
    body = piece[end:]
    below = _parted(under)
    words = [word_of(_before_a_set(part)) for part in below]
    indices = {unit.text for unit in units(body) if unit.below}
    if not words or any(word is None or word.base in indices for word in words):
        return None
    return Objective(body, tuple(word for word in words if word), tuple(below))


def _closing(signs: list[str], k: int) -> int:
    """The place of the brace that closes the one at a place; the end where none does."""
    depth = 0
    for end in range(k, len(signs)):
        depth += (signs[end] == "{") - (signs[end] == "}")
        if depth == 0:
            return end
    return len(signs)


def _before_a_set(part: Tokens) -> Tokens:
    place = next((k for k, t in enumerate(part) if t.text == r"\in"), len(part))
    return part[:place]


def _parted(several: Tokens) -> list[Tokens]:
    found: list[list[Token]] = [[]]
    for token in several:
        if token.text == ",":
            found.append([])
        else:
            found[-1].append(token)
    return [tuple(part) for part in found]
