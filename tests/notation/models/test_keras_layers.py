"""Keras' layers along time, layers that hold others, and layers of shapes: what they compute, in NumPy."""

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.notation.models.test_keras import call, functional, layer, real, sequential, value


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def gru(x: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> np.ndarray:
    """All states; the columns are those of z, r and the candidate, as Keras has them."""
    n, states = len(U), []
    h = np.zeros((len(x), n))
    for t in range(x.shape[1]):
        p, q = x[:, t] @ W + b[0], h @ U + b[1]
        z, r = sigmoid(p[:, :n] + q[:, :n]), sigmoid(p[:, n : 2 * n] + q[:, n : 2 * n])
        h = z * h + (1 - z) * np.tanh(p[:, 2 * n :] + r * q[:, 2 * n :])
        states.append(h)
    return np.stack(states, 1)


def rnn(x: np.ndarray, W: np.ndarray, U: np.ndarray, b: Any = 0) -> np.ndarray:
    states, h = [], np.zeros((len(x), len(U)))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U + b)
        states.append(h)
    return np.stack(states, 1)


X = real(2, 4, 3)
GRU, BACK = [real(3, 15), real(5, 15), real(2, 15)], [real(3, 15), real(5, 15), real(2, 15)]
RNN, RNN_BACK, V = [real(3, 5), real(5, 5)], [real(3, 5), real(5, 5)], [real(5, 2), real(2)]
KERNEL, ALPHA = real(3, 3, 2, 2), real(1, 1, 4)
SIMPLE = layer("SimpleRNN", "rnn", units=5, activation="tanh", use_bias=False, return_sequences=True)
IMAGE = real(2, 5, 5, 2)


def depthwise(x: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), axis=(1, 2))
    return np.einsum("npqcij,ijcm->npqcm", windows, KERNEL).reshape(*x.shape[:3], 4)


STEPS, POINTS, SPAN = real(2, 3, 4), real(1, 4, 2), real(2, 2, 2)


def causal(x: np.ndarray) -> np.ndarray:
    """Two steps apart, and none beyond its own."""
    before = np.pad(x, ((0, 0), (2, 0), (0, 0)))[:, : x.shape[1]]
    return before @ STEPS[0] + x @ STEPS[1]


def apart(x: np.ndarray) -> np.ndarray:
    """Each channel by its two kernels, then points."""
    y = np.einsum("ntc,cm->ntcm", x[:, :-1], SPAN[0]) + np.einsum("ntc,cm->ntcm", x[:, 1:], SPAN[1])
    return y.reshape(*y.shape[:2], 4) @ POINTS[0]


def turned(x: np.ndarray, W: np.ndarray, stride: int, same: bool) -> np.ndarray:
    """Each entry spread by the kernel (taps, filters, channels); "same" keeps n times the stride of the steps."""
    n, taps = x.shape[1], len(W)
    y = np.zeros((len(x), (n - 1) * stride + max(taps, stride), W.shape[1]))
    for i in range(n):
        y[:, i * stride : i * stride + taps] += np.einsum("nc,kfc->nkf", x[:, i], W)
    cut = max(taps - stride, 0) // 2 if same else 0
    return y[:, cut : cut + n * stride] if same else y


