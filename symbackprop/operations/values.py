"""What the operations of the language take: tensors and numbers, axes, sizes."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from symbackprop import builder
from symbackprop.builder import LanguageError, Tensor, number_of

Value = Any  # a tensor, or a number
Axis = int | tuple[int, ...] | None
Sizes = Any  # a size, or several


def sizes_of(what: str, shape: Sizes) -> tuple[Expr, ...]:
    """The sizes that a person gave, one or several.

    Raises LanguageError for what is no size.
    """
    several = shape if isinstance(shape, (tuple, list)) else (shape,)
    result = []
    for extent in several:
        value = number_of(extent) if isinstance(extent, Tensor) else extent
        number = builder.as_number(value) if isinstance(value, (int, Expr)) else None
        if number is None or not number.is_integer or (number - 1).is_negative:
            raise LanguageError(
                f"{what}: {extent} is no size; a size is a whole number from 1, or an expression of sizes"
            )
        result.append(number)
    return tuple(result)
