"""Layers in which one part of the network weighs another: experts and channels."""

from __future__ import annotations

from symbackprop.language.layers.arguments import Value, activated, equal, tensor
from symbackprop.language.layers.dense import dense
from symbackprop.language.layers.pool import global_average_pool
from symbackprop.language.operations import softmax
from symbackprop.language.tensors import Tensor, contract


def mixture_of_experts(x: Value, W_g: Value, W: Value, b: Value, activation: str = "relu") -> Tensor:
    """y[n k] = sum_e G[n e] f(sum_j x[n j] W[e j k] + b[e k]) with the gates G = softmax(x W_g).

    x   (N, d); W_g (d, E); W (E, d, h); b (E, h); f the activation by its name.
    Returns (N, h). Raises LanguageError where the sizes differ. Source: Jacobs et al. 1991.
    """
    name = "mixture_of_experts"
    x, W_g, W, b = (tensor(name, value, axes) for value, axes in ((x, "N d"), (W_g, "d E"), (W, "E d h"), (b, "E h")))
    for first, axis, second, other in ((x, 1, W_g, 0), (x, 1, W, 1), (W_g, 1, W, 0), (W, 0, b, 0), (W, 2, b, 1)):
        equal(name, first, axis, second, other)
    gates = softmax(dense(x, W_g)).called("G")
    experts = activated(name, activation, contract("nj,ejk->nek", x, W) + b)
    return contract("ne,nek->nk", gates, experts)


def squeeze_excitation(x: Value, W_1: Value, b_1: Value, W_2: Value, b_2: Value) -> Tensor:
    """y[n c i j] = s[n c] x[n c i j] with s = sigma(relu(m W_1 + b_1) W_2 + b_2) and m[n c] the mean of x[n c i j] over i and j.

    x   (N, C, H, W); W_1 (C, r), b_1 (r,); W_2 (r, C), b_2 (C,).
    Returns the shape of x. Raises LanguageError where the sizes differ. Source: Hu et al. 2018.
    """
    x, W_2 = tensor("squeeze_excitation", x, "N C H W"), tensor("squeeze_excitation", W_2, "r C")
    equal("squeeze_excitation", W_2, 1, x, 1)
    s = dense(dense(global_average_pool(x).called("m"), W_1, b_1, "relu"), W_2, b_2, "sigmoid").called("s")
    return x * s[:, :, None, None]
