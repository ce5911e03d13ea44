"""Backward passes of one's own as tests: pytest gives the fixtures where symbackprop is installed."""

from pathlib import Path

import numpy as np

NET = Path(__file__).with_name("two_layer.net")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(W_1, c_1, W_2, x, t):
    """The arguments are tensors of the network by name."""
    a = sigmoid(W_1 @ x + c_1)
    e = W_2 @ a - t
    delta = (W_2.T @ e) * a * (1 - a)
    return {"dW_1": np.outer(delta, x), "dc_1": delta, "dW_2": np.outer(e, a)}


def forward(x, W, b):
    return np.tanh(x @ W + b), (x, W, b)


def backward(dout, cache):
    x, W, b = cache
    dz = dout * (1 - np.tanh(x @ W + b) ** 2)
    return dz @ W.T, x.T @ dz, dz.sum(axis=0)


def test_the_backward_pass(assert_gradient):
    assert_gradient(NET, ["W_1", "c_1", "W_2"], gradients)


def test_a_layer(assert_layer):
    x, W, b = np.array([[0.2, -1.0], [0.7, 0.3], [1.1, -0.4]]), np.array([[0.5], [-1.2]]), np.array([0.1])
    assert_layer(forward, backward, x, W, b)
