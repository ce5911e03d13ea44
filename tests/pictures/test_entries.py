"""The numbers beside a picture: what rounding alone has left of terms that cancel is 0."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.evaluate.entries import entries, without_rounding
from symbackprop.evaluate.tape import forward

CENTRED = "X: data[n, d]\nw: parameter[d]\nz = X @ w\nm = mean(z)\nr = z - m\ns = sum(r)\nt = 0.00000000000000001*m\nL = sum(r**2) + s + t"


@given(st.integers(0, 2**20))
@settings(max_examples=20, deadline=None)
def test_a_sum_that_cancels_is_0_and_what_is_small_by_itself_is_not(seed: int) -> None:
    derivation = sb.derive(CENTRED)
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(7, 4)), rng.normal(size=4)
    found = forward(derivation.program, {"X": X, "w": w})
    shown = without_rounding(derivation.program, found, {"n": 7, "d": 4})
    assert shown["s"] == 0
    assert shown["t"] == found["t"] != 0
    assert all(np.allclose(shown[name], found[name], rtol=0, atol=1e-12) for name in found)
    assert entries(derivation, {"X": X, "w": w})[0]["s"] == "0"
