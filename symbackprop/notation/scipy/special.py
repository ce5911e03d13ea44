"""scipy.special: what the language has under another name, and what a line of it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.errors import shown
from symbackprop.core.functions.bessel import HIGHEST, KINDS, bessel
from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor, apply, as_tensor, number_of
from symbackprop.notation.composed import cbrt

MOST = 20  # dimensions of the multivariate gamma function

_log, _exp, _gammaln, _xlogy = (TABLE[name] for name in ("log", "exp", "gammaln", "xlogy"))


def gamma(x: Any) -> Tensor:
    """y = Gamma(x) = exp(log Gamma(x)), entry by entry, for x > 0, and of every number that is no pole."""
    number = _below(x)
    if number is not None:
        return as_tensor(sp.pi / sp.sin(sp.pi * number)) / gamma(1 - number)
    return _exp(_gammaln(x))


def gammaln(x: Any) -> Tensor:
    """y = log Gamma(x), entry by entry, for x > 0, and log |Gamma(x)| of every number that is no pole."""
    number = _below(x)
    if number is not None:
        return as_tensor(sp.log(sp.pi / sp.Abs(sp.sin(sp.pi * number)))) - _gammaln(1 - number)
    return _gammaln(x)


def _below(x: Any) -> Expr | None:
    """A number below 0; None for anything else. Raises LanguageError where the gamma function has a pole."""
    number = number_of(as_tensor(x))
    if number is None or not number.is_real or number > 0:
        return None
    if number.is_integer:
        raise LanguageError(f"the gamma function has no value at {number}")
    return number


def rgamma(x: Any) -> Tensor:
    """y = 1 / Gamma(x), entry by entry, for x > 0, and of every number; 0 where Gamma has a pole."""
    number = number_of(as_tensor(x))
    if number is not None and number.is_integer and number <= 0:
        return as_tensor(0)
    return _exp(-_gammaln(x)) if _below(x) is None else 1 / gamma(x)


def beta(a: Any, b: Any) -> Tensor:
    """y = B(a, b) = Gamma(a) Gamma(b) / Gamma(a + b), entry by entry, for a, b > 0."""
    return _exp(op.betaln(a, b))


def _rising(z: Tensor, count: Any) -> Tensor | None:
    """z (z + 1) ... of a whole number of factors, for every z; None where the number is none, or large."""
    number = number_of(as_tensor(count))
    if number is None or not number.is_Integer or not 0 <= number <= MOST:
        return None
    return reduce(op.multiply, [z + j if j else z for j in range(int(number))]) if number else op.ones_like(z)


def binom(n: Any, k: Any) -> Tensor:
    """y = n over k, entry by entry: n (n - 1) ... / k! of a whole number k, else by gamma functions, for 0 <= k <= n."""
    n, k = as_tensor(n), as_tensor(k)
    found = _rising(n - k + 1, k)
    if found is not None:
        return found / sp.factorial(number_of(k))  # type: ignore[arg-type]  # it is a number there
    return _exp(_gammaln(n + 1) - _gammaln(k + 1) - _gammaln(n - k + 1))


def comb(N: Any, k: Any, exact: bool = False, repetition: bool = False) -> Tensor:
    """y = N over k, entry by entry, the ways to choose k of N; 0 where k is not between 0 and N, as SciPy has it.

    exact   says how SciPy counts, and nothing of what.
    """
    n, k = as_tensor(N), as_tensor(k)
    n = n + k - 1 if repetition else n
    whole, of = number_of(k), number_of(n)
    if whole is not None and of is not None and whole.is_Integer and of.is_Integer:
        return as_tensor(sp.binomial(of, whole) if 0 <= whole <= of else 0)
    return op.where(op.logical_and(k >= 0, k <= n), binom(n, k), 0)


def poch(z: Any, m: Any) -> Tensor:
    """y = Gamma(z + m) / Gamma(z), entry by entry: z (z + 1) ... of a whole number m, else for z, z + m > 0."""
    z = as_tensor(z)
    found = _rising(z, m)
    if found is not None:
        return found
    return _exp(_gammaln(z + m) - _gammaln(z))


def factorial(n: Any) -> Tensor:
    """y = n! = Gamma(n + 1), entry by entry; 0 below 0, as SciPy has it."""
    n = as_tensor(n)
    return op.where(n < 0, 0, gamma(n + 1))


def multigammaln(a: Any, d: int) -> Tensor:
    """y = log Gamma_d(a) = d (d - 1) / 4 log pi + sum_j log Gamma(a - j/2), j from 0 to d - 1."""
    if not isinstance(d, int | sp.Integer) or not 1 <= d <= MOST:
        raise LanguageError(f"multigammaln: d must be a whole number from 1 to {MOST}, not {shown(d)}")
    a = as_tensor(a)
    terms = [_gammaln(a - sp.Rational(j, 2)) for j in range(int(d))]
    return reduce(op.add, terms) + sp.Rational(d * (d - 1), 4) * sp.log(sp.pi)


def _bessel(kind: str, end: str = "") -> Callable[..., Tensor]:
    """J, I or K of a whole order, by its row."""

    def function(v: Any, z: Any) -> Tensor:
        order = number_of(as_tensor(v))
        if order is None or not order.is_Integer or abs(order) > HIGHEST:
            raise LanguageError(f"orders of Bessel functions are whole numbers from 0 to {HIGHEST} here, not {shown(v)}")
        found = apply(bessel(kind, abs(int(order)), end).row.name, z)
        return -found if kind == "j" and order < 0 and order % 2 else found

    return function


def erfi(x: Any) -> Tensor:
    """y = 2 / sqrt(pi) exp(x^2) F(x), entry by entry, F Dawson's integral."""
    return _exp(op.square(x)) * TABLE["dawsn"](x) * (2 / sp.sqrt(sp.pi))


