"""The estimators: what scikit-learn asks of a classifier and of a regressor, answered by `sb.train` and a compiled network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy import ndarray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags, check_random_state, column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from symbackprop.backends.function import Compiled
from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.core.stable import stable
from symbackprop.training.classes import class_inputs, find_prediction
from symbackprop.training.errors import TrainingError
from symbackprop.training.result import Trained
from symbackprop.verbs import read, train
from symbackprop.verbs.estimators.samples import Chances, Samples, chances

LAYERS = """# One hidden layer.
X: data[n, d]
{y}
W_1: parameter[d, h]
b_1: parameter[h]
W_2: parameter[h, {out}]
b_2: parameter[{out}]

a = relu(X @ W_1 + b_1)
{answer} = a @ W_2 + b_2
L = {loss}
"""
CLASSIFIER = LAYERS.format(y="y: integers[n, c]", out="c", answer="z", loss="cross_entropy(z, y)")
REGRESSOR = LAYERS.format(y="y: data[n, m]", out="m", answer="yhat", loss="mean((yhat - y)**2)")
HIDDEN = 64  # units of these

SEEDS = 2**31 - 1
SETTINGS = (
    "epochs", "rate", "batch", "optimiser", "momentum", "decay", "clip", "schedule", "held_out", "patience", "init", "dtype",
    "backend",
)  # fmt: skip
SHARED = """
    network       what `sb.read` takes, with a data input for X and one for y, whatever they are called; None: one hidden layer.
                  A network with an example, of `sb.from_torch` say, starts from its weights.
    epochs ... backend  as `sb.train` describes them; None: its usual setting. Nothing is held out where not asked for.
    sizes         sizes that the data do not tell: {"h": 32}.
    given         arrays and numbers for other data inputs, by name: {"lam": 0.1}.
    prediction    the value that answers; found where not given.
    random_state  of the first parameters and the order of the samples.
    warm_start    whether `fit` goes on from the parameters that were fitted before.
    verbose       whether to show progress.

    Fitted, it has `trained_` (what `sb.train` returned), `parameters_`, `network_`, `prediction_`, `loss_curve_`, `n_iter_` and
    `n_features_in_`.
