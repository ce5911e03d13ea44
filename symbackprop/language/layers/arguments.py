"""What the layers ask of their arguments: axes, equal sizes, whole numbers; the words where they do not fit."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS
from symbackprop.core.program import same_size, shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, number_of

Value = Any  # a tensor, or a number
Whole = int | tuple[int, ...]  # one whole number for all axes, or one for each


def tensor(layer: str, value: Value, axes: str, lead: bool = False) -> Tensor:
    """The value as a tensor with the axes named in `axes`, such as "N C H W".

    lead   whether further axes may stand before them.
    Raises LanguageError where it has other axes.
    """
    x = as_tensor(value)
    names = axes.split()
    if x.ndim < len(names) or (x.ndim > len(names) and not lead):
        wanted = f"({', '.join((['...'] if lead else []) + names)}{',' if len(names) == 1 and not lead else ''})"
        raise LanguageError(f"{layer}: {label(x)} is {shape_text(x.shape)}, it needs the axes {wanted}")
    return x


def equal(layer: str, x: Tensor, axis: int, y: Tensor, other: int) -> None:
    """Require two axes to have one size."""
    if not same_size(x.shape[axis], y.shape[other]):
        raise LanguageError(
            f"{layer}: axis {axis % x.ndim} of {label(x)} has the size {x.shape[axis]}, axis {other % y.ndim} of {label(y)} has "
            f"the size {y.shape[other]}; they must be equal: {label(x)} is {shape_text(x.shape)}, "
            f"{label(y)} is {shape_text(y.shape)}"
        )


def whole(layer: str, name: str, value: Any, least: int) -> int:
    """A setting as a whole number that is `least` or more."""
    number = number_of(value) if isinstance(value, Tensor) else value
    if isinstance(number, bool) or not isinstance(number, int | sp.Integer) or number < least:
        raise LanguageError(f"{layer}: {name} must be a whole number from {least}, not {value}")
    return int(number)


def wholes(layer: str, name: str, value: Any, count: int, least: int) -> tuple[int, ...]:
    """A setting as `count` whole numbers; one number stands for all."""
    several = tuple(value) if isinstance(value, tuple | list) else (value,) * count
    if len(several) != count:
        raise LanguageError(
            f"{layer}: {name} has {len(several)} entries, not {count}: one for each axis of the image, or one for all"
        )
    return tuple(whole(layer, name, one, least) for one in several)


def part(layer: str, x: Tensor, axis: int, count: int, mend: str = "") -> Expr:
    """The size of one of `count` equal parts of an axis. Raises LanguageError where `count` does not divide its size."""
    extent = x.shape[axis]
    size = sp.cancel(extent / count)
    if sp.denom(sp.together(size)) != 1:
        raise LanguageError(
            f"{layer}: axis {axis % x.ndim} of {label(x)} has the size {extent}, which does not split in {count} equal parts"
            + (f"; {mend}" if mend else "")
        )
    return size


def activated(layer: str, activation: str | None, x: Tensor) -> Tensor:
    """The activation called `activation` of x; None is the identity."""
    if activation is None:
        return x
    if activation not in FUNCTIONS or (
        activation in ELEMENTWISE and len(ELEMENTWISE[activation].args) > 1 + len(ELEMENTWISE[activation].defaults)
    ):
        raise LanguageError(
            f'{layer}: there is no activation "{activation}" of one argument; write "relu", "tanh", "sigmoid" or another name '
            f"of the table, or write {layer} without one and apply it yourself"
        )
    return builder.apply(activation, x)
