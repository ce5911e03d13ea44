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
    from symbackprop.backends.c_descent import Ahead

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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_steps_are_the_same_steps(dtype: str, calls: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    many = train(epochs=4, dtype=dtype)
    assert max(calls) > 1
    one_by_one(monkeypatch)
    assert_same(many, train(epochs=4, dtype=dtype))


@pytest.mark.parametrize("settings", [{"momentum": 0.9}, {"clip": 0.1}, {"decay": 0.01}, {"optimiser": "adam"}], ids=str)
def test_what_c_does_not_descend_by_is_taken_step_by_step(settings: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(epochs=2, **settings)
    one_by_one(monkeypatch)
    assert_same(whole, train(epochs=2, **settings))


def test_samples_that_are_no_rows_are_taken_step_by_step(calls: list[int]) -> None:
    assert train(COLUMNS, data(columns=True), epochs=2).losses.training
    assert not calls


@pytest.mark.parametrize("rate", [3.0, 1e30])
def test_a_loss_that_is_not_finite_is_told_of_the_same_step(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Diverged) as many:
        train(epochs=50, rate=rate)
    one_by_one(monkeypatch)
    with pytest.raises(Diverged) as single:
        train(epochs=50, rate=rate)
    assert str(many.value) == str(single.value)
    assert (many.value.trained is None) == (single.value.trained is None)
    if many.value.trained is not None:
        assert_same(many.value.trained, single.value.trained)


@pytest.mark.parametrize("after", [2, 5])
def test_a_run_that_is_stopped_between_two_calls_goes_on_bit_for_bit(
    after: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from symbackprop.backends.c_descent import Ahead

    whole, call, calls = train(epochs=4), Ahead.__call__, []

    def pressed(self: Any, *given: Any) -> list[float]:
        calls.append(1)
        if len(calls) == after:
            signal.raise_signal(signal.SIGINT)
        return call(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Ahead, "__call__", pressed)
        stopped = train(epochs=4, checkpoint=tmp_path / "run.npz")
    assert stopped.stopped == "Ctrl-C"
    assert_same(sb.train(NET, data(), sizes={"h": 4}, progress=False, resume=tmp_path / "run.npz"), whole)
