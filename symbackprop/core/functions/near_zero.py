"""exp(x) - 1 and log(1 + x) without the digits that they lose near zero.

SymPy has both, among what it knows of generating code; that is long to import, and here they stand in bodies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sympy import Expr, Function, Rational, exp, log


def _simpler(function: Any, x: Any) -> Any:
    """What SymPy makes of function(x); None where it leaves it as it is."""
    value = function(x)
    return None if isinstance(value, function) and value.args == (x,) else value


class _NearZero(Function):
    nargs = 1

    if TYPE_CHECKING:  # SymPy says of its functions that a call returns a class

        def __new__(cls, x: Any) -> Self: ...


class expm1(_NearZero):
    """exp(x) - 1."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        value = None if args[0].is_Float else _simpler(exp, args[0])  # of a float SymPy computes it with all digits
        return None if value is None else value - 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return exp(*self.args)

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_real

    def _eval_is_finite(self) -> bool | None:
        return self.args[0].is_finite


class log1p(_NearZero):
    """log(1 + x)."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        (x,) = args
        if x.is_Rational or x.is_Float:  # 1 added to a float loses its digits
            return log(1 + Rational(x))
        return _simpler(log, 1 + x)

    def fdiff(self, argindex: int = 1) -> Expr:
        x: Any = self.args[0]
        return 1 / (1 + x)

    def _eval_is_real(self) -> bool | None:
        x: Any = self.args[0]
        return (1 + x).is_nonnegative

    def _eval_is_positive(self) -> bool | None:
        return self.args[0].is_positive

    def _eval_is_nonnegative(self) -> bool | None:
        return self.args[0].is_nonnegative

    def _eval_is_zero(self) -> bool | None:
        return self.args[0].is_zero

    def _eval_is_finite(self) -> bool | None:
        x: Any = self.args[0]
        return False if (1 + x).is_zero else x.is_finite
