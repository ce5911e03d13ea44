# ruff: noqa: B905, C408, C417, E731, E741, F841, NPY002, PIE808, RET505, RUF005, RUF007, RUF059, UP031
"""Losses of courses, notebooks and papers as their authors write them: layers with caches, sequence models, likelihoods, flows,
diffusion, contrast, policies, survival, ordered answers, filters."""

import math
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import linalg, stats
from scipy.special import expit, gammaln, i0, logsumexp, softmax
from scipy.stats import multivariate_normal, norm

PRACTICE: dict[str, Callable[[], Any]] = {}
rng = np.random.default_rng(3)


def R(*s):
    return rng.normal(size=s)


def prog(made):
    """A program: it makes the function, its arguments, and settings of the trace."""
    PRACTICE[made.__name__] = made
    return made


@prog
def cs231n_fullynet():
    def affine_forward(x, w, b):
        out = x.reshape(x.shape[0], -1).dot(w) + b
        return out, (x, w, b)

    def layernorm_forward(x, gamma, beta, ln_param):
        eps = ln_param.get("eps", 1e-5)
        xT = x.T
        mu = np.mean(xT, axis=0)
        xc = xT - mu
        var = np.mean(xc**2, axis=0)
        std = np.sqrt(var + eps)
        xn = xc / std
        out = gamma * xn.T + beta
        cache = {"gamma": gamma, "xn": xn, "std": std}
        return out, cache

    def relu_forward(x):
        return np.maximum(0, x), x

    def dropout_forward(x, dropout_param):
        p, mode = dropout_param["p"], dropout_param["mode"]
        if "seed" in dropout_param:
            np.random.seed(dropout_param["seed"])
        mask = None
        out = None
        if mode == "train":
            mask = (np.random.rand(*x.shape) < p) / p
            out = x * mask
        elif mode == "test":
            out = x
        return out.astype(x.dtype, copy=False), (dropout_param, mask)

    def softmax_loss(x, y):
        shifted = x - x.max(axis=1, keepdims=True)
        Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
        log_probs = shifted - np.log(Z)
        N = x.shape[0]
        loss = -np.sum(log_probs[np.arange(N), y]) / N
        dx = np.exp(log_probs)
        dx[np.arange(N), y] -= 1
        dx /= N
        return loss, dx

    class FullyConnectedNet:
        def __init__(self, hidden_dims, input_dim, num_classes, dropout=1, normalization=None, reg=0.1, weight_scale=0.3):
            self.normalization = normalization
            self.use_dropout = dropout != 1
            self.reg = reg
            self.num_layers = 1 + len(hidden_dims)
            self.params = {}
            dims = [input_dim] + hidden_dims + [num_classes]
            for l, (i, j) in enumerate(zip(dims[:-1], dims[1:])):
                self.params["W%d" % (l + 1)] = R(i, j) * weight_scale
                self.params["b%d" % (l + 1)] = R(j) * 0.1
                if normalization and l < self.num_layers - 1:
                    self.params[f"gamma{l + 1}"] = np.ones(j)
                    self.params[f"beta{l + 1}"] = np.zeros(j)
            self.dropout_param = {"mode": "train", "p": dropout, "seed": 3} if self.use_dropout else {}
            self.ln_params = [{} for _ in range(self.num_layers - 1)]

        def loss(self, X, y=None):
            mode = "test" if y is None else "train"
            if self.use_dropout:
                self.dropout_param["mode"] = mode
            caches = {}
            out = X
            for l in range(1, self.num_layers):
                keys = [f"W{l}", f"b{l}"]
                w, b = (self.params.get(k, None) for k in keys)
                out, caches[l] = affine_forward(out, w, b)
                if self.normalization == "layernorm":
                    out, caches["ln", l] = layernorm_forward(
                        out, self.params["gamma%d" % l], self.params["beta%d" % l], self.ln_params[l - 1]
                    )
                out, caches["relu", l] = relu_forward(out)
                if self.use_dropout:
                    out, caches["drop", l] = dropout_forward(out, self.dropout_param)
            scores, cache = affine_forward(out, self.params["W%d" % self.num_layers], self.params["b%d" % self.num_layers])
            if mode == "test":
                return scores
            loss, grads = 0.0, {}
            loss, dscores = softmax_loss(scores, y)
            loss += 0.5 * self.reg * sum(np.sum(self.params[k] ** 2) for k in self.params if "W" in k)
            return loss, grads

    m = FullyConnectedNet([5, 4], 6, 3, dropout=0.7, normalization="layernorm")
    return m.loss, (R(7, 2, 3), np.array([0, 2, 1, 1, 0, 2, 1])), {}


