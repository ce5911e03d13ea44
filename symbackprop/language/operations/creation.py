"""Tensors that are made of sizes alone: constants, positions, indicators."""

from __future__ import annotations

import sympy as sp

from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, slot
from symbackprop.language.operations.values import Sizes, Value, size_of, sizes_of
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, indexing, label, letters, number_of


def full(shape: Sizes, value: Value) -> Tensor:
    """y[...] = value, of the shape given."""
    sizes = sizes_of("full", shape)
    number = number_of(as_tensor(value))
    if number is None:
        raise LanguageError("full: the value must be a number; write ones(shape) * x")
    return Tensor(sizes, Sum(number), (), letters(len(sizes)))


def zeros(shape: Sizes) -> Tensor:
    """y[...] = 0, of the shape given: sizes or whole numbers."""
    return full(sizes_of("zeros", shape), 0)


def ones(shape: Sizes) -> Tensor:
    """y[...] = 1, of the shape given: sizes or whole numbers."""
    return full(sizes_of("ones", shape), 1)


def zeros_like(x: Value) -> Tensor:
    """y[...] = 0, of the shape of x."""
    return full(as_tensor(x).shape, 0)


def ones_like(x: Value) -> Tensor:
    """y[...] = 1, of the shape of x."""
    return full(as_tensor(x).shape, 1)


def eye(n: Sizes) -> Tensor:
    """y[i j] = 1[i = j], of shape (n, n)."""
    extent = size_of("eye", n)
    guard = iverson(sp.Eq(position("0"), position("1"), evaluate=False))
    return Tensor((extent, extent), Sum(guard), (), ("0", "1"))


def arange(n: Sizes, stop: Sizes | None = None, step: int = 1) -> Tensor:
    """y[i] = i, of shape (n,): the positions 0, 1, ..., n - 1; arange(a, b, step) is y[i] = a + step i, up to before b."""
    if stop is None and step == 1:
        return indexing.arange(size_of("arange", n))
    first, last = map(as_number, (0, n) if stop is None else (n, stop))
    if not step or not first.is_integer or not last.is_integer or (abs(step) != 1 and (last - first).free_symbols):
        raise LanguageError("arange: it takes whole numbers and sizes, in steps of 1 between sizes; write a + step*arange(n)")
    count = sp.Max(sp.ceiling((last - first) / step), 0) if (last - first).is_number else sp.expand((last - first) / step)
    if count == 0:
        raise LanguageError(f"arange: nothing is between {first} and {last}; write arange(a, b) with b above a")
    return as_tensor(first) + step * indexing.arange(count)


def one_hot(t: Value, classes: Sizes) -> Tensor:
    """y[... c] = 1[c = t[...]] of a tensor of integers below `classes`."""
    t = as_tensor(t)
    extent = size_of("one_hot", classes)
    if not indexing.is_integer(t):
        raise LanguageError(f"one_hot: {label(t)} holds no integers; declare it as integers[n, v]")
    bound = indexing.bound_of(t)
    few = indexing.of_one_number(t, extent)
    if few:
        raise LanguageError(f"one_hot: {few}")
    if bound is not None and (extent - bound).is_negative:
        raise LanguageError(f"one_hot: the entries of {label(t)} go up to {bound - 1}, there are {extent} classes")
    index = letters(t.ndim + 1)
    guard = iverson(sp.Eq(position(index[-1]), slot(0), evaluate=False))
    room = () if bound is None or (extent - bound).is_nonnegative else (extent - bound,)
    return Tensor((*t.shape, extent), Sum(guard, (slot(0),)), ((t, index[:-1]),), index, conditions=room)
