"""Two readers of SymPy expressions that share nothing with the package: one with many digits, one with NumPy's doubles."""

from collections.abc import Iterable, Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from numpy import ndarray
from scipy import special

from symbackprop.core.functions import ELEMENTWISE, TableFunction, Where

GROWING = dict.fromkeys(("exp", "expm1", "sinh", "cosh", "tan", "expi", *(f"bessel_i{n}" for n in range(4))), 700)
GROWING |= dict.fromkeys(("erfcx", "_erfcx", "_erfcx_slope"), 26)
"""How far functions go whose slopes grow, or have poles."""
ORDERS = {name for name in ELEMENTWISE if name.startswith("bessel")} - {"bessel_j1"}  # rows of one kind, of which one is quick
COMPARE = {sp.Eq: "__eq__", sp.Ne: "__ne__", sp.Gt: "__gt__", sp.Ge: "__ge__", sp.Lt: "__lt__", sp.Le: "__le__"}
EXACT = {"asin": mpmath.asin, "acos": mpmath.acos, "atan": mpmath.atan, "asinh": mpmath.asinh, "atanh": mpmath.atanh}
EXACT |= {"polygamma": lambda n, x: mpmath.psi(int(n), x), "ceiling": mpmath.ceil, "rint": mpmath.nint}
EXACT |= {"besselj": lambda n, x: mpmath.besselj(int(n), x), "besseli": lambda n, x: mpmath.besseli(int(n), x)}
EXACT |= {"besselk": lambda n, x: mpmath.besselk(int(n), x), "expint": lambda n, x: mpmath.expint(int(n), x), "Ei": mpmath.ei}
EXACT |= {
    "dawson": lambda x: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x), "LambertW": lambda x: mpmath.lambertw(x).real,
    "scaled_erfc": lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
}  # fmt: skip
FLOATING = {"asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "atanh": np.arctanh}
FLOATING |= {"ceiling": np.ceil, "loggamma": special.gammaln, "atan2": np.arctan2, "erfinv": special.erfinv}
FLOATING |= {"polygamma": lambda n, x: special.polygamma(int(n), x)}


def marked(names: Iterable[str]) -> list[Any]:
    """Names of rows, those of one kind slow but for one."""
    return [pytest.param(name, marks=pytest.mark.slow) if name in ORDERS else name for name in names]


def exact(e: sp.Basic, at: Mapping[sp.Basic, Any]) -> Any:
    """The value at numbers with mpmath's digits; rows are read by their formulas, and of cases only the one that holds."""
    if e in at:
        return at[e]
    if isinstance(e, Where):
        return exact(e.args[1 if exact(e.args[0], at) else 2], at)
    parts = [exact(part, at) for part in e.args]
    if isinstance(e, TableFunction):
        return exact(e.row.formula, dict(zip(e.row.args, parts, strict=True)))
    if isinstance(e, sp.And):
        return all(parts)
    if type(e) in COMPARE:
        return getattr(parts[0], COMPARE[type(e)])(parts[1])
    if not e.args:
        return mpmath.mp.mpf(e.p) / e.q if e.is_Rational else e._to_mpmath(mpmath.mp.prec)
    if isinstance(e, sp.Add | sp.Mul):
        return mpmath.fsum(parts) if isinstance(e, sp.Add) else mpmath.fprod(parts)
    if isinstance(e, sp.Pow):
        return mpmath.power(*parts)
    name = type(e).__name__
    return EXACT.get(name, getattr(mpmath, name, None))(*parts)


def floating(e: sp.Basic, at: Mapping[sp.Basic, Any]) -> Any:
    """The value at arrays in doubles; rows are read by their stable forms, and of cases all are computed, as np.where does."""
    with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
        return _floating(e, dict(at))


def _floating(e: sp.Basic, at: dict[sp.Basic, Any]) -> Any:
    if e not in at:
        at[e] = _value(e, at)
    return at[e]


def _value(e: sp.Basic, at: dict[sp.Basic, Any]) -> ndarray | float:
    parts = [_floating(part, at) for part in e.args]
    if isinstance(e, Where):
        return np.where(*parts)
    if isinstance(e, TableFunction) and e.row.name == "remainder":
        return np.remainder(*parts)
    if isinstance(e, TableFunction):
        form = e.row.stable if e.row.stable is not None else e.row.formula
        return _floating(form, dict(zip(e.row.args, parts, strict=True)))
    if isinstance(e, sp.And):
        return np.logical_and(*parts)
    if type(e) in COMPARE:
        return {"__gt__": np.greater, "__ge__": np.greater_equal, "__lt__": np.less, "__le__": np.less_equal,
                "__eq__": np.equal, "__ne__": np.not_equal}[COMPARE[type(e)]](*parts)  # fmt: skip
    if not e.args:
        return float(e)
    if isinstance(e, sp.Add):
        return np.add.reduce(np.broadcast_arrays(*parts))
    if isinstance(e, sp.Mul):
        return np.multiply.reduce(np.broadcast_arrays(*parts))
    if isinstance(e, sp.Pow):
        return parts[0] ** (int(e.exp) if e.exp.is_Integer and e.exp > 0 else parts[1])
    name = type(e).__name__
    return FLOATING.get(name, getattr(np, name, None))(*parts)
