r"""How far indices run, and sizes, as a text of LaTeX says them: \sum_{i=1}^n, i = 1, \dots, n, 2 d_{\text{model}}."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import FONTS, GREEK, Token, plain
from symbackprop.notation.latex.units import behind

DOTS = frozenset([r"\ldots", r"\dots", r"\cdots", r"\dotsc"])


def ranges_of(stream: Sequence[Token]) -> dict[str, str]:
    r"""How far indices run: \sum_{i=1}^n, \{x_i\}_{i=1}^n, i = 1, \dots, n, i \in \{1, \dots, n\}, i \in [n].

    An index that runs in two ways is left out.
    """
    found: dict[str, set[str]] = {}
    for k, token in enumerate(stream):
        letters = _before(stream, k)
        if token.text == "=" and letters and k + 1 < len(stream) and stream[k + 1].text in ("0", "1"):
            end = _end(stream, k + 2)
        elif token.text == r"\in" and letters:
            end = count_of(stream, k + 1)
        else:
            continue
        size = size_text(end) if end else None
        size = f"{size} + 1" if size and token.text == "=" and stream[k + 1].text == "0" else size
        for c in letters if size else ():
            found.setdefault(c, set()).add(str(size))
    return {c: sizes.pop() for c, sizes in found.items() if len(sizes) == 1}


def _before(stream: Sequence[Token], k: int) -> list[str]:
    """The letters that stand before a sign: i, j = 1. In y_i \\in ... it stands before no letter, but behind a subscript."""
    letters: list[str] = []
    if k > 1 and stream[k - 2].text in ("_", "^"):
        return letters
    while k > 0 and len(stream[k - 1].text) == 1 and stream[k - 1].text.isalpha() and stream[k - 1].text.islower():
        letters.append(stream[k - 1].text)
        if k < 2 or stream[k - 2].text != ",":
            break
        k -= 2
    return letters


def _end(stream: Sequence[Token], k: int) -> Tokens:
    r"""The last number of an index that begins before a place: } ^ n behind \sum_{i=1, and , \dots, n."""
    texts = [t.text for t in stream[k : k + 4]]
    if texts[:2] == ["}", "^"]:
        return group_at(stream, k + 2)
    k += texts[:1] == [","]
    if k < len(stream) and stream[k].text in DOTS:
        k += 1
        k += k < len(stream) and stream[k].text == ","
        return tuple(takewhile(lambda t: t.text.isalnum() or t.text in "_{}-+" or t.text[1:] in FONTS, stream[k:]))
    return ()


def count_of(stream: Sequence[Token], k: int) -> Tokens:
    r"""The n of \{1, \dots, n\} and of [n]."""
    if k < len(stream) and stream[k].text == "[":
        inner = tuple(takewhile(lambda t: t.text != "]", stream[k + 1 :]))
        return inner if not any(t.text == "," for t in inner) else ()
    if [t.text for t in stream[k : k + 2]] == [r"\{", "1"]:
        return _end((*stream[: k + 2], *takewhile(lambda t: t.text != r"\}", stream[k + 2 :])), k + 2)
    return ()


def group_at(stream: Sequence[Token], k: int) -> Tokens:
    """One token, or what stands in the braces that begin at a place; nothing where these are never shut."""
    if k >= len(stream) or stream[k].text != "{":
        return tuple(stream[k : k + 1])
    end = behind(stream, k)
    return tuple(stream[k + 1 : end - 1]) if stream[end - 1].text == "}" else ()


def size_text(several: Tokens) -> str | None:
    r"""A size as the network language writes it: 2 d_{\text{model}} is 2*d_model; None for what is no size."""
    out: list[str] = []
    k = 0
    while k < len(several):
        text = several[k].text
        if (text == "_" or text[1:] in FONTS) and k + 1 == len(several):
            return None
        if text in "{}":
            k += 1
        elif text[1:] in FONTS:
            inner = group_at(several, k + 1)
            out.append(plain(inner))
            k += 1 + len(inner) + 2 * (several[k + 1].text == "{")
        elif text == "_" and out:
            inner = group_at(several, k + 1)
            out[-1] += f"_{plain(inner)}"
            k += 1 + len(inner) + 2 * (several[k + 1].text == "{")
        elif text in (r"\cdot", "*"):
            out.append("*")
            k += 1
        elif text.isalnum() or text in ("+", "-", "/", "(", ")") or text[1:] in GREEK:
            out.append(text.lstrip("\\"))
            k += 1
        else:
            return None
    joined = ""
    for before, piece in zip(("", *out), out, strict=False):
        side_by_side = before and (before[-1].isalnum() or before == ")") and (piece[0].isalnum() or piece == "(")
        joined += f"*{piece}" if side_by_side else piece
    return joined or None
