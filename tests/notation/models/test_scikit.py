"""scikit-learn's models: the loss and gradients of its own backward pass, and minima where its solvers find them."""

import copy

import numpy as np
import pytest
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    Perceptron,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, LinearSVR

import symbackprop as sb

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 4))
WORDS = np.array(["a", "b", "c"])[RNG.integers(0, 3, 20)]
BITS = RNG.integers(0, 2, 20)
MANY = RNG.integers(0, 2, (20, 3))
REAL = RNG.standard_normal(20)
PAIRS = RNG.standard_normal((20, 2))
COUNTS = RNG.poisson(2.0, 20).astype(float)


def backward(model, target):
    """The loss and the gradients of scikit-learn's own backward pass, by our names."""
    activations = [X, *(np.empty((len(X), W.shape[1])) for W in model.coefs_)]
    gradients = [np.empty_like(W) for W in model.coefs_], [np.empty_like(b) for b in model.intercepts_]
    loss, by_W, by_b = model._backprop(X, target, None, activations, [None] * len(model.coefs_), *gradients)
    return loss, {f"{n}_{k}": g for n, several in (("W", by_W), ("b", by_b)) for k, g in enumerate(several, 1)}


PERCEPTRONS = {
    "classes": (MLPClassifier((5, 3), activation="tanh", alpha=0.3), WORDS, np.eye(3)[np.unique(WORDS, return_inverse=True)[1]]),
    "two classes": (MLPClassifier((5,), activation="relu"), BITS, BITS[:, None]),
    "labels": (MLPClassifier((5,), activation="logistic"), MANY, MANY),
    "no hidden layer": (MLPClassifier(()), BITS, BITS[:, None]),
    "numbers": (MLPRegressor(hidden_layer_sizes=(5,), activation="identity"), REAL, REAL[:, None]),
    "one wide": (MLPRegressor(hidden_layer_sizes=(1, 3), alpha=0), REAL, REAL[:, None]),
    "counts": (MLPRegressor(hidden_layer_sizes=(5,), loss="poisson"), COUNTS, COUNTS[:, None]),
    "pairs": (MLPRegressor(hidden_layer_sizes=(5, 4, 3)), PAIRS, PAIRS),
}


@pytest.mark.parametrize("name", PERCEPTRONS)
def test_a_perceptron_has_the_gradients_of_its_own_backward_pass(name: str) -> None:
    model, y, target = PERCEPTRONS[name]
    model = copy.deepcopy(model).set_params(max_iter=3, random_state=0).fit(X, y)
    net = sb.from_sklearn(model, X, y)
    loss, gradients = backward(model, target.astype(float))
    value, ours = sb.compile(net).value_and_grad(net.example)
    assert ours.keys() == gradients.keys()
    for key, gradient in gradients.items():
        np.testing.assert_allclose(ours[key], gradient, rtol=1e-11, atol=1e-14)
    if not net.notes:  # the notes say where the number that scikit-learn prints is another
        assert value == pytest.approx(loss, rel=1e-12)
    assert sb.check(net).ok


