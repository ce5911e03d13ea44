"""Sums with large numbers, as masks have them: S - 1e9 (1 - m).

SymPy multiplies out, S + 1e9 m - 1e9. Added from the left, S loses as many digits as the number has; in single precision all.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp
from sympy import Expr

LARGE = 10_000
CUT = 10**6


@cache
def gathered(e: Any) -> tuple[tuple[Expr, Expr], ...]:
    """The terms of a sum as (number, rest), those of one large number together, the largest first; () where there are none."""
    by: dict[Any, list[Expr]] = {}
    others: list[Expr] = []
    alone = sp.S.Zero  # the number among the terms, which is the sum of all that were written
    for term in e.args:
        number = term.as_coeff_Mul()[0]
        if term.is_number:
            alone = term
        elif number.is_number and number.is_extended_real and abs(number) >= LARGE:
            by.setdefault(abs(number), []).append(term)
        else:
            others.append(term)
    if not alone.is_extended_real or not alone.is_finite:
        return ()
    for number in sorted(by, reverse=True):
        if 2 * abs(alone) >= number:
            part = sp.sign(alone) * number
            by[number].append(part)
            alone -= part
    if alone:
        others.append(alone)
    if not others or not any(len(terms) > 1 for terms in by.values()):
        return ()
    groups = [(number, sp.Add(*[term / number for term in by[number]])) for number in sorted(by, reverse=True)]
    return (*groups, (sp.S.One, sp.Add(*others)))


def in_order(e: Any) -> tuple[Expr, ...]:
    """The terms of a sum in the order in which they are added."""
    groups = gathered(e)
    return tuple(number * term for number, rest in groups for term in sp.Add.make_args(rest)) if groups else e.args


def is_cut(number: Any) -> bool:
    """Whether a fraction is a decimal whose digits were cut somewhere, 321755198496/306229081697, and is read as such again."""
    return abs(number.numerator) > CUT < number.denominator
