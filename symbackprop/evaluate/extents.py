"""An axis is a size expression: n, 2*d, n - k + 1, h*w, floor((n - k)/2) + 1; its number, and the sizes at which it has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Signature

if TYPE_CHECKING:  # a size that is a name or a number needs no SymPy
    import sympy as sp
    from sympy import Expr

Sizes = Mapping[str, int]
LARGEST = 2**40  # no size is looked for beyond
SCANNED = 4096  # sizes that are tried one by one where an expression neither rises nor falls


class SizeError(SymbackpropError):
    """Sizes that do not fit: the message names the array or the size, what it must be, what it is, and the mend."""


@cache
def evaluator(e: Expr) -> Callable[[Sizes], Any]:
    """An expression of sizes as a Python function of their numbers; it gives None where one of them is not known.

    Raises SizeError for a function that no size is made of.
    """
    if e.is_Symbol:
        name = str(e)
        return lambda sizes: sizes.get(name)
    if e.is_Rational:
        number = int(e) if e.is_Integer else Fraction(int(e.p), int(e.q))  # type: ignore[attr-defined]
        return lambda sizes: number
    import sympy as sp

    from symbackprop.core.functions.special import remainder

    joins: dict[Any, Callable[..., Any]] = {
        sp.Add: lambda *parts: sum(parts), sp.Mul: lambda *parts: prod(parts), sp.Pow: lambda a, b: Fraction(a) ** b,
        sp.floor: lambda a: a // 1, sp.ceiling: lambda a: -(-a // 1), sp.Max: max, sp.Min: min, sp.Mod: lambda a, b: a % b,
        remainder: lambda a, b: a % b,
    }  # fmt: skip
    if e.func not in joins:
        raise SizeError(f"the size {e} holds {e.func.__name__}; sizes are made of numbers, + - * / ** floor, ceiling, Max and Min")
    join, parts = joins[e.func], [evaluator(arg) for arg in e.args]  # type: ignore[arg-type]

    def evaluate(sizes: Sizes) -> Any:
        values = [part(sizes) for part in parts]
        return None if None in values else join(*values)

    return evaluate


def extent(expression: Expr, sizes: Sizes) -> int:
    """The whole number that a size expression is at concrete sizes.

    Raises SizeError where it is none.
    """
    number = evaluator(expression)(sizes)
    if number is None or number != int(number):
        at = known(expression, sizes)
        raise SizeError(f"the size {expression} is no whole number" + (f" at {at}" if at else ": give its sizes"))
    return int(number)


def shape_of(tensor: Signature, sizes: Sizes) -> tuple[int, ...]:
    """The shape of a tensor at concrete sizes."""
    return tuple(extent(n, sizes) for n in tensor.shape)


def known(expression: sp.Basic, sizes: Sizes) -> str:
    """The sizes that an expression mentions, with their numbers: h = 4, d = 3."""
    from sympy import Symbol, preorder_traversal

    names = dict.fromkeys(s.name for s in preorder_traversal(expression) if isinstance(s, Symbol))
    return ", ".join(f"{name} = {sizes[name]}" for name in names if name in sizes)


def roots(expression: Expr, name: str, n: int, found: Sizes) -> list[int]:
    """The whole numbers from 1 on that make an expression n, where all other sizes are known; two where there are more."""
    if expression.is_Symbol:
        return [n] if n >= 1 else []
    slope, rest = _line(expression, name)
    if slope is not None:
        a, b = evaluator(slope)(found), evaluator(rest)(found)
        if a:
            root = Fraction(n - b) / a
            return [int(root)] if root.denominator == 1 and root >= 1 else []
    evaluate, way = evaluator(expression), _way(expression, name)

    def at(s: int) -> Any:
        return evaluate({**found, name: s})

    if way is None:
        return [s for s in range(1, SCANNED + 1) if at(s) == n][:2]
    low, high = 0, 1  # at(low) is before n, at(high) is not
    while way * (at(high) - n) < 0:
        low, high = high, 2 * high
        if high > LARGEST:
            return []
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if way * (at(middle) - n) < 0 else (low, middle)
    return [s for s in (high, high + 1) if at(s) == n]


@cache
def _line(e: Expr, name: str) -> tuple[Expr | None, Expr]:
    """a and b where an expression is a s + b; a is None where it is not."""
    import sympy as sp

    s = next(symbol for symbol in e.free_symbols if symbol.name == name)  # type: ignore[attr-defined]
    if not e.is_polynomial(s) or any(s in part.free_symbols for part in e.atoms(sp.floor, sp.ceiling, sp.Mod)):
        return None, e
    polynomial = sp.Poly(e, s)
    if polynomial.degree() != 1:
        return None, e
    return polynomial.coeff_monomial(s), polynomial.coeff_monomial(1)


@cache
def _way(e: Expr, name: str) -> int | None:
    """1 or -1 where an expression never falls or never rises with a size, 0 where it lacks it, None where that is not plain."""
    import sympy as sp

    if all(s.name != name for s in e.free_symbols):  # type: ignore[attr-defined]
        return 0
    if e.is_Symbol:
        return 1
    ways = {_way(arg, name) for arg in e.args}  # type: ignore[arg-type]
    ways.discard(0)
    if len(ways) > 1 or None in ways:
        return None
    (way,) = ways
    match e:
        case sp.Add() | sp.Max() | sp.Min() | sp.floor() | sp.ceiling():
            return way
        case sp.Mul():
            number, rest = e.as_coeff_Mul()
            if number != 1 and rest.is_nonnegative is not False and _way(rest, name) is not None:
                return _way(rest, name) * (1 if number > 0 else -1)  # type: ignore[operator]
            return way if all(arg.is_nonnegative for arg in e.args) else None
        case sp.Pow():
            base, exponent = e.args
            return way * (1 if exponent > 0 else -1) if base.is_nonnegative and exponent.is_Integer else None  # type: ignore[operator]
        case _:
            return None
