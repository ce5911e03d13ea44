"""The helper functions of generated NumPy source, each as text: rows of the tables in their stable form, and what NumPy lacks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import sympy as sp
from sympy import Symbol

from symbackprop.backends.dialect import WINDOWS, Dialect
from symbackprop.backends.jax import matrices as jax_matrices
from symbackprop.backends.numpy.body import ATOM, Shown, printed, stable_form
from symbackprop.core.functions import ELEMENTWISE, MATRIX_HELPERS, REDUCTIONS, known
from symbackprop.core.letters import VALUES, pool

# erf(x) / x is a series in x^2; log(erfc(x) / t) + x^2 with t = 2 / (2 + x) is one in Chebyshev polynomials of 2 t - 1, whose
# coefficients were computed with 40 digits (the form is that of Press et al., Numerical Recipes, 3rd edition, section 6.2.2)
ERF = '''
ERF_NEAR = (
    {near},
)
ERF_FAR = (
    {far},
)


def erf(x):
    """The error function to the last digits: a series near 0, beyond that 1 - t exp(p(t) - x^2) with t = 2 / (2 + |x|)."""
    x = np.asarray(x)
    a = np.minimum(np.abs(x), 6.0)
    t = 2 / (2 + a)
    near = x * np.polynomial.polynomial.polyval(np.minimum(a, 0.5)**2, ERF_NEAR)
    far = 1 - t * np.exp(np.polynomial.chebyshev.chebval(2 * t - 1, ERF_FAR) - a**2)
    return np.where(a < 0.5, near, np.copysign(far, x)).astype(x.dtype)
'''
# log Gamma(x) and its derivatives, by Stirling's series for large x and the recurrence below that (Abramowitz and Stegun 1964,
# 6.1.40 and 6.4.11). SciPy has both, but what is written here is to run with NumPy alone.
GAMMALN = '''
def gammaln(x):
    """log Gamma(x) for x > 0: log Gamma(x + 12) - log(x (x + 1) ... (x + 11)) where x < 12, and Stirling's series; in doubles."""
    dtype, x = np.asarray(x).dtype, np.where(np.asarray(x) > 0, np.asarray(x, float), np.nan)
    low = x < 12
    z, rising = np.where(low, x + 12, x), np.ones_like(x)
    for k in range(12):
        rising = np.where(low, rising * (x + k), rising)
    series = np.zeros_like(x)
    for c in ({series}):
        series = series / z**2 + c
    return ((z - 0.5) * np.log(z) - z + 0.9189385332046727 + series / z - np.log(rising)).astype(dtype)
'''
SHORT = '''
def windows(x, shape, axes):
    """Every window of a shape along some axes of x, which are read last; none where x is too short."""
    counts = list(x.shape)
    for size, axis in zip(shape, axes):
        counts[axis] -= size - 1
    if min(counts) <= 0:
        return np.zeros((*np.maximum(counts, 0), *shape), x.dtype)
    return np.lib.stride_tricks.sliding_window_view(x, shape, axes)
'''
POLYGAMMA = '''
def polygamma(n, x):
    """The n-th derivative of digamma(x) = d log Gamma(x) / dx for x > 0: the recurrence where x < 20, and the asymptotic series."""
    x = np.where(np.asarray(x) > 0, x, np.nan)
    factorial = [1.0]
    for k in range(1, n + 20):
        factorial.append(k * factorial[-1])
    low, total = x < 20 + n, np.zeros_like(x)
    z = np.where(low, x + 20 + n, x)
    for k in range(20 + n):
        total = total + np.where(low, factorial[n] / (x + k)**(n + 1), 0)
    series = np.zeros_like(x)
    for k, b in ({bernoulli}):
        series = (series + b * (factorial[2 * k + n - 1] / factorial[2 * k])) / z**2
    first = -np.log(z) if n == 0 else factorial[n - 1] / z**n
    sign = (-1) ** (n + 1)
    return sign * (first + factorial[n] / (2 * z**(n + 1)) + series / z**n + total)
