"""How a program is written: tensors with NumPy's operators, broadcasting and indexing, and the error messages of the language.

Nothing is computed and nothing is shared behind the scenes: a tensor knows its operation and its operands. Inside one operation the
letters are "0", "1", ...; `trace` turns the tensors that a loss needs into a program and renames them.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from symbackprop.core.functions import iverson
from symbackprop.language.tensors.contraction import contract, matmul, normal_axes, normal_axis, permute, product, reduce, total
from symbackprop.language.tensors.elementwise import apply, broadcast, divide, elementwise, letters, power, raised, where
from symbackprop.language.tensors.indexing import arange, bound_of, is_count, is_integer, take
from symbackprop.language.tensors.parts import is_truth
from symbackprop.language.tensors.tensor import (
    OPERATORS,
    Index,
    Inner,
    LanguageError,
    Number,
    ShapeError,
    Tensor,
    as_number,
    as_tensor,
    constant,
    label,
    number_of,
    turned,
)  # fmt: skip

__all__ = [
    "Index", "Inner", "LanguageError", "Number", "Tensor", "apply", "arange", "as_number", "as_tensor", "bound_of", "broadcast",
    "constant", "contract", "divide", "elementwise", "is_count", "is_integer", "is_truth", "label", "letters", "matmul",
    "normal_axes", "normal_axis", "number_of", "ShapeError", "permute", "power", "product", "reduce", "take", "total", "turned",
    "where",
]  # fmt: skip


def remainder(a: Any, b: Any) -> Tensor:
    """a - b floor(a / b), entry by entry; of numbers and sizes, the number."""
    x, y = number_of(as_tensor(a)), number_of(as_tensor(b))
    if y is not None and y.is_zero:
        raise LanguageError("%: division by zero")
    return apply("remainder", a, b) if x is None or y is None else constant(sp.Mod(x, y))


def _entrywise(what: str, body: Any) -> Any:
    return lambda *arguments: elementwise(what, body, *arguments)


OPERATORS |= {
    "+": _entrywise("+", lambda a, b: a + b),
    "-": _entrywise("-", lambda a, b: a - b),
    "*": _entrywise("*", lambda a, b: a * b),
    "/": _entrywise("/", divide),
    "**": raised,
    "%": lambda a, b: remainder(a, b),
    "neg": _entrywise("-", lambda a: -a),
    ">": _entrywise(">", lambda a, b: iverson(sp.Gt(a, b))),
    "<": _entrywise("<", lambda a, b: iverson(sp.Lt(a, b))),
    ">=": _entrywise(">=", lambda a, b: iverson(sp.Ge(a, b))),
    "<=": _entrywise("<=", lambda a, b: iverson(sp.Le(a, b))),
    "==": _entrywise("==", lambda a, b: iverson(sp.Eq(a, b))),
    "!=": _entrywise("!=", lambda a, b: iverson(sp.Ne(a, b))),
    "abs": lambda x: apply("abs", x),
    "@": lambda a, b: matmul(as_tensor(a), as_tensor(b)),
    "[]": take,
    "T": lambda x: permute(x, tuple(reversed(range(x.ndim)))),
    "sum": total,
    "mean": lambda x, axis, keepdims: total(x, axis, keepdims, mean=True),
    "max": lambda x, axis, keepdims: reduce("max", x, axis, keepdims),
    "min": lambda x, axis, keepdims: reduce("min", x, axis, keepdims),
}