@prog
def d2l_rnn_scratch():
    num_hiddens, vocab = 4, 5

    def get_params():
        def normal(*shape):
            return R(*shape) * 0.3

        def three():
            return (normal(vocab, num_hiddens), normal(num_hiddens, num_hiddens), np.zeros(num_hiddens))

        W_xz, W_hz, b_z = three()
        W_xr, W_hr, b_r = three()
        W_xh, W_hh, b_h = three()
        W_hq = normal(num_hiddens, vocab)
        b_q = np.zeros(vocab)
        return [W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q]

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def gru(inputs, state, params):
        W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q = params
        (H,) = state
        outputs = []
        for X in inputs:
            Z = sigmoid((X @ W_xz) + (H @ W_hz) + b_z)
            Rr = sigmoid((X @ W_xr) + (H @ W_hr) + b_r)
            H_tilda = np.tanh((X @ W_xh) + ((Rr * H) @ W_hh) + b_h)
            H = Z * H + (1 - Z) * H_tilda
            Y = H @ W_hq + b_q
            outputs.append(Y)
        return np.concatenate(outputs, axis=0), (H,)

    def cross_entropy(y_hat, y):
        e = np.exp(y_hat - y_hat.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        return -np.log(p[list(range(len(y_hat))), y])

    def loss(params, X, Y):
        state = (np.zeros((X.shape[0], num_hiddens)),)
        inputs = np.eye(vocab)[X.T]
        y_hat, _ = gru(inputs, state, params)
        return cross_entropy(y_hat, Y.T.reshape(-1)).mean()

    return loss, (get_params(), np.array([[0, 1, 2], [3, 4, 1]]), np.array([[1, 2, 0], [4, 1, 3]])), {}


@prog
def makemore_modules():
    class Linear:
        def __init__(self, fi, fo, bias=True):
            self.weight = R(fi, fo) / fi**0.5
            self.bias = np.zeros(fo) if bias else None

        def __call__(self, x):
            self.out = x @ self.weight
            if self.bias is not None:
                self.out = self.out + self.bias
            return self.out

        def parameters(self):
            return [self.weight] + ([] if self.bias is None else [self.bias])

    class BatchNorm1d:
        def __init__(self, dim, eps=1e-5, momentum=0.1):
            self.eps = eps
            self.momentum = momentum
            self.training = True
            self.gamma = np.ones(dim)
            self.beta = np.zeros(dim)
            self.running_mean = np.zeros(dim)
            self.running_var = np.ones(dim)

        def __call__(self, x):
            if self.training:
                if x.ndim == 2:
                    dim = 0
                elif x.ndim == 3:
                    dim = (0, 1)
                xmean = x.mean(dim, keepdims=True)
                xvar = x.var(dim, keepdims=True, ddof=1)
            else:
                xmean, xvar = self.running_mean, self.running_var
            xhat = (x - xmean) / np.sqrt(xvar + self.eps)
            self.out = self.gamma * xhat + self.beta
            if self.training:
                self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * xmean
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * xvar
            return self.out

        def parameters(self):
            return [self.gamma, self.beta]

    class Tanh:
        def __call__(self, x):
            self.out = np.tanh(x)
            return self.out

        def parameters(self):
            return []

    class Embedding:
        def __init__(self, n, d):
            self.weight = R(n, d)

        def __call__(self, IX):
            self.out = self.weight[IX]
            return self.out

        def parameters(self):
            return [self.weight]

    class FlattenConsecutive:
        def __init__(self, n):
            self.n = n

        def __call__(self, x):
            B, T, C = x.shape
            x = x.reshape(B, T // self.n, C * self.n)
            if x.shape[1] == 1:
                x = x.squeeze(1)
            self.out = x
            return self.out

        def parameters(self):
            return []

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def __call__(self, x):
            for layer in self.layers:
                x = layer(x)
            self.out = x
            return self.out

        def parameters(self):
            return [p for l in self.layers for p in l.parameters()]

    model = Sequential(
        [
            Embedding(6, 2),
            FlattenConsecutive(2),
            Linear(4, 3, bias=False),
            BatchNorm1d(3),
            Tanh(),
            FlattenConsecutive(2),
            Linear(6, 3, bias=False),
            BatchNorm1d(3),
            Tanh(),
            Linear(3, 6),
        ]
    )

    class Trainer:
        def __init__(self):
            self.model = model

        def loss(self, Xb, Yb):
            logits = self.model(Xb)
            logits = logits - logits.max(1, keepdims=True)
            counts = np.exp(logits)
            prob = counts * counts.sum(1, keepdims=True) ** -1
            return -np.log(prob)[range(Xb.shape[0]), Yb].mean()

    return Trainer().loss, (rng.integers(0, 6, (5, 4)), rng.integers(0, 6, 5)), {}


@prog
def pico_gpt():
    def gelu(x):
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

    def softmax(x):
        e = np.exp(x - np.max(x, axis=-1, keepdims=True))
        return e / np.sum(e, axis=-1, keepdims=True)

    def layer_norm(x, g, b, eps: float = 1e-5):
        mean = np.mean(x, axis=-1, keepdims=True)
        variance = np.var(x, axis=-1, keepdims=True)
        return g * (x - mean) / np.sqrt(variance + eps) + b

    def linear(x, w, b):
        return x @ w + b

    def ffn(x, c_fc, c_proj):
        return linear(gelu(linear(x, **c_fc)), **c_proj)

    def attention(q, k, v, mask):
        return softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask) @ v

    def mha(x, c_attn, c_proj, n_head):
        x = linear(x, **c_attn)
        qkv_heads = list(map(lambda x: np.split(x, n_head, axis=-1), np.split(x, 3, axis=-1)))
        causal_mask = (1 - np.tri(x.shape[0], dtype=x.dtype)) * -1e10
        out_heads = [attention(q, k, v, causal_mask) for q, k, v in zip(*qkv_heads)]
        return linear(np.hstack(out_heads), **c_proj)

    def transformer_block(x, mlp, attn, ln_1, ln_2, n_head):
        x = x + mha(layer_norm(x, **ln_1), **attn, n_head=n_head)
        return x + ffn(layer_norm(x, **ln_2), **mlp)

    def gpt2(inputs, wte, wpe, blocks, ln_f, n_head):
        x = wte[inputs] + wpe[range(len(inputs))]
        for block in blocks:
            x = transformer_block(x, **block, n_head=n_head)
        return layer_norm(x, **ln_f) @ wte.T

    def lm_loss(inputs, params, n_head=2):
        x, y = inputs[:-1], inputs[1:]
        logits = gpt2(x, **params, n_head=n_head)
        return np.mean(-np.log(softmax(logits)[np.arange(len(y)), y]))

    d = 4
    ln = lambda: dict(g=np.ones(d) + 0.1 * R(d), b=0.1 * R(d))
    lin = lambda i, o: dict(w=R(i, o) * 0.4, b=R(o) * 0.1)
    params = dict(
        wte=R(7, d),
        wpe=R(9, d),
        blocks=[
            dict(
                mlp=dict(c_fc=lin(d, 8), c_proj=lin(8, d)), attn=dict(c_attn=lin(d, 3 * d), c_proj=lin(d, d)), ln_1=ln(), ln_2=ln()
            )
        ],
        ln_f=ln(),
    )
    return lm_loss, (np.array([1, 3, 0, 6, 2, 5]), params), {}


@prog
def gmm_scipy():
    def nll(params, X):
        weights = np.exp(params["alpha"] - logsumexp(params["alpha"]))
        K = len(weights)
        total = np.zeros(X.shape[0])
        for k in range(K):
            L = np.tril(params["L"][k], -1) + np.diag(np.exp(np.diag(params["L"][k])))
            total += weights[k] * multivariate_normal.pdf(X, mean=params["mu"][k], cov=L @ L.T)
        return -np.log(total).sum()

    return nll, ({"alpha": R(2), "mu": R(2, 2), "L": R(2, 2, 2) * 0.3}, R(6, 2)), {}


@prog
def em_lower_bound():
    def e_step(X, pi, mu, sigma2):
        log_r = np.log(pi)[None] - 0.5 * np.log(2 * np.pi * sigma2)[None] - (X[:, None] - mu[None]) ** 2 / (2 * sigma2[None])
        log_r -= logsumexp(log_r, axis=1, keepdims=True)
        return np.exp(log_r)

    def elbo(X, logits, mu, log_s2):
        pi = np.exp(logits) / np.exp(logits).sum()
        s2 = np.exp(log_s2)
        r = e_step(X, pi, mu, s2)
        n_k = r.sum(0)
        ll = (r * (np.log(pi) - 0.5 * np.log(2 * np.pi * s2) - (X[:, np.newaxis] - mu) ** 2 / 2 / s2)).sum()
        ent = -(r * np.log(r + 1e-12)).sum()
        assert n_k.shape == (len(mu),)
        return -(ll + ent) / X.size

    return elbo, (R(8), R(3), R(3), R(3) * 0.2), {"wrt": ["logits", "mu", "log_s2"]}


@prog
def kalman_missing():
    State = namedtuple("State", "x P")

    class KalmanFilter:
        def __init__(self, A, H, Q, Rr, x0, P0):
            self.A, self.H, self.Q, self.R, self.x0, self.P0 = A, H, Q, Rr, x0, P0

        def predict(self, s):
            return State(self.A @ s.x, self.A @ s.P @ self.A.T + self.Q)

        def update(self, s, z):
            y = z - self.H @ s.x
            S = self.H @ s.P @ self.H.T + self.R
            K = np.linalg.solve(S.T, (s.P @ self.H.T).T).T
            x = s.x + K @ y
            I = np.eye(len(s.x))
            P = (I - K @ self.H) @ s.P @ (I - K @ self.H).T + K @ self.R @ K.T
            sign, logdet = np.linalg.slogdet(S)
            ll = -0.5 * (y @ np.linalg.solve(S, y) + logdet + len(y) * np.log(2 * np.pi))
            return State(x, P), ll

        def nll(self, zs, observed):
            s = State(self.x0, self.P0)
            total = 0.0
            for z, o in zip(zs, observed):
                s = self.predict(s)
                if o:
                    s, ll = self.update(s, z)
                    total -= ll
            return total

    kf = KalmanFilter(np.eye(2) + 0.1 * R(2, 2), R(1, 2), 0.1 * np.eye(2), 0.2 * np.eye(1), R(2), np.eye(2))
    return kf.nll, (R(5, 1), [True, True, False, True, True]), {}


@prog
def realnvp_scipy():
    class Coupling:
        def __init__(self, d, h, flip):
            self.s1, self.s2, self.t1, self.t2 = R(d // 2, h) * 0.3, R(h, d // 2) * 0.3, R(d // 2, h) * 0.3, R(h, d // 2) * 0.3
            self.flip = flip

        def forward(self, x):
            a, b = np.split(x, 2, axis=1)
            if self.flip:
                a, b = b, a
            s = np.tanh(np.tanh(a @ self.s1) @ self.s2)
            t = np.tanh(a @ self.t1) @ self.t2
            b = b * np.exp(s) + t
            y = np.concatenate((b, a) if self.flip else (a, b), axis=-1)
            return y, s.sum(axis=-1)

    class Flow:
        def __init__(self):
            self.layers = [Coupling(4, 3, i % 2 == 1) for i in range(3)]

        def log_prob(self, x):
            ld = 0
            for l in self.layers:
                x, d = l.forward(x)
                ld = ld + d
            return norm.logpdf(x).sum(-1) + ld

        def loss(self, x):
            return -self.log_prob(x).mean()

    return Flow().loss, (R(5, 4),), {}


@prog
def ddpm():
    T = 10

    def cosine_beta_schedule(timesteps, s=0.008):
        x = np.linspace(0, timesteps, timesteps + 1)
        a = np.cos(((x / timesteps) + s) / (1 + s) * np.pi * 0.5) ** 2
        a = a / a[0]
        betas = 1 - (a[1:] / a[:-1])
        return np.clip(betas, 0.0001, 0.9999)

    betas = cosine_beta_schedule(T)
    alphas_cumprod = np.cumprod(1.0 - betas)
    sqrt_ac = np.sqrt(alphas_cumprod)
    sqrt_1mac = np.sqrt(1 - alphas_cumprod)

    def extract(a, t, x_shape):
        out = np.take(a, t)
        return out.reshape(len(t), *((1,) * (len(x_shape) - 1)))

    def temb(t, dim):
        half = dim // 2
        emb = np.exp(np.arange(half) * -(math.log(10000) / (half - 1)))
        emb = t[:, None] * emb[None, :]
        return np.concatenate((np.sin(emb), np.cos(emb)), axis=-1)

    def model(params, x, t):
        e = temb(t, 4) @ params["Wt"]
        h = x.reshape(x.shape[0], -1) @ params["W1"] + e
        h = h * expit(h)
        return (h @ params["W2"]).reshape(*x.shape)

    def p_losses(params, x0, t, noise=None, loss_type="huber"):
        if noise is None:
            noise = np.random.randn(*x0.shape)
        xt = extract(sqrt_ac, t, x0.shape) * x0 + extract(sqrt_1mac, t, x0.shape) * noise
        pred = model(params, xt, t)
        if loss_type == "l1":
            return np.abs(noise - pred).mean()
        elif loss_type == "l2":
            return ((noise - pred) ** 2).mean()
        elif loss_type == "huber":
            d = np.abs(noise - pred)
            return np.where(d < 1, 0.5 * d**2, d - 0.5).mean()
        else:
            raise NotImplementedError()

    return p_losses, ({"Wt": R(4, 5), "W1": R(6, 5) * 0.4, "W2": R(5, 6) * 0.4}, R(3, 2, 3), np.array([1, 7, 3]), R(3, 2, 3)), {}


@prog
def simclr_ntxent():
    def nt_xent(W, xi, xj, temperature=0.5):
        z = np.vstack([xi @ W, xj @ W])
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        n = xi.shape[0]
        sim = z @ z.T / temperature
        np.fill_diagonal(sim, -np.inf)
        targets = np.concatenate([np.arange(n, 2 * n), np.arange(n)])
        logp = sim - logsumexp(sim, axis=1, keepdims=True)
        return -logp[np.arange(2 * n), targets].mean()

    return nt_xent, (R(4, 3), R(5, 4), R(5, 4)), {"wrt": ["W"]}


@prog
def supcon():
    def supcon_loss(W, X, labels, tau=0.2):
        f = np.tanh(X @ W)
        f /= np.sqrt((f**2).sum(1, keepdims=True))
        mask = (labels[:, None] == labels[None, :]).astype(float)
        logits = f @ f.T / tau
        logits = logits - logits.max(axis=1, keepdims=True)
        lm = np.ones_like(mask) - np.eye(len(labels))
        mask = mask * lm
        e = np.exp(logits) * lm
        lp = logits - np.log(e.sum(1, keepdims=True))
        mean = (mask * lp).sum(1) / np.maximum(mask.sum(1), 1)
        return -mean.mean()

    return supcon_loss, (R(4, 3), R(6, 4), np.array([0, 1, 0, 2, 1, 2])), {"wrt": ["W"]}


@prog
def pong_pg():
    gamma = 0.99

    def discount_rewards(r):
        discounted_r = np.zeros_like(r)
        running_add = 0
        for t in reversed(range(0, r.size)):
            if r[t] != 0:
                running_add = 0
            running_add = running_add * gamma + r[t]
            discounted_r[t] = running_add
        return discounted_r

    def policy_forward(model, x):
        h = np.dot(model["W1"], x)
        h[h < 0] = 0
        logp = np.dot(model["W2"], h)
        p = 1.0 / (1.0 + np.exp(-logp))
        return p, h

    def episode_loss(model, xs, ys, drs):
        epr = np.vstack(drs)
        d = discount_rewards(epr)
        d = d - np.mean(d)
        d = d / np.std(d)
        loss = 0
        for x, y, a in zip(xs, ys, d):
            p, _ = policy_forward(model, x)
            loss -= (y * np.log(p) + (1 - y) * np.log(1 - p)) * a[0]
        return loss

    return (
        episode_loss,
        ({"W1": R(4, 3), "W2": R(4)}, R(6, 3), np.array([0.0, 1, 1, 0, 1, 0]), np.array([0.0, 0, 1, 0, 0, -1])),
        {"wrt": ["model"]},
    )


@prog
def survival_aft():
    class AFT:
        def __init__(self, d, dist):
            self.beta = R(d) * 0.3
            self.log_sigma = np.array(-0.2)
            self.dist = dist

        def neg_log_likelihood(self, T, E, X):
            mu = X @ self.beta
            sigma = np.exp(self.log_sigma)
            z = (np.log(T) - mu) / sigma
            if self.dist == "weibull":
                lp = z - np.exp(z) - np.log(sigma * T)
                ls = -np.exp(z)
            elif self.dist == "lognormal":
                lp = norm.logpdf(z) - np.log(sigma) - np.log(T)
                ls = norm.logsf(z)
            else:
                raise ValueError(self.dist)
            return -np.sum(np.where(E == 1, lp, ls)) / len(T)

    return AFT(3, "lognormal").neg_log_likelihood, (np.exp(R(6)), np.array([1, 0, 1, 1, 0, 1]), R(6, 3)), {}


@prog
def cox_breslow():
    def cox(beta, X, time, event):
        order = np.argsort(-time)
        eta = (X @ beta)[order]
        ev = event[order]
        log_risk = np.logaddexp.accumulate(eta)
        return -np.sum((eta - log_risk) * ev) / ev.sum()

    return cox, (R(3), R(7, 3), rng.exponential(size=7), np.array([1, 0, 1, 1, 0, 1, 1])), {"wrt": ["beta"]}


@prog
def ordinal_cumlink():
    def nll(params, X, y):
        w, c0, deltas = params["w"], params["c0"], params["deltas"]
        cuts = np.r_[c0, c0 + np.cumsum(np.exp(deltas))]
        f = X @ w
        upper = np.r_[cuts, np.inf][y] - f
        lower = np.r_[-np.inf, cuts][y] - f
        p = expit(upper) - expit(lower)
        return -np.log(np.clip(p, 1e-10, None)).mean()

    return nll, ({"w": R(3), "c0": np.array(-0.5), "deltas": R(2) * 0.3}, R(8, 3), np.array([0, 1, 2, 3, 1, 2, 0, 3])), {}


@prog
def min_char_rnn():
    vocab_size, hidden_size = 5, 4
    Wxh = R(hidden_size, vocab_size) * 0.5
    Whh = R(hidden_size, hidden_size) * 0.5
    Why = R(vocab_size, hidden_size) * 0.5
    bh = np.zeros((hidden_size, 1))
    by = np.zeros((vocab_size, 1))

    def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
        xs, hs, ys, ps = {}, {}, {}, {}
        hs[-1] = np.copy(hprev)
        loss = 0
        for t in range(len(inputs)):
            xs[t] = np.zeros((vocab_size, 1))
            xs[t][inputs[t]] = 1
            hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
            ys[t] = np.dot(Why, hs[t]) + by
            ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
            loss += -np.log(ps[t][targets[t], 0])
        dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
        dbh, dby = np.zeros_like(bh), np.zeros_like(by)
        dhnext = np.zeros_like(hs[0])
        for t in reversed(range(len(inputs))):
            dy = np.copy(ps[t])
            dy[targets[t]] -= 1
            dWhy += np.dot(dy, hs[t].T)
            dby += dy
            dh = np.dot(Why.T, dy) + dhnext
            dhraw = (1 - hs[t] * hs[t]) * dh
            dbh += dhraw
            dWxh += np.dot(dhraw, xs[t].T)
            dWhh += np.dot(dhraw, hs[t - 1].T)
            dhnext = np.dot(Whh.T, dhraw)
        for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
            np.clip(dparam, -5, 5, out=dparam)
        return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]

    return (
        lossFun,
        ([0, 1, 2, 3], [1, 2, 3, 4], np.zeros((4, 1)), Wxh, Whh, Why, bh, by),
        {"wrt": ["Wxh", "Whh", "Why", "bh", "by"]},
    )


@prog
def fastai_linlayers():
    class Module:
        def __call__(self, *args):
            self.args = args
            self.out = self.forward(*args)
            return self.out

    class Relu(Module):
        def forward(self, inp):
            return inp.clip(0.0) - 0.5

    class Lin(Module):
        def __init__(self, w, b):
            self.w, self.b = w, b

        def forward(self, inp):
            return inp @ self.w + self.b

    class Mse(Module):
        def forward(self, inp, targ):
            return ((inp.squeeze(-1) - targ) ** 2).mean()

    class Model:
        def __init__(self, w1, b1, w2, b2):
            self.layers = [Lin(w1, b1), Relu(), Lin(w2, b2)]
            self.loss = Mse()

        def __call__(self, x, targ):
            for l in self.layers:
                x = l(x)
            return self.loss(x, targ)

    return Model(R(3, 4), np.zeros(4) + 0.1, R(4, 1), np.zeros(1)), (R(6, 3), R(6)), {}


@prog
def glm_stats():
    def nll(p, X, y, kind):
        eta = X @ p["beta"]
        if kind == "poisson":
            ll = stats.poisson.logpmf(y, np.exp(eta))
        elif kind == "t":
            ll = stats.t.logpdf(y, np.exp(p["lognu"]) + 2, loc=eta, scale=np.exp(p["logs"]))
        elif kind == "nb":
            r = np.exp(p["logs"])
            mu = np.exp(eta)
            ll = gammaln(y + r) - gammaln(r) - gammaln(y + 1) + r * np.log(r / (r + mu)) + y * np.log(mu / (r + mu))
        return -ll.sum() + stats.laplace.logpdf(p["beta"], scale=2.0).sum() * -1

    return nll, ({"beta": R(3) * 0.3, "logs": np.array(0.1), "lognu": np.array(0.3)}, R(6, 3), R(6), "t"), {}


@prog
def vae_free_bits():
    def elbo(enc, dec, x, eps, beta=2.0, free=0.05):
        h = np.tanh(x @ enc["W"] + enc["b"])
        mu, lv = np.array_split(h @ enc["V"], 2, axis=1)
        z = mu + np.exp(0.5 * lv) * eps
        logits = np.tanh(z @ dec["U"]) @ dec["Y"] + dec["c"]
        bce = np.maximum(logits, 0) - logits * x + np.log1p(np.exp(-np.abs(logits)))
        kl = -0.5 * (1 + lv - mu**2 - np.exp(lv))
        kl = np.maximum(kl.mean(0), free).sum()
        return bce.sum(-1).mean() + beta * kl

    return (
        elbo,
        (
            {"W": R(4, 3), "b": np.zeros(3), "V": R(3, 4)},
            {"U": R(2, 3), "Y": R(3, 4), "c": np.zeros(4)},
            (R(5, 4) > 0).astype(float),
            R(5, 2),
        ),
        {},
    )


@prog
def hawkes_process():
    def nll(theta, times, T):
        mu, alpha, beta = np.exp(theta)
        n = len(times)
        ll = 0.0
        A = 0.0
        for i in range(n):
            if i > 0:
                A = np.exp(-beta * (times[i] - times[i - 1])) * (1 + A)
            ll += np.log(mu + alpha * A)
        comp = mu * T + (alpha / beta) * np.sum(1 - np.exp(-beta * (T - times)))
        return comp - ll

    return nll, (np.array([-0.5, -0.7, 0.3]), np.sort(rng.uniform(0, 5, 7)), 5.0), {"wrt": ["theta"]}


@prog
def ppo_gae():
    def gae(rewards, values, dones, gamma=0.99, lam=0.95):
        adv = np.zeros_like(rewards)
        last = 0
        for t in reversed(range(len(rewards))):
            nv = values[t + 1] if t + 1 < len(values) else 0.0
            nonterm = 1.0 - dones[t]
            delta = rewards[t] + gamma * nv * nonterm - values[t]
            adv[t] = last = delta + gamma * lam * nonterm * last
        return adv, adv + values[: len(rewards)]

    def loss(policy, value, obs, acts, old_logp, rewards, dones, clip=0.2, vf=0.5, ent=0.01):
        logits = np.tanh(obs @ policy["W0"] + policy["b0"]) @ policy["W1"]
        logp = logits - logsumexp(logits, axis=-1, keepdims=True)
        lp = np.take_along_axis(logp, acts[:, None], 1)[:, 0]
        v = np.tanh(obs @ value["W0"]) @ value["w1"]
        adv, ret = gae(rewards, v, dones)
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
        ratio = np.exp(lp - old_logp)
        pg = -np.minimum(ratio * adv, np.clip(ratio, 1 - clip, 1 + clip) * adv).mean()
        H = -(np.exp(logp) * logp).sum(-1).mean()
        return pg + vf * ((v - ret) ** 2).mean() - ent * H

    return (
        loss,
        (
            {"W0": R(3, 4), "b0": R(4), "W1": R(4, 2)},
            {"W0": R(3, 4), "w1": R(4)},
            R(5, 3),
            np.array([0, 1, 1, 0, 1]),
            np.log(rng.uniform(0.3, 0.7, 5)),
            R(5),
            np.array([0.0, 0, 1, 0, 0]),
        ),
        {"wrt": ["policy", "value"]},
    )


@prog
def dqn_double():
    class QNet:
        def __init__(self):
            self.fc1 = R(3, 5) * 0.5
            self.fc2 = R(5, 2) * 0.5

        def __call__(self, s):
            return np.maximum(s @ self.fc1, 0.01 * (s @ self.fc1)) @ self.fc2

    online, target = QNet(), QNet()

    def td_loss(net, batch, gamma=0.9):
        s, a, r, s2, d = batch
        q = net(s)[np.arange(len(a)), a]
        best = target(s2).argmax(1)
        y = r + gamma * (1 - d) * target(s2)[np.arange(len(a)), best]
        err = y - q
        return np.where(np.abs(err) <= 1, 0.5 * err * err, np.abs(err) - 0.5).sum() / len(a)

    return td_loss, (online, (R(4, 3), np.array([0, 1, 0, 1]), R(4), R(4, 3), np.array([0.0, 1, 0, 0]))), {}


@prog
def mdn():
    def forward(p, x, K=3):
        h = np.tanh(x @ p["W"] + p["b"])
        out = h @ p["V"] + p["c"]
        pi, mu, ls = out[:, :K], out[:, K : 2 * K], out[:, 2 * K :]
        return softmax(pi, axis=1), mu, np.exp(ls)

    def loss(p, x, y):
        pi, mu, s = forward(p, x)
        comp = pi * norm.pdf(y[:, None], loc=mu, scale=s)
        return np.mean(-np.log(comp.sum(axis=1) + 1e-12))

    return loss, ({"W": R(1, 4), "b": R(4), "V": R(4, 9) * 0.3, "c": np.zeros(9)}, R(6, 1), R(6)), {}


@prog
def gp_ard():
    def kernel(X1, X2, ls, var):
        d = (X1 / ls)[:, None, :] - (X2 / ls)[None, :, :]
        r = np.sqrt(np.maximum((d**2).sum(-1), 1e-12))
        return var * (1 + np.sqrt(5) * r + 5 / 3 * r**2) * np.exp(-np.sqrt(5) * r)

    def nlml(theta, X, y):
        D = X.shape[1]
        ls, var, noise = np.exp(theta[:D]), np.exp(theta[D]), np.exp(theta[D + 1])
        K = kernel(X, X, ls, var) + (noise + 1e-6) * np.eye(len(X))
        L = linalg.cholesky(K, lower=True)
        a = linalg.cho_solve((L, True), y)
        return 0.5 * y.dot(a) + np.log(np.diag(L)).sum() + 0.5 * len(X) * np.log(2 * np.pi)

    return nlml, (np.array([0.1, -0.2, 0.3, -1.0]), R(6, 2), R(6)), {"wrt": ["theta"]}


@prog
def sinkhorn():
    def ot(W, X, Y, eps=0.5, iters=8):
        fx, fy = X @ W, Y @ W
        C = ((fx[:, None] - fy[None]) ** 2).sum(-1)
        a = np.full(len(X), 1 / len(X))
        b = np.full(len(Y), 1 / len(Y))
        f = np.zeros_like(a)
        g = np.zeros_like(b)
        for _ in range(iters):
            f = eps * np.log(a) - eps * logsumexp((g[None] - C) / eps, axis=1)
            g = eps * np.log(b) - eps * logsumexp((f[:, None] - C) / eps, axis=0)
        P = np.exp((f[:, None] + g[None] - C) / eps)
        return (P * C).sum()

    return ot, (R(3, 2) * 0.5, R(4, 3), R(5, 3)), {"wrt": ["W"]}


@prog
def gat_layer():
    def gat(params, X, A):
        heads = []
        for W, a in zip(params["W"], params["a"]):
            H = X @ W
            n = H.shape[0]
            F = H.shape[1]
            e = (H @ a[:F])[:, None] + (H @ a[F:])[None, :]
            e = np.where(e > 0, e, 0.2 * e)
            att = np.where(A > 0, e, -9e15)
            att = np.exp(att - att.max(1, keepdims=True))
            att /= att.sum(1, keepdims=True)
            hp = att @ H
            heads.append(np.where(hp > 0, hp, np.exp(np.minimum(hp, 0)) - 1))
        return np.concatenate(heads, axis=1)

    def loss(params, X, A, y, mask):
        z = gat(params, X, A) @ params["out"]
        lp = z - logsumexp(z, axis=1, keepdims=True)
        return -lp[mask, y[mask]].mean()

    A = np.eye(5) + np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
    return (
        loss,
        (
            {"W": [R(3, 2), R(3, 2)], "a": [R(4), R(4)], "out": R(4, 3)},
            R(5, 3),
            A,
            np.array([0, 1, 2, 0, 1]),
            np.array([True, True, False, True, False]),
        ),
        {},
    )


@prog
def wavenet():
    def causal(x, w, d):
        k = w.shape[0]
        pad = np.pad(x, (((k - 1) * d, 0), (0, 0)))
        return sum(pad[i * d : i * d + x.shape[0]] @ w[i] for i in range(k))

    def loss(p, x):
        inp = x[:-1]
        h = inp[:, None] * p["in"]
        skip = 0
        for i, (wf, wg, ws) in enumerate(p["blocks"]):
            z = np.tanh(causal(h, wf, 2**i)) * expit(causal(h, wg, 2**i))
            skip = skip + z
            h = h + z @ ws
        pred = np.maximum(skip, 0) @ p["out"]
        return np.mean((pred - x[1:]) ** 2)

    return (
        loss,
        ({"in": R(3), "blocks": [(R(2, 3, 3) * 0.4, R(2, 3, 3) * 0.4, R(3, 3) * 0.4) for _ in range(2)], "out": R(3)}, R(8)),
        {},
    )


@prog
def arcface():
    def loss(W, X, y, s=8.0, m=0.3):
        Xn = X / np.linalg.norm(X, axis=1, keepdims=True)
        Wn = W / np.linalg.norm(W, axis=0)
        cos = np.clip(Xn @ Wn, -1 + 1e-7, 1 - 1e-7)
        theta = np.arccos(cos)
        onehot = np.zeros_like(cos)
        onehot[np.arange(len(y)), y] = 1
        logits = s * np.where(onehot == 1, np.cos(theta + m), cos)
        return np.mean(logsumexp(logits, 1) - logits[np.arange(len(y)), y])

    return loss, (R(4, 3), R(6, 4), np.array([0, 1, 2, 1, 0, 2])), {"wrt": ["W"]}


@prog
def hard_triplet():
    def loss(W, X, labels, margin=0.5):
        f = X @ W
        sq = (f**2).sum(1)
        d = np.sqrt(np.maximum(sq[:, None] - 2 * f @ f.T + sq[None], 0) + 1e-12)
        same = labels[:, None] == labels[None]
        hp = np.max(d * same, axis=1)
        hn = np.min(d + 1e6 * same, axis=1)
        return np.maximum(hp - hn + margin, 0).mean()

    return loss, (R(4, 3), R(6, 4), np.array([0, 0, 1, 1, 2, 2])), {"wrt": ["W"]}


@prog
def spectral_norm_gan():
    def sn(W, u, n=2):
        for _ in range(n):
            v = W.T @ u
            v = v / np.linalg.norm(v)
            u = W @ v
            u = u / np.linalg.norm(u)
        return W / (u @ W @ v)

    def d_loss(D, G, x, z, u):
        disc = lambda a: np.tanh(a @ sn(D["W"], u)) @ D["v"]
        fake = np.tanh(z @ G["A"]) @ G["B"]
        return np.mean(np.maximum(0, 1 - disc(x))) + np.mean(np.maximum(0, 1 + disc(fake)))

    return d_loss, ({"W": R(3, 4), "v": R(4)}, {"A": R(2, 4), "B": R(4, 3)}, R(5, 3), R(5, 2), R(3)), {"wrt": ["D"]}


@prog
def capsule_routing():
    def squash(s, axis=-1):
        n2 = (s**2).sum(axis, keepdims=True)
        return n2 / (1 + n2) * s / np.sqrt(n2 + 1e-9)

    def loss(W, u, T, m_plus=0.9, m_minus=0.1, lam=0.5):
        u_hat = np.einsum("ijdk,bik->bijd", W, u)
        b = np.zeros(u_hat.shape[:3])
        for r in range(3):
            c = softmax(b, axis=2)
            v = squash((c[..., None] * u_hat).sum(1))
            if r < 2:
                b = b + (u_hat * v[:, None]).sum(-1)
        n = np.linalg.norm(v, axis=-1)
        return (T * np.maximum(0, m_plus - n) ** 2 + lam * (1 - T) * np.maximum(0, n - m_minus) ** 2).sum(1).mean()

    return loss, (R(3, 2, 3, 2) * 0.5, R(2, 3, 2), np.eye(2)), {"wrt": ["W"]}


@prog
def maml_by_hand():
    def inner(w, X, y):
        return (2 / len(y)) * X.T @ (X @ w - y)

    def meta(w, tasks, alpha=0.1):
        total = 0.0
        for (Xs, ys), (Xq, yq) in tasks:
            fast = w
            for _ in range(2):
                fast = fast - alpha * inner(fast, Xs, ys)
            total += np.mean((Xq @ fast - yq) ** 2)
        return total / len(tasks)

    mk = lambda: ((R(4, 3), R(4)), (R(5, 3), R(5)))
    return meta, (R(3), [mk(), mk()]), {"wrt": ["w"]}


@prog
def fgsm():
    def grad_x(w, b, x, y):
        p = expit(x @ w + b)
        return (p - y)[:, None] * w[None]

    def adv_loss(w, b, x, y, eps=0.1):
        xa = x + eps * np.sign(grad_x(w, b, x, y))
        bce = lambda z: np.mean(np.logaddexp(0, z) - y * z)
        return 0.5 * bce(x @ w + b) + 0.5 * bce(xa @ w + b)

    return adv_loss, (R(3), np.array(0.1), R(5, 3), np.array([0.0, 1, 1, 0, 1])), {"wrt": ["w", "b"]}


@prog
def distill():
    def loss(student, teacher, x, y, T=3.0, a=0.7):
        f = lambda p: np.maximum(0, x @ p[0]) @ p[1]
        zs, zt = f(student), f(teacher)
        ps = zs / T - logsumexp(zs / T, 1, keepdims=True)
        pt = softmax(zt / T, 1)
        kl = (pt * (np.log(pt) - ps)).sum(1).mean() * T * T
        eps = 0.1
        K = zs.shape[1]
        q = np.eye(K)[y] * (1 - eps) + eps / K
        ce = -(q * (zs - logsumexp(zs, axis=1)[:, None])).sum(1).mean()
        return a * kl + (1 - a) * ce

    return loss, ([R(4, 5), R(5, 3)], [R(4, 6), R(6, 3)], R(5, 4), np.array([0, 2, 1, 1, 0])), {"wrt": ["student"]}


@prog
def kv_cache_decode():
    class Decoder:
        def __init__(self, d):
            self.Wq, self.Wk, self.Wv, self.Wo = [R(d, d) * 0.5 for _ in range(4)]
            self.cache = {"k": [], "v": []}

        def step(self, x):
            q, k, v = x @ self.Wq, x @ self.Wk, x @ self.Wv
            self.cache["k"].append(k)
            self.cache["v"].append(v)
            K, V = np.stack(self.cache["k"]), np.stack(self.cache["v"])
            s = K @ q / np.sqrt(len(q))
            s = np.exp(s - s.max())
            s /= s.sum()
            return s @ V @ self.Wo

        def loss(self, xs, ys):
            self.cache = {"k": [], "v": []}
            outs = [self.step(x) for x in xs]
            return sum(((o - y) ** 2).sum() for o, y in zip(outs, ys)) / len(xs)

    return Decoder(3).loss, (R(4, 3), R(4, 3)), {}


@prog
def conv_sliding_window():
    def conv(x, w, b, pad=1, stride=1):
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        win = sliding_window_view(x, (w.shape[2], w.shape[3]), axis=(2, 3))[:, :, ::stride, ::stride]
        return np.tensordot(win, w, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) + b[None, :, None, None]

    def loss(p, x, y):
        h = np.maximum(conv(x, p["w1"], p["b1"]), 0)
        N, C, H, W = h.shape
        h = h.reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5))
        z = h.mean(axis=(2, 3)) @ p["W"]
        return -np.mean((z - logsumexp(z, 1, keepdims=True))[range(len(y)), y])

    return loss, ({"w1": R(3, 2, 3, 3) * 0.3, "b1": np.zeros(3), "W": R(3, 2)}, R(2, 2, 4, 4), np.array([0, 1])), {}


