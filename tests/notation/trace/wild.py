# ruff: noqa: B905, RUF059, SIM300, RUF007, RUF005 - as people write them
"""Losses as they stand in posts, papers' code and libraries written from scratch, from nothing but NumPy: further rows of `COURSES`.

They are kept as they were found, with what nobody needs for the loss: prints, asserts, histories, caches, checks for NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tests.notation.trace.courses import Made, counted, form

# -- classifiers by loops ---------------------------------------------------------------------------------------------


@form
def hinge_of_two_loops(rng: np.random.Generator, k: int) -> Made:
    def svm_loss_naive(W, X, y, reg):
        dW = np.zeros(W.shape)
        num_classes = W.shape[1]
        num_train = X.shape[0]
        loss = 0.0
        for i in range(num_train):
            scores = X[i].dot(W)
            correct_class_score = scores[y[i]]
            for j in range(num_classes):
                if j == y[i]:
                    continue
                margin = scores[j] - correct_class_score + 1
                if margin > 0:
                    loss += margin
                    dW[:, j] += X[i]
                    dW[:, y[i]] -= X[i]
        loss /= num_train
        loss += reg * np.sum(W * W)
        return loss, dW

    return svm_loss_naive, rng.normal(size=(4 + k, 3 + k)), rng.normal(size=(6 + k, 4 + k)), rng.integers(0, 3, 6 + k), 0.1


@form
def softmax_of_one_row_at_a_time(rng: np.random.Generator, k: int) -> Made:
    def softmax_loss_naive(W, X, y, reg):
        loss = 0.0
        num_train = X.shape[0]
        num_classes = W.shape[1]
        for i in range(num_train):
            f = X[i].dot(W)
            f -= np.max(f)
            sum_exp = 0.0
            for j in range(num_classes):
                sum_exp += np.exp(f[j])
            loss += -np.log(np.exp(f[y[i]]) / sum_exp)
        loss /= num_train
        return loss + 0.5 * reg * np.sum(W**2)

    return softmax_loss_naive, rng.normal(size=(4, 3 + k)), rng.normal(size=(5 + k, 4)), rng.integers(0, 3, 5 + k), 0.05


@form
def perceptron_by_signs(rng: np.random.Generator, k: int) -> Made:
    def loss(w, b, X, y):
        total = 0.0
        for x_i, y_i in zip(X, y):
            activation = np.dot(w, x_i) + b
            if y_i * activation <= 0:
                total += -y_i * activation
        return total / len(X)

    return loss, rng.normal(size=3 + k), rng.normal(size=1), rng.normal(size=(7 + k, 3 + k)), rng.choice([-1.0, 1.0], 7 + k)


@form
def entropy_of_labels_that_are_seen(rng: np.random.Generator, k: int) -> Made:
    def loss(W, X, y):
        cost = 0
        for i in range(len(y)):
            p = 1 / (1 + np.exp(-X[i] @ W))
            if y[i] == 1:
                cost += -np.log(p)
            else:
                cost += -np.log(1 - p)
        return cost / len(y)

    return loss, rng.normal(size=3), rng.normal(size=(6 + k, 3)), np.resize([1, 0, 0, 1], 6 + k)


# -- a class that fits, in the way of scikit-learn ------------------------------------------------------------------------


class LogisticRegression:
    """Logistic regression with an intercept."""

    def __init__(self, C: float = 1.0, fit_intercept: bool = True, verbose: bool = False) -> None:
        self.C, self.fit_intercept, self.verbose = C, fit_intercept, verbose
        self.loss_history_: list[Any] = []

    def _sigmoid(self, z):
        return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))

    def loss(self, X, y):
        X = np.asarray(X, dtype=float)
        if self.fit_intercept:
            X = np.hstack([np.ones((X.shape[0], 1)), X])
        p = self._sigmoid(X @ self.coef_)
        eps = 1e-12
        p = np.clip(p, eps, 1 - eps)
        nll = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))
        penalty = 0.5 / self.C * np.sum(self.coef_[1:] ** 2)
        cost = nll + penalty
        self.loss_history_.append(float(cost))
        if self.verbose:
            print(f"cost {cost:.4f}")
        assert not np.isnan(cost), "cost is nan"
        return cost


@form
def estimator_with_an_intercept(rng: np.random.Generator, k: int) -> Made:
    model = LogisticRegression(C=2.0)
    model.coef_ = rng.normal(size=4 + k)
    return model.loss, rng.normal(size=(6 + k, 3 + k)), rng.integers(0, 2, 6 + k)


@form
def ridge_and_lasso_with_masks(rng: np.random.Generator, k: int) -> Made:
    def elastic_net(beta, X, y, alpha=0.1, l1_ratio=0.5):
        mask = np.ones_like(beta)
        mask[0] = 0.0
        resid = y - X @ beta
        rss = resid.T @ resid / (2 * len(y))
        l1 = np.linalg.norm(mask * beta, 1)
        l2 = np.linalg.norm(mask * beta) ** 2
        return rss + alpha * (l1_ratio * l1 + (1 - l1_ratio) / 2 * l2)

    return elastic_net, rng.normal(size=4 + k), rng.normal(size=(8 + k, 4 + k)), rng.normal(size=8 + k)


# -- words ------------------------------------------------------------------------------------------------------------


@form
def glove(rng: np.random.Generator, k: int) -> Made:
    def glove_loss(W, W_tilde, b, b_tilde, X, x_max=10.0, alpha=0.75):
        weight = np.where(X < x_max, (X / x_max) ** alpha, 1.0)
        diff = W @ W_tilde.T + b[:, None] + b_tilde[None, :] - np.log(np.where(X > 0, X, 1))
        return np.sum(np.where(X > 0, weight * diff**2, 0.0))

    V, d = 5 + k, 3 + k
    counts = rng.integers(0, 20, (V, V))
    return glove_loss, rng.normal(size=(V, d)), rng.normal(size=(V, d)), rng.normal(size=V), rng.normal(size=V), counts


@form
def glove_over_pairs_that_occur(rng: np.random.Generator, k: int) -> Made:
    def loss(W, C, bw, bc, cooc):
        total = 0.0
        rows, cols = np.nonzero(cooc)
        for i, j in zip(rows, cols):
            f = min((cooc[i, j] / 5.0) ** 0.75, 1.0)
            total += f * (W[i] @ C[j] + bw[i] + bc[j] - np.log(cooc[i, j])) ** 2
        return total

    V, d = 4, 2
    cooc = np.arange(16).reshape(4, 4) % 5
    return loss, rng.normal(size=(V, d)), rng.normal(size=(V, d)), rng.normal(size=V), rng.normal(size=V), cooc


@form
def bag_of_context_words(rng: np.random.Generator, k: int) -> Made:
    def cbow(params, context, target):
        h = np.mean(params["W_in"][context], axis=1)
        u = h @ params["W_out"]
        log_p = u - np.log(np.sum(np.exp(u), axis=1, keepdims=True))
        return -np.mean(log_p[np.arange(target.size), target])

    V, d, n = 7, 3 + k, 5 + k
    params = {"W_in": rng.normal(size=(V, d)), "W_out": rng.normal(size=(d, V))}
    return cbow, params, rng.integers(0, V, (n, 4)), rng.integers(0, V, n)


@form
def factorization_machine(rng: np.random.Generator, k: int) -> Made:
    def fm(w0, w, V, X, y):
        linear = w0 + X @ w
        interactions = 0.5 * np.sum((X @ V) ** 2 - (X**2) @ (V**2), axis=1)
        y_hat = linear + interactions
        return np.mean(np.log(1 + np.exp(-y * y_hat)))

    d, r, n = 5 + k, 2 + k, 6 + k
    return fm, np.array(0.3), rng.normal(size=d), rng.normal(size=(d, r)), rng.normal(size=(n, d)), rng.choice([-1.0, 1.0], n)


@form
def topics_of_documents(rng: np.random.Generator, k: int) -> Made:
    def neg_log_likelihood(theta_logits, phi_logits, counts):
        theta = np.exp(theta_logits) / np.exp(theta_logits).sum(axis=1, keepdims=True)
        phi = np.exp(phi_logits) / np.exp(phi_logits).sum(axis=1, keepdims=True)
        return -np.sum(counts * np.log(theta @ phi))

    D, K, V = 4 + k, 2 + k, 6 + k
    return neg_log_likelihood, rng.normal(size=(D, K)), rng.normal(size=(K, V)), rng.integers(0, 5, (D, V))


@form
def alternating_least_squares(rng: np.random.Generator, k: int) -> Made:
    def als_objective(user_factors, item_factors, R, alpha=2.0, lam=0.1):
        confidence = 1 + alpha * R
        preference = (R > 0).astype(float)
        error = np.sum(confidence * (preference - user_factors.dot(item_factors.T)) ** 2)
        return error + lam * (np.linalg.norm(user_factors) ** 2 + np.linalg.norm(item_factors, "fro") ** 2)

    return als_objective, rng.normal(size=(4 + k, 3)), rng.normal(size=(5 + k, 3)), rng.integers(0, 3, (4 + k, 5 + k))


# -- maps and neighbours ---------------------------------------------------------------------------------------------


@form
def tsne(rng: np.random.Generator, k: int) -> Made:
    def kl(Y, P):
        n = Y.shape[0]
        sum_Y = np.sum(np.square(Y), 1)
        num = -2.0 * np.dot(Y, Y.T)
        num = 1.0 / (1.0 + np.add(np.add(num, sum_Y).T, sum_Y))
        num[range(n), range(n)] = 0.0
        Q = num / np.sum(num)
        Q = np.maximum(Q, 1e-12)
        return np.sum(P * np.log(P / Q))

    n = 5 + k
    P = rng.uniform(0.1, 1, (n, n))
    return kl, rng.normal(size=(n, 2)), P / P.sum()


@counted
def umap_cross_entropy(rng: np.random.Generator, k: int) -> Made:
    def loss(Y, V, a=1.577, b=0.895):
        D2 = np.sum((Y[:, None, :] - Y[None, :, :]) ** 2, axis=-1)
        n = len(Y)
        i, j = np.triu_indices(n, 1)
        w = 1 / (1 + a * D2[i, j] ** b)
        v = V[i, j]
        return -np.sum(v * np.log(w) + (1 - v) * np.log(1 - w))

    n = 5 + k
    V = rng.uniform(0.1, 0.9, (n, n))
    return loss, rng.normal(size=(n, 2)), (V + V.T) / 2


@form
def stress_of_a_map(rng: np.random.Generator, k: int) -> Made:
    def stress(X, D):
        n = X.shape[0]
        s = 0.0
        for i in range(n):
            for j in range(i + 1, n):
                d = np.sqrt(np.sum((X[i] - X[j]) ** 2))
                s += (d - D[i, j]) ** 2
        return s

    n = 5 + k
    return stress, rng.normal(size=(n, 2)), rng.uniform(1, 2, (n, n))


@form
def neighbourhood_components(rng: np.random.Generator, k: int) -> Made:
    def nca(A, X, y):
        Z = X @ A.T
        D = ((Z[:, None] - Z[None]) ** 2).sum(-1)
        np.fill_diagonal(D, np.inf)
        p = np.exp(-D)
        p /= p.sum(axis=1, keepdims=True)
        same = y[:, None] == y[None, :]
        return -(p * same).sum()

    return nca, rng.normal(size=(2, 3)), rng.normal(size=(6 + k, 3)), rng.integers(0, 2, 6 + k)


# -- mixtures, latent variables -----------------------------------------------------------------------------------------


@form
def evidence_of_responsibilities(rng: np.random.Generator, k: int) -> Made:
    def elbo(params, X, R):
        pi, mu, cov = params["pi"], params["mu"], params["cov"]
        N, D = X.shape
        K = len(pi)
        L = np.zeros((N, K))
        for c in range(K):
            diff = X - mu[c]
            inv = np.linalg.inv(cov[c])
            L[:, c] = (
                np.log(pi[c])
                - 0.5 * D * np.log(2 * np.pi)
                - 0.5 * np.log(np.linalg.det(cov[c]))
                - 0.5 * np.sum(diff @ inv * diff, axis=1)
            )
        return -(np.sum(R * L) - np.sum(R * np.log(R)))

    K, D, N = 2 + k, 2, 5 + k
    A = rng.normal(size=(K, D, D)) * 0.3
    R = rng.uniform(0.1, 1, (N, K))
    params = {"pi": np.full(K, 1 / K), "mu": rng.normal(size=(K, D)), "cov": np.eye(D) + A @ A.transpose(0, 2, 1)}
    return elbo, params, rng.normal(size=(N, D)), R / R.sum(1, keepdims=True)


@form
def autoencoder_with_noise_of_its_own(rng: np.random.Generator, k: int) -> Made:
    class VAE:
        def __init__(self, d, h, z, seed=0):
            g = np.random.default_rng(seed)
            self.rng = np.random.default_rng(seed + 1)
            init = lambda *s: g.normal(0, 0.4, s)  # noqa: E731
            self.params = {
                "We": init(d, h), "be": np.zeros(h), "Wmu": init(h, z), "Wlv": init(h, z), "Wd": init(z, h), "Wo": init(h, d)
            }  # fmt: skip

        def encode(self, x):
            h = np.maximum(0.01 * (x @ self.params["We"] + self.params["be"]), x @ self.params["We"] + self.params["be"])
            return h @ self.params["Wmu"], h @ self.params["Wlv"]

        def loss(self, x, beta=1.0):
            mu, logvar = self.encode(x)
            eps = self.rng.standard_normal(mu.shape)
            z = mu + np.exp(0.5 * logvar) * eps
            h = np.tanh(z @ self.params["Wd"])
            logits = h @ self.params["Wo"]
            bce = np.sum(np.maximum(logits, 0) - logits * x + np.log1p(np.exp(-np.abs(logits))), axis=1)
            kld = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar), axis=1)
            return np.mean(bce + beta * kld), {"bce": float(np.mean(bce)), "kld": float(np.mean(kld))}

    return VAE(5, 4, 2).loss, rng.uniform(0, 1, (4, 5))


@form
def planar_flow(rng: np.random.Generator, k: int) -> Made:
    def neg_log_likelihood(flows, x):
        log_det = np.zeros(x.shape[0])
        z = x
        for u, w, b in flows:
            wu = w @ u
            u_hat = u + (np.log1p(np.exp(wu)) - 1 - wu) * w / (w @ w)
            lin = z @ w + b
            psi = (1 - np.tanh(lin) ** 2)[:, None] * w
            log_det += np.log(np.abs(1 + psi @ u_hat))
            z = z + u_hat * np.tanh(lin)[:, None]
        log_p = -0.5 * np.sum(z**2, axis=1) - z.shape[1] / 2 * math.log(2 * math.pi)
        return -np.mean(log_p + log_det)

    d = 3 + k
    return (
        neg_log_likelihood,
        [(rng.normal(size=d), rng.normal(size=d), rng.normal(size=1)) for _ in range(2)],
        rng.normal(size=(5 + k, d)),
    )


@form
def coupling_by_masks(rng: np.random.Generator, k: int) -> Made:
    class RealNVP:
        def __init__(self, dim, hidden, n_layers):
            self.masks = [np.arange(dim) % 2 == (i % 2) for i in range(n_layers)]
            self.s = [{"W1": rng.normal(size=(dim, hidden)), "W2": rng.normal(size=(hidden, dim))} for _ in range(n_layers)]
            self.t = [{"W1": rng.normal(size=(dim, hidden)), "W2": rng.normal(size=(hidden, dim))} for _ in range(n_layers)]

        @staticmethod
        def net(p, x):
            return np.tanh(x @ p["W1"]) @ p["W2"]

        def log_prob(self, x):
            log_det = 0
            for mask, s_p, t_p in zip(self.masks, self.s, self.t):
                xm = x * mask
                s = np.tanh(self.net(s_p, xm)) * (1 - mask)
                t = self.net(t_p, xm) * (1 - mask)
                x = xm + (1 - mask) * (x * np.exp(s) + t)
                log_det = log_det + s.sum(axis=1)
            return -0.5 * (x**2 + np.log(2 * np.pi)).sum(axis=1) + log_det

        def nll(self, x):
            return -self.log_prob(x).mean()

    return RealNVP(4, 3, 2).nll, rng.normal(size=(5 + k, 4))


@form
def boltzmann_free_energy(rng: np.random.Generator, k: int) -> Made:
    class RBM:
        def __init__(self, n_visible, n_hidden):
            self.W = 0.3 * rng.normal(size=(n_visible, n_hidden))
            self.a, self.b = rng.normal(size=n_visible), rng.normal(size=n_hidden)

        def free_energy(self, v):
            wx_b = v @ self.W + self.b
            return -v @ self.a - np.sum(np.logaddexp(0, wx_b), axis=1)

        def contrastive_divergence(self, v0, vk):
            return np.mean(self.free_energy(v0)) - np.mean(self.free_energy(vk))

    n = 5 + k
    return RBM(4 + k, 3 + k).contrastive_divergence, *(rng.integers(0, 2, (n, 4 + k)).astype(float) for _ in range(2))


# -- processes and filters ------------------------------------------------------------------------------------------------


@form
def gaussian_process_evidence(rng: np.random.Generator, k: int) -> Made:
    class RBFKernel:
        def __init__(self, length_scale, variance):
            self.length_scale, self.variance = np.array(length_scale), np.array(variance)

        def __call__(self, X1, X2):
            sqdist = np.sum(X1**2, 1).reshape(-1, 1) + np.sum(X2**2, 1) - 2 * np.dot(X1, X2.T)
            return self.variance**2 * np.exp(-0.5 / self.length_scale**2 * sqdist)

    class GP:
        def __init__(self, kernel, noise):
            self.kernel, self.noise = kernel, np.array(noise)

        def nll(self, X, y):
            K = self.kernel(X, X) + self.noise**2 * np.eye(len(X))
            L = np.linalg.cholesky(K)
            alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
            return np.sum(np.log(np.diagonal(L))) + 0.5 * y.dot(alpha) + 0.5 * len(X) * np.log(2 * np.pi)

    return GP(RBFKernel(1.1, 0.8), 0.3).nll, rng.normal(size=(5 + k, 2)), rng.normal(size=5 + k)


@counted
def kalman_filter(rng: np.random.Generator, k: int) -> Made:
    def kalman_nll(A, C, Q, R, x0, P0, ys):
        x, P, nll = x0, P0, 0.0
        for y in ys:
            x = A @ x
            P = A @ P @ A.T + Q
            innovation = y - C @ x
            S = C @ P @ C.T + R
            K = P @ C.T @ np.linalg.inv(S)
            nll += 0.5 * (innovation @ np.linalg.solve(S, innovation) + np.linalg.slogdet(2 * np.pi * S)[1])
            x = x + K @ innovation
            P = (np.eye(len(x)) - K @ C) @ P
        return nll

    return (
        kalman_nll, rng.normal(size=(3, 3)) * 0.5, rng.normal(size=(2, 3)), np.eye(3) * 0.2, np.eye(2) * 0.3,
        rng.normal(size=3), np.eye(3), rng.normal(size=(4, 2)),
    )  # fmt: skip


@counted
def ordinary_equation_by_four_slopes(rng: np.random.Generator, k: int) -> Made:
    def odeint(f, y0, t):
        ys = [y0]
        for t0, t1 in zip(t[:-1], t[1:]):
            h = t1 - t0
            k1 = f(ys[-1], t0)
            k2 = f(ys[-1] + h * k1 / 2, t0 + h / 2)
            k3 = f(ys[-1] + h * k2 / 2, t0 + h / 2)
            k4 = f(ys[-1] + h * k3, t1)
            ys.append(ys[-1] + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
        return np.stack(ys)

    def loss(theta, y0, t, target):
        func = lambda y, t: np.tanh(y**3 @ theta["W1"] + t * theta["b1"]) @ theta["W2"]  # noqa: E731
        return np.mean(np.abs(odeint(func, y0, t) - target))

    theta = {"W1": rng.normal(size=(2, 4)), "b1": rng.normal(size=4), "W2": rng.normal(size=(4, 2)) * 0.4}
    return loss, theta, np.array([1.0, 0.2]), np.linspace(0, 1, 4), rng.normal(size=(4, 2)) * 3


@form
def equation_of_heat_by_differences(rng: np.random.Generator, k: int) -> Made:
    def u_net(params, x, t):
        h = np.stack([x, t], axis=-1)
        for W, b in params[:-1]:
            h = np.tanh(h @ W + b)
        W, b = params[-1]
        return (h @ W + b)[..., 0]

    def pinn_loss(params, x, t, x0, u0, nu=0.1, eps=1e-2):
        u = partial(u_net, params)
        u_t = (u(x, t + eps) - u(x, t - eps)) / (2 * eps)
        u_x = (u(x + eps, t) - u(x - eps, t)) / (2 * eps)
        u_xx = (u(x + eps, t) - 2 * u(x, t) + u(x - eps, t)) / eps**2
        residual = u_t + u(x, t) * u_x - nu * u_xx
        ic = u(x0, np.zeros_like(x0)) - u0
        return np.mean(residual**2) + np.mean(ic**2)

    params = [(rng.normal(size=(2, 4 + k)), rng.normal(size=4 + k)), (rng.normal(size=(4 + k, 1)), rng.normal(size=1))]
    n, m = 5 + k, 3 + k
    return pinn_loss, params, rng.normal(size=n), rng.uniform(size=n), rng.normal(size=m), rng.normal(size=m)


# -- transformers ---------------------------------------------------------------------------------------------------------


def rms_norm(x, weight, eps=1e-6):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * weight


def stable_softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def rotary_tables(head_dim, max_seq_len, base=10000.0):
    inv_freq = 1.0 / (base ** (np.arange(0, head_dim, 2) / head_dim))
    freqs = np.outer(np.arange(max_seq_len), inv_freq)
    return np.cos(freqs), np.sin(freqs)


def apply_rotary_emb(xq, xk, freqs_cos, freqs_sin):
    xqri = xq.reshape(xq.shape[:-1] + (-1, 2))
    xkri = xk.reshape(xk.shape[:-1] + (-1, 2))
    xq_r, xq_i = np.split(xqri, 2, axis=-1)
    xq_r, xq_i = xq_r.squeeze(-1), xq_i.squeeze(-1)
    xk_r, xk_i = np.split(xkri, 2, axis=-1)
    xk_r, xk_i = xk_r.squeeze(-1), xk_i.squeeze(-1)
    cos, sin = np.expand_dims(freqs_cos, axis=(0, 2)), np.expand_dims(freqs_sin, axis=(0, 2))
    xq_out = np.stack([xq_r * cos - xq_i * sin, xq_r * sin + xq_i * cos], axis=-1)
    xk_out = np.stack([xk_r * cos - xk_i * sin, xk_r * sin + xk_i * cos], axis=-1)
    return xq_out.reshape(xq_out.shape[:-2] + (-1,)), xk_out.reshape(xk_out.shape[:-2] + (-1,))


def repeat_kv(x, n_rep):
    return x if n_rep == 1 else np.repeat(x, n_rep, axis=2)


@dataclass
class LlamaArgs:
    """What a small model of the kind is made of."""

    dim: int = 8
    n_layers: int = 1
    n_heads: int = 4
    n_kv_heads: int = 2
    vocab: int = 7
    max_seq_len: int = 8
    norm_eps: float = 1e-6


class LlamaAttention:
    def __init__(self, w, args):
        self.n_heads, self.n_kv_heads = args.n_heads, args.n_kv_heads
        self.n_rep, self.head_dim = args.n_heads // args.n_kv_heads, args.dim // args.n_heads
        self.q_weight, self.k_weight, self.v_weight, self.o_weight = w["q"], w["k"], w["v"], w["o"]

    def __call__(self, x, mask, cos, sin):
        B, L, _ = x.shape
        xq, xk, xv = x @ self.q_weight, x @ self.k_weight, x @ self.v_weight
        xq = xq.reshape(B, L, self.n_heads, self.head_dim)
        xk = xk.reshape(B, L, self.n_kv_heads, self.head_dim)
        xv = xv.reshape(B, L, self.n_kv_heads, self.head_dim)
        xq, xk = apply_rotary_emb(xq, xk, cos, sin)
        xk, xv = repeat_kv(xk, self.n_rep), repeat_kv(xv, self.n_rep)
        xq, xk, xv = xq.transpose(0, 2, 1, 3), xk.transpose(0, 2, 1, 3), xv.transpose(0, 2, 1, 3)
        attention = xq @ xk.transpose(0, 1, 3, 2) / math.sqrt(self.head_dim)
        if mask is not None:
            attention = attention + mask[None, None, :, :]
        output = stable_softmax(attention) @ xv
        return output.transpose(0, 2, 1, 3).reshape(B, L, -1) @ self.o_weight


class Llama:
    def __init__(self, rng, args):
        self.args = args
        d, h = args.dim, args.dim // args.n_heads
        init = lambda *s: rng.normal(size=s) * 0.4  # noqa: E731
        self.tok_embedding, self.norm_weight, self.lm_head = init(args.vocab, d), np.ones(d), init(d, args.vocab)
        self.cos, self.sin = rotary_tables(h, args.max_seq_len)
        kv = h * args.n_kv_heads
        self.layers = []
        for _ in range(args.n_layers):
            w = {"q": init(d, d), "k": init(d, kv), "v": init(d, kv), "o": init(d, d)}
            ff = {"gate": init(d, 12), "up": init(d, 12), "down": init(12, d)}
            self.layers.append((LlamaAttention(w, args), ff, np.ones(d), np.ones(d)))

    def __call__(self, input_ids):
        _, L = input_ids.shape
        h = self.tok_embedding[input_ids]
        mask = None
        if L > 1:
            mask = np.full((L, L), float("-inf"))
            mask = np.triu(mask, k=1)
        for attention, ff, norm1, norm2 in self.layers:
            h = h + attention(rms_norm(h, norm1, self.args.norm_eps), mask, self.cos[:L], self.sin[:L])
            x = rms_norm(h, norm2, self.args.norm_eps)
            gate = x @ ff["gate"]
            swish = gate * (1 / (1 + np.exp(-gate)))
            h = h + (swish * (x @ ff["up"])) @ ff["down"]
        return rms_norm(h, self.norm_weight) @ self.lm_head

    def loss(self, tokens):
        logits = self(tokens[:, :-1])
        targets = tokens[:, 1:]
        logp = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        B, T = targets.shape
        return -logp.reshape(B * T, -1)[np.arange(B * T), targets.reshape(-1)].mean()


@form
def llama(rng: np.random.Generator, k: int) -> Made:
    return Llama(rng, LlamaArgs()).loss, rng.integers(0, 7, (2 + k, 5 + k))


@form
def minimal_gpt_in_a_class(rng: np.random.Generator, k: int) -> Made:
    class CausalSelfAttention:
        def __init__(self, n_embd, n_head, block_size):
            self.c_attn, self.c_proj = rng.normal(size=(n_embd, 3 * n_embd)) * 0.3, rng.normal(size=(n_embd, n_embd)) * 0.3
            self.bias = np.tril(np.ones((block_size, block_size))).reshape(1, 1, block_size, block_size)
            self.n_head, self.n_embd = n_head, n_embd

        def forward(self, x):
            B, T, C = x.shape
            q, k, v = np.split(x @ self.c_attn, 3, axis=2)
            k = k.reshape(B, T, self.n_head, C // self.n_head).swapaxes(1, 2)
            q = q.reshape(B, T, self.n_head, C // self.n_head).swapaxes(1, 2)
            v = v.reshape(B, T, self.n_head, C // self.n_head).swapaxes(1, 2)
            att = (q @ k.swapaxes(-2, -1)) * (1.0 / math.sqrt(k.shape[-1]))
            att = np.where(self.bias[:, :, :T, :T] == 0, float("-inf"), att)
            att = stable_softmax(att)
            y = (att @ v).swapaxes(1, 2).reshape(B, T, C)
            return y @ self.c_proj

    class GPT:
        def __init__(self):
            self.wte, self.wpe = rng.normal(size=(6, 4)), rng.normal(size=(8, 4))
            self.blocks = [CausalSelfAttention(4, 2, 8) for _ in range(1)]
            self.ln = {"weight": np.ones(4), "bias": np.zeros(4)}

        def forward(self, idx, targets=None):
            b, t = idx.shape
            assert t <= 8, f"Cannot forward sequence of length {t}"
            pos = np.arange(0, t, dtype=np.int64)[None, :]
            x = self.wte[idx] + self.wpe[pos]
            for block in self.blocks:
                mu = x.mean(-1, keepdims=True)
                ln = (x - mu) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * self.ln["weight"] + self.ln["bias"]
                x = x + block.forward(ln)
            logits = x @ self.wte.T
            loss = None
            if targets is not None:
                lse = np.log(np.sum(np.exp(logits), axis=-1))
                picked = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
                loss = np.mean(lse - picked)
            return loss, logits

    return GPT().forward, rng.integers(0, 6, (2 + k, 4 + k)), rng.integers(0, 6, (2 + k, 4 + k))


@form
def experts_with_the_two_best(rng: np.random.Generator, k: int) -> Made:
    def moe_layer(x, W_gate, W1, W2, t, top_k=2):
        logits = x @ W_gate
        idx = np.argsort(-logits, axis=-1)[:, :top_k]
        mask = np.zeros(logits.shape)
        np.put_along_axis(mask, idx, 1.0, axis=-1)
        gates = np.exp(logits) * mask
        gates = gates / gates.sum(-1, keepdims=True)
        h = np.maximum(0, np.einsum("nd,edh->neh", x, W1))
        y = np.einsum("neh,ehd->ned", h, W2)
        out = np.einsum("ne,ned->nd", gates, y)
        return ((out - t) ** 2).mean()

    n, d, E, h = 5 + k, 3, 4, 4
    return (
        moe_layer,
        rng.normal(size=(n, d)),
        rng.normal(size=(d, E)),
        rng.normal(size=(E, d, h)),
        rng.normal(size=(E, h, d)),
        rng.normal(size=(n, d)),
    )
