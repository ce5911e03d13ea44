"""An index below a name as whole multiples of letters, and numbers and sizes that are added: i + k - 1, 2i, n - i + 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.program import size
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.tree import Node as Formula
from symbackprop.notation.claims.constants import constant
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import plain


class Place(NamedTuple):
    """A sum of whole multiples of letters, and what is added to it."""

    letters: tuple[tuple[int, str], ...]
    added: Expr

    @classmethod
    def of(cls, part: Tokens, size_of: Callable[[str], str | None]) -> Place:
        """What the tokens of one index say; `size_of` tells the size that a letter is. Raises Fault for products of letters."""
        letters: dict[str, int] = {}
        added, factor, waits = sp.S.Zero, 1, False
        for token, behind in zip(part, (*part[1:], None), strict=True):
            text = token.text.lstrip("\\")
            if text in "+-":
                factor = 1 if text == "+" else -1
                continue
            if waits and not text.isalpha():
                raise _unread(part)
            goes_on = behind is not None and behind.text not in "+-"
            if text.isdigit():
                factor, waits = factor * int(text), goes_on
                added += 0 if goes_on else factor
                continue
            if goes_on:
                raise _unread(part)
            known = size_of(text)
            if known is None:
                letters[text] = letters.get(text, 0) + factor
            else:
                added += factor * size(known)
            waits = False
        return cls(tuple((k, c) for c, k in letters.items() if k), sp.expand(added))


def joined(parts: Sequence[Tokens], rank: int) -> list[Tokens]:
    """The indices of a name with so many axes: the 2 and the i of x_{2i} are one, where x has one axis."""
    found: list[Tokens] = []
    spare = len(parts) - rank
    for part in parts:
        number = found[-1][0] if found and len(found[-1]) == 1 and found[-1][0].text.isdigit() else None
        is_letter = len(part) == 1 and part[0].text.isalpha()
        if spare > 0 and number and is_letter and part[0].at == number.at + len(number.text):
            found[-1], spare = (number, *part), spare - 1
        else:
            found.append(part)
    return found


def _unread(part: Tokens) -> Fault:
    return Fault(f"{plain(part)}: a product of indices is not read.", "Write whole multiples and their sums: 2i+k-1.", part[0].at)


def from_one(letters: tuple[tuple[int, str, int], ...], shift: sp.Expr) -> sp.Expr:
    """The shift of a position that is counted from 1."""
    return shift + 1 - sum(sign for sign, _, _ in letters)


def shown_place(letters: tuple[tuple[int, str, int], ...], shift: sp.Expr) -> Formula:
    """A position as a formula: t - 1."""
    terms = [letter(name) if sign > 0 else f.negative(letter(name)) for sign, name, _ in letters]
    return f.add([*terms, *([constant(shift)] if shift != 0 or not terms else [])])
