"""Elementary functions: SymPy's own, and the rows that the activations are made of."""

from __future__ import annotations

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions.flat import ceiling, floor, rint, stop_gradient
from symbackprop.core.functions.near_zero import expm1, log1p
from symbackprop.core.functions.row import FUNCTIONS, A, X, define
from symbackprop.core.functions.where import Where, iverson

# SymPy's own functions, whose derivatives and printing are SymPy's.
FUNCTIONS |= {
    "exp": sp.exp, "log": sp.log, "expm1": expm1, "log1p": log1p,
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan,
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "arcsinh": sp.asinh, "arccosh": sp.acosh, "arctanh": sp.atanh,
    "stop_gradient": stop_gradient,
}  # fmt: skip

sign = define(
    "sign", lambda: Where(X > 0, 1, Where(X < 0, -1, 0)), flat=True, activation=False,
    kink="sign(0) = sign'(0) = 0",
)  # fmt: skip
floor_ = define("floor", lambda: floor(X), r"\left\lfloor {0}\right\rfloor", flat=True, activation=False)
ceil = define("ceil", lambda: ceiling(X), r"\left\lceil {0}\right\rceil", flat=True, activation=False)
round_ = define("round", lambda: rint(X), r"\operatorname{round}", flat=True, activation=False)
trunc = define(
    "trunc", lambda: Where(X > 0, floor(X), ceiling(X)), r"\operatorname{trunc}", flat=True, activation=False,
)  # fmt: skip
abs_ = define("abs", lambda: X * sign(X), r"\left|{0}\right|", activation=False, kink="abs'(0) = 0")
maximum = define(
    "maximum", lambda: Where(X > A, X, A), r"\max", args=(X, A), activation=False,
    kink="where both arguments of max are equal, the slope goes to the second",
)  # fmt: skip
minimum = define(
    "minimum", lambda: Where(X < A, X, A), r"\min", args=(X, A), activation=False,
    kink="where both arguments of min are equal, the slope goes to the second",
)  # fmt: skip
LOW, HIGH = sp.Symbol("low"), sp.Symbol("high")
clip = define(
    "clip", lambda: minimum(HIGH, maximum(LOW, X)), args=(X, LOW, HIGH), activation=False, tidy=lambda: _clipped(),
    kink="where the first argument of clip is at a bound, the slope goes to it",
)  # fmt: skip


def _clipped() -> dict[Expr, Expr]:
    """The slope of clip by its first argument: [low <= x <= high], in one condition."""
    within = sp.diff(minimum(HIGH, maximum(LOW, X)), X)
    return {within: iverson(sp.And(LOW <= X, X <= HIGH))}


sigmoid = define(
    "sigmoid", lambda: 1 / (1 + sp.exp(-X)), r"\sigma",
    stable=lambda: Where(X >= 0, 1, sp.exp(-abs_(X))) / (1 + sp.exp(-abs_(X))),
    source="Verhulst 1838; Rumelhart, Hinton and Williams 1986",
)  # fmt: skip
logit = define(
    "logit", lambda: sp.log(X / (1 - X)), stable=lambda: sp.log(X) - log1p(-X), activation=False, domain="unit",
    source="Berkson 1944",
)  # fmt: skip
logaddexp = define(
    "logaddexp", lambda: sp.log(sp.exp(X) + sp.exp(A)), args=(X, A), activation=False,
    stable=lambda: maximum(X, A) + log1p(sp.exp(-abs_(X - A))),
    tidy=lambda: {sp.exp(X): sp.exp(A) * sigmoid(X - A) / (1 - sigmoid(X - A))},
)  # fmt: skip
log_cosh = define(
    "log_cosh", lambda: sp.log(sp.cosh(X)), r"\log\cosh", activation=False,
    stable=lambda: Where(
        abs_(X) < 1,
        log1p(-S.Half * expm1(minimum(abs_(X), 1)) * expm1(-minimum(abs_(X), 1))),
        abs_(X) + log1p(S.Half * expm1(-2 * abs_(X))),
    ),
)  # fmt: skip


def polynomial(variable: Expr, coefficients: str) -> Expr:
    """c_0 + x (c_1 + x (c_2 + ...)), each coefficient with 20 digits so that its nearest double is exact."""
    value: Expr = S.Zero
    for c in reversed(coefficients.split()):
        value = sp.Float(c, 20) + variable * value
    return value


# The approximations were fitted at 70 digits: the relative error of P(x) / Q(x) against exp(x^2) erfc(x) for 0 <= x <= 28,
# and of P(x^2) against erf(x) / x for 0 <= x <= 1/2, at 140 and 100 Chebyshev nodes (in (x - 2) / (x + 2), and in x^2), by
# linear least squares with the denominator of the round before as a weight and Lawson's weights for an even error. The
# largest relative errors are 6e-17 and 4e-18. All coefficients of P / Q are positive, so that no digits cancel. Beyond 28,
# exp(-x^2) is zero in doubles.
_ERFCX_ABOVE = """
    0.99999999999999994718 2.1927270149705036252 2.378343297647063108 1.6388939935162525467 0.78298030978099717919
    0.26785621404955136653 0.065609038976926372424 0.011133716275586773435 0.0011968674713036308694
    0.000063008038047871634197"""
_ERFCX_BELOW = """
    1 3.3211061820660014813 5.1258103252031195042 4.853898174944507477 3.1325189162001034879 1.4448802012148538053
    0.48457394111442838761 0.11734968984573300308 0.019789837710455375647 0.0021213923584895782269
    0.00011167883967626365496"""
_ERF_NEAR_ZERO = """
    1.1283791670955125695 -0.3761263890318346707 0.11283791670924812373 -0.026866170632715670122 0.0052239773703246073405
    -0.00085482975242547037322 0.00012053324307385628255 -0.000014845583591883771072 0.0000014723213951538993733"""


def erfcx_above(x: Expr) -> Expr:
    """exp(x^2) erfc(x) for 0 <= x <= 28."""
    return polynomial(x, _ERFCX_ABOVE) / polynomial(x, _ERFCX_BELOW)


def _tail() -> Expr:
    """erfc(|x|)"""
    short = minimum(abs_(X), 28)
    return sp.exp(-(short**2)) * erfcx_above(short)


erf = define(
    "erf", lambda: sp.erf(X), accuracy=1e-16, activation=False,
    stable=lambda: Where(abs_(X) < S.Half, X * polynomial(X**2, _ERF_NEAR_ZERO), sign(X) * (1 - _tail())),
)  # fmt: skip
erfc = define(
    "erfc", lambda: 1 - erf(X), accuracy=1e-16, stable=lambda: Where(X < 0, 2 - _tail(), _tail()), activation=False,
)  # fmt: skip
normal_pdf = define(
    "normal_pdf", lambda: sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi), r"\phi", activation=False,
)  # fmt: skip
normal_cdf = define(
    "normal_cdf", lambda: (1 + erf(X / sp.sqrt(2))) / 2, r"\Phi", stable=lambda: erfc(-X / sp.sqrt(2)) / 2, activation=False,
    tidy=lambda: {sp.exp(-(X**2) / 2): sp.sqrt(2 * sp.pi) * normal_pdf(X)},
)  # fmt: skip
