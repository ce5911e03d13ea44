# ruff: noqa: B905, C408, C417, E731, E741, F841, NPY002, RET505, RUF005, RUF007, RUF059, UP034
"""Losses as students write them: every habit of Python that was met, a function of its own for each, with its arguments."""

import copy
import enum
import functools
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PROGRAMS: dict[str, Callable[[], Any]] = {}
rng = np.random.default_rng(0)


def R(*shape):
    return rng.normal(size=shape)


def prog(made):
    """A program: it makes the function, its arguments, and settings of the trace."""
    PROGRAMS[made.__name__] = made
    return made


@prog
def nested_functions():

    def loss(params, X, y):

        def layer(x, W, b, act):
            return act(x @ W + b)

        def relu(z):
            return np.maximum(z, 0)

        h = layer(X, params["W1"], params["b1"], relu)
        out = layer(h, params["W2"], params["b2"], lambda z: z)
        return ((out - y) ** 2).mean()

    return (loss, ({"W1": R(3, 4), "b1": R(4), "W2": R(4, 1), "b2": R(1)}, R(6, 3), R(6, 1)))


@dataclass
class Dense:
    W: np.ndarray
    b: np.ndarray
    act: str = "relu"

    def forward(self, x):
        z = x @ self.W + self.b
        if self.act == "relu":
            return np.maximum(0, z)
        elif self.act == "tanh":
            return np.tanh(z)
        return z


@dataclass
class Model:
    layers: list = field(default_factory=list)
    l2: float = 0.001

    def __call__(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def loss(self, X, y):
        pred = self(X)
        data = np.mean((pred - y) ** 2)
        reg = self.l2 * sum((np.sum(l.W**2) for l in self.layers))
        return data + reg


@prog
def dataclasses_():
    m = Model([Dense(R(3, 4), R(4)), Dense(R(4, 4), R(4), "tanh"), Dense(R(4, 1), R(1), "linear")])
    return (m.loss, (R(6, 3), R(6, 1)))


@prog
def generator_expr():

    def loss(ws, X, y):
        pred = sum((w * X[:, i] ** i for i, w in enumerate(ws)))
        return sum(((p - t) ** 2 for p, t in zip(pred, y))) / len(y)

    return (loss, (R(3), R(5, 3), R(5)))


@prog
def zip_enum_start():

    def loss(weights, biases, X, y):
        a = X
        caches = []
        for i, (W, b) in enumerate(zip(weights, biases), start=1):
            z = a @ W + b
            caches.append((a, z))
            a = np.tanh(z) if i < len(weights) else z
        return 0.5 * np.sum((a - y) ** 2) / X.shape[0]

    return (loss, ([R(3, 4), R(4, 4), R(4, 2)], [R(4), R(4), R(2)], R(5, 3), R(5, 2)))


@prog
def while_fixed():

    def loss(theta, x):
        k = 0
        h = x
        while k < 4:
            h = np.tanh(theta["W"] @ h + theta["b"])
            k += 1
        return h.sum()

    return (loss, ({"W": R(3, 3), "b": R(3)}, R(3)))


@prog
def break_on_counts():

    def loss(W, x):
        total = 0.0
        for t in range(10):
            if t == 5:
                break
            x = np.sin(W @ x)
            if t % 2:
                continue
            total = total + np.sum(x**2)
        return total

    return (loss, (R(3, 3), R(3)))


@prog
def sorted_key_static():

    def loss(params, X):
        h = X
        for name in sorted(params, key=lambda k: int(k[1:])):
            h = np.tanh(h @ params[name])
        return np.mean(h)

    return (loss, ({"W10": R(4, 2), "W2": R(3, 4), "W1": R(3, 3)}, R(5, 3)))


@prog
def try_except():

    def loss(params, X, y):
        try:
            b = params["bias"]
        except KeyError:
            b = 0.0
        z = X @ params["w"] + b
        try:
            p = 1 / (1 + np.exp(-z))
        except FloatingPointError:
            p = np.clip(z, 0, 1)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    return (loss, ({"w": R(3)}, R(6, 3), np.array([0.0, 1, 1, 0, 1, 0])))


@prog
def fstrings():

    def loss(W, X, y):
        z = X @ W
        print(f"mean z={z.mean():.3f} max={np.max(z)} shape={z.shape}")
        l = np.mean((z - y) ** 2)
        msg = f"loss {l:.4f}"
        return l

    return (loss, (R(3), R(6, 3), R(6)))


@prog
def vectorize():

    def loss(w, X, y):
        act = np.vectorize(lambda v: v if v > 0 else 0.01 * v)
        return np.mean((act(X @ w) - y) ** 2)

    return (loss, (R(3), R(6, 3), R(6)))


@prog
def list_of_dicts():

    def loss(net, X, y):
        a = X.T
        for layer in net:
            z = layer["W"] @ a + layer["b"]
            a = {"relu": lambda t: np.maximum(t, 0), "sigmoid": lambda t: 1 / (1 + np.exp(-t))}[layer["activation"]](z)
        m = y.shape[1]
        cost = -1 / m * np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
        return np.squeeze(cost)

    return (
        loss,
        (
            [
                {"W": R(4, 3), "b": np.zeros((4, 1)), "activation": "relu"},
                {"W": R(1, 4), "b": np.zeros((1, 1)), "activation": "sigmoid"},
            ],
            R(6, 3),
            np.array([[0.0, 1, 1, 0, 1, 0]]),
        ),
    )


@prog
def inplace_slices():

    def loss(params, x):
        T = x.shape[0]
        H = params["U"].shape[0]
        h = np.zeros((T + 1, H))
        for t in range(T):
            h[t + 1, :] = np.tanh(params["W"] @ x[t] + params["U"] @ h[t])
        out = h[1:] @ params["V"]
        out[0] *= 0.5
        out[-1] += 1.0
        return np.sum(out**2)

    return (loss, ({"W": R(3, 2), "U": R(3, 3) * 0.5, "V": R(3)}, R(4, 2)))


@prog
def seed_dropout():

    def loss(params, X, y, keep=0.8):
        np.random.seed(42)
        h = np.maximum(X @ params["W1"], 0)
        mask = (np.random.rand(*h.shape) < keep) / keep
        h *= mask
        return np.mean((h @ params["W2"] - y) ** 2)

    return (loss, ({"W1": R(3, 5), "W2": R(5)}, R(6, 3), R(6)))


W_G = R(3, 2)


b_G = R(2)


@prog
def global_params():

    def loss(X, y):
        return np.mean((np.tanh(X @ W_G + b_G) - y) ** 2)

    return (loss, (R(5, 3), R(5, 2)), dict(wrt="W_G, b_G"))


@prog
def lambda_layers():
    sig = lambda z: 1 / (1 + np.exp(-z))
    lin = lambda W, b: lambda x: x @ W + b

    def loss(p, X, y):
        net = [lin(p["W1"], p["b1"]), np.tanh, lin(p["W2"], p["b2"]), sig]
        a = X
        for f in net:
            a = f(a)
        return -(y * np.log(a)).sum() - ((1 - y) * np.log(1 - a)).sum()

    return (loss, ({"W1": R(3, 4), "b1": R(4), "W2": R(4, 1), "b2": R(1)}, R(5, 3), np.array([[0.0], [1], [1], [0], [1]])))


class Base:
    def __init__(self):
        self.params = {}

    @property
    def n_layers(self):
        return len(self.params) // 2

    def forward(self, X):
        raise NotImplementedError

    def loss(self, X, y):
        return np.mean((self.forward(X) - y) ** 2)


class Child(Base):
    def __init__(self, sizes):
        super().__init__()
        for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:]), 1):
            self.params[f"W{i}"] = R(a, b)
            self.params[f"b{i}"] = np.zeros(b)

    def forward(self, X):
        self.cache = {"A0": X}
        for i in range(1, self.n_layers + 1):
            Z = self.cache[f"A{i - 1}"] @ self.params[f"W{i}"] + self.params[f"b{i}"]
            self.cache[f"Z{i}"] = Z
            self.cache[f"A{i}"] = np.maximum(Z, 0) if i < self.n_layers else Z
        return self.cache[f"A{self.n_layers}"]


