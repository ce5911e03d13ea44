"""The losses and regularisers in JAX: by the plain formula, with probabilities where the language works with logits."""

from functools import wraps

import jax.numpy as jnp
from jax import nn
from jax.scipy import special


def reduced(default="mean"):
    """A loss from the function of its entries: `reduction` sums them, takes their mean, or leaves them."""

    def decorate(entries):
        @wraps(entries)
        def loss(*arguments, reduction=default, **further):
            values = entries(*arguments, **further)
            return {"sum": jnp.sum, "mean": jnp.mean, "none": lambda x: x}[reduction](values)

        return loss

    return decorate


def one_hot(target, classes):
    """Rows for integers; rows as they are."""
    return nn.one_hot(target, classes) if jnp.issubdtype(target.dtype, jnp.integer) else target


@reduced("sum")
def squared_error(yhat, y):
    return (yhat - y) ** 2


@reduced()
def mse_loss(yhat, y):
    return (yhat - y) ** 2


@reduced()
def mae_loss(yhat, y):
    return jnp.abs(yhat - y)


@reduced()
def huber_loss(yhat, y, delta=1):
    e = jnp.abs(yhat - y)
    return jnp.where(e <= delta, e**2 / 2, delta * (e - delta / 2))


@reduced()
def smooth_l1_loss(yhat, y, beta=1):
    e = jnp.abs(yhat - y)
    return jnp.where(e <= beta, e**2 / (2 * beta), e - beta / 2)


@reduced()
def log_cosh_loss(yhat, y):
    return jnp.log(jnp.cosh(yhat - y))


@reduced()
def quantile_loss(yhat, y, tau=0.5):
    return jnp.maximum(tau * (y - yhat), (tau - 1) * (y - yhat))


@reduced()
def binary_cross_entropy(p, y):
    return -(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))


@reduced()
def binary_cross_entropy_with_logits(z, y, positive_weight=1):
    p = nn.sigmoid(z)
    return -(positive_weight * y * jnp.log(p) + (1 - y) * jnp.log(1 - p))


@reduced()
def multilabel_cross_entropy(Z, Y):
    P = nn.sigmoid(Z)
    return -(Y * jnp.log(P) + (1 - Y) * jnp.log(1 - P)).sum(-1)


@reduced()
def focal_loss(z, y, gamma=2, alpha=0.25):
    p = nn.sigmoid(z)
    return -alpha * y * (1 - p) ** gamma * jnp.log(p) - (1 - alpha) * (1 - y) * p**gamma * jnp.log(1 - p)


@reduced()
def cross_entropy(S, target, weights=None, smoothing=0):
    classes = S.shape[-1]
    Y = (1 - smoothing) * one_hot(target, classes) + smoothing / classes
    logs = jnp.log(nn.softmax(S))
    return -(Y * logs * (1 if weights is None else weights)).sum(-1)


@reduced()
def nll_loss(log_p, target, weights=None):
    Y = one_hot(target, log_p.shape[-1])
    return -(Y * log_p * (1 if weights is None else weights)).sum(-1)


@reduced()
def kl_divergence(p, q):
    return (p * jnp.log(p / q)).sum(-1)


@reduced()
def hinge_loss(s, y):
    return jnp.maximum(0, 1 - y * s)


@reduced()
def squared_hinge_loss(s, y):
    return jnp.maximum(0, 1 - y * s) ** 2


@reduced()
def multiclass_hinge_loss(S, target, margin=1):
    Y = one_hot(target, S.shape[-1])
    right = (Y * S).sum(-1, keepdims=True)
    return (jnp.maximum(0, S - right + margin) * (1 - Y)).sum(-1)


@reduced()
def poisson_nll_loss(eta, y, log_rate=True, full=False):
    rate = jnp.exp(eta) if log_rate else eta
    return rate - y * jnp.log(rate) + (special.gammaln(y + 1) if full else 0)


@reduced()
def gaussian_nll_loss(mu, y, variance=1, full=False):
    constant = jnp.log(2 * jnp.pi) / 2 if full else 0
    return jnp.log(variance) / 2 + (y - mu) ** 2 / (2 * variance) + constant


def cosine_similarity(a, b, axis=-1):
    return (a * b).sum(axis) / jnp.sqrt((a**2).sum(axis) * (b**2).sum(axis))


@reduced()
def cosine_loss(a, b, axis=-1):
    return 1 - cosine_similarity(a, b, axis)


@reduced()
def contrastive_loss(a, b, y, margin=1):
    d = jnp.sqrt(((a - b) ** 2).sum(-1))
    return y * d**2 / 2 + (1 - y) * jnp.maximum(margin - d, 0) ** 2 / 2


@reduced()
def triplet_loss(anchor, positive, negative, margin=1):
    return jnp.maximum(((anchor - positive) ** 2).sum(-1) - ((anchor - negative) ** 2).sum(-1) + margin, 0)


@reduced()
def info_nce_loss(Q, K, temperature=1):
    return -jnp.log(jnp.diag(nn.softmax(Q @ K.T / temperature)))


@reduced()
def skip_gram_loss(word, context, negatives):
    near = jnp.log(nn.sigmoid((word * context).sum(-1)))
    return -near - jnp.log(nn.sigmoid(-jnp.einsum("...kd,...d->...k", negatives, word))).sum(-1)


def reparametrise(mu, log_variance, noise):
    return mu + jnp.exp(log_variance) ** 0.5 * noise


@reduced()
def gaussian_kl_divergence(mu, log_variance):
    return (jnp.exp(log_variance) + mu**2 - 1 - log_variance).sum(-1) / 2


@reduced()
def vae_loss(logits, x, mu, log_variance, beta=1):
    p = nn.sigmoid(logits)
    seen = -(x * jnp.log(p) + (1 - x) * jnp.log(1 - p)).sum(-1)
    return seen + beta * gaussian_kl_divergence(mu, log_variance, reduction="none")


def l1_penalty(W, lam=1, reduction="sum"):
    return lam * reduced()(jnp.abs)(W, reduction=reduction)


def l2_penalty(W, lam=1, reduction="sum"):
    return lam * reduced()(jnp.square)(W, reduction=reduction)


@reduced("sum")
def elastic_net_penalty(W, lam_1=1, lam_2=1):
    return lam_1 * jnp.abs(W) + lam_2 * W**2


HELPERS = ("reduced", "one_hot")
LOSSES = {
    name: value
    for name, value in globals().items()
    if callable(value) and getattr(value, "__module__", None) == __name__ and name not in HELPERS
}
