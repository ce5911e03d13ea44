"""scikit-learn's models: multi-layer perceptrons and linear models, with the loss that their `fit` descends.

The weights of a fitted model are the network's example. A model is known by its class; scikit-learn itself is not imported.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.language import losses
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor
from symbackprop.notation.declare import binary, data, integers, parameter
from symbackprop.notation.errors import NotationError, shortened
from symbackprop.notation.models.parameters import fitting
from symbackprop.notation.networks import made

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda z: z, "logistic": TABLE["sigmoid"], "tanh": TABLE["tanh"], "relu": TABLE["relu"],
}  # fmt: skip
"""The values of MLPClassifier's and MLPRegressor's setting `activation`."""


def from_sklearn(model: Any, X: Any = None, y: Any = None) -> Network:
    """The loss that a fitted scikit-learn model descends, by its weights: cross-entropy or squared error, and its penalty.

    model  an MLPClassifier or MLPRegressor, or a linear model: LinearRegression, Ridge, Lasso, ElasticNet, LogisticRegression,
           PoissonRegressor. It is fitted, since only then it has weights and sizes.
    X, y   the data, as `fit` takes them; they join the weights as the network's example. None: the example is the weights alone.
    returns a network with the inputs X[N, d] and y, where classes are whole numbers in the order of `model.classes_`.

    Raises NotationError for another class, a model that is not fitted, and settings that the loss here does not have.
    """
    kinds = [c.__name__ for c in type(model).__mro__ if c.__module__.startswith("sklearn.")]
    known = kinds[0] if kinds and kinds[0] in MODELS else None  # what scikit-learn makes of one has another loss
    own = shortened(model.__name__ if isinstance(model, type) else type(model).__name__)
    if isinstance(model, type):
        raise NotationError(f"{own} is a class.", f"Give a fitted model: {own}().fit(X, y).")
    if known is None:
        raise NotationError(f"{own} is no scikit-learn model that is read.", _mend(model, kinds))
    fitted = "coefs_" if known.startswith("MLP") else "coef_"
    if not hasattr(model, fitted):
        raise NotationError(f"this {own} is not fitted.", "Call model.fit(X, y) first, with max_iter=1 where you train it here.")
    reading = _Reading(model)
    loss = MODELS[known](reading)
    inputs = {"X": reading.X, "y": reading.y}
    example = reading.example | ({} if X is None and y is None else reading.data(X, y))
    return made(
        {"L": loss}, (*inputs.values(), *reading.declared), "L", "whole", remarks=tuple(reading.notes), name=known,
        origin="scikit-learn", example=example,
    )  # fmt: skip


def _mend(model: Any, kinds: list[str]) -> str:
    if kinds[:1] == ["LogisticRegressionCV"]:
        return "Fit LogisticRegression(C=...) with the C that it found, model.C_."
    if "Pipeline" in kinds:
        return "Give its last step, from_sklearn(pipeline[-1]), and what the other steps make of X: pipeline[:-1].transform(X)."
    return f"Those are: {', '.join(MODELS)}."


class _Reading:
    """A model under reading: its inputs as tensors, its weights as the example."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.classes: Any = getattr(model, "classes_", None)
        self.declared: list[Tensor] = []
        self.example: dict[str, np.ndarray] = {}
        self.notes: list[str] = []
        self.X = data("X", "N d")
        self.y: Tensor = data("y", "N")

    def weights(self, name: str, array: Any, *sizes: Any) -> Tensor:
        """A parameter with its values; an axis of size 1 stays 1."""
        values = np.asarray(array, dtype=float)
        given = [1 if n == 1 else size for n, size in zip(values.shape, sizes, strict=True)]
        tensor = parameter(name, *given)
        self.declared.append(tensor)
        self.example[name] = values
        return tensor

    def data(self, X: Any, y: Any) -> dict[str, np.ndarray]:
        """The arrays of a person, as the network reads them."""
        if X is None or y is None:
            raise NotationError("X and y go together.", "Give both, or neither.")
        rows = np.asarray(X.toarray() if hasattr(X, "toarray") else X)
        target = np.asarray(y)
        if target.ndim == 2 and target.shape[1] == 1 and self.y.ndim == 1:
            target = target[:, 0]  # a column, which `fit` takes as well
        if self.classes is not None and target.ndim == 1:
            classes = np.asarray(self.classes)
            strange = np.setdiff1d(target, classes)
            if strange.size:
                raise NotationError(
                    f"y: {shown(strange[0].item())} is no class of the model.", f"Its classes are {classes.tolist()}."
                )
            target = np.searchsorted(classes, target)
        features = self.model.n_features_in_
        if rows.ndim != 2 or rows.shape[1] != features or len(target) != len(rows):
            raise NotationError(
                f"X is {rows.shape} and y is {target.shape}.",
                f"The model takes (N, {features}), and a target for each of the N rows.",
            )
        try:
            return {
                "X": rows.astype(float),
                "y": target.astype(float if self.y.signature and self.y.signature.kind == "data" else int),
            }
        except (TypeError, ValueError):
            raise NotationError("X and y hold something that is no number.", "Give arrays of numbers.") from None

    def require(self, **settings: Any) -> None:
        """Raise NotationError where a setting of the model is another than the loss here has."""
        for name, plain in settings.items():
            found = getattr(self.model, name, plain)
            if found is not plain and found != plain:
                raise NotationError(f"{type(self.model).__name__}({name}={shown(found)}) is not read.", f"{name}={plain!r} is.")


