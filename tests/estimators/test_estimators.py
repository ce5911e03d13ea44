"""Networks as estimators of scikit-learn: its own checks, inputs of every kind of class, probabilities, searches, refusals."""

import pickle
import sys
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy import ndarray
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import symbackprop as sb
from symbackprop import verbs
from symbackprop.training import TrainingError
from symbackprop.verbs.estimators import missing, models

FEW = {"epochs": 2, "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
BITS = (X[:, 0] + X[:, 1] > 0).astype(int)
WORDS = np.array(["left", "middle", "right"])[np.digitize(X[:, 0], [-0.4, 0.4])]
LINEAR = "X: data[n, d]\ny: {y}\nW: parameter[d{c}]\nb: parameter{b}\nz = X @ W + b\nL = {loss}\n"
ONE = {"c": "", "b": ""}
SOFT = {"c": ", c", "b": "[c]"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [sb.NetworkClassifier, sb.NetworkRegressor])
def test_scikit_learn_finds_nothing_to_mend(kind: Any) -> None:
    results = check_estimator(kind(epochs=15, rate=0.01), on_skip=None)
    left_out = {r["check_name"] for r in results if r["status"] != "passed"}
    assert left_out <= {  # those want pandas, or a setting of SciPy
        "check_array_api_input", "check_classifier_data_not_an_array", "check_regressor_data_not_an_array",
        "check_sample_weights_pandas_series",
    }  # fmt: skip
    assert len(results) > 45


@pytest.mark.parametrize(
    ("y", "parts", "loss", "answers"),
    [
        ("integers[n, c]", SOFT, "cross_entropy(z, y)", WORDS),
        ("labels[n, c]", SOFT, "-mean(sum(y*log(softmax(z)), axis=1))", WORDS),
        ("binary[n]", ONE, "binary_cross_entropy_with_logits(z, y)", BITS),
        ("binary[n]", ONE, "-mean(y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(z)))", WORDS == "left"),
        ("sign[n]", ONE, "mean(log(1 + exp(-y*z)))", BITS),
        ("data[n]", ONE, "mean(log(1 + exp(-y*z)))", 2 * BITS - 1),
    ],
)
def test_probabilities_are_those_of_the_loss(y: str, parts: dict[str, str], loss: str, answers: ndarray) -> None:
    model = sb.NetworkClassifier(LINEAR.format(y=y, loss=loss, **parts), epochs=12, rate=0.2, random_state=0).fit(X, answers)
    p, z = model.predict_proba(X), X @ model.parameters_["W"] + model.parameters_["b"]
    expected = np.exp(z) if z.ndim > 1 else np.stack([np.ones(60), np.exp(z)], axis=1)
    np.testing.assert_allclose(p, expected / expected.sum(axis=1, keepdims=True), rtol=1e-9)
    np.testing.assert_array_equal(model.predict(X), np.unique(answers)[p.argmax(axis=1)])
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(p))
    assert model.score(X, answers) > 0.9


@pytest.mark.slow
def test_a_value_that_is_a_probability_is_known_by_its_values() -> None:
    text = LINEAR.format(y="integers[n, c]", loss="-mean(log(p[range(n), y]))", **SOFT).replace("L =", "p = softmax(z)\nL =")
    model = sb.NetworkClassifier(text, **FEW).fit(X, WORDS)
    np.testing.assert_allclose(model.predict_proba(X), model.decision_function(X))
    squared = LINEAR.format(y="binary[n]", loss="mean((p - y)**2)", **ONE).replace("L =", "p = sigmoid(z)\nL =")
    model = sb.NetworkClassifier(squared, **FEW).fit(X, BITS)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1] - 0.5, model.decision_function(X))


