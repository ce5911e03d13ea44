"""Losses as people write them in JAX, each with its arguments."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

RNG = np.random.default_rng(11)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


def positive(*shape: int) -> np.ndarray:
    return RNG.uniform(0.5, 1.5, shape)


X, Y, T = real(7, 4), real(7, 3), np.array([0, 2, 1, 1, 0, 2, 2])
DENSE = {"W1": real(4, 5), "b1": real(5), "W2": real(5, 3), "b2": real(3)}


def perceptron(params, X, t):
    """A perceptron, with its cross-entropy."""
    h = jnp.tanh(X @ params["W1"] + params["b1"])
    logits = h @ params["W2"] + params["b2"]
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(X.shape[0]), t])


def stacked(params, X, Y):
    for layer in params[:-1]:
        X = jax.nn.relu(jnp.dot(X, layer["W"]) + layer["b"])
    out = jnp.dot(X, params[-1]["W"]) + params[-1]["b"]
    return jnp.mean(jnp.sum((out - Y) ** 2, axis=1)), out


def softmaxed(params, X, t):
    p = jax.nn.softmax(X @ params["W"])
    return -jnp.log(p[jnp.arange(7), t]).sum() + 0.01 * jnp.sum(params["W"] ** 2)


def one_hot(params, X, t):
    logits = X @ params["W"]
    return jnp.mean(-jnp.sum(jax.nn.one_hot(t, 3) * logits, axis=-1) + jax.nn.logsumexp(logits, axis=-1))


def logistic(w, b, X, t):
    z = X @ w + b
    return jnp.mean(jnp.logaddexp(0.0, z) - t * z)


def sigmoid_loss(w, X, t):
    p = jax.nn.sigmoid(X @ w)
    return -jnp.sum(t * jnp.log(p) + (1 - t) * jnp.log(1 - p))


@partial(jax.jit, static_argnames="axis")
def normalised(x, gamma, beta, axis=-1):
    mean = x.mean(axis=axis, keepdims=True)
    var = x.var(axis=axis, keepdims=True)
    return gamma * (x - mean) / jnp.sqrt(var + 1e-5) + beta


def layer_norm(params, X, Y):
    return jnp.sum((normalised(X @ params["W"], params["g"], params["b"]) - Y) ** 2)


def attention(params, x):
    q, k, v = x @ params["Wq"], x @ params["Wk"], x @ params["Wv"]
    scores = q @ k.T / jnp.sqrt(q.shape[-1])
    mask = jnp.tril(jnp.ones((x.shape[0], x.shape[0])))
    a = jax.nn.softmax(jnp.where(mask == 1, scores, -jnp.inf), axis=-1)
    return jnp.sum((a @ v) ** 2)


def heads(params, x):
    q, k, v = (jnp.einsum("btd,dhk->bthk", x, params[n]) for n in ("Wq", "Wk", "Wv"))
    a = jax.nn.softmax(jnp.einsum("bqhk,bthk->bhqt", q, k) / np.sqrt(2.0), axis=-1)
    return jnp.mean(jnp.einsum("bhqt,bthk->bqhk", a, v) ** 2)


def recurrent(params, xs):
    def step(h, x):
        h = jnp.tanh(params["W"] @ h + params["U"] @ x + params["b"])
        return h, h

    h, hs = lax.scan(step, jnp.zeros(params["b"].shape), xs)
    return jnp.sum(hs**2) + h.sum()


def backwards(params, xs):
    return lax.scan(lambda c, x: (jnp.sin(c * params["w"] + x), c), 0.5, xs, reverse=True)[0]


def gated(params, xs):
    def step(carry, x):
        h, s = carry
        f = jax.nn.sigmoid(params["U"] @ x + params["W"] @ h)
        s = f * s + (1 - f) * jnp.tanh(params["U"] @ x)
        return (jnp.tanh(s) * f, s), h

    (_, s), hs = lax.scan(step, (params["b"], jnp.zeros(3)), xs, reverse=True)
    return jnp.sum(hs**2) + jnp.sum(s)


def nested(params, xs):
    def step(h, x):
        return jnp.tanh(params["W"] @ h) + params["U"] @ x, jnp.sum(h)

    def sweep(h, _):
        h, sums = lax.scan(step, h, xs)
        return h, jnp.mean(sums)

    h, means = lax.scan(sweep, params["b"], None, length=2)
    return jnp.sum(h) + jnp.sum(means**2)


def depth(W, x):
    h, _ = lax.scan(lambda h, w: (jnp.tanh(w @ h), None), x, W)
    return jnp.sum(h**2)


def residual(params, x):
    def u(x):
        return jnp.sum(jnp.tanh(x[:, None] * params["w"]) @ params["v"])

    u_x = jax.grad(u)(x)
    return jnp.mean((u_x + jnp.tanh(x[:, None] * params["w"]) @ params["v"]) ** 2)


def descended(w, X, y):
    def loss(w):
        return jnp.mean((jnp.tanh(X @ w) - y) ** 2)

    return loss(w - 0.1 * jax.grad(loss)(w))


def looped(params, x):
    return jnp.sum(lax.fori_loop(0, 3, lambda k, h: jnp.tanh(params["W"] @ h + k), x))


def unrolled(params, x):
    for _ in range(3):
        x = jax.nn.silu(params["W"] @ x) + x
    return x.sum()


def convolution(params, x):
    y = lax.conv_general_dilated(x, params["K"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    y = jax.nn.relu(y + params["b"])
    y = lax.reduce_window(y, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return jnp.sum(y.mean(axis=(1, 2)) ** 2)


def average(params, x):
    y = lax.conv(x, params["K"], (2, 1), "VALID")
    return jnp.sum(jnp.sin(lax.reduce_window(y, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 1, 1), "VALID")))


def embedded(params, t):
    return jnp.sum(jnp.tanh(params["E"][t] @ params["w"]))


def along(params, X, t):
    logits = X @ params["W"]
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), t[:, None], axis=1).mean()


def mapped(params, X, Y):
    return jnp.mean(jax.vmap(lambda x, y: jnp.sum((params["W"].T @ x - y) ** 2))(X, Y))


def gelus(w, x):
    return jnp.sum(
        jax.nn.gelu(w * x)
        + jax.nn.elu(x)
        + jax.nn.leaky_relu(w)
        + jax.nn.softplus(x)
        + jnp.expm1(w)
        + jnp.log1p(x**2)
        + jnp.sqrt(x**2 + 1)
    )


def sliced(w, x):
    left, right = jnp.split(w, 2)
    joined = jnp.concatenate([right, left[::-1]])
    return jnp.sum(joined[1:] * x[:-1]) + w[-1] * x[0] + jnp.sum(jnp.stack([left, right]).T @ jnp.array([1.0, 2.0]))


def written(w, x):
    a = jnp.zeros(4).at[1].set(w[0]).at[2:].add(w[1:3])
    return jnp.sum(jnp.sin(a) * x)


def counted(w, t):
    return jnp.sum(jnp.zeros(5).at[t].add(w) ** 2)


def clipped(w, x):
    return jnp.sum(jnp.clip(w * x, -0.5, 0.5) + jnp.maximum(w, x) + jnp.minimum(w, 0.3) + jnp.abs(w) + jnp.where(x > 0, w, w**2))


def constant(w, x):
    return jnp.sum(jnp.asarray(np.linspace(0, 1, 4)) * w * x) + jnp.sum(jnp.eye(4) @ w)


def hinge(w, X, s):
    return jnp.mean(jnp.maximum(0, 1 - s * (X @ w))) + 0.1 * jnp.vdot(w, w)


def autoencoder(params, x):
    z = jnp.tanh(x @ params.enc)
    return jnp.mean((z @ params.dec - x) ** 2)


def stopped(w, x):
    return jnp.sum((w * x - lax.stop_gradient(w)) ** 2)


def flax_like(variables, X, t):
    p = variables["params"]
    h = jax.nn.relu(X @ p["Dense_0"]["kernel"] + p["Dense_0"]["bias"])
    return -jnp.mean(jax.nn.log_softmax(h @ p["Dense_1"]["kernel"] + p["Dense_1"]["bias"])[jnp.arange(h.shape[0]), t])


def branched(w, x, flag):
    return lax.cond(flag, lambda a: jnp.sum(a * x), lambda a: jnp.sum(a + x), w)


def chosen(w, x):
    """Branches that depend on what is learnt: in a loop, with several values, and one that is defined where it is taken."""
    y, z = lax.cond(jnp.max(x) > w[0], lambda v: (v * 2, jnp.sin(v)), lambda v: (v**2, jnp.cos(v)), w)

    def step(h, t):
        return lax.cond(t > h, lambda h: jnp.tanh(h * w[1] + t), lambda h: h * w[2], h), h

    h, states = lax.scan(step, w[0], x)
    return jnp.sum(y * z) + h**2 + jnp.sum(states) + lax.cond(w[3] > 0, lambda v: jnp.log(v) ** 2, lambda v: v**2, w[3])


def switched(w, k):
    """Branches by their number, which is kept among those that there are."""
    branches = [lambda v: v, lambda v: v**2, jnp.exp]
    return sum(jnp.sum(jnp.sin(one + lax.switch(k[one], branches, w))) for one in range(4))


def products(w, x):
    return jnp.prod(w) + jnp.cumsum(w * x)[2] + jnp.cumprod(x)[1] * w[0] + jnp.trace(jnp.outer(w, x)) + jnp.linalg.norm(w)


def halved(params, u):
    """A linear recurrence as state space models run it: by halves."""
    drive = u @ params["B"]
    keep = jnp.broadcast_to(jnp.exp(-jnp.exp(params["l"])), drive.shape)
    _, h = jax.lax.associative_scan(lambda a, b: (a[0] * b[0], b[0] * a[1] + b[1]), (keep, drive))
    return jnp.sum(jnp.tanh(h @ params["C"]) ** 2)


def pieces(w, x):
    y = w * x
    return jnp.sum(jnp.piecewise(y, [y < -0.5, y > 0.5], [lambda z: z**2, jnp.sin, lambda z: 3 * z]))


def filled_in(w, x):
    z = jnp.zeros((4, 4)).at[jnp.arange(4), jnp.arange(4)].set(w).at[0, 1:].add(x[:3])
    z = jnp.fill_diagonal(z.at[jnp.tril_indices(4, -1)].multiply(0.5).at[jnp.array([2, 0]), 3].set(x[:2]), 2 * w, inplace=False)
    return jnp.sum(jnp.sin(z @ z.T))


def spaced(w, x):
    y = jax.lax.pad(jnp.outer(w, x), 0.5, [(1, -1, 2), (-1, 2, 0)])
    return jnp.sum(jnp.sin(y[::2] * y[::2]))


def volumes(params, x):
    y = lax.conv_general_dilated(x, params["K"], (1, 2, 1), "SAME", rhs_dilation=(1, 1, 2))
    high = lax.reduce_window(y, -jnp.inf, lax.max, (1, 1, 2, 1, 2), (1, 1, 1, 1, 1), "VALID")
    return jnp.sum(jnp.sin(high)) + jnp.sum(
        lax.reduce_window(y, 0.0, lax.add, (1, 1, 2, 2, 2), (1, 1, 1, 1, 2), "VALID", window_dilation=(1, 1, 2, 1, 2)) ** 2
    )


def upward(params, x):
    up = lax.conv_transpose(x, params["K"], (2, 3), "SAME")
    return jnp.sum(jnp.sin(up)) + jnp.sum(jnp.tile(params["b"], (2, 1)) ** 3)


def whole(w, n):
    return jnp.sum(w * (n // 2)) + jnp.sum(w**2 * (n % 3)) + jnp.sum(jnp.fmod(w, 0.7))


@jax.custom_vjp
def _waves(x):
    return jnp.sin(x)


_waves.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (g * jnp.cos(x),))


def ruled(w, x):
    return jnp.sum(lax.scan(lambda h, one: (_waves(h * one), None), w, x)[0])


FORMS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "upward": (upward, ({"K": real(3, 2, 2, 3), "b": real(4)}, real(2, 3, 4, 2))), "whole": (whole, (real(4), np.array([3, 7, 5, 1]))),
    "chosen": (chosen, (np.array([0.4, -0.3, 1.2, -0.5]), np.array([0.9, -0.2, 0.1, 0.8, -1.0]))),
    "switched": (switched, (real(4), np.array([1, 5, -2, 0]))), "ruled": (ruled, (real(3), real(4, 3))),
    "halved": (halved, ({"l": real(3), "B": real(2, 3), "C": real(3, 2)}, real(3, 2))), "pieces": (pieces, (real(5), real(5))),
    "filled_in": (filled_in, (real(4), real(4))), "spaced": (spaced, (real(4), real(3))),
    "perceptron": (perceptron, (DENSE, X, T)),
    "stacked": (stacked, ([{"W": real(4, 6), "b": real(6)}, {"W": real(6, 5), "b": real(5)}, {"W": real(5, 3), "b": real(3)}], X, Y)),
    "softmaxed": (softmaxed, ({"W": real(4, 3)}, X, T)), "one_hot": (one_hot, ({"W": real(4, 3)}, X, T)),
    "logistic": (logistic, (real(4), np.array(0.3), X, (T > 0).astype(float))),
    "sigmoid_loss": (sigmoid_loss, (real(4), X, (T > 0).astype(float))),
    "layer_norm": (layer_norm, ({"W": real(4, 3), "g": real(3), "b": real(3)}, X, Y)),
    "attention": (attention, ({n: real(4, 3) for n in ("Wq", "Wk", "Wv")}, real(6, 4))),
    "heads": (heads, ({n: real(4, 2, 3) for n in ("Wq", "Wk", "Wv")}, real(5, 6, 4))),
    "recurrent": (recurrent, ({"W": real(3, 3), "U": real(3, 2), "b": real(3)}, real(4, 2))),
    "backwards": (backwards, ({"w": np.array(0.7)}, real(4))), "looped": (looped, ({"W": real(3, 3)}, real(3))),
    "gated": (gated, ({"W": real(3, 3), "U": real(3, 2), "b": real(3)}, real(4, 2))),
    "nested": (nested, ({"W": real(3, 3), "U": real(3, 2), "b": real(3)}, real(4, 2))),
    "depth": (depth, (real(4, 3, 3), real(3))), "residual": (residual, ({"w": real(4), "v": real(4)}, real(6))),
    "descended": (descended, (real(3), real(6, 3), real(6))),
    "unrolled": (unrolled, ({"W": real(3, 3)}, real(3))),
    "volumes": (volumes, ({"K": real(1, 1, 1, 2, 2)}, real(1, 1, 3, 3, 5))),
    "convolution": (convolution, ({"K": real(3, 3, 2, 4), "b": real(4)}, real(2, 6, 6, 2))),
    "average": (average, ({"K": real(3, 2, 2, 3)}, real(2, 2, 6, 7))), "embedded": (embedded, ({"E": real(6, 4), "w": real(4)}, T)),
    "along": (along, ({"W": real(4, 3)}, X, T)), "mapped": (mapped, ({"W": real(4, 3)}, X, Y)), "gelus": (gelus, (real(4), real(4))),
    "sliced": (sliced, (real(6), real(6))), "written": (written, (real(3), real(4))), "counted": (counted, (real(7), T)),
    "clipped": (clipped, (real(5), real(5))), "constant": (constant, (real(4), real(4))),
    "hinge": (hinge, (real(4), X, np.sign(real(7)))), "stopped": (stopped, (real(4), real(4))),
    "flax_like": (flax_like, ({"params": {"Dense_0": {"kernel": real(4, 5), "bias": real(5)}, "Dense_1": {"kernel": real(5, 3), "bias": real(3)}}}, X, T)),
    "branched": (branched, (real(4), real(4), True)), "products": (products, (real(4), real(4))),
}  # fmt: skip
"""Each function with its arguments."""

jax.tree_util.register_pytree_node(
    SimpleNamespace,
    lambda n: (tuple(vars(n).values()), tuple(vars(n))),
    lambda keys, v: SimpleNamespace(**dict(zip(keys, v, strict=True))),
)
FORMS["autoencoder"] = autoencoder, (SimpleNamespace(enc=real(4, 2), dec=real(2, 4)), X)
