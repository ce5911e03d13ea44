"""Attention of Keras, as its layers have it: of one head by its inputs, of several with columns of their own in the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.layers.attention import MASKED
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.keras.calls import leaves
from symbackprop.notation.models.keras.layer import Layer

PLAIN = {"attention_axes": (None, [1]), "output_shape": (None,), "use_gate": (None, False)}
"""Settings, and what they are where they change nothing."""
READ = ("query", "value", "key")


def _multi_head(layer: Layer, *values: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d)) V of each head, by what stands behind them."""
    for setting, plain in PLAIN.items():
        if layer.config.get(setting) not in plain:
            raise layer.refused(f"{setting}={layer.config[setting]!r} is not read.", "Leave it out.")
    args = leaves(layer.args)
    placed = [*READ, "query_mask", "value_mask", "key_mask", "attention_mask"][: len(args)]
    given: dict[str, Any] = {**dict(zip(placed, args, strict=False)), **layer.named}
    masks = {**dict(zip(placed, layer.masks, strict=False)), **layer.named_masks}
    if any(not isinstance(given.get(name), Tensor) for name in READ[:2]) or len(args) > 7:
        raise layer.refused("it is called without a query and a value.", "Give what model.to_json() gives.")
    query, value = given["query"], given["value"]
    key = value if given.get("key") is None else given["key"]
    heads, wide = int(layer.config["num_heads"]), int(layer.config["key_dim"])
    deep = int(layer.config.get("value_dim") or wide)
    Q, K, V = (
        _projected(layer, stem, x, heads, size).called(stem.upper())
        for stem, x, size in (("q", query, wide), ("k", key, wide), ("v", value, deep))
    )
    S = (ops.einsum("nthd,nuhd->nhtu", Q, K) / sp.sqrt(wide)).called("S")
    counted = []
    for name, axes in (("query", (slice(None), None, slice(None), None)), ("value", (slice(None), None, None, slice(None)))):
        mask = given.get(f"{name}_mask") if given.get(f"{name}_mask") is not None else masks.get(name)
        counted += [] if mask is None else [mask[axes]]
    mask = given.get("key_mask") if given.get("key_mask") is not None else masks.get("key")
    if given.get("key") is not None and mask is not None:
        counted.append(mask[:, None, None, :])
    if given.get("attention_mask") is not None:
        mask = given["attention_mask"]
        counted.append(mask[:, None] if mask.ndim == 3 else mask)
    S = _masked(S, counted, bool(given.get("use_causal_mask")))
    Y = ops.einsum("nhtu,nuhd->nthd", ops.softmax(S).called("P"), V)
    wanted = query.shape[-1]
    out = ops.einsum("nthd,hdm->ntm", Y, layer.weight("W_o", (heads, deep, wanted), True, None))
    return out + layer.weight("b_o", (wanted,), True, None) if layer.config.get("use_bias", True) else out


def _masked(S: Tensor, counted: list[Tensor], causal: bool) -> Tensor:
    """The scores, and almost -infinity where one of the masks says no, or the key comes after the query."""
    if causal:
        t, u = ops.arange(S.shape[-2]), ops.arange(S.shape[-1])
        counted = [*counted, u[None, :] <= t[:, None]]
    for mask in counted:
        S = ops.where(mask, S, MASKED).called("S")
    return S


def _projected(layer: Layer, stem: str, x: Tensor, heads: int, size: int) -> Tensor:
    y = ops.einsum("ntm,mhd->nthd", x, layer.weight(f"W_{stem}", (x.shape[-1], heads, size), True, None))
    return y + layer.weight(f"b_{stem}", (heads, size), True, None) if layer.config.get("use_bias", True) else y


def _attention(scores: Callable[[Layer, Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """softmax(S) V of the queries, the values and the keys; rows of queries that do not count are zero."""

    def row(layer: Layer, *values: Tensor) -> Tensor:
        if len(values) not in (2, 3) or len(leaves(layer.args)) > 3:
            raise layer.refused("it reads other than [query, value] or [query, value, key].", "Give it two or three tensors.")
        query, value, key = values if len(values) == 3 else (*values, values[1])
        S = scores(layer, query, key).called("S")
        mask = layer.masks[1]
        S = _masked(S, [] if mask is None else [mask[:, None, :]], bool(layer.named.get("use_causal_mask")))
        out = ops.softmax(S).called("P") @ value
        return out if layer.masks[0] is None else ops.where(layer.masks[0][..., None], out, 0)

    return row


def _dotted(layer: Layer, query: Tensor, key: Tensor) -> Tensor:
    mode = layer.config.get("score_mode", "dot")
    scale = layer.weight("g", (), True, None) if layer.config.get("use_scale") else 1
    if mode == "dot":
        return ops.einsum("ntd,nud->ntu", query, key) * scale
    if mode != "concat":
        raise layer.refused(f"score_mode={mode!r} is not read.", '"dot" and "concat" are.')
    v = layer.weight("v", (), True, None)
    return v * ops.sum(TABLE["tanh"](scale * (query[:, :, None] + key[:, None])), -1)


def _added(layer: Layer, query: Tensor, key: Tensor) -> Tensor:
    """sum_d g tanh(q + k)."""
    t = TABLE["tanh"](query[:, :, None] + key[:, None])
    return ops.sum(t * layer.weight("g", (query.shape[-1],), True, None) if layer.config.get("use_scale", True) else t, -1)


LAYERS: dict[str, Callable[..., Tensor]] = {
    "MultiHeadAttention": _multi_head, "Attention": _attention(_dotted), "AdditiveAttention": _attention(_added),
}  # fmt: skip
"""From a layer and what it reads to its value."""
