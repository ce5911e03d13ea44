"""The order in which a textbook writes factors and terms, once for entries and for whole matrices.

In a product a number and the sizes come first, then the operands in the order of their slots (the upstream gradient is the first),
then indicators; what all terms of a sum share stands in front: 2 (yhat - y) and not -2 y + 2 yhat; positive terms come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import sympy as sp
from sympy import Expr, S, Symbol
from sympy.core.relational import Relational

from symbackprop.core.functions import Where


def is_coefficient(expression: Expr) -> bool:
    """Whether an expression is made of numbers and sizes alone."""
    return all(symbol.is_positive for symbol in expression.free_symbols)


def rank(expression: sp.Basic) -> tuple[int, int]:
    """The place of an expression in reading order: by its first slot, then by its length."""
    slots = [int(s.name[1:]) for s in expression.free_symbols if is_slot(s)]  # type: ignore[union-attr]
    return (min(slots, default=len(slots) or 10**6), expression.count_ops() if isinstance(expression, Expr) else 0)


class Turn(sp.Function):
    """e_ijk of a cross product, by the positions of its letters."""


@cache
def split_product(expression: Expr) -> tuple[Expr, tuple[Expr, ...]]:
    """(coefficient, factors in reading order): numbers and sizes, and the content of sums, are in the coefficient.

    -2 y + 2 yhat is (2, (yhat - y,)).
    """
    coefficient: Expr = S.One
    factors: list[Expr] = []
    for factor in _opened(expression):
        if is_coefficient(factor):
            coefficient *= factor
        elif factor.is_Add:
            content, rest = content_of(factor)
            coefficient *= content
            factors.append(rest)
        else:
            factors.append(factor)
    if is_negative(coefficient):
        is_quotient = any(isinstance(factor, sp.Pow) and is_negative(factor.exp) for factor in factors)
        for k, factor in enumerate(factors):
            if _is_difference(factor) and not (is_quotient and _is_in_order(factor)):
                factors[k], coefficient = -factor, -coefficient
                break
    factors.sort(key=lambda f: (_late(f), isinstance(f, sp.log), *rank(f)))
    return coefficient, tuple(factors)


def _is_difference(factor: Expr) -> bool:
    """Whether a factor is a - b without numbers, so that -(a - b) reads b - a."""
    terms = sp.Add.make_args(factor)
    return len(terms) == 2 and sorted(map(is_negative, terms)) == [False, True] and not any(map(is_coefficient, terms))


def _is_in_order(difference: Expr) -> bool:
    """Whether a - b names a before b, as its author did: -(x - m)/s^3 is not turned into (m - x)/s^3."""
    above, below = sorted(sp.Add.make_args(difference), key=is_negative)
    return rank(above) < rank(below)


def _late(factor: Expr) -> int:
    """Whether a factor goes first (1[k = i] of letters alone), in its place, or last (a condition on values)."""
    if isinstance(factor, Turn):
        return -1
    if not isinstance(factor, Where):
        return 0
    return -1 if isinstance(factor.args[0], sp.Eq) and not any(is_slot(s) for s in factor.free_symbols) else 1


def is_slot(symbol: sp.Basic) -> bool:
    """Whether a symbol of a body stands for an operand: sizes and positions are integers."""
    return isinstance(symbol, Symbol) and symbol.is_integer is None


@cache
def split_sum(expression: Expr) -> tuple[Expr, ...]:
    """The terms of a sum in reading order: the positive ones first; a number after symbols, before functions and one value.

    x - y + 1, 1 - a, 1 + e^x, 1 + q, but i + 1 of positions.
    """
    terms = sp.Add.make_args(expression)
    begins = len(terms) == 2 and any(t.is_Integer and t.is_positive for t in terms) and any(map(is_slot, expression.free_symbols))
    plain = not begins and any(not is_negative(t) and not is_coefficient(t) for t in terms) and not expression.atoms(sp.Function)

    def key(term: Expr) -> tuple:
        constant = is_coefficient(term)
        last = constant and plain
        return (last, is_negative(term), not constant and not plain, isinstance(term, Where), rank(term))

    return tuple(sorted(terms, key=key))


def side_of(branch: Where) -> Expr | None:
    """a 1[c] for a branch between a and 0, as a product; None for any other branch, and for an indicator alone."""
    condition, a, b = branch.args
    if b == 0 and a != 1:
        return sp.Mul(a, Where(condition, 1, 0))  # type: ignore[arg-type]
    return sp.Mul(b, Where(negated(condition), 1, 0)) if a == 0 and b != 1 else None  # type: ignore[arg-type]


def _opened(product: Expr) -> list[Expr]:
    """The factors of a product, with branches between a and 0 opened."""
    found: list[Expr] = []
    for factor in sp.Mul.make_args(product):
        side = side_of(factor) if isinstance(factor, Where) else None
        found += [factor] if side is None else _opened(side)
    return found


def indicator_of(branch: Where) -> sp.Basic | None:
    """The condition whose indicator a branch between 1 and 0 is, or None."""
    condition, *sides = branch.args
    if sides == [S.One, S.Zero]:
        return tidy_condition(condition)
    return negated(condition) if sides == [S.Zero, S.One] else None


def negated(condition: sp.Basic) -> sp.Basic:
    """The opposite condition."""
    condition = tidy_condition(condition)
    return tidy_condition(condition.negated) if isinstance(condition, Relational) else sp.Not(condition)


def tidy_condition(condition: Any) -> Any:
    """The condition with a number on its right side, 0 < x is x > 0, t - 1 = 0 is t = 1; and without indicators: 1[c] != 0 is c."""
    if not isinstance(condition, Relational):
        return condition
    if condition.lhs.is_number:
        return tidy_condition(condition.reversed)
    if condition.rhs == 0 and isinstance(condition, sp.Ne | sp.Eq) and isinstance(condition.lhs, Where):
        inner = indicator_of(condition.lhs)
        if inner is not None:
            return tidy_condition(inner) if isinstance(condition, sp.Ne) else negated(inner)
    number, rest = condition.lhs.as_coeff_Add() if isinstance(condition.lhs, Expr) else (S.Zero, condition.lhs)
    if number != 0 and isinstance(rest, Symbol) and rest.is_positive and condition.rhs.is_number:  # t = 1, and not t - 1 = 0
        return condition.func(rest, condition.rhs - number)
    return condition


def is_negative(expression: Expr) -> bool:
    """Whether it is printed with a minus in front."""
    return bool(expression.as_coeff_Mul()[0].is_negative)


@cache
def content_of(total: Expr) -> tuple[Expr, Expr]:
    """What all the terms of a sum have in common, apart from the sign: a number and sizes."""
    coefficients = [sp.Mul(*[f for f in sp.Mul.make_args(term) if is_coefficient(f)]) for term in sp.Add.make_args(total)]
    first = coefficients[0]
    if any(c not in (first, -first) for c in coefficients):
        return S.One, total
    content = -first if is_negative(first) else first
    if all(map(is_negative, coefficients)):
        content = -content
    if content == 1:
        return content, total
    rest = [sp.Mul(*[f for f in sp.Mul.make_args(term) if not is_coefficient(f)]) for term in sp.Add.make_args(total)]
    return content, sp.Add(*[part if c == content else -part for part, c in zip(rest, coefficients, strict=True)])


def swapped(expression: Expr, by: Mapping[Any, Any]) -> Expr:
    """The expression with other symbols, all at once."""
    return expression.xreplace(by)  # type: ignore[return-value]


def one_root(factors: Iterable[Expr]) -> list[Expr]:
    """The factors, the roots of numbers among them as one: sqrt(2 pi), which SymPy takes apart."""
    factors = list(factors)
    roots = [x for x in factors if isinstance(x, sp.Pow) and x.exp == S.Half and x.base.is_number]
    if len(roots) < 2:
        return factors
    return [sp.Pow(sp.Mul(*(x.base for x in roots)), S.Half, evaluate=False), *(x for x in factors if x not in roots)]