@prog
def inheritance_property():
    return (Child([3, 4, 4, 1]).loss, (R(6, 3), R(6, 1)))


@prog
def reduce_():
    from functools import reduce

    def loss(Ws, X):
        return np.sum(reduce(lambda a, W: np.tanh(a @ W), Ws, X) ** 2)

    return (loss, ([R(3, 3), R(3, 2)], R(4, 3)))


@prog
def kwargs_and_defaults():

    def layer(x, *, W, b=0, act=None):
        z = x @ W + b
        return act(z) if act else z

    def loss(X, y, **p):
        h = layer(X, W=p["W1"], b=p["b1"], act=np.tanh)
        return np.mean((layer(h, W=p["W2"]) - y) ** 2)

    def f(p, X, y):
        return loss(X, y, **p)

    return (f, ({"W1": R(3, 4), "b1": R(4), "W2": R(4)}, R(5, 3), R(5)))


@prog
def batches_loop():

    def loss(params, X, y, batch=2):
        total = 0
        n = 0
        for i in range(0, len(X), batch):
            xb, yb = (X[i : i + batch], y[i : i + batch])
            total += ((xb @ params["w"] + params["b"] - yb) ** 2).sum()
            n += len(xb)
        return total / n

    return (loss, ({"w": R(3), "b": R()}, R(6, 3), R(6)))


@prog
def python_floats_lists():

    def loss(w, data):
        total = 0.0
        for x1, x2, t in data:
            z = w[0] * x1 + w[1] * x2 + w[2]
            p = 1 / (1 + math.exp(-z))
            total += -(t * math.log(p) + (1 - t) * math.log(1 - p))
        return total / len(data)

    return (loss, (R(3), [(0.5, 1.0, 1), (0.2, -1.0, 0), (1.5, 0.3, 1)]))