FOLDED = {"cv": 3, "l1_ratios": (0,), "scoring": "neg_log_loss", "use_legacy_attributes": False}
EXACT = {"tol": 1e-10, "max_iter": 10**5}
MINIMA = {
    "LinearRegression": (LinearRegression(), REAL),
    "LinearRegression of pairs": (LinearRegression(), PAIRS),
    "Ridge": (Ridge(0.5), REAL),
    "Ridge without intercept": (Ridge(0.5, fit_intercept=False), PAIRS),
    "Lasso": (Lasso(0.02, tol=1e-12), REAL),
    "ElasticNet": (ElasticNet(0.02, tol=1e-12), REAL),
    "MultiTaskLasso": (MultiTaskLasso(0.02, tol=1e-12, max_iter=10**5), PAIRS),
    "MultiTaskElasticNet": (MultiTaskElasticNet(0.02, l1_ratio=0.3, tol=1e-12, max_iter=10**5), PAIRS),
    "LogisticRegression": (LogisticRegression(tol=1e-10, max_iter=5000), WORDS),
    "LogisticRegression of two": (LogisticRegression(C=2, tol=1e-10, max_iter=5000), BITS),
    "LogisticRegression without penalty": (LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000), BITS),
    "PoissonRegressor": (PoissonRegressor(alpha=0.2, **EXACT), COUNTS),
    "GammaRegressor": (GammaRegressor(alpha=0.1, **EXACT), COUNTS + 1),
    "TweedieRegressor": (TweedieRegressor(power=1.5, alpha=0.1, **EXACT), COUNTS),
    "TweedieRegressor without a link": (TweedieRegressor(power=0, alpha=0.1, **EXACT), REAL),
    "TweedieRegressor of another power": (TweedieRegressor(power=3, alpha=0.1, **EXACT), COUNTS + 1),
    "RidgeClassifier": (RidgeClassifier(0.5), WORDS),
    "RidgeClassifierCV": (RidgeClassifierCV(), BITS),
    "RidgeCV": (RidgeCV(), PAIRS),
    "LassoCV": (LassoCV(tol=1e-12, cv=3), REAL),
    "LassoLars": (LassoLars(0.02), REAL),
    "LogisticRegressionCV": (LogisticRegressionCV(Cs=3, **FOLDED, **EXACT), WORDS),
    "LogisticRegression by liblinear": (LogisticRegression(solver="liblinear", intercept_scaling=2.0, **EXACT), BITS),
    "LinearSVC": (LinearSVC(dual=False, **EXACT), BITS),
    "LinearSVC of words": (LinearSVC(C=0.3, intercept_scaling=3.0, dual=False, **EXACT), WORDS),
    "LinearSVR": (LinearSVR(loss="squared_epsilon_insensitive", epsilon=0.1, dual=False, **EXACT), REAL),
}
WITH_EDGES = {
    "LassoLarsCV": (LassoLarsCV(), REAL),
    "LassoLarsIC": (LassoLarsIC(), REAL),
    "ElasticNetCV": (ElasticNetCV(l1_ratio=[0.2, 0.7], tol=1e-12), REAL),
    "MultiTaskLassoCV": (MultiTaskLassoCV(**EXACT), PAIRS),
    "MultiTaskElasticNetCV": (MultiTaskElasticNetCV(**EXACT), PAIRS),
    "HuberRegressor": (HuberRegressor(**EXACT), REAL),
    "QuantileRegressor": (QuantileRegressor(quantile=0.3, alpha=0.01), REAL),
    "LogisticRegression by liblinear": (LogisticRegression(l1_ratio=1, solver="liblinear", **EXACT), BITS),
    "LinearSVC with a hinge": (LinearSVC(loss="hinge", tol=1e-12, max_iter=10**6), BITS),
    "LinearSVC with few weights": (LinearSVC(penalty="l1", C=0.5, dual=False, **EXACT), WORDS),
    "LinearSVC of all classes": (LinearSVC(multi_class="crammer_singer", tol=1e-12, max_iter=10**6), WORDS),
    "LinearSVR": (LinearSVR(epsilon=0.1, tol=1e-12, max_iter=10**6), REAL),
}
"""Models whose minimum may lie where a loss or a penalty has an edge."""


@pytest.mark.parametrize("name", MINIMA)
def test_a_linear_model_is_fitted_where_the_gradients_vanish(name: str) -> None:
    model, y = MINIMA[name]
    net = sb.from_sklearn(copy.deepcopy(model).fit(X, y), X, y)
    compiled = sb.compile(net)
    value, gradients = compiled.value_and_grad(net.example)
    assert max(np.abs(g).max() for g in gradients.values()) < 1e-6
    rng = np.random.default_rng(1)  # and there the loss is least
    for _ in range(5):
        moved = {n: a + 0.1 * rng.standard_normal(a.shape) if n in gradients else a for n, a in net.example.items()}
        assert compiled.value_and_grad(moved)[0] > value
    assert sb.check(net, points=1, sizes={"N": 5}).ok


@pytest.mark.parametrize("name", WITH_EDGES)
def test_no_step_leads_below_the_minimum_of_a_fitted_model(name: str) -> None:
    model, y = WITH_EDGES[name]
    model = copy.deepcopy(model).fit(X, y)
    net = sb.from_sklearn(model, X, y)
    compiled = sb.compile(net)
    value, gradients = compiled.value_and_grad(net.example)
    rng = np.random.default_rng(1)
    for scale in (1e-4, 1e-2):
        for _ in range(10):
            moved = {n: a + scale * rng.standard_normal(a.shape) if n in gradients else a for n, a in net.example.items()}
            assert compiled.value_and_grad(moved)[0] > value
    assert sb.check(net, points=1, sizes={"N": 5}).ok
    shifted = {n: a + 0.5 for n, a in net.example.items() if n in gradients}
    moved = sb.from_sklearn(sb.to_sklearn(shifted, model), X, y)
    assert all(np.array_equal(moved.example[n], a) for n, a in shifted.items()), "and what it holds goes back into it"


