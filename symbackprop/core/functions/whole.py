"""Functions of many entries at once: reductions over letters, and functions of a whole matrix."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbackprop.core.functions.row import X, Y
from symbackprop.core.functions.where import iverson


@dataclass(frozen=True)
class Reduction:
    """One reduction over letters.

    name     what a user writes.
    latex    how it is printed.
    local    d y / d x of one entry x, with the result y.
    shared   whether `local` marks winners that share the slope equally.
    kink     which subgradient is chosen.
    """

    name: str
    latex: str
    local: Expr
    shared: bool = False
    kink: str = ""


_TIES = "entries that tie for the {} share the slope equally"
REDUCTIONS = {
    row.name: row
    for row in (
        Reduction("max", r"\max", iverson(sp.Eq(X, Y)), True, _TIES.format("maximum")),
        Reduction("min", r"\min", iverson(sp.Eq(X, Y)), True, _TIES.format("minimum")),
        Reduction("logsumexp", r"\operatorname{logsumexp}", sp.exp(X - Y)),
    )
}


@dataclass(frozen=True)
class MatrixFunction:
    """One function of the last two axes of a tensor, a square matrix X.

    name        what a user writes.
    latex       how it is printed; "{0}" stands for the matrix.
    scalar      whether the result is one number for each matrix, rather than a matrix of the same shape.
    definition  what it is.
    source      where its differential is proved.
    """

    name: str
    latex: str
    scalar: bool
    definition: str
    source: str = "Magnus and Neudecker 2019, chapter 8"


MATRIX_FUNCTIONS = {
    row.name: row
    for row in (
        MatrixFunction("inverse", r"{0}^{-1}", False, "the matrix Y with X Y = Y X = 1"),
        MatrixFunction("det", r"\det {0}", True, "the determinant of X"),
        MatrixFunction("logdet", r"\log\left|\det {0}\right|", True, "the logarithm of the determinant's magnitude"),
    )
}
