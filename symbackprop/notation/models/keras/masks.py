"""Which steps of what a layer gives count, where steps of what it reads do not: Keras' masks, (N, T)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.keras.layer import Layer

Masks = Sequence[Tensor | None]


def mask_of(layer: Layer, values: Sequence[Tensor], masks: Masks) -> Tensor | None:
    """The mask of the first that a layer gives; None where all its steps count. Layers without a row give none."""
    row = ROWS.get(layer.row)
    return None if row is None else row(layer, values, masks)


def _first(layer: Layer, values: Sequence[Tensor], masks: Masks) -> Tensor | None:
    return masks[0] if masks else None


def _of_steps(layer: Layer, values: Sequence[Tensor], masks: Masks) -> Tensor | None:
    inner = layer.config.get("layer")
    config = inner["config"] if isinstance(inner, dict) else layer.config
    return masks[0] if config.get("return_sequences") else None


def _embedded(layer: Layer, values: Sequence[Tensor], masks: Masks) -> Tensor | None:
    """Position 0 stands for no step."""
    return layer.differing(values[0], 0) if layer.config.get("mask_zero") else None


def counted(layer: Layer, x: Tensor) -> Tensor:
    """The steps of which some entry is other than `mask_value`."""
    found = layer.config.get("mask_value", 0)
    if not isinstance(found, int | float):
        raise layer.refused(f"mask_value={found!r} is not read.", "Give a number.")
    return (ops.max(layer.differing(x, found), -1) > 0).called("m")


def _entrywise(layer: Layer, values: Sequence[Tensor], masks: Masks) -> Tensor | None:
    """Of values that are added, multiplied, ...: where all have one mask."""
    given = [mask for mask in masks if mask is not None]
    if len(given) < len(masks):
        return None
    if any(mask is not given[0] for mask in given):
        raise layer.refused("it reads values whose masks differ.", "Mask what it gives, by a Masking layer behind it.")
    return given[0]


def _side_by_side(layer: Layer, values: Sequence[Tensor], masks: Masks) -> Tensor | None:
    """Of values side by side: along time, the masks stand side by side as well."""
    axis = layer.config.get("axis", -1)
    if all(mask is None for mask in masks):
        return None
    if values[0].ndim == 3 and axis == 1:
        return ops.concatenate([ops.ones(x.shape[:2]) if m is None else m for x, m in zip(values, masks, strict=True)], 1)
    return _entrywise(layer, values, masks)


ROWS: Mapping[str, Callable[[Layer, Sequence[Tensor], Masks], Tensor | None]] = {
    **dict.fromkeys((
        "Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Dense", "EinsumDense", "Identity", "BatchNormalization",
        "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization", "Rescaling", "Dropout",
        "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianNoise", "GaussianDropout",
        "TimeDistributed", "MultiHeadAttention", "Attention", "AdditiveAttention",
    ), _first),
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional"), _of_steps),
    "Embedding": _embedded, "Masking": lambda layer, values, masks: counted(layer, values[0]),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), _entrywise), "Concatenate": _side_by_side,
}  # fmt: skip
"""From a layer, what it reads and the masks of that to the mask of what it gives."""
