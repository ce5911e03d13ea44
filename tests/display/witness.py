"""An independent reader of bodies: what an expression means, in NumPy, node by node."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.core.functions import TableFunction, Where

NUMPY = {
    **{name: getattr(np, name) for name in ("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "expm1", "log1p")},
    "atan": np.arctan,
    "erf": np.vectorize(math.erf, otypes=[float]),
}
_RELATIONS = {
    sp.Eq: np.equal, sp.Ne: np.not_equal, sp.Gt: np.greater, sp.Lt: np.less, sp.Ge: np.greater_equal, sp.Le: np.less_equal,
}  # fmt: skip


def value(e: Any, symbols: Mapping[sp.Symbol, np.ndarray]) -> np.ndarray:
    """The value of a body, with arrays that broadcast in the place of its symbols."""
    if isinstance(e, sp.Symbol):
        return np.asarray(symbols[e])
    if e.is_number:
        return np.asarray(float(e))
    if isinstance(e, TableFunction):
        given = dict(zip(e.row.args, [value(a, symbols) for a in e.args], strict=True))
        return value(e.row.formula, given)
    arguments = [value(a, symbols) for a in e.args]
    if isinstance(e, Where):
        return np.where(*arguments)
    if isinstance(e, sp.core.relational.Relational):
        return _RELATIONS[type(e)](*arguments)
    if e.is_Add:
        return sum(arguments[1:], arguments[0])
    if e.is_Mul:
        return np.prod(np.broadcast_arrays(*arguments), axis=0)
    if isinstance(e, sp.Pow):
        return np.power(*arguments)
    return NUMPY[type(e).__name__](*arguments)