@pytest.mark.parametrize(("loss", "y"), [("mean(relu(1 - y*z))", "sign[n]"), ("mean((z - y)**2)", "binary[n]")])
def test_a_loss_without_probabilities_has_none(loss: str, y: str) -> None:
    model = sb.NetworkClassifier(LINEAR.format(y=y, loss=loss, **ONE), epochs=10, rate=0.2, random_state=0).fit(X, BITS)
    assert not hasattr(model, "predict_proba")
    np.testing.assert_array_equal(model.predict(X), (model.decision_function(X) > 0).astype(int))
    assert model.score(X, BITS) > 0.8


@pytest.mark.slow
def test_samples_may_stand_in_columns_or_come_one_by_one_or_be_images() -> None:
    columns = "X: data[d, n]\nY: labels[n, c]\nW: parameter[c, d]\nZ = (W @ X).T\nL = -mean(sum(Y*log(softmax(Z)), axis=1))\n"
    single = "x: data[d]\ny: labels[c]\nW: parameter[c, d]\nz = W @ x\nL = -sum(y*log(softmax(z)))\n"
    first = sb.NetworkClassifier(columns, **FEW).fit(X, WORDS)
    second = sb.NetworkClassifier(single, **FEW).fit(X, WORDS)
    np.testing.assert_allclose(first.parameters_["W"], second.parameters_["W"])
    np.testing.assert_allclose(first.predict_proba(X), second.predict_proba(X))
    image = "X: data[n, 2, k]\ny: data[n]\nA: parameter[2, k]\nyhat = sum(X*A, axis=(1, 2))\nL = mean((yhat - y)**2)\n"
    wide = np.hstack([X, X])
    model = sb.NetworkRegressor(image, sizes={"k": 3}, **FEW).fit(wide, X[:, 0])
    np.testing.assert_allclose(model.predict(wide), wide @ model.parameters_["A"].ravel())


@pytest.mark.slow
def test_it_stands_in_pipelines_and_searches_with_other_inputs_given() -> None:
    text = "lam: data\n" + LINEAR.format(y="binary[n]", loss="mean(log(1 + exp(z)) - y*z) + lam*sum(W**2)", **ONE)
    pipe = make_pipeline(StandardScaler(), sb.NetworkClassifier(text, epochs=20, rate=0.1, random_state=0))
    search = GridSearchCV(pipe, {"networkclassifier__given": [{"lam": 0.0}, {"lam": 100.0}]}, cv=2).fit(X, BITS)
    assert search.best_params_ == {"networkclassifier__given": {"lam": 0.0}}
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))


@pytest.mark.slow
def test_the_same_state_gives_the_same_network_and_a_warm_start_goes_on() -> None:
    model = sb.NetworkRegressor(**FEW).fit(X, X[:, 0])
    same = clone(model).fit(X, X[:, 0])
    np.testing.assert_array_equal(model.predict(X), same.predict(X))
    assert not np.array_equal(model.predict(X), clone(model).set_params(random_state=1).fit(X, X[:, 0]).predict(X))
    before = model.loss_curve_[-1]
    assert model.set_params(warm_start=True).fit(X, X[:, 0]).loss_curve_[0] < before
    assert model.n_iter_ == 2
    with pytest.raises(TrainingError, match="same classes"):
        sb.NetworkClassifier(warm_start=True, **FEW).fit(X, WORDS).fit(X, BITS)
    with pytest.raises(TrainingError, match=r"the same columns of X: \d+ before, 1 now; give the same, or warm_start=False"):
        sb.NetworkClassifier(warm_start=True, **FEW).fit(X, WORDS).fit(X[:, :1], WORDS)


