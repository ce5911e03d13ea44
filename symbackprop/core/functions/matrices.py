"""Functions of a matrix as rows: what each is, of which shape, its derivative, how it is printed, how NumPy computes it.

The derivative of an entry of the result by an entry of the operand is a sum of products of entries of matrices: of the result, of
the operand, and of further functions of either. So it is an equation like any other, and so is the derivative of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions.operations import known
from symbackprop.core.functions.where import iverson


class Read(NamedTuple):
    """What stands in a slot of a row's derivative: function(of), with its letters.

    index     letters out of p, q (of the result), i, j (of the operand) and others, which are summed.
    function  the name of a row; "": the matrix itself.
    of        "operand" or "result".
    """

    index: str  # type: ignore[assignment]  # the letters, not the method of tuples
    function: str = ""
    of: str = "operand"


@dataclass(frozen=True)
class MatrixFunction:
    """One function of the last two axes of a tensor, a square matrix X.

    name        what a user writes.
    latex       how it is printed: a name, or a notation in which "{0}" stands for the matrix.
    axes        the axes of the result, each of as many entries as X has rows; none for one number a matrix.
    local       d y[p q] / d X[i j] in the slots of `reads` and the positions of the letters.
    reads       what stands in these slots.
    numpy       the text that computes it; "{}" stands for the matrices.
    definition  what it is.
    helpers     the names of the functions of MATRIX_HELPERS that the text calls.
    source      where its differential is proved.
    symmetric   whether it is a function of the symmetric part of X.
    analytic    whether it goes on along complex numbers, so that its derivative can be taken by a complex step.
    """

    name: str
    latex: str
    axes: str
    local: Expr
    reads: tuple[Read, ...]
    numpy: str
    definition: str
    helpers: tuple[str, ...] = ()
    source: str = "Magnus and Neudecker 2019, chapter 8"
    symmetric: bool = False
    analytic: bool = True

    @property
    def scalar(self) -> bool:
        """Whether the result is one number for each matrix."""
        return not self.axes


MATRIX_HELPERS = {
    "symmetric": '''
def symmetric(x):
    """The symmetric part of each matrix."""
    return (x + np.swapaxes(x, -1, -2)) / 2
'''.strip(),
}
"""The definitions of the functions in NumPy that rows call, by name."""


def _result(index: str, function: str = "") -> Read:
    return Read(index, function, "result")


_S = sp.symbols("s0:9")
_A, _Q = (Symbol(c, integer=True, nonnegative=True) for c in "aq")

MATRIX_FUNCTIONS = {
    row.name: row
    for row in (
        MatrixFunction(
            "inverse", r"{0}^{-1}", "rr", -_S[0] * _S[1], (_result("pi"), _result("jq")),
            "np.linalg.inv({})", "the matrix Y with X Y = Y X = 1",
        ),
        MatrixFunction(
            "det", r"\det {0}", "", _S[0] * _S[1], (Read("ji", "inverse"), _result("")),
            "np.linalg.det({})", "the determinant of X",
        ),
        MatrixFunction(
            "logdet", r"\log\left|\det {0}\right|", "", _S[0], (Read("ji", "inverse"),),
            "np.linalg.slogdet({})[1]", "the logarithm of the determinant's magnitude",
        ),
        MatrixFunction(
            "cholesky", r"\operatorname{chol}", "rr",
            S.Half * _S[0] * (iverson(sp.Le(_Q, _A)) * _S[1] * _S[2] + iverson(sp.Lt(_Q, _A)) * _S[3] * _S[4]),
            (_result("pa"), _result("ai", "inverse"), _result("qj", "inverse"), _result("qi", "inverse"), _result("aj", "inverse")),
            "np.linalg.cholesky(symmetric({}))", "the lower triangular Y with a positive diagonal and Y Y^T = X",
            ("symmetric",), "Murray 2016, Differentiation of the Cholesky decomposition", symmetric=True,
        ),
    )
}  # fmt: skip


def matrix_function(kind: str) -> MatrixFunction:
    """The row `kind` of MATRIX_FUNCTIONS. Raises UnknownOperationError where there is none."""
    return known(MATRIX_FUNCTIONS, kind, "the table of functions of a matrix")
