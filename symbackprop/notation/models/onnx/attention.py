"""Attention of ONNX: softmax(Q K^T scale + mask) V, of heads that lie beside one another or on an axis of their own."""

from __future__ import annotations

import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.layers.attention import MASKED
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, is_truth
from symbackprop.notation.models.onnx.elementary import Row
from symbackprop.notation.models.onnx.node import Node


def _heads(node: Node, k: int, setting: str) -> Tensor:
    """Input k with its heads on axis 1."""
    x = node.tensor(k)
    if x.ndim == 4:
        return x
    heads = int(node.get(setting, 0))
    if not heads:
        raise node.refused(f"{setting} is missing, and its inputs have {x.ndim} axes.", "Export the model anew.")
    N, T, wide = x.shape
    return ops.transpose(ops.reshape(x, (N, T, heads, sp.cancel(wide / heads))), (0, 2, 1, 3))


def _attention(node: Node) -> Tensor | tuple[Tensor, Tensor, Tensor]:
    """Y, and the keys and values with those of the past. A row that may read nothing reads all alike, where ONNX writes zeros."""
    node.only(left_window_size=-1, right_window_size=-1)
    if node.has(6):
        raise node.refused("the lengths of its keys are data.", "Give a mask.")
    if any(node.outputs[3:]):
        raise node.refused("its scores are asked for.", "Leave its fourth output out.")
    Q, K, V = (_heads(node, k, "kv_num_heads" if k else "q_num_heads") for k in range(3))
    past = 0
    if node.has(4):
        past = node.tensor(4).shape[2]
        K, V = ops.concatenate([node.tensor(4), K], 2), ops.concatenate([node.tensor(5), V], 2)
    present = K, V
    groups = sp.cancel(Q.shape[1] / K.shape[1])
    if not groups.is_Integer:
        raise node.refused(f"its {Q.shape[1]} heads share {K.shape[1]} of the keys unevenly.", "Export the model anew.")
    if groups != 1:
        K, V = ops.repeat(K, int(groups), 1), ops.repeat(V, int(groups), 1)
    scale = node.real("scale", 0.0) if "scale" in node.attributes else 1 / sp.sqrt(Q.shape[-1])
    S = (ops.einsum("nhtd,nhud->nhtu", Q, K) * scale).called("S")
    if cap := node.real("softcap", 0.0):
        S = cap * TABLE["tanh"](S / cap)
    P = ops.softmax(_masked(node, S, past)).called("P")
    Y = P @ V
    if node.rank(0) == 3:
        Y = ops.transpose(Y, (0, 2, 1, 3))
        Y = ops.reshape(Y, (*Y.shape[:2], sp.expand(Y.shape[2] * Y.shape[3])))
    return Y, *present


def _masked(node: Node, S: Tensor, past: sp.Expr | int) -> Tensor:
    """The scores where they may be read, a large negative number elsewhere."""
    if node.has(3):
        given = node.value(3)
        flags = is_truth(given) if isinstance(given, Tensor) else given.dtype.kind == "b"
        mask = node.tensor(3)
        U = S.shape[-1]
        if mask.ndim and mask.shape[-1] != U:
            raise node.refused(f"its mask covers {mask.shape[-1]} of {U} keys.", "Give a mask for every key.")
        S = ops.where(mask, S, MASKED) if flags else S + mask
        S = S.called("S")
    if node.get("is_causal", 0):
        t, u = ops.arange(S.shape[-2]), ops.arange(S.shape[-1])
        S = ops.where(u[None, :] <= t[:, None] + past, S, MASKED).called("S")
    return S


ROWS: dict[str, Row] = {"Attention": _attention}
"""From an operator to its values."""
