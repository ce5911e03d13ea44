"""scikit-learn's models: multi-layer perceptrons and linear models, with the loss that their `fit` descends.

The weights of a fitted model are the network's example. A model is known by its class; scikit-learn itself is not imported.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from symbackprop.core.network import Network
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError, shortened
from symbackprop.notation.models.parameters import fitting
from symbackprop.notation.models.scikit import linear, margins, perceptrons
from symbackprop.notation.models.scikit.described import Reading
from symbackprop.notation.networks import made

MODELS: dict[str, Callable[[Reading], Tensor]] = {**perceptrons.ROWS, **linear.ROWS, **margins.ROWS}
"""The classes that are read, and the loss of each."""


_KERNELS = "Its loss is one of kernels. LinearSVC and LinearSVR are read, of X or of features that stand for a kernel (Nystroem)."
MENDS = {
    "Pipeline": "Give its last step, from_sklearn(pipeline[-1]), and what the other steps make of X: pipeline[:-1].transform(X).",
    "BaseLibSVM": _KERNELS,
    "BayesianRidge": "Its mean is the minimum of Ridge(alpha=model.lambda_ / model.alpha_): fit that.",
    "Lars": "It descends no loss. LassoLars does.",
    "OneVsRestClassifier": "Give one of its models, from_sklearn(model.estimators_[0], X, y == model.classes_[0]), "
    "or y == model.classes_[1] where there are two.",
    "TransformedTargetRegressor": "Give its model, from_sklearn(model.regressor_, X, z), with z of model.transformer_.",
}
"""What to do instead, by a class or one that it extends."""


def from_sklearn(model: Any, X: Any = None, y: Any = None) -> Network:
    """The loss that a fitted scikit-learn model descends, by its weights: cross-entropy or squared error, and its penalty.

    model  an MLPClassifier or MLPRegressor, or a linear model: of least squares, generalised, by classes, by stochastic descent or
           by support vectors, as MODELS lists them. It is fitted, since only then it has weights and sizes; what it chose counts.
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
    reading = Reading(model, known)
    loss = MODELS[known](reading)
    inputs = {"X": reading.X, "y": reading.y}
    example = reading.example | ({} if X is None and y is None else reading.data(X, y))
    return made(
        {"L": loss}, (*inputs.values(), *reading.declared), "L", "whole", remarks=tuple(reading.notes), name=known,
        origin="scikit-learn", example=example,
    )  # fmt: skip


def _mend(model: Any, kinds: list[str]) -> str:
    if hasattr(model, "best_estimator_"):
        return "Give the model that it found, model.best_estimator_."
    return next((mend for kind, mend in MENDS.items() if kind in kinds), f"Those are: {', '.join(MODELS)}.")


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
    if "sigma" in arrays:
        new.scale_ = float(arrays["sigma"])
    new.coef_ = (arrays["W"] if "W" in arrays else arrays["w"]).reshape(np.shape(model.coef_))
    if "b" in arrays:
        new.intercept_ = arrays["b"].reshape(np.shape(model.intercept_)) if np.ndim(model.intercept_) else float(arrays["b"])
    return new