@prog
def argmax_accuracy():

    def loss(W, X, y):
        s = X @ W
        e = np.exp(s - np.max(s, axis=1, keepdims=True))
        p = e / np.sum(e, axis=1, keepdims=True)
        acc = (np.argmax(p, 1) == y).mean()
        print("acc:", acc)
        l = -np.log(p[range(len(y)), y] + 1e-12)
        return (np.average(l), acc)

    return (loss, (R(3, 4), R(6, 3), np.array([0, 1, 3, 2, 1, 0])))


@prog
def one_hot_eye():

    def loss(W, X, y):
        Y = np.eye(W.shape[1])[y]
        P = np.exp(X @ W)
        P /= P.sum(1)[:, None]
        return -(Y * np.log(P)).sum() / len(X)

    return (loss, (R(3, 4), R(6, 3), np.array([0, 1, 3, 2, 1, 0])))


@prog
def y_one_based():

    def loss(Theta1, Theta2, X, y, lam=0.1):
        m = X.shape[0]
        a1 = np.hstack([np.ones((m, 1)), X])
        a2 = 1 / (1 + np.exp(-a1 @ Theta1.T))
        a2 = np.c_[np.ones(m), a2]
        h = 1 / (1 + np.exp(-a2 @ Theta2.T))
        Y = np.zeros((m, 3))
        for i in range(m):
            Y[i, y[i] - 1] = 1
        J = np.sum(-Y * np.log(h) - (1 - Y) * np.log(1 - h)) / m
        J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))
        return J

    return (loss, (R(4, 4), R(3, 5), R(5, 3), np.array([1, 3, 2, 1, 2])), dict(wrt="Theta1, Theta2"))


@prog
def lstm_class():

    class LSTM:
        def __init__(s, D, H):
            s.H = H
            s.Wf, s.Wi, s.Wc, s.Wo = [R(H, H + D) * 0.5 for _ in range(4)]
            s.bf, s.bi, s.bc, s.bo = [np.zeros((H, 1)) for _ in range(4)]
            s.Wy = R(2, H)

        def step(s, x, h, c):
            z = np.vstack((h, x))
            sg = lambda t: 1 / (1 + np.exp(-t))
            f = sg(s.Wf @ z + s.bf)
            i = sg(s.Wi @ z + s.bi)
            g = np.tanh(s.Wc @ z + s.bc)
            o = sg(s.Wo @ z + s.bo)
            c = f * c + i * g
            h = o * np.tanh(c)
            return (h, c)

        def loss(s, xs, t):
            h = np.zeros((s.H, 1))
            c = np.zeros_like(h)
            for x in xs:
                h, c = s.step(x.reshape(-1, 1), h, c)
            y = s.Wy @ h
            p = np.exp(y) / np.sum(np.exp(y))
            return -np.log(p[t, 0])

    return (LSTM(2, 3).loss, (R(3, 2), 1))


@prog
def batchnorm_running():

    class BN:
        def __init__(s):
            s.gamma = np.ones(3) * 1.1
            s.beta = np.zeros(3) + 0.1
            s.running_mean = np.zeros(3)
            s.W = R(4, 3)

        def loss(s, X, y, training=True):
            z = X @ s.W
            if training:
                mu = z.mean(0)
                var = z.var(0)
                s.running_mean = 0.9 * s.running_mean + 0.1 * mu
            else:
                mu, var = (s.running_mean, np.ones(3))
            zh = (z - mu) / np.sqrt(var + 1e-05)
            return np.mean((s.gamma * zh + s.beta - y) ** 2)

    return (BN().loss, (R(6, 4), R(6, 3)))


@prog
def matrix_factor_loop():

    def loss(U, V, ratings):
        err = 0
        for i, j, r in ratings:
            err += (r - np.dot(U[i], V[j])) ** 2
        return err + 0.1 * (np.linalg.norm(U) ** 2 + np.linalg.norm(V) ** 2)

    return (loss, (R(3, 2), R(4, 2), [(0, 1, 3.0), (2, 3, 1.0), (1, 0, 4.0)]))


@prog
def kmeans_soft():

    def loss(C, X):
        d = np.array([[np.sum((x - c) ** 2) for c in C] for x in X])
        return d.min(axis=1).sum()

    return (loss, (R(2, 3), R(5, 3)))


@prog
def hinge_loops():

    def svm_loss_naive(W, X, y, reg=0.001):
        loss = 0.0
        for i in range(X.shape[0]):
            scores = X[i].dot(W)
            correct = scores[y[i]]
            for j in range(W.shape[1]):
                if j == y[i]:
                    continue
                margin = scores[j] - correct + 1
                if margin > 0:
                    loss += margin
        loss /= X.shape[0]
        loss += reg * np.sum(W * W)
        return loss

    return (svm_loss_naive, (R(3, 4), R(5, 3), np.array([0, 1, 3, 2, 1])))


