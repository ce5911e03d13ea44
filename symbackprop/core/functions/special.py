"""Functions of one and two numbers that statistics needs: log-gamma and its derivatives, the inverse of erf, angles, remainders."""

from __future__ import annotations

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions.defined import product_with_log, product_with_log1p
from symbackprop.core.functions.elementary import abs_, erf, erfc, maximum, polynomial, sign
from symbackprop.core.functions.flat import floor
from symbackprop.core.functions.near_zero import log1p
from symbackprop.core.functions.row import A, X, define
from symbackprop.core.functions.where import Where

gammaln = define(
    "gammaln", lambda: sp.loggamma(X), r"\log\Gamma", activation=False, domain="positive", source="Legendre 1811",
)  # fmt: skip
digamma = define(
    "digamma", lambda: sp.polygamma(0, X), r"\psi", activation=False, domain="positive", source="Abramowitz and Stegun 1964, 6.3",
)  # fmt: skip
arctan2 = define(
    "arctan2", lambda: sp.atan2(X, A), r"\operatorname{atan2}", args=(X, A), activation=False,
)  # fmt: skip
xlogy = define(
    "xlogy", lambda: X * sp.log(A), r"{0}\log {1}", args=(X, A), activation=False, domain="positive",
    stable=lambda: X * sp.log(Where(sp.Eq(X, 0), 1, A)), bounded=lambda: product_with_log(X, A),
)  # fmt: skip
xlog1py = define(
    "xlog1py", lambda: X * sp.log(1 + A), r"{0}\log\left(1 + {1}\right)", args=(X, A), activation=False, domain="positive",
    stable=lambda: X * log1p(Where(sp.Eq(X, 0), 0, A)), bounded=lambda: product_with_log1p(X, A),
)  # fmt: skip
remainder = define(
    "remainder", lambda: X - A * floor(X / A), r"\operatorname{mod}", args=(X, A), activation=False,
)  # fmt: skip

# erf^-1(x) / x to seven digits, as polynomials in w - 5/2 for w < 5 and in sqrt(w) - 4 beyond, w = -log(1 - x^2): interpolated at
# 10 and 15 Chebyshev nodes with 40 digits. The variable is that of Giles, GPU Computing Gems, 2011.
_NEAR = """
    1.50140936045 0.246640279055 -0.0041773928752 -0.00125272639177 0.00021834938624 -4.97241968945e-6 -3.46398526763e-6
    4.68131348055e-7 2.33359671957e-8 -8.93192597024e-9"""
_FAR = """
    3.8397838111 1.00949325256 0.00125944766701 -0.00086878120078 0.000322791829322 -0.000119128198336 5.27139104513e-5
    -3.00306260183e-5 2.06019077728e-5 -1.11215513337e-5 2.71679323465e-6 5.14784522069e-7 -4.82113143809e-7
    1.02603811235e-7 -6.65106942703e-9"""


def _erfinv() -> Expr:
    """One step of Halley's from seven digits, in erf for |x| < 1/2 and in erfc beyond: neither loses digits."""
    w = -log1p(X) - log1p(-X)
    y = X * Where(w < 5, polynomial(w - sp.Rational(5, 2), _NEAR), polynomial(sp.sqrt(maximum(w, 5)) - 4, _FAR))
    gap = Where(abs_(X) < S.Half, erf(y) - X, sign(X) * (1 - abs_(X)) * (1 - erfc(abs_(y)) / (1 - abs_(X))))
    step = gap * sp.sqrt(sp.pi) / 2 * sp.exp(y**2)
    return y - step / (1 + y * step)


erfinv = define(
    "erfinv", lambda: sp.erfinv(X), r"\operatorname{erf}^{-1}", stable=_erfinv, accuracy=1e-15, activation=False, domain="unit",
)  # fmt: skip