def lambertw(z: Any, k: Any = 0, tol: Any = None) -> Tensor:
    """w with w exp(w) = z, entry by entry, for z >= -1/e: the branch 0. SciPy's tol says how it is computed."""
    if number_of(as_tensor(k)) != 0:
        raise LanguageError(f"lambertw: k must be 0, the branch of real numbers from -1/e on, not {shown(k)}")
    return TABLE["lambertw"](z)


def expn(n: Any, x: Any) -> Tensor:
    """y = E_n(x), entry by entry, for x > 0 and the orders 0, exp(-x) / x, and 1."""
    order = number_of(as_tensor(n))
    if order == 0:
        return _exp(-as_tensor(x)) / x
    if order == 1:
        return TABLE["exp1"](x)
    mend = "E_2(x) is exp(-x) - x*exp1(x), and n E_n+1(x) is exp(-x) - x E_n(x)"
    raise LanguageError(f"expn: the order is 0 or 1 here, not {shown(n)}. {mend}")


def entr(x: Any) -> Tensor:
    """y = -x log x, entry by entry, 0 at 0."""
    return -_xlogy(x, x)


def rel_entr(x: Any, y: Any) -> Tensor:
    """r = x log(x / y), entry by entry, 0 where x is 0."""
    return _xlogy(x, as_tensor(x) / y)


def kl_div(x: Any, y: Any) -> Tensor:
    """r = x log(x / y) - x + y, entry by entry."""
    return rel_entr(x, y) - x + y


def ndtri(y: Any) -> Tensor:
    """x with Phi(x) = y, the quantile of the normal distribution, entry by entry."""
    return TABLE["erfinv"](2 * as_tensor(y) - 1) * sp.sqrt(2)


def log_ndtr(x: Any) -> Tensor:
    """y = log Phi(x), entry by entry."""
    return _log(TABLE["normal_cdf"](x))


def erfcinv(y: Any) -> Tensor:
    """x with erfc(x) = y, entry by entry, for 0 < y < 2."""
    return TABLE["erfinv"](1 - as_tensor(y))


def huber(delta: Any, r: Any) -> Tensor:
    """y = r^2 / 2 where |r| <= delta, otherwise delta (|r| - delta / 2)."""
    delta, size = as_tensor(delta), TABLE["abs"](r)
    return op.where(size <= delta, op.square(r) / 2, delta * (size - delta / 2))


def pseudo_huber(delta: Any, r: Any) -> Tensor:
    """y = delta^2 (sqrt(1 + (r / delta)^2) - 1)."""
    delta = as_tensor(delta)
    return op.square(delta) * (op.sqrt(1 + op.square(as_tensor(r) / delta)) - 1)


def boxcox(x: Any, lmbda: Any) -> Tensor:
    """y = (x^lambda - 1) / lambda; log x where lambda is the number 0."""
    number = number_of(as_tensor(lmbda))
    return _log(x) if number == 0 else (as_tensor(x) ** lmbda - 1) / lmbda


