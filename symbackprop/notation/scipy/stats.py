"""scipy.stats: logarithms of densities and of probabilities, as far as they are written with functions of the language."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, as_tensor, number_of
from symbackprop.notation.composed.shapes import array
from symbackprop.notation.scipy.special import log_ndtr, ndtri

_log, _exp, _gammaln, _xlogy, _xlog1py = (TABLE[name] for name in ("log", "exp", "gammaln", "xlogy", "xlog1py"))
HALF_LOG = sp.log(2 * sp.pi) / 2


def _from_zero(z: Tensor, inside: Any) -> Tensor:
    """A logarithm of a density that is 0 below 0."""
    return op.where(z >= 0, inside, -sp.oo)


def _t(z: Tensor, df: Any) -> Tensor:
    df = as_tensor(df)
    top = (df + 1) / 2
    return _gammaln(top) - _gammaln(df / 2) - _log(df * sp.pi) / 2 - top * TABLE["log1p"](op.square(z) / df)


def _beta(z: Tensor, a: Any, b: Any) -> Tensor:
    return _xlogy(as_tensor(a) - 1, z) + _xlog1py(as_tensor(b) - 1, -z) - op.betaln(a, b)


def _lognorm(z: Tensor, s: Any) -> Tensor:
    return -op.square(_log(z) / s) / 2 - _log(z * s) - HALF_LOG


def _choose(n: Any, k: Any) -> Tensor:
    n, k = as_tensor(n), as_tensor(k)
    return _gammaln(n + 1) - _gammaln(k + 1) - _gammaln(n - k + 1)


DENSITIES: dict[str, Callable[..., Any]] = {
    "norm": lambda z: -op.square(z) / 2 - HALF_LOG,
    "expon": lambda z: _from_zero(z, -z),
    "laplace": lambda z: -TABLE["abs"](z) - sp.log(2),
    "logistic": lambda z: -z - 2 * TABLE["softplus"](-z),
    "cauchy": lambda z: -sp.log(sp.pi) - TABLE["log1p"](op.square(z)),
    "halfnorm": lambda z: _from_zero(z, sp.log(2 / sp.pi) / 2 - op.square(z) / 2),
    "gumbel_r": lambda z: -z - _exp(-z),
    "t": _t,
    "gamma": lambda z, a: _xlogy(as_tensor(a) - 1, z) - z - _gammaln(a),
    "beta": _beta,
    "lognorm": _lognorm,
    "chi2": lambda z, df: _xlogy(as_tensor(df) / 2 - 1, z) - z / 2 - _gammaln(as_tensor(df) / 2) - as_tensor(df) * sp.log(2) / 2,
    "weibull_min": lambda z, c: _log(c) + _xlogy(as_tensor(c) - 1, z) - op.power(z, c),
    "invgamma": lambda z, a: -(as_tensor(a) + 1) * _log(z) - _gammaln(a) - 1 / z,
}
"""log p(z), with loc 0 and scale 1, by the distribution's own arguments."""

MASSES: dict[str, Callable[..., Any]] = {
    "poisson": lambda k, mu: _xlogy(k, mu) - _gammaln(k + 1) - mu,
    "bernoulli": lambda k, p: _xlogy(k, p) + _xlog1py(1 - k, -as_tensor(p)),
    "binom": lambda k, n, p: _choose(n, k) + _xlogy(k, p) + _xlog1py(as_tensor(n) - k, -as_tensor(p)),
    "geom": lambda k, p: _xlog1py(k - 1, -as_tensor(p)) + _log(p),
    "nbinom": lambda k, n, p: _gammaln(k + n) - _gammaln(k + 1) - _gammaln(n) + as_tensor(n) * _log(p) + _xlog1py(k, -as_tensor(p)),
}
"""log P(k) of whole numbers, by the distribution's own arguments."""

FURTHER: dict[str, dict[str, Callable[..., Any]]] = {
    "norm": {
        "cdf": TABLE["normal_cdf"], "logcdf": log_ndtr, "sf": lambda z: TABLE["normal_cdf"](-z),
        "logsf": lambda z: log_ndtr(-z),
    },
    "logistic": {
        "cdf": TABLE["sigmoid"], "logcdf": TABLE["log_sigmoid"], "sf": lambda z: TABLE["sigmoid"](-z),
        "logsf": lambda z: TABLE["log_sigmoid"](-z),
    },
    "expon": {
        "cdf": lambda z: op.where(z >= 0, -TABLE["expm1"](-z), 0), "sf": lambda z: op.where(z >= 0, _exp(-z), 1),
        "logsf": lambda z: op.where(z >= 0, -z, 0),
    },
    "cauchy": {"cdf": lambda z: TABLE["arctan"](z) / sp.pi + sp.S.Half},
    "gumbel_r": {"cdf": lambda z: _exp(-_exp(-z)), "logcdf": lambda z: -_exp(-z)},
}  # fmt: skip
"""Probabilities of what is not above z, and above it, with loc 0 and scale 1."""

QUANTILES = {"norm": ndtri, "logistic": TABLE["logit"], "expon": lambda q: -TABLE["log1p"](-as_tensor(q))}


