"""Losses in the styles of courses and tutorials, from nothing but NumPy; nothing in them knows of tracing.

Each row is made at two sizes, k = 0 and k = 1, by the same function: a trace at one of them must hold at the other.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

Made = tuple[Any, ...]
COURSES: dict[str, Callable[[np.random.Generator, int], Made]] = {}
"""A form by name: from random numbers and a size to the function and its arguments."""
COUNTED = set[str]()
"""Forms that count a size out, so that it is a number of the example."""


def form(make: Callable[[np.random.Generator, int], Made]) -> Callable[[np.random.Generator, int], Made]:
    COURSES[make.__name__] = make
    return make


def counted(make: Callable[[np.random.Generator, int], Made]) -> Callable[[np.random.Generator, int], Made]:
    COUNTED.add(make.__name__)
    return form(make)


def sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# -- character models, in the way of a lecture that builds them up --------------------------------------------------------


@form
def bigrams_by_one_hot(rng: np.random.Generator, k: int) -> Made:
    V = 5 + k

    def loss(W: Any, xs: Any, ys: Any) -> Any:
        num = len(xs)
        xenc = np.eye(W.shape[0])[xs]
        counts = np.exp(xenc @ W)
        probs = counts / counts.sum(1, keepdims=True)
        return -np.log(probs[np.arange(num), ys]).mean() + 0.01 * (W**2).mean()

    return loss, rng.normal(size=(V, V)), rng.integers(0, V, 7 + k), rng.integers(0, V, 7 + k)


@form
def embedded_context_window(rng: np.random.Generator, k: int) -> Made:
    V, block, emb, hidden, n = 6 + k, 3, 2 + k, 4 + k, 5 + k

    def loss(parameters: Any, X: Any, Y: Any) -> Any:
        C, W1, b1, W2, b2 = parameters
        emb = C[X]
        h = np.tanh(emb.reshape(emb.shape[0], -1) @ W1 + b1)
        logits = h @ W2 + b2
        logits = logits - logits.max(1, keepdims=True)
        logprobs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return -logprobs[range(len(Y)), Y].mean()

    shapes = [(V, emb), (block * emb, hidden), (hidden,), (hidden, V), (V,)]
    return loss, [rng.normal(size=s) * 0.5 for s in shapes], rng.integers(0, V, (n, block)), rng.integers(0, V, n)


@form
def batch_norm_with_an_unbiased_variance(rng: np.random.Generator, k: int) -> Made:
    n, d, h = 6 + k, 3 + k, 4 + k

    def loss(x: Any, W: Any, bngain: Any, bnbias: Any, t: Any) -> Any:
        hprebn = x @ W
        n = x.shape[0]
        bnmeani = 1 / n * hprebn.sum(0, keepdims=True)
        bndiff = hprebn - bnmeani
        bnvar = 1 / (n - 1) * (bndiff**2).sum(0, keepdims=True)
        bnraw = bndiff * (bnvar + 1e-5) ** -0.5
        return ((np.tanh(bngain * bnraw + bnbias) - t) ** 2).mean()

    sizes = [(n, d), (d, h), (1, h), (1, h), (n, h)]
    return (loss, *(rng.normal(size=s) for s in sizes))


@counted
def recurrent_characters_in_dicts(rng: np.random.Generator, k: int) -> Made:
    V, H, T = 4 + k, 3 + k, 3

    def loss(model: Any, inputs: Any, targets: Any, hprev: Any) -> Any:
        xs, hs, ys, ps = {}, {}, {}, {}
        hs[-1] = np.copy(hprev)
        total = 0
        for t in range(len(inputs)):
            xs[t] = np.zeros((V, 1))
            xs[t][inputs[t]] = 1
            hs[t] = np.tanh(np.dot(model["Wxh"], xs[t]) + np.dot(model["Whh"], hs[t - 1]) + model["bh"])
            ys[t] = np.dot(model["Why"], hs[t]) + model["by"]
            ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
            total += -np.log(ps[t][targets[t], 0])
        return total, hs[len(inputs) - 1]

    shapes = {"Wxh": (H, V), "Whh": (H, H), "Why": (V, H), "bh": (H, 1), "by": (V, 1)}
    model = {n: rng.normal(size=s) * 0.5 for n, s in shapes.items()}
    return loss, model, [int(i) for i in rng.integers(0, V, T)], [int(i) for i in rng.integers(0, V, T)], np.zeros((H, 1))


@form
def one_head_with_a_causal_mask(rng: np.random.Generator, k: int) -> Made:
    B, T, C, H = 2 + k, 3 + k, 4 + k, 5 + k

    def loss(x: Any, key: Any, query: Any, value: Any, target: Any) -> Any:
        _, T, _ = x.shape
        kk, q, v = x @ key, x @ query, x @ value
        wei = q @ kk.transpose(0, 2, 1) * kk.shape[-1] ** -0.5
        tril = np.tril(np.ones((T, T)))
        wei = np.where(tril == 0, -1e9, wei)
        return np.mean((softmax(wei) @ v - target) ** 2)

    return loss, rng.normal(size=(B, T, C)), *(rng.normal(size=(C, H)) for _ in range(3)), rng.normal(size=(B, T, H))


@form
def feed_forward_block_with_gelu(rng: np.random.Generator, k: int) -> Made:
    T, C = 3 + k, 4 + k

    def layer_norm(x: Any, g: Any, b: Any, eps: float = 1e-5) -> Any:
        mean = np.mean(x, axis=-1, keepdims=True)
        variance = np.var(x, axis=-1, keepdims=True)
        return g * (x - mean) / np.sqrt(variance + eps) + b

    def gelu(x: Any) -> Any:
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

    def block(x: Any, ln: Any, c_fc: Any, c_proj: Any) -> Any:
        def linear(x: Any, w: Any, b: Any) -> Any:
            return x @ w + b

        x = x + linear(gelu(linear(layer_norm(x, **ln), **c_fc)), **c_proj)
        return (x**2).mean()

    ln = {"g": rng.normal(size=C), "b": rng.normal(size=C)}
    c_fc = {"w": rng.normal(size=(C, 2 * C)), "b": rng.normal(size=2 * C)}
    c_proj = {"w": rng.normal(size=(2 * C, C)), "b": rng.normal(size=C)}
    return block, rng.normal(size=(T, C)), ln, c_fc, c_proj


# -- layers as objects, from the foundations up -----------------------------------------------------------------------------


class Module:
    def __call__(self, *args: Any) -> Any:
        self.args = args
        self.out = self.forward(*args)
        return self.out

    def forward(self, *args: Any) -> Any:
        raise NotImplementedError


class Lin(Module):
    def __init__(self, w: Any, b: Any) -> None:
        self.w, self.b = w, b

    def forward(self, inp: Any) -> Any:
        return inp @ self.w + self.b


class Relu(Module):
    def forward(self, inp: Any) -> Any:
        return np.clip(inp, 0.0, None) - 0.5


class Mse(Module):
    def forward(self, inp: Any, targ: Any) -> Any:
        return ((inp.squeeze(-1) - targ) ** 2).mean()


class Model:
    def __init__(self, *layers: Module) -> None:
        self.layers, self.loss = list(layers), Mse()

    def __call__(self, x: Any, targ: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return self.loss(x, targ)


@form
def modules_that_remember(rng: np.random.Generator, k: int) -> Made:
    n, d, h = 4 + k, 3 + k, 5 + k
    first, last = Lin(rng.normal(size=(d, h)), np.zeros(h)), Lin(rng.normal(size=(h, 1)), np.zeros(1))
    return Model(first, Relu(), last), rng.normal(size=(n, d)), rng.normal(size=n)


@counted
def collaborative_filter_in_a_range(rng: np.random.Generator, k: int) -> Made:
    users, movies, f, n = 4 + k, 5 + k, 3 + k, 6 + k

    def loss(p: Any, idx: Any, rating: Any) -> Any:
        u, m = idx[:, 0], idx[:, 1]
        res = (p["user_factors"][u] * p["movie_factors"][m]).sum(axis=1) + p["user_bias"][u] + p["movie_bias"][m]
        low, high = 0, 5.5
        return ((sigmoid(res) * (high - low) + low - rating) ** 2).mean()

    p = {"user_factors": rng.normal(size=(users, f)), "movie_factors": rng.normal(size=(movies, f))}
    p |= {"user_bias": rng.normal(size=users), "movie_bias": rng.normal(size=movies)}
    idx = np.stack([rng.integers(0, users, n), rng.integers(0, movies, n)], 1)
    return loss, p, idx, rng.uniform(0, 5, n)


@form
def products_by_broadcasting(rng: np.random.Generator, k: int) -> Made:
    n, d, c = 4 + k, 3 + k, 5 + k

    def logsumexp(x: Any) -> Any:
        m = x.max(-1)
        return m + np.log(np.exp(x - m[:, None]).sum(-1))

    def nll(a: Any, w: Any, targ: Any) -> Any:
        out = (a[..., None] * w[None]).sum(1)
        logp = out - logsumexp(out)[:, None]
        return -logp[np.arange(targ.shape[0]), targ].mean()

    return nll, rng.normal(size=(n, d)), rng.normal(size=(d, c)), rng.integers(0, c, n)


# -- assignments of a course on images --------------------------------------------------------------------------------------


@form
def affine_layers_with_caches(rng: np.random.Generator, k: int) -> Made:
    n, h, c = 4 + k, 5 + k, 3 + k

    def affine_forward(x: Any, w: Any, b: Any) -> Any:
        out = x.reshape(x.shape[0], -1).dot(w) + b
        return out, (x, w, b)

    def affine_relu_forward(x: Any, w: Any, b: Any) -> Any:
        a, fc_cache = affine_forward(x, w, b)
        return np.maximum(0, a), (fc_cache, a)

    def loss(params: Any, X: Any, y: Any = None, reg: float = 0.5) -> Any:
        hidden, _ = affine_relu_forward(X, params["W1"], params["b1"])
        scores, _ = affine_forward(hidden, params["W2"], params["b2"])
        if y is None:
            return scores
        shifted = scores - np.max(scores, axis=1, keepdims=True)
        log_probs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        total = -np.sum(log_probs[np.arange(X.shape[0]), y]) / X.shape[0]
        total += 0.5 * reg * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))
        return total

    params = {"W1": rng.normal(size=(12, h)), "b1": rng.normal(size=h), "W2": rng.normal(size=(h, c)), "b2": rng.normal(size=c)}
    return loss, params, rng.normal(size=(n, 3, 2, 2)), rng.integers(0, c, n)


@form
def spatial_batch_norm(rng: np.random.Generator, k: int) -> Made:
    N, C, H, W = 3 + k, 2 + k, 3 + k, 4 + k

    def loss(x: Any, gamma: Any, beta: Any, target: Any) -> Any:
        N, C, H, W = x.shape
        flat = x.transpose(0, 2, 3, 1).reshape(N * H * W, C)
        mu, var = flat.mean(axis=0), flat.var(axis=0)
        out = gamma * (flat - mu) / np.sqrt(var + 1e-5) + beta
        out = out.reshape(N, H, W, C).transpose(0, 3, 1, 2)
        return np.sum((out - target) ** 2)

    return loss, rng.normal(size=(N, C, H, W)), rng.normal(size=C), rng.normal(size=C), rng.normal(size=(N, C, H, W))


@form
def captions_with_a_mask(rng: np.random.Generator, k: int) -> Made:
    N, T, V, D = 2 + k, 3 + k, 5 + k, 4 + k

    def temporal_softmax_loss(h: Any, W: Any, b: Any, y: Any, mask: Any) -> Any:
        x = h.reshape(h.shape[0] * h.shape[1], -1).dot(W) + b
        N, T = y.shape
        y_flat, mask_flat = y.reshape(N * T), mask.reshape(N * T)
        probs = np.exp(x - np.max(x, axis=1, keepdims=True))
        probs /= np.sum(probs, axis=1, keepdims=True)
        return -np.sum(mask_flat * np.log(probs[np.arange(N * T), y_flat])) / N

    mask = (np.arange(T)[None] <= rng.integers(1, T, N)[:, None]).astype(float)
    return temporal_softmax_loss, rng.normal(size=(N, T, D)), rng.normal(size=(D, V)), np.zeros(V), rng.integers(0, V, (N, T)), mask


@form
def styles_by_gram_matrices(rng: np.random.Generator, k: int) -> Made:
    C, H, W = 2 + k, 3 + k, 4 + k

    def gram(features: Any) -> Any:
        C, H, W = features.shape
        F = features.reshape(C, H * W)
        return F @ F.T / (H * W * C)

    def loss(image: Any, style: Any, content: Any) -> Any:
        tv = np.sum((image[:, :, 1:] - image[:, :, :-1]) ** 2) + np.sum((image[:, 1:, :] - image[:, :-1, :]) ** 2)
        return 5 * np.sum((gram(image) - gram(style)) ** 2) + np.sum((image - content) ** 2) + 0.1 * tv

    return (loss, *(rng.normal(size=(C, H, W)) for _ in range(3)))


@form
def hinge_without_loops(rng: np.random.Generator, k: int) -> Made:
    n, d, c = 5 + k, 4 + k, 3 + k

    def svm_loss(W: Any, X: Any, y: Any, reg: Any) -> Any:
        num_train = X.shape[0]
        scores = X @ W
        correct = scores[np.arange(num_train), y][:, np.newaxis]
        margins = np.maximum(0, scores - correct + 1)
        margins[np.arange(num_train), y] = 0
        return margins.sum() / num_train + reg * np.sum(W * W)

    return svm_loss, rng.normal(size=(d, c)), rng.normal(size=(n, d)), rng.integers(0, c, n), 0.05


# -- vectors in columns, dicts of parameters by their number -----------------------------------------------------------------


@form
def regularised_logistic_cost(rng: np.random.Generator, k: int) -> Made:
    m, n = 6 + k, 3 + k

    def cost(theta: Any, X: Any, y: Any, lambda_: float = 0.3) -> Any:
        m = y.size
        X = np.concatenate([np.ones((m, 1)), X], axis=1)
        h = sigmoid(X.dot(theta.T))
        temp = theta.copy()
        temp[0] = 0
        J = (1 / m) * np.sum(-y.dot(np.log(h)) - (1 - y).dot(np.log(1 - h)))
        return J + (lambda_ / (2 * m)) * np.sum(np.square(temp))

    return cost, rng.normal(size=n + 1), rng.normal(size=(m, n)), (rng.random(m) > 0.5).astype(float)


@form
def ratings_that_are_there(rng: np.random.Generator, k: int) -> Made:
    movies, users, f = 5 + k, 4 + k, 3 + k

    def cofi_cost(X: Any, Theta: Any, Y: Any, R: Any, lambda_: float = 1.5) -> Any:
        J = 1 / 2 * np.sum(((X @ Theta.T - Y) * R) ** 2)
        return J + lambda_ / 2 * np.sum(Theta**2) + lambda_ / 2 * np.sum(X**2)

    R = (rng.random((movies, users)) > 0.4).astype(int)
    return cofi_cost, rng.normal(size=(movies, f)), rng.normal(size=(users, f)), rng.normal(size=(movies, users)), R


@form
def deep_model_by_layer_numbers(rng: np.random.Generator, k: int) -> Made:
    dims, m = [3 + k, 4 + k, 2 + k, 1], 5 + k

    def linear_activation_forward(A_prev: Any, W: Any, b: Any, activation: str) -> Any:
        Z = np.dot(W, A_prev) + b
        if activation == "sigmoid":
            A = 1 / (1 + np.exp(-Z))
        elif activation == "relu":
            A = np.maximum(0, Z)
        assert A.shape == (W.shape[0], A_prev.shape[1])
        return A, ((A_prev, W, b), Z)

    def cost(parameters: Any, X: Any, Y: Any) -> Any:
        caches, A = [], X
        L = len(parameters) // 2
        for l in range(1, L):  # noqa: E741
            A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
            caches.append(cache)
        AL, cache = linear_activation_forward(A, parameters[f"W{L}"], parameters[f"b{L}"], "sigmoid")
        caches.append(cache)
        m = Y.shape[1]
        return np.squeeze((1.0 / m) * (-np.dot(Y, np.log(AL).T) - np.dot(1 - Y, np.log(1 - AL).T)))

    parameters: dict[str, Any] = {}
    for l in range(1, len(dims)):  # noqa: E741
        parameters[f"W{l}"], parameters[f"b{l}"] = rng.normal(size=(dims[l], dims[l - 1])), rng.normal(size=(dims[l], 1))
    return cost, parameters, rng.normal(size=(dims[0], m)), (rng.random((1, m)) > 0.5).astype(float)


@form
def lstm_cell_with_gates_in_a_dict(rng: np.random.Generator, k: int) -> Made:
    n_x, n_a, m = 2 + k, 3 + k, 4 + k

    def cell(xt: Any, a_prev: Any, c_prev: Any, parameters: Any) -> Any:
        concat = np.concatenate((a_prev, xt), axis=0)
        gate = lambda g: np.dot(parameters["W" + g], concat) + parameters["b" + g]  # noqa: E731
        ft, it, ot = sigmoid(gate("f")), sigmoid(gate("i")), sigmoid(gate("o"))
        c_next = ft * c_prev + it * np.tanh(gate("c"))
        a_next = ot * np.tanh(c_next)
        yt_pred = softmax((np.dot(parameters["Wy"], a_next) + parameters["by"]).T).T
        return np.sum(yt_pred[0] ** 2) + np.sum(a_next * c_next)

    p = {f"W{g}": rng.normal(size=(n_a, n_a + n_x)) for g in "fioc"} | {f"b{g}": rng.normal(size=(n_a, 1)) for g in "fioc"}
    p |= {"Wy": rng.normal(size=(2 + k, n_a)), "by": rng.normal(size=(2 + k, 1))}
    return cell, rng.normal(size=(n_x, m)), rng.normal(size=(n_a, m)), rng.normal(size=(n_a, m)), p


@form
def triplets_with_a_margin(rng: np.random.Generator, k: int) -> Made:
    def loss(y_pred: Any, alpha: float = 0.2) -> Any:
        anchor, positive, negative = y_pred[0], y_pred[1], y_pred[2]
        pos_dist = np.sum(np.square(anchor - positive), axis=-1)
        neg_dist = np.sum(np.square(anchor - negative), axis=-1)
        return np.sum(np.maximum(pos_dist - neg_dist + alpha, 0.0))

    return loss, [rng.normal(size=(4 + k, 3 + k)) for _ in range(3)]


# -- a book's network of sizes ----------------------------------------------------------------------------------------------------


class Network:
    def __init__(self, rng: np.random.Generator, sizes: list[int]) -> None:
        self.num_layers = len(sizes)
        self.biases = [rng.normal(size=(y, 1)) for y in sizes[1:]]
        self.weights = [rng.normal(size=(y, x)) for x, y in pairwise(sizes)]

    def feedforward(self, a: Any) -> Any:
        for b, w in zip(self.biases, self.weights, strict=True):
            a = sigmoid(np.dot(w, a) + b)
        return a

    def cross_entropy(self, x: Any, y: Any) -> Any:
        a = self.feedforward(x)
        return np.sum(np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a)))

    def quadratic(self, mini_batch: Any, lmbda: float) -> Any:
        cost = 0.0
        for x, y in mini_batch:
            cost += 0.5 * np.linalg.norm(self.feedforward(x) - y) ** 2 / len(mini_batch)
        cost += 0.5 * (lmbda / len(mini_batch)) * sum(np.linalg.norm(w) ** 2 for w in self.weights)
        return cost


@form
def layers_zipped_with_biases(rng: np.random.Generator, k: int) -> Made:
    sizes = [3 + k, 4 + k, 2 + k]
    return Network(rng, sizes).cross_entropy, rng.normal(size=(sizes[0], 1)), rng.uniform(0.1, 0.9, (sizes[-1], 1))


@form
def a_batch_of_pairs(rng: np.random.Generator, k: int) -> Made:
    sizes = [3 + k, 4 + k, 2 + k]
    batch = [(rng.normal(size=(sizes[0], 1)), rng.uniform(size=(sizes[-1], 1))) for _ in range(2)]
    return Network(rng, sizes).quadratic, batch, 0.5


# -- a book that dives into it ------------------------------------------------------------------------------------------------------


@form
def squared_loss_in_the_shape_of_the_prediction(rng: np.random.Generator, k: int) -> Made:
    n, d = 5 + k, 3 + k

    def loss(X: Any, w: Any, b: Any, y: Any) -> Any:
        y_hat = np.matmul(X, w) + b
        return ((y_hat - y.reshape(y_hat.shape)) ** 2 / 2).mean()

    return loss, rng.normal(size=(n, d)), rng.normal(size=(d, 1)), np.zeros(1), rng.normal(size=n)


@form
def softmax_regression_by_partition(rng: np.random.Generator, k: int) -> Made:
    n, c = 4 + k, 3 + k

    def net(X: Any, W: Any, b: Any) -> Any:
        X_exp = np.exp(np.dot(X.reshape((-1, W.shape[0])), W) + b)
        return X_exp / X_exp.sum(1, keepdims=True)

    def loss(X: Any, W: Any, b: Any, y: Any) -> Any:
        y_hat = net(X, W, b)
        return -np.log(y_hat[range(len(y_hat)), y]).mean()

    return loss, rng.normal(size=(n, 2, 3)), rng.normal(size=(6, c)), rng.normal(size=c), rng.integers(0, c, n)


@counted
def correlation_by_loops(rng: np.random.Generator, k: int) -> Made:
    def corr2d(X: Any, K: Any) -> Any:
        h, w = K.shape
        Y = np.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
        for i in range(Y.shape[0]):
            for j in range(Y.shape[1]):
                Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
        return Y

    def loss(X: Any, K: Any, Y: Any) -> Any:
        return ((corr2d(X, K) - Y) ** 2).sum()

    return loss, rng.normal(size=(4, 4)), rng.normal(size=(2, 2)), rng.normal(size=(3, 3))


@form
def scores_masked_by_valid_lengths(rng: np.random.Generator, k: int) -> Made:
    b, q, n, d = 2 + k, 3 + k, 4 + k, 5 + k

    def masked_softmax(X: Any, valid_lens: Any) -> Any:
        mask = np.arange(X.shape[-1])[None, None, :] < valid_lens[:, None, None]
        return softmax(np.where(mask, X, -1e6))

    def attention(queries: Any, keys: Any, values: Any, valid_lens: Any) -> Any:
        d = queries.shape[-1]
        scores = np.matmul(queries, keys.swapaxes(1, 2)) / np.sqrt(d)
        return np.matmul(masked_softmax(scores, valid_lens), values).sum()

    shapes = [(b, q, d), (b, n, d), (b, n, 2 + k)]
    return (attention, *(rng.normal(size=s) for s in shapes), rng.integers(1, n, b))


@form
def additive_attention(rng: np.random.Generator, k: int) -> Made:
    q, n, d, h = 2 + k, 3 + k, 4 + k, 5 + k

    def loss(p: Any, queries: Any, keys: Any, values: Any) -> Any:
        queries, keys = queries @ p["W_q"], keys @ p["W_k"]
        features = np.tanh(np.expand_dims(queries, 1) + np.expand_dims(keys, 0))
        scores = (features @ p["w_v"]).squeeze(-1)
        return np.sum((softmax(scores) @ values) ** 2)

    p = {"W_q": rng.normal(size=(d, h)), "W_k": rng.normal(size=(d, h)), "w_v": rng.normal(size=(h, 1))}
    return loss, p, rng.normal(size=(q, d)), rng.normal(size=(n, d)), rng.normal(size=(n, 2 + k))


@counted
def gated_units_over_one_hot_steps(rng: np.random.Generator, k: int) -> Made:
    T, B, V, H = 2, 2, 3, 4

    def loss(params: Any, inputs: Any, H_0: Any) -> Any:
        W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h = params
        H, outputs = H_0, []
        for X in inputs:
            Z = sigmoid((X @ W_xz) + (H @ W_hz) + b_z)
            R = sigmoid((X @ W_xr) + (H @ W_hr) + b_r)
            H_tilda = np.tanh((X @ W_xh) + ((R * H) @ W_hh) + b_h)
            H = Z * H + (1 - Z) * H_tilda
            outputs.append(H)
        return (np.concatenate(outputs, axis=0) ** 2).mean()

    shapes = [(V, H), (H, H), (H,)] * 3
    return loss, [rng.normal(size=s) for s in shapes], rng.normal(size=(T, B, V)), np.zeros((B, H))


# -- a course on language ---------------------------------------------------------------------------------------------------------


@form
def centre_word_by_naive_softmax(rng: np.random.Generator, k: int) -> Made:
    V, d = 6 + k, 3 + k

    def loss(centerWordVec: Any, outsideVectors: Any, outsideWordIdx: Any) -> Any:
        scores = np.matmul(outsideVectors, centerWordVec)
        y_hat = softmax(scores)
        return -np.log(y_hat[outsideWordIdx])

    return loss, rng.normal(size=d), rng.normal(size=(V, d)), 2


@form
def windows_with_a_cube(rng: np.random.Generator, k: int) -> Made:
    V, d, f, h, c, n = 7 + k, 2 + k, 3, 4 + k, 3 + k, 5 + k

    def loss(self: Any, w: Any, labels: Any) -> Any:
        x = self["embeddings"][w.reshape(-1)].reshape(w.shape[0], -1)
        hidden = (x @ self["embed_to_hidden"] + self["bias"]) ** 3
        logits = hidden @ self["hidden_to_logits"]
        picked = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
        return np.mean(np.log(np.exp(logits).sum(axis=1)) - picked)

    p = {"embeddings": (V, d), "embed_to_hidden": (f * d, h), "bias": (h,), "hidden_to_logits": (h, c)}
    return loss, {n_: 0.5 * rng.normal(size=s) for n_, s in p.items()}, rng.integers(0, V, (n, f)), rng.integers(0, c, n)


@form
def negatives_beside_an_outside_word(rng: np.random.Generator, k: int) -> Made:
    V, d, K = 8 + k, 3 + k, 4 + k

    def loss(v: Any, U: Any, o: Any, neg: Any) -> Any:
        positive = -np.log(sigmoid(U[o] @ v))
        return positive - np.sum(np.log(sigmoid(-U[neg] @ v)))

    return loss, rng.normal(size=d), rng.normal(size=(V, d)), np.array(3), rng.integers(0, V, K)


# -- modules that pass columns on ----------------------------------------------------------------------------------------------------


class Linear:
    def __init__(self, W: Any, W0: Any) -> None:
        self.W, self.W0 = W, W0

    def forward(self, A: Any) -> Any:
        self.A = A
        return self.W.T @ A + self.W0


class Tanh:
    def forward(self, Z: Any) -> Any:
        self.A = np.tanh(Z)
        return self.A


class SoftMax:
    def forward(self, Z: Any) -> Any:
        return np.exp(Z) / np.sum(np.exp(Z), axis=0)


class Sequential:
    def __init__(self, modules: list[Any]) -> None:
        self.modules = modules

    def nll(self, Xt: Any, Y: Any) -> Any:
        for m in self.modules:
            Xt = m.forward(Xt)
        return float(-1) * np.sum(Y * np.log(Xt))


@form
def modules_over_columns(rng: np.random.Generator, k: int) -> Made:
    m, n, h, c = 3 + k, 5 + k, 4 + k, 2 + k
    layers = [
        Linear(rng.normal(size=(m, h)), np.zeros((h, 1))),
        Tanh(),
        Linear(rng.normal(size=(h, c)), np.zeros((c, 1))),
        SoftMax(),
    ]
    return Sequential(layers).nll, rng.normal(size=(m, n)), np.eye(c)[:, rng.integers(0, c, n)]


@form
def kernel_ridge(rng: np.random.Generator, k: int) -> Made:
    n, d = 5 + k, 3 + k

    def loss(alpha: Any, X: Any, y: Any, gamma: Any) -> Any:
        sq = np.sum(X**2, axis=1)
        K = np.exp(-gamma * (sq[:, None] + sq[None, :] - 2 * X @ X.T))
        residual = K @ alpha - y
        return residual @ residual + 0.1 * alpha @ K @ alpha

    return loss, rng.normal(size=n), rng.normal(size=(n, d)), rng.normal(size=n), np.array(0.4)


# -- trees of parameters ------------------------------------------------------------------------------------------------------------


@form
def pairs_in_a_list(rng: np.random.Generator, k: int) -> Made:
    sizes, n = [3 + k, 5 + k, 4 + k], 6 + k

    def predict(params: Any, inputs: Any) -> Any:
        activations = inputs
        for w, b in params[:-1]:
            activations = np.maximum(np.dot(activations, w) + b, 0)
        final_w, final_b = params[-1]
        logits = np.dot(activations, final_w) + final_b
        return logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))

    def loss(params: Any, inputs: Any, targets: Any) -> Any:
        return -np.mean(np.sum(predict(params, inputs) * targets, axis=1))

    params = [(rng.normal(size=(i, o)), rng.normal(size=o)) for i, o in pairwise(sizes)]
    return loss, params, rng.normal(size=(n, sizes[0])), np.eye(sizes[-1])[rng.integers(0, sizes[-1], n)]


@form
def heads_that_are_split(rng: np.random.Generator, k: int) -> Made:
    T, heads, d = 3 + k, 2, 3 + k
    C = heads * d

    def mha(x: Any, c_attn: Any, c_proj: Any) -> Any:
        x = x @ c_attn
        qkv = np.split(x, 3, axis=-1)
        parts = [np.split(a, heads, axis=-1) for a in qkv]
        outs = [softmax(q @ key.T / np.sqrt(q.shape[-1])) @ v for q, key, v in zip(*parts, strict=True)]
        return np.sum((np.hstack(outs) @ c_proj) ** 2)

    return mha, rng.normal(size=(T, C)), 0.5 * rng.normal(size=(C, 3 * C)), rng.normal(size=(C, C))


@counted
def coupling_layers_of_a_flow(rng: np.random.Generator, k: int) -> Made:
    n, d = 5 + k, 2 + k

    def net(p: Any, x: Any) -> Any:
        return np.tanh(x @ p["w"] + p["b"])

    def loss(params: Any, x: Any) -> Any:
        a, b = x[:, :d], x[:, d:]
        logdet = 0.0
        for layer in params:
            shift, log_scale = net(layer["shift"], a), net(layer["scale"], a)
            a, b = b * np.exp(log_scale) + shift, a
            logdet = logdet + log_scale.sum(axis=1)
        z = np.concatenate([a, b], axis=1)
        return -np.mean(-0.5 * np.sum(z**2, axis=1) - z.shape[1] / 2 * np.log(2 * np.pi) + logdet)

    def dense() -> dict[str, Any]:
        return {"w": rng.normal(size=(d, d)), "b": rng.normal(size=d)}

    return loss, [{"shift": dense(), "scale": dense()} for _ in range(2)], rng.normal(size=(n, 2 * d))


@counted
def noise_that_is_predicted(rng: np.random.Generator, k: int) -> Made:
    n, d, T = 5 + k, 3 + k, 8

    def loss(theta: Any, x0: Any, t: Any, noise: Any) -> Any:
        betas = np.linspace(1e-4, 0.2, T)
        alphas_bar = np.cumprod(1 - betas)
        a = alphas_bar[t][:, None]
        x_t = np.sqrt(a) * x0 + np.sqrt(1 - a) * noise
        predicted = np.tanh(x_t @ theta["W"] + theta["time"][t]) @ theta["out"]
        return np.mean((noise - predicted) ** 2)

    theta = {"W": rng.normal(size=(d, 4 + k)), "time": rng.normal(size=(T, 4 + k)), "out": rng.normal(size=(4 + k, d))}
    return loss, theta, rng.normal(size=(n, d)), rng.integers(0, T, n), rng.normal(size=(n, d))


@form
def policies_by_clipped_ratios(rng: np.random.Generator, k: int) -> Made:
    n, s, a = 6 + k, 3 + k, 4 + k

    def loss(W: Any, states: Any, actions: Any, old_logp: Any, advantages: Any) -> Any:
        logits = states @ W
        logp_all = logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))
        logp = logp_all[np.arange(len(actions)), actions]
        ratio = np.exp(logp - old_logp)
        clipped = np.clip(ratio, 0.8, 1.2) * advantages
        entropy = -np.mean(np.sum(np.exp(logp_all) * logp_all, axis=-1))
        return -np.mean(np.minimum(ratio * advantages, clipped)) - 0.01 * entropy

    return loss, rng.normal(size=(s, a)), rng.normal(size=(n, s)), rng.integers(0, a, n), rng.normal(size=n) - 1, rng.normal(size=n)


@counted
def returns_that_are_discounted(rng: np.random.Generator, k: int) -> Made:
    def loss(W: Any, states: Any, actions: Any, rewards: Any, gamma: float = 0.9) -> Any:
        returns, R = np.zeros_like(rewards), 0.0
        for t in reversed(range(len(rewards))):
            R = rewards[t] + gamma * R
            returns[t] = R
        returns = (returns - returns.mean()) / (returns.std() + 1e-8)
        probs = softmax(states @ W)
        return -(np.log(probs[np.arange(len(actions)), actions]) * returns).sum()

    return loss, rng.normal(size=(3, 2)), rng.normal(size=(4, 3)), rng.integers(0, 2, 4), rng.normal(size=4)


@counted
def forward_algorithm(rng: np.random.Generator, k: int) -> Made:
    def loss(model: Any, observations: Any) -> Any:
        A, B, pi = softmax(model["A"]), softmax(model["B"]), softmax(model["pi"])
        alpha = pi * B[:, observations[0]]
        total = 0.0
        for o in observations[1:]:
            c = alpha.sum()
            total -= np.log(c)
            alpha = (alpha / c) @ A * B[:, o]
        return total - np.log(alpha.sum())

    return loss, {"A": rng.normal(size=(3, 3)), "B": rng.normal(size=(3, 4)), "pi": rng.normal(size=3)}, [1, 0, 3, 2]


@form
def evidence_of_a_factor_model(rng: np.random.Generator, k: int) -> Made:
    n, d, z = 4 + k, 5 + k, 2 + k

    def loss(p: Any, x: Any, eps: Any) -> Any:
        mu, log_var = np.hsplit(x @ p["enc"], 2)
        latent = mu + np.exp(0.5 * log_var) * eps
        logits = latent @ p["dec"]
        bce = np.sum(np.logaddexp(0, logits) - x * logits, axis=1)
        kl = -0.5 * np.sum(1 + log_var - mu**2 - np.exp(log_var), axis=1)
        return np.mean(bce + kl)

    p = {"enc": 0.5 * rng.normal(size=(d, 2 * z)), "dec": rng.normal(size=(z, d))}
    return loss, p, rng.uniform(0.1, 0.9, (n, d)), rng.normal(size=(n, z))


@form
def contrast_in_a_batch(rng: np.random.Generator, k: int) -> Made:
    n, d = 4 + k, 3 + k

    def loss(W: Any, a: Any, b: Any, temperature: float = 2.0) -> Any:
        z1, z2 = a @ W, b @ W
        z1 = z1 / np.linalg.norm(z1, axis=1, keepdims=True)
        z2 = z2 / np.linalg.norm(z2, axis=1, keepdims=True)
        sim = np.einsum("id,jd->ij", z1, z2) / temperature
        labels = np.arange(sim.shape[0])
        rows = -sim[labels, labels] + np.log(np.exp(sim).sum(axis=1))
        columns = -np.diag(sim) + np.log(np.exp(sim).sum(axis=0))
        return (rows.mean() + columns.mean()) / 2

    return loss, rng.normal(size=(d, 2 + k)), rng.normal(size=(n, d)), rng.normal(size=(n, d))


@form
def graph_with_normalised_neighbours(rng: np.random.Generator, k: int) -> Made:
    n, d, c = 5 + k, 3 + k, 2 + k

    def loss(W: Any, A: Any, X: Any, labels: Any) -> Any:
        A_hat = A + np.identity(A.shape[0])
        D_inv = 1 / np.sqrt(A_hat.sum(axis=1))
        H = (D_inv[:, None] * A_hat * D_inv[None, :]) @ X @ W[0]
        out = np.where(H > 0, H, 0.1 * H) @ W[1]
        return np.mean(np.log(np.exp(out).sum(1)) - out[np.arange(len(labels)), labels])

    A = np.triu(rng.random((n, n)) > 0.5, 1).astype(float)
    return loss, (rng.normal(size=(d, 4 + k)), rng.normal(size=(4 + k, c))), A + A.T, rng.normal(size=(n, d)), rng.integers(0, c, n)
