"""What a variable of a jaxpr stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.core.choices import INFINITE
from symbackprop.core.program import same_size
from symbackprop.language import operations as ops
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor

Shape = tuple[Expr, ...]


@dataclass(frozen=True)
class Spread:
    """An array that repeats along some of its axes.

    tensor  the same with axes of size 1 there, or a number without axes.
    shape   of the whole.
    """

    tensor: Tensor
    shape: Shape


@dataclass(frozen=True)
class Positions:
    """Positions side by side along a last axis, one for each axis that they are positions on."""

    parts: tuple[Any, ...]  # tensors of whole numbers or constants, with the last axis of size 1


@dataclass(frozen=True)
class Key:
    """A key of random numbers, which JAX alone can read."""

    array: Any


@dataclass(frozen=True)
class Fault:
    """A value that cannot be written as a tensor; that counts only where the loss needs it."""

    error: Exception


Value = Tensor | ndarray | Spread | Positions | Key | Fault


def exact(number: Any) -> Expr:
    """A constant as an exact number; infinity is a large one."""
    if isinstance(number, Expr):
        return number
    if np.isinf(number):
        return sp.Integer(INFINITE if number > 0 else -INFINITE)
    return as_number(number.item() if isinstance(number, np.generic) else number)


def uniform(value: Value) -> Expr | None:
    """The number that all entries are, or None."""
    if not isinstance(value, ndarray) or not value.size:
        return None
    same = value.size == 1 or (value.dtype != object and np.all(value == value.flat[0]))
    return exact(value.flat[0]) if same else None


def spread(tensor: Tensor, shape: Shape) -> Tensor | Spread:
    """The tensor, repeated to a shape."""
    if tensor.ndim == len(shape) and all(map(same_size, tensor.shape, shape)):
        return tensor
    return Spread(tensor, shape)


def whole(value: Value) -> Tensor:
    """The value as a tensor of its own shape."""
    match value:
        case Fault():
            raise value.error
        case Spread():
            tensor = value.tensor
            return ops.broadcast_to(tensor, value.shape) if value.shape else tensor
        case Tensor():
            return value
        case ndarray():
            number = uniform(value)
            if number is None:
                raise LanguageError(f"a constant array {value.shape} is no tensor before it is declared as data")
            return ops.full(tuple(value.shape), number) if value.shape else as_tensor(number)
        case Positions() | Key():
            raise LanguageError("positions side by side, and keys of random numbers, are no numbers to compute with")


def shape_of(value: Value) -> Shape:
    """The shape of a value."""
    match value:
        case Tensor() | Spread():
            return value.shape
        case ndarray():
            return tuple(map(sp.Integer, value.shape))
        case Positions():
            return (*shape_of(value.parts[0])[:-1], sp.Integer(len(value.parts)))
        case Key():
            return tuple(map(sp.Integer, value.array.shape))
        case Fault():
            raise value.error
