"""Activations that split an axis in two, or take the largest of several: gated linear units and maxout."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import shape_text
from symbackprop.language.operations import reshape
from symbackprop.language.tensors import LanguageError, Tensor, apply, as_tensor, label, normal_axis, reduce

Value = Any  # a tensor, or a number


def glu(x: Value, axis: int = -1) -> Tensor:
    """y = a sigmoid(b), entry by entry, with a and b the halves of x along `axis`.

    x   (..., 2 h) along `axis`.
    Returns (..., h). Raises LanguageError where the size does not split in two. Source: Dauphin et al. 2017.
    """
    a, b = _halves("glu", x, axis)
    return (a * apply("sigmoid", b)).taken_as("g")


def swiglu(x: Value, axis: int = -1) -> Tensor:
    """y = a silu(b), entry by entry, with a and b the halves of x along `axis` and silu(b) = b sigmoid(b).

    x   (..., 2 h) along `axis`.
    Returns (..., h). Raises LanguageError where the size does not split in two. Source: Shazeer 2020.
    """
    a, b = _halves("swiglu", x, axis)
    return (a * apply("silu", b)).taken_as("g")


def geglu(x: Value, axis: int = -1) -> Tensor:
    """y = a gelu(b), entry by entry, with a and b the halves of x along `axis` and gelu(b) = b Phi(b), Phi the normal distribution.

    x   (..., 2 h) along `axis`.
    Returns (..., h). Raises LanguageError where the size does not split in two. Source: Shazeer 2020.
    """
    a, b = _halves("geglu", x, axis)
    return (a * apply("gelu", b)).taken_as("g")


def maxout(x: Value, pieces: int, axis: int = -1) -> Tensor:
    """y[i] = max_k x[i pieces + k], k = 0, ..., pieces - 1, along `axis`: of every `pieces` neighbours, the largest.

    Entries that tie for the largest share the slope.
    x       (..., h pieces) along `axis`.
    pieces  how many entries compete, a whole number from 1.
    Returns (..., h). Raises LanguageError where `pieces` does not divide the size. Source: Goodfellow et al. 2013.
    """
    x = as_tensor(x).taken_as("x")
    place = normal_axis("maxout", x, axis)
    if isinstance(pieces, bool) or not isinstance(pieces, int) or pieces < 1:
        raise LanguageError(f"maxout: pieces must be a whole number from 1, not {pieces}")
    size = _part("maxout", x, place, pieces)
    return reduce("max", reshape(x, (*x.shape[:place], size, pieces, *x.shape[place + 1 :])), place + 1)


def _halves(what: str, x: Value, axis: int) -> tuple[Tensor, Tensor]:
    x = as_tensor(x).taken_as("x")
    place = normal_axis(what, x, axis)
    half = _part(what, x, place, 2)
    lead = [slice(None)] * place
    return x[(*lead, slice(None, half))].called("a"), x[(*lead, slice(half, None))].called("b")


def _part(what: str, x: Tensor, axis: int, count: int) -> Expr:
    """The size of each of `count` equal parts of an axis."""
    extent = x.shape[axis]
    size = sp.cancel(extent / count)
    if sp.denom(sp.together(size)) == 1:
        return size
    mend = "" if extent.is_Integer else f"; give it a size such as {count}*h"
    raise LanguageError(
        f"{what}: axis {axis} of {label(x)}, which is {shape_text(x.shape)}, has the size {extent}, "
        f"which does not split in {count} equal parts{mend}"
    )


__all__ = ["glu", "swiglu", "geglu", "maxout"]
