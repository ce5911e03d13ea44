"""The functions of the language in JAX, by JAX's own functions: nothing here is read from the package."""

import math
from functools import partial

import jax.numpy as jnp
import numpy as np
from jax import lax, nn
from jax.scipy import linalg, signal, special, stats

SAME = (
    "exp", "log", "expm1", "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
    "arcsinh", "arccosh", "acosh", "arctanh", "arctan2", "atan2", "remainder", "mod", "fmod", "sign", "abs", "absolute", "fabs", "maximum", "minimum", "asin", "acos", "atan", "asinh",
    "atanh", "sqrt", "square", "reciprocal", "power", "negative", "add", "subtract", "multiply", "divide", "log2",
    "log10", "clip", "where", "sum", "mean", "max", "min", "var", "std", "matmul", "dot", "inner", "outer",
    "einsum", "trace", "diag", "diagonal", "transpose", "swapaxes", "moveaxis", "expand_dims", "squeeze",
    "reshape", "ravel", "concatenate", "stack", "split", "cumsum", "cumprod", "prod", "tril", "triu", "kron", "full", "zeros", "ones",
    "zeros_like", "ones_like", "eye", "arange", "logaddexp", "hypot", "logical_and", "logical_or", "logical_xor", "logical_not",
    "average", "cross", "convolve", "correlate", "hstack", "vstack", "flip", "roll", "diff", "broadcast_to", "repeat", "tile", "pad",
    "take", "take_along_axis", "floor", "ceil", "round", "rint", "around", "trunc",
)  # fmt: skip


def softmax(x, axis=-1, temperature=1):
    return nn.softmax(x / temperature, axis)


def log_softmax(x, axis=-1, temperature=1):
    return nn.log_softmax(x / temperature, axis)


def logsumexp(x, axis=None, keepdims=False):
    return special.logsumexp(x, axis=axis, keepdims=keepdims)


def norm(x, ord=None, axis=None, keepdims=False):
    if x.ndim == 2 and axis is None:
        return jnp.linalg.norm(x, ord, keepdims=keepdims)
    total = jnp.sum(jnp.abs(x) ** (ord or 2), axis=axis, keepdims=keepdims)
    return total if ord == 1 else jnp.sqrt(total)


def quadratic_form(x, a):
    return jnp.einsum("...i,ij,...j->...", x, a, x)


def vec(x):
    return jnp.swapaxes(x, -1, -2).reshape(*x.shape[:-2], -1)


def logdet(x):
    return jnp.linalg.slogdet(x)[1]


def solve(a, b):
    return jnp.linalg.solve(a, b if b.ndim > 1 else b[:, None]).reshape(b.shape)


def sqrtm(x):
    """By the iteration of Denman and Beavers, which JAX differentiates as it stands."""
    start = x, jnp.broadcast_to(jnp.eye(x.shape[-1]), x.shape)

    def step(yz, _):
        return (((yz[0] + jnp.linalg.inv(yz[1])) / 2, (yz[1] + jnp.linalg.inv(yz[0])) / 2), None)

    return lax.scan(step, start, length=25)[0][0]


def logm(x):
    """By roots, and the series of artanh."""
    x, _ = lax.scan(lambda x, _: (sqrtm(x), None), x, length=8)
    one = jnp.eye(x.shape[-1])
    z = (x - one) @ jnp.linalg.inv(x + one)
    return 2**9 * sum(jnp.linalg.matrix_power(z, k) / k for k in range(1, 16, 2))


def running(function, x, axis):
    return function(x.ravel() if axis is None else x, axis=0 if axis is None else axis % x.ndim)


AROUND = 2 * math.pi / 128 * np.arange(128)  # as many points of a circle as make a mean the integral where |x| < 60


def bessel_j(n, x):
    """By Bessel's integral: the mean of cos(n t - x sin t) over a circle."""
    return jnp.mean(jnp.cos(n * AROUND - jnp.asarray(x)[..., None] * jnp.sin(AROUND)), axis=-1)


def bessel_i(n, x, less=0):
    """By its integral: the mean of e^(x cos t) cos(n t) over a circle, times e^-less."""
    power = jnp.asarray(x)[..., None] * jnp.cos(AROUND) - jnp.asarray(less)[..., None]
    return jnp.mean(jnp.exp(power) * jnp.cos(n * AROUND), axis=-1)


