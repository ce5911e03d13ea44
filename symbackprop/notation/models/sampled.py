"""Images that are read along a grid, as torch and ONNX do: of each pixel as much as a kernel of the way to it.

y[n c p] = sum over pixels ij of x[n c i j] k(i - u) k(j - v), at the place (u, v) that the grid says for p.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import sympy as sp
from sympy import Expr

from symbackprop import language
from symbackprop.core.letters import fresh
from symbackprop.language.tensors import Tensor

lang: Any = language  # its functions are made from tables, which a type checker does not see

Kernel = Literal["linear", "nearest", "cubic"]
Beside = Literal["zeros", "border", "reflection"]
"""What is read beside an image."""

CUBIC = sp.Rational(-3, 4)  # the parameter of the cubic kernel, in torch and in ONNX


def grid_sample(x: Tensor, grid: Tensor, kernel: Kernel, beside: Beside, align_corners: bool) -> Tensor:
    """(N, C, *places): x of (N, C, *image) at a grid (N, *places, axes of the image), where the image goes from -1 to 1.

    The grid names the last axis of the image first.
    """
    letters = "".join(fresh(x.ndim + grid.ndim - 4, "nc"))
    pixels, places = letters[: x.ndim - 2], letters[x.ndim - 2 :]
    weights = []
    for k, n in enumerate(x.shape[2:]):
        g = grid[..., x.ndim - 3 - k]
        at = (g + 1) * ((n - 1) / sp.Integer(2)) if align_corners else ((g + 1) * n - 1) / 2
        weights.append(WEIGHTS[kernel](at, n, lambda at, n=n: _inside(at, n, beside, align_corners)))
    terms = [f"nc{pixels}", *(f"n{places}{letter}" for letter in pixels)]
    return lang.einsum(f"{','.join(terms)}->nc{places}", x, *weights)


def _inside(at: Tensor, n: Expr, beside: Beside, align_corners: bool) -> Tensor:
    """A place as it is, or the one that is read for it where it lies beside the image."""
    if beside == "reflection":
        low, span = (sp.S.Zero, n - 1) if align_corners else (sp.Rational(-1, 2), n)
        far = lang.abs(at - low)
        turned = lang.remainder(far, 2 * span)
        at = low + lang.minimum(turned, 2 * span - turned)
    return at if beside == "zeros" else clipped(at, n)


def clipped(at: Tensor, n: Expr) -> Tensor:
    """Places, those beside an axis of n pixels at its ends."""
    return lang.minimum(lang.maximum(at, 0), n - 1)


Inside = Callable[[Tensor], Tensor]


def hats(at: Tensor, n: Expr, inside: Inside) -> Tensor:
    """(..., n): how much of each of n pixels is at a place, with hat(t) = max(0, 1 - |t|)."""
    return lang.relu(1 - lang.abs(inside(at)[..., None] - lang.arange(n)))


def nearest(at: Tensor, n: Expr, inside: Inside) -> Tensor:
    """The same of the one pixel that is nearest: the place has no slope."""
    return _only(lang.round(inside(at)), 1, n)


def cubics(at: Tensor, n: Expr, inside: Inside) -> Tensor:
    """The same of a cubic kernel of four pixels, each of which is looked for inside."""
    first = lang.floor(at)
    t = at - first
    a, parts = CUBIC, []
    for k, far in ((-1, t + 1), (0, t), (1, 1 - t), (2, 2 - t)):
        near = k in (0, 1)
        weight = ((a + 2) * far - (a + 3)) * far**2 + 1 if near else ((a * far - 5 * a) * far + 8 * a) * far - 4 * a
        parts.append(_only(inside(first + k), weight[..., None], n))
    return parts[0] + parts[1] + parts[2] + parts[3]


def _only(pixel: Tensor, weight: Any, n: Expr) -> Tensor:
    return lang.where(pixel[..., None] == lang.arange(n), weight, 0)


WEIGHTS: dict[Kernel, Callable[[Tensor, Expr, Inside], Tensor]] = {"linear": hats, "nearest": nearest, "cubic": cubics}
