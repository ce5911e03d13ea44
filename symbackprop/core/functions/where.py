"""Cases: a where a condition holds, otherwise b."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import sympy as sp
from sympy import Expr, Function, S


class Where(Function):
    """a where the condition holds, otherwise b; flat in its condition."""

    nargs = 3
    is_commutative = True  # a condition has no opinion, and SymPy would take that for no

    if TYPE_CHECKING:  # SymPy says of its functions that a call returns a class

        def __new__(cls, condition: Any, a: Any, b: Any) -> Self: ...

    @classmethod
    def eval(cls, *args: Any) -> Any:
        condition, a, b = args
        if condition is S.true or a == b:
            return a
        if condition is S.false:
            return b
        if isinstance(condition, sp.Ne | sp.Eq) and condition.args[1] == 0 and isinstance(condition.args[0], Where | sp.Mul):
            known = _holds(condition.args[0])
            if known is not None:
                return cls(known, a, b) if isinstance(condition, sp.Ne) else cls(known, b, a)
        settled = _settled(condition)
        return None if settled is None else cls(settled, a, b)

    def _eval_derivative(self, s: Any) -> Expr:
        parts: Any = self.args
        condition, a, b = parts
        return Where(condition, a.diff(s), b.diff(s))


def _holds(expression: Any) -> Any:
    """When a product of indicators is not zero: where all of their conditions hold; None for anything else."""
    factors: Any = sp.Mul.make_args(expression)
    if all(isinstance(f, Where) and f.args[1:] == (1, 0) for f in factors):
        return sp.And(*(f.args[0] for f in factors))
    return None


def _settled(condition: Any) -> Any:
    """A comparison of cases of two numbers with a number as what the cases ask: [1[j > i] > 0] = [j > i]; None for all else."""
    if not isinstance(condition, sp.Rel):
        return None
    for k, side in enumerate(condition.args):
        numbers = [*getattr(side, "args", ())[1:], condition.args[1 - k]]
        if isinstance(side, Where) and all(isinstance(n, sp.Rational) for n in numbers):
            first, second = (condition.func(*((n, numbers[-1]) if k == 0 else (numbers[-1], n))) is S.true for n in numbers[:2])
            if first == second:
                return S.true if first else S.false
            return side.args[0] if first else sp.Not(side.args[0])
    return None


def iverson(condition: sp.Basic) -> Expr:
    """1[condition]: 1 where the condition holds, otherwise 0."""
    return Where(condition, S.One, S.Zero)


def tidy_where(expression: Expr) -> Expr:
    """Cases of a number and 0 become that number times 1[condition]; cases within cases become a product of indicators."""
    if not expression.has(Where):
        return expression
    result: Any = expression.replace(lambda e: isinstance(e, Where), _indicator)
    return result


def _indicator(cases: Any) -> Expr:
    condition, a, b = cases.args
    if b == 0 and _counts(a):
        return sp.Mul(a, iverson(condition))
    if a == 0 and _counts(b):
        return sp.Mul(b, iverson(sp.Not(condition)))
    return cases


def _counts(expression: Any) -> bool:
    """Whether it is a number times indicators, so that 0 times it is 0 wherever it is evaluated."""
    return all(f.is_number or (isinstance(f, Where) and f.args[1:] == (1, 0)) for f in sp.Mul.make_args(expression))
