"""Entries that are written: what an array is after x[items] = value, and after x[items] += value."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, shape_text, slot
from symbackprop.language.operations.creation import ones
from symbackprop.language.operations.values import is_zero
from symbackprop.language.tensors import LanguageError, Tensor, label, take


def placed(value: Tensor | None, items: Any, shape: tuple[Expr, ...]) -> Tensor:
    """y[i] = the sum of value[r] over all r for which x[items][r] is x[i]: what `take` reads, put back.

    value   of the shape of x[items]; None: ones, so that y counts how often an entry is taken.
    """
    whole = Tensor(shape)
    part = take(whole, items)
    if part is whole:
        return ones(shape) if value is None else value
    assert isinstance(part.op, Sum)
    (_, own), *others = part.operands
    body: Any = part.op.body
    index: list[str] = []
    for k, letter in enumerate(own):  # the diagonal x[r, r] is where its two letters are equal
        index.append(letter if letter not in index else f"d{k}")
        if index[-1] != letter:
            body *= iverson(sp.Eq(position(index[-1]), position(letter), evaluate=False))
    sizes = {**dict(zip(part.index, part.shape, strict=True)), **dict(part.op.over)}  # those of axes of size 1 of positions as well
    over = tuple((c, extent) for c, extent in sizes.items() if c not in index)
    if value is None:
        body = body.xreplace({slot(0): sp.S.One, **{slot(k): slot(k - 1) for k in range(1, len(others) + 1)}})
        operands = tuple(others)
    elif value.ndim != part.ndim:
        raise LanguageError(f"{label(value)} is {shape_text(value.shape)}, its place is {shape_text(part.shape)}")
    else:
        operands = ((value, part.index), *others)
    op = Sum(body, tuple(slot(k) for k in range(len(operands))), over)
    return Tensor(shape, op, operands, tuple(index), conditions=part.conditions)


def is_counted(items: Tensor) -> bool:
    """Whether positions differ by what they are: those of arange."""
    if not isinstance(items.op, Sum) or items.operands or items.ndim != 1:
        return False
    return bool((items.op.body - position(items.index[0])).is_number)


def replaced(old: Tensor, items: Any, value: Tensor) -> Tensor:
    """The tensor after old[items] = value, with the value of the shape of old[items]; no entry is taken twice."""
    if take(old, items) is old:
        return value
    new = placed(value, items, old.shape)
    if is_zero(old):
        return new
    kept = old * (1 - placed(None, items, old.shape))
    return kept if is_zero(value) else kept + new
