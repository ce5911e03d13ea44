"""A number, or an expression of sizes, as a formula."""

from __future__ import annotations

import sympy as sp

from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.tree import Binds
from symbackprop.formulas.tree import Node as Formula


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
