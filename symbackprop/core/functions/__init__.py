"""The tables: elementwise functions, reductions, functions of a matrix. A new function is a new row; tests walk the rows.

A slope is never typed in: it is `sympy.diff` of the row's formula, with the row's identities applied and the result put
back, so that sigma' reads y (1 - y).
"""

from symbackprop.core.functions.activations import softplus
from symbackprop.core.functions.bessel import bessel
from symbackprop.core.functions.declared import Declared, declared, declared_names
from symbackprop.core.functions.elementary import sigmoid
from symbackprop.core.functions.flat import held, stop_gradient
from symbackprop.core.functions.integrals import dawsn
from symbackprop.core.functions.matrices import MATRIX_FUNCTIONS, MATRIX_HELPERS, MatrixFunction, matrix_function
from symbackprop.core.functions.operations import OTHERS, REDUCTIONS, TIES, Reduction, UnknownOperationError, known, reduction
from symbackprop.core.functions.row import ELEMENTWISE, FUNCTIONS, A, B, Row, TableFunction, X, Y, defined_everywhere, kinks, slope
from symbackprop.core.functions.special import gammaln
from symbackprop.core.functions.textbook import derivative, tidy_sign
from symbackprop.core.functions.where import Where, iverson

__all__ = [
    "Declared",
    "ELEMENTWISE",
    "FUNCTIONS",
    "MATRIX_FUNCTIONS",
    "MATRIX_HELPERS",
    "OTHERS",
    "REDUCTIONS",
    "TIES",
    "A",
    "B",
    "X",
    "Y",
    "MatrixFunction",
    "Reduction",
    "Row",
    "TableFunction",
    "UnknownOperationError",
    "Where",
    "bessel",
    "dawsn",
    "declared",
    "declared_names",
    "defined_everywhere",
    "derivative",
    "gammaln",
    "held",
    "iverson",
    "kinks",
    "known",
    "matrix_function",
    "reduction",
    "sigmoid",
    "slope",
    "softplus",
    "stop_gradient",
    "tidy_sign",
]
