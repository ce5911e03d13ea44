"""Forward passes as people write them in assignments and notebooks, with the arguments that they are called with.

Each row is a function, its arguments, and the paths of what it learns; nothing in them knows of tracing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy import dot, exp, log, zeros

FORMS: dict[str, Callable[[], tuple[Any, ...]]] = {}
"""A form by name: from nothing to the function and its arguments."""


def form(make: Callable[[], tuple[Any, ...]]) -> Callable[[], tuple[Any, ...]]:
    FORMS[make.__name__] = make
    return make


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


@form
def two_layers_with_softmax() -> tuple[Any, ...]:
    def loss(params: Any, X: Any, y: Any, reg: Any) -> Any:
        W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
        N, _ = X.shape
        h1 = np.maximum(0, X.dot(W1) + b1)
        scores = h1.dot(W2) + b2
        scores -= np.max(scores, axis=1, keepdims=True)
        probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
        data_loss = -np.sum(np.log(probs[np.arange(N), y])) / N
        return data_loss + 0.5 * reg * sum(np.sum(W * W) for W in (W1, W2))

    params = {"W1": normal(1, 4, 5), "b1": normal(2, 5), "W2": normal(3, 5, 3), "b2": normal(4, 3)}
    return loss, params, normal(5, 7, 4), np.array([0, 2, 1, 1, 0, 2, 2]), 0.1


@form
def lstm_steps() -> tuple[Any, ...]:
    def loss(x: Any, h0: Any, Wx: Any, Wh: Any, b: Any, target: Any) -> Any:
        N, T, _ = x.shape
        H = h0.shape[1]
        h = np.zeros((N, T, H))
        prev_h, prev_c = h0, np.zeros_like(h0)
        for t in range(T):
            a = x[:, t, :].dot(Wx) + prev_h.dot(Wh) + b
            i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
            g = np.tanh(a[:, 3 * H :])
            prev_c = f * prev_c + i * g
            prev_h = o * np.tanh(prev_c)
            h[:, t, :] = prev_h
        return np.mean((h - target) ** 2)

    return loss, normal(1, 2, 3, 4), normal(2, 2, 5), normal(3, 4, 20), normal(4, 5, 20), normal(5, 20), normal(6, 2, 3, 5)


@form
def batch_norm_in_train_mode() -> tuple[Any, ...]:
    def loss(x: Any, gamma: Any, beta: Any, w: Any, mode: str = "train", eps: float = 1e-5) -> Any:
        if mode == "train":
            mean, var = x.mean(axis=0), x.var(axis=0)
        else:
            raise ValueError(mode)
        x_hat = (x - mean) / np.sqrt(var + eps)
        return np.sum((gamma * x_hat + beta).dot(w) ** 2)

    return loss, normal(1, 6, 4), normal(2, 4), normal(3, 4), normal(4, 4)


@form
def convolution_by_columns() -> tuple[Any, ...]:
    def im2col(x: Any, k: int, stride: int) -> Any:
        N, C, H, W = x.shape
        out_h, out_w = (H - k) // stride + 1, (W - k) // stride + 1
        col = np.zeros((N, C, k, k, out_h, out_w))
        for i in range(k):
            for j in range(k):
                col[:, :, i, j, :, :] = x[:, :, i : i + stride * out_h : stride, j : j + stride * out_w : stride]
        return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * out_h * out_w, -1), out_h, out_w

    def loss(x: Any, w: Any, b: Any) -> Any:
        F = w.shape[0]
        col, out_h, out_w = im2col(x, w.shape[2], 1)
        out = col.dot(w.reshape(F, -1).T) + b
        out = out.reshape(x.shape[0], out_h, out_w, F).transpose(0, 3, 1, 2)
        return np.sum(np.tanh(out) ** 2)

    return loss, normal(1, 2, 3, 4, 4), normal(2, 2, 3, 2, 2), normal(3, 2)


@form
def convolution_by_loops() -> tuple[Any, ...]:
    def loss(x: Any, w: Any, b: Any) -> Any:
        H, W = x.shape
        k, _ = w.shape
        out = np.zeros((H - k + 1, W - k + 1))
        for i in range(H - k + 1):
            for j in range(W - k + 1):
                out[i, j] = np.sum(x[i : i + k, j : j + k] * w) + b
        return np.sum(out**2)

    return loss, normal(1, 4, 5), normal(2, 3, 3), np.array(0.3)


@form
def attention_with_heads() -> tuple[Any, ...]:
    def loss(x: Any, Wq: Any, Wk: Any, Wv: Any, Wo: Any, heads: int) -> Any:
        B, T, D = x.shape
        d = D // heads

        def split(m: Any) -> Any:
            return m.reshape(B, T, heads, d).transpose(0, 2, 1, 3)

        q, k, v = split(x @ Wq), split(x @ Wk), split(x @ Wv)
        scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(d)
        attn = softmax(scores)
        out = (attn @ v).transpose(0, 2, 1, 3).reshape(B, T, D) @ Wo
        return (out**2).mean()

    return loss, normal(1, 2, 3, 4), normal(2, 4, 4), normal(3, 4, 4), normal(4, 4, 4), normal(5, 4, 4), 2


@form
def causal_attention() -> tuple[Any, ...]:
    def loss(x: Any, W: Any) -> Any:
        T = x.shape[0]
        q = x @ W
        scores = q @ x.T
        mask = np.triu(np.ones((T, T)), k=1).astype(bool)
        scores[mask] = -1e9
        return np.sum((softmax(scores) @ x) ** 2)

    return loss, normal(1, 4, 3), normal(2, 3, 3)


@form
def embedding_lookup() -> tuple[Any, ...]:
    def loss(E: Any, idx: Any, W: Any, y: Any) -> Any:
        vecs = E[idx].reshape(idx.shape[0], -1)
        logits = vecs @ W
        logp = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return -logp[range(len(y)), y].mean()

    return loss, normal(1, 6, 2), np.array([[0, 1, 5], [2, 2, 3]]), normal(2, 6, 4), np.array([3, 0])


@form
def word_vectors() -> tuple[Any, ...]:
    def loss(center: Any, outside: Any, negatives: Any, U: Any) -> Any:
        u_o = U[outside]
        result = -np.log(sigmoid(np.dot(u_o, center)))
        for k in negatives:
            result -= np.log(sigmoid(-np.dot(U[k], center)))
        return result

    return loss, normal(1, 4), 1, [0, 3, 0], normal(2, 5, 4)


@form
def variational_autoencoder() -> tuple[Any, ...]:
    def loss(x: Any, p: Any, eps: Any) -> Any:
        h = np.tanh(x @ p["We"] + p["be"])
        mu, logvar = h @ p["Wm"], h @ p["Wv"]
        z = mu + np.exp(0.5 * logvar) * eps
        xr = sigmoid(z @ p["Wd"])
        bce = -np.sum(x * np.log(xr + 1e-9) + (1 - x) * np.log(1 - xr + 1e-9))
        kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))
        return (bce + kl) / len(x)

    p = {"We": normal(1, 4, 3), "be": normal(2, 3), "Wm": normal(3, 3, 2), "Wv": normal(4, 3, 2) * 0.3, "Wd": normal(5, 2, 4)}
    return loss, np.random.default_rng(0).uniform(size=(3, 4)), p, normal(6, 3, 2)


@form
def max_pool_by_reshape() -> tuple[Any, ...]:
    def loss(x: Any, w: Any) -> Any:
        N, C, H, W = x.shape
        pooled = x.reshape(N, C, H // 2, 2, W // 2, 2).max(axis=3).max(axis=4)
        return np.sum(pooled.reshape(N, -1) @ w)

    return loss, normal(1, 2, 3, 4, 4), normal(2, 12, 2)


@form
def dropout_with_a_given_mask() -> tuple[Any, ...]:
    def loss(params: Any, x: Any, mask: Any, p: float) -> Any:
        h = np.maximum(x @ params[0], 0)
        h *= mask
        h /= p
        return np.square(h @ params[1]).sum()

    return loss, [normal(1, 3, 4), normal(2, 4, 2)], normal(3, 5, 3), (normal(4, 5, 4) > 0).astype(float), 0.5


@form
def dropout_drawn_inside() -> tuple[Any, ...]:
    def loss(W: Any, x: Any, keep: float) -> Any:
        h = np.tanh(x @ W)
        drop = np.random.rand(*h.shape) < keep  # noqa: NPY002
        return ((h * drop / keep) ** 2).mean()

    return loss, normal(1, 3, 4), normal(2, 5, 3), 0.8


@form
def penalty_over_a_dict() -> tuple[Any, ...]:
    def loss(weights: Any, x: Any, y: Any) -> Any:
        out = x
        for name in sorted(weights):
            out = np.tanh(out @ weights[name])
        penalty = sum((w**2).sum() for w in weights.values())
        return ((out - y) ** 2).sum() / x.shape[0] + 1e-2 * penalty

    return loss, {"layer1": normal(1, 3, 4), "layer2": normal(2, 4, 2)}, normal(3, 5, 3), normal(4, 5, 2)


@form
def flat_parameter_vector() -> tuple[Any, ...]:
    def loss(theta: Any, X: Any, y: Any, h: int) -> Any:
        n, d = X.shape
        k = d * h
        W = theta[:k].reshape(d, h)
        b = theta[k : k + h]
        v = theta[k + h :]
        pred = np.tanh(X.dot(W) + b).dot(v)
        return 0.5 * np.sum((pred - y) ** 2) / n

    return loss, normal(1, 16), normal(2, 6, 2), normal(3, 6), 4


class Layer:
    def __init__(self, seed: int, n: int, m: int) -> None:
        self.W, self.b = normal(seed, n, m), np.zeros(m)

    def __call__(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b


class Net:
    def __init__(self) -> None:
        self.layers = [Layer(1, 3, 4), Layer(2, 4, 2)]
        self.calls = 0

    def loss(self, x: Any, y: Any) -> Any:
        self.calls += 1
        for k, layer in enumerate(self.layers):
            x = layer(x)
            if k < len(self.layers) - 1:
                x = np.where(x > 0, x, 0.01 * x)
        self.out = x
        return np.mean((x - y) ** 2)


@form
def bound_method() -> tuple[Any, ...]:
    return Net().loss, normal(3, 5, 3), normal(4, 5, 2)


@form
def hinge_by_loops() -> tuple[Any, ...]:
    def loss(W: Any, X: Any, y: Any) -> Any:
        total = 0.0
        for i in range(X.shape[0]):
            scores = X[i].dot(W)
            correct = scores[y[i]]
            for j in range(W.shape[1]):
                if j == y[i]:
                    continue
                total += np.maximum(0, scores[j] - correct + 1)
        return total / X.shape[0]

    return loss, normal(1, 3, 4), normal(2, 5, 3), np.array([0, 3, 1, 2, 2])


@form
def masked_relu_and_slices() -> tuple[Any, ...]:
    def loss(W: Any, x: Any) -> Any:
        z = x @ W
        z[z < 0] = 0
        z[:, 0] += 1
        z[:, 1:] *= 2
        row = z[0]
        row -= 3
        return (z**2).sum()

    return loss, normal(1, 3, 4), normal(2, 5, 3)


@form
def gaussian_mixture() -> tuple[Any, ...]:
    def loss(mu: Any, log_sigma: Any, logits: Any, x: Any) -> Any:
        diff = x[:, None, :] - mu[None, :, :]
        logp = -0.5 * np.sum(diff**2 / np.exp(2 * log_sigma), axis=2) - np.sum(log_sigma, axis=-1)
        logw = logits - np.log(np.sum(np.exp(logits)))
        s = logp + logw
        m = s.max(axis=1, keepdims=True)
        return -np.mean(m[:, 0] + np.log(np.exp(s - m).sum(axis=1)))

    return loss, normal(1, 3, 2), normal(2, 3, 2) * 0.1, normal(3, 3), normal(4, 6, 2)


@form
def layer_norm_with_einsum() -> tuple[Any, ...]:
    def loss(x: Any, g: Any, b: Any, A: Any) -> Any:
        mu = np.mean(x, -1, keepdims=True)
        sd = np.std(x, -1, keepdims=True)
        y = g * (x - mu) / (sd + 1e-5) + b
        return np.einsum("btd,de,bte->", y, A, y)

    return loss, normal(1, 2, 3, 4), normal(2, 4), normal(3, 4), normal(4, 4, 4)


@form
def logistic_regression_by_columns() -> tuple[Any, ...]:
    def loss(w: Any, b: Any, X: Any, Y: Any) -> Any:
        m = X.shape[1]
        A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
        cost = -(1 / m) * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A), axis=1)
        return np.squeeze(cost)

    return loss, normal(1, 3, 1), np.zeros((1, 1)), normal(2, 3, 5), np.array([[0.0, 1, 1, 0, 1]])


@form
def triplets() -> tuple[Any, ...]:
    def loss(W: Any, anchor: Any, positive: Any, negative: Any, margin: float) -> Any:
        def embed(x: Any) -> Any:
            z = x @ W
            return z / np.linalg.norm(z, axis=1, keepdims=True)

        a, p, n = embed(anchor), embed(positive), embed(negative)
        d1, d2 = np.sum((a - p) ** 2, axis=1), np.sum((a - n) ** 2, axis=1)
        return np.mean(np.maximum(d1 - d2 + margin, 0))

    return loss, normal(1, 4, 3), normal(2, 5, 4), normal(3, 5, 4), normal(4, 5, 4), 0.2


@form
def gru_with_stacked_inputs() -> tuple[Any, ...]:
    def loss(params: Any, xs: Any) -> Any:
        h = np.zeros(params["bz"].shape)
        hs = []
        for x in xs:
            c = np.concatenate([x, h])
            z = sigmoid(params["Wz"] @ c + params["bz"])
            r = sigmoid(params["Wr"] @ c)
            n = np.tanh(params["Wn"] @ np.concatenate([x, r * h]))
            h = (1 - z) * h + z * n
            hs.append(h)
        return np.sum(np.array(hs) ** 2)

    return loss, {"Wz": normal(1, 3, 5), "Wr": normal(2, 3, 5), "Wn": normal(3, 3, 5), "bz": normal(4, 3)}, normal(5, 3, 2)


@form
def huber_with_where() -> tuple[Any, ...]:
    def loss(w: Any, X: Any, y: Any, delta: float = 1.0) -> Any:
        r = X @ w - y
        small = np.abs(r) <= delta
        return np.where(small, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta)).mean()

    return loss, normal(1, 3), normal(2, 6, 3), normal(3, 6)


@form
def ridge_with_a_column_of_ones() -> tuple[Any, ...]:
    def loss(beta: Any, X: Any, y: Any, lam: float) -> Any:
        Xb = np.c_[np.ones(len(X)), X]
        r = y - Xb @ beta
        return float(r @ r) / len(y) + lam * float(np.sum(beta[1:] ** 2))

    return loss, normal(1, 4), normal(2, 6, 3), normal(3, 6), 0.3


@form
def matrix_factors() -> tuple[Any, ...]:
    def loss(P: Any, Q: Any, users: Any, items: Any, ratings: Any) -> Any:
        total = 0
        for u, i, r in zip(users, items, ratings, strict=True):
            total += (r - P[u] @ Q[i]) ** 2
        return total + 0.1 * (np.linalg.norm(P) ** 2 + np.linalg.norm(Q) ** 2)

    return loss, normal(1, 3, 2), normal(2, 4, 2), np.array([0, 1, 2, 0]), np.array([3, 1, 0, 2]), np.array([4.0, 3.5, 1.0, 5.0])


@form
def residual_blocks() -> tuple[Any, ...]:
    def loss(blocks: Any, x: Any, head: Any) -> Any:
        for W1, W2 in blocks:
            x = x + np.maximum(x @ W1, 0) @ W2
        pooled = x.mean(0)
        return np.log(np.cosh(pooled @ head)).sum()

    return loss, [(normal(1, 3, 4), normal(2, 4, 3)), (normal(3, 3, 4), normal(4, 4, 3))], normal(5, 6, 3), normal(6, 3, 2)


@form
def early_return_and_cache() -> tuple[Any, ...]:
    def forward(params: Any, X: Any, y: Any = None) -> Any:
        scores = np.tanh(X @ params["W"]) @ params["V"]
        if y is None:
            return scores
        probs = softmax(scores, axis=1)
        accuracy = np.mean(np.argmax(probs, axis=1) == y)
        loss = -np.mean(np.log(probs[np.arange(X.shape[0]), y]))
        dscores = probs.copy()
        dscores[np.arange(X.shape[0]), y] -= 1
        return loss, {"probs": probs, "accuracy": accuracy, "dscores": dscores / X.shape[0]}

    return forward, {"W": normal(1, 3, 4), "V": normal(2, 4, 3)}, normal(3, 5, 3), np.array([0, 2, 1, 1, 0])


@form
def neural_ode_steps() -> tuple[Any, ...]:
    def loss(A: Any, y0: Any, target: Any, steps: int = 4, dt: float = 0.1) -> Any:
        def f(y: Any) -> Any:
            return np.tanh(A @ y)

        y = y0
        for _ in range(steps):
            k1 = f(y)
            k2 = f(y + dt / 2 * k1)
            y = y + dt * k2
        return 0.5 * np.sum((y - target) ** 2)

    return loss, normal(1, 3, 3), normal(2, 3), normal(3, 3)


@form
def average_pool_and_global_state() -> tuple[Any, ...]:
    def loss(x: Any, w: Any) -> Any:
        N, H, W = x.shape
        out = np.empty((N, H // 2, W // 2))
        for i in range(H // 2):
            for j in range(W // 2):
                out[:, i, j] = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean(axis=(1, 2))
        return np.tensordot(out, w, axes=([1, 2], [0, 1])).sum() ** 2

    return loss, normal(1, 3, 4, 4), normal(2, 2, 2)


@form
def names_imported_from_numpy() -> tuple[Any, ...]:
    def loss(w: Any, X: Any, y: Any) -> Any:
        out = zeros(len(X))
        for i in range(len(X)):
            out[i] = 1 / (1 + exp(-dot(X[i], w)))
        return -(y * log(out)).sum()

    return loss, normal(1, 3), normal(2, 5, 3), np.array([1.0, 0, 1, 1, 0])


@form
def functions_of_math() -> tuple[Any, ...]:
    def loss(w: Any, x: Any) -> Any:
        s = 0.0
        for i in range(len(w)):
            s += w[i] * x[i]
        return math.log(1 + math.exp(-s)) + math.sqrt(s * s + 1)

    return loss, normal(1, 3), normal(2, 3)


@dataclass
class Parameters:
    W: np.ndarray
    b: np.ndarray


class Pair(NamedTuple):
    W: np.ndarray
    b: np.ndarray


@form
def parameters_in_a_dataclass() -> tuple[Any, ...]:
    return lambda p, x: float(np.sum((x @ p.W + p.b) ** 2)), Parameters(normal(1, 3, 2), normal(2, 2)), normal(3, 4, 3)


@form
def parameters_in_a_named_tuple() -> tuple[Any, ...]:
    def loss(p: Any, x: Any) -> Any:
        W, b = p
        return np.sum(np.tanh(x @ W + b)) / x.size

    return loss, Pair(normal(1, 3, 2), normal(2, 2)), normal(3, 4, 3)


@form
def one_hot_by_zeros() -> tuple[Any, ...]:
    def loss(W: Any, X: Any, y: Any) -> Any:
        n, C = X.shape[0], W.shape[1]
        Y = np.zeros((n, C))
        Y[np.arange(n), y] = 1
        P = np.exp(X @ W)
        P = P / P.sum(axis=1)[:, None]
        return -np.mean(np.sum(Y * np.log(P), axis=1))

    return loss, normal(1, 3, 4), normal(2, 5, 3), np.array([0, 3, 1, 2, 2])


@form
def class_means_by_mask() -> tuple[Any, ...]:
    def loss(W: Any, X: Any, y: Any) -> Any:
        Z = X @ W
        scatter = 0
        for c in range(2):
            mean = Z[y == c].mean(axis=0)
            scatter = scatter + ((Z[y == c] - mean) ** 2).sum()
        return scatter

    return loss, normal(1, 3, 2), normal(2, 5, 3), np.array([0, 1, 1, 0, 1])


@form
def columns_by_a_plain_mask() -> tuple[Any, ...]:
    keep = np.array([True, False, True, True])

    def loss(W: Any, X: Any) -> Any:
        h = X @ W
        h[:, ~keep] = 0
        g = h[:, keep]
        g *= 2
        return (g**2).sum() + h.sum()

    return loss, normal(1, 3, 4), normal(2, 5, 3)


@form
def gaussian_process() -> tuple[Any, ...]:
    def loss(theta: Any, X: Any, y: Any) -> Any:
        d = X[:, None, :] - X[None, :, :]
        K = np.exp(theta[0] - 0.5 * np.sum(d**2, axis=-1) / np.exp(2 * theta[1])) + np.exp(theta[2]) * np.eye(len(X))
        _, logdet = np.linalg.slogdet(K)
        return 0.5 * y @ np.linalg.solve(K, y) + 0.5 * logdet

    return loss, normal(1, 3), normal(2, 4, 2), normal(3, 4)


@form
def activations_in_lists() -> tuple[Any, ...]:
    def loss(weights: Any, biases: Any, x: Any, y: Any) -> Any:
        activations, zs = [x], []
        for w, b in zip(weights, biases, strict=True):
            zs.append(np.dot(w, activations[-1]) + b)
            activations.append(1.0 / (1.0 + np.exp(-zs[-1])))
        return 0.5 * np.linalg.norm(activations[-1] - y) ** 2

    return loss, [normal(1, 4, 3), normal(2, 2, 4)], [normal(3, 4, 1), normal(4, 2, 1)], normal(5, 3, 1), normal(6, 2, 1)


@form
def flips_rolls_and_differences() -> tuple[Any, ...]:
    def loss(x: Any, w: Any) -> Any:
        y = x[..., ::-1] * w[..., None]
        z = np.concatenate((y, x), axis=-1)
        return (np.roll(z, 1, axis=0) * np.flip(z, axis=1)).sum() + np.diff(x, axis=1).std()

    return loss, normal(1, 3, 4), normal(2, 3)


@form
def group_norm() -> tuple[Any, ...]:
    def loss(x: Any, gamma: Any, beta: Any, G: int) -> Any:
        N, C, H, W = x.shape
        xg = x.reshape((N, G, C // G, H, W))
        mean, var = xg.mean(axis=(2, 3, 4), keepdims=True), xg.var(axis=(2, 3, 4), keepdims=True)
        return ((gamma * ((xg - mean) / np.sqrt(var + 1e-5)).reshape(N, C, H, W) + beta) ** 3).sum()

    return loss, normal(1, 2, 4, 2, 3), normal(2, 1, 4, 1, 1), normal(3, 1, 4, 1, 1), 2


@form
def steps_in_a_dict() -> tuple[Any, ...]:
    def loss(params: Any, x: Any, y: Any, h0: Any) -> Any:
        hs, total = {-1: h0}, 0
        for t in range(len(x)):
            hs[t] = np.tanh(params["Wx"][:, x[t]] + params["Wh"] @ hs[t - 1] + params["b"])
            o = params["Wo"] @ hs[t]
            total += -np.log((np.exp(o) / np.exp(o).sum())[y[t]])
        return total

    params = {"Wx": normal(1, 4, 5), "Wh": normal(2, 4, 4), "b": normal(3, 4), "Wo": normal(4, 5, 4)}
    return loss, params, np.array([0, 3, 1]), np.array([3, 1, 4]), np.zeros(4)


@form
def conditional_random_field() -> tuple[Any, ...]:
    def loss(E: Any, A: Any, y: Any) -> Any:
        alpha = E[0]
        for t in range(1, E.shape[0]):
            s = alpha[:, None] + A + E[t][None, :]
            m = s.max(0)
            alpha = m + np.log(np.exp(s - m).sum(0))
        score = E[0, y[0]]
        for t in range(1, len(y)):
            score = score + A[y[t - 1], y[t]] + E[t, y[t]]
        return np.log(np.exp(alpha).sum()) - score

    return loss, normal(1, 4, 3), normal(2, 3, 3), np.array([0, 2, 1, 1])


@form
def graph_convolution() -> tuple[Any, ...]:
    def loss(A: Any, X: Any, W1: Any, W2: Any, y: Any) -> Any:
        Ah = A + np.eye(A.shape[0])
        D = np.diag(Ah.sum(1) ** -0.5)
        Z = D @ Ah @ D @ np.maximum(D @ Ah @ D @ X @ W1, 0) @ W2
        Z = Z - Z.max(1, keepdims=True)
        return -np.mean(Z[np.arange(len(y)), y] - np.log(np.exp(Z).sum(1)))

    A = np.array([[0, 1, 0], [1, 0, 1.0], [0, 1, 0]])
    return loss, A, normal(1, 3, 4), normal(2, 4, 5), normal(3, 5, 2), np.array([0, 1, 0])


@form
def guard_against_nan() -> tuple[Any, ...]:
    def loss(w: Any, X: Any, y: Any) -> Any:
        p = np.clip(1 / (1 + np.exp(-X @ w)), 1e-12, 1 - 1e-12)
        rows = -(y * np.log(p) + (1 - y) * np.log(1 - p))
        if np.isnan(rows).any():
            raise ValueError
        return np.average(rows)

    return loss, normal(1, 3), normal(2, 5, 3), np.array([1, 0, 1, 1, 0])


@form
def sizes_by_prod() -> tuple[Any, ...]:
    def loss(x: Any, W: Any) -> Any:
        n = x.shape[0]
        return np.sum((x.reshape(n, int(np.prod(x.shape[1:]))) @ W) ** 2) / float(n)

    return loss, normal(1, 3, 2, 2), normal(2, 4, 5)


@form
def penalties_of_several_norms() -> tuple[Any, ...]:
    def loss(w: Any, X: Any, lam: float = 0.1) -> Any:
        return ((X @ w) ** 2).mean() + lam * np.abs(w).sum() + lam * np.linalg.norm(w, 1) + np.linalg.norm(w, ord=2)

    return loss, normal(1, 3), normal(2, 5, 3)
