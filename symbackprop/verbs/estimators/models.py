"""The estimators: what scikit-learn asks of a classifier and of a regressor, answered by `sb.train` and a compiled network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy import ndarray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags, check_random_state, column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets
from sklearn.utils.validation import _check_sample_weight as weights_of
from sklearn.utils.validation import check_is_fitted, validate_data

from symbackprop.backends.function import Compiled
from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.core.passes.stable import stable
from symbackprop.training.classes import Prediction, class_inputs, find_prediction
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

    def _goes_on(self) -> bool:
        """Whether `partial_fit` has something to go on from. Raises TrainingError for a setting that needs to know all samples."""
        for name, usual in (("schedule", (None, "constant")), ("patience", (None,)), ("held_out", (0.0,))):
            if (value := getattr(self, name)) not in usual:
                raise TrainingError(f"{name}={shown(value)}: partial_fit does not know what comes; leave it out, or call fit")
        return hasattr(self, "trained_")

    def _train(self, network: Network, samples: Samples, X: ndarray, y: ndarray, weight: Any, once: bool = False) -> None:
        """Train, and keep what came out.

        weight   of each sample; None: all count alike.
        once     see the samples once, and go on from what was fitted before, as `partial_fit` does.

        Raises KeyboardInterrupt after Ctrl-C, with what there is kept.
        """
        settings = {name: getattr(self, name) for name in SETTINGS}
        before = getattr(self, "trained_", None) if self.warm_start or once else None
        if before is not None and X.shape[1] != self._columns:
            raise TrainingError(
                f"warm_start goes on with the same columns of X: {self._columns} before, {X.shape[1]} now; give the same, or "
                f"warm_start=False"
            )
        if before is not None:
            settings |= {"start": before if once else before.parameters, "init": None}
        if once:
            settings["epochs"] = 1
        if weight is not None:
            settings["sample_weight"] = weights_of(weight, X, dtype=np.float64, ensure_non_negative=True)
        data = {**samples.arrays(X), samples.y.name: y}
        self.trained_: Trained = train(
            network, data, **settings, seed=int(check_random_state(self.random_state).randint(SEEDS)), sizes=samples.sizes,
            predict=self._named(), progress=bool(self.verbose),
        )  # fmt: skip
        self.network_, self.parameters_ = network, dict(self.trained_.parameters)
        self.loss_curve_ = [*(self.loss_curve_ if once and before is not None else ()), *self.trained_.losses.training]
        self.n_iter_ = len(self.loss_curve_)
        self._columns = X.shape[1]
        if before is None or samples is not self._samples:
            self._samples, self._compiled = samples, Compiled(samples.program, network.loss, {})
            self._prepare(X)
        if self.trained_.stopped:
            raise KeyboardInterrupt

    def _prepare(self, rows: ndarray) -> None:
        """Find what answers need that parameters do not tell."""

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

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on the rows of X, and their classes y.

        sample_weight   how much each row counts, in the losses and their gradients: as many copies of it would; None: all alike.

        Raises TrainingError where they do not fit the network.
        """
        rows, told = self._targets(X, y)
        classes, codes = np.unique(told, return_inverse=True)
        if len(classes) < 2:
            raise TrainingError(f"y has one class alone, {classes[0]}; a classifier tells two classes or more apart")
        if self.warm_start and hasattr(self, "classes_") and classes.tolist() != self.classes_.tolist():
            raise TrainingError("warm_start goes on with the same classes, and y has others; give the same, or warm_start=False")
        network, samples = self._read()
        answer = self._answering(samples, samples.classes(codes, classes))
        self.classes_, self.prediction_, self._answer = classes, answer.name, answer
        self._train(network, samples, rows, samples.classes(codes, classes), sample_weight)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train once on the rows of X, and their classes y, from where the parameters and the optimiser stand.

        classes         all classes that will come, in the first call; those later may be left out.
        sample_weight   as in `fit`.

        Raises TrainingError where they do not fit the network, or what came before.
        """
        goes_on = self._goes_on()
        begins = _check_partial_fit_first_call(self, classes)
        rows, told = self._targets(X, y, reset=not goes_on)
        if (strange := np.setdiff1d(told, self.classes_)).size:
            raise TrainingError(
                f"y holds {strange[0]}, which is none of the classes; tell all of them in the first call, classes=[...]"
            )
        if begins or not goes_on:
            network, samples = self._read()
            every = samples.classes(np.arange(len(self.classes_)), self.classes_)
            samples = samples.knowing(len(self.classes_))
            self._answer = self._answering(samples, every)
            self.prediction_ = self._answer.name
        else:
            network, samples = self.network_, self._samples
        codes = np.searchsorted(self.classes_, told)
        self._train(network, samples, rows, samples.classes(codes, self.classes_), sample_weight, once=True)
        return self

    def _targets(self, X: Any, y: Any, reset: bool = True) -> tuple[ndarray, ndarray]:
        """The rows, and the class of each."""
        found: Any = validate_data(self, X, y, dtype=np.float64, reset=reset)
        rows, told = found
        check_classification_targets(told)
        return rows, column_or_1d(told, warn=True)

    def _answering(self, samples: Samples, array: ndarray) -> Prediction:
        """The value that answers with a class, where y holds this array."""
        places = {samples.y.name: samples.y.shape.index(samples.batch) if samples.batch is not None else 0}
        holding = class_inputs(samples.program, {samples.y.name: array}, places)
        answer = find_prediction(samples.program, holding, samples.batch and samples.batch.name, self.prediction)
        if answer is None:
            raise TrainingError(
                f"no value answers with a class of {samples.y.name}: give the prediction a line of its own, such as z = X @ W, "
                f"with an axis for the classes"
            )
        return answer

    def _prepare(self, rows: ndarray) -> None:
        batch = self._samples.batch
        sizes = {**self.trained_.sizes, **({str(batch): len(rows)} if batch is not None else {})}
        self._chances = chances(self._samples, self._compiled, self._answer, sizes, rows)

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

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on the rows of X, and the numbers y.

        sample_weight   how much each row counts, in the losses and their gradients: as many copies of it would; None: all alike.

        Raises TrainingError where they do not fit the network.
        """
        rows, aim = self._targets(X, y)
        return self._fitted(*self._read(), rows, aim, sample_weight)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train once on the rows of X, and the numbers y, from where the parameters and the optimiser stand.

        sample_weight   as in `fit`.

        Raises TrainingError where they do not fit the network, or what came before.
        """
        goes_on = self._goes_on()
        rows, aim = self._targets(X, y, reset=not goes_on)
        network, samples = (self.network_, self._samples) if goes_on else self._read()
        return self._fitted(network, samples, rows, aim, sample_weight, once=True)

    def _targets(self, X: Any, y: Any, reset: bool = True) -> tuple[ndarray, ndarray]:
        """The rows, and the numbers of each."""
        found: Any = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, reset=reset)
        return found

    def _fitted(self, network: Network, samples: Samples, rows: ndarray, aim: ndarray, weight: Any, once: bool = False) -> Self:
        if aim.ndim == 2 and not samples.own(samples.y):
            aim = column_or_1d(aim, warn=True) if aim.shape[1] == 1 else aim
        self.prediction_ = samples.answer(self.prediction)
        self._flat = aim.ndim == 1
        self._train(network, samples, rows, samples.numbers(aim), weight, once)
        return self

    def _named(self) -> str | None:
        return None  # it is no class

    def predict(self, X: Any) -> ndarray:
        """The number of each row, or its row of numbers."""
        value = self._value(X)
        return value.reshape(len(value)) if self._flat else value
