"""Descriptions as Keras 2 writes them, against what it computes, written out in NumPy."""

import json
from typing import Any

import numpy as np
import pytest

import symbackprop as sb

RNG = np.random.default_rng(0)
N, T = 4, 5


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


def dense(name: str, units: int, activation: str = "linear", **config: Any) -> dict[str, Any]:
    return layer("Dense", name, units=units, activation=activation, use_bias=True, kernel_regularizer=None, **config)


def given(name: str, *shape: Any) -> dict[str, Any]:
    own = layer("InputLayer", name, batch_input_shape=[None, *shape], sparse=False, ragged=False)
    return own | {"name": name, "inbound_nodes": []}


def called(own: dict[str, Any], *calls: Any) -> dict[str, Any]:
    return own | {"name": own["config"]["name"], "inbound_nodes": list(calls)}


def sequential(*layers: Any, shape: Any) -> str:
    config = {"name": "sequential", "layers": [given("x", *shape), *layers]}
    return json.dumps({"class_name": "Sequential", "config": config, "keras_version": "2.11.0", "backend": "tensorflow"})


def functional(inputs: list[str], output: str, *layers: Any) -> str:
    config = {
        "name": "model", "trainable": True, "layers": list(layers), "input_layers": [[one, 0, 0] for one in inputs],
        "output_layers": [[output, 0, 0]],
    }  # fmt: skip
    return json.dumps({"class_name": "Functional", "config": config, "keras_version": "2.11.0", "backend": "tensorflow"})


def arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    return [RNG.normal(size=shape) for shape in shapes]


def hard_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.clip(0.2 * x + 0.5, 0, 1)


def holds(text: str, weights: list[np.ndarray], inputs: dict[str, np.ndarray], expected: np.ndarray) -> None:
    """The loss of mean squares is that of what Keras computes, and so are its gradients."""
    net = sb.from_keras(text, "mse", weights=weights)
    y = RNG.normal(size=expected.shape)
    point = {**net.example, **inputs, "y": y}
    assert sb.compile(net).value(point) == pytest.approx(np.mean((expected - y) ** 2), rel=1e-9)
    assert sb.check(net).ok


def test_layers_in_a_row() -> None:
    W, b, V, c = weights = arrays((3, 4), (4,), (4, 2), (2,))
    x = RNG.normal(size=(N, 3))
    z = x @ W + b
    a = np.where(z > 0, z, 0.1 * z)
    rows = (dense("d", 4), layer("LeakyReLU", "l", alpha=0.1), dense("e", 2, "hard_sigmoid"))
    holds(sequential(*rows, shape=(3,)), weights, {"x": x}, hard_sigmoid(a @ V + c))


def test_the_oldest_way_of_a_sequential_model_is_a_list() -> None:
    W, b = weights = arrays((3, 2), (2,))
    first = dense("d", 2, "tanh", batch_input_shape=[None, 3])
    text = json.dumps({"class_name": "Sequential", "config": [first], "keras_version": "2.0.8", "backend": "tensorflow"})
    x = RNG.normal(size=(N, 3))
    holds(text, weights, {"x": x}, np.tanh(x @ W + b))


def test_gates_have_the_hard_sigmoid_of_their_time() -> None:
    W, U, b = weights = arrays((3, 16), (4, 16), (16,))
    x, h, c = RNG.normal(size=(N, T, 3)), np.zeros((N, 4)), np.zeros((N, 4))
    for t in range(T):
        i, f, g, o = np.split(x[:, t] @ W + h @ U + b, 4, axis=1)
        c = hard_sigmoid(f) * c + hard_sigmoid(i) * np.tanh(g)
        h = hard_sigmoid(o) * np.tanh(c)
    own = layer("LSTM", "l", units=4, activation="tanh", recurrent_activation="hard_sigmoid", use_bias=True, return_sequences=False)
    holds(sequential(own, shape=(T, 3)), weights, {"x": x}, h)


