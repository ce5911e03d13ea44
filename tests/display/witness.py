"""An independent reader of matrix trees: what a printed matrix formula means, in NumPy, node by node."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.core.functions import TableFunction, Where
from symbackprop.core.program import size
from symbackprop.display.tree import Tree
from symbackprop.evaluate.extents import extent

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


def tree_value(tree: Tree, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> np.ndarray:
    """The value of a matrix tree as an array with two axes."""
    shape = extent(tree.rows, sizes), extent(tree.cols, sizes)
    given = _number(tree.given, sizes) if isinstance(tree.given, sp.Expr) else tree.given
    if tree.op == "leaf":
        result = np.asarray(arrays[str(tree.given)], float).reshape(shape)
    elif not tree.parts:
        result = _CONSTANTS[tree.op](shape, given)
    else:
        result = np.asarray(VALUES[tree.op](given, *[tree_value(part, arrays, sizes) for part in tree.parts]), float)
        result = result.reshape(1, 1) if result.ndim == 0 else result
    assert result.shape == shape, f"{tree.op} says {shape}, is {result.shape}"
    return result


def _number(e: Any, sizes: Mapping[str, int]) -> float:
    return float(e.xreplace({size(name): sp.Integer(n) for name, n in sizes.items()}))


def _applied(function: type[sp.Function], *parts: np.ndarray) -> np.ndarray:
    slots = sp.symbols(f"a:{len(parts)}")
    return value(function(*slots), dict(zip(slots, parts, strict=True)))


def _softmax(_: None, x: np.ndarray) -> np.ndarray:
    powers = np.exp(x)
    return powers / powers.sum(axis=0 if x.shape[1] == 1 else 1, keepdims=True)


_CONSTANTS = {
    "number": lambda shape, number: np.full(shape, number),
    "ones": lambda shape, _: np.ones(shape),
    "identity": lambda shape, _: np.eye(*shape),
}
VALUES = {
    "transpose": lambda _, x: x.T,
    "scale": lambda number, x: number * x,
    "power": lambda number, x: x**number,
    "hadamard": lambda _, *parts: np.prod(np.broadcast_arrays(*parts), axis=0),
    "sum": lambda _, *parts: sum(parts[1:], parts[0]),
    "product": lambda _, *parts: np.linalg.multi_dot(parts),
    "apply": _applied,
    "compare": lambda relation, a, b: _RELATIONS[relation](a, b),
    "inner": lambda _, a, b: np.sum(a * b),
    "diag": lambda _, x: np.diag(x[:, 0]),
    "diagonal": lambda _, x: np.diag(x)[:, None],
    "inverse": lambda _, x: np.linalg.inv(x),
    "softmax": _softmax,
    "trace": lambda _, x: np.trace(x),
    "norm": lambda _, x: np.sum(x * x),
    "det": lambda _, x: np.linalg.det(x),
    "logdet": lambda _, x: np.linalg.slogdet(x)[1],
    "max": lambda _, x: np.max(x),
    "min": lambda _, x: np.min(x),
    "logsumexp": lambda _, x: np.log(np.sum(np.exp(x))),
    "prod": lambda _, x: np.prod(x),
}
