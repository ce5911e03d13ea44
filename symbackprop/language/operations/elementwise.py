"""Elementwise functions of the language: those of the table under NumPy's names, and those that are a line of the others."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import sympy as sp
from sympy import S

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS
from symbackprop.language import tensors as builder
from symbackprop.language.operations.values import Value
from symbackprop.language.tensors import Tensor, as_tensor, elementwise


def _table_function(name: str) -> Callable[..., Tensor]:
    row = ELEMENTWISE.get(name)
    formula = f" = {row.formula}" if row else ""
    source = f"\n\n    Source: {row.source}." if row and row.source else ""
    further = [a.name for a in row.args[1:]] if row else []
    arguments = ", ".join(["x", *further])

    def function(x: Value, *arguments: Value, **further: Value) -> Tensor:
        return builder.apply(name, x, *arguments, **further)

    parameters = [inspect.Parameter("x", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    for a in row.args[1:] if row else []:
        default = row.defaults.get(a, inspect.Parameter.empty) if row else inspect.Parameter.empty
        parameters.append(inspect.Parameter(a.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default))
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__module__ = __name__
    function.__doc__ = f"""{name}({arguments}){formula}, entry by entry.

    x   a tensor of any shape{"; the further arguments broadcast with it" if further else ""}.
    Returns a tensor of the shape that NumPy's broadcasting gives.{source}
    """
    return function


ALIASES = {
    "absolute": "abs", "fabs": "abs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh",
    "atanh": "arctanh", "expit": "sigmoid", "logistic": "sigmoid",
}  # fmt: skip
TABLE: dict[str, Callable[..., Tensor]] = {name: _table_function(name) for name in FUNCTIONS}
TABLE |= {alias: TABLE[name] for alias, name in ALIASES.items() if name in TABLE}


def sqrt(x: Value) -> Tensor:
    """y = sqrt(x), entry by entry; x is not negative."""
    return elementwise("sqrt", sp.sqrt, x)


def square(x: Value) -> Tensor:
    """y = x^2, entry by entry."""
    return elementwise("square", lambda a: a**2, x)


def reciprocal(x: Value) -> Tensor:
    """y = 1 / x, entry by entry."""
    return elementwise("reciprocal", lambda a: builder.divide(S.One, a), x)


def power(x: Value, exponent: Value) -> Tensor:
    """y = x^exponent, entry by entry, with NumPy's broadcasting. Raises LanguageError for an exponent beyond 1000."""
    return as_tensor(x) ** exponent


def negative(x: Value) -> Tensor:
    """y = -x, entry by entry."""
    return -as_tensor(x)


def add(a: Value, b: Value) -> Tensor:
    """y = a + b, with NumPy's broadcasting."""
    return as_tensor(a) + b


def subtract(a: Value, b: Value) -> Tensor:
    """y = a - b, with NumPy's broadcasting."""
    return as_tensor(a) - b


def multiply(a: Value, b: Value) -> Tensor:
    """y = a * b, entry by entry, with NumPy's broadcasting."""
    return as_tensor(a) * b


def divide(a: Value, b: Value) -> Tensor:
    """y = a / b, entry by entry, with NumPy's broadcasting. Raises LanguageError where b is the number 0."""
    return as_tensor(a) / b


def log2(x: Value) -> Tensor:
    """y = log(x) / log(2), entry by entry."""
    return elementwise("log2", lambda a: sp.log(a) / sp.log(2), x)


def log10(x: Value) -> Tensor:
    """y = log(x) / log(10), entry by entry."""
    return elementwise("log10", lambda a: sp.log(a) / sp.log(10), x)


def clip(x: Value, low: Value, high: Value) -> Tensor:
    """y = min(max(x, low), high), entry by entry."""
    return builder.apply("minimum", builder.apply("maximum", x, low), high)


def where(condition: Value, a: Value, b: Value) -> Tensor:
    """y = a where the condition is not zero, otherwise b; with NumPy's broadcasting."""
    return builder.where(condition, a, b)
