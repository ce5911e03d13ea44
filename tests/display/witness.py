"""An independent reader of matrix trees: what a printed matrix formula means, in NumPy, node by node."""

import math
from collections.abc import Mapping

import numpy as np
import sympy as sp

from symbackprop.core.functions import TableFunction, Where
from symbackprop.core.program import size
from symbackprop.display import tree as t
from symbackprop.evaluate.extents import extent

NUMPY = {
    **{name: getattr(np, name) for name in ("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "expm1", "log1p")},
    "atan": np.arctan,
    "erf": np.vectorize(math.erf, otypes=[float]),
}
_RELATIONS = {
    sp.Eq: np.equal, sp.Ne: np.not_equal, sp.Gt: np.greater, sp.Lt: np.less, sp.Ge: np.greater_equal, sp.Le: np.less_equal,
}  # fmt: skip


def value(e: sp.Basic, symbols: Mapping[sp.Symbol, np.ndarray]) -> np.ndarray:
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


def tree_value(tree: t.Tree, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> np.ndarray:
    """The value of a matrix tree as an array with two axes."""
    parts = [tree_value(child, arrays, sizes) for child in tree.children]
    shape = extent(tree.rows, sizes), extent(tree.cols, sizes)

    def number(e: sp.Expr) -> float:
        return float(e.xreplace({size(name): sp.Integer(n) for name, n in sizes.items()}))

    match tree:
        case t.Leaf():
            return np.asarray(arrays[tree.name], float).reshape(shape)
        case t.Number():
            return np.full((1, 1), number(tree.value))
        case t.Ones():
            return np.ones(shape)
        case t.Identity():
            return np.eye(shape[0])
        case t.Transpose():
            result = parts[0].T
        case t.Scale():
            result = number(tree.coefficient) * parts[0]
        case t.Power():
            result = parts[0] ** number(tree.exponent)
        case t.Hadamard():
            result = np.prod(np.broadcast_arrays(*parts), axis=0)
        case t.Total():
            result = sum(parts[1:], parts[0])
        case t.Product():
            result = np.linalg.multi_dot(parts)
        case t.Apply():
            result = value(
                tree.function(*sp.symbols(f"a:{len(parts)}")),
                dict(zip(sp.symbols(f"a:{len(parts)}"), parts, strict=True)),
            )
        case t.Compare():
            result = _RELATIONS[tree.relation](*parts).astype(float)
        case t.Inner():
            result = np.sum(parts[0] * parts[1], keepdims=True)
        case t.Diag():
            result = np.diag(parts[0][:, 0])
        case t.Diagonal():
            result = np.diag(parts[0])[:, None]
        case t.Inverse():
            result = np.linalg.inv(parts[0])
        case t.Softmax():
            powers = np.exp(parts[0])
            result = powers / powers.sum(axis=0 if shape[1] == 1 else 1, keepdims=True)
        case t.Scalar():
            result = np.reshape(_SCALARS[tree.kind](parts[0]), (1, 1))
    assert result.shape == shape, f"{type(tree).__name__} says {shape}, is {result.shape}"
    return result


_SCALARS = {
    "trace": np.trace,
    "norm": lambda x: np.sum(x * x),
    "det": np.linalg.det,
    "logdet": lambda x: np.linalg.slogdet(x)[1],
    "max": np.max,
    "min": np.min,
    "logsumexp": lambda x: np.log(np.sum(np.exp(x))),
}
