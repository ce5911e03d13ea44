"""Pieces of a claim's text, token by token: what opens and shuts brackets, groups, and the words between formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symbackprop.notation.claims.tokens import Token

WRAPPERS = re.compile(
    r"\\(?:begin|end)\s*\{(?:align|aligned|equation|split|gather|gathered|eqnarray|multline|displaymath|math|alignat)\*?\}$"
)
WORDS = frozenset([r"\text", r"\textrm", r"\mbox", r"\textit"])
_OPEN = frozenset(["{", "(", "[", r"\{", r"\langle"])
_SHUT = frozenset(["}", ")", "]", r"\}", r"\rangle"])


def deeper(text: str) -> int:
    """1 for what opens a bracket or an environment, -1 for what closes one."""
    return (text in _OPEN or text.startswith(r"\begin")) - (text in _SHUT or text.startswith(r"\end"))


def behind_group(several: list[Token], k: int) -> int:
    """The place after the group that follows a macro."""
    depth, k = 0, k + 1
    while k < len(several):
        depth += (several[k].text == "{") - (several[k].text == "}")
        k += 1
        if depth == 0:
            break
    return k


def words_of(several: list[Token]) -> Iterator[tuple[int, int, str]]:
    """The pieces of text between formulas, outside brackets and cases: where each begins, where it ends, the words."""
    depth = 0
    for k, token in enumerate(several):
        if not WRAPPERS.match(token.text):
            depth += deeper(token.text)
        if depth == 0 and token.text in WORDS and k + 1 < len(several):
            end = behind_group(several, k)
            yield k, end, "".join(t.text for t in several[k + 1 : end]).strip("{},.").lower()
