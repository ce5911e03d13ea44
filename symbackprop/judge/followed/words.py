"""What code may call where it is followed: functions of arrays by name, and what an array is asked after a dot."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

MOST_ENTRIES = 100_000  # of an array
MOST_PAIRS = 10_000_000  # of entries of several arrays that meet


class NotFollowed(Exception):
    """Code that is not followed: what stands in it, and the line, counted from 1; 0 where it is not known.

    misfit   whether the shapes of its arrays do not fit, so that Python would stop there as well.
    """

    def __init__(self, why: str, line: int = 0, misfit: bool = False) -> None:
        super().__init__(why)
        self.why, self.line, self.misfit = why, line, misfit


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-np.asarray(x)))


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) over its sum along an axis."""
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def one_hot(t: Any, n: int) -> Any:
    """A row for each class, 1 at it."""
    return (np.asarray(t)[..., None] == np.arange(int(n))).astype(float)


def _erf(x: Any) -> Any:
    return np.vectorize(math.erf, otypes=[float])(x)


_ARRAYS = (
    "abs", "absolute", "add", "all", "allclose", "amax", "amin", "any", "append", "arange", "arccos", "arcsin", "arctan",
    "arctan2", "argmax", "argmin", "argsort", "array", "array_split", "asarray", "atleast_1d", "atleast_2d", "bincount",
    "block", "broadcast_to", "cbrt", "ceil", "clip", "column_stack", "concatenate", "convolve", "copy", "correlate", "cos",
    "cosh", "count_nonzero", "cumprod", "cumsum", "delete", "diag", "diag_indices", "diagonal", "divide", "dot", "einsum",
    "empty", "empty_like", "equal", "exp", "exp2", "expand_dims", "expm1", "eye", "fabs", "flatnonzero", "flip", "fliplr",
    "flipud", "floor", "fmax", "fmin", "full", "full_like", "greater", "greater_equal", "heaviside", "hstack", "hypot",
    "identity", "inner", "insert", "isclose", "isfinite", "isinf", "isnan", "ix_", "kron", "less", "less_equal", "linspace",
    "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "matmul", "max",
    "maximum", "mean", "meshgrid", "min", "minimum", "mod", "moveaxis", "multiply", "nan_to_num", "nansum", "ndim",
    "negative", "nonzero", "not_equal", "ones", "ones_like", "outer", "pad", "power", "prod", "ptp", "ravel", "reciprocal",
    "repeat", "reshape", "rint", "roll", "rollaxis", "rot90", "round", "shape", "sign", "sin", "sinc", "sinh", "size",
    "sort", "split", "sqrt", "square", "squeeze", "stack", "std", "subtract", "sum", "swapaxes", "take", "take_along_axis",
    "tan", "tanh", "tensordot", "tile", "trace", "transpose", "tril", "tril_indices", "triu", "triu_indices", "true_divide",
    "unique", "var", "vdot", "vstack", "where", "zeros", "zeros_like",
)  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {name: getattr(np, name) for name in _ARRAYS} | {
    name: getattr(np.linalg, name) for name in ("norm", "inv", "det", "solve", "slogdet", "pinv")
}
_SHORT = (
    "exp", "log", "sqrt", "tanh", "sin", "cos", "maximum", "minimum", "mean", "dot", "outer", "zeros", "ones", "where",
    "square", "transpose", "trace",
)  # fmt: skip
LANGUAGE: dict[str, Callable[..., Any]] = {  # of the network language, and those that every course defines somewhere
    name: getattr(np, name) for name in _SHORT
} | {
    "sigmoid": sigmoid,
    "sigmoid_prime": lambda x: sigmoid(x) * (1 - sigmoid(x)),
    "tanh_prime": lambda x: 1 - np.tanh(x) ** 2,
    "relu_prime": lambda x: (np.asarray(x) > 0).astype(float),
    "softmax": softmax,
    "one_hot": one_hot,
    "erf": _erf,
    "relu": lambda x: np.maximum(x, 0),
}
PLAIN: dict[str, Callable[..., Any]] = {
    "abs": abs, "bool": bool, "enumerate": enumerate, "float": float, "int": int, "len": len, "list": list, "max": max, "min": min,
    "range": range, "reversed": reversed, "round": round, "sum": sum, "tuple": tuple, "zip": zip, "dict": dict, "str": str,
    "all": all, "any": any, "sorted": sorted, "map": map, "filter": filter, "set": set, "id": id, "slice": slice,
    "print": lambda *given, **further: None,
}  # fmt: skip
METHODS = frozenset((
    "all", "any", "argmax", "argmin", "astype", "clip", "copy", "cumsum", "diagonal", "dot", "fill", "flatten", "item",
    "max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "reshape", "round", "squeeze", "std", "sum", "swapaxes",
    "tolist", "trace", "transpose", "var",
))  # fmt: skip
ASKED = frozenset(["T", "shape", "size", "ndim", "dtype"])
OF_VALUES: tuple[tuple[type, frozenset[str]], ...] = (  # what values are asked after a dot, by their types
    (ndarray, METHODS),
    (np.generic, METHODS),
    (list, frozenset(["append", "insert", "pop", "reverse", "extend", "copy", "index", "count", "clear", "remove", "sort"])),
    (dict, frozenset(["keys", "values", "items", "get", "copy", "setdefault", "update", "pop"])),
    (set, frozenset(["add", "discard", "remove", "copy", "update"])),
    (tuple, frozenset(["index", "count"])),
    (str, frozenset(["startswith", "endswith", "split", "upper", "lower", "strip", "isdigit"])),
)
AT = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "maximum": np.maximum, "minimum": np.minimum,
    "logical_and": np.logical_and, "logical_or": np.logical_or,
}  # fmt: skip
OF_UFUNCS = frozenset(["at", "reduce", "outer", "accumulate"])
REFLECTED = frozenset(["isinstance", "hasattr", "getattr", "setattr", "callable"])
CONSTANTS: dict[str, Any] = {
    "pi": np.pi, "e": np.e, "inf": np.inf, "newaxis": None, "float64": np.float64, "float32": np.float32, "int64": np.int64,
    "int32": np.int32, "ndarray": np.ndarray, "integer": np.integer, "bool_": np.bool_, "float_": np.float64,
}  # fmt: skip
TYPES: dict[str, type] = {
    "float": float, "int": int, "bool": bool, "list": list, "tuple": tuple, "dict": dict, "str": str, "set": set,
}  # fmt: skip
_MAKING = frozenset((
    "zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "tile", "repeat", "broadcast_to", "kron",
    "outer", "einsum", "tensordot", "accumulate", "pad", "convolve", "correlate",
))  # fmt: skip