# -- multi-layer perceptrons -------------------------------------------------------------------------------------------------


def _perceptron(reading: _Reading) -> Tensor:
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


def _decayed(reading: _Reading, loss: Tensor) -> Tensor:
    """The loss with alpha/(2 N) sum of all squared weights; biases are not decayed."""
    alpha = float(reading.model.alpha)
    weights = [t for t in reading.declared if t.name and t.name.startswith("W")]
    squares = [ops.sum(ops.square(W)) for W in weights]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    return loss + alpha / 2 * total / reading.X.shape[0] if alpha else loss


def _classifier(reading: _Reading) -> Tensor:
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


def _regressor(reading: _Reading) -> Tensor:
    model = reading.model
    z = _perceptron(reading)
    several = model.n_outputs_ > 1
    reading.y = data("y", "N c") if several else data("y", "N")
    z = z if several else z[:, 0]
    N = reading.X.shape[0]
    if getattr(model, "loss", "squared_error") == "poisson":
        return _decayed(reading, _poisson(reading, z.named(f"z_{len(model.coefs_)}")))
    if several:
        reading.notes.append(
            "The loss adds over the outputs: its gradients are those that scikit-learn descends. The number that scikit-learn "
            "prints as its loss is the mean over the outputs."
        )
    return _decayed(reading, ops.sum(ops.square(z.named("yhat") - reading.y)) / (2 * N))


def _poisson(reading: _Reading, z: Tensor) -> Tensor:
    """(1/N) sum exp(z) - y z: half the Poisson deviance of exp(z), but for terms of y alone."""
    reading.notes.append("The Poisson loss is written without the terms of y alone, which have no gradient.")
    return ops.sum(TABLE["exp"](z).named("yhat") - reading.y * z) / reading.X.shape[0]


# -- linear models -------------------------------------------------------------------------------------------------------------


def _linear(reading: _Reading) -> tuple[Tensor, Tensor]:
    """X w + b, or X W^T + b of several outputs, and the weights."""
    model = reading.model
    coefficients = np.asarray(model.coef_)
    intercept = np.asarray(model.intercept_, dtype=float)
    several = coefficients.ndim == 2 and len(coefficients) > 1
    if several:
        W = reading.weights("W", coefficients, "c", "d")
        z = reading.X @ W.T
    else:
        W = reading.weights("w", coefficients.ravel(), "d")
        z = reading.X @ W
    if model.fit_intercept:
        z = z + (reading.weights("b", intercept, "c") if several else reading.weights("b", intercept.reshape(())))
    return z, W


def _residual(reading: _Reading) -> tuple[Tensor, Tensor]:
    """yhat - y, and the weights."""
    z, W = _linear(reading)
    reading.y = data("y", "N c") if z.ndim > 1 else data("y", "N")
    reading.require(positive=False)
    return z.named("yhat") - reading.y, W


def _least_squares(reading: _Reading) -> Tensor:
    e, _ = _residual(reading)
    return ops.sum(ops.square(e))


def _ridge(reading: _Reading) -> Tensor:
    e, W = _residual(reading)
    if np.ndim(reading.model.alpha):
        raise NotationError("Ridge with an alpha for each output is not read.", "One alpha is.")
    return ops.sum(ops.square(e)) + float(reading.model.alpha) * ops.sum(ops.square(W))