def bessel_k(n, x, more=0):
    """By its integral: the trapezoids of e^(more x - x cosh t) cosh(n t) from 0 on, which have all digits where x > 0.001."""
    t = np.arange(400) / 25
    heights = jnp.exp(jnp.asarray(x)[..., None] * (more - np.cosh(t))) * np.cosh(n * t)
    return (jnp.sum(heights, axis=-1) - heights[..., 0] / 2) / 25


def expi(x):
    """Ei by its series, which has all digits where |x| is a few: gamma + log |x| + sum x^k / (k k!)."""
    k = np.arange(1, 60)
    terms = jnp.cumprod(jnp.asarray(x)[..., None] / k, axis=-1) / k
    return np.euler_gamma + jnp.log(jnp.abs(x)) + jnp.sum(terms, axis=-1)


def dawsn(x):
    """By Rybicki's sum of e^-(x - n h)^2 / n over odd n, which has all digits where |x| < 40."""
    n = np.arange(-201, 202, 2)
    return jnp.sum(jnp.exp(-((jnp.asarray(x)[..., None] - n / 5) ** 2)) / n, axis=-1) / math.sqrt(math.pi)


def lambertw(x):
    """By Newton's steps for w e^w = x, which JAX differentiates as they stand."""
    start = jnp.where(x > 0, jnp.log1p(jnp.maximum(x, 0)), jnp.expm1(x))
    return lax.scan(lambda w, _: (w - (w - x * jnp.exp(-w)) / (1 + w), None), start, length=60)[0]


CORE = {name: getattr(jnp, name) for name in SAME}
CORE |= {
    "erf": special.erf, "erfc": special.erfc, "logit": special.logit, "normal_pdf": stats.norm.pdf,
    "normal_cdf": stats.norm.cdf, "softmax": softmax, "log_softmax": log_softmax, "logsumexp": logsumexp, "norm": norm,
    "flatten": jnp.ravel, "inverse": jnp.linalg.inv, "inv": jnp.linalg.inv, "det": jnp.linalg.det, "logdet": logdet,
    "slogdet": jnp.linalg.slogdet, "convolve2d": signal.convolve2d, "correlate2d": signal.correlate2d, "solve": solve, "matrix_power": jnp.linalg.matrix_power, "vec": vec, "quadratic_form": quadratic_form,
    **{f"bessel_{name}": getattr(special, name) for name in ("i0", "i1", "i0e", "i1e")},
    **{f"bessel_j{n}": partial(bessel_j, n) for n in range(13)}, **{f"bessel_i{n}": partial(bessel_i, n) for n in range(2, 13)},
    **{f"bessel_i{n}e": lambda x, n=n: bessel_i(n, x, jnp.abs(x)) for n in range(2, 13)}, **{f"bessel_k{n}{end}": partial(bessel_k, n, more=len(end)) for n in range(14) for end in ("", "e")},
    "expi": expi, "exp1": lambda x: -expi(-x), "dawsn": dawsn, "lambertw": lambertw, "erfcx": lambda x: jnp.exp(x**2) * special.erfc(x),
    "gammaln": special.gammaln, "lgamma": special.gammaln, "loggamma": special.gammaln, "digamma": special.digamma,
    "psi": special.digamma, "polygamma": special.polygamma, "betaln": special.betaln, "erfinv": special.erfinv,
    "xlogy": special.xlogy, "xlog1py": special.xlog1py,
    "logcumsumexp": lambda x, axis=None: running(lax.cumlogsumexp, x, axis),
    "cummax": lambda x, axis=None: running(lax.cummax, x, axis), "cummin": lambda x, axis=None: running(lax.cummin, x, axis),
    "sort": jnp.sort, "argsort": jnp.argsort, "argmax": jnp.argmax, "argmin": jnp.argmin, "topk": lax.top_k, "median": jnp.median,
    "quantile": jnp.quantile, "percentile": jnp.percentile,
    "vdot": jnp.vdot, "tensordot": jnp.tensordot, "pinv": jnp.linalg.pinv, "lstsq": jnp.linalg.lstsq,
    "cholesky": jnp.linalg.cholesky, "eigh": jnp.linalg.eigh, "eigvalsh": jnp.linalg.eigvalsh, "qr": jnp.linalg.qr,
    "svd": jnp.linalg.svd, "svdvals": jnp.linalg.svdvals, "expm": linalg.expm, "matrix_exp": linalg.expm, "sqrtm": sqrtm, "logm": logm, "cond": jnp.linalg.cond,
    "one_hot": nn.one_hot, "stop_gradient": lax.stop_gradient, "fix": jnp.trunc, "pi": math.pi, "e": math.e,
}  # fmt: skip
