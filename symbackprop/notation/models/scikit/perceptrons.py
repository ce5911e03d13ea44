"""Multi-layer perceptrons, with the loss that their `fit` descends."""

from __future__ import annotations

from collections.abc import Callable

from symbackprop.core.errors import shown
from symbackprop.language import losses
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor
from symbackprop.notation.declare import binary, data, integers
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.scikit.described import Reading
from symbackprop.notation.models.scikit.linear import deviance

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda z: z, "logistic": TABLE["sigmoid"], "tanh": TABLE["tanh"], "relu": TABLE["relu"],
}  # fmt: skip
"""The values of MLPClassifier's and MLPRegressor's setting `activation`."""


def _perceptron(reading: Reading) -> Tensor:
    """The last layer before its activation: a_0 = X, z_k = a_{k-1} W_k + b_k, a_k = f(z_k)."""
    model = reading.model
    last = len(model.coefs_)
    a, size = reading.X, "d"
    for k, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True), 1):
        wide = "c" if k == last else "h" if last == 2 else f"h_{k}"
        z = a @ reading.weights(f"W_{k}", W, size, wide) + reading.weights(f"b_{k}", b, wide)
        size = wide
        if k < last:
            f = ACTIVATIONS[model.activation]
            a = f(z.named(f"z_{k}")).named(f"a_{k}") if model.activation != "identity" else z.named(f"a_{k}")
        else:
            a = z
    return a


def _decayed(reading: Reading, loss: Tensor) -> Tensor:
    """The loss with alpha/(2 N) sum of all squared weights; biases are not decayed."""
    alpha = float(reading.model.alpha)
    weights = [t for t in reading.declared if t.name and t.name.startswith("W")]
    squares = [ops.sum(ops.square(W)) for W in weights]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    return loss + alpha / 2 * total / reading.X.shape[0] if alpha else loss


def _classifier(reading: Reading) -> Tensor:
    model = reading.model
    z = _perceptron(reading)
    match model.out_activation_:
        case "softmax":
            reading.y = integers("y", "N", "c")
            loss = losses.cross_entropy(z.named(f"z_{len(model.coefs_)}"), reading.y)
        case "logistic" if model.n_outputs_ == 1:
            reading.y = binary("y", "N")
            loss = losses.binary_cross_entropy_with_logits(z[:, 0].named(f"z_{len(model.coefs_)}"), reading.y)
        case "logistic":
            reading.y = binary("y", "N c")
            loss = losses.multilabel_cross_entropy(z.named(f"z_{len(model.coefs_)}"), reading.y)
        case other:
            raise NotationError(f"MLPClassifier with the output {shown(other)} is not read.", "softmax and logistic are.")
    return _decayed(reading, loss)


def _regressor(reading: Reading) -> Tensor:
    model = reading.model
    z = _perceptron(reading)
    several = model.n_outputs_ > 1
    reading.y = data("y", "N c") if several else data("y", "N")
    z = z if several else z[:, 0]
    N = reading.X.shape[0]
    if getattr(model, "loss", "squared_error") == "poisson":
        return _decayed(reading, deviance(reading, z, 1, "log"))
    if several:
        reading.notes.append(
            "The loss adds over the outputs: its gradients are those that scikit-learn descends. The number that scikit-learn "
            "prints as its loss is the mean over the outputs."
        )
    return _decayed(reading, ops.sum(ops.square(z.named("yhat") - reading.y)) / (2 * N))


ROWS: dict[str, Callable[[Reading], Tensor]] = {"MLPClassifier": _classifier, "MLPRegressor": _regressor}
"""The loss of each class."""
