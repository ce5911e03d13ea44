"""A number, or an expression of sizes, as a formula."""

from __future__ import annotations

import sympy as sp

from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.tree import Binds
from symbackprop.formulas.tree import Node as Formula

LONGEST = 18  # digits behind the point


def decimal(value: sp.Expr) -> str:
    """A number that somebody wrote with a point, as it is written, 0.375; "" for any other, and for what has a short fraction."""
    bottom = value.q if isinstance(value, sp.Rational) else 1  # type: ignore[attr-defined]
    if bottom in (1, 2, 4) or 10**LONGEST % bottom:
        return ""
    digits = next(k for k in range(LONGEST + 1) if 10**k % bottom == 0)
    whole, rest = divmod(abs(value.p) * (10**digits // bottom), 10**digits)  # type: ignore[attr-defined]
    return f"{'-' * bool(value < 0)}{whole}.{rest:0{digits}d}"


def constant(value: sp.Expr) -> Formula:
    """A number, or an expression of sizes."""
    if isinstance(value, sp.Symbol):
        return parse_name(value.name).formula()
    if isinstance(value, sp.Add):
        return f.add([constant(term) for term in value.as_ordered_terms()])  # type: ignore[arg-type]
    if value.could_extract_minus_sign():
        return f.negative(constant(sp.Mul(-1, value)))
    if isinstance(value, sp.Float | sp.Integer):
        return f.number(str(value))
    top, bottom = value.as_numer_denom()
    if bottom != 1:
        return f.over(constant(top), constant(bottom))
    if isinstance(value, sp.Pow):
        return f.root(constant(value.base)) if value.exp == sp.S.Half else f.power(constant(value.base), constant(value.exp))
    if isinstance(value, sp.Mul):
        return f.juxtapose([f.within(constant(factor), Binds.PRODUCT) for factor in value.as_ordered_factors()])
    return parse_name(str(value)).formula()
