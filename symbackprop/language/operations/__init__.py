"""Every operation of the language, as functions on tensors; numbers stand for tensors without axes.

The elementwise functions are made from the table of `functions`, under NumPy's names where NumPy has one.
`__all__` is the list of names that a network may use.
"""

from symbackprop.language.operations.creation import arange, eye, full, one_hot, ones, ones_like, zeros, zeros_like
from symbackprop.language.operations.elementwise import (
    TABLE,
    add,
    clip,
    divide,
    log2,
    log10,
    multiply,
    negative,
    power,
    reciprocal,
    sqrt,
    square,
    subtract,
    where,
)
from symbackprop.language.operations.linear_algebra import (
    det,
    inv,
    inverse,
    kron,
    logdet,
    matrix_power,
    quadratic_form,
    solve,
    vec,
)
from symbackprop.language.operations.norms import norm
from symbackprop.language.operations.parts import cumprod, cumsum, split, tril, triu
from symbackprop.language.operations.products import diag, diagonal, dot, einsum, inner, matmul, outer, trace
from symbackprop.language.operations.reductions import log_softmax, logsumexp, max, mean, min, prod, softmax, std, sum, var
from symbackprop.language.operations.shapes import (
    concatenate,
    expand_dims,
    flatten,
    moveaxis,
    ravel,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
)

globals().update(TABLE)

__all__ = [
    *TABLE,
    "sqrt", "square", "reciprocal", "power", "negative", "add", "subtract", "multiply", "divide", "log2", "log10", "clip",
    "where", "sum", "mean", "prod", "max", "min", "logsumexp", "var", "std", "norm", "softmax", "log_softmax",
    "matmul", "dot", "inner", "outer", "einsum", "trace", "diag", "diagonal",
    "transpose", "swapaxes", "moveaxis", "expand_dims", "squeeze", "reshape", "ravel", "flatten", "concatenate", "stack", "split",
    "cumsum", "cumprod", "tril", "triu", "inverse", "inv", "det", "logdet", "solve", "matrix_power", "kron", "vec",
    "quadratic_form", "full", "zeros", "ones", "zeros_like", "ones_like", "eye", "arange", "one_hot",
]  # fmt: skip
