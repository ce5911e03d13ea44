"""The arithmetics that a program can be walked in: floats, and numbers as objects (50 digits, residues modulo primes).

An arithmetic is a row: how an exact number is written in it, its functions by name, and its power.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.rules import special

DIGITS = mpmath.mp.clone()
DIGITS.dps = 50


@dataclass(frozen=True)
class Arithmetic:
    """One kind of numbers.

    name       what it is called in a refusal.
    dtype      of the arrays that hold its numbers.
    number     an exact SymPy number in this arithmetic.
    functions  arrays to arrays, by the name of the SymPy function.
    power      an array to a rational exponent.
    whole      the whole number that a number is; None where it is none.
    lift       an array of floats in this arithmetic.
    """

    name: str
    dtype: type
    number: Callable[[Any], Any]
    functions: Mapping[str, Callable[..., ndarray]]
    power: Callable[[ndarray, Fraction], ndarray]
    whole: Callable[[Any], int | None]
    lift: Callable[[ndarray], ndarray]

    def function(self, name: str) -> Callable[..., ndarray]:
        """The function `name`. Raises PointError where this arithmetic has none."""
        if name not in self.functions:
            raise PointError(f"{name} cannot be evaluated in {self.name}")
        return self.functions[name]


def entrywise(function: Callable[..., Any], count: int = 1) -> Callable[..., ndarray]:
    """A function of `count` numbers as a function of arrays of objects."""
    many = np.frompyfunc(function, count, 1)
    return lambda *xs: np.asarray(many(*xs), dtype=object)


def whole_number(x: Any) -> int | None:
    """The whole number that a real number is, up to 2^31; None where it is none."""
    return int(x) if abs(x) < 2**31 and x == int(x) else None


def _float_power(base: ndarray, exponent: Fraction) -> ndarray:
    return np.asarray(base, dtype=float) ** (int(exponent) if exponent.denominator == 1 else float(exponent))


FLOATS = Arithmetic(
    "floats",
    float,
    float,
    {
        "exp": np.exp, "log": np.log, "expm1": np.expm1, "log1p": np.log1p, "sin": np.sin, "cos": np.cos, "tan": np.tan,
        "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
        "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "floor": np.floor, "ceiling": np.ceil,
        "rint": np.rint, "Abs": np.abs, "sign": np.sign, "erf": np.vectorize(math.erf, otypes=[float]),
        "erfinv": special.erfinv, "loggamma": special.loggamma, "polygamma": special.polygamma, "atan2": np.arctan2,
        "besselj": special.besselj, "besseli": special.besseli, "besselk": special.besselk, "Ei": special.ei,
        "expint": special.expint, "dawson": special.dawson, "scaled_erfc": special.scaled_erfc, "LambertW": special.lambertw,
    },
    _float_power,
    whole_number,
    lambda x: np.asarray(x, dtype=float),
)  # fmt: skip


def _digits_number(number: Any) -> Any:
    return DIGITS.mpf(number.p) / number.q if number.is_Rational else DIGITS.mpf(str(sp.N(number, 60)))


def _digits_power(base: ndarray, exponent: Fraction) -> ndarray:
    whole = int(exponent) if exponent.denominator == 1 else DIGITS.mpf(exponent.numerator) / exponent.denominator
    return entrywise(lambda x: DIGITS.power(x, whole))(base)


MORE_DIGITS = Arithmetic(
    "50 digits",
    object,
    _digits_number,
    {
        "exp": entrywise(DIGITS.exp), "log": entrywise(DIGITS.log), "expm1": entrywise(DIGITS.expm1),
        "log1p": entrywise(lambda x: DIGITS.log(1 + x)), "sin": entrywise(DIGITS.sin), "cos": entrywise(DIGITS.cos),
        "tan": entrywise(DIGITS.tan), "asin": entrywise(DIGITS.asin), "acos": entrywise(DIGITS.acos),
        "atan": entrywise(DIGITS.atan), "sinh": entrywise(DIGITS.sinh), "cosh": entrywise(DIGITS.cosh),
        "tanh": entrywise(DIGITS.tanh), "asinh": entrywise(DIGITS.asinh), "acosh": entrywise(DIGITS.acosh),
        "atanh": entrywise(DIGITS.atanh), "floor": entrywise(DIGITS.floor), "ceiling": entrywise(DIGITS.ceil),
        "rint": entrywise(DIGITS.nint), "Abs": entrywise(abs), "sign": entrywise(lambda x: DIGITS.mpf(DIGITS.sign(x))),
        "erf": entrywise(DIGITS.erf), "erfinv": entrywise(DIGITS.erfinv),
        "loggamma": entrywise(DIGITS.loggamma), "polygamma": entrywise(lambda n, x: DIGITS.psi(int(n), x), 2),
        "atan2": entrywise(DIGITS.atan2, 2), "besselj": entrywise(lambda n, x: DIGITS.besselj(int(n), x), 2),
        "besseli": entrywise(lambda n, x: DIGITS.besseli(int(n), x), 2),
        "besselk": entrywise(lambda n, x: DIGITS.besselk(int(n), x), 2), "Ei": entrywise(DIGITS.ei),
        "expint": entrywise(lambda n, x: DIGITS.expint(int(n), x), 2),
        "dawson": entrywise(lambda x: DIGITS.sqrt(DIGITS.pi) / 2 * DIGITS.exp(-x * x) * DIGITS.erfi(x)),
        "scaled_erfc": entrywise(lambda x: DIGITS.exp(x * x) * DIGITS.erfc(x)),
        "LambertW": entrywise(lambda x: DIGITS.lambertw(x).real),
    },
    _digits_power,
    whole_number,
    entrywise(lambda x: DIGITS.mpf(float(x))),
)  # fmt: skip
