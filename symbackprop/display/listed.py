"""Sums over indicators of single positions as lists: x 1[i = 0] + y 1[i = 1] is (x, y)."""

from __future__ import annotations

from typing import Any, cast

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions import Where, iverson

SHORT = range(2, 5)  # entries that are listed


def by_position(body: Expr, at: Symbol, count: int) -> dict[int, Expr]:
    """What a sum is at each position that it has terms for; nothing where a term is not of one position."""
    found = dict[int, Expr]()
    for term in sp.Add.make_args(cast(Expr, sp.expand_mul(body))):
        factors = sp.Mul.make_args(term)
        masks = [f for f in factors if isinstance(f, Where) and f.args[1:] == (1, 0)]
        tests = [test for f in masks for test in sp.And.make_args(cast(Any, f.args[0]))]
        own = [test for test in tests if isinstance(test, sp.Eq) and at in test.args]
        k = next((x for x in own[0].args if x != at), None) if len(own) == 1 else None
        rest = sp.Mul(*[f for f in factors if f not in masks], *[iverson(test) for test in tests if test not in own])
        if not isinstance(k, sp.Integer) or not 0 <= k < count or rest.has(at):
            return {}
        found[int(k)] = found.get(int(k), S.Zero) + rest
    return found
