"""Attention: every position reads all others, weighted by a softmax of inner products."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import Sum, position, shape_text, slot
from symbackprop.language.layers.arguments import Value, equal, part, tensor, whole
from symbackprop.language.layers.dense import dense
from symbackprop.language.layers.norm import layer_norm
from symbackprop.language.layers.structure import merge_axes, split_axis
from symbackprop.language.operations import softmax
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label, letters, matmul, permute, product

# What stands for a score that may not be read: its exponential is 0 beside any other, yet a sum of logarithms near it keeps
# its digits, so that the weights of a row with no readable key are equal and sum to one.
MASKED = -(sp.Integer(10) ** 5)


def dot_product_attention(Q: Value, K: Value, V: Value, causal: bool = False, mask: Value = None) -> Tensor:
    """y = P V with P = softmax(S) and S[t u] = sum_k Q[t k] K[u k] / sqrt(d).

    Q      (..., T, d); K (..., U, d); V (..., U, e): the axes before are those of a batch or of heads.
    causal   whether position t reads the positions u <= t only (T = U).
    mask   (N, U) or (U,): 0 where a position is padding, which nobody reads; N is the first axis of Q.
           A row in which every key is masked reads all of them equally. Where scores are masked, those that
           may be read must lie far above -10^5, as any that a network makes do.
    Returns (..., T, e). Raises LanguageError where the sizes differ. Source: Vaswani et al. 2017, equation 1.
    """
    Q, K, V = (tensor("dot_product_attention", x, axes, lead=True) for x, axes in ((Q, "T d"), (K, "U d"), (V, "U e")))
    for x, axis, y, other in (
        (Q, -1, K, -1),
        (K, -2, V, -2),
        *((Q, k, x, k) for x in (K, V) for k in range(Q.ndim - 2)),
    ):
        if x.ndim != y.ndim:
            raise LanguageError(
                f"dot_product_attention: {label(Q)} is {shape_text(Q.shape)}, {label(x if x is not Q else y)} is "
                f"{shape_text((x if x is not Q else y).shape)}; they must have the same number of axes"
            )
        equal("dot_product_attention", x, axis, y, other)
    lead = letters(Q.ndim - 2)
    sizes = dict(zip(lead, Q.shape, strict=False)) | {"t": Q.shape[-2], "u": K.shape[-2], "k": Q.shape[-1]}
    scores = product([(Q, (*lead, "t", "k")), (K, (*lead, "u", "k"))], (*lead, "t", "u"), sizes, 1 / sp.sqrt(Q.shape[-1])).called(
        "S"
    )
    if causal or mask is not None:
        scores = _masked(scores, causal, mask).called("Stilde")
    return matmul(softmax(scores).called("P"), V)


def _masked(scores: Tensor, causal: bool, mask: Value) -> Tensor:
    """The scores where they may be read, the lowest number elsewhere."""
    index = letters(scores.ndim)
    readable: list[Any] = []
    operands = [(scores, index)]
    if causal:
        equal("dot_product_attention with causal=True", scores, -2, scores, -1)
        readable.append(sp.Le(position(index[-1]), position(index[-2]), evaluate=False))
    if mask is not None:
        mask = as_tensor(mask)
        if mask.ndim not in (1, 2) or mask.ndim == scores.ndim:
            raise LanguageError(
                f"dot_product_attention: the mask {label(mask)} is {shape_text(mask.shape)}, it needs the axes (N, U) or (U,)"
            )
        equal("dot_product_attention", mask, -1, scores, -1)
        if mask.ndim == 2:
            equal("dot_product_attention", mask, 0, scores, 0)
        operands.append((mask, (index[0], index[-1])[-mask.ndim :]))
        readable.append(sp.Ne(slot(1), 0))
    body: Any = Where(sp.And(*readable), slot(0), MASKED)
    return Tensor(scores.shape, Sum(body, tuple(slot(k) for k in range(len(operands)))), tuple(operands), index)


def multi_head_attention(
    x: Value,
    W_q: Value,
    W_k: Value,
    W_v: Value,
    W_o: Value,
    heads: int,
    causal: bool = False,
    mask: Value = None,
    memory: Value = None,
) -> Tensor:
    """y = [head_1, ..., head_h] W_o with head_i = attention(x W_q, m W_k, m W_v), each on its own d / h columns; m = x.

    x        (N, T, d); W_q, W_k, W_v (d, d'); W_o (d', d); `heads` divides d'.
    memory   m, (N, U, d), where keys and values come from elsewhere (cross-attention).
    causal, mask   as for `dot_product_attention`.
    Returns (N, T, d). Raises LanguageError where the sizes differ or the heads do not divide d'.
    Source: Vaswani et al. 2017, section 3.2.2.
    """
    x = tensor("multi_head_attention", x, "N T d")
    m = x if memory is None else tensor("multi_head_attention", memory, "N U d")
    heads = whole("multi_head_attention", "heads", heads, 1)
    Q, K, V = (
        _heads(dense(source, W).taken_as(stem.lower()), heads, stem)
        for source, W, stem in ((x, W_q, "Q"), (m, W_k, "K"), (m, W_v, "V"))
    )
    read = dot_product_attention(Q, K, V, causal, mask).called("A")
    return dense(merge_axes(permute(read, (0, 2, 1, 3)), 2).called("H"), W_o)


def _heads(x: Tensor, heads: int, stem: str) -> Tensor:
    """(N, T, d) as (N, heads, T, d / heads)."""
    part("multi_head_attention", x, -1, heads, f"heads={heads} must divide it")
    return permute(split_axis(x, 2, heads), (0, 2, 1, 3)).called(stem)


def transformer_block(
    x: Value, gamma_1: Value, beta_1: Value, W_q: Value, W_k: Value, W_v: Value, W_o: Value,
    gamma_2: Value, beta_2: Value, W_1: Value, b_1: Value, W_2: Value, b_2: Value,
    heads: int, causal: bool = True, mask: Value = None, activation: str = "relu", eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """y = h + f(norm_2(h) W_1 + b_1) W_2 + b_2 with h = x + attention(norm_1(x)): a pre-norm transformer block.

    x   (N, T, d); gamma and beta (d,); W_q, W_k, W_v (d, d'); W_o (d', d); W_1 (d, e), b_1 (e,); W_2 (e, d), b_2 (d,).
    heads, causal, mask   as for `multi_head_attention`; norm is `layer_norm`, f the activation by its name.
    Returns (N, T, d). Raises LanguageError where the sizes differ. Source: Xiong et al. 2020.
    """
    x = tensor("transformer_block", x, "N T d")
    h = x + multi_head_attention(layer_norm(x, gamma_1, beta_1, eps), W_q, W_k, W_v, W_o, heads, causal, mask)
    h.called("h")
    return h + dense(dense(layer_norm(h, gamma_2, beta_2, eps), W_1, b_1, activation), W_2, b_2)
