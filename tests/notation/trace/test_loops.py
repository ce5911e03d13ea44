"""Loops over entries are few equations with letters: right against differences, and at other sizes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape
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