def _is(value: Any, number: int) -> bool:
    return number_of(as_tensor(value)) == number


def _standard(x: Any, loc: Any, scale: Any) -> Tensor:
    z = as_tensor(x) if _is(loc, 0) else as_tensor(x) - loc
    return z if _is(scale, 1) else z / scale


def _placed(core: Callable[..., Tensor], density: bool, power: bool = False) -> Callable[..., Tensor]:
    """A function of x, the distribution's own arguments, loc and scale, of one that knows no place and no width."""

    def function(x: Any, *given: Any) -> Tensor:
        *shapes, loc, scale = given
        found = core(_standard(x, loc, scale), *shapes)
        if density and not _is(scale, 1):
            found = found - _log(scale)
        return _exp(found) if power else found

    return _signed(function, ["x", *_arguments(core)[1:]], ["loc", "scale"])


def _massed(core: Callable[..., Tensor], power: bool = False) -> Callable[..., Tensor]:
    def function(k: Any, *given: Any) -> Tensor:
        found = core(as_tensor(k), *given)
        return _exp(found) if power else found

    return _signed(function, ["k", *_arguments(core)[1:]], [])


def _arguments(core: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(core).parameters)


def _signed(function: Callable[..., Tensor], needed: list[str], further: list[str]) -> Callable[..., Tensor]:
    """The function, with its arguments by name as well."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [*(inspect.Parameter(n, kind) for n in needed), *(inspect.Parameter(n, kind, default=int(n == "scale")) for n in further)]
    )

    def called(*args: Any, **options: Any) -> Tensor:
        bound = signature.bind(*args, **options)
        bound.apply_defaults()
        return function(*bound.args)

    called.__signature__ = signature  # type: ignore[attr-defined]
    return called


def _quantile(core: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Tensor:
        x = as_tensor(core(q)) if _is(scale, 1) else as_tensor(core(q)) * scale
        return x if _is(loc, 0) else x + loc

    return ppf


def multivariate_logpdf(x: Any, mean: Any = 0, cov: Any = 1) -> Tensor:
    """log p(x) = -(d log 2 pi + log det C + (x - m)^T C^-1 (x - m)) / 2, for x (d,), or (n, d)."""
    gap, C = as_tensor(x) - mean, as_tensor(cov)
    if C.ndim != 2:
        C = C * op.eye(gap.shape[-1]) if C.ndim == 0 else op.diag(C)
    return -(gap.shape[-1] * sp.log(2 * sp.pi) + op.logdet(C) + op.quadratic_form(gap, op.inverse(C))) / 2


def dirichlet_logpdf(x: Any, alpha: Any) -> Tensor:
    """log p(x) = log Gamma(sum_i a[i]) - sum_i log Gamma(a[i]) + sum_i (a[i] - 1) log x[i]."""
    alpha = as_tensor(alpha)
    return _gammaln(op.sum(alpha)) - op.sum(_gammaln(alpha)) + op.sum(_xlogy(alpha - 1, array(x)))


def entropy(pk: Any, qk: Any = None, base: Any = None, axis: Any = 0) -> Tensor:
    """-sum_i p[i] log p[i], or sum_i p[i] log(p[i] / q[i]), of what is made to sum to one along `axis`."""
    p = _shares(pk, axis)
    found = -op.sum(_xlogy(p, p), axis) if qk is None else op.sum(_xlogy(p, p / _shares(qk, axis)), axis)
    return found if base is None else found / _log(base)


def _shares(x: Any, axis: Any) -> Tensor:
    x = as_tensor(x)
    return x / op.sum(x, axis, keepdims=True)


def zscore(a: Any, axis: Any = 0, ddof: int = 0) -> Tensor:
    """(a - mean) / std along `axis`."""
    a = as_tensor(a)
    return (a - op.mean(a, axis, keepdims=True)) / op.std(a, axis, keepdims=True, ddof=ddof)


def gmean(a: Any, axis: Any = 0) -> Tensor:
    """exp(mean(log a)) along `axis`."""
    return _exp(op.mean(_log(a), axis))


def hmean(a: Any, axis: Any = 0) -> Tensor:
    """1 / mean(1 / a) along `axis`."""
    return 1 / op.mean(1 / as_tensor(a), axis)


DISTRIBUTIONS: dict[str, dict[str, Callable[..., Any]]] = {
    **{
        name: {
            "logpdf": _placed(core, density=True), "pdf": _placed(core, density=True, power=True),
            **{word: _placed(f, density=False) for word, f in FURTHER.get(name, {}).items()},
            **({"ppf": _quantile(QUANTILES[name])} if name in QUANTILES else {}),
        }
        for name, core in DENSITIES.items()
    },
    **{name: {"logpmf": _massed(core), "pmf": _massed(core, power=True)} for name, core in MASSES.items()},
    "multivariate_normal": {
        "logpdf": multivariate_logpdf,
        "pdf": lambda x, mean=0, cov=1: _exp(multivariate_logpdf(x, mean, cov)),
    },
    "dirichlet": {"logpdf": dirichlet_logpdf},
}  # fmt: skip
"""By the name of the distribution, its methods by theirs."""

STATS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (entropy, zscore, gmean, hmean)}
"""scipy.stats, by name."""
