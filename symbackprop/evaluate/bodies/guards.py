"""Equality guards in a body, solved at concrete sizes: 1[i = o + k] fixes i, so that no sum runs over i.

This is the witness's own solver. `core.guards` solves the same equalities for every size at once, for what is printed and
compiled; nothing is shared between the two on purpose, since their agreement is the proof.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions import Where
from symbackprop.core.program import position


@lru_cache(maxsize=4096)
def split(term: Expr) -> tuple[tuple[sp.Basic, ...], tuple[Expr, ...]]:
    """The conditions that a product stands under, and its other factors: 1[c] a is (c, a), where(c, a, 0) as well."""
    conditions: list[sp.Basic] = []
    factors: list[Expr] = []
    todo = list(reversed(sp.Mul.make_args(term)))
    while todo:
        factor = todo.pop()
        if isinstance(factor, sp.Pow) and factor.exp.is_Integer and factor.exp.is_positive and _is_guard(factor.base):
            factor = factor.base  # a power of 0 or 1
        if isinstance(factor, Where) and factor.args[2] == 0 and (factor.args[1] == 1 or _places(factor.args[0])):
            conditions += sp.And.make_args(factor.args[0])
            todo += reversed(sp.Mul.make_args(cast(Expr, factor.args[1])))
        else:
            factors.append(factor)
    return tuple(conditions), tuple(factors)


def _is_guard(expression: Expr) -> bool:
    return isinstance(expression, Where) and expression.args[1:] == (S.One, S.Zero)


def _places(condition: sp.Basic) -> bool:
    """Whether a condition ties positions; any other branch is left whole, since what it hides may not be finite."""
    return any(s.is_nonnegative for e in sp.And.make_args(condition) if isinstance(e, sp.Eq) for s in e.free_symbols)


@lru_cache(maxsize=4096)
def solve(
    conditions: tuple[sp.Basic, ...], summed: tuple[tuple[str, int], ...], slots: tuple[tuple[Symbol, tuple[str, ...]], ...]
) -> tuple[dict[str, Expr], list[sp.Basic]]:
    """Which summed letters the conditions fix, and the conditions that fix none.

    summed   the summed letters with their sizes; the longest is fixed first.
    slots    each slot with its letters, since x[t[b]] fixes a letter by an entry.
    returns  letter -> the position that it must stand at, in letters that stay; it may lie outside of the axis or
             between two entries. An equation is run at many points, so that what is found is kept.
    """
    extents, letters_of = dict(summed), dict(slots)
    fixed: dict[str, Expr] = {}
    rest: list[sp.Basic] = []

    def reach(expression: Expr) -> set[str]:
        seen: set[str] = set()
        todo = [expression]
        while todo:
            for symbol in todo.pop().free_symbols:
                for letter in letters_of.get(symbol, (symbol.name,)):  # type: ignore[call-overload, union-attr]
                    if letter not in seen:
                        seen.add(letter)
                        if letter in fixed:
                            todo.append(fixed[letter])
        return seen

    for condition in conditions:
        best: tuple[str, Expr] | None = None
        if isinstance(condition, sp.Eq):
            swap = {position(letter): place for letter, place in fixed.items()}
            gap = sp.expand((cast(Expr, condition.lhs) - cast(Expr, condition.rhs)).xreplace(swap))
            for letter in sorted(set(extents) - set(fixed), key=lambda c: -extents[c]):
                p = position(letter)
                coefficient = gap.coeff(p)
                if not coefficient.is_Rational or coefficient == 0:
                    continue
                place = sp.expand(p - gap / coefficient)
                if letter not in reach(place):
                    best = letter, place
                    break
        if best is None:
            rest.append(condition)
        else:
            letter, place = best
            fixed = {c: e.xreplace({position(letter): place}) for c, e in fixed.items()} | {letter: place}
    return fixed, rest
