"""What compiled code takes where a formula is 0 times infinity, or infinitely steep: rows that no one writes and no page prints.

Each has the value and the slopes of what was written wherever that has them.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import S

from symbackprop.core.functions.near_zero import log1p
from symbackprop.core.functions.row import A, TableFunction, X, define
from symbackprop.core.functions.where import Where


class _Product(TableFunction):
    """x log(a), 0 where x is: as a function of a it is 0 there, and so is its slope."""

    log: Any = sp.log

    def _sympystr(self, printer: Any) -> str:
        x, a = self.args
        product: Any = sp.Mul
        return printer.doprint(product(x, self.log(a), evaluate=False))

    def fdiff(self, argindex: int = 1) -> Any:
        x, a = self.args
        if argindex == 1:
            return self.log(a)
        idle = sp.Eq(x, 0)
        return Where(idle, 0, x * self.log(X).diff(X).xreplace({X: Where(idle, 1, a)}))


class _Product1(_Product):
    """x log(1 + a), likewise."""

    log = log1p


class _Length(TableFunction):
    """sqrt(x) of a sum of squares: the length of a vector, whose slope at 0 is taken as 0, as that of |x| is."""

    def _sympystr(self, printer: Any) -> str:
        return f"sqrt({printer.doprint(self.args[0])})"

    def fdiff(self, argindex: int = 1) -> Any:
        is_length = sp.Ne(self, 0)
        return Where(is_length, 1 / (2 * Where(is_length, self, 1)), S.Zero)


product_with_log = define(
    "_product_with_log", lambda: X * sp.log(A), r"{0}\log {1}", args=(X, A), activation=False, domain="positive", base=_Product,
    stable=lambda: X * sp.log(Where(sp.Eq(X, 0), 1, A)),
)  # fmt: skip
product_with_log1p = define(
    "_product_with_log1p", lambda: X * sp.log(1 + A), r"{0}\log\left(1 + {1}\right)", args=(X, A), activation=False,
    domain="positive", base=_Product1, stable=lambda: X * log1p(Where(sp.Eq(X, 0), 0, A)),
)  # fmt: skip
length = define("_length", lambda: sp.sqrt(X), r"\sqrt{{{0}}}", activation=False, domain="positive", base=_Length)
