"""Losses of predictions that are probabilities, on the probabilities or on the logits that they are made of."""

from __future__ import annotations

from symbackprop.core.program import same_size, shape_text
from symbackprop.language.losses.arguments import Value, alike, bits, is_class, picked, probabilities, reduced, rows, targets
from symbackprop.language.operations import one_hot, softmax
from symbackprop.language.operations.values import number, setting
from symbackprop.language.tensors import LanguageError, Tensor, apply, as_tensor, label, total


def binary_cross_entropy(p: Value, y: Value, reduction: str = "mean") -> Tensor:
    """L = -(1/n) sum_i y[i] log p[i] + (1 - y[i]) log(1 - p[i]), so that dL/dp = (p - y) / (n p (1 - p)).

    Stable where p is written as sigmoid(z): what is compiled is softplus(z) - y z, for logits of any size.
    p, y   one shape, any axes, n entries; p inside (0, 1), y from 0 to 1.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ.
    """
    return reduced("binary_cross_entropy", bits(*alike("binary_cross_entropy", p, y, "p y")), reduction)


def binary_cross_entropy_with_logits(z: Value, y: Value, positive_weight: Value = 1, reduction: str = "mean") -> Tensor:
    """L = -(1/n) sum_i y[i] log p[i] + (1 - y[i]) log(1 - p[i]) with p = sigmoid(z), so that dL/dz = (p - y) / n.

    Compiled as softplus(z) - y z, for logits of any size.
    z, y             one shape, any axes, n entries; y from 0 to 1.
    positive_weight  a factor w of the part of the positives, y log p.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ or the weight is not positive.
    """
    name = "binary_cross_entropy_with_logits"
    z, y = alike(name, z, y, "z y")
    weight = setting(name, "positive_weight", positive_weight, 0)
    p = probabilities(apply("sigmoid", z))
    if number(weight) == 1:
        return reduced(name, bits(p, y), reduction)
    return reduced(name, -(weight * y * apply("log", p) + (1 - y) * apply("log", 1 - p)), reduction)


def multilabel_cross_entropy(Z: Value, Y: Value, reduction: str = "mean") -> Tensor:
    """L = -(1/N) sum_n sum_k Y[n k] log P[n k] + (1 - Y[n k]) log(1 - P[n k]) with P = sigmoid(Z), so that dL/dZ = (P - Y) / N.

    Each of the K labels of an example is a question of its own, and their losses add. Compiled as softplus(Z) - Y Z.
    Z, Y   (..., K), one shape; Y is 1 for the labels that an example has, otherwise 0.
    Returns a scalar ("mean" divides by the number N of examples, not by N K), or (...) for "none".
    Raises LanguageError where the shapes differ or there is no last axis.
    """
    Z, Y = alike("multilabel_cross_entropy", Z, Y, "z y")
    rows("multilabel_cross_entropy", Z)
    return reduced("multilabel_cross_entropy", total(bits(probabilities(apply("sigmoid", Z)), Y), -1), reduction)


def focal_loss(z: Value, y: Value, gamma: Value = 2, alpha: Value = 0.25, reduction: str = "mean") -> Tensor:
    """L = -(1/n) sum_i alpha y (1 - p)^gamma log p + (1 - alpha) (1 - y) p^gamma log(1 - p), with p = sigmoid(z).

    The cross-entropy with what is already right weighed down. Compiled by softplus, for logits of any size.
    z, y    one shape, any axes, n entries: logits, and labels that are 0 or 1.
    gamma   how far, 0 or more; with 0 only alpha weighs.
    alpha   the weight of the positives, between 0 and 1.
    Returns a scalar ("mean" divides by the number of entries), or the entries for "none".
    Raises LanguageError where the shapes differ or a setting is out of its range. Source: Lin et al. 2017.
    """
    z, y = alike("focal_loss", z, y, "z y")
    gamma, alpha = setting("focal_loss", "gamma", gamma, 0, low_fits=True), setting("focal_loss", "alpha", alpha, 0, 1)

    p = probabilities(apply("sigmoid", z))
    right, wrong = alpha * y * (1 - p) ** gamma * apply("log", p), (1 - alpha) * (1 - y) * p**gamma * apply("log", 1 - p)
    return reduced("focal_loss", -(right + wrong), reduction)


