"""Keras models, each with the shapes of its inputs; those of whole numbers below 7 are Embedding's."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import Input, Model, Sequential
from keras import layers as L
from keras import ops as K

Built = tuple[Any, str]  # the model, the loss that it is compiled with
MODELS: dict[str, Callable[[], Built]] = {}


def sequential(*layers: Any, shape: Any = (5,), loss: Any = "mse") -> Built:
    return Sequential([Input(shape), *layers]), loss


def embedded(width: int = 3) -> Any:
    return L.Embedding(7, width, mask_zero=True)


def named(function: Callable[[], Any]) -> Callable[[], Any]:
    """Takes a function that builds a model into the table; its loss is mse where it gives none."""

    def built() -> Built:
        found = function()
        return found if isinstance(found, tuple) else (found, "mse")

    MODELS[function.__name__.replace("_", " ")] = built
    return function


for kind in (L.SimpleRNN, L.LSTM, L.GRU):
    word = kind.__name__
    for length in (5, 3):  # a loop, and steps that are written out
        MODELS[f"{word} of {length} masked steps"] = lambda kind=kind, n=length: sequential(embedded(), kind(4), shape=(n,))
    MODELS[f"{word}, all states, backwards"] = lambda kind=kind: sequential(
        embedded(), kind(2, return_sequences=True, go_backwards=True), shape=(None,)
    )
    for how, whole in (("concat", True), ("mul", False)):
        MODELS[f"{word} both ways, {how}"] = lambda kind=kind, how=how, whole=whole: sequential(
            embedded(), L.Bidirectional(kind(2, return_sequences=whole), merge_mode=how)
        )
    gates = {} if kind is L.SimpleRNN else {"recurrent_activation": "hard_sigmoid"}
    MODELS[f"{word}, other activations"] = lambda kind=kind, gates=gates: sequential(
        kind(2, activation="relu", **gates), shape=(5, 3)
    )

MODELS["ConvLSTM of images"] = lambda: sequential(
    L.ConvLSTM2D(2, (3, 2), padding="same", return_sequences=True),
    L.ConvLSTM2D(1, 2, strides=2, use_bias=False),
    shape=(3, 4, 5, 2),
)
MODELS["ConvLSTM of signals"] = lambda: sequential(
    L.ConvLSTM1D(2, 3, activation="relu", recurrent_activation="hard_sigmoid", go_backwards=True, dilation_rate=2), shape=(6, 7, 2)
)

BEFORE = {"reset_after": False}
MODELS |= {
    "reset before": lambda: sequential(L.Masking(), L.GRU(3, return_sequences=True, **BEFORE), shape=(5, 3)),
    "reset before, no bias": lambda: sequential(L.GRU(3, use_bias=False, **BEFORE), shape=(3, 2)),
    "reset after, no bias": lambda: sequential(L.GRU(3, use_bias=False), shape=(5, 2)),
    "a cell": lambda: sequential(L.RNN(L.LSTMCell(2, activation="sigmoid"), go_backwards=True), shape=(5, 3)),
    "zeros for a mask": lambda: sequential(
        L.Masking(), L.RNN(L.LSTMCell(2), return_sequences=True, zero_output_for_mask=True), shape=(5, 3)
    ),
    "cells": lambda: sequential(L.RNN([L.LSTMCell(3), L.GRUCell(2, **BEFORE)], return_sequences=True), shape=(5, 3)),
    "masked cells": lambda: sequential(
        L.Masking(), L.RNN([L.LSTMCell(3), L.SimpleRNNCell(3), L.LSTMCell(2)], return_sequences=True), shape=(5, 3)
    ),
    "a mean of steps": lambda: sequential(embedded(), L.GlobalAveragePooling1D(), L.Dense(2)),
    "tags": lambda: sequential(
        embedded(), L.LSTM(4, return_sequences=True), L.Dropout(0.3), L.Dense(3, activation="softmax"),
        loss="sparse_categorical_crossentropy",
    ),
    "tags of a wrapper": lambda: sequential(
        embedded(), L.GRU(2, return_sequences=True), L.TimeDistributed(L.Dense(2)), loss=keras.losses.MeanSquaredError(reduction="sum")
    ),
    "a mask that is lost": lambda: sequential(embedded(), L.Conv1D(2, 2), L.LSTM(2)),
    "a model in a model": lambda: sequential(
        Sequential([L.Dense(3), L.BatchNormalization()]), Sequential([L.Dense(2, activation="softmax")]), shape=(4,),
        loss="sparse_categorical_crossentropy",
    ),
    "a mask out of a model": lambda: sequential(Sequential([embedded(), L.Dense(3)]), Sequential([L.GRU(2)])),
    "a model for each step": lambda: sequential(
        L.TimeDistributed(Sequential([L.Dense(3, activation="relu"), L.Dense(2)])), shape=(3, 4)
    ),
}  # fmt: skip


@named
def sequences_to_sequences() -> Any:
    x, y = Input((None,)), Input((None,))
    _, *states = L.LSTM(4, return_sequences=True, return_state=True)(embedded()(x))
    out = L.LSTM(4, return_sequences=True)(embedded()(y), initial_state=states)
    return Model([x, y], L.Dense(3, activation="softmax")(out)), "sparse_categorical_crossentropy"


@named
def states_both_ways() -> Any:
    x, y = Input((5, 3)), Input((4, 3))
    _, *states = L.Bidirectional(L.LSTM(2, return_state=True))(x)
    return Model([x, y], L.Bidirectional(L.LSTM(2, return_sequences=True))(y, initial_state=states))


def attending(layer: Callable[[Any], Any]) -> Any:
    x = Input((5,))
    h = embedded(4)(x)
    return Model(x, L.GlobalAveragePooling1D()(L.LayerNormalization()(L.Add()([h, layer(h)]))))


MODELS |= {
    "heads": lambda: (attending(lambda h: L.MultiHeadAttention(2, 3)(h, h)), "mse"),
    "heads that look back": lambda: (attending(lambda h: L.MultiHeadAttention(2, 3)(h, h, use_causal_mask=True)), "mse"),
    "attention": lambda: (attending(lambda h: L.Attention(use_scale=True)([h, h])), "mse"),
    "attention that looks back": lambda: (attending(lambda h: L.Attention()([h, h], use_causal_mask=True)), "mse"),
    "a norm of groups": lambda: (
        Sequential([Input((4, 4, 6)), L.GroupNormalization(3), L.GroupNormalization(-1, center=False)]),
        "mse",
    ),
    "a norm of squares": lambda: (Sequential([Input((4, 6)), L.RMSNormalization(), L.Dense(2)]), "mse"),
    "between pixels": lambda: (Sequential([Input((4, 3, 2)), L.UpSampling2D((2, 3), interpolation="bilinear")]), "mse"),
    "attention of sums": lambda: (attending(lambda h: L.Attention(score_mode="concat", use_scale=True)([h, h])), "mse"),
    "additive": lambda: (attending(lambda h: L.AdditiveAttention()([h, h])), "mse"),
}


@named
def heads_with_a_mask() -> Any:
    x, m = Input((5, 4)), Input((5, 5))
    return Model([x, m], L.MultiHeadAttention(2, 3)(x, x, attention_mask=m > -1.0))


@named
def keys_of_their_own() -> Any:
    x, z = Input((5, 4)), Input((3, 6))
    return Model([x, z], L.MultiHeadAttention(2, 3)(x, z, key=z * 2))


@named
def layers_that_are_shared() -> Any:
    a, b, first, second = Input((4,)), Input((4,)), L.Dense(4, activation="tanh"), L.Dense(4)
    return Model([a, b], L.Subtract()([first(second(first(a))), first(b)]))


@named
def models_that_are_shared() -> Any:
    i, a, b = Input((4,)), Input((4,)), Input((4,))
    inner = Model(i, L.Dense(3)(L.Dense(4, activation="relu")(i)))
    inner(b)  # a call that belongs to no model
    return Model(
        [a, b], L.Dense(1, activation="sigmoid")(L.Concatenate()([inner(a), inner(b), inner(a) * inner(b)]))
    ), "binary_crossentropy"


@named
def models_of_several_values() -> Any:
    i, j, a, b = Input((4,)), Input((3,)), Input((4,)), Input((3,))
    h = L.Dense(3)(i)
    inner, turn = Model([i, j], [h + j, h * j]), Sequential([Input((3,)), L.Dense(4), L.BatchNormalization()])
    p, q = inner([a, b])
    r, t = inner([turn(p), q])
    return Model([a, b], r - t)


@named
def models_of_names() -> Any:
    i, j, a, b = Input((4,)), Input((3,)), Input((4,)), Input((3,))
    inner = Model({"left": j, "right": i}, L.Dense(3)(i) - j)
    return Model([a, b], inner({"left": b, "right": a}))


@named
def a_model_at_the_end() -> Any:
    i, a = Input((4,)), Input((4,))
    inner = Model(i, L.Dense(4)(i))
    return Model(a, inner(inner(a)))


@named
def masks_side_by_side() -> Any:
    x, y, table = Input((5,)), Input((5,)), embedded()
    return Model([x, y], L.LSTM(2)(L.Concatenate(axis=1)([table(x), table(y)])))


def dotted(axes: Any, normalize: bool, *shapes: Any) -> Built:
    a, b = map(Input, shapes)
    return Model([a, b], L.Dot(axes=axes, normalize=normalize)([a, b])), "mse"


MODELS |= {
    "dot": lambda: dotted(1, True, (4,), (4,)), "dot of matrices": lambda: dotted((1, 2), False, (4, 3), (3, 4)),
    "dot of rows": lambda: dotted(-1, False, (3, 4), (2, 4)),
}  # fmt: skip


def front(x: Any) -> Any:
    return K.transpose(x, (2, 1, 0))


back = front

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "shapes": lambda x, y: K.concatenate([K.transpose(K.reshape(x, (-1, 6, 4)), (0, 2, 1)), K.flip(y, 1)], 1),
    "stack": lambda x, y: K.squeeze(K.stack([x, y], axis=1)[:, :1], 1) + K.expand_dims(x[:, 0], 1),
    "items": lambda x, y: x[:, 0] * x[:, -1] + y[..., 0, :] - K.take(x, [0, 2], axis=1)[:, 1],
    "powers": lambda x, y: (2 - x) ** 2 + 1 / (K.square(y) + 1) + K.rsqrt(K.square(x) + 1) + abs(-x) + x / 3,
    "products": lambda x, y: K.einsum("nij,nkj->nik", x, y) + x @ K.swapaxes(y, 1, 2),
    "choices": lambda x, y: K.where(K.logical_and(x > 0, y < 1), x, K.clip(y, -1, 1)) + K.maximum(x, 0.2) + K.minimum(x, y),
    "sums": lambda x, y: K.sum(x, axis=(1, 2), keepdims=True) + K.mean(y, axis=1, keepdims=True) + K.cumsum(x, axis=1) + K.max(y, -1, True),
    "spreads": lambda x, y: K.var(x, axis=1) + K.std(y, axis=1) + K.moments(x, axes=[1])[1] + K.prod(y, axis=1),
    "softmax": lambda x, y: K.softmax(x, axis=1) + K.log_softmax(y) + K.logsumexp(x, axis=-1, keepdims=True),
    "lengths": lambda x, y: K.normalize(x, axis=-1) + K.layer_normalization(y) + K.rms_normalization(x),
    "activations": lambda x, y: K.gelu(x) + K.gelu(y, approximate=False) + K.leaky_relu(x, 0.3) + K.elu(y, 0.5) + K.silu(x) + K.hard_sigmoid(y),
    "gates": lambda x, y: K.glu(x) + K.glu(y) + K.squareplus(K.split(x, 2, axis=-1)[1]) + K.unstack(K.erf(y), axis=2)[0][:, :, None],
    "constants": lambda x, y: x * K.convert_to_tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) + K.tensordot(y, K.ones((6, 6)), 1),
    "decimals": lambda x, y: K.round(x, 2) * y,
    "edges": lambda x, y: K.pad(x, [[0, 0], [1, 1], [0, 0]], constant_values=2.0)[:, :4] + K.roll(y, 1, axis=1) + K.tril(x[:, :, :6]),
    "held": lambda x, y: K.stop_gradient(x) * y + K.cast(x > 0, "float32") * y + K.sort(x, axis=-1),
    "rounded": lambda x, y: K.mod(x, 2) + y // 1 + K.full_like(x, 2.0) + K.median(y, axis=1, keepdims=True),
    "numbers of both": lambda x, y: K.cbrt(x) + K.exp2(y) + K.sinc(x) + K.fmax(x, y) * K.fmin(x, 0.3) + K.logaddexp2(x, y) + K.deg2rad(x) + K.heaviside(y, x),
    "shrunk": lambda x, y: K.hard_shrink(x) + K.soft_shrink(y, 0.3) + K.threshold(x, 0.1, 0.4) + K.sparse_plus(y) + K.sparse_sigmoid(x) + K.i0(y) + K.fmod(x, 0.7),
    "what is finite": lambda x, y: K.nansum(x, axis=1, keepdims=True) + K.nan_to_num(y) * K.isfinite(x) + K.nanmedian(x, axis=1, keepdims=True) + K.nanvar(y) + K.nancumsum(x, axis=1),
    "shares": lambda x, y: K.ptp(x, axis=2, keepdims=True) * y + K.average(x, axis=1, weights=K.softmax(y))[:, None],
    "the largest": lambda x, y: K.top_k(x, 2)[0] * K.top_k(y, 3)[0][..., 1:] + K.cast(K.count_nonzero(x > 0, axis=1), "float32")[:, None, :2],
    "crossed": lambda x, y: K.cross(x[..., :3], y[..., 3:]) + K.cross(x[:, :3], y[:, 1:], axis=1)[:, :1, :3] + K.rot90(x, axes=(1, 2))[:, :4, :3],
    "side by side": lambda x, y: K.append(x, y, axis=1) + K.trapezoid(x, dx=0.5)[..., None, None][:, :1] + K.array_split(y, 4, axis=2)[1][:, :1, :1] + K.take(x, [3, -1], axis=1)[:, :1],
    "moved": lambda x, y: K.moveaxis(x, [0, 1], [1, 2]) * K.moveaxis(y, 2, 0) + K.squeeze(K.expand_dims(x, (1, 3)), (1, 3))[:1, :1, :1],
    "triangles": lambda x, y: K.solve_triangular(x[..., :4] + 3 * K.eye(4), y, lower=True) + K.slogdet(x[..., :4] + 3 * K.eye(4))[1][:, None, None],
    "factors": lambda x, y: K.inv(x[..., :4] + 3 * K.eye(4)) @ y + K.eigh(x @ K.swapaxes(x, 1, 2))[0][..., None] + K.svd(x, compute_uv=False)[..., None],
    "distances": lambda x, y: K.cdist(x, y) @ K.batch_normalization(x, K.mean(x, axis=(0, 1)), K.var(x, axis=(0, 1)), -1, y[0, 0], y[0, 1]),
    "losses": lambda x, y: K.binary_crossentropy(K.sigmoid(y), K.sigmoid(x)) + K.binary_crossentropy(y, x, from_logits=True) + K.categorical_crossentropy(K.softmax(y), K.softmax(x))[..., None],
    "losses of classes": lambda x, y: K.sparse_categorical_crossentropy(K.argmax(y, -1), x, from_logits=True) + K.sparse_categorical_crossentropy(K.argmax(y, -1), K.exp(x)) + K.categorical_crossentropy(y[..., 0], x[..., 1], from_logits=True)[:, None],
    "windows": lambda x, y: K.max_pool(x, (2,), (2,))[:, :1] + K.average_pool(y, (2,), (1,), "same") + K.conv(x, K.ones((3, 6, 6)) / 7, padding="same"),
    "segments": lambda x, y: K.transpose(K.segment_sum(K.transpose(x, (2, 0, 1)), np.array([0, 2, 0, 1, 2, 1]), 4), (1, 2, 0)) + K.transpose(K.segment_max(K.transpose(y, (2, 0, 1)), np.array([0, 1, 0, 3, 2, 3]), 4) * K.segment_min(K.transpose(x, (2, 0, 1)), np.array([0, 1, 0, 3, 2, 3]), 4), (1, 2, 0)),
    "scattered": lambda x, y: K.sum(K.scatter(np.array([[0], [2], [0], [4], [5], [2]]), K.mean(front(x), 2), (6, 4)) * K.arange(24, dtype="float32").reshape((6, 4)), 1) * K.scatter_update(y, np.array([[0, 1], [2, 3]]), x[:2, 0]),
    "updated": lambda x, y: back(K.scatter_update(front(x), [[1], [4]], front(y)[:2, :, :])) + back(K.scatter_update(front(x), [[1], [1]], front(y)[:2, :, :], reduction="add")) * back(K.scatter_update(front(y), [[0], [2]], front(x)[2:4, :, :], reduction="max")) + back(K.scatter_update(front(x), [[0, 1], [3, 2]], front(y)[:2, 0, :], reduction="mul")),
    "chosen": lambda x, y: K.select([x > 0.5, y > 0], [x * 2, y * x], 0.3) + K.where(K.isclose(x, y, 0.5, 0.1), x, 2.0) * K.cast(K.signbit(y), "float32") + K.angle(x) * y + K.view(x, "float32") + K.real(x) * K.imag(y) + K.top_k(x, 6, sorted=False)[0],
    "frequencies": lambda x, y: K.rfft(x)[0][..., :3] * K.rfft(y, 5)[1] + K.irfft(K.rfft(x, 9), 3) + K.fft2((x, y))[0][..., :3] + K.ifft2((y, x))[1][..., 3:] * K.irfft(K.fft((x, y)))[..., :3],
    "short frequencies": lambda x, y: K.stft(x, 3, 2, 4)[0] + K.stft(y, 4, 2, 4, window=None)[1] + K.stft(y, 4, 2, 4, window="hamming")[1] + K.extract_sequences(K.concatenate([x, y], -1), 3, 3)[..., :1, :],
    "kernels of channels": lambda x, y: K.depthwise_conv(x, K.ones((2, 6, 2)) * 0.3 + K.convert_to_tensor([[0.1, 0.2]]), 1, "same") + K.separable_conv(y, K.ones((3, 6, 1)) / 4, K.ones((1, 6, 12)) / 3, padding="same"),
    "pixels": lambda x, y: K.depth_to_space(K.reshape(x, (-1, 2, 2, 6))[..., :4], 2)[:, :2, :2, 0] + K.space_to_depth(K.reshape(y, (-1, 4, 6, 1)), 2)[..., 1, :2] + K.image.rgb_to_grayscale(K.reshape(x, (-1, 2, 4, 3)))[..., :2, 0],
    "several classes": lambda x, y: K.multi_hot(K.cast(x > 0, "int32") * 2 + K.cast(y > 0.3, "int32"), 6)[:, :4] * y[:, :, :1] + K.cast(K.isin(K.argmax(x, -1), np.array([0, 1, 5])), "float32")[:, :, None],
    "rows of a batch": lambda x, y: K.layer_normalization(x, y[0, 0], y[0, 1]) + K.rms_normalization(x, y[1, 2]),
    "heads with a mask": lambda x, y: K.dot_product_attention(*(K.reshape(z, (-1, 4, 2, 3)) for z in (x, y, x)), mask=K.reshape(y[:, :, :4] > -0.5, (-1, 1, 4, 4))),
    "heads with a bias": lambda x, y: K.dot_product_attention(*(K.reshape(z, (-1, 4, 2, 3)) for z in (x, y, x)), bias=K.reshape(y[:, :, :4], (-1, 1, 4, 4))),
    "heads": lambda x, y: K.dot_product_attention(*(K.reshape(z, (-1, 4, 2, 3)) for z in (x, y, x))),
}  # fmt: skip


def between(function: Callable[[Any, Any], Any]) -> Built:
    x, y = Input((4, 6)), Input((4, 6))
    return Model([x, y], function(L.Dense(6)(x), y)), "mse"


MODELS |= {f"ops of {name}": lambda function=function: between(function) for name, function in OPERATIONS.items()}