"""


class _Estimator(BaseEstimator):
    """What a classifier and a regressor share."""

    _default = REGRESSOR
    prediction_: str
    _chances: Chances | None

    def __init__(
        self, network: Any = None, *, epochs: int = 200, rate: float | None = None, batch: int = 32, optimiser: str = "adam",
        momentum: float | None = None, decay: float | None = None, clip: float | None = None, schedule: str | None = None,
        held_out: float = 0.0, patience: int | None = None, init: Any = None, sizes: Mapping[str, int] | None = None,
        given: Mapping[str, Any] | None = None, prediction: str | None = None, dtype: str = "float64", backend: str = "numpy",
        random_state: Any = None, warm_start: bool = False, verbose: bool = False,
    ) -> None:  # fmt: skip
        self.network, self.epochs, self.rate, self.batch = network, epochs, rate, batch
        self.optimiser, self.momentum, self.decay, self.clip, self.schedule = optimiser, momentum, decay, clip, schedule
        self.held_out, self.patience, self.init, self.sizes, self.given = held_out, patience, init, sizes, given
        self.prediction, self.dtype, self.backend = prediction, dtype, backend
        self.random_state, self.warm_start, self.verbose = random_state, warm_start, verbose

    def _read(self) -> tuple[Network, Samples]:
        for name, example in (("sizes", {"h": 32}), ("given", {"lam": 0.1})):
            if (value := getattr(self, name)) is not None and not isinstance(value, Mapping):
                raise TrainingError(f"{name}={shown(value)}: give a dict with names, such as {name}={example}")
        network = read(self._default if self.network is None else self.network)
        sizes = {**({"h": HIDDEN} if self.network is None else {}), **(self.sizes or {})}
        return network, Samples.of(stable(network.program), self.given or {}, sizes)

    def _train(self, network: Network, samples: Samples, X: ndarray, y: ndarray) -> None:
        """Train, and keep what came out.

        Raises KeyboardInterrupt after Ctrl-C, with what there is kept.
        """
        settings = {name: getattr(self, name) for name in SETTINGS}
        before = getattr(self, "parameters_", None) if self.warm_start else None
        if before is not None and X.shape[1] != self._columns:
            raise TrainingError(
                f"warm_start goes on with the same columns of X: {self._columns} before, {X.shape[1]} now; give the same, or "
                f"warm_start=False"
            )
        if before is not None:
            settings |= {"start": before, "init": None}
        data = {**samples.arrays(X), samples.y.name: y}
        self.trained_: Trained = train(
            network, data, **settings, seed=int(check_random_state(self.random_state).randint(SEEDS)), sizes=samples.sizes,
            predict=self._named(), progress=bool(self.verbose),
        )  # fmt: skip
        self.network_, self.parameters_ = network, dict(self.trained_.parameters)
        self.loss_curve_, self.n_iter_ = list(self.trained_.losses.training), len(self.trained_.losses.training)
        self._columns = X.shape[1]
        self._samples, self._compiled = samples, Compiled(samples.program, network.loss, {})
        if self.trained_.stopped:
            raise KeyboardInterrupt

    def _named(self) -> str | None:
        return self.prediction

    def _value(self, X: Any) -> ndarray:
        """The value that answers, for each row of X."""
        check_is_fitted(self)
        rows: Any = validate_data(self, X, dtype=np.float64, reset=False)
        return self._samples.value(self._compiled, self.parameters_, rows, self.prediction_)


def _has_chances(estimator: Any) -> bool:
    if getattr(estimator, "_chances", True) is None:
        raise AttributeError(
            f"{estimator.prediction_} is no probability, and this loss makes none of it; take decision_function, or a cross-entropy"
        )
    return True


class NetworkClassifier(ClassifierMixin, _Estimator):
    """A network as a classifier of scikit-learn: fit, predict, predict_proba, decision_function, score.

    y of the network is integers[n, c], labels[n, c], binary[n] or sign[n]; `fit` takes classes of any kind, and `predict` answers
    with them.
    """

    __doc__ = f"{__doc__}{SHARED}"

    _default = CLASSIFIER

    def fit(self, X: Any, y: Any) -> Self:
        """Train on the rows of X, and their classes y. Raises TrainingError where they do not fit the network."""
        found: Any = validate_data(self, X, y, dtype=np.float64)
        rows, told = found
        check_classification_targets(told)
        classes, codes = np.unique(column_or_1d(told, warn=True), return_inverse=True)
        if len(classes) < 2:
            raise TrainingError(f"y has one class alone, {classes[0]}; a classifier tells two classes or more apart")
        network, samples = self._read()
        if self.warm_start and hasattr(self, "classes_") and classes.tolist() != self.classes_.tolist():
            raise TrainingError("warm_start goes on with the same classes, and y has others; give the same, or warm_start=False")
        array = samples.classes(codes, classes)
        places = {samples.y.name: samples.y.shape.index(samples.batch) if samples.batch is not None else 0}
        holding = class_inputs(samples.program, {samples.y.name: array}, places)
        answer = find_prediction(samples.program, holding, samples.batch and samples.batch.name, self.prediction)
        if answer is None:
            raise TrainingError(
                f"no value answers with a class of {samples.y.name}: give the prediction a line of its own, such as z = X @ W, "
                f"with an axis for the classes"
            )
        self.classes_, self.prediction_, self._answer = classes, answer.name, answer
        self._train(network, samples, rows, array)
        sizes = {**self.trained_.sizes, **({str(samples.batch): len(rows)} if samples.batch is not None else {})}
        self._chances = chances(samples, self._compiled, answer, sizes, rows)
        return self

    def decision_function(self, X: Any) -> ndarray:
        """The value that answers: for each row a number for each class, or one that is greater for the second of two."""
        value = self._value(X)
        if self._answer.axis is None:
            return value.reshape(len(value)) - self._answer.threshold
        return value[:, 1] - value[:, 0] if len(self.classes_) == 2 else value

    def predict(self, X: Any) -> ndarray:
        """The class of each row."""
        value = self._value(X)
        if self._answer.axis is None:
            return self.classes_[(value.reshape(len(value)) > self._answer.threshold).astype(int)]
        return self.classes_[value.argmax(axis=-1)]

    @available_if(_has_chances)
    def predict_proba(self, X: Any) -> ndarray:
        """The probability of each class, where the loss makes the value that answers one."""
        value = self._value(X)
        assert self._chances is not None
        return self._chances(value.reshape(len(value)) if self._answer.axis is None else value)

    @available_if(_has_chances)
    def predict_log_proba(self, X: Any) -> ndarray:
        """The logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))


class NetworkRegressor(RegressorMixin, _Estimator):
    """A network as a regressor of scikit-learn: fit, predict, score.

    y of the network is data[n], or data[n, m] for several numbers a sample.
    """

    __doc__ = f"{__doc__}{SHARED}"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Train on the rows of X, and the numbers y. Raises TrainingError where they do not fit the network."""
        found: Any = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        rows, aim = found
        network, samples = self._read()
        if aim.ndim == 2 and not samples.own(samples.y):
            aim = column_or_1d(aim, warn=True) if aim.shape[1] == 1 else aim
        self.prediction_ = samples.answer(self.prediction)
        self._flat = aim.ndim == 1
        self._train(network, samples, rows, samples.numbers(aim))
        return self

    def _named(self) -> str | None:
        return None  # it is no class

    def predict(self, X: Any) -> ndarray:
        """The number of each row, or its row of numbers."""
        value = self._value(X)
        return value.reshape(len(value)) if self._flat else value
