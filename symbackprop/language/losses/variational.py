"""The variational autoencoder: a sample that gradients pass through, its divergence from the prior, and the loss of both."""

from __future__ import annotations

from sympy import exp

from symbackprop.language.losses.arguments import Value, alike, bits, probabilities, reduced, rows
from symbackprop.language.operations.values import setting
from symbackprop.language.tensors import Tensor, apply, elementwise, total


def reparametrise(mu: Value, log_variance: Value, noise: Value) -> Tensor:
    """z = mu + exp(log_variance/2) noise, so that dz/dmu = 1 and dz/dlog_variance = (z - mu)/2: a sample of N(mu, variance).

    mu, log_variance, noise   one shape; the noise is data, drawn from N(0, 1).
    Returns that shape. Raises LanguageError where the shapes differ. Source: Kingma and Welling 2014.
    """
    mu, log_variance = alike("reparametrise", mu, log_variance, "mu s")
    mu, noise = alike("reparametrise", mu, noise)
    return elementwise("reparametrise", lambda m, s, e: m + exp(s / 2) * e, mu, log_variance, noise)


def gaussian_kl_divergence(mu: Value, log_variance: Value, reduction: str = "mean") -> Tensor:
    """L = (1/N) sum_n sum_j (exp(s[n j]) + mu[n j]^2 - 1 - s[n j])/2 with s = log_variance: KL(N(mu, exp s) | N(0, 1)).

    So that dL/dmu = mu / N and dL/ds = (exp(s) - 1) / (2 N).
    mu, log_variance   (..., d), one shape.
    Returns a scalar ("mean" divides by the number N of rows), or (...) for "none".
    Raises LanguageError where the shapes differ or there is no last axis. Source: Kingma and Welling 2014, appendix B.
    """
    name = "gaussian_kl_divergence"
    mu, log_variance = alike(name, mu, log_variance, "mu s")
    values = elementwise(name, lambda m, s: (exp(s) + m**2 - 1 - s) / 2, rows(name, mu), log_variance)
    return reduced(name, total(values, -1), reduction)


def vae_loss(logits: Value, x: Value, mu: Value, log_variance: Value, beta: Value = 1, reduction: str = "mean") -> Tensor:
    """L = (1/N) sum_n r[n] + beta KL(N(mu[n], variance[n]) | N(0, 1)), r[n] = -sum_k x log P + (1 - x) log(1 - P), P = sigmoid(o).

    The cross-entropy of a decoder with logits o, and the closed form of the divergence: minus the evidence lower bound.
    logits, x          (..., k), one shape; x from 0 to 1.
    mu, log_variance   (..., d), one shape, as many rows; the decoder reads reparametrise(mu, log_variance, noise).
    beta               the weight of the divergence, 0 or more; 1 is the bound itself.
    Returns a scalar ("mean" divides by the number N of rows), or (...) for "none".
    Raises LanguageError where the shapes do not fit or beta is negative. Source: Kingma and Welling 2014; Higgins et al. 2017.
    """
    logits, x = alike("vae_loss", logits, x, "o x")
    P = probabilities(apply("sigmoid", rows("vae_loss", logits)))
    errors = total(bits(P, x), -1).called("r")
    divergence = gaussian_kl_divergence(mu, log_variance, "none").called("D")
    errors, divergence = alike("vae_loss", errors, divergence)
    beta = setting("vae_loss", "beta", beta, 0, low_fits=True)
    return reduced("vae_loss", errors + beta * divergence, reduction)