CLASSES = ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron")
NUMBERS = ("squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive")
STEPS = {
    **{f"{loss} of {kind}": (SGDClassifier(loss, alpha=0.3), y) for loss in CLASSES + NUMBERS for kind, y in (("bits", BITS), ("words", WORDS))},
    **{f"{loss} of numbers": (SGDRegressor(loss, alpha=0.3, epsilon=0.7), REAL) for loss in NUMBERS},
    "no penalty": (SGDClassifier(penalty=None), BITS),
    "Perceptron": (Perceptron(), BITS),
    "Perceptron with a penalty": (Perceptron(penalty="l2", alpha=0.3), WORDS),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_a_step_of_stochastic_descent_goes_down_the_gradient(name: str) -> None:
    """A step of scikit-learn's at one sample, from weights that others have left."""
    model, y = STEPS[name]
    rate = 0.1
    model = copy.deepcopy(model).set_params(eta0=rate)
    if not isinstance(model, Perceptron):
        model.set_params(learning_rate="constant")
    known = {"classes": np.unique(y)} if hasattr(model, "classes") or y is not REAL else {}
    for n in range(10):
        model.partial_fit(X[n : n + 1], y[n : n + 1], **known)
    before, one = copy.deepcopy(model), slice(11, 12)
    net = sb.from_sklearn(before, X[one], y[one])
    _, gradients = sb.compile(net).value_and_grad(net.example)
    after = model.partial_fit(X[one], y[one])
    expected = sb.from_sklearn(after).example
    for n, gradient in gradients.items():
        np.testing.assert_allclose(net.example[n] - rate * gradient, expected[n], atol=1e-12)
    assert sb.check(net, points=1, sizes={"N": 5}).ok


@pytest.mark.parametrize(
    ("penalty", "expected"), [("l1", 0.3 * 2.5), ("l2", 0.15 * 3.25), ("elasticnet", 0.3 * (0.2 * 2.5 + 0.4 * 3.25))]
)
def test_the_penalties_of_stochastic_descent(penalty: str, expected: float) -> None:
    """alpha (r |w|_1 + (1 - r)/2 |w|^2), as its documentation writes it."""
    model = SGDRegressor(penalty=penalty, alpha=0.3, l1_ratio=0.2).fit(X, REAL)
    w, b = np.array([1.5, -1, 0, 0]), 0.3
    net = sb.from_sklearn(sb.to_sklearn({"w": w, "b": b}, model), X, REAL)
    assert sb.compile(net).value(net.example) == pytest.approx(np.mean((X @ w + b - REAL) ** 2) / 2 + expected, rel=1e-12)


def test_what_fit_has_chosen_is_said() -> None:
    model = RidgeCV().fit(X, REAL)
    assert f"alpha is {float(model.alpha_)}, which fit has chosen." in sb.from_sklearn(model).notes


def test_the_losses_of_the_solvers_are_known_beside_their_minima() -> None:
    """As their documentation writes them."""
    w, b = np.array([0.5, -1, 2, 0.1]), 0.3
    e = X @ w + b - REAL
    N = len(X)
    expected = {
        LinearRegression(): e @ e,
        Ridge(0.7): e @ e + 0.7 * w @ w,
        Lasso(0.7): e @ e / (2 * N) + 0.7 * np.abs(w).sum(),
        ElasticNet(0.7, l1_ratio=0.2): e @ e / (2 * N) + 0.14 * np.abs(w).sum() + 0.28 * w @ w,
    }
    for model, value in expected.items():
        model.fit(X, REAL)
        net = sb.from_sklearn(sb.to_sklearn({"w": w, "b": b}, model), X, REAL)
        assert sb.compile(net).value_and_grad(net.example)[0] == pytest.approx(value, rel=1e-12)


def test_the_batch_and_the_layers_stay_symbols() -> None:
    model = MLPClassifier((5,), max_iter=1, random_state=0).fit(X, WORDS)
    net = sb.from_sklearn(model)
    assert set(net.example) == {"W_1", "b_1", "W_2", "b_2"}
    assert set(map(str, net.program.sizes())) == {"N", "d", "h", "c"}
    assert sb.check(net).ok, "without data, the check draws its points"


def test_training_starts_from_the_model_and_goes_back_into_it() -> None:
    model = MLPClassifier((5,), max_iter=1, random_state=0).fit(X, WORDS)
    before = [W.copy() for W in model.coefs_]
    net = sb.from_sklearn(model, X, WORDS)
    trained = sb.train(net, epochs=20, rate=0.5, batch=20, seed=0, held_out=0)
    new = sb.to_sklearn(trained, model)
    assert trained.losses.training[-1] < trained.losses.training[0]
    assert new.score(X, WORDS) == pytest.approx(trained.accuracy)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.coefs_, strict=True)), "the model itself is not changed"
    straight = Ridge().fit(X, REAL)
    moved = sb.to_sklearn({"w": straight.coef_ + 1, "b": 2.0}, straight)
    np.testing.assert_allclose(moved.predict(X), X @ (straight.coef_ + 1) + 2)