def _elastic(reading: _Reading) -> Tensor:
    """(1/(2 N)) |yhat - y|^2 + alpha (r |W|_1 + (1 - r)/2 |W|^2): Lasso is r = 1."""
    e, W = _residual(reading)
    model = reading.model
    return ops.sum(ops.square(e)) / (2 * reading.X.shape[0]) + _penalty(W, float(model.alpha), float(model.l1_ratio))


def _elastic_of_several(reading: _Reading) -> Tensor:
    """(1/(2 N)) |Yhat - Y|^2 + alpha (r sum_j |w_j| + (1 - r)/2 |W|^2), w_j what all outputs read of feature j."""
    e, W = _residual(reading)
    model = reading.model
    lengths = ops.sum(ops.norm(W, axis=0)) if W.ndim > 1 else ops.sum(TABLE["abs"](W))
    strength, ratio = float(model.alpha), float(model.l1_ratio)
    loss = ops.sum(ops.square(e)) / (2 * reading.X.shape[0])
    loss = loss + strength * ratio * lengths if ratio else loss
    return loss + _penalty(W, strength * (1 - ratio), 0) if ratio != 1 else loss


def _penalty(W: Tensor, strength: Any, ratio: float) -> Tensor:
    parts = []
    if ratio:
        parts.append(strength * ratio * ops.sum(TABLE["abs"](W)))
    if ratio != 1:
        parts.append(strength * (1 - ratio) / 2 * ops.sum(ops.square(W)))
    return parts[0] + parts[1] if len(parts) > 1 else parts[0]


def _logistic(reading: _Reading) -> Tensor:
    """The mean cross-entropy, and the penalty over C N."""
    model = reading.model
    reading.require(class_weight=None, dual=False)
    if model.solver == "liblinear":
        raise NotationError("LogisticRegression(solver='liblinear') penalises its intercept.", "Fit with another solver.")
    z, W = _linear(reading)
    if z.ndim > 1:
        reading.y = integers("y", "N", "c")
        loss = losses.cross_entropy(z.named("z"), reading.y)
    else:
        reading.y = binary("y", "N")
        loss = losses.binary_cross_entropy_with_logits(z.named("z"), reading.y)
    penalty = getattr(model, "penalty", "deprecated")
    ratio = {"l1": 1.0, "l2": 0.0}.get(penalty, float(model.l1_ratio or 0))
    if penalty is None or np.isinf(model.C):
        return loss
    reading.notes.append("The loss is divided by C N, which moves no minimum: the mean over the samples, and the penalty over C N.")
    return loss + _penalty(W, 1 / float(model.C), ratio) / reading.X.shape[0]


def _poisson_regression(reading: _Reading) -> Tensor:
    z, W = _linear(reading)
    return _poisson(reading, z.named("z")) + _penalty(W, float(reading.model.alpha), 0)


MODELS: dict[str, Callable[[_Reading], Tensor]] = {
    "MLPClassifier": _classifier, "MLPRegressor": _regressor, "LinearRegression": _least_squares, "Ridge": _ridge,
    "Lasso": _elastic, "ElasticNet": _elastic, "MultiTaskLasso": _elastic_of_several, "MultiTaskElasticNet": _elastic_of_several,
    "LogisticRegression": _logistic, "PoissonRegressor": _poisson_regression,
}  # fmt: skip
"""The classes that are read, and the loss of each."""


# -- out again -----------------------------------------------------------------------------------------------------------------


def to_sklearn(parameters: Any, model: Any) -> Any:
    """A copy of a scikit-learn model that has these parameters.

    parameters  what `sb.train` returned, or a dict with an array for each parameter of `from_sklearn(model)`.
    model       the model; it is not changed.

    Raises NotationError where a parameter is missing, unknown or of another shape.
    """
    network = from_sklearn(model)
    given = getattr(parameters, "parameters", parameters)
    arrays = fitting(given, network.example)
    new = copy.deepcopy(model)
    if hasattr(model, "coefs_"):
        new.coefs_ = [arrays[f"W_{k}"] for k in range(1, len(model.coefs_) + 1)]
        new.intercepts_ = [arrays[f"b_{k}"] for k in range(1, len(model.coefs_) + 1)]
        return new
    new.coef_ = (arrays["W"] if "W" in arrays else arrays["w"]).reshape(np.shape(model.coef_))
    if "b" in arrays:
        new.intercept_ = arrays["b"].reshape(np.shape(model.intercept_)) if np.ndim(model.intercept_) else float(arrays["b"])
    return new
