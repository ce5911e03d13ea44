import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

from symbackprop.training.optimiser import OPTIMISERS, SCHEDULES, Descent, slots_of, weights_of_means

CC = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
Changes = Callable[[Iterator[ndarray], float], Iterator[ndarray]]


def sgd(gradients: Iterator[ndarray], momentum: float) -> Iterator[ndarray]:
    v = 0
    for g in gradients:
        v = momentum * v + g
        yield v


def nesterov(gradients: Iterator[ndarray], momentum: float) -> Iterator[ndarray]:
    v = 0
    for g in gradients:
        v = momentum * v + g
        yield g + momentum * v


def adam(gradients: Iterator[ndarray], momentum: float) -> Iterator[ndarray]:
    m = s = 0
    for t, g in enumerate(gradients, 1):
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        yield m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)


def rmsprop(gradients: Iterator[ndarray], momentum: float) -> Iterator[ndarray]:
    s = 0
    for g in gradients:
        s = 0.99 * s + 0.01 * g**2
        yield g / (np.sqrt(s) + 1e-8)


BOOK: dict[str, Changes] = {"sgd": sgd, "nesterov": nesterov, "adam": adam, "adamw": adam, "rmsprop": rmsprop}


@pytest.mark.parametrize("name", OPTIMISERS)
@settings(max_examples=30)
@given(data=st.data())
def test_steps_are_those_of_the_books(name: str, data: st.DataObject) -> None:
    momentum = data.draw(st.floats(0.1, 0.95)) if "velocity" in OPTIMISERS[name].slots else 0.0
    decay, rate = data.draw(st.floats(0, 0.5)), data.draw(st.floats(0.01, 0.5))
    clip = data.draw(st.none() | st.floats(0.1, 3))
    gradients = np.random.default_rng(data.draw(st.integers(0, 9))).normal(size=(5, 4))
    flat, gradient, decayed = np.array([1.0, -2.0, 3.0, 0.5]), np.zeros(4), np.array([1, 1, 0, 0])
    w = flat.copy()
    state = {slot: np.zeros(4) for slot in slots_of(name, momentum)}
    descent = Descent(flat, gradient, decayed, state, name, momentum, decay, clip)
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    clipped = gradients * np.minimum(1, clip / lengths) if clip else gradients
    for t, change in enumerate(BOOK[name](iter(clipped), momentum), 1):
        gradient[...] = gradients[t - 1]
        before = flat.copy()
        descent.step(rate, t)
        w = (1 - rate * decay * decayed) * w - rate * change
        np.testing.assert_allclose(flat, w, rtol=1e-9, atol=1e-12)
    descent.back()
    assert np.array_equal(flat, before)


@pytest.mark.parametrize("name", OPTIMISERS)
@settings(max_examples=20)
@given(momentum=st.floats(0, 0.95), seed=st.integers(0, 9))
def test_what_changes_in_place_is_the_formula(name: str, momentum: float, seed: int) -> None:
    row, slots = OPTIMISERS[name], slots_of(name, momentum)
    state, pure = ({slot: np.zeros(4) for slot in slots} for _ in range(2))
    for t, g in enumerate(np.random.default_rng(seed).normal(size=(5, 4)), 1):
        expected, pure = row.formula(g, pure, momentum, weights_of_means(t))
        np.testing.assert_allclose(row.change(g.copy(), state, np.empty(4), momentum, t), expected, rtol=1e-12)
        assert pure.keys() == set(slots)
        for slot in slots:
            np.testing.assert_allclose(state[slot], pure[slot], rtol=1e-12)


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_in_c_is_that_of_numpy(dtype: str) -> None:
    rng = np.random.default_rng(0)
    w, g = rng.standard_normal((2, 37)).astype(dtype)
    plain, native = (Descent(w.copy(), g.copy(), np.zeros(37), {}) for _ in range(2))
    native.in_c()
    for rate in (0.1, 0.03):
        plain.step(rate)
        native.step(rate)
    close = np.finfo(dtype).eps * 4
    np.testing.assert_allclose(native.flat, plain.flat, rtol=close, atol=close)
    native.back()
    plain.back()
    np.testing.assert_allclose(native.flat, plain.flat, rtol=close, atol=close)
    assert Descent(w, g, np.zeros(37), {}, clip=1.0).in_c()._alone is None


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_begins_at_the_rate_and_never_rises(name: str) -> None:
    factors = [SCHEDULES[name](t) for t in np.linspace(0, 1, 101)]
    assert factors[0] == 1
    assert all(0 <= b <= a for a, b in pairwise(factors))
