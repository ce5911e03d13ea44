r"""An objective whose parameters stand below it: \min_{U, V} \|R - U V^\top\|_F^2, \hat\theta = \arg\max_\theta \ell(\theta)."""

from __future__ import annotations

import re
from typing import NamedTuple

from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import plain
from symbackprop.notation.latex.extents import group_at
from symbackprop.notation.latex.naming import word_of
from symbackprop.notation.latex.units import behind, split, units

_SIGNS = frozenset(["min", "max", "argmin", "argmax", "minimize", "maximize", "minimise", "maximise", "inf", "sup"])
_DRESS = re.compile(r"operatorname|mathop|mathrm|text|limits|[^a-z]")  # around \\operatorname*{arg\\,min}
HEAD = 9  # tokens of a name before its equals sign, w^{(star)}


class Objective(NamedTuple):
    """What is minimised or maximised, and the words that stand below the sign, with what is said of them.

    rises   whether it is maximised.
    """

    body: Tokens
    sought: tuple[Word, ...]
    below: tuple[Tokens, ...]
    rises: bool


def objective(piece: Tokens) -> Objective | None:
    r"""The objective that a piece of a text is; None for any other, such as a \min_j s_j over an index."""
    signs = [t.text for t in piece]
    start = next((k + 1 for k, sign in enumerate(signs[:HEAD]) if sign == "=" and signs[:k].count("{") == signs[:k].count("}")), 0)
    if signs[start : start + 2] == [r"\underset", "{"]:
        inner = behind(piece, start + 1)
        end = behind(piece, inner)
        name, under = piece[inner:end], group_at(piece, start + 1)
    else:
        place = next((k for k in range(start, len(signs)) if signs[k] == "_"), len(signs))
        end = behind(piece, place + 1)
        name, under = piece[start:place], group_at(piece, place + 1)
    sign = _DRESS.sub("", plain(name).lower())
    if sign not in _SIGNS or (start and not sign.startswith("arg")):
        return None
    body = piece[end:]
    below = split(under, ",")
    words = [word_of(_before_a_set(part)) for part in below]
    indices = {unit.text for unit in units(body) if unit.below}
    if not words or any(word is None or word.base in indices for word in words):
        return None
    return Objective(body, tuple(word for word in words if word), tuple(below), "max" in sign or sign == "sup")


def _before_a_set(part: Tokens) -> Tokens:
    place = next((k for k, t in enumerate(part) if t.text == r"\in"), len(part))
    return part[:place]
