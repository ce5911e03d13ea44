"""Linear models, with the loss that their `fit` descends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sympy import Expr

from symbackprop.core.functions import Where
from symbackprop.core.functions.elementary import abs_
from symbackprop.language import losses
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.values import setting
from symbackprop.language.tensors import Tensor, elementwise
from symbackprop.notation.declare import binary, data, integers, parameter
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.scikit.described import Reading, dense


def linear(reading: Reading) -> tuple[Tensor, Tensor, Tensor | None]:
    """X w + b, or X W^T + b of several outputs, the weights, and the intercept where there is one."""
    model = reading.model
    coefficients = dense(model.coef_)  # after model.sparsify() they are sparse
    intercept = np.asarray(model.intercept_, dtype=float)
    several = coefficients.ndim == 2 and len(coefficients) > 1
    if several:
        W = reading.weights("W", coefficients, "c", "d")
        z = reading.X @ W.T
    else:
        W = reading.weights("w", coefficients.ravel(), "d")
        z = reading.X @ W
    if not model.fit_intercept:
        return z, W, None
    b = reading.weights("b", intercept, "c") if several else reading.weights("b", intercept.reshape(()))
    return z + b, W, b


def penalty(weights: Sequence[Tensor], strength: Any, ratio: float = 0) -> Tensor:
    """strength (r |w|_1 + (1 - r)/2 |w|^2), added over all that is penalised."""
    parts = []
    for w in weights:
        if ratio:
            parts.append(strength * ratio * ops.sum(TABLE["abs"](w)))
        if ratio != 1:
            parts.append(strength * (1 - ratio) / 2 * ops.sum(ops.square(w)))
    return sum(parts[1:], parts[0])


# -- least squares and their like ----------------------------------------------------------------------------------------------


def _residual(reading: Reading) -> tuple[Tensor, Tensor]:
    """yhat - y, and the weights."""
    z, W, _ = linear(reading)
    reading.y = data("y", "N c") if z.ndim > 1 else data("y", "N")
    reading.require(positive=False)
    return z.named("yhat") - reading.y, W


def _least_squares(reading: Reading) -> Tensor:
    e, _ = _residual(reading)
    return ops.sum(ops.square(e))


def _ridge(reading: Reading) -> Tensor:
    e, W = _residual(reading)
    return ops.sum(ops.square(e)) + reading.number("alpha") * ops.sum(ops.square(W))


def _ridge_of_classes(reading: Reading) -> Tensor:
    """Ridge towards the signs of the classes."""
    reading.require(class_weight=None, positive=False)
    if getattr(getattr(reading.model, "_label_binarizer", None), "y_type_", "").startswith("multilabel"):
        raise NotationError(
            f"{reading.kind} of several labels a row is not read.", "Ridge of Y in 1 and -1 is, with the same loss."
        )
    z, W, _ = linear(reading)
    return ops.sum(ops.square(z.named("z") - signs(reading, z))) + reading.number("alpha") * ops.sum(ops.square(W))


def _elastic(reading: Reading) -> Tensor:
    """(1/(2 N)) |yhat - y|^2 + alpha (r |W|_1 + (1 - r)/2 |W|^2): Lasso is r = 1."""
    e, W = _residual(reading)
    return ops.sum(ops.square(e)) / (2 * reading.X.shape[0]) + penalty([W], reading.number("alpha"), _ratio(reading))


def _elastic_of_several(reading: Reading) -> Tensor:
    """(1/(2 N)) |Yhat - Y|^2 + alpha (r sum_j |w_j| + (1 - r)/2 |W|^2), w_j what all outputs read of feature j."""
    e, W = _residual(reading)
    lengths = ops.sum(ops.norm(W, axis=0)) if W.ndim > 1 else ops.sum(TABLE["abs"](W))
    strength, ratio = reading.number("alpha"), _ratio(reading)
    loss = ops.sum(ops.square(e)) / (2 * reading.X.shape[0])
    loss = loss + strength * ratio * lengths if ratio else loss
    return loss + penalty([W], strength * (1 - ratio)) if ratio != 1 else loss


def _ratio(reading: Reading) -> float:
    return 1.0 if "Lasso" in reading.kind else reading.number("l1_ratio")


def _huber(reading: Reading) -> Tensor:
    """N sigma + sum of e^2/sigma where |e| <= epsilon sigma, otherwise 2 epsilon |e| - epsilon^2 sigma; + alpha |w|^2."""
    e, W = _residual(reading)
    sigma = parameter("sigma", domain="positive")
    reading.declared.append(sigma)
    reading.example["sigma"] = np.asarray(reading.model.scale_, dtype=float)
    bound = setting("HuberRegressor", "epsilon", reading.number("epsilon"), 0)

    def body(e: Expr, s: Expr, m: Expr) -> Expr:
        return Where(abs_(e) <= m * s, e**2 / s, 2 * m * abs_(e) - m**2 * s)

    loss = sigma * reading.X.shape[0] + ops.sum(elementwise("huber", body, e.named("e"), sigma, bound))
    return loss + reading.number("alpha") * ops.sum(ops.square(W))


def _quantile(reading: Reading) -> Tensor:
    z, W, _ = linear(reading)
    reading.y = data("y", "N")
    loss = losses.quantile_loss(z.named("yhat"), reading.y, reading.number("quantile"))
    return loss + penalty([W], reading.number("alpha"), 1)


# -- generalised linear models -------------------------------------------------------------------------------------------------


def deviance(reading: Reading, z: Tensor, power: float, link: str) -> Tensor:
    """Half of Tweedie's deviance of the mean exp(z), or z, but for terms of y alone."""
    mean = (TABLE["exp"](z.named("z")) if link == "log" else z).named("yhat")
    y, N = reading.y, reading.X.shape[0]
    if power == 0:
        return ops.sum(ops.square(mean - y)) / (2 * N)
    log = z if link == "log" else TABLE["log"](mean)
    reading.notes.append("The loss is written without the terms of y alone, which have no gradient.")
    if power == 1:
        return ops.sum(mean - y * log) / N
    if power == 2:
        return ops.sum(log + y / mean) / N
    return ops.sum(mean ** (2 - power) / (2 - power) - y * mean ** (1 - power) / (1 - power)) / N


