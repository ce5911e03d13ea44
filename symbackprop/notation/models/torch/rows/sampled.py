"""Images that are read between their pixels: made larger or smaller, or read along a grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.language.tensors import LanguageError, Tensor, as_number
from symbackprop.notation.models.torch.rows.words import lang

REFLECTION = 2  # torch's number for what is read beside an image: 0 are zeros, 1 is its border
MODES = ("bilinear", "nearest", "bicubic")
CUBIC = sp.Rational(-3, 4)  # torch's parameter of the cubic kernel


def _resized(rank: int, weights: Callable[[Expr, Expr, Expr, bool], Tensor]) -> Callable[..., Tensor]:
    """Along each of the last axes y[i] = sum_j M[i j] x[j]."""

    def row(x: Tensor, output_size: Any = None, align_corners: bool = False, scale_factors: Any = None) -> Tensor:
        for k in range(rank):
            axis = x.ndim - rank + k
            n = x.shape[axis]
            scale = None if scale_factors is None else as_number(scale_factors[k])
            m = as_number(output_size[k]) if scale is None else sp.floor(n * scale)
            factor = m / n if scale is None else scale
            if m == n:
                continue
            y = lang.moveaxis(x, axis, -1) @ weights(n, m, factor, align_corners).called("M").T
            x = lang.moveaxis(y, -1, axis)
        return x

    return row


def _places(n: Expr, m: Expr, factor: Expr, align_corners: bool) -> Tensor:
    """Where each of m pixels stands among n."""
    target = lang.arange(m)
    if align_corners:
        return target * ((n - 1) / sp.Max(m - 1, 1))
    return (target + sp.Rational(1, 2)) / factor - sp.Rational(1, 2)


def _hats(n: Expr, m: Expr, factor: Expr, align_corners: bool) -> Tensor:
    """(m, n): how much of each of n pixels is in each of m, with hat(t) = max(0, 1 - |t|)."""
    place = _places(n, m, factor, align_corners)
    if not align_corners:
        place = lang.minimum(lang.maximum(place, 0), n - 1)
    return _hat(place[:, None] - lang.arange(n))


def _hat(t: Tensor) -> Tensor:
    return lang.relu(1 - lang.abs(t))


def _cubics(n: Expr, m: Expr, factor: Expr, align_corners: bool) -> Tensor:
    """(m, n): the same of a cubic kernel of four pixels; beyond the last one the last is read again."""
    place = _places(n, m, factor, align_corners)
    first = lang.floor(place)
    t = place - first
    a, pixels, parts = CUBIC, lang.arange(n), []
    for k, far in ((-1, t + 1), (0, t), (1, 1 - t), (2, 2 - t)):
        near = k in (0, 1)
        weight = ((a + 2) * far - (a + 3)) * far**2 + 1 if near else ((a * far - 5 * a) * far + 8 * a) * far - 4 * a
        at = lang.minimum(lang.maximum(first + k, 0), n - 1)
        parts.append(lang.where(at[:, None] == pixels, weight[:, None], 0))
    return parts[0] + parts[1] + parts[2] + parts[3]


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
    """(N, C, P, Q): of each pixel of x as much as is near the place, by hats along both axes."""
    if interpolation_mode or x.ndim != 4:
        mode = MODES[interpolation_mode]
        raise LanguageError(f"grid_sample of images, bilinear, is in the language; this is {mode} of {x.ndim} axes")
    weights = []
    for axis, place in ((2, grid[..., 1]), (3, grid[..., 0])):
        n = x.shape[axis]
        at = (place + 1) * ((n - 1) / sp.Integer(2)) if align_corners else ((place + 1) * n - 1) / 2
        weights.append(_hat(_inside(at, n, padding_mode, align_corners)[..., None] - lang.arange(n)))
    return lang.einsum("ncij,npqi,npqj->ncpq", x, *weights)


def _inside(at: Tensor, n: Expr, padding_mode: int, align_corners: bool) -> Tensor:
    """A place as it is, or the one that is read for it where it lies beside the image."""
    if padding_mode == REFLECTION:
        low, span = (sp.S.Zero, n - 1) if align_corners else (sp.Rational(-1, 2), n)
        far = lang.abs(at - low)
        turned = lang.remainder(far, 2 * span)
        at = low + lang.minimum(turned, 2 * span - turned)
    return lang.minimum(lang.maximum(at, 0), n - 1) if padding_mode else at


ROWS: dict[str, Callable[..., Any]] = {
    "upsample_linear1d": _resized(1, _hats),
    "upsample_bilinear2d": _resized(2, _hats),
    "upsample_trilinear3d": _resized(3, _hats),
    "upsample_bicubic2d": _resized(2, _cubics),
    "affine_grid_generator": _affine_grid,
    "grid_sampler": _grid_sample,
}
