"""Slopes of losses by differences and the complex step: as near to the truth as they say, near kinks as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.judge.functions import verify_function
from symbackprop.judge.functions.compare import DIFFERS, MARGIN
from symbackprop.judge.functions.truth import complex_slope, confirmed, slope

Function = Callable[[complex], complex]


def kinked(seed: int, count: int, near: float) -> tuple[Function, float]:
    """A smooth function beside many kinks, the nearest about `near` from 0, and its slope at 0."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=count) * near * count
    c, a = rng.normal(size=count) / np.sqrt(count), rng.normal()
    return lambda t: np.exp(a * t) + np.sum(c * np.maximum(t - places, 0)) + 0j, float(a + c[places < 0].sum())


def borne_out(f: Function, true: float) -> None:
    """Differences alone, and with the complex step, give the slope or say that there is none."""
    middle = f(0.0).real
    found = slope(f, middle)
    assert found.kink or abs(found.value - true) <= DIFFERS * abs(true) + MARGIN * found.error
    exact = complex_slope(f)
    if exact is not None and confirmed(f, exact, middle):
        assert abs(exact - true) <= DIFFERS * abs(true)


@given(st.integers(0, 10**6), st.sampled_from([1, 10, 100, 1000]), st.sampled_from([1e-2, 1e-4, 1e-5, 1e-6]))
def test_kinks_near_the_point_give_no_false_slope(seed: int, count: int, near: float) -> None:
    borne_out(*kinked(seed, count, near))


def test_where_kinks_lie_beyond_the_finest_step_the_slope_is_found() -> None:
    for seed in range(20):
        f, true = kinked(seed, 1000, 1e-5)
        found = slope(f, f(0.0).real)
        assert not found.kink
        assert found.error <= 1e-4 * max(abs(true), 1)


@pytest.mark.parametrize("real", [abs, lambda t: complex(t).real ** 2 + 3 * complex(t).real])
def test_a_complex_step_that_the_code_does_not_follow_is_not_confirmed(real: Function) -> None:
    exact = complex_slope(real)
    assert exact is not None
    assert not confirmed(real, exact, real(0.0).real)


def loss(X: Any, y: Any, W: Any, V: Any) -> Any:
    s = np.maximum(X @ W, 0) @ V
    return np.mean(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(y)), y])


def gradient(X: Any, y: Any, W: Any, V: Any) -> dict[str, Any]:
    h = np.maximum(X @ W, 0)
    p = np.exp(h @ V)
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    return {"W": X.T @ ((p @ V.T) * (h > 0)), "V": h.T @ p}


@pytest.mark.parametrize("complex_too", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_wide_network_of_kinks_is_judged(complex_too: bool) -> None:
    """Of 6,400 kinks some lie within any step that is not small, on either side."""
    rng = np.random.default_rng(3)
    X, y = rng.random((64, 200)), rng.integers(0, 10, 64)
    W, V = rng.normal(size=(200, 100)) * 0.05, rng.normal(size=(100, 10)) * 0.1

    def called(X: Any, y: Any, W: Any, V: Any) -> Any:
        return loss(X, y, W, V) if complex_too else float(loss(X, y, W, V))

    def slightly_off(*args: Any) -> dict[str, Any]:
        found = gradient(*args)
        return found | {"W": found["W"] * (1 + 1e-5)}

    assert verify_function(called, gradient, X, y, W, V).verdict == "right, numeric"
    assert [f.verdict.split(";")[0] for f in verify_function(called, slightly_off, X, y, W, V).findings] == [
        "wrong",
        "right, numeric",
    ]
