"""Pooling: the maximum or the mean of each window, or of the whole image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import Where, iverson
from symbackprop.core.program import Sum, position, slot
from symbackprop.language.layers.arguments import Value, Whole, tensor, wholes
from symbackprop.language.layers.conv import AXES, window_count
from symbackprop.language.operations.values import LOWEST
from symbackprop.language.tensors import LanguageError, Tensor, letters, product, reduce, total


def max_pool1d(x: Value, size: Whole, stride: Whole | None = None, padding: Whole = 0) -> Tensor:
    """y[n c p] = max_a x[n c i] with i = p stride + a - padding and a < size.

    x   (..., L); the stride is the size where none is given. Padding never wins; entries that tie share the slope.
    Returns (..., floor((L + 2 padding - size) / stride) + 1). Raises LanguageError where the window is larger than the signal.
    """
    return _max_pool("max_pool1d", x, size, stride, padding, "L")


def max_pool2d(x: Value, size: Whole, stride: Whole | None = None, padding: Whole = 0) -> Tensor:
    """y[n c p q] = max_{a b} x[n c i j] with i = p stride + a - padding, j = q stride + b - padding, and a, b < size.

    x   (..., H, W); the stride is the size where none is given. Padding never wins; entries that tie share the slope.
    size, stride, padding   whole numbers, or one for each of the two axes.
    Returns (..., floor((H + 2 padding - size) / stride) + 1, and so for the width).
    Raises LanguageError where the window is larger than the padded image, or the padding as large as the window.
    """
    return _max_pool("max_pool2d", x, size, stride, padding, "H W")


def avg_pool1d(x: Value, size: Whole, stride: Whole | None = None, padding: Whole = 0) -> Tensor:
    """y[n c p] = (1/size) sum_{i a} x[n c i] 1[i = p stride + a - padding] with a < size.

    x   (..., L); the stride is the size where none is given. Padding counts as zeros.
    Returns (..., floor((L + 2 padding - size) / stride) + 1). Raises LanguageError where the window is larger than the signal.
    """
    return _average_pool("avg_pool1d", x, size, stride, padding, "L")


def avg_pool2d(x: Value, size: Whole, stride: Whole | None = None, padding: Whole = 0) -> Tensor:
    """y[n c p q] = (1/size^2) sum_{i j a b} x[n c i j] 1[i = p stride + a - padding] 1[j = q stride + b - padding].

    x   (..., H, W); the stride is the size where none is given; a, b < size. Padding counts as zeros.
    size, stride, padding   whole numbers, or one for each of the two axes.
    Returns (..., floor((H + 2 padding - size) / stride) + 1, and so for the width).
    Raises LanguageError where the window is larger than the padded image. Source: LeCun et al. 1998.
    """
    return _average_pool("avg_pool2d", x, size, stride, padding, "H W")


def max_pool(x: Value, size: Sequence[int], stride: Whole | None = None, padding: Whole = 0, dilation: Whole = 1) -> Tensor:
    """The maximum of each window of as many axes as `size` has, whose entries stand `dilation` apart."""
    return _max_pool(f"max_pool{len(size)}d", x, tuple(size), stride, padding, AXES[len(size)], dilation)


def average_pool(x: Value, size: Sequence[int], stride: Whole | None = None, padding: Whole = 0, dilation: Whole = 1) -> Tensor:
    """The mean of each window of as many axes as `size` has, whose entries stand `dilation` apart; padding counts as zeros."""
    return _average_pool(f"avg_pool{len(size)}d", x, tuple(size), stride, padding, AXES[len(size)], dilation)


def global_average_pool(x: Value) -> Tensor:
    """y[n c] = (1/(H W)) sum_{i j} x[n c i j].

    x   (N, C, H, W), or (N, C, L).
    Returns (N, C). Raises LanguageError where x has no axes behind the channels. Source: Lin et al. 2014.
    """
    x = tensor("global_average_pool", x, "N C L") if getattr(x, "ndim", 0) < 4 else tensor("global_average_pool", x, "N C H W")
    return total(x, tuple(range(2, x.ndim)), mean=True)


def global_max_pool(x: Value) -> Tensor:
    """y[n c] = max_{i j} x[n c i j]. Entries that tie share the slope.

    x   (N, C, H, W), or (N, C, L).
    Returns (N, C). Raises LanguageError where x has no axes behind the channels.
    """
    x = tensor("global_max_pool", x, "N C L") if getattr(x, "ndim", 0) < 4 else tensor("global_max_pool", x, "N C H W")
    return reduce("max", x, tuple(range(2, x.ndim)))


class _Windows:
    """The windows of the last axes of x: letters, sizes, and the guards that say which entry stands where."""

    def __init__(
        self, layer: str, x: Value, size: Whole, stride: Whole | None, padding: Whole, axes: str, dilation: Whole = 1
    ) -> None:
        self.x = tensor(layer, x, axes, lead=True)
        rank = len(axes.split())
        self.size = wholes(layer, "size", size, rank, 1)
        strides = wholes(layer, "stride", size if stride is None else stride, rank, 1)
        self.padding = wholes(layer, "padding", padding, rank, 0)
        apart = wholes(layer, "dilation", dilation, rank, 1)
        reaches = [step * (width - 1) + 1 for step, width in zip(apart, self.size, strict=True)]
        self.are_apart = not any(self.padding) and all(step >= reach for step, reach in zip(strides, reaches, strict=True))
        self.lead = letters(self.x.ndim - rank)
        self.pixel, self.tap, self.place = (tuple(f"{c}{k}" for k in range(rank)) for c in "iap")
        self.sizes: dict[str, Expr] = dict(zip(self.lead, self.x.shape, strict=False))
        self.sizes |= dict(zip(self.pixel, self.x.shape[-rank:], strict=True))
        self.at: list[Expr] = []
        self.conditions: tuple[Expr, ...] = ()
        for k, (width, pad) in enumerate(zip(self.size, self.padding, strict=True)):
            if pad >= reaches[k]:
                raise LanguageError(f"{layer}: the padding {pad} must be smaller than the window {width}, or a window is empty")
            self.sizes[self.tap[k]] = sp.Integer(width)
            extent = self.x.shape[k - rank]
            self.sizes[self.place[k]], needed = window_count(layer, extent, sp.Integer(width), strides[k], pad, apart[k])
            self.at.append(strides[k] * position(self.place[k]) + apart[k] * position(self.tap[k]) - pad)
            self.conditions += tuple(c for c in needed if c not in self.conditions)

    def read(self, index: tuple[str, ...], factor: Expr) -> Tensor:
        """The entries of the windows; the letters that `index` lacks are summed."""
        guards = [sp.Eq(position(c), at, evaluate=False) for c, at in zip(self.pixel, self.at, strict=True)]
        factor *= sp.Mul(*map(iverson, guards))
        return product([(self.x, (*self.lead, *self.pixel))], index, self.sizes, factor, self.conditions)


def _average_pool(
    layer: str, x: Value, size: Whole, stride: Whole | None, padding: Whole, axes: str, dilation: Whole = 1
) -> Tensor:
    windows = _Windows(layer, x, size, stride, padding, axes, dilation)
    return windows.read((*windows.lead, *windows.place), 1 / sp.Mul(*windows.size))


def _max_pool(layer: str, x: Value, size: Whole, stride: Whole | None, padding: Whole, axes: str, dilation: Whole = 1) -> Tensor:
    windows = _Windows(layer, x, size, stride, padding, axes, dilation)
    rank = len(windows.size)
    index = (*windows.lead, *windows.place, *windows.tap)
    u = windows.read(index, sp.S.One)
    if any(windows.padding):
        u = u.called("V_0")
        inside = []
        for k in range(rank):
            if windows.padding[k]:
                inside += [windows.at[k] >= 0, windows.at[k] < windows.x.shape[k - rank]]
        body: Any = Where(sp.And(*inside), slot(0), LOWEST)
        u = Tensor(u.shape, Sum(body, (slot(0),)), ((u, index),), index)
    return reduce("max", u if windows.are_apart else u.called("V"), tuple(range(-rank, 0)))
