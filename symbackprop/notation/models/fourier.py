"""Discrete Fourier transforms in real and imaginary parts: products with matrices of cosines and of sines."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import same_size
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor, as_number


def transformed(
    re: Tensor, im: Tensor | None, axis: int, back: bool = False, norm: Any = None, n: Any = None
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """X[k] = c sum_j x[j] exp(-2 pi i k j / n) along one axis, or back, with exp(2 pi i k j / n).

    im   None for real numbers.
    n    as many entries as are read, cut off or filled up with zeros; None: all.
    """
    re, im = _fitted(ops.moveaxis(re, axis, -1), n), None if im is None else _fitted(ops.moveaxis(im, axis, -1), n)
    found = _products(re, im, re.shape[-1], re.shape[-1], 1 if back else -1, _scale(norm, back, re.shape[-1]))
    return ops.moveaxis(found[0], -1, axis), ops.moveaxis(found[1], -1, axis)


def half(x: Tensor, axis: int, norm: Any = None, n: Any = None) -> tuple[Tensor, Tensor]:
    """Of real numbers, the frequencies from 0 to n / 2, which say the others."""
    x = _fitted(ops.moveaxis(x, axis, -1), n)
    size = x.shape[-1]
    found = _products(x, None, size, sp.floor(size / 2) + 1, -1, _scale(norm, False, size))
    return ops.moveaxis(found[0], -1, axis), ops.moveaxis(found[1], -1, axis)


def from_half(re: Tensor, im: Tensor, axis: int, norm: Any = None, n: Any = None) -> Tensor:
    """x[j] = c sum_k w[k] (Re X[k] cos(2 pi k j / n) - Im X[k] sin(2 pi k j / n)), where w is 2, and 1 for what has no mirror."""
    re, im = (ops.moveaxis(part, axis, -1) for part in (re, im))
    size = sp.expand(2 * (re.shape[-1] - 1)) if n is None else as_number(n)
    re, im = (_fitted(part, sp.floor(size / 2) + 1) for part in (re, im))
    k = ops.arange(re.shape[-1])
    alone = ops.logical_or(k == 0, 2 * k == size)
    weight = ops.where(alone, 1, 2)
    angle = (2 * sp.pi / size) * ops.outer(k, ops.arange(size))
    x = (weight * re) @ TABLE["cos"](angle) - (weight * im) @ TABLE["sin"](angle)
    return ops.moveaxis(_scaled(x, _scale(norm, True, size)), -1, axis)


def _products(re: Tensor, im: Tensor | None, size: Expr, count: Expr, sign: int, scale: Expr) -> tuple[Tensor, Tensor]:
    """(a + i b) (C + i s S) along the last axis, for C and S the cosines and sines of 2 pi j k / n, and s the sign."""
    angle = (2 * sp.pi / size) * ops.outer(ops.arange(size), ops.arange(count))
    C, S = TABLE["cos"](angle), TABLE["sin"](angle)
    S = S if sign > 0 else -S
    found = (re @ C, re @ S) if im is None else (re @ C - im @ S, re @ S + im @ C)
    return _scaled(found[0], scale), _scaled(found[1], scale)


def _scale(norm: Any, back: bool, n: Expr) -> Expr:
    scales = {"backward": 1 / n if back else 1, "forward": 1 if back else 1 / n, "ortho": 1 / sp.sqrt(n)}
    if (norm or "backward") not in scales:
        raise LanguageError(f"a Fourier transform has the norm {norm!r}; backward, forward and ortho are read")
    return as_number(scales[norm or "backward"])


def _scaled(x: Tensor, scale: Expr) -> Tensor:
    return x if scale == 1 else x * as_number(scale)


def _fitted(x: Tensor, n: Any) -> Tensor:
    """The first n entries of the last axis, filled up with zeros where there are fewer."""
    size = x.shape[-1]
    if n is None or same_size(as_number(n), size):
        return x
    wanted = as_number(n)
    if not (wanted.is_Integer and size.is_Integer):
        raise LanguageError(f"a Fourier transform of {wanted} entries reads an axis of the size {size}; pad or cut what it reads")
    if wanted < size:
        return x[..., : int(wanted)]
    return ops.pad(x, (*((0, 0) for _ in range(x.ndim - 1)), (0, int(wanted - size))))
