import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

from symbackprop.backends.recorded import Record
from symbackprop.training.domains import DOMAINS, Held
from symbackprop.training.optimiser import OPTIMISERS, SCHEDULES, Descent, moved, recorded, slots_of, weights_of_means

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
@given(momentum=st.floats(0, 0.95), decay=st.floats(0, 0.5), clips=st.booleans(), seed=st.integers(0, 9))
def test_what_changes_in_place_is_the_formula(name: str, momentum: float, decay: float, clips: bool, seed: int) -> None:
    row, slots = OPTIMISERS[name], slots_of(name, momentum)
    record = recorded(name, slots, bool(decay), clips)
    arrays = {n: np.random.default_rng(seed).normal(size=4) * (n in ("w", "decayed")) for n in record.arrays}
    update = record.bound(arrays)
    for t, g in enumerate(np.random.default_rng(seed).normal(size=(5, 4)), 1):
        first, second = weights_of_means(t)
        numbers = {"rate": 0.1, "momentum": momentum, "decay": decay, "first": first, "second": second, "shrink": 0.5}
        arrays["g"][...] = g
        expected = moved(row, {n: a.copy() for n, a in arrays.items()}, numbers, bool(decay), clips)
        update(numbers)
        assert expected.keys() == {"w", *slots}
        assert np.array_equal(arrays["g"], g)
        for key, array in expected.items():
            np.testing.assert_allclose(arrays[key], array, rtol=1e-12, atol=1e-15)


def test_an_update_that_cannot_be_in_place_is_refused() -> None:
    def late(arrays: dict, numbers: dict) -> dict:
        new = arrays["w"] + arrays["g"]
        return {"w": new, "v": new * arrays["w"]}

    for formula in (late, lambda arrays, numbers: {"w": arrays["g"]}, lambda a, _: dict.fromkeys("wv", a["w"] + a["v"])):
        with pytest.raises(TypeError, match=r"becomes"):
            Record(formula, ("w", "g", "v"), ())
    with pytest.raises(TypeError, match="power"):
        Record(lambda arrays, numbers: {"w": arrays["w"] ** 3}, ("w",), ())


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
@pytest.mark.parametrize("clip", [None, 0.5], ids=lambda clip: "clipped" * bool(clip))
@pytest.mark.parametrize("decay", [0.0, 0.02], ids=lambda decay: "decayed" * bool(decay))
@pytest.mark.parametrize(("name", "momentum"), [("sgd", 0.0), ("sgd", 0.9), ("nesterov", 0.7), ("adam", 0), ("rmsprop", 0)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_in_c_is_that_of_numpy(dtype: str, name: str, momentum: float, decay: float, clip: float | None) -> None:
    rng = np.random.default_rng(0)
    w, decayed = rng.standard_normal(37).astype(dtype), np.arange(37) % 2
    states = [{slot: np.zeros(37, dtype) for slot in slots_of(name, momentum)} for _ in range(2)]
    plain, native = (Descent(w.copy(), np.zeros(37, dtype), decayed, s, name, momentum, decay, clip) for s in states)
    assert native.to_c().in_c
    close = np.finfo(dtype).eps * 16
    for t, rate in enumerate((0.1, 0.03, 0.01, 0.2, 1e-3), 1):
        plain.gradient[...] = native.gradient[...] = g = (rng.standard_normal(37) * 10.0 ** rng.integers(-4, 1)).astype(dtype)
        plain.step(rate, t)
        native.step(rate, t)
        np.testing.assert_allclose(native.flat, plain.flat, rtol=close, atol=close)
        for slot, array in states[0].items():
            np.testing.assert_allclose(states[1][slot], array, rtol=close, atol=close)
        assert np.array_equal(native.gradient, g)
    native.back()
    plain.back()
    np.testing.assert_allclose(native.flat, plain.flat, rtol=close, atol=close)


@pytest.mark.parametrize(
    "native", [False, pytest.param(True, marks=pytest.mark.skipif(CC is None, reason="there is no C compiler"))]
)
def test_a_gradient_whose_square_is_beyond_float32_is_clipped_to_the_norm(native: bool) -> None:
    w, g = np.zeros(3, np.float32), np.array([3e25, 0, -4e25], np.float32)
    descent = Descent(w, g, np.zeros(3), {}, clip=2.0)
    with np.errstate(all="ignore"):
        (descent.to_c() if native else descent).step(1.0)
    np.testing.assert_allclose(w, [-1.2, 0, 1.6], rtol=1e-6)


def test_a_parameter_with_a_domain_is_moved_by_numpy() -> None:
    w, g = np.ones((2, 2)), np.ones((2, 2))
    held = [Held("w", DOMAINS["symmetric"], w, g)]
    assert Descent(w.ravel(), g.ravel(), np.zeros(4), {}, held=held).to_c().in_c is None


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_begins_at_the_rate_and_never_rises(name: str) -> None:
    factors = [SCHEDULES[name](t) for t in np.linspace(0, 1, 101)]
    assert factors[0] == 1
    assert all(0 <= b <= a for a, b in pairwise(factors))
