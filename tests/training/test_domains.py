"""Parameters with a domain stay in it at every step of every optimiser, and go down along it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb
from symbackprop.evaluate.matrices import is_orthogonal, is_positive
from symbackprop.training.domains import DOMAINS, Held
from symbackprop.training.errors import Diverged, TrainingError

RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 3))
AT: dict[str, ndarray] = {
    "symmetric": A + A.T, "spd": A @ A.T + np.eye(3), "orthogonal": np.linalg.qr(A)[0], "positive": np.abs(A), "unit": A.clip(0.1, 0.9),
}  # fmt: skip
INSIDE: dict[str, Callable[[ndarray], bool]] = {
    "symmetric": lambda w: bool((w == w.T).all()),
    "spd": lambda w: bool((w == w.T).all()) and is_positive(w),
    "orthogonal": is_orthogonal,
    "positive": lambda w: bool((w > 0).all()),
    "unit": lambda w: bool(((w >= 0) & (w <= 1)).all()),
}
X = RNG.normal(size=(20, 3))
NET = "X: data[n, 3]\nY: data[n, 3]\nW: parameter[3, 3] & {}\nL = mean((X @ W - Y)**2)\n"
USE: list[dict[str, Any]] = [
    {"optimiser": "sgd"}, {"optimiser": "sgd", "momentum": 0.9, "decay": 0.1}, {"optimiser": "nesterov", "momentum": 0.9},
    {"optimiser": "adam", "rate": 0.1}, {"optimiser": "adamw", "rate": 0.1}, {"optimiser": "rmsprop", "rate": 0.1, "clip": 0.5},
]  # fmt: skip


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("length", [1e-6, 0.1, 30.0])
def test_a_step_stays_inside_and_is_the_plain_step_to_first_order(domain: str, length: float) -> None:
    w, G = AT[domain].copy(), RNG.normal(size=(3, 3))
    held = Held("W", DOMAINS[domain], w, G)
    held.along()
    w -= length * G
    held.back()
    assert INSIDE[domain](w)
    if length < 1e-5:
        np.testing.assert_allclose(w, AT[domain] - length * G, rtol=0, atol=1e-10)


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_counts_of_the_gradient_is_its_part_along_the_domain(domain: str) -> None:
    """The loss moves along a curve in the domain as that part says."""
    w, direction = AT[domain], RNG.normal(size=(3, 3))
    row = DOMAINS[domain]
    along, G = row.along(w, direction), RNG.normal(size=(3, 3))
    slopes = [np.sum(G * row.back(w, w + t * along)) for t in (1e-5, -1e-5)]
    assert (slopes[0] - slopes[1]) / 2e-5 == pytest.approx(np.sum(row.along(w, G) * along), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
def test_training_reaches_what_lies_in_the_domain(domain: str) -> None:
    goal = AT[domain]
    drawn = np.random.default_rng(1).normal(size=(3, 3))  # the same whichever tests ran before
    start = DOMAINS[domain].back(goal, goal - 0.3 * DOMAINS[domain].along(goal, drawn))
    for settings in USE:
        trained = sb.train(
            NET.format(domain), {"X": X, "Y": X @ goal}, start={"W": start}, epochs=60, batch=20, held_out=0, progress=False,
            **settings,
        )  # fmt: skip
        w = trained.parameters["W"]
        assert w.dtype == np.float32
        assert INSIDE[domain](w), settings
        assert trained.losses.training[-1] < 0.5 * trained.losses.training[0], settings


def test_a_start_outside_is_refused_and_so_is_what_no_step_leads_through() -> None:
    with pytest.raises(TrainingError, match=r"start: W must be orthogonal.*np.linalg.qr\(W\)"):
        sb.train(NET.format("orthogonal"), {"X": X, "Y": X}, start={"W": A}, progress=False)
    with pytest.raises(TrainingError, match=r"W is declared as binary.*sigmoid\(W\)"):
        sb.train(NET.format("binary"), {"X": X, "Y": X}, progress=False)


def test_a_matrix_at_the_edge_of_its_domain_is_said() -> None:
    w, gradient = np.array([[1, 0], [0, 0]], np.float32), np.zeros((2, 2), np.float32)
    with pytest.raises(Diverged, match=r'K is so near the edge.*dtype="float64"'):
        Held("K", DOMAINS["spd"], w, gradient).back()


def test_a_decay_of_nothing_is_refused() -> None:
    """Weights have two axes or more; the vector of a regression would have stayed as it is, without a word."""
    text = "X: data[n, 3]\ny: data[n]\nw: parameter[3]\nb: parameter\nL = mean((X @ w + b - y)**2)"
    data = {"X": np.eye(3), "y": np.ones(3)}
    with pytest.raises(
        TrainingError, match=r"decay=0\.1: parameters of two axes or more decay, and there is none among w, b; leave"
    ):
        sb.train(text, data, decay=0.1)
    for settings in ({}, {"decay": 0}, {"optimiser": "adamw"}):
        sb.train(text, data, epochs=1, **settings)
    weights = text.replace("parameter[3]", "parameter[3, 1]").replace("X @ w", "(X @ w)[:, 0]")
    assert abs(sb.train(weights, data, epochs=3, decay=9.0).parameters["w"]).max() < 0.5