@prog
def gaussian_process():

    def nll(theta, X, y):
        l, s, n = np.exp(theta)
        K = np.array([[s**2 * np.exp(-0.5 * ((a - b) / l) ** 2) for b in X] for a in X]) + n**2 * np.eye(len(X))
        L = np.linalg.cholesky(K)
        al = np.linalg.solve(L.T, np.linalg.solve(L, y))
        return 0.5 * y @ al + np.log(np.diag(L)).sum() + 0.5 * len(X) * np.log(2 * np.pi)

    return (nll, (R(3) * 0.3, np.linspace(0, 2, 5), R(5)), dict(wrt="theta"))


@prog
def word2vec():

    def loss(W, C, pairs, k=2):
        tot = 0
        for c, o, negs in pairs:
            u = W[c]
            tot -= np.log(1 / (1 + np.exp(-u @ C[o])))
            for n in negs:
                tot -= np.log(1 / (1 + np.exp(u @ C[n])))
        return tot / len(pairs)

    return (loss, (R(5, 3), R(5, 3), [(0, 1, [2, 3]), (4, 2, [0, 1])]))


@prog
def attention_heads():

    def softmax(x, axis=-1):
        x = x - x.max(axis=axis, keepdims=True)
        e = np.exp(x)
        return e / e.sum(axis=axis, keepdims=True)

    def mha(x, Wq, Wk, Wv, Wo, h):
        T, d = x.shape
        dk = d // h
        q, k, v = [(x @ W).reshape(T, h, dk).transpose(1, 0, 2) for W in (Wq, Wk, Wv)]
        m = np.triu(np.full((T, T), -np.inf), 1)
        a = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(dk) + m)
        return (a @ v).transpose(1, 0, 2).reshape(T, d) @ Wo

    def loss(p, x):
        return np.mean(mha(x, p["q"], p["k"], p["v"], p["o"], 2) ** 2)

    return (loss, ({k: R(4, 4) for k in "qkvo"}, R(5, 4)))


@prog
def vae():

    def loss(p, x, eps):
        h = np.tanh(x @ p["We"])
        mu, lv = (h @ p["Wm"], h @ p["Ws"])
        z = mu + np.exp(0.5 * lv) * eps
        xr = 1 / (1 + np.exp(-(z @ p["Wd"])))
        rec = -np.sum(x * np.log(xr) + (1 - x) * np.log(1 - xr), axis=1)
        kl = -0.5 * np.sum(1 + lv - mu**2 - np.exp(lv), axis=1)
        return np.mean(rec + kl)

    return (
        loss,
        ({"We": R(4, 3), "Wm": R(3, 2), "Ws": R(3, 2), "Wd": R(2, 4)}, rng.uniform(size=(5, 4)), R(5, 2)),
        dict(wrt="We,Wm,Ws,Wd"),
    )


@prog
def np_where_huber():

    def loss(w, X, y, delta=1.0):
        r = y - X.dot(w)
        return np.where(np.abs(r) <= delta, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta)).mean()

    return (loss, (R(3), R(6, 3), R(6) * 3))


@prog
def early_stop_value():

    def loss(w, X, y):
        z = X @ w
        err = 0.0
        for i in range(len(y)):
            e = (z[i] - y[i]) ** 2
            if e > 100:
                break
            err += e
        return err

    return (loss, (R(3), R(6, 3), R(6)))


@prog
def filter_learnt():

    def loss(w, X):
        z = X @ w
        pos = [v for v in z if v > 0]
        return sum(pos)

    return (loss, (R(3), R(6, 3)))


@prog
def while_value():

    def loss(w, x):
        h = x
        while np.linalg.norm(h) > 0.5:
            h = 0.5 * np.tanh(w * h)
        return h.sum()

    return (loss, (R(3), R(3)))


@prog
def deque_and_stack():
    from collections import defaultdict, deque, namedtuple

    Params = namedtuple("Params", "W b")

    def loss(p, X):
        q = deque([X], maxlen=2)
        for _ in range(3):
            q.append(np.tanh(q[-1] @ p.W + p.b))
        grads = defaultdict(list)
        for a in q:
            grads["a"].append(a.mean())
        return sum(grads["a"])

    return (loss, (Params(R(3, 3), R(3)), R(4, 3)))


@prog
def einsum_moe():

    def loss(p, x):
        g = np.exp(x @ p["G"])
        g = g / g.sum(-1, keepdims=True)
        e = np.einsum("nd,edh->neh", x, p["E"])
        return np.einsum("ne,neh->nh", g, np.tanh(e)).sum()

    return (loss, ({"G": R(3, 2), "E": R(2, 3, 4)}, R(5, 3)))


@prog
def map_filter_any():

    def loss(Ws, X):
        act = list(map(lambda W: np.tanh(X @ W), filter(lambda W: W.shape[1] > 1, Ws)))
        assert all((a.shape[0] == X.shape[0] for a in act))
        return np.concatenate(act, axis=1).sum()

    return (loss, ([R(3, 2), R(3, 1), R(3, 4)], R(4, 3)))


