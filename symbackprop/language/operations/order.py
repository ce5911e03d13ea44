"""The same entries in another order, more often, or among zeros; and the differences of neighbours."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.core.errors import shown
from symbackprop.core.program import Sum, same_size, shape_text, slot
from symbackprop.language import tensors as builder
from symbackprop.language.operations.creation import arange
from symbackprop.language.operations.shapes import concatenate, expand_dims, placed, ravel, reshape
from symbackprop.language.operations.values import Axis, Sizes, Value, sizes_of
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, letters, number_of

MOST = 20  # differences of differences


def flip(x: Value, axis: Axis = None) -> Tensor:
    """y[i] = x[n - 1 - i] along one, several or all axes. Raises LanguageError for an axis that x lacks."""
    x = as_tensor(x)
    turned = builder.normal_axes("flip", x, axis)
    return x[tuple(slice(None, None, -1 if k in turned else None) for k in range(x.ndim))]


def roll(x: Value, shift: Any, axis: Axis = None) -> Tensor:
    """y[i] = x[i - shift], counted around, along one or several axes; over all entries, row by row, where `axis` is None.

    shift   a whole number, or an expression of sizes, of at most the size of the axis where that is not known; or one an axis.
    """
    x = as_tensor(x)
    if isinstance(axis, tuple | list):
        places = builder.normal_axes("roll", x, axis)
        shifts = list(shift) if isinstance(shift, tuple | list) else [shift] * len(places)
        if len(shifts) != len(places):
            raise LanguageError(f"roll: {len(shifts)} shifts for {len(places)} axes of {label(x)}")
        return reduce(lambda y, pair: roll(y, *pair), zip(shifts, places, strict=True), x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    place = builder.normal_axis("roll", x, axis)
    extent, by = x.shape[place], whole("roll", "shift", shift)
    if extent.is_Integer and by.is_Integer:
        by = by % extent
    if by == 0 or same_size(by, extent):
        return x
    cut = -by if by.is_negative else extent - by
    return concatenate([_between(x, place, cut, None), _between(x, place, None, cut)], place)


def diff(x: Value, n: int = 1, axis: int = -1) -> Tensor:
    """y[i] = x[i + 1] - x[i] along `axis`, n times over. Raises LanguageError for a negative n, or an axis that x lacks."""
    x = as_tensor(x)
    place = builder.normal_axis("diff", x, axis)
    if not 0 <= n <= MOST:
        raise LanguageError(f"diff: n must be from 0 to {MOST}, not {shown(n)}")
    for _ in range(n):
        x = _between(x, place, 1, None) - _between(x, place, None, -1)
    return x


def _between(x: Tensor, axis: int, start: Any, stop: Any) -> Tensor:
    return x[(*[slice(None)] * axis, slice(start, stop))]


def broadcast_to(x: Value, shape: Sizes) -> Tensor:
    """y = x, repeated along the axes that it lacks, as NumPy's broadcasting does.

    Raises LanguageError where x does not broadcast to that shape.
    """
    x, sizes = as_tensor(x), sizes_of("broadcast_to", shape)
    aligned = zip(x.shape, sizes[len(sizes) - x.ndim :], strict=True) if x.ndim <= len(sizes) else [(S.Zero, S.One)]
    if not all(own == 1 or same_size(own, wanted) for own, wanted in aligned):
        raise LanguageError(f"broadcast_to: {label(x)}, which is {shape_text(x.shape)}, does not broadcast to {shape_text(sizes)}")
    _, (own, _), over = builder.broadcast("broadcast_to", x, Tensor(sizes))
    number = number_of(x)
    if number is not None:
        return Tensor(sizes, Sum(number), (), letters(len(sizes)))
    return Tensor(sizes, Sum(slot(0), (slot(0),), over), ((x, own),), letters(len(sizes)))


def repeat(x: Value, repeats: Sizes, axis: int | None = None) -> Tensor:
    """y = each entry of x along `axis`, `repeats` times in a row; of all entries, row by row, where `axis` is None."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    place = builder.normal_axis("repeat", x, axis)
    (times,) = _one("repeat", repeats)
    wide = broadcast_to(expand_dims(x, place + 1), (*x.shape[: place + 1], times, *x.shape[place + 1 :]))
    return reshape(wide, (*x.shape[:place], sp.expand(x.shape[place] * times), *x.shape[place + 1 :]))


def tile(x: Value, reps: Sizes) -> Tensor:
    """y = x, laid side by side `reps` times along each axis; one number is for the last axis, as in NumPy."""
    x, times = as_tensor(x), list(sizes_of("tile", reps))
    while x.ndim < len(times):
        x = expand_dims(x, 0)
    times = [S.One] * (x.ndim - len(times)) + times
    for axis, count in enumerate(times):
        if count != 1:
            wide = broadcast_to(expand_dims(x, axis), (*x.shape[:axis], count, *x.shape[axis:]))
            x = reshape(wide, (*x.shape[:axis], sp.expand(count * x.shape[axis]), *x.shape[axis + 1 :]))
    return x


