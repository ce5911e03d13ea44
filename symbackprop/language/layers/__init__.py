"""Layers: functions from tensors to tensors that write equations; they never see gradients. `__all__` lists them."""

from symbackprop.language.layers.attention import dot_product_attention, multi_head_attention, transformer_block
from symbackprop.language.layers.conv import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from symbackprop.language.layers.dense import (
    add_bias,
    bilinear,
    dense,
    factorization_machine,
    free_energy,
    graph_convolution,
    low_rank_dense,
    normalized_adjacency,
    residual_block,
    tied_autoencoder,
)
from symbackprop.language.layers.mixture import mixture_of_experts, squeeze_excitation
from symbackprop.language.layers.norm import batch_norm, group_norm, instance_norm, layer_norm, rms_norm
from symbackprop.language.layers.pool import (
    avg_pool1d,
    avg_pool2d,
    global_average_pool,
    global_max_pool,
    max_pool1d,
    max_pool2d,
)
from symbackprop.language.layers.recurrent import bidirectional_rnn, gru, lstm, rnn
from symbackprop.language.layers.structure import dropout, embed, flatten_features, merge_axes, split_axis

__all__ = [
    "dense", "add_bias", "bilinear", "low_rank_dense", "residual_block", "tied_autoencoder", "factorization_machine", "free_energy",
    "graph_convolution", "normalized_adjacency",
    "flatten_features", "split_axis", "merge_axes", "embed", "dropout",
    "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d",
    "max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d", "global_average_pool", "global_max_pool",
    "batch_norm", "layer_norm", "rms_norm", "group_norm", "instance_norm",
    "dot_product_attention", "multi_head_attention", "transformer_block",
    "rnn", "lstm", "gru", "bidirectional_rnn",
    "mixture_of_experts", "squeeze_excitation",
]  # fmt: skip
