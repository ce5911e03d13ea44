"""What a claim takes to be 0 outside of its axes: r_j - r_{j-1}, r = 0 \text{ outside}."""

from __future__ import annotations

import re

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import tokens
from symbackprop.notation.claims.words import Names

_OUTSIDE = re.compile(
    r"(?:\s|[,;]|\\q?quad\b|\\[ ,;:])*(?P<names>(?:[^=,;]+=)+)\s*0\s*(?:\\[ ,;:]\s*)*"
    r"(?:\\(?:text|mathrm|textrm)\s*\{\s*(?:\\ )?outside\s*\}|\boutside\b)\s*\.?\s*$"
)


def without_zeros(text: str) -> tuple[str, tuple[str, ...]]:
    """A claim without what it says of the outside, and the names that are 0 there."""
    found = _OUTSIDE.search(text)
    if found is None or "=" not in text[: found.start()]:
        return text, ()
    return text[: found.start()], tuple(name.strip() for name in found["names"].split("=") if name.strip())


def tensors_of(names: Names, several: tuple[str, ...]) -> frozenset[str]:
    """The tensors that names say. Raises Fault for one that says none."""
    out = set[str]()
    for one in several:
        word = syntax(tuple(tokens(one)))
        found = names.lookup(word) if isinstance(word, Word) else None
        if found is None or found.index or found.power:
            raise Fault(f"{one} is no tensor that may be 0 outside.", "Write the name of one, without indices.")
        out.add(found.name)
    return frozenset(out)
