"""Backward passes in the styles in which people code them, each right; the tests plant mistakes in them."""

from __future__ import annotations

from typing import Any

import numpy as np


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


# Parameters in a dictionary, examples in columns, a cache between the passes
def columns_forward(X: Any, p: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    A1 = np.tanh(p["W1"] @ X + p["b1"])
    A2 = sigmoid(p["W2"] @ A1 + p["b2"])
    return A2, {"A1": A1, "A2": A2}


def columns_loss(X: Any, p: dict[str, Any], Y: Any) -> Any:
    A2, _ = columns_forward(X, p)
    m = Y.shape[1]
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m


def columns_gradients(X: Any, p: dict[str, Any], Y: Any) -> dict[str, Any]:
    m = X.shape[1]
    A2, cache = columns_forward(X, p)
    dZ2 = A2 - Y
    dW2 = dZ2 @ cache["A1"].T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = p["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def columns_arguments(rng: np.random.Generator) -> tuple[Any, ...]:
    p = {"W1": rng.normal(size=(4, 2)), "b1": np.zeros((4, 1)), "W2": rng.normal(size=(1, 4)), "b2": np.zeros((1, 1))}
    return rng.normal(size=(2, 7)), p, rng.integers(0, 2, (1, 7)).astype(float)


# A class whose method returns the loss and its gradients, masks and entries assigned in place
class Classifier:
    def __init__(self, rng: np.random.Generator) -> None:
        self.params = {
            "W1": rng.normal(size=(4, 5)),
            "b1": rng.normal(size=5),
            "W2": rng.normal(size=(5, 3)),
            "b2": rng.normal(size=3),
        }

    def loss(self, X: Any, y: Any, reg: float = 0.0) -> Any:
        W1, W2 = self.params["W1"], self.params["W2"]
        hidden = np.maximum(0, X.dot(W1) + self.params["b1"])
        scores = hidden.dot(W2) + self.params["b2"]
        N = X.shape[0]
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = p / p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(N), y]).sum() / N + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        grads = {}
        d = p.copy()
        d[np.arange(N), y] -= 1
        d /= N
        grads["W2"] = hidden.T.dot(d) + 2 * reg * W2
        grads["b2"] = d.sum(axis=0)
        dh = d.dot(W2.T)
        dh[hidden <= 0] = 0
        grads["W1"] = X.T.dot(dh) + 2 * reg * W1
        grads["b1"] = dh.sum(axis=0)
        return loss, grads


def classifier_arguments(rng: np.random.Generator) -> tuple[Any, ...]:
    return rng.normal(size=(6, 4)), rng.integers(0, 3, 6), 0.05


# A layer that keeps its cache and writes its gradients on itself
class Dense:
    def __init__(self, rng: np.random.Generator) -> None:
        self.weights, self.biases = rng.normal(size=(3, 5)), rng.normal(size=(1, 5))

    def forward(self, inputs: Any) -> Any:
        self.inputs = inputs
        return inputs @ self.weights + self.biases

    def backward(self, dvalues: Any) -> Any:
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        return dvalues @ self.weights.T


# Functions with a cache, of several arguments
def norm_forward(x: Any, gamma: Any, beta: Any) -> tuple[Any, tuple[Any, ...]]:
    mu, var = x.mean(axis=0), x.var(axis=0)
    s = 1 / np.sqrt(var + 1e-5)
    xhat = (x - mu) * s
    return gamma * xhat + beta, (xhat, gamma, s)


def norm_backward(dout: Any, cache: tuple[Any, ...]) -> tuple[Any, ...]:
    xhat, gamma, s = cache
    N = dout.shape[0]
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    dx = s / N * (N * dxhat - dxhat.sum(axis=0) - xhat * np.sum(dxhat * xhat, axis=0))
    return dx, dgamma, dbeta


# Python numbers in nested lists
def neuron_loss(w: list[float], b: float, xs: list[list[float]], ys: list[float]) -> float:
    total = 0.0
    for x, y in zip(xs, ys, strict=True):
        z = sum((wi * xi for wi, xi in zip(w, x, strict=True)), b)
        total += max(0.0, 1 - y * z)
    return total / len(xs) + 0.5 * sum(wi * wi for wi in w)


def neuron_gradients(w: list[float], b: float, xs: list[list[float]], ys: list[float]) -> tuple[list[float], float]:
    dw, db = list(w), 0.0
    for x, y in zip(xs, ys, strict=True):
        z = sum((wi * xi for wi, xi in zip(w, x, strict=True)), b)
        if 1 - y * z > 0:
            for k, xi in enumerate(x):
                dw[k] += -y * xi / len(xs)
            db += -y / len(xs)
    return dw, db


# Dropout drawn from the global generator, weight decay
def dropout_loss(W: Any, v: Any, X: Any, t: Any, lam: float) -> Any:
    h = np.tanh(X @ W)
    mask = np.random.rand(*h.shape) < 0.8  # noqa: NPY002 - as people write it
    r = (h * mask / 0.8) @ v - t
    return 0.5 * np.mean(r**2) + 0.5 * lam * np.sum(W**2)


def dropout_gradients(W: Any, v: Any, X: Any, t: Any, lam: float) -> tuple[Any, Any]:
    h = np.tanh(X @ W)
    mask = np.random.rand(*h.shape) < 0.8  # noqa: NPY002
    r = (h * mask / 0.8) @ v - t
    dr = r / len(r)
    dv = (h * mask / 0.8).T @ dr
    dh = np.outer(dr, v) * mask / 0.8
    dW = X.T @ (dh * (1 - h**2)) + lam * W
    return dW, dv


def dropout_arguments(rng: np.random.Generator) -> tuple[Any, ...]:
    return rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(6, 3)), rng.normal(size=6), 0.3


# A recurrence through time, a gradient that adds up
def rnn_loss(U: Any, W: Any, xs: Any, t: Any) -> Any:
    h = np.zeros(W.shape[0])
    for x in xs:
        h = np.tanh(U @ x + W @ h)
    return 0.5 * np.sum((h - t) ** 2)


def rnn_gradients(U: Any, W: Any, xs: Any, t: Any) -> list[Any]:
    hs = [np.zeros(W.shape[0])]
    for x in xs:
        hs.append(np.tanh(U @ x + W @ hs[-1]))
    dU, dW = np.zeros_like(U), np.zeros_like(W)
    dh = hs[-1] - t
    for k in reversed(range(len(xs))):
        dz = dh * (1 - hs[k + 1] ** 2)
        dU += np.outer(dz, xs[k])
        dW += np.outer(dz, hs[k])
        dh = W.T @ dz
    return [dU, dW]


def rnn_arguments(rng: np.random.Generator) -> tuple[Any, ...]:
    return rng.normal(size=(4, 2)), rng.normal(size=(4, 4)), rng.normal(size=(5, 2)), rng.normal(size=4)
