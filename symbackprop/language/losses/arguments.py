"""What the losses ask of their arguments: shapes that are equal, settings in their range, targets that fit the classes."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symbackprop.core.errors import shown
from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, same_size, shape_text, slot
from symbackprop.language.tensors import LanguageError, Tensor, apply, as_tensor, label, letters, total, turned
from symbackprop.language.tensors.indexing import bound_of, is_integer

Value = Any  # a tensor, or a number

_LATIN = (*"abpqsxyz", "yhat")  # arguments that are capitals where they are matrices

REDUCTIONS = ("sum", "mean", "none")


def reduced(loss: str, values: Tensor, reduction: str) -> Tensor:
    """The sum or the mean of the values over all their axes, or the values themselves for "none"."""
    if reduction not in REDUCTIONS:
        raise LanguageError(f'{loss}: there is no reduction {shown(reduction)}; write "sum", "mean" or "none"')
    return values if reduction == "none" else total(values, mean=reduction == "mean")


def taken(x: Tensor, role: str) -> Tensor:
    """What a loss is given, called as the loss calls it where nobody named it: yhat, or Yhat where it has several axes."""
    return x.taken_as(role.capitalize() if x.ndim > 1 and role in _LATIN else role)


def alike(loss: str, a: Value, b: Value, roles: str = "") -> tuple[Tensor, Tensor]:
    """Both as tensors of one shape; a scalar fits every shape.

    roles   what the loss calls them, "yhat y".
    Raises LanguageError with both shapes where they differ: broadcasting (n, 1) with (n,) to (n, n) is nobody's wish in a loss.
    """
    x, y = as_tensor(a), as_tensor(b)
    if x.ndim and y.ndim and not (x.ndim == y.ndim and all(map(same_size, x.shape, y.shape))):
        raise LanguageError(f"{loss}: {_shapes(x, y)}; they must have one shape.{_mend(x, y)}")
    for value, role in zip((x, y), roles.split(), strict=False):
        taken(value, role)
    return x, y


def rows(loss: str, x: Tensor) -> Tensor:
    """The tensor, which has a last axis to sum along."""
    if not x.ndim:
        raise LanguageError(f"{loss}: {label(x)} is a scalar; it needs a last axis")
    return x


def _shapes(x: Tensor, y: Tensor) -> str:
    return f"{label(x)} is {shape_text(x.shape)}, {label(y)} is {shape_text(y.shape)}"


def _mend(x: Tensor, y: Tensor) -> str:
    for column, vector in ((x, y), (y, x)):
        if column.ndim == vector.ndim + 1 and column.shape[-1] == 1 and all(map(same_size, column.shape, vector.shape)):
            return f" Write {label(column)}[{':, ' * vector.ndim}0]."
    if x.ndim == y.ndim == 2 and all(map(same_size, x.shape, reversed(y.shape))):
        return f" Did you mean {turned(y)}?"
    return ""


def probabilities(values: Tensor) -> Tensor:
    """The probabilities that a loss makes of logits, called p or P: a value of the network, by which its gradient is told."""
    return values.called("P" if values.ndim > 1 else "p")


def bits(p: Tensor, y: Tensor) -> Tensor:
    """-(y log p + (1 - y) log(1 - p)), entry by entry: what a yes or no of probability p costs."""
    return -(y * apply("log", p) + (1 - y) * apply("log", 1 - p))


def is_class(target: Tensor) -> bool:
    """Whether a target holds the number of a class, not a weight for each class."""
    return is_integer(target)


def targets(loss: str, S: Value, target: Value) -> tuple[Tensor, Tensor]:
    """Scores S (..., c) with their target: one-hot rows (..., c), or integers (...) below c.

    Raises LanguageError where the shapes do not fit, or the integers go beyond the classes.
    """
    S, target = rows(loss, as_tensor(S)), as_tensor(target)
    if not is_class(target):
        fits = S.ndim == target.ndim and all(map(same_size, S.shape, target.shape))
        if fits:
            return S, target
        if is_class(S) and target.ndim == S.ndim + 1:
            raise LanguageError(f"{loss}: {_shapes(S, target)}; the scores come first, {loss}({label(target)}, {label(S)})")
        mend = f"give one-hot rows of the shape {shape_text(S.shape)}"
        if target.ndim == S.ndim - 1:
            sizes = ", ".join(map(str, (*target.shape, S.shape[-1])))
            mend += f", or declare {label(target)} as integers[{sizes}]"
        raise LanguageError(f"{loss}: {_shapes(S, target)}; {mend}")
    if S.ndim != target.ndim + 1 or not all(map(same_size, S.shape[:-1], target.shape)):
        raise LanguageError(
            f"{loss}: {_shapes(S, target)}; integers must have the shape {shape_text(S.shape[:-1])}, one for each row of {label(S)}"
        )
    return S, target


def picked(loss: str, S: Tensor, target: Tensor, of: Tensor | None = None) -> Tensor:
    """y[...] = S[..., target[...]]: of each row, the entry of its class; a vector S has one row, which all targets share.

    of   what S was made of, if it is that which a person gave.
    Raises LanguageError where the integers go up to more classes than S has.
    """
    bound, classes, given = bound_of(target), S.shape[-1], S if of is None else of
    room = sp.S.Zero if bound is None else sp.expand(classes - bound)
    if bound is not None and room.is_negative:
        raise LanguageError(
            f"{loss}: the labels {label(target)} go up to {sp.expand(bound - 1)}, {label(given)} has {classes} classes; "
            f"declare {label(target)} with values below {classes}"
        )
    conditions = () if room.is_nonnegative else (room,)
    index = letters(target.ndim)
    lead = index if S.ndim > 1 else ()
    guard = iverson(sp.Eq(position("c"), slot(1), evaluate=False))
    op = Sum(slot(0) * guard, (slot(0), slot(1)), (("c", classes),))
    return Tensor(target.shape, op, ((S, (*lead, "c")), (target, index)), index, conditions=conditions)
