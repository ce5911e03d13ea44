"""Functions of keras.ops of signals and images: Fourier transforms, kernels of each channel, convolutions turned round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.layers.conv import convolution
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, as_number, as_tensor
from symbackprop.notation.models.fourier import from_half, half, transformed
from symbackprop.notation.models.keras.layer import Layer
from symbackprop.notation.models.keras.layers import surrounded
from symbackprop.notation.models.keras.operations import Function, entrywise, of, operand, operation
from symbackprop.notation.models.keras.windows import turned_round
from symbackprop.notation.models.windows import windows

# -- Fourier transforms: complex numbers are pairs of tensors ----------------------------------------------------------------


def _fourier(rank: int, back: bool) -> Function:
    def function(layer: Layer, x: Any) -> tuple[Tensor, Tensor]:
        re, im = (as_tensor(operand(layer, part)) for part in x)
        for k in range(rank):
            re, im = transformed(re, im, re.ndim - 1 - k, back)
        return re, im

    return operation(function)


def _half(layer: Layer, x: Any, fft_length: Any = None) -> tuple[Tensor, Tensor]:
    x = as_tensor(operand(layer, x))
    return half(x, x.ndim - 1, n=fft_length)


def _from_half(layer: Layer, x: Any, fft_length: Any = None) -> Tensor:
    re, im = (as_tensor(operand(layer, part)) for part in x)
    return from_half(re, im, re.ndim - 1, n=fft_length)


WINDOWS = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}  # a - b cos(2 pi j / n)


def _short(
    layer: Layer, x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> tuple[Tensor, Tensor]:
    """The transforms of windows that lie side by side: a row for each."""
    x = as_tensor(operand(layer, x))
    beside = ((0, 0),) * (x.ndim - 1)
    if center:
        x = ops.pad(x, (*beside, (fft_length // 2, fft_length // 2)), "reflect")
    if isinstance(window, str):
        if window not in WINDOWS:
            raise layer.refused(f"window={window!r} is not read.", '"hann" and "hamming" are, and an array.')
        level, height = map(as_number, WINDOWS[window])
        w = level - height * TABLE["cos"](2 * sp.pi / sequence_length * ops.arange(sequence_length))
    else:
        w = ops.ones((sequence_length,)) if window is None else as_tensor(operand(layer, window))
    before = (fft_length - sequence_length) // 2
    after = fft_length - sequence_length - before
    w = ops.pad(w, ((before, after),)) if before or after else w
    cut = windows(x, x.ndim - 1, fft_length, sequence_stride) * w
    return half(cut, cut.ndim - 1)


# -- kernels -----------------------------------------------------------------------------------------------------------------


def _depthwise(layer: Layer, x: Tensor, kernel: Any, **settings: Any) -> Tensor:
    """Each channel by kernels of its own."""
    layer.last()
    kernel, rank = operand(layer, kernel), x.ndim - 2
    width, channels, several = kernel.shape[:rank], kernel.shape[rank], kernel.shape[rank + 1]
    strides, dilations = layer.numbers("strides", rank), layer.numbers("dilation_rate", rank)
    signal = surrounded(layer, x, tuple(map(int, width)), strides, dilations)
    V = ops.reshape(ops.transpose(kernel, (rank, rank + 1, *range(rank))), (sp.expand(channels * several), 1, *width))
    return ops.moveaxis(convolution(signal, V, None, strides, 0, dilations, int(channels)), 1, -1)


def _separable(layer: Layer, x: Tensor, kernel: Any, mixing: Any, **settings: Any) -> Tensor:
    """Each channel by kernels of its own, then all channels together, entry by entry."""
    return _depthwise(layer, x, kernel) @ operand(layer, mixing)[(0,) * (x.ndim - 2)]


def _transposed(layer: Layer, x: Tensor, kernel: Any, **settings: Any) -> Tensor:
    layer.last()
    return turned_round(layer, x, operand(layer, kernel))


# -- pixels and channels -------------------------------------------------------------------------------------------------------


def _to_space(layer: Layer, x: Tensor, block_size: int, data_format: str = "channels_last") -> Tensor:
    """(n, H, W, r r C) -> (n, H r, W r, C)."""
    layer.last()
    (n, h, w, c), r = x.shape, block_size
    y = ops.transpose(ops.reshape(x, (n, h, w, r, r, sp.cancel(c / r**2))), (0, 1, 3, 2, 4, 5))
    return ops.reshape(y, (n, sp.expand(h * r), sp.expand(w * r), sp.cancel(c / r**2)))


def _to_depth(layer: Layer, x: Tensor, block_size: int, data_format: str = "channels_last") -> Tensor:
    """(n, H r, W r, C) -> (n, H, W, r r C)."""
    layer.last()
    (n, h, w, c), r = x.shape, block_size
    y = ops.reshape(x, (n, sp.cancel(h / r), r, sp.cancel(w / r), r, c))
    return ops.reshape(ops.transpose(y, (0, 1, 3, 2, 4, 5)), (n, sp.cancel(h / r), sp.cancel(w / r), sp.expand(c * r**2)))


def _gray(layer: Layer, images: Tensor, data_format: str = "channels_last") -> Tensor:
    """0.2989 R + 0.587 G + 0.114 B."""
    layer.last()
    return ops.sum(images * layer.constant(np.array([0.2989, 0.5870, 0.1140])), -1, keepdims=True)


# -- entry by entry ----------------------------------------------------------------------------------------------------------


def _near(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Tensor:
    """|a - b| <= atol + rtol |b|."""
    return TABLE["abs"](as_tensor(a) - b) <= as_number(atol) + as_number(rtol) * TABLE["abs"](as_tensor(b))


def _isclose(layer: Layer, a: Any, b: Any, *further: Any, **about: Any) -> Tensor:
    return _near(operand(layer, a), operand(layer, b), *further, **about)


def _view(layer: Layer, x: Tensor) -> Tensor:
    """The same numbers; the bits of one kind read as another kind are others."""
    dtype = layer.config.get("dtype")
    if dtype is not None and (not str(dtype).startswith("float") or layer.gives not in ("", str(dtype))):
        raise layer.refused("it reads bits as numbers of another kind.", "Write keras.ops.cast.")
    return x


FUNCTIONS: Mapping[str, Function] = {
    "FFT": _fourier(1, False), "FFT2": _fourier(2, False), "IFFT2": _fourier(2, True),
    "RFFT": operation(_half, "fft_length"), "IRFFT": operation(_from_half, "fft_length"),
    "STFT": operation(_short, "sequence_length", "sequence_stride", "fft_length", "window", "center"),
    "ExtractSequences": of(
        lambda x, **s: windows(x, x.ndim - 1, s["sequence_length"], s["sequence_stride"]), "sequence_length", "sequence_stride"
    ),
    "DepthwiseConv": operation(_depthwise, "strides", "padding", "data_format", "dilation_rate"),
    "SeparableConv": operation(_separable, "strides", "padding", "data_format", "dilation_rate"),
    "ConvTranspose": operation(_transposed, "strides", "padding", "output_padding", "data_format", "dilation_rate"),
    "DepthToSpace": operation(_to_space, "block_size", "data_format"),
    "SpaceToDepth": operation(_to_depth, "block_size", "data_format"),
    "RGBToGrayscale": operation(_gray, "data_format"),
    "Isclose": operation(_isclose, "equal_nan", "rtol", "atol"), "Signbit": entrywise(lambda x: as_tensor(x) < 0),
    "Angle": entrywise(lambda x: ops.where(as_tensor(x) < 0, sp.pi, 0)), "Imag": entrywise(lambda x: as_tensor(x) * 0),
    "View": operation(_view),
}  # fmt: skip

LAYERS: Mapping[str, Function] = {f"ops.{name}": function for name, function in FUNCTIONS.items()}
"""From an operation to its value, by the names of keras.ops."""
