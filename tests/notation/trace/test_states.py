"""Objects that keep what they computed: what an earlier call left there is no input, and is not learnt."""

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.notation.trace.test_trace import slopes


def names(network: Any, kind: str) -> set[str]:
    return {t.name for t in network.program.inputs if t.kind == kind}


class Dense:
    def __init__(self, rng: np.random.Generator, n: int, m: int) -> None:
        self.W, self.b, self.cache = rng.normal(size=(n, m)), np.zeros(m), {}

    def forward(self, x: Any) -> Any:
        self.x, self.z = x, x @ self.W + self.b
        self.pair = (x, self.z)
        self.cache["a"] = np.tanh(self.z)
        return self.cache["a"]


class Model:
    """Two layers with all that courses keep: inputs, tuples, dicts, running means."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.first, self.last = Dense(rng, 3, 4), Dense(rng, 4, 1)
        self.mean = np.zeros(4)

    def loss(self, X: Any, y: Any) -> Any:
        h = self.first.forward(X)
        self.mean = 0.9 * self.mean + 0.1 * h.mean(0)
        self.out = self.last.forward(h - h.mean(0))
        return np.mean((self.out[:, 0] - y) ** 2)


def test_what_a_call_keeps_is_no_input_of_the_next() -> None:
    rng = np.random.default_rng(1)
    model, X, y = Model(), rng.normal(size=(5, 3)), rng.normal(size=5)
    fresh = sb.trace(model.loss, X, y)
    for _ in range(2):
        model.loss(X, y)
    before = model.first.x
    again = sb.trace(model.loss, X, y)
    assert names(again, "parameter") == {"W", "b", "W_1", "b_1"}
    assert names(again, "data") == {"X", "y"}
    assert "mean" not in again.example
    assert str(again.program) == str(fresh.program) or again.program.sizes() == fresh.program.sizes()
    assert slopes(again, model.loss, (X, y)) < 1e-6
    assert model.first.x is before is X  # nothing that was given has changed


class Walk:
    """A state that a call reads before it sets it anew, beside one that it does not read."""

    def __init__(self) -> None:
        self.W, self.h, self.seen = np.array([[0.3, -0.2], [0.5, 0.1]]), np.array([0.4, 0.2]), np.array([1.0, 2.0])

    def loss(self, x: Any) -> Any:
        self.h = np.tanh(self.W @ self.h + x)
        self.seen = self.h * 2
        return np.sum(self.h**2)


def test_a_state_that_is_read_stays() -> None:
    network = sb.trace(Walk().loss, np.array([0.1, 0.7]))
    assert {"W", "h"} <= set(network.example)
    assert "seen" not in network.example


def test_what_an_object_holds_beside_the_loss_is_left_out_and_said() -> None:
    class Checked(Walk):
        def loss(self, x: Any) -> Any:
            if not np.isfinite(self.seen).all():
                raise ValueError("not finite")
            self.seen = self.W @ x
            return np.sum(self.seen**2)

    network = sb.trace(Checked().loss, np.array([0.1, 0.7]))
    assert set(network.example) == {"W", "x"}
    assert "self.h, self.seen: no part of the loss, and left out." in network.notes


@pytest.mark.parametrize("in_place", [False, True])
def test_running_means_leave_sizes_symbols(in_place: bool) -> None:
    class Norm:
        def __init__(self, d: int) -> None:
            self.gamma, self.mean, self.var = np.full(d, 1.1), np.zeros(d), np.ones(d)

        def loss(self, X: Any, Y: Any) -> Any:
            mu, var = X.mean(0), X.var(0)
            self.mean = 0.9 * self.mean + 0.1 * mu
            if in_place:
                self.var *= 0.9
                self.var += 0.1 * var
            else:
                self.var = 0.9 * self.var + 0.1 * var
            return np.mean((self.gamma * (X - mu) / np.sqrt(var + 1e-5) - Y) ** 2)

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 5, 3))
    network = sb.trace(Norm(3).loss, X, Y)
    assert names(network, "parameter") == {"gamma"}
    assert len(network.program.sizes()) == 2
    assert slopes(network, Norm(3).loss, (X, Y)) < 1e-6


@pytest.mark.parametrize("kept", [False, True])
def test_an_array_of_an_object_that_is_an_argument_too_is_one(kept: bool) -> None:
    class Fixed:
        def __init__(self, X: Any) -> None:
            self.w, self.X = np.array([0.3, -0.6]), X

        def loss(self, X: Any) -> Any:
            return np.sum((self.X @ self.w) ** 2 if kept else (X @ self.w) ** 2)

    X = np.array([[1.0, 2.0], [0.5, -1.0]])
    network = sb.trace(Fixed(X).loss, X)
    assert len(network.program.inputs) == 2
    assert slopes(network, Fixed(X).loss, (X,)) < 1e-6 or kept


class Logistic:
    """A regression with a number as its bias, and the moments of an optimiser."""

    def __init__(self) -> None:
        self.params, self.bias, self.lr = {"w": np.array([0.5, -1.0])}, 0.25, 0.1
        self.m = {name: np.zeros_like(array) for name, array in self.params.items()}

    def loss(self, X: Any, y: Any) -> Any:
        return np.mean((X @ self.params["w"] + self.bias - y) ** 2)


def test_a_bias_that_is_a_number_is_learnt_and_moments_are_left_out() -> None:
    X, y = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]]), np.array([1.0, 2.0, 0.0])
    network = sb.trace(Logistic().loss, X, y)
    assert [t.name for t in network.program.inputs if t.kind == "parameter"] == ["w", "bias"]
    assert 'self.m["w"]: no part of the loss, and left out.' in network.notes
    _, gradients = sb.compile(network).value_and_grad(network.example)
    assert gradients["bias"] == pytest.approx(2 * np.mean(X @ [0.5, -1.0] + 0.25 - y), rel=1e-14)
    by_name = sb.trace(Logistic().loss, X, y, wrt="params")
    assert [t.name for t in by_name.program.inputs if t.kind == "parameter"] == ["w"]
