"""The rows of activations: formula, stable form, LaTeX, the slope at a kink, and who proposed it.

A new activation is a new row here; the tests walk the rows.
"""

from __future__ import annotations

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.core.functions.elementary import abs_, clip, maximum, minimum, normal_cdf, sigmoid, sign
from symbackprop.core.functions.near_zero import expm1, log1p
from symbackprop.core.functions.row import A, B, X, Y, define
from symbackprop.core.functions.where import Where

LOW, HIGH = Symbol("low"), Symbol("high")
LAMDA = Symbol("lamda")  # SymPy's spelling of the letter, since Python keeps the other for itself
THETA, VALUE = Symbol("theta"), Symbol("value")

identity = define("identity", lambda: X, "{0}", source="Widrow and Hoff 1960")
step = define(
    "step", lambda: Where(X > 0, 1, 0), flat=True, kink="step(0) = step'(0) = 0", source="McCulloch and Pitts 1943",
)  # fmt: skip

# Rectifiers
relu = define(
    "relu", lambda: Where(X > 0, X, 0), r"\operatorname{ReLU}", stable=lambda: maximum(X, 0),
    kink="relu'(0) = 0", source="Nair and Hinton 2010",
)  # fmt: skip
relu6 = define(
    "relu6", lambda: Where(X > 0, Where(X < 6, X, 6), 0), r"\operatorname{ReLU6}", stable=lambda: minimum(maximum(X, 0), 6),
    kink="relu6'(0) = relu6'(6) = 0", source="Krizhevsky 2010",
)  # fmt: skip
leaky_relu = define(
    "leaky_relu", lambda: Where(X > 0, X, A * X), r"\operatorname{LeakyReLU}_{{1}}\left({0}\right)",
    args=(X, A), defaults={A: sp.Rational(1, 100)},
    kink="leaky_relu'(0) = alpha", source="Maas, Hannun and Ng 2013",
)  # fmt: skip
prelu = define(
    "prelu", lambda: Where(X > 0, X, A * X), r"\operatorname{PReLU}_{{1}}\left({0}\right)", args=(X, A),
    kink="prelu'(0) = alpha", source="He, Zhang, Ren and Sun 2015",
)  # fmt: skip
threshold = define(
    "threshold", lambda: Where(X > THETA, X, VALUE), args=(X, THETA, VALUE),
    kink="threshold'(theta) = 0", source="Glorot, Bordes and Bengio 2011",
)  # fmt: skip

# Exponential units
elu = define(
    "elu", lambda: Where(X > 0, X, A * (sp.exp(X) - 1)), r"\operatorname{ELU}_{{1}}\left({0}\right)",
    args=(X, A), defaults={A: sp.S.One}, stable=lambda: Where(X > 0, X, A * expm1(minimum(X, 0))),
    tidy=lambda: {A * sp.exp(X): Y + A, sp.exp(X) - 1: expm1(minimum(X, 0))},
    kink="elu'(0) = alpha, which is smooth where alpha = 1", source="Clevert, Unterthiner and Hochreiter 2016",
)  # fmt: skip
celu = define(
    "celu", lambda: Where(X > 0, X, A * (sp.exp(X / A) - 1)), r"\operatorname{CELU}_{{1}}\left({0}\right)",
    args=(X, A), defaults={A: sp.S.One}, stable=lambda: Where(X > 0, X, A * expm1(minimum(X, 0) / A)),
    tidy=lambda: {sp.exp(X / A): sp.exp(minimum(X, 0) / A)}, source="Barron 2017",
)  # fmt: skip
# The fixed point of the mean 0 and the variance 1: alpha = -sqrt(2 / pi) / (exp(1/2) erfc(1 / sqrt(2)) - 1), and lambda such that
# the variance of selu(x) is 1 for a standard normal x.
SELU_LAMBDA = sp.Float("1.0507009873554804934193349852946", 32)
SELU_ALPHA = sp.Float("1.6732632423543772848170429916717", 32)
_SCALE = SELU_LAMBDA * SELU_ALPHA
selu = define(
    "selu", lambda: Where(X > 0, SELU_LAMBDA * X, _SCALE * (sp.exp(X) - 1)), r"\operatorname{SELU}",
    stable=lambda: Where(X > 0, SELU_LAMBDA * X, _SCALE * expm1(minimum(X, 0))), tidy=lambda: {_SCALE * sp.exp(X): Y + _SCALE},
    kink="selu'(0) = 1.7581, the slope from the left", source="Klambauer, Unterthiner, Mayr and Hochreiter 2017",
)  # fmt: skip


# Smooth gates
def _cubic(x: Expr) -> Expr:
    """sqrt(2 / pi) (x + 0.044715 x^3), by which tanh stands in for erf."""
    return sp.sqrt(2 / sp.pi) * (x + sp.Rational("0.044715") * x**3)


def _within() -> Expr:
    """x between -100 and 100: beyond, exp(-x^2) and its like are zero in doubles."""
    return clip(X, -100, 100)


