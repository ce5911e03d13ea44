"""What stands for the estimators where scikit-learn is not installed."""

from typing import Any

from symbackprop.training.errors import TrainingError


class _Missing:
    def __init__(self, *args: Any, **settings: Any) -> None:
        raise TrainingError(f"{type(self).__name__} is an estimator of scikit-learn: pip install 'symbackprop[digits]'")


class NetworkClassifier(_Missing):
    """A network as a classifier of scikit-learn, which is not installed here."""


class NetworkRegressor(_Missing):
    """A network as a regressor of scikit-learn, which is not installed here."""
