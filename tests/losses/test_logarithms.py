"""Logarithms of probabilities that were named before: written by their logits, so that 1000 neither overflows nor is lost."""

import numpy as np
import pytest

from symbackprop.notation import read
from symbackprop.verbs import compile, derive

Z = np.array([-1000.0, 1000.0, 0.0])
S = np.array([[-1000.0, 1000.0, 0.0], [0.0, 0.0, -1000.0]])
SHARES = np.array([[0, 1, 0], [0.5, 0.5, 0]])
T = np.array([0, 1])
PICKED = 2000 + np.log(2)
HALF = np.log(2)

VECTORS = {
    "p = sigmoid(z)\nL = -sum(log(p))": (1000 + HALF, [-1, 0, -0.5]),
    "p = sigmoid(z)\nL = -sum(log(1 - p))": (1000 + HALF, [0, 1, 0.5]),
    "p = sigmoid(z)\nq = 1 - p\nL = -sum(log(q))": (1000 + HALF, [0, 1, 0.5]),
    "p = sigmoid(z)\nL = -sum(log1p(-p))": (1000 + HALF, [0, 1, 0.5]),
    "p = sigmoid(z)\nc = p[0]\nL = -log(c)": (1000, [-1, 0, 0]),
    "L = sum(log1p(exp(z)))": (1000 + HALF, [0, 1, 0.5]),
    "p = softmax(z)\nL = -sum(log(p))": (3000, [-1, 2, -1]),
    "p = softmax(z)\nL = -sum(log2(p)) * log(2)": (3000, [-1, 2, -1]),
    "p = softmax(z, temperature=2)\nL = -sum(log(p))": (1500, [-0.5, 1, -0.5]),
    "p = softmax(z)\nL = -sum(log(p[1:]))": (1000, [0, 1, -1]),
    "p = softmax(z)\nL = -sum(log(p[::-1]))": (3000, [-1, 2, -1]),
}
MATRICES = [
    "P = softmax(S)\nL = -sum(log(P[arange(n), t]))",
    "P = softmax(S)\nright = P[arange(n), t]\nL = -sum(log(right))",
    "P = softmax(S)\nL = -sum(log(P)[arange(n), t])",
    "P = exp(S) / sum(exp(S), axis=1, keepdims=True)\nL = -sum(log(P[arange(n), t]))",
]


@pytest.mark.parametrize("text", VECTORS)
def test_the_logarithm_of_a_named_probability(text: str) -> None:
    derivation = derive(read(f"z: parameter[n]\n{text}"))
    value, gradients = compile(derivation).value_and_grad({"z": Z})
    expected, slope = VECTORS[text]
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradients["z"], slope, rtol=1e-14)
    assert derivation.check().ok


@pytest.mark.parametrize("text", MATRICES)
def test_the_logarithm_of_the_probability_of_the_right_class(text: str) -> None:
    derivation = derive(read(f"S: parameter[n, c]\nt: integers[n, c]\n{text}"))
    value, gradients = compile(derivation).value_and_grad({"S": S, "t": T})
    assert value == pytest.approx(PICKED, rel=1e-14)
    np.testing.assert_allclose(gradients["S"], SHARES - np.eye(3)[T], atol=1e-14)
    assert derivation.check().ok


@pytest.mark.parametrize(
    "text",
    [
        "p = sigmoid(z)\nL = -log(sum(p[1:]))",
        "p = exp(z)\nL = log(sum(concatenate((p, p))[1:]))",
        "p = sigmoid(z)\nL = sum(log(reshape(p, (3, n)) + 1))",
        "p = 1 - z\nL = sum(log(p**2))",
    ],
)
def test_what_is_no_pick_keeps_its_value(text: str) -> None:
    size = "3*n" if "reshape" in text else "n"
    assert derive(read(f"z: parameter[{size}]\n{text}")).check().ok
