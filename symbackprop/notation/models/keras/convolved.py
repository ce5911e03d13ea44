"""Keras' ConvLSTM: an LSTM along time whose products are convolutions of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symbackprop.language import operations as ops
from symbackprop.language.layers.conv import convolution
from symbackprop.language.layers.stepped import State, Stepped
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.keras.cells import Memory
from symbackprop.notation.models.keras.layer import Layer
from symbackprop.notation.models.keras.layers import same, surrounded


class ConvMemory(Memory):
    """h_t = o f(c_t), c_t = s c_{t-1} + i g, with x_t * W + h_{t-1} * U + b for the gates; the channels stand last."""

    def __init__(self, layer: Layer, channels: Any, rank: int) -> None:
        self.layer, self.size, self.rank = layer, int(layer.config["filters"]), rank
        self.kernel, self.ones = layer.numbers("kernel_size", rank), (1,) * rank
        columns = self.gates * self.size
        self.W = layer.weight("W", (*self.kernel, channels, columns), True, None)
        self.U = layer.weight("U", (*self.kernel, self.size, columns), True, None)
        self.b = layer.weight("b", (columns,), True, None) if layer.config.get("use_bias", True) else None

    def summed(self, x: Tensor, state: State) -> Tensor:
        z = self.read(x)
        if state is None:
            return z
        pads = same(self.layer, state.shape[1:-1], self.kernel, self.ones, self.ones)
        signal = ops.pad(ops.moveaxis(state, -1, 1), ((0, 0), (0, 0), *pads))
        return z + self._turned(signal, self.U, None, self.ones, self.ones)

    def read(self, x: Tensor) -> Tensor:
        """x * W + b at one step."""
        strides, apart = (self.layer.numbers(word, self.rank) for word in ("strides", "dilation_rate"))
        return self._turned(surrounded(self.layer, x, self.kernel, strides, apart), self.W, self.b, strides, apart)

    def _turned(self, signal: Tensor, W: Tensor, b: Any, strides: Any, apart: Any) -> Tensor:
        kernel = ops.transpose(W, (self.rank + 1, self.rank, *range(self.rank)))
        return ops.moveaxis(convolution(signal, kernel, b, strides, 0, apart), 1, -1)


def _row(rank: int) -> Callable[[Layer, Tensor], Tensor | tuple[Tensor, ...]]:
    def row(layer: Layer, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        layer.last()
        if layer.config.get("stateful"):
            raise layer.refused("it keeps its state from one batch to the next.", "Build it with stateful=False.")
        if layer.masks[0] is not None:
            raise layer.refused("steps that do not count come to it.", "Leave the mask out before it.")
        x = ops.flip(x, 1) if layer.config.get("go_backwards") else x
        cell = ConvMemory(layer, x.shape[-1], rank)
        shape = (*cell.read(x[:, 0]).shape[:-1], cell.size)
        run = Stepped(layer.name, x, 1, [None, None], [shape, shape], cell.step)
        y = run.all(0, 1) if layer.config.get("return_sequences") else run.last()
        return (y, run.last(0), run.last(1)) if layer.config.get("return_state") else y

    return row


LAYERS: Mapping[str, Callable[..., Tensor | tuple[Tensor, ...]]] = {f"ConvLSTM{rank}D": _row(rank) for rank in (1, 2, 3)}
"""From a layer and what it reads to what it computes when the model is used."""
