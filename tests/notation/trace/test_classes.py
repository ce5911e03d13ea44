"""Classes and objectives as people have them are derived unchanged, and their gradients are the differences of the function."""

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.notation.trace import classes
from tests.notation.trace.classes import CLASSES
from tests.notation.trace.test_trace import slopes


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CLASSES)
def test_a_loss_is_derived_unchanged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "rng", np.random.default_rng(3))
    np.random.seed(0)  # noqa: NPY002
    function, args, settings = CLASSES[name]()
    network = sb.trace(function, *args, **settings)
    assert sb.check(network).ok
    if "loss" not in settings:  # differences are taken of the one value that is returned, or of the first
        assert slopes(network, function, args) < 2e-6


def test_the_gradient_that_an_objective_returns_is_ours() -> None:
    """With `minimize(fun, x0, args, jac=True)`, fun returns the loss and its gradient."""

    def fun(w: Any, X: Any, y: Any, lam: Any) -> Any:
        p = 1 / (1 + np.exp(-(X @ w)))
        f = -np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)) + 0.5 * lam * w @ w
        return f, X.T @ (p - y) / len(y) + lam * w

    rng = np.random.default_rng(0)
    args = rng.normal(size=3), rng.normal(size=(9, 3)), rng.integers(0, 2, 9).astype(float), 0.1
    network = sb.trace(fun, *args, wrt="w")
    value, gradients = sb.compile(network).value_and_grad(network.example)
    theirs = fun(*args)
    assert value == pytest.approx(theirs[0], rel=1e-13)
    np.testing.assert_allclose(gradients["w"], theirs[1], rtol=1e-12)
