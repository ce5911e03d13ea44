r"""A row of cases as it is written, x & \text{if } z > 0: its value and its condition, without the words between them."""

from __future__ import annotations

import re

from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import RELATIONS, Token

_NO_CONDITION = re.compile(r"otherwise|else|sonst|elsewhere|otherwhise|ow")


def split_case(row: tuple[Tokens, ...]) -> tuple[Tokens, Tokens | None]:
    """The tokens of a value and of its condition, without the words between them."""
    value, *cells = row
    rest = tuple(t for part in cells for t in part)
    if not cells:
        k = next((k for k, t in enumerate(value) if t.text == "," or t.text in (r"\text", r"\mbox", r"\textrm")), None)
        if k is None:
            return value, None
        value, rest = value[:k], value[k:]
    while value and value[-1].text in (",", ";"):
        value = value[:-1]
    rest, words = _without_words(rest)
    if not rest:
        return value, None
    if _NO_CONDITION.search(words) and not any(t.text in RELATIONS for t in rest):
        return value, None
    return value, rest


def _without_words(several: Tokens) -> tuple[Tokens, str]:
    kept: list[Token] = []
    words, k = "", 0
    while k < len(several):
        if several[k].text in (r"\text", r"\mbox", r"\textrm", r"\mathrm", r"\operatorname") and k + 1 < len(several):
            k += 1
            if several[k].text == "{":
                depth = 0
                while k < len(several):
                    depth += (several[k].text == "{") - (several[k].text == "}")
                    words += several[k].text
                    if depth == 0:
                        break
                    k += 1
        elif several[k].text not in (",", ".", ";", "&"):
            kept.append(several[k])
        k += 1
    joined = "".join(t.text for t in kept)
    if _NO_CONDITION.fullmatch(joined) or joined in ("if", "for", "when"):
        return (), joined
    while len(kept) > 2 and "".join(t.text for t in kept[:2]) in ("if",):
        kept = kept[2:]
    return tuple(kept), words
