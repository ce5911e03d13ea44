r"""Densities in tokens: \mathcal{N}(x \mid m, v), what is drawn and what it is given, as a function of three arguments."""

from __future__ import annotations

from collections.abc import Iterable

from symbackprop.notation.claims.tokens import Token

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


def drawn_numbers(several: Iterable[Token]) -> set[str]:
    r"""The letters without index that \mathcal{N}(x | m, s^2) is of, where its spread is no matrix: these are numbers."""
    stream = list(several)
    texts = [t.text for t in stream]
    head, found = [r"\operatorname", "{", *GAUSSIAN, "}", "("], set[str]()
    for k in range(len(stream) - len(head)):
        if texts[k : k + len(head)] == head:
            parts: list[list[str]] = [[]]
            depth = 1
            for text in texts[k + len(head) :]:
                depth += (text in ("(", "{", "[")) - (text in (")", "}", "]"))
                if depth == 0:
                    break
                parts = [*parts, []] if depth == 1 and text == "," else [*parts[:-1], [*parts[-1], text]]
            if len(parts) == 3 and not any(text.lstrip("\\")[:1].isupper() for text in parts[2]):
                found |= {part[0].lstrip("\\") for part in parts[:2] if len(part) == 1 and part[0].lstrip("\\").isalpha()}
    return found


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
