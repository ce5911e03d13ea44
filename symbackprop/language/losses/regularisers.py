"""What is added to a loss to keep the parameters small."""

from __future__ import annotations

from symbackprop.language.losses.arguments import Value, reduced
from symbackprop.language.operations.values import setting
from symbackprop.language.tensors import Tensor, apply, as_tensor


def l1_penalty(W: Value, lam: Value = 1, reduction: str = "sum") -> Tensor:
    """R = lam sum_i |W[i]|, so that dR/dW = lam sign(W), which is 0 where W is 0.

    W    any shape.
    lam  the strength, 0 or more.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where lam is negative. Source: Tibshirani 1996.
    """
    lam = setting("l1_penalty", "lam", lam, 0, low_fits=True)
    return lam * reduced("l1_penalty", apply("abs", W), reduction)


def l2_penalty(W: Value, lam: Value = 1, reduction: str = "sum") -> Tensor:
    """R = lam sum_i W[i]^2, so that dR/dW = 2 lam W: weight decay.

    W    any shape.
    lam  the strength, 0 or more.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where lam is negative. Source: Hoerl and Kennard 1970.
    """
    lam = setting("l2_penalty", "lam", lam, 0, low_fits=True)
    return lam * reduced("l2_penalty", as_tensor(W) ** 2, reduction)


def elastic_net_penalty(W: Value, lam_1: Value = 1, lam_2: Value = 1, reduction: str = "sum") -> Tensor:
    """R = sum_i lam_1 |W[i]| + lam_2 W[i]^2, so that dR/dW = lam_1 sign(W) + 2 lam_2 W.

    W            any shape.
    lam_1, lam_2 the strengths, 0 or more.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where a strength is negative. Source: Zou and Hastie 2005.
    """
    name = "elastic_net_penalty"
    lam_1, lam_2 = (setting(name, n, lam, 0, low_fits=True) for n, lam in (("lam_1", lam_1), ("lam_2", lam_2)))
    return reduced(name, lam_1 * apply("abs", W) + lam_2 * as_tensor(W) ** 2, reduction)