def pooled(x: np.ndarray, size: int, stride: int, function: Any) -> np.ndarray:
    """padding="same": of the entries that are there."""
    n = x.shape[1]
    before = max((-(-n // stride) - 1) * stride + size - n, 0) // 2
    starts = range(-before, n - before, stride)
    return np.stack([function(x[:, max(i, 0) : i + size], 1) for i in starts], 1)


TURN = real(3, 2, 3)

CASES: dict[str, tuple[list[Any], list[np.ndarray], np.ndarray, np.ndarray]] = {
    "gated": ([layer("GRU", "g", units=5)], GRU, X, gru(X, *GRU)[:, -1]),
    "backwards": ([{**SIMPLE, "config": {**SIMPLE["config"], "go_backwards": True}}], RNN, X, rnn(X[:, ::-1], *RNN)),
    "both ways": (
        [layer("Bidirectional", "two", layer=layer("GRU", "g", units=5, return_sequences=True), merge_mode="concat")],
        GRU + BACK, X, np.concatenate([gru(X, *GRU), gru(X[:, ::-1], *BACK)[:, ::-1]], -1),
    ),
    "added": (
        [layer("Bidirectional", "two", layer=SIMPLE, merge_mode="sum"),
         layer("TimeDistributed", "each", layer=layer("Dense", "d", units=2, activation="linear"))],
        RNN + RNN_BACK + V, X, (rnn(X, *RNN) + rnn(X[:, ::-1], *RNN_BACK)[:, ::-1]) @ V[0] + V[1],
    ),
    "each image": (
        [layer("Reshape", "r", target_shape=[5, 5, 2, 1]), layer("TimeDistributed", "t", layer=layer("GlobalAveragePooling2D", "p"))],
        [], IMAGE, IMAGE.mean((2, 3))[..., None],
    ),
    "channels": (
        [layer("DepthwiseConv2D", "d", kernel_size=[3, 3], depth_multiplier=2, padding="same", use_bias=False),
         layer("PReLU", "p", shared_axes=[1, 2])],
        [KERNEL, ALPHA], IMAGE, np.maximum(depthwise(IMAGE), 0) + ALPHA * np.minimum(depthwise(IMAGE), 0),
    ),
    "no look ahead": (
        [layer("Conv1D", "c", filters=4, kernel_size=[2], strides=[1], padding="causal", dilation_rate=[2], use_bias=False)],
        [STEPS], X, causal(X),
    ),
    "channels, then points": (
        [layer("SeparableConv1D", "s", filters=2, kernel_size=[2], strides=[1], padding="valid", depth_multiplier=2, use_bias=False)],
        [SPAN, POINTS], X[..., :2], apart(X[..., :2]),
    ),
    **{
        f"turned round, {how} by {stride}": (
            [layer("Conv1DTranspose", "t", filters=2, kernel_size=[3], strides=[stride], padding=how, use_bias=False)],
            [TURN], X[..., :3], turned(X[..., :3], TURN, stride, how == "same"),
        ) for how in ("valid", "same") for stride in (1, 2, 3, 4)
    },
    **{
        f"{kind} {size} by {stride}": (
            [layer(f"{kind}Pooling1D", "p", pool_size=[size], strides=[stride], padding="same")],
            [], X, pooled(X, size, stride, np.max if kind == "Max" else np.mean),
        ) for kind in ("Max", "Average") for size, stride in ((2, 2), (3, 2), (2, 1))
    },
    "edges": (
        [layer("ZeroPadding2D", "z", padding=[[1, 0], [0, 0]]), layer("Cropping2D", "c", cropping=[[0, 1], [1, 0]]),
         layer("UpSampling2D", "u", size=[2, 1], interpolation="nearest")],
        [], IMAGE, np.pad(IMAGE, ((0, 0), (1, 0), (0, 0), (0, 0)))[:, :-1, 1:].repeat(2, 1),
    ),
    "repeated": (
        [layer("GlobalAveragePooling1D", "g"), layer("RepeatVector", "r", n=3), layer("UnitNormalization", "u", axis=-1)],
        [], X, np.repeat((X.mean(1) / np.linalg.norm(X.mean(1), axis=-1, keepdims=True))[:, None], 3, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_layers_compute_what_keras_says(name: str) -> None:
    made, weights, x, expected = CASES[name]
    net = sb.from_keras(sequential(*made, shape=(None, *x.shape[1:])), "mse_loss", weights)
    y = np.linspace(-1, 1, expected.size).reshape(expected.shape)
    assert value(net, x=x, y=y) == pytest.approx(((expected - y) ** 2).mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (layer("RNN", "g", cell=layer("ConvLSTMCell", "c", units=2)), r"c \(ConvLSTMCell\): it is no cell that is read"),
        (
            layer("RNN", "g", cell=layer("StackedRNNCells", "s", cells=[layer("LSTMCell", "c", units=2)]), return_state=True),
            "hand them on",
        ),
        (layer("LSTM", "g", units=5, stateful=True), "it keeps its state"),
        (layer("Bidirectional", "b", layer=SIMPLE, merge_mode=None), "merge_mode=None is not read"),
        (layer("Conv1D", "c", filters=1, kernel_size=[2], padding="full"), r"c \(Conv1D\): padding='full' is not read"),
        (layer("TimeDistributed", "t", layer=layer("Attention", "a")), r"a \(Attention\): it reads other than"),
    ],
)
def test_what_a_layer_does_otherwise_is_refused(made: Any, fault: str) -> None:
    with pytest.raises(sb.NotationError, match=fault):
        sb.from_keras(sequential(made, shape=(None, 4, 3)), "mse_loss")


@pytest.mark.parametrize("causal", [False, True])
def test_attention_of_several_heads_is_that_of_keras(causal: bool) -> None:
    W, b = [real(3, 2, 5) for _ in "qkv"], [real(2, 5) for _ in "qkv"]
    out, c = real(2, 5, 3), real(3)
    called = call("a", "a")
    called[0]["kwargs"] = {"use_causal_mask": causal, "attention_mask": None}
    made = layer("MultiHeadAttention", "m", num_heads=2, key_dim=5, value_dim=None, use_bias=True, attention_axes=[1])
    text = functional(layer("InputLayer", "a", batch_shape=[None, 4, 3]), made | {"inbound_nodes": called}, output=[["m", 0, 0]])
    weights = [W[0], b[0], W[1], b[1], W[2], b[2], out, c]
    q, k, v = (np.einsum("ntm,mhd->nhtd", X, w) + shift[:, None] for w, shift in zip(W, b, strict=True))
    s = np.where(np.tri(4) if causal else True, q @ k.swapaxes(2, 3) / np.sqrt(5), -np.inf)
    p = np.exp(s) / np.exp(s).sum(-1, keepdims=True)
    expected = np.einsum("nhtd,hdm->ntm", p @ v, out) + c
    y = real(2, 4, 3)
    net = sb.from_keras(text, "mse_loss", weights)
    assert value(net, a=X, y=y) == pytest.approx(((expected - y) ** 2).mean(), rel=1e-12)
    shifted = (X[:, ::-1] + 0.5) if not causal else X  # keys of their own, given by name before the values
    k = np.einsum("ntm,mhd->nhtd", shifted, W[1]) + b[1][:, None]
    s = np.where(np.tri(4) if causal else True, q @ k.swapaxes(2, 3) / np.sqrt(5), -np.inf)
    expected = np.einsum("nhtd,hdm->ntm", np.exp(s) / np.exp(s).sum(-1, keepdims=True) @ v, out) + c
    keyed = call("a")
    keyed[0]["kwargs"] = {"use_causal_mask": causal, "key": call("k")[0]["args"][0], "value": call("a")[0]["args"][0]}
    both = [layer("InputLayer", name, batch_shape=[None, 4, 3]) for name in "ak"]
    net = sb.from_keras(functional(*both, made | {"inbound_nodes": keyed}, output=[["m", 0, 0]]), "mse_loss", weights)
    assert value(net, a=X, k=shifted, y=y) == pytest.approx(((expected - y) ** 2).mean(), rel=1e-12)


def entered(kind: str, *args: Any, module: str = "keras.src.ops.numpy", **kwargs: Any) -> dict[str, Any]:
    """An operation that stands between layers, as Keras 3 writes x + 1."""
    given = [call(one)[0]["args"][0] if isinstance(one, str) else one for one in args]
    return layer(kind, kind.lower()) | {"module": module, "inbound_nodes": [{"args": given, "kwargs": kwargs}]}


def test_operations_between_layers_are_those_of_keras() -> None:
    """x + 1 is no layer Add of x alone, and 2 - x no Subtract."""
    text = functional(
        layer("InputLayer", "a", batch_shape=[None, 4, 3]),
        entered("Add", "a", 1.0),
        entered("Subtract", 2, "add"),
        entered("Multiply", "subtract", "a"),
        entered("Maximum", "multiply", -0.5),
        output=[["maximum", 0, 0]],
    )
    y = real(2, 4, 3)
    expected = np.maximum((2 - (X + 1)) * X, -0.5)
    assert value(sb.from_keras(text, "mse_loss", []), a=X, y=y) == pytest.approx(((expected - y) ** 2).mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (entered("Vander", "a", N=2), "no row says"),
        (entered("Add", "a", {"text": "b"}), "more than tensors"),
        (entered("Mean", "a", weights=[1.0]), r"weights=\[1.0\] is not read"),
        (entered("Cast", "a"), "whole numbers of others"),
        (entered("GetItem", "a", [0, 1]), "written alike"),
        (layer("Add", "s") | {"inbound_nodes": call("masked", "other")}, "whose masks differ"),
        (layer("BatchNormalization", "b") | {"inbound_nodes": [call("a")[0] | {"kwargs": {"training": True}}]}, "called with training=True"),
        (layer("LayerNormalization", "b", rms_scaling=True) | {"inbound_nodes": call("a")}, "rms_scaling=True is not read"),
        (layer("Dropout", "d") | {"inbound_nodes": [[["a", 0, 0, {"training": True}]]]}, "called with training=True"),
        (layer("MultiHeadAttention", "m", num_heads=1, key_dim=3) | {"inbound_nodes": call("a")}, "without a query and a value"),
    ],
    ids=["unknown", "text", "weights", "cast", "index", "masks", "training", "rms", "of Keras 2", "one tensor"],
)  # fmt: skip
def test_a_call_that_says_more_than_its_tensors_is_refused(made: Any, fault: str) -> None:
    masks = [layer("Masking", name, mask_value=k) | {"inbound_nodes": call("a")} for k, name in enumerate(("masked", "other"))]
    text = functional(layer("InputLayer", "a", batch_shape=[None, 4, 3]), *masks, made, output=[[made["config"]["name"], 0, 0]])
    with pytest.raises(sb.NotationError, match=fault):
        sb.from_keras(text, "mse_loss")


def operation(kind: str, *arrays: Any, **config: Any) -> str:
    """A model of one function of keras.ops, called with the input and with arrays."""
    called = call("a")
    called[0]["args"] += [
        {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": str(array.dtype)}}
        if isinstance(array, np.ndarray)
        else array
        for array in arrays
    ]
    made = layer(kind, "f", **config) | {"module": "keras.src.ops.nn", "inbound_nodes": called}
    return functional(layer("InputLayer", "a", batch_shape=[None, 4, 3]), made, output=[["f", 0, 0]])


@pytest.mark.parametrize("how", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_convolution_is_turned_round_without_a_layer_as_well(how: str, stride: int) -> None:
    net = sb.from_keras(operation("ConvTranspose", TURN, strides=stride, padding=how, output_padding=None), "mse_loss")
    expected = turned(X, TURN, stride, how == "same")
    y = np.linspace(-1, 1, expected.size).reshape(expected.shape)
    assert value(net, a=X, y=y) == pytest.approx(((expected - y) ** 2).mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (operation("SegmentSum", np.array([0, 1]), num_segments=None), "how many segments there are. Say num_segments="),
        (operation("ScatterUpdate", np.array([[0], [0]]), np.ones((2, 4, 3))), "writes to an entry more than once"),
        (operation("ScatterUpdate", np.array([[-1]]), np.ones((1, 4, 3))), "its positions are not on the axis"),
        (operation("View", dtype="int32"), "reads bits as numbers of another kind. Write keras.ops.cast"),
        (operation("STFT", sequence_length=3, sequence_stride=1, fft_length=3, window="kaiser"), "window='kaiser' is not read"),
    ],
)
def test_what_a_function_of_keras_cannot_say_is_refused(text: str, fault: str) -> None:
    with pytest.raises(sb.NotationError, match=fault):
        sb.from_keras(text, "mse_loss")
