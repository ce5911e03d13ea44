"""The objective of boosting: grad and hess of textbook losses, and what is refused."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import DerivationError
from symbackprop.evaluate.arrays import ArrayError
from tests.display.test_box import read_back
from tests.display.test_shown import prove

LOGISTIC = "y: binary[n]\nf: parameter[n]\nL = sum(log(1 + exp(f)) - y*f)"
BY_PROBABILITY = "y: binary[n]\nf: parameter[n]\np = sigmoid(f)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))"
SQUARED = "y: data[n]\nf: parameter[n]\nL = sum((f - y)**2)/2"
POISSON = "y: positive[n]\nf: parameter[n]\nL = sum(exp(f) - y*f)"
PINBALL = "y: data[n]\nf: parameter[n]\nalpha: unit\nr = y - f\nL = sum(maximum(alpha*r, (alpha - 1)*r))"
FOCAL = """
y: binary[n]
f: parameter[n]
gamma: positive
p = sigmoid(f)
L = -sum(y*(1 - p)**gamma*log(p) + (1 - y)*p**gamma*log(1 - p))
"""
WEIGHTED = "y: data[n]\nf: parameter[n]\nw: data[n]\nL = sum(w*(f - y)**2)/2"
CLASSES = "y: binary[n]\nf: parameter[n]\na: data[k]\nL = sum(log(1 + exp(f[:, None]*a)) - y[:, None]*f[:, None]*a)"


def sigmoid(f: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-f))


Y, F = np.array([0.0, 1, 1, 0, 1]), np.array([0.3, -0.8, 1.2, -2, 0.1])
P = sigmoid(F)
KNOWN = {
    "logistic": (LOGISTIC, {}, P - Y, P * (1 - P)),
    "by_probability": (BY_PROBABILITY, {}, P - Y, P * (1 - P)),
    "squared": (SQUARED, {}, F - Y, np.ones(5)),
    "poisson": (POISSON, {}, np.exp(F) - Y, np.exp(F)),
    "pinball": (PINBALL, {"alpha": 0.9}, np.where(Y > F, -0.9, 0.1), np.zeros(5)),
    "weighted": (WEIGHTED, {"w": np.arange(5.0)}, np.arange(5.0) * (F - Y), np.arange(5.0)),
}


@pytest.mark.parametrize(("text", "given", "grad", "hess"), KNOWN.values(), ids=KNOWN)
def test_grad_and_hess_are_those_of_the_book(text: str, given: dict, grad: np.ndarray, hess: np.ndarray) -> None:
    objective = sb.objective(text, **given)
    found = objective(Y.astype(int), F)
    np.testing.assert_allclose(found[0], grad, atol=1e-14)
    np.testing.assert_allclose(found[1], hess, atol=1e-14)
    assert prove(objective.derivation)
    assert read_back(objective.derivation)
    assert objective.check().ok


@pytest.mark.parametrize("text", [FOCAL, CLASSES], ids=["focal", "classes"])
def test_they_are_the_differences_of_the_loss(text: str) -> None:
    given = {"gamma": 2.0} if "gamma" in text else {"a": np.array([0.5, 2])}
    objective = sb.objective(text, target="y", **given)
    loss, step = sb.compile(text), 1e-4

    def total(f: np.ndarray) -> float:
        return loss.value({"f": f, "y": Y, **given})

    grad, hess = objective(Y, F)
    for k, e in enumerate(np.eye(5) * step):
        assert grad[k] == pytest.approx((total(F + e) - total(F - e)) / (2 * step), abs=1e-7)
        assert hess[k] == pytest.approx((total(F + e) - 2 * total(F) + total(F - e)) / step**2, abs=1e-5)


def test_what_is_small_is_raised() -> None:
    assert (sb.objective(PINBALL, alpha=0.9, least=1.0)(Y, F)[1] == 1).all()


class Labels:
    """What a DMatrix or a Dataset answers."""

    def __init__(self, weight: np.ndarray | None) -> None:
        self.weight = weight

    def get_label(self) -> np.ndarray:
        return Y

    def get_weight(self) -> np.ndarray | None:
        return self.weight


def test_libraries_call_it_with_their_data() -> None:
    objective = sb.objective(LOGISTIC)
    for weight in (None, np.array([]), np.arange(5.0)):
        grad, hess = objective.native(F, Labels(weight))
        by = np.ones(5) if weight is None or not weight.size else weight
        np.testing.assert_allclose(grad, by * (P - Y), atol=1e-14)
        np.testing.assert_allclose(hess, by * P * (1 - P), atol=1e-14)


def test_a_report_and_a_source_are_written() -> None:
    objective = sb.objective(BY_PROBABILITY)
    assert str(objective.box()) == "g = p − y\nh = p ⊙ (1 − p)"
    assert "h is the Hessian times" in objective.report()
    assert "def value_and_grad(f, y)" in objective.source
    assert repr(objective) == "<Objective of f against y>"


@pytest.mark.parametrize(
    ("text", "asked", "fault"),
    [
        ("y: data[n]\nf: parameter[n]\nL = sum((f - y)**2)**2", {}, "mixes the predictions of several samples"),
        ("y: data[n]\nf: parameter[n]\nL = sum((f - mean(f) - y)**2)", {}, "mixes the predictions of several samples"),
        ("y: data[n]\nf: parameter[n]\nL = sum((f[1:] - f[:-1])**2)", {}, "mixes the predictions of several samples"),
        ("y: data[n]\nf: parameter[n]\nL = logsumexp(f*y)", {}, "mixes the predictions of several samples"),
        ("y: data[n]\nA: data[n, n]\nf: parameter[n]\nL = sum((A @ f - y)**2)", {"A": np.eye(5)}, "mixes the predictions"),
        ("y: data[n, k]\nf: parameter[n, k]\nL = sum((f - y)**2)", {}, "f has the shape (n, k)"),
        ("y: data\nf: parameter\nL = (f - y)**2", {}, "f has the shape ()"),
        (PINBALL, {}, "alpha would be unknown when the objective is called: give alpha=..."),
        (PINBALL, {"alpha": 0.9, "beta": 2}, "beta is no input of this network; it has y, alpha"),
        (SQUARED, {"target": "t"}, "there is no t to predict; the network has y"),
        ("f: parameter[n]\nL = sum(f**2)", {}, "there is no target to predict; the network has no data"),
        ("y: data[n]\nf: data[n]\nL = sum((f - y)**2)", {}, "there are 0 parameters; name the predictions"),
        (SQUARED, {"by": "g"}, "there is no g to differentiate by"),
    ],
)
def test_what_is_no_objective_is_refused(text: str, asked: dict, fault: str) -> None:
    with pytest.raises(DerivationError) as refused:
        sb.objective(text, **asked)
    assert fault in str(refused.value)


def test_predictions_that_do_not_fit_are_refused() -> None:
    objective = sb.objective(SQUARED)
    for y, f in ((Y, F[:3]), (Y, "what"), (Y, [np.nan] * 5)):
        with pytest.raises((sb.SymbackpropError, ArrayError)):
            objective(y, f)
