"""Attention of Keras, as its layers have it: each head with columns of its own in the weights."""

from __future__ import annotations

import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.layers.attention import MASKED
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.keras.layer import Layer, flat, is_tensor

PLAIN = {"attention_axes": (None, [1]), "output_shape": (None,), "use_gate": (None, False)}
"""Settings, and what they are where they change nothing."""


def _multi_head(layer: Layer, *values: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d)) V of each head, by what stands behind them."""
    placed, said = layer.call()
    order = [*("query", "value", "key")[: sum(map(is_tensor, flat(placed)))], *(name for name in said if is_tensor(said[name]))]
    given = dict(zip(order, values, strict=False)) if len(order) == len(values) else {}
    if len(values) > 3 or (given and not {"query", "value"} <= given.keys() <= {"query", "value", "key"}):
        raise layer.refused("it is called with a mask.", "Export the model to ONNX, and read it by sb.from_onnx.")
    query, value, *rest = [given[name] for name in ("query", "value", "key") if name in given] if given else list(values)
    for setting, plain in PLAIN.items():
        if layer.config.get(setting) not in plain:
            raise layer.refused(f"{setting}={layer.config[setting]!r} is not read.", "Leave it out.")
    if any(name.endswith("mask") and name != "use_causal_mask" and what is not None for name, what in said.items()):
        raise layer.refused("it is called with a mask.", "Export the model to ONNX, and read it by sb.from_onnx.")
    heads, wide = int(layer.config["num_heads"]), int(layer.config["key_dim"])
    deep = int(layer.config.get("value_dim") or wide)
    read = (("q", query, wide), ("k", rest[0] if rest else value, wide), ("v", value, deep))
    Q, K, V = (_projected(layer, stem, x, heads, size).called(stem.upper()) for stem, x, size in read)
    S = (ops.einsum("nthd,nuhd->nhtu", Q, K) / sp.sqrt(wide)).called("S")
    if said.get("use_causal_mask"):
        t, u = ops.arange(S.shape[-2]), ops.arange(S.shape[-1])
        S = ops.where(u[None, :] <= t[:, None], S, MASKED).called("S")
    Y = ops.einsum("nhtu,nuhd->nthd", ops.softmax(S).called("P"), V)
    wanted = query.shape[-1]
    out = ops.einsum("nthd,hdm->ntm", Y, layer.weight("W_o", (heads, deep, wanted), True, None))
    return out + layer.weight("b_o", (wanted,), True, None) if layer.config.get("use_bias", True) else out


def _projected(layer: Layer, stem: str, x: Tensor, heads: int, size: int) -> Tensor:
    y = ops.einsum("ntm,mhd->nthd", x, layer.weight(f"W_{stem}", (x.shape[-1], heads, size), True, None))
    return y + layer.weight(f"b_{stem}", (heads, size), True, None) if layer.config.get("use_bias", True) else y


LAYERS = {"MultiHeadAttention": _multi_head}
"""From a layer and what it reads to its value."""
