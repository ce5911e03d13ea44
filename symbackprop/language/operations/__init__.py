"""Every operation of the language, as functions on tensors; numbers stand for tensors without axes.

The elementwise functions are made from the table of `functions`, under NumPy's names where NumPy has one.
`__all__` is the list of names that a network may use.
"""

from symbackprop.language.operations.correlation import convolve, convolve2d, correlate, correlate2d
from symbackprop.language.operations.creation import arange, eye, full, one_hot, ones, ones_like, zeros, zeros_like
from symbackprop.language.operations.elementwise import (
    TABLE,
    add,
    betaln,
    clip,
    divide,
    fmod,
    hypot,
    log2,
    log10,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    multiply,
    negative,
    polygamma,
    power,
    reciprocal,
    sqrt,
    square,
    subtract,
    where,
)
from symbackprop.language.operations.factors import cholesky, eigh, eigvalsh, qr, svd, svdvals
from symbackprop.language.operations.linear_algebra import (
    det,
    expm,
    inv,
    inverse,
    kron,
    logdet,
    logm,
    lstsq,
    matrix_exp,
    matrix_power,
    pinv,
    quadratic_form,
    slogdet,
    solve,
    sqrtm,
    vec,
)
from symbackprop.language.operations.norms import cond, norm
from symbackprop.language.operations.order import broadcast_to, diff, flip, pad, repeat, roll, take, take_along_axis, tile
from symbackprop.language.operations.parts import cummax, cummin, cumprod, cumsum, logcumsumexp, split, tril, triu
from symbackprop.language.operations.products import (
    cross,
    diag,
    diagonal,
    dot,
    einsum,
    inner,
    matmul,
    outer,
    tensordot,
    trace,
    vdot,
)
from symbackprop.language.operations.reductions import average, log_softmax, logsumexp, max, mean, min, prod, softmax, std, sum, var
from symbackprop.language.operations.shapes import (
    concatenate,
    expand_dims,
    flatten,
    hstack,
    moveaxis,
    ravel,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
    vstack,
)
from symbackprop.language.operations.sorting import argmax, argmin, argsort, median, percentile, quantile, sort, topk

globals().update(TABLE)

__all__ = [
    *TABLE,
    "sqrt", "square", "reciprocal", "power", "negative", "add", "subtract", "multiply", "divide", "log2", "log10", "clip", "fmod",
    "hypot", "where", "betaln", "polygamma", "logical_and", "logical_or", "logical_xor", "logical_not", "sum", "mean", "average",
    "prod", "max", "min", "logsumexp", "var", "std", "norm", "softmax", "log_softmax", "matmul", "dot", "inner", "outer", "cross",
    "einsum", "trace", "diag", "diagonal", "convolve", "correlate", "convolve2d", "correlate2d", "transpose", "swapaxes",
    "moveaxis", "expand_dims", "squeeze", "reshape", "ravel", "flatten", "concatenate", "stack", "hstack", "vstack",
    "split", "flip", "roll", "diff", "broadcast_to", "repeat", "tile", "pad", "take", "take_along_axis", "cumsum",
    "cumprod", "logcumsumexp", "cummax", "cummin", "tril", "triu", "inverse", "inv", "det", "logdet", "slogdet", "solve",
    "expm", "matrix_exp", "sqrtm", "logm", "cholesky", "eigh", "eigvalsh", "svd", "svdvals", "qr",
    "cond", "matrix_power", "kron", "vec", "quadratic_form", "full", "zeros", "ones", "zeros_like", "ones_like", "eye",
    "arange", "one_hot", "vdot", "tensordot", "pinv", "lstsq", "sort", "argsort", "argmax", "argmin", "topk", "median", "quantile",
    "percentile",
]  # fmt: skip
