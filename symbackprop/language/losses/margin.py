"""Losses that ask for a margin between the right side and the wrong one."""

from __future__ import annotations

from sympy import Expr

from symbackprop.core.functions.elementary import maximum
from symbackprop.language.losses.arguments import Value, alike, is_class, picked, reduced, targets
from symbackprop.language.operations.values import setting
from symbackprop.language.tensors import Tensor, apply, elementwise, total


def _shortfall(s: Expr, y: Expr) -> Expr:
    return maximum(1 - y * s, 0)


def hinge_loss(s: Value, y: Value, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i max(1 - y[i] s[i], 0), so that dL/ds = -y/n where y s < 1, otherwise 0.

    s, y   one shape, any axes, n entries: scores, and signs that are -1 or 1 (y: data[n] & sign).
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ. Source: Cortes and Vapnik 1995.
    """
    s, y = alike("hinge_loss", s, y, "s y")
    return reduced("hinge_loss", elementwise("hinge_loss", _shortfall, s, y), reduction)


def squared_hinge_loss(s: Value, y: Value, reduction: str = "mean") -> Tensor:
    """L = (1/n) sum_i max(1 - y[i] s[i], 0)^2, so that dL/ds = -(2/n) y max(1 - y s, 0).

    s, y   one shape, any axes, n entries: scores, and signs that are -1 or 1 (y: data[n] & sign).
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ. Source: Tang 2013.
    """
    s, y = alike("squared_hinge_loss", s, y, "s y")
    values = elementwise("squared_hinge_loss", lambda a, b: _shortfall(a, b) ** 2, s, y)
    return reduced("squared_hinge_loss", values, reduction)


def multiclass_hinge_loss(S: Value, target: Value, margin: Value = 1, reduction: str = "mean") -> Tensor:
    """L = (1/N) sum_n sum_{k != t[n]} max(S[n k] - S[n, t[n]] + margin, 0): the multiclass support vector machine.

    The sum runs over all k; its term k = t[n], which is the margin, is taken off again.
    S       (..., c): scores; the last axis runs over the classes.
    target  t (...): integers below c; or one-hot rows Y (..., c).
    margin  greater than 0.
    Returns a scalar ("mean" divides by the number N of rows), or (...) for "none".
    Raises LanguageError where the shapes do not fit or integers go beyond the classes. Source: Weston and Watkins 1999.
    """
    name = "multiclass_hinge_loss"
    S, target = targets(name, S, target)
    margin = setting(name, "margin", margin, 0)
    right = picked(name, S, target) if is_class(target) else total(target * S, -1)
    column = right[(*[slice(None)] * right.ndim, None)].called("right")
    margins = apply("maximum", S - column + margin, 0)
    return reduced(name, total(margins, -1) - margin, reduction)