@pytest.mark.parametrize("kind", [sb.NetworkClassifier, sb.NetworkRegressor])
def test_a_weight_is_so_many_copies_of_a_row(kind: Any) -> None:
    y = WORDS if kind is sb.NetworkClassifier else X[:, :2] ** 2
    weights = np.random.default_rng(1).integers(0, 3, 60)
    model = kind(batch=200, epochs=5, rate=0.01, random_state=0)
    once = clone(model).fit(X, y, sample_weight=weights)
    copies = clone(model).fit(X.repeat(weights, 0), y.repeat(weights, 0))
    for name, array in copies.parameters_.items():
        np.testing.assert_allclose(once.parameters_[name], array, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(once.loss_curve_, copies.loss_curve_)
    step = clone(model).partial_fit(X, y, **({"classes": np.unique(y)} if y is WORDS else {}), sample_weight=weights)
    np.testing.assert_allclose(step.loss_curve_, once.loss_curve_[:1])
    with pytest.raises(ValueError, match="sample_weight"):
        clone(model).fit(X, y, sample_weight=weights[1:])


@pytest.mark.parametrize("optimiser", [{"optimiser": "adam"}, {"optimiser": "sgd", "momentum": 0.9}])
def test_calls_of_partial_fit_are_epochs_of_one_fit(optimiser: dict[str, Any]) -> None:
    settings = {"batch": 100, "rate": 0.01, "random_state": 0, **optimiser}
    whole, step = sb.NetworkClassifier(epochs=4, **settings).fit(X, WORDS), sb.NetworkClassifier(**settings)
    for _ in range(4):
        assert step.partial_fit(X, WORDS, classes=["left", "middle", "right"]) is step
    np.testing.assert_allclose(step.predict_proba(X), whole.predict_proba(X), rtol=1e-9)
    np.testing.assert_allclose(step.loss_curve_, whole.loss_curve_)
    assert step.n_iter_ == 4
    whole.partial_fit(X, WORDS)
    assert whole.n_iter_ == 5
    again = pickle.loads(pickle.dumps(step)).partial_fit(X, WORDS)
    np.testing.assert_allclose(again.predict_proba(X), whole.predict_proba(X), rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("y", "parts", "loss"),
    [
        ("integers[n, c]", SOFT, "cross_entropy(z, y)"),
        ("labels[n, c]", SOFT, "-mean(sum(y*log(softmax(z)), axis=1))"),
        ("sign[n]", ONE, "mean(log(1 + exp(-y*z)))"),
        ("data[n]", ONE, "mean(log(1 + exp(-y*z)))"),
    ],
)
def test_partial_fit_sees_classes_in_any_order(y: str, parts: dict[str, str], loss: str) -> None:
    two = parts is ONE
    answers, classes = (2 * BITS - 1, [-1, 1]) if two else (WORDS, ["left", "middle", "right"])
    order = np.argsort(answers, kind="stable")
    model = sb.NetworkClassifier(LINEAR.format(y=y, loss=loss, **parts), rate=0.3, batch=8, optimiser="sgd", random_state=0)
    for _ in range(6):
        for rows in np.split(order, 15):
            model.partial_fit(X[rows], answers[rows], classes=classes)
    assert model.score(X, answers) > 0.8
    assert model.predict_proba(X).shape == (60, len(classes))
    with pytest.raises(TrainingError, match=r"y holds .*, which is none of the classes; tell all of them in the first call"):
        model.partial_fit(X[:2], [classes[0], "none" if not two else 5])
    with pytest.raises(ValueError, match="classes"):
        clone(model).partial_fit(X, answers)
    with pytest.raises(TrainingError, match="patience=3: partial_fit does not know what comes; leave it out, or call fit"):
        clone(model).set_params(patience=3).partial_fit(X, answers, classes=classes)


def test_several_numbers_a_sample_are_rows() -> None:
    assert sb.NetworkRegressor(**FEW).fit(X, X[:, :2]).predict(X).shape == (60, 2)
    assert sb.NetworkRegressor(**FEW).fit(X, X[:, 0]).predict(X).shape == (60,)


@pytest.mark.slow
def test_a_network_with_weights_starts_from_them() -> None:
    text = LINEAR.format(y="data[n]", loss="mean((z - y)**2)", **ONE)
    trained = sb.NetworkRegressor(text, epochs=100, rate=0.05, random_state=0).fit(X, X[:, 0])
    traced = sb.trace(lambda X, y, W: np.mean((X @ W - y) ** 2), X, X[:, 0], trained.parameters_["W"], wrt="W")
    with pytest.raises(TrainingError, match="no named value"):
        sb.NetworkRegressor(traced, **FEW).fit(X, X[:, 0])

    def loss(X: Any, y: Any, W: Any) -> Any:
        yhat = X @ W
        return np.mean((yhat - y) ** 2)

    model = sb.NetworkRegressor(sb.trace(loss, X, X[:, 0], trained.parameters_["W"], wrt="W"), epochs=1, rate=1e-6)
    np.testing.assert_allclose(model.fit(X[:40], X[:40, 0]).parameters_["W"], trained.parameters_["W"], atol=1e-4)


TWO = LINEAR.format(y="binary[n]", loss="mean((z - y)**2)", **ONE)


@pytest.mark.parametrize(
    ("model", "y", "said"),
    [
        (sb.NetworkClassifier(TWO), WORDS, r"tells two classes, and y has 3: declare y: integers\[n, c\]"),
        (sb.NetworkClassifier(TWO), np.zeros(60), "one class alone"),
        (sb.NetworkClassifier(TWO.replace("binary", "data")), WORDS == "left", r"does not tell how classes are written.*binary\[n\]"),
        (sb.NetworkClassifier(TWO.replace("binary[n]", "data[n, m]").replace("z - y", "z - y[:, 0]")), BITS, "no value answers"),
        (sb.NetworkClassifier(TWO.replace("y: binary[n]", "y: integers[n, m, 2]").replace("z - y", "z - y[:, 0]")), BITS, "one class: declare"),
        (sb.NetworkClassifier(TWO, prediction="q"), BITS, "no q"),
        (sb.NetworkClassifier(TWO, given={"lam": 1}), BITS, "lam is no data input"),
        (sb.NetworkClassifier(TWO + "lam: data\nM = L*lam\n", prediction=None), BITS, r"one data input for X.*given=\{\.\.\.\}"),
        (sb.NetworkClassifier(TWO.replace("[n, d]", "[n, 5]").replace("[d]", "[5]")), BITS, r"X has 3 features: declare X: data\[n, 3\]"),
        (sb.NetworkRegressor(TWO, prediction="L"), BITS, "prediction='L'.*shape of y"),
        (sb.NetworkRegressor(TWO.replace("binary", "data")), X[:, :2], r"y has 2 columns.*declare y: data\[n, m\]"),
        (sb.NetworkRegressor("nonsense ("), BITS, "nonsense"),
        (sb.NetworkRegressor(optimiser="sdg"), BITS, "sgd"),
        (sb.NetworkRegressor(given=3), BITS, r"given=3: give a dict with names, such as given=\{'lam': 0.1\}"),
        (sb.NetworkRegressor(sizes=[3]), BITS, "sizes=.*such as"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_mend(model: Any, y: ndarray, said: str) -> None:
    with pytest.raises(sb.SymbackpropError, match=said):
        model.fit(X, y)


def test_without_scikit_learn_they_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "estimators", verbs.estimators)
    monkeypatch.delitem(sys.modules, "symbackprop.verbs.estimators")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert import_module("symbackprop.verbs.estimators").NetworkRegressor is missing.NetworkRegressor
    with pytest.raises(
        TrainingError, match=r"NetworkClassifier is an estimator of scikit-learn: pip install 'symbackprop\[digits\]'"
    ):
        missing.NetworkClassifier(epochs=3)


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_what_was_interrupted_answers_with_what_there_is(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """predict_proba ended in an AttributeError."""
    train = models.train
    monkeypatch.setattr(models, "train", lambda *args, **named: replace(train(*args, **named), signal=2))
    model = sb.NetworkClassifier(**FEW)
    with pytest.raises(KeyboardInterrupt):
        getattr(model, call)(X, WORDS, **({"classes": np.unique(WORDS)} if call == "partial_fit" else {}))
    assert model.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(len(X)))
