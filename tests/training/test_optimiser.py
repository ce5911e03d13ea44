from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.training.optimiser import SCHEDULES, Descent


@given(st.floats(0, 0.95), st.floats(0, 0.5), st.floats(0.01, 0.5))
def test_steps_are_the_formula_in_the_docstring(momentum: float, decay: float, rate: float) -> None:
    W, b = np.array([[1.0, -2.0]]), np.array([3.0])
    descent = Descent({"W": W, "b": b}, momentum, decay)
    w, c, v, u = W.copy(), b.copy(), np.zeros((1, 2)), np.zeros(1)
    for k in range(4):
        g, h = np.array([[0.5, k]]), np.array([1.0 - k])
        kept = g.copy()
        descent.step({"W": g, "b": h}, rate)
        assert np.array_equal(g, kept)
        v, u = momentum * v + g, momentum * u + h
        w, c = (1 - rate * decay) * w - rate * v, c - rate * u
    assert np.allclose(W, w, rtol=1e-12)
    assert np.allclose(b, c, rtol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_begins_at_the_rate_and_never_rises(name: str) -> None:
    factors = [SCHEDULES[name](t) for t in np.linspace(0, 1, 101)]
    assert factors[0] == 1
    assert all(0 <= b <= a for a, b in pairwise(factors))
