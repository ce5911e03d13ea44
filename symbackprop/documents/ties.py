"""Axes that an identity holds together: dp[k]/dz[i] is 0 but where k = i, where p is computed of z entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from itertools import combinations

import sympy as sp

from symbackprop.core.guards import is_position, split
from symbackprop.core.program import Equation, Sum

Ties = Mapping[str, frozenset[tuple[int, int]]]
"""For each value the pairs of axes off whose diagonal its entries are 0."""


def ties(equations: Iterable[Equation]) -> Ties:
    """Those of the values of some equations, each after what it reads."""
    found: dict[str, frozenset[tuple[int, int]]] = {}
    for equation in equations:
        index = equation.target.index
        pairs = combinations(range(len(index)), 2)
        found[equation.target.name] = frozenset((j, k) for j, k in pairs if same(found, equation, index[j], index[k]))
    return found


def same(known: Ties, equation: Equation, one: str, other: str) -> bool:
    """Whether each term of an equation is 0 but where two of its letters are equal."""
    op = equation.op
    if not isinstance(op, Sum):
        return False
    return all(other in _alike(known, equation, replace(op, body=term), one) for term in sp.Add.make_args(op.body))


def _alike(known: Ties, equation: Equation, term: Sum, letter: str) -> set[str]:
    """The letters that are equal to one wherever a product is not 0."""
    factors = split(term)
    guards = [guard.args for guard in factors.guards if all(map(is_position, guard.args))]
    pairs = [{str(own), str(other)} for own, other in guards]
    read = [equation.operands[k] for k in factors.operands]
    pairs += [{ref.index[j], ref.index[k]} for ref in read for j, k in known.get(ref.name, ())]
    alike = {letter}
    return reduce(lambda found, _: found.union(*(pair for pair in pairs if pair & found)), pairs, alike)
