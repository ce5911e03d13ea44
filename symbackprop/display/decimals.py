"""Numbers on paper: 0.1 and 1/3, 10^{-4}, and the decimal below a root that a person typed."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.core.passes.large import is_cut
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Node

_DECIMALS = 9
_AS_FRACTION = 1000  # from this denominator on a decimal is a decimal: 1.23456, not 3858/3125
_TYPED = 99  # a larger number below a root was a decimal there
_COUNTS = 10  # a root is taken this often at most: 2 sqrt(6.28318)
_SMALL = 4  # 0.001, but 10^{-4}
_LARGE = 5  # 10000, but 10^{5}


def number_formula(value: float) -> Node:
    r"""A number with four digits: -12, 0.1966, 1.2 \times 10^{-5}."""
    return _decimals(f"{value:.4g}")


def _decimals(text: str) -> Node:
    head, e, exponent = text.partition("e")
    return f.beside(f.number(head), f.symbol("times"), f.power(f.number(10), f.number(int(exponent)))) if e else f.number(head)


def decimal_of(number: Any) -> str:
    """A number as a decimal where a person wrote it so, 0.01 and 1.23456 but not 0.5 or 0.333, or where its digits were cut."""
    if number.is_Rational and is_cut(number):
        return repr(int(number.p) / int(number.q))
    bottom = int(number.q) if number.is_Rational else 1
    return "" if bottom % 10 and bottom < _AS_FRACTION else _digits(number)


def _digits(number: Any) -> str:
    """A number as a decimal, where it ends after a few digits."""
    bottom = int(number.q) if number.is_Rational else 1
    while bottom % 2 == 0:
        bottom //= 2
    while bottom % 5 == 0:
        bottom //= 5
    if bottom != 1:
        return ""
    text = format(sp.Float(number, 30), f".{_DECIMALS}f").rstrip("0")
    return text if sp.Rational(text) == number else ""


def typed_root(e: sp.Mul) -> tuple[sp.Rational, Expr, int] | None:
    """6.28318 and what is left of a product with sqrt(1570795)/500, which SymPy makes of sqrt(6.28318); None where none is so.

    With -1 where the product is divided by that root: 100 sqrt(1570795)/314159 is 1/sqrt(6.28318).
    """
    number = e.as_coeff_Mul()[0]
    for factor in e.args if number.is_Rational else ():
        found = typed_below_a_root(number, factor)
        if found is not None:
            return found[1], e / (number * factor) * found[0], 1  # type: ignore[return-value]
        below = (
            typed_below_a_root(1 / (number * factor.base), factor)
            if isinstance(factor, sp.Pow) and factor.base.is_Integer
            else None
        )
        if below is not None:  # 1/(number root) is (1/(number base)) root
            return below[1], e / (number * factor) / below[0], -1  # type: ignore[return-value]
    return None


def decimal_root(radicand: Expr) -> Node:
    """The root of a number that ends after a few digits, in digits."""
    return f.root(f.number(_digits(radicand)))


def typed_below_a_root(number: Any, root: Any) -> tuple[Any, Any] | None:
    """c and the decimal r of which a rational number times the root of an integer is c sqrt(r), as it was typed.

    1/250 sqrt(1570795) is 2 sqrt(6.28318). None where `root` is no root, or of an integer that a person would type.
    """
    if not isinstance(root, sp.Pow) or root.exp != S.Half or not root.base.is_Integer or root.base <= _TYPED:
        return None
    found: list[tuple[int, int, Any]] = []
    for c in range(1, _COUNTS):
        radicand: Any = sp.Rational((number / c) ** 2 * root.base)
        if decimal := _digits(radicand):
            found.append((len(decimal) + (c > 1), -c, radicand))
    length, c, radicand = min(found, default=(len(f"{root.base}{number}"), 0, S.One))
    return (sp.Rational(-c if number > 0 else c), radicand) if c and length < len(f"{root.base}{number}") else None


def exact_number(number: Any) -> Node:
    """A number as a person writes it: a fraction, a few decimals, a power of ten."""
    if number.is_negative:
        return f.negative(exact_number(-number))
    if not number.is_Rational:
        return _decimals(repr(float(number)) if 1e-300 < number < 1e300 else sp.sstr(number, full_prec=False))
    if number.is_Integer:
        zeros = len(str(number)) - 1
        return f.power(f.number(10), f.number(zeros)) if zeros >= _LARGE and number == 10**zeros else f.number(str(number))
    decimal, zeros = decimal_of(number), len(str(number.q)) - 1
    if zeros >= _SMALL and number == sp.Rational(1, 10**zeros):
        return f.power(f.number(10), f.number(-zeros))
    return f.number(decimal) if decimal else f.over(f.number(str(number.p)), f.number(str(number.q)))
