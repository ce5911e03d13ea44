"""Models of Keras against Keras: the loss of each is the one that Keras once computed, in its float32."""

import json

import pytest

import symbackprop as sb
from tests.notation.models.keras.recorded import drawn, read
from tests.notation.models.test_keras import value

RECORDED = read()
QUICK = ("GRU of 3 masked steps", "masked cells", "models that are shared", "sequences to sequences", "ops of choices")
CASES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in RECORDED]


@pytest.mark.parametrize("name", CASES)
def test_a_model_has_the_loss_that_keras_computes(name: str) -> None:
    one = RECORDED[name]
    numbers = drawn(name, one)
    text = json.dumps(one.description)
    net = sb.from_keras(text, weights=numbers.weights)
    y = numbers.target if one.target[0][1:] != [1] else numbers.target[:, 0]
    assert value(net, **numbers.inputs, y=y) == pytest.approx(one.loss, rel=2e-5)
    if name in QUICK:  # and its weights go back in their places
        learnt = {t.name: net.example[t.name] for t in net.program.inputs if t.kind == "parameter"}
        back = sb.to_keras(learnt, text, numbers.weights)
        assert all((new == old).all() for new, old in zip(back, numbers.weights, strict=True))
