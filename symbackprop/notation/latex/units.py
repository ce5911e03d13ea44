r"""The letters of a formula with their accents and alphabets: \hat{\mathbf y} is one unit, `hat y`, and so is \hat y."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import ACCENTS, FONTS, GREEK, Token

OPEN, SHUT = frozenset(["{", "(", "[", r"\{"]), frozenset(["}", ")", "]", r"\}"])
_BIG = frozenset([r"\sum", r"\prod"])


class Unit(NamedTuple):
    """A letter with its accent, a word in an alphabet, or one token of anything else.

    text     without alphabets and the brackets around it.
    letter   whether it is a letter or a word.
    below    whether it stands in a subscript.
    """

    text: str
    start: int
    end: int
    letter: bool
    below: bool = False


def units(part: Tokens) -> list[Unit]:
    """The units of a formula, from left to right."""
    found: list[Unit] = []
    k = below = 0
    while k < len(part):
        unit = _unit(part, k)
        if part[k].text == "_" and k + 1 < len(part):
            below = max(below, _unit(part, k + 1).end if part[k + 1].text != "{" else behind(part, k + 1))
        found.append(unit._replace(below=k < below and part[k].text != "_"))
        k = unit.end
    return found


def texts(several: Sequence[Unit]) -> list[str]:
    """What the units say, without places."""
    return [unit.text for unit in several]


def bound(several: Sequence[Unit]) -> set[str]:
    """The letters that sums and products of a formula bind."""
    return set(_bound(several))


def _bound(several: Sequence[Unit]) -> Iterator[str]:
    for k, unit in enumerate(several[:-1]):
        if unit.text in _BIG and several[k + 1].text == "_":
            for other in several[k + 2 :]:
                if not other.below or not (other.letter or other.text in ("{", ",", "(")):
                    break
                if other.letter:
                    yield other.text


def _unit(part: Tokens, k: int) -> Unit:
    text = part[k].text
    name = text.lstrip("\\")
    if text == f"\\{name}" and (name in ACCENTS or name in FONTS or name == "mathbb") and k + 1 < len(part):
        inner = _unit(part, k + 1)
        if not inner.letter and part[k + 1].text == "{":
            end = behind(part, k + 1)
            several = units(part[k + 2 : end - 1])
            inner = Unit("".join(texts(several)), k + 1, end, bool(several) and all(u.letter for u in several))
        mark = f"{ACCENTS[name]} " if name in ACCENTS else ""
        return Unit(mark + inner.text if inner.letter else text, k, inner.end if inner.letter else k + 1, inner.letter)
    if text == "{":  # brackets around one unit
        end = behind(part, k)
        inner = _unit(part, k + 1) if k + 2 < end else None
        if inner is not None and inner.end == end - 1:
            return inner._replace(start=k, end=end)
    return Unit(name if name in GREEK else text, k, k + 1, name in GREEK or (len(text) == 1 and text.isalpha()))


def behind(part: Sequence[Token], k: int) -> int:
    """The place after the group that opens at k; the end where it is never shut."""
    depth = 0
    for j in range(k, len(part)):
        depth += (part[j].text == "{") - (part[j].text == "}")
        if depth == 0:
            return j + 1
    return len(part)


def split(several: Tokens, *signs: str) -> list[Tokens]:
    """The tokens in the parts that signs outside brackets make."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in several:
        depth += (token.text in OPEN) - (token.text in SHUT)
        if depth == 0 and token.text in signs:
            found.append([])
        else:
            found[-1].append(token)
    return [tuple(part) for part in found]
