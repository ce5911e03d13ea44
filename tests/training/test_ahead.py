"""Many steps of training that are one call of C are the same steps, to the last bit, and can be stopped after any of them."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.training import Diverged
from symbackprop.training.model import Model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="there is no C compiler"),
]
NET = """
X: data[n, 3]
T: data[n, 2, 2]
y: data[n]
w: parameter[3]
V: parameter[h, 3]
L = mean((tanh(X @ V.T) @ V @ w - y)**2) + mean(sum(T, axis=(1, 2)) * (X @ w))
"""
COLUMNS = (
    "X: data[3, n]\nT: data[2, 2, n]\ny: data[n]\nw: parameter[3]\nV: parameter[h, 3]\nL = mean((w @ tanh(X) - y)**2) + sum(V**2)"
)
SETTINGS = {"rate": 0.05, "batch": 7, "seed": 3, "held_out": 0.4, "schedule": "cosine", "backend": "c"}


def data(columns: bool = False) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    X, T = random.standard_normal((60, 3)), random.standard_normal((60, 2, 2))
    found = {"X": X, "T": T, "y": np.sin(X[:, 0])}
    return {name: np.moveaxis(array, 0, -1) for name, array in found.items()} if columns else found


def train(net: str = NET, given: Any = None, **settings: Any) -> Any:
    return sb.train(net, given or data(), sizes={"h": 4}, progress=False, **{**SETTINGS, **settings})


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "ahead", lambda *_: None)
    monkeypatch.setattr(Model, "losses_ahead", lambda *_: [])


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each call took."""
    from symbackprop.backends.c.descent import Ahead

    found: list[int] = []
    call = Ahead.__call__

    def counted(self: Any, *given: Any) -> list[float]:
        values = call(self, *given)
        found.append(len(values))
        return values

    monkeypatch.setattr(Ahead, "__call__", counted)
    return found


def assert_same(one: Any, other: Any) -> None:
    assert one.losses == other.losses
    for name, w in one.parameters.items():
        np.testing.assert_array_equal(w, other.parameters[name])


WAYS: dict[str, dict[str, Any]] = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"optimiser": "nesterov", "momentum": 0.8, "clip": 0.5},
    "adam": {"optimiser": "adam", "rate": 0.01},
    "adamw": {"optimiser": "adamw", "rate": 0.01, "schedule": "linear"},
    "rmsprop": {"optimiser": "rmsprop", "rate": 0.01, "decay": 0.01, "clip": 0.1},
}
each_way = pytest.mark.parametrize("way", WAYS)


@each_way
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_steps_are_the_same_steps(way: str, dtype: str, calls: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    many = train(epochs=4, dtype=dtype, **WAYS[way])
    assert max(calls) > 1
    one_by_one(monkeypatch)
    assert_same(many, train(epochs=4, dtype=dtype, **WAYS[way]))


@each_way
def test_many_steps_in_c_are_those_of_numpy(way: str) -> None:
    native, plain = (train(epochs=3, dtype="float64", **WAYS[way], **own) for own in ({}, {"backend": "numpy"}))
    np.testing.assert_allclose(native.losses.training, plain.losses.training, rtol=1e-12)
    for name, w in native.parameters.items():
        np.testing.assert_allclose(w, plain.parameters[name], rtol=1e-11, atol=1e-12)


def test_a_parameter_with_a_domain_is_moved_step_by_step(calls: list[int]) -> None:
    trained = train(NET.replace("parameter[3]", "parameter[3] & positive"), epochs=2, held_out=0.0)
    assert (trained.parameters["w"] > 0).all()
    assert not calls


def test_samples_that_are_no_rows_are_taken_step_by_step(calls: list[int]) -> None:
    assert train(COLUMNS, data(columns=True), epochs=2).losses.training
    assert not calls


@each_way
@pytest.mark.parametrize("rate", [1e10, 1e30])
def test_a_loss_that_is_not_finite_is_told_of_the_same_step(rate: float, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {**WAYS[way], "rate": rate, "epochs": 50}
    with pytest.raises(Diverged) as many:
        train(**settings)
    one_by_one(monkeypatch)
    with pytest.raises(Diverged) as single:
        train(**settings)
    assert str(many.value) == str(single.value)
    assert (many.value.trained is None) == (single.value.trained is None)
    if many.value.trained is not None:
        assert_same(many.value.trained, single.value.trained)


@each_way
@pytest.mark.parametrize("after", [2, 5])
def test_a_run_that_is_stopped_between_two_calls_goes_on_bit_for_bit(
    after: int, way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from symbackprop.backends.c.descent import Ahead

    whole, call, calls = train(epochs=4, **WAYS[way]), Ahead.__call__, []

    def pressed(self: Any, *given: Any) -> list[float]:
        calls.append(1)
        if len(calls) == after:
            signal.raise_signal(signal.SIGINT)
        return call(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Ahead, "__call__", pressed)
        stopped = train(epochs=4, checkpoint=tmp_path / "run.npz", **WAYS[way])
    assert stopped.stopped == "Ctrl-C"
    assert_same(sb.train(NET, data(), sizes={"h": 4}, progress=False, resume=tmp_path / "run.npz"), whole)
