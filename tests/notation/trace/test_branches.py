"""Branches on what is differentiated by: both courses are derived, so that the network is the function wherever it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape
from symbackprop.notation.errors import NotationError


def expression(x: Any) -> Any:
    return sum((v if v > 0 else 0.1 * v) ** 2 for v in x)


def assignments(x: Any) -> Any:
    total = 0.0
    for v in x:
        if v > 0:
            a = v * 2
            total += a**2
        else:
            total += np.abs(v)
    return total


def only_one_side(x: Any) -> Any:
    loss, count = 0.0, 0
    for v in x:
        if v > 0.2:
            loss += v
            count += 1
    return loss / (count + 1)


def returns(x: Any) -> Any:
    def leak(v: Any) -> Any:
        if v > 0:
            return v
        return 0.01 * v

    return leak(x[0]) * leak(x[1]) + leak(x[2])


def else_returns(x: Any) -> Any:
    def huber(r: Any) -> Any:
        if np.abs(r) <= 0.7:
            return 0.5 * r**2
        else:  # noqa: RET505 - as people write it
            return 0.7 * (np.abs(r) - 0.35)

    return huber(x[0] - 1) + huber(x[1]) + huber(x[2])


def several_conditions(x: Any) -> Any:
    total = 0.0
    for v in x:
        total += 3 * v if v > -1 and v < 1 else v
        total += v**2 if not v > 0 or v > 1.5 else 1.0
        if -0.5 < v < 0.5:
            total -= v**3
    return total


def branches_inside(x: Any) -> Any:
    s = 0.0
    for v in x:
        if v > 0:
            if v > 1:
                s += v**2
            else:
                s += 2 * v - 1
        elif v < -1:
            s -= v
    return s


def entries(x: Any) -> Any:
    g = np.zeros(3)
    for k in range(3):
        if x[k] > 0:
            g[k] += x[k] ** 2
        else:
            g[k] = -x[k]
    return np.sum(g)


class Cell:
    def __init__(self) -> None:
        self.top = 0.5

    def loss(self, x: Any) -> Any:
        top = self.top
        for v in x:
            if v > top:
                top = v
        return top**2


leaky = lambda x: sum(v if v > 0 else 0.2 * v for v in x)  # noqa: E731
FORMS: tuple[Callable[..., Any], ...] = (
    expression, assignments, only_one_side, returns, else_returns, several_conditions, branches_inside, entries, Cell().loss, leaky,
)  # fmt: skip
QUICK = (assignments, else_returns)


@pytest.mark.parametrize("function", [f if f in QUICK else pytest.param(f, marks=pytest.mark.slow) for f in FORMS])
def test_both_courses_are_derived(function: Callable[..., Any]) -> None:
    network = sb.trace(function, np.array([0.3, -1.2, 1.4]), wrt="x")
    assert any("both courses" in note for note in network.notes)
    derived = sb.derive(network, "x")
    rng = np.random.default_rng(2)
    for _ in range(8):
        x = rng.normal(size=3) * 1.3
        values = tape.forward(derived.program, {**network.example, "x": x})
        assert values[network.loss] == pytest.approx(float(function(x)), rel=1e-12)
        for k in range(3):
            step = np.eye(3)[k] * 1e-6
            slope = (function(x + step) - function(x - step)) / 2e-6
            assert values[derived.gradient("x")][k] == pytest.approx(float(slope), rel=1e-4, abs=1e-6)


def test_a_branch_that_does_more_than_assign_is_refused() -> None:
    def found(x: Any) -> Any:
        last = x[0]
        for v in x:
            if v > 0:
                last = v
                break
        return last**2

    with pytest.raises(NotationError, match="asks for the truth of a value"):
        sb.trace(found, np.array([-0.3, 1.2]))


def test_the_function_keeps_its_code() -> None:
    code = expression.__code__
    sb.trace(expression, np.array([0.3, -1.2]))
    assert expression.__code__ is code