softplus = define(
    "softplus", lambda: sp.log(1 + sp.exp(X)), stable=lambda: maximum(X, 0) + log1p(sp.exp(-abs_(X))),
    tidy=lambda: {sp.exp(X): sigmoid(X) / (1 - sigmoid(X))}, source="Dugas, Bengio, Belisle, Nadeau and Garcia 2001",
)  # fmt: skip
gelu = define("gelu", lambda: X * normal_cdf(X), r"\operatorname{GELU}", source="Hendrycks and Gimpel 2016")
gelu_tanh = define(
    "gelu_tanh", lambda: X * (1 + sp.tanh(_cubic(X))) / 2, r"\operatorname{GELU}_{\tanh}",
    stable=lambda: X * sigmoid(2 * _cubic(X)),
    bounded=lambda: Where(X > 100, X, Where(X < -100, 0, X * sigmoid(2 * _cubic(X)))),
    source="Hendrycks and Gimpel 2016",
)  # fmt: skip
silu = define(
    "silu", lambda: X * sigmoid(X), r"\operatorname{SiLU}", source="Elfwing, Uchibe and Doya 2018",
)  # fmt: skip
swish = define(
    "swish", lambda: X * sigmoid(B * X), r"\operatorname{swish}_{{1}}\left({0}\right)", args=(X, B), defaults={B: sp.S.One},
    tidy=lambda: {1 - sigmoid(B * X): sigmoid(-B * X)}, source="Ramachandran, Zoph and Le 2017",
)  # fmt: skip
mish = define("mish", lambda: X * sp.tanh(softplus(X)), source="Misra 2019")

# Bounded
log_sigmoid = define(
    "log_sigmoid", lambda: sp.log(sigmoid(X)), r"\log\sigma", stable=lambda: minimum(X, 0) - log1p(sp.exp(-abs_(X))),
)  # fmt: skip
softsign = define(
    "softsign", lambda: X / (1 + abs_(X)), tidy=lambda: {sign(X): abs_(X) / X},
    source="Bergstra, Desjardins, Lamblin and Bengio 2009",
)  # fmt: skip
gaussian = define(
    "gaussian", lambda: sp.exp(-(X**2)), bounded=lambda: sp.exp(-(_within() ** 2)), source="Broomhead and Lowe 1988",
)  # fmt: skip
hard_sigmoid = define(
    "hard_sigmoid", lambda: Where(X > -3, Where(X < 3, X / 6 + sp.S.Half, 1), 0),
    stable=lambda: minimum(maximum(X / 6 + sp.S.Half, 0), 1),
    kink="hard_sigmoid'(-3) = hard_sigmoid'(3) = 0", source="Howard et al. 2019",
)  # fmt: skip
hard_tanh = define(
    "hard_tanh", lambda: Where(X > LOW, Where(X < HIGH, X, HIGH), LOW), r"\operatorname{hardtanh}_{[{1},{2}]}\left({0}\right)",
    args=(X, LOW, HIGH), defaults={LOW: sp.S.NegativeOne, HIGH: sp.S.One}, stable=lambda: minimum(maximum(X, LOW), HIGH),
    kink="hard_tanh'(low) = hard_tanh'(high) = 0", source="Collobert 2004",
)  # fmt: skip
hard_swish = define(
    "hard_swish", lambda: X * hard_sigmoid(X), kink="hard_swish'(-3) = 0, hard_swish'(3) = 1", source="Howard et al. 2019",
)  # fmt: skip


# Shrinkage
def _tanh_fraction(depth: int) -> sp.Expr:
    """3 + x^2 / (5 + x^2 / (7 + ...)), so that tanh(x) = x / (1 + x^2 / this) (Lambert 1768)."""
    value: sp.Expr = sp.Integer(2 * depth + 1)
    for k in range(depth - 1, 0, -1):
        value = 2 * k + 1 + X**2 / value
    return value


tanhshrink = define(
    "tanhshrink", lambda: X - sp.tanh(X), accuracy=1e-16, source="Kavukcuoglu, Ranzato and LeCun 2008",
    stable=lambda: Where(abs_(X) < 1, X * (X**2 / (X**2 + _tanh_fraction(8))), X - sp.tanh(X)),
)  # fmt: skip
soft_shrink = define(
    "soft_shrink", lambda: Where(abs_(X) > LAMDA, X - LAMDA * sign(X), 0), r"\operatorname{softshrink}_{{1}}\left({0}\right)",
    args=(X, LAMDA), defaults={LAMDA: sp.S.Half},
    kink="soft_shrink'(-lamda) = soft_shrink'(lamda) = 0", source="Donoho and Johnstone 1994",
)  # fmt: skip
hard_shrink = define(
    "hard_shrink", lambda: Where(abs_(X) > LAMDA, X, 0), r"\operatorname{hardshrink}_{{1}}\left({0}\right)",
    args=(X, LAMDA), defaults={LAMDA: sp.S.Half},
    kink="hard_shrink'(-lamda) = hard_shrink'(lamda) = 0", source="Donoho and Johnstone 1994",
)  # fmt: skip
