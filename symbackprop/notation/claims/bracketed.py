"""Tokens between their brackets: what stands behind a bracket, between commas and equals signs outside of all brackets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import Token, tokens

_OPEN, _SHUT = frozenset(["(", "[", "{", r"\{", r"\langle"]), frozenset([")", "]", "}", r"\}", r"\rangle"])


def behind(several: Sequence[Token], k: int) -> int:
    """The place behind a token, or behind the brackets that it opens."""
    depth = 0
    while k < len(several):
        depth += _deeper(several[k])
        k += 1
        if depth <= 0:
            return k
    return k


def outside(several: Sequence[Token]) -> Iterator[int]:
    """The places of the tokens that stand in no bracket and no environment."""
    depth = 0
    for k, token in enumerate(several):
        deeper = _deeper(token)
        if depth == deeper == 0:
            yield k
        depth += deeper


def between_commas(several: Tokens) -> list[Tokens]:
    """The tokens between commas outside of brackets."""
    commas = [k for k in outside(several) if several[k].text == ","]
    return [several[a + 1 : b] for a, b in zip([-1, *commas], [*commas, len(several)], strict=True)]


def sides(text: str) -> list[str]:
    """The sides of the first formula of a text, between its equals signs: \\sum_{i=1}^n has none. Raises Fault."""
    several = tokens(text)
    own = list(outside(several))
    end = next((several[k].at for k in own if several[k].text in (",", ";", r"\\")), len(text))
    signs = [several[k].at for k in own if several[k].text == "=" and several[k].at < end]
    return [text[a:b].lstrip(":=").strip() for a, b in zip([0, *signs], [*signs, end], strict=True)]


def is_alone(text: str) -> bool:
    """Whether no equation stands behind the first formula of a text, but what an index runs over. Raises Fault."""
    several = tokens(text)
    end = next((k for k in outside(several) if several[k].text in (",", ";", r"\\")), len(several))
    parts = between_commas(tuple(several[end + 1 :]))
    claims = [part for part in parts if any(part[k].text == "=" for k in outside(part))]
    return all(len(part) == 3 and part[0].text.isalpha() and part[2].text.isdigit() for part in claims)  # i = 1, \ldots, n


def last_side(text: str) -> str:
    """The last side of the first formula of a text, with what stands behind that: where, with, for. Raises Fault."""
    *before, last = sides(text)
    return text[text.index(last, sum(map(len, before))) :] if last else ""


def instead(text: str, own: str, other: str) -> str:
    """A text with some tokens, as another text has them, in place of others. Raises Fault."""
    several, wanted = tokens(text), [token.text for token in tokens(own)]
    out, k, begin = "", 0, 0
    while k < len(several):
        if [token.text for token in several[k : k + len(wanted)]] == wanted:
            last = several[k + len(wanted) - 1]
            out += text[begin : several[k].at] + other
            begin, k = last.at + len(last.text), k + len(wanted)
        else:
            k += 1
    return out + text[begin:]


def _deeper(token: Token) -> int:
    opens = token.text in _OPEN or token.text.startswith(r"\begin")
    return opens - (token.text in _SHUT or token.text.startswith(r"\end"))
