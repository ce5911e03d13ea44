"""What no derivative comes through: values that are held, and whole numbers beside a number.

SymPy's floor(x) has a derivative that it leaves unsaid; here it is 0, as it is almost everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import sympy as sp
from sympy import Expr, Function, Integer, S


class _Flat(Function):
    """A function of one number whose derivative is 0."""

    nargs = 1

    if TYPE_CHECKING:  # SymPy says of its functions that a call returns a class

        def __new__(cls, x: Any) -> Self: ...

    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


class stop_gradient(_Flat):
    """x, which the chain rule takes for a constant."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        (x,) = args
        return x if x.is_number or isinstance(x, stop_gradient) else None


class floor(_Flat):
    """The largest whole number that is not above x."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        return sp.floor(args[0]) if args[0].is_number else None


class ceiling(_Flat):
    """The smallest whole number that is not below x."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        return sp.ceiling(args[0]) if args[0].is_number else None


class rint(_Flat):
    """The whole number that is nearest to x, the even one of two."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        (x,) = args
        if not x.is_number:
            return None
        half = sp.floor(x)
        odd = half % 2 == 1
        return half + Integer(bool(x - half > S.Half or (x - half == S.Half and odd)))


def held(body: Any) -> list[Expr]:
    """The parts of a body that the chain rule takes for constants."""
    return sorted(body.atoms(stop_gradient), key=str)
