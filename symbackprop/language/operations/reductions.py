"""Reductions along axes: sums, means, products, extremes, log-sum-exp, and softmax, which rests on it."""

from __future__ import annotations

import sympy as sp

from symbackprop.core.program import shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.operations.elementwise import sqrt
from symbackprop.language.operations.values import Axis, Value, number, setting
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, elementwise, label


def sum(x: Value, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """y = sum_i x[i] along one, several or all axes.

    Returns a tensor without these axes, or with size 1 there if `keepdims`. Raises LanguageError for an axis x lacks.
    """
    return builder.total(as_tensor(x), axis, keepdims)


def mean(x: Value, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """y = (1/n) sum_i x[i] along one, several or all axes, n their size; otherwise like `sum`."""
    return builder.total(as_tensor(x), axis, keepdims, mean=True)


def max(x: Value, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """y = max_i x[i] along one, several or all axes. Entries that tie share the slope."""
    return builder.reduce("max", as_tensor(x), axis, keepdims)


def min(x: Value, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """y = min_i x[i] along one, several or all axes. Entries that tie share the slope."""
    return builder.reduce("min", as_tensor(x), axis, keepdims)


def prod(x: Value, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """y = x[1] x[2] ... x[n] along one, several or all axes, so that dL/dx[i] = dL/dy times the product of the others.

    The derivative takes no quotient y / x[i]: it is right where entries are zero, and so is the second. It costs one axis more:
    n x n numbers for a product of n. Returns a tensor without these axes, or with size 1 there if `keepdims`. Raises LanguageError
    for an axis x lacks.
    """
    return builder.reduce("prod", as_tensor(x), axis, keepdims)


def logsumexp(x: Value, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """y = log sum_i exp(x[i]) along one, several or all axes; shifted by the maximum, so that it never overflows."""
    return builder.reduce("logsumexp", as_tensor(x), axis, keepdims)


def average(x: Value, axis: Axis = None, weights: Value | None = None) -> Tensor:
    """y = sum_i w[i] x[i] / sum_i w[i] along one, several or all axes; the mean where there are no weights.

    weights   of the shape of x, or along the one axis alone. Raises LanguageError for other shapes.
    """
    x = as_tensor(x)
    if weights is None:
        return mean(x, axis)
    w = as_tensor(weights)
    if w.ndim == 1 and x.ndim > 1 and isinstance(axis, int):
        place = builder.normal_axis("average", x, axis)
        w = w[(slice(None), *[None] * (x.ndim - 1 - place))]
        return sum(w * x, axis) / sum(w)
    if w.shape != x.shape:
        shapes = f"{label(x)} is {shape_text(x.shape)}, {label(w)} is {shape_text(w.shape)}"
        raise LanguageError(f"average: {shapes}; name the axis that the weights run along")
    return sum(w * x, axis) / sum(w, axis)


def var(x: Value, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> Tensor:
    """y = (1/(n - ddof)) sum_i (x[i] - mean(x))^2 along one, several or all axes (NumPy's: n below, by default)."""
    x = as_tensor(x)
    squares = (x - mean(x, axis, keepdims=True)) ** 2
    if not ddof:
        return mean(squares, axis, keepdims)
    count = sp.Mul(*[x.shape[k] for k in builder.normal_axes("var", x, axis)])
    if (count - ddof).is_nonpositive:
        raise LanguageError(f"var: {count} entries less ddof={ddof} are not more than 0")
    return sum(squares, axis, keepdims) / (count - ddof)


def std(x: Value, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> Tensor:
    """y = sqrt(var(x)); its slope is infinite where all entries are equal: write sqrt(var(x) + 1e-5) there."""
    return sqrt(var(x, axis, keepdims, ddof))


def softmax(x: Value, axis: Axis = -1, temperature: Value = 1) -> Tensor:
    """y[i] = exp(x[i]/T) / sum_k exp(x[k]/T) along `axis`, T the temperature; as exp(x - logsumexp(x)), which never overflows.

    Raises LanguageError for a scalar, an axis that x lacks, or a temperature that is not positive.
    """
    return elementwise("softmax", sp.exp, log_softmax(x, axis, temperature))


def log_softmax(x: Value, axis: Axis = -1, temperature: Value = 1) -> Tensor:
    """y[i] = x[i]/T - log sum_k exp(x[k]/T) along `axis`, T the temperature. Raises LanguageError as softmax does."""
    x = as_tensor(x)
    if not x.ndim:
        raise LanguageError(f"softmax: {label(x)} is a scalar; it needs an axis to run along")
    if number(setting("softmax", "temperature", temperature, 0)) != 1:
        x = x / temperature
    return x - logsumexp(x, axis, keepdims=True)
