"""Networks as estimators of scikit-learn: fit, predict, pipelines, searches. Without scikit-learn they say what they need."""

from importlib.util import find_spec

if find_spec("sklearn"):
    from symbackprop.verbs.estimators.models import NetworkClassifier, NetworkRegressor
else:
    from symbackprop.verbs.estimators.missing import NetworkClassifier, NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
