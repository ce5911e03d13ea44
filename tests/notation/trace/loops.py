# ruff: noqa: PERF401, RUF059 - as people write them
"""Losses by loops over entries, as assignments have them before they are vectorised: each by a function, arrays at two sizes,
and how many equations it is at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Made = tuple[Any, ...]


def convolution(x: Any, w: Any, b: Any, dout: Any, stride: int = 2) -> Any:
    N, C, H, W = x.shape
    F, _, h, k = w.shape
    Ho, Wo = (H - h) // stride + 1, (W - k) // stride + 1
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    out[n, f, i, j] = np.sum(x[n, :, i * stride : i * stride + h, j * stride : j * stride + k] * w[f]) + b[f]
    return np.sum(out * dout)


def convolution_entry_by_entry(x: Any, w: Any) -> Any:
    H, W = x.shape
    h, k = w.shape
    out = np.zeros((H - h + 1, W - k + 1))
    for i in range(H - h + 1):
        for j in range(W - k + 1):
            for a in range(h):
                for b in range(k):
                    out[i, j] += x[i + a, j + b] * w[a, b]
    return np.sum(np.tanh(out))


def correlation_in_one_dimension(x: Any, w: Any) -> Any:
    out = []
    for i in range(len(x) - len(w) + 1):
        out.append(np.sum(x[i : i + len(w)] * w))
    return np.sum(np.array(out) ** 2)


def largest_of_windows(x: Any, d: Any) -> Any:
    C, H, W = x.shape
    out = np.zeros((C, H // 2, W // 2))
    for c in range(C):
        for i in range(H // 2):
            for j in range(W // 2):
                out[c, i, j] = x[c, i * 2 : (i + 1) * 2, j * 2 : (j + 1) * 2].max()
    return (out * d).sum()


def means_of_windows_in_lists(x: Any, d: Any) -> Any:
    out = []
    for i in range(x.shape[0] // 2):
        row = []
        for j in range(x.shape[1] // 2):
            row.append(np.mean(x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]))
        out.append(row)
    return np.sum(np.array(out) * d)


def columns_of_windows(x: Any, W: Any) -> Any:
    N, C, H, Wd = x.shape
    k = 3
    oh, ow = H - k + 1, Wd - k + 1
    col = np.zeros((N, C, k, k, oh, ow))
    for a in range(k):
        for b in range(k):
            col[:, :, a, b, :, :] = x[:, :, a : a + oh, b : b + ow]
    col = col.transpose(0, 4, 5, 1, 2, 3).reshape(N * oh * ow, -1)
    return np.sum(np.tanh(col @ W) ** 2)


def product_of_matrices(A: Any, B: Any) -> Any:
    C = np.zeros((A.shape[0], B.shape[1]))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):  # noqa: E741 - as people write it
                C[i, j] += A[i, l] * B[l, j]
    return np.sum(C**2)


def sums_in_a_number(A: Any, B: Any) -> Any:
    n, k = A.shape
    C = np.zeros((n, B.shape[1]))
    for i in range(n):
        for j in range(B.shape[1]):
            s = 0.0
            for m in range(k):
                s += A[i, m] * B[m, j]
            C[i, j] = np.tanh(s)
    return np.sum(C**2)


def errors_one_by_one(w: Any, X: Any, y: Any) -> Any:
    loss = 0
    for i in range(len(X)):
        loss += (X[i] @ w - y[i]) ** 2
    return loss / len(X)


def softmax_one_by_one(W: Any, X: Any, y: Any) -> Any:
    loss, N = 0.0, X.shape[0]
    for i in range(N):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        loss += -np.log(np.exp(scores[y[i]]) / np.sum(np.exp(scores)))
    return loss / N + 0.1 * np.sum(W * W)


def attention_in_lists(q: Any, K: Any, V: Any) -> Any:
    e = []
    for t in range(K.shape[0]):
        e.append(np.dot(q, K[t]))
    e = np.array(e)
    p = np.exp(e - e.max())
    p /= p.sum()
    c = np.zeros(V.shape[1])
    for t in range(V.shape[0]):
        c = c + p[t] * V[t]
    return np.sum(c**2)


def differences_of_neighbours(x: Any) -> Any:
    s = 0
    for t in range(len(x) - 1):
        s += (x[t + 1] - x[t]) ** 2
    return s


def bilinear_form(A: Any, x: Any, y: Any) -> Any:
    s = 0
    for i in range(len(x)):
        for j in range(len(y)):
            s += x[i] * A[i, j] * y[j]
    return s**2


def largest_so_far(x: Any) -> Any:
    m = x[0]
    for i in range(1, len(x)):
        m = np.maximum(m, x[i])
    return m**2


def product_of_entries(x: Any) -> Any:
    p = 1.0
    for i in range(len(x)):
        p *= x[i]
    return p


def likelihood_less_penalties(mu: Any, s: Any, x: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        for d in range(x.shape[1]):
            total -= 0.5 * (x[i, d] - mu[d]) ** 2 / s[d] ** 2
            total -= np.log(s[d] ** 2 + 1.0)
    return -total


def kernel_matrix(X: Any, a: Any) -> Any:
    n = X.shape[0]
    K = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            K[i, j] = np.exp(-np.sum((X[i] - X[j]) ** 2))
    return a @ K @ a


def batches(X: Any, W: Any) -> Any:
    rows = [np.tanh(X[i] @ W) for i in range(X.shape[0])]
    return np.mean(np.stack(rows, axis=1) ** 2)


# -- loops that leave out steps, or whose inner loop begins or ends at the outer one --------------------------------------


def triangle_below(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            s += (x[i] - x[j]) ** 2
    return s


def stress_above(X: Any, D: Any) -> Any:
    n = X.shape[0]
    s = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            s += (np.sqrt(np.sum((X[i] - X[j]) ** 2)) - D[i, j]) ** 2
    return s


def triangles_with_the_diagonal_in_a_batch(A: Any) -> Any:
    s = 0.0
    for b in range(A.shape[0]):
        for i in range(A.shape[1]):
            for j in range(i, A.shape[1]):
                s += A[b, i, j] ** 2 * A[b, j, i]
    return s


def hinge(W: Any, X: Any, y: Any) -> Any:
    loss = 0.0
    dW = np.zeros(W.shape)
    for i in range(X.shape[0]):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(W.shape[1]):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    return loss / X.shape[0] + 0.1 * np.sum(W * W)


def rated(P: Any, Q: Any, R: Any) -> Any:
    e = 0
    for i in range(len(R)):
        for j in range(len(R[i])):
            if R[i][j] > 0:
                e = e + (R[i][j] - np.dot(P[i, :], Q[:, j])) ** 2
                for k in range(P.shape[1]):
                    e += 0.01 * (P[i][k] ** 2 + Q[k][j] ** 2)
    return e


def by_label(w: Any, X: Any, y: Any) -> Any:
    cost = 0
    for i in range(len(y)):
        p = 1 / (1 + np.exp(-X[i] @ w))
        if y[i] == 1:
            cost += -np.log(p)
        else:
            cost += -np.log(1 - p)
    return cost / len(y)


def logarithms_of_what_is_positive(W: Any, counts: Any) -> Any:
    total = 0.0
    for i in range(counts.shape[0]):
        for j in range(counts.shape[1]):
            if counts[i, j] == 0:
                continue
            total += (W[i, j] - np.log(counts[i, j])) ** 2
    return total


def _arrays(*shapes: tuple[int, ...]) -> Callable[[np.random.Generator], Made]:
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


LOOPS: dict[str, tuple[Callable[..., Any], int, Callable[..., Made], Callable[..., Made]]] = {
    f.__name__: (f, most, small, other)
    for f, most, small, other in (
        (convolution, 5, _arrays((2, 2, 5, 6), (3, 2, 3, 2), (3,), (2, 3, 2, 3)), _arrays((3, 1, 7, 4), (2, 1, 2, 3), (2,), (3, 2, 3, 1))),
        (convolution_entry_by_entry, 4, _arrays((5, 6), (3, 4)), _arrays((7, 5), (4, 2))),
        (correlation_in_one_dimension, 4, _arrays((7,), (3,)), _arrays((6,), (2,))),
        (largest_of_windows, 4, _arrays((3, 4, 6), (3, 2, 3)), _arrays((2, 8, 2), (2, 4, 1))),
        (means_of_windows_in_lists, 3, _arrays((4, 6), (2, 3)), _arrays((6, 4), (3, 2))),
        (columns_of_windows, 5, _arrays((2, 3, 5, 6), (27, 4)), _arrays((3, 2, 7, 4), (18, 5))),
        (product_of_matrices, 3, _arrays((2, 3), (3, 4)), _arrays((4, 5), (5, 2))),
        (sums_in_a_number, 4, _arrays((2, 3), (3, 4)), _arrays((4, 5), (5, 2))),
        (errors_one_by_one, 4, _arrays((3,), (5, 3), (5,)), _arrays((2,), (4, 2), (4,))),
        (
            softmax_one_by_one, 9, lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=(5, 3)), rng.integers(0, 4, 5)),
            lambda rng: (rng.normal(size=(2, 3)), rng.normal(size=(6, 2)), rng.integers(0, 3, 6)),
        ),
        (attention_in_lists, 8, _arrays((3,), (4, 3), (4, 5)), _arrays((2,), (6, 2), (6, 3))),
        (differences_of_neighbours, 4, _arrays((5,)), _arrays((8,))),
        (bilinear_form, 3, _arrays((3, 4), (3,), (4,)), _arrays((5, 2), (5,), (2,))),
        (largest_so_far, 3, _arrays((5,)), _arrays((7,))),
        (product_of_entries, 5, _arrays((4,)), _arrays((6,))),
        (likelihood_less_penalties, 6, _arrays((3,), (3,), (4, 3)), _arrays((2,), (2,), (5, 2))),
        (kernel_matrix, 6, _arrays((4, 3), (4,)), _arrays((5, 2), (5,))),
        (batches, 4, _arrays((3, 2), (2, 4)), _arrays((5, 3), (3, 2))),
    )
}  # fmt: skip


def _classified(n: int, d: int, c: int) -> Callable[[np.random.Generator], Made]:
    return lambda rng: (rng.normal(size=(d, c)), rng.normal(size=(n, d)), rng.integers(0, c, n))


UNEVEN: dict[str, tuple[Callable[..., Any], int, Callable[..., Made], Callable[..., Made]]] = {
    f.__name__: (f, most, small, other)
    for f, most, small, other in (
        (triangle_below, 2, _arrays((5,)), _arrays((7,))),
        (stress_above, 3, _arrays((5, 2), (5, 5)), _arrays((7, 3), (7, 7))),
        (triangles_with_the_diagonal_in_a_batch, 2, _arrays((2, 4, 4)), _arrays((3, 6, 6))),
        (hinge, 7, _classified(6, 4, 3), _classified(4, 2, 5)),
        (
            rated, 6, lambda rng: (rng.normal(size=(4, 2)), rng.normal(size=(2, 3)), np.arange(12).reshape(4, 3) % 4),
            lambda rng: (rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), np.arange(20).reshape(5, 4) % 3),
        ),
        (
            by_label, 8, lambda rng: (rng.normal(size=3), rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])),
            lambda rng: (rng.normal(size=2), rng.normal(size=(4, 2)), np.array([1, 0, 0, 1])),
        ),
        (
            logarithms_of_what_is_positive, 2, lambda rng: (rng.normal(size=(3, 4)), np.arange(12).reshape(3, 4) % 3),
            lambda rng: (rng.normal(size=(2, 5)), np.arange(10).reshape(2, 5) % 4),
        ),
    )
}  # fmt: skip