@prog
def global_counter_cache():
    cache = {}

    def sigmoid(z):
        key = "sig"
        cache[key] = 1 / (1 + np.exp(-z))
        return cache[key]

    def loss(w, b, X, y):
        global W_LAST
        a = sigmoid(X @ w + b)
        return np.mean((cache["sig"] - y) ** 2)

    return (loss, (R(3), R(), R(6, 3), R(6)), dict(wrt="w,b"))


@prog
def momentum_trick():

    def loss(params, X, y, epochs=3, lr=0.1):
        w = params["w0"].copy()
        v = np.zeros_like(w)
        for _ in range(epochs):
            g = X.T @ (X @ w - y) / len(y)
            v = 0.9 * v - lr * g
            w += v
        return np.mean((X @ w - y) ** 2)

    return (loss, ({"w0": R(3)}, R(6, 3), R(6)))


@prog
def print_plot():

    def loss(W, X, y):
        h = np.tanh(X @ W)
        hist = []
        hist.append(float(np.mean(h)))
        return np.sqrt(np.mean((h.sum(axis=1) - y) ** 2))

    return (loss, (R(3, 2), R(6, 3), R(6)))


@prog
def numpy_random_generator():
    g = np.random.default_rng(1)

    def loss(W, X):
        noise = g.normal(0, 0.1, size=X.shape)
        idx = g.permutation(len(X))
        return np.mean(((X + noise)[idx] @ W) ** 2)

    return (loss, (R(3, 2), R(6, 3)), dict(wrt="W"))


@prog
def flat_theta():
    sizes = [3, 4, 2]

    def unpack(theta):
        out = []
        k = 0
        for a, b in zip(sizes[:-1], sizes[1:]):
            W = theta[k : k + a * b].reshape(a, b)
            k += a * b
            c = theta[k : k + b]
            k += b
            out.append((W, c))
        return out

    def loss(theta, X, y):
        a = X
        for W, c in unpack(theta):
            a = np.tanh(a @ W + c)
        return ((a - y) ** 2).mean()

    return (loss, (R(3 * 4 + 4 + 4 * 2 + 2), R(5, 3), R(5, 2)), dict(wrt="theta"))


@prog
def isinstance_checks():

    def loss(w, X, y):
        if not isinstance(X, np.ndarray):
            X = np.array(X)
        if type(w) is list:
            w = np.array(w)
        if X.ndim == 1:
            X = X[None, :]
        assert X.shape[0] == y.size, "bad"
        X = np.asarray(X, dtype=np.float64)
        z = X.dot(w).flatten()
        return float(((z - y) ** 2).sum() / z.size)

    return (loss, (R(3), R(6, 3), R(6)))


@prog
def getattr_dispatch():

    def loss(p, X, act="tanh"):
        f = getattr(np, act)
        return f(X @ p["W"]).sum(axis=0).mean()

    return (loss, ({"W": R(3, 4)}, R(5, 3)))


class Act(enum.Enum):
    RELU = 1
    TANH = 2


@prog
def enum_match():

    def loss(p, X):
        h = X
        for a, W in zip([Act.RELU, Act.TANH], p):
            match a:
                case Act.RELU:
                    h = np.maximum(h @ W, 0)
                case Act.TANH:
                    h = np.tanh(h @ W)
        return (h**2).mean()

    return (loss, ([R(3, 4), R(4, 2)], R(5, 3)))


@prog
def itertools_():

    def loss(ps, X):
        pen = sum((np.abs(w).sum() for w in itertools.chain(*ps)))
        out = 0
        for (i, a), (j, b) in itertools.product(enumerate(ps[0]), enumerate(ps[1])):
            out = out + (i + 1) * (j + 1) * np.tanh(X @ a @ b).sum()
        acc = list(itertools.accumulate([X @ ps[0][0], X @ ps[0][1]]))
        return out + 0.1 * pen + acc[-1].mean()

    return (loss, ([[R(3, 2), R(3, 2)], [R(2, 2)]], R(4, 3)))


@prog
def partial_and_wraps():

    def logged(f):

        @functools.wraps(f)
        def g(*a, **k):
            t = time.time()
            r = f(*a, **k)
            g.calls = getattr(g, "calls", 0) + 1
            return r

        return g

    @logged
    def layer(W, x, scale=1.0):
        return np.tanh(scale * (x @ W))

    def loss(Ws, X):
        fs = [functools.partial(layer, W, scale=0.5) for W in Ws]
        return functools.reduce(lambda x, f: f(x), fs, X).sum()

    return (loss, ([R(3, 3), R(3, 2)], R(4, 3)))


