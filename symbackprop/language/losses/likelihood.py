"""Negative log-likelihoods of counts and of numbers with a variance."""

from __future__ import annotations

import sympy as sp
from sympy import Expr, Rational

from symbackprop.language.losses.arguments import Value, alike, reduced, taken
from symbackprop.language.operations.values import number, setting
from symbackprop.language.tensors import Tensor, apply, as_tensor, elementwise


def poisson_nll_loss(eta: Value, y: Value, log_rate: bool = True, full: bool = False, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i exp(eta[i]) - y[i] eta[i], so that dL/deta = (exp(eta) - y) / n: counts y of rate exp(eta).

    eta, y    one shape, any axes, n entries; y counts, 0 or more.
    log_rate  whether eta is the logarithm of the rate; otherwise it is the rate itself, above 0: rate - y log(rate).
    full      whether to add log(y!), which no parameter changes.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ. Source: McCullagh and Nelder 1989.
    """
    eta, y = alike("poisson_nll_loss", eta, y, "eta y")
    values = apply("exp", eta) - y * eta if log_rate else eta - y * apply("log", eta)
    if full:
        values = values + elementwise("poisson_nll_loss", _log_factorial, y).called("c")
    return reduced("poisson_nll_loss", values, reduction)


def _log_factorial(y: Expr) -> Expr:
    """log(y!) = log((y+8)!) - log((y+1) ... (y+8)) by Stirling's series, for y >= 0 to 1e-13 (Abramowitz and Stegun, 6.1.41)."""
    z = y + 9
    series = sum(c / z ** (2 * k + 1) for k, c in enumerate(map(Rational, ("1/12", "-1/360", "1/1260", "-1/1680", "1/1188"))))
    return (z - Rational(1, 2)) * sp.log(z) - z + sp.log(2 * sp.pi) / 2 + series - sp.log(sp.Mul(*[y + k for k in range(1, 9)]))


def gaussian_nll_loss(mu: Value, y: Value, variance: Value = 1, full: bool = False, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i log(v[i])/2 + (y[i] - mu[i])^2 / (2 v[i]), so that dL/dmu = (mu - y) / (n v): y of mean mu and variance v.

    Stable where the variance is written as exp(s): its logarithm is then s.
    mu, y     one shape, any axes, n entries.
    variance  of that shape, or a scalar; above 0.
    full      whether to add log(2 pi)/2, which no parameter changes.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ or the variance is not positive. Source: Nix and Weigend 1994.
    """
    name = "gaussian_nll_loss"
    mu, y = alike(name, mu, y, "mu y")
    if number(variance) is not None:
        setting(name, "variance", variance, 0)
    v = taken(alike(name, y if y.ndim else mu, variance)[1], "v")
    values = (y - mu) ** 2 / (2 * v)
    if number(v) != 1:
        values = apply("log", v) / 2 + values
    return reduced(name, values + sp.log(2 * sp.pi) / 2 if full else as_tensor(values), reduction)
