"""Loops that have no step at small sizes: what they sum is 0, and so are its gradients, in the source and in a bound step."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb


def window(x, w):
    s = 0.0
    for t in range(x.shape[0] - w.shape[0] + 1):
        s += np.sum(w * x[t : t + w.shape[0]]) ** 2
    return s


def curvature(x, w):
    s = 0.0
    for i in range(1, x.shape[0] - 1):
        s += w[0] * (x[i + 1] - 2 * x[i] + x[i - 1]) ** 2
    return s


def far(x, w):
    s = 0.0
    for i in range(2, x.shape[0] - 2):
        s = s + w[1] * x[i - 2] * x[i + 2]
    return s + w[2] ** 2


@pytest.mark.parametrize("function", [window, curvature, far])
def test_a_loop_without_a_step_adds_nothing(function: Callable) -> None:
    rng = np.random.default_rng(0)
    w = rng.standard_normal(3)
    compiled = sb.compile(sb.trace(function, x=rng.standard_normal(9), w=w))
    for n in range(1, 7):
        x = rng.standard_normal(n)
        bound = compiled.bind({"x": x, "w": w})
        assert compiled.value(x=x, w=w) == pytest.approx(function(x, w))
        assert bound() == pytest.approx(function(x, w))
        slopes = [function(x + 1e-30j * (np.arange(n) == k), w).imag / 1e-30 for k in range(n)]  # by the complex step
        for gradient in (compiled.grad(x=x, w=w)["x"], bound.gradients["x"]):
            np.testing.assert_allclose(gradient, slopes, atol=1e-12)


CARRIED = """
import numpy as np

def loss(x: "parameter[T]", w: "parameter[2]"):
    T = len(x)
    u = np.zeros(T + 1)
    v = np.zeros(T + 1)
    for t in range(1, T):
        v[t] = np.tanh(v[t - 1] * w[0] + u[t - 1])
        u[t] = u[t - 1] * w[1] + 0.5
    return np.sum(v) + np.sum(u**2) + np.sum(x**2)
"""


def test_what_a_loop_without_a_step_begins_with_has_a_place(tmp_path: Path) -> None:
    (tmp_path / "carried.py").write_text(CARRIED)
    compiled = sb.compile(sb.read(f"{tmp_path / 'carried.py'}:loss"))
    value, gradients = compiled.value_and_grad({"x": np.array([3.0]), "w": np.array([0.2, 0.7])})
    assert value == 9
    np.testing.assert_array_equal(gradients["x"], [6])
    np.testing.assert_array_equal(gradients["w"], [0, 0])
