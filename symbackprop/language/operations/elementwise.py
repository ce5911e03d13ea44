"""Elementwise functions of the language: those of the table under NumPy's names, and those that are a line of the others."""

from __future__ import annotations

import inspect

import sympy as sp
from sympy import S

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, X
from symbackprop.language import tensors as builder
from symbackprop.language.operations.values import Value
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, elementwise, is_truth

NEXT = "\n\n    "
TOLD = {
    "stop_gradient": (
        "It is x, taken for a constant: nothing comes back through it, in derivatives of any order. "
        "x + stop_gradient(round(x) - x)\n    is a straight-through estimator, with the value round(x) and the slope of x."
        "\n\n    Source: Bengio, Leonard and Courville 2013; Grill et al. 2020."
    ),
}
"""What is said of the functions that no row says."""

MOST_ORDERS = 20  # of derivatives of digamma


class Elementwise:
    """A function of the table as a function of tensors. What help says of it is written when it is asked for."""

    def __init__(self, name: str) -> None:
        row = ELEMENTWISE.get(name)
        self.__name__ = self.__qualname__ = name
        first, *further = row.args if row else (X,)
        positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature([
            inspect.Parameter(first.name, positional),
            *[inspect.Parameter(a.name, positional, default=row.defaults.get(a, inspect.Parameter.empty)) for a in further if row],
        ])  # fmt: skip

    def __call__(self, x: Value, *arguments: Value, **further: Value) -> Tensor:
        return builder.apply(self.__name__, x, *arguments, **further)

    @property
    def __doc__(self) -> str:  # type: ignore[override]  # the text of each function, not of the class
        row, arguments = ELEMENTWISE.get(self.__name__), list(self.__signature__.parameters)
        formula = f" = {row.formula}" if row else ""
        told = f"Source: {row.source}." if row and row.source else TOLD.get(self.__name__, "")
        return f"""{self.__name__}({", ".join(arguments)}){formula}, entry by entry.

    x   a tensor of any shape{"; the further arguments broadcast with it" if len(arguments) > 1 else ""}.
    Returns a tensor of the shape that NumPy's broadcasting gives.{told and NEXT + told}
    """

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


ALIASES = {
    "absolute": "abs", "fabs": "abs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh",
    "acosh": "arccosh", "atan2": "arctan2", "lgamma": "gammaln", "loggamma": "gammaln", "psi": "digamma", "mod": "remainder",
    "atanh": "arctanh", "rint": "round", "around": "round", "fix": "trunc", "expit": "sigmoid", "logistic": "sigmoid",
}  # fmt: skip
OWN = ("clip",)  # rows whose function of tensors has more ways to be called
TABLE = {name: Elementwise(name) for name in FUNCTIONS if name not in OWN and not name.startswith("_")}  # _: rows of compiled code
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


def hypot(a: Value, b: Value) -> Tensor:
    """y = sqrt(a^2 + b^2), entry by entry, with NumPy's broadcasting; its slope is infinite where both are 0."""
    return elementwise("hypot", lambda p, q: sp.sqrt(p**2 + q**2), a, b)


def fmod(a: Value, b: Value) -> Tensor:
    """y = a - b trunc(a / b), entry by entry: the remainder with the sign of a; `remainder` has that of b."""
    return builder.apply("sign", a) * builder.apply("remainder", builder.apply("abs", a), builder.apply("abs", b))


def polygamma(n: int, x: Value) -> Tensor:
    """y = the n-th derivative of digamma(x), entry by entry, for x > 0.

    Raises LanguageError for an n that is no whole number from 0 to 20.
    """
    if isinstance(n, bool) or not isinstance(n, int | sp.Integer) or not 0 <= n <= MOST_ORDERS:
        raise LanguageError(f"polygamma: the order must be a whole number from 0 to {MOST_ORDERS}, not {n}")
    return elementwise("polygamma", lambda a: sp.polygamma(int(n), a), x)


def betaln(a: Value, b: Value) -> Tensor:
    """y = log B(a, b) = log Gamma(a) + log Gamma(b) - log Gamma(a + b), entry by entry, for a, b > 0."""
    a, b = as_tensor(a), as_tensor(b)
    return builder.apply("gammaln", a) + builder.apply("gammaln", b) - builder.apply("gammaln", a + b)


def logical_and(a: Value, b: Value) -> Tensor:
    """y = 1 where neither a nor b is 0, otherwise 0: the product of two comparisons."""
    return truth(a) * truth(b)


def logical_or(a: Value, b: Value) -> Tensor:
    """y = 1 where a or b is not 0, otherwise 0: a + b - a b of two comparisons."""
    return elementwise("logical_or", lambda x, y: x + y - x * y, truth(a), truth(b))


def logical_xor(a: Value, b: Value) -> Tensor:
    """y = 1 where one of a and b is 0 and the other is not, otherwise 0."""
    return elementwise("logical_xor", lambda x, y: x + y - 2 * x * y, truth(a), truth(b))


def logical_not(a: Value) -> Tensor:
    """y = 1 where a is 0, otherwise 0."""
    return 1 - truth(a)


def truth(a: Value) -> Tensor:
    """The 0 or 1 that a comparison is; of other numbers, whether they are not 0."""
    a = as_tensor(a)
    return a if is_truth(a) else a != 0


def clip(x: Value, low: Value | None = None, high: Value | None = None) -> Tensor:
    """y = min(max(x, low), high), entry by entry; one bound may be left out. At a bound of two, the slope goes to x."""
    if low is not None and high is not None:
        return builder.apply("clip", x, low, high)
    x = as_tensor(x) if low is None else builder.apply("maximum", x, low)
    return x if high is None else builder.apply("minimum", x, high)


def where(condition: Value, a: Value, b: Value) -> Tensor:
    """y = a where the condition is not zero, otherwise b; with NumPy's broadcasting."""
    return builder.where(condition, a, b)
