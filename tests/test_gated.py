"""Gates that split an axis, maxout, and softmax at a temperature: values by a formula, errors by their words."""

from math import erf

import numpy as np
import pytest

from symbackprop.evaluate import tape
from symbackprop.language import gated, operations
from symbackprop.language.lower.tracing import trace
from symbackprop.notation import NotationError, read
from symbackprop.verbs import compile, derive
from tests.random_programs import declare

X = np.random.default_rng(3).standard_normal((4, 6))


def value(y, x: np.ndarray = X, **sizes: int) -> np.ndarray:
    return tape.forward(trace({"Y": y}), {"x": x}, sizes)["Y"]


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


GATES = {
    "glu": sigmoid,
    "swiglu": lambda b: b * sigmoid(b),
    "geglu": lambda b: b * np.vectorize(lambda v: 0.5 * (1 + erf(v / 2**0.5)))(b),
}


@pytest.mark.parametrize("name", GATES)
def test_the_second_half_opens_the_first(name: str) -> None:
    function, gate = getattr(gated, name), GATES[name]
    np.testing.assert_allclose(value(function(declare("x", (4, 6)))), X[:, :3] * gate(X[:, 3:]))
    np.testing.assert_allclose(value(function(declare("x", (4, 6)), axis=0)), X[:2] * gate(X[2:]))
    x = declare("x", ("n", 2 * declare("y", ("h",)).shape[0]))
    np.testing.assert_allclose(value(function(x), n=4, h=3), X[:, :3] * gate(X[:, 3:]))


@pytest.mark.parametrize("name", GATES)
def test_a_gate_at_a_thousand(name: str) -> None:
    function = compile(derive(read(f"x: parameter[n, 2]\nL = sum({name}(x))")))
    result, gradients = function.value_and_grad({"x": [[2.0, -1000.0], [2.0, 1000.0]]})
    high = 1.0 if name == "glu" else 1000.0
    assert result == 2 * high
    np.testing.assert_array_equal(gradients["x"], [[0, 0], [high, 0 if name == "glu" else 2]])


def test_maxout_takes_the_largest_of_neighbours() -> None:
    np.testing.assert_array_equal(value(gated.maxout(declare("x", (4, 6)), 3)), X.reshape(4, 2, 3).max(axis=2))
    np.testing.assert_array_equal(value(gated.maxout(declare("x", (4, 6)), 2, axis=0)), X.reshape(2, 2, 6).max(axis=1))


@pytest.mark.parametrize("axis", [0, 1, -1, None, (0, 1)])
def test_softmax_at_a_temperature(axis) -> None:
    powers = np.exp(X / 0.5)
    expected = powers / powers.sum(axis=axis, keepdims=True)
    x = declare("x", (4, 6))
    np.testing.assert_allclose(value(operations.softmax(x, axis, 0.5)), expected)
    np.testing.assert_allclose(value(operations.log_softmax(x, axis, temperature=0.5)), np.log(expected))


def test_the_temperature_can_be_learnt() -> None:
    text = "S: data[n, c]\nT: parameter[()] & positive\nY: labels[n, c]\nL = -sum(Y * log(softmax(S, temperature=T)))"
    assert derive(read(text)).check().ok


WORDS = {
    "glu(x)": "glu: axis 1 of x, which is (n, 5), has the size 5, which does not split in 2 equal parts",
    "swiglu(w)": "the size d, which does not split in 2 equal parts; give it a size such as 2*h",
    "geglu(x, axis=2)": "geglu: axis 2 is out of range",
    "maxout(x, 3)": "maxout: axis 1 of x, which is (n, 5), has the size 5, which does not split in 3 equal parts",
    "maxout(w, 0)": "maxout: pieces must be a whole number from 1, not 0",
    "softmax(x, temperature=0)": "softmax: temperature must be greater than 0, not 0",
    "log_softmax(x, 0, -1)": "softmax: temperature must be greater than 0, not -1",
    "softmax(x, temperature=x)": "softmax: temperature must be one number, x is (n, 5)",
}


@pytest.mark.parametrize("call", WORDS)
def test_what_does_not_fit_is_refused_in_words(call: str) -> None:
    with pytest.raises(NotationError) as refused:
        read(f"x: parameter[n, 5]\nw: parameter[n, d]\nL = sum({call})")
    assert WORDS[call] in str(refused.value)
