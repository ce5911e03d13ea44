"""Loops over entries are few equations with letters: right against differences, and at other sizes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.expressions import is_below_zero
from symbackprop.evaluate import tape
from symbackprop.notation.trace.names import Names
from tests.notation.trace.loops import LOOPS, UNEVEN
from tests.notation.trace.test_trace import slopes

QUICK = ("softmax_one_by_one", "differences_of_neighbours", "largest_so_far", "triangle_below")


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in LOOPS])
def test_a_loop_is_equations_with_letters_at_every_size(name: str) -> None:
    function, most, small, other = LOOPS[name]
    rng = np.random.default_rng(3)
    args = small(rng)
    network = sb.trace(function, *args)
    assert len(network.program.equations) <= most
    assert not network.notes
    assert slopes(network, function, args) < 1e-6
    again = other(rng)
    inputs = [t.name for t in network.program.inputs]
    found = tape.forward(network.program, dict(zip(inputs, again, strict=True)))[network.loss]
    assert found == pytest.approx(float(function(*[a.copy() for a in again])), rel=1e-9)


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in UNEVEN])
def test_steps_that_are_left_out_are_masks_at_every_size(name: str) -> None:
    function, most, small, other = UNEVEN[name]
    rng = np.random.default_rng(3)
    args = small(rng)
    network = sb.trace(function, *args)
    assert len(network.program.equations) <= most
    assert all("both courses" in note for note in network.notes)
    assert slopes(network, function, args) < 1e-6
    again = other(rng)
    names = [t.name for t in network.program.inputs]
    point = dict(zip(inspect.signature(function).parameters, again, strict=True))
    found = tape.forward(network.program, {name: point[name] for name in names})[network.loss]
    assert found == pytest.approx(float(function(*[a.copy() for a in again])), rel=1e-9)


def of_squares(x: np.ndarray) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i * i % len(x)] ** 2 * (i + 1) ** 2
    return s


@pytest.mark.parametrize("function", [of_squares])
def test_what_is_no_even_step_is_written_out(function: Callable[..., Any]) -> None:
    x = np.array([0.3, -1.2, 0.7, 2.0, 1.1])
    network = sb.trace(function, x)
    assert any("counts it out" in note for note in network.notes)
    assert slopes(network, function, (x,)) < 1e-6


def test_what_a_traced_loop_costs_is_not_the_watching_of_our_own_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sys.settrace` is asked at every call of Python's: within an operation there are hundreds, of which none names a value."""
    asked: list[str] = []
    watch = Names.watch

    def counted(self: Names, frame: Any, event: str, arg: Any) -> Any:
        asked.append(event)
        return watch(self, frame, event, arg) and self.watch

    monkeypatch.setattr(Names, "watch", counted)
    is_below_zero.cache_clear()

    def loss(x: np.ndarray, w: np.ndarray) -> Any:
        out = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] = np.sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
        return np.sum(out**2)

    args = np.arange(30.0).reshape(5, 6) / 9, np.ones((2, 3))
    network = sb.trace(loss, *args)
    operations = 4 * 4 * 4 * 9  # of a window, how many there are, of at most so many calls
    assert len(asked) < 100 * operations
    assert is_below_zero.cache_info().hits > 5 * is_below_zero.cache_info().misses
    assert slopes(network, loss, args) < 1e-6
