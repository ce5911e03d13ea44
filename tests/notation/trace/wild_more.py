# ruff: noqa: B905, RUF059, PERF401, RUF007 - as people write them
"""Further losses as they stand in posts, papers' code and libraries written from scratch: rows of `COURSES`."""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict, namedtuple
from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from tests.notation.trace.courses import Made, counted, form

# -- images -------------------------------------------------------------------------------------------------------------


@form
def convolution_by_strides(rng: np.random.Generator, k: int) -> Made:
    def conv2d(x, w, b, stride=1):
        n, c, h, ww = x.shape
        f, _, kh, kw = w.shape
        win = sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
        out = np.einsum("nchwij,fcij->nfhw", win, w)
        return out + b[None, :, None, None]

    def loss(params, x, y):
        h = np.maximum(conv2d(x, params["w"], params["b"]), 0)
        pooled = h.mean(axis=(2, 3))
        logits = pooled @ params["fc"]
        logits -= logits.max(axis=1, keepdims=True)
        return -(logits - np.log(np.exp(logits).sum(1, keepdims=True)))[np.arange(len(y)), y].mean()

    params = {"w": rng.normal(size=(3, 2, 3, 3)), "b": rng.normal(size=3), "fc": rng.normal(size=(3, 4))}
    return loss, params, rng.normal(size=(3 + k, 2, 6 + k, 7 + k)), rng.integers(0, 4, 3 + k)


@form
def convolution_by_as_strided(rng: np.random.Generator, k: int) -> Made:
    def loss(image, kernel, target):
        H, W = image.shape
        kh, kw = kernel.shape
        s0, s1 = image.strides
        patches = as_strided(image, shape=(H - kh + 1, W - kw + 1, kh, kw), strides=(s0, s1, s0, s1))
        out = np.tensordot(patches, kernel, axes=([2, 3], [0, 1]))
        return ((out - target) ** 2).mean()

    return loss, rng.normal(size=(6 + k, 7 + k)), rng.normal(size=(3, 3)), rng.normal(size=(4 + k, 5 + k))