def _generalised(reading: Reading, power: float, link: str) -> Tensor:
    z, W, _ = linear(reading)
    reading.y = data("y", "N")
    return deviance(reading, z, power, link) + penalty([W], reading.number("alpha"))


def _tweedie(reading: Reading) -> Tensor:
    power, link = reading.number("power"), reading.model.link
    return _generalised(reading, power, ("identity" if power <= 0 else "log") if link == "auto" else link)


# -- classes -------------------------------------------------------------------------------------------------------------------


def bits(reading: Reading, z: Tensor) -> Tensor:
    """1 for what is of the class and 0 for what is not: y, or a column for each of several classes."""
    if z.ndim == 1:
        reading.y = binary("y", "N")
        return reading.y
    reading.y = integers("y", "N", "c")
    return ops.one_hot(reading.y, z.shape[1])


def signs(reading: Reading, z: Tensor) -> Tensor:
    """1 for what is of the class and -1 for what is not."""
    return (2 * bits(reading, z) - 1).named("s" if z.ndim == 1 else "S")


def _logistic(reading: Reading) -> Tensor:
    """The mean cross-entropy, and the penalty over C N."""
    model = reading.model
    reading.require(class_weight=None)
    z, W, b = linear(reading)
    penalised = [W]
    if model.solver == "liblinear" and b is not None:
        penalised.append(scaled(reading, b))
    if z.ndim > 1:
        reading.y = integers("y", "N", "c")
        loss = losses.cross_entropy(z.named("z"), reading.y)
    else:
        reading.y = binary("y", "N")
        loss = losses.binary_cross_entropy_with_logits(z.named("z"), reading.y)
    kind = getattr(model, "penalty", "deprecated")
    C = reading.number("C")
    if kind is None or np.isinf(C):
        return loss
    ratio = {"l1": 1.0, "l2": 0.0}[kind] if kind in ("l1", "l2") else reading.number("l1_ratio")
    reading.notes.append("The loss is divided by C N, which moves no minimum: the mean over the samples, and the penalty over C N.")
    return loss + penalty(penalised, 1 / C, ratio) / reading.X.shape[0]


def scaled(reading: Reading, b: Tensor) -> Tensor:
    """The intercept as liblinear penalises it: the weight of a feature that is intercept_scaling everywhere."""
    reading.notes.append("The intercept is penalised as well, as liblinear does.")
    scale = reading.number("intercept_scaling")
    return b / scale if scale != 1 else b


ROWS: dict[str, Callable[[Reading], Tensor]] = {
    "LinearRegression": _least_squares, "Ridge": _ridge, "RidgeCV": _ridge,
    "RidgeClassifier": _ridge_of_classes, "RidgeClassifierCV": _ridge_of_classes,
    "Lasso": _elastic, "LassoCV": _elastic, "LassoLars": _elastic, "LassoLarsCV": _elastic, "LassoLarsIC": _elastic,
    "ElasticNet": _elastic, "ElasticNetCV": _elastic,
    "MultiTaskLasso": _elastic_of_several, "MultiTaskLassoCV": _elastic_of_several,
    "MultiTaskElasticNet": _elastic_of_several, "MultiTaskElasticNetCV": _elastic_of_several,
    "HuberRegressor": _huber, "QuantileRegressor": _quantile,
    "PoissonRegressor": lambda reading: _generalised(reading, 1, "log"),
    "GammaRegressor": lambda reading: _generalised(reading, 2, "log"), "TweedieRegressor": _tweedie,
    "LogisticRegression": _logistic, "LogisticRegressionCV": _logistic,
}  # fmt: skip
"""The loss of each class."""
