"""Windows of images and of axes, and pixels that change places with channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import iverson
from symbackprop.core.program import position, shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import LanguageError, Tensor, as_number, label, normal_axis
from symbackprop.notation.models.torch.rows.words import lang
from symbackprop.notation.models.windows import windows


def _two(value: Any) -> tuple[int, int]:
    """One number for both axes of an image, or one for each."""
    first, *more = value if isinstance(value, list | tuple) else [value]
    return int(first), int(more[0] if more else first)


def _unfold(x: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """The windows along an axis, their entries along a new last one."""
    return windows(x, normal_axis("unfold", x, dimension), int(size), int(step))


def _im2col(x: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """(N, C, H, W) -> (N, C kh kw, places): a column for each place of a kernel."""
    if x.ndim not in (3, 4):
        raise LanguageError(f"unfold: {label(x)} is {shape_text(x.shape)}; images are (N, C, H, W)")
    whole = x if x.ndim == 4 else x[None]
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = map(_two, (kernel_size, dilation, padding, stride))
    if ph or pw:
        whole = lang.pad(whole, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    found = windows(windows(whole, 2, kh, sh, dh), 3, kw, sw, dw)  # n c p q i j
    n, c, p, q = found.shape[:4]
    y = lang.reshape(lang.transpose(found, (0, 1, 4, 5, 2, 3)), (n, sp.expand(c * kh * kw), sp.expand(p * q)))
    return y if x.ndim == 4 else y[0]


def _unwindow(x: Tensor, axis: int, size: Expr, step: int, spread: int) -> Tensor:
    """y[..., i, ...] = the sum of all x[..., p, ..., q] with step p + spread q = i: windows put back where they were cut."""
    own = tuple(f"a{k}" for k in range(x.ndim))
    out = tuple("i" if k == axis else c for k, c in enumerate(own[:-1]))
    sizes: dict[str, Expr] = dict(zip(own, x.shape, strict=True)) | {"i": size}
    at = sp.Eq(position("i"), step * position(own[axis]) + spread * position(own[-1]), evaluate=False)
    return builder.product([(x, own)], out, sizes, iverson(at))


def _col2im(x: Tensor, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Tensor:
    """(N, C kh kw, places) -> (N, C, H, W): what the columns hold, added up where their places overlap."""
    whole = x if x.ndim == 3 else x[None]
    h, w = map(as_number, output_size)
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = map(_two, (kernel_size, dilation, padding, stride))
    p, q = (
        sp.floor((extent + 2 * pad - spread * (size - 1) - 1) / as_number(step)) + 1
        for extent, pad, spread, size, step in ((h, ph, dh, kh, sh), (w, pw, dw, kw, sw))
    )
    c = sp.cancel(whole.shape[1] / (kh * kw))
    y = lang.transpose(lang.reshape(whole, (whole.shape[0], c, kh, kw, p, q)), (0, 1, 4, 5, 2, 3))  # n c p q i j
    y = _unwindow(y, 3, w + 2 * pw, sw, dw)
    y = _unwindow(y, 2, h + 2 * ph, sh, dh)
    y = y[:, :, ph : h + ph, pw : w + pw] if ph or pw else y
    return y if x.ndim == 3 else y[0]


def _require_image(what: str, x: Tensor) -> None:
    if x.ndim < 3:
        raise LanguageError(f"{what}: {label(x)} is {shape_text(x.shape)}; images are (..., C, H, W)")


def _pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r r, H, W) -> (..., C, H r, W r)."""
    _require_image("pixel_shuffle", x)
    r, lead = int(upscale_factor), x.shape[:-3]
    c, h, w = x.shape[-3:]
    k = len(lead)
    y = lang.reshape(x, (*lead, sp.cancel(c / r**2), r, r, h, w))
    y = lang.transpose(y, (*range(k), k, k + 3, k + 1, k + 4, k + 2))
    return lang.reshape(y, (*lead, sp.cancel(c / r**2), sp.expand(h * r), sp.expand(w * r)))


def _pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) -> (..., C r r, H, W)."""
    _require_image("pixel_unshuffle", x)
    r, lead = int(downscale_factor), x.shape[:-3]
    c, h, w = x.shape[-3:]
    k = len(lead)
    y = lang.reshape(x, (*lead, c, sp.cancel(h / r), r, sp.cancel(w / r), r))
    y = lang.transpose(y, (*range(k), k, k + 2, k + 4, k + 1, k + 3))
    return lang.reshape(y, (*lead, sp.expand(c * r**2), sp.cancel(h / r), sp.cancel(w / r)))


def _channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """The channels of the groups in turn: those of (N, g, C/g, ...) as those of (N, C/g, g, ...)."""
    n, c, *image = x.shape
    return lang.reshape(lang.swapaxes(lang.reshape(x, (n, groups, sp.cancel(c / groups), *image)), 1, 2), x.shape)


ROWS: dict[str, Callable[..., Any]] = {
    "channel_shuffle": _channel_shuffle,
    "unfold": _unfold, "im2col": _im2col, "col2im": _col2im, "pixel_shuffle": _pixel_shuffle, "pixel_unshuffle": _pixel_unshuffle,
}  # fmt: skip