def test_a_gru_that_does_not_say_it_resets_before_the_product() -> None:
    W, U, b = weights = arrays((3, 12), (4, 12), (12,))
    x, h = RNG.normal(size=(N, T, 3)), np.zeros((N, 4))
    for t in range(T):
        own, before = np.split(x[:, t] @ W + b, 3, axis=1), np.split(U, 3, axis=1)
        z, r = (hard_sigmoid(own[k] + h @ before[k]) for k in (0, 1))
        h = z * h + (1 - z) * np.tanh(own[2] + (r * h) @ before[2])
    gru = layer("GRU", "g", units=4, activation="tanh", recurrent_activation="hard_sigmoid", use_bias=True, return_sequences=False)
    holds(sequential(gru, shape=(T, 3)), weights, {"x": x}, h)


def test_a_layer_that_two_inputs_share() -> None:
    W, b, V, c = weights = arrays((3, 4), (4,), (8, 2), (2,))
    text = functional(
        ["p", "q"], "out", given("p", 3), given("q", 3), called(dense("s", 4, "relu"), [["p", 0, 0, {}]], [["q", 0, 0, {}]]),
        called(layer("Concatenate", "c", axis=-1), [["s", 0, 0, {}], ["s", 1, 0, {}]]), called(dense("out", 2), [["c", 0, 0, {}]]),
    )  # fmt: skip
    p, q = RNG.normal(size=(2, N, 3))
    a = np.concatenate([np.maximum(p @ W + b, 0), np.maximum(q @ W + b, 0)], 1)
    holds(text, weights, {"p": p, "q": q}, a @ V + c)


def test_functions_of_tensorflow_between_layers() -> None:
    W, b = weights = arrays((3, 3), (3,))

    def function(name: str, *call: Any) -> dict[str, Any]:
        return called(layer("TFOpLambda", name, function=name.removeprefix("tf.")), list(call))

    text = functional(
        ["p"], "tf.math.reduce_mean", given("p", T, 3), called(dense("d", 3), [["p", 0, 0, {}]]),
        function("tf.math.multiply", "d", 0, 0, {"y": 2.0, "name": None}),
        function("tf.__operators__.add", "tf.math.multiply", 0, 0, {"y": ["p", 0, 0], "name": None}),
        function("tf.math.subtract", "_CONSTANT_VALUE", -1, 1.5, {"y": ["tf.__operators__.add", 0, 0], "name": None}),
        function("tf.math.tanh", "tf.math.subtract", 0, 0, {}),
        function("tf.math.reduce_mean", "tf.math.tanh", 0, 0, {"axis": 1, "keepdims": False}),
    )  # fmt: skip
    p = RNG.normal(size=(N, T, 3))
    holds(text, weights, {"p": p}, np.tanh(1.5 - (2 * (p @ W + b) + p)).mean(1))


def test_a_function_of_tensorflow_without_a_row_is_refused_by_its_name() -> None:
    own = called(layer("TFOpLambda", "tf.math.angle", function="math.angle"), ["p", 0, 0, {}])
    with pytest.raises(sb.NotationError, match=r"tf\.math\.angle \(TFOpLambda\): no row"):
        sb.from_keras(functional(["p"], "tf.math.angle", given("p", 3), own), "mse")


def test_a_product_of_tensorflow_calls_its_second_argument_b() -> None:
    def text(**named: Any) -> str:
        own = called(layer("TFOpLambda", "o", function="linalg.matmul"), ["p", 0, 0, {"b": ["q", 0, 0], **named}])
        return functional(["p", "q"], "o", given("p", 2, 3), given("q", 3, 2), own)

    p, q = RNG.normal(size=(N, 2, 3)), RNG.normal(size=(N, 3, 2))
    holds(text(transpose_a=False, transpose_b=False), [], {"p": p, "q": q}, p @ q)
    for name in ("transpose_a", "transpose_b"):
        with pytest.raises(sb.NotationError, match=f"{name}=True is not read"):
            sb.from_keras(text(**{name: True}), "mse")