@prog
def deepcopy_inside():

    def loss(params, X, y):
        p = copy.deepcopy(params)
        p["W"] = p["W"] * 0.9
        q = dict(params)
        q.update(b=params["b"] + 1)
        return np.mean((X @ p["W"] + q["b"] - y) ** 2)

    return (loss, ({"W": R(3, 2), "b": R(2)}, R(5, 3), R(5, 2)))


@prog
def recursion():

    def tree(node, x):
        if isinstance(node, tuple):
            return np.tanh(W_[0] @ np.concatenate([tree(node[0], x), tree(node[1], x)]))
        return x[node]

    W_ = [None]

    def loss(W, E):
        W_[0] = W
        return tree(((0, 1), (2, (3, 0))), E).sum()

    return (loss, (R(3, 6), R(4, 3)))


@prog
def nonlocal_walrus():

    def loss(w, X):
        count = 0
        total = 0.0

        def add(v):
            nonlocal count, total
            count += 1
            total = total + v

        i = 0
        while (n := i) < len(X):
            add(np.tanh(X[n] @ w))
            i += 1
        return total / count

    return (loss, (R(3), R(4, 3)))


@prog
def ndenumerate_():

    def loss(W, x):
        out = np.zeros(W.shape[0])
        for (i, j), v in np.ndenumerate(W):
            out[i] += v * x[j]
        return (out**2).sum()

    return (loss, (R(3, 2), R(2)))


@prog
def apply_along():

    def loss(W, X):
        sm = lambda v: np.exp(v) / np.exp(v).sum()
        return (np.apply_along_axis(sm, 1, X @ W) ** 2).sum()

    return (loss, (R(3, 4), R(5, 3)))


@prog
def shuffle_split():

    def loss(W, X, y):
        np.random.seed(0)
        idx = np.arange(X.shape[0])
        np.random.shuffle(idx)
        tr = idx[:4]
        Xt, yt = (X[tr], y[tr])
        return np.mean((Xt @ W - yt) ** 2)

    return (loss, (R(3), R(6, 3), R(6)), dict(wrt="W"))


@prog
def random_choice():

    def loss(W, X, y):
        np.random.seed(0)
        i = np.random.choice(X.shape[0], 3, replace=False)
        j = np.random.randint(0, len(X), 2)
        return np.mean((X[i] @ W - y[i]) ** 2) + (X[j] @ W).mean()

    return (loss, (R(3), R(6, 3), R(6)), dict(wrt="W"))


@prog
def tolist_item():

    def loss(W, X, y):
        z = X @ W
        l = ((z - y) ** 2).mean().item()
        hist = z.tolist()
        return l

    return (loss, (R(3), R(6, 3), R(6)))


@prog
def class_attr():

    class Net:
        W = R(3, 2)
        b = np.zeros(2)
        lr = 0.1

        @staticmethod
        def act(z):
            return np.tanh(z)

        @classmethod
        def fwd(cls, X):
            return cls.act(X @ cls.W + cls.b)

        def loss(self, X, y):
            return np.mean((self.fwd(X) - y) ** 2)

    return (Net().loss, (R(5, 3), R(5, 2)), dict(wrt="W,b"))


@prog
def getitem_container():

    class Params:
        def __init__(s, **k):
            s._d = dict(k)

        def __getitem__(s, k):
            return s._d[k]

        def __iter__(s):
            return iter(s._d.values())

        def __len__(s):
            return len(s._d)

        def items(s):
            return s._d.items()

    def loss(p, X, y):
        return np.mean((np.tanh(X @ p["W"]) @ p["v"] - y) ** 2) + 0.01 * sum(((w**2).sum() for w in p)) / len(p)

    return (loss, (Params(W=R(3, 4), v=R(4)), R(5, 3), R(5)))


@prog
def overloaded_value():

    class Value:
        def __init__(s, d):
            s.d = d

        def __add__(s, o):
            return Value(s.d + (o.d if isinstance(o, Value) else o))

        def __mul__(s, o):
            return Value(s.d * (o.d if isinstance(o, Value) else o))

        __radd__ = __add__
        __rmul__ = __mul__

        def tanh(s):
            return Value(np.tanh(s.d))

    def loss(w, x):
        v = [Value(a) for a in w]
        s = sum((a * b for a, b in zip(v, x)))
        return (s.tanh() * 2).d

    return (loss, (R(3), [1.0, 2.0, -1.0]))


@prog
def star_unpack():

    def loss(params, X):
        *hidden, (W, b) = params
        h = X
        for V, c in hidden:
            h = np.maximum(0.1 * h, h @ V + c)
        return np.sum(h @ W + b)

    return (loss, ([(R(3, 3), R(3)), (R(3, 3), R(3)), (R(3, 2), R(2))], R(4, 3)))


@prog
def meshgrid_rbf():

    def loss(c, w, s):
        xs = np.linspace(-1, 1, 5)
        ys = np.linspace(-1, 1, 4)
        XX, YY = np.meshgrid(xs, ys)
        out = np.zeros_like(XX)
        for k in range(len(w)):
            out += w[k] * np.exp(-((XX - c[k, 0]) ** 2 + (YY - c[k, 1]) ** 2) / s[k] ** 2)
        return np.sum((out - np.sin(XX * YY)) ** 2)

    return (loss, (R(3, 2), R(3), np.ones(3)))


