r"""Conditions of positions on paper: \mathbf{1}[i = j + 1], and below a sum whose letter they bound, \sum_{j \ge i}."""

from __future__ import annotations

from collections.abc import Collection

import sympy as sp

from symbackprop.algebra.matrix import Form, Front, front_of, number, scaled
from symbackprop.algebra.subscripts import Count, Positions
from symbackprop.core.program import position
from symbackprop.display.body import BodyPrinter, relation_sign
from symbackprop.display.reading_order import is_negative
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.tree import Node


def condition(given: Positions, first: str = "") -> Node:
    """i = j + 1 or i <= j, with what is subtracted on the other side, the shorter side first.

    first   the letter that is bounded, which stands alone on the left; of one letter it is that one.
    """
    first = first or (given.letters[0] if len(given.letters) == 1 else "")
    own = dict(zip(given.letters, given.slopes, strict=True))
    if first and abs(own[first]) == 1:
        return _bounded(given, first, own[first])
    steps = [(position(c), slope) for c, slope in own.items()]
    sides = [sum((sign * slope * c for c, slope in steps if is_negative(slope) == (sign < 0)), sp.S.Zero) for sign in (1, -1)]
    for term in sp.Add.make_args(given.offset):
        sides[is_negative(term)] += -term if is_negative(term) else term
    relation = given.relation
    lengths = [len(sp.Add.make_args(side)) for side in sides]
    before = position(given.letters[0]) if given.letters else sp.Add(*sides)
    is_turned = not sides[0].has(*before.free_symbols) if relation is sp.Eq else True  # i = j in the order of the line; j <= k
    if lengths[0] > lengths[1] or (lengths[0] == lengths[1] and is_turned):
        sides, relation = sides[::-1], {sp.Eq: sp.Eq, sp.Ge: sp.Le}[relation]
    return _written(given, relation, *sides)


def _bounded(given: Positions, first: str, slope: sp.Expr) -> Node:
    """j = n - 1, j >= 1; j > i for j >= i + 1."""
    rest = sum((s * position(c) for c, s in zip(given.letters, given.slopes, strict=True) if c != first), given.offset)
    bound = sp.expand(-rest * slope)
    relation = given.relation if given.relation is sp.Eq else sp.Ge if slope == 1 else sp.Le
    strict = {sp.Ge: (sp.Gt, -1), sp.Le: (sp.Lt, 1)}.get(relation)
    if strict is not None and len(given.letters) > 1:
        looser = sp.expand(bound + strict[1])
        if len(sp.Add.make_args(looser)) < len(sp.Add.make_args(bound)):
            relation, bound = strict[0], looser
    return _written(given, relation, position(first), bound)


def _written(given: Positions, relation: type, first: sp.Expr, second: sp.Expr) -> Node:
    body = BodyPrinter({position(c): letter(c) for c in given.letters})
    return f.relation(body.formula(first), relation_sign(relation), body.formula(second))


def count(given: Count) -> Node:
    """How many positions there are: n - j."""
    steps = [slope * position(c) for c, slope in zip(given.letters, given.slopes, strict=True)]
    return BodyPrinter({position(c): letter(c) for c in given.letters}).formula(sp.Add(*steps, given.offset))


def below_a_sum(body: Form, letters: Collection[str]) -> tuple[list[Node], Form]:
    """What stands below the sign of a sum, its letters and the conditions that bound them, and what is summed."""
    front, inner = front_of(body)
    bounds = dict[str, Positions]()
    tops = list[Form]()
    for top in (body,) if body.op == "positions" else front.tops:
        own = top.given if top.op == "positions" and top.given.relation is sp.Ge else None
        bound = next((x for x in letters if x in own.letters and x not in bounds and _is_alone(own, x)), None) if own else None
        if own is None or bound is None:
            tops.append(top)
        else:
            bounds[bound] = own
    if not bounds:
        return [letter(x) for x in letters], body
    rest = number(1) if body.op == "positions" else scaled(Front(front.coefficient, tuple(tops), front.bottoms), inner)
    return [condition(bounds[x], x) if x in bounds else letter(x) for x in letters], rest


def _is_alone(given: Positions, x: str) -> bool:
    return abs(given.slopes[given.letters.index(x)]) == 1