def checked(name: str, given: list[Any], further: dict[str, Any]) -> None:
    """Refuse a call that would make an array too large, before it is made. Raises NotFollowed."""
    several = [*given, *further.values()]
    if any(isinstance(one, range) and len(one) > MOST_ENTRIES * 10 for one in several):
        raise NotFollowed(f"{name} takes a range of more numbers than are followed")
    numbers = [abs(int(n)) for one in several for n in _numbers(one)]
    if name in _MAKING and math.prod(max(n, 1) for n in numbers) * _entries(several) > MOST_ENTRIES * 10:
        raise NotFollowed(f"{name} makes an array of more entries than are followed")
    if _entries(several) > MOST_PAIRS:
        raise NotFollowed(f"{name} takes arrays of more entries than are followed")


def _numbers(value: Any) -> list[Any]:
    match value:
        case bool():
            return []
        case int() | np.integer():
            return [value]
        case tuple() | list():
            return [n for one in value[:100] for n in _numbers(one)]
    return []


def _entries(several: list[Any]) -> int:
    """How many pairs the entries of arrays make."""
    return math.prod(max(one.size, 1) for one in several if isinstance(one, ndarray))


def small(value: Any) -> Any:
    """A value that may be kept. Raises NotFollowed for one that is too large."""
    match value:
        case ndarray() if value.size > MOST_ENTRIES:
            raise NotFollowed("an array has more entries than are followed")
        case int() if not isinstance(value, bool) and value.bit_length() > 128:
            raise NotFollowed("a whole number has more digits than are followed")
        case list() | tuple() | dict() | str() if len(value) > MOST_ENTRIES:
            raise NotFollowed("a list has more entries than are followed")
    return value