@prog
def polyfit():

    def loss(coef, x, y):
        p = np.zeros_like(x)
        for c in coef[::-1]:
            p = p * x + c
        return np.mean((p - y) ** 2) + np.mean((np.polyval(coef, x) - y) ** 2)

    return (loss, (R(4), R(6), R(6)), dict(wrt="coef"))


@prog
def logsumexp_scipy():
    from scipy.special import expit, logsumexp

    def loss(W, v, X, y):
        s = X @ W
        return -(s[np.arange(len(y)), y] - logsumexp(s, axis=1)).mean() + expit(v).sum()

    return (loss, (R(3, 4), R(2), R(5, 3), np.array([0, 1, 3, 2, 1])), dict(wrt="W,v"))


@prog
def errstate_():

    def loss(w, X, y):
        with np.errstate(over="ignore", divide="ignore"):
            p = 1.0 / (1.0 + np.exp(-X @ w))
        eps = np.finfo(float).eps
        p = np.clip(p, eps, 1 - eps)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    return (loss, (R(3), R(6, 3), np.array([0.0, 1, 1, 0, 1, 0])))


@prog
def maxpool_reshape():

    def loss(k, x):
        N, H, W = x.shape
        y = np.zeros((N, H - 1, W - 1))
        for i in range(2):
            for j in range(2):
                y += k[i, j] * x[:, i : H - 1 + i, j : W - 1 + j]
        y = np.maximum(y, 0)[:, :4, :4]
        p = y.reshape(N, 2, 2, 2, 2).max(axis=(2, 4))
        return p.mean()

    return (loss, (R(2, 2), R(2, 5, 5)), dict(wrt="k"))


@prog
def im2col_stride():

    def loss(w, x):
        v = np.lib.stride_tricks.sliding_window_view(x, (2, 2))
        return np.tanh(np.tensordot(v, w, axes=([2, 3], [0, 1]))).sum()

    return (loss, (R(2, 2), R(4, 5)))


@prog
def padding_sequences():

    def loss(E, W, sents):
        m = max((len(s) for s in sents))
        batch = np.array([s + [0] * (m - len(s)) for s in sents])
        mask = (batch > 0).astype(float)
        h = E[batch] * mask[:, :, None]
        mean = h.sum(1) / mask.sum(1, keepdims=True)
        return (mean @ W).sum()

    return (loss, (R(6, 3), R(3), [[1, 2, 3], [4, 5], [1]]))


@prog
def gram_style():

    def gram(f):
        C = f.shape[0]
        F = f.reshape(C, -1)
        return F @ F.T / F.size

    def loss(img, W, target):
        f = np.maximum(np.einsum("oc,chw->ohw", W, img), 0)
        return np.sum((gram(f) - target) ** 2)

    return (loss, (R(3, 4, 4), R(2, 3), R(2, 2)), dict(wrt="img"))


@prog
def rl_returns():

    def loss(theta, states, actions, rewards, gamma=0.9):
        G = np.zeros_like(rewards)
        run = 0
        for t in reversed(range(len(rewards))):
            run = rewards[t] + gamma * run
            G[t] = run
        G = (G - G.mean()) / (G.std() + 1e-08)
        L = 0
        for s, a, g in zip(states, actions, G):
            z = theta.T @ s
            p = np.exp(z - z.max())
            p /= p.sum()
            L -= np.log(p[a]) * g
        return L

    return (loss, (R(3, 2), R(5, 3), np.array([0, 1, 1, 0, 1]), R(5)), dict(wrt="theta"))


@prog
def hmm_forward():

    def loss(A_, B_, pi_, obs):
        sm = lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)
        A, B, pi = (sm(A_), sm(B_), sm(pi_))
        al = pi * B[:, obs[0]]
        ll = 0
        for o in obs[1:]:
            c = al.sum()
            ll += np.log(c)
            al = al / c @ A * B[:, o]
        return -(ll + np.log(al.sum()))

    return (loss, (R(2, 2), R(2, 3), R(2), np.array([0, 2, 1, 1])))


@prog
def gcn():

    def loss(p, A, X, y):
        Ah = A + np.eye(A.shape[0])
        d = Ah.sum(1)
        D = np.diag(1 / np.sqrt(d))
        An = D @ Ah @ D
        H = np.maximum(An @ X @ p["W0"], 0)
        Z = An @ H @ p["W1"]
        Z = Z - Z.max(1, keepdims=True)
        lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
        return -lp[np.arange(len(y)), y].mean()

    A = (rng.uniform(size=(5, 5)) > 0.5).astype(float)
    A = np.maximum(A, A.T)
    return (loss, ({"W0": R(3, 4), "W1": R(4, 2)}, A, R(5, 3), np.array([0, 1, 1, 0, 1])))


