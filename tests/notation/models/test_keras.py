"""Keras models by their JSON: what they compute in NumPy, the weights in their order, the refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape

RNG = np.random.default_rng(5)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    """A layer as Keras 3 writes it."""
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, "trainable": True, **config},
        "registered_name": None,
    }


def sequential(*layers: Any, shape: Any = (None, 4), loss: Any = None) -> str:
    first = layer("InputLayer", "input_layer", batch_shape=list(shape), dtype="float32", sparse=False)
    found = {
        "module": "keras", "class_name": "Sequential", "registered_name": "Sequential", "build_config": {"input_shape": list(shape)},
        "config": {"name": "sequential", "trainable": True, "layers": [first, *layers], "build_input_shape": list(shape)},
    }  # fmt: skip
    return json.dumps(found | ({"compile_config": {"optimizer": "adam", "loss": loss}} if loss else {}))


def value(net: Any, **arrays: Any) -> float:
    return float(tape.forward(net.program, {**net.example, **arrays})[net.loss])


HIDDEN = layer("Dense", "hidden", units=5, activation="relu", use_bias=True)
OUT = layer("Dense", "out", units=3, activation="softmax", use_bias=True)
WEIGHTS = [real(4, 5), real(5), real(5, 3), real(3)]
X, T = real(6, 4), np.array([0, 2, 1, 1, 0, 2])


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def perceptron(x: np.ndarray, W: Any = WEIGHTS) -> np.ndarray:
    return softmax(np.maximum(x @ W[0] + W[1], 0) @ W[2] + W[3])


def test_a_sequential_model_is_its_loss(tmp_path: Path) -> None:
    net = sb.from_keras(
        sequential(HIDDEN, layer("Dropout", "d", rate=0.5), OUT, loss="sparse_categorical_crossentropy"), weights=WEIGHTS
    )
    assert value(net, x=X, y=T) == pytest.approx(-np.log(perceptron(X)[range(6), T]).mean(), rel=1e-12)
    assert [t.name for t in net.program.inputs if t.kind == "parameter"] == ["W_hidden", "b_hidden", "W_out", "b_out"]
    assert {str(s) for s in net.program.sizes()} == {"N"}
    assert sb.check(net).ok


def test_a_file_is_read_without_weights_and_on_the_command_line(tmp_path: Path, run: Any) -> None:
    (tmp_path / "classifier.json").write_text(sequential(HIDDEN, OUT, loss="sparse_categorical_crossentropy"), encoding="utf-8")
    net = sb.from_keras(tmp_path / "classifier.json")
    assert net.name == "classifier"
    assert not net.example
    assert sb.check(net).ok
    result = run("derive", "classifier.json", "--detail", "brief")
    assert result.code == 0, result.err
    assert "softmax" in result.out


ONE_HOT, BITS, SIGNS, POSITIVE = np.eye(3)[T], np.eye(3)[T[::-1]], 2 * np.eye(3)[T] - 1, np.abs(real(6, 3)) + 0.2


def logcosh(e: np.ndarray) -> np.ndarray:
    return np.log(np.cosh(e))


def binary(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def smoothed(y: np.ndarray, e: float, classes: int) -> np.ndarray:
    return (1 - e) * y + e / classes


LOSSES: dict[str, tuple[Any, Any, Any]] = {
    "mse": (np.ones((6, 3)), lambda p: ((p - 1) ** 2).mean(), {}),
    "mean_absolute_error": (np.zeros((6, 3)), lambda p: p.mean(), {}),
    "mape": (POSITIVE, lambda p: 100 * np.abs(1 - p / POSITIVE).mean(), {}),
    "msle": (POSITIVE, lambda p: (np.log((1 + p) / (1 + POSITIVE)) ** 2).mean(), {}),
    "huber": (POSITIVE * 3, lambda p: np.where(abs(e := p - 3 * POSITIVE) < 1, e**2 / 2, abs(e) - 0.5).mean(), {}),
    "log_cosh": (POSITIVE, lambda p: logcosh(p - POSITIVE).mean(), {}),
    "poisson": (POSITIVE, lambda p: (p - POSITIVE * np.log(p + 1e-7)).mean(), {}),
    "hinge": (SIGNS, lambda p: np.maximum(1 - SIGNS * p, 0).mean(), {}),
    "squared_hinge": (SIGNS, lambda p: (np.maximum(1 - SIGNS * p, 0) ** 2).mean(), {}),
    "categorical_hinge": (ONE_HOT, lambda p: np.maximum(((1 - ONE_HOT) * p).max(1) - p[range(6), T] + 1, 0).mean(), {}),
    "kl_divergence": (smoothed(ONE_HOT, 0.3, 3), lambda p: ((q := smoothed(ONE_HOT, 0.3, 3)) * np.log(q / p)).sum(1).mean(), {}),
    "cosine_similarity": (ONE_HOT, lambda p: -(p[range(6), T] / np.sqrt((p**2).sum(1))).mean(), {}),
    "sparse_categorical_crossentropy": (T, lambda p: -np.log(p[range(6), T]).mean(), {}),
    "categorical_crossentropy": (ONE_HOT, lambda p: -np.log(p[range(6), T]).mean(), {}),
    "binary_crossentropy": (BITS, lambda p: binary(p, BITS).mean(), {}),
    "CategoricalCrossentropy": (ONE_HOT, lambda p: -(smoothed(ONE_HOT, 0.1, 3) * np.log(p)).sum(1).mean(), {"label_smoothing": 0.1}),
    "SparseCategoricalCrossentropy": (T, lambda p: -np.log(softmax(p)[range(6), T]).sum(), {"from_logits": True, "reduction": "sum"}),
    "BinaryCrossentropy": (BITS, lambda p: binary(1 / (1 + np.exp(-p)), smoothed(BITS, 0.2, 2)).mean(1).sum(),
                           {"from_logits": True, "label_smoothing": 0.2, "reduction": "sum", "axis": -1}),
    "MeanSquaredError": (np.ones((6, 3)), lambda p: ((p - 1) ** 2).mean(1).sum(), {"reduction": "sum", "name": "mine"}),
    "Huber": (np.zeros((6, 3)), lambda p: np.where(p < 0.3, p**2 / 2, 0.3 * p - 0.045).mean(), {"delta": 0.3}),
}  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_what_keras_computes_with_the_settings_that_it_was_compiled_with(loss: str) -> None:
    y, expected, config = LOSSES[loss]
    compiled: Any = {"module": "keras.losses", "class_name": loss, "config": {"name": loss} | config} if config else loss
    net = sb.from_keras(sequential(HIDDEN, OUT, loss=compiled), weights=WEIGHTS)
    assert value(net, x=X, y=y) == pytest.approx(expected(perceptron(X)), rel=1e-12)
    if loss == "mse":
        said = {"module": "builtins", "class_name": "function", "config": loss, "registered_name": "function"}
        for other in (said, [loss], {"out": loss}):  # the function itself; of one output by its place, by its name
            again = json.loads(sequential(HIDDEN, OUT, loss=other))
            again["compile_config"]["loss_weights"] = [0.5]
            halved = sb.from_keras(json.dumps(again), weights=WEIGHTS)
            assert value(halved, x=X, y=y) == pytest.approx(expected(perceptron(X)) / 2, rel=1e-12)


@pytest.mark.parametrize("loss", ["mse", "cross_entropy", "categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_losses_go_by_the_names_of_keras_and_of_the_language(loss: str) -> None:
    y, expected, _ = LOSSES[{"cross_entropy": "sparse_categorical_crossentropy"}.get(loss, loss)]
    net = sb.from_keras(sequential(HIDDEN, OUT), loss, WEIGHTS)
    assert value(net, x=X, y=y) == pytest.approx(expected(perceptron(X)), rel=1e-12)


def test_probabilities_are_what_the_output_ends_in_whatever_stands_behind_it() -> None:
    def ended(activation: str, *behind: Any, loss: Any = "sparse_categorical_crossentropy") -> Any:
        return sb.from_keras(
            sequential(HIDDEN, {**OUT, "config": {**OUT["config"], "activation": activation}}, *behind, loss=loss), weights=WEIGHTS
        )

    p = perceptron(X)[range(6), T]
    assert value(ended("softmax", layer("Dropout", "d", rate=0.5)), x=X, y=T) == pytest.approx(-np.log(p).mean(), rel=1e-12)
    s = 1 / (1 + np.exp(-(np.maximum(X @ WEIGHTS[0] + WEIGHTS[1], 0) @ WEIGHTS[2] + WEIGHTS[3])))
    assert value(ended("sigmoid"), x=X, y=T) == pytest.approx(-np.log(s[range(6), T] / s.sum(1)).mean(), rel=1e-12)
    for activation, behind in (("linear", ()), ("log_softmax", ()), ("softmax", (layer("Reshape", "r", target_shape=[1, 3]),))):
        with pytest.raises(
            sb.NotationError, match=r'of probabilities, and ends in .* say loss="cross_entropy", which takes logits'
        ):
            ended(activation, *behind)


def test_regularisers_are_in_the_loss() -> None:
    decayed = {**HIDDEN, "config": {**HIDDEN["config"], "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.25}}}}
    net = sb.from_keras(sequential(decayed, OUT), "mse_loss", WEIGHTS)
    expected = ((perceptron(X) - 1) ** 2).mean() + 0.25 * (WEIGHTS[0] ** 2).sum()
    assert value(net, x=X, y=np.ones((6, 3))) == pytest.approx(expected, rel=1e-12)


def test_what_is_frozen_is_data_and_what_is_not_trained_so_is_said() -> None:
    still, dropped = layer("Dense", "hidden", units=5, activation="relu", trainable=False), layer("Dropout", "d", rate=0.5)
    net = sb.from_keras(sequential(still, dropped, OUT, loss="sparse_categorical_crossentropy"), weights=WEIGHTS)
    assert [t.name for t in net.program.inputs if t.kind == "parameter"] == ["W_out", "b_out"]
    assert net.notes[0] == "As the model is used, not as Keras trains it: nothing is dropped, and no noise is drawn."
    given = {name: array + 1 for name, array in net.example.items() if name.endswith("out")}
    moved = sb.to_keras(given, sequential(still, dropped, OUT), WEIGHTS)
    assert [float(np.max(new - old)) for new, old in zip(moved, WEIGHTS, strict=True)] == pytest.approx([0, 0, 1, 1])


def test_a_convolutional_model_has_its_channels_last() -> None:
    K, b, gamma, beta, mu, v = real(3, 3, 2, 4), real(4), real(4), real(4), real(4), RNG.uniform(0.5, 1.5, 4)
    W, c = real(16, 3), real(3)
    text = sequential(
        layer("Conv2D", "conv", filters=4, kernel_size=[3, 3], strides=[1, 1], padding="valid", data_format="channels_last", activation="linear"),
        layer("BatchNormalization", "bn", axis=-1, epsilon=0.25), layer("ReLU", "r"), layer("MaxPooling2D", "pool", pool_size=[2, 2], strides=[2, 2]),
        layer("Flatten", "flat"), layer("Dense", "out", units=3, activation="linear"), shape=(None, 6, 6, 2),
    )  # fmt: skip
    net = sb.from_keras(text, "mse_loss", [K, b, gamma, beta, mu, v, W, c])
    x, y = real(2, 6, 6, 2), real(2, 3)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    z = np.einsum("npqcij,ijco->npqo", windows, K) + b
    r = np.maximum(gamma * (z - mu) / np.sqrt(v + 0.25) + beta, 0)
    pooled = r.reshape(2, 2, 2, 2, 2, 4).max(axis=(2, 4))
    expected = ((pooled.reshape(2, 16) @ W + c - y) ** 2).mean()
    assert value(net, x=x, y=y) == pytest.approx(expected, rel=1e-12)
    assert {t.name for t in net.program.inputs if t.kind == "data"} == {"x", "y", "mu_bn", "v_bn"}


def test_padding_same_is_larger_behind() -> None:
    K = real(2, 1, 1)
    text = sequential(
        layer("Conv1D", "c", filters=1, kernel_size=[2], strides=[1], padding="same", use_bias=False), shape=(None, 5, 1)
    )
    x, y = real(2, 5, 1), real(2, 5, 1)
    wide = np.concatenate([x, np.zeros((2, 1, 1))], axis=1)
    expected = ((wide[:, :-1] * K[0, 0, 0] + wide[:, 1:] * K[1, 0, 0] - y) ** 2).mean()
    assert value(sb.from_keras(text, "mse_loss", [K]), x=x, y=y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("steps", [3, None, 6])
def test_an_embedding_is_read_by_positions_and_a_recurrent_layer_by_steps(steps: int | None) -> None:
    E, W, U, b, V = real(7, 3), real(3, 4), real(4, 4), real(4), real(4, 1)
    text = sequential(
        layer("Embedding", "e", input_dim=7, output_dim=3), layer("SimpleRNN", "rnn", units=4, activation="tanh", use_bias=True),
        layer("Dense", "out", units=1, activation="sigmoid", use_bias=False), shape=(None, steps),
    )  # fmt: skip
    net = sb.from_keras(text, "binary_crossentropy", [E, W, U, b, V])
    t, y = RNG.integers(0, 7, (5, steps or 4)), np.array([0, 1, 1, 0, 1])
    h = np.zeros((5, 4))
    for k in range(steps or 4):
        h = np.tanh(E[t[:, k]] @ W + h @ U + b)
    p = 1 / (1 + np.exp(-(h @ V)[:, 0]))
    assert value(net, x=t, y=y) == pytest.approx(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), rel=1e-12)


def test_trained_parameters_go_back_in_their_order_and_types() -> None:
    text = sequential(HIDDEN, layer("BatchNormalization", "bn", axis=-1), OUT, loss="sparse_categorical_crossentropy")
    norm = [real(5), real(5), real(5), np.abs(real(5))]
    weights = [w.astype(np.float32) for w in [*WEIGHTS[:2], *norm, *WEIGHTS[2:]]]
    net = sb.from_keras(text, weights=weights)
    trained = sb.train(net, {"x": X, "y": T}, epochs=2, held_out=0, dtype="float64", progress=False)
    new = sb.to_keras(trained, text, weights)
    assert [(w.shape, w.dtype) for w in new] == [(w.shape, w.dtype) for w in weights]
    np.testing.assert_array_equal(new[4:6], weights[4:6])
    assert value(sb.from_keras(text, weights=new), x=X, y=T) == pytest.approx(trained.evaluate({"x": X, "y": T}).loss, rel=1e-5)
    assert not np.array_equal(new[0], weights[0])


def test_parameters_go_back_without_the_old_weights_where_all_are_learnt() -> None:
    text = sequential(HIDDEN, OUT)
    named = dict(zip(["W_hidden", "b_hidden", "W_out", "b_out"], WEIGHTS, strict=True))
    for new, old in zip(sb.to_keras(named, text), WEIGHTS, strict=True):
        np.testing.assert_array_equal(new, old.astype(np.float32))
    with pytest.raises(sb.NotationError, match=r"(?s)mu_bn, v_bn are weights that are not learnt.*get_weights"):
        sb.to_keras(named, sequential(HIDDEN, layer("BatchNormalization", "bn", axis=-1), OUT))
    with pytest.raises(sb.NotationError, match="no array for b_out"):
        sb.to_keras({name: named[name] for name in named if name != "b_out"}, text)


def call(*names: str) -> list[Any]:
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [n, 0, 0]}}
        for n in names
    ]
    return [{"args": [tensors] if len(tensors) > 1 else tensors, "kwargs": {}}]


def functional(*layers: Any, output: Any) -> str:
    config = {"name": "net", "trainable": True, "layers": list(layers), "input_layers": [["a", 0, 0]], "output_layers": output}
    return json.dumps(
        {"module": "keras.src.models.functional", "class_name": "Functional", "config": config, "registered_name": "Functional"}
    )


def test_a_functional_model_goes_by_its_calls() -> None:
    W, b, V, c = real(4, 4), real(4), real(4, 2), real(2)
    text = functional(
        layer("InputLayer", "a", batch_shape=[None, 4]),
        layer("Dense", "first", units=4, activation="tanh") | {"inbound_nodes": call("a")},
        layer("Add", "sum") | {"inbound_nodes": call("a", "first")},
        layer("Dense", "last", units=2, activation="linear") | {"inbound_nodes": [[["sum", 0, 0, {}]]]},  # as Keras 2 writes it
        output=[["last", 0, 0]],
    )  # fmt: skip
    net = sb.from_keras(text, "mse_loss", [W, b, V, c])
    y = real(6, 2)
    expected = (((X + np.tanh(X @ W + b)) @ V + c - y) ** 2).mean()
    assert value(net, a=X, y=y) == pytest.approx(expected, rel=1e-12)


REFUSED = {
    "no loss": (sequential(HIDDEN), {}, "has no loss", "cross_entropy"),
    "unknown loss": (sequential(HIDDEN), {"loss": "crossentropy"}, "no loss 'crossentropy'", "cross_entropy"),
    "compiled loss": (sequential(HIDDEN, loss="dice"), {}, "compiled with the loss 'dice'", "loss="),
    "own loss": (sequential(HIDDEN, loss={"class_name": "__lambda__", "config": {"value": "?"}}), {}, "a loss of its own", "loss="),
    "class of no interest": (sequential(HIDDEN, loss={"class_name": "SparseCategoricalCrossentropy", "config": {"ignore_class": 0}}), {}, "ignore_class=0 is not read", "loss="),
    "loss of no batch": (sequential(HIDDEN, loss={"class_name": "MeanSquaredError", "config": {"reduction": "none"}}), {}, "reduction='none'", "loss="),
    "unsaid setting": (sequential(HIDDEN, loss={"class_name": "Huber", "config": {"name": "huber_loss"}}), {}, "does not write down its delta", 'loss="Huber"|loss="huber"'),
    "unknown layer": (sequential(layer("SpectralPool", "att")), {"loss": "mse"}, r"att \(SpectralPool\): no row", "ONNX"),
    "own function": (sequential(layer("Lambda", "f")), {"loss": "mse"}, "holds a function of Python", "keras.ops"),
    "own mask": (sequential(layer("Masking", "m"), layer("Softmax", "s"), shape=(None, 5, 3)), {"loss": "mse"}, "its mask is not read", "softmax"),
    "masked loss": (sequential(layer("Masking", "m"), shape=(None, 5, 3)), {"loss": "squared_error"}, "squared_error is not read of such", "mse_loss"),
    "activation": (sequential(layer("Dense", "h", units=2, activation="sparsemax")), {"loss": "mse"}, "'sparsemax' is not read", "relu"),
    "channels": (sequential(layer("Conv2D", "c", filters=1, kernel_size=[2, 2], data_format="channels_first"), shape=(None, 1, 4, 4)), {"loss": "mse"}, "channels stand first", "channels_last"),
    "settings": (sequential(layer("Dense", "h", width=2)), {"loss": "mse"}, "settings are no settings of Dense", "to_json"),
    "few weights": (sequential(HIDDEN, OUT), {"loss": "mse", "weights": WEIGHTS[:2]}, "too few weights", "get_weights"),
    "many weights": (sequential(HIDDEN), {"loss": "mse", "weights": WEIGHTS}, "2 of the weights belong to no layer", "get_weights"),
    "shapes": (sequential(HIDDEN, OUT), {"loss": "mse", "weights": WEIGHTS[::-1]}, "in the weights", r"\(4, 5\)"),
    "regulariser": (sequential(layer("Dense", "h", units=2, kernel_regularizer={"class_name": "Mine", "config": {}})), {"loss": "mse"}, "'Mine' is not read", "L2"),
    "subclass": (json.dumps({"class_name": "MyModel", "config": {"layers": []}}), {"loss": "mse"}, "'MyModel' is not read", "Functional"),
    "no model": ('{"a": 1}', {"loss": "mse"}, "describes no Keras model", "to_json"),
    "no JSON": ("{", {"loss": "mse"}, "no JSON", "to_json"),
    "no shape": (json.dumps({"class_name": "Sequential", "config": {"layers": [HIDDEN]}}), {"loss": "mse"}, "shape of its input", "keras.Input"),
    "a number": (3, {"loss": "mse"}, "no description", "to_json"),
    "no file": ("nowhere.json", {"loss": "mse"}, "cannot be read", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_with_its_mend(name: str) -> None:
    source, settings, fault, mend = REFUSED[name]
    with pytest.raises(sb.NotationError, match=f"(?s){fault}.*{mend}"):
        sb.from_keras(source, **settings)
