"""Expressions of SymPy, which is imported where one is made or taken apart: who only computes numbers does without it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sympy import Expr, Symbol


def symbol(name: str, **facts: bool) -> Symbol:
    """The symbol of a name, of which facts are assumed."""
    from sympy import Symbol

    return Symbol(name, **facts)


def one() -> Expr:
    """The number 1."""
    from sympy import S

    return S.One


def expanded(expression: Any) -> Expr:
    """The expression with its products multiplied out."""
    from sympy import expand

    return expand(expression)


def factors(expression: Expr) -> tuple[Expr, ...]:
    """The factors of a product; of anything else itself."""
    from sympy import Mul

    return Mul.make_args(expression)


@lru_cache(maxsize=8192)
def symbols_in(expression: Expr) -> frozenset[Any]:
    """The symbols of an expression."""
    return frozenset(expression.free_symbols)


@lru_cache(maxsize=8192)
def parts_in(expression: Expr, kind: type[Any]) -> frozenset[Any]:
    """The parts of an expression that are of a kind."""
    return frozenset(expression.atoms(kind))


@lru_cache(maxsize=8192)
def is_below_zero(expression: Expr) -> bool:
    """Whether an expression of sizes is negative wherever no size is 1."""
    symbols: Any = expression.free_symbols
    larger: Any = {symbol: symbol + 1 for symbol in symbols}
    return bool(expression.is_negative or expanded(expression.subs(larger, simultaneous=True)).is_negative)
