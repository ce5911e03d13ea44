r"""The sets in which a text of LaTeX says that inputs lie: \mathbb{R}^{h \times d}, \{0, 1\}^n, \mathbb{R}^d \times \mathbb{R}."""

from __future__ import annotations

from itertools import takewhile
from typing import NamedTuple

from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import plain
from symbackprop.notation.latex.extents import count_of, group_at, size_text
from symbackprop.notation.latex.units import split

_ENUMERATED = {"0,1": "binary", "-1,1": "sign", "-1,+1": "sign", "1,-1": "sign", "+1,-1": "sign", "1,0": "binary"}
MATRICES = {"++": "spd", "+": "symmetric", "": "symmetric"}  # \mathbb{S}^n_{++}: semidefinite is not more than symmetric
_ABOVE = frozenset(["+", "++", ">0", "geq0"])
WITHIN = frozenset([r"\in", r"\subset", r"\subseteq"])


class Set(NamedTuple):
    """The set of a tensor: a kind that it must be (None: data, or a parameter), a domain, and sizes as text."""

    kind: str | None
    domain: str | None
    sizes: tuple[str, ...]


def sets_of(right: Tokens) -> list[Set]:
    """The sets whose product stands behind a sign of it, one for each of (x, y); none where one is not read."""
    if right[0].text not in WITHIN:
        only = _compared(right)
        return [only] if only else []
    found = [_set(part) for part in split(right[1:], r"\times")]
    return [one for one in found if one] if all(found) else []


def _compared(right: Tokens) -> Set | None:
    """What > 0 says."""
    return Set(None, "positive", ()) if [t.text for t in right] in ([">", "0"], [r"\geq", "0"]) else None


def _set(right: Tokens) -> Set | None:
    r"""\mathbb{R}^{h \times d}, \mathbb{R}_{>0}, \mathbb{S}^n_{++}, \{0,1\}^n, \{1,\dots,K\}, [0, 1], \Delta^{K-1}."""
    if not right:
        return None
    head = right[0].text
    if head == r"\mathbb" and len(right) > 1:
        letter = group_at(right, 1)
        below, sizes = _scripts(right[1 + len(letter) + 2 * (right[1].text == "{") :])
        if sizes is None or below is None:
            return None
        if plain(letter) == "S":
            return Set(None, MATRICES[below], sizes[:1]) if below in MATRICES and sizes else None
        return (
            Set(None, "positive" if below in _ABOVE else None, sizes) if plain(letter) == "R" and below in ("", *_ABOVE) else None
        )
    if head in (r"\{", "[", "("):
        inner = tuple(takewhile(lambda t: t.text not in (r"\}", "]", ")"), right[1:]))
        below, sizes = _scripts(right[len(inner) + 2 :])
        if sizes is None or below:
            return None
        listed = plain(inner)
        if head != r"\{":
            return Set(None, "unit", sizes) if listed == "0,1" else None
        if listed in _ENUMERATED:
            return Set(None, _ENUMERATED[listed], sizes)
        last = count_of(right, 0)
        bound = size_text(last) if last else None
        return Set("integers", None, (*sizes, bound)) if bound else None
    if head == r"\Delta":
        below, sizes = _scripts(right[1:])
        if below or not sizes or len(sizes) != 1 or not sizes[0].endswith("-1"):
            return None
        return Set("labels", None, (sizes[0].removesuffix("-1"),))
    return None


def _scripts(several: Tokens) -> tuple[str | None, tuple[str, ...] | None]:
    """What stands below a set, and the sizes above it; None for what is neither."""
    below, sizes, k = "", (), 0
    while k < len(several):
        inner = group_at(several, k + 1)
        if several[k].text == "_" or (several[k].text == "^" and plain(inner) in _ABOVE):
            below = plain(inner)
        elif several[k].text == "^":
            parts = split(inner, r"\times", ",")
            read = [size_text(part) for part in parts]
            if not all(read):
                return None, None
            sizes = tuple(text for text in read if text)
        else:
            return None, None
        k += 1 + len(inner) + 2 * (k + 1 < len(several) and several[k + 1].text == "{")
    return below, sizes