@form
def convolution_by_seven_loops(rng: np.random.Generator, k: int) -> Made:
    class Conv3x3:
        def __init__(self, num_filters):
            self.num_filters = num_filters
            self.filters = rng.normal(size=(num_filters, 3, 3)) / 9

        def iterate_regions(self, image):
            h, w = image.shape
            for i in range(h - 2):
                for j in range(w - 2):
                    im_region = image[i : (i + 3), j : (j + 3)]
                    yield im_region, i, j

        def forward(self, input):
            self.last_input = input
            h, w = input.shape
            output = np.zeros((h - 2, w - 2, self.num_filters))
            for im_region, i, j in self.iterate_regions(input):
                output[i, j] = np.sum(im_region * self.filters, axis=(1, 2))
            return output

    class MaxPool2:
        def iterate_regions(self, image):
            h, w, _ = image.shape
            new_h = h // 2
            new_w = w // 2
            for i in range(new_h):
                for j in range(new_w):
                    yield image[(i * 2) : (i * 2 + 2), (j * 2) : (j * 2 + 2)], i, j

        def forward(self, input):
            h, w, num_filters = input.shape
            output = np.zeros((h // 2, w // 2, num_filters))
            for im_region, i, j in self.iterate_regions(input):
                output[i, j] = np.amax(im_region, axis=(0, 1))
            return output

    class Softmax:
        def __init__(self, input_len, nodes):
            self.weights, self.biases = rng.normal(size=(input_len, nodes)) / input_len, np.zeros(nodes)

        def forward(self, input):
            input = input.flatten()
            totals = np.dot(input, self.weights) + self.biases
            exp = np.exp(totals)
            return exp / np.sum(exp, axis=0)

    class CNN:
        def __init__(self):
            self.conv, self.pool, self.softmax = Conv3x3(2), MaxPool2(), Softmax((2 + k) * 2 * 2, 3)

        def forward(self, image, label):
            out = self.conv.forward((image / 255) - 0.5)
            out = self.pool.forward(out)
            out = self.softmax.forward(out)
            loss = -np.log(out[label])
            acc = 1 if np.argmax(out) == label else 0
            return loss, acc, out

    return CNN().forward, rng.uniform(0, 255, (6 + 2 * k, 6)), 1


@form
def warp_by_bilinear_samples(rng: np.random.Generator, k: int) -> Made:
    def loss(theta, image, target):
        H, W = image.shape
        ys, xs = np.meshgrid(np.linspace(-1, 1, 4), np.linspace(-1, 1, 4), indexing="ij")
        grid = np.stack([xs.ravel(), ys.ravel(), np.ones(16)])
        x_s, y_s = theta @ grid
        x = (x_s + 1) * (W - 1) / 2
        y = (y_s + 1) * (H - 1) / 2
        wx = np.maximum(0, 1 - np.abs(x[:, None] - np.arange(W)[None, :]))
        wy = np.maximum(0, 1 - np.abs(y[:, None] - np.arange(H)[None, :]))
        out = np.einsum("ph,hw,pw->p", wy, image, wx)
        return np.mean((out - target) ** 2)

    return loss, np.array([[0.9, 0.1, 0.05], [-0.1, 0.8, 0.02]]), rng.normal(size=(5 + k, 6 + k)), rng.normal(size=16)


@form
def overlap_of_boxes(rng: np.random.Generator, k: int) -> Made:
    def giou_loss(pred, target):
        x1 = np.maximum(pred[:, 0], target[:, 0])
        y1 = np.maximum(pred[:, 1], target[:, 1])
        x2 = np.minimum(pred[:, 2], target[:, 2])
        y2 = np.minimum(pred[:, 3], target[:, 3])
        inter = np.clip(x2 - x1, 0, None) * np.clip(y2 - y1, 0, None)
        area_p = (pred[:, 2] - pred[:, 0]) * (pred[:, 3] - pred[:, 1])
        area_t = (target[:, 2] - target[:, 0]) * (target[:, 3] - target[:, 1])
        union = area_p + area_t - inter
        iou = inter / union
        cw = np.maximum(pred[:, 2], target[:, 2]) - np.minimum(pred[:, 0], target[:, 0])
        ch = np.maximum(pred[:, 3], target[:, 3]) - np.minimum(pred[:, 1], target[:, 1])
        return np.mean(1 - iou + (cw * ch - union) / (cw * ch))

    a, b = rng.uniform(0, 1, (2, 4 + k, 2))
    boxes = np.concatenate([a, a + 1 + rng.uniform(size=a.shape)], axis=1)
    return giou_loss, boxes, np.concatenate([b, b + 1 + rng.uniform(size=b.shape)], axis=1)


@form
def focal_and_dice(rng: np.random.Generator, k: int) -> Made:
    def loss(logits, targets, alpha=0.25, gamma=2.0, smooth=1.0):
        p = 1 / (1 + np.exp(-logits))
        pt = np.where(targets == 1, p, 1 - p)
        at = np.where(targets == 1, alpha, 1 - alpha)
        focal = np.mean(-at * (1 - pt) ** gamma * np.log(pt))
        axes = tuple(range(1, logits.ndim))
        intersection = np.sum(p * targets, axis=axes)
        dice = (2.0 * intersection + smooth) / (np.sum(p, axis=axes) + np.sum(targets, axis=axes) + smooth)
        return focal + 1 - dice.mean()

    return loss, rng.normal(size=(2 + k, 3, 3 + k)), rng.integers(0, 2, (2 + k, 3, 3 + k))


@form
def rays_through_a_volume(rng: np.random.Generator, k: int) -> Made:
    def posenc(x, L):
        rets = [x]
        for i in range(L):
            for fn in [np.sin, np.cos]:
                rets.append(fn(2.0**i * x))
        return np.concatenate(rets, -1)

    def nerf_loss(params, pts, z_vals, target):
        n_rays, n_samples, _ = pts.shape
        h = np.maximum(posenc(pts.reshape(-1, 3), 2) @ params["W1"] + params["b1"], 0.0)
        raw = (h @ params["W2"]).reshape(n_rays, n_samples, 4)
        sigma_a = np.log1p(np.exp(raw[..., 3]))
        rgb = 1 / (1 + np.exp(-raw[..., :3]))
        dists = np.concatenate([z_vals[..., 1:] - z_vals[..., :-1], np.full(z_vals[..., :1].shape, 1e10)], axis=-1)
        alpha = 1.0 - np.exp(-sigma_a * np.minimum(dists, 5.0))
        trans = np.cumprod(np.concatenate([np.ones((n_rays, 1)), 1 - alpha + 1e-10], axis=-1), axis=-1)[:, :-1]
        weights = alpha * trans
        rgb_map = np.sum(weights[..., None] * rgb, axis=-2)
        return np.mean(np.square(rgb_map - target))

    R, S = 3 + k, 4 + k
    params = {"W1": rng.normal(size=(15, 6)), "b1": rng.normal(size=6), "W2": rng.normal(size=(6, 4))}
    return nerf_loss, params, rng.normal(size=(R, S, 3)), np.sort(rng.uniform(1, 4, (R, S)), axis=1), rng.uniform(size=(R, 3))


# -- sequences -----------------------------------------------------------------------------------------------------------


@counted
def lstm_with_gates_in_a_dict(rng: np.random.Generator, k: int) -> Made:
    def forward(x, h_prev, C_prev, p):
        z = np.vstack((h_prev, x))
        f = 1 / (1 + np.exp(-(np.dot(p["W_f"], z) + p["b_f"])))
        i = 1 / (1 + np.exp(-(np.dot(p["W_i"], z) + p["b_i"])))
        C_bar = np.tanh(np.dot(p["W_C"], z) + p["b_C"])
        C = f * C_prev + i * C_bar
        o = 1 / (1 + np.exp(-(np.dot(p["W_o"], z) + p["b_o"])))
        h = o * np.tanh(C)
        v = np.dot(p["W_v"], h) + p["b_v"]
        y = np.exp(v) / np.sum(np.exp(v))
        return z, f, i, C_bar, C, o, h, v, y

    def forward_backward(inputs, targets, h_prev, C_prev, p):
        x_s, h_s, C_s, y_s = {}, {}, {}, {}
        h_s[-1] = np.copy(h_prev)
        C_s[-1] = np.copy(C_prev)
        loss = 0
        for t in range(len(inputs)):
            x_s[t] = np.zeros((4, 1))
            x_s[t][inputs[t]] = 1
            (*_, C_s[t], o, h_s[t], v, y_s[t]) = forward(x_s[t], h_s[t - 1], C_s[t - 1], p)
            loss += -np.log(y_s[t][targets[t], 0])
        return loss, h_s[len(inputs) - 1], C_s[len(inputs) - 1]

    H, V = 3, 4
    p = {f"W_{g}": rng.normal(size=(H, H + V)) * 0.5 for g in "fiCo"} | {f"b_{g}": np.zeros((H, 1)) for g in "fiCo"}
    p |= {"W_v": rng.normal(size=(V, H)), "b_v": np.zeros((V, 1))}
    return forward_backward, [0, 2, 1], [2, 1, 3], np.zeros((H, 1)), np.zeros((H, 1)), p


@counted
def translation_with_attention(rng: np.random.Generator, k: int) -> Made:
    class Seq2Seq:
        def __init__(self, V, d):
            self.embed, self.enc, self.dec = rng.normal(size=(V, d)), rng.normal(size=(2 * d, d)), rng.normal(size=(3 * d, d))
            self.out = rng.normal(size=(d, V))

        def attention(self, s, H):
            scores = H @ s
            w = np.exp(scores - scores.max())
            w /= w.sum()
            return w @ H, w

        def loss(self, src, tgt):
            h, states = np.zeros(self.embed.shape[1]), []
            for tok in src:
                h = np.tanh(np.concatenate([self.embed[tok], h]) @ self.enc)
                states.append(h)
            H = np.array(states)
            s, nll, prev = h, 0.0, 0
            for tok in tgt:
                c, _ = self.attention(s, H)
                s = np.tanh(np.concatenate([self.embed[prev], s, c]) @ self.dec)
                logits = s @ self.out
                nll -= logits[tok] - np.log(np.sum(np.exp(logits)))
                prev = tok
            return nll / len(tgt)

    return Seq2Seq(5, 3).loss, [1, 4, 2], [3, 1]


@counted
def both_directions(rng: np.random.Generator, k: int) -> Made:
    def birnn(params, X, y):
        def run(xs, p):
            h, hs = np.zeros((X.shape[0], p["U"].shape[0])), []
            for x in xs:
                h = np.tanh(x @ p["W"] + h @ p["U"] + p["b"])
                hs.append(h)
            return hs

        steps = [X[:, t] for t in range(X.shape[1])]
        fwd = run(steps, params["fwd"])
        bwd = run(steps[::-1], params["bwd"])[::-1]
        H = np.stack([np.concatenate(pair, axis=1) for pair in zip(fwd, bwd)], axis=1)
        logits = H.max(axis=1) @ params["out"]
        return np.mean(np.log(1 + np.exp(-y * logits[:, 0])))

    cell = lambda: {"W": rng.normal(size=(3, 2)), "U": rng.normal(size=(2, 2)), "b": rng.normal(size=2)}  # noqa: E731
    params = {"fwd": cell(), "bwd": cell(), "out": rng.normal(size=(4, 1))}
    return birnn, params, rng.normal(size=(3, 4, 3)), np.array([1.0, -1.0, 1.0])


@counted
def labels_without_alignment(rng: np.random.Generator, k: int) -> Made:
    def ctc_loss(logits, labels, blank=0):
        T, V = logits.shape
        log_probs = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
        ext = [blank]
        for c in labels:
            ext += [c, blank]
        S = len(ext)
        neg_inf = -1e30
        alpha = [neg_inf] * S
        alpha[0] = log_probs[0, ext[0]]
        alpha[1] = log_probs[0, ext[1]]
        for t in range(1, T):
            new = [neg_inf] * S
            for s in range(S):
                a = alpha[s]
                if s > 0:
                    a = np.logaddexp(a, alpha[s - 1])
                if s > 1 and ext[s] != blank and ext[s] != ext[s - 2]:
                    a = np.logaddexp(a, alpha[s - 2])
                new[s] = a + log_probs[t, ext[s]]
            alpha = new
        return -np.logaddexp(alpha[-1], alpha[-2])

    return ctc_loss, rng.normal(size=(4, 3)), [1, 2]


@counted
def linear_chain_of_scores(rng: np.random.Generator, k: int) -> Made:
    class CRF:
        def __init__(self, n_tags):
            self.transitions = rng.normal(size=(n_tags, n_tags))
            self.start, self.end = rng.normal(size=n_tags), rng.normal(size=n_tags)

        def _score(self, emissions, tags):
            score = self.start[tags[0]] + emissions[0, tags[0]]
            for i in range(1, len(tags)):
                score += self.transitions[tags[i - 1], tags[i]] + emissions[i, tags[i]]
            return score + self.end[tags[-1]]

        def _log_partition(self, emissions):
            log_alpha = self.start + emissions[0]
            for emission in emissions[1:]:
                log_alpha = np.logaddexp.reduce(log_alpha[:, None] + self.transitions + emission[None, :], axis=0)
            return np.logaddexp.reduce(log_alpha + self.end)

        def nll(self, emissions, tags):
            return self._log_partition(emissions) - self._score(emissions, tags)

    return CRF(3).nll, rng.normal(size=(4, 3)), np.array([0, 2, 1, 1])


# -- decisions ----------------------------------------------------------------------------------------------------------


@form
def q_values_twice(rng: np.random.Generator, k: int) -> Made:
    Batch = namedtuple("Batch", "obs act rew next_obs done")

    class QNet:
        def __init__(self):
            self.layers = [(rng.normal(size=(4, 5)), rng.normal(size=5)), (rng.normal(size=(5, 2)), rng.normal(size=2))]

        def __call__(self, x):
            (W1, b1), (W2, b2) = self.layers
            return np.maximum(x @ W1 + b1, 0) @ W2 + b2

    def td_loss(online, target, batch, gamma=0.99):
        q = online(batch.obs)[np.arange(len(batch.act)), batch.act]
        next_q = np.max(target(batch.next_obs), axis=1)
        y = batch.rew + gamma * (1.0 - batch.done) * next_q
        td = q - y
        huber = np.where(np.abs(td) < 1.0, 0.5 * td**2, np.abs(td) - 0.5)
        return huber.mean()

    n = 5 + k
    batch = Batch(
        rng.normal(size=(n, 4)), rng.integers(0, 2, n), rng.normal(size=n), rng.normal(size=(n, 4)), rng.integers(0, 2, n)
    )
    return td_loss, QNet(), QNet(), batch


@counted
def advantage_of_an_actor_and_a_critic(rng: np.random.Generator, k: int) -> Made:
    def compute_gae(rewards, values, dones, gamma=0.99, lam=0.95):
        advantages = np.zeros_like(rewards)
        lastgaelam = 0
        for t in reversed(range(len(rewards))):
            nextnonterminal = 1.0 - dones[t]
            delta = rewards[t] + gamma * values[t + 1] * nextnonterminal - values[t]
            advantages[t] = lastgaelam = delta + gamma * lam * nextnonterminal * lastgaelam
        return advantages

    def a2c_loss(params, obs, actions, rewards, dones, value_coef=0.5, entropy_coef=0.01):
        h = np.tanh(obs @ params["W"])
        values = (h @ params["v"]).squeeze(-1)
        logits = h[:-1] @ params["pi"]
        logp_all = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        adv = compute_gae(rewards, values, dones)
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
        logp = logp_all[np.arange(len(actions)), actions]
        entropy = -(np.exp(logp_all) * logp_all).sum(-1).mean()
        value_loss = ((values[:-1] - rewards) ** 2).mean()
        return -(logp * adv).mean() + value_coef * value_loss - entropy_coef * entropy

    n = 4
    params = {"W": rng.normal(size=(3, 5)), "v": rng.normal(size=(5, 1)), "pi": rng.normal(size=(5, 2))}
    return a2c_loss, params, rng.normal(size=(n + 1, 3)), rng.integers(0, 2, n), rng.normal(size=n), np.array([0.0, 0.0, 1.0, 0.0])


@form
def soft_actor_critic(rng: np.random.Generator, k: int) -> Made:
    def actor_loss(params, q_params, obs, noise, alpha=0.2):
        h = np.maximum(obs @ params["W"] + params["b"], 0)
        mu, log_std = h @ params["mu"], np.clip(h @ params["log_std"], -20, 2)
        std = np.exp(log_std)
        pi = mu + std * noise
        logp = np.sum(-0.5 * ((pi - mu) / std) ** 2 - log_std - 0.5 * np.log(2 * np.pi), axis=-1)
        logp -= np.sum(2 * (np.log(2) - pi - np.logaddexp(0, -2 * pi)), axis=1)
        a = np.tanh(pi)
        q = [np.squeeze(np.concatenate([obs, a], axis=-1) @ w, -1) for w in q_params]
        return np.mean(alpha * logp - np.minimum(*q))

    n, o, A, h = 4 + k, 3, 2, 5
    params = {
        "W": rng.normal(size=(o, h)),
        "b": rng.normal(size=h),
        "mu": rng.normal(size=(h, A)),
        "log_std": rng.normal(size=(h, A)) * 0.2,
    }
    return actor_loss, params, [rng.normal(size=(o + A, 1)) for _ in range(2)], rng.normal(size=(n, o)), rng.normal(size=(n, A))


# -- graphs ---------------------------------------------------------------------------------------------------------------


@form
def messages_over_edges(rng: np.random.Generator, k: int) -> Made:
    def gcn(params, X, edge_index, y, n_nodes):
        src, dst = edge_index
        deg = np.zeros(n_nodes)
        np.add.at(deg, dst, 1)
        for W in params:
            msg = (X @ W)[src] / np.sqrt(deg[src] * deg[dst])[:, None]
            agg = np.zeros((n_nodes, W.shape[1]))
            np.add.at(agg, dst, msg)
            X = np.maximum(agg, 0)
        logp = X - np.log(np.exp(X).sum(1, keepdims=True))
        return -logp[np.arange(n_nodes), y].mean()

    n = 4
    edges = np.array([[0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 2, 3], [1, 0, 2, 1, 3, 2, 0, 3, 0, 1, 2, 3]])
    return (
        gcn,
        [rng.normal(size=(3 + k, 5)), rng.normal(size=(5, 3))],
        rng.normal(size=(n, 3 + k)),
        edges,
        np.array([0, 2, 1, 1]),
        n,
    )


# -- statistics -------------------------------------------------------------------------------------------------------------


@counted
def hazards_of_cox(rng: np.random.Generator, k: int) -> Made:
    def neg_log_partial_likelihood(beta, X, time, event):
        order = np.argsort(-time)
        X, event = X[order], event[order]
        eta = X @ beta
        log_risk = np.log(np.cumsum(np.exp(eta)))
        return -np.sum((eta - log_risk) * event) / event.sum()

    n = 6 + k
    return neg_log_partial_likelihood, rng.normal(size=3), rng.normal(size=(n, 3)), np.arange(n), np.resize([1, 0, 1], n)


@form
def ordered_answers(rng: np.random.Generator, k: int) -> Made:
    def nll(params, X, y):
        w, a, log_d = params["w"], params["a"], params["log_d"]
        cuts = np.concatenate([a, a + np.cumsum(np.exp(log_d))])
        eta = X @ w
        cdf = 1 / (1 + np.exp(-(cuts[None, :] - eta[:, None])))
        cdf = np.hstack([np.zeros((len(y), 1)), cdf, np.ones((len(y), 1))])
        p = cdf[np.arange(len(y)), y + 1] - cdf[np.arange(len(y)), y]
        return -np.log(p).mean()

    params = {"w": rng.normal(size=3 + k), "a": np.array([-0.5]), "log_d": np.array([0.1, -0.2])}
    return nll, params, rng.normal(size=(6 + k, 3 + k)), np.resize([0, 3, 1, 2], 6 + k)


@form
def waiting_times_of_weibull(rng: np.random.Generator, k: int) -> Made:
    def loss(theta, t, observed):
        log_lam, log_k = theta
        lam, kk = np.exp(log_lam), np.exp(log_k)
        log_h = np.log(kk / lam) + (kk - 1) * np.log(t / lam)
        H = (t / lam) ** kk
        return -np.sum(observed * log_h - H)

    return loss, np.array([0.3, 0.2]), np.linspace(0.5, 3, 5 + k), np.resize([1, 1, 0], 5 + k)


@form
def ratings_of_games(rng: np.random.Generator, k: int) -> Made:
    def bradley_terry(strength, games, reg=0.01):
        ll = 0.0
        for winner, loser in games:
            ll += np.log(1.0 / (1.0 + 10 ** ((strength[loser] - strength[winner]) / 400.0)))
        return -ll + reg * np.sum(strength**2)

    return bradley_terry, rng.normal(size=4) * 100, [(0, 1), (2, 0), (3, 1), (0, 3), (2, 3)]


@form
def pinball(rng: np.random.Generator, k: int) -> Made:
    def quantile_loss(W, X, y, quantiles=(0.1, 0.5, 0.9)):
        pred = X @ W
        losses = []
        for i, q in enumerate(quantiles):
            e = y - pred[:, i]
            losses.append(np.maximum(q * e, (q - 1) * e))
        return np.mean(np.sum(np.stack(losses), axis=0))

    return quantile_loss, rng.normal(size=(3 + k, 3)), rng.normal(size=(6 + k, 3 + k)), rng.normal(size=6 + k)


@form
def splines_by_recursion(rng: np.random.Generator, k: int) -> Made:
    def basis(x, i, p, t):
        if p == 0:
            return np.where((t[i] <= x) & (x < t[i + 1]), 1.0, 0.0)
        left = (x - t[i]) / (t[i + p] - t[i]) * basis(x, i, p - 1, t)
        right = (t[i + p + 1] - x) / (t[i + p + 1] - t[i + 1]) * basis(x, i + 1, p - 1, t)
        return left + right

    def loss(coef, x, y, lam=0.1):
        knots = np.linspace(-0.5, 1.5, 9)
        B = np.column_stack([basis(x, i, 3, knots) for i in range(len(coef))])
        D = np.diff(np.eye(len(coef)), n=2, axis=0)
        return np.sum((y - B @ coef) ** 2) + lam * np.sum((D @ coef) ** 2)

    return loss, rng.normal(size=5), rng.uniform(0, 1, 6 + k), rng.normal(size=6 + k)


@form
def dual_of_a_margin(rng: np.random.Generator, k: int) -> Made:
    def dual_objective(alpha, X, y, gamma=0.5):
        n = len(y)
        K = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                K[i, j] = np.exp(-gamma * np.linalg.norm(X[i] - X[j]) ** 2)
        return 0.5 * np.sum(np.outer(alpha * y, alpha * y) * K) - np.sum(alpha)

    n = 5 + k
    return dual_objective, rng.uniform(size=n), rng.normal(size=(n, 2)), rng.choice([-1.0, 1.0], n)


# -- noise that is taken away, similarity, spectra -----------------------------------------------------------------------


@form
def diffusion_with_a_table(rng: np.random.Generator, k: int) -> Made:
    class Diffusion:
        def __init__(self, T=10, beta_start=1e-2, beta_end=0.2):
            self.betas = np.linspace(beta_start, beta_end, T)
            self.alphas_cumprod = np.cumprod(1 - self.betas)

        def q_sample(self, x0, t, noise):
            a = self.alphas_cumprod[t]
            return np.sqrt(a)[:, None] * x0 + np.sqrt(1 - a)[:, None] * noise

    diffusion = Diffusion()

    def timestep_embedding(t, dim):
        half = dim // 2
        freqs = np.exp(-math.log(10000) * np.arange(half) / half)
        args = t[:, None] * freqs[None]
        return np.concatenate([np.cos(args), np.sin(args)], axis=-1)

    def loss(params, x0, t, noise):
        x_t = diffusion.q_sample(x0, t, noise)
        h = np.concatenate([x_t, timestep_embedding(t, 4)], axis=1) @ params["W1"] + params["b1"]
        h = h / (1 + np.exp(-h))
        return np.mean((noise - h @ params["W2"]) ** 2)

    n, d = 4 + k, 3
    params = {"W1": rng.normal(size=(d + 4, 6)), "b1": rng.normal(size=6), "W2": rng.normal(size=(6, d))}
    return loss, params, rng.normal(size=(n, d)), rng.integers(0, 10, n), rng.normal(size=(n, d))


@form
def images_and_their_captions(rng: np.random.Generator, k: int) -> Made:
    def clip_loss(params, images, texts):
        I_e = images @ params["W_i"]
        T_e = texts @ params["W_t"]
        I_e = I_e / np.linalg.norm(I_e, axis=1, keepdims=True)
        T_e = T_e / np.linalg.norm(T_e, axis=1, keepdims=True)
        logits = np.dot(I_e, T_e.T) * np.exp(params["t"])
        labels = np.arange(logits.shape[0])

        def cross_entropy(z, labels):
            z = z - z.max(axis=1, keepdims=True)
            return -np.mean(z[labels, labels] - np.log(np.exp(z).sum(axis=1)))

        return (cross_entropy(logits, labels) + cross_entropy(logits.T, labels)) / 2

    params = {"W_i": rng.normal(size=(4, 3)), "W_t": rng.normal(size=(5, 3)), "t": np.array(0.5)}
    return clip_loss, params, rng.normal(size=(4 + k, 4)), rng.normal(size=(4 + k, 5))


@counted
def cosine_transform(rng: np.random.Generator, k: int) -> Made:
    def dct_matrix(N):
        M = np.zeros((N, N))
        for u in range(N):
            c = np.sqrt(1 / N) if u == 0 else np.sqrt(2 / N)
            for x in range(N):
                M[u, x] = c * np.cos((2 * x + 1) * u * np.pi / (2 * N))
        return M

    def loss(block, target, q):
        D = dct_matrix(block.shape[0])
        coefs = D @ block @ D.T
        return np.sum(np.abs(coefs / q)) + np.sum((block - target) ** 2)

    n = 4 + k
    return loss, rng.normal(size=(n, n)), rng.normal(size=(n, n)), rng.uniform(1, 2, (n, n))


@form
def spectrum_by_sines(rng: np.random.Generator, k: int) -> Made:
    def spectral_loss(x, y):
        N = len(x)
        n = np.arange(N)
        angle = 2 * np.pi * np.outer(n, n) / N
        C, S = np.cos(angle), np.sin(angle)
        power = lambda s: (C @ s) ** 2 + (S @ s) ** 2  # noqa: E731
        return np.mean((np.log(power(x) + 1e-3) - np.log(power(y) + 1e-3)) ** 2)

    return spectral_loss, rng.normal(size=5 + k), rng.normal(size=5 + k)


# -- libraries of an afternoon -------------------------------------------------------------------------------------------


@form
def layers_in_an_ordered_dict(rng: np.random.Generator, k: int) -> Made:
    class Affine:
        def __init__(self, W, b):
            self.W, self.b, self.x, self.original_x_shape = W, b, None, None
            self.dW = self.db = None

        def forward(self, x):
            self.original_x_shape = x.shape
            x = x.reshape(x.shape[0], -1)
            self.x = x
            return np.dot(self.x, self.W) + self.b

    class Relu:
        def forward(self, x):
            self.mask = x <= 0
            out = x.copy()
            out[self.mask] = 0
            return out

    class SoftmaxWithLoss:
        def forward(self, x, t):
            self.t = t
            x = x - np.max(x, axis=-1, keepdims=True)
            self.y = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
            if self.y.ndim == 1:
                t, y = t.reshape(1, t.size), self.y.reshape(1, self.y.size)
            else:
                y = self.y
            if t.size == y.size:
                t = t.argmax(axis=1)
            batch_size = y.shape[0]
            return -np.sum(np.log(y[np.arange(batch_size), t] + 1e-7)) / batch_size

    class TwoLayerNet:
        def __init__(self, i, h, o):
            self.params = {"W1": rng.normal(size=(i, h)), "b1": np.zeros(h), "W2": rng.normal(size=(h, o)), "b2": np.zeros(o)}
            self.layers = OrderedDict()
            self.layers["Affine1"] = Affine(self.params["W1"], self.params["b1"])
            self.layers["Relu1"] = Relu()
            self.layers["Affine2"] = Affine(self.params["W2"], self.params["b2"])
            self.lastLayer = SoftmaxWithLoss()

        def predict(self, x):
            for layer in self.layers.values():
                x = layer.forward(x)
            return x

        def loss(self, x, t):
            y = self.predict(x)
            return self.lastLayer.forward(y, t)

    return TwoLayerNet(4, 5, 3).loss, rng.normal(size=(6 + k, 4)), rng.integers(0, 3, 6 + k)


@form
def values_that_know_how_to_go_back(rng: np.random.Generator, k: int) -> Made:
    class Tensor:
        def __init__(self, data, parents=(), backward=None):
            self.data = np.asarray(data)
            self.grad = np.zeros_like(self.data)
            self.parents, self.backward_fn = parents, backward

        def __matmul__(self, other):
            def backward(g):
                return g @ other.data.T, self.data.T @ g

            return Tensor(self.data @ other.data, (self, other), backward)

        def __add__(self, other):
            return Tensor(self.data + other.data, (self, other), lambda g: (g, g.sum(0)))

        def relu(self):
            return Tensor(self.data * (self.data > 0), (self,), lambda g: (g * (self.data > 0),))

        def mean(self):
            return Tensor(self.data.mean(), (self,), lambda g: (np.ones_like(self.data) * g / self.data.size,))

        def __pow__(self, n):
            return Tensor(self.data**n, (self,), lambda g: (n * self.data ** (n - 1) * g,))

        def __sub__(self, other):
            return Tensor(self.data - other.data, (self, other), lambda g: (g, -g))

    def loss(W1, b1, W2, x, y):
        h = (Tensor(x) @ Tensor(W1) + Tensor(b1)).relu()
        out = h @ Tensor(W2) - Tensor(y)
        return (out**2).mean().data

    return (
        loss,
        rng.normal(size=(3, 4 + k)),
        rng.normal(size=4 + k),
        rng.normal(size=(4 + k, 2)),
        rng.normal(size=(5, 3)),
        rng.normal(size=(5, 2)),
    )


@form
def layers_by_reduce(rng: np.random.Generator, k: int) -> Made:
    def compose(*fs):
        return reduce(lambda f, g: lambda x: g(f(x)), fs)

    dense = lambda W, b: lambda x: x @ W + b  # noqa: E731

    def loss(weights, biases, x, y):
        acts = [np.tanh] * (len(weights) - 1) + [lambda z: z]
        net = compose(*[f for W, b, a in zip(weights, biases, acts) for f in (dense(W, b), a)])
        stats = defaultdict(list)
        out = net(x)
        stats["norm"].append(np.linalg.norm(out))
        return 0.5 * np.mean((y - out) ** 2)

    sizes = [3, 4 + k, 2]
    weights = [rng.normal(size=s) for s in zip(sizes[:-1], sizes[1:])]
    return loss, weights, [rng.normal(size=s) for s in sizes[1:]], rng.normal(size=(5 + k, 3)), rng.normal(size=(5 + k, 2))


@form
def sentences_of_unequal_length(rng: np.random.Generator, k: int) -> Made:
    def loss(E, W, sentences, labels):
        total, correct = 0.0, 0
        for words, label in zip(sentences, labels):
            h = E[words].mean(axis=0)
            scores = h @ W
            p = np.exp(scores) / np.exp(scores).sum()
            total -= math.log(p[label])
            correct += int(np.argmax(p) == label)
        return total / len(sentences), correct / len(sentences)

    return loss, rng.normal(size=(6, 3 + k)), rng.normal(size=(3 + k, 2)), [[0, 2, 1], [3, 4], [5, 1, 1, 0]], [0, 1, 1]