def cross_entropy(S: Value, target: Value, weights: Value = None, smoothing: Value = 0, reduction: str = "mean") -> Tensor:
    """L = -(1/N) sum_n sum_k Y[n k] log P[n k] with P = softmax(S), so that dL/dS = (P - Y) / N where rows of Y sum to one.

    Compiled by logsumexp(S), for logits of any size.
    S          (..., c): logits; the last axis runs over the classes.
    target     Y (..., c): labels (one-hot rows or probabilities); or t (...): integers below c.
    weights    (c,): a factor w[k] of Y[n k] for each class, also of a smoothed one.
    smoothing  e from 0 to below 1: Y becomes (1 - e) Y + e/c.
    Returns a scalar ("mean" divides by the number N of rows, weighted or not), or (...) for "none".
    Raises LanguageError where the shapes do not fit or integers go beyond the classes. Source: Szegedy et al. 2016 (smoothing).
    """
    name = "cross_entropy"
    S, target = targets(name, S, target)
    weights = _class_weights(name, S, weights)
    smoothing = setting(name, "smoothing", smoothing, 0, 1, low_fits=True)
    log_p = apply("log", probabilities(softmax(S)))
    if number(smoothing) != 0:
        Y = one_hot(target, S.shape[-1]) if is_class(target) else target
        target = (1 - smoothing) * Y + smoothing / S.shape[-1]
    if not is_class(target):
        return reduced(name, -total(_weighted(weights, target) * log_p, -1), reduction)
    loss = -picked(name, log_p, target, of=S)
    return reduced(name, loss if weights is None else picked(name, weights, target) * loss, reduction)


def nll_loss(log_p: Value, target: Value, weights: Value = None, reduction: str = "mean") -> Tensor:
    """L = -(1/N) sum_n log_p[n, t[n]], or -(1/N) sum_{n k} Y[n k] log_p[n k]: the negative log-likelihood.

    Stable where log_p is log_softmax(S), or log(P) with P written as softmax(S). `cross_entropy` takes S itself.
    log_p    (..., c): logarithms of probabilities; the last axis runs over the classes.
    target   Y (..., c): labels (one-hot rows or probabilities); or t (...): integers below c.
    weights  (c,): a factor for each class.
    Returns a scalar ("mean" divides by the number N of rows, weighted or not), or (...) for "none".
    Raises LanguageError where the shapes do not fit or integers go beyond the classes.
    """
    log_p, target = targets("nll_loss", log_p, target)
    weights = _class_weights("nll_loss", log_p, weights)
    if not is_class(target):
        return reduced("nll_loss", -total(_weighted(weights, target) * log_p, -1), reduction)
    loss = -picked("nll_loss", log_p, target)
    return reduced("nll_loss", loss if weights is None else picked("nll_loss", weights, target) * loss, reduction)


def kl_divergence(p: Value, q: Value, reduction: str = "mean") -> Tensor:
    """L = (1/N) sum_n sum_k p[n k] (log p[n k] - log q[n k]), so that dL/dq = -p / (N q).

    Stable where p and q are written as softmax of logits: log softmax(S) is S - logsumexp(S).
    p, q   (..., c), one shape: probabilities, which sum to one along the last axis; where p is 0, 0 log 0 is 0.
    Returns a scalar ("mean" divides by the number N of rows), or (...) for "none".
    Raises LanguageError where the shapes differ or there is no last axis. Source: Kullback and Leibler 1951.
    """
    p, q = alike("kl_divergence", p, q, "p q")
    rows("kl_divergence", p)
    return reduced("kl_divergence", total(p * (apply("log", p) - apply("log", q)), -1), reduction)


def _class_weights(loss: str, S: Tensor, weights: Value) -> Tensor | None:
    if weights is None:
        return None
    weights = as_tensor(weights)
    if weights.ndim != 1 or not same_size(weights.shape[0], S.shape[-1]):
        raise LanguageError(
            f"{loss}: the class weights {label(weights)} are {shape_text(weights.shape)}, {label(S)} is {shape_text(S.shape)}; "
            f"there must be one weight for each class: ({S.shape[-1]},)"
        )
    return weights


def _weighted(weights: Tensor | None, target: Tensor) -> Tensor:
    return target if weights is None else weights * target
