"""The layers once more, as loops over numbers: what their equations say, read by a person and by nothing else."""

from itertools import product

import numpy as np
from numpy import ndarray


def conv(x: ndarray, W: ndarray, stride: tuple, padding: tuple, dilation: tuple, groups: int) -> ndarray:
    """x (N, C, H, W) with W (O, C / groups, K, K')."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    (n, channels), (made, seen) = x.shape[:2], W.shape[:2]
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, W.shape[2:], strict=True)]
    out = [(size - r) // s + 1 for size, r, s in zip(padded.shape[2:], reach, stride, strict=True)]
    y = np.zeros((n, made, *out))
    for b, o, p, q in np.ndindex(*y.shape):
        first = o // (made // groups) * (channels // groups)
        for c, i, j in product(range(seen), *map(range, W.shape[2:])):
            place = p * stride[0] + i * dilation[0], q * stride[1] + j * dilation[1]
            y[b, o, p, q] += padded[b, first + c, place[0], place[1]] * W[o, c, i, j]
    return y


def conv_transpose(x: ndarray, W: ndarray, stride: tuple, padding: tuple, dilation: tuple, extra: tuple) -> ndarray:
    """x (N, C, H, W) with W (C, O, K, K'): every pixel writes a kernel."""
    out = [
        (h - 1) * s + d * (k - 1) + 1 + e for h, s, d, k, e in zip(x.shape[2:], stride, dilation, W.shape[2:], extra, strict=True)
    ]
    y = np.zeros((x.shape[0], W.shape[1], *out))
    for b, c, i, j in np.ndindex(*x.shape):
        for o, k, m in np.ndindex(*W.shape[1:]):
            y[b, o, i * stride[0] + k * dilation[0], j * stride[1] + m * dilation[1]] += x[b, c, i, j] * W[c, o, k, m]
    return y[:, :, padding[0] : y.shape[2] - padding[0], padding[1] : y.shape[3] - padding[1]]


def pool(x: ndarray, size: tuple, stride: tuple, padding: tuple, kind: str) -> ndarray:
    """The maximum or the mean of each window of x (N, C, H, W)."""
    edge = -np.inf if kind == "max" else 0.0
    padded = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2), constant_values=edge)
    out = [(n - k) // s + 1 for n, k, s in zip(padded.shape[2:], size, stride, strict=True)]
    y = np.zeros((*x.shape[:2], *out))
    for b, c, p, q in np.ndindex(*y.shape):
        window = padded[b, c, p * stride[0] : p * stride[0] + size[0], q * stride[1] : q * stride[1] + size[1]]
        y[b, c, p, q] = window.max() if kind == "max" else window.mean()
    return y


def normalised(x: ndarray, parts: list[tuple], eps: float = 1e-5) -> ndarray:
    """x with each part, an index into it, shifted and scaled to mean 0 and variance 1."""
    y = np.empty_like(x)
    for part in parts:
        y[part] = (x[part] - x[part].mean()) / np.sqrt(x[part].var() + eps)
    return y


def attention(Q: ndarray, K: ndarray, V: ndarray, readable: ndarray) -> ndarray:
    """Q (T, d), K (U, d), V (U, e); readable (T, U)."""
    y = np.zeros((len(Q), V.shape[1]))
    for t in range(len(Q)):
        there = [u for u in range(len(K)) if readable[t, u]]
        weights = np.exp([Q[t] @ K[u] / np.sqrt(Q.shape[1]) for u in there])
        for u, weight in zip(there, weights / weights.sum(), strict=True):
            y[t] += weight * V[u]
    return y


def sigmoid(x: ndarray) -> ndarray:
    return 1 / (1 + np.exp(-x))


def lstm(x: ndarray, W: ndarray, U: ndarray, b: ndarray) -> ndarray:
    """All states (N, T, h), the gates in the order i, f, g, o."""
    h = c = np.zeros((len(x), len(U)))
    states = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ W + h @ U + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack(states, 1)


def gru(x: ndarray, W: ndarray, U: ndarray, b: ndarray, c: ndarray) -> ndarray:
    """All states (N, T, h), the parts in the order r, z, n."""
    h = np.zeros((len(x), len(U)))
    states = []
    for t in range(x.shape[1]):
        p, q = np.split(x[:, t] @ W + b, 3, axis=1), np.split(h @ U + c, 3, axis=1)
        r, z = sigmoid(p[0] + q[0]), sigmoid(p[1] + q[1])
        h = (1 - z) * np.tanh(p[2] + r * q[2]) + z * h
        states.append(h)
    return np.stack(states, 1)
