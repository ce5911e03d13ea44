"""Further losses as people write them in notebooks and posts: rows of `COURSES`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.notation.trace.courses import Made, counted, form


@form
def parameters_unpacked(rng: np.random.Generator, k: int) -> Made:
    def loss(params: Any, X: Any, Y: Any) -> Any:
        W1, b1, W2, b2 = params
        A1 = np.tanh(X @ W1 + b1)
        return 0.5 * np.mean(np.sum((A1 @ W2 + b2 - Y) ** 2, axis=1))

    params = [rng.normal(size=(3, 4 + k)), rng.normal(size=4 + k), rng.normal(size=(4 + k, 2)), rng.normal(size=2)]
    return loss, params, rng.normal(size=(5 + k, 3)), rng.normal(size=(5 + k, 2))


@form
def views_below_each_other(rng: np.random.Generator, k: int) -> Made:
    def nt_xent(W: Any, xa: Any, xb: Any, temperature: float = 0.5) -> Any:
        z = np.vstack([xa @ W, xb @ W])
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        sim = z @ z.T / temperature
        N = z.shape[0]
        sim = np.where(np.eye(N, dtype=bool), -1e9, sim)
        half = N // 2
        targets = np.concatenate([np.arange(half, N), np.arange(half)])
        logp = sim - np.log(np.exp(sim).sum(1, keepdims=True))
        return -logp[np.arange(N), targets].mean()

    return nt_xent, rng.normal(size=(4, 3)), rng.normal(size=(3 + k, 4)), rng.normal(size=(3 + k, 4))


@form
def skip_grams_with_negatives(rng: np.random.Generator, k: int) -> Made:
    def loss(W_in: Any, W_out: Any, center: Any, context: Any, negatives: Any) -> Any:
        v, u = W_in[center], W_out[context]
        total = np.log(1 / (1 + np.exp(-np.sum(v * u, axis=1))))
        for j in range(2):
            total = total + np.log(1 / (1 + np.exp(np.sum(v * W_out[negatives[:, j]], axis=1))))
        return -total.mean()

    words = [rng.integers(0, 8, 4 + k) for _ in range(2)]
    return loss, rng.normal(size=(8, 3 + k)), rng.normal(size=(8, 3 + k)), *words, rng.integers(0, 8, (4 + k, 2))


@counted
def chain_of_tags(rng: np.random.Generator, k: int) -> Made:
    def logsumexp(x: Any, axis: int) -> Any:
        m = np.max(x, axis=axis, keepdims=True)
        return np.squeeze(m, axis=axis) + np.log(np.sum(np.exp(x - m), axis=axis))

    def nll(trans: Any, emit: Any, tags: Any) -> Any:
        alpha, score = emit[0], emit[0, tags[0]]
        for t in range(1, emit.shape[0]):
            alpha = logsumexp(alpha[:, None] + trans, axis=0) + emit[t]
            score += trans[tags[t - 1], tags[t]] + emit[t, tags[t]]
        return logsumexp(alpha, axis=0) - score

    return nll, rng.normal(size=(3, 3)), rng.normal(size=(4, 3)), np.array([0, 2, 1, 1])


@counted
def filtered_states(rng: np.random.Generator, k: int) -> Made:
    def negative_likelihood(params: Any, ys: Any) -> Any:
        A, C, Q, R = params["A"], params["C"], params["Q"], params["R"]
        m, P, ll = np.zeros(A.shape[0]), np.eye(A.shape[0]), 0.0
        for y in ys:
            m, P = A @ m, A @ P @ A.T + Q @ Q.T
            S = C @ P @ C.T + R @ R.T
            K, r = P @ C.T @ np.linalg.inv(S), y - C @ m
            ll += -0.5 * (r @ np.linalg.solve(S, r) + np.linalg.slogdet(S)[1] + len(r) * np.log(2 * np.pi))
            m, P = m + K @ r, (np.eye(len(m)) - K @ C) @ P
        return -ll

    params = {"A": rng.normal(size=(2, 2)) * 0.5, "C": rng.normal(size=(2, 2)), "Q": np.eye(2) * 0.5, "R": np.eye(2) * 0.8}
    return negative_likelihood, params, rng.normal(size=(3, 2))


@counted
def returns_of_a_policy(rng: np.random.Generator, k: int) -> Made:
    def policy_loss(theta: Any, states: Any, actions: Any, rewards: Any, gamma: float = 0.9) -> Any:
        G, running = np.zeros_like(rewards), 0
        for t in reversed(range(len(rewards))):
            running = rewards[t] + gamma * running
            G[t] = running
        G = (G - G.mean()) / (G.std() + 1e-8)
        logits = states @ theta
        logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        entropy = -(np.exp(logp) * logp).sum(axis=1).mean()
        return -(logp[np.arange(len(actions)), actions] * G).mean() - 0.01 * entropy

    return policy_loss, rng.normal(size=(3, 2)), rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1]), rng.normal(size=5)


@form
def three_quantiles(rng: np.random.Generator, k: int) -> Made:
    def pinball(w: Any, b: Any, X: Any, y: Any) -> Any:
        taus = [0.1, 0.5, 0.9]
        total = 0
        for i, tau in enumerate(taus):
            e = y - X @ w[i] - b[i]
            total += np.mean(np.maximum(tau * e, (tau - 1) * e))
        return total / len(taus)

    return pinball, rng.normal(size=(3, 4 + k)), rng.normal(size=3), rng.normal(size=(6 + k, 4 + k)), rng.normal(size=6 + k)


@form
def density_of_a_mixture(rng: np.random.Generator, k: int) -> Made:
    def nll(p: Any, x: Any, y: Any) -> Any:
        out = np.tanh(x @ p["W"] + p["b"]) @ p["V"] + p["c"]
        pi, mu, ls = np.split(out, 3, axis=1)
        pi = np.exp(pi - pi.max(1, keepdims=True))
        pi /= pi.sum(1, keepdims=True)
        sigma = np.exp(ls)
        density = pi * np.exp(-0.5 * ((y - mu) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
        return -np.mean(np.log(density.sum(axis=1) + 1e-12))

    params = {"W": rng.normal(size=(1, 4)), "b": rng.normal(size=4), "V": rng.normal(size=(4, 6)), "c": rng.normal(size=6)}
    return nll, params, rng.normal(size=(5 + k, 1)), rng.normal(size=(5 + k, 1))
