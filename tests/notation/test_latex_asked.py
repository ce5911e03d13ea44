r"""Networks as papers write them, without a declaration: what is asked for is enough, and makes the network that is meant."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import erf, expit, log_softmax, softmax
from scipy.stats import multivariate_normal

import symbackprop as sb
from symbackprop.core.network import Network
from symbackprop.evaluate import tape


def stepped(W: np.ndarray, U: np.ndarray, x: np.ndarray, b: np.ndarray, V: np.ndarray, y: np.ndarray) -> float:
    h, loss = np.zeros(len(W)), 0.0
    for own, target in zip(x, y, strict=True):
        h = np.tanh(W @ h + U @ own + b)
        loss += ((V @ h - target) ** 2).sum()
    return loss


def gated(x: np.ndarray, y: np.ndarray, **of: np.ndarray) -> float:
    h = c = np.zeros(len(of["b_i"]))
    loss = 0.0
    for own, target in zip(x, y, strict=True):
        i, f, o, g = (of[f"W_{k}"] @ own + of[f"U_{k}"] @ h + of[f"b_{k}"] for k in "ifog")
        c = expit(f) * c + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(c)
        loss += ((h - target) ** 2).sum()
    return loss


def reset(x: np.ndarray, y: np.ndarray, **of: np.ndarray) -> float:
    h, loss = np.zeros(len(of["U_z"])), 0.0
    for own, target in zip(x, y, strict=True):
        z, r = (expit(of[f"W_{k}"] @ own + of[f"U_{k}"] @ h) for k in "zr")
        h = (1 - z) * h + z * np.tanh(of["W_h"] @ own + of["U_h"] @ (r * h))
        loss += ((h - target) ** 2).sum()
    return loss


def residual(x: np.ndarray, W: np.ndarray, b: np.ndarray, y: np.ndarray) -> float:
    h = x
    for own, shift in zip(W, b, strict=True):
        h = h + np.tanh(own @ h + shift)
    return ((h - y) ** 2).sum()


def last(W: np.ndarray, U: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    h = np.zeros(len(W))
    for own in x:
        h = np.tanh(W @ h + U @ own)
    return ((h - y) ** 2).sum()


def deep(x: np.ndarray, W: np.ndarray, b: np.ndarray, y: np.ndarray) -> float:
    for own, shift in zip(W, b, strict=True):
        x = np.tanh(own @ x + shift)
    return ((x - y) ** 2).sum()


def graph(X: np.ndarray, A: np.ndarray, W: np.ndarray, Y: np.ndarray) -> float:
    for own in W:
        X = np.tanh(A @ X @ own)
    return ((X - Y) ** 2).sum()


ASKED: dict[str, tuple[str, Callable[..., float]]] = {
    "a layer": (
        r"h = \tanh(Wx + b), L = \|h - y\|^2", lambda W, x, b, y: ((np.tanh(W @ x + b) - y) ** 2).sum()),
    "two layers": (
        r"\mathbf{y} = \mathbf{W}_2 \max(\mathbf{0}, \mathbf{W}_1\mathbf{x} + \mathbf{b}_1) + \mathbf{b}_2, \ell = \|\mathbf{y} - \mathbf{t}\|_2^2",
        lambda W_2, W_1, x, b_1, b_2, t: ((W_2 @ np.maximum(0, W_1 @ x + b_1) + b_2 - t) ** 2).sum()),
    "layers in brackets": (
        r"z^{[1]} = W^{[1]} x + b^{[1]}, a^{[1]} = \tanh(z^{[1]}), L = \|W^{[2]} a^{[1]} - y\|^2, W^{[1]} \in \mathbb{R}^{h \times n}",
        lambda W_1, x, W__2, b__1, y: ((W__2 @ np.tanh(W_1 @ x + b__1) - y) ** 2).sum()),
    "samples": (
        r"L = -\frac1N \sum_{i=1}^N \sum_{c=1}^C y_{ic}\log \hat p_{ic}, \hat p_i = \operatorname{softmax}(W x_i + b)",
        lambda y, W, x, b: -(y * log_softmax(x @ W.T + b, axis=1)).sum() / len(y)),
    "attention": (
        r"A(Q,K,V) = \mathrm{softmax}\left(\frac{QK^T}{\sqrt{d_k}}\right)V, L = \|A(Q,K,V) - Y\|_F^2",
        lambda Q, K, V, Y: ((softmax(Q @ K.T / np.sqrt(K.shape[1]), axis=1) @ V - Y) ** 2).sum()),
    "a scalar that is a capital": (
        r"\min_{w, b} \frac12 \|w\|^2 + C\sum_{i=1}^n \max(0, 1 - y_i(w^\top x_i + b))",
        lambda w, C, y, x, b: w @ w / 2 + C * np.maximum(0, 1 - y * (x @ w + b)).sum()),
    "a factorisation": (
        r"\underset{U, V}{\text{minimize}} \; \|R - UV^\top\|_F^2 + \lambda(\|U\|_F^2 + \|V\|_F^2)",
        lambda R, U, V, lam: ((R - U @ V.T) ** 2).sum() + lam * ((U**2).sum() + (V**2).sum())),
    "what is sought": (
        r"w^* = \arg\min_w \|Xw - y\|_2^2 + \lambda\|w\|_1", lambda X, w, y, lam: ((X @ w - y) ** 2).sum() + lam * abs(w).sum()),
    "what is sought in a set": (
        r"\hat{w} = \operatorname*{arg\,min}_{w \in \mathbb{R}^d} \frac{1}{n}\|y - Xw\|_2^2 + \alpha\|w\|_2^2",
        lambda y, X, alpha, w: np.mean((y - X @ w) ** 2) + alpha * w @ w),
    "of a loss beside": (
        r"\hat w = \arg\min_w L(w), L(w) = \|Xw - y\|^2", lambda X, w, y: ((X @ w - y) ** 2).sum()),
    "words before": (
        r"\text{Let } x \in \mathbb{R}^n, W \in \mathbb{R}^{m \times n}. \quad L = \|Wx - y\|^2", lambda W, x, y: ((W @ x - y) ** 2).sum()),
    "a triplet": (
        r"\ell = \max(0, m + \|f(a) - f(p)\|^2 - \|f(a) - f(n)\|^2), f(x) = Wx",
        lambda m, W, a, p, n: max(0, m + ((W @ (a - p)) ** 2).sum() - ((W @ (a - n)) ** 2).sum())),
    "primes": (
        r"L = -\sum_{i=1}^N\log\frac{\exp(z_i^\top z_i'/\tau)}{\sum_{j=1}^N \exp(z_i^\top z_j'/\tau)}",
        lambda z, z_prime, tau: -np.trace(log_softmax(z @ z_prime.T / tau, axis=1))),
    "a mean over what has a size": (
        r"L = \sum_i (x_i - \mu)^2, \mu = \frac1d\sum_i x_i", lambda x: ((x - x.mean()) ** 2).sum()),
    "inner products": (
        r"L = \sum_{i=1}^m \alpha_i - \frac12\sum_{i,j} \alpha_i\alpha_j y_i y_j \langle x_i, x_j\rangle",
        lambda alpha, y, x: alpha.sum() - ((alpha * y) @ x) @ ((alpha * y) @ x) / 2),
    "radial functions": (
        r"f(x) = \sum_{m=1}^{M} w_m \exp\left(-\frac{\|x - c_m\|^2}{2 s_m^2}\right), E = \sum_{n=1}^N (f(x_n) - t_n)^2",
        lambda w, x, c, s, t: (((w * np.exp(-((x[:, None] - c) ** 2).sum(-1) / 2 / s**2)).sum(1) - t) ** 2).sum()),
    "rows": (
        r"X \in \mathbb{R}^{N \times D}, Z = XW_1, A = \mathrm{GELU}(Z), L = \frac{1}{N}\|AW_2 - Y\|_F^2",
        lambda X, W_1, W_2, Y: ((X @ W_1 * (1 + erf(X @ W_1 / 2**0.5)) / 2 @ W_2 - Y) ** 2).sum() / len(X)),
    "a noise": (
        r"L = y^\top K_y^{-1} y, K_y = K + \sigma_n^2 I",
        lambda y, K, sigma_n: y @ np.linalg.solve(K + sigma_n**2 * np.eye(len(K)), y)),
    "a bias beside samples as columns": (
        r"\hat y = w^\top X + b, L = \frac{1}{m}\|\hat y - y\|^2",
        lambda w, X, b, y: ((w @ X + b - y[0]) ** 2).sum() / X.shape[1]),
    "a bias in a logistic cost": (
        r"Z = w^\top X + b, A = \sigma(Z), "
        r"J = -\frac{1}{m}\sum_{i=1}^m \left[y^{(i)}\log a^{(i)} + (1 - y^{(i)})\log(1 - a^{(i)})\right]",
        lambda w, X, b, y: -np.mean(y * np.log(p := expit(w @ X + b)) + (1 - y) * np.log(1 - p))),
    "a bias beside rows": (
        r"L = \frac{1}{2m}\|X w + b - y\|^2 + \frac{\lambda}{2m}\|w\|^2",
        lambda X, w, b, y, lam: (((X @ w + b - y) ** 2).sum() + lam * w @ w) / 2 / len(y)),
    "biases of columns": (r"L = \|W X + b - Y\|_F^2", lambda W, X, b, Y: ((W @ X + b[:, None] - Y) ** 2).sum()),
    "biases of rows": (r"L = \|X W + b - Y\|_F^2", lambda X, W, b, Y: ((X @ W + b - Y) ** 2).sum()),
    "a covariance": (
        r"L = -\sum_{i=1}^n \log \mathcal{N}(x_i \mid \mu, \Sigma)",
        lambda x, mu, Sigma: -multivariate_normal(mu, Sigma).logpdf(x).sum()),
    "a precision": (
        r"L = \log \mathcal{N}(x \mid \mu, \Lambda^{-1})",
        lambda x, mu, Lambda: multivariate_normal(mu, np.linalg.inv(Lambda)).logpdf(x)),
    "a mixture": (
        r"L = \sum_i \log \sum_k \pi_k \mathcal{N}(x_i | \mu_k, \Sigma_k)",
        lambda pi, x, mu, Sigma: np.log(sum(
            p * multivariate_normal(m, S).pdf(x) for p, m, S in zip(pi, mu, Sigma, strict=True))).sum()),
    "a chance": (r"p(y=1|x) = \sigma(w^\top x + b), L = -\log p(y=1|x)", lambda w, x, b: -np.log(expit(w @ x + b))),
    "a symmetric matrix": (r"Let A be symmetric. f(x) = x^\top A x", lambda x, A: x @ A @ x),
    "symmetric in a sentence": (r"$f(x) = x^\top A x$ where $A$ is symmetric positive definite.", lambda x, A: x @ A @ x),
    "attention beside a target": (
        r"A = \mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V, L = \|A - T\|_F^2",
        lambda Q, K, V, T: ((softmax(Q @ K.T / np.sqrt(Q.shape[1]), -1) @ V - T) ** 2).sum()),
    "samples as columns": (
        r"Z^{[1]} = W^{[1]}X + b^{[1]}, A^{[1]} = \tanh(Z^{[1]}), Z^{[2]} = W^{[2]}A^{[1]} + b^{[2]}, A^{[2]} = \sigma(Z^{[2]}), "
        r"J = -\frac1m \sum_{i=1}^m \left(y^{(i)}\log a^{[2](i)} + (1-y^{(i)})\log(1-a^{[2](i)})\right)",
        lambda W__1, X, b__1, W__2, b__2, y: -np.mean(
            y * np.log(p := expit(W__2 @ np.tanh(W__1 @ X + b__1) + b__2)[0]) + (1 - y) * np.log(1 - p))),
    "steps": (
        r"h_0 = 0, h_t = \tanh(W h_{t-1} + U x_t + b), \hat y_t = V h_t, L = \sum_{t=1}^T \|\hat y_t - y_t\|^2, t = 1, \dots, T",
        lambda W, U, x, b, V, y: stepped(W, U, x, b, V, y)),
    "a state that is reset": (
        r"h_0 = 0, z_t = \sigma(W_z x_t + U_z h_{t-1}), r_t = \sigma(W_r x_t + U_r h_{t-1}), "
        r"\tilde h_t = \tanh(W_h x_t + U_h (r_t \odot h_{t-1})), h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t, "
        r"L = \sum_{t=1}^T \|h_t - y_t\|^2, t = 1, \dots, T",
        lambda **of: reset(**of)),
    "layers that add": (
        r"h_0 = x, h_{l+1} = h_l + \tanh(W_l h_l + b_l), l = 0, \dots, K-1, L = \|h_K - y\|^2",
        lambda x, W, b, y: residual(x, W, b, y)),
    "the last step": (
        r"h_0 = 0, h_t = \tanh(W h_{t-1} + U x_t), t = 1, \dots, T, L = \|h_T - y\|^2",
        lambda W, U, x, y: last(W, U, x, y)),
    "the last step, and how far steps run is not said": (
        r"h_t = \tanh(W h_{t-1} + U x_t), h_0 = 0, L = \|h_T - y\|^2", lambda W, U, x, y: last(W, U, x, y)),
    "two matrices in each layer": (
        r"h^{(0)} = x, h^{(l)} = h^{(l-1)} + W_2^{(l)} \tanh(W_1^{(l)} h^{(l-1)} + b_1^{(l)}), L = \|h^{(L)} - y\|^2",
        lambda x, W_1, W_2, b_1, y: twofold(x, W_1, W_2, b_1, y)),
    "layers in round brackets": (
        r"h^{(0)} = x, h^{(l)} = \tanh(W^{(l)} h^{(l-1)} + b^{(l)}), l = 1, \dots, L, J = \frac{1}{2} \| h^{(L)} - y \|^2",
        lambda x, W, b, y: deep(x, W, b, y) / 2),
    "layers in brackets up to one that is read": (
        r"$a^{[0]} = x$, $z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}$, $a^{[l]} = \tanh(z^{[l]})$, $J = \|a^{[L]} - y\|^2$",
        lambda x, W, b, y: deep(x, W, b, y)),
    "layers of a graph": (
        r"H^{(0)} = X, H^{(l+1)} = \tanh(A H^{(l)} W^{(l)}), l = 0, \dots, K-1, L = \|H^{(K)} - Y\|_F^2",
        lambda X, A, W, Y: graph(X, A, W, Y)),
    "classes in brackets": (
        r"J(\theta) = -\frac1m \sum_{i=1}^m \sum_{k=1}^K y_k^{(i)} "
        r"\log \frac{\exp(\theta^{(k)\top} x^{(i)})}{\sum_{j=1}^K \exp(\theta^{(j)\top} x^{(i)})}, y^{(i)} \in \{0, 1\}^K",
        lambda Y, theta, x: -(Y * log_softmax(x @ theta.T, axis=1)).sum() / len(x)),
    "gates": (
        r"h_0 = 0, c_0 = 0, i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i), f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f), "
        r"o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o), g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g), "
        r"c_t = f_t \odot c_{t-1} + i_t \odot g_t, h_t = o_t \odot \tanh(c_t), L = \sum_{t=1}^T \|h_t - y_t\|^2, t = 1, \dots, T",
        lambda **of: gated(**of)),
    "the chance of a label": (
        r"p(y_i = k | x_i) = \frac{\exp(w_k^\top x_i)}{\sum_j \exp(w_j^\top x_i)}, L = -\sum_i \log p(y_i | x_i)",
        lambda w, x, y: -log_softmax(x @ w.T, axis=1)[np.arange(len(x)), y].sum()),
    "layers of samples as rows": (
        r"\begin{aligned} \mathbf{H} &= \tanh(\mathbf{X}\mathbf{W}^{(1)} + \mathbf{b}^{(1)}) \\ "
        r"\mathbf{O} &= \mathbf{H}\mathbf{W}^{(2)} + \mathbf{b}^{(2)} \\ L &= \|\mathbf{O} - \mathbf{Y}\|_F^2 \end{aligned}",
        lambda X, W__1, b__1, W__2, b__2, Y: ((np.tanh(X @ W__1 + b__1) @ W__2 + b__2 - Y) ** 2).sum()),
    "two layers of a graph": (
        r"H = \tanh(\hat A X W^{(0)}), Z = \mathrm{softmax}(\hat A H W^{(1)}), L = -\sum_{i}\sum_{k} Y_{ik}\log Z_{ik}",
        lambda Ahat, X, W__0, W__1, Y: -(Y * log_softmax(Ahat @ np.tanh(Ahat @ X @ W__0) @ W__1, axis=1)).sum()),
    "matrices that letters below tell apart": (
        r"\gamma = W_g c, \beta = W_b c, h = \gamma \odot x + \beta, L = \|h - t\|^2",
        lambda W_g, W_b, c, x, t: (((W_g @ c) * x + W_b @ c - t) ** 2).sum()),
    "translations": (
        r"L = \sum_i \max(0, \gamma + \|h_i + r_i - t_i\|_2^2 - \|h'_i + r_i - t'_i\|_2^2)",
        lambda gamma, h, r, t, h_prime, t_prime: np.maximum(
            0, gamma + ((h + r - t) ** 2).sum(-1) - ((h_prime + r - t_prime) ** 2).sum(-1)).sum()),
    "scores of a label": (
        r"h = \max(0, W_1 x + b_1), s = W_2 h + b_2, L = -\log\frac{e^{s_y}}{\sum_j e^{s_j}}",
        lambda W_1, x, b_1, W_2, b_2, y: -log_softmax(W_2 @ np.maximum(0, W_1 @ x + b_1) + b_2)[int(y)]),
    "a loss of each sample, and scores without its index": (
        r"s = W x_i, L_i = -\log\left(\frac{e^{s_{y_i}}}{\sum_j e^{s_j}}\right), L = \frac1N\sum_{i=1}^N L_i + \lambda\|W\|_F^2",
        lambda W, x, y, lam: -log_softmax(x @ W.T, axis=1)[np.arange(len(x)), y].mean() + lam * (W**2).sum()),
    "margins of each sample": (
        r"\hat s = W x_i, L_i = \sum_{j \neq y_i} \max(0, \hat s_j - \hat{s}_{y_i} + 1), L = \frac1N\sum_{i=1}^N L_i",
        lambda W, x, y: sum(np.maximum(0, s - s[k] + 1).sum() - 1 for s, k in zip(x @ W.T, y, strict=True)) / len(x)),
    "gates of what stands below each other, without biases": (
        "z_t = \\sigma(W_z [h_{t-1}, x_t])\nr_t = \\sigma(W_r [h_{t-1}, x_t])\n"
        "\\tilde h_t = \\tanh(W [r_t \\odot h_{t-1}, x_t])\n"
        "h_t = (1 - z_t) \\odot h_{t-1} + z_t \\odot \\tilde h_t\nL = \\|h_T - y\\|^2",
        lambda **of: unbiased(**of)),
    "gates whose starts are asked for": (
        r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f), i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i), "
        r"o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o), \tilde c_t = \tanh(W_g x_t + U_g h_{t-1} + b_g), "
        r"c_t = f_t \circ c_{t-1} + i_t \circ \tilde c_t, h_t = o_t \circ \tanh(c_t), L = \sum_{t=1}^T \|h_t - y_t\|^2",
        lambda **of: gated(**of)),
    "layers entry by entry": (
        r"a^l_j = \tanh\left(\sum_k w^l_{jk} a^{l-1}_k + b^l_j\right), C = \sum_j (y_j - a^L_j)^2",
        lambda x, w, b, y: deep(x, w, b, y)),
    "as many layers as the loss is called": (
        r"a^{(l)} = \tanh(W^{(l)} a^{(l-1)} + b^{(l)}), L = \|a^{(L)} - y\|^2 + \sum_{l=1}^L \|W^{(l)}\|_F^2",
        lambda x, W, b, y: deep(x, W, b, y) + (W**2).sum()),
    "as many layers as the loss is called, in an environment": (
        r"\begin{aligned} \mathbf{h}_l &= \tanh(W_l \mathbf{h}_{l-1} + b_l), \quad l = 1, \dots, L \\ "
        r"L &= \|\mathbf{h}_L - \mathbf{y}\|^2 \end{aligned}",
        lambda x, W, b, y: deep(x, W, b, y)),
    "a sample of a layer": (
        r"L = \sum_{i=1}^m \|a^{[1](i)} - y^{(i)}\|^2, a^{[1](i)} = \sigma(W^{[1]} x^{(i)})",
        lambda y, W__1, x: ((expit(x @ W__1.T) - y) ** 2).sum()),
}  # fmt: skip


def twofold(x: np.ndarray, W_1: np.ndarray, W_2: np.ndarray, b_1: np.ndarray, y: np.ndarray) -> float:
    for A, b, B in zip(W_1, b_1, W_2, strict=True):
        x = x + B @ np.tanh(A @ x + b)
    return ((x - y) ** 2).sum()


def unbiased(W_z: np.ndarray, W_r: np.ndarray, W: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    h = np.zeros(len(y))
    for own in x:
        z, r = (expit(V @ np.concatenate([h, own])) for V in (W_z, W_r))
        h = (1 - z) * h + z * np.tanh(W @ np.concatenate([r * h, own]))
    return ((h - y) ** 2).sum()


def obeyed(formula: str) -> Network:
    """The network of a formula with the starts and the declarations that are asked for, each on a line of its own."""
    for _ in range(5):
        try:
            return sb.read(formula)
        except sb.NotationError as refused:
            if start := re.search(r"no start of it is given. Write ([a-z]_0 = [0x])\b", str(refused)):
                formula = f"{start[1]}\n{formula}"
                continue
            found = re.search(r"Declare (?:it|them) in (?:a line|lines) of (?:its|their) own: (.*)\.\n", str(refused))
            if found is None:
                raise
            formula = "\n".join([*found[1].split("; "), formula])
    raise AssertionError(formula)


LONG = ("gates", "a state that is reset", "a triplet", "two layers of a graph", "scores of a label", "steps")


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n.startswith(LONG) else n for n in ASKED])
def test_what_is_asked_for_makes_the_network_that_is_meant(name: str) -> None:
    formula, expected = ASKED[name]
    network, rng = obeyed(formula), np.random.default_rng(0)
    sizes = {str(size): 2 + k for k, size in enumerate(sorted(network.program.sizes(), key=str))}
    shapes = {t.name: [int(n.subs({s: sizes[str(s)] for s in n.free_symbols})) for n in t.shape] for t in network.program.inputs}
    at = {n: rng.uniform(0.2, 1, shape) for n, shape in shapes.items()}
    at |= {t.name: rng.integers(0, sizes[str(t.bound)], at[t.name].shape) for t in network.program.inputs if t.kind == "integers"}
    matrices = [t.name for t in network.program.inputs if t.domain in ("symmetric", "spd")]
    at |= {n: at[n] @ np.swapaxes(at[n], -1, -2) + np.eye(at[n].shape[-1]) for n in matrices}
    value = expected(**{n: a if a.shape else float(a) for n, a in at.items()})
    assert tape.forward(network.program, at)[network.loss] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("formula", "words"), [
    (r"L = \sum_{i=1}^n \|x_i - x\|^2", "x stands with an index and without, in one sum. Call one of the two otherwise: x_i - c."),
    (r"p = \sum_k \pi_k(x) \mathcal N(t|\mu_k(x),\sigma_k^2(x)), L = -\log p", "pi stands before a letter in brackets, as a"),
    (r"\min_W \|X - XWW^\top\|_F^2 \text{ s.t. } W^\top W = I", "a network has no constraints. Leave out what follows it"),
    (r"\min_w \|Xw - y\|^2 \quad \text{subject to } w^\top w = 1", "a network has no constraints."),
])  # fmt: skip
def test_what_is_no_network_is_refused_with_a_mend(formula: str, words: str) -> None:
    with pytest.raises(sb.NotationError, match=re.escape(words)):
        sb.read(formula)


SOUGHT = {
    r"\max_{\mu,\sigma} \sum_{i=1}^n \log \mathcal{N}(x_i \mid \mu,\sigma^2), x_i \in \mathbb{R}, \sigma > 0": "mu sigma",
    r"\min_x \|Ax-b\|^2": "x",
    r"\min_X \frac12\|AX-B\|_F^2 + \gamma\operatorname{tr}(X^\top X)": "X",
    r"\min_{x\in\mathbb{R}^n} \frac12 x^\top A x - b^\top x, A \in \mathbb{S}^n_{++}": "x",
    r"\min_p -k\log p-(n-k)\log(1-p)": "p",
    r"\min_x f(x), f(x) = \|Ax-b\|^2": "x",
    r"L(\mu) = \sum_{i=1}^n (x_i-\mu)^2": "mu",
    r"f(x) = \frac12 x^\top A x - b^\top x, A \in \mathbb{S}^n, b \in \mathbb{R}^n": "x",
    r"\min_\alpha \|y - K\alpha\|^2 + \lambda \alpha^\top K \alpha": "alpha",
    r"\arg\max_\lambda \sum_{i=1}^n (x_i\log\lambda - \lambda)": "lam",
    r"\min_c \sum_{i=1}^n (x_i - c)^2": "c",
    r"\min_{D,Z}\|X-DZ\|_F^2+\lambda\|Z\|_F^2": "D Z",
}


@pytest.mark.parametrize("formula", SOUGHT)
def test_what_is_sought_is_a_parameter_and_all_else_is_data(formula: str) -> None:
    network = obeyed(formula)
    assert {t.name for t in network.program.inputs if t.kind == "parameter"} == {*SOUGHT[formula].split()}


@pytest.mark.parametrize("declared", ["A: data[n, d]\nb: data[n]\n", "A: parameter[n, d]\n"])
def test_what_is_sought_is_a_parameter_beside_what_was_declared(declared: str) -> None:
    kinds = {t.name: t.kind for t in obeyed(declared + r"\min_x \|Ax-b\|^2").program.inputs}
    assert (kinds["x"], kinds["b"]) == ("parameter", "data")


@pytest.mark.parametrize("formula", [
    r"L(U,V) = \sum_{i=1}^n\sum_{j=1}^m (R_{ij}-u_i^\top v_j)^2 + \lambda(\|U\|_F^2+\|V\|_F^2)",
    "Omega: binary[n, m]\n"
    r"L(U,V) = \sum_{(i,j)\in\Omega} (R_{ij}-u_i^\top v_j)^2 + \lambda(\|U\|_F^2+\|V\|_F^2)",
])  # fmt: skip
def test_a_small_letter_with_an_index_is_a_row_of_its_matrix(formula: str) -> None:
    shapes = {t.name: tuple(map(str, t.shape)) for t in obeyed(formula).program.inputs}
    assert (shapes["U"], shapes["V"], shapes["R"]) == (("n", "d"), ("m", "d"), ("n", "m"))
    assert not {"u", "v"} & {*shapes}


def test_the_norm_of_a_matrix_with_two_meanings_is_refused_and_no_vector_asked_for() -> None:
    with pytest.raises(sb.NotationError, match="the norm of a matrix with 1 below it has two meanings"):
        sb.read(r"\min_{D,Z}\|X-DZ\|_F^2+\lambda\|Z\|_1")


@pytest.mark.parametrize("formula", [r"\frac12\|Xw-y\|^2 + \lambda \|w\|_1", r"\|W_2 \tanh(W_1 x) - y\|^2"])
def test_a_norm_by_two_bars_asks_for_the_same(formula: str) -> None:
    asked = []
    for text in (formula, formula.replace(r"\|", "||")):
        with pytest.raises(sb.NotationError) as refused:
            sb.read(text)
        asked.append(str(refused.value).partition("\n")[0])
    assert asked[0] == asked[1]


BESIDE = {
    r"be symmetric and": ("data", "symmetric"),
    r"be symmetric and positive definite, and let": ("data", "spd"),
    r"is orthogonal. Given": ("data", "orthogonal"),
    r"be the data and": ("data", None),
    r"be fixed, ": ("data", None),
    r"be the weights and the constant": ("parameter", None),
    r"be a square matrix and": ("data", None),
}


@pytest.mark.parametrize("words", BESIDE)
@pytest.mark.parametrize("ends", [". ", r", \text{ Define } ", r" \text{ the observations. Minimise } "])
def test_words_beside_a_set_say_more_of_it(words: str, ends: str) -> None:
    text = rf"\text{{Let }} A \in \mathbb{{R}}^{{n\times n}} \text{{ {words} }} b \in \mathbb{{R}}^n{ends}f(x) = \frac12 x^\top A x - b^\top x"
    network = obeyed(text)
    told = {t.name: (t.kind, t.domain) for t in network.program.inputs}
    assert told == {"A": BESIDE[words], "b": ("data", None), "x": ("parameter", None)}
    assert network.loss == "f"


@pytest.mark.parametrize("words", ["is diagonal and", "be not symmetric,", "be positive definite and", "has orthonormal rows."])
def test_words_beside_a_set_that_are_not_read_are_refused(words: str) -> None:
    with pytest.raises(sb.NotationError, match=r"what the words .* say of an input is not read"):
        sb.read(rf"L = \|Ab\|^2 \text{{ where }} A \in \mathbb{{R}}^{{n\times n}} \text{{ {words} }} b \in \mathbb{{R}}^n")


def test_a_vector_is_not_symmetric() -> None:
    with pytest.raises(sb.NotationError, match="what the words symmetric say of an input is not read"):
        sb.read(r"\text{Let } b \in \mathbb{R}^n \text{ be symmetric. } L(b) = b^\top b")


@pytest.mark.parametrize("word", ["Given", " Given the data ", "Suppose "])
def test_a_word_before_a_set_takes_nothing_from_it(word: str) -> None:
    network = sb.read(rf"\text{{{word}}} x \in \mathbb{{R}}^d, y \in \mathbb{{R}}, w \in \mathbb{{R}}^d, L = (w^\top x - y)^2")
    assert {t.name: t.kind for t in network.program.inputs} == {"x": "data", "y": "data", "w": "parameter"}


@pytest.mark.parametrize("verb", ["Minimise", "Define", "Let us", "We minimize the loss"])
def test_a_verb_before_the_loss_is_no_part_of_its_name(verb: str) -> None:
    sets = r"X \in \mathbb{R}^{n\times d}, y \in \mathbb{R}^n, w \in \mathbb{R}^d"
    assert sb.read(rf"\text{{ {verb} }} L(w) = \|Xw-y\|^2, {sets}").loss == "L"


def test_an_attention_without_a_loss_is_asked_for_as_it_is() -> None:
    network = obeyed(r"\mathrm{Attention}(Q,K,V) = \mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V")
    assert {t.name: (t.kind, [str(n) for n in t.shape]) for t in network.program.inputs} == {
        "Q": ("data", ["h", "d_k"]), "K": ("data", ["n", "d_k"]), "V": ("data", ["n", "m"])
    }  # fmt: skip


@pytest.mark.parametrize("name", ["a covariance", "a precision", "a mixture"])
def test_what_a_density_is_given_is_learnt(name: str) -> None:
    kinds = {t.name: t.kind for t in obeyed(ASKED[name][0]).program.inputs}
    assert (kinds["x"], kinds["mu"]) == ("data", "parameter")


def test_what_stands_behind_the_bar_of_a_chance_is_given() -> None:
    network = obeyed(ASKED["a chance"][0])
    assert {t.name: t.kind for t in network.program.inputs} == {"w": "parameter", "x": "data", "b": "parameter"}


@pytest.mark.parametrize(
    "text",
    [
        r"A \in \mathbb{R}^{n \times n}, x \in \mathbb{R}^n, f = x^\top A x \text{ where } A \text{ is symmetric}",
        "A: data[n, n]\nx: parameter[n]\n$f = x^T A x$ where $A$ is a symmetric matrix.",
        "Let A be symmetric. f(x) = x^\\top A x",
    ],
)
def test_a_sentence_without_a_set_says_that_a_matrix_is_symmetric(text: str) -> None:
    assert sb.derive(obeyed(text)).gradients["x"].latex() == r"\frac{\partial f}{\partial x} = 2 A x"


def test_a_row_of_a_network_keeps_its_shape() -> None:
    declared = "w: parameter[d]\nX: data[d, m]\nb: parameter\ny: data[1, m]\n"
    network = sb.read(declared + r"a = \sigma(w^\top X + b), L = -\frac1m\left(y \log a^\top + (1 - y) \log(1 - a)^\top\right)")
    assert [str(n) for n in network.program.shape("a")] == ["1", "m"]
    rng = np.random.default_rng(0)
    at = {"w": rng.normal(size=3), "X": rng.normal(size=(3, 5)), "b": np.array(0.3), "y": rng.uniform(size=(1, 5))}
    p = expit(at["w"] @ at["X"] + 0.3)
    value = -np.mean(at["y"][0] * np.log(p) + (1 - at["y"][0]) * np.log(1 - p))
    assert tape.forward(network.program, at)["L"] == pytest.approx(value, rel=1e-12)


def test_what_a_recursion_begins_with_is_asked_for_and_says_the_shapes_of_the_rest() -> None:
    formula = r"\theta_{t+1} = \theta_t - \eta (A \theta_t - b), L = \|\theta_T - c\|^2"
    with pytest.raises(sb.NotationError, match=r"Write theta_0 = 0, or declare theta_0: data\[n\]\.") as refused:
        sb.read(formula)
    declaration = str(refused.value).split("or declare ")[1].split(".\n")[0]
    network = obeyed(f"{declaration}\n{formula}")
    assert {t.name: len(t.shape) for t in network.program.inputs} == {"eta": 0, "A": 2, "b": 1, "c": 1, "theta_0": 1}
    eta, A, theta = 0.1, np.array([[1.0, 0.5], [0.2, 2.0]]), np.array([1.0, -1.0])
    at = {"eta": np.array(eta), "A": A, "b": np.ones(2), "c": np.zeros(2), "theta_0": theta}
    found = tape.forward(network.program, at, sizes={"T": 3})["L"]
    for _ in range(3):
        theta = theta - eta * (A @ theta - 1)
    assert found == pytest.approx((theta**2).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("sign", "rises"), [(r"\max_\theta", True), (r"\hat\theta = \arg\max_\theta", True), (r"\min_\theta", False)]
)
def test_what_is_maximised_is_said_to_be(sign: str, rises: bool) -> None:
    network = obeyed(rf"{sign} \sum_i \log \sigma(y_i \theta^\top x_i)")
    assert any("maximised" in note for note in network.notes) == rises
