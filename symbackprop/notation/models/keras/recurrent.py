"""Keras' layers that run along time, and those that hold another layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symbackprop.language import operations as ops
from symbackprop.language.layers.stepped import Stepped
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.keras.calls import leaves
from symbackprop.notation.models.keras.cells import Cell, Stack, cell_of, zeros_where
from symbackprop.notation.models.keras.layer import Layer

Many = Tensor | tuple[Tensor, ...]


def _recurrent(layer: Layer, x: Tensor) -> Many:
    """A cell along time: steps that do not count leave the states as they are."""
    if layer.config.get("stateful"):
        raise layer.refused("it keeps its state from one batch to the next.", "Build it with stateful=False.")
    cell, mask = _cell(layer, x.shape[-1]), layer.masks[0]
    starts = leaves(layer.named.get("initial_state") or [])
    several = isinstance(cell, Stack)
    if several and (starts or layer.config.get("return_state")):
        raise layer.refused("several cells are given their states, or hand them on.", "Write a layer for each cell.")
    if starts and len(starts) != len(cell.sizes):
        raise layer.refused(f"it is given {len(starts)} states.", f"It has {len(cell.sizes)}.")
    if layer.config.get("go_backwards"):
        x, mask = ops.flip(x, 1), None if mask is None else ops.flip(mask, 1)
    shapes = [(x.shape[0], size) for size in cell.sizes]
    run = Stepped(layer.name, x, 1, starts or [None] * len(shapes), shapes, cell.step, mask=mask)
    if layer.config.get("return_sequences"):
        y = run.all(0, 1)
        y = zeros_where(mask, y) if mask is not None and layer.config.get("zero_output_for_mask") else y
    else:
        y = run.last()
    return (y, *map(run.last, range(len(shapes)))) if layer.config.get("return_state") else y


def _cell(layer: Layer, wide: Any) -> Cell | Stack:
    if layer.kind != "RNN":
        return cell_of(layer, wide)
    entry = layer.config["cell"]
    if entry.get("class_name") != "StackedRNNCells":
        return cell_of(layer.held(entry), wide)
    return Stack([layer.held(inner) for inner in entry["config"]["cells"]], wide)


MERGED: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "concat": lambda a, b: ops.concatenate([a, b], -1), "sum": lambda a, b: a + b, "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}  # fmt: skip
"""How two directions become one."""


def _bidirectional(layer: Layer, x: Tensor) -> Many:
    """y_t = [h_t, k_t]: the layer, and another that takes the steps the other way, turned back; their states behind that."""
    c, mode = layer.config, layer.config.get("merge_mode", "concat")
    if mode not in MERGED:
        raise layer.refused(f"merge_mode={mode!r} is not read.", f"Those are: {', '.join(MERGED)}.")
    given = c["layer"]
    other = c.get("backward_layer") or given
    name = str(given["config"].get("name", "layer"))
    turned = bool(other["config"].get("go_backwards")) if c.get("backward_layer") else not given["config"].get("go_backwards")
    further = {"zero_output_for_mask": bool(given["config"].get("return_sequences"))}
    back = {**other, "config": {**other["config"], **further, "go_backwards": turned, "name": f"back_{name}"}}
    starts = leaves(layer.named.get("initial_state") or [])
    half = len(starts) // 2
    found = [
        layer.inner(entry, x, mask=layer.masks[0], initial_state=states)
        for entry, states in (
            ({**given, "config": {**given["config"], **further, "name": name}}, starts[:half]),
            (back, starts[half:]),
        )
    ]
    (forth, *states), (behind, *more) = (one if isinstance(one, tuple) else (one,) for one in found)
    y = MERGED[mode](forth, ops.flip(behind, 1) if behind.ndim == 3 else behind)
    return (y, *states, *more) if states else y


ALIKE = ("Dense", "Activation", "Dropout", "LayerNormalization", "ReLU", "LeakyReLU", "ELU")
"""Layers that take every row alike."""


def _distributed(layer: Layer, x: Tensor) -> Tensor:
    """The layer on every step: the steps of all samples are samples of their own."""
    entry = layer.config["layer"]
    if entry.get("class_name") in ALIKE:
        return layer.inner(entry, x)
    if layer.masks[0] is not None:
        raise layer.refused("steps that do not count come to the layer that it holds.", "Leave the mask out before it.")
    y = layer.inner(entry, ops.reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:])))
    if isinstance(y, tuple):
        raise layer.refused("the layer that it holds gives several values.", "Build it to give one.")
    return ops.reshape(y, (*x.shape[:2], *y.shape[1:]))


LAYERS: Mapping[str, Callable[..., Many]] = {
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "RNN"), _recurrent), "Bidirectional": _bidirectional,
    "TimeDistributed": _distributed,
}  # fmt: skip
"""From a layer and what it reads to what it computes when the model is used."""
