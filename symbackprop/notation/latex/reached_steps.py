r"""How far steps run where a recursion alone tells it: h_t = f(h_{t-1}, x_t), and a loss that reads h_T, have T steps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import ACCENTS

_ACCENT = "|".join(sorted(ACCENTS))
_WORD = re.compile(rf"((?:\\(?:{_ACCENT}) )?(?:\{{ )?\\?[A-Za-z]+(?: \}})?) [_^] (?:\{{ ([^{{}}]*) \}}|(\S+))")
_STEP = re.compile(r"([a-z])(?: ([+-]) (\d+))?")


def steps_of(pieces: Sequence[Tokens]) -> dict[str, str | None]:
    r"""For each letter that numbers the steps of a recursion, how many its formulas hold for; None where that is not told.

    It is told by the one step of a recursion that others read, h_T or x_3, where steps begin at 0 or 1.
    """
    sides = [" ".join(t.text for t in piece).partition(" = ") for piece in pieces]
    heads = {base: one for left, sign, _ in sides if sign and (m := _WORD.match(left)) for base, one in [_place(m)] if one}
    read = [_place(m) for _, _, right in sides for m in _WORD.finditer(right)]
    several = {
        base: one for base, one in heads.items() if any(own == base and at and at != one and at[0] == one[0] for own, at in read)
    }
    given = {(m[1], _index(m)) for left, sign, _ in sides if sign and (m := _WORD.match(left))}
    found: dict[str, str | None] = {}
    for letter in {letter for letter, _ in several.values()}:
        own = {base: shift for base, (letter_, shift) in several.items() if letter_ == letter}
        last = {
            (_index(m), own[m[1]])
            for _, _, right in sides
            for m in _WORD.finditer(right)
            if m[1] in own and (m[1], _index(m)) not in given and re.fullmatch(r"[A-Z]|[1-9]\d*", _index(m))
        }
        falls = any(own.get(base) is not None and at and at[0] == letter and at[1] > own[base] for base, at in read)
        found[letter] = _count(*last.pop()) if len(last) == 1 and not falls else None
    return found


def _index(found: re.Match[str]) -> str:
    return (found[2] or found[3]).strip("()[] ")


def _place(found: re.Match[str]) -> tuple[str, tuple[str, int] | None]:
    """A name, and the letter and the shift of its step."""
    one = _STEP.fullmatch(_index(found))
    return found[1], (one[1], int(f"{one[2] or '+'}{one[3] or 0}")) if one else None


def _count(last: str, shift: int) -> str | None:
    """How many steps there are where the last of h_{t + shift} is known, and steps begin at t = 1, or 0 where shift is 1."""
    return last if shift in (0, 1) else None