@pytest.mark.parametrize("version", ["1.2.2", "1", 1, "0.3.3"])
def test_keras_1_is_refused_with_its_mend(version: Any) -> None:
    told = json.loads(sequential(layer("MaxPooling2D", "p", pool_size=[2, 2], border_mode="same"), shape=(8, 8, 1)))
    with pytest.raises(sb.NotationError, match=r"(?s)of Keras [01].*Load it in Keras 2"):
        sb.from_keras(json.dumps(told | {"keras_version": version}), "mse")


@pytest.mark.parametrize("kind", ["TFOpLambda", "Dense"])
@pytest.mark.parametrize(
    "calls", [[None], [["d", 0]], ["d"], [5], [[None]], [["d", 0, 0, None]], [["d", "x", 0, {}]], [["d", None, 0, {}]], {"a": 1}, 5]
)
def test_calls_that_are_none_are_refused(calls: Any, kind: str) -> None:
    own = dense("o", 3) if kind == "Dense" else layer("TFOpLambda", "o", function="math.multiply")
    with pytest.raises(sb.NotationError):
        sb.from_keras(functional(["d"], "o", given("d", 3), own | {"name": "o", "inbound_nodes": calls}), "mse")


def test_layers_that_are_none_are_refused() -> None:
    named = called(layer("TFOpLambda", "o", function=["math.multiply"]), ["d", 0, 0, {}])
    with pytest.raises(sb.NotationError, match="is none"):
        sb.from_keras(functional(["d"], "o", given("d", 3), named), "mse")
    for count in (280, 900):
        deep = '{"class_name": "Sequential", "config": [' * count + json.dumps(dense("o", 3)) + "]}" * count
        with pytest.raises(sb.NotationError):
            sb.from_keras(sequential(dense("deep", 3), shape=(3,)).replace(json.dumps(dense("deep", 3)), deep), "mse")


def test_a_description_that_is_pasted_is_read() -> None:
    text = sequential(dense("d", 2, "softmax"), shape=(3,))
    pasted, given = sb.read(text, loss="mse"), sb.from_keras(text, "mse")
    assert pasted.program == given.program
    with pytest.raises(sb.NotationError, match=r"has no loss\. Say which"):
        sb.read(text)


def test_an_image_through_the_layers_of_a_course() -> None:
    k, c, gamma, beta, mean, variance, W, b = weights = [
        *arrays((3, 3, 1, 2), (2,), (2,), (2,), (2,)),
        RNG.uniform(0.5, 2, 2),
        *arrays((8, 3), (3,)),
    ]
    x = RNG.normal(size=(N, 6, 6, 1))
    z = np.stack([(x[:, i : i + 3, j : j + 3, :, None] * k).sum((1, 2, 3)) + c for i in range(4) for j in range(4)], 1)
    a = gamma * (np.maximum(z, 0) - mean) / np.sqrt(variance + 1e-3) + beta
    pooled = a.reshape(N, 2, 2, 2, 2, 2).max((2, 4)).reshape(N, 8)
    rows = (
        layer("Conv2D", "c", filters=2, kernel_size=[3, 3], strides=[1, 1], padding="valid", data_format="channels_last",
              dilation_rate=[1, 1], groups=1, activation="relu", use_bias=True),
        layer("BatchNormalization", "n", axis=[3], momentum=0.99, epsilon=1e-3, center=True, scale=True),
        layer("MaxPooling2D", "p", pool_size=[2, 2], padding="valid", strides=[2, 2], data_format="channels_last"),
        layer("Flatten", "f", data_format="channels_last"), layer("Dropout", "o", rate=0.5, noise_shape=None, seed=None), dense("d", 3),
    )  # fmt: skip
    holds(sequential(*rows, shape=(6, 6, 1)), weights, {"x": x}, pooled @ W + b)
