"""Linear models by the signs of their classes or the distance to their targets: stochastic descent and support vectors."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr

from symbackprop.core.functions import Where
from symbackprop.core.functions.elementary import maximum
from symbackprop.language import losses
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, apply, elementwise
from symbackprop.notation.declare import data, integers
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.scikit.described import Reading
from symbackprop.notation.models.scikit.linear import bits, linear, penalty, scaled, signs

CLASSIFIED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "hinge": lambda z, s: losses.hinge_loss(z, s, reduction="none"),
    "squared_hinge": lambda z, s: losses.squared_hinge_loss(z, s, reduction="none"),
    "perceptron": lambda z, s: elementwise("perceptron", lambda a, b: maximum(-a * b, 0), z, s),
    "modified_huber": lambda z, s: elementwise("modified_huber", _modified, z, s),
}
"""What is lost at each score z whose class has the sign s."""

REGRESSED: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "squared_error": lambda z, y, _: ops.square(z - y) / 2,
    "huber": lambda z, y, epsilon: losses.huber_loss(z, y, epsilon, reduction="none"),
    "epsilon_insensitive": lambda z, y, epsilon: _beyond(z, y, epsilon),
    "squared_epsilon_insensitive": lambda z, y, epsilon: ops.square(_beyond(z, y, epsilon)),
}
"""What is lost at each score z whose target is y."""


def _modified(z: Expr, s: Expr) -> Expr:
    """Zhang's: (1 - s z)^2 from s z = -1 to 1, a line before and nothing behind."""
    return Where(z * s >= -1, maximum(1 - z * s, 0) ** 2, -4 * z * s)


def _beyond(z: Tensor, y: Tensor, epsilon: float) -> Tensor:
    return apply("maximum", TABLE["abs"](z - y) - epsilon, 0)


def _lost(reading: Reading, z: Tensor, loss: str, classes: bool) -> Tensor:
    """The loss at each score; of several classes, each against the others."""
    if not classes:
        reading.y = data("y", "N")
        return REGRESSED[loss](z, reading.y, reading.number("epsilon"))
    if z.ndim > 1:
        reading.notes.append("Each class is told from all others, and the losses of the classes are added.")
    if loss == "log_loss":
        return losses.binary_cross_entropy_with_logits(z, bits(reading, z), reduction="none")
    s = signs(reading, z)
    return CLASSIFIED[loss](z, s) if loss in CLASSIFIED else REGRESSED[loss](z, s, reading.number("epsilon"))


def _descended(reading: Reading) -> Tensor:
    """The mean loss of SGDClassifier, SGDRegressor or Perceptron, and alpha times the penalty."""
    model = reading.model
    reading.require(class_weight=None)
    z, W, _ = linear(reading)
    loss = "perceptron" if reading.kind == "Perceptron" else model.loss
    mean = ops.sum(_lost(reading, z.named("z"), loss, hasattr(model, "classes_"))) / reading.X.shape[0]
    alpha = reading.number("alpha")
    if model.penalty is None or not alpha:
        return mean
    ratio = {"l1": 1.0, "l2": 0.0}.get(model.penalty)
    return mean + penalty([W], alpha, reading.number("l1_ratio") if ratio is None else ratio)


def _supported(reading: Reading) -> Tensor:
    """The penalty of LinearSVC or LinearSVR, and C times the losses."""
    model = reading.model
    reading.require(class_weight=None)
    z, W, b = linear(reading)
    several = getattr(model, "multi_class", "ovr") == "crammer_singer"
    if several and z.ndim == 1:
        raise NotationError("LinearSVC(multi_class='crammer_singer') of two classes is not read.", "multi_class='ovr' is.")
    lost = _against_the_largest(reading, z) if several else _lost(reading, z.named("z"), model.loss, hasattr(model, "classes_"))
    ratio = 1.0 if getattr(model, "penalty", "l2") == "l1" and not several else 0.0
    C = reading.number("C")
    penalised = [W] if b is None else [W, scaled(reading, b)]
    return penalty(penalised, 1, ratio) + (C * ops.sum(lost) if C != 1 else ops.sum(lost))


def _against_the_largest(reading: Reading, Z: Tensor) -> Tensor:
    """max_k(Z[n k] + 1[k != y[n]]) - Z[n, y[n]]: Crammer and Singer's."""
    reading.y = integers("y", "N", "c")
    Y = ops.one_hot(reading.y, Z.shape[1])
    Z = Z.named("z")
    return ops.max(Z + 1 - Y, axis=1) - ops.sum(Y * Z, axis=1)


ROWS: dict[str, Callable[[Reading], Tensor]] = {
    "SGDClassifier": _descended, "SGDRegressor": _descended, "Perceptron": _descended,
    "LinearSVC": _supported, "LinearSVR": _supported,
}  # fmt: skip
"""The loss of each class."""