'''


@cache
def bernoulli() -> tuple[sp.Expr, ...]:
    """The numbers of Bernoulli B_2, B_4, ... of the series."""
    return tuple(sp.bernoulli(2 * k) for k in range(1, 10))


# fmt: off
FAR = (
    -0.6513268598908547, 0.6419697923564902, 0.019476473204185836, -0.009561514786808632,
    -0.0009465953444820369, 0.00036683949785276145, 4.252332480690777e-05, -2.0278578112534242e-05,
    -1.6242900046470256e-06, 1.3036558355805232e-06, 1.5626441722066142e-08, -8.523809591492654e-08,
    6.5290544390988515e-09, 5.059343495551469e-09, -9.91364156493033e-10, -2.273651222931836e-10,
    9.646791102015527e-11, 2.3940380830391146e-12, -6.886027526497553e-12, 8.944879273090725e-13,
    3.130921399342958e-13, -1.1270822361367252e-13, 3.810905255189232e-16, 7.106097613609237e-15,
    -1.5230282014571043e-15, -9.457494571291233e-17, 1.210237189224279e-16, -2.816663087747177e-17,
)
# fmt: on


def _lines(numbers: tuple[float, ...]) -> str:
    rows = [numbers[k : k + 4] for k in range(0, len(numbers), 4)]
    return ",\n    ".join(", ".join(map(repr, row)) for row in rows)


def _erf() -> str:
    near = (2 * (-1) ** k / (sp.sqrt(sp.pi) * sp.factorial(k) * (2 * k + 1)) for k in range(12))
    return ERF.format(near=_lines(tuple(float(c) for c in near)), far=_lines(FAR))


def _gammaln() -> str:
    series = reversed([float(b / (2 * k * (2 * k - 1))) for k, b in enumerate(bernoulli(), 1)])
    return GAMMALN.format(series=", ".join(map(repr, series)))


def _polygamma() -> str:
    pairs = reversed([(k, float(b)) for k, b in enumerate(bernoulli(), 1)])
    return POLYGAMMA.format(bernoulli=", ".join(map(repr, pairs)))


HELPERS: dict[str, Callable[[], str]] = {"erf": _erf, "gammaln": _gammaln, "polygamma": _polygamma, WINDOWS: lambda: SHORT}
"""Functions that NumPy has not, and that are no rows of the tables."""

PURE = {
    **{name: f"from jax.scipy.special import {name}" for name in HELPERS},
    WINDOWS: '''
def windows(x, shape, axes):
    """Every window of a shape along some axes of x, which are read last."""
    for size, axis in zip(shape, axes):
        places = jnp.arange(x.shape[axis] - size + 1)[:, None] + jnp.arange(size)
        x = jnp.moveaxis(jnp.take(x, places, axis=axis), axis + 1, -1)
    return x
'''.strip(),
    **jax_matrices.HELPERS,
}
"""The helpers that JAX spells in a way of its own: it has functions that NumPy lacks, no views, and cannot look at a value."""


@cache
def helper_source(name: str, dialect: Dialect) -> str:
    """The definition of the helper function `name`."""
    if dialect.pure and name in PURE:
        return PURE[name]
    if name in REDUCTIONS:
        return dialect.worded(REDUCTIONS[name].helper)
    if name in MATRIX_HELPERS:
        return dialect.worded(MATRIX_HELPERS[name])
    return HELPERS[name]().strip() if name in HELPERS else _row(name, dialect)


def _row(name: str, dialect: Dialect) -> str:
    """A row of the table; what stands twice in its stable form is computed once."""
    row = known(ELEMENTWISE, name, "the table of functions")
    fresh = map(Symbol, pool(VALUES))
    shared, (form,) = sp.cse(stable_form(name), symbols=fresh, optimizations=[], order="none")
    arguments = ", ".join(s.name for s in row.args)
    lines = [f"def {name}({arguments}):", f'    """{row.formula}, entry by entry."""']
    have = list(row.args)
    for symbol, part in [*shared, (None, form)]:
        code = printed(part, tuple(Shown(s, ATOM, "float") for s in have), dialect)
        text = code.text.format(*[s.name for s in have])
        lines.append(f"    {symbol.name} = {text}" if symbol is not None else f"    return {text}")
        have += [symbol] if symbol is not None else []
    return "\n".join(lines)
