"""Keras models with several outputs: a loss for each, their weights, their targets, as Keras adds them."""

import json
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.notation.models.test_keras import call, functional, layer, real, softmax, value

W, V, U = real(4, 5), real(5, 3), real(5, 1)
X, CLASSES, NUMBERS = real(6, 4), np.array([0, 2, 1, 1, 0, 2]), real(6)
H = np.tanh(X @ W)
P, Q = softmax(H @ V), (H @ U)[:, 0]
OF_CLASSES, OF_NUMBERS = -np.log(P[range(6), CLASSES]).mean(), ((Q - NUMBERS) ** 2).mean()
PENALTY = 0.1 * (U**2).sum()

LISTED: Any = [["cls", 0, 0], ["reg", 0, 0]]
NAMED: Any = {"p": ["cls", 0, 0], "q": ["reg", 0, 0]}
CROSS = "sparse_categorical_crossentropy"


def model(output: Any, loss: Any = None, weights: Any = None) -> str:
    text = functional(
        layer("InputLayer", "a", batch_shape=[None, 4]),
        layer("Dense", "body", units=5, activation="tanh", use_bias=False) | {"inbound_nodes": call("a")},
        layer("Dense", "cls", units=3, activation="softmax", use_bias=False) | {"inbound_nodes": call("body")},
        layer("Dense", "reg", units=1, use_bias=False, kernel_regularizer={"class_name": "L2", "config": {"l2": 0.1}})
        | {"inbound_nodes": call("body")},
        output=output,
    )  # fmt: skip
    return json.dumps(json.loads(text) | {"compile_config": {"loss": loss, "loss_weights": weights}})


CASES = {
    "losses in their order": (LISTED, [CROSS, "mse"], None, OF_CLASSES + OF_NUMBERS),
    "losses by the names of layers": (
        LISTED,
        {"reg": "mse", "cls": CROSS},
        {"reg": 0.5, "cls": 2},
        2 * OF_CLASSES + 0.5 * OF_NUMBERS,
    ),
    "losses by the names of outputs": (NAMED, {"p": CROSS, "q": "mse"}, {"p": 0.3}, 0.3 * OF_CLASSES + OF_NUMBERS),
    "weights in their order": (LISTED, [CROSS, "mse"], [1.0, 3.0], OF_CLASSES + 3 * OF_NUMBERS),
    "an output without a loss": (LISTED, [None, "mse"], [1.0, 3.0], 3 * OF_NUMBERS),
    "an output that is not named": (LISTED, {"cls": CROSS}, None, OF_CLASSES),
}


@pytest.mark.parametrize("name", CASES)
def test_the_losses_of_the_outputs_are_added(name: str) -> None:
    output, loss, weights, expected = CASES[name]
    net = sb.from_keras(model(output, loss, weights), weights=[W, V, U])
    targets = dict(zip(("y_p", "y_q") if output is NAMED else ("y_cls", "y_reg"), (CLASSES, NUMBERS), strict=True))
    read = {t.name for t in net.program.inputs}
    assert value(net, a=X, **{y: array for y, array in targets.items() if y in read}) == pytest.approx(
        expected + PENALTY, rel=1e-12
    )
    assert sb.check(net).ok


def test_a_person_says_the_losses() -> None:
    one, each, by_name = (
        sb.from_keras(model(LISTED, ["mae", "mae"]), loss, [W, V, U])
        for loss in ("mse_loss", ["cross_entropy", "mse"], {"cls": CROSS, "reg": "mse_loss"})
    )
    rows = np.eye(3)[CLASSES]
    assert value(one, a=X, y_cls=rows, y_reg=NUMBERS) == pytest.approx(((P - rows) ** 2).mean() + OF_NUMBERS + PENALTY, rel=1e-12)
    for net in (each, by_name):
        assert value(net, a=X, y_cls=CLASSES, y_reg=NUMBERS) == pytest.approx(OF_CLASSES + OF_NUMBERS + PENALTY, rel=1e-12)


def test_learnt_weights_go_back() -> None:
    text = model(LISTED, [CROSS, "mse"])
    back = sb.to_keras({"W_body": W, "W_cls": 2 * V, "W_reg": U}, text, [W, V, U])
    assert [np.array_equal(a, b) for a, b in zip(back, (W, 2 * V, U), strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("loss", "weights", "said", "words"),
    [
        ([CROSS], None, None, "loss has 1 entries, and the model 2 outputs. They are cls, reg"),
        ({"cls": CROSS, "regr": "mse"}, None, None, "loss names an output 'regr'. There are cls, reg"),
        ([CROSS, "mse"], [1.0], None, "loss_weights has 1 entries"),
        (None, None, None, "has no loss"),
        (None, None, ["cross_entropy", "msee"], "there is no loss 'msee' for a model. Did you mean mse?"),
    ],
)
def test_losses_that_do_not_fit_the_outputs_are_refused(loss: Any, weights: Any, said: Any, words: str) -> None:
    with pytest.raises(sb.NotationError, match=words):
        sb.from_keras(model(LISTED, loss, weights), said)
