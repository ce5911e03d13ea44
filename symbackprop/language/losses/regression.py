"""Losses of predictions that are numbers."""

from __future__ import annotations

from sympy import Expr

from symbackprop.core.functions import Where
from symbackprop.core.functions.elementary import abs_
from symbackprop.language.losses.arguments import Value, alike, reduced
from symbackprop.language.operations.values import setting
from symbackprop.language.tensors import Tensor, apply, elementwise


def squared_error(yhat: Value, y: Value, reduction: str = "sum") -> Tensor:
    """L = sum_i (yhat[i] - y[i])^2, so that dL/dyhat = 2 (yhat - y).

    yhat, y   one shape, any axes.
    Returns a scalar ("mean" divides by the number of entries), or the squares for "none".
    Raises LanguageError where the shapes differ. Source: Gauss 1809.
    """
    yhat, y = alike("squared_error", yhat, y, "yhat y")
    return reduced("squared_error", (yhat - y) ** 2, reduction)


def mse_loss(yhat: Value, y: Value, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i (yhat[i] - y[i])^2, so that dL/dyhat = (2/n) (yhat - y).

    yhat, y   one shape, any axes, n entries.
    Returns a scalar ("mean" divides by the number of entries), or the squares for "none".
    Raises LanguageError where the shapes differ.
    """
    yhat, y = alike("mse_loss", yhat, y, "yhat y")
    return reduced("mse_loss", (yhat - y) ** 2, reduction)


def mae_loss(yhat: Value, y: Value, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i |yhat[i] - y[i]|, so that dL/dyhat = (1/n) sign(yhat - y), which is 0 where they are equal.

    yhat, y   one shape, any axes, n entries.
    Returns a scalar ("mean" divides by the number of entries), or the absolute errors for "none".
    Raises LanguageError where the shapes differ.
    """
    yhat, y = alike("mae_loss", yhat, y, "yhat y")
    return reduced("mae_loss", apply("abs", yhat - y), reduction)


def huber_loss(yhat: Value, y: Value, delta: Value = 1, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i e[i]^2/2 where |e[i]| <= delta, otherwise delta (|e[i]| - delta/2), with e = yhat - y.

    Its slope by e is e, cut at -delta and delta.
    yhat, y   one shape, any axes, n entries.
    delta     where the square ends, greater than 0.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ or delta is not positive. Source: Huber 1964.
    """
    yhat, y = alike("huber_loss", yhat, y, "yhat y")
    delta = setting("huber_loss", "delta", delta, 0)
    return reduced("huber_loss", elementwise("huber_loss", _huber, (yhat - y).called("e"), delta), reduction)


def smooth_l1_loss(yhat: Value, y: Value, beta: Value = 1, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i e[i]^2/(2 beta) where |e[i]| <= beta, otherwise |e[i]| - beta/2, with e = yhat - y: Huber's by beta.

    yhat, y   one shape, any axes, n entries.
    beta      where the square ends, greater than 0.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ or beta is not positive. Source: Girshick 2015.
    """
    yhat, y = alike("smooth_l1_loss", yhat, y, "yhat y")
    beta = setting("smooth_l1_loss", "beta", beta, 0)

    def body(e: Expr, b: Expr) -> Expr:
        return Where(abs_(e) <= b, e**2 / (2 * b), abs_(e) - b / 2)

    return reduced("smooth_l1_loss", elementwise("smooth_l1_loss", body, (yhat - y).called("e"), beta), reduction)


def _huber(e: Expr, d: Expr) -> Expr:
    return Where(abs_(e) <= d, e**2 / 2, d * (abs_(e) - d / 2))


def log_cosh_loss(yhat: Value, y: Value, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i log cosh(yhat[i] - y[i]), so that dL/dyhat = (1/n) tanh(yhat - y).

    Compiled in a form that does not overflow and keeps its digits near 0.
    yhat, y   one shape, any axes, n entries.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ.
    """
    yhat, y = alike("log_cosh_loss", yhat, y, "yhat y")
    return reduced("log_cosh_loss", apply("log_cosh", (yhat - y).called("e")), reduction)


def quantile_loss(yhat: Value, y: Value, tau: Value = 0.5, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i tau e[i] where e[i] >= 0, otherwise (tau - 1) e[i], with e = y - yhat: the pinball loss.

    Where yhat = y the slope by yhat is chosen as -tau.
    yhat, y   one shape, any axes, n entries.
    tau       the quantile, between 0 and 1; 1/2 is half the absolute error.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ or tau is not inside (0, 1). Source: Koenker and Bassett 1978.
    """
    yhat, y = alike("quantile_loss", yhat, y, "yhat y")
    tau = setting("quantile_loss", "tau", tau, 0, 1)

    def body(e: Expr, t: Expr) -> Expr:
        return Where(e >= 0, t * e, (t - 1) * e)

    return reduced("quantile_loss", elementwise("quantile_loss", body, (y - yhat).called("e"), tau), reduction)
