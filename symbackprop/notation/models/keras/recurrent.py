"""Keras' layers that run along time, and those that hold another layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symbackprop.language import layers
from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.keras.layer import Layer


def _recurrent(gates: int, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def row(layer: Layer, x: Tensor, *start: Tensor) -> Tensor:
        c, x = layer.config, _in_order(layer, x, start)
        if gates > 1 and (c.get("activation", "tanh"), c.get("recurrent_activation", "sigmoid")) != ("tanh", "sigmoid"):
            raise layer.refused("its activations are other than tanh and sigmoid.", "Export the model to ONNX.")
        h = int(c["units"])
        W, U = layer.weight("W", (x.shape[-1], gates * h), True, None), layer.weight("U", (h, gates * h), True, None)
        b = layer.weight("b", (gates * h,), True, None) if c.get("use_bias", True) else ops.zeros((gates * h,))
        further = {"activation": c.get("activation", "tanh")} if gates == 1 else {}
        return function(x, W, U, b, sequence=bool(c.get("return_sequences", False)), **further)

    return row


def _gru(layer: Layer, x: Tensor, *start: Tensor) -> Tensor:
    """Keras' columns are those of z, r and the candidate; here r stands first."""
    c, x = layer.config, _in_order(layer, x, start)
    if not c.get("reset_after", True):
        raise layer.refused("its reset gate stands before the product.", "Build it with reset_after=True, or export it to ONNX.")
    if (c.get("activation", "tanh"), c.get("recurrent_activation", "sigmoid")) != ("tanh", "sigmoid"):
        raise layer.refused("its activations are other than tanh and sigmoid.", "Export the model to ONNX.")
    h = int(c["units"])
    W, U = layer.weight("W", (x.shape[-1], 3 * h), True, None), layer.weight("U", (h, 3 * h), True, None)
    b = layer.weight("b", (2, 3 * h), True, None) if c.get("use_bias", True) else ops.zeros((2, 3 * h))
    W, U, b = (ops.concatenate([v[:, h : 2 * h], v[:, :h], v[:, 2 * h :]], 1) for v in (W, U, b))
    return layers.gru(x, W, U, b[0], b[1], sequence=bool(c.get("return_sequences", False)))


def _in_order(layer: Layer, x: Tensor, start: tuple[Tensor, ...]) -> Tensor:
    """The steps in the order in which the layer takes them."""
    if start:
        raise layer.refused("it begins at a state that it is given.", "Export the model to ONNX.")
    if layer.config.get("stateful") or layer.config.get("return_state"):
        raise layer.refused("it keeps its state, or hands it on.", "Export the model to ONNX.")
    return ops.flip(x, 1) if layer.config.get("go_backwards") else x


MERGED: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "concat": lambda a, b: ops.concatenate([a, b], -1), "sum": lambda a, b: a + b, "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}  # fmt: skip
"""How two directions become one."""


def _bidirectional(layer: Layer, x: Tensor) -> Tensor:
    """y_t = [h_t, k_t]: the layer, and another that takes the steps the other way, turned back."""
    c, mode = layer.config, layer.config.get("merge_mode", "concat")
    if mode not in MERGED:
        raise layer.refused(f"merge_mode={mode!r} is not read.", f"Those are: {', '.join(MERGED)}.")
    given = c["layer"]
    other = c.get("backward_layer") or given
    name = str(given["config"].get("name", "layer"))
    turned = bool(other["config"].get("go_backwards")) if c.get("backward_layer") else not given["config"].get("go_backwards")
    back = {**other, "config": {**other["config"], "go_backwards": turned, "name": f"back_{name}"}}
    forth = layer.inner({**given, "config": {**given["config"], "name": name}})(x)
    behind = layer.inner(back)(x)
    return MERGED[mode](forth, ops.flip(behind, 1) if behind.ndim == 3 else behind)


def _distributed(layer: Layer, x: Tensor) -> Tensor:
    """The layer on every step: the steps of all samples are samples of their own."""
    inner = layer.inner(layer.config["layer"])
    if layer.config["layer"].get("class_name") in ("Dense", "Activation", "Dropout", "LayerNormalization"):
        return inner(x)  # which take every row alike
    y = inner(ops.reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:])))
    return ops.reshape(y, (*x.shape[:2], *y.shape[1:]))


LAYERS: Mapping[str, Callable[..., Tensor]] = {
    "SimpleRNN": _recurrent(1, layers.rnn), "LSTM": _recurrent(4, layers.lstm), "GRU": _gru, "Bidirectional": _bidirectional,
    "TimeDistributed": _distributed,
}  # fmt: skip
"""From a layer and what it reads to what it computes when the model is used."""
