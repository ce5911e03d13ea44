"""What the operations of the language take: tensors and numbers, axes, sizes."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.errors import shown
from symbackprop.core.program import Sum, shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import LanguageError, Tensor, as_number, label, number_of

Value = Any  # a tensor, or a number
Axis = int | tuple[int, ...] | None
Sizes = Any  # a size, or several

# Stands for minus infinity where a maximum or a softmax must not look: below every entry, in float32 as well, and finite, so that
# 0 times it is 0.
LOWEST = -(sp.Integer(10) ** 30)


def sizes_of(what: str, shape: Sizes) -> tuple[Expr, ...]:
    """The sizes that a person gave, one or several.

    Raises LanguageError for what is no size.
    """
    several = shape if isinstance(shape, (tuple, list)) else (shape,)
    result = []
    for extent in several:
        value = number(extent) if isinstance(extent, Tensor) else extent
        own = builder.as_number(value) if isinstance(value, (int, Expr)) else None
        if own is None or not own.is_integer or (own - 1).is_negative:
            raise LanguageError(f"{what}: {extent} is no size; a size is a whole number from 1, or an expression of sizes")
        result.append(own)
    return tuple(result)


def size_of(what: str, extent: Sizes) -> Expr:
    """The one size that a person gave.

    Raises LanguageError for what is no size, and for none or several.
    """
    found = sizes_of(what, extent)
    if len(found) != 1:
        raise LanguageError(f"{what}: {len(found)} sizes are given, it takes one; write {what}(n), or one whole number")
    return found[0]


def number(value: Value) -> Expr | None:
    """The number that a setting is, also where a person named it; None for any other tensor."""
    if isinstance(value, Tensor):
        constant = value.signature is not None and value.signature.kind == "constant"
        return value.signature.value if constant and value.signature else number_of(value)
    return as_number(value)


def _holds(relation: object) -> bool:
    """Whether a comparison holds whatever the sizes are."""
    return relation in (True, sp.true)


def setting(what: str, name: str, value: Value, low: int, high: int | None = None, low_fits: bool = False) -> Value:
    """A setting that lies between `low` and `high`, as it was given; `low_fits` says whether it may be equal to `low`.

    Raises LanguageError where it is a tensor with axes, or a number out of that range.
    """
    if isinstance(value, Tensor) and value.ndim:
        raise LanguageError(f"{what}: {name} must be one number, {label(value)} is {shape_text(value.shape)}")
    if not isinstance(value, Tensor | int | float | Expr):
        raise LanguageError(f"{what}: {name} must be a number, not {shown(value)}")
    n = number(value)
    if n is not None and (_holds(n < low) or (n == low and not low_fits) or (high is not None and _holds(n >= high))):
        least = f"{low} or more" if low_fits else f"greater than {low}"
        most = "" if high is None else f" and less than {high}"
        raise LanguageError(f"{what}: {name} must be {least}{most}, not {n}")
    return value


def is_zero(tensor: Tensor) -> bool:
    """Whether all entries are the number 0."""
    return isinstance(tensor.op, Sum) and tensor.op.body == 0
