"""Images that are read between their pixels: made larger or smaller, or read along a grid."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.language.tensors import LanguageError, Tensor, as_number
from symbackprop.notation.models import sampled
from symbackprop.notation.models.torch.rows.words import lang

KERNELS: tuple[sampled.Kernel, ...] = ("linear", "nearest", "cubic")
BESIDE: tuple[sampled.Beside, ...] = ("zeros", "border", "reflection")
"""What torch's numbers mean."""


def _resized(rank: int, weights: Callable[[Expr, Expr, Expr, bool], Tensor]) -> Callable[..., Tensor]:
    """Along each of the last axes y[i] = sum_j M[i j] x[j]."""

    def row(x: Tensor, output_size: Any = None, align_corners: bool = False, scale_factors: Any = None) -> Tensor:
        for k in range(rank):
            axis = x.ndim - rank + k
            n = x.shape[axis]
            m, factor = _size_and_factor(n, k, output_size, scale_factors)
            if m == n:
                continue
            y = lang.moveaxis(x, axis, -1) @ weights(n, m, factor, align_corners).called("M").T
            x = lang.moveaxis(y, -1, axis)
        return x

    return row


def _size_and_factor(n: Expr, k: int, output_size: Any, scale_factors: Any) -> tuple[Expr, Expr]:
    """What n pixels become along axis k, and how much larger they are made."""
    if scale_factors is None:
        m = as_number(output_size[k])
        return m, as_number(sp.cancel(m / n))
    scale = scale_factors[k]
    near = Fraction(scale).limit_denominator(1000)
    factor = sp.Rational(near.numerator, near.denominator) if float(near) == scale else as_number(scale)
    return sp.floor(n * factor), factor


def _repeated(rank: int, exact: bool) -> Callable[..., Tensor]:
    """Along each of the last axes y[i] = x[floor(i / factor)]; exact: at the middle of the pixel, floor((i + 1/2) / factor)."""

    def row(x: Tensor, output_size: Any = None, scale_factors: Any = None) -> Tensor:
        for k in range(rank):
            axis = x.ndim - rank + k
            n = x.shape[axis]
            m, factor = _size_and_factor(n, k, output_size, scale_factors)
            x = _read_again(x, axis, m, factor, sp.Rational(1, 2) if exact else sp.S.Zero)
        return x

    return row


def _read_again(x: Tensor, axis: int, m: Expr, factor: Expr, middle: Expr) -> Tensor:
    n, step = x.shape[axis], 1 / factor
    before = (slice(None),) * axis
    if factor.is_Integer:
        return lang.repeat(x, int(factor), axis)
    if step.is_Integer:
        first = sp.floor(middle * step)
        return x[(*before, slice(int(first), first + m * step, int(step)))]
    _require_same_in_float32(m, step, middle)
    part = sp.Rational(1, 4) / sp.denom(step)  # places are multiples of 2 * part: so much more, and no rounding goes below one
    rows = lang.where(lang.floor(lang.arange(m) * step + (middle * step + part))[:, None] == lang.arange(n), 1, 0)
    return lang.moveaxis(lang.moveaxis(x, axis, -1) @ rows.called("M").T, -1, axis)


def _require_same_in_float32(m: Expr, step: Expr, middle: Expr) -> None:
    """torch multiplies in float32, where a place may fall to the pixel before; of sizes that are symbols nobody can tell."""
    if not (m.is_Integer and step.is_Rational):
        raise LanguageError(f"upsampling by {1 / step} of images of any size is not in the language; give their sizes as numbers")
    near = _single(float(step))
    for i in range(int(m)):
        if math.floor(_single(_single(i + float(middle)) * near)) != sp.floor((i + middle) * step):
            raise LanguageError(f"upsampling by {1 / step} falls between pixels in float32; scale by 2 or 3, say")


def _single(x: float) -> float:
    """The nearest number of float32."""
    return float(struct.unpack("f", struct.pack("f", x))[0])


def _places(n: Expr, m: Expr, factor: Expr, align_corners: bool) -> Tensor:
    """Where each of m pixels stands among n."""
    target = lang.arange(m)
    if align_corners:
        return target * ((n - 1) / sp.Max(m - 1, 1))
    return (target + sp.Rational(1, 2)) / factor - sp.Rational(1, 2)


def _hats(n: Expr, m: Expr, factor: Expr, align_corners: bool) -> Tensor:
    """(m, n): how much of each of n pixels is in each of m."""
    return sampled.hats(_places(n, m, factor, align_corners), n, lambda at: at if align_corners else sampled.clipped(at, n))


def _cubics(n: Expr, m: Expr, factor: Expr, align_corners: bool) -> Tensor:
    """(m, n): the same of a cubic kernel of four pixels; beyond the last one the last is read again."""
    return sampled.cubics(_places(n, m, factor, align_corners), n, lambda at: sampled.clipped(at, n))


# -- grids -------------------------------------------------------------------------------------------------------------------


def _affine_grid(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """(N, H, W, 2): where each pixel is read, theta (x, y, 1), with the image from -1 to 1."""
    if len(size) != 4:
        raise LanguageError("affine_grid of images is in the language; give a size (N, C, H, W)")

    def along(n: Any) -> Tensor:
        n = as_number(n)
        return lang.arange(n) * (2 / sp.Max(n - 1, 1)) - 1 if align_corners else (2 * lang.arange(n) + 1) / n - 1

    x, y = along(size[3])[None, :, None], along(size[2])[:, None, None]
    across, down, moved = (theta[:, None, None, :, k] for k in range(3))
    return x * across + y * down + moved


def _grid_sample(x: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    return sampled.grid_sample(x, grid, KERNELS[interpolation_mode], BESIDE[padding_mode], align_corners)


ROWS: dict[str, Callable[..., Any]] = {
    "upsample_linear1d": _resized(1, _hats),
    "upsample_bilinear2d": _resized(2, _hats),
    "upsample_trilinear3d": _resized(3, _hats),
    "upsample_bicubic2d": _resized(2, _cubics),
    **{f"upsample_nearest{k}d": _repeated(k, False) for k in (1, 2, 3)},
    **{f"_upsample_nearest_exact{k}d": _repeated(k, True) for k in (1, 2, 3)},
    "affine_grid_generator": _affine_grid,
    "grid_sampler": _grid_sample,
}