@pytest.mark.parametrize(
    ("call", "fault", "mend"),
    [
        (lambda: sb.from_sklearn(MLPClassifier()), "not fitted", "fit"),
        (lambda: sb.from_sklearn(MLPClassifier), "is a class", r"MLPClassifier\(\)\.fit"),
        (lambda: sb.from_sklearn(StandardScaler().fit(X)), "StandardScaler is no", "MLPClassifier"),
        (lambda: sb.from_sklearn(make_pipeline(StandardScaler(), Ridge()).fit(X, REAL)), "Pipeline is no", r"pipeline\[-1\]"),
        (lambda: sb.from_sklearn(LogisticRegressionCV()), "not fitted", "fit"),
        (lambda: sb.from_sklearn(GridSearchCV(Ridge(), {"alpha": [1, 2]}).fit(X, REAL)), "GridSearchCV is no", "best_estimator_"),
        (lambda: sb.from_sklearn(SVC().fit(X, BITS)), "SVC is no", "LinearSVC"),
        (lambda: sb.from_sklearn(Lars().fit(X, REAL)), "Lars is no", "LassoLars"),
        (lambda: sb.from_sklearn(BayesianRidge().fit(X, REAL)), "BayesianRidge is no", "Ridge"),
        (
            lambda: sb.from_sklearn(RidgeCV(alpha_per_target=True).fit(X, PAIRS + X[:, :2] * [5, 0])),
            "several values of alpha",
            "One",
        ),
        (lambda: sb.from_sklearn(LinearSVC(multi_class="crammer_singer").fit(X, BITS)), "two classes", "ovr"),
        (lambda: sb.from_sklearn(3), "int is no", "MLPClassifier"),
        (lambda: sb.from_sklearn(LogisticRegression(class_weight="balanced").fit(X, BITS)), "class_weight", "None"),
        (lambda: sb.from_sklearn(Ridge([1.0, 2.0]).fit(X, PAIRS)), "alpha for each", "One alpha"),
        (lambda: sb.from_sklearn(LinearRegression(positive=True).fit(X, REAL)), "positive", "False"),
        (lambda: sb.from_sklearn(Ridge().fit(X, REAL), X), "together", "both"),
        (lambda: sb.from_sklearn(Ridge().fit(X, REAL), X[:, :3], REAL), r"\(20, 3\)", r"\(N, 4\)"),
        (lambda: sb.from_sklearn(MLPClassifier(max_iter=1).fit(X, WORDS), X, BITS.astype(str)), "no class", "'a', 'b', 'c'"),
        (lambda: sb.to_sklearn({"w": np.ones(4)}, Ridge().fit(X, REAL)), "no array for b", "each parameter"),
        (lambda: sb.to_sklearn({"w": np.ones(3), "b": 1}, Ridge().fit(X, REAL)), r"\(3,\)", r"\(4,\)"),
        (lambda: sb.to_sklearn({"W": np.ones(3), "b": 1}, Ridge().fit(X, REAL)), "no parameter", "w"),
        (lambda: sb.to_sklearn({"w": [np.nan] * 4, "b": 1}, Ridge().fit(X, REAL)), "not finite", "rate"),
        (lambda: sb.to_sklearn(3, Ridge().fit(X, REAL)), "no parameters", "train"),
    ],
)
def test_what_is_not_read_is_refused_with_its_mend(call, fault: str, mend: str) -> None:
    with pytest.raises(sb.NotationError, match=f"(?s){fault}.*{mend}"):
        call()