@prog
def crps_ensemble():
    def loss(p, x, y):
        mu = x @ p["m"]
        s = np.log1p(np.exp(x @ p["s"]))
        z = (y - mu) / s
        return np.mean(s * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)))

    return loss, ({"m": R(3), "s": R(3)}, R(6, 3), R(6)), {}


@prog
def linear_crf_viterbi_margin():
    def forward_alg(emis, trans):
        alpha = emis[0]
        for e in emis[1:]:
            alpha = logsumexp(alpha[:, None] + trans, axis=0) + e
        return logsumexp(alpha)

    def loss(p, X, Y):
        total = 0
        for x, y in zip(X, Y):
            em = x @ p["W"]
            gold = sum(em[t, y[t]] for t in range(len(y))) + sum(p["T"][i, j] for i, j in zip(y[:-1], y[1:]))
            total += forward_alg(em, p["T"]) - gold
        return total / len(X)

    return loss, ({"W": R(3, 2), "T": R(2, 2)}, [R(3, 3), R(4, 3)], [[0, 1, 1], [1, 0, 0, 1]]), {}


@prog
def learned_rff_deepset():
    def loss(p, sets, t):
        out = []
        for S in sets:
            phi = np.sqrt(2.0 / p["Om"].shape[1]) * np.cos(S @ p["Om"] + p["ph"])
            out.append(np.concatenate([phi.mean(0), phi.max(0)]) @ p["rho"])
        out = np.array(out)
        return np.mean(np.abs(out - t) ** 1.5)

    return loss, ({"Om": R(2, 4), "ph": R(4), "rho": R(8)}, [R(3, 2), R(5, 2), R(2, 2)], R(3)), {"wrt": ["p"]}


@prog
def von_mises_mixture():
    def loss(p, theta):
        w = softmax(p["a"])
        k = np.exp(p["lk"])
        lp = np.log(w) + k * np.cos(theta[:, None] - p["mu"]) - np.log(2 * np.pi * i0(k))
        return -logsumexp(lp, axis=1).sum()

    return loss, ({"a": R(2), "lk": R(2) * 0.3, "mu": R(2)}, R(6)), {}


@prog
def transe():
    def loss(E, Rl, pos, neg, margin=1.0):
        d = lambda t: np.linalg.norm(E[t[:, 0]] + Rl[t[:, 1]] - E[t[:, 2]], ord=1, axis=1)
        return np.maximum(0, margin + d(pos) - d(neg)).sum()

    return loss, (R(5, 3), R(2, 3), np.array([[0, 1, 2], [3, 0, 4]]), np.array([[0, 1, 3], [1, 0, 4]])), {"wrt": ["E", "Rl"]}