def pad(x: Value, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    """y = x with `pad_width` entries of the number `constant_values` around it.

    pad_width   one number for every side, (before, after) for every axis, or one such pair an axis.
    mode        "constant", or what is repeated of x: "edge", its ends; "reflect" and "symmetric", its mirror without and with the
                end; "wrap", its other end. By whole numbers of entries then.
    Raises LanguageError for another mode, and for what is no width.
    """
    x = as_tensor(x)
    if mode != "constant":
        return _repeated(x, pad_width, mode)
    value = number_of(as_tensor(constant_values))
    if value is None:
        raise LanguageError("pad: constant_values must be a number")
    for axis, (before, after) in enumerate(_widths(x, pad_width)):
        if before == 0 and after == 0:
            continue
        length = sp.expand(before + x.shape[axis] + after)
        if value == 0:
            x = placed(x, axis, before, length)
            continue
        sides = [Tensor((*x.shape[:axis], w, *x.shape[axis + 1 :]), Sum(value), (), letters(x.ndim)) for w in (before, after)]
        x = concatenate([part for part, w in ((sides[0], before), (x, 1), (sides[1], after)) if w != 0], axis)
    return x


MIRRORED: dict[str, tuple[Callable[[int], int], Callable[[int], int]]] = {
    "edge": (lambda k: 0, lambda k: -1), "wrap": (lambda k: -k, lambda k: k - 1),
    "reflect": (lambda k: k, lambda k: -1 - k), "symmetric": (lambda k: k - 1, lambda k: -k),
}  # fmt: skip
"""Which entry stands k places before the first, and k places after the last."""


def _repeated(x: Tensor, pad_width: Any, mode: str) -> Tensor:
    """The tensor with entries of its own around it."""
    if mode not in MIRRORED:
        raise LanguageError(f'pad: mode="{mode}" is not in the language; there are constant, {", ".join(MIRRORED)}')
    before, after = MIRRORED[mode]
    for axis, widths in enumerate(_widths(x, pad_width)):
        if not all(w.is_Integer for w in widths):
            raise LanguageError(f'pad: mode="{mode}" takes whole numbers of entries, not {widths[0]} and {widths[1]}')
        at = [*(before(k) for k in range(int(widths[0]), 0, -1))], [*(after(k) for k in range(1, int(widths[1]) + 1))]
        sides = [[_between(x, axis, k, k + 1 if k != -1 else None) for k in side] for side in at]
        x = concatenate([*sides[0], x, *sides[1]], axis) if widths != (0, 0) else x
    return x


def _widths(x: Tensor, given: Any) -> list[tuple[Expr, Expr]]:
    """(before, after) for every axis of x."""
    several = list(given) if isinstance(given, list | tuple) else [given]
    nested = [list(one) for one in several if isinstance(one, list | tuple)]
    pairs = nested if nested else [[several[0], several[-1]]]
    pairs = pairs * x.ndim if len(pairs) == 1 else pairs
    if len(nested) not in (0, len(several)) or len(several) > (x.ndim if nested else 2) or len(pairs) != x.ndim:
        pairs = [[]]
    if any(len(pair) != 2 for pair in pairs):
        shape = shape_text(x.shape)
        raise LanguageError(f"pad: {label(x)} is {shape}; pad_width is one number, (before, after), or one such pair an axis")
    return [(whole("pad", "a width", a, least=0), whole("pad", "a width", b, least=0)) for a, b in pairs]


def take(x: Value, indices: Value, axis: int | None = None) -> Tensor:
    """y = x[indices] along `axis`; of all entries, row by row, where `axis` is None.

    indices   a whole number, or a tensor of integers.
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    place = builder.normal_axis("take", x, axis)
    return x[(*[slice(None)] * place, indices)]


def take_along_axis(x: Value, indices: Value, axis: int) -> Tensor:
    """y[i j] = x[i indices[i j]] for the last of two axes, and likewise for others.

    indices   a tensor of integers with as many axes as x, of the sizes of x, or 1, but along `axis`.
    """
    x, chosen = as_tensor(x), as_tensor(indices)
    place = builder.normal_axis("take_along_axis", x, axis)
    if chosen.ndim != x.ndim or any(
        not same_size(x.shape[k], chosen.shape[k]) and 1 not in (x.shape[k], chosen.shape[k]) for k in range(x.ndim) if k != place
    ):
        raise LanguageError(
            f"take_along_axis: {label(x)} is {shape_text(x.shape)}, {label(chosen)} is {shape_text(chosen.shape)}; "
            f"all axes but axis {place} must have equal sizes"
        )
    places = [arange(extent)[(slice(None), *[None] * (x.ndim - 1 - k))] for k, extent in enumerate(x.shape)]
    return x[tuple(chosen if k == place else where for k, where in enumerate(places))]


def whole(what: str, name: str, value: Any, least: int | None = None) -> Expr:
    """A whole number or an expression of sizes, as a person gave it. Raises LanguageError for anything else."""
    number = number_of(value) if isinstance(value, Tensor) else value
    if isinstance(number, bool) or not isinstance(number, int | Expr) or not builder.as_number(number).is_integer:
        raise LanguageError(f"{what}: {name} must be a whole number or a size, not {value}")
    result = number if isinstance(number, Expr) else sp.Integer(number)
    if least is not None and (result - least).is_negative:
        raise LanguageError(f"{what}: {name} must be {least} or more, not {value}")
    return result


def _one(what: str, extent: Sizes) -> tuple[Expr, ...]:
    sizes = sizes_of(what, extent)
    if len(sizes) != 1:
        raise LanguageError(f"{what}: one number says how often every entry stands; {len(sizes)} are given")
    return sizes
