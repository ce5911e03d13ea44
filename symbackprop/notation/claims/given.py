r"""Densities in tokens: \mathcal{N}(x \mid m, v), what is drawn and what it is given, as a function of three arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from symbackprop.notation.claims.tokens import FONTS, Token
from symbackprop.notation.inference import kind_of

GAUSSIAN = "gaussian"
_HEADS = (
    [r"\mathcal", "{", "N", "}"], [r"\mathcal", "N"], ["{", r"\mathcal", "N", "}"], ["{", r"\cal", "N", "}"],
    [r"\mathrm", "{", "N", "}"],
)  # fmt: skip
_GIVEN = frozenset(["|", r"\mid", ";"])


def with_densities(several: Iterable[Token]) -> list[Token]:
    r"""The tokens, in which \mathcal{N}(x | a, b) is a function of three arguments; the N of z \sim \mathcal{N}(0, 1) stays."""
    stream = list(several)
    texts = [t.text for t in stream]
    k = 0
    while k < len(stream):
        head = next((h for h in _HEADS if texts[k : k + len(h) + 1] == [*h, "("]), None)
        bar = _bar(texts, k + len(head)) if head else None
        if head and bar is not None:
            at = stream[k].at
            stream[bar] = Token(",", stream[bar].at)
            stream[k : k + len(head)] = [Token(text, at) for text in (r"\operatorname", "{", *GAUSSIAN, "}")]
            texts = [t.text for t in stream]
        k += 1
    return stream


def with_value(several: Iterable[Token], name: str) -> list[Token]:
    r"""The tokens, in which \mathrm{mean}_j is an entry of a value of that name in braces: \operatorname{mean}_j is the sign."""
    stream = list(several)
    length = len(name) + 3
    k = 0
    while k < len(stream):
        part = stream[k : k + length]
        if [t.text for t in part[1:]] == ["{", *name, "}"] and part[0].text in (r"\mathrm", r"\text"):
            stream[k : k + length] = [Token("{", part[0].at), *part, Token("}", part[-1].at)]
            k += length + 1
        k += 1
    return stream


class Drawn(NamedTuple):
    """The letters of a density, each without what stands below it; "" for what is no letter.

    of       what is drawn.
    given    its mean and its spread.
    matrix   whether the spread is a matrix, so that the others are vectors.
    alone    those that stand without an index.
    """

    of: str
    given: tuple[str, str]
    matrix: bool
    alone: frozenset[str]


def drawn(several: Iterable[Token]) -> list[Drawn]:
    r"""What \mathcal{N}(x | m, s^2) is of, of which a spread in a capital letter is a matrix."""
    stream = list(several)
    texts = [t.text for t in stream]
    head, found = [r"\operatorname", "{", *GAUSSIAN, "}", "("], list[Drawn]()
    for k in range(len(stream) - len(head)):
        if texts[k : k + len(head)] == head:
            parts: list[list[str]] = [[]]
            depth = 1
            for text in texts[k + len(head) :]:
                depth += (text in ("(", "{", "[")) - (text in (")", "}", "]"))
                if depth == 0:
                    break
                parts = [*parts, []] if depth == 1 and text == "," else [*parts[:-1], [*parts[-1], text]]
            if len(parts) == 3 and all(parts):
                letters = [_letter(part) for part in parts]
                alone = frozenset(letter for letter, part in zip(letters, parts, strict=True) if len(part) == 1)
                matrix = any(text.lstrip("\\")[:1].isupper() for text in parts[2])
                found.append(Drawn(letters[0], (letters[1], letters[2]), matrix, alone))
    return found


def observed(several: Iterable[Token]) -> set[str]:
    """The letters behind the bar of the value that a formula defines, x of p(y | x) = ...: what it is given."""
    texts = [t.text for t in several]
    head = texts[: texts.index("=")] if "=" in texts else []
    bar = next((k for k, text in enumerate(head) if text in ("|", r"\mid") and head[:k].count("(") > head[:k].count(")")), None)
    behind = [] if bar is None else head[bar + 1 :]
    return {c for text in behind if (c := text.lstrip("\\")).isalpha() and c not in FONTS and kind_of(c) == "data"}


def _letter(part: list[str]) -> str:
    """The letter that an argument is, or the square or the inverse of; "" where it is more than that."""
    first, *rest = [c for text in part if (c := text.lstrip("\\")) not in FONTS and c not in ("{", "}")] or [""]
    above = rest[rest.index("^") + 1 :] if "^" in rest else []
    return first if first.isalpha() and rest[:1] in ([], ["_"], ["^"]) and above in ([], ["2"], ["-", "1"]) else ""


def drawn_numbers(several: Iterable[Drawn]) -> set[str]:
    """The letters without index that densities are of whose spread is no matrix: these are numbers."""
    return {c for one in several if not one.matrix for c in (one.of, one.given[0]) if c in one.alone and c}


def _bar(texts: list[str], opening: int) -> int | None:
    """The sign between what is drawn and what it is given, in the bracket that opens at a place; None where none stands there."""
    depth = 0
    for k in range(opening, len(texts)):
        depth += (texts[k] in ("(", "{", "[")) - (texts[k] in (")", "}", "]"))
        if depth == 0:
            return None
        if depth == 1 and texts[k] in _GIVEN:
            return k
    return None
