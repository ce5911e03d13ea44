r"""How far a sum goes: \sum_i a_i + b_i is the sum of both where no index i stands on the left-hand side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symbackprop.formulas.told import told
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.syntax import Syntax, below
from symbackprop.notation.claims.tokens import Token, plain

REACHED = told("a sum goes on over the terms behind it that have its index")
Part = tuple[int, Syntax]


def reaching(node: Syntax, free: frozenset[str], turned: bool = False) -> Syntax:
    r"""The same, in which each sum goes on over the terms behind it that have its index, and these stand alone.

    free     indices that stand on the left-hand side, or in sums around it.
    turned   whether the minus before a sum, -\sum_i a_i + b_i, is that of its first term alone.
    """
    match node:
        case sx.Terms(parts=parts):
            found = list[Part]()
            for sign, part in parts:
                before = _goes_on(found[-1], (sign, part), free, turned) if found else None
                found = [*found[:-1], before] if before is not None else [*found, (sign, reaching(part, free, turned))]
            return found[0][1] if len(found) == 1 and found[0][0] > 0 else replace(node, parts=tuple(found))
        case sx.Group(items=items):
            return replace(node, items=tuple(reaching(one, free, turned) for one in items))
        case sx.Product(factors=factors):
            return replace(node, factors=tuple(reaching(one, free, turned) for one in factors))
        case sx.Fraction(over=over, under=under):
            return replace(node, over=reaching(over, free, turned), under=reaching(under, free, turned))
        case sx.Big(under=under, body=body):
            return replace(node, body=reaching(body, free | _letters(under), turned))
    return node


def _goes_on(before: Part, behind: Part, free: frozenset[str], turned: bool) -> Part | None:
    """A term that ends in a sum, with the one behind it as part of that; None where it is none of it."""
    sign, term = before
    factors = term.factors if isinstance(term, sx.Product) else (term,)
    last = factors[-1]
    if not isinstance(last, sx.Big) or last.kind == "prod" or not _stand_in(behind[1], _letters(last.under) - free):
        return None
    own = behind[0] * sign if turned else behind[0]
    parts = last.body.parts if isinstance(last.body, sx.Terms) else ((1, last.body),)
    whole = replace(last, body=sx.Terms((*parts, (own, behind[1])), last.body.at))
    return sign, replace(term, factors=(*factors[:-1], whole)) if isinstance(term, sx.Product) else whole


def _letters(under: Sequence[Token]) -> frozenset[str]:
    """The index that a sum binds, by itself or from a number on."""
    said = plain(under).partition("=")[0]
    return frozenset([said]) if len(said) == 1 and said.isalpha() else frozenset()


def _stand_in(node: Any, letters: frozenset[str]) -> bool:
    """Whether one of some letters is an index in a term that no sum in it binds."""
    if isinstance(node, sx.Big):
        letters = letters - _letters(node.under)
    if not letters:
        return False
    if isinstance(node, sx.Word | sx.Scripted) and any(t.text in letters for t in (*node.sub, *node.sup)):
        return True
    return any(_stand_in(part, letters) for part in below(node) if not isinstance(part, Token | str | int))