def boxcox1p(x: Any, lmbda: Any) -> Tensor:
    """y = ((1 + x)^lambda - 1) / lambda; log(1 + x) where lambda is the number 0."""
    number = number_of(as_tensor(lmbda))
    return TABLE["log1p"](x) if number == 0 else ((1 + as_tensor(x)) ** lmbda - 1) / lmbda


def inv_boxcox(y: Any, lmbda: Any) -> Tensor:
    """x = (1 + lambda y)^(1 / lambda); exp y where lambda is the number 0."""
    number = number_of(as_tensor(lmbda))
    return TABLE["exp"](y) if number == 0 else (1 + as_tensor(lmbda) * y) ** (1 / as_tensor(lmbda))


def inv_boxcox1p(y: Any, lmbda: Any) -> Tensor:
    """x = (1 + lambda y)^(1 / lambda) - 1; exp(y) - 1 where lambda is the number 0."""
    return TABLE["expm1"](y) if number_of(as_tensor(lmbda)) == 0 else inv_boxcox(y, lmbda) - 1


def exprel(x: Any) -> Tensor:
    """y = (exp(x) - 1) / x, 1 at 0."""
    x = as_tensor(x)
    return op.where(x == 0, 1, TABLE["expm1"](x) / op.where(x == 0, 1, x))


def cosm1(x: Any) -> Tensor:
    """y = cos(x) - 1 = -2 sin(x / 2)^2."""
    return -2 * op.square(TABLE["sin"](as_tensor(x) / 2))


def exp2(x: Any) -> Tensor:
    """y = 2^x."""
    return _exp(as_tensor(x) * sp.log(2))


def exp10(x: Any) -> Tensor:
    """y = 10^x."""
    return _exp(as_tensor(x) * sp.log(10))


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Tensor:
    """y = log sum_i b[i] exp(a[i]) along one, several or all axes."""
    if b is None:
        return op.logsumexp(a, axis, keepdims)
    return _log(op.sum(as_tensor(b) * _exp(a), axis, keepdims))


def softmax(x: Any, axis: Any = None) -> Tensor:
    """y[i] = exp(x[i]) / sum_k exp(x[k]) along `axis`, over all entries where it is None."""
    return _over(op.softmax, x, axis)


def log_softmax(x: Any, axis: Any = None) -> Tensor:
    """y = log(softmax(x)) along `axis`, over all entries where it is None."""
    return _over(op.log_softmax, x, axis)


def _over(operation: Callable[..., Tensor], x: Any, axis: Any) -> Tensor:
    x = as_tensor(x)
    if axis is None:
        return operation(x, 0) if x.ndim == 1 else op.reshape(operation(op.ravel(x), 0), x.shape)
    return operation(x, axis)


SPECIAL: dict[str, Callable[..., Any]] = {
    **{
        f.__name__: f
        for f in (
            gamma, gammaln, rgamma, erfi, lambertw, expn,
            beta, binom, comb, poch, factorial, multigammaln, entr, rel_entr, kl_div, ndtri, log_ndtr,
            erfcinv, huber, pseudo_huber, boxcox, boxcox1p, inv_boxcox, inv_boxcox1p, exprel,
            cosm1, exp2, exp10, cbrt, logsumexp, softmax, log_softmax,
        )
    },
    **{name: TABLE[name] for name in (
        "digamma", "psi", "erf", "erfc", "erfinv", "expit", "logit", "xlogy", "xlog1py", "expm1",
        "log1p", "softplus", "logaddexp", "expi", "exp1", "dawsn", "erfcx",
    )},
    **{f"{kind}{n}{end}": TABLE[f"bessel_{kind}{n}{end}"] for n in (0, 1) for kind, end in KINDS},
    "loggamma": gammaln, "jv": _bessel("j"), "jn": _bessel("j"), "iv": _bessel("i"), "ive": _bessel("i", "e"),
    "kv": _bessel("k"), "kn": _bessel("k"), "kve": _bessel("k", "e"),
    "polygamma": op.polygamma, "betaln": op.betaln, "ndtr": TABLE["normal_cdf"],
    "log_expit": TABLE["log_sigmoid"],
}  # fmt: skip
"""By SciPy's name."""