def test_a_target_may_be_a_column() -> None:
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, random_state=0).fit(X, REAL)
    flat, column = sb.from_sklearn(model, X, REAL), sb.from_sklearn(model, X, REAL[:, None])
    assert sb.compile(flat).value(flat.example) == sb.compile(column).value(column.example)


def _words(labels: object) -> object:
    return sb.from_sklearn(LogisticRegression().fit(X, WORDS.astype(object)), X, labels)


@pytest.mark.parametrize(
    ("call", "fault", "mend"),
    [
        (lambda: sb.from_sklearn(RidgeClassifier().fit(X, MANY), X, MANY), "RidgeClassifier of several labels", "Ridge of Y"),
        (lambda: sb.from_sklearn(RidgeClassifierCV().fit(X, MANY[:, :2])), "RidgeClassifierCV of several labels", "Ridge of Y"),
        (lambda: sb.from_sklearn(RidgeClassifier().fit(X, WORDS), X, MANY), r"\(20, 3\)", "a target"),
        (lambda: sb.from_sklearn(Ridge().fit(X, REAL), X, PAIRS), r"\(20, 2\)", "a target"),
        (lambda: sb.from_sklearn(Ridge().fit(X, PAIRS), X, REAL), r"\(20,\)", "2 targets"),
        (lambda: sb.from_sklearn(Ridge().fit(X, PAIRS), X, X[:, :3]), r"\(20, 3\)", "2 targets"),
        (lambda: sb.from_sklearn(MLPClassifier(max_iter=1).fit(X, MANY), X, BITS), r"\(20,\)", "3 targets"),
        (lambda: sb.from_sklearn(MLPClassifier(max_iter=1).fit(X, WORDS), X, MANY), r"\(20, 3\)", "a target"),
        (lambda: sb.from_sklearn(MLPClassifier(max_iter=1).fit(X, MANY), X, MANY * 7), "7 is no class", r"\[0, 1\]"),
        (lambda: sb.from_sklearn(MLPRegressor(max_iter=1).fit(X, PAIRS), X, REAL), r"\(20,\)", "2 targets"),
        (lambda: _words(np.array(["a", "q"] * 10, dtype=object)), "'q' is no class", "'a', 'b', 'c'"),
        (lambda: _words([None, "a"] * 10), "None is no class", "'a', 'b', 'c'"),
        (lambda: _words(np.array([1, "a"] * 10, dtype=object)), "1 is no class", "'a', 'b', 'c'"),
        (lambda: _words(3), r"y is \(\)", "a target"),
        (lambda: _words({1, 2}), r"y is \(\)", "a target"),
        (lambda: sb.from_sklearn(Ridge().fit(X, REAL), X, [None] * 20), "no number", "numbers"),
        (lambda: sb.from_sklearn(Ridge().fit(X, REAL), X, REAL + 1j), "no number", "numbers"),
        (lambda: sb.from_sklearn(Ridge().fit(X, REAL), [[1, 2], [1]] * 10, REAL), "no number", "numbers"),
        (
            lambda: sb.from_sklearn(OneVsRestClassifier(Ridge()).fit(X, BITS)),
            "OneVsRest",
            r"model\.classes_\[1\] where there are two",
        ),
    ],
)
def test_data_that_the_model_was_not_fitted_on_are_refused(call, fault: str, mend: str) -> None:
    with pytest.raises(sb.NotationError, match=f"(?s){fault}.*{mend}"):
        call()


@pytest.mark.parametrize("target", [BITS, WORDS], ids=["two", "three"])
@pytest.mark.parametrize("kind", [SGDClassifier, LogisticRegression, Perceptron])
def test_sparse_coefficients_are_read(kind, target) -> None:
    model = kind(random_state=0).fit(X, target)
    whole, sparse = sb.from_sklearn(model, X, target), sb.from_sklearn(copy.deepcopy(model).sparsify(), X, target)
    assert sb.compile(whole).value(whole.example) == sb.compile(sparse).value(sparse.example)
    again = sb.to_sklearn(sb.from_sklearn(copy.deepcopy(model).sparsify()).example, model)
    assert np.array_equal(again.predict(X), model.predict(X))