@prog
def contrastive():

    def loss(W, a, b, tau=0.1):
        za = a @ W
        zb = b @ W
        za /= np.linalg.norm(za, axis=1)[:, None]
        zb /= np.linalg.norm(zb, axis=1)[:, None]
        S = za @ zb.T / tau
        i = np.arange(len(S))
        return 0.5 * (-(S - np.log(np.exp(S).sum(1))[:, None])[i, i].mean() - (S - np.log(np.exp(S).sum(0))[None])[i, i].mean())

    return (loss, (R(3, 4), R(5, 3), R(5, 3)), dict(wrt="W"))


@prog
def decision_soft():

    def loss(W, leaf, X, y):
        p = 1 / (1 + np.exp(-X @ W))
        mu = np.ones((len(X), 1))
        k = 0
        for depth in range(2):
            n = 2**depth
            d = p[:, k : k + n]
            k += n
            mu = np.stack([mu * d, mu * (1 - d)], axis=2).reshape(len(X), -1)
        return np.mean((mu @ leaf - y) ** 2)

    return (loss, (R(3, 3), R(4), R(5, 3), R(5)), dict(wrt="W,leaf"))


@prog
def if_string_kwargs():

    def loss(w, X, y, kind="mae", verbose=False, **kw):
        r = X @ w - y
        if kind == "mse":
            l = (r**2).mean()
        elif kind == "mae":
            l = np.abs(r).mean()
        else:
            raise ValueError(kind)
        if verbose:
            print(l)
        return l + kw.get("l1", 0.0) * np.abs(w).sum()

    return (loss, (R(3), R(6, 3), R(6)))


@prog
def zip_star_dict_comp():

    def loss(params, X):
        upd = {k: v * 2 for k, v in params.items() if k.startswith("W")}
        names, vals = zip(*upd.items())
        h = X
        for v in vals:
            h = np.sin(h @ v)
        return sum(map(np.sum, [h, h**2]))

    return (loss, ({"W1": R(3, 3), "W2": R(3, 2), "b": R(2)}, R(4, 3)))


@prog
def set_and_bool_ops():

    def loss(w, X, y):
        m = (y > 0) & (X[:, 0] < 1) | ~(y < 2)
        return np.sum(np.where(m, X @ w, 0.0) ** 2) + np.sum((X @ w)[m]) + (X[~m] @ w).sum()

    return (loss, (R(3), R(6, 3), R(6)), dict(wrt="w"))


@prog
def np_matrix_ops():

    def loss(A, b):
        x = np.linalg.solve(A.T @ A + 0.1 * np.eye(A.shape[1]), A.T @ b)
        s, ld = np.linalg.slogdet(A.T @ A + np.eye(A.shape[1]))
        return x @ x + ld + np.trace(np.linalg.inv(A.T @ A + np.eye(3)))

    return (loss, (R(5, 3), R(5)), dict(wrt="A,b"))


@prog
def cumulative():

    def loss(w, x):
        c = np.cumsum(w * x)
        d = np.diff(c)
        p = np.cumprod(1 / (1 + np.exp(-w)))
        return (c**2).mean() + np.abs(d).sum() + p.sum() + np.prod(w)

    return (loss, (R(4), R(4)), dict(wrt="w"))


@prog
def ode_rk4():

    def loss(p, x0, obs, dt=0.1):
        f = lambda x: np.tanh(p["A"] @ x) + p["b"]
        x = x0
        L = 0.0
        for o in obs:
            k1 = f(x)
            k2 = f(x + dt / 2 * k1)
            k3 = f(x + dt / 2 * k2)
            k4 = f(x + dt * k3)
            x = x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            L += np.sum((x - o) ** 2)
        return L / len(obs)

    return (loss, ({"A": R(2, 2), "b": R(2)}, R(2), R(3, 2)))


@prog
def sort_quantile():

    def loss(w, X, y, q=0.9):
        r = np.sort(np.abs(X @ w - y))
        k = int(0.8 * len(r))
        e = y - X @ w
        return r[:k].mean() + np.mean(np.maximum(q * e, (q - 1) * e)) + np.median(r)

    return (loss, (R(3), R(6, 3), R(6)), dict(wrt="w"))


@prog
def dot_1d_list():

    def dot(v, w):
        return sum((vi * wi for vi, wi in zip(v, w)))

    def neuron(ws, xs):
        return math.tanh(dot(ws, xs))

    def loss(net, data):
        tot = 0
        for x, t in data:
            out = x
            for layer in net:
                out = [neuron(n, out + [1]) for n in layer]
            tot += sum(((o - ti) ** 2 for o, ti in zip(out, t)))
        return tot

    return (
        loss,
        ([[[0.1, 0.2, 0.3], [0.3, -0.2, 0.1]], [[0.5, -0.4, 0.2]]], [([0.5, 1.0], [1]), ([0.1, -1.0], [0])]),
        dict(wrt="net"),
    )
